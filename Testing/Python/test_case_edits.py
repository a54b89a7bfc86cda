"""Changes of a case: what is changed is changed, and everything else is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.case_document import CaseDocument
from ReirradiationLib.model import case_edits as edits
from ReirradiationLib.model.case import Case, PriorCourse, StructureChoice
from ReirradiationLib.model.case_file import case_to_json
from ReirradiationLib.model.case_notes import FreeTexts, Task, TaskSignature
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.planning_choice import Target
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.registration import RegistrationChoice, RegistrationMethod, SignOff

DAY = date(2026, 11, 21)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
POINT = PointDose("colon", 12.0, 5, None, "printout")
SIGNED = SignOff("Jane Doe", DAY, "looked at", "")

EDITS: dict[str, tuple[Callable[[Case], Case], set[str]]] = {
    "date": (lambda case: edits.with_course_date(case, "course1", DAY), {"prior_courses"}),
    "delivered": (lambda case: edits.with_delivered_fractions(case, "course1", 7), {"prior_courses"}),
    "label": (lambda case: edits.with_course_label(case, "course1", "first"), {"prior_courses"}),
    "site": (lambda case: edits.with_course_site(case, "course1", "L2"), {"prior_courses"}),
    "registration": (
        lambda case: edits.with_registration(case, "course1", RegistrationChoice(RegistrationMethod.IMAGES)),
        {"prior_courses"},
    ),
    "sign-off": (lambda case: edits.with_sign_off(case, "course1", SIGNED), {"prior_courses"}),
    "points": (
        lambda case: edits.with_course(case, edits.course_of_points(case, "paper", None, [POINT])),
        {"prior_courses"},
    ),
    "without course": (lambda case: edits.without_course(case, "course1"), {"prior_courses", "isodose_lines"}),
    "decision": (
        lambda case: edits.with_decision(case, Decision("dose.clipped", "Course 'x'", "Jane Doe", "2026-11-21", "fine")),
        {"decisions"},
    ),
    "without decision": (
        lambda case: edits.without_decision(case, "dose.clipped", "Course 'L1 30 Gy/5 fx 2024'"),
        {"decisions"},
    ),
    "structure": (lambda case: edits.with_structure(case, StructureChoice("BODY", "tumour", None, "")), {"structures"}),
    "without structure": (
        lambda case: edits.without_structure(case, "spinal_cord"),
        {"structures", "constraints", "optimization"},
    ),
    "constraints": (lambda case: edits.with_constraints(case, case.constraints[:1]), {"constraints"}),
    "without constraint": (
        lambda case: edits.without_constraint(case, case.constraints[-1]) if case.constraints else case,
        {"constraints"},
    ),
    "recovery": (lambda case: edits.with_recovery(case, "UMich/Paradis"), {"recovery_table"}),
    "prescription": (lambda case: edits.with_prescription(case, 25.0, 5), {"new_course"}),
    "targets": (lambda case: edits.with_prescription(case, 30.0, 5, [Target("PTV2_L1", 30.0)]), {"new_course"}),
    "no new plan": (lambda case: edits.with_new_plan(case, None, ()), {"new_course"}),
    "without optimization": (lambda case: edits.without_optimization(case, "spinal_cord"), {"optimization"}),
    "screening": (lambda case: edits.with_screening(case, None), {"screening"}),
    "texts": (lambda case: edits.with_texts(case, FreeTexts(discussion="new")), {"texts"}),
    "task": (lambda case: edits.with_task(case, TaskSignature(Task.SUM, "Jane Doe", DAY)), {"tasks"}),
}


def changed(before: Case, after: Case) -> set[str]:
    return {field.name for field in fields(Case) if getattr(before, field.name) != getattr(after, field.name)}


def document(case: Case) -> CaseDocument:
    text = case_to_json(case)
    return CaseDocument(case.file, text, text)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_its_own_entries_only_and_is_stored_as_it_is(name: str, demo_case: Case) -> None:
    edit, its_own = EDITS[name]
    after = edit(demo_case)
    assert changed(demo_case, after) == its_own
    if name not in ("without course", "registration"):  # incomplete without a course, or a CT to register; see below
        assert document(demo_case).with_case(after).case == after


@settings(deadline=None, max_examples=40)
@given(names=st.lists(st.sampled_from(sorted(set(EDITS) - {"without course", "registration"})), max_size=6, unique=True))
def test_edits_one_after_the_other_are_stored_as_they_are(names: list[str], demo_case: Case) -> None:
    case, kept = demo_case, document(demo_case)
    for name in names:
        try:
            case = EDITS[name][0](case)
        except CaseError:  # the limit to take out is gone already
            continue
        kept = kept.with_case(case)
        case = kept.case
    touched = set().union(*(EDITS[name][1] for name in names), {"prior_courses"} if "label" in names else set())
    assert changed(demo_case, case) <= touched


@given(label=WORDS, site=WORDS, day=st.dates(), delivered=st.integers(1, 200))
def test_a_course_takes_any_words_dates_and_numbers(
    label: str, site: str, day: date, delivered: int, demo_case: Case
) -> None:
    case = edits.with_course_label(demo_case, "course1", label)
    case = edits.with_delivered_fractions(edits.with_course_site(case, "course1", site), "course1", delivered)
    case = edits.with_course_date(case, "course1", day)
    (former,) = demo_case.prior_courses
    (course,) = case.prior_courses
    assert replace(course, label=former.label, site=former.site, date=None, delivered_fractions=None) == former
    assert (course.label, course.site, course.date, course.delivered_fractions) == (label, site, day, delivered)


def test_a_course_is_exchanged_in_its_place_and_another_one_added_at_the_end(demo_case: Case) -> None:
    two = edits.with_course(demo_case, edits.course_of_points(demo_case, "paper", DAY, [POINT]))
    assert [one.label for one in two.prior_courses] == ["L2 30 Gy/10 fx 2019", "paper"]
    again = edits.with_course(two, replace(two.prior_courses[0], label="first"))
    assert [one.label for one in again.prior_courses] == ["first", "paper"]
    assert edits.without_course(again, "course1").isodose_lines == ()


def test_a_paper_course_gets_an_identifier_of_its_own_each_time(demo_case: Case) -> None:
    case = demo_case
    for number in range(3):
        case = edits.with_course(case, edits.course_of_points(case, f"paper {number}", None, [POINT]))
    assert len({one.identifier for one in case.prior_courses}) == 4
    assert document(demo_case).with_case(case).case == case


@pytest.mark.parametrize("points", [[], [POINT, POINT], [replace(POINT, dose_gy=-1.0)], [replace(POINT, fractions=0)]])
def test_a_paper_course_that_cannot_be_is_refused(points: list[PointDose], demo_case: Case) -> None:
    with pytest.raises(CaseError, match="paper"):
        edits.course_of_points(demo_case, "paper", None, points)


def test_decisions_follow_the_label_of_their_course(demo_case: Case) -> None:
    kept = Decision("dose.clipped", "Course 'L2 30 Gy/10 fx 2019': beam 2", "Jane Doe", "2026-11-21", "fine", "7 %")
    case = edits.with_course_label(edits.with_decision(demo_case, kept), "course1", "first")
    assert replace(kept, subject="Course 'first': beam 2") in case.decisions
    assert demo_case.decisions[0] in case.decisions, "that of another course stays"


def test_a_decision_on_the_same_replaces_the_former_one(demo_case: Case) -> None:
    (former,) = demo_case.decisions
    assert edits.with_decision(demo_case, replace(former, who="Jane Doe")).decisions == (replace(former, who="Jane Doe"),)


def test_what_is_not_there_cannot_be_changed(demo_case: Case) -> None:
    paper = edits.with_course(demo_case, edits.course_of_points(demo_case, "paper", None, [POINT]))
    with pytest.raises(CaseError, match="no course 'course9'"):
        edits.with_course_date(demo_case, "course9", DAY)
    with pytest.raises(CaseError, match="no course 'course9'"):
        edits.without_course(demo_case, "course9")
    with pytest.raises(CaseError, match="known by points only"):
        edits.with_sign_off(paper, "record1", SIGNED)


def test_the_last_course_cannot_be_taken_out_of_a_complete_case(demo_case: Case) -> None:
    with pytest.raises(CaseError, match="no course"):
        document(demo_case).with_case(edits.without_course(demo_case, "course1"))


def test_a_new_plan_is_taken_out_and_put_back_with_all_its_doses(demo_case: Case) -> None:
    new = replace(demo_case.new_course, dose=(Path("/a/1.dcm"), Path("/a/2.dcm")), rbe=1.1)
    case = replace(demo_case, new_course=new)
    without = edits.with_new_plan(case, None, ())
    assert (without.new_course.plan, without.new_course.dose, without.new_course.rbe) == (None, (), None)
    assert edits.with_new_plan(without, new.plan, new.dose, new.rbe) == case


def test_points_are_of_type_prior_course(demo_case: Case) -> None:
    made = edits.course_of_points(demo_case, "paper", DAY, [POINT])
    assert isinstance(made, PriorCourse) and made.has_points_only and made.registration is None and made.date == DAY
