"""The sections of the report about the registrations: the verdicts with their reasons, and all measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model.registration_quality import OrganQuality, OrganVerdict, QualityMeasure, Reason, Region, Verdict
from .html_parts import Cell, number, paragraph, section, table
from .registration_measures import measure_table, reason_table
from .registration_summary import WORDS, RegistrationSummary
from .shown_text import shown

_ROW_CLASS = {Verdict.GO: "met", Verdict.CAUTION: "open", Verdict.WORKSHEET: "bad"}

_IN_SHORT = {
    QualityMeasure.RESIDUAL_SHIFT_MEDIAN: "residual shift",
    QualityMeasure.TARGET_ERROR_MEAN: "landmarks",
    QualityMeasure.CONTOUR_DICE: "Dice",
    QualityMeasure.CONTOUR_DISTANCE_MEAN: "contours",
}

MEASURES_NOTE = (
    "Residual shift: how far blocks of the current CT, in and around the structure, must still be moved to lie on the "
    "warped prior CT. Correlation: of the two CTs around the structure, without any registration → with it. Jacobian "
    "determinant: local volume change; 1 keeps volume, ≤ 0 folds. Harmonic energy: mean squared strain. There and back: "
    "forward and independent backward registration. Contours: the prior ones, mapped, against the current ones. TRE: of the "
    "landmarks within 30 mm. –: could not be measured."
)


def registration_sections(registrations: Sequence[RegistrationSummary], labels: Mapping[str, str]) -> list[str]:
    """A section with the verdicts of each course, and one with all measures; ``labels`` are the courses' by identifier."""
    verdicts = [_verdicts(one, labels[one.course]) for one in registrations]
    measures = [_measures(one, labels[one.course]) for one in registrations]
    details = [f"<h3>{shown(labels[one.course])}</h3>{reason_table(one)}{measure_table(one)}" for one in registrations]
    if not verdicts:
        return []
    return [
        section("Registration, verdicts", *verdicts),
        section("Registration, measured", *measures, paragraph(MEASURES_NOTE, "note")),
        section("Registration, every reason and every measure", *details),
    ]


def _verdicts(summary: RegistrationSummary, label: str) -> str:
    rows: list[list[Cell]] = [
        [one.organ, WORDS[one.verdict], _reasons(one), "; ".join(one.notes) or "–"] for one in summary.verdicts
    ]
    classes = [_ROW_CLASS[one.verdict] for one in summary.verdicts]
    landmarks = summary.landmarks
    target = (
        f" Landmarks: {landmarks.number} pairs, error mean {landmarks.mean_mm:.2f}, 95th percentile {landmarks.p95_mm:.2f}, "
        f"largest {landmarks.largest_mm:.2f} mm."
        if landmarks
        else ""
    )
    return "\n".join(
        [
            f"<h3>{shown(label)}</h3>",
            paragraph(f"Worst: {WORDS[summary.verdict]}. {summary.method}; {summary.source}."),
            paragraph(f"Key {summary.key}. Sign-off: {summary.sign_off}.{target}"),
            *(paragraph(line, "note") for line in summary.log),
            table(["Structure", "Verdict", "Because", "Also"], rows, classes),
            paragraph(f"Limits: {summary.limits}; confirm locally.", "note"),
        ]
    )


def _reasons(verdict: OrganVerdict) -> str:
    """What decided; of a go in short, what it rests on and within which limit; and what was not measured."""
    deciding = [reason for reason in verdict.reasons if reason.verdict is verdict.verdict]
    texts = [_short(reason) if verdict.verdict is Verdict.GO else reason.text for reason in deciding]
    missing = f" Not measured: {'; '.join(verdict.not_measured)}." if verdict.not_measured else ""
    return "; ".join(texts) + "." + missing


def _short(reason: Reason) -> str:
    if reason.measure is None or reason.found is None:
        return reason.text
    sign = "≤" if reason.measure.greater_is_worse else "≥"
    unit = f" {reason.measure.unit}" if reason.measure.unit else ""
    limit = f" ({sign} {reason.limit:g})" if reason.limit is not None else ""
    where = ", high dose" if reason.region is Region.OVERLAP else ""
    return f"{_IN_SHORT.get(reason.measure, reason.measure.label)}{where} {reason.found:.2g}{unit}{limit}"


def _measures(summary: RegistrationSummary, label: str) -> str:
    header = [
        *(
            "Structure",
            "Residual shift median, 95th [mm] (blocks)",
            "Correlation",
            "Jacobian smallest, 1st, 99th percentile",
        ),
        *("Folded [%]", "Harmonic energy", "There and back mean, 95th [mm]", "Contours: Dice; mean, 95th [mm]"),
        *("TRE mean, largest [mm]", "Outside prior CT, dose [%]"),
    ]
    return f"<h3>{shown(label)}</h3>" + table(header, [_row(organ) for organ in summary.organs])


def _row(organ: OrganQuality) -> list[Cell]:
    region = organ.organ
    shift, similarity, jacobian = region.residual_shift, region.similarity, region.jacobian
    there, contours, landmarks, view = region.inverse_consistency, organ.contours, organ.landmarks, region.field_of_view
    return [
        organ.name,
        f"{shift.median_mm:.1f}, {shift.p95_mm:.1f} ({shift.blocks})" if shift else None,
        f"{number(similarity.before, 2)} → {number(similarity.after, 2)}" if similarity else None,
        f"{jacobian.smallest:.2f}, {jacobian.p1:.2f}, {jacobian.p99:.2f}" if jacobian else None,
        jacobian.folded_percent if jacobian else None,
        number(region.deformation.harmonic_energy, 3) if region.deformation else None,
        f"{there.mean_mm:.1f}, {there.p95_mm:.1f}" if there else None,
        f"{contours.dice:.2f}; {number(contours.mean_mm, 1)}, {number(contours.p95_mm, 1)}" if contours else None,
        f"{landmarks.mean_mm:.1f}, {landmarks.largest_mm:.1f}" if landmarks else None,
        f"{number(view.outside_prior_ct_percent, 0)}, {number(view.outside_prior_dose_percent, 0)}",
    ]
