"""The section of the report on screening: type, overlap, and the two reasons to leave an evaluation out."""

from __future__ import annotations

from ..planning.full_overlap import Answer
from .html_parts import Cell, bullets, paragraph, section, table
from .screening_summary import DistanceSummary, RegionSummary, ScreeningSummary
from .shown_text import shown

_SENSE = {"at_most": "≤", "at_least": "≥"}
_ANSWER_CLASS = {Answer.YES.value: "met", Answer.NO.value: "bad", Answer.UNKNOWN.value: "open"}
_NOTE = (
    "Suggestions from the doses as mapped; whether a cumulative evaluation is needed, and the type, is decided by the user. "
    "Types as in the ESTRO/EORTC consensus (Andratschke 2022). Overlaps by the samples of the structures, distances between "
    "samples and a grid around the targets; both ends of a distance are given."
)


def screening_section(summary: ScreeningSummary) -> str:
    """All of the screening."""
    return section(
        "Screening",
        *_type(summary),
        "<h3>Prior high-dose regions</h3>",
        paragraph(
            f"High: at least {summary.high_percent:g} % of a course's prescription, of its maximum if its plan states none."
        ),
        *(_region(region) for region in summary.regions),
        *_without_dose(summary),
        "<h3>Reasons to leave a cumulative evaluation out</h3>",
        *_full_overlap(summary),
        *_no_overlap(summary),
        paragraph(_NOTE, "note"),
    )


def _type(summary: ScreeningSummary) -> list[str]:
    suggested = f"{summary.suggested_type} (a suggestion)" if summary.suggested_type else "cannot be told"
    parts = [paragraph(f"Type of reirradiation: {suggested}."), bullets(summary.evidence)]
    if summary.doubts:
        parts += [paragraph("What cannot be told:"), bullets(summary.doubts)]
    decided = f"Decided: {summary.decided}." if summary.decided else "Nobody has decided on the type in this case."
    return [*parts, paragraph(decided)]


def _region(region: RegionSummary) -> str:
    ratio = f", α/β {region.alpha_beta_gy:g} Gy" if region.alpha_beta_gy is not None else ""
    title = f"{region.label}: from {region.threshold_gy:.2f} Gy {region.quantity}{ratio} ({region.reference})"
    overlaps: list[list[Cell]] = [
        [one.structure, one.role, one.structure_cc, one.high_cc, one.high_percent, one.unknown_cc] for one in region.overlaps
    ]
    header = ["Structure", "Role", "Volume [cc]", "In the region [cc]", "[%]", "Dose not known [cc]"]
    parts = [f"<h4>{shown(title)}</h4>", table(header, overlaps)]
    if region.irradiated:
        shared: list[list[Cell]] = [
            [one.irradiated, one.irradiated_cc, one.common_cc, one.unknown_cc] for one in region.irradiated
        ]
        parts.append(table(["Irradiated by the new course", "[cc]", "In the region [cc]", "Dose not known [cc]"], shared))
    if region.distances:
        rows: list[list[Cell]] = [
            [one.target, _distance(one), _unknown(one), f"{one.step_mm:.1f}", f"{one.searched_mm:g}"]
            for one in region.distances
        ]
        columns = ["Target", "Distance of the region [mm]", "Dose not known", "Grid [mm]", "Searched to [mm]"]
        parts.append(table(columns, rows))
    else:
        parts.append(paragraph("The case names no targets: no distance can be given."))
    return "\n".join(parts)


def _distance(one: DistanceSummary) -> str:
    if one.at_most_mm is None:
        where = "where the dose is known, " if one.unknown_from_mm is not None else ""
        return f"{where}more than {one.searched_mm:g}"
    return "0 (overlap)" if one.at_most_mm <= 0.0 else f"{one.at_least_mm:.1f} to {one.at_most_mm:.1f}"


def _unknown(one: DistanceSummary) -> str:
    if one.unknown_from_mm is None:
        return f"known everywhere within {one.searched_mm:g} mm"
    return f"from {one.unknown_from_mm:.1f} mm on" if one.unknown_from_mm > 0.0 else "within the target"


def _without_dose(summary: ScreeningSummary) -> list[str]:
    if summary.courses_of_points:
        names = " and ".join(summary.courses_of_points)
        return [paragraph(f"{names}: known only by one dose per organ. Overlap and distance cannot be computed.")]
    return [] if summary.regions else [paragraph("No prior course has a dose distribution.")]


def _full_overlap(summary: ScreeningSummary) -> list[str]:
    parts = [paragraph(f"Even full overlap would stay within every limit: {summary.stays_within_limits}.")]
    if summary.full_overlap:
        header = [
            *("Structure", "Limit", "Sum", "α/β [Gy]", "n", "Interval", "Source", "Prior, whole organ", "R [Gy EQD2]"),
            *("With R everywhere", "Within", "Why not"),
        ]
        rows: list[list[Cell]] = [
            [
                *(one.structure, f"{one.metric} {_SENSE[one.sense]} {one.limit:g} {one.unit}", one.basis),
                *(f"{one.alpha_beta_gy:g}", one.fractions, one.months, one.source),
                *(one.prior, one.new_eqd2_gy, one.total, one.answer, one.why),
            ]
            for one in summary.full_overlap
        ]
        parts.append(table(header, rows, [_ANSWER_CLASS[one.answer] for one in summary.full_overlap]))
        parts.append(paragraph("Of a near-maximum the maximum of the whole organ counts. Doses in EQD2.", "note"))
    else:
        parts.append(paragraph("The case states no limit."))
    if summary.without_limit:
        parts.append(paragraph(f"No limit covers, and nothing is said about: {', '.join(summary.without_limit)}."))
    return parts


def _no_overlap(summary: ScreeningSummary) -> list[str]:
    text = f"No high dose within {summary.margin_mm:g} mm of a target: {summary.no_high_dose_overlap}."
    return [paragraph(text), bullets(summary.overlap_doubts)]
