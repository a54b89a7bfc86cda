"""What is noticed in the results, and must be told or decided."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np

from ..dicom.records import Records
from ..dosimetry.contour_frame import contour_frame, tilt_degrees
from ..dosimetry.plane_stack import contour_planes, count_gaps
from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from ..model.course import Course
from ..model.finding import Finding
from ..model.interlock import Interlock
from ..model.transform import LARGEST_VOLUME_CHANGE, Affine
from .results import OptimizationResult, StructureResult

LARGEST_UNKNOWN_PERCENT = 5.0
"""Share of the region near the target whose prior dose may be unknown before the user must decide."""

OFF_SLICE_TOLERANCE = 0.1
"""Share of the slice distance that a contour may lie off the nearest slice of the CT."""


def structure_findings(result: StructureResult, records: Records) -> list[Finding]:
    """Gaps, contours between slices, dose unknown or beyond LQ (notes), and a registration that folds (to be decided)."""
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
    for course, quality in zip(result.prior.courses, result.quality, strict=True):
        if quality is not None and quality.smallest_jacobian is not None and quality.smallest_jacobian <= 0.0:
            found = f"the registration folds in {name}: Jacobian determinant {quality.smallest_jacobian:.2f}"
            subject = f"Course '{course.course.label}'"
            findings.append(Finding(Interlock.REGISTRATION_FOLDING, subject, found, "> 0"))
    return findings


def registration_findings(course: Course, is_computed: bool) -> list[Finding]:
    """A registration that nobody has judged, whose matrices change volumes, or that moves nothing between frames."""
    transform = course.transform
    if transform.fixed_frame_uid == transform.moving_frame_uid:
        return []
    subject = f"Course '{course.label}'"
    matrices = [step.matrix for step in transform.steps if isinstance(step, Affine)]
    if is_computed:
        turn = reduce(np.matmul, [matrix[:3, :3] for matrix in matrices], np.eye(3))
        angle = math.degrees(math.acos(float(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))))
        found = f"{transform.source}: it turns by {angle:.1f}°"
        return [Finding(Interlock.REGISTRATION_COMPUTED, subject, found, "a registration that somebody has looked at")]
    volume_change = math.prod(float(np.linalg.det(matrix)) for matrix in matrices)
    if abs(volume_change - 1.0) > LARGEST_VOLUME_CHANGE:
        found = f"its matrices multiply volumes by {volume_change:.3g}"
        return [Finding(Interlock.REGISTRATION_SCALES, subject, found, f"1 within {LARGEST_VOLUME_CHANGE:.0%}")]
    if not transform.is_deformable and all(np.allclose(matrix, np.eye(4), atol=1e-6) for matrix in matrices):
        return [Finding(Interlock.REGISTRATION_IDENTITY, subject, "the identity between two frames of reference")]
    return []


def optimization_findings(result: OptimizationResult) -> list[Finding]:
    """A prior dose that is largely unknown where P is read: then P and all limits would be too favourable."""
    unknown = result.prior.unknown_percent
    if unknown <= LARGEST_UNKNOWN_PERCENT:
        return []
    subject = f"Optimization structures of '{result.request.structure}'"
    found = f"a prior dose is not known in {unknown:.0f} % of the region ({result.prior.region}), so P is a lower bound"
    return [Finding(Interlock.DOSE_UNKNOWN, subject, found, f"at most {LARGEST_UNKNOWN_PERCENT:g} %")]
