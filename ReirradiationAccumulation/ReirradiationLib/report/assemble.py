"""From computed results to the evaluation that is shown and stored."""

from __future__ import annotations

from collections.abc import Sequence

from .. import __version__
from ..model.case import Case
from ..model.case_notes import Task
from ..model.finding import Decision, Finding
from ..model.structure import EndCaps
from .biology_summary import biology_summary
from .case_summary import TargetSummary, case_summary
from .course_summary import course_summaries
from .evaluation import INTENDED_USE, SCHEMA, Evaluation
from .finding_summary import FindingSummary
from .grid_summary import grid_summary
from .headlines import finding_headlines, headlines
from .planning_summary import planning_summary
from .provenance import InputSummary, input_groups, input_summaries
from .registration_summary import RegistrationSummary, registration_summaries
from .results import CaseRecords, CaseResults
from .score_summary import score_summary
from .shell_summary import optimization_summary
from .structure_summary import structure_summary
from .task_summary import Done, task_summaries

SOFTWARE = f"SlicerReirradiation {__version__}"
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


def assemble(results: CaseResults, named: Case | None = None) -> Evaluation:
    """Summarize the results of a case whose doses were mapped, with or without the new plan.

    Parameters
    ----------
    results : CaseResults
    named : Case or None
        The case as the user wrote it, which signatures are of, where it was computed under other names.
    """
    stage = Task.SUM if results.new_course else Task.TRANSFER
    targets = [TargetSummary(one.name, one.prescription_gy) for one in results.planning.targets]
    findings = _findings(results.findings, results.decisions)
    registrations = registration_summaries(results)
    scorecard = tuple(score_summary(score, results) for score in results.scores)
    planning = planning_summary(results)
    inputs = input_summaries(results)
    labels = {course.identifier: course.label for course in results.courses}
    return Evaluation(
        schema=SCHEMA,
        software=SOFTWARE,
        intended_use=INTENDED_USE,
        stage=stage,
        is_anonymous=False,
        case=case_summary(results, targets, stage),
        tasks=task_summaries(_done(results, named, stage, findings, inputs, registrations)),
        headlines=headlines(scorecard, planning.feasibility, registrations, labels, findings),
        texts=results.case.texts,
        courses=course_summaries(results),
        biology=biology_summary(results),
        composite_rule=results.composite_rule,
        reference_grid=grid_summary(results),
        settings=(*SETTINGS, END_CAPS[results.case.end_caps]),
        registrations=registrations,
        structures=tuple(structure_summary(structure, results) for structure in results.structures),
        scorecard=scorecard,
        optimization=tuple(optimization_summary(result, results) for result in results.optimization),
        planning=planning,
        findings=findings,
        inputs=inputs,
        input_groups=input_groups(inputs),
    )


def assemble_records(found: CaseRecords, named: Case | None = None) -> Evaluation:
    """Summarize what the records of a case tell, before anything is mapped; findings may wait for decisions.

    ``named`` is as of :func:`assemble`.
    """
    findings = _findings(found.records.findings, found.case.decisions)
    targets = [TargetSummary(one.structure, one.prescription_gy) for one in found.case.new_course.targets]
    inputs = input_summaries(found)
    return Evaluation(
        schema=SCHEMA,
        software=SOFTWARE,
        intended_use=INTENDED_USE,
        stage=Task.RECORDS,
        is_anonymous=False,
        case=case_summary(found, targets, Task.RECORDS),
        tasks=task_summaries(_done(found, named, Task.RECORDS, findings, inputs, ())),
        headlines=finding_headlines(findings),
        texts=found.case.texts,
        courses=course_summaries(found, is_registered=False),
        biology=biology_summary(found),
        composite_rule="",
        reference_grid=None,
        settings=(),
        registrations=(),
        structures=(),
        scorecard=(),
        optimization=(),
        planning=None,
        findings=findings,
        inputs=inputs,
        input_groups=input_groups(inputs),
    )


def _done(
    found: CaseRecords,
    named: Case | None,
    stage: Task,
    findings: Sequence[FindingSummary],
    inputs: Sequence[InputSummary],
    registrations: Sequence[RegistrationSummary],
) -> Done:
    new = found.case.new_course
    noticed = {one.identifier for one in found.records.findings if not new.is_subject(one.subject)}
    return Done(stage, named or found.case, found.day, noticed, findings, inputs, registrations)


def _findings(findings: Sequence[Finding], decisions: Sequence[Decision]) -> tuple[FindingSummary, ...]:
    return tuple(
        FindingSummary(
            identifier=finding.identifier,
            severity=finding.severity.value,
            subject=finding.subject,
            found=finding.found,
            expected=finding.expected,
            decision="; ".join(
                f"accepted by {decision.who}, {decision.when}: {decision.reason}"
                for decision in decisions
                if decision.accepts(finding)
            ),
        )
        for finding in findings
    )
