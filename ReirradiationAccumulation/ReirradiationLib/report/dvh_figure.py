"""Cumulative DVHs as a vector figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 960, 380
LONGEST_LABEL = 42
LEFT, RIGHT, TOP, BOTTOM = 62, 290, 16, 52
MOST_TICKS = 12

# Okabe M, Ito K: a palette that stays apart under colour blindness; dashes keep curves apart in greyscale print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8C6D31")
HALO = 'stroke="white" stroke-width="4" paint-order="stroke"'
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 3", "6 2 2 2")


@dataclass(frozen=True)
class FigureCurve:
    """A curve to draw, with the label it gets in the legend."""

    label: str
    dose_gy: Sequence[float]
    volume_percent: Sequence[float]


@dataclass(frozen=True)
class FigureLimit:
    """A limit drawn as a vertical line at a dose."""

    label: str
    dose_gy: float


def dvh_figure(title: str, curves: Sequence[FigureCurve], limits: Sequence[FigureLimit] = ()) -> str:
    """A figure as SVG text; the dose axis reaches beyond the largest dose, so no maximum is cut off."""
    highest = max([curve.dose_gy[-1] for curve in curves] + [limit.dose_gy for limit in limits] + [1.0])
    tick = round_step(highest, MOST_TICKS)
    dose_end = tick * (int(highest * 1.02 / tick) + 1)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg" '
        'font-family="sans-serif" font-size="12">',
        _axes(dose_end, tick),
    ]
    for n, curve in enumerate(curves):
        parts += _curve(n, curve, dose_end)
    for n, limit in enumerate(limits):
        parts += _limit(n, limit, dose_end)
    parts.append("</svg>")
    return "\n".join(parts)


def _curve(n: int, curve: FigureCurve, dose_end: float) -> list[str]:
    colour, dashes = PALETTE[n % len(PALETTE)], DASHES[n % len(DASHES)]
    style = f'stroke="{colour}" stroke-dasharray="{dashes}" stroke-width="1.8" fill="none"'
    pairs = zip(curve.dose_gy, curve.volume_percent, strict=True)
    points = " ".join(f"{_x(dose, dose_end):.1f},{_y(volume):.1f}" for dose, volume in pairs)
    left, y = WIDTH - RIGHT + 14, TOP + 12 + 20 * n
    return [
        f'<polyline points="{points}" {style}/>',
        f'<line x1="{left}" x2="{left + 34}" y1="{y}" y2="{y}" {style}/>',
        f'<text x="{left + 40}" y="{y + 4}">{escape(_short(curve.label))}</text>',
    ]


def _limit(n: int, limit: FigureLimit, dose_end: float) -> list[str]:
    x = _x(limit.dose_gy, dose_end)
    ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"'
    # Right of the middle the label goes to the left of its line, so that it stays within the axes.
    anchor, shift = ("end", -5) if limit.dose_gy > dose_end / 2 else ("start", 5)
    label = f'<text x="{x + shift:.1f}" y="{TOP + 14 + 15 * n}" text-anchor="{anchor}" fill="#b00020" {HALO}>'
    return [f'<line {ends} stroke="#b00020" stroke-width="1.4"/>', f"{label}{escape(_short(limit.label))}</text>"]


def _axes(dose_end: float, tick: float) -> str:
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{width}" height="{height}" fill="white" stroke="#444"/>']
    for n in range(round(dose_end / tick) + 1):
        x = _x(n * tick, dose_end)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{n * tick:g}</text>')
    for percent in range(0, 101, 20):
        y = _y(percent)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{percent}</text>')
    across, down = LEFT + width / 2, TOP + height / 2
    parts.append(f'<text x="{across:.0f}" y="{HEIGHT - 14}" text-anchor="middle">EQD2 [Gy]</text>')
    parts.append(f'<text transform="translate(18 {down:.0f}) rotate(-90)" text-anchor="middle">Volume [%]</text>')
    return "\n".join(parts)


def _x(dose_gy: float, dose_end: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * dose_gy / dose_end


def _y(percent: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * percent / 100.0


def round_step(highest: float, most: int) -> float:
    """The smallest of the steps 1, 2, 5, 10, 20, 50 … (and tenths of them) that fits at most so often into a range."""
    decade = 10.0 ** math.floor(math.log10(highest / most))
    return next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if highest / (step * decade) <= most)


def _short(label: str) -> str:
    """The label, cut in the middle: its end says what was done to a course's dose."""
    return label if len(label) <= LONGEST_LABEL else f"{label[:19]}…{label[-22:]}"
