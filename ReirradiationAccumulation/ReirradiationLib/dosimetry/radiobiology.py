"""The linear-quadratic model and its linear continuation: EQD2, BED and the way back to physical dose.

References
----------
Fowler JF, Br J Radiol 62:679 (1989); Bentzen SM et al., Radiother Oncol 105:266 (2012), on the notation EQD2.
Validity of the model up to about 10 Gy per fraction: Brenner DJ, Semin Radiat Oncol 18:234 (2008).
LQ-L: Astrahan M, Med Phys 35:4161 (2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import Float32Array, FloatArray
from ..model.dose_response import EQD2_BY_LQ, DoseResponse, Quantity
from ..model.errors import DosimetryError
from ..model.protocol import require_alpha_beta

REFERENCE_GY = 2.0
"""Dose per fraction that EQD2 refers to."""

LQ_LIMIT_GY_PER_FRACTION = 10.0
"""Dose per fraction above which the linear-quadratic model is flagged as extrapolated."""

BLOCK = 1 << 14
"""Samples that are worked on at a time, so that temporaries stay in the processor's cache."""


@dataclass(frozen=True)
class ResponseCurve:
    """Response to a physical dose D: ``linear · D + quadratic · D²``, continued by its tangent above ``bend_gy``.

    Parameters
    ----------
    linear : float
    quadratic_per_gy : float
    bend_gy : float
        Physical dose of all fractions together; infinite for the pure linear-quadratic model.
    """

    linear: float
    quadratic_per_gy: float
    bend_gy: float = float("inf")

    @property
    def is_bent(self) -> bool:
        """Whether the curve ever leaves the parabola."""
        return bool(np.isfinite(self.bend_gy))

    def value(self, dose_gy: FloatArray | Float32Array) -> FloatArray:
        """Response at each physical dose, in Gy, shape as given."""
        dose = np.asarray(dose_gy, dtype=np.float64)
        low = np.minimum(dose, self.bend_gy)
        parabola = low * (self.linear + self.quadratic_per_gy * low)
        return np.asarray(parabola + self._tangent() * (dose - low) if self.is_bent else parabola)

    def inverse(self, value_gy: FloatArray) -> FloatArray:
        """Physical dose that has each response, shape as given; exact without cancellation for small responses."""
        value = np.asarray(value_gy, dtype=np.float64)
        low = np.minimum(value, self.value(np.asarray(self.bend_gy))) if self.is_bent else value
        dose = 2.0 * low / (self.linear + np.sqrt(self.linear**2 + 4.0 * self.quadratic_per_gy * low))
        return np.asarray(dose + (value - low) / self._tangent() if self.is_bent else dose)

    def add_to(self, total_gy: FloatArray, dose_gy: FloatArray | Float32Array, kept: float = 1.0) -> None:
        """Add ``kept`` times the response to a sum, in place and in double precision.

        Parameters
        ----------
        total_gy, dose_gy : arrays, shape (n,)
        kept : float
            0 … 1: what has not recovered.
        """
        linear, quadratic = kept * self.linear, kept * self.quadratic_per_gy
        scratch = np.empty((2, min(BLOCK, len(total_gy))))
        for start in range(0, len(total_gy), BLOCK):
            total = total_gy[start : start + BLOCK]
            if self.is_bent:
                total += kept * self.value(dose_gy[start : start + BLOCK])
                continue
            dose, response = scratch[:, : len(total)]
            np.copyto(dose, dose_gy[start : start + BLOCK])
            np.multiply(dose, quadratic, out=response)
            response += linear
            response *= dose
            total += response

    def _tangent(self) -> float:
        return self.linear + 2.0 * self.quadratic_per_gy * self.bend_gy


def response_curve(response: DoseResponse, fractions: int, alpha_beta_gy: float) -> ResponseCurve:
    """The curve of a quantity and model for n equal fractions and one α/β.

    BED is ``D (1 + d / (α/β))`` with ``d = D / n``, and EQD2 is ``BED / (1 + 2 / (α/β))``. LQ-L goes on linearly above
    d_T per fraction with ``γ/α = 1 + 2 d_T / (α/β)``, the slope that BED has there.

    Parameters
    ----------
    response : DoseResponse
    fractions : int
    alpha_beta_gy : float

    Raises
    ------
    DosimetryError
        If the number of fractions is not positive; or if EQD2 is asked for by LQ-L with d_T below the 2 Gy per fraction
        that it refers to, so that the reference itself would lie on the linear part.
    ProtocolError
        If α/β is not positive.
    """
    name = response.quantity.name
    if fractions <= 0:
        raise DosimetryError(name, f"{fractions} fractions", "Correct the number of fractions.", "at least 1")
    ratio = require_alpha_beta(alpha_beta_gy, name)
    transition_gy = response.transition_gy(ratio)
    bend_gy = fractions * transition_gy
    if response.quantity is Quantity.BED:
        return ResponseCurve(1.0, 1.0 / (fractions * ratio), bend_gy)
    if transition_gy < REFERENCE_GY:
        raise DosimetryError(
            response.label,
            f"with α/β {ratio:g} Gy it is linear from {transition_gy:g} Gy per fraction, below the 2 Gy that EQD2 refers to",
            "Give a transition of at least 2 Gy per fraction, or ask for BED.",
        )
    return ResponseCurve(ratio / (REFERENCE_GY + ratio), 1.0 / (fractions * (REFERENCE_GY + ratio)), bend_gy)


def eqd2(dose_gy: FloatArray | Float32Array, fractions: int, alpha_beta_gy: float) -> FloatArray:
    """Equivalent dose in 2 Gy fractions by LQ, ``D (d + α/β) / (2 + α/β)`` with ``d = D / n``.

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
    return response_curve(EQD2_BY_LQ, fractions, alpha_beta_gy).value(dose_gy)


def bed(dose_gy: FloatArray | Float32Array, fractions: int, alpha_beta_gy: float) -> FloatArray:
    """Biologically effective dose by LQ, ``D (1 + d / (α/β))``; parameters and errors as in :func:`eqd2`."""
    return response_curve(DoseResponse(Quantity.BED), fractions, alpha_beta_gy).value(dose_gy)


def physical_dose(eqd2_gy: FloatArray, fractions: int, alpha_beta_gy: float) -> FloatArray:
    """Physical dose in ``fractions`` equal fractions that has the given EQD2: the inverse of :func:`eqd2`."""
    return response_curve(EQD2_BY_LQ, fractions, alpha_beta_gy).inverse(eqd2_gy)
