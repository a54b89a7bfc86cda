"""Sums over courses, per structure with its own α/β and recovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.course import AnyCourse, Course
from ..model.dose_response import EQD2_BY_LQ, DoseResponse
from ..model.errors import ProtocolError
from ..model.protocol import Basis
from .dvh import CumulativeDvh, cumulative_dvh
from .mapping import sample_dose
from .occupancy import StructureSamples
from .radiobiology import LQ_LIMIT_GY_PER_FRACTION, response_curve


@dataclass(frozen=True, eq=False)
class CourseSamples:
    """One course's physical dose at the samples of a structure.

    Doses are stored in single precision and summed in double. EQD2 and BED grow at most with the square of the dose, so
    the rounding of the storage (2⁻²⁴ of the dose) changes them by at most 1.2e-7 of their value: a sum by less than
    1e-4 Gy up to 838 Gy EQD2.

    Parameters
    ----------
    course : Course or PointCourse
    fractions : int
    dose_gy : array, shape (n,)
        Physical; 0 where it is not known. A course of points gives one value for the whole structure, an upper bound.
    known : array of bool, shape (n,)
    recovery : float
        Fraction (0 … 1) of this course's EQD2 that counts as recovered in the structure.
    is_point : bool
        Whether the dose is that of a point, taken for the whole structure.
    """

    course: AnyCourse
    fractions: int
    dose_gy: Float32Array
    known: BoolArray
    recovery: float
    is_point: bool = False

    @property
    def is_upper_bound(self) -> bool:
        """Whether it is more than the structure received in most places: a point dose, unless that is 0."""
        return self.is_point and bool(self.dose_gy.any())

    def at(self, which: BoolArray) -> CourseSamples:
        """The dose at some of the samples."""
        return replace(self, dose_gy=self.dose_gy[which], known=self.known[which])

    def joined(self, other: CourseSamples) -> CourseSamples:
        """The dose of the same course at the samples of both."""
        dose_gy, known = np.concatenate([self.dose_gy, other.dose_gy]), np.concatenate([self.known, other.known])
        return replace(self, dose_gy=dose_gy, known=known)

    def beyond_lq(self) -> BoolArray:
        """Where it gave more per fraction than the linear-quadratic model is checked for, shape (n,)."""
        return np.asarray(self.dose_gy > LQ_LIMIT_GY_PER_FRACTION * self.fractions)

    def add_response(self, total_gy: FloatArray, alpha_beta_gy: float, basis: Basis, response: DoseResponse) -> None:
        """Add this course's EQD2 (or BED) to a sum in place; recovery acts on it, never on physical dose."""
        kept = 1.0 - self.recovery if basis is Basis.RECOVERED else 1.0
        response_curve(response, self.fractions, alpha_beta_gy).add_to(total_gy, self.dose_gy, kept)


@dataclass(frozen=True, eq=False)
class StructureDose:
    """Physical doses of all courses at the samples of one structure. EQD2 is formed from them on demand.

    Parameters
    ----------
    samples : StructureSamples
    courses : tuple of CourseSamples
    structure : str
        Name of the structure, by which courses of points know it.
    """

    samples: StructureSamples
    courses: tuple[CourseSamples, ...]
    structure: str = ""

    def eqd2_gy(self, alpha_beta_gy: float, basis: Basis, response: DoseResponse = EQD2_BY_LQ) -> FloatArray:
        """Sum of the courses' EQD2 (or of what ``response`` names) at each sample, raw or recovered, shape (n,).

        Courses are added in the order of their ids, so that the order in the case changes nothing, not even a last digit.

        Raises
        ------
        DosimetryError
            If the response is not defined for this α/β.
        """
        total = np.zeros(len(self.samples.points_mm))
        for part in sorted(self.courses, key=lambda part: part.course.identifier):
            part.add_response(total, alpha_beta_gy, basis, response)
        return total

    def course_eqd2_gy(self, part: CourseSamples, alpha_beta_gy: float, basis: Basis) -> FloatArray:
        """EQD2 of one course at each sample, raw or recovered."""
        total = np.zeros(len(self.samples.points_mm))
        part.add_response(total, alpha_beta_gy, basis, EQD2_BY_LQ)
        return total

    def dvh(self, alpha_beta_gy: float, basis: Basis, response: DoseResponse = EQD2_BY_LQ) -> CumulativeDvh:
        """Cumulative DVH of the summed EQD2, or of what ``response`` names."""
        return cumulative_dvh(self.eqd2_gy(alpha_beta_gy, basis, response), self.samples.volumes_cc)

    def with_course(self, course: AnyCourse, recovery: float) -> StructureDose:
        """The same samples with the dose of one more course."""
        return replace(self, courses=(*self.courses, _course_samples(self.samples, course, recovery, self.structure)))

    def without_course(self, identifier: str) -> StructureDose:
        """The same samples without one of the courses."""
        return replace(self, courses=tuple(part for part in self.courses if part.course.identifier != identifier))

    def at(self, which: BoolArray) -> StructureDose:
        """Some of the samples."""
        return StructureDose(self.samples.at(which), tuple(part.at(which) for part in self.courses), self.structure)

    def sampled_at(self, samples: StructureSamples) -> StructureDose:
        """The same courses at other samples of the structure."""
        parts = (_course_samples(samples, part.course, part.recovery, self.structure) for part in self.courses)
        return StructureDose(samples, tuple(parts), self.structure)

    def joined(self, other: StructureDose) -> StructureDose:
        """The samples of both; the courses are the same."""
        parts = (one.joined(two) for one, two in zip(self.courses, other.courses, strict=True))
        return StructureDose(self.samples.joined(other.samples), tuple(parts), self.structure)

    def known(self) -> BoolArray:
        """Where the dose of every course is known, shape (n,)."""
        known = np.ones(len(self.samples.points_mm), dtype=np.bool_)
        for part in self.courses:
            known &= part.known
        return known

    def unknown_percent(self) -> float:
        """Percent of the volume where the dose of at least one course is not known (counted as 0 Gy)."""
        known = self.known()
        return 100.0 * float(self.samples.volumes_cc[~known].sum()) / self.samples.volume_cc

    def unknown_by_course(self) -> tuple[tuple[str, float], ...]:
        """Label of each course whose dose is not known everywhere, and the percent of the volume where it is not."""
        volumes = self.samples.volumes_cc
        shares = [(p.course.label, 100.0 * float(volumes[~p.known].sum()) / self.samples.volume_cc) for p in self.courses]
        return tuple((label, percent) for label, percent in shares if percent > 0.0)

    def unknown_courses(self) -> tuple[str, ...]:
        """Labels of the courses whose dose is not known anywhere in the structure."""
        return tuple(part.course.label for part in self.courses if not part.known.any())

    def upper_bounds(self) -> tuple[str, ...]:
        """Labels of the courses known only as a point dose, which make every sum an upper bound."""
        return tuple(part.course.label for part in self.courses if part.is_upper_bound)

    def without_upper_bounds(self) -> StructureDose:
        """The same without the courses known only as a point dose: a lower bound."""
        return replace(self, courses=tuple(part for part in self.courses if not part.is_upper_bound))

    def beyond_lq_cc(self) -> float:
        """Volume where a course gave more per fraction than the linear-quadratic model is checked for."""
        beyond = np.zeros(len(self.samples.points_mm), dtype=np.bool_)
        for part in self.courses:
            beyond |= part.beyond_lq()
        return float(self.samples.volumes_cc[beyond].sum())

    def beyond_lq_by_course(self) -> tuple[tuple[str, float], ...]:
        """Label of each course that gave more per fraction than LQ is checked for, and the volume in cc where it did."""
        volumes = self.samples.volumes_cc
        beyond = [(part.course.label, float(volumes[part.beyond_lq()].sum())) for part in self.courses]
        return tuple((label, volume_cc) for label, volume_cc in beyond if volume_cc > 0.0)


def structure_dose(
    samples: StructureSamples, courses: Sequence[AnyCourse], recoveries: Sequence[float], structure: str = ""
) -> StructureDose:
    """Sample every course's physical dose in a structure.

    Parameters
    ----------
    samples : StructureSamples
    courses : sequence of Course or PointCourse
    recoveries : sequence of float
        Recovered fraction of each course's EQD2, in the same order.
    structure : str
        Name of the structure, by which courses of points know it.

    Raises
    ------
    ProtocolError
        If a recovery is not between 0 and 1.
    """
    pairs = zip(courses, recoveries, strict=True)
    parts = tuple(_course_samples(samples, course, recovery, structure) for course, recovery in pairs)
    return StructureDose(samples, parts, structure)


def _course_samples(samples: StructureSamples, course: AnyCourse, recovery: float, structure: str) -> CourseSamples:
    if not 0.0 <= recovery <= 1.0:
        raise ProtocolError(f"Recovery of '{course.label}'", f"{recovery:g}", "Correct the table.", "0 … 1")
    point = course.point(structure)
    if point is None and isinstance(course, Course):
        sampled_gy, known = sample_dose(course, samples.points_mm)
        return CourseSamples(course, course.fractions, sampled_gy.astype(np.float32), known, recovery)
    count = len(samples.points_mm)
    dose_gy: Float32Array = np.full(count, point.dose_gy if point else 0.0, dtype=np.float32)
    known = np.full(count, point is not None, dtype=np.bool_)
    return CourseSamples(course, point.fractions if point else 1, dose_gy, known, recovery, is_point=True)
