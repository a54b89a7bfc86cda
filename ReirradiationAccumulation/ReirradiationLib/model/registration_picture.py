"""What a picture of a registration shows: the current CT, the prior one put onto it, and how they are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from .arrays import Float32Array, FloatArray
from .errors import GeometryError
from .geometry import Geometry, Vector3
from .image import Image
from .scene import Orientation, SceneStructure


class RegistrationPictureStyle(str, Enum):
    """How the two CTs are laid over each other."""

    CHECKERBOARD = "checkerboard"
    OVERLAY = "colour overlay"
    DIFFERENCE = "difference"
    GRID = "warped grid"


@dataclass(frozen=True, eq=False)
class WarpedCt:
    """The prior CT on a grid of the current frame.

    Parameters
    ----------
    voxels_hu : array, shape (nk, nj, ni)
        NaN where the prior CT is not known.
    geometry : Geometry
        LPS grid, current frame: that of the current CT or any part of it. Beyond it the prior CT counts as not known.

    Raises
    ------
    GeometryError
        If the array does not fit the grid.
    """

    voxels_hu: Float32Array
    geometry: Geometry

    def __post_init__(self) -> None:
        if self.voxels_hu.shape != self.geometry.shape:
            raise GeometryError(
                "Warped prior CT",
                f"array of shape {self.voxels_hu.shape}",
                "Warp it onto the grid it is given with.",
                f"{self.geometry.shape}",
            )


@dataclass(frozen=True, eq=False)
class RegistrationPictureRequest:
    """One slice through the current CT and the warped prior one.

    Parameters
    ----------
    image : Image
        The current CT.
    warped : WarpedCt
        The prior CT.
    style : RegistrationPictureStyle
    orientation : Orientation
    point_mm : (x, y, z)
        LPS point that the slice goes through; four squares of a checkerboard meet in it.
    structures : tuple of SceneStructure
        Current outlines, drawn as lines.
    prior_structures : tuple of SceneStructure
        Prior outlines, warped onto the current anatomy, drawn dashed.
    displacement_mm : callable or None
        From current LPS points to displacements, rigid part removed, both (n, 3) in mm, NaN where undefined. Only the
        warped grid needs it.
    field_of_view_mm : float or None
        Smaller side of what is shown, centred on the point; None shows the whole CT.
    """

    image: Image
    warped: WarpedCt
    style: RegistrationPictureStyle
    orientation: Orientation
    point_mm: Vector3
    structures: tuple[SceneStructure, ...] = ()
    prior_structures: tuple[SceneStructure, ...] = ()
    displacement_mm: Callable[[FloatArray], FloatArray] | None = None
    field_of_view_mm: float | None = None
