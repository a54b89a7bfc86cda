"""From measures and limits to a verdict in words; nothing else enters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..model.registration_limits import RegistrationLimits
from ..model.registration_quality import (
    OrganQuality,
    OrganVerdict,
    QualityMeasure,
    Reason,
    RegionQuality,
    Verdict,
    worst,
)
from .residual_shift import REACH_MM

_SHIFTS = (QualityMeasure.RESIDUAL_SHIFT_MEDIAN, QualityMeasure.RESIDUAL_SHIFT_P95)
LEAST_BLOCKS = 4
"""Blocks that must count before a small residual shift speaks for a registration."""
LEAST_PATIENT_BLOCKS = 12
"""All over the patient, before these say anything against one organ."""

LEAST_ORGANS = 4
"""Judged together, before most of them say anything against the others."""

LEAST_LANDMARKS = 3
NO_DOSE_SHARE = 0.05
"""Of the prior maximum, below which the organ holds no prior dose to speak of."""


def judge(quality: OrganQuality, limits: RegistrationLimits) -> OrganVerdict:
    """The verdict on one registration in one organ.

    The worst measure decides, in the whole organ or in its part within the high prior dose. *Go* needs evidence that the
    right points lie on each other: image blocks, landmarks or contours; a smooth transform alone is none. And the CTs must
    agree elsewhere too: a deformable registration lays a vertebra of one patient upon that of another to the millimetre.
    Without a registration, in the same frame of reference, nothing can be wrong but what the CTs themselves show.
    """
    reasons = [_reason(measure, region, found, limits) for measure, region, found in measured_values(quality)]
    evidence = [reason for reason in reasons if reason.measure in _evidence(quality)]
    if not evidence:
        reasons.append(_without_evidence(quality))
        evidence = reasons[-1:]
    verdict = worst([reason.verdict for reason in reasons])
    shown = evidence if verdict is Verdict.GO else [reason for reason in reasons if reason.verdict is not Verdict.GO]
    return OrganVerdict(
        organ=quality.name,
        verdict=verdict,
        reasons=tuple(sorted(shown, key=lambda reason: -reason.verdict.badness)),
        not_measured=tuple(_not_measured(quality)),
        notes=tuple(_notes(quality)),
    )


def judge_all(qualities: Sequence[OrganQuality], limits: RegistrationLimits) -> tuple[OrganVerdict, ...]:
    """The verdicts on one registration in all organs: none is go where it fails in most."""
    verdicts = [judge(quality, limits) for quality in qualities]
    failed = sum(verdict.verdict is Verdict.WORKSHEET for verdict in verdicts)
    if len(verdicts) < LEAST_ORGANS or 2 * failed <= len(verdicts):
        return tuple(verdicts)
    doubt = Reason(
        Verdict.CAUTION, f"it fails in {failed} of {len(verdicts)} structures: see whether both CTs are of the same patient"
    )
    return tuple(
        replace(verdict, verdict=Verdict.CAUTION, reasons=(doubt,)) if verdict.verdict is Verdict.GO else verdict
        for verdict in verdicts
    )


def measured_values(quality: OrganQuality) -> Iterator[tuple[QualityMeasure, RegionQuality | None, float]]:
    """Every value that a limit applies to, with its region (None: of contours, landmarks and the patient)."""
    yield from ((measure, quality.organ, found) for measure, found in _of_region(quality.organ))
    if quality.overlap is not None:
        yield from ((measure, quality.overlap, found) for measure, found in _of_region(quality.overlap))
    if (patient := quality.patient_shift) is not None and patient.blocks >= LEAST_PATIENT_BLOCKS:
        yield QualityMeasure.PATIENT_SHIFT_MEDIAN, None, patient.median_mm
        yield QualityMeasure.PATIENT_BLOCKS_LOST, None, patient.lost_percent
    if quality.landmarks is not None:
        yield QualityMeasure.TARGET_ERROR_MEAN, None, quality.landmarks.mean_mm
        yield QualityMeasure.TARGET_ERROR_P95, None, quality.landmarks.p95_mm
    if quality.contours is not None:
        yield QualityMeasure.CONTOUR_DICE, None, quality.contours.dice
        if quality.contours.mean_mm is not None and quality.contours.p95_mm is not None:
            yield QualityMeasure.CONTOUR_DISTANCE_MEAN, None, quality.contours.mean_mm
            yield QualityMeasure.CONTOUR_DISTANCE_P95, None, quality.contours.p95_mm


def _of_region(region: RegionQuality) -> Iterator[tuple[QualityMeasure, float]]:
    if (shift := region.residual_shift) is not None:
        yield QualityMeasure.RESIDUAL_SHIFT_MEDIAN, shift.median_mm
        yield QualityMeasure.RESIDUAL_SHIFT_P95, shift.p95_mm
        yield QualityMeasure.BLOCKS_LOST, shift.lost_percent
        yield QualityMeasure.BLOCK_CORRELATION, shift.correlation
    if (jacobian := region.jacobian) is not None:
        yield QualityMeasure.FOLDED, jacobian.folded_percent
        yield QualityMeasure.VOLUME_CHANGE_OUTSIDE, jacobian.outside_percent
        yield QualityMeasure.JACOBIAN_P1, jacobian.p1
        yield QualityMeasure.JACOBIAN_P99, jacobian.p99
    if region.deformation is not None:
        yield QualityMeasure.HARMONIC_ENERGY, region.deformation.harmonic_energy
    if region.inverse_consistency is not None:
        yield QualityMeasure.INVERSE_CONSISTENCY_MEAN, region.inverse_consistency.mean_mm
        yield QualityMeasure.INVERSE_CONSISTENCY_P95, region.inverse_consistency.p95_mm
    if region.field_of_view.outside_prior_ct_percent is not None:
        yield QualityMeasure.OUTSIDE_PRIOR_CT, region.field_of_view.outside_prior_ct_percent


def _reason(measure: QualityMeasure, region: RegionQuality | None, found: float, limits: RegistrationLimits) -> Reason:
    row = limits.of(measure)
    verdict, limit = row.verdict(found)
    unit = f" {measure.unit}" if measure.unit else ""
    where = f" ({region.region.value})" if region is not None else ""
    bound = "at most" if measure.greater_is_worse else "at least"
    allowed = f", {bound} {limit:g}{unit} wanted" if limit is not None else ""
    value = f"not found within {REACH_MM:g} mm" if measure in _SHIFTS and found >= REACH_MM else f"{found:.3g}{unit}"
    text = f"{measure.label}{where}: {value}{allowed}"
    return Reason(
        verdict, text, measure, region.region if region is not None else None, found, limit, f"{row.source} [{row.evidence}]"
    )


def _evidence(quality: OrganQuality) -> set[QualityMeasure]:
    """Measures that show, in this organ, whether the right points lie on each other."""
    found: set[QualityMeasure] = set()
    shift = quality.organ.residual_shift
    if shift is not None and shift.blocks >= LEAST_BLOCKS:
        found.add(QualityMeasure.RESIDUAL_SHIFT_MEDIAN)
    if quality.landmarks is not None and quality.landmarks.number >= LEAST_LANDMARKS:
        found.add(QualityMeasure.TARGET_ERROR_MEAN)
    if quality.contours is not None and not quality.contours.is_cut:
        found |= {QualityMeasure.CONTOUR_DICE, QualityMeasure.CONTOUR_DISTANCE_MEAN}
    return found


def _without_evidence(quality: OrganQuality) -> Reason:
    if quality.is_same_frame:
        return Reason(Verdict.GO, "same frame of reference")
    return Reason(
        Verdict.CAUTION,
        "nothing to check it by: no structure in the CTs here, no landmarks near it, no contours of it on both CTs"
        if quality.has_prior_ct
        else "nothing to check it by: no prior CT, no landmarks near it, no contours of it on both CTs",
    )


def _not_measured(quality: OrganQuality) -> Iterator[str]:
    if not quality.has_prior_ct:
        yield "image check: there is no prior CT"
    elif quality.organ.residual_shift is None:
        yield "residual shift: the CTs show no structure to check by in and around this organ"
    elif quality.organ.residual_shift.blocks < LEAST_BLOCKS:
        yield f"residual shift: only {quality.organ.residual_shift.blocks} image blocks show structure"
    if quality.organ.jacobian is None:
        yield "Jacobian determinant and harmonic energy: the transform is not defined in this organ"
    if not quality.has_backward:
        yield "inverse consistency: there is no registration in the other direction"
    elif quality.organ.inverse_consistency is None:
        yield "inverse consistency: the registrations are nowhere defined together in this organ"
    if quality.landmarks is None:
        yield "landmark error: no landmarks within 30 mm"
    if quality.contours is None:
        yield "contours: none of this organ on the prior CT"


def _notes(quality: OrganQuality) -> Iterator[str]:
    if quality.highest_dose_share < NO_DOSE_SHARE:
        yield f"the mapped prior dose in this organ is nowhere above {100 * NO_DOSE_SHARE:.0f} % of its maximum"
    if (outside := quality.organ.field_of_view.outside_prior_dose_percent) > 0.0:
        yield f"{outside:.0f} % of this organ lies outside the prior dose grid"
    if quality.contours is not None and quality.contours.is_cut:
        yield "contoured over different lengths: only the common length was compared, a shift along it does not show"
