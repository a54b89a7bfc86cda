"""A structure's contours sorted into parallel planes, each standing for a slab of tissue."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..model.arrays import FloatArray
from ..model.contour_overlap import overlap
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.interlock import Interlock
from ..model.structure import Structure

PLANE_TOLERANCE_MM = 0.1
"""Contour points this close along the normal lie on one plane."""

GAP_FACTOR = 1.5
"""A distance between planes beyond this multiple of the smallest one is a gap in the structure, not a thick slab."""

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
    """Sort contours into planes parallel to the slices of the CT.

    A slab reaches half way to the neighbouring planes; the first and the last plane, and those beside a gap, reach half
    the smallest plane distance beyond themselves (half-slice end caps, as in Nelms B et al., Med Phys 42:4435 (2015)).

    Parameters
    ----------
    structure : Structure
    geometry : Geometry
        Grid of the CT the structure was contoured on.

    Raises
    ------
    DosimetryError
        If a contour is not parallel to the CT's slices or lies outside the CT, crosses another or occurs twice (the
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
        _require_within(structure, local, geometry)
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
    usual = float(steps.min()) if steps.size else geometry.spacing_mm[2]
    if usual > max(LARGEST_STEP_MM, GAP_FACTOR * geometry.spacing_mm[2]):
        raise DosimetryError(
            f"Structure '{structure.name}'", f"its contours are {usual:.1f} mm apart", "Contour every slice of the CT."
        )
    halves = np.where(steps <= GAP_FACTOR * usual, steps, usual) / 2.0
    below = np.concatenate([[usual / 2.0], halves])
    above = np.concatenate([halves, [usual / 2.0]])
    return tuple(
        ContourPlane(float(position), float(below[n]), float(above[n]), tuple(by_position[position]))
        for n, position in enumerate(positions)
    )


def count_gaps(planes: tuple[ContourPlane, ...]) -> int:
    """How many gaps there are between planes, where contours are missing or the structure has several parts."""
    return sum(
        upper.position_mm - lower.position_mm > lower.above_mm + upper.below_mm + PLANE_TOLERANCE_MM
        for lower, upper in pairwise(planes)
    )


def _require_within(structure: Structure, local_mm: FloatArray, geometry: Geometry) -> None:
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
