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
from ..model.arrays import BoolArray
from ..model.geometry import Geometry
from ..model.segment import AnyStructure
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
    """

    limit: OrganLimit
    targets: tuple[PlannedTarget, ...]
    prescription_gy: float
    fractions: int
    dose: StructureDose
    near: PriorNearTarget

    @cached_property
    def is_near(self) -> BoolArray:
        """The samples that P was read from, shape (n,)."""
        return near_target(self.limit, self.dose.samples, self.targets)

    @property
    def new_eqd2_gy(self) -> float:
        """R: the prescription in EQD2 with the α/β of the limit."""
        return float(eqd2(np.asarray(self.prescription_gy), self.fractions, self.limit.alpha_beta_gy))

    @property
    def left_eqd2_gy(self) -> float:
        """A − P, not below 0, nor above what a single course may give."""
        return float(self.limit.left_eqd2_gy(np.asarray(self.near.value_gy)))

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
    return PlannedOrgan(limit, counting, highest_gy, fractions, dose, near)
