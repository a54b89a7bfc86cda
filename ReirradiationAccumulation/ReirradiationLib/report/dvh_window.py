"""The DVH of one structure for a window: narrow, with its legend below."""

from __future__ import annotations

from collections.abc import Sequence

from .dvh_figure import LETTERS, MOST_DOSE_TICKS, CurveKind, FigureCurve, FigureLimit, curve_line, curve_styles, legend_key
from .dvh_limits import figure_limit
from .dvh_panel import (
    FONT_PX,
    RING_PX,
    Panel,
    Point,
    dose_axis,
    end_mark,
    frame,
    letter_ring,
    limit_mark,
    limit_ring,
    polyline,
)
from .dvh_section import figure_curves
from .evaluation import Evaluation
from .figure_style import fitted
from .structure_summary import StructureSummary

WIDTH = 410
LEFT, TOP, FIELD_WIDTH, FIELD_HEIGHT = 44, 20, 352, 180
LEGEND_TOP, ROW_PX, KEY_PX = TOP + FIELD_HEIGHT + 42, 15.0, 26


def window_dvh(structure: StructureSummary, evaluation: Evaluation) -> str:
    """The DVH of a structure, every course and the sums, with the limits that are points of it, as SVG of a fixed size."""
    places = [figure_limit(score, structure) for score in evaluation.scorecard if score.structure == structure.name]
    limits = [place for place in places if isinstance(place, FigureLimit)][: len(LETTERS)]
    curves = figure_curves(structure, evaluation)
    highest_gy = max([curve.dose_gy[-1] for curve in curves] + [limit.dose_gy for limit in limits] + [1.0])
    end_gy, tick_gy = dose_axis(highest_gy, FIELD_WIDTH, MOST_DOSE_TICKS + 3)
    panel = Panel(LEFT, TOP, FIELD_WIDTH, FIELD_HEIGHT, 0.0, end_gy, tick_gy, 0.0, 100.0, False)
    styles = curve_styles(curves)
    height = LEGEND_TOP + ROW_PX * (len(curves) + len(limits))
    heading = fitted(f"{structure.name}, EQD2 with α/β {structure.alpha_beta_gy:g} Gy", FONT_PX, FIELD_WIDTH)
    parts = [
        f'<svg width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="DejaVu Sans, Arial, sans-serif" font-size="{FONT_PX}">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>',
        *frame(panel, heading, "EQD2 [Gy]", f"Volume [% of {structure.volume_cc:.4g} cc]"),
        *(limit_mark(panel, one.dose_gy, one.volume_percent, one.forbidden) for one in limits),
        *(polyline(panel, curve_line(curve, 1.0), style) for curve, style in zip(curves, styles, strict=True)),
        *(end_mark(panel, curve.dose_gy[-1]) for curve in curves if curve.kind is not CurveKind.COURSE),
        *_rings(panel, limits),
        *_legend(curves, styles, limits),
    ]
    return "\n".join([*parts, "</svg>"])


def _rings(panel: Panel, limits: Sequence[FigureLimit]) -> list[str]:
    taken: list[Point] = []
    return [
        limit_ring(panel, limit.dose_gy, limit.volume_percent, limit.forbidden, letter, taken)
        for limit, letter in zip(limits, LETTERS, strict=False)
    ]


def _legend(curves: Sequence[FigureCurve], styles: Sequence[str], limits: Sequence[FigureLimit]) -> list[str]:
    parts, y = [], float(LEGEND_TOP)
    room = WIDTH - LEFT - KEY_PX - 12
    for curve, style in zip(curves, styles, strict=True):
        parts.append(f'<g transform="translate({LEFT} {y:.1f})">{legend_key(style)}</g>')
        parts.append(_label(curve.label, y, room))
        y += ROW_PX
    for limit, letter in zip(limits, LETTERS, strict=False):
        parts.append(letter_ring((LEFT + KEY_PX - RING_PX, y), letter))
        parts.append(_label(limit.label, y, room))
        y += ROW_PX
    return parts


def _label(text: str, y: float, room: float) -> str:
    return f'<text x="{LEFT + KEY_PX + 6}" y="{y + 3.5:.1f}">{fitted(text, FONT_PX, room)}</text>'
