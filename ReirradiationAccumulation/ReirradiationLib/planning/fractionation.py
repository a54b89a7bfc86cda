"""The fractionation explorer: the largest uniform dose that every limit allows, over a range of fraction numbers.

It is assumed that the organ receives the dose of the target in full where its prior dose is P. The physical dose in n
fractions that uses up A − P is the inverse of the linear-quadratic EQD2 with the α/β of the limit; the least of all is the
largest uniform dose. What it is worth to the tumour is its EQD2 and BED with the tumour's α/β, without repopulation. Above
10 Gy per fraction all three are extrapolated (Brenner DJ, Semin Radiat Oncol 18:234 (2008)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION, bed, eqd2
from ..model.errors import CaseError
from ..model.protocol import require_alpha_beta
from .feasibility import TIE_GY
from .planned_organ import PlannedOrgan

FRACTIONS = tuple(range(1, 41))

TUMOUR_ALPHA_BETA_GY = 10.0
"""Convention for tumours whose α/β nobody states."""


@dataclass(frozen=True, eq=False)
class OrganCurve:
    """One organ under one limit: physical doses that use up what is left, one per number of fractions."""

    organ: PlannedOrgan
    dose_gy: tuple[float, ...]


@dataclass(frozen=True)
class UniformDose:
    """The largest uniform dose in so many fractions.

    Parameters
    ----------
    fractions : int
    dose_gy : float
        Physical.
    binding : tuple of int
        Numbers of the organ curves that allow no more, from 0.
    tumour_eqd2_gy, tumour_bed_gy : float
        The same dose with the α/β of the tumour.
    """

    fractions: int
    dose_gy: float
    binding: tuple[int, ...]
    tumour_eqd2_gy: float
    tumour_bed_gy: float

    @property
    def per_fraction_gy(self) -> float:
        """Dose per fraction."""
        return self.dose_gy / self.fractions

    @property
    def is_beyond_lq(self) -> bool:
        """Whether that is more than the linear-quadratic model is checked for."""
        return self.per_fraction_gy > LQ_LIMIT_GY_PER_FRACTION


@dataclass(frozen=True, eq=False)
class Fractionation:
    """The fractionation explorer of a case.

    Parameters
    ----------
    tumour_alpha_beta_gy : float
    curves : tuple of OrganCurve
    doses : tuple of UniformDose
        In ascending order of fractions.
    """

    tumour_alpha_beta_gy: float
    curves: tuple[OrganCurve, ...]
    doses: tuple[UniformDose, ...]

    @property
    def best(self) -> UniformDose | None:
        """The dose that is worth most to the tumour, of equal ones that in the fewest fractions; None if nothing is left."""
        return _best(self.doses)

    @property
    def best_within_lq(self) -> UniformDose | None:
        """The same among those up to 10 Gy per fraction; None if there are none, or nothing is left."""
        return _best([dose for dose in self.doses if not dose.is_beyond_lq])

    def at(self, fractions: int) -> UniformDose | None:
        """The dose in so many fractions; None if they were not asked for."""
        return next((dose for dose in self.doses if dose.fractions == fractions), None)


def fractionation(
    organs: Sequence[PlannedOrgan],
    fractions: Sequence[int] = FRACTIONS,
    tumour_alpha_beta_gy: float = TUMOUR_ALPHA_BETA_GY,
) -> Fractionation:
    """The largest uniform doses.

    Parameters
    ----------
    organs : sequence of PlannedOrgan
    fractions : sequence of int
        Ascending.
    tumour_alpha_beta_gy : float

    Raises
    ------
    CaseError
        If there are no organs with a limit, or the numbers of fractions are not positive and ascending.
    ProtocolError
        If the α/β is not positive.
    """
    require_alpha_beta(tumour_alpha_beta_gy, "Fractionation, tumour")
    if not organs:
        raise CaseError("Fractionation", "no organ with a limit", "State a limit for an organ near the target.")
    if not fractions or fractions[0] < 1 or any(b <= a for a, b in pairwise(fractions)):
        raise CaseError("Fractionation", f"fractions {tuple(fractions)}", "Correct them.", "whole numbers ≥ 1, ascending")
    curves = tuple(OrganCurve(organ, tuple(organ.left_physical_gy(n) for n in fractions)) for organ in organs)
    doses = []
    for number, n in enumerate(fractions):
        allowed = [curve.dose_gy[number] for curve in curves]
        least_gy = min(allowed)
        doses.append(
            UniformDose(
                *(n, least_gy, tuple(k for k, dose_gy in enumerate(allowed) if dose_gy <= least_gy + TIE_GY)),
                tumour_eqd2_gy=float(eqd2(np.asarray(least_gy), n, tumour_alpha_beta_gy)),
                tumour_bed_gy=float(bed(np.asarray(least_gy), n, tumour_alpha_beta_gy)),
            )
        )
    return Fractionation(tumour_alpha_beta_gy, curves, tuple(doses))


def _best(doses: Sequence[UniformDose]) -> UniformDose | None:
    best = max(doses, key=lambda dose: dose.tumour_eqd2_gy, default=None)
    return best if best is not None and best.dose_gy > 0.0 else None
