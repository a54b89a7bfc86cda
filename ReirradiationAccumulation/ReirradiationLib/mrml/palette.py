"""The colours of registrations: palettes that colour-blind readers tell apart, on grey CT and on black."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.dose_colours import Colour

HATCH_DARK: Colour = (0.10, 0.10, 0.13)
HATCH_LIGHT: Colour = (0.36, 0.36, 0.42)
"""Stripes where something is not known; neither grey of a CT nor the black of the ground alone."""

CURRENT: Colour = (1.00, 0.50, 0.00)
PRIOR: Colour = (0.00, 0.50, 1.00)
"""Of the two CTs where they are laid over each other: their sum is white, so what agrees is grey."""

GROWS: Colour = (1.00, 0.56, 0.10)
SHRINKS: Colour = (0.22, 0.60, 1.00)
FOLDED: Colour = (1.00, 0.05, 0.10)
"""Washes where a registration makes tissue larger or smaller, and where it turns it inside out."""

DIVERGING: tuple[Colour, ...] = (
    (0.70, 0.92, 1.00),
    (0.22, 0.60, 1.00),
    (0.12, 0.30, 0.66),
    (0.16, 0.16, 0.16),
    (0.62, 0.30, 0.04),
    (1.00, 0.56, 0.10),
    (1.00, 0.92, 0.66),
)
"""From far below to far above at even steps: blue – dark grey – orange, ever lighter away from the middle."""


def diverging_colours(fractions: FloatArray) -> FloatArray:
    """Colours of fractions −1 … 1 of the largest deviation, clamped; one more axis of length 3."""
    at = np.linspace(-1.0, 1.0, len(DIVERGING))
    return np.stack([np.interp(fractions, at, channel) for channel in zip(*DIVERGING, strict=True)], axis=-1)


def diverging_colour(fraction: float) -> Colour:
    """The colour of one fraction −1 … 1."""
    red, green, blue = diverging_colours(np.array(fraction)).tolist()
    return (red, green, blue)
