"""Slice pictures of CT, dose, isodoses and structures, drawn offscreen."""

from __future__ import annotations

from ..model.errors import OutputError
from ..model.geometry import Geometry
from ..model.registration_picture import RegistrationPictureRequest
from ..model.scene import PictureRequest
from .drawing import Drawing
from .legend import LegendRow, dose_scale, draw_legend
from .marks import USUAL_FONT_PX, draw_marks, draw_outlines, side_panel
from .opengl import opengl_unavailable_because
from .palette import line_colour
from .registration_pictures import registration_png
from .slice_layers import blended_slice, isodose_line
from .slice_plane import slice_plane
from .vtk_messages import vtk_messages_to_log

SMALLEST_PX = 200
"""Below, no text is legible."""

ISODOSE_PX = 1.4


class OffscreenPictureMaker:
    """Draws slice pictures offscreen; a :class:`~ReirradiationLib.model.scene.PictureMaker`.

    CT and dose wash come out of a scene, through the slice logic of 3D Slicer, with the colours that the scene file
    shows; lines and text are laid over. Each picture is drawn in a scene of its own.
    """

    def __init__(self) -> None:
        self._availability: tuple[str | None] | None = None

    def unavailable_because(self) -> str | None:
        """Why no picture can be drawn here and what to install, or None; found out once."""
        if self._availability is None:
            self._availability = (opengl_unavailable_because(),)
        return self._availability[0]

    def draw(self, request: PictureRequest, width: int, height: int) -> bytes:
        """Draw one picture.

        Parameters
        ----------
        request : PictureRequest
        width, height : int
            Pixels, at least 200 each; the right quarter is the legend.

        Returns
        -------
        bytes
            PNG, the same for the same request on the same machine.

        Raises
        ------
        OutputError
            If nothing can be drawn here, the size is too small, or the maximum of the colour scale is not positive.
        """
        self._require_drawable(width, height)
        if not request.maximum_gy > 0.0:
            raise OutputError("Picture", f"maximum {request.maximum_gy} Gy", "Give the upper end of the colours.", "above 0")
        with vtk_messages_to_log():
            return _drawn(request, width, height)

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


def _drawn(request: PictureRequest, width: int, height: int) -> bytes:
    panel = side_panel(width, height)
    plane = slice_plane(request, round(panel.left), height)
    drawing = Drawing(width, height, stroke=panel.font / USUAL_FONT_PX)
    drawing.add_pixels(blended_slice(request, plane))
    rows = _draw_isodoses(drawing, request, plane)
    rows += draw_outlines(drawing, request.structures, plane, "Structures")
    draw_marks(drawing, request.orientation, request.point_mm, plane, panel.font)
    draw_legend(drawing, panel, request.dose.name, request.dose.quantity.value, dose_scale(request.maximum_gy), rows)
    return drawing.png()


def _draw_isodoses(drawing: Drawing, request: PictureRequest, plane: Geometry) -> list[LegendRow]:
    """Draw the levels from low to high, and name all of them, highest first."""
    rows = []
    for level in sorted(request.isodoses_gy):
        colour = line_colour(level / request.maximum_gy)
        lines = isodose_line(request.dose, level, plane)
        if lines.GetNumberOfLines():
            drawing.add_lines(lines, colour, ISODOSE_PX)
        rows.append(LegendRow(f"{level:g} {request.dose.quantity.value}", colour))
    return [LegendRow("Isodoses"), *reversed(rows)] if rows else []
