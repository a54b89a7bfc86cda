"""Whether a former output can be made again: the same inputs, the same numbers, the same files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from .model.case import Case
from .model.case_file import read_case
from .model.case_notes import Task
from .model.errors import CaseError, OutputError, ProtocolError, VerificationError
from .monitor import Monitor
from .registration.engine import RegistrationEngine
from .report.evaluation import SCHEMA
from .report.evaluation_difference import HASHED_PARTS, Difference, PartComparison, compared_parts
from .report.provenance import sha256_of
from .run_record import (
    REPRODUCIBLE,
    RUN_FILE,
    SOFTWARE,
    RunRecord,
    damaged,
    read_run_record,
    read_stored_json,
    software_versions,
    written_files,
)
from .verify_inputs import InputChange, additional_slices, changed_inputs, stored_inputs
from .workflow import Services, run_case
from .write_report import EVALUATION_FILE

NAMED_IN_DICOM = (SOFTWARE, "pydicom")
"""Software whose version stands in every DICOM object that is written."""

FILE_OF_HASHES = "table_inputs.csv"
"""The table of the inputs, in which there is no result."""

SOFTWARE_KEY = "software"
"""Of the evaluation: its version is told as one, and is no difference of a number."""


@dataclass(frozen=True)
class StoredOutput:
    """A former output, and what can be said about it before anything is computed.

    Parameters
    ----------
    folder, case_file : Path
    record : RunRecord
    evaluation : dict
        As ``evaluation.json`` holds it now.
    changed_files : tuple of str
        Of the folder since it was written, each with what is the matter.
    changed_versions : tuple of str
        Software that is another now.
    inputs : tuple of InputChange
    """

    folder: Path
    case_file: Path
    record: RunRecord
    evaluation: dict[str, Any]
    changed_files: tuple[str, ...]
    changed_versions: tuple[str, ...]
    inputs: tuple[InputChange, ...]

    @property
    def has_changed_inputs(self) -> bool:
        """Whether an input that is named is not what it was; whether additional ones count the recomputation shows."""
        return not all(one.is_additional for one in self.inputs)


class InputState(Enum):
    """Whether a former output and one made now have the same inputs."""

    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class FileDifference:
    """A file of the output that is not the same when made again, and what is the matter with it."""

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


@dataclass(frozen=True)
class Comparison:
    """A former output against one made now.

    Parameters
    ----------
    inputs : InputState
    parts : tuple of PartComparison
        Of the evaluations, results first; also those that are the same.
    files : tuple of FileDifference
        Files that are not the same; the evaluation only if its parts do not tell why.
    compared : tuple of str
        Files whose bytes were compared.
    not_compared : tuple of str
        Those that were not.
    """

    inputs: InputState
    parts: tuple[PartComparison, ...]
    files: tuple[FileDifference, ...]
    compared: tuple[str, ...]
    not_compared: tuple[str, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All differences of the evaluations."""
        return tuple(one for part in self.parts for one in part.differences)

    @property
    def different_parts(self) -> tuple[PartComparison, ...]:
        """Parts of the evaluations with a difference in them."""
        return tuple(part for part in self.parts if part.differences)

    @property
    def is_same(self) -> bool:
        """Whether nothing that was compared differs."""
        return not self.differences and not self.files

    @property
    def is_result_same(self) -> bool:
        """Whether nothing differs but signatures and hashes."""
        is_hashed = all(part.part in HASHED_PARTS for part in self.different_parts)
        return is_hashed and all(file.name == FILE_OF_HASHES for file in self.files)


def read_stored(folder: Path, case_file: Path | None = None) -> StoredOutput:
    """Read a former output and hold its files and inputs against their hashes.

    Parameters
    ----------
    folder : Path
        Is never changed.
    case_file : Path or None
        Where the case is; if None, where the record says.

    Raises
    ------
    VerificationError
        If the folder holds no record or no evaluation that can be used, or the case is not found.
    """
    record = read_run_record(folder)
    evaluation = read_stored_json(folder / EVALUATION_FILE, SCHEMA)
    found = _case_file(folder, record, case_file)
    inputs = stored_inputs(evaluation, found, folder / EVALUATION_FILE)
    # What an anonymous evaluation calls its inputs is no path; the recomputation compares one hash over all.
    changes = () if record.is_anonymous else changed_inputs(inputs)
    case = None if record.is_anonymous else _readable(found)
    return StoredOutput(
        folder=folder,
        case_file=found,
        record=record,
        evaluation=evaluation,
        changed_files=_changed_files(folder, record),
        changed_versions=_changed_versions(record),
        inputs=(*changes, *(additional_slices(inputs, case) if case else ())),
    )


def recompute(stored: StoredOutput, monitor: Monitor, engines: tuple[RegistrationEngine, ...] | None = None) -> Comparison:
    """Run the case again as it was run then, into a temporary folder, and compare.

    Registrations that are kept in the case folder may be used, as in any run.

    Parameters
    ----------
    stored : StoredOutput
    monitor : Monitor
    engines : tuple of RegistrationEngine or None
        Those of the library if None.

    Raises
    ------
    ReirradiationError
        Any of its kinds, if the case cannot be run now.
    Cancelled
        If the user asked to stop; nothing is left behind.
    """
    with tempfile.TemporaryDirectory(prefix="reirradiation-verify-") as temporary:
        output = Path(temporary) / "output"
        _run_again(stored, output, Services(engines=engines), monitor)
        return _compared(stored, output)


def _run_again(stored: StoredOutput, output: Path, services: Services, monitor: Monitor) -> None:
    case, stage = read_case(stored.case_file), _stage(stored)
    run_case(case, output, services, monitor, stage=stage, is_anonymous=stored.record.is_anonymous)


def _stage(stored: StoredOutput) -> Task:
    try:
        return Task(stored.record.stage)
    except ValueError as error:
        raise damaged(stored.folder / RUN_FILE, f"no stage '{stored.record.stage}'") from error


def _compared(stored: StoredOutput, output: Path) -> Comparison:
    now = json.loads((output / EVALUATION_FILE).read_text(encoding="utf-8"))
    one, other = ({k: v for k, v in values.items() if k != SOFTWARE_KEY} for values in (stored.evaluation, now))
    is_other_writer = any(_version(stored.record, name) != software_versions()[name] for name in NAMED_IN_DICOM)
    suffixes = REPRODUCIBLE - {".dcm"} if is_other_writer else REPRODUCIBLE
    then = {file.name: file.sha256 for file in stored.record.files}
    made = {file.name: file.sha256 for file in written_files(output)}
    # Where the version of this software is another, it stands in the evaluation too.
    left_out = {EVALUATION_FILE} if stored.evaluation.get(SOFTWARE_KEY) != now[SOFTWARE_KEY] else set()
    names = sorted(name for name in {*then, *made} if Path(name).suffix in suffixes and name not in left_out)
    parts = compared_parts(one, other)
    told = {EVALUATION_FILE} if any(part.differences for part in parts) else set()
    changes = (FileDifference(name, _what(then.get(name), made.get(name))) for name in names if name not in told)
    return Comparison(
        inputs=_input_state(stored, read_run_record(output), parts),
        parts=parts,
        files=tuple(change for change in changes if change.what),
        compared=tuple(names),
        not_compared=tuple(name for name in sorted(then) if Path(name).suffix not in suffixes),
    )


def _input_state(stored: StoredOutput, made: RunRecord, parts: Sequence[PartComparison]) -> InputState:
    """By the hash over all inputs; records of former versions hold none, then by the list of them."""
    if stored.has_changed_inputs:
        return InputState.CHANGED
    if stored.record.inputs_sha256:
        return InputState.SAME if stored.record.inputs_sha256 == made.inputs_sha256 else InputState.CHANGED
    if any(part.differences for part in parts if part.part == "inputs"):
        return InputState.CHANGED
    return InputState.UNKNOWN if stored.record.is_anonymous else InputState.SAME


def _what(then: str | None, now: str | None) -> str:
    """What is the matter with a file, by its hashes; empty if nothing is."""
    if then == now:
        return ""
    if then is None:
        return "made now, not then"
    return "not made now" if now is None else "other content now"


def _case_file(folder: Path, record: RunRecord, stated: Path | None) -> Path:
    if stated is not None:
        return stated.resolve()
    if record.is_anonymous:
        raise VerificationError(str(folder), "it is anonymous and names no case", "Name the case file (--case).")
    places = [folder.resolve() / record.case_file_from_output] if record.case_file_from_output else []
    places += [Path(record.case_file)] if record.case_file else []
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise VerificationError(record.case_file, "the case file is not there any more", "Name where it is (--case).")
    return found.resolve()


def _readable(case_file: Path) -> Case | None:
    """The case if it can be read; if not, the recomputation will say why."""
    try:
        return read_case(case_file)
    except (CaseError, ProtocolError):
        return None


def _changed_files(folder: Path, record: RunRecord) -> tuple[str, ...]:
    changed = []
    for file in record.files:
        try:
            is_same = sha256_of(folder / file.name) == file.sha256
        except OutputError:
            changed.append(f"{file.name}: not there any more")
            continue
        changed += [] if is_same else [f"{file.name}: changed"]
    listed = {RUN_FILE, *(file.name for file in record.files)}
    changed += [f"{path.name}: not written by this run" for path in sorted(folder.iterdir()) if path.name not in listed]
    return tuple(changed)


def _changed_versions(record: RunRecord) -> tuple[str, ...]:
    now = software_versions()
    names: Sequence[str] = list(dict.fromkeys((*record.versions, *now)))
    return tuple(
        f"{name} {_version(record, name) or 'not there'} then, {now.get(name) or 'not there'} now"
        for name in names
        if _version(record, name) != now.get(name, "")
    )


def _version(record: RunRecord, name: str) -> str:
    return record.versions.get(name, "")
