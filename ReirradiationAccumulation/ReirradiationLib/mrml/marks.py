"""What every slice picture carries: position, letters of the edges, ruler, outlines, and sizes that fit together."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.dose_colours import Colour
from ..model.geometry import Geometry, Vector3
from ..model.scene import Orientation, SceneStructure
from .drawing import GREY, WHITE, Drawing
from .legend import LegendRow, Panel, Swatch
from .line_dashes import dashed
from .slice_layers import outline
from .slice_plane import VIEWS, position_text

PANEL_SHARE = 0.28
"""Share of the width that the legend takes."""

USUAL_FONT_PX = 14
"""The size of text in a picture of 640×520, for which the thickness of lines is given."""

OUTLINE_PX = 2.6
DASHED_PX = 1.8
DASH_PX, GAP_PX = 6.0, 5.0
DASHED_WHITE = 0.6
"""How much lighter dashes are than the colour of the structure, so that they show on the line they agree with."""

LEGIBLE = 0.5
"""Least lightness of an outline."""

RULERS_MM = (200, 100, 50, 20, 10)


def font_px(width: int, height: int) -> int:
    """The size of text in a picture of so many pixels."""
    return max(10, round(min(height, 0.8 * width) / 36))


def side_panel(width: int, height: int) -> Panel:
    """Where the legend stands; the slice takes what is left of it."""
    pane = round(width * (1.0 - PANEL_SHARE))
    return Panel(pane, width - pane, height, font_px(width, height))


def draw_outlines(
    drawing: Drawing, structures: Sequence[SceneStructure], plane: Geometry, heading: str, is_dashed: bool = False
) -> list[LegendRow]:
    """Draw the structures that are in the plane, small ones over large ones, and name them in the order given."""
    outlines = [(structure, outline(structure, plane)) for structure in structures]
    present = [(structure, lines) for structure, lines in outlines if lines.GetNumberOfLines()]
    for structure, lines in sorted(present, key=lambda pair: pair[1].GetLength(), reverse=True):
        shape = dashed(lines, DASH_PX, GAP_PX) if is_dashed else lines
        drawing.add_lines(shape, _line_colour(structure, is_dashed), DASHED_PX if is_dashed else OUTLINE_PX)
    swatch = Swatch.DASHES if is_dashed else Swatch.LINE
    rows = [LegendRow(structure.name, _line_colour(structure, is_dashed), swatch) for structure, _ in present]
    return [LegendRow(heading), *rows] if rows else []


def draw_marks(
    drawing: Drawing,
    orientation: Orientation,
    point_mm: Vector3,
    plane: Geometry,
    font: int,
    ground: float = 0.0,
    title: str = "",
) -> None:
    """Title, position, letters of the edges, and a ruler; ``ground`` is the opacity of the black behind text."""
    width, height, _ = plane.size
    edge, large = 0.6 * font, round(1.25 * font)
    left, right, top, bottom = VIEWS[orientation].letters
    if title:
        drawing.add_text(title, (edge, height - edge), font, vertical="top", bold=True, ground=ground)
    place = (edge, height - edge - (1.35 * font if title else 0.0))
    drawing.add_text(
        position_text(orientation, point_mm), place, font, WHITE if ground else GREY, vertical="top", ground=ground
    )
    drawing.add_text(left, (edge, height / 2), large, bold=True, ground=ground)
    drawing.add_text(right, (width - edge, height / 2), large, align="right", bold=True, ground=ground)
    drawing.add_text(top, (width / 2, height - edge), large, align="centre", vertical="top", bold=True, ground=ground)
    drawing.add_text(bottom, (width / 2, edge), large, align="centre", vertical="bottom", bold=True, ground=ground)
    _draw_ruler(drawing, plane, font, ground)


def _draw_ruler(drawing: Drawing, plane: Geometry, font: int, ground: float) -> None:
    pixel_mm = plane.spacing_mm[0]
    length_mm = next((mm for mm in RULERS_MM if mm / pixel_mm <= plane.size[0] / 4), RULERS_MM[-1])
    start, y, tick = 0.8 * font, 1.0 * font, 0.3 * font
    end = start + length_mm / pixel_mm
    drawing.add_line([(start, y + tick), (start, y), (end, y), (end, y + tick)], WHITE, 1.5)
    drawing.add_text(f"{length_mm} mm", (start, y + 1.0 * font), font, ground=ground)


def _line_colour(structure: SceneStructure, is_dashed: bool) -> Colour:
    red, green, blue = _visible(structure.colour)
    white = DASHED_WHITE if is_dashed else 0.0
    return (red + white * (1 - red), green + white * (1 - green), blue + white * (1 - blue))


def _visible(colour: tuple[int, int, int]) -> Colour:
    """A structure's colour, lightened if it is too dark to be seen on a black ground."""
    red, green, blue = (channel / 255.0 for channel in colour)
    lightness = 0.3 * red + 0.59 * green + 0.11 * blue
    white = (LEGIBLE - lightness) / (1.0 - lightness) if lightness < LEGIBLE else 0.0
    return (red + white * (1 - red), green + white * (1 - green), blue + white * (1 - blue))
