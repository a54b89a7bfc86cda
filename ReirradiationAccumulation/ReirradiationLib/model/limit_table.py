"""Reading ``constraints.csv``: sets of cumulative limits, each row with basis, α/β, interval and source."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from .constraint import Constraint, CourseConditions, LimitRow, Months, Sense
from .csv_table import table_number, table_rows
from .errors import ProtocolError
from .metric import Metric
from .protocol import EVIDENCE, Basis, require_alpha_beta

LIMITS_FILE = "constraints.csv"
LARGEST_PERCENT = 100.0
_CONDITIONS = ("each_course_at_most", "new_course_at_most", "new_share_at_most")
_OPTIONAL = (*("warning", "months_from", "months_to", *_CONDITIONS, "note"),)
SUGGESTED = 6
"""Ids that the message about an unknown one names at most."""

_REQUIRED = ("id", "set", "organ", "metric", "sense", "limit", "basis", "alpha_beta_gy", "evidence", "source")


def load_limit_rows(folder: Path) -> tuple[LimitRow, ...]:
    """Read the limits of a protocol folder.

    Raises
    ------
    ProtocolError
        Naming file and row, if a column is missing, a value cannot be used, or an id appears twice.
    """
    rows: dict[str, LimitRow] = {}
    for where, row in table_rows(folder / LIMITS_FILE, (*_REQUIRED, *_OPTIONAL), ProtocolError, _OPTIONAL):
        if row["id"] in rows:
            raise ProtocolError(where, f"the id '{row['id']}' appears twice", "Give every row an id of its own.")
        rows[row["id"]] = _row(where, row)
    return tuple(rows.values())


def limit_row(rows: tuple[LimitRow, ...], identifier: str, where: str) -> LimitRow:
    """The row of that id.

    Raises
    ------
    ProtocolError
        If there is none.
    """
    for row in rows:
        if row.identifier == identifier:
            return row
    known = [row.identifier for row in rows]
    near = get_close_matches(identifier, known, n=SUGGESTED, cutoff=0.5) or known
    raise ProtocolError(f"{where}: limit '{identifier}'", f"not in {LIMITS_FILE}", f"Use one of: {', '.join(near)}.")


def _row(where: str, row: dict[str, str]) -> LimitRow:
    try:
        metric = Metric.parse(row["metric"])
    except ProtocolError as error:
        raise ProtocolError(where, f"{error.subject}: {error.found}", error.remedy, error.expected) from error
    for column, allowed in (
        ("sense", [s.value for s in Sense]),
        ("basis", [b.value for b in Basis]),
        ("evidence", EVIDENCE),
    ):
        if row[column] not in allowed:
            raise ProtocolError(where, f"{column} is '{row[column]}'", "Correct the row.", f"one of {', '.join(allowed)}")
    sense, limit, warning = Sense(row["sense"]), _positive(where, row, "limit"), _optional(where, row, "warning")
    require_warning(sense, limit, warning, where)
    start, end = _optional(where, row, "months_from") or 0.0, _optional(where, row, "months_to")
    if end is not None and end <= start:
        raise ProtocolError(where, f"{start:g} to {end:g} months", "Correct the interval.", "months_to above months_from")
    if metric.unit == "%" and limit > LARGEST_PERCENT:
        raise ProtocolError(where, f"limit is {limit:g} % of the volume", "Correct the row.", "at most 100")
    constraint = Constraint(
        structure=row["organ"],
        metric=metric,
        sense=sense,
        limit=limit,
        basis=Basis(row["basis"]),
        alpha_beta_gy=require_alpha_beta(table_number(where, row, "alpha_beta_gy", ProtocolError), where),
        source=f"{row['set']}, {row['organ']}: {row['source']} [{row['evidence']}]; literature, confirm locally",
        warning=warning,
        months=Months(start, float("inf") if end is None else end),
        conditions=_conditions(where, row, sense, limit),
        row=row["id"],
        organ=row["organ"],
    )
    if not constraint.is_limit:
        found = f"{metric} {row['sense']}: that more dose would be better"
        raise ProtocolError(where, found, "Correct 'sense'; goals of targets belong into the case.", "a limit of an organ")
    return LimitRow(row["id"], row["set"], row["organ"], constraint, row["note"])


def _conditions(where: str, row: dict[str, str], sense: Sense, limit: float) -> CourseConditions:
    """What is demanded of single courses: less than of the sum, else it would demand nothing."""
    cells = {name: row[name] for name in _CONDITIONS if row[name]}
    if not cells:
        return CourseConditions()
    if sense is not Sense.AT_MOST:
        raise ProtocolError(where, f"{', '.join(cells)} beside at_least", "Remove it.", "only beside at_most")
    values = {name: _positive(where, row, name) for name in cells}
    for name, value in values.items():
        largest = 1.0 if name == "new_share_at_most" else limit
        if value > largest:
            remedy = "Write it as a share." if name == "new_share_at_most" else "Correct it: the limit of the sum is lower."
            raise ProtocolError(where, f"{name} is {value:g}", remedy, f"more than 0, at most {largest:g}")
    return CourseConditions(**values)


def require_warning(sense: Sense, limit: float, warning: float | None, where: str) -> None:
    """Refuse a warning level on the wrong side of the limit, which would never warn, or always.

    Raises
    ------
    ProtocolError
    """
    if warning is None:
        return
    if warning >= limit if sense is Sense.AT_MOST else warning <= limit:
        expected = "below an upper limit, above a lower one"
        raise ProtocolError(where, f"the warning level {warning:g} beside the limit {limit:g}", "Correct it.", expected)


def _positive(where: str, row: dict[str, str], column: str) -> float:
    value = table_number(where, row, column, ProtocolError)
    if value <= 0.0:
        raise ProtocolError(where, f"{column} is {value:g}", "Correct the row.", "a number > 0")
    return value


def _optional(where: str, row: dict[str, str], column: str) -> float | None:
    if not row[column]:
        return None
    value = table_number(where, row, column, ProtocolError)
    if value < 0.0:
        raise ProtocolError(where, f"{column} is {value:g}", "Correct the row.", "a number ≥ 0, or an empty cell")
    return value
