"""Closed contours on one plane: fewer points, holes as keyholes or as loops of their own, the area that they enclose.

A *loop* crosses neither itself nor others; several on a plane combine by even–odd. A *keyhole* is a polygon that walks
from an outer loop along a bridge around a hole and back along the same bridge; both forms enclose the same area.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .arrays import FloatArray
from .polygons import contains, distance_to_edges, signed_area

SAME_POINT_MM = 1e-4
"""Vertices this close are one: bridges of keyholes are walked twice over the very same numbers."""

MOST_PAIRS = 2**18
"""Pairs of points whose distances are held at a time."""


def simplified(polygon: FloatArray, tolerance_mm: float) -> FloatArray:
    """A closed polygon with fewer points, nowhere further than the tolerance from the original.

    Douglas DH, Peucker TK, Cartographica 10:112 (1973), on the two halves between the two most distant points; all
    pieces of one depth are split at once.
    """
    return simplified_together([polygon], tolerance_mm)[0]


def simplified_together(polygons: Sequence[FloatArray], tolerance_mm: float) -> list[FloatArray]:
    """Each of several closed polygons as by :func:`simplified`, all at once: many times as fast for many short ones."""
    if not polygons:
        return []
    points = np.concatenate([part for polygon in polygons for part in (polygon, polygon[:1])])
    lengths = np.array([len(polygon) + 1 for polygon in polygons])
    lasts = np.cumsum(lengths) - 1
    firsts = lasts - lengths + 1
    from_first = np.linalg.norm(points - np.repeat(points[firsts], lengths, axis=0), axis=1)
    far = np.array([first + np.argmax(from_first[first : last + 1]) for first, last in zip(firsts, lasts, strict=True)])
    keep = np.zeros(len(points), dtype=np.bool_)
    keep[firsts] = keep[far] = True
    starts, ends = np.concatenate([firsts, far]), np.concatenate([far, lasts])
    while starts.size:
        starts, ends = (side[ends - starts > 1] for side in (starts, ends))
        split, at = _worst_between(points, starts, ends, tolerance_mm)
        keep[at] = True
        starts, ends = np.concatenate([starts[split], at]), np.concatenate([at, ends[split]])
    return [points[first:last][keep[first:last]] for first, last in zip(firsts, lasts, strict=True)]


def _worst_between(
    points: FloatArray, starts: NDArray[np.intp], ends: NDArray[np.intp], tolerance_mm: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of the pieces from start to end, those that leave the straight line too far, and the first point that does so most."""
    if not starts.size:
        return starts, starts
    between = ends - starts - 1
    before = np.cumsum(between) - between
    piece = np.repeat(np.arange(len(starts)), between)
    inner = np.arange(len(piece)) + (starts + 1 - before)[piece]
    distance = distance_to_edges(points[inner], points[starts[piece]], points[ends[piece]])
    worst = np.maximum.reduceat(distance, before)
    candidates = np.flatnonzero((distance > tolerance_mm) & (distance >= worst[piece]))
    split, first = np.unique(piece[candidates], return_index=True)
    return split, inner[candidates[first]]


def keyholed(loops: Sequence[FloatArray]) -> list[FloatArray]:
    """Join holes to their outer contours by a keyhole, the form of a hole that every planning system reads alike.

    Parameters
    ----------
    loops : sequence of arrays, each (n, 2)
        Contours that do not cross; nesting makes holes by even–odd.

    Returns
    -------
    list of arrays, each (n, 2)
        Outer contours, holes joined in.
    """
    by_size = sorted(loops, key=lambda loop: -abs(signed_area(loop)))
    parents = _parents(by_size)
    depths = [len(others) for others in parents]
    holes: dict[int, list[FloatArray]] = {n: [] for n, depth in enumerate(depths) if depth % 2 == 0}
    for n, others in enumerate(parents):
        if depths[n] % 2:
            holes[max((other for other in others if depths[other] % 2 == 0), key=lambda other: depths[other])].append(
                by_size[n]
            )
    return [_joined(by_size[n], inner) for n, inner in holes.items()]


def opened(polygon: FloatArray) -> list[FloatArray]:
    """The loops of a polygon whose keyholes are cut at their bridges; the polygon itself if it has none.

    Parameters
    ----------
    polygon : array, shape (n, 2)

    Returns
    -------
    list of arrays, each (n, 2)
        Loops of at least three points, by even–odd the same area.
    """
    pending, loops = [polygon], []
    while pending:
        part, cut = _cleaned(pending.pop())
        if cut is not None:
            start, end = cut
            wraps = end + 1 == len(part)
            outer = part[1 : start + 1] if wraps else np.concatenate([part[: start + 1], part[end + 2 :]])
            pending += [outer, part[start + 1 : end]]
        elif len(part) >= 3:
            loops.append(part)
    return loops


def nesting_depths(loops: Sequence[FloatArray]) -> list[int]:
    """How many of the loops contain each of them; odd ones are holes."""
    order = sorted(range(len(loops)), key=lambda n: -abs(signed_area(loops[n])))
    depths = [0] * len(loops)
    for n, others in zip(order, _parents([loops[n] for n in order]), strict=True):
        depths[n] = len(others)
    return depths


def even_odd_area(loops: Sequence[FloatArray]) -> float:
    """Area that loops enclose together by even–odd, each loop (n, 2); loops must not cross."""
    if len(loops) == 1:
        return abs(signed_area(loops[0]))
    return sum(abs(signed_area(loop)) * (-1.0) ** depth for loop, depth in zip(loops, nesting_depths(loops), strict=True))


def _cleaned(polygon: FloatArray) -> tuple[FloatArray, tuple[int, int] | None]:
    """The polygon without repeated neighbours, and the first bridge in it.

    That is two edges (start, start + 1) and (end, end + 1) that run along each other in opposite directions.
    """
    if len(polygon) < 3:
        return polygon, None
    keys = np.unique(np.rint(polygon / SAME_POINT_MM).astype(np.int64), axis=0, return_inverse=True)[1].ravel()
    distinct = np.flatnonzero(keys != np.roll(keys, 1))
    polygon, keys = polygon[distinct], keys[distinct]
    if len(np.unique(keys)) == len(keys):
        return polygon, None
    seen: dict[tuple[int, int], int] = {}
    for n, edge in enumerate(zip(keys.tolist(), np.roll(keys, -1).tolist(), strict=True)):
        if (edge[1], edge[0]) in seen:
            return polygon, (seen[edge[1], edge[0]], n)
        seen.setdefault(edge, n)
    return polygon, None


def _joined(outer: FloatArray, holes: list[FloatArray]) -> FloatArray:
    """The outer contour with each hole joined at the closest pair of points, nearest hole first, so no bridge crosses."""
    ring = outer
    rest = list(holes)
    while rest:
        pairs = [_closest_pair(ring, hole) for hole in rest]
        nearest = min(range(len(rest)), key=lambda n: pairs[n][0])
        hole = rest.pop(nearest)
        _, at, start = pairs[nearest]
        inner = np.roll(hole, -start, axis=0)
        if signed_area(inner) * signed_area(outer) > 0:
            inner = np.concatenate([inner[:1], inner[:0:-1]])
        ring = np.concatenate([ring[: at + 1], inner, inner[:1], ring[at:]])
    return ring


def _closest_pair(ring: FloatArray, hole: FloatArray) -> tuple[float, int, int]:
    """Squared distance of the two closest points of two loops, and their places; the first of equal ones.

    Distances are taken block by block: all pairs of two contours of 20 000 points would be gigabytes.
    """
    rows = max(1, MOST_PAIRS // len(hole))
    best = (float("inf"), 0, 0)
    for first in range(0, len(ring), rows):
        block = ring[first : first + rows]
        squared = np.square(block[:, :1] - hole[:, 0]) + np.square(block[:, 1:] - hole[:, 1])
        row, column = divmod(int(np.argmin(squared)), len(hole))
        if squared[row, column] < best[0]:
            best = (float(squared[row, column]), first + row, column)
    return best


def _parents(by_size: Sequence[FloatArray]) -> list[list[int]]:
    """Of loops sorted by falling area: which of the larger ones contain each."""
    boxes = [(loop.min(axis=0), loop.max(axis=0)) for loop in by_size]
    return [
        [
            other
            for other in range(n)
            if bool((boxes[other][0] <= boxes[n][0]).all() and (boxes[n][1] <= boxes[other][1]).all())
            and _contains(by_size[other], loop)
        ]
        for n, loop in enumerate(by_size)
    ]


def _contains(polygon: FloatArray, loop: FloatArray) -> bool:
    """Whether most edge middles of a loop lie within a polygon: where the two touch, single points may be either."""
    middles = (loop + np.roll(loop, -1, axis=0)) / 2.0
    middles = middles[:: max(1, len(middles) // 16)]
    inside = contains(polygon, middles)
    return 2 * int(inside.sum()) > len(inside)
