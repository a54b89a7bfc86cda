"""Levels and limits of optimization structures: pure arithmetic on P, R and A.

Source of the method: Vickress J et al., *A reirradiation workflow for managing patients with treatments planned in a
multi-TPS environment* (PMC12830171), section on optimization structures and its figure 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..dosimetry.radiobiology import physical_dose
from ..model.errors import CaseError


class LevelState(str, Enum):
    """What the three doses imply."""

    NOT_NEEDED = "none needed: the full prescription may reach the organ"
    NOT_NEEDED_NEAR = "none needed near the target; elsewhere in the organ the full prescription would exceed the limit"
    GRADED = "graded limits"
    TOLERANCE_USED = "tolerance already used: the hottest part may receive no further dose"


@dataclass(frozen=True)
class ShellLevel:
    """One optimization structure S_k as numbers.

    Parameters
    ----------
    index : int
        k, from 1 (hottest).
    lower_eqd2_gy : float
        D_k: the structure holds prior EQD2 from here, clamped to 0.
    upper_eqd2_gy : float or None
        D_(k−1): up to here; None for the hottest, which has no upper end.
    limit_eqd2_gy : float
        What the new plan may give, A − D_(k−1), not below 0.
    limit_physical_gy : float
        The same as physical dose in the new fractionation.
    """

    index: int
    lower_eqd2_gy: float
    upper_eqd2_gy: float | None
    limit_eqd2_gy: float
    limit_physical_gy: float


@dataclass(frozen=True)
class OptimizationLevels:
    """All levels for one organ.

    Parameters
    ----------
    prior_eqd2_gy, new_eqd2_gy, limit_eqd2_gy : float
        P, R and A.
    step_eqd2_gy : float
        d; 0 if no structure is needed.
    fractions, alpha_beta_gy
        The fractionation and α/β of the limits.
    state : LevelState
    shells : tuple of ShellLevel
        Empty if none is needed. Fewer than N if an isodose reaches 0 before: then the rest would be empty.
    """

    prior_eqd2_gy: float
    new_eqd2_gy: float
    limit_eqd2_gy: float
    step_eqd2_gy: float
    fractions: int
    alpha_beta_gy: float
    state: LevelState
    shells: tuple[ShellLevel, ...]


def optimization_levels(
    prior_eqd2_gy: float, new_eqd2_gy: float, limit_eqd2_gy: float, number: int, fractions: int, alpha_beta_gy: float
) -> OptimizationLevels:
    """Isodose levels and limits of N optimization structures.

    With ``P + R > A``: ``d = (P + R − A) / N``, ``D_0 = P``, ``D_k = P − k d`` clamped to 0, and the limit of S_k is
    ``A − D_(k−1)`` in EQD2, not below 0.

    Parameters
    ----------
    prior_eqd2_gy : float
        P: near-maximum of the summed prior EQD2.
    new_eqd2_gy : float
        R: new prescription in EQD2 with the organ's α/β.
    limit_eqd2_gy : float
        A: cumulative limit.
    number : int
        N.
    fractions : int
        Of the new plan.
    alpha_beta_gy : float

    Raises
    ------
    CaseError
        If N is not positive or one of the doses is negative or not finite.
    """
    doses = np.array([prior_eqd2_gy, new_eqd2_gy, limit_eqd2_gy])
    if number <= 0 or not np.isfinite(doses).all() or (doses < 0).any():
        raise CaseError(
            "Optimization structures",
            f"N {number}, P {prior_eqd2_gy}, R {new_eqd2_gy}, A {limit_eqd2_gy}",
            "Correct the request in the case.",
            "N ≥ 1 and doses ≥ 0 Gy",
        )
    excess = prior_eqd2_gy + new_eqd2_gy - limit_eqd2_gy
    state, step = LevelState.NOT_NEEDED, 0.0
    shells: tuple[ShellLevel, ...] = ()
    if excess > 0.0:
        state = LevelState.TOLERANCE_USED if prior_eqd2_gy >= limit_eqd2_gy else LevelState.GRADED
        step = excess / number
        shells = _shells(prior_eqd2_gy, limit_eqd2_gy, step, number, fractions, alpha_beta_gy)
    return OptimizationLevels(prior_eqd2_gy, new_eqd2_gy, limit_eqd2_gy, step, fractions, alpha_beta_gy, state, shells)


def _shells(
    prior: float, limit: float, step: float, number: int, fractions: int, alpha_beta: float
) -> tuple[ShellLevel, ...]:
    shells: list[ShellLevel] = []
    for k in range(1, number + 1):
        upper = prior - (k - 1) * step
        if k > 1 and upper <= 0.0:
            break
        limit_eqd2 = max(limit - upper, 0.0)
        limit_physical = float(physical_dose(np.asarray(limit_eqd2), fractions, alpha_beta))
        lower = max(prior - k * step, 0.0)
        shells.append(ShellLevel(k, lower, upper if k > 1 else None, limit_eqd2, limit_physical))
    return tuple(shells)
