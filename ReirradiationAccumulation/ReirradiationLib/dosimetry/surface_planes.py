"""A closed surface cut by parallel planes: the contours that a planning system would have been given of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.polygons import fill_planes
from ..model.segment import SurfaceStructure, Triangles
from ..model.structure import EndCaps, Structure
from .contour_body import ContourBody, contour_body

STEP_MM = 0.5
"""Distance of the planes: where a part ends between two planes, its tip is known within half of it."""

FEWEST_PLANES = 20
SMALLEST_STEP_MM = 0.2
"""Small structures are cut by as many planes, but not so close that they would count as one."""

SMALLEST_HEIGHT_MM = 1.5

ENOUGH_PLANES = 400
"""Structures that would need more than these have planes up to the largest distance apart: else they cost too much."""

LARGEST_STEP_MM = 1.0

SAME_POINT_MM = 1e-5
"""Corners this close are one: surfaces are stored with a copy of a corner for each normal there."""

PIXELS_ACROSS = 200
VOLUME_TOLERANCE = 0.01
"""The volumes of a surface and of its contours, counted on so many pixels, agree within this share."""

Numbers = NDArray[np.int64]


def surface_body(structure: SurfaceStructure, geometry: Geometry, wanted: int) -> ContourBody:
    """The body of a closed surface: its contours on close planes, and shape in between.

    Each plane stands for half the distance to its neighbours, the first and last for as much outwards (half-slice caps), so
    that the body ends where the surface does, and flat ends are exact.

    Parameters
    ----------
    structure : SurfaceStructure
    geometry : Geometry
        Grid of the current CT; the planes are parallel to its slices.
    wanted : int
        How many samples the structure is to have.

    Raises
    ------
    DosimetryError
        See :func:`surface_contours`; or if parts of the surface cross each other or lie outside the CT.
    """
    return contour_body(surface_contours(structure, geometry), geometry, EndCaps.HALF_SLICE, wanted)


def surface_contours(structure: SurfaceStructure, geometry: Geometry) -> Structure:
    """Cut a closed surface by planes parallel to the slices of the CT, 0.5 mm apart, or up to 1 mm if higher than 200 mm.

    The planes lie in the middle of equal layers between the lowest and the highest point (midpoint rule), so the error of
    the volume is of second order in their distance.

    Parameters
    ----------
    structure : SurfaceStructure
    geometry : Geometry
        Grid of the current CT.

    Raises
    ------
    DosimetryError
        If the surface is empty, lower than 1.5 mm, open or crosses itself, its triangles are not turned alike, or its
        numbers make no sense.
    """
    surface = _checked(structure)
    heights = surface.points_mm @ geometry.normal
    used = heights[surface.triangles]
    low, high = float(used.min()), float(used.max())
    if high - low < SMALLEST_HEIGHT_MM:
        raise _refusal(structure, f"its surface is only {high - low:.2g} mm high")
    count = _plane_count(high - low)
    step = (high - low) / count
    levels = np.asarray(low + step * (np.arange(count) + 0.5), dtype=np.float64)
    loops = _loops(_crossings(surface, heights, levels))
    _require_simple(structure, surface, [loop @ np.asarray(geometry.direction) for loop in loops], step)
    return Structure(structure.name, 0, tuple(loops), structure.colour)


def _plane_count(height_mm: float) -> int:
    wanted = math.ceil(height_mm / STEP_MM)
    fewest = min(FEWEST_PLANES, int(height_mm / SMALLEST_STEP_MM))
    return max(fewest, min(wanted, ENOUGH_PLANES), math.ceil(height_mm / LARGEST_STEP_MM))


@dataclass(frozen=True, eq=False)
class _Surface:
    """Corners without copies, and the triangles between them."""

    points_mm: FloatArray
    triangles: Triangles


@dataclass(frozen=True, eq=False)
class _Crossings:
    """Where the planes cut the triangles.

    Parameters
    ----------
    points_mm : array, shape (n, 3)
        The points where an edge crosses a plane.
    ends : array of int, shape (2, m)
        Numbers of the two points of each segment, the cut through one triangle.
    """

    points_mm: FloatArray
    ends: Numbers


def _checked(structure: SurfaceStructure) -> _Surface:
    points, triangles = np.asarray(structure.points_mm, dtype=np.float64), np.asarray(structure.triangles)
    if not len(points) or not len(triangles):
        raise _refusal(structure, "its surface is empty")
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise _refusal(structure, f"corners of shape {points.shape}, or not all finite")
    if triangles.ndim != 2 or triangles.shape[1] != 3 or triangles.min() < 0 or triangles.max() >= len(points):
        raise _refusal(structure, f"triangles of shape {triangles.shape}, or of corners that do not exist")
    rounded = np.rint((points - points.min(axis=0)) / SAME_POINT_MM).astype(np.int64)
    _, first, number = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    triangles = number.reshape(-1)[triangles]
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]
    start, end = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).T
    ways = np.minimum(start, end) * len(points) + np.maximum(start, end)
    _, edge, times = np.unique(ways, return_inverse=True, return_counts=True)
    if odd := int(np.count_nonzero(times % 2)):
        raise _refusal(structure, f"its surface is open: {odd} edges bound an odd number of triangles")
    # Each edge is run along as often one way as the other, if all triangles beside each other have their insides alike.
    if uneven := int(np.count_nonzero(np.bincount(edge.reshape(-1), np.where(start < end, 1.0, -1.0)))):
        raise _refusal(structure, f"inside and outside change places at {uneven} edges of its surface")
    if not len(triangles):
        raise _refusal(structure, "its surface is empty")
    return _Surface(points[first], triangles)


def _require_simple(structure: SurfaceStructure, surface: _Surface, loops: list[FloatArray], step_mm: float) -> None:
    """Refuse what even–odd filling would take for a hole: parts that cross each other, cavities turned inside out.

    Then the volume by the divergence theorem, where such parts count twice, is not that of the contours.
    """
    corners = surface.points_mm[surface.triangles] - surface.points_mm.mean(axis=0)
    bounded_mm3 = abs(float(np.linalg.det(corners).sum())) / 6.0
    if not loops:
        raise _refusal(structure, "its surface encloses no volume")
    vertices = np.concatenate(loops)[:, :2]
    first = vertices.min(axis=0)
    pixel = np.maximum((vertices.max(axis=0) - first) / PIXELS_ACROSS, SAME_POINT_MM)
    by_level: dict[int, list[FloatArray]] = {}
    lowest = min(float(loop[0, 2]) for loop in loops)
    for loop in loops:
        by_level.setdefault(round((float(loop[0, 2]) - lowest) / step_mm), []).append(loop[:, :2])
    filled = fill_planes(list(by_level.values()), first + pixel / 2.0, pixel, (PIXELS_ACROSS, PIXELS_ACROSS))
    filled_mm3 = float(np.count_nonzero(filled) * pixel.prod() * step_mm)
    # The midpoint rule errs by 1 / (2 n²) in a ball cut by n planes.
    tolerance = VOLUME_TOLERANCE + 1.0 / len(filled) ** 2
    if abs(filled_mm3 - bounded_mm3) > tolerance * bounded_mm3 + pixel.prod() * step_mm:
        found = f"its surface bounds {bounded_mm3 / 1000.0:.4g} cc, its contours {filled_mm3 / 1000.0:.4g} cc"
        raise _refusal(structure, f"{found}: it crosses itself, or a cavity is turned inside out")


def _crossings(surface: _Surface, heights: FloatArray, levels: FloatArray) -> _Crossings:
    """Cut all triangles with all planes; a corner on a plane counts as above it, so that exactly two edges are cut."""
    z = heights[surface.triangles]
    first = np.searchsorted(levels, z.min(axis=1), side="right")
    counts = np.searchsorted(levels, z.max(axis=1), side="right") - first
    triangle = np.repeat(np.arange(len(z)), counts)
    plane = np.arange(len(triangle)) - np.repeat(np.cumsum(counts) - counts - first, counts)
    above = z[triangle] >= levels[plane][:, None]
    # The corner that lies alone on its side of the plane.
    lone = np.where(np.count_nonzero(above, axis=1) == 1, above.argmax(axis=1), above.argmin(axis=1))
    tip, *others = (surface.triangles[triangle, (lone + turn) % 3] for turn in range(3))
    lower, upper = (np.concatenate([pick(tip, other) for other in others]) for pick in (np.minimum, np.maximum))
    planes = np.concatenate([plane, plane])
    # Both triangles beside an edge find the same point, number and all.
    count = len(heights)
    _, which, number = np.unique((planes * count + lower) * count + upper, return_index=True, return_inverse=True)
    lower, upper, planes = lower[which], upper[which], planes[which]
    share = (levels[planes] - heights[lower]) / (heights[upper] - heights[lower])
    points = surface.points_mm[lower] + share[:, None] * (surface.points_mm[upper] - surface.points_mm[lower])
    return _Crossings(points, number.reshape(2, -1))


def _loops(crossings: _Crossings) -> list[FloatArray]:
    """Join segments to closed polygons. As many of them meet in a point as triangles on its edge, an even number."""
    segments = crossings.ends.shape[1]
    at = crossings.ends.reshape(-1)
    order = np.argsort(at, kind="stable")
    mate = np.empty_like(order)
    mate[order[0::2]], mate[order[1::2]] = order[1::2], order[0::2]
    # From the near end of a segment to its far end, and on to the near end of the segment that it is joined to.
    following = mate[(np.arange(2 * segments) + segments) % (2 * segments)].tolist()
    is_left = [True] * segments
    loops = []
    for start in range(segments):
        ends, end = [], start
        while is_left[end % segments]:
            is_left[end % segments] = False
            ends.append(end)
            end = following[end]
        loop = crossings.points_mm[at[ends]]
        if len(loop) >= 3 and np.ptp(loop, axis=0).max() > SAME_POINT_MM:
            loops.append(loop)
    return loops


def _refusal(structure: SurfaceStructure, found: str) -> DosimetryError:
    return DosimetryError(
        f"Structure '{structure.name}'",
        found,
        "Repair the segment, or convert it to a binary labelmap and use that.",
        "a closed surface of triangles",
    )
