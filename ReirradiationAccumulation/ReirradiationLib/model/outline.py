"""Contours sorted by plane and cut into loops: their volume, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray
from .contour_shape import even_odd_area, nesting_depths, opened
from .polygons import distance_to_edges, signed_area

PLANE_TOLERANCE_MM = 0.1
"""Contours this close along the normal lie on one plane."""

SAME_MM = 0.002
"""A point this close to a point of the other outline needs no closer look."""

SAMPLE_MM = 1.0
"""Edges are looked at in steps no longer than this."""


@dataclass(frozen=True, eq=False)
class Outline:
    """The loops of one structure, by plane.

    Parameters
    ----------
    positions_mm : tuple of float
        Planes along the normal, ascending.
    loops : tuple of tuples of arrays, each (n, 2)
        Loops of each plane, holes by even–odd; mm along rows and columns.
    """

    positions_mm: tuple[float, ...]
    loops: tuple[tuple[FloatArray, ...], ...]

    def volume_cc(self, thickness_mm: float) -> float:
        """Area by even–odd times the thickness of a slice."""
        return sum(even_odd_area(loops) for loops in self.loops) * thickness_mm / 1000.0

    def hole_count(self) -> int:
        """How many loops are holes."""
        return sum(depth % 2 for loops in self.loops for depth in nesting_depths(loops))

    def step_mm(self, default: float) -> float:
        """Smallest distance of planes."""
        return float(np.diff(self.positions_mm).min()) if len(self.positions_mm) > 1 else default


def outline(contours_mm: Sequence[FloatArray], axes: FloatArray, smallest_mm2: float = 0.0) -> Outline:
    """Sort closed contours by plane and open their keyholes.

    Parameters
    ----------
    contours_mm : sequence of arrays, each (n, 3)
        LPS.
    axes : array, shape (3, 3)
        Columns: directions of rows and columns, and the normal.
    smallest_mm2 : float
        Loops of a smaller area are left out.
    """
    local = [contour @ axes for contour in contours_mm if len(contour) >= 3]
    positions: list[float] = []
    planes: list[list[FloatArray]] = []
    for contour in sorted(local, key=lambda points: float(np.median(points[:, 2]))):
        position = float(np.median(contour[:, 2]))
        if not positions or position - positions[-1] > PLANE_TOLERANCE_MM:
            positions.append(position)
            planes.append([])
        planes[-1] += [loop for loop in opened(contour[:, :2]) if abs(signed_area(loop)) >= smallest_mm2]
    filled = [(position, tuple(loops)) for position, loops in zip(positions, planes, strict=True) if loops]
    return Outline(tuple(position for position, _ in filled), tuple(loops for _, loops in filled))


def hausdorff_mm(one: Outline, other: Outline) -> float:
    """Largest distance from a point of either outline to the other, plane by plane; infinite if one is empty.

    Where the other has no plane at all, the distance to its nearest plane.
    """
    if not one.loops or not other.loops:
        return 0.0 if not one.loops and not other.loops else float("inf")
    return max(_directed_mm(one, other), _directed_mm(other, one))


def _directed_mm(one: Outline, other: Outline) -> float:
    planes = np.array(other.positions_mm)
    worst = 0.0
    for position, loops in zip(one.positions_mm, one.loops, strict=True):
        nearest = int(np.argmin(np.abs(planes - position)))
        gap = abs(float(planes[nearest]) - position)
        distance = gap if gap > PLANE_TOLERANCE_MM else _farthest_mm(loops, other.loops[nearest])
        worst = max(worst, distance)
    return worst


def _farthest_mm(loops: Sequence[FloatArray], others: Sequence[FloatArray]) -> float:
    """Largest distance of a point on the loops to the nearest edge of the others."""
    points = np.concatenate([_sampled(loop) for loop in loops])
    targets = np.concatenate([_sampled(loop) for loop in others])
    order = np.argsort(targets[:, 0], kind="stable")
    sorted_targets = targets[order]
    at = np.searchsorted(sorted_targets[:, 0], points[:, 0])
    near = np.clip(at[:, None] + np.arange(-3, 3), 0, len(targets) - 1)
    quick = np.linalg.norm(sorted_targets[near] - points[:, None], axis=2).min(axis=1)
    worst = float(quick[quick <= SAME_MM].max(initial=0.0))
    starts = np.concatenate(list(others))
    ends = np.concatenate([np.roll(loop, -1, axis=0) for loop in others])
    for point in points[quick > SAME_MM]:
        worst = max(worst, float(distance_to_edges(point, starts, ends).min()))
    return worst


def _sampled(loop: FloatArray) -> FloatArray:
    """Points along a closed loop, its vertices among them."""
    ends = np.roll(loop, -1, axis=0)
    pieces = np.maximum(np.ceil(np.linalg.norm(ends - loop, axis=1) / SAMPLE_MM).astype(np.intp), 1)
    edge = np.repeat(np.arange(len(loop)), pieces)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[edge]
    return np.asarray(loop[edge] + share[:, None] * (ends - loop)[edge])
