"""Where prior courses were high: overlap with structures by their samples, distances to targets on a grid around these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.mapping import map_dose
from ..dosimetry.radiobiology import eqd2
from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.case import DEFAULT_ALPHA_BETA_GY
from ..model.course import Course
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.protocol import Basis
from .targets import PlannedTarget

HIGH_SHARE = 0.5
"""Of a course's prescription: what counts as its high-dose, or irradiated, region unless the caller says otherwise."""

SUM_ALPHA_BETA_GY = DEFAULT_ALPHA_BETA_GY
"""α/β that the raw EQD2 sum is formed with where no single organ is meant."""

SEARCH_MM = 100.0
"""How far around the targets a high-dose region is looked for."""

GRID_MM = 3.0
MOST_POINTS = 1.5e6
"""The grid is coarser if it would have more points."""

HALF_DIAGONAL = 3.0**0.5 / 2.0


@dataclass(frozen=True)
class HighDose:
    """What counts as high: of a course, in physical Gy; of the raw sum, in Gy EQD2.

    Parameters
    ----------
    threshold_gy : float
    reference : str
        What the threshold is a share of, in words.
    """

    threshold_gy: float
    reference: str


def high_dose(course: Course, share: float = HIGH_SHARE) -> HighDose:
    """The share of the prescription that the plan states, for the fractions that were given; else of the dose maximum.

    A prescription above the maximum is not that of this dose: then the maximum counts, so that the region is not empty.

    Raises
    ------
    DosimetryError
        If the dose is 0 everywhere, or the share is not between 0 and 1.
    """
    maximum_gy = float(course.dose.voxels_gy.max())
    if not maximum_gy > 0.0:
        raise DosimetryError(f"Course '{course.label}'", "its dose is 0 everywhere", "Check the RTDOSE.")
    if not 0.0 < share <= 1.0:
        raise DosimetryError("Screening", f"high dose from {share:g}", "Correct the share of the prescription.", "0 … 1")
    prescribed_gy = course.plan.prescription_gy if course.plan else None
    if prescribed_gy is not None and prescribed_gy > 0.0:
        prescribed_gy *= course.fractions / (course.planned_fractions or course.fractions)
        if prescribed_gy <= maximum_gy:
            words = f"{100 * share:g} % of the prescription of {prescribed_gy:g} Gy"
            return HighDose(share * prescribed_gy, words)
    return HighDose(share * maximum_gy, f"{100 * share:g} % of the dose maximum of {maximum_gy:.2f} Gy")


def high_sum(courses: Sequence[Course], share: float = HIGH_SHARE) -> HighDose:
    """The lowest of the courses' thresholds, in EQD2: its region holds theirs and where several together reach it."""
    values = [
        float(eqd2(np.asarray(high_dose(course, share).threshold_gy), course.fractions, SUM_ALPHA_BETA_GY))
        for course in courses
    ]
    lowest = courses[int(np.argmin(values))]
    words = f"the threshold of '{lowest.label}' in EQD2, the lowest of the courses', α/β {SUM_ALPHA_BETA_GY:g} Gy"
    return HighDose(min(values), words)


@dataclass(frozen=True)
class Overlap:
    """How much of a structure lies in a high-dose region.

    Parameters
    ----------
    structure : str
    is_target : bool
    structure_cc, high_cc : float
        The whole structure, and what of it is known to lie in the region.
    unknown_cc : float
        Where the dose is not known.
    """

    structure: str
    is_target: bool
    structure_cc: float
    high_cc: float
    unknown_cc: float

    @property
    def high_percent(self) -> float:
        """Percent of the structure."""
        return 100.0 * self.high_cc / self.structure_cc


def overlap(dose: StructureDose, high: HighDose, identifier: str | None, is_target: bool) -> Overlap:
    """How much of a structure lies in the high-dose region of a course, or of the raw EQD2 sum of those with a dose.

    Parameters
    ----------
    dose : StructureDose
        Prior courses.
    high : HighDose
    identifier : str or None
        Of the course; None for the sum.
    is_target : bool
    """
    parts = [part for part in dose.courses if isinstance(part.course, Course)]
    if identifier is not None:
        parts = [part for part in parts if part.course.identifier == identifier]
    mapped = StructureDose(dose.samples, tuple(parts), dose.structure)
    total_gy = mapped.eqd2_gy(SUM_ALPHA_BETA_GY, Basis.RAW) if identifier is None else parts[0].dose_gy
    # A dose that stands for the whole structure does not tell where in it.
    is_told = not any(part.is_upper_bound for part in parts)
    is_high = np.asarray((total_gy >= high.threshold_gy) & is_told)
    volumes = dose.samples.volumes_cc
    high_cc, unknown_cc = float(volumes[is_high].sum()), float(volumes[~(mapped.known() & is_told) & ~is_high].sum())
    return Overlap(dose.structure, is_target, dose.samples.volume_cc, high_cc, unknown_cc)


@dataclass(frozen=True)
class TargetDistance:
    """How far a high-dose region is from a target, as two ends of what it may be.

    Parameters
    ----------
    target : str
    at_least_mm : float
        The known region is not nearer, by the samples and their steps; up to ``searched_mm`` if none was found.
    at_most_mm : float or None
        It is that near; None if none was found.
    unknown_from_mm : float or None
        From this distance on there are places where the dose is not known; None if there are none in the searched box.
    searched_mm, step_mm : float
        How far around the target it was looked for, and on which grid.
    """

    target: str
    at_least_mm: float
    at_most_mm: float | None
    unknown_from_mm: float | None
    searched_mm: float
    step_mm: float

    def is_beyond(self, margin_mm: float) -> bool | None:
        """Whether the region is farther than a margin; None if that cannot be told."""
        if self.at_most_mm is not None and self.at_most_mm <= margin_mm:
            return False
        is_known = self.unknown_from_mm is None or self.unknown_from_mm > margin_mm
        return True if is_known and self.at_least_mm > margin_mm else None


@dataclass(frozen=True, eq=False)
class SearchGrid:
    """Doses of courses on a grid around the targets; nothing but distances and volumes of irradiation come from it.

    Parameters
    ----------
    geometry : Geometry
    dose_gy, known : arrays, shape (nk, nj, ni), one per course
    """

    geometry: Geometry
    dose_gy: tuple[Float32Array, ...]
    known: tuple[BoolArray, ...]

    @property
    def step_mm(self) -> float:
        """Distance between the points."""
        return self.geometry.spacing_mm[0]


def search_grid(courses: Sequence[Course], points_mm: FloatArray, current: Geometry, frame_uid: str) -> SearchGrid:
    """Map courses onto a grid parallel to the CT, around points with a margin of 100 mm.

    Parameters
    ----------
    courses : sequence of Course
    points_mm : array, shape (n, 3)
        LPS: what distances are measured from.
    current : Geometry
        Of the current CT.
    frame_uid : str
        Its frame of reference.
    """
    index = current.to_index(points_mm) * np.asarray(current.spacing_mm)
    low, high = index.min(axis=0) - SEARCH_MM, index.max(axis=0) + SEARCH_MM
    step_mm = max(GRID_MM, float((np.prod(high - low) / MOST_POINTS) ** (1.0 / 3.0)))
    size = np.ceil((high - low) / step_mm).astype(int) + 1
    origin = current.to_lps((low / np.asarray(current.spacing_mm))[None])[0]
    geometry = Geometry(
        (float(origin[0]), float(origin[1]), float(origin[2])),
        (step_mm, step_mm, step_mm),
        current.direction,
        (int(size[0]), int(size[1]), int(size[2])),
    )
    mapped = [map_dose(course, geometry, frame_uid) for course in courses]
    return SearchGrid(geometry, tuple(one.voxels_gy for one in mapped), tuple(one.known for one in mapped))


def target_distance(
    target: PlannedTarget, overlap_with: Overlap, is_high: BoolArray, known: BoolArray, grid: SearchGrid
) -> TargetDistance:
    """Distance of a high-dose region to a target.

    Parameters
    ----------
    target : PlannedTarget
    overlap_with : Overlap
        Of the target with the region: if there is one, the distance is 0.
    is_high, known : arrays of bool, shape (nk, nj, ni)
        On the grid.
    grid : SearchGrid
    """
    coarseness_mm = HALF_DIAGONAL * grid.step_mm
    nearest = _nearest_mm(target, _rim(is_high), grid.geometry)
    unknown_mm = _nearest_mm(target, _rim(~known), grid.geometry)
    at_most = None if nearest is None else nearest + target.samples.step_mm
    at_least = SEARCH_MM if nearest is None else max(nearest - coarseness_mm, 0.0)
    if overlap_with.high_cc > 0.0:
        at_most, at_least = 0.0, 0.0
    unknown_from = None if unknown_mm is None else max(unknown_mm - coarseness_mm, 0.0)
    if overlap_with.unknown_cc > 0.0:
        unknown_from = 0.0
    return TargetDistance(target.name, at_least, at_most, unknown_from, SEARCH_MM, grid.step_mm)


def _rim(mask: BoolArray) -> BoolArray:
    """The outermost voxels of a region: from outside, one of them is the nearest."""
    from scipy.ndimage import binary_erosion

    return np.asarray(mask & ~binary_erosion(mask)) if mask.any() else mask


def _nearest_mm(target: PlannedTarget, mask: BoolArray, geometry: Geometry) -> float | None:
    index = np.argwhere(mask)[:, ::-1].astype(np.float64)
    return target.nearest_mm(geometry.to_lps(index)) if len(index) else None
