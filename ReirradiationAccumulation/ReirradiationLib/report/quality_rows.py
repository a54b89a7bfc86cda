"""The quality of a registration for a narrow table: the measures that decide most, and all others in words."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.registration_quality import OrganQuality, OrganVerdict, RegionQuality, ResidualShift, Verdict
from .html_parts import number
from .registration_summary import RegistrationSummary

DASH = "–"


@dataclass(frozen=True)
class QualityRow:
    """One organ of a registration.

    Parameters
    ----------
    organ : str
    verdict : Verdict
    shift_mm, contours, target_error_mm, folded_percent : str
        Residual shift, median and 95th percentile; Dice coefficient and mean distance in mm; landmark error, mean; share of
        the organ where the transform folds. A dash for what could not be measured.
    reasons : tuple of str
        Of the verdict, worst first; what was not measured; notes.
    measures : tuple of str
        Every measure in words, with its unit.
    """

    organ: str
    verdict: Verdict
    shift_mm: str
    contours: str
    target_error_mm: str
    folded_percent: str
    reasons: tuple[str, ...]
    measures: tuple[str, ...]


def quality_rows(summary: RegistrationSummary) -> tuple[QualityRow, ...]:
    """A row for every organ, in the order of the case."""
    return tuple(_row(organ, verdict) for organ, verdict in zip(summary.organs, summary.verdicts, strict=True))


def overall_measures(summary: RegistrationSummary) -> tuple[str, ...]:
    """What was measured whatever the organ: in the high prior dose, by all landmarks, and what the engine says."""
    lines = [f"Within prior dose over half of its maximum: {one}" for one in _region(summary.high_dose)]
    if summary.landmarks is not None:
        found = summary.landmarks
        lines.append(
            f"All landmarks (TRE): {found.number} pairs, mean {found.mean_mm:.1f}, 95th percentile {found.p95_mm:.1f}, "
            f"largest {found.largest_mm:.1f} mm; not defined at {found.undefined}"
        )
    return (*lines, *summary.log)


def _row(organ: OrganQuality, verdict: OrganVerdict) -> QualityRow:
    shift, contours, landmarks, jacobian = (
        *(organ.organ.residual_shift, organ.contours, organ.landmarks),
        organ.organ.jacobian,
    )
    missing = tuple(f"Not measured: {one}" for one in verdict.not_measured)
    return QualityRow(
        organ=organ.name,
        verdict=verdict.verdict,
        shift_mm=f"{shift.median_mm:.1f} / {shift.p95_mm:.1f}" if shift else DASH,
        contours=f"{contours.dice:.2f}; {number(contours.mean_mm, 1)}" if contours else DASH,
        target_error_mm=f"{landmarks.mean_mm:.1f}" if landmarks else DASH,
        folded_percent=f"{jacobian.folded_percent:.1f}" if jacobian else DASH,
        reasons=(*(one.text for one in verdict.reasons), *missing, *verdict.notes),
        measures=_measures(organ),
    )


def _measures(organ: OrganQuality) -> tuple[str, ...]:
    lines = [*_region(organ.organ), *(f"In the high prior dose: {one}" for one in _region(organ.overlap))]
    if organ.contours is not None:
        found = organ.contours
        cut = "; compared over the common length only" if found.is_cut else ""
        lines.append(
            f"Prior contours, mapped, against the current ones: Dice {found.dice:.2f}, distance mean "
            f"{number(found.mean_mm, 1)}, 95th percentile {number(found.p95_mm, 1)} mm{cut}"
        )
    if organ.landmarks is not None:
        errors = organ.landmarks
        lines.append(
            f"Landmarks within 30 mm (TRE): {errors.number} pairs, mean {errors.mean_mm:.1f}, 95th percentile "
            f"{errors.p95_mm:.1f}, largest {errors.largest_mm:.1f} mm"
        )
    if organ.patient_shift is not None:
        lines.append(f"All over the patient: {_shift(organ.patient_shift)}")
    lines.append(f"Highest mapped prior dose: {100.0 * organ.highest_dose_share:.0f} % of the prior maximum")
    return tuple(lines)


def _region(region: RegionQuality | None) -> list[str]:
    if region is None:
        return []
    lines = [_shift(region.residual_shift)] if region.residual_shift else []
    if region.similarity is not None:
        before, after = number(region.similarity.before), number(region.similarity.after)
        lines.append(f"correlation of the CTs: without any registration {before}, with it {after}")
    if region.jacobian is not None:
        one = region.jacobian
        lines.append(
            f"Jacobian determinant: smallest {one.smallest:.2f}, 1st percentile {one.p1:.2f}, 99th {one.p99:.2f}, largest "
            f"{one.largest:.2f}; folds in {one.folded_percent:.1f} %, below 0.2 or above 2 in {one.outside_percent:.1f} %"
        )
    if region.deformation is not None:
        bent = region.deformation
        lines.append(
            f"deformation beyond a rigid motion: harmonic energy {bent.harmonic_energy:.3f}, displacement 99th percentile "
            f"{bent.p99_mm:.1f}, largest {bent.largest_mm:.1f} mm"
        )
    if region.inverse_consistency is not None:
        there = region.inverse_consistency
        lines.append(f"there and back: mean {there.mean_mm:.1f}, 95th percentile {there.p95_mm:.1f} mm")
    view = region.field_of_view
    outside_ct = "" if view.outside_prior_ct_percent is None else f"prior CT {view.outside_prior_ct_percent:.0f} %, "
    lines.append(f"outside of the {outside_ct}prior dose {view.outside_prior_dose_percent:.0f} %")
    return lines


def _shift(shift: ResidualShift) -> str:
    return (
        f"residual shift of {shift.blocks} image blocks: median {shift.median_mm:.1f}, 95th percentile {shift.p95_mm:.1f} "
        f"mm; {shift.lost_percent:.0f} % not found again; correlation {shift.correlation:.2f}"
    )
