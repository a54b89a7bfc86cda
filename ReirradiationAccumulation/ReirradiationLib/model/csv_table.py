"""Rows of a CSV table that somebody edits by hand; every message names the file and the row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import ReirradiationError


def table_rows(
    path: Path,
    columns: Sequence[str],
    error: type[ReirradiationError],
    may_be_empty: Sequence[str] = (),
    may_be_missing: Sequence[str] = (),
) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row as where it is (for messages) and its cells by column; further columns are passed over.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The columns that must be there.
    error : type of ReirradiationError
        What is raised.
    may_be_empty : sequence of str
        Columns whose cells may be empty.
    may_be_missing : sequence of str
        Further columns that may be missing as a whole, or hold empty cells; a missing one reads as empty.

    Raises
    ------
    ReirradiationError
        Of the given type, if the file cannot be read, a column is missing or there twice, or a row has an empty cell
        or too many.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                is_semicolon = any(";" in name for name in reader.fieldnames or ())
                remedy = "Separate the columns by commas, not semicolons." if is_semicolon else "Add it."
                raise error(str(path), f"no column {', '.join(missing)}", remedy, ", ".join(columns))
            names = [name for name in reader.fieldnames or () if name in (*columns, *may_be_missing)]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise error(str(path), f"the column {', '.join(twice)} is there twice", "Remove one of them.")
            for row in reader:
                where = f"{path}, row {reader.line_num}"
                if None in row:
                    raise error(where, "more cells than columns", "Quote commas; write decimals with a point.")
                cells = {column: (row[column] or "").strip() for column in columns}
                if any(not cells[column] for column in columns if column not in may_be_empty):
                    raise error(where, "an empty cell", "Fill every column.", ", ".join(columns))
                yield where, cells | {column: (row.get(column) or "").strip() for column in may_be_missing}
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise error(
            str(path),
            f"cannot be read ({getattr(problem, 'strerror', None) or problem})",
            "Check the path; save tables as CSV in UTF-8.",
        ) from problem


def table_header(path: Path) -> tuple[str, ...]:
    """The names of the columns; empty if the file cannot be read, which :func:`table_rows` tells."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return tuple(name.strip() for name in next(csv.reader(stream), []))
    except (OSError, UnicodeDecodeError, csv.Error):
        return ()


def table_number(where: str, row: dict[str, str], column: str, error: type[ReirradiationError]) -> float:
    """The number in a cell.

    Raises
    ------
    ReirradiationError
        Of the given type, if the cell is no plain decimal number.
    """
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", row[column]):
        raise error(where, f"{column} is '{row[column]}'", "Write a number with a decimal point.", "a number")
    return float(row[column])


def table_decimal(where: str, row: dict[str, str], column: str, error: type[ReirradiationError]) -> float:
    """The number in a cell as programs write coordinates: any count of digits, a sign, an exponent.

    Raises
    ------
    ReirradiationError
        Of the given type, if the cell is no finite number.
    """
    if not re.fullmatch(r"[-+]?([0-9]{1,9}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][-+]?[0-9]{1,2})?", row[column]):
        raise error(where, f"{column} is '{row[column]}'", "Write a number with a decimal point.", "a number")
    return float(row[column])
