"""B-spline displacements as ITK defines them, undefined outside of the region that they cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import GeometryError
from ..model.geometry import Geometry

RIM = 1e-6
"""How far outside the covered region, in cells, a point still counts as in it."""


@dataclass(frozen=True, eq=False)
class BSplineGrid:
    """Displacements as sums of uniform B-splines.

    Parameters
    ----------
    geometry : Geometry
        Grid of the coefficients in the fixed frame, LPS mm.
    coefficients_mm : array, shape (nk, nj, ni, 3)
        LPS.
    order : int
        Of the splines: 1, 2 or 3.

    References
    ----------
    Rueckert D et al., IEEE Trans Med Imaging 18:712 (1999).
    """

    geometry: Geometry
    coefficients_mm: FloatArray
    order: int

    def __post_init__(self) -> None:
        if self.coefficients_mm.shape != (*self.geometry.shape, 3) or min(self.geometry.size) <= self.order:
            raise GeometryError(
                "B-spline",
                f"coefficients of shape {self.coefficients_mm.shape} for order {self.order}",
                "Save the transform again.",
                f"more than {self.order} along each axis",
            )

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Displaced points, shape (n, 3); NaN outside of the region where all the splines of a point are there."""
        from scipy import ndimage

        index = self.geometry.to_index(points_mm)
        lowest = (self.order - 1) / 2
        highest = np.asarray(self.geometry.size) - 1 - lowest
        inside = np.all((index >= lowest - RIM) & (index <= highest + RIM), axis=1)
        displaced = np.full(points_mm.shape, np.nan)
        within = np.clip(index[inside], lowest, highest).T[::-1]
        for axis in range(3):
            # The coefficients are given: without its prefilter, SciPy sums the same splines as ITK.
            displaced[inside, axis] = points_mm[inside, axis] + ndimage.map_coordinates(
                self.coefficients_mm[..., axis], within, order=self.order, mode="constant", prefilter=False
            )
        return displaced
