"""Case file, metrics and protocol tables: what is written is read back, what is wrong is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.errors import CaseError, ProtocolError
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol


def written(tmp_path: Path, values: object) -> Path:
    path = tmp_path / "case.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values), encoding="utf-8")
    return path


@pytest.fixture
def values(demo_folder: Path) -> dict:
    return json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))


def test_a_case_written_and_read_again_is_the_same_case(tmp_path: Path, demo_case: Case) -> None:
    moved = replace(demo_case, file=tmp_path / "case.json")
    assert read_case(written(tmp_path, case_to_json(moved))) == moved


def test_paths_are_relative_to_the_case_file(demo_case: Case, demo_folder: Path) -> None:
    assert demo_case.current.ct == demo_folder / "course2" / "CT"
    assert '"course2/CT"' in case_to_json(demo_case)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.update(schema="other/9"), "schema"),
        (lambda v: v.update(fracions=3), "unknown key 'fracions'"),
        (lambda v: v.pop("title"), "'title' is missing"),
        (lambda v: v.pop("current"), "'current' is missing"),
        (lambda v: v.update(prior_courses=[]), "no course"),
        (lambda v: v.update(prior_courses={}), "a list"),
        (lambda v: v["prior_courses"].append(dict(v["prior_courses"][0])), "same id twice"),
        (lambda v: v["prior_courses"][0]["registration"].update(method="magic"), "one of same-frame"),
        (lambda v: v["prior_courses"][0]["registration"].pop("file"), "no 'file'"),
        (lambda v: v["prior_courses"][0].update(registration={"method": "same-frame", "file": "x"}), "and no other"),
        (lambda v: v["prior_courses"][0].update(fractions=0), "whole number"),
        (lambda v: v["prior_courses"][0].update(fractions=2.5), "whole number"),
        (lambda v: v["prior_courses"][0].update(date="04.03.2019"), "YYYY-MM-DD"),
        (lambda v: v["new_course"].update(fractions=-5), "whole number"),
        (lambda v: v["new_course"].update(fractions=True), "whole number"),
        (lambda v: v["new_course"].update(prescription_gy=0), "> 0"),
        (lambda v: v["new_course"].update(prescription_gy="30"), "a number"),
        (lambda v: v["new_course"].pop("dose"), "a plan or RBE without its dose"),
        (lambda v: v["structures"].append({"name": "liver", "tissue": "liver"}), "same name twice"),
        (lambda v: v["structures"][0].update(alpha_beta_gy=3), "without a reason"),
        (lambda v: v["constraints"][0].pop("basis"), "'basis' is missing"),
        (lambda v: v["constraints"][0].update(basis="both"), "raw, recovered"),
        (lambda v: v["constraints"][0].update(basis="recovered"), "no recovery"),
        (lambda v: v["constraints"][0].update(at_least=5), "2 limits"),
        (lambda v: v["constraints"][0].pop("at_most"), "no limits"),
        (lambda v: v["constraints"][0].pop("source"), "'source' is missing"),
        (lambda v: v["optimization"][0].update(metric="V20Gy[%]"), "Choose how P is read"),
        (lambda v: v["optimization"][0].update(metric="Dmean"), "Choose how P is read"),
        (lambda v: v["prior_courses"][0].update(id="sum, raw"), "reserved"),
        (lambda v: v["prior_courses"][0].update(id="new"), "reserved"),
        (lambda v: v["new_course"].update(prescription_gy=10**400), "a number"),
        (lambda v: v.update(title="a\u0000b"), "cannot be printed"),
        (lambda v: v.update(title="\ud800"), "cannot be printed"),
        (lambda v: v["constraints"][0].update(metric="D0.03"), "not understood"),
        (lambda v: v["constraints"][0].update(structure="heart"), "not among the case's structures"),
        (lambda v: v["optimization"][0].update(number=10), "from 1 to 9"),
        (lambda v: v["optimization"].append(dict(v["optimization"][0])), "same structure twice"),
        (lambda v: v.update(decisions=[{"finding": "x", "subject": "y", "who": "me"}]), "'when' is missing"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, values: dict, change, message: str) -> None:
    change(values)
    with pytest.raises((CaseError, ProtocolError), match=message):
        read_case(written(tmp_path, values))


@pytest.mark.parametrize("alpha_beta", [0, -2, "2", None, float("nan"), float("inf")])
def test_an_alpha_beta_that_is_not_positive_is_refused(tmp_path: Path, values: dict, alpha_beta) -> None:
    values["constraints"][0]["alpha_beta_gy"] = alpha_beta
    with pytest.raises((CaseError, ProtocolError), match="alpha_beta_gy"):
        read_case(written(tmp_path, values))


def test_a_key_given_twice_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    text = (demo_folder / "case.json").read_text(encoding="utf-8")
    twice = text.replace('"limit_eqd2_gy": 50,', '"limit_eqd2_gy": 50, "limit_eqd2_gy": 500,')
    with pytest.raises(CaseError, match="'limit_eqd2_gy' twice"):
        read_case(written(tmp_path, twice))


@pytest.mark.parametrize("text", ["", "{", "[]", '"case"', "\x00", "[" * 100_000])
def test_a_file_that_is_no_case_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CaseError, match=r"case\.json"):
        read_case(written(tmp_path, text))


def test_a_missing_case_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"nowhere\.json: cannot be read"):
        read_case(tmp_path / "nowhere.json")


def test_the_shipped_tables_load_and_every_row_has_a_source() -> None:
    protocol = load_protocol(default_protocol_folder())
    assert protocol.tissue("spinal cord").alpha_beta_gy == 2.0
    assert all(tissue.source and tissue.evidence in "PSMD" for tissue in protocol.tissues)
    assert [table.name for table in protocol.recovery_tables] == ["UMich/Paradis", "Doi 2021"]


def test_recovery_follows_the_published_intervals() -> None:
    table = load_protocol(default_protocol_folder()).recovery("UMich/Paradis")
    cord = [table.fraction("serial", months) for months in (1, 3, 5.9, 6, 12, 24, 36, 120)]
    assert cord == [0.0, 0.10, 0.10, 0.25, 0.50, 0.50, 0.50, 0.50]
    assert table.fraction("liver", 30) == 1.0
    assert table.fraction("kidney", 100) == 0.0
    assert table.fraction("none", 100) == 0.0


def test_every_recovery_group_of_a_tissue_is_in_the_recovery_table() -> None:
    protocol = load_protocol(default_protocol_folder())
    table = protocol.recovery("UMich/Paradis")
    for tissue in protocol.tissues:
        assert 0.0 <= table.fraction(tissue.recovery_group, 13.0) <= 1.0


def test_a_group_without_a_row_is_refused_rather_than_taken_as_no_recovery() -> None:
    table = load_protocol(default_protocol_folder()).recovery("UMich/Paradis")
    with pytest.raises(ProtocolError, match="no row for the group 'brain'"):
        table.fraction("brain", 12)


@pytest.mark.parametrize(
    ("file", "find", "put", "message"),
    [
        ("tissues.csv", "spinal cord,2,", "spinal cord,-2,", "row 2.*α/β is -2"),
        ("tissues.csv", "spinal cord,2,", "spinal cord,two,", "row 2.*'two'"),
        ("tissues.csv", "spinal cord,2,", "spinal cord,2,5,", "row 2.*more cells than columns"),
        ("tissues.csv", "spinal cord,2,", "spinal cord,2_5,", "row 2.*'2_5'"),
        ("tissues.csv", "spinal cord,2,", "brainstem,2,", "appears twice"),
        ("tissues.csv", "alpha_beta_gy", "ab", "no column alpha_beta_gy"),
        ("tissues.csv", "spinal cord,2,,,serial", "spinal cord,2,,,", "row 2.*empty cell"),
        ("recovery.csv", "serial,0,3,0,", "serial,0,3,1.5,", "row 2.*fraction 1.5"),
        ("recovery.csv", "serial,0,3,0,", "serial,0,4,0,", "overlaps"),
        ("recovery.csv", "serial,0,3,0,", "serial,3,0,0,", "row 2"),
    ],
)
def test_a_wrong_row_of_a_table_is_named(tmp_path: Path, file: str, find: str, put: str, message: str) -> None:
    for name in ("tissues.csv", "recovery.csv"):
        text = (default_protocol_folder() / name).read_text(encoding="utf-8")
        assert name != file or find in text
        (tmp_path / name).write_text(text.replace(find, put, 1) if name == file else text, encoding="utf-8")
    with pytest.raises(ProtocolError, match=message):
        load_protocol(tmp_path)


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"tissues\.csv.*cannot be read"):
        load_protocol(tmp_path)
