"""The acceptance list for an RTSTRUCT: what planning systems refuse, change or drop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...model.arrays import FloatArray
from ...model.finding import Finding
from ...model.image import Image
from ...model.interlock import Interlock
from ...model.outline import Outline, hausdorff_mm, outline
from ..naming import ANY_SYSTEM
from ..reader import DicomReader
from ..reimport import OUTLINE_TOLERANCE_MM, VOLUME_TOLERANCE
from ..writing import DS_BYTES
from .regions import Region
from .validate_common import belonging, missing_attributes, unreadable_texts
from .validate_contours import (
    crumbs,
    damaged,
    empty,
    many_points,
    mixed_kinds,
    off_slices,
    only_lines,
    outside_ct,
    overlapping,
)
from .validation import RegionChange, RegionSummary, Rule, rules_of

SHORT_STRING = 16
DEFAULT_STEP_MM = 3.0
"""Thickness of a single plane if no CT is given."""


def structure_rules(reader: DicomReader, regions: Sequence[Region], ct: Image | None) -> tuple[Rule, ...]:
    """Every rule of the list, checked; those that need the CT only with one."""
    frames = {region.frame_uid for region in regions}
    return rules_of(
        [
            (Interlock.EXPORT_PATIENT, lambda: belonging(reader, ct, frames)),
            (Interlock.EXPORT_ATTRIBUTE, lambda: missing_attributes(reader, "RTSTRUCT", "StructureSetLabel")),
            (Interlock.EXPORT_FRAMES, lambda: _several_frames(frames)),
            (Interlock.EXPORT_FRAME_REFERENCE, lambda: _frame_reference(reader, frames)),
            (Interlock.EXPORT_CHARACTERS, lambda: unreadable_texts(reader, "StructureSetROISequence")),
            (Interlock.EXPORT_VALUE, lambda: _long_values(reader, regions)),
            (Interlock.EXPORT_NUMBER_TWICE, lambda: _numbers_twice(reader)),
            (Interlock.EXPORT_NAME, lambda: _names(regions)),
            (Interlock.EXPORT_NAME_TWICE, lambda: _names_twice(regions)),
            (Interlock.EXPORT_TYPE, lambda: _types(regions)),
            (Interlock.EXPORT_EMPTY, lambda: empty(regions)),
            (Interlock.EXPORT_CONTOUR, lambda: damaged(regions)),
            (Interlock.STRUCTURE_OVERLAP, lambda: overlapping(regions)),
            (Interlock.EXPORT_CONTOUR_TYPE, lambda: mixed_kinds(regions)),
            (Interlock.EXPORT_OPEN, lambda: only_lines(regions)),
            (Interlock.EXPORT_SLICE, lambda: off_slices(regions, ct)),
            (Interlock.EXPORT_OUTSIDE, lambda: outside_ct(regions, ct)),
            (Interlock.EXPORT_CRUMBS, lambda: crumbs(regions, ct)),
            (Interlock.EXPORT_POINTS, lambda: many_points(regions)),
        ]
    )


def summaries(regions: Sequence[Region], ct: Image | None) -> tuple[RegionSummary, ...]:
    """Every ROI in numbers."""
    axes = plane_axes(regions, ct)
    told = []
    for region in regions:
        shape = outline(region.closed(), axes)
        points = sum(len(contour.points_mm) for contour in region.contours)
        volume_cc = shape.volume_cc(_thickness_mm(shape, ct))
        told.append(RegionSummary(region.name, points, len(shape.positions_mm), shape.hole_count(), volume_cc))
    return tuple(told)


def compared(
    regions: Sequence[Region], others: Sequence[Region], ct: Image | None
) -> tuple[tuple[RegionChange, ...], tuple[Finding, ...]]:
    """ROIs of the same name in two sets: what changed, and what changed too much."""
    axes = plane_axes([*regions, *others], ct)
    by_name = {region.name: region for region in others}
    changes, findings = [], []
    for region in regions:
        other = by_name.get(region.name)
        if other is None:
            findings.append(_changed(region.name, "the other set has no ROI of that name"))
            continue
        one, two = outline(region.closed(), axes), outline(other.closed(), axes)
        thickness = _thickness_mm(two, ct)
        change = RegionChange(region.name, one.volume_cc(thickness), two.volume_cc(thickness), hausdorff_mm(one, two))
        changes.append(change)
        allowed = max(VOLUME_TOLERANCE * change.other_volume_cc, ct.geometry.voxel_volume_cc if ct else 0.0)
        if abs(change.volume_cc - change.other_volume_cc) > allowed:
            found = f"volume {change.volume_cc:.3f} cc"
            findings.append(_changed(region.name, found, f"{change.other_volume_cc:.3f} cc"))
        if change.hausdorff_mm > OUTLINE_TOLERANCE_MM:
            found = f"outline differs by {change.hausdorff_mm:.3f} mm"
            findings.append(_changed(region.name, found, f"at most {OUTLINE_TOLERANCE_MM} mm"))
    names = {region.name for region in regions}
    findings += [_changed(other.name, "this set has no ROI of that name") for other in others if other.name not in names]
    return tuple(changes), tuple(findings)


def plane_axes(regions: Sequence[Region], ct: Image | None) -> FloatArray:
    """Directions of rows and columns and the normal of the planes: the CT's, or else the contours' own."""
    if ct is not None:
        return np.asarray(ct.geometry.direction)
    for region in regions:
        for points in region.closed():
            _, spread, directions = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
            if spread[1] > 1.0:
                largest = int(np.argmax(np.abs(directions[2])))
                if abs(directions[2][largest]) > 1.0 - 1e-4:  # a plane of the patient's axes: keep to them
                    return np.roll(np.eye(3), 2 - largest, axis=1)
                return np.asarray(directions.T)
    return np.eye(3)


def _thickness_mm(shape: Outline, ct: Image | None) -> float:
    return ct.geometry.spacing_mm[2] if ct else shape.step_mm(DEFAULT_STEP_MM)


def _several_frames(frames: set[str]) -> list[Finding]:
    if len(frames) <= 1 and "" not in frames:
        return []
    return [Finding(Interlock.EXPORT_FRAMES, "ROIs", f"frames {', '.join(sorted(frames)) or 'none'}", "one")]


def _frame_reference(reader: DicomReader, frames: set[str]) -> list[Finding]:
    """The set must name the frame of reference, and in it the CT, of its ROIs (PS3.3 C.8.8.5)."""
    named = {item.text("FrameOfReferenceUID") for item in reader.items("ReferencedFrameOfReferenceSequence")}
    return [
        Finding(
            Interlock.EXPORT_FRAME_REFERENCE, "ReferencedFrameOfReferenceSequence", f"no frame '{uid}'", "that of the ROIs"
        )
        for uid in sorted(frames - named)
    ]


def _numbers_twice(reader: DicomReader) -> list[Finding]:
    findings = []
    for sequence, keyword in (("StructureSetROISequence", "ROINumber"), ("ROIContourSequence", "ReferencedROINumber")):
        counts = Counter(item.whole(keyword) for item in reader.items(sequence))
        findings += [
            Finding(Interlock.EXPORT_NUMBER_TWICE, f"{keyword} {number}", f"{count} items of {sequence}", "one")
            for number, count in counts.items()
            if count > 1
        ]
    return findings


def _long_values(reader: DicomReader, regions: Sequence[Region]) -> list[Finding]:
    labels = [("StructureSetLabel", reader.text("StructureSetLabel"))]
    labels += [(f"ROIObservationLabel of '{region.name}'", region.label) for region in regions]
    findings = [
        Finding(Interlock.EXPORT_VALUE, subject, f"{len(text)} characters", f"at most {SHORT_STRING}")
        for subject, text in labels
        if len(text) > SHORT_STRING
    ]
    for region in regions:
        longest = max((contour.longest_number for contour in region.contours), default=0)
        if longest > DS_BYTES:
            found = f"ContourData of {longest} bytes a number"
            findings.append(Finding(Interlock.EXPORT_VALUE, f"ROI '{region.name}'", found, f"at most {DS_BYTES}"))
    return findings


def _names(regions: Sequence[Region]) -> list[Finding]:
    expected = f"1 to {ANY_SYSTEM.maximum_length} of {ANY_SYSTEM.allowed}"
    return [
        Finding(Interlock.EXPORT_NAME, f"ROI '{region.name}'", f"{len(region.name)} characters", expected)
        for region in regions
        if not ANY_SYSTEM.accepts(region.name)
    ]


def _names_twice(regions: Sequence[Region]) -> list[Finding]:
    counts = Counter(region.name.casefold() for region in regions)
    return [
        Finding(Interlock.EXPORT_NAME_TWICE, f"ROI '{name}'", f"{count} of that name", "one")
        for name, count in counts.items()
        if count > 1
    ]


def _types(regions: Sequence[Region]) -> list[Finding]:
    return [
        Finding(Interlock.EXPORT_TYPE, f"ROI '{region.name}'", "no RTROIInterpretedType", "such as ORGAN or CONTROL")
        for region in regions
        if not region.interpreted_type
    ]


def _changed(name: str, found: str, expected: str = "") -> Finding:
    return Finding(Interlock.EXPORT_CHANGED, f"ROI '{name}'", found, expected)
