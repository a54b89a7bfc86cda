"""Limits of the near-maximum of an organ: what any point of it may receive in all courses together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.case import Case
from ..model.constraint import ANY_MONTHS, Constraint, CourseConditions, Months
from ..model.metric import Metric
from ..model.planning_choice import DEFAULT_MARGIN_MM, OptimizationRequest
from ..model.protocol import Basis


@dataclass(frozen=True)
class OrganLimit:
    """A pointwise limit, from a constraint or from a request for optimization structures.

    Parameters
    ----------
    structure : str
    limit_eqd2_gy : float
        A: cumulative, in EQD2.
    basis : Basis
        The sum that A was published for.
    alpha_beta_gy : float
        The α/β that A was published for.
    metric : Metric
        How P is read from the summed prior EQD2.
    margin_mm : float
        How near to the target the prior dose counts.
    source : str
    target : str or None
        The target to be near to, where the case names it for this organ.
    months : Months
        The interval that A was published for.
    is_anywhere : bool
        Whether the prior dose counts in the whole organ, near a target or not.
    new_at_most_gy : float or None
        What the new course may give at most, EQD2, whatever is left: a condition on single courses of the same source.
    new_share_at_most : float or None
        What share (0 … 1) of the sum the new course may be, by the same source.
    each_course_at_most_gy : float or None
        What any course may give the whole organ, raw EQD2: a prior course that gave more leaves nothing.
    """

    structure: str
    limit_eqd2_gy: float
    basis: Basis
    alpha_beta_gy: float
    metric: Metric
    margin_mm: float
    source: str
    target: str | None = None
    months: Months = ANY_MONTHS
    is_anywhere: bool = False
    new_at_most_gy: float | None = None
    new_share_at_most: float | None = None
    each_course_at_most_gy: float | None = None

    @property
    def conditions(self) -> CourseConditions:
        """What it demands of single courses."""
        return CourseConditions(self.each_course_at_most_gy, self.new_at_most_gy, self.new_share_at_most)

    def left_eqd2_gy(self, prior_eqd2_gy: FloatArray, share_of_gy: FloatArray | None = None) -> FloatArray:
        """What the new course may still give beside a prior dose: A − P, not below 0, nor above what its conditions allow.

        ``share_of_gy``: the prior dose that a share of the sum is taken of, if it is not the same.
        """
        left_gy = np.maximum(self.limit_eqd2_gy - np.asarray(prior_eqd2_gy), 0.0)
        share_of = np.asarray(prior_eqd2_gy if share_of_gy is None else share_of_gy)
        return np.asarray(np.minimum(left_gy, self.conditions.allowed_beside(share_of)))

    def excess_eqd2_gy(
        self, prior_eqd2_gy: FloatArray, new_eqd2_gy: float, share_of_gy: FloatArray | None = None
    ) -> FloatArray:
        """By how much a new dose beside a prior one is too much: P + R − A, or R less what its conditions allow, or 0."""
        prior_gy = np.asarray(prior_eqd2_gy)
        allowed_gy = self.conditions.allowed_beside(prior_gy if share_of_gy is None else np.asarray(share_of_gy))
        excess_gy = np.maximum(prior_gy + new_eqd2_gy - self.limit_eqd2_gy, new_eqd2_gy - allowed_gy)
        return np.asarray(np.maximum(excess_gy, 0.0))


def limit_of_request(request: OptimizationRequest, has_targets: bool) -> OrganLimit:
    """The limit that optimization structures are made for; ``has_targets``: whether the new course names its targets."""
    return OrganLimit(
        *(request.structure, request.limit_eqd2_gy, request.basis, request.alpha_beta_gy, request.metric),
        margin_mm=request.margin_mm,
        source=request.source,
        target=request.target,
        months=request.months,
        is_anywhere=request.target is None and not has_targets,
    )


def limit_of_constraint(constraint: Constraint) -> OrganLimit:
    """The limit that a constraint of the near-maximum puts on every point, with what it demands of single courses."""
    demanded, alone_gy = str(constraint.conditions), constraint.conditions.new_at_most_gy
    return OrganLimit(
        *(constraint.structure, constraint.limit, constraint.basis, constraint.alpha_beta_gy, constraint.metric),
        margin_mm=DEFAULT_MARGIN_MM,
        source=f"{constraint.source}{f'; on condition: {demanded}' if demanded else ''}",
        months=constraint.months,
        new_at_most_gy=alone_gy if alone_gy is not None and alone_gy < constraint.limit else None,
        new_share_at_most=constraint.conditions.new_share_at_most,
        each_course_at_most_gy=constraint.conditions.each_course_at_most,
    )


def organ_limits(case: Case) -> tuple[OrganLimit, ...]:
    """All pointwise limits of a case: those of its requests first, then those of its constraints that are others."""
    limits = [limit_of_request(request, bool(case.new_course.targets)) for request in case.optimization]
    of_requests = {_what(limit) for limit in limits if _is_read_where_a_constraint_is(limit, case)}
    limits += [limit_of_constraint(constraint) for constraint in case.constraints if constraint.is_pointwise]
    return tuple(limit for n, limit in enumerate(limits) if n < len(case.optimization) or _what(limit) not in of_requests)


def _is_read_where_a_constraint_is(limit: OrganLimit, case: Case) -> bool:
    """Whether P of a request is read near the nearest target too, and no less of the organ."""
    is_only_target = limit.target is None or len(case.new_course.targets or {one.target for one in case.optimization}) <= 1
    return limit.is_anywhere or (is_only_target and limit.margin_mm >= DEFAULT_MARGIN_MM)


def _what(limit: OrganLimit) -> tuple[str, float, Basis, float, CourseConditions]:
    """What makes two limits one, though they read P by another metric: what any point may receive, in all and in one."""
    return (limit.structure, limit.limit_eqd2_gy, limit.basis, limit.alpha_beta_gy, limit.conditions)
