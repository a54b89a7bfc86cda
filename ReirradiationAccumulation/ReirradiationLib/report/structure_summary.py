"""One structure of the case as plain data: volume, metrics, curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dosimetry.dvh import CumulativeDvh, cumulative_dvh
from ..model.protocol import Basis
from .curve_points import curve_points
from .metric_summary import MetricSummary, SensitivitySummary
from .results import CaseResults, StructureResult
from .structure_metrics import Sums, metric_summaries, sensitivity_summary, structure_sums

RAW_SUM = "sum, raw"
RECOVERED_SUM = "sum, recovered"


@dataclass(frozen=True)
class CourseInStructure:
    """One course within one structure: physical dose in Gy, recovered fraction.

    ``beyond_lq_cc`` is the volume that it gave more than 10 Gy per fraction.
    """

    course: str
    physical_maximum_gy: float | None
    physical_mean_gy: float | None
    recovery: float
    unknown_percent: float
    beyond_lq_cc: float


@dataclass(frozen=True)
class CurveSummary:
    """A cumulative DVH curve: EQD2 in Gy against percent of the volume that receives at least as much.

    At most 181 points in the order of rising dose, chosen where the curve bends (:func:`.curve_points.curve_points`), so
    that straight lines between them follow it on a linear axis and, in its tail down to 0.005 cc, on a logarithmic one. It
    passes through D0.01cc, D0.03cc, D0.1cc, D0.5cc, D1cc, D2cc, D2%, D50%, D95% and D98%. The last two points are at the
    maximum: the volume of the hottest sample (its middle), then 0.
    """

    sum: str
    dose_eqd2_gy: tuple[float, ...]
    volume_percent: tuple[float, ...]


@dataclass(frozen=True)
class StructureSummary:
    """One structure. ``unreliable_courses`` are those whose mapped dose must not be relied on in it."""

    name: str
    alpha_beta_gy: float
    volume_cc: float
    end_caps: str
    samples: int
    sample_step_mm: float
    finest_sample_step_mm: float
    unknown_percent: float
    unknown_courses: tuple[str, ...]
    unreliable_courses: tuple[str, ...]
    beyond_lq_cc: float
    courses: tuple[CourseInStructure, ...]
    metrics: tuple[MetricSummary, ...]
    sensitivity: tuple[SensitivitySummary, ...]
    curves: tuple[CurveSummary, ...]


def structure_summary(result: StructureResult, results: CaseResults) -> StructureSummary:
    """Summarize one structure."""
    with_recovery = results.case.recovery_table is not None
    sums = structure_sums(result, with_recovery)
    unreliable = results.unreliable(result.choice.name)
    return StructureSummary(
        name=result.choice.name,
        alpha_beta_gy=result.alpha_beta_gy,
        volume_cc=result.prior.samples.volume_cc,
        end_caps=result.prior.samples.end_caps.value,
        samples=len(result.prior.samples.volumes_cc),
        sample_step_mm=result.prior.samples.step_mm,
        finest_sample_step_mm=result.prior.samples.finest_mm,
        unknown_percent=result.final.unknown_percent(),
        unknown_courses=result.final.unknown_courses(),
        beyond_lq_cc=result.final.beyond_lq_cc(),
        courses=_courses_in(result),
        unreliable_courses=unreliable,
        metrics=metric_summaries(results.case.metrics, result, sums, unreliable),
        sensitivity=tuple(
            sensitivity_summary(
                response, results.case.metrics, result, with_recovery, results.unreliable(result.choice.name)
            )
            for response in results.case.sensitivity
        ),
        curves=_curves(result, sums),
    )


def _courses_in(result: StructureResult) -> tuple[CourseInStructure, ...]:
    summaries = []
    for part in result.final.courses:
        volumes = result.final.samples.volumes_cc
        summaries.append(
            CourseInStructure(
                course=part.course.identifier,
                physical_maximum_gy=float(part.dose_gy.max()) if part.known.any() else None,
                physical_mean_gy=float(np.average(part.dose_gy.astype(np.float64), weights=volumes))
                if part.known.any()
                else None,
                recovery=part.recovery,
                unknown_percent=100.0 * float(volumes[~part.known].sum() / volumes.sum()),
                beyond_lq_cc=float(volumes[part.beyond_lq()].sum()),
            )
        )
    return tuple(summaries)


def _curves(result: StructureResult, sums: Sums) -> tuple[CurveSummary, ...]:
    dose = result.final
    curves = []
    for part in dose.courses:
        if not part.known.any():
            continue  # a curve at 0 Gy would say that it gave no dose
        eqd2_gy = dose.course_eqd2_gy(part, result.alpha_beta_gy, Basis.RAW)
        curves.append(_curve(part.course.identifier, cumulative_dvh(eqd2_gy, dose.samples.volumes_cc)))
    if dose.unknown_courses():
        return tuple(curves)
    curves.append(_curve(RAW_SUM, sums.cumulative_raw or sums.prior_raw))
    recovered = sums.cumulative_recovered or sums.prior_recovered
    if recovered is not None and any(part.recovery > 0.0 for part in dose.courses):
        curves.append(_curve(RECOVERED_SUM, recovered))
    return tuple(curves)


def _curve(label: str, dvh: CumulativeDvh) -> CurveSummary:
    points = curve_points(dvh)
    return CurveSummary(label, tuple(points.dose_gy.tolist()), tuple(points.percent.tolist()))
