"""The registrations in the printed report: one line per course and verdict; all measures are in the annex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model.registration_quality import OrganVerdict, Verdict
from .html_parts import Cell, paragraph, section, table
from .registration_summary import WORDS, RegistrationSummary

_ROW_CLASS = {Verdict.GO: "met", Verdict.CAUTION: "open", Verdict.WORKSHEET: "bad"}
_WORST_FIRST = (Verdict.WORKSHEET, Verdict.CAUTION, Verdict.GO)


def registration_overview(registrations: Sequence[RegistrationSummary], labels: Mapping[str, str], *pictures: str) -> str:
    """A section; empty before anything is registered.

    Parameters
    ----------
    registrations : sequence of RegistrationSummary
    labels : mapping
        Of the courses, by identifier.
    pictures : str
        HTML to stand below.
    """
    if not registrations:
        return ""
    rows: list[list[Cell]] = []
    classes = []
    for one in registrations:
        for verdict in _WORST_FIRST:
            organs = [organ for organ in one.verdicts if organ.verdict is verdict]
            if organs:
                course = f"{labels[one.course]}: {one.method}; {one.source}. Key {one.key}."
                rows.append([course, WORDS[verdict], _organs(organs), one.sign_off])
                classes.append(_ROW_CLASS[verdict])
    header = ["Course and registration", "Verdict", "Structures, and why", "Sign-off"]
    limits = "; ".join(dict.fromkeys(one.limits for one in registrations))
    return section(
        "Registration",
        table(header, rows, classes),
        *pictures,
        paragraph(f"Limits of the verdicts: {limits}; confirm locally. All measures: annex of report.html.", "note"),
    )


def _organs(verdicts: Sequence[OrganVerdict]) -> str:
    """The structures; where something must be heeded with what decided."""
    if verdicts[0].verdict is Verdict.GO:
        return ", ".join(f"{one.organ}{_notes(one)}" for one in verdicts)
    return ". ".join(f"{one.organ}: {_why(one)}{_notes(one)}" for one in verdicts)


def _why(verdict: OrganVerdict) -> str:
    return "; ".join(reason.text for reason in verdict.reasons if reason.verdict is verdict.verdict)


def _notes(verdict: OrganVerdict) -> str:
    return f" ({'; '.join(verdict.notes)})" if verdict.notes else ""
