"""The plane of a slice picture: which way is up, what it covers, and what its edges are called."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np

from ..model.arrays import FloatArray
from ..model.geometry import Geometry, Vector3
from ..model.image import Image
from ..model.scene import Orientation
from .ras import as_vector

MARGIN = 1.07
"""How much more than the CT the picture covers."""


@dataclass(frozen=True)
class View:
    """How an orientation is looked at, by radiological convention.

    Parameters
    ----------
    right, up : (x, y, z)
        LPS unit vectors of the picture's axes.
    letters : (left, right, top, bottom)
        Names of the picture's edges.
    axis : int
        LPS axis across the slices.
    """

    right: Vector3
    up: Vector3
    letters: tuple[str, str, str, str]
    axis: int


VIEWS: dict[Orientation, View] = {
    Orientation.AXIAL: View((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), ("R", "L", "A", "P"), 2),
    Orientation.SAGITTAL: View((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), ("A", "P", "S", "I"), 0),
    Orientation.CORONAL: View((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), ("R", "L", "S", "I"), 1),
}
"""Patient right on the left of the picture; anterior on the left of sagittal ones."""


class SliceRequest(Protocol):
    """What any request for a slice picture says about its plane."""

    @property
    def image(self) -> Image:
        """The current CT."""
        ...

    @property
    def orientation(self) -> Orientation:
        """Which way the slice lies."""
        ...

    @property
    def point_mm(self) -> Vector3:
        """LPS point in the slice."""
        ...

    @property
    def field_of_view_mm(self) -> float | None:
        """Smaller side of what is shown; None shows the whole CT."""
        ...


POSITION_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
"""For each LPS axis, the letters of its positive and negative side."""


def slice_plane(request: SliceRequest, width: int, height: int) -> Geometry:
    """The pixels of a picture as a grid of one slice.

    Parameters
    ----------
    request : PictureRequest or RegistrationPictureRequest
        Its field of view is centred on its point; without one, the whole CT is shown.
    width, height : int
        Size of the picture in pixels.

    Returns
    -------
    Geometry
        i to the right, j upwards, in LPS; pixels are square.
    """
    view = VIEWS[request.orientation]
    right, up = np.array(view.right), np.array(view.up)
    normal = np.cross(right, up)
    if request.field_of_view_mm is not None:
        centre = np.array(request.point_mm)
        pixel_mm = request.field_of_view_mm / min(width, height)
    else:
        corners = _corners(request.image.geometry)
        across, along = corners @ right, corners @ up
        pixel_mm = MARGIN * max(float(np.ptp(across)) / width, float(np.ptp(along)) / height)
        centre = right * _middle(across) + up * _middle(along) + normal * float(np.dot(request.point_mm, normal))
    origin = centre - pixel_mm * (width / 2 * right + height / 2 * up)
    axes = np.stack([right, up, normal], axis=1)
    rows = tuple(as_vector(row) for row in axes)
    spacing = (pixel_mm, pixel_mm, 1.0)
    return Geometry(as_vector(origin), spacing, (rows[0], rows[1], rows[2]), (width, height, 1))


def position_text(orientation: Orientation, point_mm: Vector3) -> str:
    """The orientation and the position of the slice as readers say it: "axial, I 12.0 mm"."""
    axis = VIEWS[orientation].axis
    positive, negative = POSITION_LETTERS[axis]
    value = point_mm[axis]
    return f"{orientation.value}, {positive if value >= 0 else negative} {abs(value):.1f} mm"


def _corners(image: Geometry) -> FloatArray:
    """The eight outer corners of the image box, shape (8, 3), LPS mm."""
    ends = [(-0.5, size - 0.5) for size in image.size]
    return image.to_lps(np.array(list(product(*ends))))


def _middle(values: FloatArray) -> float:
    return float(values.min() + values.max()) / 2.0
