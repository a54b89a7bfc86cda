"""How much of a region has a counterpart in the prior CT and in the prior dose."""

from __future__ import annotations

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.geometry import Geometry
from ..model.interpolation import RIM_TOLERANCE
from ..model.registration_quality import FieldOfView


def field_of_view(prior_ct: Geometry | None, prior_dose: Geometry, there_mm: FloatArray) -> FieldOfView:
    """Shares of points that fall outside.

    Parameters
    ----------
    prior_ct : Geometry or None
    prior_dose : Geometry
    there_mm : array, shape (n, 3)
        Where the transform takes the points of the region, prior LPS; NaN where it is undefined, which counts as outside.
    """
    return FieldOfView(
        outside_prior_ct_percent=None if prior_ct is None else _outside_percent(prior_ct, there_mm),
        outside_prior_dose_percent=_outside_percent(prior_dose, there_mm),
    )


def within(geometry: Geometry, points_mm: FloatArray) -> BoolArray:
    """Whether points (n, 3) lie in the box of the voxel centres, by the rim rule of the interpolation; NaN does not."""
    index = geometry.to_index(points_mm)
    last = np.asarray(geometry.size) - 1
    return np.asarray(((index >= -RIM_TOLERANCE) & (index <= last + RIM_TOLERANCE)).all(axis=1))


def _outside_percent(geometry: Geometry, points_mm: FloatArray) -> float:
    return 100.0 * float(np.mean(~within(geometry, points_mm)))
