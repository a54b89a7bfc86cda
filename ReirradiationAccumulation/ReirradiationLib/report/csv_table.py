"""A table of the evaluation as CSV: numbers exactly as in ``evaluation.json``, no cell that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..model.spreadsheet import protected
from .evaluation import plain

Value: TypeAlias = str | float | int | bool | tuple[str, ...] | None
"""What a cell may hold; enums that are texts too."""

LIST_SEPARATOR = "; "


@dataclass(frozen=True)
class CsvTable:
    """A table by its name, the names of its columns (with units) and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def text(self) -> str:
        """The table as CSV, to be written in :data:`~ReirradiationLib.model.spreadsheet.CSV_ENCODING`.

        Raises
        ------
        ValueError
            If a row has not as many cells as there are columns; a mistake of ours.
        """
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([_cell(value) for _, value in zip(self.columns, row, strict=True)])
        return stream.getvalue()


def csv_table(name: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> CsvTable:
    """A table of any sequences."""
    return CsvTable(name, tuple(columns), tuple(tuple(row) for row in rows))


def _cell(value: Value) -> str:
    """A cell: empty for None, yes or no, a number as JSON writes it, or a text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return repr(plain(value))
    return protected(LIST_SEPARATOR.join(value) if isinstance(value, tuple) else str(plain(value)))
