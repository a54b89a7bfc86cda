"""Pictures for the eye of a registration: the current CT against the prior one that was put onto it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model.arrays import FloatArray
from ..model.dose_colours import Colour
from ..model.errors import OutputError
from ..model.geometry import Geometry, Vector3
from ..model.registration_picture import RegistrationPictureRequest, RegistrationPictureStyle
from .comparison import (
    HATCH_PX,
    LARGEST_DIFFERENCE_HU,
    SQUARE_MM,
    ComparedPlane,
    checkerboard_pixels,
    compared_plane,
    current_pixels,
    difference_pixels,
    hatched,
    overlay_pixels,
    prior_squares,
)
from .deformed_grid import (
    LARGEST_RATIO,
    LINES_MM,
    bar_colour,
    change_fraction,
    deformed_lines,
    volume_change,
    washed,
    within,
)
from .drawing import WHITE, Canvas, Drawing
from .legend import LegendRow, Panel, Scale, Swatch, draw_legend
from .line_dashes import polylines
from .marks import USUAL_FONT_PX, draw_marks, draw_outlines, side_panel
from .palette import CURRENT, FOLDED, HATCH_DARK, PRIOR, diverging_colour
from .ras import vtk_image
from .slice_plane import slice_plane

PRIOR_CORNER: Colour = (0.45, 0.80, 1.00)
CORNER_MM, CORNER_INSET_MM = 3.0, 0.8
CORNER_PX = 1.6
TEXT_GROUND = 0.6
"""Opacity of the black behind text; a close-up leaves no empty corner."""

GRID_LINE: Colour = (1.0, 1.0, 0.82)
GRID_PX = 0.9
TICKS = ((1 / LARGEST_RATIO, "0.67 shrinks"), (0.8, "0.8"), (1.0, "1"), (1.25, "1.25"), (LARGEST_RATIO, "1.5 grows"))


@dataclass(frozen=True, eq=False)
class _Layer:
    """What a style shows: its pixels, lines over them, and what the legend says."""

    pixels: FloatArray
    subtitle: str
    rows: tuple[LegendRow, ...]
    unknown: bool
    scale: Scale | None = None
    lines: tuple[FloatArray, ...] = ()
    line_colour: Colour = WHITE
    line_px: float = 1.0


def registration_png(request: RegistrationPictureRequest, width: int, height: int) -> bytes:
    """Draw the picture of a registration as PNG.

    Raises
    ------
    OutputError
        If a warped grid is asked for without displacements.
    """
    panel = side_panel(width, height)
    plane = slice_plane(request, round(panel.left), height)
    stroke = panel.font / USUAL_FONT_PX
    layer = _layer(request, compared_plane(request, plane, max(4, round(HATCH_PX * stroke))))
    with Canvas(width, height) as canvas:
        return _drawn(request, plane, layer, panel, Drawing(canvas, stroke)).png()


def _drawn(request: RegistrationPictureRequest, plane: Geometry, layer: _Layer, panel: Panel, drawing: Drawing) -> Drawing:
    drawing.add_pixels(_rgb_image(layer.pixels))
    if layer.lines:
        drawing.add_lines(polylines(list(layer.lines)), layer.line_colour, layer.line_px)
    rows = list(layer.rows)
    if layer.unknown:
        rows.append(LegendRow("prior not known", HATCH_DARK, Swatch.HATCHED))
    rows += draw_outlines(drawing, request.structures, plane, "Current outlines")
    rows += draw_outlines(drawing, request.prior_structures, plane, "Prior outlines", is_dashed=True)
    draw_marks(drawing, request.orientation, request.point_mm, plane, panel.font, ground=TEXT_GROUND)
    title = request.style.value.capitalize()
    draw_legend(drawing, panel, title, layer.subtitle, layer.scale, rows)
    return drawing


def _layer(request: RegistrationPictureRequest, compared: ComparedPlane) -> _Layer:
    if request.style is RegistrationPictureStyle.CHECKERBOARD:
        return _checkerboard(compared, request.point_mm)
    if request.style is RegistrationPictureStyle.OVERLAY:
        return _overlay(compared)
    if request.style is RegistrationPictureStyle.DIFFERENCE:
        return _difference(compared)
    return _grid(request, compared)


def _checkerboard(compared: ComparedPlane, point_mm: Vector3) -> _Layer:
    rows = (LegendRow("prior CT", PRIOR_CORNER, Swatch.CORNER), LegendRow("current CT: no mark"))
    shown = compared.unknown & prior_squares(compared.plane, point_mm)
    return _Layer(
        pixels=checkerboard_pixels(compared, point_mm),
        subtitle=f"{SQUARE_MM:g} mm squares",
        rows=rows,
        unknown=bool(shown.any()),
        lines=tuple(_prior_corners(compared, point_mm)),
        line_colour=PRIOR_CORNER,
        line_px=CORNER_PX,
    )


def _overlay(compared: ComparedPlane) -> _Layer:
    rows = (
        LegendRow("current denser", CURRENT, Swatch.AREA),
        LegendRow("prior denser", PRIOR, Swatch.AREA),
        LegendRow("both agree", (0.6, 0.6, 0.6), Swatch.AREA),
    )
    return _Layer(overlay_pixels(compared), "both CTs at once", rows, bool(compared.unknown.any()))


def _difference(compared: ComparedPlane) -> _Layer:
    ticks = (-1.0, -0.5, 0.0, 0.5, 1.0)
    scale = Scale(
        lambda fraction: diverging_colour(2.0 * fraction - 1.0),
        tuple((0.5 + 0.5 * tick, f"{tick * LARGEST_DIFFERENCE_HU:+g}" if tick else "0") for tick in ticks),
    )
    return _Layer(difference_pixels(compared), "current − prior HU", (), bool(compared.unknown.any()), scale)


def _grid(request: RegistrationPictureRequest, compared: ComparedPlane) -> _Layer:
    if request.displacement_mm is None:
        raise OutputError("Warped grid", "a request without displacements", "Give them, or ask for another style.")
    on_the_ct = within(request.image.geometry, request.displacement_mm)
    ratio = volume_change(request.displacement_mm, compared.plane)
    unknown = np.isfinite(compared.current_hu) & ~(np.isfinite(ratio) & np.isfinite(compared.prior_hu))
    pixels = washed(current_pixels(compared), ratio)
    pixels[~np.isfinite(compared.current_hu)] = 0.0
    folded = (LegendRow("folded (≤ 0)", FOLDED, Swatch.AREA),) if (ratio <= 0.0).any() else ()
    ticks = tuple((0.5 + 0.5 * float(change_fraction(np.array(at))), text) for at, text in TICKS)
    return _Layer(
        pixels=hatched(pixels, unknown, compared.hatch_px),
        subtitle="volume, to prior",
        rows=(*folded, LegendRow(f"{LINES_MM:g} mm grid", GRID_LINE), LegendRow("less rigid motion")),
        unknown=bool(unknown.any()),
        scale=Scale(bar_colour, ticks),
        lines=tuple(deformed_lines(on_the_ct, compared.plane, request.point_mm)),
        line_colour=GRID_LINE,
        line_px=GRID_PX,
    )


def _prior_corners(compared: ComparedPlane, point_mm: Vector3) -> list[FloatArray]:
    """A bracket in the upper left corner of every prior square of a checkerboard on the current CT, in pixels."""
    width, height, _ = compared.plane.size
    pixel_mm = compared.plane.spacing_mm[0]
    column, row, _ = compared.plane.to_index(np.array([point_mm]))[0]
    side, arm, inset = (mm / pixel_mm for mm in (SQUARE_MM, CORNER_MM, CORNER_INSET_MM))
    brackets = []
    for n in range(int(np.floor(-column / side)), int((width - column) / side) + 1):
        for m in range(int(np.floor(-row / side)), int((height - row) / side) + 1):
            left, top = column + n * side + inset, row + (m + 1) * side - inset
            fits = left > 0 and left + arm < width - 1 and top < height - 1 and top - arm > 0
            if (n + m) % 2 == 0 and fits and np.isfinite(compared.current_hu[int(top), int(left)]):
                brackets.append(np.array([(left, top - arm), (left, top), (left + arm, top)]))
    return brackets


def _rgb_image(pixels: FloatArray) -> Any:
    return vtk_image(np.round(255.0 * np.clip(pixels, 0.0, 1.0)).astype(np.uint8)[None])
