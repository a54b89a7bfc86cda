"""The scorecard in the report: every limit on its own sum, with all that it was published with."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.scorecard import ScoreState
from .html_parts import Cell, number, paragraph, section, table
from .score_summary import ScoreSummary

SENSE = {"at_most": "≤", "at_least": "≥"}
_ROW_CLASS = {
    ScoreState.MET.value: "met",
    ScoreState.MET_IN_WARNING.value: "open",
    ScoreState.MET_WHERE_KNOWN.value: "open",
    ScoreState.NOT_MET.value: "bad",
    ScoreState.NOT_MET_WHERE_KNOWN.value: "open",
    ScoreState.OPEN.value: "open",
    ScoreState.EXCEEDED.value: "bad",
    ScoreState.MAY_BE_EXCEEDED.value: "bad",
    ScoreState.EXCEEDED_BY_PRIOR.value: "bad",
    ScoreState.NOT_EVALUABLE.value: "open",
    ScoreState.UNRELIABLE.value: "bad",
}
_NOTE = (
    "Each constraint is evaluated on the sum (raw or recovered), with the α/β and at the interval it was published for; "
    "tables and DVHs below use each structure's own α/β. 'Left' is what the prior courses leave of the limit, as EQD2 with "
    "the limit's α/β, and as physical dose in the fractions of the new course if it were given evenly to the structure. "
    "Evidence of sources: P read in the paper, S secondary, M general knowledge, D derived. Sampling moves doses to a small "
    "volume by up to 0.3 Gy where the gradient is steep (docs/methods.md); errors of contours and registration come on top "
    "and are not estimated."
)


def scorecard_section(scores: Sequence[ScoreSummary]) -> str:
    """The scorecard as a section of the report."""
    if not scores:
        return section("Scorecard", paragraph("The case states no constraints."))
    header = [
        *("Structure", "Metric (EQD2)", "Limit", "Sum, α/β", "Prior", f"Left [Gy EQD2; Gy in {scores[0].fractions} fx]"),
        *("Cumulative", "State", "Registration", "Source"),
    ]
    rows: list[list[Cell]] = [
        [
            *(score.structure, score.metric, limit_text(score), f"{score.basis}, {score.alpha_beta_gy:g} Gy"),
            *(score.prior, _left(score), score.cumulative),
            f"{score.state}{'; ' + score.remark if score.remark else ''}",
            *(score.registration, f"{score.source}{f' ({score.row})' if score.row else ''}"),
        ]
        for score in scores
    ]
    return section("Scorecard", table(header, rows, [_ROW_CLASS[score.state] for score in scores]), paragraph(_NOTE, "note"))


def limit_text(score: ScoreSummary) -> str:
    """The limit with its warning level, interval and conditions."""
    text = f"{SENSE[score.sense]} {score.limit:g}"
    side = "above" if score.sense == "at_most" else "below"
    text += f", warning {side} {score.warning:g}" if score.warning is not None else ""
    text += f"; {score.conditions}" if score.conditions else ""
    return f"{text}; {score.months_published}"


def _left(score: ScoreSummary) -> str:
    if score.left_eqd2_gy is None or score.left_physical_gy is None:
        return "–"
    return f"{'at most ' if score.left_is_at_most else ''}{number(score.left_eqd2_gy)}; {number(score.left_physical_gy)}"
