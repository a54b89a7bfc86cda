"""Reading an RTSTRUCT."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DicomError
from ..model.interlock import Interlock
from ..model.structure import Structure, StructureSet
from .reader import DicomReader, SopClass, open_dicom, read_errors, read_patient

CONTOUR_DATA = 0x30060050
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_LINES = ("OPEN_PLANAR", "OPEN_NONPLANAR")
_OPEN = ("POINT", *_LINES)
LONGEST_NUMBER = 64
"""Characters of a coordinate; the standard allows 16 (PS3.5 6.2), some systems write more."""

_log = logging.getLogger(__name__)


def read_structures(path: Path) -> StructureSet:
    """Read all regions of interest of a structure set.

    Closed planar contours are kept as the structure; points and open lines are kept beside it, they enclose nothing.
    A ROI with a damaged contour is listed with its damage and without contours: it hurts nobody who does not use it.

    Raises
    ------
    DicomError
        If the file is no RTSTRUCT, ROI numbers occur twice, or its ROIs lie in more than one frame of reference.
    """
    reader = open_dicom(path, SopClass.RTSTRUCT)
    regions = _by_number(reader, "StructureSetROISequence", "ROINumber")
    contours = _by_number(reader, "ROIContourSequence", "ReferencedROINumber")
    types = {
        item.whole("ReferencedROINumber"): item.text("RTROIInterpretedType")
        for item in reader.items("RTROIObservationsSequence")
        if item.has("ReferencedROINumber")
    }
    frames = {item.required_text("ReferencedFrameOfReferenceUID") for item in regions.values()}
    if len(frames) != 1:
        found = f"ROIs in {len(frames)} frames of reference"
        raise reader.refuse("StructureSetROISequence", found, "", "one", Interlock.STRUCTURES_FRAMES)
    return StructureSet(
        label=reader.text("StructureSetLabel") or path.stem,
        structures=tuple(
            _structure(region, contours.get(number), number, types.get(number, "")) for number, region in regions.items()
        ),
        frame_uid=frames.pop(),
        sop_instance_uid=reader.required_text("SOPInstanceUID"),
        referenced_slice_uids=_referenced_slices(reader),
        patient=read_patient(reader),
        file=path,
    )


def _structure(region: DicomReader, contours: DicomReader | None, number: int, interpreted_type: str) -> Structure:
    closed: tuple[FloatArray, ...] = ()
    lines: tuple[FloatArray, ...] = ()
    damage = ""
    try:
        closed, lines = _contours(contours) if contours else ((), ())
    except DicomError as error:
        damage = f"its contours cannot be used: {error.found}"
        _log.warning("%s", error)
    return Structure(
        name=region.text("ROIName"),
        number=number,
        contours_mm=closed,
        colour=_colour(contours),
        interpreted_type=interpreted_type,
        description=region.text("ROIDescription"),
        open_mm=lines,
        damage=damage,
    )


def _by_number(reader: DicomReader, sequence: str, keyword: str) -> dict[int, DicomReader]:
    """Items by their ROI number; a number that occurs twice would let one ROI take the other's contours."""
    items: dict[int, DicomReader] = {}
    for item in reader.items(sequence):
        number = item.whole(keyword)
        if number in items:
            raise item.refuse(keyword, f"{number} occurs twice in {sequence}", "Export the structure set again.", "unique")
        items[number] = item
    return items


def _contours(region: DicomReader) -> tuple[tuple[FloatArray, ...], tuple[FloatArray, ...]]:
    """Closed contours, and points and open lines, of a ROI.

    A POINT beside closed contours (some systems close an organ's tip so) encloses nothing and does no harm; an open
    line beside them may be a contour that somebody forgot to close.
    """
    items = [item for item in region.items("ContourSequence") if _raw_points(item) or item.has("NumberOfContourPoints")]
    kinds = [item.text("ContourGeometricType") for item in items]
    is_closed = any(kind in _CLOSED for kind in kinds)
    unknown = set(kinds) - {*_CLOSED, *_OPEN}
    if unknown or (is_closed and set(kinds) & set(_LINES)):
        found = f"is {', '.join(repr(kind) for kind in sorted(set(kinds)))} within one ROI"
        raise region.refuse("ContourGeometricType", found, "", " or ".join(_CLOSED), Interlock.STRUCTURES_CONTOUR)
    points = [_points(item) for item in items]
    closed = tuple(p for p, kind in zip(points, kinds, strict=True) if kind in _CLOSED and len(p) >= 3)
    return closed, tuple(p for p, kind in zip(points, kinds, strict=True) if kind not in _CLOSED)


def _raw_points(item: DicomReader) -> object:
    """ContourData as it is in the file: asking for its value would make pydicom convert it."""
    try:
        return getattr(item.dataset.get_item(CONTOUR_DATA), "value", None)
    except read_errors() as error:
        found = f"cannot be read ({error!s:.80})"
        raise item.refuse("ContourData", found, interlock=Interlock.STRUCTURES_CONTOUR) from error


def _points(item: DicomReader) -> FloatArray:
    """Contour points, shape (n, 3), LPS mm, from the raw text: pydicom's DS objects are several times slower."""
    value = _raw_points(item)
    if not isinstance(value, bytes):
        points = item.numbers("ContourData")
    else:
        try:
            texts = value.strip(b" \0").split(b"\\")
            # numpy gives every text the room of the longest one.
            if max(map(len, texts)) > LONGEST_NUMBER:
                raise ValueError
            points = np.array(texts).astype(np.float64)
        except ValueError as error:
            raise item.refuse("ContourData", "is not numeric", interlock=Interlock.STRUCTURES_CONTOUR) from error
    if points.size % 3 or not np.isfinite(points).all():
        found = f"has {points.size} values"
        raise item.refuse("ContourData", found, "", "finite triplets x, y, z", Interlock.STRUCTURES_CONTOUR)
    if item.has("NumberOfContourPoints") and item.whole("NumberOfContourPoints") * 3 != points.size:
        stated = item.whole("NumberOfContourPoints")
        found = f"has {points.size // 3} points"
        raise item.refuse("ContourData", found, "", f"{stated} points", Interlock.STRUCTURES_CONTOUR)
    return np.asarray(points.reshape(-1, 3))


def _colour(region: DicomReader | None) -> tuple[int, int, int]:
    """The display colour, yellow where there is none that can be read: no reason to lose a structure."""
    try:
        wanted = region.numbers("ROIDisplayColor", 3) if region is not None and region.has("ROIDisplayColor") else None
    except DicomError:
        wanted = None
    if wanted is None:
        return (255, 255, 0)
    red, green, blue = (int(min(max(value, 0.0), 255.0)) for value in wanted)
    return (red, green, blue)


def _referenced_slices(reader: DicomReader) -> frozenset[str]:
    return frozenset(
        image.text("ReferencedSOPInstanceUID")
        for frame in reader.items("ReferencedFrameOfReferenceSequence")
        for study in frame.items("RTReferencedStudySequence")
        for series in study.items("RTReferencedSeriesSequence")
        for image in series.items("ContourImageSequence")
    )
