"""The scorecard as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from ..planning.scorecard import Score
from .registration_summary import registration_word
from .results import CaseResults


@dataclass(frozen=True)
class ScoreSummary:
    """One line of the scorecard; values in the metric's unit, doses in EQD2 with the constraint's own α/β.

    ``months_published`` is the interval that the limit was published for, ``months`` the one since the last prior course in
    the structure. ``left_eqd2_gy`` is what the prior courses leave of a limit of dose, ``left_physical_gy`` the same as
    physical dose in ``fractions``, given evenly to the structure; ``left_is_at_most`` where the prior dose is not known
    everywhere. ``row`` is the limit's id in ``constraints.csv``.
    """

    structure: str
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
    prior_unknown_percent: float
    cumulative: float | None
    cumulative_unknown_percent: float | None
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
    structure = next(result for result in results.structures if result.choice.name == constraint.structure)
    return ScoreSummary(
        structure=constraint.structure,
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
        prior_unknown_percent=structure.prior.unknown_percent(),
        cumulative=score.cumulative,
        cumulative_unknown_percent=structure.cumulative.unknown_percent() if structure.cumulative else None,
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
