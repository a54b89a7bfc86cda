"""Constraints, each on its own sum and with its own α/β."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..dosimetry.accumulation import StructureDose
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind
from ..model.protocol import Constraint, Sense

UNKNOWN_TOLERANCE_PERCENT = 0.05
"""Share of the volume with unknown dose below which a sum counts as known."""

FEWEST_SAMPLES = 20
"""A metric on a volume of fewer samples is marked: its sampling error may reach 1 Gy and more in a steep gradient."""


class ScoreState(str, Enum):
    """The outcome of one constraint."""

    MET = "met"
    MET_WHERE_KNOWN = "met only where the dose is known"
    NOT_MET = "not met"
    EXCEEDED = "exceeded"
    MAY_BE_EXCEEDED = "exceeded by the upper bound; not proven"
    EXCEEDED_BY_PRIOR = "already exceeded by the prior courses alone"
    OPEN = "open until there is a new plan"
    NOT_EVALUABLE = "not evaluable"


_EXCEEDING = (ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR, ScoreState.NOT_MET)


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


def score(constraint: Constraint, prior: StructureDose, cumulative: StructureDose | None) -> Score:
    """Evaluate a constraint on the sum it was published for.

    Unknown dose counts as 0 Gy, so a sum is a lower bound: it can prove that an upper limit is exceeded or that a dose is
    reached, never that a limit is met. A course known only as a point dose counts with it everywhere, so a sum is an upper
    bound: it can prove that an upper limit is met, never that it is exceeded, and says nothing about a dose to reach.

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
        before = _value(constraint, prior)
        after = _value(constraint, cumulative) if cumulative is not None else None
    except DosimetryError as error:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, str(error))
    state = _state(constraint, before, after)
    bounds = final.upper_bounds()
    if bounds and _is_to_reach(constraint):
        remark = f"{' and '.join(bounds)} is known only as an upper bound, which cannot prove that a dose is reached"
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, remark)
    if bounds and state in _EXCEEDING:
        proven = _state(constraint, *(_value_without_bounds(constraint, dose) for dose in (prior, cumulative)))
        state = proven if proven in _EXCEEDING else ScoreState.MAY_BE_EXCEEDED
    missing = final.unknown_courses()
    is_reached = state is ScoreState.MET and _is_to_reach(constraint)
    if missing and not is_reached and state not in (ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR):
        remark = f"the dose of {' and '.join(missing)} is not known anywhere in the structure"
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, remark)
    if state is ScoreState.MET and _unknown_matters(constraint, final):
        state = ScoreState.MET_WHERE_KNOWN
    return Score(constraint, before, after, state, _remark(constraint, final))


def _value(constraint: Constraint, dose: StructureDose) -> float:
    return dose.dvh(constraint.alpha_beta_gy, constraint.basis).value(constraint.metric)


def _value_without_bounds(constraint: Constraint, dose: StructureDose | None) -> float | None:
    return None if dose is None else _value(constraint, dose.without_upper_bounds())


def _state(constraint: Constraint, prior: float | None, cumulative: float | None) -> ScoreState:
    def met(value: float) -> bool:
        return value <= constraint.limit if constraint.sense is Sense.AT_MOST else value >= constraint.limit

    # A lower limit (a dose to reach) that the prior courses alone miss may still be met by the new plan; dose beyond an
    # upper limit stays.
    if constraint.sense is Sense.AT_MOST and prior is not None and not met(prior):
        return ScoreState.EXCEEDED_BY_PRIOR
    if cumulative is None:
        return ScoreState.OPEN
    if met(cumulative):
        return ScoreState.MET
    return ScoreState.EXCEEDED if constraint.sense is Sense.AT_MOST else ScoreState.NOT_MET


def _unknown_matters(constraint: Constraint, dose: StructureDose) -> bool:
    """Whether unknown dose could turn "met" into "exceeded": everywhere but for a dose or volume to reach."""
    return dose.unknown_percent() >= UNKNOWN_TOLERANCE_PERCENT and not _is_to_reach(constraint)


def _is_to_reach(constraint: Constraint) -> bool:
    """Whether more dose is better; a volume to be spared below a dose is a limit, though it is written "at least"."""
    return constraint.sense is Sense.AT_LEAST and constraint.metric.kind is not MetricKind.COLD_VOLUME_CC


def _remark(constraint: Constraint, dose: StructureDose) -> str:
    remarks = []
    unknown = dose.unknown_percent()
    if unknown >= UNKNOWN_TOLERANCE_PERCENT:
        remarks.append(f"dose not known in {unknown:.1f} % of the volume, counted there as 0 Gy")
    remarks += [*bound_remark(dose), *sampling_remark(constraint.metric, dose)]
    return "; ".join(remarks)


def bound_remark(dose: StructureDose) -> list[str]:
    """A remark if a course is known only as a point dose; else none."""
    bounds = dose.upper_bounds()
    return [f"upper bound: the point dose of {' and '.join(bounds)} is taken for the whole structure"] if bounds else []


def sampling_remark(metric: Metric, dose: StructureDose) -> list[str]:
    """A remark if the metric's volume holds too few samples of the structure; else none."""
    sample_cc = dose.samples.volume_cc / len(dose.samples.volumes_cc)
    count = metric.at / sample_cc
    if metric.kind is not MetricKind.DOSE_AT_CC or count >= FEWEST_SAMPLES:
        return []
    return [f"read from only {max(1, round(count))} samples of the structure"]
