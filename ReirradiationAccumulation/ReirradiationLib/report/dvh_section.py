"""Dose–volume histograms in the report."""

from __future__ import annotations

import math

from ..model.metric import Metric, MetricKind
from .dvh_figure import FigureCurve, FigureLimit, dvh_figure
from .evaluation import Evaluation, course_labels
from .html_parts import figure, section
from .marks import mark_note, marked
from .score_summary import ScoreSummary
from .scorecard_section import SENSE, limit_text
from .structure_summary import RAW_SUM, StructureSummary

CURVES_PER_FIGURE = 7


def dvh_section(evaluation: Evaluation) -> str:
    """The DVHs of every structure with a limit, and of all structures together."""
    limited = {score.structure for score in evaluation.scorecard}
    parts = []
    for structure in evaluation.structures:
        if structure.name in limited:
            curves = [FigureCurve(_curve_label(c.sum, evaluation), c.dose_gy, c.volume_percent) for c in structure.curves]
            limits = [_limit(score) for score in evaluation.scorecard if _fits_curve(score, structure)]
            missing = f"; no sum, for {' and '.join(structure.unknown_courses)} is not known in it"
            summed = missing if structure.unknown_courses else " and summed"
            title = f"{marked(structure)}, EQD2 with α/β {structure.alpha_beta_gy:g} Gy, per course{summed}"
            parts.append(figure(dvh_figure(title, curves, limits), f"{title}{_limits_drawn(evaluation, structure)}"))
    evaluable = [structure for structure in evaluation.structures if not structure.unknown_courses]
    for start in range(0, len(evaluable), CURVES_PER_FIGURE):
        group = evaluable[start : start + CURVES_PER_FIGURE]
        curves = [_sum_curve(structure) for structure in group]
        title = "Raw sum of all courses, EQD2 with each structure's own α/β"
        parts.append(figure(dvh_figure(title, curves), title))
    return section("Dose–volume histograms", *parts, *mark_note(evaluation))


def _curve_label(label: str, evaluation: Evaluation) -> str:
    return course_labels(evaluation).get(label, label)


def _limits_drawn(evaluation: Evaluation, structure: StructureSummary) -> str:
    """The limits in a figure, with all that belongs to them."""
    drawn = [
        f"{score.metric} {limit_text(score)} ({score.basis} sum, α/β {score.alpha_beta_gy:g} Gy; {score.source})"
        for score in evaluation.scorecard
        if _fits_curve(score, structure)
    ]
    return f". Limits of all courses: {'; '.join(drawn)}" if drawn else ""


def _fits_curve(score: ScoreSummary, structure: StructureSummary) -> bool:
    """Whether a limit can be drawn into the structure's DVH: a dose at a volume, with the α/β of the curves."""
    at_volume = Metric.parse(score.metric).kind in (MetricKind.MAXIMUM, MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT)
    same = math.isclose(score.alpha_beta_gy, structure.alpha_beta_gy)
    return score.structure == structure.name and at_volume and same


def _limit(score: ScoreSummary) -> FigureLimit:
    return FigureLimit(f"{score.metric} {SENSE[score.sense]} {score.limit:g} ({score.basis})", score.limit)


def _sum_curve(structure: StructureSummary) -> FigureCurve:
    curve = next(curve for curve in structure.curves if curve.sum == RAW_SUM)
    return FigureCurve(f"{marked(structure)} (α/β {structure.alpha_beta_gy:g})", curve.dose_gy, curve.volume_percent)
