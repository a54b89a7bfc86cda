"""The one place where LPS becomes RAS and back, and numpy becomes VTK and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..model.arrays import Float32Array, FloatArray
from ..model.geometry import Geometry, Vector3

FLIP: FloatArray = np.diag([-1.0, -1.0, 1.0, 1.0])
"""LPS to RAS, and RAS to LPS, homogeneous 4×4."""


def ijk_to_ras(geometry: Geometry) -> FloatArray:
    """Homogeneous 4×4 matrix from (i, j, k) to RAS mm."""
    return np.asarray(FLIP @ geometry.index_to_lps())


def geometry_from_ijk_to_ras(matrix: FloatArray, size: tuple[int, int, int]) -> Geometry:
    """The LPS grid of a homogeneous 4×4 matrix from (i, j, k) to RAS mm.

    Raises
    ------
    GeometryError
        If the axes are sheared.
    """
    lps = FLIP @ matrix
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    axes = lps[:3, :3] / spacing
    rows = tuple(as_vector(row) for row in axes)
    return Geometry(as_vector(lps[:3, 3]), as_vector(spacing), (rows[0], rows[1], rows[2]), size)


def as_vector(values: FloatArray) -> Vector3:
    """Three plain floats."""
    return (float(values[0]), float(values[1]), float(values[2]))


def vtk_matrix(matrix: FloatArray) -> Any:
    """A ``vtkMatrix4x4`` of the same elements."""
    result = vtk.vtkMatrix4x4()
    result.DeepCopy(matrix.ravel().tolist())
    return result


def numpy_matrix(matrix: Any) -> FloatArray:
    """The elements of a ``vtkMatrix4x4``, shape (4, 4)."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def vtk_image(voxels: NDArray[Any], image: Any | None = None) -> Any:
    """Voxels as ``vtkImageData`` of origin 0 and spacing 1.

    Parameters
    ----------
    voxels : array, shape (nk, nj, ni) or (nk, nj, ni, c)
        Copied, so that a node never shares memory with the model.
    image : vtkImageData, optional
        Filled instead of a new one; a ``vtkOrientedImageData``, for instance.
    """
    image = vtk.vtkImageData() if image is None else image
    nk, nj, ni = voxels.shape[:3]
    image.SetDimensions(ni, nj, nk)
    flat = np.ascontiguousarray(voxels).reshape(nk * nj * ni, -1)
    scalars = numpy_to_vtk(flat[:, 0] if voxels.ndim == 3 else flat, deep=True)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def numpy_voxels(image: Any) -> Float32Array:
    """The scalars of a one-component ``vtkImageData`` as a copy, shape (nk, nj, ni)."""
    ni, nj, nk = image.GetDimensions()
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(nk, nj, ni)
    return np.array(voxels, dtype=np.float32)
