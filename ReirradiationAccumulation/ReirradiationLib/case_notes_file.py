"""Writing notes into a case file: free texts, and who has finished which task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from .model.case import Case
from .model.case_file import BYTE_ORDER_MARK, case_of, case_text
from .model.case_notes import FreeTexts, TaskSignature
from .model.errors import CaseError
from .model.json_text import with_members
from .text_file import replace_text

TEXTS, TASKS = "texts", "tasks"


def write_notes(path: Path, texts: Mapping[str, str], signature: TaskSignature | None = None) -> Case:
    """Put free texts and a signature into a case file; every other letter of it stays as it was written.

    The file is replaced as a whole by a new one with its owner (where the system allows that) and mode. A hard link to it
    keeps the old content; a symbolic link is followed.

    Parameters
    ----------
    path : Path
        Of the case file.
    texts : mapping
        By field of :class:`~ReirradiationLib.model.case_notes.FreeTexts`; an empty text takes the field out.
    signature : TaskSignature or None
        Replaces a former one of the same task.

    Returns
    -------
    Case
        As it is now.

    Raises
    ------
    CaseError
        If the file is no case, a text is none of a case, or a text cannot be used; then the file stays as it was.
    OutputError
        If it is read-only or cannot be written; then it stays as it was too.
    """
    known = [field.name for field in fields(FreeTexts)]
    if unknown := sorted(set(texts) - set(known)):
        raise CaseError(TEXTS, f"unknown text '{unknown[0]}'", "Name one of them.", ", ".join(known))
    path = path.resolve()
    text = case_text(path)
    case_of(text, path)
    # The text itself is edited, not the case that was read: paths, ids of limits and numbers stay as the user wrote them.
    plain = text.removeprefix(BYTE_ORDER_MARK)
    mark = text[: len(text) - len(plain)]
    changed = mark + with_members(plain, _members(json.loads(plain), texts, signature))
    case = case_of(changed, path)
    replace_text(path, changed)
    return case


def _members(values: dict[str, Any], texts: Mapping[str, str], signature: TaskSignature | None) -> dict[str, Any]:
    """What the case file is to hold under the names of the notes; None for what is to be taken out."""
    members: dict[str, Any] = {}
    if texts:
        kept = {**(values.get(TEXTS) or {}), **texts}
        members[TEXTS] = {name: text for name, text in kept.items() if text} or None
    if signature is not None:
        others = [one for one in values.get(TASKS) or [] if one["task"] != signature.task.value]
        members[TASKS] = [*others, _entry(signature)]
    return members


def _entry(signature: TaskSignature) -> dict[str, str]:
    entry = {"task": signature.task.value, "who": signature.who, "when": signature.when.isoformat()}
    return entry | {name: text for name, text in (("comment", signature.comment), ("key", signature.key)) if text}
