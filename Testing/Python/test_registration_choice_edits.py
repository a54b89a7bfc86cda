"""Changes of how a course is registered, and what they do to its signature."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.case_document import CaseDocument, open_case
from ReirradiationLib.model.case import Case, ExportChoice
from ReirradiationLib.model.case_edits import with_registration
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.model.case_notes_edits import with_export, without_task
from ReirradiationLib.model.registration import (
    EngineName,
    RegistrationChoice,
    RegistrationKind,
    RegistrationMethod,
    SignOff,
)
from ReirradiationLib.model.registration_edits import (
    can_be_limited,
    needs_file,
    why_not_usable,
    with_engine,
    with_file,
    with_kind,
    with_landmarks,
    with_method,
    with_near_dose,
)
from ReirradiationLib.report.sign_off_state import SignOffState, sign_off_state

SIGNED = SignOff("A. Physicist", date(2026, 11, 20), "seen", "0123456789ab")
IMAGES = RegistrationChoice(RegistrationMethod.IMAGES, kind=RegistrationKind.DEFORMABLE, sign_off=SIGNED)
DICOM = RegistrationChoice(RegistrationMethod.DICOM, Path("/a.dcm"), sign_off=SIGNED)


@pytest.fixture
def document(demo_folder: Path) -> CaseDocument:
    return open_case(demo_folder / "case.json")


def test_what_changes_the_transform_takes_the_signature_and_the_same_again_leaves_it() -> None:
    changed = (
        with_method(IMAGES, RegistrationMethod.SAME_FRAME),
        with_kind(IMAGES, RegistrationKind.RIGID),
        with_engine(IMAGES, EngineName.ELASTIX),
        with_near_dose(IMAGES, True),
        with_file(DICOM, Path("/b.dcm")),
        with_file(DICOM, None),
    )
    assert all(one.sign_off is None for one in changed)
    same = (
        with_method(IMAGES, RegistrationMethod.IMAGES),
        with_kind(IMAGES, RegistrationKind.DEFORMABLE),
        with_engine(IMAGES, None),
        with_near_dose(IMAGES, False),
        with_landmarks(IMAGES, Path("/pairs.csv")),
        with_file(DICOM, Path("/a.dcm")),
    )
    assert all(one.sign_off == SIGNED for one in same)


def test_a_method_brings_nothing_of_the_former_one_but_the_landmarks_to_judge_by() -> None:
    former = replace(DICOM, landmarks=Path("/pairs.csv"))
    assert with_method(former, RegistrationMethod.IMAGES) == RegistrationChoice(
        RegistrationMethod.IMAGES, kind=RegistrationKind.DEFORMABLE, landmarks=Path("/pairs.csv")
    )
    assert with_method(None, RegistrationMethod.LANDMARKS) == RegistrationChoice(RegistrationMethod.LANDMARKS)


CHANGES = st.one_of(
    st.sampled_from(list(RegistrationMethod)).map(lambda method: lambda one: with_method(one, method)),
    st.sampled_from(list(RegistrationKind)).map(
        lambda kind: lambda one: with_kind(one, kind) if one.method is RegistrationMethod.IMAGES else one
    ),
    st.sampled_from([None, *EngineName]).map(
        lambda engine: lambda one: with_engine(one, engine) if one.method is RegistrationMethod.IMAGES else one
    ),
    st.booleans().map(lambda on: lambda one: with_near_dose(one, on) if can_be_limited(one) else one),
    st.just(lambda one: with_file(one, Path(__file__).resolve()) if needs_file(one.method) else one),
)


@given(st.lists(CHANGES, max_size=8))
def test_whatever_is_clicked_is_either_not_usable_yet_or_may_stand_in_a_case_file(demo_case: Case, changes: list) -> None:  # type: ignore[type-arg]
    document = open_case(demo_case.file)
    (course,) = document.case.prior_courses
    choice = course.registration
    for change in changes:
        choice = change(choice)
    assert choice is not None
    if not why_not_usable(choice, course):
        made = document.with_case(with_registration(document.case, course.identifier, choice))
        assert made.case.prior_courses[0].registration == choice


def test_what_is_missing_is_told(document: CaseDocument, tmp_path: Path) -> None:
    (course,) = document.case.prior_courses
    assert "Choose the file" in why_not_usable(RegistrationChoice(RegistrationMethod.TRANSFORM_FILE), course)
    assert "absent.tfm" in why_not_usable(
        RegistrationChoice(RegistrationMethod.TRANSFORM_FILE, tmp_path / "absent.tfm"), course
    )
    assert "no CT" in why_not_usable(IMAGES, replace(course, ct=None))
    assert "pairs.csv" in why_not_usable(replace(IMAGES, landmarks=tmp_path / "pairs.csv"), course)
    assert why_not_usable(IMAGES, course) == ""


@pytest.mark.parametrize(
    ("choice", "key", "state"),
    [
        (replace(DICOM, sign_off=None), "0123456789ab", SignOffState.NOT_NEEDED),
        (replace(IMAGES, sign_off=None), "0123456789ab", SignOffState.MISSING),
        (IMAGES, "0123456789ab", SignOffState.SIGNED),
        (IMAGES, "ba9876543210", SignOffState.OUTDATED),
        (DICOM, "ba9876543210", SignOffState.OUTDATED),
        (IMAGES, None, SignOffState.UNCOMPARED),
        (replace(IMAGES, sign_off=replace(SIGNED, key="")), "0123456789ab", SignOffState.KEYLESS),
        (replace(IMAGES, sign_off=replace(SIGNED, key="")), None, SignOffState.KEYLESS),
    ],
)
def test_a_signature_counts_for_the_registration_of_its_key(
    choice: RegistrationChoice, key: str, state: SignOffState
) -> None:
    assert sign_off_state(choice, key) is state


def test_a_task_is_taken_back_and_the_export_changed(document: CaseDocument) -> None:
    changed = document.with_case(without_task(document.case, Task.RECORDS)).case
    assert [one.task for one in changed.tasks] == [Task.TRANSFER]
    export = ExportChoice(planning_system="Eclipse", mapped_doses=True)
    assert document.with_case(with_export(document.case, export)).case.export == export
