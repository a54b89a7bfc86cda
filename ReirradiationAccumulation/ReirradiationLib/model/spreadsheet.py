"""Text in a CSV table that a spreadsheet opens."""

from __future__ import annotations

CSV_ENCODING = "utf-8-sig"
"""Spreadsheets know by the mark in front that a table is UTF-8."""

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet may take for the beginning of a formula, after white space too."""


def protected(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe in front where it might; :func:`unprotected` undoes it."""
    begins = text.lstrip()
    is_mistakable = begins.startswith(_FORMULA) or (text.startswith("'") and protected(text[1:]) != text[1:])
    return f"'{text}" if is_mistakable or text[:1] in ("\t", "\r") else text


def unprotected(text: str) -> str:
    """Text as it was before :func:`protected`, or as somebody typed it."""
    return text[1:] if text.startswith("'") and protected(text[1:]) == text else text
