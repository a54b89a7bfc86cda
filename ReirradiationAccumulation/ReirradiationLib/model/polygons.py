"""Even–odd filling of polygons on a grid of pixel centres.

Rule: a pixel is in if its centre is in, by even–odd over all contours of the plane together, with half-open edges. So
holes work both as contours of their own (XOR) and as keyholes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import BoolArray, FloatArray


def fill(polygons: Sequence[FloatArray], first: FloatArray, step: FloatArray, size: tuple[int, int]) -> BoolArray:
    """Fill closed polygons by even–odd.

    Parameters
    ----------
    polygons : sequence of arrays, each (n, 2)
        Vertices (u, v) in mm.
    first : array, shape (2,)
        Centre (u, v) of pixel ``[0, 0]``.
    step : array, shape (2,)
        Pixel distance along u and v.
    size : (nu, nv)

    Returns
    -------
    array of bool, shape (nv, nu)
    """
    nu, nv = size
    toggles = np.zeros((nv, nu + 1), dtype=np.int32)
    for polygon in polygons:
        vertices = (polygon - first) / step
        start, end = vertices, np.roll(vertices, -1, axis=0)
        rising = start[:, 1] <= end[:, 1]
        low = np.where(rising[:, None], start, end)
        high = np.where(rising[:, None], end, start)
        # Rows v with low ≤ v < high: each edge owns its lower end, so shared vertices count once.
        first_row = np.clip(np.ceil(low[:, 1]), 0, nv).astype(np.intp)
        last_row = np.clip(np.ceil(high[:, 1]), 0, nv).astype(np.intp)
        counts = np.maximum(last_row - first_row, 0)
        if not counts.any():
            continue
        edge = np.repeat(np.arange(len(vertices)), counts)
        rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first_row[edge]
        slope = (high[edge, 0] - low[edge, 0]) / (high[edge, 1] - low[edge, 1])
        crossing = low[edge, 0] + (rows - low[edge, 1]) * slope
        columns = np.clip(np.ceil(crossing), 0, nu).astype(np.intp)
        np.add.at(toggles, (rows, columns), 1)
    return np.asarray(np.cumsum(toggles[:, :nu], axis=1) % 2 == 1)


def signed_area(polygon: FloatArray) -> float:
    """Area of a closed polygon, shape (n, 2), positive if counter-clockwise (shoelace formula)."""
    shifted = polygon - polygon[0]
    u, v = shifted[:, 0], shifted[:, 1]
    return 0.5 * float(np.sum(u * np.roll(v, -1) - np.roll(u, -1) * v))


def contains(polygon: FloatArray, points: FloatArray) -> BoolArray:
    """Whether points, shape (n, 2), lie within a closed polygon by even–odd with half-open edges, shape (n,)."""
    start, end = polygon[None], np.roll(polygon, -1, axis=0)[None]
    u, v = points[:, :1], points[:, 1:]
    crosses = (start[..., 1] <= v) != (end[..., 1] <= v)
    rise = np.where(crosses, end[..., 1] - start[..., 1], 1.0)
    at = start[..., 0] + (v - start[..., 1]) * (end[..., 0] - start[..., 0]) / rise
    return np.asarray(np.count_nonzero(crosses & (at > u), axis=1) % 2 == 1)


def distance_to_edges(points: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Distance of each point, shape (…, 2), to its edge; shapes are broadcast, so one edge may serve for all points.

    Returns
    -------
    array, shape (n,)
    """
    along = ends - starts
    length2 = np.maximum(np.sum(along**2, axis=-1), 1e-12)
    share = np.clip(np.sum((points - starts) * along, axis=-1) / length2, 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - starts - share[..., None] * along, axis=-1))
