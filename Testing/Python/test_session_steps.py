"""The steps of a session give what the whole run gives, also where one begins with what another has computed."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ReirradiationLib import workflow
from ReirradiationLib.model import case_edits
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.registration import SignOff
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.evaluation import evaluation_json
from ReirradiationLib.report.provenance import input_paths
from ReirradiationLib.session import CaseSession
from ReirradiationLib.session_steps import EVALUATE, EVALUATE_PRIOR, REGISTER_COURSES
from ReirradiationLib.workflow import compute, evaluation_of

DEMO = Path(__file__).resolve().parents[1] / "Data" / "demo_case"
KEPT = ("spinal_cord", "PTV2_L1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo case with two structures, in a folder of its own that may be touched."""
    folder = tmp_path_factory.mktemp("steps")
    for name in ("course1", "course2"):
        shutil.copytree(DEMO / name, folder / name)
    values = json.loads((DEMO / "case.json").read_text(encoding="utf-8"))
    for key in ("structures", "constraints"):
        values[key] = [one for one in values[key] if one.get("name", one.get("structure")) in KEPT]
    (folder / "case.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def registered(folder: Path) -> CaseSession:
    session = CaseSession()
    session.open(folder / "case.json")
    _ONCE[folder] = REGISTER_COURSES.run(session, Monitor())
    return session


@pytest.fixture
def transfers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The cases that are registered from now on."""
    seen: list[Any] = []
    transfer = workflow.transfer

    def watched(case: Any, *rest: Any) -> Any:
        seen.append(case)
        return transfer(case, *rest)

    monkeypatch.setattr(workflow, "transfer", watched)
    return seen


def test_an_evaluation_begins_with_what_was_registered_and_gives_the_same(
    registered: CaseSession, folder: Path, transfers: list[Any]
) -> None:
    signed = case_edits.with_sign_off(registered.case, "course1", SignOff("Jane Doe", date(2026, 11, 21), "cord", ""))
    limited = case_edits.with_constraints(signed, signed.constraints[:1])
    registered.edit(limited)
    evaluated = EVALUATE.run(registered, Monitor())
    assert transfers == []
    (signature,) = [one.choice.sign_off for one in evaluated.results.registrations]
    assert signature is not None and signature.who == "Jane Doe"
    anew = compute(registered.case, Monitor())
    assert evaluation_json(evaluated.evaluation) == evaluation_json(evaluation_of(anew, registered.case))


def test_without_the_new_plan_everything_is_computed_anew(
    folder: Path, transfers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was registered with the plan was sampled where all courses are hottest: of the prior ones that is elsewhere."""
    session = CaseSession()
    session.open(folder / "case.json")
    session.keep_transfer(session.case, compute_once(folder), input_paths(compute_once(folder)))
    monkeypatch.setattr(workflow, "require_decisions", lambda *_: pytest.fail("registered"))  # what follows the transfer
    monkeypatch.setattr(workflow, "transfer", lambda case, *_: transfers.append(case) or compute_once(folder))
    with pytest.raises(pytest.fail.Exception, match="registered"):
        EVALUATE_PRIOR.run(session, Monitor())
    assert [one.new_course.plan for one in transfers] == [None]


def test_what_was_registered_without_the_plan_is_no_beginning_for_one_with_it(folder: Path) -> None:
    session = CaseSession()
    session.open(folder / "case.json")
    found = compute_once(folder)
    without = replace(found, case=workflow.without_new_plan(found.case))
    session.keep_transfer(session.case, without, input_paths(found))
    assert session.transfer is without and session.registered is None


@pytest.mark.parametrize(
    "edit",
    [
        lambda case: case_edits.with_delivered_fractions(case, "course1", 9),
        lambda case: case_edits.without_structure(case, "PTV2_L1"),
        lambda case: replace(case, new_course=replace(case.new_course, plan=None, dose=())),
    ],
    ids=["fractions", "structures", "no plan"],
)
def test_what_was_registered_of_another_case_is_no_beginning(folder: Path, edit: Any) -> None:
    session = CaseSession()
    session.open(folder / "case.json")
    found: Any = compute_once(folder)
    session.keep_transfer(session.case, found, input_paths(found))
    assert session.registered is found
    session.edit(edit(session.case))
    assert session.registered is None


def test_a_file_that_was_exchanged_since_is_read_again(folder: Path) -> None:
    session = CaseSession()
    session.open(folder / "case.json")
    session.keep_transfer(session.case, compute_once(folder), input_paths(compute_once(folder)))
    dose = folder / "course1" / "RD.dcm"
    former = dose.stat()
    os.utime(dose, ns=(former.st_atime_ns, former.st_mtime_ns + 1_000_000_000))
    assert session.registered is None and session.transfer is not None
    os.utime(dose, ns=(former.st_atime_ns, former.st_mtime_ns))
    assert session.registered is not None
    dose.rename(dose.with_suffix(".away"))
    assert session.registered is None
    dose.with_suffix(".away").rename(dose)


_ONCE: dict[Path, Any] = {}


def compute_once(folder: Path) -> Any:
    if folder not in _ONCE:
        _ONCE[folder] = workflow.transfer(read_case(folder / "case.json"), Monitor(), workflow.library_engines())
    return _ONCE[folder]
