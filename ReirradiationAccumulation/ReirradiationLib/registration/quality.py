"""Behaviour of a transform within one structure, in four numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.transform import SpatialTransform
from .jacobian import jacobian_determinant

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
