"""The scorecard as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from ..dosimetry.accumulation import StructureDose
from ..model.constraint import Constraint, Sense
from ..model.errors import DosimetryError
from ..model.protocol import Basis
from ..planning.scorecard import Score
from .registration_summary import registration_word
from .results import CaseResults, StructureResult

SENSE = {"at_most": "≤", "at_least": "≥"}
"""How a sense is written."""


@dataclass(frozen=True)
class ScoreSummary:
    """One line of the scorecard; values in the metric's unit, doses in EQD2 with the constraint's own α/β.

    ``volume_cc`` is the structure's. ``months_published`` is the interval that the limit was published for, ``months`` the
    one since the last prior course in the structure. ``left_eqd2_gy`` is what the prior courses leave of a limit of dose,
    ``left_physical_gy`` the same as physical dose in ``fractions``, given evenly to the structure; ``left_is_at_most`` where
    the prior dose is not known everywhere. ``margin`` is the distance to the limit, negative beyond it: of the cumulative
    sum, before the new plan of the prior one. ``new`` is the new plan alone. ``prior_otherwise`` and
    ``cumulative_otherwise`` are the same metric on the sum that the limit is not for (recovered for raw, raw for recovered),
    where recovery is applied. ``row`` is the limit's id in ``constraints.csv``.
    """

    structure: str
    volume_cc: float
    metric: str
    sense: str
    limit: float
    warning: float | None
    basis: str
    alpha_beta_gy: float
    months_published: str
    conditions: str
    months: float | None
    prior: float | None
    prior_otherwise: float | None
    prior_unknown_percent: float
    new: float | None
    cumulative: float | None
    cumulative_otherwise: float | None
    cumulative_unknown_percent: float | None
    margin: float | None
    left_eqd2_gy: float | None
    left_physical_gy: float | None
    left_is_at_most: bool
    fractions: int
    state: str
    registration: str
    remark: str
    row: str
    source: str


def score_summary(score: Score, results: CaseResults) -> ScoreSummary:
    """Summarize one line of the scorecard."""
    constraint = score.constraint
    structure = results.structure(constraint.structure)
    other = _others(score, structure, results.case.recovery_table is not None)
    return ScoreSummary(
        structure=constraint.structure,
        volume_cc=structure.prior.samples.volume_cc,
        metric=str(constraint.metric),
        sense=constraint.sense.value,
        limit=constraint.limit,
        warning=constraint.warning,
        basis=constraint.basis.value,
        alpha_beta_gy=constraint.alpha_beta_gy,
        months_published=str(constraint.months),
        conditions=str(constraint.conditions),
        months=score.months if score.months != float("inf") else None,
        prior=score.prior,
        prior_otherwise=other.prior,
        prior_unknown_percent=structure.prior.unknown_percent(),
        new=other.new,
        cumulative=score.cumulative,
        cumulative_otherwise=other.cumulative,
        cumulative_unknown_percent=structure.cumulative.unknown_percent() if structure.cumulative else None,
        margin=_margin(score),
        left_eqd2_gy=score.left.eqd2_gy if score.left else None,
        left_physical_gy=score.left.physical_gy if score.left else None,
        left_is_at_most=score.left is not None and score.left.is_at_most,
        fractions=results.case.new_course.fractions,
        state=score.state.value,
        registration=registration_word(results, constraint.structure),
        remark=score.remark,
        row=constraint.row,
        source=constraint.source,
    )


@dataclass(frozen=True)
class _Others:
    """What stands beside the values that the state rests on."""

    prior: float | None
    new: float | None
    cumulative: float | None


def _others(score: Score, structure: StructureResult, with_recovery: bool) -> _Others:
    """The same metric of the new plan alone, and on the sum that the limit is not for.

    Nothing stands beside a value that could not be formed.
    """
    constraint, final = score.constraint, structure.cumulative
    basis = Basis.RECOVERED if constraint.basis is Basis.RAW else Basis.RAW
    is_wanted = with_recovery and score.prior is not None
    new = None
    if final is not None and score.cumulative is not None:
        new = final
        for part in structure.prior.courses:
            new = new.without_course(part.course.identifier)
    return _Others(
        prior=_value(constraint, structure.prior, basis) if is_wanted else None,
        new=_value(constraint, new, Basis.RAW) if new is not None else None,
        cumulative=_value(constraint, final, basis) if is_wanted and final is not None else None,
    )


def _value(constraint: Constraint, dose: StructureDose, basis: Basis) -> float | None:
    try:
        return dose.dvh(constraint.alpha_beta_gy, basis).value(constraint.metric)
    except DosimetryError:
        return None


def _margin(score: Score) -> float | None:
    """How far the value that counts is from the limit; a goal has none before the new plan."""
    constraint = score.constraint
    if constraint.sense is Sense.AT_MOST:
        value = score.prior if score.cumulative is None else score.cumulative
        return None if value is None else constraint.limit - value
    return None if score.cumulative is None else score.cumulative - constraint.limit
