"""The sheet that goes with the optimization structures: what to enter in the planning system, and where it comes from.

One row per structure, empty ones too, and one for every organ that needs none. No row states a limit without its basis,
α/β, number of fractions and source. The same content gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from ..model.spreadsheet import protected
from ..planning.levels import OptimizationLevels
from ..planning.optimization_structures import Shell
from .results import OptimizationResult
from .sheet_notes import SheetNotes

NO_NOTES = SheetNotes()

NEGLIGIBLE_GY = 0.05
"""EQD2 by which tissue is not called hotter than P."""

TITLE = "Constraint sheet of the optimization structures"
MEANING = (
    "Maximum dose of the new plan in each structure, physical, in all fractions together. Research software: limits are "
    "those of the source named and must be confirmed locally."
)


@dataclass(frozen=True)
class SheetRow:
    """One structure, or an organ that needs none (then ``name`` is empty and there is no limit for a structure).

    Doses are Gy EQD2 unless they are called physical. ``prior_to_eqd2_gy`` None: no upper end.
    """

    name: str
    organ: str
    variant: str
    exported: bool
    maximum_physical_gy: float | None
    maximum_eqd2_gy: float | None
    fractions: int
    alpha_beta_gy: float
    basis: str
    cumulative_limit_eqd2_gy: float
    prior_from_eqd2_gy: float | None
    prior_to_eqd2_gy: float | None
    volume_cc: float | None
    prior_near_maximum_eqd2_gy: float
    prior_metric: str
    region: str
    new_prescription_eqd2_gy: float
    state: str
    remarks: tuple[str, ...]
    source: str


def sheet_rows(results: Sequence[OptimizationResult], notes: SheetNotes = NO_NOTES) -> tuple[SheetRow, ...]:
    """The rows, in the order of the results and their structures.

    Parameters
    ----------
    results : sequence of OptimizationResult
    notes : SheetNotes
        What else must be known.
    """
    return tuple(row for result in results for row in _organ_rows(result, notes))


def constraint_csv(results: Sequence[OptimizationResult], notes: SheetNotes = NO_NOTES) -> str:
    """The sheet as CSV, to be written in :data:`.spreadsheet.CSV_ENCODING`; no spreadsheet takes a cell for a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([field.name for field in fields(SheetRow)])
    for row in sheet_rows(results, notes):
        writer.writerow([_cell(field.name, getattr(row, field.name)) for field in fields(SheetRow)])
    return stream.getvalue()


def constraint_json(results: Sequence[OptimizationResult], notes: SheetNotes = NO_NOTES) -> str:
    """The sheet as JSON; doses in Gy, volumes in cc, not rounded."""
    rows = [asdict(row) for row in sheet_rows(results, notes)]
    content = {"title": TITLE, "meaning": MEANING, "structures": rows}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def constraint_text(results: Sequence[OptimizationResult], notes: SheetNotes = NO_NOTES) -> str:
    """The sheet to be read, organ by organ."""
    lines = [TITLE, MEANING]
    for result in results:
        rows = _organ_rows(result, notes)
        lines += ["", *_organ_lines(rows[0])]
        for row in rows:
            lines += _structure_lines(row)
        lines += [f"  {line}" for line in _rest(result.levels)]
    return "\n".join(lines) + "\n"


def _organ_rows(result: OptimizationResult, notes: SheetNotes) -> list[SheetRow]:
    general = _general_remarks(result, notes)
    if not result.shells:
        return [_row(result, None, general)]
    return [
        _row(
            result,
            shell,
            [*general, *notes.structures.get(shell.structure.name, ()), *shell.remarks, *_hottest_remark(result, shell)],
        )
        for shell in result.shells
    ]


def _general_remarks(result: OptimizationResult, notes: SheetNotes) -> list[str]:
    """What makes every limit of an organ doubtful, or leaves a part of it without one."""
    near = result.prior
    remarks = list(notes.organs.get(result.request.structure, ()))
    remarks += [text for text in (near.remark, result.levels.remark) if text]
    if near.unknown_percent > 0.0:
        remarks.append(f"prior dose not known in {near.unknown_percent:.1f} % of the region, counted as 0 Gy there")
    if near.upper_bounds:
        remarks.append(f"P holds the point dose of {' and '.join(near.upper_bounds)}, taken for the whole organ")
    return remarks


def _hottest_remark(result: OptimizationResult, shell: Shell) -> list[str]:
    near = result.prior
    if (
        shell.level.upper_eqd2_gy is not None
        or shell.level.is_above_prior
        or near.organ_maximum_gy <= near.value_gy + NEGLIGIBLE_GY
    ):
        return []
    return [
        f"{near.above_cc:.3f} cc of the organ hold more than P, up to {near.organ_maximum_gy:.2f} Gy EQD2; there prior dose "
        "and limit exceed A by the difference"
    ]


def _row(result: OptimizationResult, shell: Shell | None, remarks: Sequence[str]) -> SheetRow:
    request, levels, near = result.request, result.levels, result.prior
    return SheetRow(
        name=shell.structure.name if shell else "",
        organ=request.structure,
        variant=_variant(result, shell),
        exported=bool(shell and not shell.is_empty),
        maximum_physical_gy=shell.level.limit_physical_gy if shell else None,
        maximum_eqd2_gy=shell.level.limit_eqd2_gy if shell else None,
        fractions=levels.fractions,
        alpha_beta_gy=levels.alpha_beta_gy,
        basis=request.basis.value,
        cumulative_limit_eqd2_gy=levels.limit_eqd2_gy,
        prior_from_eqd2_gy=shell.level.lower_eqd2_gy if shell else None,
        prior_to_eqd2_gy=shell.level.upper_eqd2_gy if shell else None,
        volume_cc=shell.volume_cc if shell else None,
        prior_near_maximum_eqd2_gy=levels.prior_eqd2_gy,
        prior_metric=str(near.metric),
        region=near.region,
        new_prescription_eqd2_gy=levels.new_eqd2_gy,
        state=levels.state.value,
        remarks=tuple(remarks),
        source=request.source,
    )


def _variant(result: OptimizationResult, shell: Shell | None) -> str:
    if shell is None:
        return ""
    cropped = f" {result.request.crop_margin_mm:g} mm from the targets" if shell.variant.value == "cropped" else ""
    smoothed = f", smoothed within {result.request.smoothing_mm:g} mm" if result.request.smoothing_mm > 0.0 else ""
    return f"{shell.variant.value}{cropped}{smoothed}"


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}" if name.endswith("_cc") else f"{value:g}" if name == "alpha_beta_gy" else f"{value:.2f}"
    text = "; ".join(value) if isinstance(value, tuple) else str(value)
    return protected(text)


def _organ_lines(row: SheetRow) -> Iterator[str]:
    yield row.organ
    limit = (
        f"{row.cumulative_limit_eqd2_gy:.2f} Gy EQD2 ({row.basis} sum, alpha/beta {row.alpha_beta_gy:g} Gy; {row.source})"
    )
    yield f"  A {limit}"
    yield (
        f"  P {row.prior_near_maximum_eqd2_gy:.2f} Gy EQD2 ({row.prior_metric}, {row.region}), "
        f"R {row.new_prescription_eqd2_gy:.2f} Gy EQD2 in {row.fractions} fractions: {row.state}"
    )


def _structure_lines(row: SheetRow) -> Iterator[str]:
    if row.maximum_physical_gy is None:
        yield from (f"  {remark}" for remark in row.remarks)
        return
    upper = f" to {row.prior_to_eqd2_gy:.2f}" if row.prior_to_eqd2_gy is not None else " and more"
    yield (
        f"  {row.name:<16}  at most {row.maximum_physical_gy:7.2f} Gy in {row.fractions} fractions = "
        f"{row.maximum_eqd2_gy:.2f} Gy EQD2 (alpha/beta {row.alpha_beta_gy:g} Gy, {row.basis} sum, {row.source}); "
        f"prior {row.prior_from_eqd2_gy:.2f}{upper} Gy EQD2; {row.volume_cc:.3f} cc; {row.variant}; "
        f"{'exported' if row.exported else 'not exported'}"
    )
    yield from (f"  {'':<16}  {remark}" for remark in row.remarks)


def _rest(levels: OptimizationLevels) -> Iterator[str]:
    """What holds outside the structures."""
    if levels.shells and levels.covered_from_eqd2_gy > 0.0:
        allowed = "" if levels.uncovered_eqd2_gy else ": with the full prescription it stays within A where that is known"
        yield f"What is left of the organ has less than {levels.covered_from_eqd2_gy:.2f} Gy EQD2 prior dose{allowed}."
