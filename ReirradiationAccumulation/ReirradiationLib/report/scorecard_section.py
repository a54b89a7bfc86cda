"""The scorecard in the report: every limit on its own sum, with all that it was published with."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.scorecard import ScoreState
from .evaluation import Evaluation
from .html_parts import Cell, Html, number, paragraph, section, table
from .marks import MARK, MARK_NOTE, marked
from .metric_tables import MAXIMUM_NOTE
from .score_summary import SENSE, ScoreSummary
from .source_notes import RemarkNotes, SourceNotes
from .structure_summary import StructureSummary

SMALL_CC = 1.0
"""A structure of less is marked: a voxel or a slice more or less changes what is read in it."""

LEAST_MARGIN = 0.005
NEAR_MAXIMA = ("D0.03cc[Gy]", "D0.1cc[Gy]", "D0.01cc[Gy]", "D0.5cc[Gy]", "D1cc[Gy]", "Dmax[Gy]")
"""Which of a case's metrics is shown of a structure without a constraint: the first that is there."""

UNKNOWN_MARK, SMALL_MARK = "◊", "▫"
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
    "Every constraint on the sum, with the α/β and at the interval that it was published for; doses are EQD2. New: the new "
    "plan alone. Margin: distance to the limit, negative beyond it. Left: what the prior courses leave, as EQD2 and as "
    "physical dose if given evenly. Sampling moves doses to small volumes by up to 0.3 Gy; errors of contours and "
    "registration come on top."
)


def scorecard_section(evaluation: Evaluation) -> str:
    """The scorecard as a section of the report."""
    scores = evaluation.scorecard
    if not scores:
        return section("Scorecard", paragraph("The case states no constraints."))
    sources, remarks = SourceNotes(), RemarkNotes()
    is_recovered = evaluation.biology.is_recovery_applied
    otherwise = [True] if is_recovered else []
    header = [
        *("Structure", "Constraint", "Sum, α/β"),
        *("Prior", *("on the other sum" for _ in otherwise), "New", "Cumulative", *("on the other sum" for _ in otherwise)),
        *("Margin", f"Left EQD2; in {scores[0].fractions} fx [Gy]", "State", "Registration"),
    ]
    rows: list[list[Cell]] = [
        [
            _structure(score),
            f"{score.metric} {limit_text(score)}{_interval(score)} {sources.mark(_source(score))}",
            f"{score.basis}, {score.alpha_beta_gy:g} Gy",
            *(score.prior, *(score.prior_otherwise for _ in otherwise), score.new),
            *(score.cumulative, *(score.cumulative_otherwise for _ in otherwise), _margin(score)),
            *(_left(score), f"{score.state} {remarks.mark(score.remark)}", score.registration),
        ]
        for score in scores
    ]
    legend = _legend(scores)
    return section(
        "Scorecard",
        table(header, rows, [_ROW_CLASS[score.state] for score in scores]),
        paragraph(f"{legend}{_NOTE}{_maximum_note(scores)}", "note"),
        remarks.note(),
        _without_limit(evaluation),
        sources.note(),
    )


def _maximum_note(scores: Sequence[ScoreSummary]) -> str:
    return f" {MAXIMUM_NOTE}" if any(score.metric.startswith("Dmax") for score in scores) else ""


def _without_limit(evaluation: Evaluation) -> str:
    """The structures that no constraint is about, with their near-maximum, that nothing goes by unseen."""
    limited = {score.structure for score in evaluation.scorecard}
    others = [_near_maximum(one) for one in evaluation.structures if one.name not in limited]
    return (
        paragraph(f"Without a constraint (raw sum, EQD2 with their own α/β): {'; '.join(others)}.", "note") if others else ""
    )


def _near_maximum(structure: StructureSummary) -> str:
    known = {one.metric: one for one in structure.metrics}
    metric = next((known[name] for name in NEAR_MAXIMA if name in known), None)
    if metric is None or metric.prior_raw is None:
        return f"{marked(structure)} no value"
    after = "" if metric.cumulative_raw is None else f" → {metric.cumulative_raw:.2f}"
    unknown = f", not known in {structure.unknown_percent:.1f} %" if structure.unknown_percent > 0.0 else ""
    return f"{marked(structure)} {metric.metric} {metric.prior_raw:.2f}{after}{unknown}"


def _source(score: ScoreSummary) -> str:
    return f"{score.source}{f' ({score.row})' if score.row else ''}"


def _structure(score: ScoreSummary) -> str:
    """The name, with the marks of what limits the values."""
    marks = f" {MARK}" if score.state == ScoreState.UNRELIABLE.value else ""
    marks += f" {SMALL_MARK}" if score.volume_cc < SMALL_CC else ""
    marks += f" {UNKNOWN_MARK}{_unknown_text(score)}" if _unknown_percent(score) > 0.0 else ""
    return f"{score.structure}{marks}, {score.volume_cc:.2f} cc"


def _unknown_text(score: ScoreSummary) -> str:
    """Of the prior courses, and with the new plan."""
    prior, cumulative = score.prior_unknown_percent, score.cumulative_unknown_percent
    return f"{prior:.1f} %" if cumulative is None else f"{prior:.1f}→{cumulative:.1f} %"


def _unknown_percent(score: ScoreSummary) -> float:
    return score.prior_unknown_percent if score.cumulative_unknown_percent is None else score.cumulative_unknown_percent


def _legend(scores: Sequence[ScoreSummary]) -> str:
    """What the marks that occur mean."""
    parts = []
    if any(_unknown_percent(score) > 0.0 for score in scores):
        where = (
            "share of the volume where a dose is not known, outside a grid (counted as 0 Gy), before and with the new plan"
        )
        parts.append(f"{UNKNOWN_MARK} {where}. ")
    if any(score.volume_cc < SMALL_CC for score in scores):
        parts.append(f"{SMALL_MARK} small structure: a voxel or a slice changes what is read in it. ")
    if any(score.state == ScoreState.UNRELIABLE.value for score in scores):
        parts.append(f"{MARK_NOTE} ")
    return "".join(parts)


def limit_text(score: ScoreSummary) -> str:
    """The limit with its warning level, interval and conditions."""
    text = f"{SENSE[score.sense]} {score.limit:g}"
    side = "above" if score.sense == "at_most" else "below"
    text += f", warning {side} {score.warning:g}" if score.warning is not None else ""
    text += f"; {score.conditions}" if score.conditions else ""
    return f"{text}; {score.months_published}"


def _interval(score: ScoreSummary) -> str:
    return f" (it is {score.months:.1f} months)" if score.months is not None else ""


def _margin(score: ScoreSummary) -> Cell:
    """With more digits where two would not tell on which side of the limit the value is."""
    margin = score.margin
    return margin if margin is None or abs(margin) >= LEAST_MARGIN else f"{margin:.2g}"


def _left(score: ScoreSummary) -> Cell:
    if score.left_eqd2_gy is None or score.left_physical_gy is None:
        return "–"
    bound = "at most " if score.left_is_at_most else ""
    return Html(f"{bound}{number(score.left_eqd2_gy)}; <b>{number(score.left_physical_gy)}</b>")
