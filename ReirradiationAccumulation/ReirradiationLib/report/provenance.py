"""Which files and tables an evaluation rests on, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..dicom.input_file import InputFile
from ..model.errors import OutputError
from ..model.limit_table import LIMITS_FILE
from ..model.protocol_tables import RECOVERY_FILE, TISSUES_FILE
from .results import CaseRecords

CASE_ROLE, TABLE_ROLE = "case", "table"
SHIPPED = "shipped with the software"


@dataclass(frozen=True)
class InputSummary:
    """An input file, what it is of, the SOPInstanceUID it states (empty if it is no DICOM), and its content's hash."""

    path: str
    role: str
    sop_instance_uid: str
    sha256: str


@dataclass(frozen=True)
class InputGroup:
    """All inputs of one role; ``sha256`` is the hash of their hashes (in hexadecimal, one a line, in their order)."""

    role: str
    files: int
    sha256: str


def input_groups(inputs: Sequence[InputSummary]) -> tuple[InputGroup, ...]:
    """The inputs by role, for whoever compares a printed report with files."""
    groups = []
    for role in dict.fromkeys(one.role for one in inputs):
        hashes = [one.sha256 for one in inputs if one.role == role]
        lines = "".join(f"{one}\n" for one in hashes)
        groups.append(InputGroup(role, len(hashes), hashlib.sha256(lines.encode("ascii")).hexdigest()))
    return tuple(groups)


def protocol_origin(found: CaseRecords) -> str:
    """Where the protocol tables come from: shipped, or their folder as the case names it."""
    folder = found.case.protocol_folder
    return SHIPPED if folder is None else shown_path(folder, found.case.file.parent)


def input_summaries(found: CaseRecords) -> tuple[InputSummary, ...]:
    """Every file that was read, the case file first, and the tables that the numbers rest on.

    Raises
    ------
    OutputError
        If one can no longer be read.
    """
    folder = found.case.file.parent
    files = (_input(one, shown_path(one.path, folder)) for one in found.records.inputs(found.case))
    tables = (_input(InputFile(path, TABLE_ROLE), f"{path.name} ({origin})") for path, origin in _tables(found))
    return (*files, *tables)


def input_paths(found: CaseRecords) -> tuple[Path, ...]:
    """The files of :func:`input_summaries`, but for the case file."""
    files = (one.path for one in found.records.inputs(found.case) if one.role != CASE_ROLE)
    return (*files, *(path for path, _ in _tables(found)))


def _tables(found: CaseRecords) -> Iterator[tuple[Path, str]]:
    """The tables that the numbers rest on, each with where it comes from."""
    case, protocol = found.case, found.protocol
    rows = [*(limit.row for limit in case.constraints), *(request.row for request in case.optimization)]
    for name in (TISSUES_FILE, RECOVERY_FILE, *((LIMITS_FILE,) if any(rows) else ())):
        yield Path(protocol.folder) / name, protocol_origin(found)
    limits = protocol.registration_limits
    yield Path(limits.file), SHIPPED if limits.is_shipped else protocol_origin(found)


def _input(file: InputFile, shown: str) -> InputSummary:
    return InputSummary(shown, file.role, file.sop_instance_uid, sha256_of(file.path))


def sha256_of(path: Path) -> str:
    """The hash of a file's content.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise OutputError(str(path), f"can no longer be read ({error.strerror})", "Keep the inputs in place.") from error


def shown_path(path: Path, folder: Path) -> str:
    """A path as text, relative to the case where it can be; names may hold bytes that are no text in UTF-8."""
    shown = (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")
