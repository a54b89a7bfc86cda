"""Every fault of the catalogue is noticed, by the interlock that it should raise; see ``Testing/faults/catalogue.py``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from ReirradiationLib.dicom import records as records_module
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.errors import CaseError, ReirradiationError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.interlock import Interlock, Severity

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults.bench import Bench, Fault, read
from faults.catalogue import RAISED_ELSEWHERE, ROOMS

KNOWN = {Interlock.DOSE_CLIPPED}
"""What the demo case notes and accepts."""

FAULTS = [pytest.param(fault, id=f"{room}: {fault.name}") for room, faults in ROOMS.items() for fault in faults]
_unchanged_ct = lru_cache(maxsize=4)(read_ct)
_unchanged_structures = lru_cache(maxsize=4)(read_structures)


@pytest.fixture(autouse=True)
def _what_no_fault_changes_is_read_once(monkeypatch: pytest.MonkeyPatch, demo_folder: Path) -> None:
    def remembering(read: Callable[..., Any], remembered: Callable[..., Any]) -> Callable[..., Any]:
        return lambda path, *more: (remembered if path.is_relative_to(demo_folder) else read)(path, *more)

    monkeypatch.setattr(records_module, "read_ct", remembering(read_ct, _unchanged_ct))
    monkeypatch.setattr(records_module, "read_structures", remembering(read_structures, _unchanged_structures))


def interlocks(case: Case) -> set[Interlock]:
    return {finding.interlock for finding in read(case).findings}


def accepting(case: Case, message: str) -> Case:
    """The case with the decisions that the message asks for."""
    asked = re.findall(r"accept '([^']+)' with the subject \"([^\"]+)\"", message)
    decisions = [Decision(finding, subject, "tester", "2026-11-21", "a test") for finding, subject in asked]
    return replace(case, decisions=(*case.decisions, *decisions))


def test_the_good_case_raises_nothing_but_what_it_has_accepted(demo_case: Case) -> None:
    assert interlocks(demo_case) == KNOWN


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_noticed(fault: Fault, demo_case: Case, tmp_path: Path) -> None:
    case = fault.change(Bench(demo_case, tmp_path)).case
    severity = Severity.ERROR if fault.interlock is None else fault.interlock.severity
    expected = {fault.interlock, *fault.along}
    if severity is Severity.ERROR:
        with pytest.raises(ReirradiationError) as refused:
            read(case)
        assert refused.value.interlock is fault.interlock, refused.value
        assert re.search(fault.says, str(refused.value)), refused.value
        return
    if any(interlock and interlock.severity is Severity.DECISION for interlock in expected):
        with pytest.raises(CaseError) as stopped:
            read(case)
        message = str(stopped.value)
        for interlock in expected:
            if interlock and interlock.severity is Severity.DECISION:
                assert f"[{interlock.identifier}]" in message
        assert re.search(fault.says, message), message
        case = accepting(case, message)
    assert interlocks(case) - KNOWN == expected - KNOWN


def test_faults_have_names_of_their_own() -> None:
    names = [fault.name for faults in ROOMS.values() for fault in faults]
    assert len(names) >= 70
    assert len(names) == len(set(names))


def test_every_interlock_has_a_fault_or_a_reason() -> None:
    covered = {i for faults in ROOMS.values() for fault in faults for i in (fault.interlock, *fault.along)}
    assert covered & set(RAISED_ELSEWHERE) == set()
    assert covered | set(RAISED_ELSEWHERE) >= set(Interlock), set(Interlock) - covered - set(RAISED_ELSEWHERE)
