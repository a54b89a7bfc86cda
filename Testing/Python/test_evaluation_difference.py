"""Differences of two evaluations are found, all of them, and named so that a reader finds the place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.report.evaluation_difference import compared_parts, differences

STORED: dict[str, Any] = {
    "stage": "sum",
    "structures": [
        {"name": "spinal_cord", "metrics": [{"metric": "D0.03cc[Gy]", "prior_raw": 37.5612, "cumulative_raw": None}]},
        {"name": "colon", "metrics": []},
    ],
    "scorecard": [
        {"structure": "spinal_cord", "metric": "D0.03cc[Gy]", "limit": 50.0},
        {"structure": "spinal_cord", "metric": "Dmax[Gy]", "limit": 54.0},
    ],
    "curve": [1.0, 2.0, 3.0],
}


def changed(change) -> list[str]:
    now = copy.deepcopy(STORED)
    change(now)
    return [str(one) for one in differences(STORED, now)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda v: v["structures"][0]["metrics"][0].update(prior_raw=37.5712),
            "structures[spinal_cord].metrics[D0.03cc[Gy]].prior_raw: 37.5612 stored, 37.5712 now",
        ),
        (
            lambda v: v["structures"][0]["metrics"][0].update(cumulative_raw=0.0),
            "structures[spinal_cord].metrics[D0.03cc[Gy]].cumulative_raw: null stored, 0.0 now",
        ),
        (
            lambda v: v["scorecard"][1].update(limit=55.0),
            "scorecard[spinal_cord, Dmax[Gy]].limit: 54.0 stored, 55.0 now",
        ),
        (lambda v: v["curve"].__setitem__(2, 3.5), "curve[2]: 3.0 stored, 3.5 now"),
        (lambda v: v["curve"].append(4.0), "curve[3]: not there stored, 4.0 now"),
        (lambda v: v["structures"].pop(), 'structures[colon]: {"name": "colon", "metrics": []} stored, not there now'),
        (
            lambda v: v["structures"].reverse(),
            'order of structures: ["spinal_cord", "colon"] stored, ["colon", "spinal_cord"] now',
        ),
        (lambda v: v.update(extra=1), "extra: not there stored, 1 now"),
        (lambda v: v.pop("stage"), 'stage: "sum" stored, not there now'),
        (lambda v: v["scorecard"][0].update(limit=50), "scorecard[spinal_cord, D0.03cc[Gy]].limit: 50.0 stored, 50 now"),
        (lambda v: v["scorecard"][0].update(limit=True), "scorecard[spinal_cord, D0.03cc[Gy]].limit: 50.0 stored, true now"),
    ],
)
def test_a_difference_is_named_by_its_place(change, said: str) -> None:
    assert changed(change) == [said]


def test_the_same_is_the_same() -> None:
    assert changed(lambda values: None) == []


def test_all_differences_are_counted_in_the_order_of_the_file() -> None:
    def change(values: dict[str, Any]) -> None:
        values["curve"][0] = 9.0
        values["scorecard"][0]["limit"] = 1.0
        values["stage"] = "transfer"

    assert [one.split(":")[0] for one in changed(change)] == [
        "stage",
        "scorecard[spinal_cord, D0.03cc[Gy]].limit",
        "curve[0]",
    ]


def test_results_are_told_before_what_they_were_made_from_and_parts_without_a_difference_are_there_too() -> None:
    stored = {"stage": 1, "case": 1, "tasks": 1, "structures": [1, 2], "inputs": 1, "gone": None}
    now = {"stage": 1, "case": 2, "tasks": 2, "structures": [3, 4], "inputs": 1, "new": 0}
    parts = compared_parts(stored, now)
    assert [part.part for part in parts] == ["stage", "structures", "gone", "new", "case", "tasks", "inputs"]
    assert [len(part.differences) for part in parts] == [0, 2, 1, 1, 1, 1, 0]
    assert str(parts[2].differences[0]) == "gone: null stored, not there now"


def test_another_order_of_the_parts_is_a_difference() -> None:
    (*_, order) = compared_parts({"a": 1, "b": 1}, {"b": 1, "a": 1})
    assert [str(one) for one in order.differences] == ['keys of the whole: ["a", "b"] stored, ["b", "a"] now']


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


def as_text(value: Any) -> str:
    import json

    return json.dumps(value)


@given(json_values, json_values)
def test_there_is_a_difference_exactly_where_the_texts_differ(stored: Any, now: Any) -> None:
    is_same = as_text(stored).replace("-0.0", "0.0") == as_text(now).replace("-0.0", "0.0")
    assert (list(differences(stored, now)) == []) == is_same
    if isinstance(stored, dict) and isinstance(now, dict):
        assert any(part.differences for part in compared_parts(stored, now)) != is_same
