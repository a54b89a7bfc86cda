"""The dose–volume histograms of a case as the charts of a scene, with the points of ``evaluation.json``."""

from __future__ import annotations

from collections.abc import Sequence

from .model.protocol import Basis
from .model.scene_tables import LineStyle, PointMark, SceneChart, SceneSeries
from .report.curve_points import curve_points
from .report.dvh_figure import FigureLimit
from .report.dvh_limits import figure_limit
from .report.evaluation import Evaluation, course_labels, plain
from .report.marks import marked
from .report.results import CaseResults, StructureResult
from .report.structure_summary import RAW_SUM, RECOVERED_SUM, CurveSummary, StructureSummary

DVH_KEY = "dvh"
LIMITS_TABLE = "Limits in the DVHs"
PRIOR_SUM = "prior courses, raw"
DOSE_TITLE, VOLUME_TITLE = "EQD2 [Gy]", "Volume [%]"
ALPHA_BETA = "alpha/beta"
"""The letters of charts are VTK's, which has no Greek ones."""

VOLUME_RANGE = (0.0, 105.0)
"""A little more than everything, so that what is at 100 % is not on the frame."""

DOSE_MARGIN = 1.05

COURSE_LIGHTER = 0.45
"""Share of white in the colours of single courses."""

MARKS = (PointMark.DIAMOND, PointMark.SQUARE, PointMark.CIRCLE, PointMark.CROSS, PointMark.PLUS)
"""Of the limits of a structure in turn."""


def scene_charts(results: CaseResults, evaluation: Evaluation) -> tuple[SceneChart, ...]:
    """A chart of all structures with a limit, and one of every structure with its courses.

    In the structure's colour: solid the raw sum of all courses, dashed that of the prior ones, dotted the recovered sum, and
    lighter the courses. Limits are marks where they act on the curve of the sum; those that are no point of it are left out,
    as in the report. Keys are ``dvh`` and ``dvh/<structure>``.
    """
    of_structure = {
        summary.name: _structure_series(results.structure(summary.name), summary, evaluation)
        for summary in evaluation.structures
        if summary.curves
    }
    limited = dict.fromkeys(score.structure for score in evaluation.scorecard if score.structure in of_structure)
    charts = []
    if limited:
        shown = [one for name in limited for one in of_structure[name] if not one.course]
        charts.append(_chart(DVH_KEY, "DVH of all structures with a limit", shown))
    for summary in evaluation.structures:
        if summary.name in of_structure:
            key, title = f"{DVH_KEY}/{summary.name}", f"DVH of {marked(summary)}, {ALPHA_BETA} {summary.alpha_beta_gy:g} Gy"
            charts.append(_chart(key, title, of_structure[summary.name]))
    return tuple(charts)


def _chart(key: str, title: str, series: Sequence[SceneSeries]) -> SceneChart:
    highest_gy = max(max(one.x) for one in series)
    return SceneChart(
        key, title, DOSE_TITLE, VOLUME_TITLE, tuple(series), (0.0, max(DOSE_MARGIN * highest_gy, 1.0)), VOLUME_RANGE
    )


def _structure_series(result: StructureResult, summary: StructureSummary, evaluation: Evaluation) -> list[SceneSeries]:
    """Courses, then sums, then limits: what comes later is drawn over what came before."""
    labels = course_labels(evaluation)
    curves = [(curve, labels[curve.sum]) for curve in summary.curves if curve.sum in labels]
    prior = _prior_curve(result)
    curves += [(prior, "")] if prior else []
    curves += [(curve, "") for curve in summary.curves if curve.sum not in labels]
    series = [_curve_series(curve, course, result, summary) for curve, course in curves]
    return [*series, *_limit_series(result, summary, evaluation)]


def _curve_series(curve: CurveSummary, course: str, result: StructureResult, summary: StructureSummary) -> SceneSeries:
    """A curve; ``course`` is the label of the course that it is of, empty for a sum."""
    lines = {RAW_SUM: LineStyle.SOLID, PRIOR_SUM: LineStyle.DASHED, RECOVERED_SUM: LineStyle.DOTTED}
    label = course or curve.sum
    red, green, blue = result.structure.colour
    lighter = (_lighter(red), _lighter(green), _lighter(blue))
    return SceneSeries(
        name=f"{marked(summary)}: {label}",
        table=f"DVH of {summary.name}",
        x_column=f"{label}: EQD2 [Gy]",
        y_column=f"{label}: volume [%]",
        x=tuple(plain(curve.dose_eqd2_gy)),
        y=tuple(plain(curve.volume_percent)),
        colour=lighter if course else result.structure.colour,
        line=LineStyle.SOLID if course else lines[curve.sum],
        course=curve.sum if course else "",
    )


def _prior_curve(result: StructureResult) -> CurveSummary | None:
    """The sum of the prior courses where there is a new plan too; the evaluation keeps the sum of all."""
    if result.cumulative is None or not result.prior.courses or result.prior.unknown_courses():
        return None
    points = curve_points(result.prior.dvh(result.alpha_beta_gy, Basis.RAW))
    return CurveSummary(PRIOR_SUM, tuple(points.dose_gy.tolist()), tuple(points.percent.tolist()))


def _limit_series(result: StructureResult, summary: StructureSummary, evaluation: Evaluation) -> list[SceneSeries]:
    places = [figure_limit(score, summary) for score in evaluation.scorecard if score.structure == summary.name]
    limits = [place for place in places if isinstance(place, FigureLimit)]
    return [
        SceneSeries(
            name=f"{summary.name}: {limit.label}",
            table=LIMITS_TABLE,
            x_column=f"{summary.name}, {n}. {limit.label}: EQD2 [Gy]",
            y_column=f"{summary.name}, {n}. {limit.label}: volume [%]",
            x=(limit.dose_gy,),
            y=(limit.volume_percent,),
            colour=result.structure.colour,
            line=LineStyle.NONE,
            mark=MARKS[(n - 1) % len(MARKS)],
        )
        for n, limit in enumerate(limits, start=1)
    ]


def _lighter(channel: int) -> int:
    return round(channel + COURSE_LIGHTER * (255 - channel))
