"""The fractionation explorer as a vector figure: physical dose that is left against the number of fractions."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from .feasibility_limits import limit_label
from .figure_style import DASHES, HALO, MOST_TICKS, PALETTE, round_step
from .fractionation_summary import FractionationSummary

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, TOP, BOTTOM = 62, 310, 20, 52
LONGEST_LABEL = 44
MOST_ROWS = 14
"""Curves in the legend; further ones are drawn in grey and counted there."""

ABOVE_GY = 1.6
"""The dose axis ends at most so many times above the highest that matters: the uniform dose and the prescription."""


@dataclass(frozen=True)
class FractionationAxes:
    """Numbers of fractions from ``first`` to ``last`` and doses up to ``end_gy``, with a tick every ``tick_gy``."""

    first: int
    last: int
    tick_gy: float
    end_gy: float

    def across(self, fractions: float) -> float:
        """Where a number of fractions lies: 0 at the left end, 1 at the right one."""
        return (fractions - self.first) / max(self.last - self.first, 1)

    def up(self, dose_gy: float) -> float:
        """Where a dose lies: 0 at the bottom, 1 at the top."""
        return dose_gy / self.end_gy

    def x(self, fractions: float) -> float:
        """Where in the figure of the report, from its left."""
        return LEFT + (WIDTH - LEFT - RIGHT) * self.across(fractions)

    def y(self, dose_gy: float) -> float:
        """Where in the figure of the report, from its top."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * self.up(dose_gy)

    def fraction_ticks(self, most: int = MOST_TICKS) -> list[int]:
        """Numbers of fractions to be written below the axis."""
        step = max(1, int(round_step(max(self.last - self.first, 1), most)))
        return sorted({self.first, *range(-(-self.first // step) * step, self.last + 1, step)})

    def dose_ticks(self) -> list[float]:
        """Doses to be written beside the axis."""
        return [n * self.tick_gy for n in range(round(self.end_gy / self.tick_gy) + 1)]

    def beyond_lq(self) -> list[tuple[float, float]]:
        """Corners (fractions, Gy), beyond the axes too, of where the linear-quadratic model is not checked for."""
        ends = [(self.first, self.end_gy * 2.0), (self.first, LQ_LIMIT_GY_PER_FRACTION * self.first)]
        return [
            *ends,
            (self.last, LQ_LIMIT_GY_PER_FRACTION * self.last),
            (self.last, max(self.end_gy, 10.0 * self.last) * 2.0),
        ]


def fractionation_figure(summary: FractionationSummary) -> str:
    """One thin line per limit, the least of them bold, the prescription as a cross; beyond 10 Gy per fraction hatched."""
    axes = fractionation_axes(summary)
    numbers = [dose.fractions for dose in summary.doses]
    title = "Largest physical dose that each limit allows, by number of fractions"
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg" '
        'font-family="sans-serif" font-size="12">',
        _CLIP,
        _frame(axes),
        _beyond_lq(axes),
    ]
    parts += [_line(n, numbers, curve.dose_gy, axes) for n, curve in reversed(list(enumerate(summary.curves)))]
    least = [dose.dose_gy for dose in summary.doses]
    parts.append(f'<polyline points="{_points(numbers, least, axes)}" {_BOLD}/>')
    parts.append(_prescription(summary, axes))
    parts.append(_legend(summary))
    parts.append("</svg>")
    return "\n".join(parts)


_BOLD = (
    'stroke="#000000" stroke-width="4.5" stroke-opacity="0.55" stroke-linejoin="round" fill="none" clip-path="url(#inside)"'
)
_CLIP = (
    '<defs><pattern id="beyond" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" fill="#f4f4f4"/>'
    '<line x1="0" x2="0" y1="0" y2="7" stroke="#c4c4c4" stroke-width="1.6"/></pattern>'
    f'<clipPath id="inside"><rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}"/>'
    "</clipPath></defs>"
)


def fractionation_axes(summary: FractionationSummary) -> FractionationAxes:
    """Axes that show every uniform dose and the prescription; curves of little meaning may leave at the top."""
    highest = max([dose.dose_gy for dose in summary.doses] + [summary.prescription_gy, 1.0])
    beyond = max(max(curve.dose_gy) for curve in summary.curves)
    shown = max(highest, min(beyond, ABOVE_GY * highest))
    tick = round_step(shown, MOST_TICKS)
    numbers = [dose.fractions for dose in summary.doses] + [summary.prescription_fractions]
    return FractionationAxes(min(numbers), max(numbers), tick, tick * (int(shown * 1.02 / tick) + 1))


def _frame(axes: FractionationAxes) -> str:
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{width}" height="{height}" fill="white" stroke="#444"/>']
    for n in axes.fraction_ticks():
        x = axes.x(n)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{n}</text>')
    for dose_gy in axes.dose_ticks():
        y = axes.y(dose_gy)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{dose_gy:g}</text>')
    across, down = LEFT + width / 2, TOP + height / 2
    parts.append(f'<text x="{across:.0f}" y="{HEIGHT - 14}" text-anchor="middle">Number of fractions</text>')
    parts.append(f'<text transform="translate(18 {down:.0f}) rotate(-90)" text-anchor="middle">Physical dose [Gy]</text>')
    return "\n".join(parts)


def _beyond_lq(axes: FractionationAxes) -> str:
    """Where a dose means more per fraction than the linear-quadratic model is checked for."""
    corners = " ".join(f"{axes.x(n):.1f},{axes.y(dose_gy):.1f}" for n, dose_gy in axes.beyond_lq())
    return f'<polygon points="{corners}" fill="url(#beyond)" clip-path="url(#inside)"/>'


def _style(n: int) -> str:
    if n >= MOST_ROWS:
        return 'stroke="#999999" stroke-width="1.2" fill="none"'
    colour, dashes = PALETTE[n % len(PALETTE)], DASHES[n % len(DASHES)]
    return f'stroke="{colour}" stroke-dasharray="{dashes}" stroke-width="1.8" fill="none"'


def _line(n: int, numbers: list[int], dose_gy: tuple[float, ...], axes: FractionationAxes) -> str:
    return f'<polyline points="{_points(numbers, dose_gy, axes)}" {_style(n)} clip-path="url(#inside)"/>'


def _points(numbers: list[int], dose_gy: tuple[float, ...] | list[float], axes: FractionationAxes) -> str:
    return " ".join(f"{axes.x(n):.1f},{axes.y(value):.1f}" for n, value in zip(numbers, dose_gy, strict=True))


def _prescription(summary: FractionationSummary, axes: FractionationAxes) -> str:
    x, y = axes.x(summary.prescription_fractions), axes.y(summary.prescription_gy)
    anchor, shift = ("end", -11) if x > LEFT + (WIDTH - LEFT - RIGHT) / 2 else ("start", 11)
    text = f"prescription {summary.prescription_gy:g} Gy in {summary.prescription_fractions}"
    return (
        f'<path d="M{x - 6:.1f},{y:.1f} h12 M{x:.1f},{y - 6:.1f} v12" {HALO}/>'
        f'<path d="M{x - 6:.1f},{y:.1f} h12 M{x:.1f},{y - 6:.1f} v12" stroke="#b00020" stroke-width="2.6"/>'
        f'<text x="{x + shift:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}" fill="#b00020" {HALO}>{escape(text)}</text>'
    )


def _legend(summary: FractionationSummary) -> str:
    left, y = WIDTH - RIGHT + 14, TOP + 12
    parts = [
        _key('stroke="#000000" stroke-width="4.5" stroke-opacity="0.55"', "largest uniform dose (least of all)", left, y)
    ]
    for n, curve in enumerate(summary.curves[:MOST_ROWS]):
        y += 20
        parts.append(_key(_style(n), limit_label(curve.limit), left, y))
    if len(summary.curves) > MOST_ROWS:
        y += 20
        parts.append(_key(_style(MOST_ROWS), f"{len(summary.curves) - MOST_ROWS} more limits, see table", left, y))
    y += 20
    parts.append(f'<rect x="{left}" y="{y - 7}" width="34" height="14" fill="url(#beyond)" stroke="#888"/>')
    words = f"above {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction: extrapolated"
    parts.append(f'<text x="{left + 40}" y="{y + 4}">{escape(words)}</text>')
    return "\n".join(parts)


def _key(style: str, label: str, left: int, y: int) -> str:
    short = label if len(label) <= LONGEST_LABEL else f"{label[:20]}…{label[-23:]}"
    line = f'<line x1="{left}" x2="{left + 34}" y1="{y}" y2="{y}" {style}/>'
    return f'{line}<text x="{left + 40}" y="{y + 4}" font-size="11">{escape(short)}</text>'
