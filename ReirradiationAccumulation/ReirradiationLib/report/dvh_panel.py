"""One panel of a DVH figure: a dose axis, a linear or logarithmic axis of volume, curves and limits within them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TypeAlias

from .figure_style import round_step

FONT_PX = 10
LIMIT_COLOUR = "#B00020"
ARROW_PX, RING_PX = 12.0, 6.0

Point: TypeAlias = tuple[float, float]


class Side(Enum):
    """The side of a limit that is forbidden; (right, down) in pixels."""

    RIGHT = (1, 0)
    LEFT = (-1, 0)
    UP = (0, -1)
    DOWN = (0, 1)


@dataclass(frozen=True)
class Panel:
    """A panel in pixels, with its axes.

    Parameters
    ----------
    left, top, width, height : float
        Of the field between the axes.
    dose_start_gy, dose_end_gy, dose_tick_gy : float
    volume_bottom, volume_top : float
        Ends of the axis of volume, in its unit.
    is_logarithmic : bool
    """

    left: float
    top: float
    width: float
    height: float
    dose_start_gy: float
    dose_end_gy: float
    dose_tick_gy: float
    volume_bottom: float
    volume_top: float
    is_logarithmic: bool

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def x(self, dose_gy: float) -> float:
        """Pixels of a dose."""
        return self.left + self.width * (dose_gy - self.dose_start_gy) / (self.dose_end_gy - self.dose_start_gy)

    def y(self, volume: float) -> float:
        """Pixels of a volume; one below the axis lies on its lower end."""
        low, high = self._height(self.volume_bottom), self._height(self.volume_top)
        return self.bottom - self.height * (self._height(max(volume, self.volume_bottom)) - low) / (high - low)

    def holds(self, dose_gy: float, volume: float) -> bool:
        """Whether a point lies between the axes; a volume of 0 lies on the lower one."""
        in_volume = volume <= self.volume_top * (1.0 + 1e-9) and (volume <= 0.0 or volume >= self.volume_bottom)
        return in_volume and self.dose_start_gy <= dose_gy <= self.dose_end_gy

    def _height(self, volume: float) -> float:
        return math.log10(volume) if self.is_logarithmic else volume


def frame(panel: Panel, heading: str, dose_label: str, volume_label: str) -> list[str]:
    """The axes with their grid, numbers and names; ``volume_label`` and ``dose_label`` are XML already."""
    parts = [
        f'<rect class="panel" x="{panel.left:g}" y="{panel.top:g}" width="{panel.width:g}" height="{panel.height:g}" '
        'fill="white" stroke="#444"/>'
    ]
    first = math.ceil(panel.dose_start_gy / panel.dose_tick_gy - 1e-9)
    for n in range(first, math.floor(panel.dose_end_gy / panel.dose_tick_gy + 1e-9) + 1):
        x = panel.x(n * panel.dose_tick_gy)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{panel.top:g}" y2="{panel.bottom:g}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{panel.bottom + 12:g}" text-anchor="middle">{n * panel.dose_tick_gy:g}</text>')
    for volume, is_named in _volume_ticks(panel):
        y, colour = panel.y(volume), "#ddd" if is_named else "#f0f0f0"
        parts.append(f'<line x1="{panel.left:g}" x2="{panel.right:g}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>')
        if is_named:
            parts.append(f'<text x="{panel.left - 5:g}" y="{y + 3.5:.1f}" text-anchor="end">{volume:g}</text>')
    across, down = panel.left + panel.width / 2, panel.top + panel.height / 2
    parts.append(f'<text x="{panel.left:g}" y="{panel.top - 5:g}" font-weight="bold">{heading}</text>')
    parts.append(f'<text x="{across:.1f}" y="{panel.bottom + 25:g}" text-anchor="middle">{dose_label}</text>')
    turned = f"translate({panel.left - 31:g} {down:.1f}) rotate(-90)"
    parts.append(f'<text transform="{turned}" text-anchor="middle">{volume_label}</text>')
    return parts


def polyline(panel: Panel, points: Sequence[Point], style: str) -> str:
    """A curve of (dose, volume), cut where it leaves the axes; it falls on the lower axis at its end."""
    pixels = [(panel.x(dose_gy), panel.y(volume)) for dose_gy, volume in points]
    inside = _cut(_cut(pixels, 0, panel.left), 1, panel.top)
    text = " ".join(f"{x:.2f},{y:.2f}" for x, y in inside)
    return f'<polyline class="curve" points="{text}" {style}/>'


def limit_mark(panel: Panel, dose_gy: float, volume: float, forbidden: Side) -> str:
    """A bar at a limit and an arrow to its forbidden side."""
    x, y = panel.x(dose_gy), panel.y(volume)
    right, down = forbidden.value
    bar = f"M{-6 * down},{-6 * right} L{6 * down},{6 * right}"
    tip = f"{ARROW_PX * right:g},{ARROW_PX * down:g}"
    head = f"M{7 * right + 3 * down},{7 * down + 3 * right} L{tip} L{7 * right - 3 * down},{7 * down - 3 * right}"
    return (
        f'<g class="limit" transform="translate({x:.2f} {y:.2f})" fill="none" stroke="{LIMIT_COLOUR}">'
        f'<path d="{bar}" stroke-width="2.6"/><path d="M0,0 L{tip} {head}" stroke-width="1.4"/></g>'
    )


def limit_ring(panel: Panel, dose_gy: float, volume: float, forbidden: Side, letter: str, taken: list[Point]) -> str:
    """The letter of a limit beyond its arrow, where it covers no other one."""
    right, down = forbidden.value
    reach = ARROW_PX + RING_PX
    ring = _free_place(panel, (panel.x(dose_gy) + reach * right, panel.y(volume) + reach * down), taken)
    taken.append(ring)
    return letter_ring(ring, letter)


def end_mark(panel: Panel, maximum_gy: float) -> str:
    """A dot on the dose axis at the maximum of a sum."""
    return f'<circle class="maximum" cx="{panel.x(maximum_gy):.2f}" cy="{panel.bottom:g}" r="3" fill="#000"/>'


def letter_ring(at: Point, letter: str) -> str:
    """A letter in a ring, by which the legend names a limit."""
    x, y = at
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RING_PX:g}" fill="white" stroke="{LIMIT_COLOUR}"/>'
        f'<text x="{x:.1f}" y="{y + 3:.1f}" font-size="9" text-anchor="middle" fill="{LIMIT_COLOUR}">{letter}</text>'
    )


def dose_axis(highest_gy: float, width: float, most_ticks: int) -> tuple[float, float]:
    """End and tick of a dose axis that reaches beyond the highest dose by an arrow with its letter at least."""
    reach = 1.0 - (ARROW_PX + 2 * RING_PX + 4) / width
    end = highest_gy / reach
    tick = round_step(end, most_ticks)
    return tick / 2 * math.ceil(end / (tick / 2)), tick


def _volume_ticks(panel: Panel) -> list[tuple[float, bool]]:
    """Volumes with grid lines, and whether they are written."""
    if not panel.is_logarithmic:
        return [(float(percent), True) for percent in range(0, 101, 20)]
    exponents = range(math.floor(math.log10(panel.volume_bottom)), math.ceil(math.log10(panel.volume_top)) + 1)
    values = [(n * 10.0**exponent, n == 1) for exponent in exponents for n in range(1, 10)]
    inside = panel.volume_bottom * (1 - 1e-9), panel.volume_top * (1 + 1e-9)
    return [(volume, is_named) for volume, is_named in values if inside[0] <= volume <= inside[1]]


def _cut(points: list[Point], axis: int, least: float) -> list[Point]:
    """The part of a line on one side of an edge, with the points in which it crosses it."""
    result = [point for point in points[:1] if point[axis] >= least]
    for start, end in pairwise(points):
        if (start[axis] < least) != (end[axis] < least):
            share = (least - start[axis]) / (end[axis] - start[axis])
            result.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
        if end[axis] >= least:
            result.append(end)
    return result


def _free_place(panel: Panel, wanted: Point, taken: Sequence[Point]) -> Point:
    """The place nearest to the wanted one, within the panel, that no ring takes yet."""
    inset, step = RING_PX + 1, 2 * RING_PX + 1
    x = min(max(wanted[0], panel.left + inset), panel.right - inset)
    y = min(max(wanted[1], panel.top + inset), panel.bottom - inset)
    places = [(x, y + step * n * sign) for n in range(12) for sign in (-1, 1)]
    within = [place for place in places if panel.top + inset <= place[1] <= panel.bottom - inset]
    free = (p for p in within if all(math.hypot(p[0] - q[0], p[1] - q[1]) >= step - 0.5 for q in taken))
    return next(free, (x, y))
