"""The command ``worksheet``: what is left for an organ, from a table of doses; no DICOM is needed."""

from __future__ import annotations

import argparse
from datetime import date

from .model.errors import CaseError
from .planning.point_worksheet import worked_out
from .planning.worksheet_entry import Fractionation
from .planning.worksheet_table import read_worksheets, worksheet_csv
from .report.evaluation import INTENDED_USE
from .report.worksheet_text import worksheet_text
from .write_planning import write_worksheet_file


def worksheet(parsed: argparse.Namespace) -> int:
    """Work out the worksheets of a table, print them, and write them as a table if asked to."""
    new = Fractionation(parsed.fractions, parsed.prescription, _day(parsed.date))
    results = [worked_out(one) for one in read_worksheets(parsed.table, new, new.day or date.today())]
    if parsed.output is not None:
        write_worksheet_file(parsed.output, worksheet_csv(results))
    print(worksheet_text(results))
    if parsed.output is not None:
        print(f"\nWritten to {parsed.output}.")
    print(f"\n{INTENDED_USE}")
    return 0


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CaseError("--date", f"'{text}'", "Correct it.", "YYYY-MM-DD") from error
