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

ROUNDING_GY = 1e-6
"""Sums of doses that differ by less are equal."""


class LevelState(str, Enum):
    """What the three doses imply."""

    NOT_NEEDED = "none needed: the full prescription may reach the organ"
    NOT_NEEDED_WHERE_KNOWN = "none needed where the prior dose is known; not proven elsewhere"
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
    is_above_prior : bool
        Whether D_k was given and is not below P: the structure is empty, and what is hotter than P belongs to the next.
    """

    index: int
    lower_eqd2_gy: float
    upper_eqd2_gy: float | None
    limit_eqd2_gy: float
    limit_physical_gy: float
    is_above_prior: bool = False


@dataclass(frozen=True)
class OptimizationLevels:
    """All levels for one organ.

    Parameters
    ----------
    prior_eqd2_gy, new_eqd2_gy, limit_eqd2_gy : float
        P, R and A.
    step_eqd2_gy : float
        d; 0 if no structure is needed or the levels are given.
    fractions, alpha_beta_gy
        The fractionation and α/β of the limits.
    state : LevelState
    shells : tuple of ShellLevel
        Empty if none is needed. Fewer than N if an isodose reaches 0 before: then the rest would be empty.
    are_given : bool
        Whether the isodoses were given and not computed.
    """

    prior_eqd2_gy: float
    new_eqd2_gy: float
    limit_eqd2_gy: float
    step_eqd2_gy: float
    fractions: int
    alpha_beta_gy: float
    state: LevelState
    shells: tuple[ShellLevel, ...]
    are_given: bool = False

    @property
    def covered_from_eqd2_gy(self) -> float:
        """The lowest prior dose near the target that lies in a structure; P if none does."""
        return min([self.prior_eqd2_gy, *(shell.lower_eqd2_gy for shell in self.shells)])

    @property
    def uncovered_eqd2_gy(self) -> tuple[float, float] | None:
        """Prior doses (from, to) outside all structures that exceed A with the full prescription; None if there are none."""
        if not self.shells:
            return None
        start, end = max(self.limit_eqd2_gy - self.new_eqd2_gy, 0.0), self.covered_from_eqd2_gy
        return (start, end) if end > start + ROUNDING_GY else None

    @property
    def remark(self) -> str:
        """What the levels leave open, in words; empty if nothing."""
        if self.uncovered_eqd2_gy is None:
            return ""
        start, end = self.uncovered_eqd2_gy
        excess = min(end, self.prior_eqd2_gy) + self.new_eqd2_gy - self.limit_eqd2_gy
        return (
            f"the levels given leave tissue of {start:.2f} to {end:.2f} Gy EQD2 prior dose outside all structures, where "
            f"the full prescription (R {self.new_eqd2_gy:.2f} Gy EQD2) would exceed A ({self.limit_eqd2_gy:.2f} Gy EQD2) "
            f"by up to {excess:.2f} Gy EQD2; a level at A - R = {start:.2f} Gy EQD2 would enclose it"
        )


def optimization_levels(
    prior_eqd2_gy: float,
    new_eqd2_gy: float,
    limit_eqd2_gy: float,
    number: int,
    fractions: int,
    alpha_beta_gy: float,
    levels_eqd2_gy: tuple[float, ...] = (),
) -> OptimizationLevels:
    """Isodose levels and limits of N optimization structures.

    With ``P + R > A``: ``d = (P + R − A) / N``, ``D_0 = P``, ``D_k = P − k d`` clamped to 0, and the limit of S_k is
    ``A − D_(k−1)`` in EQD2, not below 0. Where levels are given they stand in place of the D_k; one that is not below P
    makes an empty structure, and the next is cut as if it had not been given.

    Parameters
    ----------
    prior_eqd2_gy : float
        P: near-maximum of the summed prior EQD2.
    new_eqd2_gy : float
        R: new prescription in EQD2 with the organ's α/β.
    limit_eqd2_gy : float
        A: cumulative limit.
    number : int
        N; of no meaning where levels are given.
    fractions : int
        Of the new plan.
    alpha_beta_gy : float
    levels_eqd2_gy : tuple of float
        D_1 > D_2 > … ≥ 0; empty for equal steps.

    Raises
    ------
    CaseError
        If N is not positive, the levels do not fall, or one of the doses is negative or not finite.
    """
    _require_doses(prior_eqd2_gy, new_eqd2_gy, limit_eqd2_gy, number)
    _require_falling(levels_eqd2_gy)
    excess = prior_eqd2_gy + new_eqd2_gy - limit_eqd2_gy
    state, step = LevelState.NOT_NEEDED, 0.0
    shells: tuple[ShellLevel, ...] = ()
    if excess > 0.0:
        state = LevelState.TOLERANCE_USED if prior_eqd2_gy >= limit_eqd2_gy else LevelState.GRADED
        step = 0.0 if levels_eqd2_gy else excess / number
        lowers = levels_eqd2_gy or _equal_steps(prior_eqd2_gy, step, number)
        above = sum(level >= prior_eqd2_gy for level in levels_eqd2_gy)
        shells = _shells((prior_eqd2_gy, limit_eqd2_gy), lowers, above, fractions, alpha_beta_gy)
    doses = (prior_eqd2_gy, new_eqd2_gy, limit_eqd2_gy, step)
    return OptimizationLevels(*doses, fractions, alpha_beta_gy, state, shells, bool(levels_eqd2_gy))


def _require_doses(prior: float, new: float, limit: float, number: int) -> None:
    doses = np.array([prior, new, limit])
    if number <= 0 or not np.isfinite(doses).all() or (doses < 0).any():
        raise CaseError(
            "Optimization structures",
            f"N {number}, P {prior}, R {new}, A {limit}",
            "Correct the request in the case.",
            "N ≥ 1 and doses ≥ 0 Gy",
        )


def _require_falling(levels: tuple[float, ...]) -> None:
    doses = np.array(levels)
    if not np.isfinite(doses).all() or (doses < 0).any() or (np.diff(doses) >= 0).any():
        raise CaseError(
            "Optimization structures",
            f"levels {levels} Gy EQD2",
            "Correct the request in the case.",
            "falling isodoses, none negative",
        )


def _equal_steps(prior: float, step: float, number: int) -> tuple[float, ...]:
    """D_1 … D_N, clamped to 0; those after the first at 0 would be empty and are left out."""
    lowers = [max(prior - k * step, 0.0) for k in range(1, number + 1)]
    positive = sum(lower > 0.0 for lower in lowers)
    return tuple(lowers[: positive + 1])


def _shells(
    prior_and_limit: tuple[float, float], lowers: tuple[float, ...], above: int, fractions: int, alpha_beta: float
) -> tuple[ShellLevel, ...]:
    """All S_k; the first ``above`` of them lie above P."""
    prior, limit = prior_and_limit
    shells: list[ShellLevel] = []
    for n, lower in enumerate(lowers):
        upper = lowers[n - 1] if n > above else None
        limit_eqd2 = max(limit - (prior if upper is None else upper), 0.0)
        limit_physical = float(physical_dose(np.asarray(limit_eqd2), fractions, alpha_beta))
        shells.append(ShellLevel(n + 1, lower, upper, limit_eqd2, limit_physical, is_above_prior=n < above))
    return tuple(shells)
