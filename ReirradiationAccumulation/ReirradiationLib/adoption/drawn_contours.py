"""Whatever a structure was drawn as, as closed contours that an RTSTRUCT can hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..dosimetry.contour_frame import contour_frame
from ..dosimetry.plane_stack import contour_planes
from ..dosimetry.surface_planes import surface_contours
from ..model.arrays import FloatArray
from ..model.contour_shape import even_odd_area
from ..model.errors import CaseError
from ..model.geometry import Geometry
from ..model.pixel_edges import pixel_edges
from ..model.segment import AnyStructure, LabelmapStructure, SurfaceStructure
from ..model.structure import Structure

SAME_VOLUME = 5e-3
"""Share of a labelmap's volume by which its contours may be thicker or thinner: a small island beside an organ."""


def drawn_contours(structure: AnyStructure, ct: Geometry) -> Structure:
    """The contours of a structure; without any where nothing was drawn.

    Contours stay as they are. A labelmap becomes the edges of its voxels on each of its own slices, of the same area
    on each. A closed surface is cut as it is for evaluation, by planes parallel to the slices of the CT.

    Parameters
    ----------
    structure : Structure, LabelmapStructure or SurfaceStructure
        LPS, in the frame of the CT.
    ct : Geometry
        Grid of the CT.

    Raises
    ------
    CaseError
        If a labelmap has a single slice that is oblique to the CT, or has slices that nothing was drawn on between others,
        or single ones of another thickness than the CT's: nothing in contours could tell how thick they are.
    DosimetryError
        If a surface is open or crosses itself, or the slices of a labelmap are too far apart.
    """
    if isinstance(structure, LabelmapStructure):
        return _of_labelmap(structure, ct)
    if isinstance(structure, SurfaceStructure):
        if not len(structure.triangles):
            return Structure(structure.name, 0, (), structure.colour)
        return replace(surface_contours(structure, ct), number=0)
    return structure


def _of_labelmap(structure: LabelmapStructure, ct: Geometry) -> Structure:
    grid = structure.geometry
    used = np.flatnonzero(structure.mask.any(axis=(1, 2)))
    is_parallel = abs(float(grid.normal @ ct.normal)) > 1.0 - 1e-8
    if len(used) == 1 and not is_parallel:
        found = "it is drawn on a single slice that is oblique to the CT"
        raise CaseError(f"Segment '{structure.name}'", found, "Draw it on the slices of the CT.", "two slices or more")
    loops = [_lps(polygon, int(k), grid) for k in used for polygon in pixel_edges(structure.mask[k])]
    drawn = Structure(structure.name, 0, tuple(loops), structure.colour)
    if len(used) == 1 or (np.diff(used) > 1).any():  # else every slice has neighbours that tell its thickness
        _require_thickness(drawn, grid.spacing_mm[2], ct)
    return drawn


def _require_thickness(drawn: Structure, slice_mm: float, ct: Geometry) -> None:
    """Refuse contours that are evaluated as slabs of another thickness than the voxels that they were made of."""
    planes = contour_planes(drawn, contour_frame(drawn, ct))
    areas = np.array([even_odd_area(list(plane.polygons)) for plane in planes])
    thickness_mm = np.array([plane.thickness_mm for plane in planes])
    if not areas @ np.abs(thickness_mm - slice_mm) <= SAME_VOLUME * slice_mm * areas.sum():
        worst_mm = float(thickness_mm[np.abs(thickness_mm - slice_mm).argmax()])
        found = (
            f"it is drawn on single slices of {slice_mm:.2f} mm, which as contours would count as {worst_mm:.2f} mm thick"
        )
        remedy = "Fill between the slices (Segment Editor), or draw it on the slices of the CT."
        raise CaseError(f"Segment '{drawn.name}'", found, remedy, "slices without empty ones between them")


def _lps(polygon: FloatArray, k: int, grid: Geometry) -> FloatArray:
    return grid.to_lps(np.column_stack([polygon, np.full(len(polygon), float(k))]))
