"""Structures as somebody holds them, written for this program to read: exactly, not made fit for a planning system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..model.arrays import FloatArray
from ..model.errors import OutputError
from ..model.image import Image
from ..model.interlock import Interlock
from ..model.structure import Structure
from .contour_fitting import PLANE_TOLERANCE_MM
from .reader import SopClass
from .structure_items import (
    SHORT_STRING,
    contour_item,
    contours_item,
    frame_of_reference_item,
    observation_item,
    region_item,
)
from .writing import decimal, limited, new_object, save_object

SERIES_NUMBER = 906
DIGITS = 14
"""Significant digits of coordinates, as far as 16 bytes hold them: a file's own come back as they were."""

NAME_LENGTH = 64
"""Characters of an LO, which ROIName is."""


def write_held_structures(path: Path, structures: Sequence[Structure], reference: Image, label: str) -> str:
    """Write structures as an RTSTRUCT of a CT, point by point.

    Other than by :func:`.structure_writer.write_structures` contours may lie between the slices or oblique to them (they
    then name no slice), nothing is simplified, keyholed or left out, and names stay as they are. It is not meant for
    planning systems, and says so. The same structures give the same file.

    Parameters
    ----------
    path : Path
        A new file.
    structures : sequence of Structure
        Each with contours, LPS in the frame of the CT; their numbers different.
    reference : Image
        The CT.
    label : str
        StructureSetLabel, cut to 16 characters.

    Returns
    -------
    str
        SOPInstanceUID.

    Raises
    ------
    OutputError
        If there is nothing to write, a number occurs twice, a file is there already, or it cannot be written.
    DicomError
        If the CT's file is gone.
    """
    numbers = [structure.number for structure in structures]
    if not structures or len(set(numbers)) != len(numbers) or not all(one.contours_mm for one in structures):
        found = f"{len(structures)} structures with the numbers {numbers}"
        raise OutputError(path.name, found, "Report this.", "contours, and different numbers", Interlock.EXPORT_EMPTY)
    named = [
        replace(one, name=limited(one.name, NAME_LENGTH), description=limited(one.description, 1024)) for one in structures
    ]
    dataset = new_object(reference, SopClass.RTSTRUCT, "Structures as in 3D Slicer", SERIES_NUMBER)
    dataset.StructureSetLabel = limited(label, SHORT_STRING)
    dataset.StructureSetName = limited(label, NAME_LENGTH)
    dataset.StructureSetDescription = "As held in 3D Slicer; read by SlicerReirradiation, not for planning systems."
    dataset.StructureSetDate = ""
    dataset.StructureSetTime = ""
    dataset.ReferencedFrameOfReferenceSequence = [frame_of_reference_item(reference)]
    dataset.StructureSetROISequence = [region_item(one, reference, algorithm="") for one in named]
    dataset.ROIContourSequence = [
        contours_item(one, [contour_item(_data(loop), len(loop), _slice_uid(loop, reference)) for loop in one.contours_mm])
        for one in named
    ]
    dataset.RTROIObservationsSequence = [observation_item(one) for one in named]
    dataset.ApprovalStatus = "UNAPPROVED"
    return save_object(dataset, path)


def _slice_uid(loop: FloatArray, reference: Image) -> str:
    """The slice that a contour lies on, empty if on none."""
    depth = reference.geometry.to_index(loop)[:, 2]
    k = round(float(depth.mean()))
    is_on = abs(depth - k).max() * reference.geometry.spacing_mm[2] <= PLANE_TOLERANCE_MM
    return reference.slice_uids[k] if is_on and 0 <= k < len(reference.slice_uids) else ""


def _data(loop: FloatArray) -> bytes:
    return "\\".join(decimal(value, DIGITS) for value in loop.ravel().tolist()).encode("ascii")
