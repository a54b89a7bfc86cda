"""Landmark pairs: the target registration error, overall and near an organ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..model.arrays import BoolArray, FloatArray
from ..model.errors import RegistrationError
from ..model.registration_quality import LandmarkErrors
from ..model.transform import SpatialTransform

NEAR_MM = 30.0
"""Landmarks within this distance of an organ speak for it."""


@dataclass(frozen=True, eq=False)
class LandmarkPairs:
    """The same anatomical points in both CTs.

    Parameters
    ----------
    current_mm, prior_mm : array, shape (n, 3)
        LPS, row by row the same point.

    Raises
    ------
    RegistrationError
        If they are no finite pairs.
    """

    current_mm: FloatArray
    prior_mm: FloatArray

    def __post_init__(self) -> None:
        shapes = (self.current_mm.shape, self.prior_mm.shape)
        is_pair = shapes[0] == shapes[1] and len(shapes[0]) == 2 and shapes[0][1] == 3
        if not is_pair or not (np.isfinite(self.current_mm).all() and np.isfinite(self.prior_mm).all()):
            raise RegistrationError(
                "Landmark pairs",
                f"arrays of shape {shapes[0]} and {shapes[1]}" if not is_pair else "coordinates that are no numbers",
                "Check the table of landmarks.",
                "two lists of points, x, y and z in mm",
            )

    def near(self, points_mm: FloatArray) -> LandmarkPairs:
        """Those whose current point lies within 30 mm of any of the points (n, 3)."""
        distance, _ = cKDTree(points_mm).query(self.current_mm, distance_upper_bound=NEAR_MM)
        chosen: BoolArray = np.isfinite(distance)
        return LandmarkPairs(self.current_mm[chosen], self.prior_mm[chosen])


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
