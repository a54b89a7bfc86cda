"""What the pipeline has computed, as handed to the report and to the scene."""

from __future__ import annotations

from dataclasses import dataclass

from ..dicom.records import Records
from ..dosimetry.accumulation import StructureDose
from ..dosimetry.composite import composite_comment, composite_rule
from ..dosimetry.mapping import MappedDose
from ..dosimetry.reference_grid import GridCoverage, ReferenceGrid
from ..model.arrays import Float32Array
from ..model.case import DEFAULT_ALPHA_BETA_GY, Case, OptimizationRequest, StructureChoice
from ..model.course import Course, PointCourse
from ..model.finding import Finding
from ..model.protocol import Protocol, Tissue
from ..model.structure import Structure
from ..planning.levels import OptimizationLevels
from ..planning.near_target import PriorNearTarget
from ..planning.optimization_structures import Shell
from ..planning.scorecard import Score
from ..registration.quality import TransformQuality

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
    quality : tuple of TransformQuality or None
        Of each prior course's registration within the structure; None for a course of points.
    """

    choice: StructureChoice
    tissue: Tissue
    alpha_beta_gy: float
    structure: Structure
    prior: StructureDose
    cumulative: StructureDose | None
    quality: tuple[TransformQuality | None, ...]

    @property
    def final(self) -> StructureDose:
        """The cumulative dose if there is a new plan, else that of the prior courses."""
        return self.cumulative or self.prior


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
class CaseResults:
    """Everything that was computed for a case.

    Parameters
    ----------
    case : Case
    protocol : Protocol
    records : Records
    prior_courses : tuple of Course
        Those with a dose distribution.
    point_courses : tuple of PointCourse
        Prior courses known only by one dose per organ.
    new_course : Course or None
    grid : ReferenceGrid
        Of the mapped doses and the composite volumes.
    coverage : tuple of GridCoverage
        What each course's dose leaves unknown on it.
    mapped : tuple of MappedDose
        Physical dose of each course on that grid: prior courses, then the new plan.
    prior_eqd2_gy, cumulative_eqd2_gy : array, shape (nk, nj, ni), or None
        Composite volumes for display, without point courses; the prior one is None if no prior course has a dose
        distribution, the cumulative one without a new plan.
    structures : tuple of StructureResult
    scores : tuple of Score
    findings : tuple of Finding
        Of the records and of the computation.
    optimization : tuple of OptimizationResult
    """

    case: Case
    protocol: Protocol
    records: Records
    prior_courses: tuple[Course, ...]
    point_courses: tuple[PointCourse, ...]
    new_course: Course | None
    grid: ReferenceGrid
    coverage: tuple[GridCoverage, ...]
    mapped: tuple[MappedDose, ...]
    prior_eqd2_gy: Float32Array | None
    cumulative_eqd2_gy: Float32Array | None
    structures: tuple[StructureResult, ...]
    scores: tuple[Score, ...]
    findings: tuple[Finding, ...]
    optimization: tuple[OptimizationResult, ...]

    @property
    def courses(self) -> tuple[Course, ...]:
        """Courses with a dose distribution: prior ones, then the new plan if there is one."""
        return (*self.prior_courses, *((self.new_course,) if self.new_course else ()))

    @property
    def optimization_structures(self) -> tuple[Structure, ...]:
        """The optimization structures of all organs that have contours: what is exported."""
        return tuple(shell.structure for result in self.optimization for shell in result.exported())

    @property
    def final_eqd2_gy(self) -> Float32Array | None:
        """The composite of all courses with a dose distribution; None if there are none."""
        return self.prior_eqd2_gy if self.cumulative_eqd2_gy is None else self.cumulative_eqd2_gy

    @property
    def composite_rule(self) -> str:
        """What the composite volumes hold, in words; written on every one of them."""
        rule = composite_rule(self._alpha_betas_gy, DEFAULT_ALPHA_BETA_GY)
        return rule + (POINTS_LEFT_OUT if self.point_courses else "")

    @property
    def composite_comment(self) -> str:
        """The same in the 64 letters of a DICOM comment."""
        return composite_comment(self._alpha_betas_gy, DEFAULT_ALPHA_BETA_GY)

    @property
    def _alpha_betas_gy(self) -> list[float]:
        return [structure.alpha_beta_gy for structure in self.structures]
