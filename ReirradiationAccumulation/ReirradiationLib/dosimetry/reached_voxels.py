"""Voxels that a structure reaches: those whose values are used where a volume is read linearly within the structure."""

from __future__ import annotations

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.geometry import Geometry
from ..model.segment import AnyStructure
from ..model.structure import EndCaps
from .bodies import body_of
from .masks import BODY_SAMPLES, structure_mask

PER_CELL = 2
"""The structure is looked for at as many points per cell along each axis, in the middle of equal parts."""


def reached_voxels(
    structure: AnyStructure, contoured_on: Geometry, grid: Geometry, end_caps: EndCaps, samples_mm: FloatArray
) -> BoolArray:
    """Voxels that lie less than one voxel, along every axis, from some part of a structure.

    A mask by voxel centres misses thin parts and the rim; a volume that is to hold for a structure must not: who reads it
    linearly between voxels uses all eight voxels around a point. So the *cells* between eight voxel centres are looked
    at, and all corners of a cell that holds a part of the structure are taken. A cell holds one if the middle of one of
    its eight parts, or of a part beside them, lies in the structure, or a sample does: rather a quarter of a voxel too
    far than a sliver too few.

    Parameters
    ----------
    structure : Structure, LabelmapStructure or SurfaceStructure
    contoured_on : Geometry
        Grid of the CT.
    grid : Geometry
        LPS grid of the voxels.
    end_caps : EndCaps
    samples_mm : array, shape (n, 3)
        LPS points that lie in the structure.

    Returns
    -------
    array of bool, shape (nk, nj, ni)

    Raises
    ------
    DosimetryError
        If the structure is empty, or what was drawn cannot be used.
    """
    corners = grid.to_index(body_of(structure, contoured_on, end_caps, BODY_SAMPLES).corners_mm())
    # A cell is named by its first corner: cell -1 has its other corners on the first voxels of the grid.
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, -1, grid.size)
    high = np.clip(np.floor(corners.max(axis=0)).astype(int) + 2, -1, grid.size)
    reached = np.zeros(grid.shape, dtype=np.bool_)
    if (low >= high).any():
        return reached
    cells = _cells(structure, contoured_on, grid, end_caps, low, high)
    first = np.floor(grid.to_index(samples_mm)).astype(int)
    first = first[((first >= low) & (first < high)).all(axis=1)] - low
    cells[first[:, 2], first[:, 1], first[:, 0]] = True
    corners_of = _with_far_corners(cells)
    within = tuple(slice(max(a, 0), min(b + 1, n)) for a, b, n in zip(low[::-1], high[::-1], grid.shape, strict=True))
    local = tuple(slice(part.start - a, part.stop - a) for part, a in zip(within, low[::-1], strict=True))
    reached[within] = corners_of[local]
    return reached


def _cells(
    structure: AnyStructure,
    contoured_on: Geometry,
    grid: Geometry,
    end_caps: EndCaps,
    low: np.ndarray[tuple[int], np.dtype[np.int_]],
    high: np.ndarray[tuple[int], np.dtype[np.int_]],
) -> BoolArray:
    """Cells from ``low`` to before ``high`` (i, j, k) that hold a part of the structure, by ``[k, j, i]``."""
    ni, nj, nk = (int(n) for n in high - low)
    origin = grid.to_lps((low + 0.5 / PER_CELL)[None, :].astype(np.float64))[0]
    fine = Geometry(
        (float(origin[0]), float(origin[1]), float(origin[2])),
        (grid.spacing_mm[0] / PER_CELL, grid.spacing_mm[1] / PER_CELL, grid.spacing_mm[2] / PER_CELL),
        grid.direction,
        (PER_CELL * ni, PER_CELL * nj, PER_CELL * nk),
    )
    mask = _with_neighbours(structure_mask(structure, contoured_on, fine, end_caps))
    return np.asarray(mask.reshape(nk, PER_CELL, nj, PER_CELL, ni, PER_CELL).any(axis=(1, 3, 5)))


def _with_neighbours(mask: BoolArray) -> BoolArray:
    """The mask and everything beside it, along edges and corners too."""
    for axis in range(3):
        first, last = ([slice(None)] * 3 for _ in range(2))
        first[axis], last[axis] = slice(None, -1), slice(1, None)
        wide = mask.copy()
        wide[tuple(first)] |= mask[tuple(last)]
        wide[tuple(last)] |= mask[tuple(first)]
        mask = wide
    return mask


def _with_far_corners(cells: BoolArray) -> BoolArray:
    """All corners of the cells: one longer along every axis."""
    for axis in range(3):
        pad = [(0, 0)] * 3
        pad[axis] = (0, 1)
        near = np.pad(cells, pad)
        cells = near | np.roll(near, 1, axis=axis)
    return cells
