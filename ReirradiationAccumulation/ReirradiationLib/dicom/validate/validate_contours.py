"""The acceptance list for the contours of an RTSTRUCT, each on its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from ...model.arrays import FloatArray
from ...model.contour_overlap import overlap
from ...model.finding import Finding
from ...model.geometry import Geometry
from ...model.image import Image
from ...model.interlock import Interlock
from ...model.polygons import signed_area
from ..contour_fitting import CRUMB_PIXELS, MOST_POINTS, OUTSIDE_PIXELS, PLANE_TOLERANCE_MM, pixels_outside
from .regions import CLOSED, KINDS, LINES, Region


def empty(regions: Sequence[Region]) -> list[Finding]:
    """ROIs without contours, and closed contours that enclose nothing."""
    findings = []
    for region in regions:
        if not region.contours:
            findings.append(Finding(Interlock.EXPORT_EMPTY, f"ROI '{region.name}'", "no contours"))
        short = sum(contour.kind in CLOSED and len(contour.points_mm) < 3 for contour in region.contours)
        if short:
            found = f"{short} closed contours of fewer than 3 points"
            findings.append(Finding(Interlock.EXPORT_EMPTY, f"ROI '{region.name}'", found))
    return findings


def mixed_kinds(regions: Sequence[Region]) -> list[Finding]:
    """ROIs of several kinds of contours, or of one that some readers pass over."""
    findings = []
    for region in regions:
        kinds = {contour.kind for contour in region.contours}
        if len(kinds) > 1 or "CLOSEDPLANAR_XOR" in kinds:
            found = ", ".join(sorted(kinds))
            findings.append(Finding(Interlock.EXPORT_CONTOUR_TYPE, f"ROI '{region.name}'", found, "CLOSED_PLANAR"))
    return findings


def off_slices(regions: Sequence[Region], ct: Image | None) -> list[Finding] | None:
    """Contours that name no slice, or not the one that they lie on; None if there is no CT and they all name one."""
    return list(_off_slices(regions, ct)) or (None if ct is None else [])


def damaged(regions: Sequence[Region]) -> list[Finding]:
    """Contours of an unknown kind, or of another number of points than they state."""
    findings = []
    for region in regions:
        subject = f"ROI '{region.name}'"
        unknown = sorted({contour.kind for contour in region.contours} - KINDS)
        if unknown:
            found = f"contours of the kind {', '.join(map(repr, unknown))}"
            findings.append(Finding(Interlock.EXPORT_CONTOUR, subject, found, ", ".join(sorted(KINDS))))
        for contour in region.contours:
            if contour.stated_points != len(contour.points_mm):
                found = f"a contour of {len(contour.points_mm)} points"
                stated = "none" if contour.stated_points is None else f"{contour.stated_points}"
                findings.append(Finding(Interlock.EXPORT_CONTOUR, subject, found, f"as NumberOfContourPoints, {stated}"))
    return findings


def overlapping(regions: Sequence[Region]) -> list[Finding]:
    """ROIs of which contours on one axial plane cross each other, or are there twice; oblique planes are not judged."""
    findings = []
    for region in regions:
        planes: dict[float, list[FloatArray]] = defaultdict(list)
        for contour in region.contours:
            points = contour.points_mm
            if contour.kind in CLOSED and len(points) >= 3 and np.ptp(points[:, 2]) <= PLANE_TOLERANCE_MM:
                planes[round(float(points[0, 2]), 1)].append(points[:, :2])
        wrong = {height: words for height, loops in sorted(planes.items()) if (words := overlap(loops))}
        if wrong:
            height, words = next(iter(wrong.items()))
            found = f"{words} on {len(wrong)} planes, the first at z = {height:g} mm"
            findings.append(Finding(Interlock.STRUCTURE_OVERLAP, f"ROI '{region.name}'", found))
    return findings


def only_lines(regions: Sequence[Region]) -> list[Finding]:
    """ROIs with open lines that have no closed contour."""
    findings = []
    for region in regions:
        kinds = {contour.kind for contour in region.contours}
        if kinds & LINES and not kinds & CLOSED:
            findings.append(
                Finding(Interlock.EXPORT_OPEN, f"ROI '{region.name}'", ", ".join(sorted(kinds)), "CLOSED_PLANAR")
            )
    return findings


def outside_ct(regions: Sequence[Region], ct: Image | None) -> list[Finding] | None:
    """ROIs of which a point lies beside the slices of the CT, in their plane; None without a CT."""
    if ct is None:
        return None
    findings = []
    for region in regions:
        parts = [contour.points_mm for contour in region.contours if len(contour.points_mm)]
        outside = pixels_outside(ct.geometry.to_index(np.concatenate(parts)), ct.geometry) if parts else 0.0
        if outside > OUTSIDE_PIXELS:
            found = f"it reaches {outside:.1f} pixels beyond the CT"
            findings.append(Finding(Interlock.EXPORT_OUTSIDE, f"ROI '{region.name}'", found, f"at most {OUTSIDE_PIXELS:g}"))
    return findings


def _off_slices(regions: Sequence[Region], ct: Image | None) -> Iterator[Finding]:
    index_of = {uid: k for k, uid in enumerate(ct.slice_uids)} if ct else {}
    for region in regions:
        for contour in region.contours:
            if contour.kind not in CLOSED or not len(contour.points_mm):
                continue
            found = ""
            if len(contour.slice_uids) != 1:
                found = f"a contour names {len(contour.slice_uids)} slices"
            elif ct is not None and contour.slice_uids[0] not in index_of:
                found = "a contour names a slice that is not in the CT"
            elif ct is not None:
                off_mm = _off_mm(contour.points_mm, index_of[contour.slice_uids[0]], ct.geometry)
                found = f"a contour lies {off_mm:.2f} mm off the slice that it names" if off_mm > PLANE_TOLERANCE_MM else ""
            if found:
                yield Finding(Interlock.EXPORT_SLICE, f"ROI '{region.name}'", found, "the one that it lies on")


def _off_mm(points_mm: FloatArray, k: int, geometry: Geometry) -> float:
    return float(np.abs(geometry.to_index(points_mm)[:, 2] - k).max()) * geometry.spacing_mm[2]


def crumbs(regions: Sequence[Region], ct: Image | None) -> list[Finding] | None:
    """Contours smaller than half a pixel of the CT; None without one."""
    if ct is None:
        return None
    smallest_mm2 = CRUMB_PIXELS * ct.geometry.spacing_mm[0] * ct.geometry.spacing_mm[1]
    axes = np.asarray(ct.geometry.direction)
    findings = []
    for region in regions:
        count = sum(abs(signed_area((points @ axes)[:, :2])) < smallest_mm2 for points in region.closed())
        if count:
            found = f"{count} contours below {smallest_mm2:.2f} mm²"
            findings.append(Finding(Interlock.EXPORT_CRUMBS, f"ROI '{region.name}'", found))
    return findings


def many_points(regions: Sequence[Region]) -> list[Finding]:
    """Contours of more points than planning systems like."""
    findings = []
    for region in regions:
        most = max((len(contour.points_mm) for contour in region.contours), default=0)
        if most >= MOST_POINTS:
            found = f"a contour of {most} points"
            findings.append(Finding(Interlock.EXPORT_POINTS, f"ROI '{region.name}'", found, f"fewer than {MOST_POINTS}"))
    return findings
