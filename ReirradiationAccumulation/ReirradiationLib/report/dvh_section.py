"""Dose–volume histograms in the report."""

from __future__ import annotations

from .dvh_figure import LETTERS, CurveKind, FigureCurve, FigureLimit, organ_figure, sums_figure
from .dvh_limits import figure_limit
from .evaluation import Evaluation, course_labels
from .html_parts import figure, paragraph, section
from .marks import mark_note, marked
from .score_summary import SENSE, ScoreSummary
from .scorecard_section import limit_text
from .shown_text import shown
from .structure_summary import RAW_SUM, RECOVERED_SUM, CurveSummary, StructureSummary

CURVES_PER_FIGURE = 7
HOW_TO_READ = (
    "Left: cumulative DVH of the whole structure. Right: its hottest part on a logarithmic axis of volume, down to the "
    "maximum (dot). Bars with letters are limits of the sum of all courses where they act; the arrow points to the "
    "forbidden side."
)
_KINDS = {RAW_SUM: CurveKind.SUM, RECOVERED_SUM: CurveKind.RECOVERED}


def dvh_section(evaluation: Evaluation) -> str:
    """The DVHs of every structure with a limit; empty if there is none."""
    limited = {score.structure for score in evaluation.scorecard}
    organs = [_organ(structure, evaluation) for structure in evaluation.structures if structure.name in limited]
    note = [paragraph(HOW_TO_READ, "note")] if organs else []
    title = "Dose–volume histograms"
    return section(title, *organs, *note, *mark_note(evaluation)) if organs else ""


def all_dvhs_section(evaluation: Evaluation) -> str:
    """The sums of all structures, as many in a figure as can be told apart."""
    return section("Dose–volume histograms of all structures", *_all_structures(evaluation), *mark_note(evaluation))


def _organ(structure: StructureSummary, evaluation: Evaluation) -> str:
    scores = [score for score in evaluation.scorecard if score.structure == structure.name]
    places = [(score, figure_limit(score, structure)) for score in scores]
    drawn = [(score, place) for score, place in places if isinstance(place, FigureLimit)]
    title = f"{marked(structure)}, EQD2 with α/β {structure.alpha_beta_gy:g} Gy, per course"
    title += (
        f"; no sum, for {' and '.join(structure.unknown_courses)} is not known in it" if structure.unknown_courses else ""
    )
    title += " and summed" if not structure.unknown_courses else ""
    curves = figure_curves(structure, evaluation)
    svg = organ_figure(title, structure.volume_cc, curves, [place for _, place in drawn])
    words = [title, *_point_doses(structure, evaluation), *_limits_drawn([score for score, _ in drawn])]
    words += [
        f"Not drawn: {score.metric} {SENSE[score.sense]} {score.limit:g} ({score.basis}), for {place}"
        for score, place in places
        if isinstance(place, str)
    ]
    name, *rest = words
    heading = f"<figcaption><b>{shown(name)}.</b> {shown('. '.join(rest))}</figcaption>"
    return f"<figure>{heading}{svg}</figure>"


def figure_curves(structure: StructureSummary, evaluation: Evaluation) -> list[FigureCurve]:
    """All curves of a structure; sums first: the thin curves of the courses stay visible on them."""
    in_order = sorted(structure.curves, key=lambda curve: curve.sum not in _KINDS)
    return [_figure_curve(curve, evaluation) for curve in in_order]


def _figure_curve(curve: CurveSummary, evaluation: Evaluation) -> FigureCurve:
    label = course_labels(evaluation).get(curve.sum, curve.sum)
    return FigureCurve(label, curve.dose_eqd2_gy, curve.volume_percent, _KINDS.get(curve.sum, CurveKind.COURSE))


def _point_doses(structure: StructureSummary, evaluation: Evaluation) -> list[str]:
    """Courses with one and the same dose in the whole structure."""
    labels = course_labels(evaluation)
    flat = [curve for curve in structure.curves if curve.sum not in _KINDS and is_point_dose(curve)]
    return [f"{labels.get(one.sum, one.sum)}: point dose, taken for the whole structure" for one in flat]


def is_point_dose(curve: CurveSummary) -> bool:
    """Whether a curve is level at 100 % up to its maximum."""
    return all(percent >= 100.0 for percent in curve.volume_percent[:-1])


def _limits_drawn(scores: list[ScoreSummary]) -> list[str]:
    """The limits in a figure, with all that belongs to them."""
    drawn = [
        f"{letter}: {score.metric} {limit_text(score)} ({score.basis} sum, α/β {score.alpha_beta_gy:g} Gy; {score.source})"
        for letter, score in zip(LETTERS, scores, strict=False)
    ]
    return [f"Limits: {'; '.join(drawn)}"] if drawn else []


def _all_structures(evaluation: Evaluation) -> list[str]:
    evaluable = [structure for structure in evaluation.structures if not structure.unknown_courses]
    title = "Raw sum of all courses, EQD2 with each structure's own α/β"
    parts = []
    for start in range(0, len(evaluable), CURVES_PER_FIGURE):
        group = evaluable[start : start + CURVES_PER_FIGURE]
        parts.append(figure(sums_figure(title, [_sum_curve(structure) for structure in group]), title))
    return parts


def _sum_curve(structure: StructureSummary) -> FigureCurve:
    curve = next(curve for curve in structure.curves if curve.sum == RAW_SUM)
    return FigureCurve(f"{marked(structure)} (α/β {structure.alpha_beta_gy:g})", curve.dose_eqd2_gy, curve.volume_percent)
