"""P: the (near-)maximum of the prior sum in the part of an organ that lies near the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.dvh import cumulative_dvh
from ..dosimetry.occupancy import StructureSamples
from ..dosimetry.refinement import Ranking
from ..model.arrays import BoolArray, FloatArray
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind
from .limits import OrganLimit
from .targets import PlannedTarget


@dataclass(frozen=True)
class PriorNearTarget:
    """P and how it was found.

    Parameters
    ----------
    value_gy : float
        P, EQD2.
    metric : Metric
        The metric that was used: the maximum if the region is smaller than the metric's volume.
    region : str
        In words.
    region_cc : float
    unknown_percent : float
        Share of the region where the dose of a prior course is not known, and so counted as 0 Gy.
    organ_maximum_gy : float
        Maximum of the sum in the whole organ, EQD2.
    above_cc : float
        Volume of the whole organ where the sum exceeds P.
    upper_bounds : tuple of str
        Courses known only as a point dose of the organ, which make P an upper bound.
    remark : str
        Said if the metric is not the one asked for; else empty.
    """

    value_gy: float
    metric: Metric
    region: str
    region_cc: float
    unknown_percent: float
    organ_maximum_gy: float
    above_cc: float
    upper_bounds: tuple[str, ...]
    remark: str = ""


def prior_near_target(limit: OrganLimit, dose: StructureDose, targets: Sequence[PlannedTarget]) -> PriorNearTarget:
    """Read P from the samples of the organ.

    Parameters
    ----------
    limit : OrganLimit
    dose : StructureDose
        Prior courses in the organ.
    targets : sequence of PlannedTarget
        Near any of them the prior dose counts; none for the whole organ.

    Raises
    ------
    DosimetryError
        If no part of the organ is near the target, or the dose of a course is not known anywhere in it, or in that part.
    """
    if missing := dose.unknown_courses():
        raise DosimetryError(
            f"Planning of '{limit.structure}'",
            f"the dose of {' and '.join(missing)} is not known anywhere in it, so P cannot be read",
            "Add a point for it to a course without DICOM (0 Gy if the record shows none), use a larger dose grid, or leave "
            "the request out.",
        )
    sum_gy = dose.eqd2_gy(limit.alpha_beta_gy, limit.basis)
    volumes_cc = dose.samples.volumes_cc
    near = near_target(limit, dose.samples, targets)
    names = " or ".join(target.name for target in targets)
    region = f"within {limit.margin_mm:g} mm of {names}" if targets else "whole organ"
    region_cc = float(volumes_cc[near].sum())
    if not near.any():
        raise DosimetryError(
            f"Planning of '{limit.structure}'",
            f"no part of it lies {region}, the nearest {_nearest_mm(dose.samples, targets):.0f} mm away",
            "Enlarge 'margin_mm', or leave this request out of the case.",
        )
    if missing := dose.at(near).unknown_courses():
        raise DosimetryError(
            f"Planning of '{limit.structure}'",
            f"the dose of {' and '.join(missing)} is not known anywhere {region}, so P cannot be read",
            "Enter a point for it from the record, use a larger dose grid, or leave the request out.",
        )
    metric, remark = limit.metric, ""
    if metric.kind is MetricKind.DOSE_AT_CC and metric.at > region_cc:
        remark = f"P is the maximum: the region has only {region_cc:.3g} cc, less than {metric} needs"
        metric = Metric(MetricKind.MAXIMUM)
    value = cumulative_dvh(sum_gy[near], volumes_cc[near]).value(metric)
    return PriorNearTarget(
        value_gy=value,
        metric=metric,
        region=region,
        region_cc=region_cc,
        unknown_percent=100.0 * float(volumes_cc[near & ~dose.known()].sum()) / region_cc,
        organ_maximum_gy=float(sum_gy.max()),
        above_cc=float(volumes_cc[sum_gy > value].sum()),
        upper_bounds=dose.upper_bounds(),
        remark=remark,
    )


def near_target_ranking(limit: OrganLimit, targets: Sequence[PlannedTarget]) -> Ranking:
    """The sum that P is read from, near the target; elsewhere no dose counts: where samples are to be finest."""

    def hot_near_target(dose: StructureDose) -> FloatArray:
        sum_gy = dose.eqd2_gy(limit.alpha_beta_gy, limit.basis)
        return np.where(near_target(limit, dose.samples, targets), sum_gy, -1.0)

    return hot_near_target


def near_target(limit: OrganLimit, organ: StructureSamples, targets: Sequence[PlannedTarget]) -> BoolArray:
    """Which samples of an organ the prior dose counts in, shape (n,): those near a target, or all without one."""
    if not targets:
        return np.ones(len(organ.points_mm), dtype=np.bool_)
    near = np.zeros(len(organ.points_mm), dtype=np.bool_)
    for target in targets:
        near |= target.is_near(organ.points_mm, limit.margin_mm)
    return near


def _nearest_mm(organ: StructureSamples, targets: Sequence[PlannedTarget]) -> float:
    return min(target.nearest_mm(organ.points_mm) for target in targets)
