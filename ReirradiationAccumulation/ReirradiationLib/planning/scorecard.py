"""Constraints, each on its own sum and with its own α/β."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..dosimetry.accumulation import StructureDose
from ..model.errors import DosimetryError
from ..model.protocol import Constraint, Sense


class ScoreState(str, Enum):
    """The outcome of one constraint."""

    MET = "met"
    EXCEEDED = "exceeded"
    EXCEEDED_BY_PRIOR = "already exceeded by the prior courses alone"
    NOT_EVALUABLE = "not evaluable"


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

    Parameters
    ----------
    constraint : Constraint
    prior : StructureDose
        Prior courses only.
    cumulative : StructureDose or None
        Prior courses and the new plan, once there is one.
    """
    try:
        before = _value(constraint, prior)
        after = _value(constraint, cumulative) if cumulative is not None else None
    except DosimetryError as error:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, str(error))
    unknown = (cumulative or prior).unknown_percent()
    if unknown >= 99.95:
        return Score(constraint, None, None, ScoreState.NOT_EVALUABLE, "the dose is not known anywhere in the structure")
    remark = f"dose not known in {unknown:.1f} % of the volume, counted there as 0 Gy" if unknown >= 0.05 else ""
    return Score(constraint, before, after, _state(constraint, before, after), remark)


def _value(constraint: Constraint, dose: StructureDose) -> float:
    return dose.dvh(constraint.alpha_beta_gy, constraint.basis).value(constraint.metric)


def _state(constraint: Constraint, prior: float, cumulative: float | None) -> ScoreState:
    def met(value: float) -> bool:
        return value <= constraint.limit if constraint.sense is Sense.AT_MOST else value >= constraint.limit

    # A lower limit (target coverage, spared volume) that the prior courses alone miss may still be met by the new plan
    # if it is a dose to reach, and can only get worse if it is a volume to spare; only upper limits are final.
    if constraint.sense is Sense.AT_MOST and not met(prior):
        return ScoreState.EXCEEDED_BY_PRIOR
    return ScoreState.MET if met(prior if cumulative is None else cumulative) else ScoreState.EXCEEDED
