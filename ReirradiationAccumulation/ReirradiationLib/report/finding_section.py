"""Findings in the report."""

from __future__ import annotations

from .evaluation import Evaluation
from .html_parts import Cell, paragraph, section, table

NO_FINDINGS = "None in the records and registrations. Limits: see the scorecard; unknown dose: see the structures."


def finding_section(evaluation: Evaluation) -> str:
    """Everything that was noticed, and what was decided on it."""
    if not evaluation.findings:
        return section("Findings", paragraph(NO_FINDINGS))
    rows: list[list[Cell]] = [
        [finding.subject, finding.found, finding.expected or "–", finding.severity, finding.decision or "–"]
        for finding in evaluation.findings
    ]
    return section("Findings", table(["Object", "Found", "Expected", "Severity", "Decision"], rows))
