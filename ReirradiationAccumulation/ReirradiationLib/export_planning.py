"""What the planning system needs of a case, in a folder of its own, each DICOM object checked as any other file would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .dicom.validate.validation import Validation
from .dicom.validate.validator import validate_on
from .model.case import Case
from .model.case_notes import Task
from .model.errors import OutputError
from .monitor import Monitor, Step
from .output import OutputFolder, require_outside
from .report.results import CaseResults
from .session import CaseSession
from .workflow import without_new_plan
from .write_dicom import write_planning_dicom
from .write_planning import write_tables


@dataclass(frozen=True)
class PlanningExport:
    """What was written.

    Parameters
    ----------
    folder : Path
    files : tuple of str
        Names, sorted.
    validations : tuple of Validation
        Of the DICOM objects among them, held against the current CT.
    """

    folder: Path
    files: tuple[str, ...]
    validations: tuple[Validation, ...]

    @property
    def is_acceptable(self) -> bool:
        """Whether no rule of severity error failed in any file."""
        return all(one.acceptable for one in self.validations)


def current_results(session: CaseSession) -> CaseResults | None:
    """What was computed of the session's case as it stands, to be exported as that case says now; None if nothing was."""
    evaluated = session.evaluated
    if evaluated is None:
        return None
    case = without_new_plan(session.case) if evaluated.stage is Task.TRANSFER else session.case
    return replace(evaluated.results, case=case)


def why_nothing_to_export(results: CaseResults) -> str:
    """Why a case has nothing for the planning system; empty if it has."""
    if results.exported_structures or results.exported_remaining is not None or results.planning.worksheets:
        return ""
    return "no organ of the case has a limit of its (near-)maximum, and no isodose line is asked for"


def export_planning(results: CaseResults, output: Path, monitor: Monitor) -> PlanningExport:
    """Write optimization structures and isodose lines, constraint sheet, remaining dose and worksheet.

    The files are the same, byte for byte, as those that a run of the case writes.

    Parameters
    ----------
    results : CaseResults
        Of the case whose choice of names and holes counts.
    output : Path
        A new or empty folder, which appears when everything is written and checked.
    monitor : Monitor

    Raises
    ------
    OutputError
        If the folder holds anything, there is nothing to write, or something cannot be written or does not read back.
    Cancelled
        If the user asked to stop; then no folder appears.
    """
    if nothing := why_nothing_to_export(results):
        raise OutputError(str(output), nothing, "Ask for optimization structures of an organ.")
    require_outside(output, _inputs(results.case))
    folder, report = OutputFolder(output), partial(monitor.report, Step.WRITE)
    with folder:
        write_planning_dicom(results, folder, report)
        write_tables(results, folder, report)
        files = tuple(sorted(path.name for path in folder.path("").iterdir()))
        validations = tuple(_validated(folder, name, results, monitor) for name in files if name.endswith(".dcm"))
        monitor.check()
        folder.finish()
    return PlanningExport(folder.final, files, validations)


def _validated(folder: OutputFolder, name: str, results: CaseResults, monitor: Monitor) -> Validation:
    monitor.report(Step.WRITE, f"check of {name}")
    return replace(validate_on(folder.path(name), results.records.ct), file=folder.final / name)


def _inputs(case: Case) -> Sequence[Path]:
    return [case.current.ct, *(course.ct for course in case.prior_courses if course.ct)]
