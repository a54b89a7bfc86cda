"""A structure of voxels as a body, ready to be filled with samples.

What was drawn counts: the body is the union of the voxels, each as large as its grid says, and nothing is smoothed between
slices. A labelmap drawn on slices of 3 mm so has the volume that the segment editor shows, and reaches half a slice beyond
its first and last slice, as contours with half-slice end caps do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry, apply_affine, box_corners
from ..model.segment import LabelmapStructure
from ..model.structure import EndCaps
from .cells import Cells, Filling

FINEST_STEP_MM = 0.15
COARSEST_STEP_MM = 3.0

_SPREAD = np.sqrt([[2.0, 3.0, 5.0], [7.0, 11.0, 13.0], [17.0, 19.0, 23.0], [29.0, 31.0, 37.0]])
"""Rows: one additive recurrence (Weyl sequence) over the cells each for the place of a sample along the three axes and for
the choice of a voxel. Square roots of primes are independent over the rationals, so that no direction has aligned rows."""

VOXELS_AT_ONCE = 1_000_000

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelmapBody:
    """The union of the voxels of a mask.

    Coordinates run along the axes i, j, k of the grid, from the outer corner of its first voxel, in mm. Along i and j they
    are stretched at equal area, so that cells are square there whatever the spacing.

    A cell is a block of 2ⁿ voxels along each axis, or a whole part of a voxel: how much of it lies in the body is exact.
    Its sample does not lie in its middle, but at a place spread evenly over the voxels of the cell that are in the body.
    Rows of samples along the faces of the voxels would all have the same dose where surfaces of equal dose run along them.

    Parameters
    ----------
    name : str
    mask : array of bool, shape (nk, nj, ni)
    geometry : Geometry
        LPS grid of the mask, no larger than what is drawn.
    voxels_per_cell : array, shape (3,)
        Along i, j, k; below 1 for parts of a voxel.
    """

    name: str
    mask: BoolArray
    geometry: Geometry
    voxels_per_cell: FloatArray

    @property
    def end_caps(self) -> EndCaps:
        """Whole voxels: half a slice beyond the centres of the first and the last."""
        return EndCaps.HALF_SLICE

    @property
    def step_mm(self) -> float:
        """Side of the cells that it is filled with."""
        return float(self._cell_mm[0])

    @property
    def has_centroids(self) -> bool:
        """Samples are spread within their cells: these must not be chosen by them and cut."""
        return False

    @property
    def _voxel_mm(self) -> FloatArray:
        """Size of a voxel in the stretched coordinates, shape (3,)."""
        along_i, along_j, _ = np.asarray(self.geometry.spacing_mm) * self.voxels_per_cell
        stretch = float(np.sqrt(along_j / along_i))
        return np.asarray(self.geometry.spacing_mm * np.array([stretch, 1.0 / stretch, 1.0]))

    @property
    def _cell_mm(self) -> FloatArray:
        return np.asarray(self._voxel_mm * self.voxels_per_cell)

    def filled(self) -> Filling | None:
        """The body filled with cells; None if it encloses nothing."""
        cells = self._occupied_cells()
        return self.covered(cells) if len(cells.piece) else None

    def covered(self, cells: Cells) -> Filling:
        """How much of each cell lies in the body, and where; those outside are left out.

        Parameters
        ----------
        cells : Cells
            Those of :meth:`filled`, or what they were cut into.
        """
        parts = []
        for size in np.unique(cells.sizes_mm, axis=0):
            alike = cells.at((cells.sizes_mm == size).all(axis=1))
            at_once = max(1, VOXELS_AT_ONCE // int(self._voxels_in(size).prod()))
            for start in range(0, len(alike.piece), at_once):
                block = np.zeros(len(alike.piece), dtype=np.bool_)
                block[start : start + at_once] = True
                parts.append(self._covered_alike(alike.at(block), size))
        return Filling.joined(parts) if parts else Filling(cells, np.empty((0, 3)), np.empty(0))

    def to_lps(self, points_mm: FloatArray) -> FloatArray:
        """LPS points of points in the body's coordinates, both of shape (n, 3), mm."""
        return self.geometry.to_lps(points_mm / self._voxel_mm - 0.5)

    def corners_mm(self) -> FloatArray:
        """LPS corners of a box around the body, shape (8, 3)."""
        return self.geometry.to_lps(box_corners(np.full(3, -0.5), np.asarray(self.geometry.size) - 0.5))

    def contains(self, points_mm: FloatArray) -> BoolArray:
        """Whether LPS points, shape (n, 3), lie in a voxel of the body, shape (n,); voxels are half-open."""
        index = np.floor(apply_affine(self.geometry.lps_to_index(), points_mm) + 0.5).astype(np.int64)
        within = np.asarray(((index >= 0) & (index < self.geometry.size)).all(axis=1))
        i, j, k = np.where(within[:, None], index, 0).T
        return np.asarray(self.mask[k, j, i] & within)

    def _voxels_in(self, size_mm: Float32Array) -> Indices:
        """How many voxels a cell reaches into along i, j, k."""
        return np.maximum(np.rint(size_mm[[0, 0, 1]] / self._voxel_mm), 1).astype(np.int64)

    def _occupied_cells(self) -> Cells:
        """The cells that hold a voxel of the body, in part or in full."""
        occupied: BoolArray = self.mask
        per_cell = np.maximum(self.voxels_per_cell, 1.0).astype(np.int64)
        for axis, count in enumerate(per_cell[::-1]):
            starts = np.arange(0, occupied.shape[axis], count)
            occupied = np.asarray(np.logical_or.reduceat(occupied, starts, axis=axis))
        blocks = np.argwhere(occupied)[:, ::-1]
        parts = np.rint(1.0 / np.minimum(self.voxels_per_cell, 1.0)).astype(np.int64)
        within = np.stack(np.meshgrid(*(np.arange(n) for n in parts), indexing="ij"), axis=-1).reshape(-1, 3)
        cell = (blocks[:, None] * parts + within).reshape(-1, 3)
        sizes = np.tile(self._cell_mm[1:].astype(np.float32), (len(cell), 1))
        return Cells.uncut((cell + 0.5) * self._cell_mm, sizes, np.zeros(len(cell), dtype=np.int32))

    def _covered_alike(self, cells: Cells, size_mm: Float32Array) -> Filling:
        """As :meth:`covered`, for cells of one size."""
        box = size_mm[[0, 0, 1]].astype(np.float64)
        counts = self._voxels_in(size_mm)
        first = np.where(
            counts > 1, np.rint((cells.centres_mm - box / 2.0) / self._voxel_mm), cells.centres_mm // self._voxel_mm
        )
        within = np.stack(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), axis=-1).reshape(-1, 3)
        i, j, k = (first.astype(np.int64)[:, None] + within).transpose(2, 0, 1)
        size = self.geometry.size
        inside = (i < size[0]) & (j < size[1]) & (k < size[2])
        inside &= self.mask[np.minimum(k, size[2] - 1), np.minimum(j, size[1] - 1), np.minimum(i, size[0] - 1)]
        total = np.count_nonzero(inside, axis=1)
        hit = total > 0
        cells, inside, total, first = cells.at(hit), inside[hit], total[hit], first[hit]
        spread = np.mod((cells.centres_mm / box) @ _SPREAD.T, 1.0)
        wanted = np.minimum((spread[:, 3] * total).astype(np.int64), total - 1)
        chosen = (np.cumsum(inside, axis=1) > wanted[:, None]).argmax(axis=1)
        lower = np.where(counts > 1, (first + within[chosen]) * self._voxel_mm, cells.centres_mm - box / 2.0)
        samples = lower + spread[:, :3] * np.where(counts > 1, self._voxel_mm, box)
        return Filling(cells, samples, total / counts.prod() * cells.volumes_cc)


def labelmap_body(structure: LabelmapStructure, wanted: int) -> LabelmapBody:
    """The body of a labelmap, with cells as fine as the wanted number of samples asks for.

    Parameters
    ----------
    structure : LabelmapStructure
    wanted : int
        How many samples the structure is to have.

    Raises
    ------
    DosimetryError
        If no voxel is in the structure.
    """
    part = _cropped(structure)
    if part is None:
        raise DosimetryError(
            f"Structure '{structure.name}'", "its labelmap is empty", "Draw it, or leave it out of the case."
        )
    mask, geometry = part
    volume_mm3 = np.count_nonzero(mask) * 1000.0 * geometry.voxel_volume_cc
    step = float(np.clip((volume_mm3 / wanted) ** (1.0 / 3.0), FINEST_STEP_MM, COARSEST_STEP_MM))
    ratio = step / np.asarray(geometry.spacing_mm)
    blocks = 2.0 ** np.maximum(np.rint(np.log2(ratio)), 0.0)
    parts = np.maximum(np.rint(1.0 / ratio), 1.0)
    return LabelmapBody(structure.name, mask, geometry, np.where(ratio > 1.0, blocks, 1.0 / parts))


def _cropped(structure: LabelmapStructure) -> tuple[BoolArray, Geometry] | None:
    """The occupied box of a labelmap and its grid; None if nothing is drawn."""
    drawn = [np.flatnonzero(structure.mask.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]
    if not drawn[0].size:
        return None
    i, j, k = (slice(int(found[0]), int(found[-1]) + 1) for found in drawn)
    x, y, z = structure.geometry.to_lps(np.array([[i.start, j.start, k.start]], dtype=np.float64))[0]
    mask = structure.mask[k, j, i]
    size = (mask.shape[2], mask.shape[1], mask.shape[0])
    return mask, replace(structure.geometry, origin_mm=(float(x), float(y), float(z)), size=size)
