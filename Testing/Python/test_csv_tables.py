"""The tables hold the numbers of evaluation.json, to the digit, and every row says all that belongs to it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.spreadsheet import CSV_ENCODING
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.output import OutputFolder
from ReirradiationLib.report.assemble import assemble, assemble_records
from ReirradiationLib.report.course_summary import PointSummary
from ReirradiationLib.report.csv_table import csv_table
from ReirradiationLib.report.csv_tables import TABLE_NAMES, csv_tables
from ReirradiationLib.report.evaluation import Evaluation, plain
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.transfer import read_case_records
from ReirradiationLib.write_csv_tables import CSV_TABLE_FILES, write_csv_tables
from ReirradiationLib.write_report import REPORT_FILES

LIMITING = ("scorecard", "optimization_structures")
FORMULA = "=HYPERLINK(A1)"


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


@pytest.fixture(scope="module")
def stored(evaluation: Evaluation) -> dict[str, Any]:
    return plain(evaluation)


@pytest.fixture(scope="module")
def read(evaluation: Evaluation) -> dict[str, list[dict[str, str]]]:
    return rows_of(evaluation)


def rows_of(evaluation: Evaluation) -> dict[str, list[dict[str, str]]]:
    return {one.name: list(csv.DictReader(io.StringIO(one.text(), newline=""))) for one in csv_tables(evaluation)}


def text(value: object) -> str:
    """A value of evaluation.json as its own text."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def test_the_scorecard_holds_the_numbers_of_the_evaluation(read: dict, stored: dict) -> None:
    columns = {"metric": "metric_eqd2", "months": "months_since_last_course", "left_is_at_most": ""}
    assert len(read["scorecard"]) == len(stored["scorecard"]) == 5
    for row, score in zip(read["scorecard"], stored["scorecard"], strict=True):
        for key, value in score.items():
            column = columns.get(key, key)
            assert not column or row[column] == text(value), key
        assert row["left_is_at_most"] == ("yes" if score["left_is_at_most"] else "no")
        assert row["unit"] == "Gy"


def test_metrics_hold_the_numbers_of_the_evaluation(read: dict, stored: dict) -> None:
    wanted = [(one, metric) for one in stored["structures"] for metric in one["metrics"]]
    assert len(read["metrics"]) == len(wanted) == 13 * 7
    for row, (structure, metric) in zip(read["metrics"], wanted, strict=True):
        assert (row["structure"], row["alpha_beta_gy"]) == (structure["name"], text(structure["alpha_beta_gy"]))
        assert all(row[key] == text(value) for key, value in metric.items())
        assert (row["quantity"], row["model"]) == ("eqd2", "lq")
        assert f"[{row['unit']}]" in row["metric"]


def test_dvh_rows_are_the_curves_and_end_with_the_whole_volume_at_no_dose(read: dict, stored: dict) -> None:
    points = [
        (structure["name"], curve["sum"], text(dose_gy), text(percent))
        for structure in stored["structures"]
        for curve in structure["curves"]
        for dose_gy, percent in zip(curve["dose_eqd2_gy"], curve["volume_percent"], strict=True)
    ]
    rows = read["dvh"]
    assert [(row["structure"], row["curve"], row["dose_eqd2_gy"], row["volume_percent"]) for row in rows] == points
    volumes = {structure["name"]: structure["volume_cc"] for structure in stored["structures"]}
    for row in rows:
        expected = volumes[row["structure"]] * float(row["volume_percent"]) / 100.0
        assert float(row["volume_cc"]) == pytest.approx(expected, rel=2e-5)
        assert float(row["alpha_beta_gy"]) > 0.0
    assert {row["volume_percent"] for row in rows if float(row["dose_eqd2_gy"]) <= 0.0} == {"100.0"}


def test_courses_inputs_and_findings_are_those_of_the_evaluation(read: dict, stored: dict) -> None:
    assert [row["dose_maximum_gy"] for row in read["courses"]] == [text(c["dose_maximum_gy"]) for c in stored["courses"]]
    assert [row["sha256"] for row in read["inputs"]] == [one["sha256"] for one in stored["inputs"]]
    assert [row["finding"] for row in read["findings"]] == [one["identifier"] for one in stored["findings"]]


def test_every_verdict_on_a_registration_stands_with_its_reasons(read: dict, stored: dict) -> None:
    rows = read["registrations"]
    for one in stored["registrations"]:
        for organ in one["verdicts"]:
            own = [row for row in rows if (row["course"], row["organ"]) == (one["course"], organ["organ"])]
            assert {row["verdict"] for row in own} == {organ["verdict"]}
            assert [row["reason"] for row in own] == ([reason["text"] for reason in organ["reasons"]] or [""])
            assert [row["found"] for row in own] == ([text(reason["found"]) for reason in organ["reasons"]] or [""])


@pytest.mark.parametrize("name", LIMITING)
def test_no_row_states_a_limit_without_basis_alpha_beta_fractions_and_source(read: dict, name: str) -> None:
    assert read[name]
    for row in read[name]:
        assert row.get("limit") or row["limit_eqd2_gy"]
        assert all(row[column] for column in ("basis", "alpha_beta_gy", "fractions", "source"))


def test_structures_tell_alpha_beta_and_volume(read: dict, stored: dict) -> None:
    for row, structure in zip(read["structures"], stored["structures"], strict=True):
        assert row["structure"] == structure["name"]
        assert row["alpha_beta_gy"] == text(structure["alpha_beta_gy"])
        assert row["volume_cc"] == text(structure["volume_cc"])
        assert row["source"]


def test_after_the_records_there_are_only_the_tables_that_have_rows(demo_case: Case) -> None:
    tables = rows_of(assemble_records(read_case_records(demo_case, Monitor())))
    assert list(tables) == ["courses", "structures", "findings", "inputs"]
    assert all(row["alpha_beta_gy"] and not row["volume_cc"] for row in tables["structures"])


def test_files_are_utf_8_with_a_mark_and_known_to_replace(evaluation: Evaluation, tmp_path: Path) -> None:
    told: list[str] = []
    with OutputFolder(tmp_path / "out") as folder:
        write_csv_tables(evaluation, folder, told.append)
        folder.finish()
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == CSV_TABLE_FILES - {"table_points.csv"}  # the demo has no course of points
    assert {f"table_{name}.csv" for name in TABLE_NAMES} == CSV_TABLE_FILES
    assert names <= REPORT_FILES
    assert told
    content = (tmp_path / "out" / "table_structures.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode(CSV_ENCODING).count("\r\n") == 14


def test_no_text_becomes_a_formula_and_no_number_a_text(evaluation: Evaluation) -> None:
    spoilt = replace(
        evaluation,
        courses=tuple(replace(one, label=FORMULA, plan="\t+1", months_before=-2.5) for one in evaluation.courses),
        scorecard=tuple(replace(one, structure=FORMULA, source=f"@{FORMULA}") for one in evaluation.scorecard),
    )
    tables = rows_of(spoilt)
    assert {row["label"] for row in tables["courses"]} == {f"'{FORMULA}"}
    assert {row["plan"] for row in tables["courses"]} == {"'\t+1"}
    assert {row["months_before_new_course"] for row in tables["courses"]} == {"-2.5"}
    assert all(row["structure"].startswith("'=") and row["source"].startswith("'@") for row in tables["scorecard"])


def test_commas_quotes_and_line_breaks_stay_within_their_cell(evaluation: Evaluation) -> None:
    nasty = 'a "quoted", split\nname; with – everything'
    tables = rows_of(replace(evaluation, courses=tuple(replace(one, label=nasty) for one in evaluation.courses)))
    assert {row["label"] for row in tables["courses"]} == {nasty}


def test_units_stand_at_the_end_of_the_names_of_columns(evaluation: Evaluation) -> None:
    for table in csv_tables(evaluation):
        assert not [name for name in table.columns if "_gy_" in name and "gy_per_fraction" not in name], table.name


def test_the_documentation_names_every_column_of_every_table(evaluation: Evaluation) -> None:
    points = replace(evaluation.courses[0], points=(PointSummary("cord", 10.0, 5, "", "letter"),))
    lines = (Path(__file__).resolve().parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8").splitlines()
    tables = csv_tables(replace(evaluation, courses=(points, *evaluation.courses[1:])))
    assert [table.name for table in tables] == list(TABLE_NAMES)
    for table in tables:
        described = next(line for line in lines if line.startswith(f"| `table_{table.name}.csv` "))
        assert [name for name in table.columns if f"`{name}`" not in described] == [], table.name


def test_a_row_of_another_length_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="zip"):
        csv_table("odd", ("one", "two"), [("only one",)]).text()
