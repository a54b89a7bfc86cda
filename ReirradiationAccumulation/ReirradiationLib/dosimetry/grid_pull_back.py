"""The pull-back of a whole grid: the same values as point by point, for a fraction of the work.

The voxels of a grid lie along three axes. What an affine map does to them is a sum of one term per axis, and where two
grids are parallel, trilinear interpolation is three interpolations along one axis each. So a displacement grid parallel
to the voxels is blown up slice by slice, and only the dose itself, which the displacements reach at odd places, is
looked up point by point. Nothing is approximated, and no displacement is stored at the resolution of the voxels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.course import Course
from ..model.geometry import Geometry
from ..model.image import Dose
from ..model.interpolation import BLOCK, RIM_TOLERANCE, cells, trilinear_block
from ..model.transform import Affine, DisplacementGrid, TransformStep

Size: TypeAlias = "tuple[int, int, int]"
PARALLEL_TOLERANCE = 1e-7
"""How far two grids taken as parallel may run apart over their whole length, in voxels."""

SlabFiller: TypeAlias = Callable[[int, Float32Array, BoolArray], None]
"""Fills the slices from slice k on: their dose and where it is known, both of shape (slices, nj, ni), zero before."""


def pull_back(course: Course, geometry: Geometry) -> SlabFiller | None:
    """The fastest way to fill the slices of a grid with a course's dose.

    Returns
    -------
    SlabFiller or None
        None if the grid must be filled point by point: its transform has several displacement grids.
    """
    dose, steps = course.dose, course.transform.steps
    grids = [n for n, step in enumerate(steps) if isinstance(step, DisplacementGrid)]
    if not grids:
        to_dose = dose.geometry.lps_to_index() @ _product(steps) @ geometry.index_to_lps()
        axes = _parallel_axes(to_dose, geometry.size, dose.geometry.size)
        return _OfParallelDose(dose, axes) if axes else _OfTurnedDose(dose, to_dose, geometry.size)
    grid = steps[grids[0]]
    if len(grids) > 1 or not isinstance(grid, DisplacementGrid):
        return None
    to_points = _product(steps[: grids[0]]) @ geometry.index_to_lps()
    to_grid = grid.geometry.lps_to_index() @ to_points
    axes = _parallel_axes(to_grid, geometry.size, grid.geometry.size)
    onward = dose.geometry.lps_to_index() @ _product(steps[grids[0] + 1 :])
    onto_dose = (onward @ to_points, onward[:3, :3], geometry.size)
    if axes is None:
        return _OfDoseDisplacedAslant(dose, grid, to_grid, *onto_dose)
    return _OfDisplacedDose(dose, grid, axes, *onto_dose)


@dataclass(frozen=True, eq=False)
class _Axis:
    """Where the voxels of an output axis lie on the parallel axis of a source grid; all of shape (n,)."""

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    fraction: FloatArray
    within: BoolArray

    def between(self, values: NDArray[Any], axis: int, part: slice = slice(None)) -> FloatArray:
        """Interpolate an array along one of its axes at (part of) the voxels of this one, in double precision."""
        low = values.take(self.lower[part], axis).astype(np.float64)
        high = values.take(self.upper[part], axis) - low
        high *= self.fraction[part].reshape([-1 if n == axis else 1 for n in range(values.ndim)])
        low += high
        return np.asarray(low)


_Axes: TypeAlias = tuple[_Axis, _Axis, _Axis]


def _parallel_axes(matrix: FloatArray, size: Size, source: Size) -> _Axes | None:
    """The axes i, j, k of a grid on those of a source grid that is parallel to it; None if it is not."""
    turned = np.abs(matrix[:3, :3] - np.diag(np.diag(matrix))[:3, :3])
    if (turned @ np.asarray(size, dtype=np.float64)).max() > PARALLEL_TOLERANCE:
        return None
    i, j, k = (_axis(matrix[n, n] * np.arange(size[n]) + matrix[n, 3], source[n]) for n in range(3))
    return i, j, k


def _axis(index: FloatArray, count: int) -> _Axis:
    lower, fraction, within = cells(index, count)
    upper = np.minimum(lower + 1, count - 1)
    return _Axis(lower, upper, fraction, np.ones(len(index), dtype=np.bool_) if within is None else within)


def _product(steps: tuple[TransformStep, ...]) -> FloatArray:
    """One matrix for matrices applied in order."""
    total = np.eye(4)
    for step in steps:
        if isinstance(step, Affine):
            total = step.matrix @ total
    return total


def _row_blocks(size: Size) -> list[slice]:
    """Rows of a slice in pieces of about a block of points."""
    rows = max(1, BLOCK // size[0])
    return [slice(start, min(start + rows, size[1])) for start in range(0, size[1], rows)]


def _affine_index(matrix: FloatArray, size: Size, rows: slice, k: int) -> FloatArray:
    """Index in the dose of the voxels of some rows of slice k, shape (3, rows, ni)."""
    i, j = np.arange(size[0], dtype=np.float64), np.arange(rows.start, rows.stop, dtype=np.float64)
    start = matrix[:3, 1, None] * j + (matrix[:3, 2] * k + matrix[:3, 3])[:, None]
    return np.asarray(start[:, :, None] + (matrix[:3, 0, None] * i)[:, None, :])


class _BySlice(ABC):
    """Fills a slab slice by slice."""

    def __call__(self, first: int, dose_gy: Float32Array, known: BoolArray) -> None:
        for n in range(len(dose_gy)):
            self.fill(first + n, dose_gy[n], known[n])

    @abstractmethod
    def fill(self, k: int, dose_gy: Float32Array, known: BoolArray) -> None:
        """Fill slice k, both of shape (nj, ni)."""


class _OfParallelDose(_BySlice):
    """No displacements, and the dose parallel to the voxels: only interpolation along axes."""

    def __init__(self, dose: Dose, axes: _Axes) -> None:
        self._voxels_gy = dose.voxels_gy
        self._i, self._j, self._k = axes

    def fill(self, k: int, dose_gy: Float32Array, known: BoolArray) -> None:
        """Interpolate along k, then i, then j."""
        if not self._k.within[k]:
            return
        plane = self._k.between(self._voxels_gy, 0, slice(k, k + 1))[0]
        np.logical_and(self._j.within[:, None], self._i.within, out=known)
        np.multiply(self._j.between(self._i.between(plane, 1), 0), known, out=dose_gy, casting="same_kind")


class _OfTurnedDose:
    """No displacements, but the dose turned against the voxels: SimpleITK resamples from index to index.

    ITK accepts half a voxel beyond the outermost voxel centres and repeats them there. The share of each row within the
    rim is therefore computed here, and nothing beyond it is kept.
    """

    def __init__(self, dose: Dose, to_dose: FloatArray, size: Size) -> None:
        self._image = sitk.GetImageFromArray(dose.voxels_gy)
        self._last = np.asarray(dose.geometry.size) - 1.0
        self._to_dose, self._size = to_dose, size

    def __call__(self, first: int, dose_gy: Float32Array, known: BoolArray) -> None:
        if not self._fill_known(first, known):
            return
        transform = sitk.AffineTransform(3)
        transform.SetMatrix(self._to_dose[:3, :3].ravel().tolist())
        transform.SetTranslation((self._to_dose[:3, 2] * first + self._to_dose[:3, 3]).tolist())
        resample = sitk.ResampleImageFilter()
        resample.SetInterpolator(sitk.sitkLinear)
        resample.SetSize((*self._size[:2], len(dose_gy)))
        resample.SetTransform(transform)
        resampled = resample.Execute(self._image)  # a name of its own: the view does not keep the image alive
        np.multiply(sitk.GetArrayViewFromImage(resampled), known, out=dose_gy)

    def _fill_known(self, first: int, known: BoolArray) -> bool:
        """Where the index in the dose, which runs evenly along a row, is within the rim on all axes; whether anywhere."""
        rows = np.indices(known.shape[:2], dtype=np.float64).reshape(2, -1)
        start = self._to_dose[:3, [2, 1]] @ rows + (self._to_dose[:3, 2] * first + self._to_dose[:3, 3])[:, None]
        low, high = np.zeros(rows.shape[1]), np.full(rows.shape[1], self._size[0] - 1.0)
        for along, begin, last in zip(self._to_dose[:3, 0], start, self._last, strict=True):
            ends = np.stack([-RIM_TOLERANCE - begin, last + RIM_TOLERANCE - begin])
            if abs(along) * self._size[0] < PARALLEL_TOLERANCE:
                high[(ends[0] > 0.0) | (ends[1] < 0.0)] = -1.0
            else:
                ends = np.sort(ends / along, axis=0)
                np.maximum(low, ends[0], out=low)
                np.minimum(high, ends[1], out=high)
        i = np.arange(self._size[0], dtype=np.int32)
        low, high = (np.clip(end, -1, self._size[0]) for end in (np.ceil(low), np.floor(high)))
        shape = (*known.shape[:2], 1)
        np.greater_equal(i, low.astype(np.int32).reshape(shape), out=known)
        known &= i <= high.astype(np.int32).reshape(shape)
        return bool((low <= high).any())


class _OfDisplacedDose(_BySlice):
    """A displacement grid with matrices before and after it: dose index = affine part + turned vector."""

    def __init__(
        self, dose: Dose, grid: DisplacementGrid, axes: _Axes, to_dose: FloatArray, turn: FloatArray, size: Size
    ) -> None:
        self._voxels_gy = np.ascontiguousarray(dose.voxels_gy)
        self._vectors_mm = grid.vectors_mm
        self._i, self._j, self._k = axes
        self._to_dose, self._turn, self._size = to_dose, turn, size

    def fill(self, k: int, dose_gy: Float32Array, known: BoolArray) -> None:
        """Blow up the vectors of the slice along the axes, and look the dose up."""
        if not self._k.within[k]:
            return
        vectors = self._k.between(self._vectors_mm, 0, slice(k, k + 1))[0] @ self._turn.T
        columns = self._i.between(np.ascontiguousarray(np.moveaxis(vectors, 2, 0)), 2)
        for rows in _row_blocks(self._size):
            index = self._j.between(columns, 1, rows)
            index += _affine_index(self._to_dose, self._size, rows, k)
            values, inside = trilinear_block(self._voxels_gy, index.reshape(3, -1))
            within = inside.reshape(index.shape[1:])
            within &= self._j.within[rows, None] & self._i.within
            np.multiply(values.reshape(within.shape), within, out=dose_gy[rows], casting="same_kind")
            known[rows] = within


class _OfDoseDisplacedAslant(_BySlice):
    """As :class:`_OfDisplacedDose` with a grid turned against the voxels: two lookups at every voxel."""

    def __init__(
        self, dose: Dose, grid: DisplacementGrid, to_grid: FloatArray, to_dose: FloatArray, turn: FloatArray, size: Size
    ) -> None:
        self._voxels_gy, self._vectors_mm = np.ascontiguousarray(dose.voxels_gy), np.ascontiguousarray(grid.vectors_mm)
        self._to_grid, self._to_dose, self._turn, self._size = to_grid, to_dose, turn, size

    def fill(self, k: int, dose_gy: Float32Array, known: BoolArray) -> None:
        """Look up the vectors, then the dose."""
        for rows in _row_blocks(self._size):
            in_grid = _affine_index(self._to_grid, self._size, rows, k).reshape(3, -1)
            vectors, defined = trilinear_block(self._vectors_mm, in_grid)
            index = self._turn @ vectors
            index += _affine_index(self._to_dose, self._size, rows, k).reshape(3, -1)
            values, inside = trilinear_block(self._voxels_gy, index)
            inside &= defined
            np.multiply(
                values.reshape(known[rows].shape), inside.reshape(known[rows].shape), out=dose_gy[rows], casting="same_kind"
            )
            known[rows] = inside.reshape(known[rows].shape)
