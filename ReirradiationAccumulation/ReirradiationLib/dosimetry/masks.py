"""Structures as masks: for display, composites and scenes, never for metrics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.geometry import Geometry
from ..model.polygons import fill_planes
from ..model.segment import AnyStructure
from ..model.structure import EndCaps, Structure
from .bodies import body_of
from .cells import SolidBody
from .contour_frame import contour_frame
from .plane_field import PixelGrid, plane_fields
from .plane_stack import ContourPlane, contour_planes
from .slab_stack import SlabStack

ON_PLANE_MM = 1e-3
"""A slice this close to a contour plane lies on it."""

BODY_SAMPLES = 50_000
"""A body that is looked up at voxel centres is as fine as for as many samples."""


def structure_mask(
    structure: AnyStructure, contoured_on: Geometry, grid: Geometry, end_caps: EndCaps = EndCaps.HALF_SLICE
) -> BoolArray:
    """Mask of a structure on a grid in any orientation: a voxel is in if its centre is in.

    On a contour plane that is parallel to the grid's slices that is the even–odd rule with half-open edges, exactly; between
    planes shape is interpolated as for the samples. Everywhere else the body is looked up at the voxel centres.

    Parameters
    ----------
    structure : Structure, LabelmapStructure or SurfaceStructure
    contoured_on : Geometry
        Grid of the CT.
    grid : Geometry
        Grid of the mask.
    end_caps : EndCaps

    Returns
    -------
    array of bool, shape (nk, nj, ni)

    Raises
    ------
    DosimetryError
        If the structure is empty, or what was drawn cannot be used.
    """
    is_parallel = np.allclose(contoured_on.direction, grid.direction, atol=1e-6)
    if is_parallel and isinstance(structure, Structure) and contour_frame(structure, contoured_on) is contoured_on:
        return _sliced_mask(contour_planes(structure, contoured_on), contoured_on, grid, end_caps)
    return body_mask(body_of(structure, contoured_on, end_caps, BODY_SAMPLES), grid)


def body_mask(body: SolidBody, grid: Geometry) -> BoolArray:
    """Mask of a body on a grid, shape (nk, nj, ni): a voxel is in if its centre is in."""
    corners = grid.to_index(body.corners_mm())
    low = np.clip(np.floor(corners.min(axis=0)), 0, grid.size).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, grid.size).astype(int)
    mask = np.zeros(grid.shape, dtype=np.bool_)
    j, i = np.mgrid[low[1] : high[1], low[0] : high[0]]
    for k in range(low[2], high[2]):
        index = np.column_stack([i.ravel(), j.ravel(), np.full(i.size, k)]).astype(np.float64)
        mask[k, low[1] : high[1], low[0] : high[0]] = body.contains(grid.to_lps(index)).reshape(i.shape)
    return mask


def _sliced_mask(planes: Sequence[ContourPlane], contoured_on: Geometry, grid: Geometry, end_caps: EndCaps) -> BoolArray:
    """Mask on a grid whose slices are parallel to the contours."""
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
