"""The commands of the command line; each takes the parsed arguments and returns the exit code."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from .dicom.scan.draft import draft_case
from .dicom.scan.draft_structures import load_naming_tables
from .dicom.scan.scan import Scan, scan
from .dicom.scan.scan_json import scan_json
from .dicom.scan.scan_text import scan_text
from .dicom.validate.validator import validate_file
from .model.case_file import case_to_json, read_case
from .model.case_notes import Task
from .model.protocol_tables import default_protocol_folder
from .model.registration import EngineName
from .monitor import Monitor, Progress
from .mrml.scene_runtime import scene_unavailable_because
from .registration.engines import ONLY_IN_SLICER
from .report.evaluation import INTENDED_USE
from .report.interlock_page import interlock_page
from .report.summary import evaluation_summary
from .report.transfer_summary import transfer_summary
from .runtime import engines_here, services_here
from .text_file import create_text
from .workflow import run_case, run_transfer

EXIT_DONE = 0
EXIT_REFUSED = 1
ANONYMISED = "the anonymised report alone. Read it before you give it away: see docs/report.md for what it still tells."
LONG_SCAN = 1000
"""Files after which progress is told."""


def run(parsed: argparse.Namespace) -> int:
    """Run a case file and write its outputs."""
    case = read_case(parsed.case)
    services, without_scene = services_here(), scene_unavailable_because()
    if without_scene is not None:
        print(f"reirradiation: no scene will be written: {without_scene}", file=sys.stderr)
    with nullcontext() if parsed.verbose else quiet_pydicom():
        monitor, stage = Monitor(print_progress), Task(parsed.stage)
        evaluation = run_case(case, parsed.output, services, monitor, parsed.replace, stage, parsed.anonymous)
    print(evaluation_summary(evaluation))
    scene = "" if stage is Task.RECORDS or without_scene is not None else ", case.mrb in 3D Slicer"
    opened = ANONYMISED if parsed.anonymous else f"open report.html in a browser{scene}."
    print(f"\nWritten to {parsed.output}: {opened}\n{INTENDED_USE}")
    return EXIT_DONE


def register(parsed: argparse.Namespace) -> int:
    """Register and judge the courses of a case, and draw what must be looked at before anybody signs."""
    case = read_case(parsed.case)
    services = services_here()
    with nullcontext() if parsed.verbose else quiet_pydicom():
        found = run_transfer(case, parsed.output, services, Monitor(print_progress), may_replace=parsed.replace)
    print(transfer_summary(found))
    print(f"\nWritten to {parsed.output}: open registration.html in a browser, then sign off.\n{INTENDED_USE}")
    return EXIT_DONE


def engines(parsed: argparse.Namespace) -> int:
    """List the registration engines, and why one cannot be used."""
    for name in EngineName:
        engine = next((engine for engine in engines_here() if engine.name is name), None)
        reason = engine.unavailable_because() if engine else ONLY_IN_SLICER
        print(f"{name.value:<15} {engine.version() if engine and not reason else f'not available: {reason}'}")
    return EXIT_DONE


def records(parsed: argparse.Namespace) -> int:
    """List the courses in folders of DICOM files."""
    with nullcontext() if parsed.verbose else quiet_pydicom():
        # A draft lies elsewhere than the reader stands: its paths must hold from there.
        folders = [folder.resolve() for folder in parsed.folders] if parsed.draft is not None else parsed.folders
        found = scan(folders, _print_scanned, headers_only=parsed.headers_only)
    print(scan_json(found) if parsed.json else scan_text(found), end="")
    if parsed.draft is not None:
        _write_draft(found, parsed.draft, parsed.new_course)
    return EXIT_DONE if found.counts.used else EXIT_REFUSED


def validate(parsed: argparse.Namespace) -> int:
    """Check a DICOM file against what planning systems take."""
    validation = validate_file(parsed.file, parsed.ct, parsed.against)
    print("\n".join(validation.lines()))
    return EXIT_DONE if validation.acceptable else EXIT_REFUSED


def interlocks(parsed: argparse.Namespace) -> int:
    """Print the catalogue of interlocks as Markdown."""
    print(interlock_page(), end="")
    return EXIT_DONE


def _write_draft(found: Scan, path: Path, new_course: int | None) -> None:
    """Write the draft of a case file, never over one that is there; remarks go to stderr, so that JSON can be piped."""
    draft = draft_case(found, path.resolve(), new_course, load_naming_tables(default_protocol_folder()))
    create_text(path, case_to_json(draft.case))
    print(f"\nDraft of a case: {path}. Choose the tissues, add limits, and check every line.", file=sys.stderr)
    for remark in draft.remarks:
        print(f"  {remark}", file=sys.stderr)


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Without pydicom's warnings of every odd value; the findings say what matters."""
    logger = logging.getLogger("pydicom")
    former = logger.propagate
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pydicom")
            yield
    finally:
        logger.propagate = former


def print_progress(progress: Progress) -> None:
    """A line per piece of work."""
    print(f"[{progress.step}/{progress.steps}] {progress.title}: {progress.detail}", flush=True)


def _print_scanned(done: int, total: int) -> None:
    """A word now and then on long scans, on stderr so that the listing can be piped."""
    if total > LONG_SCAN and done % LONG_SCAN == 0:
        print(f"{done} of {total} files", file=sys.stderr, flush=True)
