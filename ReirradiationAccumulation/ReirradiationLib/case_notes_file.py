"""Writing notes into a case file: free texts, and who has finished which task."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from .model.case import Case
from .model.case_file import read_case
from .model.case_notes import FreeTexts, TaskSignature
from .model.errors import CaseError, OutputError

TEXTS, TASKS = "texts", "tasks"


def write_notes(path: Path, texts: Mapping[str, str], signature: TaskSignature | None = None) -> Case:
    """Put free texts and a signature into a case file; everything else in it stays.

    The file is replaced as a whole, by one that was read back before; it is laid out anew (two spaces of indentation).

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
        If it cannot be written.
    """
    known = [field.name for field in fields(FreeTexts)]
    if unknown := sorted(set(texts) - set(known)):
        raise CaseError(TEXTS, f"unknown text '{unknown[0]}'", "Name one of them.", ", ".join(known))
    case = read_case(path)
    # The file itself is edited, not the case that was read: paths, ids of limits and numbers stay as the user wrote them.
    values: dict[str, Any] = json.loads(case.file.read_text(encoding="utf-8-sig"))
    _set_texts(values, texts)
    if signature is not None:
        _set_signature(values, signature)
    return _replaced(case.file, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _set_texts(values: dict[str, Any], texts: Mapping[str, str]) -> None:
    kept = {**(values.get(TEXTS) or {}), **texts}
    values[TEXTS] = {name: text for name, text in kept.items() if text}
    if not values[TEXTS]:
        del values[TEXTS]


def _set_signature(values: dict[str, Any], signature: TaskSignature) -> None:
    entry = {"task": signature.task.value, "who": signature.who, "when": signature.when.isoformat()}
    entry |= {name: text for name, text in (("comment", signature.comment), ("key", signature.key)) if text}
    others = [one for one in values.get(TASKS) or [] if one.get("task") != signature.task.value]
    values[TASKS] = [*others, entry]


def _replaced(path: Path, text: str) -> Case:
    """The case, once its new text was read back from a file beside it, and has taken the old one's place."""
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.partial-", dir=path.parent)
    except OSError as error:
        raise _cannot(path, error) from error
    beside = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            stream.write(text)
        beside.chmod(path.stat().st_mode & 0o777)
        read_case(beside)
        beside.replace(path)
    except OSError as error:
        raise _cannot(path, error) from error
    finally:
        beside.unlink(missing_ok=True)
    return read_case(path)


def _cannot(path: Path, error: OSError) -> OutputError:
    return OutputError(str(path), f"cannot be written ({error.strerror})", "Check folder, disk and rights.")
