"""What was noticed on the way and must be told to the user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(str, Enum):
    """How much a finding matters."""

    NOTE = "note"
    DECISION = "needs a decision"


@dataclass(frozen=True)
class Finding:
    """Something noticed in the data. A finding that needs a decision stops the case until it is accepted there.

    Parameters
    ----------
    identifier : str
        Stable key, such as ``patient.id-differs``.
    severity : Severity
    subject, found, expected : str
    """

    identifier: str
    severity: Severity
    subject: str
    found: str
    expected: str = ""

    def __str__(self) -> str:
        wanted = f", expected {self.expected}" if self.expected else ""
        return f"{self.subject}: {self.found}{wanted} [{self.identifier}]"


@dataclass(frozen=True)
class Decision:
    """The user's acceptance of a finding, stored in the case."""

    finding: str
    who: str
    when: str
    reason: str
