"""One case in two windows: the session of one goes on where that of the other has got."""

from __future__ import annotations

from .case_document import CaseDocument
from .model.case_file import case_text
from .model.errors import ReirradiationError
from .session import CaseSession


def hand_over(giver: CaseSession, taker: CaseSession) -> bool:
    """Let a session take the case of another, with what was computed of it, unless its own is another or as new.

    Nobody's unsaved changes are lost: a taker that has some keeps its case.

    Parameters
    ----------
    giver, taker : CaseSession

    Returns
    -------
    bool
        Whether anything was taken.
    """
    given, own = giver.document, taker.document
    if given is None or (own is not None and own.path != given.path):
        return False
    takes_case = own is None or _is_newer(given, own)
    if takes_case:
        taker.take(given)
    elif own is not None and own.text != given.text:
        return False
    return _hand_results_over(giver, taker) or takes_case


def _is_newer(given: CaseDocument, own: CaseDocument) -> bool:
    if own == given:
        return False
    if own.text == given.text:
        return given.is_saved
    if not own.is_saved:
        return False
    return given.saved_text == own.saved_text or given.saved_text == _text_of_file(given)


def _text_of_file(document: CaseDocument) -> str | None:
    try:
        return case_text(document.path)
    except ReirradiationError:
        return None


def _hand_results_over(giver: CaseSession, taker: CaseSession) -> bool:
    """Hand over what the taker has not; of the same case."""
    case = taker.case
    if giver.evaluated is not None and taker.evaluated is None:
        taker.keep_evaluated(case, giver.evaluated, giver.read_files)
    elif giver.transfer is not None and taker.transfer is None:
        taker.keep_transfer(case, giver.transfer, giver.read_files)
    elif giver.records is not None and taker.records is None:
        taker.keep_records(case, giver.records)
    else:
        return False
    return True
