"""What a recovery table would take off in every structure, before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..model.case import Case
from ..model.course import Course
from ..model.dates import months_between
from ..model.errors import ProtocolError
from ..model.protocol import Protocol, RecoveryTable, Tissue
from .results import CaseRecords

UNKNOWN_DAY = "interval not known: read the records, or state the dates"
BEFORE = "its day is after that of the new course"


@dataclass(frozen=True)
class RecoveryPreview:
    """What becomes of the EQD2 of one prior course in one structure.

    Parameters
    ----------
    structure, course : str
        Name, and label.
    months : float or None
        From the course to the new one; None if not known.
    recovered : float or None
        Share (0 … 1) of the EQD2 that is taken off; 0 without a table; None where it cannot be told.
    why_not : str
        Why it cannot be told.
    """

    structure: str
    course: str
    months: float | None
    recovered: float | None
    why_not: str = ""


def recovery_preview(case: Case, protocol: Protocol, found: CaseRecords | None) -> tuple[RecoveryPreview, ...]:
    """By structure, then by course; structures without a tissue of the protocol, and unknown courses, are left out.

    Parameters
    ----------
    case : Case
        As it stands; its recovery table and its tissues count.
    protocol : Protocol
    found : CaseRecords or None
        The records, which know the days; None to go by the days that the case states.

    Raises
    ------
    ProtocolError
        If the protocol has no such recovery table.
    """
    table = protocol.recovery(case.recovery_table) if case.recovery_table is not None else None
    tissues = {tissue.name: tissue for tissue in protocol.tissues}
    today = found.day if found else case.new_course.date
    return tuple(
        _preview(choice.name, label, months_between(day, today), tissues[choice.tissue], table)
        for choice in case.structures
        if choice.tissue in tissues
        for label, day in (_days_in_records(found, choice.name) if found else _days_in_case(case, choice.name))
    )


def _days_in_records(found: CaseRecords, structure: str) -> Iterator[tuple[str, date | None]]:
    """Label and day of every course that is known to have reached the structure, or may have."""
    for course in found.prior:
        if isinstance(course, Course) or course.point(structure) is not None:
            yield course.label, course.day_of(structure)


def _days_in_case(case: Case, structure: str) -> Iterator[tuple[str, date | None]]:
    for course in case.prior_courses:
        points = () if isinstance(course.points, Path) else course.points
        point = next((one for one in points if one.structure == structure), None)
        if point is not None or not course.has_points_only or isinstance(course.points, Path):
            yield course.label, (point.date if point else None) or course.date


def _preview(
    structure: str, course: str, months: float | None, tissue: Tissue, table: RecoveryTable | None
) -> RecoveryPreview:
    if table is None:
        return RecoveryPreview(structure, course, months, 0.0)
    if months is None or months < 0.0:
        return RecoveryPreview(structure, course, months, None, UNKNOWN_DAY if months is None else BEFORE)
    try:
        return RecoveryPreview(structure, course, months, table.fraction_of(tissue, months))
    except ProtocolError as error:
        return RecoveryPreview(structure, course, months, None, error.found)
