"""Findings in the report: those that needed a decision one by one, notes gathered by their kind."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.interlock import Severity
from .evaluation import Evaluation
from .finding_summary import FindingSummary
from .html_parts import Cell, paragraph, section, table

NO_FINDINGS = "None in the records and registrations. Limits: see the scorecard; unknown dose: see the structures."
PENDING = "A DECISION IS NEEDED"


def finding_section(evaluation: Evaluation) -> str:
    """Everything that was noticed, and what was decided on it."""
    if not evaluation.findings:
        return section("Findings and decisions", paragraph(NO_FINDINGS))
    needing = [one for one in evaluation.findings if one.severity != Severity.NOTE.value]
    notes = [one for one in evaluation.findings if one.severity == Severity.NOTE.value]
    return section("Findings and decisions", _decisions(needing), _notes(notes))


def _decisions(findings: Sequence[FindingSummary]) -> str:
    rows: list[list[Cell]] = [
        [
            f"{one.subject}: {one.found}{_expected(one)} ({one.identifier}; {one.severity})",
            one.decision or PENDING,
        ]
        for one in findings
    ]
    classes = ["met" if one.decision else "bad" for one in findings]
    return table(["Found", "Decision"], rows, classes) if rows else ""


def _notes(findings: Sequence[FindingSummary]) -> str:
    kinds = dict.fromkeys(one.identifier for one in findings)
    rows: list[list[Cell]] = [
        [f"{kind} ({Severity.NOTE.value})", "; ".join(_note(one) for one in findings if one.identifier == kind)]
        for kind in kinds
    ]
    return table(["Noticed", "Where, and what was found"], rows) if rows else ""


def _note(one: FindingSummary) -> str:
    return f"{one.subject}: {one.found}{_expected(one)}{f' – {one.decision}' if one.decision else ''}"


def _expected(one: FindingSummary) -> str:
    return f", expected {one.expected}" if one.expected else ""
