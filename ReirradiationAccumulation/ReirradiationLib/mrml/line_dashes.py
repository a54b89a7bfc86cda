"""Lines cut into dashes, which plain OpenGL lines no longer offer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..model.arrays import FloatArray


def dashed(lines: Any, dash: float, gap: float) -> Any:
    """Every line of a ``vtkPolyData`` cut into dashes.

    Parameters
    ----------
    lines : vtkPolyData
    dash, gap : float
        Lengths, in the unit of the points.

    Returns
    -------
    vtkPolyData
    """
    if not lines.GetNumberOfLines():
        return lines
    points = vtk_to_numpy(lines.GetPoints().GetData()).astype(np.float64)
    starts = vtk_to_numpy(lines.GetLines().GetOffsetsArray())
    order = vtk_to_numpy(lines.GetLines().GetConnectivityArray())
    return polylines([part for start, end in pairwise(starts) for part in _dashes(points[order[start:end]], dash, gap)])


def polylines(parts: list[FloatArray]) -> Any:
    """Lines through points, each of shape (n, 2) or (n, 3), as ``vtkPolyData``."""
    result, points, cells = vtk.vtkPolyData(), vtk.vtkPoints(), vtk.vtkCellArray()
    flat = np.concatenate([part[:, :2] for part in parts]) if parts else np.empty((0, 2))
    points.SetData(numpy_to_vtk(np.column_stack([flat, np.zeros(len(flat))]), deep=True))
    first = 0
    for part in parts:
        cells.InsertNextCell(len(part))
        for n in range(first, first + len(part)):
            cells.InsertCellPoint(n)
        first += len(part)
    result.SetPoints(points)
    result.SetLines(cells)
    return result


def _dashes(points: FloatArray, dash: float, gap: float) -> list[FloatArray]:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    length = float(along[-1])
    # A whole number of dashes, so that a closed line shows no seam.
    pitch = length / max(1, round(length / (dash + gap)))
    parts = []
    for start in np.arange(0.0, length - 0.5 * pitch, pitch):
        end = start + pitch * dash / (dash + gap)
        at = np.concatenate([[start], along[(along > start) & (along < end)], [end]])
        parts.append(np.stack([np.interp(at, along, axis) for axis in points.T], axis=1))
    return parts
