"""A report at every stage: after the records, after the transfer, after the sum; tasks, headlines, scorecard."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.radiobiology import eqd2
from ReirradiationLib.model.case import Case, PriorCourse
from ReirradiationLib.model.case_notes import FreeTexts, Task, TaskSignature
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.registration import SignOff
from ReirradiationLib.model.structure import EndCaps
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.scorecard import ScoreState
from ReirradiationLib.report.assemble import assemble, assemble_records
from ReirradiationLib.report.evaluation import Evaluation, evaluation_json
from ReirradiationLib.report.headlines import Mood
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.provenance import InputSummary, input_groups, sha256_of
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.report.task_key import task_key
from ReirradiationLib.report.task_summary import TaskStatus
from ReirradiationLib.transfer import read_case_records
from ReirradiationLib.workflow import Services, compute, run_case, without_new_plan


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


@pytest.fixture(scope="module")
def of_records(demo_case: Case) -> Evaluation:
    return assemble_records(read_case_records(demo_case, Monitor()))


@pytest.fixture(scope="module")
def with_recovery(demo_case: Case) -> CaseResults:
    few = tuple(one for one in demo_case.structures if one.name in ("spinal_cord", "small_bowel", "colon", "PTV2_L1"))
    return compute(replace(demo_case, structures=few, recovery_table="UMich/Paradis"), Monitor())


def task(evaluation: Evaluation, wanted: Task):
    return next(one for one in evaluation.tasks if one.task is wanted)


def test_after_the_records_nothing_is_said_about_dose_in_structures(of_records: Evaluation) -> None:
    assert of_records.stage is Task.RECORDS
    assert not (of_records.structures or of_records.scorecard or of_records.registrations or of_records.optimization)
    assert of_records.planning is None
    assert {one.registration for one in of_records.courses if one.role == "prior"} == {"not registered yet"}
    page = report_html(of_records)
    assert "Scorecard" not in page
    assert "L2 30 Gy/10 fx 2019" in page
    assert [one.status for one in of_records.tasks] == [TaskStatus.SIGNED, TaskStatus.NOT_YET, TaskStatus.NOT_YET]


def test_findings_that_wait_for_a_decision_stop_no_report_of_the_records(demo_case: Case, tmp_path: Path) -> None:
    undecided = replace(demo_case, decisions=(), tasks=())
    evaluation = run_case(undecided, tmp_path / "out", Services(), Monitor(), stage=Task.RECORDS)
    assert task(evaluation, Task.RECORDS).status is TaskStatus.OPEN
    (headline,) = evaluation.headlines
    assert headline.mood is Mood.BAD
    assert "dose.clipped" in headline.text
    assert "A DECISION IS NEEDED" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    stored = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert stored["stage"] == "records"


def test_the_stage_of_the_transfer_leaves_the_new_plan_out(demo_case: Case, tmp_path: Path) -> None:
    few = replace(demo_case, structures=tuple(one for one in demo_case.structures if one.name != "liver"))
    evaluation = run_case(few, tmp_path / "out", Services(), Monitor(), stage=Task.TRANSFER)
    assert evaluation.stage is Task.TRANSFER
    assert all(one.cumulative is None and one.new is None for one in evaluation.scorecard)
    assert not any(one.role.startswith("new:") for one in evaluation.inputs)
    assert task(evaluation, Task.SUM).status is TaskStatus.NOT_YET


def test_a_signature_of_other_inputs_is_not_taken_for_one_of_these(demo_case: Case) -> None:
    signed = TaskSignature(Task.RECORDS, "A. B.", date(2026, 11, 21), key="0123456789ab")
    found = read_case_records(replace(demo_case, tasks=(signed,)), Monitor())
    records = task(assemble_records(found), Task.RECORDS)
    assert records.status is TaskStatus.OUTDATED
    assert "0123456789ab" in records.remark
    right = replace(signed, key=records.key)
    again = assemble_records(read_case_records(replace(demo_case, tasks=(right,)), Monitor()))
    assert task(again, Task.RECORDS).status is TaskStatus.SIGNED
    keyless = assemble_records(read_case_records(replace(demo_case, tasks=(replace(signed, key=""),)), Monitor()))
    assert task(keyless, Task.RECORDS).status is TaskStatus.KEYLESS
    assert "names no key" in task(keyless, Task.RECORDS).remark


def test_keys_of_earlier_tasks_do_not_hang_on_later_work(of_records: Evaluation, evaluation: Evaluation) -> None:
    assert task(of_records, Task.RECORDS).key == task(evaluation, Task.RECORDS).key
    keys = [one.key for one in evaluation.tasks]
    assert len(set(keys)) == 3
    assert [one.status for one in evaluation.tasks] == [TaskStatus.SIGNED, TaskStatus.SIGNED, TaskStatus.DONE]


def of_first(case: Case, **changes) -> Case:
    first, *rest = case.prior_courses
    return replace(case, prior_courses=(replace(first, **changes), *rest))


PAPER = PriorCourse(
    *("paper", "1998", (), None, None, None, None, None, date(1998, 3, 1), None),
    points=(PointDose("spinal_cord", 41.2, 23, None, "printout"),),
)
SIGNED_REGISTRATION = SignOff("A. B.", date(2026, 11, 21), "seen")
NOTHING, ALL, LATER, SUM_ONLY = set(), set(Task), {Task.TRANSFER, Task.SUM}, {Task.SUM}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda c: replace(c, prior_courses=(*c.prior_courses, PAPER)), ALL),
        (lambda c: of_first(c, delivered_fractions=5), ALL),
        (lambda c: of_first(c, rbe=1.1), ALL),
        (lambda c: of_first(c, date=date(2001, 3, 4)), ALL),
        (lambda c: of_first(c, points=PAPER.points), ALL),
        (lambda c: of_first(c, registration=replace(c.prior_courses[0].registration, sign_off=SIGNED_REGISTRATION)), LATER),
        (lambda c: replace(c, end_caps=EndCaps.NONE), LATER),
        (lambda c: replace(c, structures=c.structures[1:]), LATER),
        (
            lambda c: replace(c, structures=(replace(c.structures[0], alpha_beta_gy=4.0, reason="x"), *c.structures[1:])),
            SUM_ONLY,
        ),
        (lambda c: replace(c, constraints=(replace(c.constraints[0], limit=65.0), *c.constraints[1:])), SUM_ONLY),
        (lambda c: replace(c, recovery_table="UMich/Paradis"), SUM_ONLY),
        (lambda c: replace(c, new_course=replace(c.new_course, prescription_gy=25.0)), SUM_ONLY),
        (lambda c: replace(c, metrics=c.metrics[1:]), SUM_ONLY),
        (lambda c: replace(c, decisions=()), SUM_ONLY),
        (lambda c: replace(c, texts=FreeTexts("x", "y", "z"), tasks=()), NOTHING),
    ],
)
def test_a_key_changes_with_all_that_its_task_rests_on_and_with_nothing_else(
    evaluation: Evaluation, demo_case: Case, change, changed: set
) -> None:
    def keys(case: Case) -> dict:
        transforms = [one.key for one in evaluation.registrations]
        return {one: task_key(one, case, date(2024, 6, 17), (), evaluation.inputs, transforms) for one in Task}

    before, after = keys(demo_case), keys(change(demo_case))
    assert {one for one in Task if before[one] != after[one]} == changed


def test_the_stage_does_not_change_the_day_that_intervals_are_counted_to(demo_case: Case) -> None:
    assert without_new_plan(demo_case).new_course.date == date(2024, 6, 17)  # of the plan, which is left out


def test_the_new_plan_alone_is_the_metric_of_its_own_eqd2(evaluation: Evaluation, demo_results: CaseResults) -> None:
    for score, result in zip(evaluation.scorecard, demo_results.scores, strict=True):
        organ = demo_results.structure(score.structure)
        (new,) = [part for part in organ.cumulative.courses if part.course.identifier == "new"]
        gy = eqd2(new.dose_gy.astype(np.float64), 5, score.alpha_beta_gy)
        expected = cumulative_dvh(gy, organ.cumulative.samples.volumes_cc).value(Metric.parse(score.metric))
        assert score.new == pytest.approx(expected, rel=1e-5)
        assert score.margin == pytest.approx(
            score.limit - score.cumulative if score.sense == "at_most" else score.cumulative - score.limit
        )
        assert result.cumulative == score.cumulative
        assert score.prior_otherwise is None


def test_with_recovery_the_other_sum_stands_beside_the_one_that_counts(with_recovery: CaseResults) -> None:
    scores = [one for one in assemble(with_recovery).scorecard if one.structure == "spinal_cord"]
    for score in scores:
        assert score.basis == "raw"
        assert score.prior_otherwise == pytest.approx(score.prior * 0.5, rel=1e-6)  # 50 % after 24 months, one course
        assert score.prior_otherwise <= score.prior
        assert score.cumulative_otherwise < score.cumulative
    page = report_html(assemble(with_recovery))
    assert "on the other sum" in page


def test_headlines_tell_the_worst_first_with_its_number(evaluation: Evaluation) -> None:
    first = evaluation.headlines[0]
    (cord, _nieder) = [one for one in evaluation.scorecard if one.structure == "spinal_cord"]
    assert first.mood is Mood.BAD
    assert f"{cord.cumulative:.2f}" in first.text
    exceeded = {one.structure for one in evaluation.scorecard if one.state == ScoreState.EXCEEDED.value}
    assert all(name in first.text for name in exceeded)
    texts = " ".join(one.text for one in evaluation.headlines)
    assert all(one.structure in texts for one in evaluation.scorecard)
    assert "go in all 13 structures; in none was measured: inverse consistency, landmark error, contours" in texts


def test_every_input_is_hashed_and_named_by_its_object(evaluation: Evaluation, demo_folder: Path) -> None:
    from pydicom import dcmread

    by_role = {one.role for one in evaluation.inputs}
    wanted = {"case", "current CT", "current structures", "course1: dose", "course1: plan", "course1: CT", "table"}
    assert wanted | {"course1: registration", "new: dose", "new: plan"} <= by_role
    for one in evaluation.inputs:
        path = demo_folder / one.path
        if path.suffix == ".dcm":
            assert one.sop_instance_uid == str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)
            assert one.sha256 == sha256_of(path)
    assert len({one.path for one in evaluation.inputs}) == len(evaluation.inputs)


def test_the_hash_of_a_group_is_that_of_its_lines() -> None:
    import hashlib

    inputs = [InputSummary(f"{n}.dcm", "current CT", "", f"{n:064x}") for n in range(3)]
    (group,) = input_groups(inputs)
    lines = "".join(f"{one.sha256}\n" for one in inputs)
    assert (group.files, group.sha256) == (3, hashlib.sha256(lines.encode()).hexdigest())


def test_the_evaluation_does_not_hang_on_the_folder_that_it_is_written_to(demo_case: Case, tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two/deep"):
        run_case(demo_case, tmp_path / name, Services(), Monitor(), stage=Task.RECORDS)
        texts.append((tmp_path / name / "evaluation.json").read_bytes())
    assert texts[0] == texts[1]
    assert evaluation_json(assemble_records(read_case_records(demo_case, Monitor()))).encode() == texts[0]
