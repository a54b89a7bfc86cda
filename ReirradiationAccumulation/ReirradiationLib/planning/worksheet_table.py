"""Point worksheets as a CSV table that a spreadsheet opens, and back.

One file holds any number of organs: rows of kind ``course`` (what was entered, and what it gives) and ``sum`` (what is
left; passed over on reading, for it is worked out anew). Every row repeats the limit with basis, α/β and source.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from ..dosimetry.radiobiology import eqd2
from ..model.constraint import Months
from ..model.csv_table import table_header, table_number, table_rows
from ..model.errors import CaseError, ProtocolError, ReirradiationError
from ..model.metric import Metric
from ..model.protocol import Basis
from ..model.registration_quality import Verdict
from ..model.spreadsheet import protected, unprotected
from .point_worksheet import Remaining, WorksheetResult
from .worksheet_entry import (
    CourseEntry,
    Fractionation,
    OrganWorksheet,
    ValueKind,
    WorksheetLimit,
    require_course,
    require_limit,
    require_usable,
)

DEFAULT_METRIC = "D0.01cc[Gy]"
REQUIRED = (
    *("organ", "limit_eqd2_gy", "basis", "alpha_beta_gy", "limit_source"),
    *("course", "dose_gy", "fractions"),
)
OPTIONAL = (
    *("row", "worksheet", "metric", "region", "limit_months_from", "limit_months_to", "new_at_most_eqd2_gy"),
    *("new_share_at_most", "each_course_at_most_eqd2_gy", "whole_organ_eqd2_gy"),
    *("date", "recovery", "kind", "source", "registration", "unknown_percent", "eqd2_raw_gy", "counts"),
)
INPUTS = (
    *("row", "worksheet", "organ", "limit_eqd2_gy", "basis", "alpha_beta_gy", "metric", "region", "limit_months_from"),
    *("limit_months_to", "new_at_most_eqd2_gy", "new_share_at_most", "each_course_at_most_eqd2_gy", "limit_source"),
    *("course", "dose_gy", "fractions", "date", "recovery", "kind", "source"),
    *("registration", "unknown_percent", "whole_organ_eqd2_gy"),
)
RESULTS = (
    *("interval_months", "gy_per_fraction", "eqd2_raw_gy", "eqd2_recovered_gy", "counts", "remaining_eqd2_gy"),
    *("new_fractions", "remaining_dose_gy", "remaining_gy_per_fraction", "prescription_gy", "prescription_eqd2_gy"),
    *("prescription_fits", "remark"),
)
ROUNDED_GY = 0.011
"""EQD2 in the table has two decimals."""

COURSE, SUM = "course", "sum"
SUM_OF_MAXIMA, MAPPED_SUM = "sum of maxima", "mapped sum"
_NUMBERS = frozenset(
    {
        *("limit_eqd2_gy", "alpha_beta_gy", "limit_months_from", "limit_months_to", "dose_gy", "fractions", "recovery"),
        *("unknown_percent", "new_at_most_eqd2_gy", "new_share_at_most", "each_course_at_most_eqd2_gy"),
        *("whole_organ_eqd2_gy", *RESULTS),
    }
) - {"counts", "prescription_fits", "remark"}


def worksheet_csv(results: Sequence[WorksheetResult]) -> str:
    """The table as text; the file is to be written in ``utf-8-sig``, by which spreadsheets know the encoding."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, [*INPUTS, *RESULTS], restval="", lineterminator="\n")
    writer.writeheader()
    for number, result in enumerate(results, start=1):
        for row in (*_course_rows(result), *_sum_rows(result)):
            cells = {"worksheet": str(number), **row}
            writer.writerow({name: text if name in _NUMBERS else protected(text) for name, text in cells.items()})
    return stream.getvalue()


def read_worksheets(path: Path, new: Fractionation, last_day: date) -> tuple[OrganWorksheet, ...]:
    """Read the worksheets of a table, of the columns that :data:`REQUIRED` and :data:`OPTIONAL` name.

    Rows of one ``worksheet`` (or, where that is empty, of one organ) belong together.

    Parameters
    ----------
    path : Path
    new : Fractionation
        The new course.
    last_day : date
        No course may be later.

    Raises
    ------
    CaseError
        Naming file and row, if the table or a value cannot be used.
    """
    groups: dict[str, list[_Row]] = {}
    for where, raw in table_rows(path, *_columns(path)):
        cells = {**dict.fromkeys(OPTIONAL, ""), **{name: unprotected(text) for name, text in raw.items()}}
        if not any(cells.values()):
            continue  # a spreadsheet may write empty rows at the end
        if cells["row"] not in (COURSE, SUM, ""):
            raise CaseError(where, f"row is '{cells['row']}'", "Correct the row.", f"{COURSE} or {SUM}")
        _require_formable(where, cells)
        if cells["row"] != SUM:
            row = _Row(where, _limit(where, cells), _course(where, cells, last_day))
            _require_untouched(row, cells)
            _add(groups.setdefault(cells["worksheet"] or cells["organ"], []), row)
    if not groups:
        raise CaseError(str(path), "no course", "Enter a row for every prior course of every organ.")
    worksheets = tuple(_worksheet(rows, new) for rows in groups.values())
    _require_whole(worksheets, path)
    return worksheets


@dataclass(frozen=True)
class _Row:
    where: str
    limit: WorksheetLimit
    entry: CourseEntry


def _columns(path: Path) -> tuple[list[str], type[ReirradiationError], tuple[str, ...]]:
    """The columns to ask for: optional ones only where the table has them."""
    header = table_header(path)
    present = tuple(name for name in OPTIONAL if name in header)
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise CaseError(str(path), f"the column '{twice}' twice", "Keep one of them.")
    return [*REQUIRED, *present], CaseError, (*present, *REQUIRED)


def _limit(where: str, cells: Mapping[str, str]) -> WorksheetLimit:
    for name in REQUIRED:
        if not cells[name]:
            raise CaseError(where, f"no {name}", "Fill it in.")
    if cells["basis"] not in [basis.value for basis in Basis]:
        expected = " or ".join(basis.value for basis in Basis)
        raise CaseError(where, f"basis is '{cells['basis']}'", "Take it from where the limit was published.", expected)
    try:
        limit = WorksheetLimit(
            structure=cells["organ"],
            limit_eqd2_gy=_number(where, cells, "limit_eqd2_gy"),
            basis=Basis(cells["basis"]),
            alpha_beta_gy=_number(where, cells, "alpha_beta_gy"),
            metric=Metric.parse(cells["metric"] or DEFAULT_METRIC),
            source=cells["limit_source"],
            months=_months(where, cells),
            region=cells["region"],
            new_at_most_gy=_number_if_any(where, cells, "new_at_most_eqd2_gy"),
            new_share_at_most=_number_if_any(where, cells, "new_share_at_most"),
            each_course_at_most_gy=_number_if_any(where, cells, "each_course_at_most_eqd2_gy"),
        )
        require_limit(limit, where)
    except ProtocolError as error:
        found = error.found if error.subject == where else f"{error.subject}: {error.found}"
        raise CaseError(where, found, error.remedy, error.expected) from error
    return limit


def _months(where: str, cells: Mapping[str, str]) -> Months:
    start = _number(where, cells, "limit_months_from") if cells["limit_months_from"] else 0.0
    end = _number(where, cells, "limit_months_to") if cells["limit_months_to"] else float("inf")
    if start < 0.0 or end <= start:
        raise CaseError(where, f"{start:g} to {end:g} months", "Correct the interval of the limit.")
    return Months(start, end)


def _course(where: str, cells: Mapping[str, str], last_day: date) -> CourseEntry:
    fractions = _number(where, cells, "fractions")
    if not fractions.is_integer():
        raise CaseError(where, f"{cells['fractions']} fractions", "Enter the delivered fractions.", "a whole number")
    kinds = [kind.value for kind in ValueKind]
    if cells["kind"] and cells["kind"] not in kinds:
        raise CaseError(where, f"kind is '{cells['kind']}'", "Correct the row.", ", ".join(kinds))
    verdicts = ["", *(verdict.value for verdict in Verdict)]
    if cells["registration"] not in verdicts:
        raise CaseError(where, f"registration is '{cells['registration']}'", "Correct it.", ", ".join(verdicts[1:]))
    return CourseEntry(
        label=cells["course"],
        dose_gy=_number(where, cells, "dose_gy"),
        fractions=int(fractions),
        day=_day(where, cells["date"], last_day),
        recovery=_number_if_any(where, cells, "recovery"),
        kind=ValueKind(cells["kind"] or ValueKind.TYPED.value),
        source=cells["source"],
        registration=cells["registration"],
        unknown_percent=_number(where, cells, "unknown_percent") if cells["unknown_percent"] else 0.0,
        whole_organ_eqd2_gy=_number_if_any(where, cells, "whole_organ_eqd2_gy"),
    )


def _require_formable(where: str, cells: Mapping[str, str]) -> None:
    """Refuse a table whose deciding sum was read voxel by voxel: from the rows of its courses more would seem to be left."""
    if cells["row"] == SUM and cells["course"] == MAPPED_SUM and cells["counts"] == "yes":
        found = "the mapped sum counts in it, which cannot be formed anew from one dose per course"
        remedy = "Change the case instead; or remove this row and enter, for each course, the highest dose of the organ."
        raise CaseError(where, found, remedy)


def _require_untouched(row: _Row, cells: Mapping[str, str]) -> None:
    """Refuse a mapped dose that somebody has typed over: its origin, its verdict and its region are those of another."""
    entry = row.entry
    if entry.kind is not ValueKind.MAPPED or not cells["eqd2_raw_gy"]:
        return
    stated_gy = _number(row.where, cells, "eqd2_raw_gy")
    raw_gy = float(eqd2(np.asarray(entry.dose_gy), entry.fractions, row.limit.alpha_beta_gy))
    if abs(raw_gy - stated_gy) > ROUNDED_GY:
        found = f"a mapped dose of {entry.dose_gy:g} Gy in {entry.fractions} fractions beside {stated_gy:g} Gy EQD2"
        remedy = "If the dose was entered by hand, write 'typed' as its kind, and where it is from as its source."
        raise CaseError(row.where, found, remedy, f"{raw_gy:.2f} Gy EQD2")


def _number(where: str, cells: Mapping[str, str], column: str) -> float:
    return table_number(where, dict(cells), column, CaseError)


def _number_if_any(where: str, cells: Mapping[str, str], column: str) -> float | None:
    return _number(where, cells, column) if cells[column] else None


def _day(where: str, text: str, last_day: date) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise CaseError(where, f"date '{text}'", "Correct it.", "YYYY-MM-DD")
    if day > last_day:
        found = f"the course of {day} is later than {last_day}"
        raise CaseError(where, found, "Enter the date of a prior course, or the day of the new one.")
    return day


def _add(rows: list[_Row], row: _Row) -> None:
    """Add a course to those of its worksheet, if it is under the same limit and not there yet."""
    if rows and rows[0].limit != replace(row.limit, region=rows[0].limit.region):
        found = f"another organ or limit than in {rows[0].where} of the same worksheet"
        remedy = "Repeat the limit with basis, alpha/beta, metric, interval and source, or number the worksheets."
        raise CaseError(row.where, found, remedy)
    if any(other.entry.label == row.entry.label for other in rows):
        raise CaseError(row.where, f"the course '{row.entry.label}' twice", "Enter every course once.")
    require_course(row.entry, row.limit, row.where)
    rows.append(row)


def _worksheet(rows: Sequence[_Row], new: Fractionation) -> OrganWorksheet:
    worksheet = OrganWorksheet(rows[0].limit, tuple(row.entry for row in rows), new)
    require_usable(worksheet)
    return worksheet


def _require_whole(worksheets: Sequence[OrganWorksheet], path: Path) -> None:
    """Refuse a worksheet without a course that another one has: a mistyped row would leave it out of a sum."""
    labels = dict.fromkeys(entry.label for worksheet in worksheets for entry in worksheet.courses)
    for worksheet in worksheets:
        missing = [label for label in labels if all(label != entry.label for entry in worksheet.courses)]
        if missing:
            where = f"{path}: '{worksheet.limit.structure}'"
            remedy = "Enter it, with 0 Gy if the record shows none there."
            raise CaseError(where, f"no row for the course {', '.join(missing)}", remedy)


def _course_rows(result: WorksheetResult) -> list[dict[str, str]]:
    return [
        {
            **_limit_cells(result.worksheet.limit),
            "row": COURSE,
            "course": line.entry.label,
            "dose_gy": exact(line.entry.dose_gy),
            "fractions": str(line.entry.fractions),
            "date": line.entry.day.isoformat() if line.entry.day else "",
            "recovery": _exact_if_any(line.entry.recovery),
            "kind": line.entry.kind.value,
            "source": line.entry.source,
            "registration": line.entry.registration,
            "unknown_percent": exact(line.entry.unknown_percent) if line.entry.unknown_percent > 0.0 else "",
            "whole_organ_eqd2_gy": _exact_if_any(line.entry.whole_organ_eqd2_gy),
            "interval_months": _rounded(line.months, 1),
            "gy_per_fraction": _rounded(line.gy_per_fraction),
            "eqd2_raw_gy": _rounded(line.raw_eqd2_gy),
            "eqd2_recovered_gy": "" if line.entry.recovery is None else _rounded(line.kept_eqd2_gy),
            "remark": "more than 10 Gy per fraction: beyond the LQ range" if line.is_beyond_lq else "",
        }
        for line in result.lines
    ]


def _sum_rows(result: WorksheetResult) -> list[dict[str, str]]:
    first = {
        **_sum_cells(result, SUM_OF_MAXIMA, result.maxima),
        "eqd2_raw_gy": _rounded(result.raw_eqd2_gy),
        "eqd2_recovered_gy": _rounded(result.recovered_eqd2_gy),
    }
    if result.mapped is None:
        return [first]
    is_raw = result.worksheet.limit.basis is Basis.RAW
    basis = "eqd2_raw_gy" if is_raw else "eqd2_recovered_gy"
    return [first, {**_sum_cells(result, MAPPED_SUM, result.mapped), basis: _rounded(result.mapped.prior_eqd2_gy)}]


def _sum_cells(result: WorksheetResult, name: str, left: Remaining | None) -> dict[str, str]:
    new = result.worksheet.new
    remarks = [f"NOT EVALUATED: {result.refusal}"] if result.refusal else []
    cells = {
        **_limit_cells(result.worksheet.limit),
        "row": SUM,
        "course": name,
        "counts": "yes" if left is not None and left is result.deciding else "no",
        "new_fractions": str(new.fractions),
        "prescription_gy": _exact_if_any(new.prescription_gy),
        "prescription_eqd2_gy": _rounded(result.prescription_eqd2_gy),
        "remark": "; ".join([*remarks, *result.remarks]),
    }
    if left is None:
        return cells
    yes = "yes" if result.is_known else "where known"
    fits = "" if left.takes_prescription is None else (yes if left.takes_prescription else "no")
    return {
        **cells,
        "remaining_eqd2_gy": _rounded(left.eqd2_gy),
        "remaining_dose_gy": _rounded(left.dose_gy),
        "remaining_gy_per_fraction": _rounded(left.gy_per_fraction),
        "prescription_fits": fits,
    }


def _limit_cells(limit: WorksheetLimit) -> dict[str, str]:
    return {
        "organ": limit.structure,
        "limit_eqd2_gy": exact(limit.limit_eqd2_gy),
        "basis": limit.basis.value,
        "alpha_beta_gy": exact(limit.alpha_beta_gy),
        "metric": str(limit.metric),
        "region": limit.region,
        "limit_months_from": "" if limit.months.start <= 0.0 else exact(limit.months.start),
        "limit_months_to": "" if np.isinf(limit.months.end) else exact(limit.months.end),
        "new_at_most_eqd2_gy": _exact_if_any(limit.new_at_most_gy),
        "new_share_at_most": _exact_if_any(limit.new_share_at_most),
        "each_course_at_most_eqd2_gy": _exact_if_any(limit.each_course_at_most_gy),
        "limit_source": limit.source,
    }


def exact(value: float) -> str:
    """A number as it was entered, to the nine decimals that the table takes back."""
    return np.format_float_positional(round(value, 9) + 0.0, trim="-")


def _exact_if_any(value: float | None) -> str:
    return "" if value is None else exact(value)


def _rounded(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"
