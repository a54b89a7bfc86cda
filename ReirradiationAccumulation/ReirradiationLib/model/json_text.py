"""Members of a JSON object exchanged within its text, so that everything else in it stays as somebody wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Member:
    """A member and where it stands: its name begins at ``start``, its value at ``value``, and both end before ``end``."""

    name: str
    start: int
    value: int
    end: int


def with_members(text: str, members: Mapping[str, Any]) -> str:
    """The text of a JSON object with some of its members exchanged, added at its end, or taken out.

    Every other letter stays: order, layout, line ends, and how numbers are spelt. What is new is laid out like the object: a
    line each, indented as its first member is, or all in one line.

    Parameters
    ----------
    text : str
        Of a valid JSON object that has no name twice.
    members : mapping
        New values by name; None takes a member out. A member that has its value already is left as it is written.

    Raises
    ------
    ValueError
        If the text is no valid JSON object.
    """
    if not isinstance(json.loads(text), dict):
        raise ValueError("no JSON object")
    for name, value in members.items():
        text = _without(text, name) if value is None else _with(text, name, value)
    return text


def _with(text: str, name: str, value: Any) -> str:
    members = list(_members(text))
    line = _line(text, members)
    written = json.dumps(value, ensure_ascii=False, indent=_indent(line)).replace("\n", line)
    for one in members:
        if one.name == name:
            is_same = json.dumps(json.loads(text[one.value : one.end])) == json.dumps(value)  # 1 and 1.0 are not
            return text if is_same else f"{text[: one.value]}{written}{text[one.end :]}"
    added = f"{json.dumps(name, ensure_ascii=False)}: {written}"
    if not members:
        behind_brace = text.index("{") + 1
        return f"{text[:behind_brace]}{added}{text[behind_brace:]}"
    end = members[-1].end
    return f"{text[:end]},{line or ' '}{added}{text[end:]}"


def _without(text: str, name: str) -> str:
    members = list(_members(text))
    number = next((number for number, one in enumerate(members) if one.name == name), None)
    if number is None:
        return text
    if number + 1 < len(members):
        return text[: members[number].start] + text[members[number + 1].start :]
    start = members[number - 1].end if number else members[number].start
    return text[:start] + text[members[number].end :]


def _members(text: str) -> Iterator[_Member]:
    """All members of a valid JSON object, in their order."""
    at = _behind_blanks(text, _behind_blanks(text, 0) + 1)
    while text[at] != "}":
        name, colon = _DECODER.raw_decode(text, at)
        value = _behind_blanks(text, _behind_blanks(text, colon) + 1)
        end = _DECODER.raw_decode(text, value)[1]
        yield _Member(name, at, value, end)
        at = _behind_blanks(text, end)
        at = _behind_blanks(text, at + 1) if text[at] == "," else at


def _behind_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _line(text: str, members: list[_Member]) -> str:
    """Line end and indentation of the first member; empty if it stands in the line of the brace."""
    if not members:
        return ""
    before, end, indent = text[: members[0].start].rpartition("\n")
    if not end or "{" in indent:
        return ""
    return ("\r\n" if before.endswith("\r") else "\n") + indent


def _indent(line: str) -> str | None:
    return line.lstrip("\r\n") if line else None
