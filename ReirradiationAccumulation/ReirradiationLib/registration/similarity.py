"""How alike the CTs are in and around a region, before and after registration."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, uniform_filter

from ..model.arrays import BoolArray, FloatArray
from ..model.image import Image
from ..model.registration_quality import Similarity
from ..model.transform import SpatialTransform
from .patches import values_at

STEP_MM = 3.0
MOST_VOXELS = 150_000
"""The step grows for large regions until no more are needed."""
AROUND_MM = 10.0
WINDOW_MM = 21.0
LEAST_DEVIATION_HU = 10.0
"""Windows with less contrast than that say nothing."""
LEAST_KNOWN = 0.5


def similarity(current: Image, prior: Image, transform: SpatialTransform, points_mm: FloatArray) -> Similarity:
    """Mean local normalised cross-correlation over the region and 10 mm around it.

    Parameters
    ----------
    current, prior : Image
    transform : SpatialTransform
        Current to prior.
    points_mm : array, shape (n, 3)
        Points that fill the region, LPS, current frame.
    """
    grid_mm, region = region_grid(points_mm)
    shape = region.shape
    fixed = values_at(current, grid_mm).reshape(shape)
    before = values_at(prior, grid_mm).reshape(shape)
    after = values_at(prior, transform.apply(grid_mm)).reshape(shape)
    window = max(3, 2 * round(WINDOW_MM / _step_of(grid_mm, shape) / 2) + 1)
    return Similarity(_local_correlation(fixed, before, region, window), _local_correlation(fixed, after, region, window))


def region_grid(points_mm: FloatArray) -> tuple[FloatArray, BoolArray]:
    """A regular grid around points (n, 3), and which of its voxels lie within 10 mm of them.

    Returns
    -------
    grid_mm : array, shape (nz·ny·nx, 3)
        LPS, x running fastest.
    region : array of bool, shape (nz, ny, nx)
    """
    low = points_mm.min(axis=0) - AROUND_MM - STEP_MM
    extent = points_mm.max(axis=0) + AROUND_MM + STEP_MM - low
    step = max(STEP_MM, float(np.cbrt(np.prod(extent) / MOST_VOXELS)))
    size = np.ceil(extent / step).astype(int) + 1
    index = np.rint((points_mm - low) / step).astype(int)
    hit = np.zeros(tuple(size[::-1]), dtype=np.bool_)
    hit[index[:, 2], index[:, 1], index[:, 0]] = True
    region: BoolArray = distance_transform_edt(~hit, sampling=step) <= AROUND_MM
    z, y, x = (low[axis] + step * np.arange(size[axis]) for axis in (2, 1, 0))
    zs, ys, xs = np.meshgrid(z, y, x, indexing="ij")
    return np.stack([xs.ravel(), ys.ravel(), zs.ravel()], axis=1), region


def _step_of(grid_mm: FloatArray, shape: tuple[int, ...]) -> float:
    return float(grid_mm[1, 0] - grid_mm[0, 0]) if shape[2] > 1 else STEP_MM


def _local_correlation(one: FloatArray, other: FloatArray, region: BoolArray, window: int) -> float | None:
    """Correlation within a window about every voxel, averaged over the region; None if no window says anything."""
    known = np.isfinite(one) & np.isfinite(other)
    weight = _averaged(known.astype(np.float64), window)

    def mean(values: FloatArray) -> FloatArray:
        return _averaged(np.where(known, values, 0.0), window) / np.maximum(weight, 1e-9)

    level_one, level_other = mean(one), mean(other)
    variance_one, variance_other = mean(one**2) - level_one**2, mean(other**2) - level_other**2
    usable = region & known & (weight >= LEAST_KNOWN)
    # Where the current CT shows something and the prior nothing, they do not agree: 0, not left out.
    usable &= variance_one > LEAST_DEVIATION_HU**2
    if not usable.any():
        return None
    covariance = mean(one * other) - level_one * level_other
    floor = LEAST_DEVIATION_HU**2
    correlation = covariance[usable] / np.sqrt(variance_one[usable] * np.maximum(variance_other[usable], floor))
    return float(correlation.mean())


def _averaged(values: FloatArray, window: int) -> FloatArray:
    return np.asarray(uniform_filter(values, window, mode="constant"))
