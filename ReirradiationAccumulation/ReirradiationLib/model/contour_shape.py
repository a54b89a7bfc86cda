"""Closed contours on a plane made fit for planning systems: fewer points, and holes joined by keyholes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import BoolArray, FloatArray
from .polygons import distance_to_edges, signed_area


def simplified(polygon: FloatArray, tolerance_mm: float) -> FloatArray:
    """A closed polygon with fewer points, nowhere further than the tolerance from the original.

    Douglas DH, Peucker TK, Cartographica 10:112 (1973), on the two halves between the two most distant points.
    """
    far = int(np.argmax(np.linalg.norm(polygon - polygon[0], axis=1)))
    ring = np.concatenate([polygon, polygon[:1]])
    keep = np.zeros(len(ring), dtype=np.bool_)
    keep[[0, far, len(ring) - 1]] = True
    pending = [(0, far), (far, len(ring) - 1)]
    while pending:
        start, end = pending.pop()
        if end - start < 2:
            continue
        distance = distance_to_edges(ring[start + 1 : end], ring[start], ring[end])
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance_mm:
            keep[start + 1 + worst] = True
            pending += [(start, start + 1 + worst), (start + 1 + worst, end)]
    return ring[keep][:-1]


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
    outers: list[tuple[FloatArray, list[FloatArray]]] = []
    for n, loop in enumerate(by_size):
        depth = sum(_contains(other, loop[0]) for other in by_size[:n])
        if depth % 2 == 0:
            outers.append((loop, []))
        else:
            parent = min(
                (outer for outer in outers if _contains(outer[0], loop[0])), key=lambda outer: abs(signed_area(outer[0]))
            )
            parent[1].append(loop)
    return [_joined(outer, holes) for outer, holes in outers]


def _joined(outer: FloatArray, holes: list[FloatArray]) -> FloatArray:
    """The outer contour with each hole joined at the closest pair of points, nearest hole first, so no bridge crosses."""
    ring = outer
    rest = list(holes)
    while rest:
        distances = [np.linalg.norm(ring[:, None] - hole[None], axis=2) for hole in rest]
        nearest = int(np.argmin([distance.min() for distance in distances]))
        hole = rest.pop(nearest)
        at, start = np.unravel_index(int(np.argmin(distances[nearest])), distances[nearest].shape)
        inner = np.roll(hole, -int(start), axis=0)
        if signed_area(inner) * signed_area(outer) > 0:
            inner = np.concatenate([inner[:1], inner[:0:-1]])
        ring = np.concatenate([ring[: at + 1], inner, inner[:1], ring[at:]])
    return ring


def _contains(polygon: FloatArray, point: FloatArray) -> bool:
    start, end = polygon, np.roll(polygon, -1, axis=0)
    crosses: BoolArray = (start[:, 1] <= point[1]) != (end[:, 1] <= point[1])
    start, end = start[crosses], end[crosses]
    at = start[:, 0] + (point[1] - start[:, 1]) * (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
    return bool(np.count_nonzero(at > point[0]) % 2)
