"""Screening: where prior high-dose regions lie to the new targets and organs, and whether an evaluation could be left out.

Source: Vickress J et al. (PMC12830171), screening: an evaluation may be stopped early if even full overlap stays within
every limit, or if there is no risk of high-dose overlap. Both are computed and shown, and decided by the user.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..dosimetry.accumulation import StructureDose, structure_dose
from ..dosimetry.radiobiology import eqd2
from ..model.arrays import BoolArray, FloatArray
from ..model.constraint import Constraint
from ..model.course import AnyCourse, Course, PointCourse
from ..model.errors import CaseError
from ..model.geometry import Geometry
from ..model.planning_choice import DEFAULT_MARGIN_MM
from .conditions import interval_months
from .full_overlap import Answer, FullOverlap, WholeDose, all_of, constraint_of_limit, full_overlap
from .high_dose_region import (
    HIGH_SHARE,
    SUM_ALPHA_BETA_GY,
    HighDose,
    Overlap,
    SearchGrid,
    TargetDistance,
    high_dose,
    high_sum,
    overlap,
    search_grid,
    target_distance,
)
from .limits import OrganLimit
from .targets import PlannedTarget


@dataclass(frozen=True, eq=False)
class ScreenedOrgan:
    """An organ of the case.

    Parameters
    ----------
    alpha_beta_gy : float
    prior : StructureDose
        Prior courses; its ``structure`` is the name of the organ.
    new_eqd2_gy : array, shape (n,), or None
        EQD2 of the new plan at its samples; None without a plan.
    """

    alpha_beta_gy: float
    prior: StructureDose
    new_eqd2_gy: FloatArray | None = None

    @property
    def name(self) -> str:
        """Name of the structure."""
        return self.prior.structure


@dataclass(frozen=True, eq=False)
class ScreeningInput:
    """What is screened.

    Parameters
    ----------
    courses : tuple of Course or PointCourse
        Prior ones.
    new_course : Course or None
    targets : tuple of PlannedTarget
    organs : tuple of ScreenedOrgan
        All of the case; targets among them are left out by their names.
    limits : tuple of OrganLimit
    constraints : tuple of Constraint
    prescription : WholeDose
        Of the new course, the highest of its targets.
    day : date or None
        Of the new course: what intervals are counted to.
    unreliable : collection of str
        Structures in which the registration of a course must not be relied on.
    """

    courses: tuple[AnyCourse, ...]
    new_course: Course | None
    targets: tuple[PlannedTarget, ...]
    organs: tuple[ScreenedOrgan, ...]
    limits: tuple[OrganLimit, ...]
    constraints: tuple[Constraint, ...]
    prescription: WholeDose
    day: date | None
    unreliable: Collection[str] = ()

    @property
    def mapped(self) -> tuple[Course, ...]:
        """Prior courses with a dose distribution."""
        return tuple(course for course in self.courses if isinstance(course, Course))

    @property
    def of_points(self) -> tuple[PointCourse, ...]:
        """Prior courses known by one dose per organ."""
        return tuple(course for course in self.courses if isinstance(course, PointCourse))

    @property
    def other_organs(self) -> tuple[ScreenedOrgan, ...]:
        """Organs that are no targets."""
        targets = {target.name for target in self.targets}
        return tuple(organ for organ in self.organs if organ.name not in targets)


@dataclass(frozen=True)
class IrradiatedOverlap:
    """What the prior high-dose region and the irradiated volume of the new course have in common.

    ``irradiated`` says in words what that volume is.
    """

    irradiated: str
    irradiated_cc: float
    common_cc: float
    unknown_cc: float


@dataclass(frozen=True)
class RegionScreening:
    """One prior course, or the raw EQD2 sum of all with a dose distribution.

    Parameters
    ----------
    label : str
    identifier : str or None
        Of the course; None for the sum.
    high : HighDose
    overlaps : tuple of Overlap
        Targets, then organs.
    distances : tuple of TargetDistance
    irradiated : tuple of IrradiatedOverlap
        The new plan's region, or each target where there is no plan; empty without both.
    """

    label: str
    identifier: str | None
    high: HighDose
    overlaps: tuple[Overlap, ...]
    distances: tuple[TargetDistance, ...]
    irradiated: tuple[IrradiatedOverlap, ...]


@dataclass(frozen=True)
class Screening:
    """The screening of a case.

    Parameters
    ----------
    high_share : float
        Of a course's prescription, from which its dose counts as high.
    margin_mm : float
        Of the second criterion.
    regions : tuple of RegionScreening
        Courses with a dose distribution, then their sum if there are several.
    of_points : tuple of str
        Labels of courses known only by points: their overlap cannot be computed.
    full_overlap : tuple of FullOverlap
    stays_within_limits : Answer
        Whether even full overlap would stay within every limit.
    without_limit : tuple of str
        Organs that no limit covers: the first criterion says nothing about them.
    no_high_dose_overlap : Answer
        Whether every high-dose region is farther than the margin from every target.
    overlap_doubts : tuple of str
        Why the second criterion cannot be told, or is no.
    """

    high_share: float
    margin_mm: float
    regions: tuple[RegionScreening, ...]
    of_points: tuple[str, ...]
    full_overlap: tuple[FullOverlap, ...]
    stays_within_limits: Answer
    without_limit: tuple[str, ...]
    no_high_dose_overlap: Answer
    overlap_doubts: tuple[str, ...]


def screen(
    case: ScreeningInput,
    current: Geometry,
    frame_uid: str,
    high_share: float = HIGH_SHARE,
    margin_mm: float = DEFAULT_MARGIN_MM,
) -> Screening:
    """Screen a case.

    Parameters
    ----------
    case : ScreeningInput
    current : Geometry
        Of the current CT.
    frame_uid : str
        Its frame of reference.
    high_share : float
        Of a course's prescription, from which its dose counts as high.
    margin_mm : float
        How far from a target a high-dose region must be for "no overlap".

    Raises
    ------
    ReirradiationError
        If the dose of a course is 0 everywhere or starts in another frame of reference, or a limit is of no organ here.
    """
    regions = _regions(case, current, frame_uid, high_share)
    checks = _full_overlap(case)
    covered = {check.constraint.structure for check in checks}
    no_overlap, doubts = _no_overlap(case, regions, margin_mm)
    return Screening(
        *(high_share, margin_mm, regions, tuple(course.label for course in case.of_points)),
        full_overlap=checks,
        stays_within_limits=all_of([check.answer for check in checks]),
        without_limit=tuple(organ.name for organ in case.other_organs if organ.name not in covered),
        no_high_dose_overlap=no_overlap,
        overlap_doubts=doubts,
    )


def _regions(case: ScreeningInput, current: Geometry, frame_uid: str, share: float) -> tuple[RegionScreening, ...]:
    courses, new = case.mapped, case.new_course
    if not courses:
        return ()
    places = [target.samples.points_mm for target in case.targets]
    places += [_high_voxels_mm(new, share)] if new else []
    all_courses = (*courses, new) if new else courses
    grid = search_grid(all_courses, np.concatenate(places), current, frame_uid) if places else None
    of_targets = [structure_dose(t.samples, case.courses, [0.0] * len(case.courses), t.name) for t in case.targets]
    wanted: list[tuple[str, str | None, HighDose]] = [(c.label, c.identifier, high_dose(c, share)) for c in courses]
    wanted += [("raw EQD2 sum of the courses with a dose distribution", None, high_sum(courses, share))][: len(courses) - 1]
    regions = []
    for number, (label, identifier, high) in enumerate(wanted):
        on_targets = tuple(overlap(dose, high, identifier, is_target=True) for dose in of_targets)
        on_organs = tuple(overlap(organ.prior, high, identifier, is_target=False) for organ in case.other_organs)
        distances: tuple[TargetDistance, ...] = ()
        irradiated = tuple(
            IrradiatedOverlap(f"target {one.structure}", one.structure_cc, one.high_cc, one.unknown_cc) for one in on_targets
        )
        if grid is not None:
            is_high, known = _on_grid(grid, courses, None if identifier is None else number, high)
            distances = tuple(
                target_distance(target, one, is_high, known, grid)
                for target, one in zip(case.targets, on_targets, strict=True)
            )
            irradiated = (_with_plan(new, share, grid, is_high, known),) if new else irradiated
        regions.append(RegionScreening(label, identifier, high, (*on_targets, *on_organs), distances, irradiated))
    return tuple(regions)


def _high_voxels_mm(course: Course, share: float) -> FloatArray:
    """Voxels of a new plan's high-dose region; its transform is the identity."""
    index = np.argwhere(course.dose.voxels_gy >= high_dose(course, share).threshold_gy)[:, ::-1].astype(np.float64)
    return course.dose.geometry.to_lps(index)


def _on_grid(grid: SearchGrid, courses: Sequence[Course], number: int | None, high: HighDose) -> tuple[BoolArray, BoolArray]:
    """Where a course, or the sum of all, is high on the grid, and where its dose is known."""
    if number is not None:
        return np.asarray((grid.dose_gy[number] >= high.threshold_gy) & grid.known[number]), grid.known[number]
    total_gy, known = np.zeros(grid.geometry.shape), np.ones(grid.geometry.shape, dtype=np.bool_)
    for course, dose_gy, is_known in zip(courses, grid.dose_gy, grid.known, strict=False):
        total_gy += eqd2(dose_gy, course.fractions, SUM_ALPHA_BETA_GY)
        known &= is_known
    is_high = np.asarray(total_gy >= high.threshold_gy)
    return is_high, known | is_high


def _with_plan(new: Course, share: float, grid: SearchGrid, is_high: BoolArray, known: BoolArray) -> IrradiatedOverlap:
    high = high_dose(new, share)
    irradiated = grid.known[-1] & (grid.dose_gy[-1] >= high.threshold_gy)
    volumes_cc = [
        float(np.count_nonzero(mask)) * grid.geometry.voxel_volume_cc
        for mask in (irradiated, irradiated & is_high, irradiated & ~known)
    ]
    return IrradiatedOverlap(f"new plan from {high.threshold_gy:g} Gy ({high.reference})", *volumes_cc)


def _full_overlap(case: ScreeningInput) -> tuple[FullOverlap, ...]:
    """Every limit of the case once, those of its requests for optimization structures too."""
    limits = [constraint for constraint in case.constraints if constraint.is_limit]
    seen = [(one.structure, one.metric, one.limit, one.basis, one.alpha_beta_gy) for one in limits]
    for one in (constraint_of_limit(limit) for limit in case.limits):
        if (one.structure, one.metric, one.limit, one.basis, one.alpha_beta_gy) not in seen:
            limits.append(one)
    return tuple(_one_full_overlap(case, limit) for limit in limits)


def _one_full_overlap(case: ScreeningInput, limit: Constraint) -> FullOverlap:
    prior = _prior(case, limit.structure)
    months = interval_months(prior, limit.alpha_beta_gy, case.day)
    return full_overlap(limit, prior, case.prescription, months, limit.structure in case.unreliable)


def _prior(case: ScreeningInput, name: str) -> StructureDose:
    for organ in case.organs:
        if organ.name == name:
            return organ.prior
    raise CaseError(f"Limit of '{name}'", "it is not among the structures", "Add it to 'structures' of the case.")


def _no_overlap(
    case: ScreeningInput, regions: Sequence[RegionScreening], margin_mm: float
) -> tuple[Answer, tuple[str, ...]]:
    """The second criterion, and what stands against it."""
    answers: list[Answer] = []
    doubts: list[str] = []
    for region in regions:
        for distance in region.distances:
            is_beyond = distance.is_beyond(margin_mm)
            if is_beyond is False:
                answers.append(Answer.NO)
                doubts.append(f"{region.label}: high dose within {margin_mm:g} mm of {distance.target}")
            elif is_beyond is None:
                answers.append(Answer.UNKNOWN)
                doubts.append(
                    f"{region.label}: within {margin_mm:g} mm of {distance.target} its dose is not known everywhere"
                )
            elif distance.target in case.unreliable:
                answers.append(Answer.UNKNOWN)
                doubts.append(f"{region.label}: the registration must not be relied on in {distance.target}")
            else:
                answers.append(Answer.YES)
    for course in case.of_points:
        answers.append(Answer.UNKNOWN)
        doubts.append(f"{course.label}: known only by one dose per organ")
    if not case.targets:
        answers.append(Answer.UNKNOWN)
        doubts.append("the case names no targets")
    return all_of(answers), tuple(doubts)
