"""The items of an RTSTRUCT: what it refers to, its regions, their contours and what they are (PS3.3 C.8.8.5, 6 and 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..model.image import Image
from ..model.structure import Structure
from .reader import SopClass
from .structures import CONTOUR_DATA
from .writing import limited, reference_item, set_bytes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management (retired), what RTReferencedStudySequence still names."""

SHORT_STRING = 16
"""Characters of an SH: StructureSetLabel, ROIObservationLabel."""


def frame_of_reference_item(reference: Image) -> Dataset:
    """Item of ReferencedFrameOfReferenceSequence: the whole CT."""
    from pydicom.dataset import Dataset

    series = Dataset()
    series.SeriesInstanceUID = reference.series_uid
    series.ContourImageSequence = [reference_item(SopClass.CT.value, uid) for uid in reference.slice_uids]
    study = reference_item(DETACHED_STUDY, reference.study_uid)
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = reference.frame_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def region_item(structure: Structure, reference: Image, algorithm: str = "AUTOMATIC") -> Dataset:
    """Item of StructureSetROISequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ROINumber = structure.number
    item.ReferencedFrameOfReferenceUID = reference.frame_uid
    item.ROIName = structure.name
    item.ROIDescription = structure.description
    item.ROIGenerationAlgorithm = algorithm
    return item


def contours_item(structure: Structure, contours: Iterable[Dataset]) -> Dataset:
    """Item of ROIContourSequence."""
    from pydicom.dataset import Dataset

    region = Dataset()
    region.ROIDisplayColor = [str(value) for value in structure.colour]
    region.ContourSequence = list(contours)
    region.ReferencedROINumber = structure.number
    return region


def contour_item(contour_data: bytes, point_count: int, slice_uid: str) -> Dataset:
    """Item of ContourSequence: a closed planar contour, on a slice of the CT if one is named."""
    from pydicom.dataset import Dataset

    item = Dataset()
    if slice_uid:
        item.ContourImageSequence = [reference_item(SopClass.CT.value, slice_uid)]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = point_count
    set_bytes(item, CONTOUR_DATA, contour_data)
    return item


def observation_item(structure: Structure) -> Dataset:
    """Item of RTROIObservationsSequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ObservationNumber = structure.number
    item.ReferencedROINumber = structure.number
    item.ROIObservationLabel = limited(structure.name, SHORT_STRING)
    item.RTROIInterpretedType = structure.interpreted_type
    item.ROIInterpreter = ""
    return item
