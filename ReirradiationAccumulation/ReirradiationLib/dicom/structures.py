"""Reading an RTSTRUCT."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from ..model.arrays import FloatArray
from ..model.structure import Structure, StructureSet
from .reader import DicomReader, SopClass, open_dicom

CONTOUR_DATA = 0x30060050
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_log = logging.getLogger(__name__)


def read_structures(path: Path) -> StructureSet:
    """Read all regions of interest of a structure set.

    Closed planar contours are kept; points and open lines enclose nothing and are passed over.

    Raises
    ------
    DicomError
        If the file is no RTSTRUCT, its ROIs lie in more than one frame of reference, or a contour is damaged.
    """
    reader = open_dicom(path, SopClass.RTSTRUCT)
    regions = _by_number(reader, "StructureSetROISequence", "ROINumber")
    contours = _by_number(reader, "ROIContourSequence", "ReferencedROINumber")
    types = {
        item.whole("ReferencedROINumber"): item.text("RTROIInterpretedType")
        for item in reader.items("RTROIObservationsSequence")
    }
    frames = {item.required_text("ReferencedFrameOfReferenceUID") for item in regions.values()}
    if len(frames) != 1:
        raise reader.refuse(
            "StructureSetROISequence", f"ROIs in {len(frames)} frames of reference", "Export the set of one CT.", "one"
        )
    return StructureSet(
        label=reader.text("StructureSetLabel") or path.stem,
        structures=tuple(
            Structure(
                name=region.text("ROIName"),
                number=number,
                contours_mm=_contours(contours[number]) if number in contours else (),
                colour=_colour(contours.get(number)),
                interpreted_type=types.get(number, ""),
                description=region.text("ROIDescription"),
            )
            for number, region in regions.items()
        ),
        frame_uid=frames.pop(),
        sop_instance_uid=reader.required_text("SOPInstanceUID"),
        referenced_slice_uids=_referenced_slices(reader),
        patient_id=reader.text("PatientID"),
        file=path,
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


def _contours(region: DicomReader) -> tuple[FloatArray, ...]:
    items = region.items("ContourSequence")
    kinds = {item.text("ContourGeometricType") for item in items}
    if kinds.isdisjoint(_CLOSED):
        if items:
            _log.info("%s: %s contours enclose nothing; passed over", region.where, ", ".join(sorted(kinds)))
        return ()
    if not kinds <= set(_CLOSED):
        found = f"is {', '.join(repr(kind) for kind in sorted(kinds))} within one ROI"
        raise region.refuse("ContourGeometricType", found, "Close all contours of the ROI.", " or ".join(_CLOSED))
    return tuple(points for points in map(_points, items) if len(points) >= 3)


def _points(item: DicomReader) -> FloatArray:
    """Contour points, shape (n, 3), LPS mm, from the raw text: pydicom's DS objects are several times slower."""
    raw = item.dataset.get_item(CONTOUR_DATA)
    value = getattr(raw, "value", None)
    if not isinstance(value, bytes):
        points = item.numbers("ContourData")
    else:
        try:
            points = np.array(value.strip(b" \0").split(b"\\")).astype(np.float64)
        except ValueError as error:
            raise item.refuse("ContourData", "is not numeric", "Export the structure set again.") from error
    if points.size % 3 or not np.isfinite(points).all():
        raise item.refuse("ContourData", f"has {points.size} values", "Export again.", "finite triplets x, y, z")
    if item.has("NumberOfContourPoints") and item.whole("NumberOfContourPoints") * 3 != points.size:
        stated = item.whole("NumberOfContourPoints")
        raise item.refuse("ContourData", f"has {points.size // 3} points", "Export again.", f"{stated} points")
    return np.asarray(points.reshape(-1, 3))


def _colour(region: DicomReader | None) -> tuple[int, int, int]:
    if region is None or not region.has("ROIDisplayColor"):
        return (255, 255, 0)
    red, green, blue = (int(min(max(value, 0.0), 255.0)) for value in region.numbers("ROIDisplayColor", 3))
    return (red, green, blue)


def _referenced_slices(reader: DicomReader) -> frozenset[str]:
    return frozenset(
        image.text("ReferencedSOPInstanceUID")
        for frame in reader.items("ReferencedFrameOfReferenceSequence")
        for study in frame.items("RTReferencedStudySequence")
        for series in study.items("RTReferencedSeriesSequence")
        for image in series.items("ContourImageSequence")
    )
