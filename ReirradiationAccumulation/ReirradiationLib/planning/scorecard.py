"""Constraints, each on its own sum and with its own α/β."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.dvh import cumulative_dvh
from ..model.constraint import Constraint, Sense
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind

UNKNOWN_EQD2_GY = 1000.0
"""What unknown dose is taken for where the worst case is asked for: more than any course gives."""

FEWEST_SAMPLES = 20
"""A metric on a volume of fewer samples is marked: its sampling error may reach 1 Gy and more in a steep gradient."""


class ScoreState(str, Enum):
    """The outcome of one constraint."""

    MET = "met"
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
    """

    constraint: Constraint
    prior: float | None
    cumulative: float | None
    state: ScoreState
    remark: str

    def unreliable(self, courses: Sequence[str]) -> Score:
        """The same values, but no state is taken from them: the mapped doses of these courses may belong elsewhere."""
        if self.state is ScoreState.NOT_EVALUABLE:
            return self
        remark = (
            f"by the mapped dose it would be '{self.state.value}', but the registration of {' and '.join(courses)} must "
        )
        remark += "not be relied on in this structure"
        remarks = "; ".join(part for part in (remark, self.remark) if part)
        return replace(self, state=ScoreState.UNRELIABLE, remark=remarks)


def score(constraint: Constraint, prior: StructureDose, cumulative: StructureDose | None) -> Score:
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
    """
    final = cumulative or prior
    try:
        before = _shown(constraint, prior)
        after = _shown(constraint, cumulative) if cumulative is not None else None
        state = _limit_state(constraint, prior, cumulative) if is_limit(constraint) else _goal_state(constraint, cumulative)
    except DosimetryError as error:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, str(error))
    reason = _why_not_evaluable(constraint, final)
    if reason and state not in _PROVEN:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, reason)
    remarks = [*known_remark(constraint.metric, final), *sampling_remark(constraint.metric, final)]
    return Score(constraint, before, after, state, "; ".join(remarks))


def is_limit(constraint: Constraint) -> bool:
    """Whether more dose is worse. A volume to be spared below a dose is a limit, though it is written "at least"."""
    return (constraint.sense is Sense.AT_MOST) is not constraint.metric.is_cold


_PROVEN = (ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR, ScoreState.MAY_BE_EXCEEDED)
"""What can be said although a course is not known anywhere in the structure; of goals, that they are met."""


def _limit_state(constraint: Constraint, prior: StructureDose, cumulative: StructureDose | None) -> ScoreState:
    if not _is_met(constraint, _at_least(constraint, prior)):
        return ScoreState.EXCEEDED_BY_PRIOR  # dose that was given stays
    final = cumulative or prior
    if not _is_met(constraint, _at_least(constraint, final)):
        return ScoreState.EXCEEDED
    if not _is_met(constraint, _shown(constraint, final)):
        return ScoreState.MAY_BE_EXCEEDED
    if cumulative is None:
        return ScoreState.OPEN
    return ScoreState.MET if _is_met(constraint, _at_most(constraint, final)) else ScoreState.MET_WHERE_KNOWN


def _goal_state(constraint: Constraint, cumulative: StructureDose | None) -> ScoreState:
    if cumulative is None:
        return ScoreState.OPEN
    if _is_met(constraint, _at_least(constraint, cumulative)):
        return ScoreState.MET
    is_excluded = not _is_met(constraint, _at_most(constraint, cumulative))
    return ScoreState.NOT_MET if is_excluded else ScoreState.NOT_MET_WHERE_KNOWN


def _why_not_evaluable(constraint: Constraint, dose: StructureDose) -> str:
    """Why a state that is not proven would say more than is known; empty if it would not."""
    missing, bounds = dose.unknown_courses(), dose.upper_bounds()
    is_reached = not is_limit(constraint) and _is_met(constraint, _at_least(constraint, dose))
    if missing and not is_reached:
        return f"the dose of {' and '.join(missing)} is not known anywhere in the structure"
    if bounds and not is_limit(constraint) and not is_reached:
        return f"{' and '.join(bounds)} is known only as an upper bound, which cannot prove that a dose is reached"
    return ""


def _is_met(constraint: Constraint, value: float) -> bool:
    return value <= constraint.limit if constraint.sense is Sense.AT_MOST else value >= constraint.limit


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
