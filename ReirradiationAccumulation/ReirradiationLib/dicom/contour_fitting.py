"""Contours made fit for export: on the slices of the CT, without crumbs, holes in the form asked for, digits that fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.contour_shape import keyholed, opened, simplified
from ..model.errors import OutputError
from ..model.geometry import Geometry
from ..model.interlock import Interlock
from ..model.polygons import signed_area
from ..model.structure import Holes, Structure

PLANE_TOLERANCE_MM = 0.1
"""Contour points this close to a slice of the CT are moved onto it; others are refused."""

MOST_POINTS = 1000
"""Planning systems are said to slow down or to thin out contours beyond this (clinical practice)."""

SIMPLIFY_MM = (0.01, 0.03, 0.1)
"""A loop of more points is simplified by the smallest of these distances that suffices; shorter ones stay as they are."""

OUTSIDE_PIXELS = 1.0
"""A contour may reach this far beyond the outermost pixels of the CT: it then rounds or encloses them."""

CRUMB_PIXELS = 0.5
"""Loops smaller than this share of a CT pixel are left out; a planning system would drop or distort them."""

DECIMALS = 3
"""Digits after the point of exported coordinates: 0.0005 mm of rounding, and never more than 16 bytes."""


@dataclass(frozen=True, eq=False)
class PlaneContour:
    """One contour on one slice of the CT.

    Parameters
    ----------
    slice_index : int
    points_mm : array, shape (n, 3)
        LPS, rounded as written.
    """

    slice_index: int
    points_mm: FloatArray


@dataclass(frozen=True, eq=False)
class FittedContours:
    """The contours of one structure as they are written.

    Parameters
    ----------
    contours : tuple of PlaneContour
        By slice.
    crumbs : int
        How many loops were too small and were left out.
    """

    contours: tuple[PlaneContour, ...]
    crumbs: int


def fit_contours(structure: Structure, geometry: Geometry, holes: Holes) -> FittedContours:
    """Contours of a structure, ready to be written.

    Parameters
    ----------
    structure : Structure
        Holes as loops of their own or as keyholes.
    geometry : Geometry
        Grid of the CT.
    holes : Holes

    Raises
    ------
    OutputError
        If there are no contours, one has fewer than three points, lies on no slice or beside the CT, or nothing is left.
    """
    subject = f"ROI '{structure.name}'"
    if not structure.contours_mm or min(len(contour) for contour in structure.contours_mm) < 3:
        found = "no contours, or one of fewer than 3 points"
        raise OutputError(subject, found, "Leave it out.", interlock=Interlock.EXPORT_EMPTY)
    spacing = np.asarray(geometry.spacing_mm)
    smallest_mm2 = CRUMB_PIXELS * spacing[0] * spacing[1]
    crumbs = 0
    by_slice: dict[int, list[FloatArray]] = defaultdict(list)
    for k, polygon in _on_slices(subject, structure.contours_mm, geometry):
        loops = opened(polygon)
        kept = [loop for loop in loops if abs(signed_area(loop)) >= smallest_mm2]
        crumbs += max(len(loops), 1) - len(kept)
        by_slice[k] += [_slim(loop) for loop in kept]
    form = keyholed if holes is Holes.KEYHOLE else list[FloatArray]
    contours = tuple(
        PlaneContour(k, _rounded_lps(polygon, k, geometry)) for k in sorted(by_slice) for polygon in form(by_slice[k])
    )
    if not contours:
        found = "nothing but pieces of less than half a pixel of the CT"
        raise OutputError(subject, found, "Leave it out.", interlock=Interlock.EXPORT_EMPTY)
    return FittedContours(contours, crumbs)


def pixels_outside(index: FloatArray, geometry: Geometry) -> float:
    """How far, in pixels, points reach beyond the edges of the outermost pixels of a grid's planes; 0 if they do not.

    Parameters
    ----------
    index : array, shape (n, 2) or (n, 3)
        Continuous indices (i, j) or (i, j, k).
    geometry : Geometry
    """
    last = np.asarray(geometry.size[:2]) - 0.5
    beyond = np.maximum(-0.5 - index[:, :2], index[:, :2] - last)
    return float(beyond.max(initial=0.0))


def _on_slices(subject: str, contours_mm: Sequence[FloatArray], geometry: Geometry) -> list[tuple[int, FloatArray]]:
    """Slice index and plane coordinates (along rows and columns, mm) of each contour."""
    index = geometry.to_index(np.concatenate(list(contours_mm)))
    placed = []
    for part in np.split(index, np.cumsum([len(contour) for contour in contours_mm])[:-1]):
        k = round(float(np.median(part[:, 2])))
        off_mm = float(np.abs(part[:, 2] - k).max()) * geometry.spacing_mm[2]
        if not 0 <= k < geometry.size[2] or off_mm > PLANE_TOLERANCE_MM:
            raise OutputError(
                subject,
                f"a contour lies {off_mm:.2f} mm off the nearest slice of the CT",
                "Contour the organ on the slices of the current CT.",
                f"within {PLANE_TOLERANCE_MM} mm",
                Interlock.EXPORT_SLICE,
            )
        outside = pixels_outside(part, geometry)
        if outside > OUTSIDE_PIXELS:
            raise OutputError(
                subject,
                f"a contour reaches {outside:.1f} pixels beyond the CT",
                Interlock.EXPORT_OUTSIDE.advice,
                f"at most {OUTSIDE_PIXELS:g}",
                Interlock.EXPORT_OUTSIDE,
            )
        placed.append((k, part[:, :2] * np.asarray(geometry.spacing_mm)[:2]))
    return placed


def _slim(loop: FloatArray) -> FloatArray:
    """A loop of no more points than planning systems like, if a distance that does not matter is enough for that."""
    slim = loop
    for tolerance_mm in SIMPLIFY_MM:
        if len(slim) < MOST_POINTS:
            break
        slim = simplified(loop, tolerance_mm)
    return slim if len(slim) >= 3 else loop


def _rounded_lps(polygon_mm: FloatArray, k: int, geometry: Geometry) -> FloatArray:
    index = np.column_stack([polygon_mm / np.asarray(geometry.spacing_mm)[:2], np.full(len(polygon_mm), float(k))])
    rounded = np.round(geometry.to_lps(index), DECIMALS) + 0.0  # + 0.0 makes -0.0 plain
    changed = np.any(rounded != np.roll(rounded, 1, axis=0), axis=1)
    return rounded[changed] if np.count_nonzero(changed) >= 3 else rounded
