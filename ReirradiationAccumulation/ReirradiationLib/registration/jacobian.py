"""Local volume change of a transform (AAPM TG-132)."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.registration_quality import JacobianMeasure
from ..model.transform import SpatialTransform

DIFFERENCE_STEP_MM = 1.0
LEAST_CHANGE, GREATEST_CHANGE = 0.2, 2.0
"""Determinants outside of these are no anatomy's; see registration_limits.csv."""


def jacobian_matrices(transform: SpatialTransform, points_mm: FloatArray) -> FloatArray:
    """Jacobian at points (n, 3) by central differences, shape (n, 3, 3) with ``[:, :, c]`` the derivative along axis c.

    NaN where undefined. A displacement grid has kinks at its nodes; there this is the mean of both sides.
    """
    columns = []
    for axis in np.eye(3) * DIFFERENCE_STEP_MM:
        columns.append((transform.apply(points_mm + axis) - transform.apply(points_mm - axis)) / (2 * DIFFERENCE_STEP_MM))
    return np.stack(columns, axis=2)


def jacobian_determinant(transform: SpatialTransform, points_mm: FloatArray) -> FloatArray:
    """Determinant of the Jacobian at points (n, 3), shape (n,); NaN where undefined."""
    return determinants(jacobian_matrices(transform, points_mm))


def determinants(matrices: FloatArray) -> FloatArray:
    """Determinants of matrices (n, 3, 3), shape (n,); NaN where a matrix is not known."""
    known = np.isfinite(matrices).all(axis=(1, 2))
    found = np.full(len(matrices), np.nan)
    found[known] = np.linalg.det(matrices[known])
    return found


def jacobian_measure(matrices: FloatArray) -> JacobianMeasure | None:
    """Summary of the determinants of Jacobians (n, 3, 3); None if none is known."""
    found = determinants(matrices)
    found = found[np.isfinite(found)]
    if not found.size:
        return None
    p1, p99 = np.percentile(found, (1.0, 99.0))
    return JacobianMeasure(
        smallest=float(found.min()),
        p1=float(p1),
        p99=float(p99),
        largest=float(found.max()),
        folded_percent=100.0 * float(np.mean(found <= 0.0)),
        outside_percent=100.0 * float(np.mean((found < LEAST_CHANGE) | (found > GREATEST_CHANGE))),
    )
