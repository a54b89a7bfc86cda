"""The outlines of a mask along the edges of its pixels: polygons that enclose exactly the pixels, no more and no less."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .arrays import BoolArray, FloatArray

Corner = tuple[int, int]


def pixel_edges(mask: BoolArray) -> list[FloatArray]:
    """Closed polygons around the pixels of a plane.

    Pixels that touch at a corner only are separate, so no polygon crosses or touches itself along an edge. Holes are
    polygons of their own: even–odd filling gives the mask back, and the area is that of the pixels.

    Parameters
    ----------
    mask : array of bool, shape (nj, ni)

    Returns
    -------
    list of arrays, each (n, 2)
        Corners (i, j) in index coordinates, half-way between pixel centres: where the outline turns, first not repeated.
    """
    ways = dict(_edges(mask))
    polygons = []
    while ways:
        start = next(iter(ways))
        polygons.append(_closed(start, ways))
    return polygons


Step = tuple[int, int]
Edge = tuple[Corner, Step]
"""Where an edge starts, and its direction; the pixel lies on its left as i runs right and j up."""

_LEFT_TURN: dict[Step, Step] = {(1, 0): (0, 1), (0, 1): (-1, 0), (-1, 0): (0, -1), (0, -1): (1, 0)}


def _edges(mask: BoolArray) -> Iterator[tuple[Edge, Corner]]:
    """All edges between a pixel and what is none, with where each ends."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    for beyond, first, step in (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),  # below: run right along the lower edge
        (padded[1:-1, 2:], (1, 0), (0, 1)),  # right: run up along the right edge
        (padded[2:, 1:-1], (1, 1), (-1, 0)),  # above: run left
        (padded[1:-1, :-2], (0, 1), (0, -1)),  # left: run down
    ):
        j, i = np.nonzero(inside & ~beyond)
        for x, y in zip((i + first[0]).tolist(), (j + first[1]).tolist(), strict=True):
            yield ((x, y), step), (x + step[0], y + step[1])


def _closed(start: Edge, ways: dict[Edge, Corner]) -> FloatArray:
    """The polygon that starts with an edge, its edges taken out. Where two pixels touch it turns left, around its own."""
    corners: list[Corner] = []
    edge, former = start, None
    while edge in ways:
        corner, step = edge
        if step != former:
            corners.append(corner)
        end = ways.pop(edge)
        left = _LEFT_TURN[step]
        right = (-left[0], -left[1])
        edge = next((one for one in ((end, left), (end, step), (end, right)) if one in ways), (end, left))
        former = step
    if former == start[1]:
        corners = corners[1:]  # the outline runs straight through where it was begun
    return np.asarray(corners, dtype=np.float64) - 0.5
