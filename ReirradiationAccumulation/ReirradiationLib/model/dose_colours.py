"""The colours of dose, the same in scenes, pictures and their legends."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue, each 0 … 1 (sRGB)."""

STOPS: tuple[Colour, ...] = (
    (0.13, 0.20, 0.78),
    (0.35, 0.24, 0.92),
    (0.62, 0.22, 0.85),
    (0.85, 0.27, 0.65),
    (0.96, 0.45, 0.42),
    (1.00, 0.66, 0.25),
    (1.00, 0.93, 0.40),
)
"""From no dose to the maximum at even steps: blue – violet – magenta – orange – yellow. Ever lighter (CIE L* 31 to 93), so
that greyscale print keeps the order, and told apart by colour-blind readers as plasma is (van der Walt S, Smith N,
matplotlib 2015), whose darkest part would hide the CT below it."""

WASH_THRESHOLD = 0.1
"""Fraction of the maximum below which the dose is not coloured."""


def dose_colour(fraction: float) -> Colour:
    """The colour of a dose given as a fraction of the maximum; clamped to 0 … 1."""
    at = np.linspace(0.0, 1.0, len(STOPS))
    red, green, blue = (float(np.interp(fraction, at, channel)) for channel in zip(*STOPS, strict=True))
    return (red, green, blue)


def line_colour(fraction: float) -> Colour:
    """The colour of an isodose line: that of the dose, lightened so that a thin line stands out from the wash."""
    red, green, blue = (0.35 + 0.65 * channel for channel in dose_colour(fraction))
    return (red, green, blue)
