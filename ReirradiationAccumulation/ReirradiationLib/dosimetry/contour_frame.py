"""The planes that contours were drawn on: the slices of the CT, or oblique ones with a frame of their own."""

from __future__ import annotations

import math

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry, Vector3
from ..model.interlock import Interlock
from ..model.structure import Structure
from .plane_stack import GAP_FACTOR, LARGEST_STEP_MM, PLANE_TOLERANCE_MM, require_within

MARGIN_MM = 1.0
"""The frame of oblique contours reaches this far beyond them."""


def contour_frame(structure: Structure, geometry: Geometry) -> Geometry:
    """The grid along whose slices a structure was contoured.

    That is the CT's grid if every contour is parallel to its slices. Else all contours must be parallel to each other: an
    RTSTRUCT drawn on an oblique or a sagittal series. The grid then has the contours' common normal (mean of their vector
    areas), the CT's axis that is closest to the planes as its first axis, and the distance of the contours.

    Parameters
    ----------
    structure : Structure
    geometry : Geometry
        Grid of the current CT.

    Raises
    ------
    DosimetryError
        If the contours lie neither on the CT's slices nor in parallel planes, all in one oblique plane (nothing tells how
        thick it is), or outside the CT.
    """
    normal = np.asarray(geometry.normal)
    if all(_span_mm(contour, normal) <= 2.0 * PLANE_TOLERANCE_MM for contour in structure.contours_mm):
        return geometry
    areas = [_vector_area(contour) for contour in structure.contours_mm]
    normal = _common_normal(structure, areas, normal)
    _require_parallel(structure, areas, normal)
    step_mm = _smallest_step_mm(structure, normal)
    to_index = np.asarray(geometry.direction)
    for contour in structure.contours_mm:
        require_within(structure, (contour - np.asarray(geometry.origin_mm)) @ to_index, geometry)
    return _frame(structure, geometry, normal, step_mm)


def tilt_degrees(frame: Geometry, geometry: Geometry) -> float:
    """Angle between the slices of two grids, 0 … 90°."""
    return math.degrees(math.acos(min(1.0, abs(float(frame.normal @ geometry.normal)))))


def _span_mm(contour: FloatArray, normal: FloatArray) -> float:
    return float(np.ptp((contour - contour[0]) @ normal))


def _vector_area(contour: FloatArray) -> FloatArray:
    """Area of a closed polygon times the normal of its plane, mm² (Newell's method)."""
    shifted = contour - contour.mean(axis=0)
    return np.asarray(np.cross(shifted, np.roll(shifted, -1, axis=0)).sum(axis=0) / 2.0)


def _common_normal(structure: Structure, areas: list[FloatArray], slice_normal: FloatArray) -> FloatArray:
    largest = max(areas, key=lambda area: float(np.linalg.norm(area)))
    total = np.sum([area if area @ largest >= 0.0 else -area for area in areas], axis=0)
    length = float(np.linalg.norm(total))
    if not length > 0.0:
        raise DosimetryError(
            f"Structure '{structure.name}'", "its contours enclose no area", "Correct them or leave it out of the case."
        )
    return np.asarray(total / length if total @ slice_normal >= 0.0 else -total / length)


def _require_parallel(structure: Structure, areas: list[FloatArray], normal: FloatArray) -> None:
    spans = [_span_mm(contour, normal) for contour in structure.contours_mm]
    worst = int(np.argmax(spans))
    if spans[worst] <= 2.0 * PLANE_TOLERANCE_MM:
        return
    area = float(np.linalg.norm(areas[worst]))
    flat = _span_mm(structure.contours_mm[worst], areas[worst] / area) if area > 0.0 else 0.0
    if flat > 2.0 * PLANE_TOLERANCE_MM:
        found = f"a contour is not planar: its points span {flat:.2f} mm across its mean plane"
    else:
        angle = math.degrees(math.acos(min(1.0, abs(float(areas[worst] @ normal)) / area))) if area > 0.0 else 90.0
        found = f"its contours are not parallel to each other: one is turned by {angle:.1f}° against their mean plane"
    raise DosimetryError(
        f"Structure '{structure.name}'",
        found,
        Interlock.STRUCTURE_OBLIQUE.advice,
        "contours in parallel planes",
        Interlock.STRUCTURE_OBLIQUE,
    )


def _smallest_step_mm(structure: Structure, normal: FloatArray) -> float:
    positions = np.sort([float(np.median(contour @ normal)) for contour in structure.contours_mm])
    steps = np.diff(positions)
    steps = steps[steps > PLANE_TOLERANCE_MM]
    if not steps.size:
        raise DosimetryError(
            f"Structure '{structure.name}'",
            "all its contours lie in one plane that is oblique to the slices of the CT, so its thickness is not known",
            Interlock.STRUCTURE_OBLIQUE.advice,
            "contours in two planes or more",
            Interlock.STRUCTURE_OBLIQUE,
        )
    return float(steps.min())


def _frame(structure: Structure, geometry: Geometry, normal: FloatArray, step_mm: float) -> Geometry:
    axes = np.asarray(geometry.direction)
    nearest = axes[:, int(np.argmin(np.abs(axes.T @ normal)))]
    along = nearest - (nearest @ normal) * normal
    along /= np.linalg.norm(along)
    turned = np.column_stack([along, np.cross(normal, along), normal])
    local = np.concatenate(list(structure.contours_mm)) @ turned
    low, high = local.min(axis=0) - MARGIN_MM, local.max(axis=0) + MARGIN_MM
    # A wide grid would make wide distances between contours look right.
    spacing = (geometry.spacing_mm[0], geometry.spacing_mm[1], min(step_mm, LARGEST_STEP_MM / GAP_FACTOR))
    ni, nj, nk = (int(n) for n in np.ceil((high - low) / spacing) + 1)
    x, y, z = (_vector(row) for row in turned)
    return Geometry(_vector(turned @ low), spacing, (x, y, z), (ni, nj, nk))


def _vector(values: FloatArray) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))
