"""The catalogue of interlocks as a page of the documentation."""

from __future__ import annotations

from ..model.interlock import Interlock, Severity

_HEAD = """# Interlocks

Everything that is noticed about the records of a case. Made from the code by `reirradiation interlocks`; do not edit.

* **cannot be used** – the object, or the case, is refused with a message that names it; there is no result.
* **needs a decision** – the case stops until the finding is accepted in `decisions` with who, when and why (see
  [the case file](case-file.md)); finding and decision are kept in the report.
* **note** – told, and kept in the report.
"""

_MEANING = {
    Severity.ERROR: "Cannot be used",
    Severity.DECISION: "Needs a decision",
    Severity.NOTE: "Note",
}


def interlock_page() -> str:
    """The whole catalogue as Markdown, most severe first, in the order of the code."""
    parts = [_HEAD]
    for severity, title in _MEANING.items():
        entries = [interlock for interlock in Interlock if interlock.severity is severity]
        parts.append(f"\n## {title} ({len(entries)})\n\n| id | what is seen | what to do |\n|---|---|---|\n")
        parts += [f"| `{entry.identifier}` | {entry.seen} | {entry.advice} |\n" for entry in entries]
    return "".join(parts)
