"""The panel beside the slice: colour scale, lines, areas and structures, so that no anatomy is covered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from ..model.dose_colours import Colour
from .drawing import GREY, WHITE, Drawing, Point, shortened
from .palette import HATCH_LIGHT

SMALLEST_FONT = 9
BAR_STEPS = 64


class Swatch(Enum):
    """What stands before the text of a row."""

    LINE = "line"
    DASHES = "dashes"
    AREA = "area"
    HATCHED = "hatched"
    CORNER = "corner"


@dataclass(frozen=True)
class LegendRow:
    """A line of the legend: a heading if there is no colour."""

    text: str
    colour: Colour | None = None
    swatch: Swatch = Swatch.LINE


@dataclass(frozen=True)
class Scale:
    """A colour scale.

    Parameters
    ----------
    colour : callable
        Of a fraction of the bar's height, 0 … 1.
    ticks : tuple of (fraction, text)
    """

    colour: Callable[[float], Colour]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Panel:
    """Where the legend stands: pixels of its left edge, its width and its height, and the size of its text."""

    left: float
    width: float
    height: float
    font: int

    @property
    def margin(self) -> float:
        """Space around, in pixels."""
        return 0.7 * self.font


def draw_legend(
    drawing: Drawing, panel: Panel, title: str, subtitle: str, scale: Scale | None, rows: Sequence[LegendRow]
) -> None:
    """Draw the panel from the top: what is shown, in which unit, the colour scale if there is one, and the rows."""
    x, top = panel.left + panel.margin, panel.height - panel.margin
    room = panel.width - 2 * panel.margin
    drawing.add_text(shortened(title, panel.font, room), (x, top), panel.font, vertical="top", bold=True)
    drawing.add_text(shortened(subtitle, panel.font, room), (x, top - 1.4 * panel.font), panel.font, GREY, vertical="top")
    below = top - 3.6 * panel.font
    if scale is not None:
        bar_bottom = below - 0.27 * panel.height
        _draw_scale(drawing, (x, bar_bottom), (x + 1.3 * panel.font, below), scale, panel.font)
        below = bar_bottom - 1.2 * panel.font
    _draw_rows(drawing, panel, below, rows)


def _draw_scale(drawing: Drawing, corner: Point, opposite: Point, scale: Scale, font: int) -> None:
    (left, bottom), (right, top) = corner, opposite
    drawing.add_area((left - 1, bottom - 1), (right + 1, top + 1), GREY)
    edges = np.linspace(0.0, 1.0, BAR_STEPS + 1)
    for low, high in pairwise(edges):
        span = (left, bottom + low * (top - bottom)), (right, bottom + high * (top - bottom))
        drawing.add_area(*span, scale.colour((low + high) / 2))
    for fraction, text in scale.ticks:
        y = bottom + fraction * (top - bottom)
        drawing.add_line([(right + 1, y), (right + 5, y)], GREY, 1.0)
        drawing.add_text(text, (right + 9, y), font)


def _draw_rows(drawing: Drawing, panel: Panel, top: float, rows: Sequence[LegendRow]) -> None:
    if not rows:
        return
    pitch = max(SMALLEST_FONT * 1.25, min(1.45 * panel.font, (top - panel.margin) / len(rows)))
    font = min(panel.font, int(pitch / 1.25))
    fitting = int((top - panel.margin) / pitch)
    shown = (
        list(rows)
        if len(rows) <= fitting
        else [*rows[: max(0, fitting - 1)], LegendRow(f"… {len(rows) - fitting + 1} more")]
    )
    x, swatch = panel.left + panel.margin, 1.3 * panel.font
    for number, row in enumerate(shown):
        y = top - (number + 0.5) * pitch
        if row.colour is None:
            drawing.add_text(row.text, (x, y - 0.15 * font), font, GREY)
            continue
        _draw_swatch(drawing, (x, y), swatch, row)
        start = x + swatch + 0.5 * font
        room = panel.left + panel.width - start - 2
        drawing.add_text(shortened(row.text, font, room), (start, y), font, WHITE)


def _draw_swatch(drawing: Drawing, at: Point, width: float, row: LegendRow) -> None:
    (x, y), colour = at, row.colour or WHITE
    corner, opposite = (x, y - 0.3 * width), (x + width, y + 0.3 * width)
    if row.swatch is Swatch.LINE:
        drawing.add_line([(x, y), (x + width, y)], colour, 2.0)
    elif row.swatch is Swatch.DASHES:
        drawing.add_line([(x, y), (x + 0.35 * width, y)], colour, 2.0)
        drawing.add_line([(x + 0.65 * width, y), (x + width, y)], colour, 2.0)
    elif row.swatch is Swatch.CORNER:
        left, top = x + 0.2 * width, y + 0.3 * width
        drawing.add_line([(left, top - 0.6 * width), (left, top), (left + 0.6 * width, top)], colour, 2.0)
    else:
        drawing.add_area((x - 1, corner[1] - 1), (opposite[0] + 1, opposite[1] + 1), GREY)
        drawing.add_area(corner, opposite, colour)
        if row.swatch is Swatch.HATCHED:
            for n in range(3):
                start = x + n * width / 3
                drawing.add_strip((start, corner[1]), (start + width / 3, opposite[1]), HATCH_LIGHT, 1.5)
