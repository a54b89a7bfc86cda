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


def forgetEvaluation(parameterNode):
    """Drop the evaluation that the scene keeps: it is of another case, or of files that may be others now."""
    if parameterNode.evaluation is not None:
        parameterNode.evaluation.SetText("")
    parameterNode.evaluatedCaseText = parameterNode.evaluationDigest = ""


class StoredEvaluation:
    """The evaluation that a scene keeps, in a text node; remembered here too, since windows ask for it all the time."""

    def __init__(self):
        self._text, self._evaluation = "", None  # the last that was read or kept
        self._cases, self._isCurrent = None, False

    def keep(self, parameterNode, evaluation, document):
        """Keep an evaluation and the case that it is of; the text node is made when first needed."""
        node = parameterNode.evaluation
        if node is None:
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", EVALUATION_NODE)
            node.SetHideFromEditors(True)
            parameterNode.evaluation = node
        if evaluation is not self._evaluation or node.GetText() != self._text:
            text = evaluation_json(evaluation)
            node.SetText(text)
            self._text, self._evaluation = text, evaluation
        parameterNode.evaluatedCaseText = json.dumps(document.text)
        parameterNode.evaluationDigest = _digest(self._text)

    def read(self, parameterNode):
        """The evaluation, and whether it is of the case as it stands.

        (None, False) if there is none: or one of another version, or one that is not as it was kept.
        """
        node = parameterNode.evaluation
        text = node.GetText() if node is not None else ""
        if not text or not parameterNode.evaluatedCaseText or not parameterNode.caseText:
            return None, False
        try:
            return self._read(text, parameterNode.evaluationDigest), self._isOf(parameterNode)
        except ReirradiationError:  # to be computed again
            return None, False

    def _read(self, text, digest):
        if _digest(text) != digest:
            raise _damaged()
        if text != self._text:
            self._evaluation = evaluation_from_json(text, _("The evaluation in the scene"))
            self._text = text
        return self._evaluation

    def _isOf(self, parameterNode):
        cases = (parameterNode.evaluatedCaseText, parameterNode.caseText, str(parameterNode.caseFile))
        if cases != self._cases:
            first, second = (case_of(_literal(one), pathlib.Path(cases[2]), is_draft=True) for one in cases[:2])
            self._isCurrent, self._cases = results_basis(first) == results_basis(second), cases
        return self._isCurrent


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
