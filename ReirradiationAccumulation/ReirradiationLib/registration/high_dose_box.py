"""The surroundings of the prior dose on the current CT, where a deformable registration may be limited to."""

from __future__ import annotations

import numpy as np

from ..model.errors import RegistrationError
from ..model.image import Dose
from ..model.transform import Affine
from .engine import Box
from .high_dose import HIGH_SHARE

MARGIN_MM = 30.0
"""Beyond it: a registration needs to see what lies around."""


def high_dose_box(dose: Dose, start: Affine) -> Box:
    """The box around a prior dose over half of its maximum, with a margin of 30 mm.

    Parameters
    ----------
    dose : Dose
        On its own grid, in the prior frame.
    start : Affine
        LPS mm, from the frame of the box (usually the current one) to the prior one.

    Raises
    ------
    RegistrationError
        If the dose is 0 everywhere.
    """
    high = np.argwhere(dose.voxels_gy > HIGH_SHARE * float(dose.voxels_gy.max()))[:, ::-1].astype(np.float64)
    if not len(high):
        raise RegistrationError("Region near the prior dose", "the dose is 0 everywhere", "Register the whole CT.")
    return Box.around(start.inverse().apply(dose.geometry.to_lps(high)), MARGIN_MM)
