"""The tables that go with a case: the constraint sheet and the point worksheet."""

from __future__ import annotations

from collections.abc import Callable

from .model.spreadsheet import CSV_ENCODING
from .output import OutputFolder
from .planning.worksheet_table import worksheet_csv
from .report.constraint_sheet import constraint_csv, constraint_json, constraint_text
from .report.results import CaseResults
from .report.sheet_notes import sheet_notes

SHEET_NAME = "constraint_sheet"
WORKSHEET_FILE = "point_worksheet.csv"
TABLE_FILES = frozenset({*(f"{SHEET_NAME}.{kind}" for kind in ("csv", "json", "txt")), WORKSHEET_FILE})


def write_tables(results: CaseResults, folder: OutputFolder, report: Callable[[str], None]) -> None:
    """Write the sheet if the case asks for optimization structures, and the worksheet if an organ has a limit.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    if results.optimization:
        report(f"{SHEET_NAME}.csv, .json, .txt")
        notes = sheet_notes(results)
        folder.write_text(f"{SHEET_NAME}.csv", constraint_csv(results.optimization, notes), CSV_ENCODING)
        folder.write_text(f"{SHEET_NAME}.json", constraint_json(results.optimization, notes))
        folder.write_text(f"{SHEET_NAME}.txt", constraint_text(results.optimization, notes))
    if results.planning.worksheets:
        report(WORKSHEET_FILE)
        folder.write_text(WORKSHEET_FILE, worksheet_csv(results.planning.worksheets), CSV_ENCODING)
