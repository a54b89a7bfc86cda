"""Constraints, each on its own sum and with its own α/β."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.dvh import cumulative_dvh
from ..dosimetry.radiobiology import physical_dose
from ..model.constraint import Constraint, Sense
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind
from .conditions import Broken, broken_conditions, interval_mismatch, interval_months

SAME_GY = 1e-6
"""Doses that differ by less are the same."""

_SHIFTED = (*(MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT, MetricKind.MAXIMUM, MetricKind.MEAN, MetricKind.MINIMUM),)
"""Metrics that rise by as much as every point does."""

UNKNOWN_EQD2_GY = 1000.0
"""What unknown dose is taken for where the worst case is asked for: more than any course gives."""

FEWEST_SAMPLES = 20
"""A metric on a volume of fewer samples is marked: its sampling error may reach 1 Gy and more in a steep gradient."""


class ScoreState(str, Enum):
    """The outcome of one constraint."""

    MET = "met"
    MET_IN_WARNING = "met only within the warning band"
    MET_WHERE_KNOWN = "met only where the dose is known"
    NOT_MET = "not met"
    NOT_MET_WHERE_KNOWN = "not met where the dose is known; not proven"
    EXCEEDED = "exceeded"
    MAY_BE_EXCEEDED = "exceeded by the upper bound; not proven"
    EXCEEDED_BY_PRIOR = "already exceeded by the prior courses alone"
    OPEN = "open until there is a new plan"
    NOT_EVALUABLE = "not evaluable"
    UNRELIABLE = "use the point worksheet"


@dataclass(frozen=True)
class Left:
    """What the prior courses leave of a limit: given evenly to the whole structure it would use the limit up.

    Parameters
    ----------
    eqd2_gy : float
        With the α/β of the constraint; 0 if nothing is left.
    physical_gy : float
        In the fractions of the new course.
    fractions : int
    is_at_most : bool
        Whether less may be left, for the prior dose is not known everywhere; or it is known only as an upper bound, and
        the limit allows a share of the sum.
    """

    eqd2_gy: float
    physical_gy: float
    fractions: int
    is_at_most: bool


@dataclass(frozen=True)
class Occasion:
    """When and how the new course is given.

    Parameters
    ----------
    day : date or None
        The reference of all intervals.
    fractions : int
        Of the new course.
    """

    day: date | None
    fractions: int


@dataclass(frozen=True)
class Score:
    """One line of the scorecard.

    Parameters
    ----------
    constraint : Constraint
    prior : float or None
        Value of the prior courses alone, in the metric's unit; None if it cannot be formed.
    cumulative : float or None
        Value with the new plan; None without one, or if it cannot be formed.
    state : ScoreState
    remark : str
        Why it is not evaluable, or what limits the number.
    months : float or None
        Interval since the last prior course in the structure; None if it is not known.
    left : Left or None
        What the prior courses leave of the limit; None of other constraints than limits of dose, or if a course's dose is
        not known anywhere in the structure.
    """

    constraint: Constraint
    prior: float | None
    cumulative: float | None
    state: ScoreState
    remark: str
    months: float | None = None
    left: Left | None = None

    def unreliable(self, courses: Sequence[str]) -> Score:
        """The same values, but no state is taken from them: the mapped doses of these courses may belong elsewhere."""
        if self.state is ScoreState.NOT_EVALUABLE:
            return self
        remark = (
            f"by the mapped dose it would be '{self.state.value}', but the registration of {' and '.join(courses)} must "
        )
        remark += "not be relied on in this structure"
        remarks = "; ".join(part for part in (remark, self.remark) if part)
        return replace(self, state=ScoreState.UNRELIABLE, remark=remarks, left=None)


def score(constraint: Constraint, prior: StructureDose, cumulative: StructureDose | None, occasion: Occasion) -> Score:
    """Evaluate a constraint on the sum it was published for, and say no more than is known.

    The values shown count unknown dose as 0 Gy, and a point dose for the whole structure. The state is judged on both ends
    of what the dose may be: at the least (unknown dose 0, point doses left out) and at the most (unknown dose without
    limit, point doses everywhere). A limit is met if it is kept at the most, and exceeded if it is broken at the least; a
    dose to be reached is met if it is reached at the least.

    Parameters
    ----------
    constraint : Constraint
    prior : StructureDose
        Prior courses only.
    cumulative : StructureDose or None
        Prior courses and the new plan, once there is one.
    occasion : Occasion
    """
    final = cumulative or prior
    months = interval_months(prior, constraint.alpha_beta_gy, occasion.day)
    if mismatch := interval_mismatch(constraint.months, months):
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, mismatch, months)
    try:
        before = _shown(constraint, prior)
        after = _shown(constraint, cumulative) if cumulative is not None else None
        state = _limit_state(constraint, prior, cumulative) if constraint.is_limit else _goal_state(constraint, cumulative)
    except DosimetryError as error:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, str(error), months)
    broken = broken_conditions(constraint, prior, cumulative)
    state = _with_conditions(state, broken)
    reason = _why_not_evaluable(constraint, final)
    if reason and state not in _PROVEN:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, reason, months)
    remarks = [f"condition of the limit not kept: {one.text}" for one in broken]
    remarks += [*known_remark(constraint.metric, final), *sampling_remark(constraint.metric, final)]
    is_spent = any(one.is_prior for one in broken)
    left = _left(constraint, prior, before, occasion.fractions, is_spent)
    return Score(constraint, before, after, state, "; ".join(remarks), months, left)


def _with_conditions(state: ScoreState, broken: Sequence[Broken]) -> ScoreState:
    """A limit whose conditions are not kept does not hold, however low the sum."""
    if not broken or state is ScoreState.EXCEEDED_BY_PRIOR:
        return state
    proven = [one for one in broken if one.is_proven]
    if any(one.is_prior for one in proven):
        return ScoreState.EXCEEDED_BY_PRIOR
    return ScoreState.EXCEEDED if proven or state is ScoreState.EXCEEDED else ScoreState.MAY_BE_EXCEEDED


def _left(constraint: Constraint, prior: StructureDose, value: float, fractions: int, is_spent: bool) -> Left | None:
    """What is left of an upper limit of dose; nothing where a prior course breaks what it demands of each.

    A dose given evenly raises the EQD2 of every point alike, and so every dose at a volume, the maximum and the mean.
    """
    is_dose = constraint.sense is Sense.AT_MOST and constraint.metric.kind in _SHIFTED
    if not is_dose or prior.unknown_courses():
        return None
    if is_spent:
        return Left(0.0, 0.0, fractions, is_at_most=False)
    eqd2_gy = _left_beside(constraint, value)
    physical_gy = float(physical_dose(np.asarray(eqd2_gy), fractions, constraint.alpha_beta_gy))
    is_less = _left_beside(constraint, _at_least(constraint, prior)) < eqd2_gy - SAME_GY
    return Left(eqd2_gy, physical_gy, fractions, is_less or _at_most(constraint, prior) > value + SAME_GY)


def _left_beside(constraint: Constraint, value: float) -> float:
    allowed_gy = float(constraint.conditions.allowed_beside(np.asarray(value)))
    return min(max(constraint.limit - value, 0.0), allowed_gy)


_PROVEN = (ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR, ScoreState.MAY_BE_EXCEEDED)
"""What can be said although a course is not known anywhere in the structure; of goals, that they are met."""


def _limit_state(constraint: Constraint, prior: StructureDose, cumulative: StructureDose | None) -> ScoreState:
    if not constraint.is_kept_by(_at_least(constraint, prior)):
        return ScoreState.EXCEEDED_BY_PRIOR  # dose that was given stays
    final = cumulative or prior
    if not constraint.is_kept_by(_at_least(constraint, final)):
        return ScoreState.EXCEEDED
    if not constraint.is_kept_by(_shown(constraint, final)):
        return ScoreState.MAY_BE_EXCEEDED
    if cumulative is None:
        return ScoreState.OPEN
    at_most = _at_most(constraint, final)
    if not constraint.is_kept_by(at_most):
        return ScoreState.MET_WHERE_KNOWN
    return ScoreState.MET if _is_beyond_warning(constraint, at_most) else ScoreState.MET_IN_WARNING


def _goal_state(constraint: Constraint, cumulative: StructureDose | None) -> ScoreState:
    if cumulative is None:
        return ScoreState.OPEN
    at_least = _at_least(constraint, cumulative)
    if constraint.is_kept_by(at_least):
        return ScoreState.MET if _is_beyond_warning(constraint, at_least) else ScoreState.MET_IN_WARNING
    is_excluded = not constraint.is_kept_by(_at_most(constraint, cumulative))
    return ScoreState.NOT_MET if is_excluded else ScoreState.NOT_MET_WHERE_KNOWN


def _why_not_evaluable(constraint: Constraint, dose: StructureDose) -> str:
    """Why a state that is not proven would say more than is known; empty if it would not."""
    missing, bounds = dose.unknown_courses(), dose.upper_bounds()
    is_reached = not constraint.is_limit and constraint.is_kept_by(_at_least(constraint, dose))
    if missing and not is_reached:
        return f"the dose of {' and '.join(missing)} is not known anywhere in the structure"
    if bounds and not constraint.is_limit and not is_reached:
        return f"{' and '.join(bounds)} is known only as an upper bound, which cannot prove that a dose is reached"
    return ""


def _is_beyond_warning(constraint: Constraint, value: float) -> bool:
    """Whether a value that meets the limit also keeps clear of the warning band, if there is one."""
    return constraint.warning is None or replace(constraint, limit=constraint.warning).is_kept_by(value)


def _shown(constraint: Constraint, dose: StructureDose) -> float:
    return dose.dvh(constraint.alpha_beta_gy, constraint.basis).value(constraint.metric)


def _at_least(constraint: Constraint, dose: StructureDose) -> float:
    """The metric with the least dose that is compatible with what is known."""
    return _shown(constraint, dose.without_upper_bounds())


def _at_most(constraint: Constraint, dose: StructureDose) -> float:
    """The metric with unknown dose taken for very high."""
    eqd2_gy = dose.eqd2_gy(constraint.alpha_beta_gy, constraint.basis)
    worst_gy = np.where(dose.known(), eqd2_gy, UNKNOWN_EQD2_GY)
    return cumulative_dvh(worst_gy, dose.samples.volumes_cc).value(constraint.metric)


def known_remark(metric: Metric, dose: StructureDose) -> list[str]:
    """What the values are if not the whole dose is known: a lower bound, an upper one, or neither; else none."""
    unknown, bounds = dose.unknown_by_course(), dose.upper_bounds()
    parts = [f"{label} in {percent:.1f} % of the volume" for label, percent in unknown]
    remarks = [f"dose not known, counted as 0 Gy: {', '.join(parts)}"] if parts else []
    remarks += [f"point dose of {' and '.join(bounds)} taken for the whole structure"] if bounds else []
    if not remarks:
        return []
    names = ("an upper bound", "a lower bound") if metric.is_cold else ("a lower bound", "an upper bound")
    kind = "neither a lower nor an upper bound" if unknown and bounds else names[0 if unknown else 1]
    return [f"{kind} ({'; '.join(remarks)})"]


def sampling_remark(metric: Metric, dose: StructureDose) -> list[str]:
    """A remark if the metric's volume holds too few samples of the structure, where they are finest; else none."""
    count = metric.at / dose.samples.finest_cc
    if metric.kind is not MetricKind.DOSE_AT_CC or count >= FEWEST_SAMPLES:
        return []
    return [f"read from only {max(1, round(count))} samples of the structure"]
