"""Trilinear interpolation on a regular grid: the one place where voxels become values at points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import BoolArray, FloatArray

RIM_TOLERANCE = 1e-3
"""How far outside the outermost voxel centres, in voxels, a point still counts as on the rim (DS rounding)."""

BLOCK = 32_768
"""Points interpolated at a time: their temporaries stay in the processor's cache, which is what makes it fast."""


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
    voxels = np.ascontiguousarray(voxels)
    values = np.empty((len(index), *voxels.shape[3:]))
    inside = np.empty(len(index), dtype=np.bool_)
    for start in range(0, len(index), BLOCK):
        block = slice(start, start + BLOCK)
        found, inside[block] = trilinear_block(voxels, np.ascontiguousarray(index[block].T))
        values[block] = found.T
    return values, inside


def trilinear_block(voxels: NDArray[Any], index: FloatArray) -> tuple[FloatArray, BoolArray]:
    """As :func:`trilinear`, for at most some ten thousand points, with the axes first.

    Parameters
    ----------
    voxels : array, shape (nk, nj, ni) or (nk, nj, ni, c)
        Contiguous.
    index : array, shape (3, n)
        Continuous i, j and k.

    Returns
    -------
    values : array, shape (n,) or (c, n)
    inside : array of bool, shape (n,)
    """
    components = voxels.shape[3] if voxels.ndim == 4 else 1
    inside = np.ones(index.shape[1], dtype=np.bool_)
    base = np.zeros(index.shape[1], dtype=np.intp)
    steps, fractions, step = [], [], components
    for along, count in zip(index, voxels.shape[2::-1], strict=True):
        lower, fraction, within = cells(along, count)
        if within is not None:
            inside &= within
        if step != 1:
            lower *= step
        base += lower
        # An axis of a single voxel has no upper neighbour; its fraction is 0 and any neighbour will do.
        steps.append(step if count > 1 else 0)
        fractions.append(fraction)
        step *= count
    flat = voxels.reshape(-1)
    values = np.stack([_lerp_corners(flat, base + c, steps, fractions) for c in range(components)])
    if not inside.all():
        values[:, ~inside] = 0.0
    return (values if voxels.ndim == 4 else values[0]), inside


def cells(index: FloatArray, count: int) -> tuple[NDArray[np.intp], FloatArray, BoolArray | None]:
    """Where points lie along one axis of ``count`` voxels, by the rim rule of this module.

    Returns
    -------
    lower : array of int, shape (n,)
        The voxel centre below; below the last but one at the upper end.
    fraction : array, shape (n,)
        From it to the next, 0 … 1.
    within : array of bool, shape (n,), or None
        Whether the point counts as inside; None if all do.
    """
    last = count - 1
    within = None
    if index.size and not (index.min() >= 0.0 and index.max() <= last):  # NaN too
        within = (index >= -RIM_TOLERANCE) & (index <= last + RIM_TOLERANCE)
        index = np.fmin(np.fmax(index, 0.0), last)
    lower = index.astype(np.intp)
    np.minimum(lower, max(last - 1, 0), out=lower)
    return lower, index - lower, within


def _lerp_corners(
    flat: NDArray[Any],
    base: NDArray[np.intp],
    steps: list[int],
    fractions: list[FloatArray],
    axis: int = 2,
    offset: int = 0,
) -> FloatArray:
    """Interpolate along i, then j, then k between the eight voxels above ``base``, in double precision.

    Not a closure that calls itself: such a cycle keeps its arrays until the garbage collector comes by.
    """
    if axis == 0:
        low = flat.take(base + offset if offset else base).astype(np.float64)
        # Subtracting from the stored values spares their conversion.
        high = np.asarray(flat.take(base + (offset + steps[0])) - low)
    else:
        low = _lerp_corners(flat, base, steps, fractions, axis - 1, offset)
        high = _lerp_corners(flat, base, steps, fractions, axis - 1, offset + steps[axis])
        high -= low
    high *= fractions[axis]
    low += high
    return np.asarray(low)
