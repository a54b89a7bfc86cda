"""What the command line shows of an evaluation: scorecard, findings, optimization structures."""

from __future__ import annotations

from collections.abc import Sequence

from .evaluation import Evaluation
from .feasibility_limits import limit_cells
from .marks import MARK_NOTE, unreliable_note
from .planning_summary import PlanningSummary
from .score_summary import ScoreSummary
from .scorecard_section import limit_text


def evaluation_summary(evaluation: Evaluation) -> str:
    """Lines of plain text, aligned."""
    lines = [
        "",
        f"{evaluation.case.title} – {evaluation.case.stage}",
        *(f"  {task.title}: {task.status.value}{f', key {task.key}' if task.key else ''}" for task in evaluation.tasks),
        "",
        *(f"  {headline.text}" for headline in evaluation.headlines),
    ]
    lines += _scorecard_lines(evaluation.scorecard) if evaluation.scorecard else []
    findings = [f"  {f.subject}: {f.found} [{f.identifier}] {f.decision}".rstrip() for f in evaluation.findings]
    lines += ["", "Findings", *findings] if findings else []
    lines += _planning_lines(evaluation.planning) if evaluation.planning else []
    for organ in evaluation.optimization:
        lines += [
            "",
            f"Optimization structures of {organ.structure}: P {organ.prior_eqd2_gy:.2f}, R {organ.new_eqd2_gy:.2f}, "
            f"A {organ.limit_eqd2_gy:.2f} Gy EQD2 (α/β {organ.alpha_beta_gy:g} Gy, {organ.basis} sum, "
            f"new course in {organ.fractions} fx; {organ.source}); {organ.state}",
        ]
        lines += [f"  {unreliable_note(organ.unreliable_courses)}"] if organ.unreliable_courses else []
        header = ["name", "prior EQD2 from [Gy]", "limit EQD2 [Gy]", f"limit physical [Gy in {organ.fractions} fx]", "[cc]"]
        rows = [
            [
                *(shell.name, f"{shell.lower_eqd2_gy:.2f}", f"{shell.limit_eqd2_gy:.2f}"),
                *(f"{shell.limit_physical_gy:.2f}", f"{shell.volume_cc:.2f}"),
            ]
            for shell in organ.shells
        ]
        lines += _aligned([header, *rows]) if rows else []
    return "\n".join(lines)


_COLUMNS = (
    "structure",
    "metric",
    "limit",
    "sum",
    "α/β [Gy]",
    "prior",
    "left",
    "cumulative",
    "registration",
    "state",
    "source",
)


def _scorecard_lines(scores: Sequence[ScoreSummary]) -> list[str]:
    rows = [
        [
            *(score.structure, score.metric, limit_text(score), score.basis),
            *(f"{score.alpha_beta_gy:g}", _number(score.prior), _left(score), _number(score.cumulative), score.registration),
            f"{score.state}; {score.remark}" if score.remark else score.state,
            score.source,
        ]
        for score in scores
    ]
    return ["Scorecard (EQD2; each limit on its own sum and α/β)", *_aligned([list(_COLUMNS), *rows])]


def _planning_lines(planning: PlanningSummary) -> list[str]:
    """Type and what is left near the targets."""
    screening = planning.screening
    suggested, decided = screening.suggested_type or "cannot be told", screening.decided or "not decided"
    lines = ["", f"Type of reirradiation: suggested {suggested}; {decided}"]
    for organ in planning.feasibility.organs:
        limit = organ.limit
        lines.append(
            f"{limit.structure}: P {organ.prior_eqd2_gy:.2f} ({organ.prior_metric}, {organ.region}), "
            f"R {organ.new_eqd2_gy:.2f}, "
            f"A {limit.limit_eqd2_gy:.2f} Gy EQD2 ({limit.basis} sum, α/β {limit.alpha_beta_gy:g} Gy; {limit.source}): left "
            f"{organ.left_eqd2_gy:.2f} Gy EQD2 = {organ.left_physical_gy:.2f} Gy in {limit.fractions} fx; {organ.state}"
            f"{'; binds' if organ.is_binding else ''}{''.join(f'; {remark}' for remark in organ.remarks)}"
        )
        lines += [f"  {MARK_NOTE}"] if organ.unreliable_courses else []
    unknown = [one for one in planning.feasibility.not_planned if one.is_unknown]
    lines += [
        f"{one.limit.structure}: NOT PLANNED by {' '.join(limit_cells(one.limit)[1:])}: {one.reason}" for one in unknown
    ]
    return lines


def _left(score: ScoreSummary) -> str:
    """What is left in EQD2, and as physical dose of the new course."""
    if score.left_eqd2_gy is None or score.left_physical_gy is None:
        return "–"
    bound = "at most " if score.left_is_at_most else ""
    return f"{bound}{score.left_eqd2_gy:.2f} EQD2 = {score.left_physical_gy:.2f} Gy in {score.fractions} fx"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
