"""The screening as plain data, for ``evaluation.json`` and the report."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.planning_choice import ScreeningDecision
from ..planning.full_overlap import FullOverlap
from ..planning.high_dose_region import SUM_ALPHA_BETA_GY, Overlap, TargetDistance
from ..planning.reirradiation_type import TypeSuggestion
from ..planning.screening import RegionScreening, Screening


@dataclass(frozen=True)
class OverlapSummary:
    """How much of a structure lies in a high-dose region, and where the dose is not known."""

    structure: str
    role: str
    structure_cc: float
    high_cc: float
    high_percent: float
    unknown_cc: float


@dataclass(frozen=True)
class DistanceSummary:
    """Shortest distance of a high-dose region to a target: between two ends.

    ``at_most_mm`` is None if no such region was found within ``searched_mm``. From ``unknown_from_mm`` on there are places
    where the dose is not known; None if there are none. ``step_mm`` is that of the grid of the search.
    """

    target: str
    at_least_mm: float
    at_most_mm: float | None
    unknown_from_mm: float | None
    searched_mm: float
    step_mm: float


@dataclass(frozen=True)
class IrradiatedSummary:
    """What a high-dose region and the irradiated volume of the new course have in common."""

    irradiated: str
    irradiated_cc: float
    common_cc: float
    unknown_cc: float


@dataclass(frozen=True)
class RegionSummary:
    """A prior course, physical dose in its own fractions; or the raw EQD2 sum (``course`` empty) with ``alpha_beta_gy``."""

    label: str
    course: str
    threshold_gy: float
    quantity: str
    alpha_beta_gy: float | None
    reference: str
    overlaps: tuple[OverlapSummary, ...]
    distances: tuple[DistanceSummary, ...]
    irradiated: tuple[IrradiatedSummary, ...]


@dataclass(frozen=True)
class FullOverlapSummary:
    """One limit, as if the organ received the whole new prescription everywhere; values in ``unit``, doses EQD2."""

    structure: str
    metric: str
    sense: str
    limit: float
    unit: str
    basis: str
    alpha_beta_gy: float
    fractions: int
    months: str
    source: str
    prior: float | None
    new_eqd2_gy: float
    total: float | None
    answer: str
    why: str


@dataclass(frozen=True)
class ScreeningSummary:
    """The screening. ``suggested_type`` is empty if the evidence does not suffice, ``decided`` if nobody has decided.

    Parameters
    ----------
    high_percent : float
        Of a course's prescription, from which its dose counts as high.
    margin_mm : float
        Of the criterion of no high-dose overlap.
    stays_within_limits, no_high_dose_overlap : str
        yes, no, or cannot be told.
    """

    high_percent: float
    margin_mm: float
    regions: tuple[RegionSummary, ...]
    courses_of_points: tuple[str, ...]
    full_overlap: tuple[FullOverlapSummary, ...]
    stays_within_limits: str
    without_limit: tuple[str, ...]
    no_high_dose_overlap: str
    overlap_doubts: tuple[str, ...]
    suggested_type: str
    evidence: tuple[str, ...]
    doubts: tuple[str, ...]
    decided: str


def screening_summary(
    screening: Screening, suggestion: TypeSuggestion, decision: ScreeningDecision | None = None
) -> ScreeningSummary:
    """Summarize.

    Parameters
    ----------
    screening : Screening
    suggestion : TypeSuggestion
    decision : ScreeningDecision or None
        Of the case.
    """
    decided = f"{decision.kind.value}, by {decision.who}, {decision.when}: {decision.reason}" if decision else ""
    return ScreeningSummary(
        high_percent=100.0 * screening.high_share,
        margin_mm=screening.margin_mm,
        regions=tuple(_region(region) for region in screening.regions),
        courses_of_points=screening.of_points,
        full_overlap=tuple(_full_overlap(check) for check in screening.full_overlap),
        stays_within_limits=screening.stays_within_limits.value,
        without_limit=screening.without_limit,
        no_high_dose_overlap=screening.no_high_dose_overlap.value,
        overlap_doubts=screening.overlap_doubts,
        suggested_type=suggestion.kind.value if suggestion.kind else "",
        evidence=suggestion.evidence,
        doubts=suggestion.doubts,
        decided=decided,
    )


def _region(region: RegionScreening) -> RegionSummary:
    is_sum = region.identifier is None
    return RegionSummary(
        *(region.label, region.identifier or "", region.high.threshold_gy),
        quantity="EQD2, raw sum" if is_sum else "physical",
        alpha_beta_gy=SUM_ALPHA_BETA_GY if is_sum else None,
        reference=region.high.reference,
        overlaps=tuple(_overlap(one) for one in region.overlaps),
        distances=tuple(_distance(one) for one in region.distances),
        irradiated=tuple(
            IrradiatedSummary(one.irradiated, one.irradiated_cc, one.common_cc, one.unknown_cc) for one in region.irradiated
        ),
    )


def _overlap(one: Overlap) -> OverlapSummary:
    role = "target" if one.is_target else "organ"
    return OverlapSummary(one.structure, role, one.structure_cc, one.high_cc, one.high_percent, one.unknown_cc)


def _distance(one: TargetDistance) -> DistanceSummary:
    return DistanceSummary(*(one.target, one.at_least_mm, one.at_most_mm, one.unknown_from_mm, one.searched_mm, one.step_mm))


def _full_overlap(check: FullOverlap) -> FullOverlapSummary:
    limit = check.constraint
    return FullOverlapSummary(
        *(limit.structure, str(limit.metric), limit.sense.value, limit.limit, limit.metric.unit, limit.basis.value),
        alpha_beta_gy=limit.alpha_beta_gy,
        fractions=check.fractions,
        months=str(limit.months),
        source=limit.source,
        prior=check.prior,
        new_eqd2_gy=check.new_eqd2_gy,
        total=check.total,
        answer=check.answer.value,
        why=check.why,
    )
