"""What somebody types into a line of a window."""

from __future__ import annotations

from datetime import date

from .errors import CaseError


def typed_day(text: str, where: str) -> date | None:
    """The day that a text names, None if it is blank.

    Raises
    ------
    CaseError
        If it is no day.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise CaseError(where, f"'{text.strip()}' is no date", "Correct it, or leave it empty.", "YYYY-MM-DD") from error


def typed_text(text: str, where: str) -> str:
    """A text that must not be blank, without blanks around it.

    Raises
    ------
    CaseError
        If it is blank.
    """
    if not text.strip():
        raise CaseError(where, "nothing", "Fill it in.")
    return text.strip()
