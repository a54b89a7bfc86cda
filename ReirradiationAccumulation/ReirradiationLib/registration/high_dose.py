"""Where in the current CT the prior dose was high."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.geometry import Geometry
from ..model.image import Dose
from ..model.interpolation import trilinear
from ..model.transform import SpatialTransform

HIGH_SHARE = 0.5
"""Of the maximum of the prior dose."""
STEP_MM = 4.0


def high_dose_points(current: Geometry, dose: Dose, transform: SpatialTransform) -> FloatArray:
    """Points 4 mm apart in the current CT where the mapped prior dose is over half of its maximum, shape (n, 3).

    Parameters
    ----------
    current : Geometry
        Of the current CT.
    dose : Dose
        On its own grid.
    transform : SpatialTransform
        Current to prior.
    """
    least_gy = HIGH_SHARE * float(dose.voxels_gy.max())
    ni, nj, nk = (
        np.arange(0.0, count - 0.5, STEP_MM / spacing)
        for count, spacing in zip(current.size, current.spacing_mm, strict=True)
    )
    found = []
    for k in nk:
        j, i = np.meshgrid(nj, ni, indexing="ij")
        points_mm = current.to_lps(np.stack([i.ravel(), j.ravel(), np.full(i.size, k)], axis=1))
        values_gy, _ = trilinear(dose.voxels_gy, dose.geometry.to_index(transform.apply(points_mm)))
        found.append(points_mm[values_gy > least_gy])
    return np.concatenate(found)
