"""The session of a case in the parameter node of a window, so that a saved scene reopens where it was."""

import json
import pathlib

import slicer
from ReirradiationLib.case_document import CaseDocument
from ReirradiationLib.model.case_file import case_of
from ReirradiationLib.report.evaluation import evaluation_json
from ReirradiationLib.report.evaluation_reading import evaluation_from_json
from ReirradiationLib.session import results_basis
from slicer.i18n import tr as _

from .controls import NOT_SET

EVALUATION_NODE = "Reirradiation evaluation"


def storeDocument(parameterNode, document):
    """Keep the case as it stands. Texts as JSON literals: scenes lose tabs and the like otherwise."""
    parameterNode.caseFile = document.path if document else NOT_SET
    parameterNode.caseText = json.dumps(document.text) if document else ""
    parameterNode.savedCaseText = json.dumps(document.saved_text) if document else ""


def storedDocument(parameterNode):
    """The case that the scene keeps, or None."""
    if not parameterNode.caseText:
        return None
    path, text, savedText = parameterNode.caseFile, parameterNode.caseText, parameterNode.savedCaseText
    return CaseDocument(pathlib.Path(path), json.loads(text), json.loads(savedText))


def storeEvaluation(parameterNode, evaluation, document):
    """Keep an evaluation and the case that it is of, in a text node of the scene that is made when first needed."""
    node = parameterNode.evaluation
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", EVALUATION_NODE)
        node.SetHideFromEditors(True)
        parameterNode.evaluation = node
    node.SetText(evaluation_json(evaluation))
    parameterNode.evaluatedCaseText = json.dumps(document.text)


def storedEvaluation(parameterNode):
    """The evaluation that the scene keeps, and whether it is of the case as it stands; (None, False) if there is none.

    :raises CaseError: if it is of another version of this program
    """
    node = parameterNode.evaluation
    if node is None or not node.GetText():
        return None, False
    evaluation = evaluation_from_json(node.GetText(), _("The evaluation in the scene"))
    cases = [
        case_of(json.loads(text), pathlib.Path(parameterNode.caseFile), is_draft=True)
        for text in (parameterNode.evaluatedCaseText, parameterNode.caseText)
        if text
    ]
    return evaluation, len(cases) == 2 and results_basis(cases[0]) == results_basis(cases[1])
