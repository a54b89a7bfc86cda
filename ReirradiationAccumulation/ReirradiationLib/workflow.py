"""The pipeline: from a case to its outputs, step by step, with progress and cancel.

The steps are functions of typed data, so the Slicer modules can run them one at a time; :func:`run_case` runs all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np

from .dicom.plan import read_plan
from .dicom.records import Records
from .dosimetry.composite import composite_volume
from .dosimetry.mapping import MappedDose, map_dose
from .dosimetry.masks import structure_mask
from .dosimetry.reference_grid import coverage, reference_grid
from .model.arrays import BoolArray, Float32Array
from .model.case import DEFAULT_ALPHA_BETA_GY, Case
from .model.case_notes import Task
from .model.constraint import Constraint
from .model.course import Course
from .model.errors import CaseError
from .model.finding import Decision, Finding, require_decisions, unused_decisions
from .model.geometry import Geometry
from .model.image import Image
from .model.scene import PictureMaker, SceneWriter
from .model.structure import EndCaps
from .monitor import Monitor, Step
from .output import OutputFolder, require_outside
from .planning.scorecard import Occasion, Score, score
from .planning_step import plan_ahead
from .registration.engine import RegistrationEngine
from .registration.engines import library_engines
from .report.assemble import assemble, assemble_records
from .report.evaluation import Evaluation
from .report.findings import optimization_findings
from .report.neutral_case import neutral_case
from .report.provenance import CASE_ROLE
from .report.registration_findings import require_signatures
from .report.results import CaseRecords, CaseResults, OptimizationResult, StructureResult, Transfer
from .report.transfer_findings import all_decisions, transfer_findings
from .run_record import digest_of_inputs, write_run_record
from .transfer import of_case, read_case_records, transfer
from .write_anonymous import require_neutral_folder, write_anonymous
from .write_outputs import is_former_output, write_outputs
from .write_report import WITHOUT_PICTURES, write_report
from .write_transfer import is_former_transfer, write_transfer


@dataclass(frozen=True)
class Services:
    """What the doors hand in: pictures and scenes need a Slicer runtime, which the lower rooms never import.

    ``engines`` are those of this library where None is given; a Slicer application has more. ``door`` is who asks, for the
    record of the run.
    """

    pictures: PictureMaker | None = None
    scene: SceneWriter | None = None
    engines: tuple[RegistrationEngine, ...] | None = None
    door: str = "Python"


def run_case(
    case: Case,
    output: Path,
    services: Services,
    monitor: Monitor,
    may_replace: bool = False,
    stage: Task = Task.SUM,
    is_anonymous: bool = False,
) -> Evaluation:
    """Run a case as far as it goes, or up to a stage, and write all outputs.

    Parameters
    ----------
    case : Case
    output : Path
        Folder that appears when everything is written, and not before.
    services : Services
    monitor : Monitor
    may_replace : bool
        Whether a former output of this program may be replaced.
    stage : Task
        The last one to do. After the records there is a report only; after the dose transfer the new plan is left out.
    is_anonymous : bool
        Whether to write the report alone, without anything that tells who the patient is, to be given away.

    Raises
    ------
    ReirradiationError
        Any of its kinds, naming what is wrong and the remedy; then no output appears.
    Cancelled
        If the user asked to stop; then no output appears.
    """
    folder = _output_folder(case, output, may_replace)
    folder.require_free()
    named, case = case, neutral_case(case) if is_anonymous else case
    found: CaseRecords
    if stage is Task.RECORDS:
        found = read_case_records(case, monitor)
    else:
        if is_anonymous:
            require_neutral_folder(named, case, folder, monitor)
        found = compute(without_new_plan(case) if stage is Task.TRANSFER else case, monitor, services.engines)
    return _write(found, named, folder, services, monitor, stage, is_anonymous)


def write_results(
    found: CaseRecords,
    seen: Evaluation,
    case: Case,
    output: Path,
    services: Services,
    monitor: Monitor,
    may_replace: bool = False,
    stage: Task = Task.SUM,
) -> Evaluation:
    """Write all outputs of what was computed already: the same as :func:`run_case` of the case writes.

    Parameters
    ----------
    found : CaseRecords
        Of the case (:class:`CaseResults` unless the stage is that of the records), whose texts and signatures may be newer.
    seen : Evaluation
        What was shown of it. Its inputs must still be the same, but for the case file.
    case : Case
        As its file is now.
    output, services, monitor, may_replace, stage
        As of :func:`run_case`, which raises the same.

    Raises
    ------
    CaseError
        If an input file was changed since it was read: outputs name the files that they are made of.
    """
    folder = _output_folder(case, output, may_replace)
    folder.require_free()
    now = without_new_plan(case) if stage is Task.TRANSFER else case
    return _write(replace(found, case=now), case, folder, services, monitor, stage, is_anonymous=False, seen=seen)


def _output_folder(case: Case, output: Path, may_replace: bool) -> OutputFolder:
    require_outside(output, [case.current.ct, *(course.ct for course in case.prior_courses if course.ct)])
    return OutputFolder(output, is_former_output if may_replace else None)


def evaluation_of(found: CaseRecords, named: Case | None = None) -> Evaluation:
    """What the report shows of a case, as far as it was computed; ``named`` as of :func:`.report.assemble.assemble`."""
    return assemble(found, named) if isinstance(found, CaseResults) else assemble_records(found, named)


def _require_same_inputs(seen: Evaluation, now: Evaluation) -> None:
    hashes = {one.path: one.sha256 for one in seen.inputs}
    for one in now.inputs:
        if one.role != CASE_ROLE and hashes.get(one.path) != one.sha256:
            raise CaseError(one.path, "changed since it was read", "Evaluate the case again.")


def _write(
    found: CaseRecords,
    named: Case,
    folder: OutputFolder,
    services: Services,
    monitor: Monitor,
    stage: Task,
    is_anonymous: bool,
    seen: Evaluation | None = None,
) -> Evaluation:
    report = partial(monitor.report, Step.WRITE)
    evaluation = evaluation_of(found, named)
    if seen is not None:
        _require_same_inputs(seen, evaluation)
    inputs_sha256 = digest_of_inputs(evaluation.inputs)
    with folder:
        if is_anonymous:
            pictures = services.pictures if isinstance(found, CaseResults) else None
            evaluation = write_anonymous(named, found, evaluation, folder, pictures, report)
        elif isinstance(found, CaseResults):
            write_outputs(found, evaluation, folder, services.pictures, services.scene, report)
        else:
            write_report(evaluation, WITHOUT_PICTURES, folder, report)
        write_run_record(folder, named.file, stage.value, services.door, report, is_anonymous, inputs_sha256)
        monitor.check()
        folder.finish()
    return evaluation


def without_new_plan(case: Case) -> Case:
    """The case as it was before the new plan was made; decisions on the plan are not asked for.

    The day of the plan stays: intervals must not change with the stage.
    """
    new = case.new_course
    day = new.date or (read_plan(new.plan).date if new.plan else None)
    decisions = tuple(one for one in case.decisions if not new.is_subject(one.subject))
    return replace(case, new_course=replace(new, date=day, plan=None, dose=(), rbe=None), decisions=decisions)


def run_transfer(case: Case, output: Path, services: Services, monitor: Monitor, may_replace: bool = False) -> Transfer:
    """Register, judge and draw: what somebody must look at before the registrations are signed off.

    Writes ``registration.html`` and, for registrations that were computed here, DICOM REG objects. Raises as
    :func:`run_case`, but a registration without a sign-off is no error.
    """
    folder = OutputFolder(output, is_former_transfer if may_replace else None)
    require_outside(output, [case.current.ct, *(course.ct for course in case.prior_courses if course.ct)])
    folder.require_free()
    found = transfer(case, monitor, services.engines or library_engines())
    with folder:
        write_transfer(found, folder, services.pictures, partial(monitor.report, Step.WRITE))
        monitor.check()
        folder.finish()
    return found


def compute(
    case: Case,
    monitor: Monitor,
    engines: Sequence[RegistrationEngine] | None = None,
    registered: Transfer | None = None,
) -> CaseResults:
    """All steps up to the numbers; writes nothing but the registrations that it keeps in the case folder.

    ``registered`` is what :func:`.transfer.transfer` gives for this case or for one that differs in nothing that it depends
    on; then it is not computed again.
    """
    require_signatures(case)
    found = of_case(registered, case) if registered else transfer(case, monitor, engines or library_engines())
    noticed = transfer_findings(found)
    require_decisions(noticed, all_decisions(found))  # before the long work of the rest
    records, structures = found.records, found.structures
    organs = [structure.structure for structure in structures]
    grid = reference_grid(case.reference_grid, records.ct, organs, found.courses)
    mapped = map_courses(found.courses, records, grid.geometry, monitor)
    scores = tuple(_scored(constraint, found.structure(constraint.structure), found) for constraint in case.constraints)
    planning = plan_ahead(found, grid, mapped, scores, monitor)
    findings, decisions = _findings_and_decisions(noticed, found, planning.optimization)
    require_decisions(findings, decisions)
    masks = _masks_by_alpha_beta(structures, records.ct, grid.geometry, case.end_caps)
    in_any = np.logical_or.reduce(list(masks.values())) if masks else np.zeros(grid.geometry.shape, dtype=np.bool_)
    return CaseResults(
        **{field.name: getattr(found, field.name) for field in fields(Transfer)},
        grid=grid,
        coverage=coverage(grid, records.ct, found.courses, mapped, in_any),
        mapped=mapped,
        prior_eqd2_gy=_composite(mapped[: len(found.prior_courses)], found.prior_courses, masks),
        cumulative_eqd2_gy=_composite(mapped, found.courses, masks) if found.new_course else None,
        scores=scores,
        findings=findings,
        decisions=decisions,
        planning=planning,
    )


def _findings_and_decisions(
    noticed: Sequence[Finding], found: Transfer, optimization: Sequence[OptimizationResult]
) -> tuple[tuple[Finding, ...], tuple[Decision, ...]]:
    findings = [*noticed]
    for result in optimization:
        findings += optimization_findings(result, found.unreliable(result.request.structure))
    findings += unused_decisions(findings, found.case.decisions)
    return tuple(findings), all_decisions(found)


def _scored(constraint: Constraint, organ: StructureResult, found: Transfer) -> Score:
    value = score(constraint, organ.prior, organ.cumulative, Occasion(found.day, found.case.new_course.fractions))
    unreliable = found.unreliable(constraint.structure)
    return value.unreliable(unreliable) if unreliable else value


def map_courses(courses: Sequence[Course], records: Records, grid: Geometry, monitor: Monitor) -> tuple[MappedDose, ...]:
    """Physical dose of each course on a grid of the current frame of reference, for display and export."""
    mapped = []
    for course in courses:
        monitor.report(Step.MAP, f"'{course.label}' onto the current CT")
        mapped.append(map_dose(course, grid, records.ct.frame_uid, monitor.check))
    return tuple(mapped)


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
