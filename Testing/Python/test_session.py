"""A session keeps what was computed exactly as long as it is of the case as it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ReirradiationLib.case_document import open_case
from ReirradiationLib.model import case_edits as edits
from ReirradiationLib.model.case import Case, GridChoice, StructureChoice
from ReirradiationLib.model.case_notes import FreeTexts, Task, TaskSignature
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.registration import SignOff
from ReirradiationLib.session import CaseSession, Evaluated

DAY = date(2026, 11, 21)
POINT = PointDose("colon", 12.0, 5, None, "printout")
NOTHING, NUMBERS, TRANSFER, ALL = set[str](), {"evaluated"}, {"evaluated", "transfer"}, {"evaluated", "transfer", "records"}

STALE_AFTER: dict[str, tuple[Callable[[Case], Case], set[str]]] = {
    "texts": (lambda case: edits.with_texts(case, FreeTexts(discussion="new")), NOTHING),
    "signature of a task": (lambda case: edits.with_task(case, TaskSignature(Task.SUM, "Jane Doe", DAY)), NOTHING),
    "limit": (lambda case: edits.without_constraint(case, case.constraints[0]), NUMBERS),
    "request": (lambda case: edits.without_optimization(case, "spinal_cord"), NUMBERS),
    "decision": (
        lambda case: edits.with_decision(case, Decision("a.b", "c", "Jane Doe", "2026-11-21", "fine")),
        NUMBERS,
    ),
    "screening": (lambda case: edits.with_screening(case, None), NOTHING),
    "sign-off": (lambda case: edits.with_sign_off(case, "course1", SignOff("Jane Doe", DAY, "fits", "")), NUMBERS),
    "tissue": (lambda case: edits.with_structure(case, StructureChoice("colon", "rectum", None, "")), TRANSFER),
    "own α/β": (lambda case: edits.with_structure(case, StructureChoice("colon", "colon", 2.0, "ours")), TRANSFER),
    "recovery": (lambda case: edits.with_recovery(case, "UMich/Paradis"), TRANSFER),
    "a structure more": (lambda case: edits.with_structure(case, StructureChoice("BODY", "tumour", None, "")), TRANSFER),
    "a structure less": (lambda case: edits.without_structure(case, "colon"), TRANSFER),
    "delivered fractions": (lambda case: edits.with_delivered_fractions(case, "course1", 7), ALL),
    "date of a course": (lambda case: edits.with_course_date(case, "course1", DAY), ALL),
    "label of a course": (lambda case: edits.with_course_label(case, "course1", "first"), ALL),
    "site of a course": (lambda case: edits.with_course_site(case, "course1", "L2"), ALL),
    "a paper course": (
        lambda case: edits.with_course(case, edits.course_of_points(case, "paper", None, [POINT])),
        ALL,
    ),
    "prescription": (lambda case: edits.with_prescription(case, 25.0, 5), ALL),
    "no new plan": (lambda case: edits.with_new_plan(case, None, ()), ALL),
    "grid": (lambda case: replace(case, reference_grid=GridChoice(is_ct=True)), ALL),
}


@pytest.fixture
def file(tmp_path: Path, demo_folder: Path) -> Path:
    path = tmp_path / "case.json"
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")
    return path


@pytest.fixture
def session(file: Path) -> CaseSession:
    found = CaseSession()
    found.open(file)
    found.keep_evaluated(found.case, evaluated())
    return found


def evaluated() -> Evaluated:
    """Anything: a session does not look into what it keeps."""
    results: Any = SimpleNamespace(name="results")
    return Evaluated(Task.SUM, results, SimpleNamespace(name="evaluation"))  # type: ignore[arg-type]


def lost(session: CaseSession) -> set[str]:
    return {name for name in ("records", "transfer", "evaluated") if getattr(session, name) is None}


@pytest.mark.parametrize("name", STALE_AFTER)
def test_an_edit_makes_stale_what_depends_on_it_and_taking_it_back_brings_it_back(name: str, session: CaseSession) -> None:
    edit, stale = STALE_AFTER[name]
    former = session.case
    assert lost(session) == set()
    session.edit(edit(former))
    assert lost(session) == stale
    assert session.is_outdated is ("evaluated" in stale)
    session.edit(former)
    assert lost(session) == set() and not session.is_outdated


def test_a_structure_that_a_paper_record_names_is_part_of_the_records(session: CaseSession) -> None:
    paper = edits.with_course(session.case, edits.course_of_points(session.case, "paper", None, [POINT]))
    session.edit(paper)
    session.keep_records(paper, evaluated().results)
    session.edit(edits.without_structure(paper, "spleen"))
    assert session.records is not None, "no point names it"
    session.edit(edits.without_structure(paper, "colon"))
    assert session.records is None


def test_any_structure_is_part_of_the_records_of_a_table_of_points(session: CaseSession, tmp_path: Path) -> None:
    course = replace(edits.course_of_points(session.case, "paper", None, [POINT]), points=tmp_path / "points.csv")
    paper = edits.with_course(session.case, course)
    session.edit(paper)
    session.keep_records(paper, evaluated().results)
    session.edit(edits.without_structure(paper, "spleen"))
    assert session.records is None


def test_what_was_computed_of_another_case_than_the_present_one_is_not_handed_out(session: CaseSession) -> None:
    before = session.case
    session.edit(edits.with_delivered_fractions(before, "course1", 7))
    session.keep_evaluated(before, evaluated())  # a run that began before the edit
    assert lost(session) == ALL and session.is_outdated
    session.edit(before)
    assert lost(session) == set()


def test_keeping_an_earlier_step_keeps_no_later_one(file: Path) -> None:
    session = CaseSession()
    case = session.open(file).case
    session.keep_records(case, evaluated().results)
    assert lost(session) == {"transfer", "evaluated"}
    session.keep_transfer(case, evaluated().results)
    assert lost(session) == {"evaluated"} and not session.is_outdated


def test_opening_the_same_file_again_drops_the_edits_and_keeps_what_is_of_it(session: CaseSession, file: Path) -> None:
    session.edit(edits.with_recovery(session.case, "UMich/Paradis"))
    session.open(file)
    assert session.case.recovery_table is None and lost(session) == set()


def test_another_file_drops_all(session: CaseSession, file: Path) -> None:
    other = file.with_name("other.json")
    other.write_bytes(file.read_bytes())
    session.open(other)
    assert lost(session) == ALL and not session.is_outdated


def test_closing_drops_all(session: CaseSession) -> None:
    session.take(None)
    assert session.document is None and lost(session) == ALL
    with pytest.raises(CaseError, match="none is open"):
        session.case  # noqa: B018 (it raises)


def test_saving_under_another_name_drops_all_because_results_name_their_file(session: CaseSession, file: Path) -> None:
    session.save_as(file.with_name("other.json"))
    assert lost(session) == ALL and session.case.file == file.with_name("other.json")


def test_a_refused_edit_changes_nothing(session: CaseSession) -> None:
    before = session.document
    with pytest.raises(CaseError):
        session.edit(edits.without_course(session.case, "course1"))
    assert session.document is before and lost(session) == set()


def test_outputs_are_of_a_saved_and_evaluated_case_only(session: CaseSession) -> None:
    assert session.saved_and_evaluated()[0] == session.case
    session.edit(edits.with_texts(session.case, FreeTexts(discussion="new")))
    with pytest.raises(CaseError, match="not saved"):
        session.saved_and_evaluated()
    session.save()
    assert session.saved_and_evaluated()[0].texts.discussion == "new"
    session.edit(edits.with_recovery(session.case, "UMich/Paradis"))
    session.save()
    with pytest.raises(CaseError, match="not evaluated as it stands"):
        session.saved_and_evaluated()


def test_taking_a_document_of_the_same_file_keeps_what_is_of_it(session: CaseSession, file: Path) -> None:
    session.take(open_case(file))
    assert lost(session) == set()
