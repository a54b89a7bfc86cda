"""A case file while somebody works on it: its text as it stands, and as it was last read or saved."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from .model.case import Case
from .model.case_file import BYTE_ORDER_MARK, case_of, case_text, case_to_json
from .model.errors import CaseError, ReirradiationError
from .model.json_text import with_members
from .text_file import create_text, replace_text


@dataclass(frozen=True)
class CaseDocument:
    """A case file as it is being worked on. Every change gives another document; the file changes by :func:`saved` only.

    Parameters
    ----------
    path : Path
        Of the case file, absolute.
    text : str
        As it would be written now. What was not changed stays as it was spelt and laid out.
    saved_text : str
        As it was last read or written; empty if there was no file yet.
    """

    path: Path
    text: str
    saved_text: str

    @cached_property
    def case(self) -> Case:
        """The case as it stands, which may be incomplete; see :attr:`why_incomplete`."""
        return case_of(self.text, self.path, is_draft=True)

    @cached_property
    def why_incomplete(self) -> str:
        """What keeps the case from being run, before any file is looked at; empty if nothing does."""
        try:
            case_of(self.text, self.path)
        except ReirradiationError as error:
            return str(error)
        return ""

    @property
    def is_saved(self) -> bool:
        """Whether the file holds what stands here, unless somebody else has written into it."""
        return self.text == self.saved_text

    def with_case(self, case: Case) -> CaseDocument:
        """The document with what differs between its case and another written into its text.

        Raises
        ------
        ReirradiationError
            If the other case has a value that no case file may have, or is incomplete or contradicts itself where this one
            did not; naming the entry.
        """
        before, after = json.loads(case_to_json(self.case)), json.loads(case_to_json(case))
        names = [*after, *(name for name in before if name not in after)]
        members = {name: after.get(name) for name in names if before.get(name) != after.get(name)}
        plain = self.text.removeprefix(BYTE_ORDER_MARK)
        mark = self.text[: len(self.text) - len(plain)]
        changed = replace(self, text=mark + with_members(plain, members))
        case_of(changed.text, self.path, is_draft=bool(self.why_incomplete))
        return changed


def open_case(path: Path) -> CaseDocument:
    """The document of a case file, which may be a draft.

    Raises
    ------
    CaseError, ProtocolError
        As :func:`~ReirradiationLib.model.case_file.read_case`.
    """
    path = path.resolve()
    text = case_text(path)
    case_of(text, path, is_draft=True)
    return CaseDocument(path, text, text)


def create_case(case: Case) -> CaseDocument:
    """Write a new case file and open it; never over a file that is there.

    Raises
    ------
    OutputError
        If there is a file, or none can be written.
    """
    text = case_to_json(case)
    create_text(case.file, text)
    return CaseDocument(case.file, text, text)


def saved(document: CaseDocument) -> CaseDocument:
    """Write a document into its file, unless the file has changed since it was read.

    Raises
    ------
    CaseError
        If somebody else has written into the file meanwhile: nobody's work is lost.
    OutputError
        If it cannot be written; then it stays as it was.
    """
    if document.path.exists():
        if case_text(document.path) != document.saved_text:
            found = "changed in the file since it was read here"
            remedy = "Open it again, and make your changes once more."
            raise CaseError(str(document.path), found, remedy)
        replace_text(document.path, document.text)
    else:
        create_text(document.path, document.text)
    return replace(document, saved_text=document.text)


def saved_as(document: CaseDocument, path: Path) -> CaseDocument:
    """Write a document into a new file, its relative paths changed so that they hold from there.

    Raises
    ------
    OutputError
        If there is a file of that name, or none can be written.
    """
    return create_case(replace(document.case, file=path.resolve()))


def require_complete(document: CaseDocument) -> Case:
    """The case, if it can be run as far as its own text tells.

    Raises
    ------
    CaseError, ProtocolError
        Naming what is missing or contradicts itself.
    """
    return case_of(document.text, document.path)
