"""The colours of dose: a perceptually ordered palette that colour-blind readers tell apart, on grey CT."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue, each 0 … 1."""

STOPS: tuple[Colour, ...] = (
    (0.16, 0.10, 0.58),
    (0.36, 0.05, 0.68),
    (0.58, 0.10, 0.66),
    (0.77, 0.24, 0.54),
    (0.90, 0.40, 0.40),
    (0.98, 0.58, 0.26),
    (1.00, 0.77, 0.16),
    (0.97, 0.96, 0.32),
)
"""From no dose to the maximum at even steps: violet – magenta – orange – yellow, lightness rising throughout."""


def dose_colour(fraction: float) -> Colour:
    """The colour of a dose given as a fraction of the maximum; clamped to 0 … 1."""
    at = np.linspace(0.0, 1.0, len(STOPS))
    red, green, blue = (float(np.interp(fraction, at, channel)) for channel in zip(*STOPS, strict=True))
    return (red, green, blue)


def line_colour(fraction: float) -> Colour:
    """The colour of an isodose line: that of the dose, lightened so that a thin line stands out from the wash."""
    red, green, blue = (0.3 + 0.7 * channel for channel in dose_colour(fraction))
    return (red, green, blue)
