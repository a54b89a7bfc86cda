"""Point worksheets in the report."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.point_worksheet import SHARE_OF_BOUNDS
from .html_parts import Cell, paragraph, section, table
from .shown_text import shown
from .worksheet_summary import RemainingSummary, WorksheetCourseSummary, WorksheetSummary
from .worksheet_text import fits_text

TITLE = "Point worksheet"
EXPLANATION = (
    "One dose per course and organ: what remains of the limit. The sum of the courses' own (near-)maxima takes their hot "
    "spots for being in the same place; the mapped sum is read from the voxelwise sum near the target. What counts is in "
    "bold: the sum of maxima, unless the mapped sum is higher."
)
_COURSE = ("course", "dose Gy", "fractions", "Gy per fraction", "date", "months", "EQD2 raw Gy", "recovery", "EQD2 kept Gy")


def worksheet_section(worksheets: Sequence[WorksheetSummary]) -> str:
    """The section; empty without worksheets."""
    if not worksheets:
        return ""
    return section(TITLE, paragraph(EXPLANATION, "note"), *(_worksheet(one) for one in worksheets))


def _worksheet(one: WorksheetSummary) -> str:
    region = f"; mapped doses read {one.region}" if one.region else ""
    limit = (
        f"{one.metric} of all courses at most {one.limit_eqd2_gy:g} Gy EQD2, {one.basis} sum, α/β {one.alpha_beta_gy:g} Gy, "
        f"{one.months} ({one.source}){region}."
    )
    lines = [("sum of maxima", one.sum_of_maxima), ("mapped sum", one.mapped_sum)]
    return "\n".join(
        [
            f"<h3>{shown(one.structure)}</h3>",
            paragraph(limit),
            table((*_COURSE, "from"), [_course(course) for course in one.courses], [_mark(c) for c in one.courses]),
            paragraph(_sums(one)),
            *(_remaining(one, name, left) for name, left in lines if left is not None),
            *([paragraph(f"NOT EVALUATED: {one.refusal}.", "use")] if one.refusal else []),
            *(paragraph(remark, "note") for remark in one.remarks),
        ]
    )


def _sums(one: WorksheetSummary) -> str:
    recovered = "not known" if one.recovered_eqd2_gy is None else f"{one.recovered_eqd2_gy:.2f}"
    return f"All courses: {one.raw_eqd2_gy:.2f} Gy EQD2 raw, {recovered} with recovery: {one.state}."


def _course(course: WorksheetCourseSummary) -> list[Cell]:
    verdict = f"registration: {course.registration}" if course.registration else ""
    unknown = f"not known in {course.unknown_percent:.2g} %" if course.unknown_percent > 0.0 else ""
    return [
        *(course.course, course.dose_gy, course.fractions, course.gy_per_fraction, course.date or "–"),
        "–" if course.months_before is None else f"{course.months_before:.1f}",
        *(course.raw_eqd2_gy, "–" if course.recovery is None else f"{course.recovery:g}"),
        course.kept_eqd2_gy if course.recovery is not None else "–",
        "; ".join(text for text in (course.kind, course.source, verdict, unknown) if text),
    ]


def _mark(course: WorksheetCourseSummary) -> str:
    return "open" if course.beyond_lq or course.unknown_percent > 0.0 else ""


def _remaining(one: WorksheetSummary, name: str, left: RemainingSummary) -> str:
    if left.tolerance_used:
        text = (
            f"{name}: prior {left.prior_eqd2_gy:.2f} Gy EQD2, TOLERANCE ALREADY USED: 0 Gy left in {one.fractions} fractions"
        )
    else:
        text = (
            f"{name}: prior {left.prior_eqd2_gy:.2f} Gy EQD2, left {left.eqd2_gy:.2f} Gy EQD2 = {left.dose_gy:.2f} Gy in "
            f"{one.fractions} fractions ({left.gy_per_fraction:.2f} Gy per fraction)"
        )
    if left.takes_prescription is not None and one.prescription_gy is not None:
        is_known = all(course.unknown_percent <= 0.0 for course in one.courses) and SHARE_OF_BOUNDS not in one.remarks
        fits = fits_text(left.takes_prescription, is_known)
        text += f"; the full prescription, {one.prescription_gy:g} Gy = {one.prescription_eqd2_gy:.2f} Gy EQD2, {fits}"
    return f"<p><b>{shown(text)}.</b></p>" if left.counts else paragraph(f"{text}.")
