"""Point worksheets as text for a console."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.point_worksheet import CourseLine, Remaining, WorksheetResult
from ..planning.worksheet_entry import WorksheetLimit

HEADER = ("course", "Gy", "fx", "Gy/fx", "date", "months", "EQD2 raw", "recovery", "EQD2 kept", "from")


def worksheet_text(results: Sequence[WorksheetResult]) -> str:
    """Every worksheet: its limit, its courses, and what is left."""
    return "\n\n".join("\n".join(_lines(result)) for result in results)


def limit_text(limit: WorksheetLimit) -> str:
    """The limit with everything that belongs to it."""
    return (
        f"{limit.structure}: {limit.metric} of all courses at most {limit.limit_eqd2_gy:g} Gy EQD2, "
        f"{limit.basis.value} sum, α/β {limit.alpha_beta_gy:g} Gy, {limit.months} ({limit.source})"
    )


def remaining_text(result: WorksheetResult, left: Remaining) -> str:
    """What is left, in EQD2 and as physical dose in the fractions of the new course."""
    new = result.worksheet.new
    if left.is_used:
        return f"prior {left.prior_eqd2_gy:.2f} Gy EQD2: TOLERANCE ALREADY USED, 0 Gy left"
    text = (
        f"prior {left.prior_eqd2_gy:.2f} Gy EQD2, left {left.eqd2_gy:.2f} Gy EQD2 = {left.dose_gy:.2f} Gy in "
        f"{new.fractions} fx ({left.gy_per_fraction:.2f} Gy per fraction)"
    )
    if left.takes_prescription is None or new.prescription_gy is None:
        return text
    fits = fits_text(left.takes_prescription, result.is_known)
    return f"{text}; the full prescription of {new.prescription_gy:g} Gy = {result.prescription_eqd2_gy:.2f} Gy EQD2 {fits}"


def fits_text(takes_prescription: bool, is_known: bool) -> str:
    """Whether the prescription fits, as far as the prior dose is known."""
    if not takes_prescription:
        return "does not fit"
    return "fits" if is_known else "fits where the prior dose is known; not proven"


def _lines(result: WorksheetResult) -> list[str]:
    limit = result.worksheet.limit
    lines = [limit_text(limit)]
    rows = [HEADER, *(_cells(line) for line in result.lines)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEADER))]
    lines += ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if result.refusal:
        lines.append(f"  NOT EVALUATED: {result.refusal}")
    for name, left in (("sum of maxima", result.maxima), ("mapped sum", result.mapped)):
        if left is not None:
            mark = "=>" if left is result.deciding else "  "
            lines.append(f"{mark} {name}: {remaining_text(result, left)}")
    return [*lines, *(f"  note: {remark}" for remark in result.remarks)]


def _cells(line: CourseLine) -> tuple[str, ...]:
    entry = line.entry
    kept = "" if entry.recovery is None else f"{line.kept_eqd2_gy:.2f}"
    origin = "; ".join(text for text in (entry.kind.value, entry.source, registration_text(entry.registration)) if text)
    return (
        *(entry.label, f"{entry.dose_gy:.2f}", str(entry.fractions), f"{line.gy_per_fraction:.2f}"),
        *(entry.day.isoformat() if entry.day else "–", "–" if line.months is None else f"{line.months:.1f}"),
        *(f"{line.raw_eqd2_gy:.2f}", "–" if entry.recovery is None else f"{entry.recovery:g}", kept, origin),
    )


def registration_text(verdict: str) -> str:
    """The verdict on a registration, as part of where a dose comes from."""
    return f"registration: {verdict}" if verdict else ""
