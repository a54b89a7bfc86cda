"""The targets of the new course, and which of them an organ lies nearest to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..dosimetry.occupancy import StructureSamples, structure_samples
from ..model.arrays import BoolArray, FloatArray
from ..model.case import Case
from ..model.geometry import Geometry
from ..model.planning_choice import Target
from ..model.structure import Structure, StructureSet
from .limits import OrganLimit

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

TARGET_SAMPLES = 20_000
"""Samples that stand for a target when the distance to it is measured."""


@dataclass(frozen=True, eq=False)
class PlannedTarget:
    """A target, its prescription and samples that fill it.

    Parameters
    ----------
    structure : Structure
    prescription_gy : float
        Physical, in the fractions of the new course.
    samples : StructureSamples
    """

    structure: Structure
    prescription_gy: float
    samples: StructureSamples

    @property
    def name(self) -> str:
        """Name of the structure."""
        return self.structure.name

    def distance_mm(self, points_mm: FloatArray) -> FloatArray:
        """Distance of points, shape (n, 3), to the target's samples less their step, not below 0: none is called too far."""
        distance, _ = self._tree.query(points_mm)
        return np.asarray(np.maximum(distance - self.samples.step_mm, 0.0))

    def nearest_mm(self, points_mm: FloatArray) -> float:
        """The shortest :meth:`distance_mm` of some points, shape (n, 3), at least one; the fewer ones are looked up."""
        from scipy.spatial import cKDTree

        samples = self.samples.points_mm
        tree, asked = (self._tree, points_mm) if len(points_mm) < len(samples) else (cKDTree(points_mm), samples)
        return max(float(tree.query(asked)[0].min()) - self.samples.step_mm, 0.0)

    def is_near(self, points_mm: FloatArray, margin_mm: float) -> BoolArray:
        """Whether points, shape (n, 3), are within a margin by :meth:`distance_mm`; far ones cost nothing.

        The bound of the query is a little beyond the margin: points exactly on it are compared, not cut off.
        """
        samples, reach_mm = self.samples.points_mm, margin_mm + self.samples.step_mm
        low, high = samples.min(axis=0) - reach_mm, samples.max(axis=0) + reach_mm
        near = np.all((points_mm >= low) & (points_mm <= high), axis=1)
        distance, _ = self._tree.query(points_mm[near], distance_upper_bound=reach_mm * 1.001 + 1e-6)
        near[near] = np.maximum(distance - self.samples.step_mm, 0.0) <= margin_mm
        return np.asarray(near)

    @cached_property
    def _tree(self) -> cKDTree:
        from scipy.spatial import cKDTree

        return cKDTree(self.samples.points_mm)


def named_targets(case: Case) -> tuple[Target, ...]:
    """The new course's own targets, or else those that its requests name, with the prescription of the course."""
    if case.new_course.targets:
        return case.new_course.targets
    names = dict.fromkeys(request.target for request in case.optimization if request.target is not None)
    return tuple(Target(name, case.new_course.prescription_gy) for name in names)


def planned_targets(case: Case, structures: StructureSet, geometry: Geometry) -> tuple[PlannedTarget, ...]:
    """The targets with their samples.

    Parameters
    ----------
    case : Case
    structures : StructureSet
        Current contours.
    geometry : Geometry
        Grid of the current CT.

    Raises
    ------
    ReirradiationError
        If a target is not among the structures, or encloses nothing.
    """
    planned = []
    for target in named_targets(case):
        structure = structures.find(target.structure)
        samples = structure_samples(structure, geometry, TARGET_SAMPLES, case.end_caps)
        planned.append(PlannedTarget(structure, target.prescription_gy, samples))
    return tuple(planned)


def candidate_targets(targets: Sequence[PlannedTarget], limit: OrganLimit) -> tuple[PlannedTarget, ...]:
    """The targets that may count for a limit, wherever the organ lies: the one named, or all; none if it counts anywhere."""
    return () if limit.is_anywhere else tuple(target for target in targets if limit.target in (None, target.name))


def counting_targets(
    targets: Sequence[PlannedTarget], organ: StructureSamples, limit: OrganLimit
) -> tuple[PlannedTarget, ...]:
    """The targets that an organ is planned by: the one named, or all within the margin, else the nearest.

    None at all if there are none, or the limit counts the prior dose anywhere in the organ. Within the margin of several
    targets the full dose of each may reach the organ, so none of them may be left out (decision 0014).
    """
    candidates = candidate_targets(targets, limit)
    if len(candidates) < 2:
        return candidates
    distances_mm = [target.nearest_mm(organ.points_mm) for target in candidates]
    near = [target for target, mm in zip(candidates, distances_mm, strict=True) if mm <= limit.margin_mm]
    return tuple(near) or (candidates[int(np.argmin(distances_mm))],)
