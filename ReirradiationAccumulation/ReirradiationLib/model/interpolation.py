"""Trilinear interpolation on a regular grid: the one place where voxels become values at points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import BoolArray, FloatArray

RIM_TOLERANCE = 1e-3
"""How far outside the outermost voxel centres, in voxels, a point still counts as on the rim (DS rounding)."""


def trilinear(voxels: NDArray[Any], index: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Interpolate voxel values at continuous indices.

    The box of the *voxel centres* is the domain: nothing is extrapolated into the outer half voxels.

    Parameters
    ----------
    voxels : array, shape (nk, nj, ni) or (nk, nj, ni, c)
        Values at the voxel centres. A grid with a single slice has no extent along that axis.
    index : array, shape (n, 3)
        Points as continuous (i, j, k). NaN counts as outside.

    Returns
    -------
    values : array, shape (n,) or (n, c)
        Interpolated in double precision; 0 outside.
    inside : array of bool, shape (n,)
        Whether the point lies within the grid, and so whether its value is known.
    """
    last = np.array(voxels.shape[2::-1], dtype=np.float64) - 1.0
    inside = np.asarray(np.all((index >= -RIM_TOLERANCE) & (index <= last + RIM_TOLERANCE), axis=1))
    values = np.zeros((len(index), *voxels.shape[3:]))
    if not inside.any():
        return values, inside
    within = np.clip(index[inside], 0.0, last)
    lower = np.minimum(np.floor(within), np.maximum(last - 1.0, 0.0)).astype(np.intp)
    values[inside] = _lerp_corners(voxels, lower, within - lower)
    return values, inside


def _lerp_corners(voxels: NDArray[Any], lower: NDArray[np.intp], fraction: FloatArray) -> FloatArray:
    """Interpolate along i, then j, then k between the eight voxels above ``lower``."""
    nk, nj, ni = voxels.shape[:3]
    flat = voxels.reshape(nk * nj * ni, *voxels.shape[3:])
    base = (lower[:, 2] * nj + lower[:, 1]) * ni + lower[:, 0]
    # An axis of a single voxel has no upper neighbour; its fraction is 0 and any neighbour will do.
    step_i, step_j, step_k = (1 if ni > 1 else 0), (ni if nj > 1 else 0), (ni * nj if nk > 1 else 0)
    weight_i, weight_j, weight_k = (
        (fraction[:, axis, None] if voxels.ndim == 4 else fraction[:, axis]) for axis in range(3)
    )

    def along_i(offset: int) -> FloatArray:
        low = flat[base + offset].astype(np.float64)
        return np.asarray(low + weight_i * (flat[base + offset + step_i] - low))

    def along_j(offset: int) -> FloatArray:
        low = along_i(offset)
        return np.asarray(low + weight_j * (along_i(offset + step_j) - low))

    low = along_j(0)
    return np.asarray(low + weight_k * (along_j(step_k) - low))
