"""Limits by reference, overrides and the wishes for planning in a case file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.constraint import CourseConditions, Months, Sense
from ReirradiationLib.model.errors import CaseError, ProtocolError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import IsodoseLine, ReirradiationType, Target, TargetOverlap
from ReirradiationLib.model.protocol import Basis

COLUMNS = (
    "id,set,organ,metric,sense,limit,warning,basis,alpha_beta_gy,months_from,months_to,"
    "each_course_at_most,new_course_at_most,new_share_at_most,note,evidence,source"
)
TABLE = f"""{COLUMNS}
cord,Set A,spinal cord,Dmax,at_most,67.75,60,raw,2,6,,49,,,cervical,P,"Author 2006, PMID 1"
lung,Set A,lungs,CV16Gy[cc],at_least,1000,,raw,3,,,,,,,S,"Author 2007"
sum,Set A,spinal cord,Dmax,at_most,67.75,60,raw,2,6,,,,,,P,"Author 2009"
rec,Set B,spinal cord,D0.1cc,at_most,50,,recovered,2.5,,,,,,,S,"Author 2008"
"""


@pytest.fixture
def folder(tmp_path: Path, demo_folder: Path) -> Path:
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "constraints.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def read(folder: Path, demo_folder: Path, **changes: object) -> Case:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    values.update({"protocol_folder": "tables", "constraints": [], **changes})
    (folder / "case.json").write_text(json.dumps(values), encoding="utf-8")
    return read_case(folder / "case.json")


def test_a_constraint_named_by_its_row_has_everything_that_it_was_published_with(folder: Path, demo_folder: Path) -> None:
    case = read(folder, demo_folder, constraints=[{"structure": "spinal_cord", "limit": "cord"}])
    (constraint,) = case.constraints
    assert (constraint.structure, constraint.limit, constraint.warning) == ("spinal_cord", 67.75, 60.0)
    assert constraint.metric == Metric.parse("Dmax")
    assert (constraint.sense, constraint.basis, constraint.alpha_beta_gy) == (Sense.AT_MOST, Basis.RAW, 2.0)
    assert (constraint.months, constraint.conditions) == (Months(6.0), CourseConditions(each_course_at_most=49.0))
    assert constraint.source == "Set A, spinal cord: Author 2006, PMID 1 [P]; literature, confirm locally; cervical"


def test_an_override_says_what_it_changes_and_why_in_the_source_that_every_output_shows(
    folder: Path, demo_folder: Path
) -> None:
    entry = {"structure": "spinal_cord", "limit": "cord", "at_most": 55, "warning": 45, "reason": "tumour board"}
    (constraint,) = read(folder, demo_folder, constraints=[entry]).constraints
    assert (constraint.limit, constraint.warning) == (55.0, 45.0)
    told = "CHANGED FOR THIS CASE, limit 55 instead of 67.75, warning from 45: tumour board. Set A, spinal cord: Author 2006"
    assert constraint.source.startswith(told)


def test_a_request_takes_a_from_the_table_and_keeps_its_own_metric(folder: Path, demo_folder: Path) -> None:
    entry = {"structure": "spinal_cord", "limit": "sum", "metric": "D0.03cc", "levels_eqd2_gy": [30, 20.5]}
    (request,) = read(folder, demo_folder, optimization=[entry]).optimization
    assert (request.limit_eqd2_gy, request.basis, request.alpha_beta_gy) == (67.75, Basis.RAW, 2.0)
    assert str(request.metric) == "D0.03cc[Gy]"
    assert request.levels_eqd2_gy == (30.0, 20.5)
    assert (request.row, request.months) == ("sum", Months(6.0))


def test_everything_that_planning_may_be_asked_for_is_read_and_written_back(folder: Path, demo_folder: Path) -> None:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    case = read(
        folder,
        demo_folder,
        constraints=[
            {"structure": "spinal_cord", "limit": "cord"},
            {"structure": "spinal_cord", "limit": "cord", "at_most": 60, "reason": "board", "warning": 50},
            {
                **{"structure": "colon", "metric": "Dmax", "at_most": 80, "basis": "raw", "alpha_beta_gy": 3},
                **{"source": "own", "warning": 70, "months_from": 6, "months_to": 24, "new_share_at_most": 0.5},
            },
        ],
        optimization=[
            {"structure": "spinal_cord", "limit": "sum", "limit_eqd2_gy": 50, "reason": "board", "smoothing_mm": 2},
            {
                **{"structure": "colon", "limit_eqd2_gy": 80, "basis": "raw", "alpha_beta_gy": 3, "source": "own"},
                **{"overlap": "both", "crop_margin_mm": 3, "levels_eqd2_gy": [40, 20], "target": "PTV2_L1"},
            },
        ],
        new_course={**values["new_course"], "targets": [{"structure": "PTV2_L1", "prescription_gy": 30}]},
        isodose_lines=[{"course": "course1", "dose_gy": 15}, {"dose_gy": 20, "alpha_beta_gy": 2}],
        screening={"kind": "type 1", "who": "Jane Doe", "when": "2026-11-21", "reason": "overlap at L1/L2"},
        remaining_dose={"ceiling_gy": 45},
    )
    assert case.new_course.targets == (Target("PTV2_L1", 30.0),)
    assert case.isodose_lines == (IsodoseLine("course1", 15.0, None), IsodoseLine(None, 20.0, 2.0))
    assert case.screening is not None and case.screening.kind is ReirradiationType.TYPE_1
    assert case.remaining_dose.ceiling_gy == 45.0
    assert case.optimization[1].overlap is TargetOverlap.BOTH
    (folder / "case.json").write_text(case_to_json(case), encoding="utf-8")
    assert read_case(folder / "case.json") == case


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"limit": "nothing"}, r"limit 'nothing': not in constraints.csv. Use one of: cord"),
        ({"limit": "cord", "basis": "recovered"}, "beside the published limit 'cord'"),
        ({"limit": "cord", "alpha_beta_gy": 3}, "beside the published limit 'cord'"),
        ({"limit": "cord", "months_from": 3}, "beside the published limit 'cord'"),
        ({"limit": "cord", "at_most": 55}, "'cord' changed without a reason"),
        ({"limit": "cord", "at_least": 55, "reason": "x"}, "'cord' is at_most"),
        ({"limit": "cord", "warning": 70, "reason": "x"}, "warning level 70 beside the limit 67.75"),
        ({"limit": "cord", "reason": "x"}, "without a change of a published limit"),
        ({"limit": "rec"}, "its basis is the recovered sum, but the case applies no recovery"),
        ({"metric": "Dmax", "basis": "raw", "alpha_beta_gy": 2, "source": "x"}, "no limits"),
        ({"metric": "Dmax", "at_most": 5, "basis": "raw", "alpha_beta_gy": 2, "source": "x", "reason": "y"}, "reason"),
        ({"metric": "Dmax", "at_most": 5, "basis": "raw", "alpha_beta_gy": 2, "source": "x", "months_to": 0.0}, "months_to"),
        (
            {"metric": "Dmax", "at_most": 5, "basis": "raw", "alpha_beta_gy": 2, "source": "x", "new_share_at_most": 50},
            "Write it as a share",
        ),
    ],
)
def test_a_constraint_that_mixes_or_changes_what_is_locked_is_refused(
    folder: Path, demo_folder: Path, entry: dict, message: str
) -> None:
    with pytest.raises((CaseError, ProtocolError), match=message):
        read(folder, demo_folder, constraints=[{"structure": "spinal_cord", **entry}])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": "lung"}, r"'lung' limits CV16Gy\[cc\], not the near-maximum"),
        ({"limit": "cord"}, "'cord' also demands: each course ≤ 49 Gy EQD2"),
        ({"limit": "sum", "levels_eqd2_gy": [20, 30]}, "falling isodoses"),
        ({"limit": "sum", "levels_eqd2_gy": [20, -1]}, "none negative"),
        ({"limit": "sum", "levels_eqd2_gy": [20, "x"]}, "numbers"),
        ({"limit": "sum", "levels_eqd2_gy": [20], "number": 3}, "beside 'levels_eqd2_gy'"),
        ({"limit": "sum", "overlap": "cut"}, "one of keep, crop, both"),
        ({"limit": "sum", "smoothing_mm": 50}, "at most 10 mm"),
        ({"limit": "sum", "limit_eqd2_gy": 50}, "changed without a reason"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(folder: Path, demo_folder: Path, change: dict, message: str) -> None:
    with pytest.raises((CaseError, ProtocolError), match=message):
        read(folder, demo_folder, optimization=[{"structure": "spinal_cord", **change}])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"isodose_lines": [{"course": "nobody", "dose_gy": 15}]}, "the course 'nobody'"),
        ({"isodose_lines": [{"course": "course1", "dose_gy": 15, "alpha_beta_gy": 2}]}, "physical dose"),
        ({"isodose_lines": [{"dose_gy": 15}]}, "alpha_beta_gy"),
        ({"screening": {"kind": "type 3", "who": "a", "when": "2026-11-21", "reason": "b"}}, "type 1, type 2"),
        ({"screening": {"kind": "type 1", "who": "a", "reason": "b"}}, "'when' is missing"),
        ({"remaining_dose": {"ceiling_gy": 5000}}, "at most 500 Gy"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_are_refused(folder: Path, demo_folder: Path, changes: dict, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        read(folder, demo_folder, **changes)


def test_a_target_of_a_request_must_be_one_of_the_new_course_s(folder: Path, demo_folder: Path) -> None:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    course = {**values["new_course"], "targets": [{"structure": "liver", "prescription_gy": 30}]}
    with pytest.raises(CaseError, match="the target 'PTV2_L1', which is not among the targets of the new course"):
        read(folder, demo_folder, new_course=course)
