"""Changes of a case, one at a time: each takes a case and gives another one.

Nothing is checked here but that what is changed is there: a :class:`~ReirradiationLib.case_document.CaseDocument` refuses a
case that no case file may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from .case import Case, PriorCourse, StructureChoice
from .case_notes import FreeTexts, TaskSignature
from .constraint import Constraint
from .errors import CaseError
from .finding import Decision
from .planning_choice import OptimizationRequest, ScreeningDecision, Target
from .points import PointDose, require_points
from .registration import RegistrationChoice, SignOff


def with_course(case: Case, course: PriorCourse) -> Case:
    """The case with a prior course more, or with the one of that identifier exchanged."""
    known = [one.identifier for one in case.prior_courses]
    if course.identifier not in known:
        return replace(case, prior_courses=(*case.prior_courses, course))
    return replace(
        case, prior_courses=tuple(course if one.identifier == course.identifier else one for one in case.prior_courses)
    )


def without_course(case: Case, identifier: str) -> Case:
    """The case without a prior course, and without the isodose lines of it.

    Raises
    ------
    CaseError
        If it has no such course.
    """
    prior_course(case, identifier)
    return replace(
        case,
        prior_courses=tuple(one for one in case.prior_courses if one.identifier != identifier),
        isodose_lines=tuple(one for one in case.isodose_lines if one.course != identifier),
    )


def prior_course(case: Case, identifier: str) -> PriorCourse:
    """The prior course of that identifier.

    Raises
    ------
    CaseError
        If there is none.
    """
    for course in case.prior_courses:
        if course.identifier == identifier:
            return course
    known = ", ".join(one.identifier for one in case.prior_courses)
    raise CaseError(f"{case.file.name}: prior_courses", f"no course '{identifier}'", "Name one of them.", known)


def new_identifier(case: Case, stem: str = "course") -> str:
    """An identifier that no prior course has yet: ``course3``."""
    known = {course.identifier for course in case.prior_courses}
    numbers = range(1, len(known) + 2)
    return next(f"{stem}{number}" for number in numbers if f"{stem}{number}" not in known)


def course_of_points(case: Case, label: str, day: date | None, points: Sequence[PointDose]) -> PriorCourse:
    """A prior course without DICOM, with an identifier that the case does not have yet; see :func:`with_course`.

    Raises
    ------
    CaseError
        If there are no points, two of one organ, or values that no record has.
    """
    checked = require_points(points, f"Course '{label}'")
    identifier = new_identifier(case, "record")
    return PriorCourse(identifier, label, (), None, None, None, None, None, day, None, points=checked)


def with_delivered_fractions(case: Case, identifier: str, delivered: int | None) -> Case:
    """The case with the fractions that a prior course was given; None for all that were planned."""
    return _changed_course(case, identifier, lambda course: replace(course, delivered_fractions=delivered))


def with_course_date(case: Case, identifier: str, day: date | None) -> Case:
    """The case with the day of a prior course; None to take it from the files."""
    return _changed_course(case, identifier, lambda course: replace(course, date=day))


def with_course_label(case: Case, identifier: str, label: str) -> Case:
    """The case with another label of a prior course; the decisions on the course follow it."""
    former = prior_course(case, identifier).label
    decisions = tuple(replace(one, subject=_renamed(one.subject, former, label)) for one in case.decisions)
    return _changed_course(replace(case, decisions=decisions), identifier, lambda course: replace(course, label=label))


def with_course_site(case: Case, identifier: str, site: str) -> Case:
    """The case with the treated site of a prior course; empty to take it from the files."""
    return _changed_course(case, identifier, lambda course: replace(course, site=site))


def with_registration(case: Case, identifier: str, choice: RegistrationChoice) -> Case:
    """The case with a prior course registered in another way."""
    return _changed_course(case, identifier, lambda course: replace(course, registration=choice))


def with_sign_off(case: Case, identifier: str, sign_off: SignOff | None) -> Case:
    """The case with the registration of a prior course signed off; None takes the signature back.

    Raises
    ------
    CaseError
        If the course has no registration.
    """
    registration = prior_course(case, identifier).registration
    if registration is None:
        raise CaseError(f"Course '{identifier}'", "known by points only", "Nothing of it is registered.")
    return with_registration(case, identifier, replace(registration, sign_off=sign_off))


def with_decision(case: Case, decision: Decision) -> Case:
    """The case with a finding accepted; a former decision on the same is replaced."""
    kept = tuple(one for one in case.decisions if (one.finding, one.subject) != (decision.finding, decision.subject))
    return replace(case, decisions=(*kept, decision))


def without_decision(case: Case, finding: str, subject: str) -> Case:
    """The case with a finding no longer accepted."""
    return replace(case, decisions=tuple(one for one in case.decisions if (one.finding, one.subject) != (finding, subject)))


def with_structure(case: Case, choice: StructureChoice) -> Case:
    """The case with a structure more, or with the choice for the one of that name exchanged."""
    if choice.name not in [one.name for one in case.structures]:
        return replace(case, structures=(*case.structures, choice))
    return replace(case, structures=tuple(choice if one.name == choice.name else one for one in case.structures))


def without_structure(case: Case, name: str) -> Case:
    """The case without a structure, and without what it asks of it: limits and optimization structures."""
    return replace(
        case,
        structures=tuple(one for one in case.structures if one.name != name),
        constraints=tuple(one for one in case.constraints if one.structure != name),
        optimization=tuple(one for one in case.optimization if one.structure != name),
    )


def with_constraints(case: Case, constraints: Sequence[Constraint]) -> Case:
    """The case with other limits."""
    return replace(case, constraints=tuple(constraints))


def with_constraint(case: Case, constraint: Constraint, former: Constraint | None = None) -> Case:
    """The case with a limit more, or with a former one exchanged for it in its place.

    Raises
    ------
    CaseError
        If there is no such former one.
    """
    if former is None:
        return replace(case, constraints=(*case.constraints, constraint))
    _require_constraint(case, former)
    return replace(case, constraints=tuple(constraint if one == former else one for one in case.constraints))


def without_constraint(case: Case, constraint: Constraint) -> Case:
    """The case without a limit.

    Raises
    ------
    CaseError
        If it has no such limit.
    """
    _require_constraint(case, constraint)
    return replace(case, constraints=tuple(one for one in case.constraints if one != constraint))


def with_recovery(case: Case, table: str | None) -> Case:
    """The case with recovery after a table of the protocol; None for no recovery."""
    return replace(case, recovery_table=table)


def with_prescription(case: Case, prescription_gy: float, fractions: int, targets: Sequence[Target] | None = None) -> Case:
    """The case with another prescription of the new course; its targets stay unless others are given."""
    kept = case.new_course.targets if targets is None else tuple(targets)
    new = replace(case.new_course, prescription_gy=prescription_gy, fractions=fractions, targets=kept)
    return replace(case, new_course=new)


def with_new_plan(case: Case, plan: Path | None, dose: Sequence[Path], rbe: float | None = None) -> Case:
    """The case with the finished plan of the new course, or, given no plan and no dose, before there is one."""
    return replace(case, new_course=replace(case.new_course, plan=plan, dose=tuple(dose), rbe=rbe))


def with_optimization(case: Case, request: OptimizationRequest) -> Case:
    """The case with optimization structures of an organ more, or with the request for it exchanged."""
    if request.structure not in [one.structure for one in case.optimization]:
        return replace(case, optimization=(*case.optimization, request))
    return replace(
        case, optimization=tuple(request if one.structure == request.structure else one for one in case.optimization)
    )


def without_optimization(case: Case, structure: str) -> Case:
    """The case without optimization structures of an organ."""
    return replace(case, optimization=tuple(one for one in case.optimization if one.structure != structure))


def with_screening(case: Case, decision: ScreeningDecision | None) -> Case:
    """The case with the type of the reirradiation decided, or not."""
    return replace(case, screening=decision)


def with_texts(case: Case, texts: FreeTexts) -> Case:
    """The case with other free texts."""
    return replace(case, texts=texts)


def with_task(case: Case, signature: TaskSignature) -> Case:
    """The case with a task signed; a former signature of the same task is replaced."""
    return replace(case, tasks=(*(one for one in case.tasks if one.task is not signature.task), signature))


def _renamed(subject: str, former: str, label: str) -> str:
    """A subject with the name of its course exchanged: "Course 'label'" and what may follow."""
    start = f"Course '{former}'"
    return f"Course '{label}'{subject.removeprefix(start)}" if subject.startswith(start) else subject


def _require_constraint(case: Case, constraint: Constraint) -> None:
    if constraint not in case.constraints:
        found = f"no limit {constraint.metric} of {constraint.limit:g} on '{constraint.structure}'"
        raise CaseError(f"{case.file.name}: constraints", found, "Choose one that is there.")


def _changed_course(case: Case, identifier: str, change: Callable[[PriorCourse], PriorCourse]) -> Case:
    return with_course(case, change(prior_course(case, identifier)))
