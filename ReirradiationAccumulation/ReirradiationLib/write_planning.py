"""The tables that go with a case: the constraint sheet and the point worksheet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .model.errors import OutputError
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


def write_worksheet_file(path: Path, text: str) -> None:
    """Write a table under a temporary name, then rename it; never over a file that is there.

    Raises
    ------
    OutputError
        If a file is there, or it cannot be written.
    """
    if path.exists():
        raise OutputError(str(path), "a file of that name is there", "Choose a new file.")
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding=CSV_ENCODING, newline="")
        partial.replace(path)
    except OSError as error:
        found = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), found, "Name a new file in a folder that is there.") from error
    finally:
        partial.unlink(missing_ok=True)
