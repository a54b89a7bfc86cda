"""The ROIs of an RTSTRUCT as they stand in the file, whatever is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...model.arrays import FloatArray
from ..reader import DicomReader
from ..structures import CONTOUR_DATA

CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
LINES = frozenset({"OPEN_PLANAR", "OPEN_NONPLANAR"})
KINDS = CLOSED | LINES | {"POINT"}
"""Defined terms of ContourGeometricType (PS3.3 C.8.8.6.1)."""


@dataclass(frozen=True, eq=False)
class Contour:
    """One contour as it stands in the file."""

    kind: str
    points_mm: FloatArray
    stated_points: int | None
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
        stated_points=item.whole("NumberOfContourPoints") if item.has("NumberOfContourPoints") else None,
        longest_number=max((len(text.strip()) for text in texts), default=0),
        slice_uids=tuple(image.text("ReferencedSOPInstanceUID") for image in item.items("ContourImageSequence")),
    )
