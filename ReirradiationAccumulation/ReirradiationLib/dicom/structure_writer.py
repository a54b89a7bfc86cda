"""Writing structures as an RTSTRUCT on the original planning CT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.arrays import FloatArray
from ..model.errors import OutputError
from ..model.image import Image
from ..model.structure import Holes, InterpretedType, Structure
from .contour_fitting import DECIMALS, FittedContours, PlaneContour, fit_contours
from .naming import ANY_SYSTEM, NamingRule, fitted_names
from .reader import SopClass
from .structure_appending import ExistingSet, open_existing
from .structure_items import (
    SHORT_STRING,
    contour_item,
    contours_item,
    frame_of_reference_item,
    observation_item,
    region_item,
)
from .writing import limited, new_object, save_object

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES_NUMBER = 901


@dataclass(frozen=True)
class StructureOptions:
    """How structures are written.

    Parameters
    ----------
    holes : Holes
        As keyholes, or as contours of their own.
    naming : NamingRule
        What the planning system accepts as a name.
    """

    holes: Holes = Holes.KEYHOLE
    naming: NamingRule = ANY_SYSTEM


@dataclass(frozen=True, eq=False)
class ExportedStructure:
    """One structure as it was written.

    Parameters
    ----------
    structure : Structure
        With the name, number and contours that are in the file.
    full_name : str
        The name before it was made to fit.
    crumbs : int
        How many pieces below half a CT pixel were left out.
    """

    structure: Structure
    full_name: str
    crumbs: int


def write_structures(
    path: Path,
    structures: Sequence[Structure],
    reference: Image,
    label: str,
    options: StructureOptions | None = None,
    append_to: Path | None = None,
) -> tuple[ExportedStructure, ...]:
    """Write structures as a new structure set in the study and frame of reference of the CT.

    Every contour lies on a slice of the CT and names it; colours and interpreted types are kept. Names are made to fit;
    what was changed or left out is told in ROIDescription and in what is returned. PS3.3 C.8.8.5, C.8.8.6, C.8.8.8.

    Parameters
    ----------
    path : Path
        A new file.
    structures : sequence of Structure
        With contours; names and numbers unique.
    reference : Image
        The original current CT.
    label : str
        StructureSetLabel, cut to 16 characters (SH).
    options : StructureOptions, optional
        Keyholes, and names that all planning systems take, by default.
    append_to : Path, optional
        An RTSTRUCT of the same CT, whose ROIs the new set repeats unchanged before the new ones. It is not touched.

    Returns
    -------
    tuple of ExportedStructure
        The new ones, as written.

    Raises
    ------
    OutputError
        If there is nothing to write, a name or number appears twice, a structure is empty or becomes so, a contour has
        fewer than three points, lies on no slice of the CT or beside it, the set to append to is not of this CT or has
        one of the names, a file is there already, or it cannot be written.
    DicomError
        If the set to append to cannot be read.
    """
    options = options or StructureOptions()
    _require_different(path, structures)
    existing = open_existing(append_to, reference) if append_to is not None else ExistingSet()
    names = fitted_names([structure.name for structure in structures], options.naming)
    existing.require_new_names(names)
    fits = [fit_contours(structure, reference.geometry, options.holes) for structure in structures]
    exported = [
        _exported(structure, name, existing.shifted(structure.number), fit)
        for structure, name, fit in zip(structures, names, fits, strict=True)
    ]
    dataset = new_object(reference, SopClass.RTSTRUCT, f"{label}: optimization structures", SERIES_NUMBER)
    dataset.StructureSetLabel = limited(label, SHORT_STRING)
    dataset.StructureSetName = limited(label, 64)
    dataset.StructureSetDescription = "Made by SlicerReirradiation; research software. Limits: see each ROI's description."
    dataset.StructureSetDate = ""
    dataset.StructureSetTime = ""
    dataset.ReferencedFrameOfReferenceSequence = [frame_of_reference_item(reference)]
    dataset.StructureSetROISequence = [*existing.regions, *(region_item(e.structure, reference) for e in exported)]
    dataset.ROIContourSequence = [
        *existing.contours,
        *(_contours(e.structure, fit.contours, reference) for e, fit in zip(exported, fits, strict=True)),
    ]
    dataset.RTROIObservationsSequence = [*existing.observations, *(observation_item(e.structure) for e in exported)]
    dataset.ApprovalStatus = "UNAPPROVED"
    save_object(dataset, path)
    return tuple(exported)


def _require_different(path: Path, structures: Sequence[Structure]) -> None:
    for what in ("name", "number"):
        values = [getattr(structure, what) for structure in structures]
        if not values or len(set(values)) != len(values):
            raise OutputError(path.name, f"structures with {what}s {values}", "Report this.", f"unique {what}s")


def _exported(structure: Structure, name: str, number: int, fit: FittedContours) -> ExportedStructure:
    parts = [f"Full name: {structure.name}." if name != structure.name else "", structure.description]
    parts.append(f"{fit.crumbs} pieces below half a CT pixel left out." if fit.crumbs else "")
    written = replace(
        structure,
        name=name,
        number=number,
        contours_mm=tuple(contour.points_mm for contour in fit.contours),
        interpreted_type=structure.interpreted_type or InterpretedType.CONTROL.value,
        description=limited(" ".join(part for part in parts if part), 1024),
    )
    return ExportedStructure(written, structure.name, fit.crumbs)


def _contours(structure: Structure, contours: Sequence[PlaneContour], reference: Image) -> Dataset:
    items = [
        contour_item(_contour_data(each.points_mm), len(each.points_mm), reference.slice_uids[each.slice_index])
        for each in contours
    ]
    return contours_item(structure, items)


def _contour_data(points_mm: FloatArray) -> bytes:
    """ContourData as it stands in the file: pydicom's DS objects take a hundred times as long."""
    return "\\".join(map(f"%.{DECIMALS}f".__mod__, points_mm.ravel().tolist())).encode("ascii")
