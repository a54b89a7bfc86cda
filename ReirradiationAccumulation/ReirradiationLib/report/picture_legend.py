"""The legend of an organ's dose pictures as vector text: colours and levels of dose, outlines."""

from __future__ import annotations

from ..model.dose_colours import WASH_THRESHOLD, Colour, dose_colour, line_colour
from ..model.scene import OutlineRole
from .figure_style import fitted
from .pictures import OrganDosePictures, OutlineKey

WIDTH = 132
FONT_PX, ROW_PX = 9.5, 15
BAR_LEFT, BAR_TOP, BAR_WIDTH, BAR_HEIGHT, BAR_STEPS = 4, 30, 16, 120, 48
SWATCH_PX = 22
_DARK = "#1B1B1B"


def legend_svg(organ: OrganDosePictures) -> str:
    """Colour scale in Gy EQD2 with the isodose levels on it, then the outlines."""
    top = BAR_TOP + BAR_HEIGHT + 24
    height = top + ROW_PX * (len(organ.outlines) + 1)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Legend: Gy EQD2 and outlines" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="DejaVu Sans, Arial, sans-serif" font-size="{FONT_PX}">',
        f'<text x="{BAR_LEFT}" y="12" font-weight="bold">Gy EQD2, isodoses</text>',
        *_bar(organ.maximum_gy),
        *(_level(gy, organ.maximum_gy) for gy in organ.isodoses_gy),
    ]
    for n, key in enumerate(organ.outlines):
        parts.append(_row(top + ROW_PX * n, _swatch(key), key.name))
    ring = (
        f'<rect width="{SWATCH_PX}" height="11" fill="{_DARK}"/><circle cx="11" cy="5.5" r="3.6" fill="none" stroke="#fff"/>'
    )
    parts.append(_row(top + ROW_PX * len(organ.outlines), ring, "its maximum"))
    return "\n".join([*parts, "</svg>"])


def _bar(maximum_gy: float) -> list[str]:
    """Black where the wash does not colour."""
    step = BAR_HEIGHT / BAR_STEPS
    parts = []
    for n in range(BAR_STEPS):
        fraction = (n + 0.5) / BAR_STEPS
        colour = _hex(dose_colour(fraction)) if n / BAR_STEPS >= WASH_THRESHOLD - 1e-9 else "#000000"
        y = BAR_TOP + BAR_HEIGHT - (n + 1) * step
        parts.append(f'<rect x="{BAR_LEFT}" y="{y:.2f}" width="{BAR_WIDTH}" height="{step + 0.3:.2f}" fill="{colour}"/>')
    parts.append(f'<rect x="{BAR_LEFT}" y="{BAR_TOP}" width="{BAR_WIDTH}" height="{BAR_HEIGHT}" fill="none" stroke="#444"/>')
    bottom = BAR_TOP + BAR_HEIGHT + 3.5
    parts.append(f'<text x="{BAR_LEFT + BAR_WIDTH + 34}" y="{bottom}">0</text>')
    parts.append(f'<text x="{BAR_LEFT + BAR_WIDTH + 34}" y="{BAR_TOP + 3.5}">≥ {maximum_gy:g}</text>')
    return parts


def _level(level_gy: float, maximum_gy: float) -> str:
    """An isodose line beside the bar, at its dose."""
    y = BAR_TOP + BAR_HEIGHT * (1.0 - level_gy / maximum_gy)
    left, colour = BAR_LEFT + BAR_WIDTH + 6, _hex(line_colour(level_gy / maximum_gy))
    text = "" if level_gy > 0.97 * maximum_gy else f'<text x="{left + 28}" y="{y + 3.5:.1f}">{level_gy:g}</text>'
    line = f'x1="{left}" x2="{left + 24}" y1="{y:.1f}" y2="{y:.1f}"'
    return f'<line {line} stroke="#000" stroke-width="4"/><line {line} stroke="{colour}" stroke-width="2"/>{text}'


def _swatch(key: OutlineKey) -> str:
    """The line on a dark ground, as in the pictures."""
    red, green, blue = key.colour
    colour = f"#{red:02X}{green:02X}{blue:02X}"
    ground = f'<rect width="{SWATCH_PX}" height="11" fill="{_DARK}"/>'
    line = f'x1="1" x2="{SWATCH_PX - 1}" y1="5.5" y2="5.5"'
    if key.role is OutlineRole.TARGET:
        return f'{ground}<line {line} stroke="#fff" stroke-width="5"/><line {line} stroke="{colour}" stroke-width="3"/>'
    dashes = ' stroke-dasharray="6 3"' if key.role is OutlineRole.SHELL else ""
    return f'{ground}<line {line} stroke="{colour}" stroke-width="{2 if dashes else 3}"{dashes}/>'


def _row(y: float, swatch: str, text: str) -> str:
    room = WIDTH - BAR_LEFT - SWATCH_PX - 6
    label = f'<text x="{BAR_LEFT + SWATCH_PX + 4}" y="{y + 9:g}">{fitted(text, FONT_PX, room)}</text>'
    return f'<g transform="translate({BAR_LEFT} {y:g})">{swatch}</g>{label}'


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * channel):02X}" for channel in colour)
