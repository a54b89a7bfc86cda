"""Whether the prescription fits beside what has been given: organ by organ, and what the targets must do without.

Source of the method: Vickress J et al. (PMC12830171), feasibility: with the prior near-maximum P near the target, the new
prescription R in EQD2 with the organ's α/β and the cumulative limit A, the full prescription may reach the organ if
P + R ≤ A.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.bodies import body_of
from ..dosimetry.cells import SolidBody
from ..dosimetry.occupancy import WANTED_SAMPLES, structure_samples
from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.segment import AnyStructure
from .limits import OrganLimit
from .planned_organ import PlannedOrgan, plan_organ
from .target_compromise import (
    DISTANCES_MM,
    TARGET_SAMPLES,
    CompromisedTarget,
    compromised_samples,
    compromised_target,
    is_far,
)
from .targets import PlannedTarget, candidate_targets

TIE_GY = 0.005
"""Physical doses that differ by no more are equal: half of the last digit shown."""


class FeasibilityState(str, Enum):
    """What P, R and A imply for an organ."""

    FITS = "full prescription fits"
    FITS_WHERE_KNOWN = "full prescription fits where the prior dose is known; not proven"
    FITS_NEAR = "full prescription fits near the target; elsewhere in the organ it would exceed the limit"
    SHARE = "full prescription fits the sum, but would be a larger share of it than the limit allows"
    LIMITED = "dose must be limited"
    TOLERANCE_USED = "tolerance already used: no further dose"


@dataclass(frozen=True)
class NotPlanned:
    """A limit that cannot be planned by, and why.

    ``is_unknown``: a prior dose is missing or cannot be read. If not, the organ lies beside the region near the targets.
    """

    limit: OrganLimit
    reason: str
    is_unknown: bool


@dataclass(frozen=True, eq=False)
class OrganFeasibility:
    """One organ under one limit.

    Parameters
    ----------
    organ : PlannedOrgan
    compromised : tuple of CompromisedTarget
        What the limit takes from each target; empty if no targets are named.
    """

    organ: PlannedOrgan
    compromised: tuple[CompromisedTarget, ...]

    @property
    def sum_eqd2_gy(self) -> float:
        """P + R."""
        return self.organ.near.value_gy + self.organ.new_eqd2_gy

    @property
    def excess_eqd2_gy(self) -> float:
        """P + R − A, or R less what the limit allows the new course; not below 0."""
        return float(self.organ.excess_eqd2_gy(np.asarray(self.organ.near.value_gy), self.organ.new_eqd2_gy))

    @property
    def left_physical_gy(self) -> float:
        """Physical dose in the fractions of the new course that uses up what is left."""
        return self.organ.left_physical_gy(self.organ.fractions)

    @property
    def left_per_fraction_gy(self) -> float:
        """The same per fraction."""
        return self.left_physical_gy / self.organ.fractions

    @property
    def is_beyond_lq(self) -> bool:
        """Whether that is more per fraction than the linear-quadratic model is checked for."""
        return self.left_per_fraction_gy > LQ_LIMIT_GY_PER_FRACTION

    @property
    def state(self) -> FeasibilityState:
        """What this implies. Unknown dose counts as 0 Gy in P, so a fit is proven only where all is known."""
        organ = self.organ
        if self.excess_eqd2_gy > 0.0:
            if organ.spent or organ.near.value_gy >= organ.limit.limit_eqd2_gy:
                return FeasibilityState.TOLERANCE_USED
            return FeasibilityState.SHARE if self._breaks_share_alone else FeasibilityState.LIMITED
        if organ.near.unknown_percent > 0.0 or organ.doubts:
            return FeasibilityState.FITS_WHERE_KNOWN
        exceeds = organ.excess_eqd2_gy(np.asarray(self._whole_organ_eqd2_gy()), organ.new_eqd2_gy) > 0.0
        return FeasibilityState.FITS_NEAR if exceeds else FeasibilityState.FITS

    def remarks(self) -> tuple[str, ...]:
        """What limits the numbers."""
        near = self.organ.near
        found = [near.remark] if near.remark else []
        if near.unknown_percent > 0.0:
            found.append(f"prior dose not known in {near.unknown_percent:.1f} % of the region, counted as 0 Gy")
        if near.upper_bounds:
            what = "P holds a" if near.unknown_percent > 0.0 else "P is an upper bound:"
            found.append(f"{what} point dose of {' and '.join(near.upper_bounds)} taken for the whole organ")
        found += [*self.organ.spent, *self.organ.doubts]
        if self._too_large_share is not None:
            allowed = 100.0 * (self.organ.limit.new_share_at_most or 0.0)
            found.append(f"R would be {100.0 * self._too_large_share:.0f} % of P + R, not {allowed:g} % at most")
        if self.is_beyond_lq:
            found.append(f"what is left is above {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction, where EQD2 is extrapolated")
        return tuple(found)

    @property
    def _too_large_share(self) -> float | None:
        """R as a share of P + R, if it is more than the limit allows."""
        allowed, share = self.organ.limit.new_share_at_most, self.organ.new_eqd2_gy / self.sum_eqd2_gy
        return share if allowed is not None and share > allowed else None

    @property
    def _breaks_share_alone(self) -> bool:
        """Whether nothing but the share stands against the full prescription."""
        limit = replace(self.organ.limit, new_share_at_most=None)
        return not limit.excess_eqd2_gy(np.asarray(self.organ.near.value_gy), self.organ.new_eqd2_gy) > 0.0

    def _whole_organ_eqd2_gy(self) -> float:
        """The metric of the limit in the whole organ, or the maximum where P is that."""
        limit, near = self.organ.limit, self.organ.near
        return self.organ.dose.dvh(limit.alpha_beta_gy, limit.basis).value(near.metric)


@dataclass(frozen=True, eq=False)
class Feasibility:
    """All organs of a case.

    Parameters
    ----------
    fractions : int
        Of the new course.
    organs : tuple of OrganFeasibility
    together : tuple of CompromisedTarget
        What all limits together take from each target.
    not_planned : tuple of NotPlanned
    """

    fractions: int
    organs: tuple[OrganFeasibility, ...]
    together: tuple[CompromisedTarget, ...]
    not_planned: tuple[NotPlanned, ...]

    @property
    def binding(self) -> tuple[OrganFeasibility, ...]:
        """The organs that allow the smallest physical dose; several if they allow the same."""
        least_gy = min((organ.left_physical_gy for organ in self.organs), default=0.0)
        return tuple(organ for organ in self.organs if organ.left_physical_gy <= least_gy + TIE_GY)


def plan_organs(
    limits: Sequence[OrganLimit],
    find_structure: Callable[[str], AnyStructure],
    find_prior: Callable[[str], StructureDose],
    targets: Sequence[PlannedTarget],
    course: tuple[float, int],
    geometry: Geometry,
) -> tuple[tuple[PlannedOrgan, ...], tuple[NotPlanned, ...]]:
    """Plan every organ that can be planned, and say why others cannot.

    Parameters
    ----------
    limits : sequence of OrganLimit
    find_structure, find_prior : callables
        Contours and prior doses of an organ by its name.
    targets : sequence of PlannedTarget
    course : tuple of (float, int)
        Prescription in Gy, where no target counts, and fractions of the new course.
    geometry : Geometry
        Grid of the current CT.
    """
    planned, left_out = [], []
    for limit in limits:
        prior = find_prior(limit.structure)
        if not prior.unknown_courses() and _is_far(limit, prior, targets):
            left_out.append(NotPlanned(limit, f"no part of it lies within {limit.margin_mm:g} mm of a target", False))
            continue
        try:
            planned.append(plan_organ(limit, find_structure(limit.structure), prior, targets, course, geometry))
        except DosimetryError as error:
            is_unknown = bool(prior.unknown_courses()) or not _is_beside(limit, prior, targets)
            left_out.append(NotPlanned(limit, error.found, is_unknown))
    return tuple(planned), tuple(left_out)


def _is_far(limit: OrganLimit, prior: StructureDose, targets: Sequence[PlannedTarget]) -> bool:
    """Whether an organ lies so far from the boxes around the targets that no distance to these need be measured."""
    counting = candidate_targets(targets, limit)
    if not counting:
        return False
    for target in counting:
        low, high = target.samples.points_mm.min(axis=0), target.samples.points_mm.max(axis=0)
        beyond_mm = np.maximum(np.maximum(low - prior.samples.points_mm, prior.samples.points_mm - high), 0.0)
        if np.linalg.norm(beyond_mm, axis=1).min() <= limit.margin_mm + target.samples.step_mm:
            return False
    return True


def _is_beside(limit: OrganLimit, prior: StructureDose, targets: Sequence[PlannedTarget]) -> bool:
    """Whether all of an organ lies beyond the margin around every target that may count for it."""
    distances_mm = [target.nearest_mm(prior.samples.points_mm) for target in candidate_targets(targets, limit)]
    return bool(distances_mm) and min(distances_mm) > limit.margin_mm


def feasibility(
    organs: Sequence[PlannedOrgan],
    targets: Sequence[PlannedTarget],
    find_structure: Callable[[str], AnyStructure],
    geometry: Geometry,
    fractions: int,
    not_planned: Sequence[NotPlanned] = (),
    distances_mm: Sequence[float] = DISTANCES_MM,
) -> Feasibility:
    """Put P, R and A of every organ together, and measure what the targets must do without.

    Parameters
    ----------
    organs : sequence of PlannedOrgan
    targets : sequence of PlannedTarget
    find_structure : callable
        Contours of an organ by its name.
    geometry : Geometry
        Grid of the current CT.
    fractions : int
        Of the new course.
    not_planned : sequence of NotPlanned
    distances_mm : sequence of float
        From the part of an organ that cannot have the prescription, ascending, from 0.
    """
    bodies: dict[str, SolidBody] = {}
    rows: list[list[CompromisedTarget]] = [[] for _ in organs]
    together = []
    for target in targets:
        samples = structure_samples(target.structure, geometry, TARGET_SAMPLES, target.samples.end_caps)
        none = np.zeros((len(distances_mm), len(samples.points_mm)), dtype=np.bool_)
        all_found, all_unknown = none.copy(), none[0].copy()
        for organ, row in zip(organs, rows, strict=True):
            found, unknown = none, none[0]
            if not is_far(organ, target, max(distances_mm)):
                name = organ.limit.structure
                bodies[name] = bodies.get(name) or _body(organ, find_structure, geometry)
                found, unknown = compromised_samples(organ, bodies[name], target, samples, distances_mm)
            row.append(
                compromised_target(target, samples, found, unknown, distances_mm, organ.limit.alpha_beta_gy, organ.fractions)
            )
            all_found |= found
            all_unknown |= unknown
        together.append(compromised_target(target, samples, all_found, all_unknown, distances_mm, None, fractions))
    return Feasibility(
        fractions,
        tuple(OrganFeasibility(organ, tuple(row)) for organ, row in zip(organs, rows, strict=True)),
        tuple(together),
        tuple(not_planned),
    )


def _body(organ: PlannedOrgan, find_structure: Callable[[str], AnyStructure], geometry: Geometry) -> SolidBody:
    """The body that the samples of the organ were taken from: their cells are in its coordinates."""
    return body_of(find_structure(organ.limit.structure), geometry, organ.dose.samples.end_caps, WANTED_SAMPLES)
