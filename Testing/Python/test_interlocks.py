"""The catalogue of interlocks: stable ids, and a page of the documentation made from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ReirradiationLib.__main__ import main
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.finding import Finding, require_decisions
from ReirradiationLib.model.interlock import Interlock, Severity
from ReirradiationLib.report.interlock_page import interlock_page

ROOT = Path(__file__).resolve().parents[2]


def test_ids_are_unique_and_of_one_form() -> None:
    identifiers = [interlock.identifier for interlock in Interlock]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"[a-z]+\.[a-z0-9-]+", identifier) for identifier in identifiers)


def test_every_entry_says_what_is_seen_and_what_to_do() -> None:
    for interlock in Interlock:
        assert interlock.seen.endswith("."), interlock
        assert interlock.advice.endswith("."), interlock


def test_the_page_of_the_documentation_is_the_catalogue_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "interlocks.md").read_text(encoding="utf-8")
    assert page == interlock_page(), "run 'make docs'"
    assert main(["interlocks"]) == 0
    assert capsys.readouterr().out == page


def test_every_finding_is_used_somewhere_in_the_library() -> None:
    library = ROOT / "ReirradiationAccumulation" / "ReirradiationLib"
    code = "".join(path.read_text(encoding="utf-8") for path in library.rglob("*.py") if path.name != "interlock.py")
    unused = [interlock.name for interlock in Interlock if f"Interlock.{interlock.name}" not in code]
    assert not unused


def test_all_pending_decisions_are_named_at_once() -> None:
    findings = [
        Finding(Interlock.PATIENT_ID, "Course 'A'", "PatientID 'X'"),
        Finding(Interlock.PLAN_MISSING, "Course 'A'", "no plan"),
        Finding(Interlock.DOSE_CLIPPED, "Course 'B'", "7 %"),
    ]
    with pytest.raises(CaseError) as caught:
        require_decisions(findings, [])
    assert "patient.id-differs" in str(caught.value)
    assert "dose.clipped" in str(caught.value)
    assert "plan.missing" not in str(caught.value)
    assert caught.value.interlock is Interlock.PATIENT_ID
    require_decisions([f for f in findings if f.severity is Severity.NOTE], [])
