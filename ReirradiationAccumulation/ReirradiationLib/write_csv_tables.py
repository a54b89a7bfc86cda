"""The tables of the report, each a file of its own."""

from __future__ import annotations

from collections.abc import Callable

from .model.spreadsheet import CSV_ENCODING
from .output import OutputFolder
from .report.csv_tables import TABLE_NAMES, csv_tables
from .report.evaluation import Evaluation

CSV_TABLE_FILES = frozenset(f"table_{name}.csv" for name in TABLE_NAMES)


def write_csv_tables(evaluation: Evaluation, folder: OutputFolder, report: Callable[[str], None]) -> None:
    """Write every table that has rows as ``table_<name>.csv``.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    report("tables (table_*.csv)")
    for table in csv_tables(evaluation):
        folder.write_text(f"table_{table.name}.csv", table.text(), CSV_ENCODING)
