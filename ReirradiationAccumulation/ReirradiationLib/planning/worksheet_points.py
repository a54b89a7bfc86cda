"""Points of a course from a table: of points, or a point worksheet that was filled in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ..model.csv_table import table_header
from ..model.errors import CaseError
from ..model.points import PointDose, read_points, require_points
from .worksheet_entry import Fractionation, OrganWorksheet, ValueKind
from .worksheet_table import read_worksheets


def points_of_course(path: Path, course: str, last_day: date) -> tuple[PointDose, ...]:
    """The points of a course in a CSV table.

    Parameters
    ----------
    path : Path
        A table of points, all of which are taken; or a point worksheet, of which the rows of the course are taken, but none
        that was mapped: a mapped dose is no entry of a record.
    course : str
        Its label.
    last_day : date
        No course may be later.

    Raises
    ------
    CaseError
        Naming file and row, if the table or a value cannot be used, or it has no point of the course.
    """
    if "organ" not in table_header(path):
        return read_points(path)
    worksheets = read_worksheets(path, Fractionation(1), last_day)
    found = dict.fromkeys(point for worksheet in worksheets for point in _points(worksheet, course))
    if not found:
        labels = sorted({entry.label for worksheet in worksheets for entry in worksheet.courses})
        remedy = "Enter its doses into the rows of the course, kind 'typed', with their source."
        raise CaseError(str(path), f"no point of the course '{course}'", remedy, f"one of {', '.join(labels)}")
    return require_points(found, str(path))


def _points(worksheet: OrganWorksheet, course: str) -> list[PointDose]:
    organ = worksheet.limit.structure
    return [
        PointDose(organ, entry.dose_gy, entry.fractions, entry.day, _source(entry.source, organ))
        for entry in worksheet.courses
        if entry.label == course and entry.kind is not ValueKind.MAPPED
    ]


def _source(source: str, organ: str) -> str:
    if not source:
        raise CaseError(f"Point of '{organ}'", "no source", "Say where the dose comes from, in the column source.")
    return source
