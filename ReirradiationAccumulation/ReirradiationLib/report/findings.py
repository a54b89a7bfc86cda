"""What is noticed in the results, and must be told or decided."""

from __future__ import annotations

from ..dicom.records import Records
from ..dosimetry.contour_frame import contour_frame, tilt_degrees
from ..dosimetry.plane_stack import contour_planes, count_gaps
from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from ..model.finding import Finding
from ..model.interlock import Interlock
from ..model.metric import MetricKind
from .results import OptimizationResult, StructureResult

LARGEST_UNKNOWN_PERCENT = 5.0
"""Share of the region near the target whose prior dose may be unknown before the user must decide."""

NEGLIGIBLE_EXCESS_GY = 1.0
"""EQD2 by which tissue may be hotter than P before the user must decide."""

LEFT_OUT_FACTOR = 1.5
"""A near-maximum leaves out its volume; sampling adds to that."""

OFF_SLICE_TOLERANCE = 0.1
"""Share of the slice distance that a contour may lie off the nearest slice of the CT."""


def structure_findings(result: StructureResult, records: Records) -> list[Finding]:
    """Gaps, contours between slices, dose unknown or beyond LQ."""
    name, geometry = result.choice.name, records.ct.geometry
    findings = []
    frame = contour_frame(result.structure, geometry)
    planes = contour_planes(result.structure, frame)
    gaps = count_gaps(planes)
    if gaps:
        found = f"{gaps} gaps between its contours along the slice normal, not filled"
        findings.append(Finding(Interlock.STRUCTURE_GAP, f"Structure '{name}'", found))
    if frame is not geometry:
        found = f"its contours lie in planes turned by {tilt_degrees(frame, geometry):.1f}° against the slices of the CT"
        findings.append(Finding(Interlock.STRUCTURE_OFF_SLICE, f"Structure '{name}'", found))
    slices = [plane.position_mm / geometry.spacing_mm[2] for plane in planes]
    off = sum(abs(position - round(position)) > OFF_SLICE_TOLERANCE for position in slices)
    if off and frame is geometry:
        found = f"{off} contours lie between slices of the CT"
        findings.append(Finding(Interlock.STRUCTURE_OFF_SLICE, f"Structure '{name}'", found))
    unknown = result.final.unknown_by_course()
    if unknown:
        parts = [f"that of {label} in {percent:.1f} %" for label, percent in unknown]
        found = f"dose not known in a part of it: {', '.join(parts)}"
        findings.append(Finding(Interlock.DOSE_NOT_COVERING, f"Structure '{name}'", found))
    beyond = result.final.beyond_lq_by_course()
    if beyond:
        parts = [f"{volume_cc:.2f} cc by {label}" for label, volume_cc in beyond]
        found = f"more than {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction in {', '.join(parts)}"
        expected = f"up to {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction, where the linear-quadratic model is tested"
        findings.append(Finding(Interlock.DOSE_BEYOND_LQ, f"Structure '{name}'", found, expected))
    return findings


def optimization_findings(result: OptimizationResult, unreliable: tuple[str, ...]) -> list[Finding]:
    """A prior dose that is largely unknown, or mapped unreliably, where P is read: all limits may be too favourable."""
    subject = f"Optimization structures of '{result.request.structure}'"
    found = f"the registration of {' and '.join(unreliable)} must not be relied on in this organ"
    findings = [Finding(Interlock.REGISTRATION_UNRELIABLE, subject, found)] if unreliable else []
    findings += _hotter_findings(result, subject)
    unknown = result.prior.unknown_percent
    if unknown <= LARGEST_UNKNOWN_PERCENT:
        return findings
    found = f"a prior dose is not known in {unknown:.0f} % of the region ({result.prior.region}), so P is a lower bound"
    return [*findings, Finding(Interlock.DOSE_UNKNOWN, subject, found, f"at most {LARGEST_UNKNOWN_PERCENT:g} %")]


def _hotter_findings(result: OptimizationResult, subject: str) -> list[Finding]:
    """Tissue hotter than P, more than P leaves out by its metric: the first structure holds it, with too high a limit."""
    near, levels = result.prior, result.levels
    excess_gy = near.organ_maximum_gy - near.value_gy
    left_out_cc = near.metric.at if near.metric.kind is MetricKind.DOSE_AT_CC else 0.0
    if not levels.shells or excess_gy <= NEGLIGIBLE_EXCESS_GY or near.above_cc <= LEFT_OUT_FACTOR * left_out_cc:
        return []
    found = (
        f"{near.above_cc:.2f} cc hold up to {near.organ_maximum_gy:.2f} Gy EQD2, P is {near.value_gy:.2f} ({near.metric}, "
        f"{near.region}): there prior dose and the limit of the hottest structure exceed A by up to {excess_gy:.2f} Gy"
    )
    return [Finding(Interlock.HOTTER_ELSEWHERE, subject, found)]
