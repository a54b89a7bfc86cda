"""Spatial transforms in the resampling direction: points of the current (fixed) frame to the prior (moving) one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .arrays import Float32Array, FloatArray
from .errors import GeometryError
from .geometry import Geometry, apply_affine
from .interpolation import trilinear

LARGEST_VOLUME_CHANGE = 0.1
"""Of the matrices of a registration, from one: CT scales differ by less than a percent."""

KEY_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Affine:
    """A homogeneous 4×4 matrix acting on LPS points in mm.

    Raises
    ------
    GeometryError
        If the matrix is not 4×4, not finite, not affine, not invertible, or mirrors the patient.
    """

    matrix: FloatArray

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix)
        usable = matrix.shape == (4, 4) and bool(np.isfinite(matrix).all())
        if not usable or not np.allclose(matrix[3], (0, 0, 0, 1), atol=1e-9) or np.linalg.det(matrix) < 1e-9:
            raise GeometryError(
                "Registration matrix",
                f"{matrix.tolist()}",
                "Check FrameOfReferenceTransformationMatrix.",
                "an invertible affine 4×4 matrix that does not mirror",
            )

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Transformed points, shape (n, 3)."""
        return apply_affine(self.matrix, points_mm)

    def inverse(self) -> Affine:
        """The matrix of the other direction."""
        return Affine(np.asarray(np.linalg.inv(self.matrix), dtype=np.float64))


@dataclass(frozen=True, eq=False)
class DisplacementGrid:
    """Displacement vectors on a regular grid, interpolated trilinearly; undefined (NaN) outside the grid.

    Parameters
    ----------
    geometry : Geometry
        Grid in the fixed frame, LPS mm.
    vectors_mm : array, shape (nk, nj, ni, 3)
        LPS displacement added to a point at the voxel centre; NaN where the registration is undefined.
    """

    geometry: Geometry
    vectors_mm: Float32Array

    def __post_init__(self) -> None:
        if self.vectors_mm.shape != (*self.geometry.shape, 3):
            raise GeometryError(
                "Displacement grid",
                f"vector array of shape {self.vectors_mm.shape}",
                "Check GridDimensions and VectorGridData.",
                f"{(*self.geometry.shape, 3)}",
            )

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Displaced points, shape (n, 3); NaN where the displacement is not known."""
        displaced, known = trilinear(self.vectors_mm, self.geometry.to_index(points_mm))
        displaced += points_mm
        displaced[~known] = np.nan
        return displaced


TransformStep: TypeAlias = Affine | DisplacementGrid


@dataclass(frozen=True, eq=False)
class SpatialTransform:
    """Maps points of the fixed (current) frame of reference to the moving (prior) one.

    This is the resampling direction, the one DICOM PS3.3 C.20.3 uses for its deformation grid: the value that
    belongs to a current point is found at ``apply(point)`` in the prior data.

    Parameters
    ----------
    fixed_frame_uid, moving_frame_uid : str
        FrameOfReferenceUIDs that the transform connects.
    steps : tuple of Affine or DisplacementGrid
        Applied in order; empty for the identity.
    source : str
        Where it comes from, in words, for the report.
    """

    fixed_frame_uid: str
    moving_frame_uid: str
    steps: tuple[TransformStep, ...]
    source: str

    @property
    def is_deformable(self) -> bool:
        """Whether a displacement grid takes part."""
        return any(isinstance(step, DisplacementGrid) for step in self.steps)

    @property
    def key(self) -> str:
        """Digest of what it does and between which frames, not of where it comes from: twelve hexadecimal digits."""
        digest = hashlib.sha256(f"{self.fixed_frame_uid} {self.moving_frame_uid}".encode())
        for step in self.steps:
            if isinstance(step, Affine):
                digest.update(np.asarray(step.matrix, dtype=np.float64).tobytes())
            else:
                digest.update(repr(step.vectors_mm.shape).encode() + step.geometry.index_to_lps().tobytes())
                digest.update(step.vectors_mm.tobytes())
        return digest.hexdigest()[:KEY_DIGITS]

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Prior LPS points of current LPS points, shape (n, 3); NaN where the transform is undefined."""
        for step in self.steps:
            points_mm = step.apply(points_mm)
        return points_mm

    def require_frames(self, fixed_frame_uid: str, moving_frame_uid: str) -> None:
        """Refuse to be used between other frames of reference than the transform's own.

        Raises
        ------
        GeometryError
            If either UID differs.
        """
        if (self.fixed_frame_uid, self.moving_frame_uid) != (fixed_frame_uid, moving_frame_uid):
            raise GeometryError(
                f"Registration '{self.source}'",
                f"it maps {self.fixed_frame_uid} to {self.moving_frame_uid}",
                "Give the registration that belongs to this course and the current CT.",
                f"{fixed_frame_uid} to {moving_frame_uid}",
            )


def identity_transform(frame_uid: str) -> SpatialTransform:
    """The transform of a frame of reference to itself."""
    return SpatialTransform(frame_uid, frame_uid, (), "same frame of reference")
