"""What the pipeline has computed, as handed to the report and to the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ..dicom.records import Records
from ..dosimetry.accumulation import StructureDose
from ..dosimetry.composite import composite_comment, composite_rule
from ..dosimetry.mapping import MappedDose
from ..dosimetry.reference_grid import GridCoverage, ReferenceGrid
from ..model.arrays import Float32Array
from ..model.case import DEFAULT_ALPHA_BETA_GY, Case, StructureChoice
from ..model.course import AnyCourse, Course, PointCourse
from ..model.dates import reference_day
from ..model.finding import Decision, Finding
from ..model.planning_choice import OptimizationRequest
from ..model.protocol import Protocol, Tissue
from ..model.registration import RegistrationChoice
from ..model.registration_quality import CourseQuality, OrganQuality, OrganVerdict, Verdict
from ..model.structure import Structure
from ..planning.feasibility import Feasibility
from ..planning.fractionation import Fractionation
from ..planning.isodose_lines import IsodoseStructure
from ..planning.levels import OptimizationLevels
from ..planning.near_target import PriorNearTarget
from ..planning.optimization_structures import Shell
from ..planning.point_worksheet import WorksheetResult
from ..planning.reirradiation_type import TypeSuggestion
from ..planning.remaining_dose import RemainingDose
from ..planning.scorecard import Score
from ..planning.screening import Screening
from ..planning.targets import PlannedTarget

UNRELIABLE_COMMENT = "EQD2 raw, display only; NOT RELIABLE in some organs, see report"
UNRELIABLE_CONTOURS = "NOT RELIABLE (registration)."
POINTS_LEFT_OUT = " Courses known only as point doses are NOT in it."


@dataclass(frozen=True, eq=False)
class StructureResult:
    """One structure of the case.

    Parameters
    ----------
    choice : StructureChoice
    tissue : Tissue
    alpha_beta_gy : float
        The tissue's, or the case's own.
    structure : Structure
    prior : StructureDose
        Prior courses only.
    cumulative : StructureDose or None
        Prior courses and the new plan.
    """

    choice: StructureChoice
    tissue: Tissue
    alpha_beta_gy: float
    structure: Structure
    prior: StructureDose
    cumulative: StructureDose | None

    @property
    def final(self) -> StructureDose:
        """The cumulative dose if there is a new plan, else that of the prior courses."""
        return self.cumulative or self.prior


@dataclass(frozen=True, eq=False)
class RegistrationResult:
    """How one prior course came to the current CT, and how good that is.

    Parameters
    ----------
    course : Course
    choice : RegistrationChoice
    log : tuple of str
        What was done, line by line.
    quality : CourseQuality
        Measures and verdicts, structure by structure.
    """

    course: Course
    choice: RegistrationChoice
    log: tuple[str, ...]
    quality: CourseQuality

    @property
    def is_signed(self) -> bool:
        """Whether somebody has looked at this very registration and takes it."""
        sign_off = self.choice.sign_off
        return sign_off is not None and sign_off.key in ("", self.course.transform.key)

    def organ(self, name: str) -> OrganQuality:
        """The measures in one structure."""
        return next(organ for organ in self.quality.organs if organ.name == name)

    def verdict(self, name: str) -> OrganVerdict:
        """The verdict in one structure."""
        return next(verdict for verdict in self.quality.verdicts if verdict.organ == name)


@dataclass(frozen=True, eq=False)
class OptimizationResult:
    """Optimization structures of one organ."""

    request: OptimizationRequest
    prior: PriorNearTarget
    levels: OptimizationLevels
    shells: tuple[Shell, ...]

    def exported(self) -> tuple[Shell, ...]:
        """The shells that have contours; empty ones are listed but not exported."""
        return tuple(shell for shell in self.shells if shell.structure.contours_mm)


@dataclass(frozen=True, eq=False)
class PlanningResults:
    """What is left for the new course.

    Parameters
    ----------
    targets : tuple of PlannedTarget
    optimization : tuple of OptimizationResult
    isodoses : tuple of IsodoseStructure
    feasibility : Feasibility
        Of every organ with a limit of its (near-)maximum.
    fractionation : Fractionation or None
        None if no organ could be planned.
    screening : Screening
    suggestion : TypeSuggestion
    worksheets : tuple of WorksheetResult
        Of the organs of the feasibility, in their order.
    remaining : RemainingDose or None
        None if the case does not want it, or has no limit that it could be of.
    """

    targets: tuple[PlannedTarget, ...]
    optimization: tuple[OptimizationResult, ...]
    isodoses: tuple[IsodoseStructure, ...]
    feasibility: Feasibility
    fractionation: Fractionation | None
    screening: Screening
    suggestion: TypeSuggestion
    worksheets: tuple[WorksheetResult, ...]
    remaining: RemainingDose | None


@dataclass(frozen=True, eq=False)
class CaseRecords:
    """A case as its records tell it.

    Parameters
    ----------
    case : Case
    protocol : Protocol
    records : Records
    prior_courses : tuple of Course
        Those with a dose distribution; before they are registered their transforms lead nowhere but to their own frames.
    point_courses : tuple of PointCourse
        Prior courses known only by one dose per organ.
    new_course : Course or None
    """

    case: Case
    protocol: Protocol
    records: Records
    prior_courses: tuple[Course, ...]
    point_courses: tuple[PointCourse, ...]
    new_course: Course | None

    @property
    def day(self) -> date | None:
        """When the new course is given, as far as known: the reference of all intervals."""
        planned = self.new_course.date if self.new_course else None
        return reference_day(self.case.new_course.date, planned, self.records.ct.study_date)

    @property
    def prior(self) -> tuple[AnyCourse, ...]:
        """All prior courses: those with a dose distribution, then those of points."""
        return (*self.prior_courses, *self.point_courses)

    @property
    def courses(self) -> tuple[Course, ...]:
        """Courses with a dose distribution: prior ones, then the new plan if there is one."""
        return (*self.prior_courses, *((self.new_course,) if self.new_course else ()))


@dataclass(frozen=True, eq=False)
class Transfer(CaseRecords):
    """A case up to the doses on the current anatomy.

    Parameters
    ----------
    structures : tuple of StructureResult
    registrations : tuple of RegistrationResult
        Of the prior courses, in their order.
    """

    structures: tuple[StructureResult, ...]
    registrations: tuple[RegistrationResult, ...]

    def structure(self, name: str) -> StructureResult:
        """The structure of the case of that name."""
        return next(structure for structure in self.structures if structure.choice.name == name)

    def contours(self, name: str) -> Structure:
        """Its contours."""
        return self.structure(name).structure

    def unreliable(self, structure: str) -> tuple[str, ...]:
        """Labels of the courses whose mapped dose must not be relied on in a structure, and no point replaces it there."""
        return tuple(
            one.course.label
            for one in self.registrations
            if one.verdict(structure).verdict is Verdict.WORKSHEET and one.course.point(structure) is None
        )

    def unreliable_in(self, course: Course | None = None) -> tuple[str, ...]:
        """Structures in which the registration of a course, or of any, is judged 'use the point worksheet'.

        Points that replace the mapped dose do not change that: volumes and pictures hold the mapped dose.
        """
        names = [structure.choice.name for structure in self.structures]
        judged = [one for one in self.registrations if course is None or one.course is course]
        return tuple(name for name in names if any(one.verdict(name).verdict is Verdict.WORKSHEET for one in judged))


@dataclass(frozen=True, eq=False)
class CaseResults(Transfer):
    """Everything that was computed for a case.

    Parameters
    ----------
    grid : ReferenceGrid
        Of the mapped doses and the composite volumes.
    coverage : tuple of GridCoverage
        How far each course's dose is known on it.
    mapped : tuple of MappedDose
        Physical dose of each course on the grid: prior courses, then the new one.
    prior_eqd2_gy, cumulative_eqd2_gy : array, shape (nk, nj, ni), or None
        Composite volumes for display; None without courses or without a new plan.
    scores : tuple of Score
    findings : tuple of Finding
        Of the records and of the computation.
    decisions : tuple of Decision
        Of the case, and those that sign-offs of registrations amount to.
    planning : PlanningResults
    """

    grid: ReferenceGrid
    coverage: tuple[GridCoverage, ...]
    mapped: tuple[MappedDose, ...]
    prior_eqd2_gy: Float32Array | None
    cumulative_eqd2_gy: Float32Array | None
    scores: tuple[Score, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    planning: PlanningResults

    @property
    def optimization(self) -> tuple[OptimizationResult, ...]:
        """The optimization structures, organ by organ."""
        return self.planning.optimization

    @property
    def optimization_structures(self) -> tuple[Structure, ...]:
        """The optimization structures of all organs that have contours, with a warning where it is due."""
        return tuple(
            _warned(shell.structure) if self.unreliable(result.request.structure) else shell.structure
            for result in self.optimization
            for shell in result.exported()
        )

    @property
    def exported_remaining(self) -> RemainingDose | None:
        """The remaining dose, if there is an object to write: of a prior dose, with something left somewhere."""
        remaining = self.planning.remaining
        is_written = remaining is not None and bool(self.prior_courses) and bool(remaining.voxels_gy.any())
        return remaining if is_written else None

    @property
    def exported_structures(self) -> tuple[Structure, ...]:
        """All that goes into the RTSTRUCT: optimization structures, then isodose lines."""
        return (*self.optimization_structures, *self.isodose_structures)

    @property
    def isodose_structures(self) -> tuple[Structure, ...]:
        """The isodose lines, with a warning where it is due."""
        return tuple(self._isodose(one) for one in self.planning.isodoses)

    def _isodose(self, isodose: IsodoseStructure) -> Structure:
        """An isodose, with a warning if the registration of a course in it must not be relied on in some structure."""
        courses = [one for one in self.prior_courses if one.label in isodose.facts.courses]
        return _warned(isodose.structure) if any(self.unreliable_in(one) for one in courses) else isodose.structure

    @property
    def final_eqd2_gy(self) -> Float32Array | None:
        """The composite of all courses with a dose distribution; None if there are none."""
        return self.prior_eqd2_gy if self.cumulative_eqd2_gy is None else self.cumulative_eqd2_gy

    @property
    def composite_rule(self) -> str:
        """What the composite volumes hold, in words; written on every one of them."""
        rule = composite_rule(self._alpha_betas_gy, DEFAULT_ALPHA_BETA_GY)
        unreliable = self.unreliable_in()
        replaced = _replaced(self.prior_courses)
        warning = (
            f" NOT TO BE RELIED ON (registration) in {', '.join(unreliable)}: use the point worksheet." if unreliable else ""
        )
        return rule + (POINTS_LEFT_OUT if self.point_courses else "") + replaced + warning

    @property
    def composite_comment(self) -> str:
        """The same in the 64 letters of a DICOM comment, which first of all warns where that is called for."""
        if self.unreliable_in():
            return UNRELIABLE_COMMENT
        return composite_comment(self._alpha_betas_gy, DEFAULT_ALPHA_BETA_GY)

    @property
    def _alpha_betas_gy(self) -> list[float]:
        return [structure.alpha_beta_gy for structure in self.structures]


def _replaced(courses: Sequence[Course]) -> str:
    """A word on the points that replace mapped doses: volumes hold the mapped ones."""
    parts = [f"{point.structure} ({course.label})" for course in courses for point in course.points]
    return f" The points that replace the mapped dose in {', '.join(parts)} are NOT in it." if parts else ""


def _warned(structure: Structure) -> Structure:
    """The contours leave the house without the report; their description goes with them."""
    return replace(structure, description=f"{UNRELIABLE_CONTOURS} {structure.description}".strip())
