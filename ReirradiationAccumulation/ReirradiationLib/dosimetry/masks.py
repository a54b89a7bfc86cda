"""Structures as masks: for display, composites and scenes, never for metrics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.polygons import fill_planes
from ..model.structure import EndCaps, Structure
from .plane_field import PixelGrid, plane_fields
from .plane_stack import ContourPlane, contour_planes
from .slab_stack import SlabStack

ON_PLANE_MM = 1e-3
"""A slice this close to a contour plane lies on it."""


def structure_mask(
    structure: Structure, contoured_on: Geometry, grid: Geometry, end_caps: EndCaps = EndCaps.HALF_SLICE
) -> BoolArray:
    """Mask of a structure on a grid parallel to the CT: a voxel is in if its centre is in.

    On a contour plane that is the even–odd rule with half-open edges, exactly; between planes shape is interpolated as for
    the samples.

    Parameters
    ----------
    structure : Structure
    contoured_on : Geometry
        Grid of the CT.
    grid : Geometry
        Grid of the mask, with the same directions as the CT.
    end_caps : EndCaps

    Returns
    -------
    array of bool, shape (nk, nj, ni)

    Raises
    ------
    DosimetryError
        If the grid is not parallel to the CT, or the contours cannot be used.
    """
    if not np.allclose(contoured_on.direction, grid.direction, atol=1e-6):
        raise DosimetryError(
            f"Structure '{structure.name}'", "mask wanted on a rotated grid", "Use a grid parallel to the CT."
        )
    planes = contour_planes(structure, contoured_on)
    first = (np.asarray(grid.origin_mm) - np.asarray(contoured_on.origin_mm)) @ np.asarray(contoured_on.direction)
    slices_mm = first[2] + grid.spacing_mm[2] * np.arange(grid.size[2])
    mask = np.zeros(grid.shape, dtype=np.bool_)
    covering = _covering(planes, PixelGrid(first[:2], np.asarray(grid.spacing_mm[:2]), grid.size[:2]))
    if covering is None:
        return mask
    pixels, rows, columns = covering
    on, between = _sorted_slices(planes, slices_mm)
    if on:
        drawn = [planes[n].polygons for n in on.values()]
        mask[list(on), rows, columns] = fill_planes(drawn, pixels.first, pixels.steps_mm, pixels.size)
    if between:
        stack = SlabStack.of(plane_fields([plane.polygons for plane in planes], pixels), planes, end_caps)
        for k in between:
            mask[k, rows, columns] = stack.depth_mm(float(slices_mm[k])) > 0.0
    return mask


def _sorted_slices(planes: Sequence[ContourPlane], slices_mm: FloatArray) -> tuple[dict[int, int], list[int]]:
    """Slices on a contour plane with the number of that plane, and slices between planes or beside the outermost."""
    positions = np.array([plane.position_mm for plane in planes])
    nearest = np.abs(slices_mm[:, None] - positions).argmin(axis=1)
    is_on = np.abs(slices_mm - positions[nearest]) <= ON_PLANE_MM
    lowest, highest = positions[0] - planes[0].below_mm, positions[-1] + planes[-1].above_mm
    is_near = (slices_mm >= lowest) & (slices_mm < highest)
    on = {int(k): int(nearest[k]) for k in np.flatnonzero(is_on)}
    return on, [int(k) for k in np.flatnonzero(is_near & ~is_on)]


def _covering(planes: Sequence[ContourPlane], pixels: PixelGrid) -> tuple[PixelGrid, slice, slice] | None:
    """The part of a pixel grid that covers the polygons, and its rows and columns; None if they lie beside it."""
    vertices = np.concatenate([polygon for plane in planes for polygon in plane.polygons])
    low = np.floor((vertices.min(axis=0) - pixels.first) / pixels.steps_mm).astype(int) - 2
    high = np.ceil((vertices.max(axis=0) - pixels.first) / pixels.steps_mm).astype(int) + 3
    low, high = np.maximum(low, 0), np.minimum(high, pixels.size)
    if (low >= high).any():
        return None
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    part = PixelGrid(pixels.first + low * pixels.steps_mm, pixels.steps_mm, size)
    return part, slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
