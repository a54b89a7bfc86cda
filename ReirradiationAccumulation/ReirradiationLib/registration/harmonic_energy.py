"""How much a transform deforms, apart from the rigid motion it contains."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.registration_quality import DeformationMeasure


def deformation_measure(matrices: FloatArray, points_mm: FloatArray, there_mm: FloatArray) -> DeformationMeasure | None:
    """Harmonic energy and displacement after the rigid part; None where nothing is known.

    The harmonic energy is the mean over the points of ``‖∇u‖²``, the squared Frobenius norm of the gradient of the
    displacement; of ``R⁻¹T``, so that a patient who lies turned costs nothing. R is the rotation nearest to the mean
    Jacobian (orthogonal Procrustes), the shift takes the centroid to its image. 0 for a rigid transform.

    Parameters
    ----------
    matrices : array, shape (n, 3, 3)
        Jacobians, NaN where unknown.
    points_mm, there_mm : array, shape (n, 3)
        Points and where the transform takes them, NaN where unknown.

    References
    ----------
    Varadhan R et al., J Appl Clin Med Phys 14(1):4066 (2013), for harmonic energy as a measure of quality.
    """
    known = np.isfinite(matrices).all(axis=(1, 2)) & np.isfinite(there_mm).all(axis=1)
    if not known.any():
        return None
    matrices, points_mm, there_mm = matrices[known], points_mm[known], there_mm[known]
    rotation = nearest_rotation(matrices.mean(axis=0))
    gradient = rotation.T @ matrices - np.eye(3)
    rigid = (points_mm - points_mm.mean(axis=0)) @ rotation.T + there_mm.mean(axis=0)
    left_mm = np.linalg.norm(there_mm - rigid, axis=1)
    return DeformationMeasure(
        harmonic_energy=float(np.mean(np.sum(gradient**2, axis=(1, 2)))),
        p99_mm=float(np.percentile(left_mm, 99.0)),
        largest_mm=float(left_mm.max()),
    )


def nearest_rotation(matrix: FloatArray) -> FloatArray:
    """The proper rotation nearest to a 3×3 matrix in the Frobenius norm."""
    left, _, right = np.linalg.svd(matrix)
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray(left @ proper @ right)
