"""What a draft leaves open is found again in the case that was written and read, and each answer settles it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import case_of, case_to_json
from ReirradiationLib.model.open_choices import (
    CHOOSE_TISSUE,
    Open,
    if_treated,
    one_of,
    open_choices,
    structures_without_tissue,
    why_open,
    with_chosen,
    with_treated,
)

A, B = Path("/data/my OR your folder/a.dcm"), Path("/data/x AND y/b.dcm")


def reread(case: Case) -> Case:
    """As the window holds it after it was written: paths are resolved against the folder of the case."""
    return case_of(case_to_json(case), case.file, is_draft=True)


def with_course(case: Case, **changes: object) -> Case:
    (course,) = case.prior_courses
    return replace(case, prior_courses=(replace(course, **changes),))


def test_a_finished_case_leaves_nothing_open(demo_case: Case) -> None:
    assert open_choices(demo_case) == () and why_open(demo_case) == "" and structures_without_tissue(demo_case) == ()


def test_every_path_that_a_draft_can_leave_open_is_asked_for_and_settled(demo_case: Case) -> None:
    both = one_of([A, B])
    (course,) = demo_case.prior_courses
    assert course.registration is not None
    drafted = with_course(demo_case, dose=(both,), ct=both, registration=replace(course.registration, file=both))
    current = replace(drafted.current, ct=both, structures=both)
    case = reread(replace(drafted, current=current, new_course=replace(drafted.new_course, dose=(both,))))
    asked = open_choices(case)
    assert [one.of for one in asked] == [
        *(Open.CURRENT_CT, Open.CURRENT_STRUCTURES),
        *(Open.COURSE_DOSE, Open.COURSE_CT, Open.COURSE_REGISTRATION, Open.NEW_DOSE),
    ]
    for n, one in enumerate(asked):
        assert one.alternatives == (A, B), "an OR in the name of a folder separates nothing"
        case = reread(with_chosen(case, one, one.alternatives[1]))
        assert len(open_choices(case)) == len(asked) - n - 1
    assert (case.current.ct, case.current.structures, case.new_course.dose) == (B, B, (B,))
    (settled,) = case.prior_courses
    assert settled.registration is not None
    assert (settled.dose, settled.ct, settled.registration.file) == ((B,), B, B)


def test_a_plan_that_was_treated_keeps_all_its_beam_doses_and_one_that_was_not_goes(demo_case: Case) -> None:
    case = reread(with_course(demo_case, dose=(if_treated("Boost 'B'", [A, B]),)))
    (asked,) = open_choices(case)
    assert (asked.of, asked.plan, asked.alternatives) == (Open.COURSE_TREATED, "Boost 'B'", (A, B))
    assert with_treated(case, asked, is_treated=True).prior_courses[0].dose == (A, B)
    assert with_treated(case, asked, is_treated=False).prior_courses == ()


def test_a_treated_plan_of_two_doses_is_asked_for_its_dose_next(demo_case: Case) -> None:
    case = reread(with_course(demo_case, dose=(if_treated("Boost", [one_of([A, B])]),)))
    (first,) = open_choices(case)
    assert first.of is Open.COURSE_TREATED
    (second,) = open_choices(reread(with_treated(case, first, is_treated=True)))
    assert (second.of, second.alternatives) == (Open.COURSE_DOSE, (A, B))


def test_what_is_open_is_named_by_course(demo_case: Case) -> None:
    text = why_open(with_course(demo_case, ct=one_of([A, B])))
    assert "L2 30 Gy/10 fx 2019" in text and "planning CT" in text


def test_structures_without_a_tissue_are_named(demo_case: Case) -> None:
    first, *others = demo_case.structures
    case = replace(demo_case, structures=(replace(first, tissue=CHOOSE_TISSUE), *others))
    assert structures_without_tissue(case) == (first.name,)


NAMES = st.text("abcXYZ019 _-.'", min_size=1, max_size=12).map(str.strip).filter(lambda text: text.strip(". ") != "")


@given(parts=st.lists(st.lists(NAMES, min_size=1, max_size=3), min_size=2, max_size=4))
def test_alternatives_are_read_as_they_were_written(demo_case: Case, parts: list[list[str]]) -> None:
    paths = [Path("/", *part) for part in parts]
    (asked,) = open_choices(replace(demo_case, current=replace(demo_case.current, ct=one_of(paths))))
    assert asked.alternatives == tuple(paths)
