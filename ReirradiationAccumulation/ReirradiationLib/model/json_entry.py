"""Typed access to a JSON object: every message names the entry, and unknown keys are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from .case_notes import LONGEST_TEXT
from .errors import CaseError

Choice = TypeVar("Choice", bound=Enum)
LARGEST = 1e6
"""No number of a case is larger; NaN and infinity are not smaller either."""


def field_names(kind: type[Any]) -> list[str]:
    """The keys that stand for the fields of a dataclass in a case file."""
    return [{"identifier": "id"}.get(field.name, field.name) for field in fields(kind)]


class JsonEntry:
    """One object of a JSON file, read key by key.

    Parameters
    ----------
    where : str
        Path of the entry for messages, e.g. ``case.json: prior_courses[0]``.
    values : Any
        The parsed JSON value; must be an object.
    allowed : iterable of str
        The keys that may occur.

    Raises
    ------
    CaseError
        If the value is no object, or holds a key that is not allowed.
    """

    def __init__(self, where: str, values: Any, allowed: Iterable[str]) -> None:
        allowed = tuple(allowed)
        if not isinstance(values, dict):
            raise CaseError(where, f"{type(values).__name__}", "Correct the case file.", "a JSON object")
        unknown = sorted(set(values) - set(allowed))
        if unknown:
            raise CaseError(where, f"unknown key '{unknown[0]}'", "Correct or remove it.", f"one of {', '.join(allowed)}")
        self.where = where
        self._values: dict[str, Any] = values

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A non-empty string."""
        value = self._get(key, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise CaseError(self.at(key), f"{value!r}", "Correct the case file.", "a text")
        if not all(letter.isprintable() for letter in value):
            raise CaseError(self.at(key), f"{value!r}", "Remove the character that cannot be printed.", "a text")
        return value

    def prose(self, key: str) -> str:
        """A text of several lines; empty if absent. Line ends become those of Unix, blank ends are cut."""
        value = self._get(key, "")
        if not isinstance(value, str):
            raise CaseError(self.at(key), f"{value!r:.40}", "Correct the case file.", "a text")
        text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
        if not all(letter.isprintable() or letter == "\n" for letter in text):
            raise CaseError(self.at(key), f"{value!r:.40}", "Remove the character that cannot be printed.", "a text")
        if len(text) > LONGEST_TEXT:
            found, expected = f"{len(text)} characters", f"at most {LONGEST_TEXT}"
            raise CaseError(self.at(key), found, "Shorten the text, or refer to a document.", expected)
        return text

    def number(self, key: str, default: float | None = None, *, zero_allowed: bool = False) -> float:
        """A positive finite number (or zero where that makes sense)."""
        if default is not None and not self.has(key):
            return default
        value = self.signed_number(key)
        if value < 0 or (value == 0 and not zero_allowed):
            wanted = "a number ≥ 0" if zero_allowed else "a number > 0"
            raise CaseError(self.at(key), f"{value:g}", "Correct the case file.", wanted)
        return value

    def signed_number(self, key: str) -> float:
        """Any finite number."""
        value = self._get(key, None)
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST
        if not good:
            raise CaseError(self.at(key), f"{value!r:.40}", "Correct the case file.", "a number")
        return float(value)

    def whole(self, key: str, default: int | None = None, largest: int = 10_000, *, zero_allowed: bool = False) -> int:
        """A positive whole number (or zero where that makes sense), not above the largest sensible one."""
        value = self._get(key, default)
        smallest = 0 if zero_allowed else 1
        if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
            expected = f"a whole number from {smallest} to {largest}"
            raise CaseError(self.at(key), f"{value!r}", "Correct the case file.", expected)
        return value

    def choice(self, key: str, kind: type[Choice]) -> Choice:
        """A member of an enumeration, by value."""
        members = ", ".join(str(member.value) for member in kind)
        if not self.has(key):
            raise CaseError(self.where, f"'{key}' is missing", f"Add '{key}'.", f"one of {members}")
        try:
            return kind(self._values[key])
        except ValueError as error:
            raise CaseError(self.at(key), f"{self._values[key]!r}", "Correct the case file.", f"one of {members}") from error

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false; the default if absent."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise CaseError(self.at(key), f"{value!r:.40}", "Correct the case file.", "true or false")
        return value

    def required_day(self, key: str) -> date:
        """A date written YYYY-MM-DD."""
        day = self.day(key)
        if day is None:
            raise CaseError(self.where, f"'{key}' is missing", f"Add '{key}'.", "YYYY-MM-DD")
        return day

    def day(self, key: str) -> date | None:
        """A date written YYYY-MM-DD, or None if absent."""
        if not self.has(key):
            return None
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", self.text(key)):
                raise ValueError
            return date.fromisoformat(self.text(key))
        except ValueError as error:
            raise CaseError(
                self.at(key), f"{self._values[key]!r}", "Correct the case file.", "a date that exists, as YYYY-MM-DD"
            ) from error

    def path(self, key: str) -> Path:
        """A path, as written."""
        return Path(self.text(key))

    def optional_path(self, key: str) -> Path | None:
        """A path, or None if absent."""
        return self.path(key) if self.has(key) else None

    def paths(self, key: str) -> tuple[Path, ...]:
        """One path or a list of them; empty if absent."""
        if not self.has(key):
            return ()
        if not isinstance(self._values[key], list):
            return (self.path(key),)
        texts = self.items(key)
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise CaseError(self.at(key), f"{texts!r:.60}", "Correct the case file.", "a path, or a list of paths")
        return tuple(Path(text) for text in texts)

    def is_text(self, key: str) -> bool:
        """Whether the value is a string."""
        return isinstance(self._values.get(key), str)

    def child(self, key: str, allowed: Iterable[str]) -> JsonEntry:
        """A nested object."""
        return JsonEntry(self.at(key), self._get(key, None), allowed)

    def children(self, key: str, allowed: Iterable[str]) -> list[JsonEntry]:
        """A list of nested objects; empty if absent."""
        return [JsonEntry(f"{self.at(key)}[{n}]", item, allowed) for n, item in enumerate(self.items(key))]

    def items(self, key: str) -> list[Any]:
        """A list; empty if absent."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            raise CaseError(self.at(key), f"{type(value).__name__}", "Correct the case file.", "a list")
        return value

    def at(self, key: str) -> str:
        """Where a key of this entry is, for messages."""
        separator = ": " if self.where.endswith(".json") else "."
        return f"{self.where}{separator}{key}"

    def _get(self, key: str, default: Any) -> Any:
        value = self._values.get(key)
        if value is None and default is None:
            raise CaseError(self.where, f"'{key}' is missing", f"Add '{key}'.")
        return default if value is None else value
