"""Members of a JSON object exchanged within its text: the values are those of the standard parser, all else stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.model.json_text import with_members

TEXT = '{\r\n\t"number": 3.00e1,  "list": [1,2 ],\r\n\t"last": {"a": "}, \\""}\r\n}\r\n'


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, TEXT),
        ({"list": None}, TEXT.replace('"list": [1,2 ],\r\n\t', "")),
        ({"last": None}, TEXT.replace(',\r\n\t"last": {"a": "}, \\""}', "")),
        ({"number": None}, TEXT.replace('"number": 3.00e1,  ', "")),
        ({"none": None}, TEXT),
        ({"list": [1, 2]}, TEXT),
        ({"list": [3]}, TEXT.replace("[1,2 ]", "[\r\n\t\t3\r\n\t]")),
        ({"new": "ü\n"}, TEXT.replace('\\""}', '\\""},\r\n\t"new": "ü\\n"')),
        ({"new": {"b": 1}}, TEXT.replace('\\""}', '\\""},\r\n\t"new": {\r\n\t\t"b": 1\r\n\t}')),
    ],
)
def test_only_what_is_exchanged_is_written_anew(members: dict[str, Any], expected: str) -> None:
    assert with_members(TEXT, members) == expected


@pytest.mark.parametrize(
    ("text", "members", "expected"),
    [
        ('{"a": 1}', {"b": [1, {"c": 2}]}, '{"a": 1, "b": [1, {"c": 2}]}'),
        ('{"a":1,"b":2}\n', {"a": None}, '{"b":2}\n'),
        ('\n{"a": 1,\n "b": 2}', {"b": 3}, '\n{"a": 1,\n "b": 3}'),
        ("{}", {"a": 1}, '{"a": 1}'),
        ('{"a": 1}', {"a": None}, "{}"),
        ("{\n}\n", {"a": 1}, '{"a": 1\n}\n'),
    ],
)
def test_an_object_in_one_line_stays_in_one(text: str, members: dict[str, Any], expected: str) -> None:
    assert with_members(text, members) == expected


@pytest.mark.parametrize("text", ["", "[1]", '{"a": }', "{", '{"a": 1} more'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        with_members(text, {"a": 2})


texts = st.text('ab"{}[],:\\ é\r\n', max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["a", "b", "c", '"}', "é\n", ""])


@given(
    st.dictionaries(names, values, max_size=5),
    st.dictionaries(names, values, max_size=3),
    st.sampled_from([None, 0, 1, "\t"]),
    st.sampled_from([(",", ":"), (" , ", " : "), (",", ":\n")]),
    st.booleans(),
)
def test_any_object_holds_afterwards_what_it_was_given(
    before: dict[str, Any], members: dict[str, Any], indent: Any, separators: tuple[str, str], is_windows: bool
) -> None:
    text = json.dumps(before, indent=indent, separators=separators)
    text = text.replace("\n", "\r\n") if is_windows else text
    expected = {
        name: value for name, value in (before | members).items() if name not in members or members[name] is not None
    }
    after = with_members(text, members)
    assert json.dumps(json.loads(after)) == json.dumps(expected)
    assert with_members(after, members) == after
