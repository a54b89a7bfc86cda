"""The published schema takes what is written at every stage, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ReirradiationLib.__main__ import main
from ReirradiationLib.model.case import Case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.assemble import assemble, assemble_records
from ReirradiationLib.report.evaluation import evaluation_json
from ReirradiationLib.report.json_schema import evaluation_schema, schema_json
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.transfer import read_case_records
from ReirradiationLib.workflow import compute, without_new_plan

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schema" / "evaluation-2.schema.json"
VALIDATOR = Draft202012Validator(evaluation_schema())


@pytest.fixture(scope="module")
def stored(demo_results: CaseResults) -> dict[str, Any]:
    return json.loads(evaluation_json(assemble(demo_results)))


def test_the_schema_keeps_the_rules_of_json_schema() -> None:
    Draft202012Validator.check_schema(evaluation_schema())


def test_the_published_schema_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_json(), "make docs"
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == schema_json()


def test_every_part_is_described() -> None:
    schema = evaluation_schema()
    assert all(part["description"] for part in (schema, *schema["$defs"].values()))


def test_the_documentation_names_every_part() -> None:
    described = (PUBLISHED.parents[1] / "evaluation.md").read_text(encoding="utf-8")
    assert [key for key in evaluation_schema()["required"] if f"`{key}`" not in described] == []


def test_an_evaluation_with_the_new_plan_is_valid(stored: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(stored)) == []
    assert stored["stage"] == "sum"


def test_an_evaluation_before_the_new_plan_is_valid(demo_case: Case) -> None:
    few = without_new_plan(small(demo_case))
    before = json.loads(evaluation_json(assemble(compute(few, Monitor()))))
    assert list(VALIDATOR.iter_errors(before)) == []
    assert before["stage"] == "transfer"


def test_an_evaluation_of_the_records_is_valid(demo_case: Case) -> None:
    records = json.loads(evaluation_json(assemble_records(read_case_records(demo_case, Monitor()))))
    assert list(VALIDATOR.iter_errors(records)) == []
    assert records["stage"] == "records"


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "missing key": lambda v: v.pop("biology"),
    "missing key within": lambda v: v["structures"][0]["metrics"][0].pop("prior_raw"),
    "additional key": lambda v: v.update(remark="x"),
    "additional key within": lambda v: v["scorecard"][0].update(limit_gy=50.0),
    "number as text": lambda v: v["scorecard"][0].update(limit="50"),
    "text as number": lambda v: v["courses"][0].update(label=1),
    "null where there is always a value": lambda v: v["structures"][0].update(volume_cc=None),
    "a fraction of a fraction": lambda v: v["courses"][0].update(fractions=10.5),
    "truth as number": lambda v: v.update(is_anonymous=0),
    "number as truth": lambda v: v["structures"][0].update(volume_cc=True),
    "word that is none of the choices": lambda v: v["registrations"][0].update(verdict="fine"),
    "two numbers where there are three": lambda v: v["reference_grid"]["size"].pop(),
    "four numbers where there are three": lambda v: v["reference_grid"]["size"].append(1),
    "another schema": lambda v: v.update(schema="reirradiation-evaluation/1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_an_evaluation_is_not_valid(stored: dict[str, Any], name: str) -> None:
    spoilt = copy.deepcopy(stored)
    WRONG[name](spoilt)
    assert len(list(VALIDATOR.iter_errors(spoilt))) == 1


def small(case: Case) -> Case:
    wanted = ("spinal_cord", "PTV2_L1")
    return replace(
        case,
        structures=tuple(choice for choice in case.structures if choice.name in wanted),
        constraints=case.constraints[:1],
    )
