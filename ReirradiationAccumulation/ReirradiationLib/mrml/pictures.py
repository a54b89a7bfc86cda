"""Slice pictures of CT, dose, isodoses and structures, drawn offscreen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from ..model.dose_colours import Colour, line_colour
from ..model.errors import OutputError
from ..model.geometry import Geometry, Vector3
from ..model.registration_picture import RegistrationPictureRequest
from ..model.scene import Outline, OutlineRole, PictureRequest
from .drawing import WHITE, Canvas, Drawing, Point
from .line_dashes import dashed
from .marks import draw_marks
from .opengl import opengl_unavailable_because
from .registration_pictures import registration_png
from .scene_runtime import scene_unavailable_because
from .slice_layers import SliceScene, isodose_lines, outline
from .slice_plane import slice_plane
from .vtk_messages import vtk_messages_to_log

SMALLEST_PX = 200
"""Below, no text is legible."""

FONT_SHARE = 1 / 22
"""Size of text as a share of the picture: 7 points high where the picture is printed 54 mm high."""

USUAL_PX = 480
"""The smaller side of the picture for which the thickness of lines is given."""

ISODOSE_PX, TARGET_PX, ORGAN_PX, SHELL_PX = 2.2, 4.2, 4.2, 1.8
ISODOSE_RIM_PX, TARGET_RIM_PX = 0.6, 1.6
OVERSAMPLING = 2
DASH_PX, GAP_PX = 9.0, 6.0
NUMBER_MARGIN = 0.14
"""Share of the picture along its edges that is kept free of numbers: there are the letters."""

FIRST_NUMBER_DEGREES, NUMBER_STEP_DEGREES = 215.0, 75.0
RING_PX, RING_LINE_PX, RING_POINTS = 11.0, 2.0, 48
TEXT_GROUND = 0.4

JPEG_QUALITY = 88
"""Text and lines stay crisp; a third of the bytes of PNG."""


class OffscreenPictureMaker:
    """Draws slice pictures offscreen; a :class:`~ReirradiationLib.model.scene.PictureMaker`.

    CT and dose wash come out of a scene, through the slice logic of 3D Slicer, with the colours that the scene file
    shows; lines and text are laid over. The pictures of one call share a scene of their own.
    """

    def __init__(self) -> None:
        self._availability: tuple[str | None] | None = None

    def unavailable_because(self) -> str | None:
        """Why no picture can be drawn here and what to install, or None; found out once."""
        if self._availability is None:
            self._availability = (scene_unavailable_because() or opengl_unavailable_because(),)
        return self._availability[0]

    def draw_all(self, requests: Sequence[PictureRequest], width: int, height: int) -> tuple[bytes, ...]:
        """Draw pictures.

        Parameters
        ----------
        requests : sequence of PictureRequest
        width, height : int
            Pixels of each, at least 200.

        Returns
        -------
        tuple of bytes
            JPEG, the same for the same request on the same machine.

        Raises
        ------
        OutputError
            If nothing can be drawn here, the size is too small, or the maximum of the colour scale is not positive.
        """
        self._require_drawable(width, height)
        for request in requests:
            if not request.maximum_gy > 0.0:
                found = f"maximum {request.maximum_gy} Gy"
                raise OutputError("Picture", found, "Give the upper end of the colours.", "above 0")
        with vtk_messages_to_log(), SliceScene() as scene, Canvas(width, height, OVERSAMPLING) as canvas:
            stroke = min(width, height) / USUAL_PX
            planes = [slice_plane(request, width, height) for request in requests]
            return tuple(
                _drawn(request, plane, scene, Drawing(canvas, stroke)).jpeg(JPEG_QUALITY)
                for request, plane in zip(requests, planes, strict=True)
            )

    def draw_registration(self, request: RegistrationPictureRequest, width: int, height: int) -> bytes:
        """Draw the picture of a registration.

        Parameters
        ----------
        request : RegistrationPictureRequest
        width, height : int
            Pixels, at least 200 each; the right quarter is the legend.

        Returns
        -------
        bytes
            PNG, the same for the same request on the same machine.

        Raises
        ------
        OutputError
            If nothing can be drawn here, the size is too small, or a warped grid is asked for without displacements.
        """
        self._require_drawable(width, height)
        with vtk_messages_to_log():
            return registration_png(request, width, height)

    def _require_drawable(self, width: int, height: int) -> None:
        reason = self.unavailable_because()
        if reason is not None:
            raise OutputError("Picture", reason, "Or make the report without pictures.")
        if min(width, height) < SMALLEST_PX:
            raise OutputError("Picture", f"{width}×{height} pixels", "Ask for a larger one.", f"at least {SMALLEST_PX} each")


def _drawn(request: PictureRequest, plane: Geometry, scene: SliceScene, drawing: Drawing) -> Drawing:
    font = max(10, round(FONT_SHARE * min(plane.size[:2])))
    drawing.add_pixels(scene.blended(request, plane))
    named = _draw_isodoses(drawing, request, plane)
    for role in OutlineRole:
        for one in request.outlines:
            if one.role is role:
                _draw_outline(drawing, one, plane)
    for level, place in named:
        drawing.add_text(
            f"{level:g}", place, round(0.9 * font), line_colour(level / request.maximum_gy), "centre", ground=0.7
        )
    _draw_ring(drawing, request, plane)
    draw_marks(drawing, request.orientation, request.point_mm, plane, font, TEXT_GROUND, request.title)
    return drawing


def _draw_isodoses(drawing: Drawing, request: PictureRequest, plane: Geometry) -> list[tuple[float, Point]]:
    """Draw the lines from low to high; the levels that there are, with a place for the number of each."""
    named = []
    levels = sorted(request.isodoses_gy)
    for number, (level, lines) in enumerate(zip(levels, isodose_lines(request.dose, levels, plane), strict=True)):
        if lines.GetNumberOfLines():
            drawing.add_lines(lines, line_colour(level / request.maximum_gy), ISODOSE_PX, rim_px=ISODOSE_RIM_PX)
            named += [(level, place) for place in _place_of_number(lines, plane, request.point_mm, number)]
    return named


def _place_of_number(lines: Any, plane: Geometry, point_mm: Vector3, number: int) -> list[Point]:
    """Where a line reaches furthest to one side, another side for each level; not at the edge, not at the ring."""
    points = vtk_to_numpy(lines.GetPoints().GetData())[:, :2].astype(np.float64)
    size = np.array(plane.size[:2])
    share = points / size
    inside = points[((share > NUMBER_MARGIN) & (share < 1.0 - NUMBER_MARGIN)).all(axis=1)]
    from_ring = np.linalg.norm(inside - plane.to_index(np.array([point_mm]))[0, :2], axis=1)
    inside = inside[from_ring > 3.0 * RING_PX * min(plane.size[:2]) / USUAL_PX]
    if not len(inside):
        return []
    angle = math.radians(FIRST_NUMBER_DEGREES + NUMBER_STEP_DEGREES * number)
    furthest = inside[int(np.argmax(inside @ np.array([math.cos(angle), math.sin(angle)])))]
    return [(float(furthest[0]), float(furthest[1]))]


def _draw_outline(drawing: Drawing, one: Outline, plane: Geometry) -> None:
    lines = outline(one.structure, plane)
    if not lines.GetNumberOfLines():
        return
    red, green, blue = (channel / 255.0 for channel in one.structure.colour)
    colour: Colour = (red, green, blue)
    if one.role is OutlineRole.SHELL:
        drawing.add_lines(dashed(lines, DASH_PX, GAP_PX), colour, SHELL_PX)
    elif one.role is OutlineRole.TARGET:
        drawing.add_lines(lines, colour, TARGET_PX, WHITE, TARGET_RIM_PX)
    else:
        drawing.add_lines(lines, colour, ORGAN_PX)


def _draw_ring(drawing: Drawing, request: PictureRequest, plane: Geometry) -> None:
    """A ring around the point, so that the point itself is not covered."""
    column, row, _ = plane.to_index(np.array([request.point_mm]))[0]
    radius = RING_PX * min(plane.size[:2]) / USUAL_PX
    angles = [2.0 * math.pi * n / RING_POINTS for n in range(RING_POINTS + 1)]
    circle = [(column + radius * math.cos(angle), row + radius * math.sin(angle)) for angle in angles]
    drawing.add_line(circle, WHITE, RING_LINE_PX)
    for across, up in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        ends = [(column + factor * radius * across, row + factor * radius * up) for factor in (1.0, 1.7)]
        drawing.add_line(ends, WHITE, RING_LINE_PX)
