"""What the window of the optimization structures rests on: fitting limits, typed levels, points, export, what is current."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dicom.validate.validation import Validation
from ReirradiationLib.export_planning import current_results, export_planning
from ReirradiationLib.model.case import Case, ExportChoice, Holes
from ReirradiationLib.model.case_edits import with_optimization, with_prescription, with_screening
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.model.errors import Cancelled, CaseError, OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.inner_point import inner_point_mm
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.scene import SceneStructure
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.point_worksheet import worked_out
from ReirradiationLib.planning.request_choices import (
    fitting_limits,
    levels_text,
    parse_levels,
    request_by_own_limit,
    request_by_row,
    unjudged_requests,
)
from ReirradiationLib.planning.worksheet_entry import CourseEntry, Fractionation, OrganWorksheet, ValueKind, WorksheetLimit
from ReirradiationLib.planning.worksheet_points import points_of_course
from ReirradiationLib.planning.worksheet_table import worksheet_csv
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.session import CaseSession, Evaluated
from ReirradiationLib.session_handover import hand_over
from ReirradiationLib.workflow import evaluation_of

TODAY = date(2026, 11, 21)


# Limits


@pytest.mark.parametrize("name", ["spinal_cord", "SpinalCord", "Spinal Cord"])
def test_limits_of_the_organ_that_the_name_tells_are_offered_and_no_others(name: str) -> None:
    rows = fitting_limits(name, None)
    assert rows and {row.organ for row in rows} == {"spinal cord"}
    assert all(row.limit.metric.is_near_maximum and not str(row.limit.conditions) for row in rows)
    assert not {"nieder.cord", "hytec.cord"} & {row.identifier for row in rows}, "they demand more than a sum"


def test_limits_of_all_organs_are_offered_where_the_name_tells_none() -> None:
    assert len({row.organ for row in fitting_limits("structure_7", None)}) > 3


def test_a_row_that_was_chosen_before_stays_on_offer_whatever_the_name_tells() -> None:
    assert "slevin.colon" in [row.identifier for row in fitting_limits("spinal_cord", None, also="slevin.colon")]
    assert "slevin.colon" not in [row.identifier for row in fitting_limits("spinal_cord", None)]


def test_a_request_by_a_row_is_what_a_case_file_that_names_the_row_gives(demo_case: Case) -> None:
    (row,) = [row for row in fitting_limits("colon", None) if row.identifier == "slevin.colon"]
    session = CaseSession()
    session.open(demo_case.file)
    made = request_by_row("colon", row)
    read = session.edit(with_optimization(demo_case, made)).case.optimization[-1]
    assert dataclasses.replace(read, source=made.source) == made and read.source.startswith(made.source)
    changed = request_by_row("colon", row, 75.0, "operated on before")
    read = session.edit(with_optimization(demo_case, changed)).case.optimization[-1]
    assert (read.limit_eqd2_gy, read.row, read.override) == (75.0, "slevin.colon", changed.override)
    assert read.source.startswith("CHANGED FOR THIS CASE")


def test_the_published_value_entered_again_is_no_change() -> None:
    (row,) = [row for row in fitting_limits("colon", None) if row.identifier == "slevin.colon"]
    assert request_by_row("colon", row, row.limit.limit, "no reason needed").override is None


@given(st.lists(st.integers(0, 10**4).map(lambda n: n / 100.0), max_size=9))
def test_levels_are_read_back_as_they_are_written(levels: list[float]) -> None:
    assert parse_levels(levels_text(levels), "organ") == tuple(levels)


@pytest.mark.parametrize("text", ["30, 20", "30;", "thirty", "30; ; 20", "30 20"])
def test_levels_that_can_be_misread_are_refused(text: str) -> None:
    with pytest.raises(CaseError, match="semicolons"):
        parse_levels(text, "organ")


# Points


def worksheet_file(folder: Path, *entries: CourseEntry, organ: str = "spinal_cord") -> Path:
    limit = request_by_own_limit(organ, 50.0, Basis.RAW, 2.0, "own")
    sheet = OrganWorksheet(
        WorksheetLimit(organ, 50.0, Basis.RAW, 2.0, limit.metric, "own"), entries, Fractionation(5, 30.0, TODAY)
    )
    path = folder / "worksheet.csv"
    path.write_text(worksheet_csv([worked_out(sheet)]), encoding="utf-8-sig", newline="")
    return path


def test_points_of_a_saved_worksheet_are_those_of_the_course_that_were_not_mapped(tmp_path: Path) -> None:
    typed = CourseEntry("old", 31.5, 10, date(2019, 3, 1), kind=ValueKind.TYPED, source="printout p. 3")
    other = CourseEntry("older", 20.0, 5, date(2017, 3, 1), kind=ValueKind.TYPED, source="letter")
    path = worksheet_file(tmp_path, typed, other)
    assert points_of_course(path, "old", TODAY) == (PointDose("spinal_cord", 31.5, 10, date(2019, 3, 1), "printout p. 3"),)
    with pytest.raises(CaseError, match="no point of the course 'new'") as told:
        points_of_course(path, "new", TODAY)
    assert told.value.expected == "one of old, older"


def test_a_mapped_dose_is_no_point_of_a_record(tmp_path: Path) -> None:
    mapped = CourseEntry("old", 31.5, 10, date(2019, 3, 1), kind=ValueKind.MAPPED, source="D0.01cc", registration="go")
    with pytest.raises(CaseError, match="no point of the course"):
        points_of_course(worksheet_file(tmp_path, mapped), "old", TODAY)


def test_a_point_without_a_source_is_refused(tmp_path: Path) -> None:
    typed = CourseEntry("old", 31.5, 10, date(2019, 3, 1), kind=ValueKind.TYPED)
    with pytest.raises(CaseError, match="no source"):
        points_of_course(worksheet_file(tmp_path, typed), "old", TODAY)


def test_a_table_of_points_is_taken_whole(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("structure,dose_gy,fractions,date,source\ncord,31.5,10,,p. 3\ncolon,2,10,,p. 3\n", encoding="utf-8")
    assert [point.structure for point in points_of_course(path, "any", TODAY)] == ["cord", "colon"]


# A point in a structure


def test_the_point_of_a_shell_lies_in_the_shell() -> None:
    k, j, i = np.meshgrid(*(np.arange(21.0),) * 3, indexing="ij")
    radius = np.sqrt((i - 10) ** 2 + (j - 10) ** 2 + (k - 10) ** 2)
    geometry = Geometry(
        (-5.0, 7.0, 100.0), (1.0, 2.0, 3.0), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (21, 21, 21)
    )
    shell = SceneStructure("shell", (0, 0, 0), (radius > 7) & (radius < 9), geometry)
    point = inner_point_mm(shell)
    assert point is not None
    index = [
        round((value - start) / step)
        for value, start, step in zip(point, geometry.origin_mm, geometry.spacing_mm, strict=True)
    ]
    assert shell.mask[index[2], index[1], index[0]]


def test_an_empty_structure_has_no_point() -> None:
    geometry = Geometry((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (2, 2, 2))
    assert inner_point_mm(SceneStructure("none", (0, 0, 0), np.zeros((2, 2, 2), dtype=bool), geometry)) is None


# What is current


def test_results_stay_current_while_only_export_and_type_change(demo_case: Case, demo_results: CaseResults) -> None:
    session = CaseSession()
    session.open(demo_case.file)
    assert current_results(session) is None
    session.keep_evaluated(session.case, Evaluated(Task.SUM, demo_results, evaluation_of(demo_results)))
    session.edit(with_screening(session.case, None))
    export = ExportChoice("Eclipse", Holes.XOR)
    session.edit(dataclasses.replace(session.case, export=export))
    results = current_results(session)
    assert results is not None and results.case.export == export and results.case.screening is None
    session.edit(with_prescription(session.case, 25.0, 5))
    assert current_results(session) is None


# Two windows on one case


def session_of(file: Path) -> CaseSession:
    session = CaseSession()
    session.open(file)
    return session


@pytest.fixture
def case_file(demo_case: Case, tmp_path: Path) -> Path:
    session = session_of(demo_case.file)
    return session.save_as(tmp_path / "case.json").path


def test_an_empty_session_takes_case_and_results(demo_case: Case, demo_results: CaseResults) -> None:
    giver, taker = session_of(demo_case.file), CaseSession()
    giver.keep_evaluated(giver.case, Evaluated(Task.SUM, demo_results, evaluation_of(demo_results)))
    assert hand_over(giver, taker)
    assert taker.document == giver.document and taker.evaluated is giver.evaluated
    assert not hand_over(giver, taker) and not hand_over(taker, giver), "nothing is left to be handed over"


def test_unsaved_changes_are_taken_over_but_never_lost(case_file: Path) -> None:
    giver, taker = session_of(case_file), session_of(case_file)
    giver.edit(with_prescription(giver.case, 25.0, 5))
    assert hand_over(giver, taker) and taker.case.new_course.prescription_gy == 25.0
    taker.edit(with_prescription(taker.case, 20.0, 5))
    giver.edit(with_prescription(giver.case, 24.0, 5))
    assert not hand_over(giver, taker) and taker.case.new_course.prescription_gy == 20.0


def test_what_was_saved_later_is_taken_and_what_was_saved_before_is_not(case_file: Path) -> None:
    first, second = session_of(case_file), session_of(case_file)
    first.edit(with_prescription(first.case, 25.0, 5))
    first.save()
    assert not hand_over(second, first) and first.case.new_course.prescription_gy == 25.0
    assert hand_over(first, second) and second.case.new_course.prescription_gy == 25.0
    assert second.document is not None and second.document.is_saved


def test_another_case_stays_what_it_is(demo_case: Case, case_file: Path) -> None:
    giver, taker = session_of(demo_case.file), session_of(case_file)
    assert not hand_over(giver, taker) and taker.document is not None and taker.document.path == case_file
    assert not hand_over(CaseSession(), taker)


# Export


def test_an_export_that_is_cancelled_leaves_nothing(demo_results: CaseResults, tmp_path: Path) -> None:
    told: list[str] = []
    monitor = Monitor(lambda progress: told.append(progress.detail), lambda: "check of remaining_dose.dcm" in told)
    with pytest.raises(Cancelled):
        export_planning(demo_results, tmp_path / "planning", monitor)
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_never_written_over_anything(demo_results: CaseResults, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"not empty: it holds mine\.txt"):
        export_planning(demo_results, tmp_path, Monitor())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_verdict_on_a_file_that_no_system_takes_is_told(
    demo_results: CaseResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import export_planning as module
    from ReirradiationLib.dicom.validate.validation import Rule
    from ReirradiationLib.model.finding import Finding
    from ReirradiationLib.model.interlock import Interlock

    finding = Finding(Interlock.EXPORT_EMPTY, "ROI 'x'", "no contour")
    failed = Rule(Interlock.EXPORT_EMPTY, (finding,))
    monkeypatch.setattr(module, "validate_on", lambda path, ct: Validation(path, "RTSTRUCT", (failed,)))
    exported = export_planning(demo_results, tmp_path / "planning", Monitor())
    assert not exported.is_acceptable
    assert exported.validations[0].file == tmp_path / "planning" / "optimization_structures.dcm"


def test_a_limit_that_shapes_structures_and_is_judged_nowhere_is_named(demo_case: Case) -> None:
    """The demo's request is judged by its 50 Gy limit on D0.03cc, and by no other."""
    assert unjudged_requests(demo_case) == ()
    (request,) = demo_case.optimization
    for other in (
        dataclasses.replace(request, limit_eqd2_gy=55.0),
        dataclasses.replace(request, alpha_beta_gy=3.0),
        dataclasses.replace(request, basis=Basis.RECOVERED),
    ):
        assert unjudged_requests(dataclasses.replace(demo_case, optimization=(other,))) == (other,)
    assert unjudged_requests(dataclasses.replace(demo_case, constraints=demo_case.constraints[1:])) == (request,)
