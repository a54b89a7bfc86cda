"""The session of a case in the parameter node of a window, so that a saved scene reopens where it was."""

import hashlib
import json
import pathlib

import slicer
from ReirradiationLib.case_document import CaseDocument
from ReirradiationLib.model.case_file import case_of
from ReirradiationLib.model.errors import CaseError, ReirradiationError
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
    """The case that the scene keeps, or None.

    :raises ReirradiationError: if that is damaged
    """
    if not parameterNode.caseText:
        return None
    path, text, savedText = parameterNode.caseFile, parameterNode.caseText, parameterNode.savedCaseText
    document = CaseDocument(pathlib.Path(path), _literal(text), _literal(savedText))
    document.case  # noqa: B018 (raises if it is none)
    return document


def storeEvaluation(parameterNode, evaluation, document):
    """Keep an evaluation and the case that it is of, in a text node of the scene that is made when first needed."""
    node = parameterNode.evaluation
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", EVALUATION_NODE)
        node.SetHideFromEditors(True)
        parameterNode.evaluation = node
    text = evaluation_json(evaluation)
    node.SetText(text)
    parameterNode.evaluatedCaseText = json.dumps(document.text)
    parameterNode.evaluationDigest = _digest(text)


def forgetEvaluation(parameterNode):
    """Drop the evaluation that the scene keeps: it is of another case, or of files that may be others now."""
    if parameterNode.evaluation is not None:
        parameterNode.evaluation.SetText("")
    parameterNode.evaluatedCaseText = parameterNode.evaluationDigest = ""


class StoredEvaluation:
    """Reads the evaluation that a scene keeps; remembers the last one, since windows ask for it all the time."""

    def __init__(self):
        self._texts, self._found = None, (None, False)

    def read(self, parameterNode):
        """The evaluation, and whether it is of the case as it stands.

        (None, False) if there is none: or one of another version, or one that is not as it was kept.
        """
        node = parameterNode.evaluation
        text = node.GetText() if node is not None else ""
        texts = (text, parameterNode.evaluationDigest, parameterNode.evaluatedCaseText, parameterNode.caseText)
        texts = (*texts, str(parameterNode.caseFile))
        if texts != self._texts:
            self._texts = texts
            try:
                self._found = _storedEvaluation(*texts)
            except ReirradiationError:  # to be computed again
                self._found = (None, False)
        return self._found


def _storedEvaluation(text, digest, evaluatedCaseText, caseText, caseFile):
    if not text or not evaluatedCaseText or not caseText or _digest(text) != digest:
        return None, False
    evaluation = evaluation_from_json(text, _("The evaluation in the scene"))
    cases = [case_of(_literal(one), pathlib.Path(caseFile), is_draft=True) for one in (evaluatedCaseText, caseText)]
    return evaluation, results_basis(cases[0]) == results_basis(cases[1])


def _digest(text):
    """Of what a text node holds: it is in reach of everybody, and must not be shown if somebody has changed it."""
    return hashlib.sha256("\n".join(text.splitlines()).encode("utf-8", "surrogatepass")).hexdigest()


def _literal(text):
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _damaged() from error
    if not isinstance(value, str):
        raise _damaged()
    return value


def _damaged():
    return CaseError(_("The scene"), "what it keeps of the case is damaged", _("Open the case file again."))
