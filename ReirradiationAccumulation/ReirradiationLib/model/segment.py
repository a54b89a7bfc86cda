"""Structures that were drawn as voxels or as a closed surface, the forms in which 3D Slicer's segment editor stores them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrays import BoolArray, FloatArray
from .errors import GeometryError
from .geometry import Geometry
from .structure import Structure

Triangles: TypeAlias = NDArray[np.int64]
"""Numbers of the three corners of each triangle, shape (m, 3)."""


@dataclass(frozen=True, eq=False)
class LabelmapStructure:
    """A structure drawn as voxels.

    Parameters
    ----------
    name : str
    mask : array of bool, shape (nk, nj, ni)
    geometry : Geometry
        LPS grid of the mask, in any orientation.
    colour : (red, green, blue)
        0 … 255.

    Raises
    ------
    GeometryError
        If the mask is not of the shape of the grid.
    """

    name: str
    mask: BoolArray
    geometry: Geometry
    colour: tuple[int, int, int] = (255, 255, 0)

    def __post_init__(self) -> None:
        if self.mask.shape != self.geometry.shape or self.mask.dtype != np.bool_:
            raise GeometryError(
                f"Structure '{self.name}'",
                f"mask of shape {self.mask.shape} and type {self.mask.dtype}",
                "Give the mask with the grid it was drawn on.",
                f"bool, shape {self.geometry.shape}",
            )


@dataclass(frozen=True, eq=False)
class SurfaceStructure:
    """A structure bounded by a closed surface of triangles.

    Parameters
    ----------
    name : str
    points_mm : array, shape (n, 3)
        Corners, LPS.
    triangles : array of int, shape (m, 3)
        Numbers of the corners of each triangle, in either orientation. Surfaces within surfaces bound cavities.
    colour : (red, green, blue)
        0 … 255.
    """

    name: str
    points_mm: FloatArray
    triangles: Triangles
    colour: tuple[int, int, int] = (255, 255, 0)


AnyStructure: TypeAlias = Structure | LabelmapStructure | SurfaceStructure
"""Whatever a structure may be drawn as; at all three the shape that was drawn counts, not a conversion of it."""
