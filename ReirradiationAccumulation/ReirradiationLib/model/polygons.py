"""Even–odd filling of polygons on a grid of pixel centres.

Rule: a pixel is in if its centre is in, by even–odd over all contours of the plane together, with half-open edges. So
holes work both as contours of their own (XOR) and as keyholes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .arrays import BoolArray, FloatArray


def fill(polygons: Sequence[FloatArray], first: FloatArray, step: FloatArray, size: tuple[int, int]) -> BoolArray:
    """Fill closed polygons of one plane by even–odd.

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
    return np.asarray(fill_planes([polygons], first, step, size)[0])


def fill_planes(
    planes: Sequence[Sequence[FloatArray]], first: FloatArray, step: FloatArray, size: tuple[int, int]
) -> BoolArray:
    """Fill the polygons of several planes at once, each plane by even–odd for itself; parameters as in :func:`fill`.

    Returns
    -------
    array of bool, shape (number of planes, nv, nu)
    """
    nu, nv = size
    toggles = np.zeros((len(planes), nv, nu + 1), dtype=np.uint8)
    edges = _edges(planes, first, step)
    if edges is None:
        return toggles[..., :nu].astype(np.bool_)
    start, end, plane = edges
    rising = start[:, 1] <= end[:, 1]
    low = np.where(rising[:, None], start, end)
    high = np.where(rising[:, None], end, start)
    # Rows v with low ≤ v < high: each edge owns its lower end, so shared vertices count once.
    first_row = np.clip(np.ceil(low[:, 1]), 0, nv).astype(np.intp)
    counts = np.clip(np.ceil(high[:, 1]), 0, nv).astype(np.intp) - first_row
    edge = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts - first_row, counts)
    slope = (high[:, 0] - low[:, 0]) / np.where(counts > 0, high[:, 1] - low[:, 1], 1.0)
    crossing = low[edge, 0] + (rows - low[edge, 1]) * slope[edge]
    columns = np.clip(np.ceil(crossing), 0, nu).astype(np.intp)
    # Counted modulo 256, which keeps the parity.
    np.add.at(toggles.reshape(-1), (plane[edge] * nv + rows) * (nu + 1) + columns, np.uint8(1))
    return np.asarray((np.cumsum(toggles[..., :nu], axis=2, dtype=np.uint8) & 1).view(np.bool_))


def _edges(
    planes: Sequence[Sequence[FloatArray]], first: FloatArray, step: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]] | None:
    """Start and end of every edge in pixels, and the plane it lies on; None if there are no polygons."""
    polygons = [polygon for plane in planes for polygon in plane]
    if not polygons:
        return None
    start = (np.concatenate(polygons) - first) / step
    following = np.arange(1, len(start) + 1)
    lengths = np.array([len(polygon) for polygon in polygons])
    ends = np.cumsum(lengths)
    following[ends - 1] = ends - lengths
    of_polygon = np.repeat(np.arange(len(planes)), [len(plane) for plane in planes])
    return start, start[following], np.repeat(of_polygon, lengths)


def signed_area(polygon: FloatArray) -> float:
    """Area of a closed polygon, shape (n, 2), positive if counter-clockwise (shoelace formula)."""
    shifted = polygon - polygon[0]
    u, v = shifted[:, 0], shifted[:, 1]
    return 0.5 * float(np.sum(u[:-1] * v[1:] - u[1:] * v[:-1]))  # the last edge ends in the origin and adds nothing


def length_mm(polygon: FloatArray) -> float:
    """Length of the edges of a closed polygon, shape (n, 2)."""
    return float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())


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
