"""Writing structures as an RTSTRUCT on the original planning CT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import OutputError
from ..model.image import Image
from ..model.structure import Structure
from .reader import SopClass
from .writing import limited, new_object, reference_item, save_object

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PLANE_TOLERANCE_MM = 0.1
"""Contour points this close to a slice of the CT are moved onto it; others are refused."""

DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management (retired), what RTReferencedStudySequence still names."""

ROI_NAME_LENGTH = 16
SERIES_NUMBER = 901


def write_structures(path: Path, structures: Sequence[Structure], reference: Image, label: str) -> None:
    """Write structures as a new structure set in the study and frame of reference of the CT.

    Every contour lies on a slice of the CT and names it; interpreted type and colour are kept.

    Parameters
    ----------
    path : Path
    structures : sequence of Structure
        With contours, names of at most 16 characters, names and numbers unique.
    reference : Image
        The original current CT.
    label : str
        StructureSetLabel, cut to 16 characters (SH).

    Raises
    ------
    OutputError
        If there is nothing to write, a structure is empty, a name is too long or appears twice, a contour has fewer
        than three points or lies on no slice of the CT, or the file cannot be written.
    """
    _require_writable(path, structures)
    dataset = new_object(reference, SopClass.RTSTRUCT, f"{label}: optimization structures", SERIES_NUMBER)
    dataset.StructureSetLabel = limited(label, 16)
    dataset.StructureSetName = limited(label, 64)
    dataset.StructureSetDescription = "Made by SlicerReirradiation; research software. Limits: see each ROI's description."
    dataset.StructureSetDate = ""
    dataset.StructureSetTime = ""
    dataset.ReferencedFrameOfReferenceSequence = [_frame_of_reference(reference)]
    dataset.StructureSetROISequence = [_region(structure, reference) for structure in structures]
    dataset.ROIContourSequence = [_contours(structure, reference) for structure in structures]
    dataset.RTROIObservationsSequence = [_observation(structure) for structure in structures]
    dataset.ApprovalStatus = "UNAPPROVED"
    save_object(dataset, path)


def _require_writable(path: Path, structures: Sequence[Structure]) -> None:
    for what in ("name", "number"):
        values = [getattr(structure, what) for structure in structures]
        if not values or len(set(values)) != len(values):
            raise OutputError(path.name, f"structures with {what}s {values}", "Report this.", f"unique {what}s")
    for structure in structures:
        if len(structure.name) > ROI_NAME_LENGTH or not structure.name:
            raise OutputError(
                f"ROI '{structure.name}'", "name too long", "Shorten it.", f"1 to {ROI_NAME_LENGTH} characters"
            )
        if not structure.contours_mm or min(len(contour) for contour in structure.contours_mm) < 3:
            raise OutputError(f"ROI '{structure.name}'", "no contours, or one of fewer than 3 points", "Leave it out.")


def _frame_of_reference(reference: Image) -> Dataset:
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


def _region(structure: Structure, reference: Image) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ROINumber = structure.number
    item.ReferencedFrameOfReferenceUID = reference.frame_uid
    item.ROIName = structure.name
    item.ROIDescription = limited(structure.description, 1024)
    item.ROIGenerationAlgorithm = "AUTOMATIC"
    return item


def _contours(structure: Structure, reference: Image) -> Dataset:
    from pydicom.dataset import Dataset

    region = Dataset()
    region.ROIDisplayColor = [str(value) for value in structure.colour]
    contours = []
    for points in structure.contours_mm:
        on_slice, k = _onto_slice(structure, points, reference)
        item = Dataset()
        item.ContourImageSequence = [reference_item(SopClass.CT.value, reference.slice_uids[k])]
        item.ContourGeometricType = "CLOSED_PLANAR"
        item.NumberOfContourPoints = len(on_slice)
        item.ContourData = [f"{value:.3f}" for value in on_slice.ravel()]
        contours.append(item)
    region.ContourSequence = contours
    region.ReferencedROINumber = structure.number
    return region


def _onto_slice(structure: Structure, points_mm: FloatArray, reference: Image) -> tuple[FloatArray, int]:
    """Contour moved exactly onto the nearest slice of the CT, and the index of that slice."""
    index = reference.geometry.to_index(points_mm)
    k = round(float(np.median(index[:, 2])))
    off_mm = float(np.abs(index[:, 2] - k).max()) * reference.geometry.spacing_mm[2]
    if not 0 <= k < reference.geometry.size[2] or off_mm > PLANE_TOLERANCE_MM:
        raise OutputError(
            f"ROI '{structure.name}'",
            f"a contour lies {off_mm:.2f} mm off the nearest slice of the CT",
            "Contour the organ on the slices of the current CT.",
            f"within {PLANE_TOLERANCE_MM} mm",
        )
    index[:, 2] = k
    return reference.geometry.to_lps(index), k


def _observation(structure: Structure) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ObservationNumber = structure.number
    item.ReferencedROINumber = structure.number
    item.ROIObservationLabel = structure.name
    item.RTROIInterpretedType = structure.interpreted_type
    item.ROIInterpreter = ""
    return item
