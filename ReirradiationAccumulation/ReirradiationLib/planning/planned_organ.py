"""An organ as planning sees it: its limit, the target that counts, the prior dose near that, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.bodies import body_of
from ..dosimetry.occupancy import WANTED_SAMPLES
from ..dosimetry.radiobiology import eqd2, physical_dose
from ..dosimetry.refinement import refined
from ..model.arrays import BoolArray, FloatArray
from ..model.geometry import Geometry
from ..model.segment import AnyStructure
from .conditions import CourseAlone, courses_alone
from .limits import OrganLimit
from .near_target import PriorNearTarget, near_target, near_target_ranking, prior_near_target
from .targets import PlannedTarget, counting_targets


@dataclass(frozen=True, eq=False)
class PlannedOrgan:
    """One organ under one limit.

    Parameters
    ----------
    limit : OrganLimit
    targets : tuple of PlannedTarget
        Those that the organ is planned by; empty if the whole organ counts.
    prescription_gy : float
        Physical: the highest of these targets, or that of the course.
    fractions : int
        Of the new course.
    dose : StructureDose
        Prior courses, at samples that are finest where the sum is highest near the target.
    near : PriorNearTarget
    alone : tuple of CourseAlone
        What each prior course gave the whole organ, where the limit demands something of each; else empty.
    """

    limit: OrganLimit
    targets: tuple[PlannedTarget, ...]
    prescription_gy: float
    fractions: int
    dose: StructureDose
    near: PriorNearTarget
    alone: tuple[CourseAlone, ...] = ()

    @cached_property
    def is_near(self) -> BoolArray:
        """The samples that P was read from, shape (n,)."""
        return near_target(self.limit, self.dose.samples, self.targets)

    @property
    def new_eqd2_gy(self) -> float:
        """R: the prescription in EQD2 with the α/β of the limit."""
        return float(eqd2(np.asarray(self.prescription_gy), self.fractions, self.limit.alpha_beta_gy))

    @property
    def spent(self) -> tuple[str, ...]:
        """Why nothing is left, whatever the sum: prior courses that gave more than each may, proven or not; else empty."""
        most_gy = self.limit.each_course_at_most_gy
        return tuple(text for one in self.alone if most_gy is not None and (text := one.too_much(most_gy)))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the conditions of the limit may allow less than they seem to."""
        limit, unknown = self.limit, self.dose.unknown_percent()
        found = []
        if limit.each_course_at_most_gy is not None and not self.spent and unknown > 0.0:
            found.append(f"that no course gave more than each may: prior dose not known in {unknown:.1f} % of the organ")
        if limit.new_share_at_most is not None and limit.new_share_at_most < 1.0 and self.near.upper_bounds:
            found.append("the share of the sum, which is of an upper bound")
        return tuple(f"not proven is {one}" for one in found)

    @property
    def left_eqd2_gy(self) -> float:
        """A − P, not below 0, nor above what the limit allows the new course; 0 where a prior course gave too much."""
        return self.left_beside_eqd2_gy(self.near.value_gy)

    def left_beside_eqd2_gy(self, prior_eqd2_gy: float) -> float:
        """The same at a point with another prior dose than P; a share of the sum stays that beside P."""
        left_gy = self.limit.left_eqd2_gy(np.asarray(prior_eqd2_gy), np.asarray(self.near.value_gy))
        return 0.0 if self.spent else float(left_gy)

    def excess_eqd2_gy(self, prior_eqd2_gy: FloatArray, new_eqd2_gy: float) -> FloatArray:
        """By how much a new dose is too much at points with a prior dose; all of it where a prior course gave too much."""
        if self.spent:
            return np.full(np.shape(prior_eqd2_gy), new_eqd2_gy)
        return self.limit.excess_eqd2_gy(prior_eqd2_gy, new_eqd2_gy, np.asarray(self.near.value_gy))

    def left_physical_gy(self, fractions: int) -> float:
        """The physical dose in so many fractions that uses up what is left."""
        return float(physical_dose(np.asarray(self.left_eqd2_gy), fractions, self.limit.alpha_beta_gy))


def plan_organ(
    limit: OrganLimit,
    structure: AnyStructure,
    prior: StructureDose,
    targets: Sequence[PlannedTarget],
    course: tuple[float, int],
    geometry: Geometry,
) -> PlannedOrgan:
    """Find the targets that count for an organ and read the prior dose near them.

    Parameters
    ----------
    limit : OrganLimit
    structure : Structure, LabelmapStructure or SurfaceStructure
    prior : StructureDose
        Prior courses in the structure.
    targets : sequence of PlannedTarget
    course : tuple of (float, int)
        Prescription in Gy, where no target counts, and fractions of the new course.
    geometry : Geometry
        Grid of the current CT.

    Raises
    ------
    DosimetryError
        If no part of the organ is near the target, or the dose of a course is not known anywhere in it.
    """
    prescription_gy, fractions = course
    counting = counting_targets(targets, prior.samples, limit)
    body = body_of(structure, geometry, prior.samples.end_caps, WANTED_SAMPLES)
    dose = refined(prior, body, [near_target_ranking(limit, counting)])
    near = prior_near_target(limit, dose, counting)
    highest_gy = max((target.prescription_gy for target in counting), default=prescription_gy)
    alone = courses_alone(limit.metric, limit.alpha_beta_gy, prior) if limit.each_course_at_most_gy is not None else ()
    return PlannedOrgan(limit, counting, highest_gy, fractions, dose, near, alone)
