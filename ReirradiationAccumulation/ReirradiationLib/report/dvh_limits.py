"""Limits as points of a DVH figure, and why some are none."""

from __future__ import annotations

import math

from ..model.metric import Metric, MetricKind
from .dvh_figure import FigureLimit
from .dvh_panel import Side
from .score_summary import SENSE, ScoreSummary
from .structure_summary import RAW_SUM, RECOVERED_SUM, StructureSummary

_DOSES = (MetricKind.MAXIMUM, MetricKind.MINIMUM, MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT)
_IN_CC = (MetricKind.DOSE_AT_CC, MetricKind.VOLUME_CC, MetricKind.COLD_VOLUME_CC)


def figure_limit(score: ScoreSummary, structure: StructureSummary) -> FigureLimit | str:
    """Where a limit acts in the structure's DVH, or why it is no point of it.

    A volume below a dose (CV) is 100 % less the volume of the curve. A limit of the recovered sum is drawn where that is
    the raw one too: nothing has recovered.
    """
    metric = Metric.parse(score.metric)
    sums = {curve.sum for curve in structure.curves} & {RAW_SUM, RECOVERED_SUM}
    if not sums:
        return "there is no sum of all courses"
    if not math.isclose(score.alpha_beta_gy, structure.alpha_beta_gy):
        return f"it is of EQD2 with α/β {score.alpha_beta_gy:g} Gy"
    if metric.kind in (MetricKind.MEAN, MetricKind.GENERALIZED_EUD):
        return "it is no point of the curve"
    dose_gy, percent = _place(metric, score.limit, structure.volume_cc)
    if not 0.0 <= percent <= 100.0:
        return "the structure is smaller than its volume"
    label = f"{metric_text(score)} {SENSE[score.sense]} {score.limit:g} {metric.unit}"
    if RECOVERED_SUM in sums:
        label = f"{label} ({score.basis})"
    return FigureLimit(label, dose_gy, percent, _forbidden(metric, score.sense == "at_most"))


def metric_text(score: ScoreSummary) -> str:
    """The metric without the unit of its value: D0.03cc, V20Gy."""
    return score.metric.split("[")[0]


def _place(metric: Metric, limit: float, volume_cc: float) -> tuple[float, float]:
    """Dose in Gy and percent of the volume."""
    share = 100.0 / volume_cc if metric.kind in _IN_CC else 1.0
    if metric.kind is MetricKind.MAXIMUM:
        return limit, 0.0
    if metric.kind is MetricKind.MINIMUM:
        return limit, 100.0
    if metric.kind in _DOSES:
        return limit, metric.at * share
    return metric.at, 100.0 - limit * share if metric.is_cold else limit * share


def _forbidden(metric: Metric, is_at_most: bool) -> Side:
    if metric.kind in _DOSES:
        return Side.RIGHT if is_at_most else Side.LEFT
    return Side.UP if is_at_most != metric.is_cold else Side.DOWN
