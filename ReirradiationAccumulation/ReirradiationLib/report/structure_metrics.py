"""The metrics of a structure on all sums, each value with the share of the volume where dose is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.dvh import CumulativeDvh
from ..model.dose_response import EQD2_BY_LQ, DoseResponse, FractionationModel
from ..model.errors import DosimetryError
from ..model.metric import Metric
from ..model.protocol import Basis
from ..planning.scorecard import known_remark, sampling_remark
from .metric_summary import MetricSummary, SensitivitySummary
from .results import StructureResult


@dataclass(frozen=True, eq=False)
class Sums:
    """DVHs of the prior and the cumulative sums; None where a sum does not exist."""

    prior_raw: CumulativeDvh
    prior_recovered: CumulativeDvh | None
    cumulative_raw: CumulativeDvh | None
    cumulative_recovered: CumulativeDvh | None


def structure_sums(result: StructureResult, with_recovery: bool, response: DoseResponse = EQD2_BY_LQ) -> Sums:
    """The DVHs of a structure, sorted once for all metrics; recovered ones only if the case applies recovery.

    Raises
    ------
    DosimetryError
        If the response is not defined for the structure's α/β.
    """

    def dvh(dose: StructureDose | None, basis: Basis) -> CumulativeDvh | None:
        return dose.dvh(result.alpha_beta_gy, basis, response) if dose is not None else None

    return Sums(
        prior_raw=result.prior.dvh(result.alpha_beta_gy, Basis.RAW, response),
        prior_recovered=dvh(result.prior, Basis.RECOVERED) if with_recovery else None,
        cumulative_raw=dvh(result.cumulative, Basis.RAW),
        cumulative_recovered=dvh(result.cumulative, Basis.RECOVERED) if with_recovery else None,
    )


def metric_summaries(
    metrics: tuple[Metric, ...], result: StructureResult, sums: Sums, unreliable: Sequence[str] = ()
) -> tuple[MetricSummary, ...]:
    """Every metric on every sum, or why it cannot be formed.

    ``unreliable`` are the courses whose registration must not be relied on in the structure: every value is marked.
    """
    missing = result.final.unknown_courses()
    if missing:
        return _without_values(metrics, result, f"the dose of {' and '.join(missing)} is not known anywhere in it")
    values = tuple(_metric(metric, result, sums) for metric in metrics)
    return tuple(_marked(value, unreliable) for value in values) if unreliable else values


def sensitivity_summary(
    response: DoseResponse,
    metrics: tuple[Metric, ...],
    result: StructureResult,
    with_recovery: bool,
    unreliable: Sequence[str] = (),
) -> SensitivitySummary:
    """The same metrics in another quantity or by another model, for comparison."""
    is_linear_quadratic = response.model is FractionationModel.LQ
    try:
        values = metric_summaries(metrics, result, structure_sums(result, with_recovery, response), unreliable)
    except DosimetryError as error:
        values = _without_values(metrics, result, f"{error.found}. {error.remedy}")
    return SensitivitySummary(
        response=response.label,
        quantity=response.quantity.value,
        model=response.model.value,
        transition_gy_per_fraction=None if is_linear_quadratic else response.transition_gy(result.alpha_beta_gy),
        metrics=values,
    )


def _metric(metric: Metric, result: StructureResult, sums: Sums) -> MetricSummary:
    def value(dvh: CumulativeDvh | None) -> float | None:
        return None if dvh is None else dvh.value(metric)

    try:
        return MetricSummary(
            metric=str(metric),
            prior_raw=value(sums.prior_raw),
            prior_recovered=value(sums.prior_recovered),
            prior_unknown_percent=result.prior.unknown_percent(),
            cumulative_raw=value(sums.cumulative_raw),
            cumulative_recovered=value(sums.cumulative_recovered),
            cumulative_unknown_percent=result.cumulative.unknown_percent() if result.cumulative else None,
            remark="; ".join([*known_remark(metric, result.final), *sampling_remark(metric, result.final)]),
        )
    except DosimetryError as error:
        return _without_values((metric,), result, error.found)[0]


def _marked(summary: MetricSummary, unreliable: Sequence[str]) -> MetricSummary:
    mark = f"use the point worksheet: the registration of {' and '.join(unreliable)} must not be relied on here"
    return replace(summary, remark="; ".join(part for part in (mark, summary.remark) if part))


def _without_values(metrics: tuple[Metric, ...], result: StructureResult, reason: str) -> tuple[MetricSummary, ...]:
    prior = result.prior.unknown_percent()
    cumulative = result.cumulative.unknown_percent() if result.cumulative else None
    remark = f"not evaluable: {reason}"
    return tuple(MetricSummary(str(metric), None, None, prior, None, None, cumulative, remark) for metric in metrics)
