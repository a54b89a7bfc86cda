"""The body of a structure, whatever it was drawn as."""

from __future__ import annotations

from ..model.geometry import Geometry
from ..model.segment import AnyStructure, LabelmapStructure, SurfaceStructure
from ..model.structure import EndCaps
from .cells import SolidBody
from .contour_body import contour_body
from .labelmap_body import labelmap_body
from .surface_planes import surface_body


def body_of(structure: AnyStructure, geometry: Geometry, end_caps: EndCaps, wanted: int) -> SolidBody:
    """The body of contours, a labelmap or a closed surface.

    Parameters
    ----------
    structure : Structure, LabelmapStructure or SurfaceStructure
    geometry : Geometry
        Grid of the current CT.
    end_caps : EndCaps
        How far contours reach beyond the first and the last; voxels and surfaces end where they were drawn.
    wanted : int
        How many samples the structure is to have.

    Raises
    ------
    DosimetryError
        If the structure is empty, or what was drawn cannot be used.
    """
    if isinstance(structure, LabelmapStructure):
        return labelmap_body(structure, wanted)
    if isinstance(structure, SurfaceStructure):
        return surface_body(structure, geometry, wanted)
    return contour_body(structure, geometry, end_caps, wanted)
