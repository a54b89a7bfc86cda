"""Nonlinear VTK transforms as maps of LPS points that are undefined where VTK only makes something up."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..model.arrays import BoolArray, FloatArray
from .ras import FLIP, numpy_matrix

INVERSE_TOLERANCE_MM = 1e-3
INVERSE_ITERATIONS = 50
"""Where an inverse exists, Newton's method takes a few; VTK's 500 are minutes spent on folds."""

ROUND_TRIP_MM = 0.02
"""Largest distance between a point and what an inverse, found by iteration, leads back to."""

RIM = 1e-3
"""How far outside of its grid, in cells, a point still counts as on it."""


class VtkMap:
    """One nonlinear VTK transform, in LPS.

    VTK extends grids and B-splines beyond their ends and returns the last iterate of an inverse that it did not find. Here
    all these points are NaN. A thin plate spline is defined everywhere.

    Parameters
    ----------
    transform : vtkWarpTransform
        In RAS: a grid, B-spline or thin plate spline transform, or the inverse of one. It is copied.

    is_linear : bool
        Whether a grid is to be interpolated linearly, whatever it says itself.

    Attributes
    ----------
    name : str
        Its class, for messages.
    """

    def __init__(self, transform: Any, is_linear: bool = False) -> None:
        transform.Update()  # an inverse does not know that it is one before
        self._transform = transform.MakeTransform()
        self._transform.DeepCopy(transform)
        if is_linear:
            self._transform.SetInterpolationModeToLinear()
        self._transform.SetInverseTolerance(INVERSE_TOLERANCE_MM)
        self._transform.SetInverseIterations(INVERSE_ITERATIONS)
        self._transform.Update()
        self.name = f"{'inverse ' if self._transform.GetInverseFlag() else ''}{self._transform.GetClassName()}"
        self._is_inverse = bool(self._transform.GetInverseFlag())
        self._forward = self._transform.GetInverse() if self._is_inverse else self._transform
        self._forward.Update()

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Transformed points, shape (n, 3), LPS; NaN where the transform is not defined, or its inverse not found."""
        known: BoolArray = np.asarray(np.isfinite(points_mm).all(axis=1))
        here = np.where(known[:, None], points_mm, 0.0) * np.diag(FLIP)[:3]
        there = _through(self._transform, here)
        if self._is_inverse:
            known &= np.linalg.norm(_through(self._forward, there) - here, axis=1) <= ROUND_TRIP_MM
            known &= covered(self._forward, there)
        else:
            known &= covered(self._forward, here)
        there *= np.diag(FLIP)[:3]
        there[~known] = np.nan
        return there


def covered(transform: Any, points_ras: FloatArray) -> BoolArray:
    """Whether RAS points lie where the data of a forward transform reach, shape (n,)."""
    if transform.IsA("vtkGridTransform"):
        image, lowest = transform.GetDisplacementGrid(), 0.0
    elif transform.IsA("vtkBSplineTransform"):
        image, lowest = transform.GetCoefficientData(), 1.0  # a cubic spline needs a coefficient more at either end
    else:
        return np.ones(len(points_ras), dtype=np.bool_)
    to_index = np.linalg.inv(grid_matrix(transform, image))
    index = points_ras @ to_index[:3, :3].T + to_index[:3, 3]
    highest = np.asarray(image.GetDimensions()) - 1.0 - lowest
    return np.asarray(np.all((index >= lowest - RIM) & (index <= highest + RIM), axis=1))


def grid_matrix(transform: Any, image: Any) -> FloatArray:
    """Homogeneous 4×4 matrix from (i, j, k) of a transform's data to RAS mm."""
    matrix = np.eye(4)
    direction = transform.GetGridDirectionMatrix() if hasattr(transform, "GetGridDirectionMatrix") else None
    if direction is not None:
        matrix[:3, :3] = numpy_matrix(direction)[:3, :3]
    matrix[:3, :3] *= np.asarray(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return matrix


def _through(transform: Any, points: FloatArray) -> FloatArray:
    given, found = vtk.vtkPoints(), vtk.vtkPoints()
    found.SetDataTypeToDouble()
    given.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    transform.TransformPoints(given, found)
    return np.array(vtk_to_numpy(found.GetData()), dtype=np.float64)
