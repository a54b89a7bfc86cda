"""Whatever a structure was drawn as, as closed contours that an RTSTRUCT can hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..dosimetry.surface_planes import surface_contours
from ..model.arrays import FloatArray
from ..model.errors import CaseError
from ..model.geometry import Geometry
from ..model.pixel_edges import pixel_edges
from ..model.segment import AnyStructure, LabelmapStructure, SurfaceStructure
from ..model.structure import Structure


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
        If a labelmap has a single slice that is oblique to the CT: nothing in contours could tell how thick it is.
    DosimetryError
        If a surface is open or crosses itself.
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
    return Structure(structure.name, 0, tuple(loops), structure.colour)


def _lps(polygon: FloatArray, k: int, grid: Geometry) -> FloatArray:
    return grid.to_lps(np.column_stack([polygon, np.full(len(polygon), float(k))]))
