"""What was noticed on the way and must be told to the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import CaseError
from .interlock import Interlock, Severity

SIGNED_OFF = (Interlock.REGISTRATION_COMPUTED, Interlock.REGISTRATION_SIGN_OFF, Interlock.REGISTRATION_UNCHECKED)
"""What is settled by signing the registration, and by nothing else."""


@dataclass(frozen=True)
class Finding:
    """Something noticed in the data. A finding that needs a decision stops the case until it is accepted there.

    Parameters
    ----------
    interlock : Interlock
        The entry of the catalogue.
    subject, found, expected : str
    """

    interlock: Interlock
    subject: str
    found: str
    expected: str = ""

    @property
    def identifier(self) -> str:
        """Stable key, such as ``patient.id-differs``."""
        return self.interlock.identifier

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.interlock.severity

    def __str__(self) -> str:
        wanted = f", expected {self.expected}" if self.expected else ""
        return f"{self.subject}: {self.found}{wanted} [{self.identifier}]"


@dataclass(frozen=True)
class Decision:
    """The user's acceptance of one finding on one subject, stored in the case.

    With ``found`` it holds only as long as the same is found: a file that changes asks again.
    """

    finding: str
    subject: str
    who: str
    when: str
    reason: str
    found: str = ""

    def accepts(self, finding: Finding) -> bool:
        """Whether this is the decision on the finding."""
        same = (self.finding, self.subject) == (finding.identifier, finding.subject)
        return same and self.found in ("", finding.found)


def unused_decisions(findings: Sequence[Finding], decisions: Sequence[Decision]) -> list[Finding]:
    """A note for each decision that accepts nothing: it may be misspelt, or its finding may be gone."""
    return [
        Finding(Interlock.DECISION_UNUSED, decision.subject, f"the case accepts '{decision.finding}', which was not found")
        for decision in decisions
        if not any(decision.accepts(finding) for finding in findings)
    ]


def require_decisions(findings: Sequence[Finding], decisions: Sequence[Decision]) -> None:
    """Stop unless every finding that needs a decision has one.

    Raises
    ------
    CaseError
        Naming every finding without a decision, and how to accept it.
    """
    pending = [
        finding
        for finding in findings
        if finding.severity is Severity.DECISION and not any(decision.accepts(finding) for decision in decisions)
    ]
    if not pending:
        return
    first, *rest = pending
    remedy = f"{first.interlock.advice} {_how_to_accept(first)}"
    remedy += "".join(f"\nAlso: {finding}. {finding.interlock.advice} {_how_to_accept(finding)}" for finding in rest)
    raise CaseError(first.subject, first.found, remedy, first.expected, first.interlock)


def _how_to_accept(finding: Finding) -> str:
    if finding.interlock in SIGNED_OFF:
        return "A decision does not replace the sign-off."
    return f"If it is right, accept '{finding.identifier}' with the subject \"{finding.subject}\" under 'decisions'."
