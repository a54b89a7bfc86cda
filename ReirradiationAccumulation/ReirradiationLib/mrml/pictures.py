"""Slice pictures of CT, dose, isodoses and structures, drawn offscreen."""

from __future__ import annotations

from ..model.errors import OutputError
from ..model.geometry import Geometry
from ..model.scene import PictureRequest
from .drawing import GREY, WHITE, Drawing
from .legend import LegendRow, Panel, draw_legend
from .opengl import opengl_unavailable_because
from .palette import Colour, line_colour
from .slice_layers import blended_slice, isodose_line, outline
from .slice_plane import VIEWS, position_text, slice_plane
from .vtk_messages import vtk_messages_to_log

PANEL_SHARE = 0.28
"""Share of the width that the legend takes."""

SMALLEST_PX = 200
"""Below, no text is legible."""

USUAL_FONT_PX = 14
"""The size of text in a picture of 640×520, for which the thickness of lines is given."""

ISODOSE_PX = 1.4
OUTLINE_PX = 2.6
LEGIBLE = 0.5
"""Least lightness of an outline."""

RULERS_MM = (200, 100, 50, 20, 10)


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
        reason = self.unavailable_because()
        if reason is not None:
            raise OutputError("Picture", reason, "Or make the report without pictures.")
        if min(width, height) < SMALLEST_PX:
            raise OutputError("Picture", f"{width}×{height} pixels", "Ask for a larger one.", f"at least {SMALLEST_PX} each")
        if not request.maximum_gy > 0.0:
            raise OutputError("Picture", f"maximum {request.maximum_gy} Gy", "Give the upper end of the colours.", "above 0")
        with vtk_messages_to_log():
            return _drawn(request, width, height)


def _drawn(request: PictureRequest, width: int, height: int) -> bytes:
    font = max(10, round(min(height, 0.8 * width) / 36))
    pane = round(width * (1.0 - PANEL_SHARE))
    plane = slice_plane(request, pane, height)
    drawing = Drawing(width, height, stroke=font / USUAL_FONT_PX)
    drawing.add_pixels(blended_slice(request, plane))
    rows = [*_draw_isodoses(drawing, request, plane), *_draw_outlines(drawing, request, plane)]
    _draw_marks(drawing, request, plane, font)
    draw_legend(drawing, Panel(pane, width - pane, height, font), request.dose, request.maximum_gy, rows)
    return drawing.png()


def _draw_outlines(drawing: Drawing, request: PictureRequest, plane: Geometry) -> list[LegendRow]:
    """Draw the structures that are in the plane, small ones over large ones, and name them in the order given."""
    outlines = [(structure, outline(structure, plane)) for structure in request.structures]
    present = [(structure, lines) for structure, lines in outlines if lines.GetNumberOfLines()]
    for structure, lines in sorted(present, key=lambda pair: pair[1].GetLength(), reverse=True):
        drawing.add_lines(lines, _visible(structure.colour), OUTLINE_PX)
    rows = [LegendRow(structure.name, _visible(structure.colour)) for structure, _ in present]
    return [LegendRow("Structures"), *rows] if rows else []


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


def _draw_marks(drawing: Drawing, request: PictureRequest, plane: Geometry, font: int) -> None:
    """Position, letters of the edges, and a ruler."""
    width, height, _ = plane.size
    edge, large = 0.6 * font, round(1.25 * font)
    left, right, top, bottom = VIEWS[request.orientation].letters
    drawing.add_text(position_text(request.orientation, request.point_mm), (edge, height - edge), font, GREY, vertical="top")
    drawing.add_text(left, (edge, height / 2), large, bold=True)
    drawing.add_text(right, (width - edge, height / 2), large, align="right", bold=True)
    drawing.add_text(top, (width / 2, height - edge), large, align="centre", vertical="top", bold=True)
    drawing.add_text(bottom, (width / 2, edge), large, align="centre", vertical="bottom", bold=True)
    _draw_ruler(drawing, plane, font)


def _draw_ruler(drawing: Drawing, plane: Geometry, font: int) -> None:
    pixel_mm = plane.spacing_mm[0]
    length_mm = next((mm for mm in RULERS_MM if mm / pixel_mm <= plane.size[0] / 4), RULERS_MM[-1])
    start, y, tick = 0.8 * font, 1.0 * font, 0.3 * font
    end = start + length_mm / pixel_mm
    drawing.add_line([(start, y + tick), (start, y), (end, y), (end, y + tick)], WHITE, 1.5)
    drawing.add_text(f"{length_mm} mm", (start, y + 1.0 * font), font)


def _visible(colour: tuple[int, int, int]) -> Colour:
    """A structure's colour, lightened if it is too dark to be seen on a black ground."""
    red, green, blue = (channel / 255.0 for channel in colour)
    lightness = 0.3 * red + 0.59 * green + 0.11 * blue
    white = (LEGIBLE - lightness) / (1.0 - lightness) if lightness < LEGIBLE else 0.0
    return (red + white * (1 - red), green + white * (1 - green), blue + white * (1 - blue))
