"""Landmark pairs: the target registration error, overall and near an organ."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..model.arrays import FloatArray
from ..model.registration_quality import LandmarkErrors
from ..model.transform import SpatialTransform
from .landmark_table import LandmarkPairs

NEAR_MM = 30.0
"""Landmarks within this distance of an organ speak for it."""


def pairs_near(pairs: LandmarkPairs, points_mm: FloatArray) -> LandmarkPairs:
    """Those whose current point lies within 30 mm of any of the points (n, 3)."""
    distance, _ = cKDTree(points_mm).query(pairs.current_mm, distance_upper_bound=NEAR_MM)
    return pairs.at(np.isfinite(distance))


def landmark_errors_mm(transform: SpatialTransform, current_mm: FloatArray, prior_mm: FloatArray) -> FloatArray:
    """Target registration error of landmark pairs, both of shape (n, 3), LPS mm; NaN where undefined."""
    return np.asarray(np.linalg.norm(transform.apply(current_mm) - prior_mm, axis=1))


def landmark_measure(transform: SpatialTransform, pairs: LandmarkPairs) -> LandmarkErrors | None:
    """Summary of the errors; None if the transform is defined at no pair."""
    found_mm = landmark_errors_mm(transform, pairs.current_mm, pairs.prior_mm)
    known_mm = found_mm[np.isfinite(found_mm)]
    if not known_mm.size:
        return None
    return LandmarkErrors(
        number=known_mm.size,
        undefined=found_mm.size - known_mm.size,
        mean_mm=float(known_mm.mean()),
        p95_mm=float(np.percentile(known_mm, 95.0)),
        largest_mm=float(known_mm.max()),
    )
