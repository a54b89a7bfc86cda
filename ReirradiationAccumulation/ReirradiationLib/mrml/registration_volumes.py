"""CTs as an external registration program gets them, and its result as the library wants it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model.arrays import Float32Array, FloatArray
from ..model.displacement_sampling import sample_displacements
from ..model.errors import RegistrationError
from ..model.geometry import Geometry, Vector3
from ..model.image import Image
from ..model.transform import Affine, DisplacementGrid, SpatialTransform
from .ras import as_vector

HU_RANGE = (-1000.0, 2000.0)
"""Padding below air and metal above bone would take up the bins of the joint histogram."""

WORKING_SPACING_MM = 2.0
"""Voxels are averaged until they are about this large: the programs exchange volumes and fields through files."""

REGION_MARGIN_MM = 15.0
"""Of the current CT around the region where a deformation is wanted, so that its rim is registered too."""

LEAST_VOXELS = 16
"""Along each axis of what is registered."""

RIGID_TOLERANCE_MM = 0.05
"""Largest distance of a rigid result from the rigid matrix that fits it."""

LARGEST_DEFORMATION_MM = 50.0
"""Median over the current anatomy: more is a result that has lost the rigid start."""

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def working_volume(
    image: Image, low_mm: Vector3 | None = None, high_mm: Vector3 | None = None
) -> tuple[Float32Array, Geometry]:
    """Voxels of a CT for registration: limited to a box and to what tissue measures, averaged to working resolution.

    Parameters
    ----------
    image : Image
    low_mm, high_mm : Vector3, optional
        An upright box in LPS mm; the whole CT without.

    Returns
    -------
    voxels : array, shape (nk, nj, ni)
        HU.
    geometry : Geometry
        The centre of its first voxel is the centre of those averaged.

    Raises
    ------
    RegistrationError
        If too little of the CT lies within the box.
    """
    low, high = np.zeros(3, dtype=int), np.asarray(image.geometry.size)
    if low_mm is not None and high_mm is not None:
        index = image.geometry.to_index(_corners(low_mm, high_mm, REGION_MARGIN_MM))
        low = np.maximum(np.floor(index.min(axis=0)).astype(int), low)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, high)
    spacing = np.asarray(image.geometry.spacing_mm)
    factors = np.maximum(np.round(WORKING_SPACING_MM / spacing).astype(int), 1)
    size = (high - low) // factors
    if size.min() < LEAST_VOXELS:
        raise RegistrationError(
            "Registration",
            f"{' × '.join(str(max(int(n), 0)) for n in size)} voxels of about {WORKING_SPACING_MM:.0f} mm to register",
            "Check the region and the CT.",
            f"at least {LEAST_VOXELS} along each axis",
        )
    (fi, fj, fk), (ni, nj, nk) = factors.tolist(), size.tolist()
    i, j, k = low.tolist()
    part = image.voxels_hu[k : k + nk * fk, j : j + nj * fj, i : i + ni * fi]
    voxels = np.clip(part, *HU_RANGE).reshape(nk, fk, nj, fj, ni, fi).mean(axis=(1, 3, 5), dtype=np.float64)
    origin = image.geometry.to_lps((low + (factors - 1) / 2)[None])[0]
    geometry = Geometry(as_vector(origin), as_vector(spacing * factors), image.geometry.direction, (ni, nj, nk))
    return voxels.astype(np.float32), geometry


def box_grid(low_mm: Vector3, high_mm: Vector3) -> Geometry:
    """A box as a grid of millimetres, for what is sampled on the box of a grid."""
    extent = np.asarray(high_mm) - np.asarray(low_mm)
    if not np.isfinite(extent).all() or extent.min() <= 0.0:
        raise RegistrationError("Region", f"{low_mm} to {high_mm} mm", "Report this.", "a box with an extent")
    counts = np.maximum(np.ceil(extent), 1.0)
    spacing = extent / counts
    ni, nj, nk = counts.astype(int).tolist()
    return Geometry(as_vector(np.asarray(low_mm) + spacing / 2), as_vector(spacing), AXIAL, (ni, nj, nk))


def rigid_of(transform: SpatialTransform, on: Geometry, subject: str) -> Affine:
    """The rigid matrix that a result is, whether given as matrices or as a displacement field.

    Raises
    ------
    RegistrationError
        If it is not rigid.
    """
    ni, nj, nk = on.size
    index = np.stack(np.meshgrid(*(np.linspace(0, n - 1, 7) for n in (ni, nj, nk)), indexing="ij"), axis=-1).reshape(-1, 3)
    points = on.to_lps(index)
    there = transform.apply(points)
    known = np.isfinite(there).all(axis=1)
    if known.sum() < len(points) // 2:
        raise RegistrationError(subject, "a result without an extent on the current CT", "Use another engine.")
    here, there = points[known], there[known]
    matrix: FloatArray = np.eye(4)
    u, _, v = np.linalg.svd((there - there.mean(axis=0)).T @ (here - here.mean(axis=0)))
    matrix[:3, :3] = u @ v
    matrix[:3, 3] = there.mean(axis=0) - matrix[:3, :3] @ here.mean(axis=0)
    fit = Affine(matrix)
    error_mm = float(np.abs(fit.apply(here) - there).max())
    if error_mm > RIGID_TOLERANCE_MM:
        raise RegistrationError(
            subject,
            f"a result that differs from a rigid one by {error_mm:.2f} mm",
            "Use another engine.",
            "a rigid transform",
        )
    return fit


def on_anatomy_then_rigid(transform: SpatialTransform, rigid: Affine, on: Geometry, subject: str) -> SpatialTransform:
    """The same map as a displacement on the current anatomy followed by the rigid matrix that registration started from.

    Exact if the transform is one grid followed by matrices; sampled on the box of ``on`` otherwise.

    Raises
    ------
    RegistrationError
        If it is defined nowhere there, too rough, or leads far away from the rigid matrix.
    """
    back = Affine(np.asarray(np.linalg.inv(rigid.matrix), dtype=np.float64))
    first, rest = transform.steps[0] if transform.steps else None, transform.steps[1:]
    words = ""
    if isinstance(first, DisplacementGrid) and all(isinstance(step, Affine) for step in rest):
        grid = _followed_by(first, (*rest, back))
    else:
        sampled = sample_displacements(lambda points_mm: back.apply(transform.apply(points_mm)), on, subject)
        grid, words = sampled.grid, f", {sampled.in_words()}"
    far_mm = float(np.nanmedian(np.linalg.norm(grid.vectors_mm, axis=-1)))
    if not far_mm <= LARGEST_DEFORMATION_MM:
        raise RegistrationError(
            subject,
            f"a deformation by {far_mm:.0f} mm beyond the rigid registration",
            "Use another engine.",
            f"at most {LARGEST_DEFORMATION_MM:.0f} mm in the median",
        )
    return SpatialTransform(
        transform.fixed_frame_uid, transform.moving_frame_uid, (grid, rigid), f"{transform.source}{words}"
    )


def _followed_by(grid: DisplacementGrid, steps: tuple[Any, ...]) -> DisplacementGrid:
    """Matrices taken into the vectors of a grid, slice by slice; trilinear interpolation loses nothing by it."""
    vectors = np.empty_like(grid.vectors_mm)
    for k in range(grid.geometry.size[2]):
        points = grid.geometry.plane_points(k)
        there: FloatArray = points + grid.vectors_mm[k].reshape(-1, 3)
        for step in steps:
            there = step.apply(there)
        vectors[k] = (there - points).reshape(vectors[k].shape)
    return DisplacementGrid(grid.geometry, vectors)


def _corners(low_mm: Vector3, high_mm: Vector3, margin_mm: float) -> FloatArray:
    low, high = np.asarray(low_mm) - margin_mm, np.asarray(high_mm) + margin_mm
    return np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, 3)
