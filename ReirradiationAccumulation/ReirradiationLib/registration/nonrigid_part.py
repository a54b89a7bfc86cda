"""What a registration does beyond moving the patient as a whole: its displacement with the rigid part removed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import RegistrationError
from ..model.geometry import Geometry, apply_affine
from ..model.transform import Affine, DisplacementGrid, SpatialTransform

IDENTITY_MM = 1e-6
"""Matrices this close to the identity say nothing about where the rigid part is; those of REG files often are."""

FEWEST_POINTS = 4
LATTICE = 12
"""Points along each axis of a region that a rigid motion is fitted to."""


def nonrigid_displacement(transform: SpatialTransform, region: Geometry) -> Callable[[FloatArray], FloatArray]:
    """The displacement of a transform without its rigid part: R⁻¹∘T less the point itself.

    R is the rigid part of the matrix that follows the displacement grid, where the registration states one; else the
    rigid motion that comes closest to T in a region.

    Parameters
    ----------
    transform : SpatialTransform
        T, current to prior points.
    region : Geometry
        LPS grid in the current frame whose box the fit is made in.

    Returns
    -------
    callable
        From current LPS points to displacements in mm, both of shape (n, 3); NaN where the transform is undefined. Zero
        for a rigid transform.

    Raises
    ------
    RegistrationError
        If a fit is needed and the transform is defined nowhere in the region.
    """
    stated = _stated_rigid(transform)
    back: FloatArray = np.asarray(np.linalg.inv(fitted_rigid(transform, region) if stated is None else stated), np.float64)

    def displacement_mm(points_mm: FloatArray) -> FloatArray:
        return np.asarray(apply_affine(back, transform.apply(points_mm)) - points_mm)

    return displacement_mm


def fitted_rigid(transform: SpatialTransform, region: Geometry) -> FloatArray:
    """The rigid motion closest to a transform at evenly spaced points of a region, homogeneous 4×4.

    Least squares by the singular value decomposition (Arun et al., IEEE PAMI 9:698, 1987), without reflection.

    Raises
    ------
    RegistrationError
        If the transform is defined at fewer than four of the points.
    """
    axes = [np.linspace(-0.5, size - 0.5, LATTICE) for size in region.size]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    here = region.to_lps(index)
    there = transform.apply(here)
    defined = np.isfinite(there).all(axis=1)
    if np.count_nonzero(defined) < FEWEST_POINTS:
        raise RegistrationError(
            f"Registration '{transform.source}'",
            "undefined in the region that is shown",
            "Use a registration that covers the organ.",
        )
    here, there = here[defined], there[defined]
    middle, moved = here.mean(axis=0), there.mean(axis=0)
    turn = _nearest_rotation((there - moved).T @ (here - middle))
    return _motion(turn, moved - turn @ middle)


def _stated_rigid(transform: SpatialTransform) -> FloatArray | None:
    """The rigid part of the matrices after the last displacement grid; None if they are the identity."""
    total = np.eye(4)
    for step in transform.steps:
        if isinstance(step, DisplacementGrid):
            total = np.eye(4)
        elif isinstance(step, Affine):
            total = step.matrix @ total
    if transform.is_deformable and np.abs(total - np.eye(4)).max() < IDENTITY_MM:
        return None
    return _motion(_nearest_rotation(total[:3, :3]), total[:3, 3])


def _nearest_rotation(matrix: FloatArray) -> FloatArray:
    left, _, right = np.linalg.svd(matrix)
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray(left @ proper @ right)


def _motion(turn: FloatArray, shift: FloatArray) -> FloatArray:
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = turn, shift
    return result
