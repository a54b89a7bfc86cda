"""BED and LQ-L beside EQD2 by LQ: asked for in the case, shown apart, and never in place of the main numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.dose_response import DoseResponse, FractionationModel, Quantity
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.evaluation import Evaluation, evaluation_json
from ReirradiationLib.report.findings import structure_findings
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.pictures import PictureSet
from ReirradiationLib.report.results import CaseResults

BED = DoseResponse(Quantity.BED)
LINEAR = DoseResponse(model=FractionationModel.LQ_L)
LINEAR_FROM_3 = DoseResponse(model=FractionationModel.LQ_L, transition_gy_per_fraction=3.0)


@pytest.fixture
def values(demo_folder: Path) -> dict:
    return json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))


def read(folder: Path, values: dict):
    path = folder / "case.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return read_case(path)


@pytest.fixture(scope="module")
def asked(demo_results: CaseResults) -> CaseResults:
    return replace(demo_results, case=replace(demo_results.case, sensitivity=(BED, LINEAR, LINEAR_FROM_3)))


@pytest.fixture(scope="module")
def evaluation(asked: CaseResults) -> Evaluation:
    return assemble(asked)


def test_the_case_names_quantity_model_and_transition(tmp_path: Path, values: dict) -> None:
    values["sensitivity"] = [
        {"quantity": "bed"},
        {"model": "lq-l"},
        {"model": "lq-l", "transition_gy_per_fraction": 3},
        {"quantity": "bed", "model": "lq-l"},
    ]
    case = read(tmp_path, values)
    assert case.sensitivity == (BED, LINEAR, LINEAR_FROM_3, DoseResponse(Quantity.BED, FractionationModel.LQ_L))
    (tmp_path / "again.json").write_text(case_to_json(case), encoding="utf-8")
    assert read_case(tmp_path / "again.json").sensitivity == case.sensitivity


def test_without_the_key_nothing_is_added(tmp_path: Path, values: dict, demo_results: CaseResults) -> None:
    assert read(tmp_path, values).sensitivity == ()
    evaluation = assemble(demo_results)
    assert all(structure.sensitivity == () for structure in evaluation.structures)
    assert "Sensitivity" not in report_html(evaluation, PictureSet((), "none"))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"model": "lql"}, r"sensitivity\[0\]\.model: 'lql', expected one of lq, lq-l"),
        ({"quantity": "EUD"}, r"'EUD', expected one of eqd2, bed"),
        ({"model": "usc"}, "one of lq, lq-l"),
        ({"modell": "lq-l"}, "unknown key 'modell'"),
        ({}, "EQD2 by LQ.*main tables"),
        ({"model": "lq", "quantity": "eqd2"}, "EQD2 by LQ.*main tables"),
        ({"quantity": "bed", "transition_gy_per_fraction": 6}, "LQ-L only"),
        ({"model": "lq-l", "transition_gy_per_fraction": 0}, "a number > 0"),
        ({"model": "lq-l", "transition_gy_per_fraction": "6"}, "a number"),
        ("lq-l", "a JSON object"),
    ],
)
def test_an_entry_that_is_not_understood_is_refused_with_what_would_be(
    tmp_path: Path, values: dict, entry: object, message: str
) -> None:
    values["sensitivity"] = [entry]
    with pytest.raises(CaseError, match=message):
        read(tmp_path, values)


def test_the_same_entry_twice_is_refused(tmp_path: Path, values: dict) -> None:
    values["sensitivity"] = [{"quantity": "bed"}, {"quantity": "bed", "model": "lq"}]
    with pytest.raises(CaseError, match="the same entry twice"):
        read(tmp_path, values)


def test_the_main_numbers_stay_eqd2_by_lq(demo_results: CaseResults, evaluation: Evaluation) -> None:
    plain = assemble(demo_results)
    assert evaluation.scorecard == plain.scorecard
    assert evaluation.optimization == plain.optimization
    bare = tuple(replace(structure, sensitivity=()) for structure in evaluation.structures)
    assert bare == plain.structures


def test_bed_is_eqd2_times_its_constant_factor_in_every_metric_of_dose(evaluation: Evaluation) -> None:
    for structure in evaluation.structures:
        bed = structure.sensitivity[0]
        assert (bed.quantity, bed.model, bed.transition_gy_per_fraction) == ("bed", "lq", None)
        factor = 1.0 + 2.0 / structure.alpha_beta_gy
        for main, other in zip(structure.metrics, bed.metrics, strict=True):
            assert other.metric == main.metric
            if main.metric.endswith("[Gy]"):
                assert other.cumulative_raw == pytest.approx(factor * main.cumulative_raw, rel=1e-9)
                assert other.prior_raw == pytest.approx(factor * main.prior_raw, rel=1e-9)


def test_lq_l_changes_nothing_below_its_transition_and_lowers_what_is_above(evaluation: Evaluation) -> None:
    """The demo's courses give at most some 3.3 and 6.5 Gy per fraction; d_T is 4 Gy in the cord and 20 Gy in the PTV."""
    structures = {structure.name: structure for structure in evaluation.structures}
    cord, target = structures["spinal_cord"], structures["PTV2_L1"]
    assert cord.sensitivity[1].transition_gy_per_fraction == 4.0
    assert target.sensitivity[1].transition_gy_per_fraction == 20.0
    assert target.sensitivity[1].metrics == target.metrics
    maxima = [metrics[0] for metrics in (cord.metrics, cord.sensitivity[1].metrics, cord.sensitivity[2].metrics)]
    assert maxima[0].metric == "Dmax[Gy]"
    assert maxima[0].cumulative_raw > maxima[1].cumulative_raw > maxima[2].cumulative_raw


def test_every_value_carries_the_share_of_unknown_dose(asked: CaseResults, evaluation: Evaluation) -> None:
    values = json.loads(evaluation_json(evaluation))
    for structure, result in zip(values["structures"], asked.structures, strict=True):
        tables = [structure["metrics"], *(entry["metrics"] for entry in structure["sensitivity"])]
        for metric in (metric for metrics in tables for metric in metrics):
            assert metric["prior_unknown_percent"] == pytest.approx(result.prior.unknown_percent(), rel=1e-5)
            assert metric["cumulative_unknown_percent"] == pytest.approx(result.cumulative.unknown_percent(), rel=1e-5)
    assert max(structure["metrics"][0]["cumulative_unknown_percent"] for structure in values["structures"]) > 0.0
    for score in values["scorecard"]:
        structure = next(s for s in values["structures"] if s["name"] == score["structure"])
        assert score["cumulative_unknown_percent"] == structure["unknown_percent"]


def test_the_report_shows_the_comparison_under_its_own_name(evaluation: Evaluation) -> None:
    page = report_html(evaluation, PictureSet((), "none"))
    for label in (
        "BED by LQ",
        "EQD2 by LQ-L, linear above 2 α/β per fraction",
        "EQD2 by LQ-L, linear above 3 Gy per fraction",
    ):
        assert f"<h2>Sensitivity: {label}</h2>" in page
        assert f"Cumulative, with the new plan: raw sum, {label}</h3>" in page
    assert page.count("For comparison only") == 3
    assert "spinal_cord (α/β 2 Gy, linear above 4 Gy per fraction)" in page


def test_where_lq_l_is_not_defined_the_reason_stands_instead_of_numbers(asked: CaseResults) -> None:
    cord = replace(asked.structures[0], alpha_beta_gy=0.87)
    evaluation = assemble(replace(asked, structures=(cord, *asked.structures[1:])))
    metric = evaluation.structures[0].sensitivity[1].metrics[0]
    assert metric.cumulative_raw is None
    assert "linear from 1.74 Gy per fraction, below the 2 Gy" in metric.remark
    assert evaluation.structures[0].sensitivity[2].metrics[0].cumulative_raw is not None
    assert "linear from 1.74 Gy" in report_html(evaluation, PictureSet((), "none"))


def test_volume_beyond_10_gy_per_fraction_is_a_finding_that_names_the_course(demo_results: CaseResults) -> None:
    cord = demo_results.structures[0]
    assert "dose.beyond-lq" not in {finding.identifier for finding in demo_results.findings}
    parts = cord.cumulative.courses
    hot = replace(cord, cumulative=replace(cord.cumulative, courses=(parts[0], replace(parts[1], fractions=1))))
    (finding,) = [f for f in structure_findings(hot, demo_results.records) if f.identifier == "dose.beyond-lq"]
    assert parts[1].course.label in finding.found
    assert parts[0].course.label not in finding.found
    summary = assemble(replace(demo_results, structures=(hot,), scores=())).structures[0]
    assert [part.beyond_lq_cc > 0.0 for part in summary.courses] == [False, True]
    assert summary.beyond_lq_cc == pytest.approx(summary.courses[1].beyond_lq_cc)
