"""A structure's contours sorted into parallel planes, each standing for a slab of tissue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, FloatArray
from ..model.contour_overlap import overlap
from ..model.contour_shape import even_odd_area
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.interlock import Interlock
from ..model.polygons import fill_planes, length_mm, signed_area
from ..model.structure import Structure

PLANE_TOLERANCE_MM = 0.1
"""Contour points this close along the normal lie on one plane."""

GAP_FACTOR = 1.5
"""A distance between planes beyond this multiple of the smallest and of the CT's slices may be a gap in the structure."""

FEWEST_ALIKE = 3
"""So many large distances in a row are no gaps but thick slabs."""

SAME_SLICE = 0.3
"""Contours closer than this share of a slice lie on one slice."""

PIXELS_ACROSS = 128
"""Raster on which contours are looked at for crossing themselves."""

LARGEST_STEP_MM = 10.0
"""Contours further apart than this describe no shape that could be evaluated."""


@dataclass(frozen=True, eq=False)
class ContourPlane:
    """The contours of one plane.

    Parameters
    ----------
    position_mm : float
        Along the CT's slice normal.
    below_mm, above_mm : float
        How far the slab of this plane reaches.
    polygons : tuple of arrays, each (n, 2)
        Coordinates along the CT's rows and columns, mm.
    """

    position_mm: float
    below_mm: float
    above_mm: float
    polygons: tuple[FloatArray, ...]

    @property
    def thickness_mm(self) -> float:
        """Thickness of the slab."""
        return self.below_mm + self.above_mm


def contour_planes(structure: Structure, geometry: Geometry) -> tuple[ContourPlane, ...]:
    """Sort contours into planes parallel to the slices of a grid: that of the CT, or see :func:`.contour_frame`.

    The slab of a plane reaches half way to the neighbouring planes; the first and the last plane, and those beside a gap,
    reach as far outwards as inwards (half-slice end caps, as in Nelms B et al., Med Phys 42:4435 (2015)).

    Parameters
    ----------
    structure : Structure
    geometry : Geometry
        Grid that the structure was contoured on.

    Raises
    ------
    DosimetryError
        If a contour is not parallel to the grid's slices or lies outside the grid, crosses another or occurs twice (the
        overlap would cancel out by even–odd), or the planes are too far apart.
    """
    axes = np.asarray(geometry.direction)
    found: list[tuple[float, FloatArray]] = []
    for contour in structure.contours_mm:
        local = (contour - np.asarray(geometry.origin_mm)) @ axes
        position = float(np.median(local[:, 2]))
        if np.ptp(local[:, 2]) > 2 * PLANE_TOLERANCE_MM:
            raise DosimetryError(
                f"Structure '{structure.name}'",
                f"a contour spans {np.ptp(local[:, 2]):.2f} mm along the slice normal of the CT",
                Interlock.STRUCTURE_OBLIQUE.advice,
                "contours parallel to the slices",
                Interlock.STRUCTURE_OBLIQUE,
            )
        require_within(structure, local, geometry)
        found.append((position, local[:, :2]))
    found.sort(key=lambda entry: entry[0])
    groups = _groups(np.array([position for position, _ in found]), geometry.spacing_mm[2])
    planes = [[found[n][1] for n in group] for group in groups]
    positions = np.array([np.mean([found[n][0] for n in group]) for group in groups])
    _require_clear(structure, planes, positions, geometry)
    steps = np.diff(positions)
    smallest = float(steps.min()) if steps.size else geometry.spacing_mm[2]
    if smallest > max(LARGEST_STEP_MM, GAP_FACTOR * geometry.spacing_mm[2]):
        raise DosimetryError(
            f"Structure '{structure.name}'", f"its contours are {smallest:.1f} mm apart", "Contour every slice of the CT."
        )
    is_gap = _gaps(steps, geometry.spacing_mm[2])
    usual = max(float(np.median(steps[~is_gap])) if (~is_gap).any() else 0.0, geometry.spacing_mm[2])
    # Beyond an end of a run the next slice would be as far as the last one; a single plane has no such neighbour.
    joined = np.where(is_gap, np.nan, steps)
    to_lower, to_upper = np.concatenate([[np.nan], joined]), np.concatenate([joined, [np.nan]])
    below = np.where(np.isnan(to_lower), np.where(np.isnan(to_upper), usual, to_upper), to_lower) / 2.0
    above = np.where(np.isnan(to_upper), np.where(np.isnan(to_lower), usual, to_lower), to_upper) / 2.0
    return tuple(
        ContourPlane(float(position), float(below[n]), float(above[n]), tuple(planes[n]))
        for n, position in enumerate(positions)
    )


def _groups(positions: FloatArray, slice_mm: float) -> list[NDArray[np.intp]]:
    """Contours that lie on one plane, by their sorted positions.

    Parts of one structure drawn or exported a little apart are on one slice: positions much closer than both the slices of
    the CT and the usual distance of the contours. Else the tiny distance would be taken for the structure's own.
    """
    steps = np.diff(positions)
    distinct = steps[steps > PLANE_TOLERANCE_MM]
    usual = min(float(np.percentile(distinct, 75.0)), slice_mm) if distinct.size else slice_mm
    apart = np.flatnonzero(steps > max(PLANE_TOLERANCE_MM, SAME_SLICE * usual)) + 1
    return np.split(np.arange(len(positions)), apart)


def _gaps(steps: FloatArray, slice_mm: float) -> BoolArray:
    """Which distances between planes are gaps.

    A distance that is much larger than the slices and than the smallest distance, unless it is one of three or more alike
    in a row: then the structure was contoured on every so many slices there, or the CT has thicker ones.
    """
    is_gap = np.zeros(len(steps), dtype=np.bool_)
    if not steps.size:
        return is_gap
    large = np.flatnonzero(steps > GAP_FACTOR * max(slice_mm, float(steps.min())))
    for n in large:
        alike = steps >= steps[n] / GAP_FACTOR
        first, last = n, n
        while first > 0 and alike[first - 1]:
            first -= 1
        while last < len(steps) - 1 and alike[last + 1]:
            last += 1
        is_gap[n] = last - first + 1 < FEWEST_ALIKE
    return is_gap


def _require_clear(structure: Structure, planes: list[list[FloatArray]], positions: FloatArray, geometry: Geometry) -> None:
    """Refuse contours that cross each other or themselves, or that are there twice: by even–odd they would be holes."""
    crossing = _cross_themselves(planes)
    for n, (loops, position) in enumerate(zip(planes, positions, strict=True)):
        wrong = overlap(loops) or ("a contour that crosses itself, or walks around twice" if crossing[n] else "")
        if wrong:
            height = to_lps(np.array([[0.0, 0.0, position]]), geometry)[0]
            raise DosimetryError(
                f"Structure '{structure.name}'",
                f"{wrong}, on the plane through LPS {np.round(height, 1).tolist()} mm",
                Interlock.STRUCTURE_OVERLAP.advice,
                "contours each wholly inside or outside the others",
                Interlock.STRUCTURE_OVERLAP,
            )


def _cross_themselves(planes: list[list[FloatArray]]) -> BoolArray:
    """On which planes the area by the shoelace formula is not what even–odd encloses.

    Counted on a coarse raster: what is lost or gained beyond a fifth, and beyond what the raster may miss at the edges.
    """
    vertices = np.concatenate([loop for plane in planes for loop in plane])
    first, last = vertices.min(axis=0), vertices.max(axis=0)
    pixel = max(float((last - first).max()) / PIXELS_ACROSS, 1e-3)
    size = tuple(int(n) + 2 for n in (last - first) / pixel)
    filled = fill_planes(planes, first, np.full(2, pixel), (size[0], size[1]))
    raster = np.count_nonzero(filled, axis=(1, 2)) * pixel**2
    area = np.array([even_odd_area(plane) if len(plane) > 1 else abs(signed_area(plane[0])) for plane in planes])
    length = np.array([sum(length_mm(loop) for loop in plane) for plane in planes])
    return np.asarray(np.abs(raster - area) > 0.2 * area + 0.5 * pixel * length + 4.0 * pixel**2)


def runs(planes: Sequence[ContourPlane]) -> list[slice]:
    """The runs of planes without a gap between them."""
    ends = [
        n
        for n, (lower, upper) in enumerate(pairwise(planes), start=1)
        if upper.position_mm - lower.position_mm > lower.above_mm + upper.below_mm + PLANE_TOLERANCE_MM
    ]
    return [slice(start, stop) for start, stop in pairwise([0, *ends, len(planes)])]


def count_gaps(planes: Sequence[ContourPlane]) -> int:
    """How many gaps there are between planes, where contours are missing or the structure has several parts."""
    return len(runs(planes)) - 1


def require_within(structure: Structure, local_mm: FloatArray, geometry: Geometry) -> None:
    """Refuse points, shape (n, 3) along the CT's axes, that lie outside the CT."""
    spacing = np.asarray(geometry.spacing_mm)
    outside = (local_mm < -spacing) | (local_mm > np.asarray(geometry.size) * spacing)
    if outside.any():
        raise DosimetryError(
            f"Structure '{structure.name}'",
            f"a contour point lies at {np.round(to_lps(local_mm[outside.any(axis=1)][:1], geometry)[0], 1).tolist()} mm",
            "Name the structure set of the current CT, or correct the contour.",
            "points within the current CT",
        )


def to_lps(local_mm: FloatArray, geometry: Geometry) -> FloatArray:
    """LPS points of coordinates along the CT's axes (rows, columns, normal), both of shape (n, 3), mm."""
    return np.asarray(local_mm @ np.asarray(geometry.direction).T + np.asarray(geometry.origin_mm))
