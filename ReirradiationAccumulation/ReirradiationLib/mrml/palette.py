"""The colours of dose: a perceptually ordered palette that colour-blind readers tell apart, on grey CT."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue, each 0 … 1."""

STOPS: tuple[Colour, ...] = (
    (0.10, 0.25, 0.85),
    (0.20, 0.40, 1.00),
    (0.52, 0.30, 1.00),
    (0.84, 0.25, 0.80),
    (0.97, 0.40, 0.48),
    (1.00, 0.62, 0.22),
    (1.00, 0.95, 0.35),
)
"""From no dose to the maximum at even steps: blue – violet – magenta – orange – yellow, the last ones ever lighter."""


def dose_colour(fraction: float) -> Colour:
    """The colour of a dose given as a fraction of the maximum; clamped to 0 … 1."""
    at = np.linspace(0.0, 1.0, len(STOPS))
    red, green, blue = (float(np.interp(fraction, at, channel)) for channel in zip(*STOPS, strict=True))
    return (red, green, blue)


def line_colour(fraction: float) -> Colour:
    """The colour of an isodose line: that of the dose, lightened so that a thin line stands out from the wash."""
    red, green, blue = (0.35 + 0.65 * channel for channel in dose_colour(fraction))
    return (red, green, blue)
