"""evaluation.json is read back as what it was written of; anything else is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.evaluation import Evaluation, evaluation_json
from ReirradiationLib.report.evaluation_reading import evaluation_from_json
from ReirradiationLib.session import CaseSession
from ReirradiationLib.session_steps import EVALUATE, EVALUATE_PRIOR
from ReirradiationLib.transfer import read_case_records
from ReirradiationLib.workflow import evaluation_of

DEMO = Path(__file__).resolve().parents[1] / "Data" / "demo_case" / "case.json"


@pytest.fixture(scope="module")
def records() -> Evaluation:
    case = read_case(DEMO)
    return evaluation_of(read_case_records(case, Monitor()), case)


@pytest.fixture(scope="module")
def evaluated() -> CaseSession:
    session = CaseSession()
    session.open(DEMO)
    EVALUATE.run(session, Monitor())
    return session


def test_an_evaluation_of_the_records_comes_back_the_same(records: Evaluation) -> None:
    text = evaluation_json(records)
    again = evaluation_from_json(text, "text")
    assert again.stage is Task.RECORDS
    assert evaluation_json(again) == text


def test_an_evaluation_of_the_sum_comes_back_with_types_and_six_digits(evaluated: CaseSession) -> None:
    assert evaluated.evaluated is not None
    made = evaluated.evaluated.evaluation
    again = evaluation_from_json(evaluation_json(made), "text")
    assert evaluation_json(again) == evaluation_json(made)
    assert [type(one) for one in again.scorecard] == [type(one) for one in made.scorecard]
    assert again.scorecard[0].cumulative == pytest.approx(made.scorecard[0].cumulative, rel=1e-5)
    assert again.planning is not None


def test_without_the_new_plan_the_session_keeps_the_stage(evaluated: CaseSession) -> None:
    session = CaseSession()
    session.open(DEMO)
    kept = EVALUATE_PRIOR.run(session, Monitor())
    assert session.evaluated is kept
    assert kept.stage is Task.TRANSFER
    assert kept.evaluation.stage is Task.TRANSFER


def _changed(text: str, change: Any) -> str:
    values = json.loads(text)
    change(values)
    return json.dumps(values)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda values: values.update(schema="reirradiation-evaluation/1"), "evaluation/1"),
        (lambda values: values.pop("headlines"), "not an evaluation"),
        (lambda values: values.update(added=1), "not an evaluation"),
        (lambda values: values.update(stage="sometime"), "not an evaluation"),
        (lambda values: values.update(scorecard="none"), "not an evaluation"),
        (lambda values: values["case"].update(new_fractions="five"), "not an evaluation"),
        (lambda values: values["courses"][0].pop("label"), "not an evaluation"),
    ],
)
def test_what_is_no_evaluation_of_this_version_is_refused(records: Evaluation, change: Any, found: str) -> None:
    with pytest.raises(CaseError, match=found):
        evaluation_from_json(_changed(evaluation_json(records), change), "The evaluation in the scene")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(CaseError):
        evaluation_from_json(text, "text")


def test_every_field_of_the_tree_is_read(records: Evaluation) -> None:
    again = evaluation_from_json(evaluation_json(records), "text")
    for field in dataclasses.fields(Evaluation):
        assert type(getattr(again, field.name)) is type(getattr(records, field.name)), field.name
