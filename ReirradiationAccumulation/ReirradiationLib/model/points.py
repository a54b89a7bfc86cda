"""A course without DICOM: one dose per organ, from the paper record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .csv_table import table_number, table_rows
from .errors import CaseError

COLUMNS = ("structure", "dose_gy", "fractions", "date", "source")
LARGEST_DOSE_GY = 500.0
LARGEST_FRACTIONS = 1000


@dataclass(frozen=True)
class PointDose:
    """What a record says about one organ.

    Parameters
    ----------
    structure : str
        Name of the structure on the current CT that it holds for.
    dose_gy : float
        Physical dose of all fractions in Gy: the highest that is known for the organ; 0 if it is known to have none.
    fractions : int
        Delivered fractions.
    date : date or None
        The course's date if None.
    source : str
        Where the number comes from, e.g. "plan printout p. 3, D0.1cc".
    """

    structure: str
    dose_gy: float
    fractions: int
    date: date | None
    source: str


def read_points(path: Path) -> tuple[PointDose, ...]:
    """Read a CSV table with the columns structure, dose_gy, fractions, date (YYYY-MM-DD, may be empty) and source.

    Raises
    ------
    CaseError
        Naming file and row, if the table or a value cannot be used, or it has no rows.
    """
    points = tuple(_point(where, row) for where, row in table_rows(path, COLUMNS, CaseError, may_be_empty=("date",)))
    return require_points(points, str(path))


def require_points(points: Iterable[PointDose], where: str) -> tuple[PointDose, ...]:
    """The points, if there are any, each for another structure and with values that can be.

    Raises
    ------
    CaseError
    """
    points = tuple(points)
    if not points:
        raise CaseError(where, "no points", "Enter one dose per organ, or leave the course out.", "at least one row")
    names = [point.structure for point in points]
    for point in points:
        if names.count(point.structure) > 1:
            raise CaseError(f"{where}: '{point.structure}'", "two doses", "Keep the higher one.", "one per structure")
        if not 0.0 <= point.dose_gy <= LARGEST_DOSE_GY:
            found, expected = f"{point.dose_gy:g} Gy", f"0 to {LARGEST_DOSE_GY:g} Gy"
            raise CaseError(f"{where}: '{point.structure}'", found, "Enter the dose in Gy.", expected)
        if not 0 < point.fractions <= LARGEST_FRACTIONS:
            found, expected = f"{point.fractions} fractions", f"1 to {LARGEST_FRACTIONS}"
            raise CaseError(f"{where}: '{point.structure}'", found, "Enter the delivered fractions.", expected)
    return points


def _point(where: str, row: dict[str, str]) -> PointDose:
    fractions = table_number(where, row, "fractions", CaseError)
    if not fractions.is_integer():
        raise CaseError(where, f"{row['fractions']} fractions", "Enter the delivered fractions.", "a whole number")
    try:
        day = date.fromisoformat(row["date"]) if row["date"] else None
    except ValueError as error:
        raise CaseError(where, f"date '{row['date']}'", "Correct it.", "YYYY-MM-DD") from error
    dose_gy = table_number(where, row, "dose_gy", CaseError)
    return PointDose(row["structure"], dose_gy, int(fractions), day, row["source"])
