"""What the scene and the pictures show, and the two Protocols by which lower rooms ask for them.

``mrml`` provides the implementations; the doors hand them to ``workflow`` and ``report``, which never import slicer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .arrays import BoolArray, Float32Array, FloatArray
from .geometry import Geometry, Vector3
from .image import Image
from .scene_tables import SceneChart, SceneTable
from .transform import SpatialTransform

if TYPE_CHECKING:
    from .registration_picture import RegistrationPictureRequest


class DoseQuantity(str, Enum):
    """What the voxels of a dose volume hold, with the unit as shown to the user."""

    PHYSICAL = "Gy"
    EQD2 = "Gy EQD2"


@dataclass(frozen=True, eq=False)
class SceneDose:
    """A dose volume in the current frame of reference.

    Parameters
    ----------
    name : str
    voxels_gy : array, shape (nk, nj, ni)
    geometry : Geometry
        LPS grid.
    quantity : DoseQuantity
    description : str
        How the voxels came about: courses, α/β rule, registration.
    course : str
        Identifier of the course that it is of; empty for a sum.
    """

    name: str
    voxels_gy: Float32Array
    geometry: Geometry
    quantity: DoseQuantity
    description: str
    course: str = ""


@dataclass(frozen=True, eq=False)
class SceneStructure:
    """A structure as a mask on a grid of its own.

    Parameters
    ----------
    name : str
    colour : (red, green, blue)
        0 … 255.
    mask : array, shape (nk, nj, ni)
    geometry : Geometry
        LPS grid of the mask.
    description : str
        What it is, for whoever opens the scene later.
    contours_mm : tuple of arrays, each (n, 3)
        The closed planar contours that the mask was made of, LPS mm, if it was.
    number : int
        ROINumber of these contours.
    """

    name: str
    colour: tuple[int, int, int]
    mask: BoolArray
    geometry: Geometry
    description: str = ""
    contours_mm: tuple[FloatArray, ...] = ()
    number: int = 0


@dataclass(frozen=True, eq=False)
class SceneRegistration:
    """How a prior course comes to the current CT.

    Parameters
    ----------
    course, label : str
        Its identifier, and what it is called.
    transform : SpatialTransform
        Current frame to prior frame.
    image : Image or None
        The prior CT on its own grid, to be shown under the transform.
    """

    course: str
    label: str
    transform: SpatialTransform
    image: Image | None = None


@dataclass(frozen=True, eq=False)
class SceneContent:
    """All that goes into the scene of a case.

    Parameters
    ----------
    image : Image
        The current CT.
    doses : tuple of SceneDose
    structures, optimization_structures : tuple of SceneStructure
    registrations : tuple of SceneRegistration
        Of the prior courses with a dose distribution.
    isodoses : tuple of SceneStructure
        Isodose lines as structures.
    tables : tuple of SceneTable
    charts : tuple of SceneChart
    case : str
        Title of the case, which every node names.
    """

    image: Image
    doses: tuple[SceneDose, ...]
    structures: tuple[SceneStructure, ...]
    optimization_structures: tuple[SceneStructure, ...]
    registrations: tuple[SceneRegistration, ...]
    isodoses: tuple[SceneStructure, ...] = ()
    tables: tuple[SceneTable, ...] = ()
    charts: tuple[SceneChart, ...] = ()
    case: str = ""


class OutlineRole(str, Enum):
    """What an outline is of, which decides how it is drawn."""

    TARGET = "target"
    ORGAN = "organ"
    SHELL = "optimization structure"


@dataclass(frozen=True, eq=False)
class Outline:
    """A structure to be drawn in its colour: targets thick with a white edge, optimization structures dashed."""

    structure: SceneStructure
    role: OutlineRole = OutlineRole.ORGAN


class Orientation(str, Enum):
    """The three standard planes."""

    AXIAL = "axial"
    SAGITTAL = "sagittal"
    CORONAL = "coronal"


@dataclass(frozen=True, eq=False)
class PictureRequest:
    """One slice picture: CT, dose wash, isodoses, structure outlines, and a ring at its point. It holds no legend.

    Parameters
    ----------
    image : Image
    dose : SceneDose
    outlines : tuple of Outline
    orientation : Orientation
    point_mm : (x, y, z)
        LPS point that the slice goes through; it is marked by a ring.
    isodoses_gy : tuple of float
        Levels drawn as lines, in the dose's quantity.
    maximum_gy : float
        Upper end of the colour scale.
    field_of_view_mm : float or None
        Smaller side of what is shown, centred on the point; None shows the whole CT.
    title : str
        A word or two that stand in the picture.
    """

    image: Image
    dose: SceneDose
    outlines: tuple[Outline, ...]
    orientation: Orientation
    point_mm: Vector3
    isodoses_gy: tuple[float, ...]
    maximum_gy: float
    field_of_view_mm: float | None = None
    title: str = ""


class PictureMaker(Protocol):
    """Draws slice pictures, offscreen."""

    def unavailable_because(self) -> str | None:
        """Why no picture can be drawn here and what to install, or None if pictures can be drawn."""
        ...

    def draw_all(self, requests: Sequence[PictureRequest], width: int, height: int) -> tuple[bytes, ...]:
        """The pictures as JPEG bytes; several of one case are drawn faster together."""
        ...

    def draw_registration(self, request: RegistrationPictureRequest, width: int, height: int) -> bytes:
        """The picture of a registration as PNG bytes."""
        ...


class SceneWriter(Protocol):
    """Writes a case as a scene that 3D Slicer opens."""

    def write(self, content: SceneContent, path: Path) -> None:
        """Write an ``.mrb`` file."""
        ...
