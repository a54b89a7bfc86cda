"""Folders to a draft with progress and cancelling, and the tables of somebody who completes a case."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ReirradiationLib.case_drafting import draft_of_folders
from ReirradiationLib.dicom.scan.draft import draft_case
from ReirradiationLib.dicom.scan.draft_structures import load_naming_tables
from ReirradiationLib.dicom.scan.scan import scan
from ReirradiationLib.model import case_edits as edits
from ReirradiationLib.model.case import NEW_COURSE_ID, Case, StructureChoice
from ReirradiationLib.model.errors import Cancelled, CaseError, DicomError, OutputError, ProtocolError
from ReirradiationLib.model.open_choices import if_treated
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.protocol import Protocol
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol
from ReirradiationLib.model.registration import SignOff
from ReirradiationLib.model.typed_entry import typed_day, typed_text
from ReirradiationLib.monitor import Monitor, Progress
from ReirradiationLib.report.biology_summary import biology_summary
from ReirradiationLib.report.course_rows import CourseState, course_rows
from ReirradiationLib.report.recovery_preview import BEFORE, UNKNOWN_DAY, recovery_preview
from ReirradiationLib.report.results import CaseRecords
from ReirradiationLib.transfer import read_case_records

POINT = PointDose("colon", 12.0, 5, date(2020, 1, 1), "printout")


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load_protocol(default_protocol_folder())


@pytest.fixture(scope="module")
def records(demo_case: Case) -> CaseRecords:
    return read_case_records(demo_case, Monitor())


def never() -> bool:
    return False


def silent(progress: Progress) -> None:
    """Say nothing."""


def test_the_draft_is_that_of_the_scan_and_nothing_is_written(demo_folder: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    found = draft_of_folders([demo_folder], tmp_path / "case.json", None, told.append, never)
    naming = load_naming_tables(default_protocol_folder())
    assert found == draft_case(scan([demo_folder]), tmp_path / "case.json", None, naming)
    assert list(tmp_path.iterdir()) == []
    assert [one.step for one in told] == sorted(one.step for one in told) and len(told) > 100
    assert all(one.step <= one.steps for one in told) and "doses and contours" in told[-1].detail


def test_cancelling_stops_between_two_files(demo_folder: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        draft_of_folders([demo_folder], tmp_path / "case.json", None, told.append, lambda: len(told) == 7)
    assert len(told) == 7


def test_a_file_that_is_there_is_refused_before_anything_is_looked_at(demo_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text("mine", encoding="utf-8")
    told: list[Progress] = []
    with pytest.raises(OutputError, match="a file already"):
        draft_of_folders([demo_folder], file, None, told.append, never)
    assert told == [] and file.read_text(encoding="utf-8") == "mine"


def test_no_folder_an_absent_one_and_a_wrong_number_are_named(demo_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no folder"):
        draft_of_folders([], tmp_path / "case.json", None, silent, never)
    with pytest.raises(DicomError, match="absent"):
        draft_of_folders([tmp_path / "absent"], tmp_path / "case.json", None, silent, never)
    with pytest.raises(CaseError, match="course 3") as told:
        draft_of_folders([demo_folder], tmp_path / "case.json", 3, silent, never)
    assert "1: patient REIRR-SYN-001" in str(told.value) and "'L1_SBRT30Gy5fx'" in str(told.value)


def test_folders_without_any_course_are_told_with_the_archives_in_them(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "readme.txt").write_text("nothing", encoding="utf-8")
    with zipfile.ZipFile(folder / "patient.zip", "w") as archive:
        archive.writestr("RD.dcm", b"")
    with pytest.raises(CaseError, match=r"no course of radiotherapy among 2 files.*patient\.zip"):
        draft_of_folders([folder], tmp_path / "case.json", None, silent, never)


def test_courses_are_listed_before_and_after_their_files_were_read(demo_case: Case, records: CaseRecords) -> None:
    unread, read = course_rows(demo_case, None), course_rows(demo_case, records)
    assert [one.identifier for one in read] == ["course1", NEW_COURSE_ID] and [one.is_new for one in read] == [False, True]
    assert {one.state for one in unread} == {CourseState.NOT_READ} and {one.state for one in read} == {CourseState.READ}
    assert (unread[0].date, unread[0].fractions) == ("", "")
    assert (read[0].date, read[0].fractions, read[0].site) == ("2019-03-04", "10", "lumbar spine, L2")
    assert read[0].dose == "PLAN dose, physical" and read[0].registration == "DICOM registration"
    assert (read[1].date, read[1].fractions) == ("2024-06-17", "30 Gy in 5")


def test_rows_of_courses_tell_what_the_case_decided(demo_case: Case) -> None:
    case = edits.with_delivered_fractions(edits.with_course_date(demo_case, "course1", date(2019, 5, 1)), "course1", 7)
    case = edits.with_sign_off(case, "course1", SignOff("Jane Doe", date(2026, 11, 21), "fits"))
    case = edits.with_course(case, edits.course_of_points(case, "paper", date(1998, 3, 1), [POINT]))
    first, paper, new = course_rows(edits.with_new_plan(case, None, ()), None)
    assert (first.fractions, first.date) == ("7 of those planned", "2019-05-01")
    assert first.registration.endswith("signed by Jane Doe")
    assert (paper.fractions, paper.dose, paper.registration) == (
        "by organ",
        "one dose per organ: 1",
        "by the name of the organ",
    )
    assert new.dose == "no plan yet"
    (course,) = demo_case.prior_courses
    open_ = edits.with_course(demo_case, replace(course, dose=(if_treated("x", course.dose),)))
    assert course_rows(open_, None)[0].state is CourseState.OPEN


def test_the_preview_of_recovery_is_what_the_evaluation_takes_off(
    demo_case: Case, records: CaseRecords, protocol: Protocol
) -> None:
    case = edits.with_recovery(demo_case, "UMich/Paradis")
    shown = {one.structure: one for one in recovery_preview(case, protocol, records)}
    summary = biology_summary(replace(records, case=case))
    assert len(shown) == len(summary.structures) == 13
    for one in summary.structures:
        (share,) = one.recovery
        assert (shown[one.structure].months, shown[one.structure].recovered) == (share.months, share.recovered)
    assert shown["spinal_cord"].recovered == 0.5 and shown["PTV2_L1"].recovered == 0.0


def test_without_a_table_nothing_recovers(demo_case: Case, records: CaseRecords, protocol: Protocol) -> None:
    assert {one.recovered for one in recovery_preview(demo_case, protocol, records)} == {0.0}


def test_an_interval_that_is_not_known_is_no_recovery_but_unknown(demo_case: Case, protocol: Protocol) -> None:
    case = edits.with_recovery(demo_case, "UMich/Paradis")
    for one in recovery_preview(case, protocol, None):
        assert (one.months, one.recovered, one.why_not) == (None, None, UNKNOWN_DAY)
    dated = edits.with_course_date(case, "course1", date(2025, 1, 1))
    later = replace(dated, new_course=replace(dated.new_course, date=date(2024, 6, 17)))
    assert {one.why_not for one in recovery_preview(later, protocol, None)} == {BEFORE}


def test_days_of_points_and_of_the_case_count_before_the_files_were_read(demo_case: Case, protocol: Protocol) -> None:
    case = edits.with_course(demo_case, edits.course_of_points(demo_case, "paper", date(2019, 1, 1), [POINT]))
    case = edits.with_recovery(case, "UMich/Paradis")
    case = replace(case, new_course=replace(case.new_course, date=date(2021, 1, 1)))
    found = [one for one in recovery_preview(case, protocol, None) if one.course == "paper"]
    assert [one.structure for one in found] == ["colon"], "of other organs the record says nothing"
    assert found[0].months == pytest.approx(366 / 30.4375)


def test_structures_without_a_tissue_are_left_out_and_an_unknown_table_is_refused(
    demo_case: Case, protocol: Protocol
) -> None:
    case = edits.with_structure(demo_case, StructureChoice("colon", "CHOOSE A TISSUE", None, ""))
    assert "colon" not in {one.structure for one in recovery_preview(case, protocol, None)}
    with pytest.raises(ProtocolError, match="no such table"):
        recovery_preview(edits.with_recovery(case, "no such table"), protocol, None)


@pytest.mark.parametrize(("text", "day"), [("", None), ("  ", None), (" 2019-03-04 ", date(2019, 3, 4))])
def test_a_day_is_read_as_it_was_typed(text: str, day: date | None) -> None:
    assert typed_day(text, "date") == day


@pytest.mark.parametrize("text", ["04.03.2019", "2019-13-01", "2019-02-30", "yesterday", "2019"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(CaseError, match="is no date"):
        typed_day(text, "date")


def test_a_blank_text_is_refused_and_blanks_around_it_are_left_out() -> None:
    assert typed_text(" a b ", "label") == "a b"
    with pytest.raises(CaseError, match="label: nothing"):
        typed_text(" \t", "label")
