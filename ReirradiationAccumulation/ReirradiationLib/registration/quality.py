"""How good a transform is: landmark errors and local volume change (AAPM TG-132)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.transform import SpatialTransform

DIFFERENCE_STEP_MM = 1.0
MOST_POINTS = 10_000
"""Points judged in a structure; a displacement field is smooth over the distance between them."""


@dataclass(frozen=True)
class TransformQuality:
    """Behaviour of a transform within one structure.

    Parameters
    ----------
    defined_percent : float
        Share of the points where the transform is defined.
    smallest_jacobian, largest_jacobian : float or None
        Determinant of the Jacobian: local volume change current → prior; ≤ 0 means folding. None if nowhere defined.
    mean_shift_mm, largest_shift_mm : float or None
        Length of the displacement.
    """

    defined_percent: float
    smallest_jacobian: float | None
    largest_jacobian: float | None
    mean_shift_mm: float | None
    largest_shift_mm: float | None


def transform_quality(transform: SpatialTransform, points_mm: FloatArray) -> TransformQuality:
    """Judge a transform in a structure.

    Parameters
    ----------
    transform : SpatialTransform
    points_mm : array, shape (n, 3)
        Points that fill the structure, LPS, current frame. Evenly picked ones stand for very many.
    """
    points_mm = points_mm[:: max(1, len(points_mm) // MOST_POINTS)]
    there = transform.apply(points_mm)
    defined = np.isfinite(there).all(axis=1)
    determinant = jacobian_determinant(transform, points_mm)
    determinant = determinant[np.isfinite(determinant)]
    shift = np.linalg.norm(there[defined] - points_mm[defined], axis=1)
    return TransformQuality(
        defined_percent=100.0 * float(defined.mean()),
        smallest_jacobian=float(determinant.min()) if determinant.size else None,
        largest_jacobian=float(determinant.max()) if determinant.size else None,
        mean_shift_mm=float(shift.mean()) if shift.size else None,
        largest_shift_mm=float(shift.max()) if shift.size else None,
    )


def jacobian_determinant(transform: SpatialTransform, points_mm: FloatArray) -> FloatArray:
    """Determinant of the Jacobian at points (n, 3) by central differences, shape (n,); NaN where undefined."""
    columns = []
    for axis in np.eye(3) * DIFFERENCE_STEP_MM:
        columns.append((transform.apply(points_mm + axis) - transform.apply(points_mm - axis)) / (2 * DIFFERENCE_STEP_MM))
    jacobians = np.stack(columns, axis=2)
    known = np.isfinite(jacobians).all(axis=(1, 2))
    determinant = np.full(len(points_mm), np.nan)
    determinant[known] = np.linalg.det(jacobians[known])
    return determinant


def landmark_errors_mm(transform: SpatialTransform, current_mm: FloatArray, prior_mm: FloatArray) -> FloatArray:
    """Target registration error of landmark pairs, both of shape (n, 3), LPS mm; NaN where undefined."""
    return np.asarray(np.linalg.norm(transform.apply(current_mm) - prior_mm, axis=1))
