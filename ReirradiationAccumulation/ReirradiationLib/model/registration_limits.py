"""The institution's limits for measures of registration quality: ``registration_limits.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .csv_table import table_number, table_rows
from .errors import ProtocolError
from .registration_quality import QualityMeasure, Verdict

LIMITS_FILE = "registration_limits.csv"
_COLUMNS = ("measure", "caution", "worksheet", "unit", "evidence", "source")


@dataclass(frozen=True)
class RegistrationLimit:
    """A row of ``registration_limits.csv``.

    Parameters
    ----------
    measure : QualityMeasure
    caution, worksheet : float or None
        A value beyond this is *caution*, or *use the worksheet*; None if no value of it is.
    source, evidence : str
        Where the limits come from, and the evidence tag of the table.
    """

    measure: QualityMeasure
    caution: float | None
    worksheet: float | None
    source: str
    evidence: str

    def verdict(self, found: float) -> tuple[Verdict, float | None]:
        """What a value makes of the organ, and the limit that decided; for *go* the one it keeps."""
        for verdict, limit in ((Verdict.WORKSHEET, self.worksheet), (Verdict.CAUTION, self.caution)):
            if limit is not None and self.measure.is_beyond(found, limit):
                return verdict, limit
        return Verdict.GO, self.caution if self.caution is not None else self.worksheet


@dataclass(frozen=True)
class RegistrationLimits:
    """All rows; one for every measure.

    Parameters
    ----------
    rows : tuple of RegistrationLimit
    file : str
        Where they were read.
    is_shipped : bool
        Whether they are the shipped ones because the institution's folder has none of its own.
    """

    rows: tuple[RegistrationLimit, ...]
    file: str
    is_shipped: bool

    def of(self, measure: QualityMeasure) -> RegistrationLimit:
        """The row of a measure."""
        return next(row for row in self.rows if row.measure is measure)


def load_registration_limits(folder: Path, shipped: Path) -> RegistrationLimits:
    """Read the limits of a protocol folder; the shipped ones if it has no such file.

    Parameters
    ----------
    folder, shipped : Path
        The institution's folder, and the one that comes with the library.

    Raises
    ------
    ProtocolError
        Naming file and row, if a measure is unknown, missing or there twice, or a limit cannot be used.
    """
    is_shipped = not (folder / LIMITS_FILE).exists()
    file = (shipped if is_shipped else folder) / LIMITS_FILE
    rows: dict[QualityMeasure, RegistrationLimit] = {}
    for where, cells in table_rows(file, _COLUMNS, ProtocolError, may_be_empty=("caution", "worksheet", "unit")):
        row = _row(where, cells)
        if row.measure in rows:
            raise ProtocolError(where, f"measure '{row.measure.value}' appears twice", "Remove one of the rows.")
        rows[row.measure] = row
    if missing := [measure.value for measure in QualityMeasure if measure not in rows]:
        raise ProtocolError(str(file), f"no row for {', '.join(missing)}", "Add it; leave limits empty to set none.")
    return RegistrationLimits(tuple(rows.values()), str(file), is_shipped)


def _row(where: str, cells: dict[str, str]) -> RegistrationLimit:
    try:
        measure = QualityMeasure(cells["measure"])
    except ValueError as error:
        known = ", ".join(known.value for known in QualityMeasure)
        raise ProtocolError(where, f"measure '{cells['measure']}' is not known", "Correct the name.", known) from error
    if cells["unit"] != measure.unit:
        raise ProtocolError(where, f"unit '{cells['unit']}'", "Correct the unit.", f"'{measure.unit}'")
    caution, worksheet = (
        table_number(where, cells, column, ProtocolError) if cells[column] else None for column in ("caution", "worksheet")
    )
    if caution is not None and worksheet is not None and measure.is_beyond(caution, worksheet):
        worse = "greater" if measure.greater_is_worse else "smaller"
        raise ProtocolError(
            where,
            f"caution {caution:g} is worse than worksheet {worksheet:g}",
            "Exchange or correct the limits.",
            f"worksheet at least as bad as caution; {worse} is worse",
        )
    return RegistrationLimit(measure, caution, worksheet, cells["source"], cells["evidence"])
