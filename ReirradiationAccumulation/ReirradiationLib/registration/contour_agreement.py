"""Prior contours, mapped, against the current ones: overlap and distance of surfaces (AAPM TG-132)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.arrays import BoolArray, FloatArray
from ..model.registration_quality import ContourAgreement
from ..model.transform import SpatialTransform
from .engine import Box

FINEST_MM = 1.0
MOST_VOXELS = 250_000
MARGIN_MM = 15.0
"""Around the current organ: how far off the mapped one may lie and still be measured."""
MOST_FACES = 20_000
BLUNT_END = 0.5
"""Area of the end of a structure over its median area, above which it is cut rather than closed."""
CUT_MM = 15.0
"""How far the other must go on beyond a blunt end; less is a shift or a slice more."""


@dataclass(frozen=True, eq=False)
class ContourPair:
    """One organ as it was contoured on both CTs.

    Parameters
    ----------
    current_contains, prior_contains : callable
        Whether points (n, 3) lie inside, each in the LPS frame of its CT; shape (n,).
    box : Box
        Around the current organ.
    """

    current_contains: Callable[[FloatArray], BoolArray]
    prior_contains: Callable[[FloatArray], BoolArray]
    box: Box


def contour_agreement(transform: SpatialTransform, pair: ContourPair) -> ContourAgreement | None:
    """Pull the prior structure back to the current CT and compare.

    Both are sampled on a grid of 1 mm (coarser for large organs) around the current organ. Surfaces are the faces between
    voxels in and out; the distances are of every face of either to the nearest face of the other, taken together.

    Returns
    -------
    ContourAgreement or None
        None if the current structure holds no point of the grid, or the transform is defined nowhere in it.
    """
    grid_mm, shape, step_mm = _grid(pair.box)
    there_mm = transform.apply(grid_mm)
    known = np.isfinite(there_mm).all(axis=1)
    current = np.asarray(pair.current_contains(grid_mm)).reshape(shape)
    if not current.any() or not known.reshape(shape)[current].any():
        return None
    pulled_back = np.zeros(len(grid_mm), dtype=np.bool_)
    pulled_back[known] = pair.prior_contains(there_mm[known])
    prior = pulled_back.reshape(shape)
    common, is_cut = _common_length(current, prior, step_mm)
    current, prior = current[common], prior[common]
    both = int(current.sum() + prior.sum())
    distances_mm = _surface_distances_mm(current, prior, step_mm, is_open=is_cut)
    return ContourAgreement(
        dice=2.0 * float((current & prior).sum()) / both if both else 0.0,
        mean_mm=None if distances_mm is None else float(distances_mm.mean()),
        p95_mm=None if distances_mm is None else float(np.percentile(distances_mm, 95.0)),
        is_cut=is_cut,
    )


def _grid(box: Box) -> tuple[FloatArray, tuple[int, int, int], float]:
    low = np.asarray(box.low_mm) - MARGIN_MM
    extent = np.asarray(box.high_mm) + MARGIN_MM - low
    step_mm = max(FINEST_MM, float(np.cbrt(np.prod(extent) / MOST_VOXELS)))
    # Off the round numbers where contour planes lie.
    x, y, z = (low[axis] + step_mm * (np.arange(np.ceil(extent[axis] / step_mm)) + 0.37) for axis in range(3))
    zs, ys, xs = np.meshgrid(z, y, x, indexing="ij")
    return np.stack([xs.ravel(), ys.ravel(), zs.ravel()], axis=1), (len(z), len(y), len(x)), step_mm


def _common_length(current: BoolArray, prior: BoolArray, step_mm: float) -> tuple[slice, bool]:
    """Planes to compare: none far beyond a blunt end of either, as of a cord contoured over part of its length."""
    if not prior.any():
        return slice(0, len(current)), False
    low, high = 0, len(current)
    least = CUT_MM / step_mm
    for mask, other in ((current, prior), (prior, current)):
        areas = mask.sum(axis=(1, 2))
        planes, others = np.flatnonzero(areas), np.flatnonzero(other.any(axis=(1, 2)))
        first, last = int(planes[0]), int(planes[-1])
        blunt = BLUNT_END * float(np.median(areas[planes]))
        if areas[first] > blunt and others[0] < first - least:
            low = max(low, first)
        if areas[last] > blunt and others[-1] > last + least:
            high = min(high, last + 1)
    if high - low < 2:
        return slice(0, len(current)), False
    return slice(low, high), low > 0 or high < len(current)


def _surface_distances_mm(one: BoolArray, other: BoolArray, step_mm: float, is_open: bool) -> FloatArray | None:
    """Distances of each surface to the other, both ways, shape (n,); None if either is empty."""
    faces = [_faces(mask, is_open) * step_mm for mask in (one, other)]
    if not all(len(face) for face in faces):
        return None
    both = []
    for mine, its in (faces, faces[::-1]):
        thinned = mine[:: max(1, len(mine) // MOST_FACES)]
        both.append(cKDTree(its).query(thinned)[0])
    return np.concatenate(both)


def _faces(mask: BoolArray, is_open: bool) -> FloatArray:
    """Centres of the faces between voxels in and out, in voxels, shape (n, 3)."""
    found = []
    for axis in range(3):
        pad = [(0, 0)] * 3
        if not (axis == 0 and is_open):
            pad[axis] = (1, 1)
        padded = np.pad(mask, pad)
        change = np.diff(padded.astype(np.int8), axis=axis) != 0
        index = np.argwhere(change).astype(np.float64)
        index[:, axis] += 0.5 - pad[axis][0]
        found.append(index)
    return np.concatenate(found)
