"""The anonymised variant of the report: the forms of the report, and nothing else, without identifiers."""

from __future__ import annotations

from collections.abc import Callable

from .anonymous_guard import require_anonymous, require_neutral_name
from .model.case import Case
from .model.scene import PictureMaker
from .monitor import Monitor
from .output import OutputFolder
from .report.anonymous import anonymous, cleaned
from .report.anonymous_pictures import anonymous_maker
from .report.collected_identifiers import collect_identifiers
from .report.evaluation import Evaluation
from .report.identifiers import Identifiers
from .report.pictures import draw_pictures
from .report.registration_pictures import draw_registration_pictures
from .report.results import CaseRecords, CaseResults
from .transfer import read_case_records
from .write_outputs import scene_content
from .write_report import WITHOUT_PICTURES, ReportPictures, write_report


def require_neutral_folder(named: Case, neutral: Case, folder: OutputFolder, monitor: Monitor) -> None:
    """Refuse a folder whose name holds an identifier as soon as these are known: before the long work.

    Parameters
    ----------
    named, neutral : Case
        As the user wrote it, and under neutral names.
    folder : OutputFolder
    monitor : Monitor

    Raises
    ------
    AnonymityError
        If its name holds one.
    ReirradiationError
        If the records cannot be read.
    """
    found = read_case_records(neutral, Monitor(is_cancelled=monitor.is_cancelled))
    require_neutral_name(folder.final.name, collect_identifiers(named, found))


def write_anonymous(
    case: Case,
    found: CaseRecords,
    evaluation: Evaluation,
    folder: OutputFolder,
    pictures: PictureMaker | None,
    report: Callable[[str], None],
) -> Evaluation:
    """Write the anonymised forms of a report into an open output folder.

    Parameters
    ----------
    case : Case
        As the user wrote it.
    found : CaseRecords
        What was computed of it under neutral names: the records, or all results.
    evaluation : Evaluation
        Of what was found.
    folder : OutputFolder
    pictures : PictureMaker or None
    report : callable
        Told what is being written; may raise to cancel.

    Returns
    -------
    Evaluation
        As it was written.

    Raises
    ------
    AnonymityError
        If a file holds an identifier after all; then the folder must not appear.
    OutputError
        If a file cannot be written.
    """
    identifiers = collect_identifiers(case, found)
    shown = anonymous(evaluation, identifiers)
    drawn = _drawn(found, pictures, identifiers, report) if isinstance(found, CaseResults) else WITHOUT_PICTURES
    write_report(shown, drawn, folder, report)
    report("search for identifiers")
    require_anonymous(folder.path(""), folder.final.name, identifiers)
    return shown


def _drawn(
    results: CaseResults, maker: PictureMaker | None, identifiers: Identifiers, report: Callable[[str], None]
) -> ReportPictures:
    neutral = anonymous_maker(maker, identifiers)
    pictures = ReportPictures(
        draw_pictures(results, scene_content(results), neutral, report),
        draw_registration_pictures(results, neutral, report),
    )
    return cleaned(pictures, identifiers)
