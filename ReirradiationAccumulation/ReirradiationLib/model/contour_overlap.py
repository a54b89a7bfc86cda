"""Loops of one plane that do not go together: stored twice, or crossing each other.

Even–odd filling turns a doubled loop into nothing and the overlap of two loops into a hole, without a trace. A loop must lie
wholly inside another (a hole, or an island in a hole) or wholly outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from .arrays import FloatArray
from .polygons import contains, distance_to_edges, signed_area

ON_EDGE_MM = 0.1
"""Points this close to the other loop's edge count as neither inside nor outside: loops may touch."""

SAMPLE_MM = 2.0
"""Edges longer than this are sampled in between: loops may cross without a vertex inside the other."""

BLOCK = 32
"""Points that are held against all edges at once."""

SAME_AREA = 0.02
"""Relative difference of area below which two loops along each other are the same loop twice."""


def overlap(loops: Sequence[FloatArray]) -> str:
    """What is wrong with the loops of a plane, in words; empty if each lies wholly inside or outside every other.

    Parameters
    ----------
    loops : sequence of arrays, each (n, 2)
        Closed polygons (u, v) in mm, holes as loops of their own or as keyholes.
    """
    boxes = [(loop.min(axis=0), loop.max(axis=0)) for loop in loops]
    for (one, (low, high)), (other, (low2, high2)) in combinations(zip(loops, boxes, strict=True), 2):
        if (low > high2).any() or (low2 > high).any():
            continue
        areas = abs(signed_area(one)), abs(signed_area(other))
        large, small = (one, other) if areas[0] >= areas[1] else (other, one)
        inside, outside = _sides(_sampled(small), large)
        if inside and outside:
            return "contours that cross each other"
        if not inside and not outside and min(areas) >= (1.0 - SAME_AREA) * max(areas):
            return "the same contour twice"
        if outside and not inside and any(_sides(_sampled(large), small)[:1]):
            return "contours that cross each other"
    return ""


def _sides(points: FloatArray, polygon: FloatArray) -> tuple[bool, bool]:
    """Whether some points lie clearly inside the polygon, and whether some lie clearly outside."""
    inside = np.concatenate([contains(polygon, part) for part in _blocks(points)])
    return _any_clear(points[inside], polygon), _any_clear(points[~inside], polygon)


def _any_clear(points: FloatArray, polygon: FloatArray) -> bool:
    """Whether a point lies away from the polygon's edges; mostly the first ones tell."""
    starts, ends = polygon[None], np.roll(polygon, -1, axis=0)[None]
    return any(
        bool((distance_to_edges(part[:, None], starts, ends).min(axis=1) > ON_EDGE_MM).any()) for part in _blocks(points)
    )


def _blocks(points: FloatArray) -> list[FloatArray]:
    return [points[start : start + BLOCK] for start in range(0, len(points), BLOCK)]


def _sampled(polygon: FloatArray) -> FloatArray:
    """The vertices, and points between those that are far apart."""
    ends = np.roll(polygon, -1, axis=0)
    parts = np.maximum(np.ceil(np.linalg.norm(ends - polygon, axis=1) / SAMPLE_MM).astype(np.intp), 1)
    edge = np.repeat(np.arange(len(polygon)), parts)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[edge]
    return np.asarray(polygon[edge] + share[:, None] * (ends - polygon)[edge])
