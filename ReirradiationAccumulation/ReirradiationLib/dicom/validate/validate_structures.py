"""The acceptance list for an RTSTRUCT: what planning systems refuse, change or drop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...model.arrays import FloatArray
from ...model.finding import Finding
from ...model.geometry import Geometry
from ...model.image import Image
from ...model.interlock import Interlock
from ...model.outline import Outline, hausdorff_mm, outline
from ...model.polygons import signed_area
from ..contour_fitting import CRUMB_PIXELS, MOST_POINTS, PLANE_TOLERANCE_MM
from ..naming import ANY_SYSTEM
from ..reader import DicomReader
from ..reimport import OUTLINE_TOLERANCE_MM, VOLUME_TOLERANCE
from ..structures import CONTOUR_DATA
from ..writing import DS_BYTES
from .validate_common import belonging, unreadable_texts
from .validation import RegionChange, RegionSummary, Rule, rules_of

SHORT_STRING = 16
CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
DEFAULT_STEP_MM = 3.0
"""Thickness of a single plane if no CT is given."""


@dataclass(frozen=True, eq=False)
class Contour:
    """One contour as it stands in the file."""

    kind: str
    points_mm: FloatArray
    longest_number: int
    slice_uids: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Region:
    """One ROI as it stands in the file."""

    name: str
    frame_uid: str
    interpreted_type: str
    label: str
    contours: tuple[Contour, ...]

    def closed(self) -> tuple[FloatArray, ...]:
        """Points of the closed contours that enclose something."""
        return tuple(c.points_mm for c in self.contours if c.kind in CLOSED and len(c.points_mm) >= 3)


def read_regions(reader: DicomReader) -> tuple[Region, ...]:
    """All ROIs, whatever is wrong with them.

    Raises
    ------
    DicomError
        If a number or a sequence cannot be read at all.
    """
    contours = {item.whole("ReferencedROINumber"): item for item in reader.items("ROIContourSequence")}
    observed = {item.whole("ReferencedROINumber"): item for item in reader.items("RTROIObservationsSequence")}
    regions = []
    for item in reader.items("StructureSetROISequence"):
        number = item.whole("ROINumber")
        seen = observed.get(number)
        regions.append(
            Region(
                name=item.text("ROIName"),
                frame_uid=item.text("ReferencedFrameOfReferenceUID"),
                interpreted_type=seen.text("RTROIInterpretedType") if seen else "",
                label=seen.text("ROIObservationLabel") if seen else "",
                contours=tuple(map(_contour, contours[number].items("ContourSequence"))) if number in contours else (),
            )
        )
    return tuple(regions)


def _contour(item: DicomReader) -> Contour:
    raw = getattr(item.dataset.get_item(CONTOUR_DATA) if CONTOUR_DATA in item.dataset else None, "value", None)
    texts = raw.strip(b" \0").split(b"\\") if isinstance(raw, bytes) and raw.strip(b" \0") else []
    try:
        values = np.array(texts, dtype="S32").astype(np.float64) if texts else np.zeros(0)
    except ValueError as error:
        raise item.refuse("ContourData", "is not numeric") from error
    if values.size % 3 or not np.isfinite(values).all():
        raise item.refuse("ContourData", f"has {values.size} values", expected="finite triplets x, y, z")
    return Contour(
        kind=item.text("ContourGeometricType"),
        points_mm=values.reshape(-1, 3),
        longest_number=max((len(text.strip()) for text in texts), default=0),
        slice_uids=tuple(image.text("ReferencedSOPInstanceUID") for image in item.items("ContourImageSequence")),
    )


def structure_rules(reader: DicomReader, regions: Sequence[Region], ct: Image | None) -> tuple[Rule, ...]:
    """Every rule of the list, checked; those that need the CT only with one."""
    frames = {region.frame_uid for region in regions}
    return rules_of(
        [
            (Interlock.EXPORT_PATIENT, lambda: belonging(reader, ct, frames)),
            (Interlock.EXPORT_FRAMES, lambda: _several_frames(frames)),
            (Interlock.EXPORT_CHARACTERS, lambda: unreadable_texts(reader, "StructureSetROISequence")),
            (Interlock.EXPORT_VALUE, lambda: _long_values(reader, regions)),
            (Interlock.EXPORT_NAME, lambda: _names(regions)),
            (Interlock.EXPORT_NAME_TWICE, lambda: _names_twice(regions)),
            (Interlock.EXPORT_TYPE, lambda: _types(regions)),
            (Interlock.EXPORT_EMPTY, lambda: _empty(regions)),
            (Interlock.EXPORT_CONTOUR_TYPE, lambda: _contour_types(regions)),
            (Interlock.EXPORT_SLICE, lambda: list(_off_slices(regions, ct)) or (None if ct is None else [])),
            (Interlock.EXPORT_CRUMBS, lambda: _crumbs(regions, ct)),
            (Interlock.EXPORT_POINTS, lambda: _many_points(regions)),
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


def _empty(regions: Sequence[Region]) -> list[Finding]:
    findings = []
    for region in regions:
        if not region.contours:
            findings.append(Finding(Interlock.EXPORT_EMPTY, f"ROI '{region.name}'", "no contours"))
        short = sum(contour.kind in CLOSED and len(contour.points_mm) < 3 for contour in region.contours)
        if short:
            found = f"{short} closed contours of fewer than 3 points"
            findings.append(Finding(Interlock.EXPORT_EMPTY, f"ROI '{region.name}'", found))
    return findings


def _contour_types(regions: Sequence[Region]) -> list[Finding]:
    findings = []
    for region in regions:
        kinds = {contour.kind for contour in region.contours}
        if len(kinds) > 1 or "CLOSEDPLANAR_XOR" in kinds:
            found = ", ".join(sorted(kinds))
            findings.append(Finding(Interlock.EXPORT_CONTOUR_TYPE, f"ROI '{region.name}'", found, "CLOSED_PLANAR"))
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


def _crumbs(regions: Sequence[Region], ct: Image | None) -> list[Finding] | None:
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


def _many_points(regions: Sequence[Region]) -> list[Finding]:
    findings = []
    for region in regions:
        most = max((len(contour.points_mm) for contour in region.contours), default=0)
        if most >= MOST_POINTS:
            found = f"a contour of {most} points"
            findings.append(Finding(Interlock.EXPORT_POINTS, f"ROI '{region.name}'", found, f"fewer than {MOST_POINTS}"))
    return findings


def _changed(name: str, found: str, expected: str = "") -> Finding:
    return Finding(Interlock.EXPORT_CHANGED, f"ROI '{name}'", found, expected)
