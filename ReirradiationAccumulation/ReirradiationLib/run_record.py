"""``run.json``: by what, from what and how an output was made, so that it can be made again; no part of the evaluation."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import __version__
from .model.errors import VerificationError
from .output import OutputFolder
from .report.provenance import InputSummary, sha256_of

RUN_FILE = "run.json"
RUN_SCHEMA = "reirradiation-run/1"
SOFTWARE = "SlicerReirradiation"

REPRODUCIBLE = frozenset({".csv", ".dcm", ".json", ".txt"})
"""Kinds of files that the same case and inputs give byte for byte; pictures and scenes depend on the machine too."""

PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "SimpleITK": "SimpleITK",
    "pydicom": "pydicom",
    "vtk": "vtkmodules",
    "slicer-core": "",
}
"""Packages that numbers rest on, by name, each with the module that knows its version where no installer does."""


@dataclass(frozen=True)
class WrittenFile:
    """A file of the output and its hash; ``is_reproducible`` if the same case and inputs give the same bytes anywhere."""

    name: str
    sha256: str
    is_reproducible: bool


@dataclass(frozen=True)
class RunRecord:
    """How an output was made.

    Parameters
    ----------
    case_file, case_file_from_output : str
        Absolute, and relative to the output folder; both empty if the output is anonymous or there is no such path.
    stage : str
        The last task that was asked for.
    is_anonymous : bool
    door : str
        Who ran it: the command line, a Slicer of some version, Python.
    versions : dict
        Of this software, Python and the packages; empty for one that is not there.
    files : tuple of WrittenFile
        All others of the folder, by name.
    inputs_sha256 : str
        One hash over all inputs, see :func:`digest_of_inputs`; empty if it is not known.
    """

    case_file: str
    case_file_from_output: str
    stage: str
    is_anonymous: bool
    door: str
    versions: dict[str, str]
    files: tuple[WrittenFile, ...]
    inputs_sha256: str = ""


def digest_of_inputs(inputs: Sequence[InputSummary]) -> str:
    """One hash over all inputs: of the sorted lines "role SHA-256", each with its line end.

    It tells whether the inputs are the same to whoever has them, and nothing to anybody else: so an anonymous output may
    hold it, which withholds the hash of each.
    """
    lines = sorted(f"{one.role} {one.sha256}\n" for one in inputs)
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def write_run_record(
    folder: OutputFolder,
    case_file: Path,
    stage: str,
    door: str,
    report: Callable[[str], None],
    is_anonymous: bool = False,
    inputs_sha256: str = "",
) -> None:
    """Write ``run.json`` as the last file of an open output folder.

    Parameters
    ----------
    folder : OutputFolder
    case_file : Path
    stage, door : str
    report : callable
        Told the name of the file; may raise to cancel.
    is_anonymous : bool
        Then no path is written.
    inputs_sha256 : str
        See :func:`digest_of_inputs`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    report(RUN_FILE)
    record = RunRecord(
        case_file="" if is_anonymous else _text(str(case_file)),
        case_file_from_output="" if is_anonymous else _relative(case_file, folder.final),
        stage=stage,
        is_anonymous=is_anonymous,
        door=door,
        versions=software_versions(),
        files=written_files(folder.path("")),
        inputs_sha256=inputs_sha256,
    )
    text = json.dumps({"schema": RUN_SCHEMA, **asdict(record)}, indent=1, ensure_ascii=False)
    folder.write_text(RUN_FILE, f"{text}\n")


def read_run_record(folder: Path) -> RunRecord:
    """The record of an output folder.

    Raises
    ------
    VerificationError
        If it is missing, damaged, or of another schema.
    """
    values = read_stored_json(folder / RUN_FILE, RUN_SCHEMA)
    del values["schema"]
    try:
        files = tuple(WrittenFile(**one) for one in values.pop("files"))
        record = RunRecord(**values, files=files)
    except (AttributeError, KeyError, TypeError) as error:
        raise damaged(folder / RUN_FILE, "its keys are not those of a record") from error
    texts = (
        record.case_file,
        record.case_file_from_output,
        record.stage,
        record.door,
        record.inputs_sha256,
        *record.versions,
        *record.versions.values(),
    )
    if not all(isinstance(text, str) for text in (*texts, *(one.name for one in files), *(one.sha256 for one in files))):
        raise damaged(folder / RUN_FILE, "a value in it is no text")
    return record


def read_stored_json(path: Path, schema: str) -> dict[str, Any]:
    """A JSON object that this program wrote.

    Raises
    ------
    VerificationError
        If it is missing, damaged, or of another schema.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "Name the folder of an output of 'reirradiation run'; older ones hold no record to verify by."
        raise VerificationError(str(path), f"cannot be read ({error.strerror})", remedy) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"no valid JSON ({error})") from error
    if not isinstance(values, dict) or values.get("schema") != schema:
        found = f"schema {values.get('schema')!r:.60}" if isinstance(values, dict) else "no JSON object"
        raise VerificationError(str(path), found, "Verify it with the version that wrote it.", schema)
    return values


def damaged(path: Path, found: str) -> VerificationError:
    """That a file of an output is not as it was written."""
    return VerificationError(str(path), f"damaged: {found}", "Run the case anew; this output cannot be verified.")


def software_versions() -> dict[str, str]:
    """Versions of this software, of Python and of every package that numbers rest on."""
    packages = {name: _package_version(name, module) for name, module in PACKAGES.items()}
    return {SOFTWARE: __version__, "python": platform.python_version(), **packages}


def written_files(folder: Path) -> tuple[WrittenFile, ...]:
    """All files of an output folder but the record itself, by name.

    Raises
    ------
    OutputError
        If one cannot be read.
    """
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != RUN_FILE)
    return tuple(WrittenFile(path.name, sha256_of(path), path.suffix in REPRODUCIBLE) for path in paths)


def _package_version(name: str, module: str) -> str:
    """As the installer wrote it down; Slicer's own build of VTK has no installer's record."""
    try:
        return version(name)
    except PackageNotFoundError:
        pass
    try:
        return str(getattr(import_module(module), "__version__", "")) if module else ""
    except ImportError:
        return ""


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(_text(os.path.relpath(path, folder))).as_posix()
    except ValueError:  # another drive of Windows
        return ""


def _text(path: str) -> str:
    """A path as text; names may hold bytes that are no text in UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
