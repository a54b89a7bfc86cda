"""A structure's contours sorted into parallel planes, each standing for a slab of tissue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.contour_overlap import overlap
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.interlock import Interlock
from ..model.structure import Structure

PLANE_TOLERANCE_MM = 0.1
"""Contour points this close along the normal lie on one plane."""

GAP_FACTOR = 1.5
"""A distance between planes beyond this multiple of the neighbouring ones is a gap in the structure, not a thick slab."""

LARGEST_CHANGE = 2.6
"""So is any beyond this multiple of the smallest one: slices of 2 and of 5 mm may follow each other in a CT."""

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
    by_position: dict[float, list[FloatArray]] = {}
    axes = np.asarray(geometry.direction)
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
        near = [known for known in by_position if abs(known - position) <= PLANE_TOLERANCE_MM]
        beside = by_position.setdefault(near[0] if near else position, [])
        beside.append(local[:, :2])
    for position, loops in by_position.items():
        if wrong := overlap(loops):
            height = to_lps(np.array([[0.0, 0.0, position]]), geometry)[0]
            raise DosimetryError(
                f"Structure '{structure.name}'",
                f"{wrong}, on the plane through LPS {np.round(height, 1).tolist()} mm",
                Interlock.STRUCTURE_OVERLAP.advice,
                "contours each wholly inside or outside the others",
                Interlock.STRUCTURE_OVERLAP,
            )
    positions = np.array(sorted(by_position))
    steps = np.diff(positions)
    smallest = float(steps.min()) if steps.size else geometry.spacing_mm[2]
    if smallest > max(LARGEST_STEP_MM, GAP_FACTOR * geometry.spacing_mm[2]):
        raise DosimetryError(
            f"Structure '{structure.name}'", f"its contours are {smallest:.1f} mm apart", "Contour every slice of the CT."
        )
    is_gap = _gaps(steps)
    # Beyond an end of a run the next slice would be as far as the last one; a single plane has no such neighbour.
    joined = np.where(is_gap, np.nan, steps)
    to_lower, to_upper = np.concatenate([[np.nan], joined]), np.concatenate([joined, [np.nan]])
    below = np.where(np.isnan(to_lower), np.where(np.isnan(to_upper), smallest, to_upper), to_lower) / 2.0
    above = np.where(np.isnan(to_upper), np.where(np.isnan(to_lower), smallest, to_lower), to_upper) / 2.0
    return tuple(
        ContourPlane(float(position), float(below[n]), float(above[n]), tuple(by_position[position]))
        for n, position in enumerate(positions)
    )


def _gaps(steps: FloatArray) -> BoolArray:
    """Which distances between planes are gaps: much larger than both a neighbouring one and the smallest one.

    CTs whose slices are closer in one region than in another so have no gap where the distance changes.
    """
    if not steps.size:
        return np.zeros(0, dtype=np.bool_)
    padded = np.concatenate([[0.0], steps, [0.0]])
    beside = np.maximum(padded[:-2], padded[2:])
    return np.asarray((steps > GAP_FACTOR * np.maximum(beside, steps.min())) | (steps > LARGEST_CHANGE * steps.min()))


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
