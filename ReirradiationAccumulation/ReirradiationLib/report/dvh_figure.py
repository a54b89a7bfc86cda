"""Cumulative DVHs as vector figures: an organ with its tail and its limits; all structures together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape

from .dvh_panel import (
    FONT_PX,
    RING_PX,
    Panel,
    Point,
    Side,
    dose_axis,
    end_mark,
    frame,
    letter_ring,
    limit_mark,
    limit_ring,
    polyline,
)
from .figure_style import DASHES, PALETTE, fitted

WIDTH, HEIGHT = 718, 216
"""One pixel of the figure is one of the page: 190 mm across A4, 57 mm high."""

TOP, FIELD_HEIGHT, FIELD_WIDTH = 18, 168, 214
FIRST_LEFT, SECOND_LEFT, LEGEND_LEFT = 40, 306, 534
SUMS_WIDTH = LEGEND_LEFT - FIRST_LEFT - 14
KEY_PX, ROW_PX = 26, 13.5
MOST_ROWS = int((HEIGHT - TOP - 8) / ROW_PX)

TAIL_TOP_CC, TAIL_BOTTOM_CC = 10.0, 0.01
MOST_DOSE_TICKS = 7
FAR_FROM_ZERO = 0.25
"""Share of the highest dose from which on the axis of the hottest part need not start at 0."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"

COURSE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
COURSE_DASHES = ("6 3", "2 2", "8 2 2 2", "4 4", "12 3", "6 2 1.5 2 1.5 2", "1 3")
"""Their numbers have no common divisor, so that 42 courses differ in colour or dashes."""


class CurveKind(Enum):
    """What a curve is of: it decides how the curve is drawn."""

    SUM = "sum"
    RECOVERED = "recovered sum"
    COURSE = "course"


@dataclass(frozen=True)
class FigureCurve:
    """A curve to draw, with the label it gets in the legend; it ends at its maximum."""

    label: str
    dose_gy: Sequence[float]
    volume_percent: Sequence[float]
    kind: CurveKind = CurveKind.SUM


@dataclass(frozen=True)
class FigureLimit:
    """A limit as a point of the figure and the side of it that is forbidden; a maximum is at 0 % of the volume."""

    label: str
    dose_gy: float
    volume_percent: float
    forbidden: Side


def organ_figure(title: str, volume_cc: float, curves: Sequence[FigureCurve], limits: Sequence[FigureLimit] = ()) -> str:
    """The DVHs of one structure as SVG: on the left all of it in percent, on the right its hottest part in cc.

    No maximum is cut off: both dose axes reach beyond the largest dose. The right axis of volume is logarithmic, from 10 cc
    (or the next round volume above the structure's) down to 0.01 cc. Limits are where they act, with an arrow to the
    forbidden side and the letter by which the legend names them.
    """
    limits = limits[: len(LETTERS)]
    highest_gy = max([curve.dose_gy[-1] for curve in curves] + [limit.dose_gy for limit in limits] + [1.0])
    end_gy, tick_gy = dose_axis(highest_gy, FIELD_WIDTH, MOST_DOSE_TICKS)
    whole = Panel(FIRST_LEFT, TOP, FIELD_WIDTH, FIELD_HEIGHT, 0.0, end_gy, tick_gy, 0.0, 100.0, False)
    tail = _tail_panel(volume_cc, curves, limits, highest_gy)
    styles = curve_styles(curves)
    parts = [_opening(title), *frame(whole, "Whole volume", "EQD2 [Gy]", f"Volume [% of {volume_cc:.4g} cc]")]
    parts += frame(tail, "Hottest part, logarithmic", "EQD2 [Gy]", "Volume [cc]")
    for panel, per_percent in ((whole, 1.0), (tail, volume_cc / 100.0)):
        taken: list[Point] = []
        placed = [(one.dose_gy, one.volume_percent * per_percent, one.forbidden) for one in limits]
        shown = [(place, letter) for place, letter in zip(placed, LETTERS, strict=False) if panel.holds(*place[:2])]
        parts += [limit_mark(panel, *place) for place, _ in shown]  # below the curves, which show how far they go
        parts += [
            polyline(panel, curve_line(curve, per_percent), style) for curve, style in zip(curves, styles, strict=True)
        ]
        parts += [end_mark(panel, curve.dose_gy[-1]) for curve in curves if curve.kind is not CurveKind.COURSE]
        parts += [limit_ring(panel, *place, letter, taken) for place, letter in shown]
    parts += _legend([(curve.label, style) for curve, style in zip(curves, styles, strict=True)], limits)
    return "\n".join([*parts, "</svg>"])


def sums_figure(title: str, curves: Sequence[FigureCurve]) -> str:
    """One curve of each of several structures as SVG."""
    highest_gy = max([curve.dose_gy[-1] for curve in curves] + [1.0])
    end_gy, tick_gy = dose_axis(highest_gy, SUMS_WIDTH, 2 * MOST_DOSE_TICKS)
    panel = Panel(FIRST_LEFT, TOP, SUMS_WIDTH, FIELD_HEIGHT, 0.0, end_gy, tick_gy, 0.0, 100.0, False)
    styles = [_style(PALETTE[n % len(PALETTE)], DASHES[n % len(DASHES)], 1.7) for n in range(len(curves))]
    parts = [_opening(title), *frame(panel, "", "EQD2 [Gy]", "Volume [%]")]
    parts += [polyline(panel, curve_line(curve, 1.0), style) for curve, style in zip(curves, styles, strict=True)]
    parts += _legend([(curve.label, style) for curve, style in zip(curves, styles, strict=True)], ())
    return "\n".join([*parts, "</svg>"])


def _tail_panel(volume_cc: float, curves: Sequence[FigureCurve], limits: Sequence[FigureLimit], highest_gy: float) -> Panel:
    """From the dose that the whole range of volumes receives, if that is far from 0."""
    volumes = [limit.volume_percent * volume_cc / 100.0 for limit in limits if limit.volume_percent > 0.0]
    bottom = 10.0 ** math.floor(math.log10(max(min([TAIL_BOTTOM_CC, volume_cc / 5.0, *volumes]), 1e-4)) + 1e-9)
    top = min(TAIL_TOP_CC, _next_round(volume_cc))
    acting = [limit.dose_gy for limit in limits if bottom <= limit.volume_percent * volume_cc / 100.0 <= top]
    starts = [_dose_at(curve, 100.0 * top / volume_cc) for curve in curves if curve.kind is not CurveKind.COURSE]
    starts += [curve.dose_gy[-1] for curve in curves] + acting
    lowest_gy = 0.95 * min(starts, default=0.0)
    start_gy = lowest_gy if lowest_gy > FAR_FROM_ZERO * highest_gy else 0.0
    tick_gy = dose_axis(highest_gy - start_gy, FIELD_WIDTH, MOST_DOSE_TICKS)[1]
    first_gy = tick_gy * math.floor(start_gy / tick_gy)
    end_gy = first_gy + dose_axis(highest_gy - first_gy, FIELD_WIDTH, MOST_DOSE_TICKS)[0]
    return Panel(SECOND_LEFT, TOP, FIELD_WIDTH, FIELD_HEIGHT, first_gy, end_gy, tick_gy, bottom, top, True)


def _next_round(volume_cc: float) -> float:
    decade = 10.0 ** math.floor(math.log10(volume_cc))
    return next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if volume_cc <= step * decade * (1 + 1e-9))


def _dose_at(curve: FigureCurve, percent: float) -> float:
    """The dose of the first point of a curve with less than so much volume."""
    pairs = zip(curve.dose_gy, curve.volume_percent, strict=True)
    return next((dose for dose, volume in pairs if volume < percent), curve.dose_gy[-1])


def curve_line(curve: FigureCurve, per_percent: float) -> list[Point]:
    """The points of a curve, down to no volume."""
    points = [(dose, per_percent * volume) for dose, volume in zip(curve.dose_gy, curve.volume_percent, strict=True)]
    return [*points, (curve.dose_gy[-1], 0.0)] if curve.volume_percent[-1] > 0.0 else points


def curve_styles(curves: Sequence[FigureCurve]) -> list[str]:
    """Sums thick, courses thin; every pair of curves differs in dashes, or in width where both are whole lines."""
    styles, course = [], 0
    for curve in curves:
        if curve.kind is CurveKind.SUM:
            styles.append(_style("#000000", "", 2.4))
        elif curve.kind is CurveKind.RECOVERED:
            styles.append(_style("#6E6E6E", "9 3", 2.4))
        else:
            styles.append(
                _style(COURSE_COLOURS[course % len(COURSE_COLOURS)], COURSE_DASHES[course % len(COURSE_DASHES)], 1.4)
            )
            course += 1
    return styles


def _style(colour: str, dashes: str, width: float) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'stroke="{colour}"{dashed} stroke-width="{width:g}" fill="none"'


def _legend(curves: Sequence[tuple[str, str]], limits: Sequence[FigureLimit]) -> list[str]:
    """A row for each curve and limit; the last row counts those that there is no room for."""
    rows = [(legend_key(style), label) for label, style in curves]
    rows += [(letter, limit.label) for letter, limit in zip(LETTERS, limits, strict=False)]
    if len(rows) > MOST_ROWS:
        rows = [*rows[: MOST_ROWS - 1], ("", f"{len(rows) - MOST_ROWS + 1} more: see the tables")]
    left, room = LEGEND_LEFT + KEY_PX + 6, WIDTH - LEGEND_LEFT - KEY_PX - 8
    parts = []
    for n, (key, label) in enumerate(rows):
        y = TOP + 4 + ROW_PX * n
        if key.startswith("<"):
            parts.append(f'<g transform="translate({LEGEND_LEFT} {y:.1f})">{key}</g>')
        elif key:
            parts.append(letter_ring((LEGEND_LEFT + KEY_PX - RING_PX, y), key))
        parts.append(f'<text x="{left}" y="{y + 3.5:.1f}">{fitted(label, FONT_PX, room)}</text>')
    return parts


def legend_key(style: str) -> str:
    """A piece of line for the legend."""
    return f'<line x1="0" x2="{KEY_PX}" y1="0" y2="0" {style}/>'


def _opening(title: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in title)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(clean)}" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="DejaVu Sans, Arial, sans-serif" font-size="{FONT_PX}">'
    )
