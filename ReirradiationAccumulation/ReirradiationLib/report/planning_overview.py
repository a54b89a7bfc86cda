"""Planning in the printed report: what is left near the targets, and what the worksheets say; the annex has the rest."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.registration_quality import Verdict
from .feasibility_section import FEASIBILITY_CLASS
from .feasibility_summary import FeasibilitySummary, OrganFeasibilitySummary
from .html_parts import Cell, Html, number, paragraph, section, table
from .marks import MARK, MARK_NOTE
from .planning_summary import RemainingDoseSummary
from .source_notes import SourceNotes
from .worksheet_summary import RemainingSummary, WorksheetSummary
from .worksheet_text import fits_text

_FEASIBILITY_NOTE = (
    "P: near-maximum of the prior sum in the region, R: highest prescription of the targets near it, A: limit; all EQD2 "
    "with the α/β of the limit. Left: A − P, or less where a limit allows one course less, and its physical dose in n "
    "fractions."
)
_WORKSHEET_NOTE = (
    "Sum of maxima: the courses' own (near-)maxima taken for being in the same place. Mapped sum: read from the voxelwise "
    "sum. What counts is in bold."
)


def feasibility_overview(summary: FeasibilitySummary) -> str:
    """One line per organ."""
    if not summary.organs and not summary.not_planned:
        return section("Feasibility", paragraph("The case states no limit of a near-maximum."))
    sources = SourceNotes()
    header = [
        *("Structure", "A: limit (EQD2), sum, α/β, interval", "Region of P; how read", "P", "R", "P + R"),
        *(f"Left EQD2; in {summary.fractions} fx (per fx) [Gy]", "State"),
    ]
    rows: list[list[Cell]] = [
        [
            f"{organ.limit.structure} {MARK}" if organ.unreliable_courses else organ.limit.structure,
            f"{organ.limit.metric} ≤ {organ.limit.limit_eqd2_gy:g} Gy, {organ.limit.basis}, α/β "
            f"{organ.limit.alpha_beta_gy:g} Gy, {organ.limit.months} {sources.mark(organ.limit.source)}",
            f"{organ.region} ({organ.region_cc:.2f} cc), {organ.prior_metric}",
            *(organ.prior_eqd2_gy, organ.new_eqd2_gy, organ.sum_eqd2_gy),
            _left(organ),
            "; ".join([organ.state, *(["binding"] if organ.is_binding else []), *organ.remarks]),
        ]
        for organ in summary.organs
    ]
    classes = ["bad" if one.unreliable_courses else FEASIBILITY_CLASS[one.state] for one in summary.organs]
    left_out = [f"{one.limit.structure}: {one.reason}" for one in summary.not_planned]
    doubtful = any(organ.unreliable_courses for organ in summary.organs)
    return section(
        "Feasibility",
        table(header, rows, classes) if rows else "",
        paragraph(f"{MARK_NOTE + ' ' if doubtful else ''}{_FEASIBILITY_NOTE}", "note"),
        paragraph(f"Not planned by, see the annex: {'. '.join(left_out)}.", "note") if left_out else "",
        sources.note(),
    )


def _left(organ: OrganFeasibilitySummary) -> Html:
    left, physical, each = (number(one) for one in (organ.left_eqd2_gy, organ.left_physical_gy, organ.left_per_fraction_gy))
    bound = "at most " if organ.left_is_at_most else ""
    return Html(f"{bound}{left}; <b>{physical}</b> ({each})")


def worksheet_overview(worksheets: Sequence[WorksheetSummary]) -> str:
    """One line per organ; empty without worksheets."""
    if not worksheets:
        return ""
    sources = SourceNotes()
    fractions = worksheets[0].fractions
    left = f"prior; left EQD2; in {fractions} fx [Gy]"
    header = ["Structure", "Limit (EQD2), sum, α/β, interval", f"Sum of maxima: {left}", f"Mapped sum: {left}", "Remark"]
    rows: list[list[Cell]] = [
        [
            f"{one.structure} {MARK}" if _is_unreliable(one) else one.structure,
            f"{one.metric} ≤ {one.limit_eqd2_gy:g} Gy, {one.basis}, α/β {one.alpha_beta_gy:g} Gy, {one.months} "
            f"{sources.mark(one.source)}",
            *(_remaining(one.sum_of_maxima, one), _remaining(one.mapped_sum, one)),
            "; ".join(text for text in (one.state, _fits(one), one.refusal) if text),
        ]
        for one in worksheets
    ]
    note = f"{MARK_NOTE} {_WORKSHEET_NOTE}" if any(map(_is_unreliable, worksheets)) else _WORKSHEET_NOTE
    return section("Point worksheet", table(header, rows), paragraph(note, "note"), sources.note())


def _is_unreliable(one: WorksheetSummary) -> bool:
    return any(course.registration == Verdict.WORKSHEET.value for course in one.courses)


def _fits(one: WorksheetSummary) -> str:
    """Whether what counts takes the full prescription."""
    left = next((left for left in (one.sum_of_maxima, one.mapped_sum) if left is not None and left.counts), None)
    if left is None or left.takes_prescription is None or one.prescription_gy is None:
        return ""
    fits = fits_text(left.takes_prescription, not _is_unknown(one))
    return f"the full prescription, {one.prescription_gy:g} Gy, {fits}"


def _is_unknown(one: WorksheetSummary) -> bool:
    return any(course.unknown_percent > 0.0 for course in one.courses)


def _remaining(left: RemainingSummary | None, one: WorksheetSummary) -> Cell:
    if left is None:
        return "–"
    bound = "at most " if _is_unknown(one) else ""
    text = f"{number(left.prior_eqd2_gy)}; {bound}{number(left.eqd2_gy)}; {number(left.dose_gy)}"
    text += " TOLERANCE USED" if left.tolerance_used else ""
    return Html(f"<b>{text}</b>" if left.counts else text)


def remaining_overview(remaining: RemainingDoseSummary | None) -> str:
    """That there is a remaining dose, and what it is; nothing without one."""
    if remaining is None:
        return ""
    return paragraph(
        f"remaining_dose.dcm holds the physical dose that the limits still allow at each voxel in {remaining.fractions} "
        f"fractions, at most {remaining.ceiling_gy:g} Gy where no limit says less; it is no dose that was or will be given. "
        "Its rule and limits: annex.",
        "note",
    )
