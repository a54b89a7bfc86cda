"""The panel beside the slice: colour scale, isodoses and structures, so that no anatomy is covered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..model.scene import SceneDose
from .drawing import BLACK, GREY, WHITE, Drawing, Point, shortened
from .palette import Colour, dose_colour
from .volume_nodes import WASH_THRESHOLD

SMALLEST_FONT = 9
BAR_STEPS = 64
MOST_STEPS = 5.5


@dataclass(frozen=True)
class LegendRow:
    """A line of the legend: a heading if there is no colour."""

    text: str
    colour: Colour | None = None


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


def draw_legend(drawing: Drawing, panel: Panel, dose: SceneDose, maximum_gy: float, rows: Sequence[LegendRow]) -> None:
    """Draw the panel from the top: name of the dose, colour scale with its unit, and the rows."""
    x, top = panel.left + panel.margin, panel.height - panel.margin
    room = panel.width - 2 * panel.margin
    drawing.add_text(shortened(dose.name, panel.font, room), (x, top), panel.font, vertical="top", bold=True)
    drawing.add_text(dose.quantity.value, (x, top - 1.4 * panel.font), panel.font, GREY, vertical="top")
    bar_top = top - 3.6 * panel.font
    bar_bottom = bar_top - 0.27 * panel.height
    _draw_scale(drawing, (x, bar_bottom), (x + 1.3 * panel.font, bar_top), maximum_gy, panel.font)
    _draw_rows(drawing, panel, bar_bottom - 1.2 * panel.font, rows)


def _draw_scale(drawing: Drawing, corner: Point, opposite: Point, maximum_gy: float, font: int) -> None:
    (left, bottom), (right, top) = corner, opposite
    drawing.add_area((left - 1, bottom - 1), (right + 1, top + 1), GREY)
    edges = np.linspace(0.0, 1.0, BAR_STEPS + 1)
    for low, high in pairwise(edges):
        colour = dose_colour((low + high) / 2) if low >= WASH_THRESHOLD else BLACK
        drawing.add_area((left, bottom + low * (top - bottom)), (right, bottom + high * (top - bottom)), colour)
    for value in ticks(maximum_gy):
        y = bottom + value / maximum_gy * (top - bottom)
        drawing.add_line([(right + 1, y), (right + 5, y)], GREY, 1.0)
        drawing.add_text(f"{value:g}", (right + 9, y), font)


def ticks(maximum_gy: float) -> tuple[float, ...]:
    """Round values from 0 up, three to six."""
    decade = 10.0 ** math.floor(math.log10(maximum_gy / MOST_STEPS))
    step = next(decade * factor for factor in (1.0, 2.0, 5.0, 10.0) if maximum_gy / (decade * factor) <= MOST_STEPS)
    return tuple(step * count for count in range(int(maximum_gy / step + 1e-9) + 1))


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
        drawing.add_line([(x, y), (x + swatch, y)], row.colour, 2.0)
        start = x + swatch + 0.5 * font
        room = panel.left + panel.width - start - 2
        drawing.add_text(shortened(row.text, font, room), (start, y), font, WHITE)
