"""Whether the inputs of a former output are still the same files, by their hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .dicom.reader import SopClass, open_dicom
from .model.case import Case
from .model.errors import DicomError, OutputError, ProtocolError
from .model.protocol_tables import default_protocol_folder
from .report.provenance import SHIPPED, sha256_of
from .run_record import damaged

CASE_ROLE, TABLE_ROLE = "case", "table"


@dataclass(frozen=True)
class InputChange:
    """An input that is not what it was.

    ``stored_sha256`` is empty for one that was not there, ``now_sha256`` for one that is gone.
    """

    path: str
    role: str
    stored_sha256: str
    now_sha256: str

    @property
    def is_additional(self) -> bool:
        """Whether it was no input of the stored output."""
        return not self.stored_sha256

    def __str__(self) -> str:
        if self.is_additional:
            return f"additional: {self.path} ({self.role}), SHA-256 {self.now_sha256}"
        if not self.now_sha256:
            return f"missing: {self.path} ({self.role}), SHA-256 was {self.stored_sha256}"
        return f"changed: {self.path} ({self.role}), SHA-256 was {self.stored_sha256}, is {self.now_sha256}"


@dataclass(frozen=True)
class StoredInput:
    """An input as the evaluation names it, and where it is looked for now."""

    shown: str
    role: str
    sha256: str
    path: Path


def stored_inputs(evaluation: dict[str, Any], case_file: Path, source: Path) -> tuple[StoredInput, ...]:
    """The inputs of a stored evaluation.

    Parameters
    ----------
    evaluation : dict
        As ``evaluation.json`` holds it.
    case_file : Path
        Where the case is now.
    source : Path
        The file that was read, for messages.

    Raises
    ------
    VerificationError
        If an entry of the evaluation is not one of an input.
    """
    try:
        entries = [(str(one["path"]), str(one["role"]), str(one["sha256"])) for one in evaluation["inputs"]]
    except (KeyError, TypeError) as error:
        raise damaged(source, "its list of inputs is none") from error
    return tuple(StoredInput(*entry, path=_path(*entry[:2], case_file)) for entry in entries)


def changed_inputs(inputs: Sequence[StoredInput]) -> tuple[InputChange, ...]:
    """Those whose content is another now, or that are gone."""
    hashes = [(one, _hash(one.path)) for one in inputs]
    return tuple(InputChange(one.shown, one.role, one.sha256, now) for one, now in hashes if now != one.sha256)


def additional_slices(inputs: Sequence[StoredInput], case: Case) -> tuple[InputChange, ...]:
    """CT slices that lie beside those that were read and were not read then; copies of one of those are none.

    Parameters
    ----------
    inputs : sequence of StoredInput
    case : Case
        As its file says now.
    """
    known = {one.path.resolve() for one in inputs}
    hashes = {one.sha256 for one in inputs}
    return tuple(
        InputChange(path.as_posix(), role, "", now)
        for folder, series, role in _ct_folders(case)
        for path in _slices(folder, series, known)
        if (now := _hash(path)) not in hashes
    )


def _path(shown: str, role: str, case_file: Path) -> Path:
    """Where an input is: the case itself, beside the case, or for a table what stands in brackets behind its name."""
    if role == CASE_ROLE:
        return case_file
    if role != TABLE_ROLE or not shown.endswith(")"):
        return case_file.parent / shown
    name, origin = shown.removesuffix(")").split(" (", 1)
    if origin != SHIPPED:
        return case_file.parent / origin / name
    try:
        return default_protocol_folder() / name
    except ProtocolError:
        return case_file.parent / shown


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OutputError:
        return ""


def _ct_folders(case: Case) -> Iterator[tuple[Path, str, str]]:
    """Every CT folder with the series that the case names, and the role of its slices."""
    yield case.current.ct, case.current.ct_series, "current CT"
    for course in case.prior_courses:
        if course.ct is not None:
            yield course.ct, course.ct_series, f"{course.identifier}: CT"


def _slices(folder: Path, series: str, known: set[Path]) -> Iterator[Path]:
    """CT slices of a folder that are not known; of the series, if one is named."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file() and path.resolve() not in known)
    except OSError:
        return
    for path in paths:
        try:
            reader = open_dicom(path, SopClass.CT, pixels=False)
        except (DicomError, OSError):
            continue  # of another kind, as a structure set beside the slices
        if not series or reader.text("SeriesInstanceUID") == series:
            yield path
