"""Closed contours of a scalar field on a plane."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..model.arrays import FloatArray

ZERO = 1e-6
"""Contour value just above 0, so that grid nodes at exactly 0 make no degenerate segments."""


def zero_contours(field: FloatArray, first: FloatArray, step_mm: float) -> list[FloatArray]:
    """Closed contours where a field changes from negative (outside) to positive (inside).

    Parameters
    ----------
    field : array, shape (nv, nu)
        Negative along its border, so that every contour closes.
    first : array, shape (2,)
        (u, v) of node ``[0, 0]``, mm.
    step_mm : float

    Returns
    -------
    list of arrays, each (n, 2)
        Polygons (u, v) in mm, first point not repeated.
    """
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    image = vtk.vtkImageData()
    image.SetDimensions(field.shape[1], field.shape[0], 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(field).ravel(), deep=True))
    edges = vtk.vtkFlyingEdges2D()
    edges.SetInputData(image)
    edges.SetValue(0, ZERO)
    stripper = vtk.vtkStripper()
    stripper.SetInputConnection(edges.GetOutputPort())
    stripper.SetMaximumLength(field.size)
    stripper.JoinContiguousSegmentsOn()
    stripper.Update()
    output = stripper.GetOutput()
    if output.GetNumberOfLines() == 0:
        return []
    points = vtk_to_numpy(output.GetPoints().GetData())[:, :2].astype(np.float64) * step_mm + first
    offsets = vtk_to_numpy(output.GetLines().GetOffsetsArray())
    connectivity = vtk_to_numpy(output.GetLines().GetConnectivityArray())
    loops = [points[connectivity[start:end]] for start, end in pairwise(offsets)]
    return [loop[:-1] for loop in loops if len(loop) > 3 and np.allclose(loop[0], loop[-1])]
