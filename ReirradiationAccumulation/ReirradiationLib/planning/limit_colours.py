"""Colours of optimization structures, by how much the new plan may give there."""

from __future__ import annotations

import numpy as np

SCALE = ((204, 51, 17), (238, 119, 51), (238, 204, 102), (51, 187, 238), (0, 119, 187), (0, 153, 136))
"""From a limit of 0 to the prescription: red, orange, sand, cyan, blue, teal, which the colour-blind tell apart (the
vibrant scheme of Tol P, *Colour Schemes*, SRON/EPS/TN/09-002 (2021), with sand for its grey)."""


def limit_colour(limit_gy: float, prescription_gy: float) -> tuple[int, int, int]:
    """Colour of a limit relative to the prescription, both physical: red at 0, teal from the prescription upwards."""
    share = min(max(limit_gy / prescription_gy, 0.0), 1.0) if prescription_gy > 0.0 else 1.0
    places = np.linspace(0.0, 1.0, len(SCALE))
    red, green, blue = (round(float(np.interp(share, places, [colour[n] for colour in SCALE]))) for n in range(3))
    return red, green, blue
