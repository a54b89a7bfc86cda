"""Findings, each with the decision taken on it, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FindingSummary:
    """A finding, and the decision taken on it if it needed one."""

    identifier: str
    severity: str
    subject: str
    found: str
    expected: str
    decision: str
