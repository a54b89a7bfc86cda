"""The regular grid that travels with every voxel array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray
from .errors import GeometryError

Vector3 = tuple[float, float, float]

ORTHONORMAL_TOLERANCE = 1e-4
"""Largest deviation of the direction matrix from an orthonormal one (DICOM DS values carry few digits)."""


@dataclass(frozen=True)
class Geometry:
    """A regular grid in DICOM patient coordinates (LPS, mm).

    Parameters
    ----------
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]``, LPS.
    spacing_mm : (i, j, k)
        Distance between voxel centres along columns, rows and slices.
    direction : 3×3 nested tuple
        Column c is the LPS unit vector of index axis c (i, j, k). May be left-handed.
    size : (ni, nj, nk)
        Number of voxels; the array that goes with it has shape ``(nk, nj, ni)``.

    Raises
    ------
    GeometryError
        If a size is not positive, a spacing is not positive and finite, or the axes are not orthonormal.
    """

    origin_mm: Vector3
    spacing_mm: Vector3
    direction: tuple[Vector3, Vector3, Vector3]
    size: tuple[int, int, int]

    def __post_init__(self) -> None:
        if min(self.size) < 1:
            raise GeometryError("Grid", f"size {self.size}", "Check the file the grid was read from.", "at least 1×1×1")
        if not all(np.isfinite(s) and s > 0 for s in self.spacing_mm):
            raise GeometryError(
                "Grid", f"spacing {self.spacing_mm} mm", "Check the file the grid was read from.", "positive values"
            )
        axes = np.asarray(self.direction, dtype=np.float64)
        if not np.isfinite(self.origin_mm).all() or not np.allclose(axes.T @ axes, np.eye(3), atol=ORTHONORMAL_TOLERANCE):
            raise GeometryError(
                "Grid", f"axes {self.direction}", "Check ImageOrientationPatient of the file.", "orthonormal axes"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape ``(nk, nj, ni)`` of the array that goes with this grid."""
        return (self.size[2], self.size[1], self.size[0])

    @property
    def voxel_volume_cc(self) -> float:
        """Volume of one voxel in cm³."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    @property
    def normal(self) -> FloatArray:
        """LPS unit vector of the k axis, shape (3,)."""
        return np.asarray(self.direction, dtype=np.float64)[:, 2]

    def index_to_lps(self) -> FloatArray:
        """Homogeneous 4×4 matrix from (i, j, k) to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.asarray(self.direction) * np.asarray(self.spacing_mm)
        matrix[:3, 3] = self.origin_mm
        return matrix

    def lps_to_index(self) -> FloatArray:
        """Homogeneous 4×4 matrix from LPS mm to continuous (i, j, k)."""
        return np.asarray(np.linalg.inv(self.index_to_lps()))

    def to_lps(self, index: FloatArray) -> FloatArray:
        """LPS mm of continuous indices; both of shape (n, 3) in (i, j, k) and (x, y, z) order."""
        return apply_affine(self.index_to_lps(), index)

    def to_index(self, points_mm: FloatArray) -> FloatArray:
        """Continuous (i, j, k) of LPS points; both of shape (n, 3)."""
        return apply_affine(self.lps_to_index(), points_mm)

    def plane_points(self, k: int) -> FloatArray:
        """LPS mm of the voxel centres of slice ``k``, shape (nj·ni, 3), i running fastest."""
        ni, nj, _ = self.size
        j, i = np.mgrid[0:nj, 0:ni]
        index = np.stack([i.ravel(), j.ravel(), np.full(ni * nj, k)], axis=1).astype(np.float64)
        return self.to_lps(index)


def apply_affine(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Apply a homogeneous 4×4 matrix to points of shape (n, 3)."""
    # Axes first: four times as fast for long lists, and what interpolation wants.
    return np.asarray((matrix[:3, :3] @ points.T + matrix[:3, 3:]).T)


def box_corners(low: FloatArray, high: FloatArray) -> FloatArray:
    """The corners of a box, shape (8, 3)."""
    return np.array([[a, b, c] for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
