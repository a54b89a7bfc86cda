"""Feasibility as plain data, for ``evaluation.json`` and the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..planning.feasibility import Feasibility, NotPlanned, OrganFeasibility
from ..planning.target_compromise import CompromisedTarget
from .feasibility_limits import LimitSummary, limit_summary


@dataclass(frozen=True)
class CompromisedVolumeSummary:
    """Target within a distance of the part of an organ that cannot have the prescription."""

    distance_mm: float
    volume_cc: float
    percent_of_target: float


@dataclass(frozen=True)
class CompromisedTargetSummary:
    """What a limit takes from a target; ``new_eqd2_gy`` with the α/β of the limit, None for all limits together."""

    target: str
    prescription_gy: float
    new_eqd2_gy: float | None
    target_cc: float
    sample_step_mm: float
    unknown_cc: float
    volumes: tuple[CompromisedVolumeSummary, ...]


@dataclass(frozen=True)
class OrganFeasibilitySummary:
    """P, R and A of an organ, and what is left: EQD2, and physical dose in the fractions of the limit.

    ``prescription_gy`` is physical, the highest of the targets named in ``target``, or that of the course.
    ``prior_metric`` is how P was read; ``left_is_at_most`` where the prior dose is not known in all of the region.
    """

    limit: LimitSummary
    target: str
    prescription_gy: float
    region: str
    region_cc: float
    prior_metric: str
    prior_eqd2_gy: float
    new_eqd2_gy: float
    sum_eqd2_gy: float
    excess_eqd2_gy: float
    left_eqd2_gy: float
    left_physical_gy: float
    left_per_fraction_gy: float
    left_is_at_most: bool
    is_beyond_lq: bool
    is_binding: bool
    state: str
    remarks: tuple[str, ...]
    unreliable_courses: tuple[str, ...]
    compromised: tuple[CompromisedTargetSummary, ...]


@dataclass(frozen=True)
class NotPlannedSummary:
    """A limit that nothing can be said about near the targets, and why."""

    limit: LimitSummary
    reason: str
    is_unknown: bool


@dataclass(frozen=True)
class FeasibilitySummary:
    """All organs; ``together`` is what all limits together take from each target."""

    fractions: int
    organs: tuple[OrganFeasibilitySummary, ...]
    together: tuple[CompromisedTargetSummary, ...]
    not_planned: tuple[NotPlannedSummary, ...]


def feasibility_summary(
    result: Feasibility, unreliable: Callable[[str], tuple[str, ...]] = lambda name: ()
) -> FeasibilitySummary:
    """Summarize.

    Parameters
    ----------
    result : Feasibility
    unreliable : callable
        Labels of the courses whose registration must not be relied on in a structure, by its name.
    """
    binding = result.binding
    return FeasibilitySummary(
        result.fractions,
        tuple(_organ(one, any(one is other for other in binding), unreliable) for one in result.organs),
        tuple(_target(one) for one in result.together),
        tuple(_not_planned(one, result.fractions) for one in result.not_planned),
    )


def _organ(one: OrganFeasibility, is_binding: bool, unreliable: Callable[[str], tuple[str, ...]]) -> OrganFeasibilitySummary:
    organ = one.organ
    return OrganFeasibilitySummary(
        limit=limit_summary(organ.limit, organ.fractions),
        target=" or ".join(target.name for target in organ.targets),
        prescription_gy=organ.prescription_gy,
        region=organ.near.region,
        region_cc=organ.near.region_cc,
        prior_metric=str(organ.near.metric),
        prior_eqd2_gy=organ.near.value_gy,
        new_eqd2_gy=organ.new_eqd2_gy,
        sum_eqd2_gy=one.sum_eqd2_gy,
        excess_eqd2_gy=one.excess_eqd2_gy,
        left_eqd2_gy=organ.left_eqd2_gy,
        left_physical_gy=one.left_physical_gy,
        left_per_fraction_gy=one.left_per_fraction_gy,
        left_is_at_most=organ.near.unknown_percent > 0.0,
        is_beyond_lq=one.is_beyond_lq,
        is_binding=is_binding,
        state=one.state.value,
        remarks=one.remarks(),
        unreliable_courses=unreliable(organ.limit.structure),
        compromised=tuple(_target(target) for target in one.compromised),
    )


def _target(one: CompromisedTarget) -> CompromisedTargetSummary:
    return CompromisedTargetSummary(
        *(one.target, one.prescription_gy, one.new_eqd2_gy, one.target_cc, one.step_mm, one.unknown_cc),
        volumes=tuple(CompromisedVolumeSummary(v.distance_mm, v.volume_cc, v.percent) for v in one.volumes),
    )


def _not_planned(one: NotPlanned, fractions: int) -> NotPlannedSummary:
    return NotPlannedSummary(limit_summary(one.limit, fractions), one.reason, one.is_unknown)
