"""The report in all its forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .output import OutputFolder
from .report.evaluation import Evaluation, evaluation_json
from .report.html import report_html
from .report.pdf import report_pdf
from .report.pictures import NO_DOSE_PICTURES, PictureSet
from .report.registration_pictures import NO_PICTURES, RegistrationPictureSet
from .run_record import RUN_FILE
from .write_csv_tables import CSV_TABLE_FILES, write_csv_tables

REPORT_FILE = "report.html"
EVALUATION_FILE = "evaluation.json"
REPORT_PDF = "report.pdf"
REPORT_FILES = frozenset({REPORT_FILE, REPORT_PDF, EVALUATION_FILE, RUN_FILE}) | CSV_TABLE_FILES
"""``run.json`` is written last of all, by the workflow."""


@dataclass(frozen=True)
class ReportPictures:
    """All pictures of a report."""

    doses: PictureSet = NO_DOSE_PICTURES
    registrations: RegistrationPictureSet = NO_PICTURES


WITHOUT_PICTURES = ReportPictures()


def write_report(
    evaluation: Evaluation, pictures: ReportPictures, folder: OutputFolder, report: Callable[[str], None]
) -> None:
    """Write every form of the report into an open output folder; ``report`` is told each name and may raise to cancel.

    Where there can be no PDF, ``report`` is told why, and the rest is written.
    """
    report(REPORT_FILE)
    html = report_html(evaluation, pictures.doses, pictures.registrations)
    folder.write_text(REPORT_FILE, html)
    report(REPORT_PDF)
    printed = report_pdf(html)
    if printed.pdf is not None:
        folder.write_bytes(REPORT_PDF, printed.pdf)
    if printed.remark:
        report(f"{REPORT_PDF}: {printed.remark}")
    report(EVALUATION_FILE)
    folder.write_text(EVALUATION_FILE, evaluation_json(evaluation))
    write_csv_tables(evaluation, folder, report)
