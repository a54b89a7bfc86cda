"""A deformation in one plane: regular lines after it, and the local change of volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ..model.arrays import FloatArray
from ..model.dose_colours import Colour
from ..model.geometry import Geometry, Vector3
from .palette import FOLDED, GROWS, SHRINKS

Displacement: TypeAlias = Callable[[FloatArray], FloatArray]
"""From LPS points to displacements in mm, both of shape (n, 3); NaN where undefined."""

LINES_MM = 10.0
BEYOND_MM = 30.0
"""How far beyond the picture lines begin that the deformation may carry into it."""

JACOBIAN_STEP_MM = 1.0
LATTICE_PX = 2
"""The Jacobian is computed at every second pixel, about a millimetre apart."""

LARGEST_RATIO = 1.5
"""Volume change at the upper end of the colours; its inverse is at the lower end."""

STRONGEST_WASH = 0.85


def within(geometry: Geometry, displacement_mm: Displacement) -> Displacement:
    """The same displacement, undefined beyond the voxels of a grid."""

    def inside_mm(points_mm: FloatArray) -> FloatArray:
        index = geometry.to_index(points_mm)
        inside = ((index >= -0.5) & (index <= np.asarray(geometry.size) - 0.5)).all(axis=1)
        displaced: FloatArray = np.array(displacement_mm(points_mm))
        displaced[~inside] = np.nan
        return displaced

    return inside_mm


def deformed_lines(
    displacement_mm: Displacement, plane: Geometry, point_mm: Vector3, spacing_mm: float = LINES_MM
) -> list[FloatArray]:
    """Lines after the deformation, seen in the plane; one passes through the point each way.

    Returns
    -------
    list of arrays, each (n, 2)
        Pixels of the plane; only what is defined and within it.
    """
    width, height, _ = plane.size
    pixel_mm = plane.spacing_mm[0]
    column, row, depth = plane.to_index(np.array([point_mm]))[0]
    columns, rows = (np.arange(-BEYOND_MM / pixel_mm, n + BEYOND_MM / pixel_mm) for n in (width, height))
    pitch = spacing_mm / pixel_mm
    parts: list[FloatArray] = []
    for x in _multiples(columns, column, pitch):
        parts += _pieces(np.column_stack([np.full(len(rows), x), rows]), depth, displacement_mm, plane)
    for y in _multiples(rows, row, pitch):
        parts += _pieces(np.column_stack([columns, np.full(len(columns), y)]), depth, displacement_mm, plane)
    return parts


def volume_change(displacement_mm: Displacement, plane: Geometry) -> FloatArray:
    """Determinant of the Jacobian of the deformation at the pixels of a plane, by central differences.

    Returns
    -------
    array, shape (height, width)
        1 keeps volume, ≤ 0 is folding; NaN where undefined.
    """
    width, height, _ = plane.size
    row, column = np.mgrid[0:height:LATTICE_PX, 0:width:LATTICE_PX]
    index = np.column_stack([column.ravel(), row.ravel(), np.zeros(row.size)]).astype(np.float64)
    points = plane.to_lps(index)
    columns = []
    for axis in np.eye(3):
        step = JACOBIAN_STEP_MM * axis
        slope = (displacement_mm(points + step) - displacement_mm(points - step)) / (2 * JACOBIAN_STEP_MM)
        columns.append(slope + axis)
    jacobians = np.stack(columns, axis=2)
    known = np.isfinite(jacobians).all(axis=(1, 2))
    determinant = np.full(len(points), np.nan)
    determinant[known] = np.linalg.det(jacobians[known])
    return np.asarray(determinant.reshape(row.shape).repeat(LATTICE_PX, axis=0).repeat(LATTICE_PX, axis=1)[:height, :width])


def washed(rgb: FloatArray, ratio: FloatArray) -> FloatArray:
    """Pixels of a CT under the colours of volume change: none where volume is kept, red where tissue is folded."""
    strength = change_fraction(ratio)[..., None]
    wash = np.abs(strength) * STRONGEST_WASH
    coloured = (1.0 - wash) * rgb + wash * np.where(strength > 0.0, np.array(GROWS), np.array(SHRINKS))
    folded = 0.15 * rgb + 0.85 * np.array(FOLDED)
    return np.where((ratio <= 0.0)[..., None], folded, coloured)


def bar_colour(fraction: float) -> Colour:
    """The colour of volume change at a fraction of the bar's height, on the grey of soft tissue."""
    ratio = np.array(LARGEST_RATIO ** (2.0 * fraction - 1.0))
    red, green, blue = washed(np.full(3, 0.4), ratio).tolist()
    return (red, green, blue)


def change_fraction(ratio: FloatArray) -> FloatArray:
    """Volume change on the scale of the colours, −1 … 1: even steps for equal factors; 0 where undefined."""
    positive = np.where(ratio > 0.0, ratio, 1.0)
    return np.asarray(np.clip(np.log(positive) / np.log(LARGEST_RATIO), -1.0, 1.0))


def _multiples(along: FloatArray, start: float, pitch: float) -> FloatArray:
    first = np.ceil((along[0] - start) / pitch)
    return np.asarray(start + pitch * np.arange(first, (along[-1] - start) / pitch))


def _pieces(pixels: FloatArray, depth: float, displacement_mm: Displacement, plane: Geometry) -> list[FloatArray]:
    """A line of pixels after the deformation, in the pieces that are defined and within the plane."""
    points = plane.to_lps(np.column_stack([pixels, np.full(len(pixels), depth)]))
    moved = plane.to_index(points + displacement_mm(points))[:, :2]
    last = np.asarray(plane.size[:2]) - 1.0
    within = ((moved >= 0.0) & (moved <= last)).all(axis=1)  # False for NaN
    breaks = np.flatnonzero(np.diff(within)) + 1
    pieces = np.split(moved, breaks)
    inside = np.split(within, breaks)
    return [piece for piece, kept in zip(pieces, inside, strict=True) if kept[0] and len(piece) > 1]
