"""Loops of what fields enclose on planes of the CT, fit to be exported: simplified, without crumbs."""

from __future__ import annotations

from itertools import islice

from ..model.arrays import Float32Array, FloatArray
from ..model.contour_shape import simplified_together
from ..model.geometry import Geometry
from ..model.polygons import signed_area
from .isolines import zero_contours

SIMPLIFY_MM = 0.02
"""Contours are simplified within this distance."""

SMALLEST_LOOP_PIXELS = 0.5
"""Loops smaller than this share of a CT pixel are crumbs and are left out."""

ROUNDING = 1e-6
"""Loops must exceed the smallest area by this share, so that no later rounding makes crumbs of them."""


def plane_loops(fields: Float32Array, firsts_mm: FloatArray, step_mm: float, geometry: Geometry) -> list[list[FloatArray]]:
    """Loops of several fields, as by :func:`.isolines.zero_contours`, simplified and without crumbs.

    Parameters
    ----------
    fields : array, shape (n, nv, nu)
        Each negative along its border.
    firsts_mm : array, shape (n, 2)
        (u, v) of node ``[0, 0]`` of each.
    step_mm : float
    geometry : Geometry
        Grid of the CT, whose pixels crumbs are measured by.

    Returns
    -------
    list of n lists of arrays, each (m, 2)
        (u, v) in mm.
    """
    smallest_mm2 = (1.0 + ROUNDING) * SMALLEST_LOOP_PIXELS * geometry.spacing_mm[0] * geometry.spacing_mm[1]
    found = zero_contours(fields, firsts_mm, step_mm)
    slim = iter(simplified_together([loop for loops in found for loop in loops], SIMPLIFY_MM))
    return [
        [loop for loop in islice(slim, len(loops)) if len(loop) >= 3 and abs(signed_area(loop)) >= smallest_mm2]
        for loops in found
    ]
