"""Closed contours of scalar fields on planes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..model.arrays import Float32Array, FloatArray

ZERO = 1e-6
"""Contour value just above 0, so that grid nodes at exactly 0 make no degenerate segments."""

MOST_ROWS = 8192
"""Rows contoured at a time: places are in single precision, so within 0.0005 of a step."""


def zero_contours(fields: FloatArray | Float32Array, firsts: FloatArray, step_mm: float) -> list[list[FloatArray]]:
    """Closed contours where fields change from negative (outside) to positive (inside).

    Several planes at once are many times as fast as one by one.

    Parameters
    ----------
    fields : array, shape (n, nv, nu)
        Each negative along its border.
    firsts : array, shape (n, 2)
        (u, v) of node ``[0, 0]`` of each, mm.
    step_mm : float

    Returns
    -------
    list of n lists of arrays, each (m, 2)
        Polygons (u, v) in mm, first point not repeated.
    """
    found: list[list[FloatArray]] = [[] for _ in fields]
    holding = np.flatnonzero((fields > ZERO).any(axis=(1, 2)))
    rows = fields.shape[1]
    at_once = max(1, MOST_ROWS // rows)
    for start in range(0, len(holding), at_once):
        some = holding[start : start + at_once]
        for loop in _loops(fields[some].reshape(-1, fields.shape[2])):
            n = int(loop[0, 1]) // rows
            found[some[n]].append((loop - (0.0, n * rows)) * step_mm + firsts[some[n]])
    return found


def _loops(field: FloatArray | Float32Array) -> list[FloatArray]:
    """Closed contours of one field as (column, row), first point not repeated."""
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
    points = vtk_to_numpy(output.GetPoints().GetData())[:, :2].astype(np.float64)
    offsets = vtk_to_numpy(output.GetLines().GetOffsetsArray())
    connectivity = vtk_to_numpy(output.GetLines().GetConnectivityArray())
    loops = (points[connectivity[start:end]] for start, end in pairwise(offsets))
    return [loop[:-1] for loop in loops if len(loop) > 3 and np.abs(loop[0] - loop[-1]).max() < 1e-3]
