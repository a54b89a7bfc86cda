"""The registrations in a few lines, for the console."""

from __future__ import annotations

from .registration_summary import WORDS, registration_summaries
from .results import Transfer


def transfer_summary(found: Transfer) -> str:
    """Each course with its key, its sign-off, and the verdict and its first reason in every structure."""
    lines = []
    for result, summary in zip(found.registrations, registration_summaries(found), strict=True):
        lines.append(f"{result.course.label}: {summary.method}; {summary.source}; key {summary.key}; {summary.sign_off}")
        width = max((len(verdict.organ) for verdict in summary.verdicts), default=0)
        for verdict in summary.verdicts:
            reason = verdict.reasons[0].text if verdict.reasons else ""
            lines.append(f"  {verdict.organ:<{width}}  {WORDS[verdict.verdict]:<23}  {reason}")
    return "\n".join(lines)
