"""What the entries of a case must have in common."""

from __future__ import annotations

from difflib import get_close_matches

from .case import NEW_COURSE_ID, Case
from .constraint import Constraint
from .errors import CaseError
from .planning_choice import OptimizationRequest
from .protocol import Basis


def require_consistent(case: Case) -> None:
    """Refuse what no single entry shows: names twice, names that are nowhere, limits without their sum.

    Raises
    ------
    CaseError
    """
    name = case.file.name
    identifiers = [course.identifier for course in case.prior_courses]
    if not identifiers:
        raise CaseError(f"{name}: prior_courses", "no course", "Name at least one prior course.")
    for identifier in identifiers:
        if identifier == NEW_COURSE_ID or identifier.startswith("sum"):
            raise CaseError(f"{name}: prior_courses", f"the id '{identifier}'", "Choose another id; this one is reserved.")
    if len(set(identifiers)) != len(identifiers):
        raise CaseError(f"{name}: prior_courses", "the same id twice", "Give every course an id of its own.")
    labels = [course.label for course in case.prior_courses] + [case.new_course.label]
    if len(set(labels)) != len(labels):
        raise CaseError(f"{name}: label", "the same label twice", "Give every course a label of its own.")
    requested = [request.structure for request in case.optimization]
    if len(set(requested)) != len(requested):
        raise CaseError(f"{name}: optimization", "the same structure twice", "Ask for one set per structure.")
    listed = [structure.name for structure in case.structures]
    if len(set(listed)) != len(listed):
        raise CaseError(f"{name}: structures", "the same name twice", "List every structure once.")
    if len(set(case.sensitivity)) != len(case.sensitivity):
        raise CaseError(f"{name}: sensitivity", "the same entry twice", "List every model and quantity once.")
    limits: list[Constraint | OptimizationRequest] = [*case.constraints, *case.optimization]
    for used in limits:
        if used.structure not in listed:
            kind = "constraint" if isinstance(used, Constraint) else "optimization request"
            near = get_close_matches(used.structure, listed, n=1, cutoff=0.6)
            remedy = f"Did you mean '{near[0]}'?" if near else "Add it to 'structures', or remove the entry."
            raise CaseError(f"{name}: {kind} on '{used.structure}'", "not among the case's structures", remedy)
        if used.basis is Basis.RECOVERED and case.recovery_table is None:
            raise CaseError(
                f"{name}: limit on '{used.structure}'",
                "its basis is the recovered sum, but the case applies no recovery",
                "Choose a recovery table, or a limit published for the raw sum.",
            )
    targets = [target.structure for target in case.new_course.targets]
    if len(set(targets)) != len(targets):
        raise CaseError(f"{name}: new_course.targets", "the same structure twice", "List every target once.")
    for request in case.optimization:
        if targets and request.target is not None and request.target not in targets:
            found = f"the target '{request.target}', which is not among the targets of the new course"
            raise CaseError(f"{name}: optimization of '{request.structure}'", found, "Add it there.", ", ".join(targets))
    if len(set(case.isodose_lines)) != len(case.isodose_lines):
        raise CaseError(f"{name}: isodose_lines", "the same isodose twice", "List every isodose once.")
    for line in case.isodose_lines:
        if line.course is not None and line.course not in (*identifiers, NEW_COURSE_ID):
            known = ", ".join(identifiers)
            raise CaseError(f"{name}: isodose_lines", f"the course '{line.course}'", "Name a course by its id.", known)
    if not case.new_course.dose and (case.new_course.plan is not None or case.new_course.rbe is not None):
        raise CaseError(f"{name}: new_course", "a plan or RBE without its dose", "Name the RTDOSE as well, or neither.")
