"""The pipeline: from a case to its outputs, step by step, with progress and cancel.

The steps are functions of typed data, so the Slicer modules can run them one at a time; :func:`run_case` runs all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from .dicom.course_record import CourseRecord
from .dicom.records import Records, read_records
from .dosimetry.accumulation import structure_dose
from .dosimetry.bodies import body_of
from .dosimetry.composite import composite_volume
from .dosimetry.mapping import MappedDose, map_dose
from .dosimetry.masks import structure_mask
from .dosimetry.occupancy import WANTED_SAMPLES, body_samples, structure_samples
from .dosimetry.radiobiology import eqd2
from .dosimetry.reference_grid import coverage, reference_grid
from .dosimetry.refinement import refined, sum_rankings
from .judging import judge_course, registration_limits
from .model.arrays import BoolArray, Float32Array
from .model.case import DEFAULT_ALPHA_BETA_GY, Case, OptimizationRequest, StructureChoice
from .model.course import AnyCourse, Course, PointCourse
from .model.dates import months_between, reference_day
from .model.errors import Cancelled, DosimetryError, ProtocolError
from .model.finding import Decision, Finding, require_decisions, unused_decisions
from .model.geometry import Geometry
from .model.image import Image
from .model.protocol import Constraint, Protocol, require_alpha_beta
from .model.protocol_tables import default_protocol_folder, load_protocol
from .model.registration import RegistrationChoice, RegistrationMethod
from .model.scene import PictureMaker, SceneWriter
from .model.structure import EndCaps
from .model.transform import SpatialTransform, identity_transform
from .output import OutputFolder, require_outside
from .planning.levels import LevelState, optimization_levels
from .planning.near_target import near_target_ranking, prior_near_target
from .planning.optimization_structures import make_shells, organ_stems
from .planning.scorecard import Score, score
from .registering import CourseRegistration, Registrar
from .registration.cache import RegistrationCache
from .registration.engine import RegistrationEngine
from .registration.engines import library_engines
from .report.assemble import assemble
from .report.evaluation import Evaluation
from .report.findings import optimization_findings, structure_findings
from .report.new_plan_findings import new_plan_findings
from .report.registration_findings import registration_findings, sign_off_decisions
from .report.results import CaseResults, OptimizationResult, RegistrationResult, StructureResult, unreliable_courses
from .write_outputs import is_former_output, write_outputs

TARGET_SAMPLES = 20_000
"""Samples that stand for a target when the distance to it is measured."""

STEPS = ("Read the records", "Register", "Map the doses", "Evaluate the structures", "Cut optimization structures", "Write")


@dataclass(frozen=True)
class Progress:
    """Where the pipeline is: step ``step`` of ``steps``, and what it does or found."""

    step: int
    steps: int
    title: str
    detail: str


class Monitor:
    """Tells the caller about progress, and asks whether to go on.

    Parameters
    ----------
    on_progress : callable
        Called with each :class:`Progress`.
    is_cancelled : callable
        Asked between pieces of work.
    """

    def __init__(
        self,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._on_progress = on_progress
        self.is_cancelled = is_cancelled

    def report(self, step: int, detail: str) -> None:
        """Tell about step ``step`` (from 0), unless the user wants to stop.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        self.check()
        self._on_progress(Progress(step + 1, len(STEPS), STEPS[step], detail))

    def check(self) -> None:
        """Raise :class:`Cancelled` if the user asked to stop."""
        if self.is_cancelled():
            raise Cancelled


@dataclass(frozen=True)
class Services:
    """What the doors hand in: pictures and scenes need a Slicer runtime, which the lower rooms never import."""

    pictures: PictureMaker | None = None
    scene: SceneWriter | None = None


def run_case(case: Case, output: Path, services: Services, monitor: Monitor, may_replace: bool = False) -> Evaluation:
    """Run a whole case and write all outputs.

    Parameters
    ----------
    case : Case
    output : Path
        Folder that appears when everything is written, and not before.
    services : Services
    monitor : Monitor
    may_replace : bool
        Whether a former output of this program may be replaced.

    Raises
    ------
    ReirradiationError
        Any of its kinds, naming what is wrong and the remedy; then no output appears.
    Cancelled
        If the user asked to stop; then no output appears.
    """
    folder = OutputFolder(output, is_former_output if may_replace else None)
    require_outside(output, [case.current.ct, *(course.ct for course in case.prior_courses if course.ct)])
    folder.require_free()
    results = compute(case, monitor)
    evaluation = assemble(results)
    with folder:
        write_outputs(results, evaluation, folder, services.pictures, services.scene, lambda text: monitor.report(5, text))
        monitor.check()
        folder.finish()
    return evaluation


def compute(case: Case, monitor: Monitor, engines: Sequence[RegistrationEngine] | None = None) -> CaseResults:
    """All steps up to the numbers; writes nothing but the registrations that it keeps in the case folder."""
    monitor.report(0, case.title)
    protocol = load_protocol(case.protocol_folder or default_protocol_folder())
    records = read_records(case)
    for line in records.described():
        monitor.report(0, line)
    registrations = register_courses(records, monitor, engines or library_engines(), case.file.parent)
    registered = tuple(
        _as_course(record, found.transform) for record, found in zip(records.prior, registrations, strict=True)
    )
    prior: tuple[AnyCourse, ...] = (*registered, *records.points)
    new = _as_course(records.new, identity_transform(records.ct.frame_uid)) if records.new else None
    courses = (*registered, *((new,) if new else ()))
    organs = [records.structures.find(choice.name) for choice in case.structures]
    grid = reference_grid(case.reference_grid, records.ct, organs, courses)
    mapped = map_courses(courses, records, grid.geometry, monitor)
    structures = []
    for choice in case.structures:
        monitor.report(3, choice.name)
        structures.append(evaluate_structure(choice, case, protocol, records, prior, new))
    by_name = {structure.choice.name: structure for structure in structures}
    optimization = optimize_organs(case, records, by_name, prior, monitor)
    judged = judge_registrations(records, registered, registrations, structures, case, monitor)
    findings, decisions = _findings_and_decisions(case, records, structures, judged, optimization, new)
    require_decisions(findings, decisions)
    masks = _masks_by_alpha_beta(structures, records.ct, grid.geometry, case.end_caps)
    in_any = np.logical_or.reduce(list(masks.values())) if masks else np.zeros(grid.geometry.shape, dtype=np.bool_)
    return CaseResults(
        case=case,
        protocol=protocol,
        records=records,
        prior_courses=registered,
        point_courses=records.points,
        new_course=new,
        grid=grid,
        coverage=coverage(grid, records.ct, courses, mapped, in_any),
        mapped=mapped,
        prior_eqd2_gy=_composite(mapped[: len(registered)], registered, masks),
        cumulative_eqd2_gy=_composite(mapped, courses, masks) if new else None,
        structures=tuple(structures),
        scores=tuple(_scored(constraint, by_name[constraint.structure], judged) for constraint in case.constraints),
        findings=findings,
        decisions=decisions,
        registrations=judged,
        registration_limits=registration_limits(case),
        optimization=optimization,
    )


def _findings_and_decisions(
    case: Case,
    records: Records,
    structures: Sequence[StructureResult],
    registrations: Sequence[RegistrationResult],
    optimization: Sequence[OptimizationResult],
    new: Course | None,
) -> tuple[tuple[Finding, ...], tuple[Decision, ...]]:
    decisions = (*case.decisions, *(decision for result in registrations for decision in sign_off_decisions(result)))
    findings = [
        *records.findings,
        *(finding for result in structures for finding in structure_findings(result, records)),
        *(finding for result in registrations for finding in registration_findings(result)),
        *new_plan_findings(new, structures, records),
    ]
    for result in optimization:
        findings += optimization_findings(result, unreliable_courses(registrations, result.request.structure))
    return (*findings, *unused_decisions(findings, case.decisions)), decisions


def _scored(constraint: Constraint, organ: StructureResult, registrations: Sequence[RegistrationResult]) -> Score:
    found = score(constraint, organ.prior, organ.cumulative)
    unreliable = unreliable_courses(registrations, constraint.structure)
    return found.unreliable(unreliable) if unreliable else found


def map_courses(courses: Sequence[Course], records: Records, grid: Geometry, monitor: Monitor) -> tuple[MappedDose, ...]:
    """Physical dose of each course on a grid of the current frame of reference, for display and export."""
    mapped = []
    for course in courses:
        monitor.report(2, f"'{course.label}' onto the current CT")
        mapped.append(map_dose(course, grid, records.ct.frame_uid, monitor.check))
    return tuple(mapped)


def optimize_organs(
    case: Case, records: Records, organs: Mapping[str, StructureResult], prior: tuple[AnyCourse, ...], monitor: Monitor
) -> tuple[OptimizationResult, ...]:
    """Optimization structures of every organ that the case asks for, with names and numbers of their own."""
    results: list[OptimizationResult] = []
    stems = organ_stems([request.structure for request in case.optimization])
    for request in case.optimization:
        monitor.report(4, request.structure)
        label = (stems[request.structure], 1 + sum(len(result.shells) for result in results))
        results.append(optimize(request, case, records, organs[request.structure], prior, label))
    return tuple(results)


def register_courses(
    records: Records, monitor: Monitor, engines: Sequence[RegistrationEngine], folder: Path | None
) -> tuple[CourseRegistration, ...]:
    """Bring every prior course with a dose distribution to the current CT, by the method that the case chose for it.

    Parameters
    ----------
    records : Records
    monitor : Monitor
    engines : sequence of RegistrationEngine
    folder : Path or None
        Where registrations of the images are kept for the next run.
    """
    found = []
    for record in records.prior:
        choice = record.registration or RegistrationChoice(RegistrationMethod.SAME_FRAME)
        monitor.report(1, f"'{record.label}' by {choice.method.value}")

        def tell(text: str, label: str = record.label) -> None:
            monitor.report(1, f"'{label}': {text}")

        registrar = Registrar(engines, RegistrationCache(folder), tell, monitor.is_cancelled)
        found.append(registrar.register(record, records.ct))
    return tuple(found)


def judge_registrations(
    records: Records,
    courses: Sequence[Course],
    registrations: Sequence[CourseRegistration],
    organs: Sequence[StructureResult],
    case: Case,
    monitor: Monitor,
) -> tuple[RegistrationResult, ...]:
    """Measure and judge every registration in every structure of the case."""
    results = []
    for record, course, found in zip(records.prior, courses, registrations, strict=True):
        monitor.report(3, f"registration of '{course.label}'")
        quality = judge_course(record, course, found, organs, records.ct, case)
        choice = record.registration or RegistrationChoice(RegistrationMethod.SAME_FRAME)
        results.append(RegistrationResult(course, choice, found.log, quality))
    return tuple(results)


def evaluate_structure(
    choice: StructureChoice,
    case: Case,
    protocol: Protocol,
    records: Records,
    prior: tuple[AnyCourse, ...],
    new: Course | None,
) -> StructureResult:
    """Sample one structure and every course's dose in it, with its own α/β and recovery."""
    try:
        tissue = protocol.tissue(choice.tissue)
    except ProtocolError as error:
        raise ProtocolError(f"Structure '{choice.name}', tissue '{choice.tissue}'", error.found, error.remedy) from error
    structure = records.structures.find(choice.name)
    alpha_beta_gy = require_alpha_beta(choice.alpha_beta_gy or tissue.alpha_beta_gy, f"Structure '{choice.name}'")
    body = body_of(structure, records.ct.geometry, case.end_caps, WANTED_SAMPLES)
    samples = body_samples(body)
    today = reference_day(case.new_course.date, new.date if new else None, records.ct.study_date)
    recoveries = [_recovery(case, protocol, tissue.recovery_group, course, choice.name, today) for course in prior]
    dose = structure_dose(samples, prior, recoveries, choice.name)
    final = refined(
        dose.with_course(new, recovery=0.0) if new else dose, body, sum_rankings(alpha_beta_gy, any(recoveries), new)
    )
    return StructureResult(
        choice=choice,
        tissue=tissue,
        alpha_beta_gy=alpha_beta_gy,
        structure=structure,
        prior=final.without_course(new.identifier) if new else final,
        cumulative=final if new else None,
    )


def optimize(
    request: OptimizationRequest,
    case: Case,
    records: Records,
    organ: StructureResult,
    prior: tuple[AnyCourse, ...],
    label: tuple[str, int],
) -> OptimizationResult:
    """P, R, A, levels and contours of the optimization structures of one organ.

    ``label`` is the stem of their names and the ROINumber of the first.
    """
    target = None
    if request.target is not None:
        structure = records.structures.find(request.target)
        target = structure_samples(structure, records.ct.geometry, TARGET_SAMPLES, case.end_caps)
    body = body_of(organ.structure, records.ct.geometry, case.end_caps, WANTED_SAMPLES)
    dose = refined(organ.prior, body, [near_target_ranking(request, target)])
    near = prior_near_target(request, dose, target)
    if missing := organ.prior.unknown_courses():
        raise DosimetryError(
            f"Optimization structures of '{request.structure}'",
            f"the dose of {' and '.join(missing)} is not known anywhere in it, so P cannot be read",
            "Add a point for it to a course without DICOM (0 Gy if the record shows none), use a larger dose grid, or leave "
            "the request out.",
        )
    new = case.new_course
    new_eqd2_gy = float(eqd2(np.asarray(new.prescription_gy), new.fractions, request.alpha_beta_gy))
    levels = optimization_levels(
        near.value_gy, new_eqd2_gy, request.limit_eqd2_gy, request.number, new.fractions, request.alpha_beta_gy
    )
    if levels.state is LevelState.NOT_NEEDED and near.organ_maximum_gy + new_eqd2_gy > request.limit_eqd2_gy:
        levels = replace(levels, state=LevelState.NOT_NEEDED_NEAR)
    recoveries = [part.recovery for part in organ.prior.courses]
    shells = make_shells(request, levels, organ.structure, records.ct.geometry, prior, recoveries, *label)
    return OptimizationResult(request, near, levels, shells)


def _as_course(record: CourseRecord, transform: SpatialTransform) -> Course:
    return Course(
        *(record.identifier, record.label, record.dose, record.fractions, record.plan, record.date, transform),
        planned_fractions=record.planned_fractions,
        rbe=record.rbe,
    )


def _recovery(case: Case, protocol: Protocol, group: str, course: AnyCourse, structure: str, today: date | None) -> float:
    is_unknown = isinstance(course, PointCourse) and course.point(structure) is None
    if case.recovery_table is None or is_unknown:
        return 0.0
    day = course.day_of(structure) if isinstance(course, PointCourse) else course.date
    months = months_between(day, today)
    if months is None or months < 0:
        raise ProtocolError(
            f"Recovery of '{course.label}'",
            "its interval is not known" if months is None else f"its interval is {months:.1f} months",
            "State the dates of the prior and of the new course in the case, or apply no recovery.",
        )
    return protocol.recovery(case.recovery_table).fraction(group, months)


def _masks_by_alpha_beta(
    structures: Sequence[StructureResult], current: Image, grid: Geometry, end_caps: EndCaps
) -> dict[float, BoolArray]:
    """Union of the structures that have the same α/β, on the grid of the mapped doses."""
    masks: dict[float, BoolArray] = {}
    for result in structures:
        mask = structure_mask(result.structure, current.geometry, grid, end_caps)
        masks[result.alpha_beta_gy] = masks.get(result.alpha_beta_gy, np.zeros_like(mask)) | mask
    return masks


def _composite(
    mapped: Sequence[MappedDose], courses: Sequence[Course], masks: Mapping[float, BoolArray]
) -> Float32Array | None:
    if not courses:
        return None
    return composite_volume(mapped, [course.fractions for course in courses], masks, DEFAULT_ALPHA_BETA_GY)
