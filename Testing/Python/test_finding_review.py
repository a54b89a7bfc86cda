"""Findings beside the decisions on them, and what a decision must say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.finding import SIGNED_OFF, Finding, require_decisions
from ReirradiationLib.model.finding_review import FindingState, acceptance, review
from ReirradiationLib.model.interlock import Interlock, Severity

CLIPPED = Finding(Interlock.DOSE_CLIPPED, "Course 'A'", "7 % of the maximum on the border")
NOTE = Finding(Interlock.FILE_DUPLICATE, "RD.dcm", "twice")
REFUSED = Finding(Interlock.FILE_UNREADABLE, "RD.dcm", "absent")
UNSIGNED = Finding(Interlock.REGISTRATION_COMPUTED, "Course 'A'", "computed here")
DAY = date(2026, 11, 21)


def state(finding: Finding, *decisions: object) -> FindingState:
    ((reviewed),) = review([finding], decisions)  # type: ignore[arg-type]
    return reviewed.state


def test_each_finding_has_the_state_that_it_is_in() -> None:
    accepted = acceptance(CLIPPED, "Jane Doe", DAY, "no organ lies beyond")
    assert state(CLIPPED) is FindingState.WAITING
    assert state(CLIPPED, accepted) is FindingState.ACCEPTED
    assert state(replace(CLIPPED, found="9 % of the maximum on the border"), accepted) is FindingState.CHANGED
    assert state(replace(CLIPPED, subject="Course 'B'"), accepted) is FindingState.WAITING
    assert state(NOTE) is FindingState.NOTE
    assert state(REFUSED) is FindingState.REFUSED
    assert state(UNSIGNED) is FindingState.SIGN_OFF


def test_a_decision_without_what_was_found_holds_for_whatever_is() -> None:
    accepted = replace(acceptance(CLIPPED, "Jane Doe", DAY, "fine"), found="")
    assert state(replace(CLIPPED, found="9 %"), accepted) is FindingState.ACCEPTED


def test_the_gravest_come_first_and_equals_stay_in_their_order() -> None:
    other = replace(NOTE, subject="CT")
    assert [one.finding for one in review([NOTE, CLIPPED, other, REFUSED], [])] == [REFUSED, CLIPPED, NOTE, other]


def test_what_waits_is_what_stops_the_run() -> None:
    for interlock in Interlock:
        finding = Finding(interlock, "subject", "found")
        waits = state(finding) in (FindingState.WAITING, FindingState.SIGN_OFF)
        assert waits is (interlock.severity is Severity.DECISION)
        if waits:
            with pytest.raises(CaseError, match="found"):
                require_decisions([finding], [])


@pytest.mark.parametrize(("who", "reason"), [("", "a reason"), ("Jane Doe", " "), ("\t", "\n")])
def test_a_decision_without_who_or_why_is_refused(who: str, reason: str) -> None:
    with pytest.raises(CaseError, match="it is not said"):
        acceptance(CLIPPED, who, DAY, reason)


@pytest.mark.parametrize("finding", [NOTE, REFUSED, UNSIGNED])
def test_what_needs_no_decision_or_another_answer_takes_none(finding: Finding) -> None:
    with pytest.raises(CaseError, match="cannot be accepted"):
        acceptance(finding, "Jane Doe", DAY, "because")


@given(st.sampled_from([one for one in Interlock if one.severity is Severity.DECISION and one not in SIGNED_OFF]), st.text())
def test_an_acceptance_settles_its_finding_and_no_other(interlock: Interlock, found: str) -> None:
    finding = Finding(interlock, "subject", found or "x")
    decision = acceptance(finding, "Jane Doe", DAY, "seen")
    require_decisions([finding], [decision])
    assert review([finding], [decision])[0].decision == decision
    with pytest.raises(CaseError):
        require_decisions([replace(finding, found=f"{finding.found}, and more")], [decision])
