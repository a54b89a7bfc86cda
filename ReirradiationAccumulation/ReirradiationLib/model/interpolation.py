"""Trilinear interpolation on a regular grid: the one place where voxels become values at points."""

from __future__ import annotations

from itertools import product
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
    upper = np.minimum(lower + 1, last.astype(np.intp))
    fraction = within - lower
    total = np.zeros((len(within), *voxels.shape[3:]))
    for corner in product((0, 1), repeat=3):
        weight = np.ones(len(within))
        picked = []
        for axis, high in enumerate(corner):
            weight *= fraction[:, axis] if high else 1.0 - fraction[:, axis]
            picked.append(upper[:, axis] if high else lower[:, axis])
        values_at_corner = voxels[picked[2], picked[1], picked[0]]
        total += values_at_corner * (weight[:, None] if voxels.ndim == 4 else weight)
    values[inside] = total
    return values, inside
