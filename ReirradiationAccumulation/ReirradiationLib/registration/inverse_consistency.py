"""Forward and backward registration against each other (AAPM TG-132)."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.registration_quality import InverseConsistency
from ..model.transform import SpatialTransform


def inverse_consistency(
    backward: SpatialTransform, points_mm: FloatArray, there_mm: FloatArray
) -> InverseConsistency | None:
    """``|B(T(x)) − x|`` over the points; None where the two are nowhere defined together.

    Parameters
    ----------
    backward : SpatialTransform
        Prior to current, from a registration of its own.
    points_mm, there_mm : array, shape (n, 3)
        x and T(x), the latter NaN where undefined.
    """
    known = np.isfinite(there_mm).all(axis=1)
    miss_mm = np.linalg.norm(backward.apply(there_mm[known]) - points_mm[known], axis=1)
    miss_mm = miss_mm[np.isfinite(miss_mm)]
    if not miss_mm.size:
        return None
    return InverseConsistency(float(miss_mm.mean()), float(np.percentile(miss_mm, 95.0)), float(miss_mm.max()))
