"""From computed results to the evaluation that is shown and stored."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import __version__
from ..dosimetry.dvh import CumulativeDvh, cumulative_dvh
from ..model.course import AnyCourse, Course, PointCourse
from ..model.dates import dicom_date, months_between
from ..model.errors import OutputError
from ..model.limit_table import LIMITS_FILE
from ..model.protocol import Basis
from ..model.protocol_tables import RECOVERY_FILE, TISSUES_FILE
from ..model.structure import EndCaps
from ..planning.scorecard import Score
from .evaluation import (
    INTENDED_USE,
    SCHEMA,
    CaseSummary,
    CourseInStructure,
    CourseSummary,
    CurveSummary,
    Evaluation,
    FindingSummary,
    GridSummary,
    InputSummary,
    OptimizationSummary,
    PointSummary,
    ScoreSummary,
    ShellSummary,
    StructureSummary,
    TargetSummary,
    UnknownOnGrid,
)
from .planning_summary import planning_summary
from .registration_summary import registration_summaries, registration_word
from .results import CaseResults, OptimizationResult, StructureResult
from .structure_metrics import Sums, metric_summaries, sensitivity_summary, structure_sums

CURVE_POINTS = 161
RAW_SUM = "sum, raw"
SETTINGS = (
    "Dose: trilinear from each RTDOSE's own grid through the registration, once; nothing beyond its voxel centres.",
    "EQD2: linear-quadratic, per sample, before any averaging; recovery acts on EQD2.",
    "Structures: even–odd on the contours' planes; between planes shape is interpolated by the distance to the contours.",
    "Metrics: from sorted samples of each structure, finer where it is hottest (no bins, no composite volume).",
)
END_CAPS = {
    EndCaps.HALF_SLICE: "End caps: every structure reaches half a slice beyond its first and last contour.",
    EndCaps.TAPERED: "End caps: every structure tapers to nothing within half a slice beyond its first and last contour.",
    EndCaps.NONE: "End caps: none; every structure ends at its first and last contour.",
}


def assemble(results: CaseResults) -> Evaluation:
    """Summarize the results of a case."""
    case, records = results.case, results.records
    return Evaluation(
        schema=SCHEMA,
        software=f"SlicerReirradiation {__version__}",
        intended_use=INTENDED_USE,
        case=CaseSummary(
            title=case.title,
            patient_id=records.ct.patient.patient_id,
            patient_name=records.ct.patient.name,
            current_ct=f"{records.ct.description or 'CT'}, {_day(records.ct.study_date)}, {len(records.ct.files)} slices",
            current_structures=records.structures.label,
            new_label=case.new_course.label,
            new_prescription_gy=case.new_course.prescription_gy,
            new_fractions=case.new_course.fractions,
            new_date=results.day.isoformat() if results.day else "",
            targets=tuple(TargetSummary(one.name, one.prescription_gy) for one in results.planning.targets),
            protocol=f"{_protocol(results)}; {results.protocol.version or 'no version'}",
            stage="cumulative, with the new plan" if results.new_course else "prior courses only, before the new plan",
        ),
        courses=(
            *(_course(course, results) for course in results.prior_courses),
            *(_point_course(course, results) for course in results.point_courses),
            *((_course(results.new_course, results),) if results.new_course else ()),
        ),
        recovery=_recovery(results),
        composite_rule=results.composite_rule,
        reference_grid=_grid(results),
        settings=(*SETTINGS, END_CAPS[case.end_caps]),
        registrations=registration_summaries(results),
        structures=tuple(_structure(structure, results) for structure in results.structures),
        scorecard=tuple(_score(score, results) for score in results.scores),
        optimization=tuple(_optimization(result, results) for result in results.optimization),
        planning=planning_summary(results),
        findings=tuple(
            FindingSummary(
                identifier=finding.identifier,
                severity=finding.severity.value,
                subject=finding.subject,
                found=finding.found,
                expected=finding.expected,
                decision="; ".join(
                    f"accepted by {decision.who}, {decision.when}: {decision.reason}"
                    for decision in results.decisions
                    if decision.accepts(finding)
                ),
            )
            for finding in results.findings
        ),
        inputs=(
            *(_input(path, case.file.parent) for path in records.files(case)),
            *(_table(Path(results.protocol.folder) / name, _protocol(results)) for name in _tables(results)),
            _limits_table(results),
        ),
    )


def _grid(results: CaseResults) -> GridSummary:
    geometry = results.grid.geometry
    return GridSummary(
        *(geometry.size, geometry.spacing_mm, geometry.origin_mm),
        why=results.grid.why,
        unknown=tuple(UnknownOnGrid(one.course, one.structures_percent, one.tissue_percent) for one in results.coverage),
    )


def _course(course: Course, results: CaseResults) -> CourseSummary:
    is_new = course is results.new_course
    return CourseSummary(
        identifier=course.identifier,
        label=course.label,
        role="new plan" if is_new else "prior",
        plan=course.plan.label if course.plan else "no plan; fractions from the case",
        date=course.date.isoformat() if course.date else "",
        months_before=None if is_new else months_between(course.date, results.day),
        fractions=course.fractions,
        planned_fractions=course.planned_fractions or course.fractions,
        prescription_gy=course.plan.prescription_gy if course.plan else None,
        dose=_dose_described(course),
        dose_maximum_gy=float(course.dose.voxels_gy.max()),
        registration=course.transform.source,
        points=_points(course),
    )


def _dose_described(course: Course) -> str:
    dose = course.dose
    beams = f"sum of {len(dose.sources)} BEAM doses" if len(dose.sources) > 1 else f"{dose.summation.value} dose"
    parts = [beams, dose.dose_type.value.lower()]
    parts += [f"times RBE {course.rbe:g}"] if course.rbe is not None else []
    if course.planned_fractions not in (None, course.fractions):
        parts.append(f"scaled to {course.fractions} of {course.planned_fractions} fractions")
    return ", ".join(parts)


def _point_course(course: PointCourse, results: CaseResults) -> CourseSummary:
    return CourseSummary(
        identifier=course.identifier,
        label=course.label,
        role="prior",
        plan="no DICOM",
        date=course.date.isoformat() if course.date else "",
        months_before=months_between(course.date, results.day),
        fractions=None,
        planned_fractions=None,
        prescription_gy=None,
        dose="one dose per organ, taken for the whole organ: an upper bound",
        dose_maximum_gy=max(point.dose_gy for point in course.points),
        registration="none: by the name of the organ",
        points=_points(course),
    )


def _points(course: AnyCourse) -> tuple[PointSummary, ...]:
    return tuple(
        PointSummary(
            *(point.structure, point.dose_gy, point.fractions),
            date=day.isoformat() if (day := course.day_of(point.structure)) else "",
            source=point.source,
        )
        for point in course.points
    )


def _recovery(results: CaseResults) -> str:
    name = results.case.recovery_table
    if name is None:
        return "none applied: recovered and raw sums are the same"
    return f"table '{name}' ({results.protocol.recovery(name).source}); literature, confirm locally"


def _structure(result: StructureResult, results: CaseResults) -> StructureSummary:
    override = result.choice.alpha_beta_gy is not None
    tissue = result.tissue
    with_recovery = results.case.recovery_table is not None
    sums = structure_sums(result, with_recovery)
    unreliable = results.unreliable(result.choice.name)
    return StructureSummary(
        name=result.choice.name,
        tissue=tissue.name,
        alpha_beta_gy=result.alpha_beta_gy,
        alpha_beta_source=(
            f"case override: {result.choice.reason}" if override else f"{tissue.source} [{tissue.evidence}], confirm locally"
        ),
        volume_cc=result.prior.samples.volume_cc,
        end_caps=result.prior.samples.end_caps.value,
        samples=len(result.prior.samples.volumes_cc),
        sample_step_mm=result.prior.samples.step_mm,
        finest_sample_step_mm=result.prior.samples.finest_mm,
        unknown_percent=result.final.unknown_percent(),
        unknown_courses=result.final.unknown_courses(),
        beyond_lq_cc=result.final.beyond_lq_cc(),
        courses=_courses_in(result),
        unreliable_courses=unreliable,
        metrics=metric_summaries(results.case.metrics, result, sums, unreliable),
        sensitivity=tuple(
            sensitivity_summary(
                response, results.case.metrics, result, with_recovery, results.unreliable(result.choice.name)
            )
            for response in results.case.sensitivity
        ),
        curves=_curves(result, sums),
    )


def _courses_in(result: StructureResult) -> tuple[CourseInStructure, ...]:
    summaries = []
    for part in result.final.courses:
        volumes = result.final.samples.volumes_cc
        summaries.append(
            CourseInStructure(
                course=part.course.identifier,
                physical_maximum_gy=float(part.dose_gy.max()) if part.known.any() else None,
                physical_mean_gy=float(np.average(part.dose_gy.astype(np.float64), weights=volumes))
                if part.known.any()
                else None,
                recovery=part.recovery,
                unknown_percent=100.0 * float(volumes[~part.known].sum() / volumes.sum()),
                beyond_lq_cc=float(volumes[part.beyond_lq()].sum()),
            )
        )
    return tuple(summaries)


def _curves(result: StructureResult, sums: Sums) -> tuple[CurveSummary, ...]:
    dose = result.final
    curves = []
    for part in dose.courses:
        if not part.known.any():
            continue  # a curve at 0 Gy would say that it gave no dose
        eqd2_gy = dose.course_eqd2_gy(part, result.alpha_beta_gy, Basis.RAW)
        curves.append(_curve(part.course.identifier, cumulative_dvh(eqd2_gy, dose.samples.volumes_cc)))
    if dose.unknown_courses():
        return tuple(curves)
    curves.append(_curve(RAW_SUM, sums.cumulative_raw or sums.prior_raw))
    recovered = sums.cumulative_recovered or sums.prior_recovered
    if recovered is not None and any(part.recovery > 0.0 for part in dose.courses):
        curves.append(_curve("sum, recovered", recovered))
    return tuple(curves)


def _curve(label: str, dvh: CumulativeDvh) -> CurveSummary:
    axis = np.linspace(0.0, max(float(dvh.dose_gy[0]), 1e-3), CURVE_POINTS)
    return CurveSummary(label, tuple(axis.tolist()), tuple(dvh.curve(axis).tolist()))


def _score(score: Score, results: CaseResults) -> ScoreSummary:
    constraint = score.constraint
    structure = next(result for result in results.structures if result.choice.name == constraint.structure)
    return ScoreSummary(
        structure=constraint.structure,
        metric=str(constraint.metric),
        sense=constraint.sense.value,
        limit=constraint.limit,
        warning=constraint.warning,
        basis=constraint.basis.value,
        alpha_beta_gy=constraint.alpha_beta_gy,
        months_published=str(constraint.months),
        conditions=str(constraint.conditions),
        months=score.months if score.months != float("inf") else None,
        prior=score.prior,
        prior_unknown_percent=structure.prior.unknown_percent(),
        cumulative=score.cumulative,
        cumulative_unknown_percent=structure.cumulative.unknown_percent() if structure.cumulative else None,
        left_eqd2_gy=score.left.eqd2_gy if score.left else None,
        left_physical_gy=score.left.physical_gy if score.left else None,
        left_is_at_most=score.left is not None and score.left.is_at_most,
        fractions=results.case.new_course.fractions,
        state=score.state.value,
        registration=registration_word(results, constraint.structure),
        remark=score.remark,
        row=constraint.row,
        source=constraint.source,
    )


def _optimization(result: OptimizationResult, results: CaseResults) -> OptimizationSummary:
    levels = result.levels
    return OptimizationSummary(
        structure=result.request.structure,
        metric=str(result.prior.metric),
        region=result.prior.region,
        region_cc=result.prior.region_cc,
        unknown_percent=result.prior.unknown_percent,
        basis=result.request.basis.value,
        alpha_beta_gy=levels.alpha_beta_gy,
        fractions=levels.fractions,
        prior_eqd2_gy=levels.prior_eqd2_gy,
        new_eqd2_gy=levels.new_eqd2_gy,
        limit_eqd2_gy=levels.limit_eqd2_gy,
        step_eqd2_gy=levels.step_eqd2_gy,
        organ_maximum_eqd2_gy=result.prior.organ_maximum_gy,
        above_prior_cc=result.prior.above_cc,
        upper_bounds=result.prior.upper_bounds,
        unreliable_courses=results.unreliable(result.request.structure),
        state=levels.state.value,
        remark="; ".join(text for text in (result.prior.remark, levels.remark) if text),
        source=result.request.source,
        shells=tuple(
            ShellSummary(
                name=shell.structure.name,
                lower_eqd2_gy=shell.level.lower_eqd2_gy,
                upper_eqd2_gy=shell.level.upper_eqd2_gy,
                limit_eqd2_gy=shell.level.limit_eqd2_gy,
                limit_physical_gy=shell.level.limit_physical_gy,
                volume_cc=shell.volume_cc,
                exported=not shell.is_empty,
                variant=shell.variant.value,
                remarks=shell.remarks,
            )
            for shell in result.shells
        ),
    )


SHIPPED = "shipped with the software"


def _protocol(results: CaseResults) -> str:
    folder = results.case.protocol_folder
    return SHIPPED if folder is None else _shown(folder, results.case.file.parent)


def _tables(results: CaseResults) -> tuple[str, ...]:
    """The tables that the numbers rest on."""
    rows = [*(limit.row for limit in results.case.constraints), *(request.row for request in results.case.optimization)]
    return (TISSUES_FILE, RECOVERY_FILE, *((LIMITS_FILE,) if any(rows) else ()))


def _table(path: Path, origin: str) -> InputSummary:
    return replace(_input(path, path.parent), path=f"{path.name} ({origin})")


def _limits_table(results: CaseResults) -> InputSummary:
    limits = results.protocol.registration_limits
    return _table(Path(limits.file), SHIPPED if limits.is_shipped else _protocol(results))


def _input(path: Path, folder: Path) -> InputSummary:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise OutputError(str(path), f"can no longer be read ({error.strerror})", "Keep the inputs in place.") from error
    return InputSummary(_shown(path, folder), digest)


def _shown(path: Path, folder: Path) -> str:
    """A path as text, relative to the case where it can be; names may hold bytes that are no text in UTF-8."""
    shown = (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def _day(text: str) -> str:
    day = dicom_date(text)
    return day.isoformat() if day else "no date"
