"""A draft of a case of the courses that folders hold, with progress and cancelling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .dicom.scan.draft import Draft, draft_case
from .dicom.scan.draft_structures import load_naming_tables
from .dicom.scan.scan import Scan, scan
from .model.errors import CaseError, OutputError
from .model.protocol_tables import default_protocol_folder
from .monitor import Progress

TITLE = "Look through the folders"
SECOND_PHASE = "all headers read; now the doses and contours of what was found"


def draft_of_folders(
    folders: Sequence[Path],
    case_file: Path,
    new_course: int | None,
    on_progress: Callable[[Progress], None],
    is_cancelled: Callable[[], bool],
) -> Draft:
    """Look through folders and draft a case of what is there; writes nothing.

    Parameters
    ----------
    folders : sequence of Path
        Of DICOM files; all that is below them is looked at.
    case_file : Path
        Where the case file will be: what is there is refused before the long work begins.
    new_course : int or None
        Number of the new course in the order of the courses, from 1; None for the latest.
    on_progress : callable
        Called with each :class:`~ReirradiationLib.monitor.Progress`.
    is_cancelled : callable

    Raises
    ------
    CaseError
        If no folder is given, nothing is found, or the courses leave open which is the new one; then it lists them.
    OutputError
        If there is a file already.
    DicomError
        If a folder is absent or cannot be listed.
    Cancelled
        If the user asked to stop.
    """
    if not folders:
        raise CaseError("Draft", "no folder", "Add a folder with the DICOM files of the patient.")
    if case_file.exists():
        raise OutputError(str(case_file), "there is a file already", "Choose another name, or open that case.")
    naming = load_naming_tables(default_protocol_folder())

    def tell(done: int, total: int) -> None:
        detail = f"{done} of {total} files" if done < total else SECOND_PHASE
        on_progress(Progress(done + 1, total + 1, TITLE, detail))

    found = scan([folder.resolve() for folder in folders], tell, is_cancelled)
    if not found.courses:
        counts = found.counts
        remedy = "Choose the folders that the planning system exported to."
        if counts.archives:
            remedy += f" Archives are not opened: {', '.join(counts.archives)}."
        raise CaseError("Draft", f"no course of radiotherapy among {counts.files} files", remedy)
    try:
        return draft_case(found, case_file.resolve(), new_course, naming)
    except CaseError as error:
        remedy = f"Choose the new course by its number, or other folders. Found:\n{course_lines(found)}"
        raise CaseError(error.subject, error.found, remedy, error.expected) from error


def course_lines(found: Scan) -> str:
    """The courses of a scan by their numbers, a line each."""
    lines = []
    for number, course in enumerate(found.courses, start=1):
        group = course.group
        plans = ", ".join(f"'{plan.label}'" for plan in group.plans) or "no plan"
        lines.append(f"{number}: patient {group.patient.patient_id or '(no ID)'}, {group.day or 'no date'}, {plans}")
    return "\n".join(lines)
