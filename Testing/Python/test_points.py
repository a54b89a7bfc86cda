"""Courses known only by one dose per organ: what they add, what they cannot prove, and how a table is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.constraint import Constraint, Sense
from ReirradiationLib.model.course import PointCourse
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.points import PointDose, read_points
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.scorecard import Occasion, Score, ScoreState, score
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import Services, compute, run_case
from synthetic import ball, course_of, dose_of, grid

GEOMETRY = grid(2.0, 20.0)
SAMPLES = structure_samples(ball(8.0, 2.0), GEOMETRY)
UNIFORM = course_of(dose_of(lambda p: np.full(len(p), 30.0), GEOMETRY), 10)
RECORD = PointCourse("old", "1998", (PointDose("cord", 40.0, 20, None, "paper record"),), date(1998, 1, 1))
HEADER = "structure,dose_gy,fractions,date,source\n"


def scored(constraint: Constraint, prior, cumulative) -> Score:
    return score(constraint, prior, cumulative, Occasion(date(2026, 1, 1), 5))


def table(folder: Path, *rows: str) -> Path:
    path = folder / "points.csv"
    path.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    return path


def test_a_point_adds_its_eqd2_everywhere_in_its_organ() -> None:
    """30 Gy/10 + 40 Gy/20, α/β 2: 37.5 + 40 = 77.5 Gy EQD2."""
    dose = structure_dose(SAMPLES, [UNIFORM, RECORD], [0.0, 0.0], "cord")
    np.testing.assert_allclose(dose.eqd2_gy(2.0, Basis.RAW), 77.5)
    assert dose.known().all()
    assert dose.upper_bounds() == ("1998",)


def test_recovery_acts_on_a_point_as_on_any_course() -> None:
    dose = structure_dose(SAMPLES, [UNIFORM, RECORD], [0.0, 0.5], "cord")
    np.testing.assert_allclose(dose.eqd2_gy(2.0, Basis.RECOVERED), 37.5 + 20.0)


def test_an_organ_without_a_point_is_not_known_and_not_zero() -> None:
    dose = structure_dose(SAMPLES, [UNIFORM, RECORD], [0.0, 0.0], "oesophagus")
    assert dose.unknown_courses() == ("1998",)
    assert dose.unknown_percent() == pytest.approx(100.0)


def test_a_stated_zero_is_known_and_bounds_nothing() -> None:
    course = replace(RECORD, points=(PointDose("cord", 0.0, 20, None, "far away"),))
    dose = structure_dose(SAMPLES, [UNIFORM, course], [0.0, 0.0], "cord")
    assert dose.unknown_percent() == pytest.approx(0.0)
    assert dose.upper_bounds() == ()


@pytest.mark.parametrize(
    ("metric", "sense", "limit", "expected"),
    [
        ("Dmax[Gy]", Sense.AT_MOST, 80.0, ScoreState.MET),
        ("Dmax[Gy]", Sense.AT_MOST, 60.0, ScoreState.MAY_BE_EXCEEDED),
        ("Dmax[Gy]", Sense.AT_MOST, 30.0, ScoreState.EXCEEDED_BY_PRIOR),  # by the known course alone
        ("D95%[Gy]", Sense.AT_LEAST, 30.0, ScoreState.MET),  # by the known course alone
        ("D95%[Gy]", Sense.AT_LEAST, 50.0, ScoreState.NOT_EVALUABLE),
        ("CV60Gy[cc]", Sense.AT_MOST, 0.5, ScoreState.NOT_EVALUABLE),
        ("CV30Gy[cc]", Sense.AT_MOST, 0.5, ScoreState.MET),
        ("CV80Gy[cc]", Sense.AT_LEAST, 1.0, ScoreState.MET),
        ("CV60Gy[cc]", Sense.AT_LEAST, 1.0, ScoreState.MAY_BE_EXCEEDED),
    ],
)
def test_an_upper_bound_proves_that_a_limit_is_kept_and_nothing_else(
    metric: str, sense: Sense, limit: float, expected: ScoreState
) -> None:
    prior = structure_dose(SAMPLES, [UNIFORM, RECORD], [0.0, 0.0], "cord")
    cumulative = prior.with_course(course_of(dose_of(lambda p: np.full(len(p), 1e-3), GEOMETRY), 5), 0.0)
    constraint = Constraint("cord", Metric.parse(metric), sense, limit, Basis.RAW, 2.0, "test")
    result = scored(constraint, prior, cumulative)
    assert result.state is expected
    assert "1998" in result.remark


def test_a_table_is_read(tmp_path: Path) -> None:
    path = table(tmp_path, "spinal_cord,41.2,23,1998-03-01,printout p. 3", '"colon",12.5,23,,"letter, 1998"')
    points = read_points(path)
    assert points[0] == PointDose("spinal_cord", 41.2, 23, date(1998, 3, 1), "printout p. 3")
    assert points[1] == PointDose("colon", 12.5, 23, None, "letter, 1998")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no points"),
        (["cord,40,20,,a", "cord,41,20,,b"], "two doses"),
        (["cord,5000,20,,cGy"], "5000 Gy.*expected 0 to 500 Gy"),
        (["cord,-1,20,,a"], "-1 Gy"),
        (["cord,40,0,,a"], "0 fractions"),
        (["cord,40,2.5,,a"], "2.5 fractions"),
        (["cord,40 Gy,20,,a"], "dose_gy is '40 Gy'"),
        (['cord,"40,5",20,,a'], "dose_gy is '40,5'"),
        (["cord,40,20,01.03.1998,a"], "YYYY-MM-DD"),
        (["cord,40,20,,"], "an empty cell"),
        ([",40,20,,a"], "an empty cell"),
        (["cord,40,20,,a,b"], "more cells than columns"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        read_points(table(tmp_path, *rows))
    with pytest.raises(CaseError, match="cannot be read"):
        read_points(tmp_path / "nowhere.csv")


@pytest.fixture
def case_with_points(demo_case: Case, tmp_path: Path) -> Case:
    """The demo with a third, older course from paper, for the cord only; not saved."""
    cord = tuple(choice for choice in demo_case.structures if choice.name in ("spinal_cord", "colon", "PTV2_L1"))
    limits = tuple(c for c in demo_case.constraints if c.structure in ("spinal_cord", "colon"))
    points = (PointDose("spinal_cord", 20.0, 10, None, "letter of 1998, cord maximum"),)
    paper = replace(demo_case.prior_courses[0], identifier="paper", label="1998, paper", dose=(), plan=None, ct=None)
    paper = replace(paper, registration=None, date=date(1998, 3, 1), points=points)
    courses = (*demo_case.prior_courses, paper)
    return replace(demo_case, prior_courses=courses, structures=cord, constraints=limits)


def test_a_case_with_points_is_written_and_read(case_with_points: Case, tmp_path: Path) -> None:
    moved = replace(case_with_points, file=tmp_path / "case.json")
    (tmp_path / "case.json").write_text(case_to_json(moved), encoding="utf-8")
    assert read_case(tmp_path / "case.json") == moved


def test_the_whole_pipeline_with_a_point_course(case_with_points: Case, demo_results, tmp_path: Path) -> None:
    """20 Gy/10 to the cord, α/β 2, is 20 Gy EQD2 on top of every metric of the sum; other organs are not evaluable."""
    evaluation = run_case(case_with_points, tmp_path / "out", Services(), Monitor())
    without = {(s.constraint.structure, str(s.constraint.metric)): s for s in demo_results.scores}
    by_organ = {score.structure: score for score in evaluation.scorecard}
    cord = by_organ["spinal_cord"]
    assert cord.cumulative == pytest.approx(without["spinal_cord", cord.metric].cumulative + 20.0, abs=1e-6)
    assert "upper bound" in cord.remark
    assert by_organ["colon"].state == ScoreState.NOT_EVALUABLE.value
    assert "1998, paper" in by_organ["colon"].remark
    organ = evaluation.optimization[0]
    assert organ.prior_eqd2_gy == pytest.approx(demo_results.optimization[0].levels.prior_eqd2_gy + 20.0, abs=1e-6)
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "letter of 1998, cord maximum" in report
    assert "P holds the point dose of 1998, paper" in report
    assert organ.upper_bounds == ("1998, paper",)
    assert "Courses known only as point doses are NOT in it" in evaluation.composite_rule
    assert [course.role for course in evaluation.courses] == ["prior", "prior", "new plan"]


def test_a_case_of_points_only_needs_no_prior_dicom(case_with_points: Case, tmp_path: Path) -> None:
    paper = case_with_points.prior_courses[1:]
    before = replace(case_with_points.new_course, plan=None, dose=())
    case = replace(case_with_points, prior_courses=paper, new_course=before, decisions=(), isodose_lines=())
    evaluation = run_case(case, tmp_path / "out", Services(), Monitor())
    cord = next(score for score in evaluation.scorecard if score.structure == "spinal_cord")
    assert cord.prior == pytest.approx(20.0, abs=1e-6)
    assert cord.state == ScoreState.OPEN.value
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "cumulative_eqd2.dcm" not in names
    assert "remaining_dose.dcm" not in names and evaluation.planning.remaining_dose is None
    assert {"report.html", "evaluation.json"} <= names
    shells = evaluation.optimization[0].shells
    assert shells[0].volume_cc == pytest.approx(sum(shell.volume_cc for shell in shells))  # the whole cord at P


def test_a_point_for_an_organ_that_is_not_listed_is_refused(case_with_points: Case) -> None:
    paper = case_with_points.prior_courses[1]
    stray = replace(paper, points=(PointDose("Spinal Cord", 20.0, 10, None, "typo"),))
    with pytest.raises(CaseError, match=r"point of 'Spinal Cord'.*not among the case's structures"):
        compute(replace(case_with_points, prior_courses=(case_with_points.prior_courses[0], stray)), Monitor())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plan": "RP.dcm"}, "beside 'points'"),
        ({"registration": {"method": "same-frame"}}, "beside 'points'"),
        ({"points": []}, "no points"),
        ({"points": [{"structure": "cord", "dose_gy": 40, "fractions": 20}]}, "'source' is missing"),
        ({"points": [{"structure": "cord", "dose_gy": 4000, "fractions": 20, "source": "x"}]}, "4000 Gy"),
    ],
)
def test_a_wrong_entry_of_points_is_named(tmp_path: Path, demo_folder: Path, change: dict, message: str) -> None:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    point = {"structure": "spinal_cord", "dose_gy": 20, "fractions": 10, "source": "letter"}
    values["prior_courses"] = [{"id": "paper", "points": [point], **change}]
    (tmp_path / "case.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(CaseError, match=message):
        read_case(tmp_path / "case.json")


def test_a_dose_that_the_known_courses_reach_is_reached_whatever_is_unknown() -> None:
    prior = structure_dose(SAMPLES, [UNIFORM, RECORD], [0.0, 0.0], "target")  # the paper course knows the cord only
    cumulative = prior.with_course(course_of(dose_of(lambda p: np.full(len(p), 20.0), GEOMETRY), 5), 0.0)
    reached = Constraint("target", Metric.parse("D95%[Gy]"), Sense.AT_LEAST, 30.0, Basis.RAW, 10.0, "test")
    assert scored(reached, prior, cumulative).state is ScoreState.MET
    assert scored(replace(reached, limit=90.0), prior, cumulative).state is ScoreState.NOT_EVALUABLE


@pytest.fixture
def case_with_a_point_in_place(demo_case: Case) -> Case:
    """The demo with a point for the cord in the DICOM course itself, higher than any mapped dose there."""
    names = ("spinal_cord", "colon", "PTV2_L1")
    course = replace(demo_case.prior_courses[0], points=(PointDose("spinal_cord", 40.0, 20, None, "printout p. 3"),))
    return replace(
        demo_case,
        prior_courses=(course,),
        structures=tuple(choice for choice in demo_case.structures if choice.name in names),
        constraints=tuple(c for c in demo_case.constraints if c.structure in names),
    )


def test_a_point_of_a_dicom_course_replaces_its_mapped_dose_in_that_organ_alone(
    case_with_a_point_in_place: Case, demo_results: CaseResults
) -> None:
    """40 Gy in 20 fractions are 40 Gy EQD2 by any α/β; the colon keeps its mapped dose."""
    results = compute(case_with_a_point_in_place, Monitor())
    cord, colon = (next(r for r in results.structures if r.choice.name == name) for name in ("spinal_cord", "colon"))
    np.testing.assert_allclose(cord.prior.eqd2_gy(2.0, Basis.RAW), 40.0)
    assert cord.prior.upper_bounds() == ("L2 30 Gy/10 fx 2019",)
    before = next(r for r in demo_results.structures if r.choice.name == "colon")
    assert colon.prior.dvh(3.0, Basis.RAW).value(Metric.parse("D0.5cc")) == pytest.approx(
        before.prior.dvh(3.0, Basis.RAW).value(Metric.parse("D0.5cc")), abs=1e-9
    )
    assert results.optimization[0].levels.prior_eqd2_gy == pytest.approx(40.0)
    assert "spinal_cord (L2 30 Gy/10 fx 2019) are NOT in it" in results.composite_rule
    (told,) = [one for one in results.findings if one.interlock is Interlock.POINTS_REPLACE]
    assert "40 Gy in 20 fractions (printout p. 3) in place of the mapped dose, up to 30.04 Gy in 10 fractions" in told.found
    evaluation = assemble(results)
    assert evaluation.courses[0].points[0].dose_gy == pytest.approx(40.0)
    assert next(s for s in evaluation.scorecard if s.structure == "spinal_cord").registration.startswith("point in place of")


def test_a_point_below_the_mapped_dose_needs_a_decision(case_with_a_point_in_place: Case) -> None:
    course = case_with_a_point_in_place.prior_courses[0]
    low = replace(course, points=(replace(course.points[0], dose_gy=31.0, fractions=31),))
    case = replace(case_with_a_point_in_place, prior_courses=(low,))
    with pytest.raises(CaseError, match=r"points\.below-mapped"):
        compute(case, Monitor())
    decision = Decision("points.below-mapped", f"Course '{course.label}', 'spinal_cord'", "me", "2026-11-21", "read twice")
    accepted = compute(replace(case, decisions=(*case.decisions, decision)), Monitor())
    assert accepted.optimization[0].levels.prior_eqd2_gy == pytest.approx(23.25)  # more Gy, less EQD2


def test_a_course_of_files_and_points_keeps_both_in_the_case_file(case_with_a_point_in_place: Case, tmp_path: Path) -> None:
    case = replace(case_with_a_point_in_place, file=tmp_path / "case.json")
    case.file.write_text(case_to_json(case), encoding="utf-8")
    assert read_case(case.file) == case
