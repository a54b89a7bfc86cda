"""The linear-quadratic model: EQD2, BED and the way back to physical dose.

References
----------
Fowler JF, Br J Radiol 62:679 (1989); Bentzen SM et al., Radiother Oncol 105:266 (2012), on the notation EQD2.
Validity of the model up to about 10 Gy per fraction: Brenner DJ, Semin Radiat Oncol 18:234 (2008).
"""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DosimetryError
from ..model.protocol import require_alpha_beta

REFERENCE_GY = 2.0
"""Dose per fraction that EQD2 refers to."""

LQ_LIMIT_GY_PER_FRACTION = 10.0
"""Dose per fraction above which the linear-quadratic model is flagged as extrapolated."""


def eqd2(dose_gy: FloatArray, fractions: int, alpha_beta_gy: float) -> FloatArray:
    """Equivalent dose in 2 Gy fractions, ``D (d + α/β) / (2 + α/β)`` with ``d = D / n``.

    Parameters
    ----------
    dose_gy : array, any shape
        Physical dose of all fractions together.
    fractions : int
        Number n of equal fractions.
    alpha_beta_gy : float

    Raises
    ------
    DosimetryError
        If the number of fractions is not positive.
    ProtocolError
        If α/β is not positive.
    """
    n, ratio = _require(fractions, alpha_beta_gy)
    return np.asarray(dose_gy * (dose_gy / n + ratio) / (REFERENCE_GY + ratio))


def bed(dose_gy: FloatArray, fractions: int, alpha_beta_gy: float) -> FloatArray:
    """Biologically effective dose, ``D (1 + d / (α/β))``; parameters and errors as in :func:`eqd2`."""
    n, ratio = _require(fractions, alpha_beta_gy)
    return np.asarray(dose_gy * (1.0 + dose_gy / n / ratio))


def physical_dose(eqd2_gy: FloatArray, fractions: int, alpha_beta_gy: float) -> FloatArray:
    """Physical dose in ``fractions`` equal fractions that has the given EQD2: the inverse of :func:`eqd2`."""
    n, ratio = _require(fractions, alpha_beta_gy)
    root = np.sqrt(ratio**2 + 4.0 * eqd2_gy * (REFERENCE_GY + ratio) / n)
    return np.asarray(n / 2.0 * (root - ratio))


def _require(fractions: int, alpha_beta_gy: float) -> tuple[int, float]:
    if fractions <= 0:
        raise DosimetryError("EQD2", f"{fractions} fractions", "Correct the number of fractions.", "at least 1")
    return fractions, require_alpha_beta(alpha_beta_gy, "EQD2")
