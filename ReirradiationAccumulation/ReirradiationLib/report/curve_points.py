"""Few points that carry a whole cumulative DVH: its body on a linear axis of volume, its tail on a logarithmic one."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..dosimetry.dvh import CumulativeDvh
from ..model.arrays import FloatArray

MOST_POINTS = 180
CANDIDATES = 1500
"""Of each kind that the points are chosen from: even in dose, even in volume, even in the logarithm of volume."""

TOLERANCE = 2e-4
"""Largest distance of the curve from the line through its points, as a share of either axis."""

SMALLEST_CC = 0.005
"""Below, the curve is a vertical line to its maximum for any reader."""

DECADES = 4.0
"""Length of the logarithmic axis that the tolerance is a share of."""

NAMED_CC = (0.01, 0.03, 0.035, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
NAMED_PERCENT = (2.0, 5.0, 50.0, 90.0, 95.0, 98.0)
"""Volumes that limits are published for: the curve passes exactly through their doses."""


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """Points of a cumulative DVH in the order of rising dose, each of shape (n,).

    The first is at 0 Gy, the last but one at the maximum with the volume that still receives it, the last at the maximum
    with no volume: a curve that ends in a step (a dose that is the same everywhere) shows it.
    """

    dose_gy: FloatArray
    percent: FloatArray


def curve_points(dvh: CumulativeDvh) -> CurvePoints:
    """Choose the points: those of the named volumes, then ever more where the line between two is furthest from the curve.

    The distance is measured on both axes of volume, linear in percent and logarithmic in cc, the larger one counts (the
    rule of Ramer U, Comput Graph Image Process 1:244 (1972), and Douglas DH, Peucker TK, Cartographica 10:112 (1973), worst
    first). At most 180 points.
    """
    highest_gy = max(float(dvh.dose_gy[0]), 1e-3)
    named_gy = _doses_at(dvh, _named_cc(dvh.total_cc))
    small_cc = min(SMALLEST_CC, 0.1 * dvh.total_cc)
    volumes_cc = np.concatenate(
        [np.geomspace(small_cc, dvh.total_cc, CANDIDATES), np.linspace(0.0, dvh.total_cc, CANDIDATES)]
    )
    even_gy = np.linspace(0.0, highest_gy, CANDIDATES)
    dose_gy = np.unique(np.concatenate([even_gy, _doses_at(dvh, volumes_cc), named_gy]))
    dose_gy = dose_gy[(dose_gy >= 0.0) & (dose_gy <= highest_gy)]
    percent = dvh.curve(dose_gy)
    volume_cc = np.maximum(percent / 100.0 * dvh.total_cc, small_cc)
    planes = (
        np.stack([dose_gy / highest_gy, percent / 100.0]),
        np.stack([dose_gy / highest_gy, np.log10(volume_cc) / DECADES]),
    )
    first = np.searchsorted(dose_gy, named_gy[(named_gy > 0.0) & (named_gy < highest_gy)])
    chosen = _chosen(planes, {0, len(dose_gy) - 1, *first.tolist()})
    return CurvePoints(np.append(dose_gy[chosen], dose_gy[-1]), np.append(percent[chosen], 0.0))


def _named_cc(total_cc: float) -> FloatArray:
    named = np.array([*NAMED_CC, *(total_cc * percent / 100.0 for percent in NAMED_PERCENT)])
    return np.asarray(named[named < total_cc])


def _doses_at(dvh: CumulativeDvh, volumes_cc: FloatArray) -> FloatArray:
    """D(v) of the same polygon that all metrics are read from."""
    middle_cc = np.cumsum(dvh.volumes_cc) - dvh.volumes_cc / 2.0
    return np.interp(volumes_cc, middle_cc, dvh.dose_gy)


def _chosen(planes: tuple[FloatArray, ...], first: set[int]) -> list[int]:
    """Indices of the points, ascending; the worst stretch is divided first."""
    chosen = sorted(first)
    stretches = [_worst(planes, start, end) for start, end in pairwise(chosen)]
    heapq.heapify(stretches)
    while stretches and len(chosen) < MOST_POINTS - 1 and -stretches[0][0] > TOLERANCE:
        _, start, at, end = heapq.heappop(stretches)
        chosen.append(at)
        heapq.heappush(stretches, _worst(planes, start, at))
        heapq.heappush(stretches, _worst(planes, at, end))
    return sorted(chosen)


def _worst(planes: tuple[FloatArray, ...], start: int, end: int) -> tuple[float, int, int, int]:
    """The candidate furthest from the line between two, with the negative of its distance."""
    if end - start < 2:
        return 0.0, start, start, end
    distance = np.max([_distances(plane[:, start : end + 1]) for plane in planes], axis=0)
    at = int(np.argmax(distance))
    return -float(distance[at]), start, start + at, end


def _distances(points: FloatArray) -> FloatArray:
    """Distance of points, shape (2, n), from the line through the first and the last."""
    along, away = points[:, -1] - points[:, 0], points - points[:, :1]
    length = float(np.hypot(*along))
    return np.asarray(np.abs(along[0] * away[1] - along[1] * away[0]) / length if length > 0.0 else np.hypot(*away))
