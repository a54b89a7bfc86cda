"""Findings beside the decisions on them: what is settled, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from .errors import CaseError
from .finding import SIGNED_OFF, Decision, Finding
from .interlock import Severity


class FindingState(str, Enum):
    """What is to be done about a finding; the gravest first."""

    REFUSED = "cannot be used"
    WAITING = "needs a decision"
    CHANGED = "needs a decision again: another was found than was accepted"
    SIGN_OFF = "settled by signing the registration"
    ACCEPTED = "accepted"
    NOTE = "note"

    @property
    def can_be_accepted(self) -> bool:
        """Whether a decision is asked for."""
        return self in (FindingState.WAITING, FindingState.CHANGED)


@dataclass(frozen=True)
class ReviewedFinding:
    """A finding, its state, and the decision on its kind and subject if there is one."""

    finding: Finding
    state: FindingState
    decision: Decision | None


def review(findings: Sequence[Finding], decisions: Sequence[Decision]) -> tuple[ReviewedFinding, ...]:
    """Every finding with its state, the gravest first, else in their order."""
    found = [_reviewed(finding, decisions) for finding in findings]
    order = list(FindingState)
    return tuple(sorted(found, key=lambda one: order.index(one.state)))


def acceptance(finding: Finding, who: str, day: date, reason: str) -> Decision:
    """The decision that accepts a finding as long as the very same is found.

    Raises
    ------
    CaseError
        If the finding asks for none, or it is not said who accepts it and why.
    """
    if finding.severity is not Severity.DECISION or finding.interlock in SIGNED_OFF:
        remedy = "Sign the registration." if finding.interlock in SIGNED_OFF else finding.interlock.advice
        raise CaseError(finding.subject, f"'{finding.identifier}' cannot be accepted by a decision", remedy)
    for text, what in ((who, "who decides"), (reason, "for which reason")):
        if not text.strip():
            raise CaseError(f"Decision on {finding.subject}", f"it is not said {what}", "Fill it in.")
    return Decision(finding.identifier, finding.subject, who.strip(), day.isoformat(), reason.strip(), finding.found)


def _reviewed(finding: Finding, decisions: Sequence[Decision]) -> ReviewedFinding:
    same = [one for one in decisions if (one.finding, one.subject) == (finding.identifier, finding.subject)]
    accepting = [one for one in same if one.accepts(finding)]
    decision = next(iter(accepting or same), None)
    return ReviewedFinding(finding, _state(finding, bool(accepting), bool(same)), decision)


def _state(finding: Finding, is_accepted: bool, has_decision: bool) -> FindingState:
    if finding.severity is Severity.ERROR:
        return FindingState.REFUSED
    if finding.severity is Severity.NOTE:
        return FindingState.NOTE
    if finding.interlock in SIGNED_OFF:
        return FindingState.SIGN_OFF
    if is_accepted:
        return FindingState.ACCEPTED
    return FindingState.CHANGED if has_decision else FindingState.WAITING
