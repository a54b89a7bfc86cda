"""From the attributes of the Image Plane module to a :class:`Geometry`."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DicomError, GeometryError
from ..model.geometry import Geometry, Vector3
from ..model.interlock import Interlock
from .reader import DicomReader

ORTHOGONAL_TOLERANCE = 1e-3
"""Largest scalar product of the row and column directions that still counts as orthogonal."""


def row_and_column_directions(reader: DicomReader) -> tuple[FloatArray, FloatArray]:
    """Unit vectors of ImageOrientationPatient, LPS: along a row (i) and along a column (j); PS3.3 C.7.6.2.1.1.

    Raises
    ------
    DicomError
        If they are not orthogonal unit vectors.
    """
    values = reader.numbers("ImageOrientationPatient", 6)
    row, column = values[:3], values[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.allclose(lengths, 1.0, atol=ORTHOGONAL_TOLERANCE) or abs(row @ column) > ORTHOGONAL_TOLERANCE:
        raise reader.refuse("ImageOrientationPatient", f"is {values}", "Export again.", "orthogonal unit vectors")
    row = row / lengths[0]
    column = column - (row @ column) * row
    return row, column / np.linalg.norm(column)


def grid_of(
    reader: DicomReader,
    axes: tuple[FloatArray, FloatArray, FloatArray],
    origin: FloatArray,
    spacing: FloatArray,
    size: FloatArray,
) -> Geometry:
    """The :func:`grid` of an object, its axes in the order i, j, k.

    Raises
    ------
    DicomError
        Naming the file, if its attributes make no grid.
    """
    try:
        return grid(*axes, origin=origin, spacing=spacing, size=size)
    except GeometryError as error:
        found, remedy = f"grid of {error.found}", "Export the object again."
        raise DicomError(reader.where, found, remedy, error.expected, Interlock.ATTRIBUTE) from error


def grid(
    row: FloatArray, column: FloatArray, normal: FloatArray, origin: FloatArray, spacing: FloatArray, size: FloatArray
) -> Geometry:
    """A geometry from its axes; ``spacing`` and ``size`` in the order i, j, k."""
    axes = np.stack([row, column, normal], axis=1)
    direction = tuple(_vector(axes[axis]) for axis in range(3))
    ni, nj, nk = (int(n) for n in size)
    return Geometry(_vector(origin), _vector(spacing), (direction[0], direction[1], direction[2]), (ni, nj, nk))


def _vector(values: FloatArray) -> Vector3:
    x, y, z = (float(value) for value in values)
    return (x, y, z)
