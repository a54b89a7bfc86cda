"""The evaluation and the pictures without anything that tells who the patient is, or who decided."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar

from ..model.case_notes import FreeTexts
from ..model.interlock import Interlock
from ..planning.worksheet_entry import ValueKind
from .biology_summary import BiologySummary
from .case_summary import CaseSummary
from .course_summary import CourseSummary, PointSummary
from .evaluation import Evaluation
from .finding_summary import FindingSummary
from .headlines import Headline, finding_headlines
from .identifiers import WITHHELD, WITHHELD_DATE, Identifiers
from .planning_summary import PlanningSummary
from .provenance import SHIPPED, InputSummary
from .registration_summary import KEYLESS, NOT_SIGNED, RegistrationSummary
from .task_summary import TaskStatus, TaskSummary
from .worksheet_summary import WorksheetCourseSummary

Tree = TypeVar("Tree")


def anonymous(evaluation: Evaluation, identifiers: Identifiers) -> Evaluation:
    """The evaluation without identifiers; no number of it changes, and once more it changes nothing.

    Parameters
    ----------
    evaluation : Evaluation
        Of the case under neutral names (:func:`~.neutral_case.neutral_case`): labels of courses are not looked for here.
    identifiers : Identifiers
        Of the case as the user wrote it.
    """
    has_own_tables = not evaluation.case.protocol.startswith(SHIPPED)
    findings = tuple(_finding(finding, evaluation.inputs, has_own_tables) for finding in evaluation.findings)
    withheld = replace(
        evaluation,
        is_anonymous=True,
        case=_case(evaluation.case, has_own_tables),
        tasks=tuple(_task(task) for task in evaluation.tasks),
        texts=FreeTexts(**{field.name: _if_any(getattr(evaluation.texts, field.name)) for field in fields(FreeTexts)}),
        courses=tuple(_course(course, n) for n, course in enumerate(evaluation.courses, start=1)),
        biology=_biology(evaluation.biology, has_own_tables),
        registrations=tuple(_registration(one, has_own_tables) for one in evaluation.registrations),
        scorecard=tuple(
            replace(one, row=WITHHELD if one.row and has_own_tables else one.row) for one in evaluation.scorecard
        ),
        planning=_planning(evaluation.planning, evaluation.case.reirradiation_type) if evaluation.planning else None,
        headlines=_headlines(evaluation, findings),
        findings=findings,
        inputs=_inputs(evaluation.inputs),
        input_groups=tuple(replace(group, sha256=WITHHELD) for group in evaluation.input_groups),
    )
    return cleaned(withheld, identifiers)


def cleaned(tree: Tree, identifiers: Identifiers) -> Tree:
    """The same tree of frozen dataclasses and tuples with every text in it cleaned; all else stays as it is."""
    if isinstance(tree, str) and not isinstance(tree, Enum):
        return identifiers.cleaned(tree)  # type: ignore[return-value]
    if isinstance(tree, tuple):
        return tuple(cleaned(item, identifiers) for item in tree)  # type: ignore[return-value]
    if is_dataclass(tree) and not isinstance(tree, type):
        return replace(tree, **{field.name: cleaned(getattr(tree, field.name), identifiers) for field in fields(tree)})
    return tree


def _headlines(evaluation: Evaluation, findings: tuple[FindingSummary, ...]) -> tuple[Headline, ...]:
    """Those on findings name their subjects, which may be words of the user: they are made again."""
    former = finding_headlines(evaluation.findings)
    kept = tuple(one for one in evaluation.headlines if one not in former)
    return (*kept, *finding_headlines(findings)) if len(kept) < len(evaluation.headlines) else kept


def _if_any(text: str, by: str = WITHHELD) -> str:
    return by if text else ""


def _case(case: CaseSummary, has_own_tables: bool) -> CaseSummary:
    slices = case.current_ct.rsplit(", ", 1)[-1]
    return replace(
        case,
        patient_id=WITHHELD,
        patient_name=WITHHELD,
        patient_birth_date=WITHHELD,
        patient_sex=WITHHELD,
        current_ct=f"current CT, {slices}",
        current_structures="current structure set",
        new_date=_if_any(case.new_date, WITHHELD_DATE),
        reirradiation_type_by=_if_any(case.reirradiation_type_by, f"{WITHHELD}, {WITHHELD_DATE}"),
        protocol=f"the institution's own tables {WITHHELD}" if has_own_tables else case.protocol,
    )


OF_OTHER_INPUTS = "the signature is of other inputs: look again, and sign again"


def _task(task: TaskSummary) -> TaskSummary:
    return replace(
        task,
        who=_if_any(task.who),
        when=_if_any(task.when, WITHHELD_DATE),
        comment=_if_any(task.comment),
        key=_if_any(task.key),
        remark=OF_OTHER_INPUTS if task.status is TaskStatus.OUTDATED else task.remark,
    )


def _course(course: CourseSummary, number: int) -> CourseSummary:
    has_plan = course.source == "DICOM"
    return replace(
        course,
        plan=f"plan of course {number}" if has_plan else course.plan,
        date=_if_any(course.date, WITHHELD_DATE),
        points=tuple(_point(point) for point in course.points),
    )


def _point(point: PointSummary) -> PointSummary:
    return replace(point, date=_if_any(point.date, WITHHELD_DATE), source=_if_any(point.source))


def _biology(biology: BiologySummary, has_own_tables: bool) -> BiologySummary:
    is_named = biology.is_recovery_applied and has_own_tables
    return replace(
        biology,
        recovery=f"table of the institution, {WITHHELD}" if is_named else biology.recovery,
        structures=tuple(
            replace(one, override=_if_any(one.override), source=WITHHELD if has_own_tables else one.source)
            for one in biology.structures
        ),
    )


def _registration(registration: RegistrationSummary, has_own_tables: bool) -> RegistrationSummary:
    verdicts = registration.verdicts
    if has_own_tables:
        verdicts = tuple(
            replace(one, reasons=tuple(replace(reason, source=_if_any(reason.source)) for reason in one.reasons))
            for one in verdicts
        )
    return replace(
        registration,
        key=_if_any(registration.key),
        sign_off=_sign_off(registration.sign_off),
        verdicts=verdicts,
    )


SIGNED = f"signed off by {WITHHELD}, {WITHHELD_DATE}"
SIGNED_WITHOUT_KEY = f"{SIGNED} ({KEYLESS})"
SIGNED_ANOTHER = f"{NOT_SIGNED} (the sign-off in the case is of another registration)"


def _sign_off(text: str) -> str:
    if text == NOT_SIGNED:
        return text
    if text.startswith(f"{NOT_SIGNED} ("):
        return SIGNED_ANOTHER
    return SIGNED_WITHOUT_KEY if text.endswith(f"({KEYLESS})") else SIGNED


def _planning(planning: PlanningSummary, decided: str) -> PlanningSummary:
    by = f"{decided}, by {WITHHELD}, {WITHHELD_DATE}" if decided else WITHHELD
    worksheets = tuple(
        replace(one, courses=tuple(_worksheet_course(course) for course in one.courses)) for one in planning.worksheets
    )
    screening = replace(planning.screening, decided=_if_any(planning.screening.decided, by))
    return replace(planning, screening=screening, worksheets=worksheets)


def _worksheet_course(course: WorksheetCourseSummary) -> WorksheetCourseSummary:
    is_stated = course.kind != ValueKind.MAPPED.value
    return replace(
        course,
        date=_if_any(course.date, WITHHELD_DATE),
        source=_if_any(course.source) if is_stated else course.source,
    )


def _finding(finding: FindingSummary, inputs: tuple[InputSummary, ...], has_own_tables: bool) -> FindingSummary:
    """What differs between patients is not told, nor what a decision accepts that is not there."""
    decision = _if_any(finding.decision, f"accepted by {WITHHELD}, {WITHHELD_DATE}")
    of_file = next((one.role for one in inputs if one.path.rsplit("/", 1)[-1] == finding.subject), "")
    finding = replace(finding, subject=of_file or finding.subject)
    if finding.identifier == Interlock.LIMIT_ORGAN.identifier and has_own_tables:
        finding = replace(finding, subject=finding.subject.split(", limit '")[0], found="a limit of another organ")
    if finding.identifier == Interlock.DECISION_UNUSED.identifier:
        return replace(finding, subject=WITHHELD, found="the case accepts what was not found", decision=decision)
    if finding.identifier in _OF_PATIENT:
        return replace(finding, found=f"differs, values {WITHHELD}", expected="", decision=decision)
    return replace(finding, decision=decision)


_OF_PATIENT = frozenset(
    one.identifier
    for one in (Interlock.PATIENT_ID, Interlock.PATIENT_NAME, Interlock.PATIENT_BIRTH_DATE, Interlock.PATIENT_SEX)
)


def _inputs(inputs: tuple[InputSummary, ...]) -> tuple[InputSummary, ...]:
    """By role and number: names, UIDs and hashes lead back to the files."""
    shown, counted = [], dict.fromkeys((one.role for one in inputs), 0)
    for one in inputs:
        counted[one.role] += 1
        shown.append(InputSummary(f"{one.role} {counted[one.role]}", one.role, "", WITHHELD))
    return tuple(shown)
