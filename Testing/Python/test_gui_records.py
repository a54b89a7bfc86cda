"""The step Records, driven by clicks offscreen: a case of folders, its courses, findings and decisions."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gui_checks import close_and_reopen_scene, controls_without_tool_tip
from gui_harness import DEMO, PATIENCE_S, Gui, gui, rows, small_case
from ReirradiationLib.model.case_file import case_of, case_to_json, read_case
from ReirradiationLib.model.open_choices import if_treated, one_of
from screens import screens

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationAccumulation"


@pytest.fixture(autouse=True)
def nothing_fails_behind_the_window(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What a slot or an observer raises is only printed."""
    yield
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def window(gui: Gui) -> Any:
    return gui.open(MODULE)


@pytest.fixture
def opened(window: Any, small_case: Path) -> Any:
    open_case(window, small_case)
    return window


def open_case(window: Any, path: Path) -> None:
    window.ui.casePathLineEdit.currentPath = str(path)
    window.ui.openCaseButton.click()


def wait(gui: Gui, window: Any) -> None:
    gui.wait_until(lambda: not window.whyBusy())


def case_now(window: Any) -> Any:
    return window.logic.session.case


def prior(window: Any) -> Any:
    return case_now(window).prior_courses[0]


def make_draft(gui: Gui, window: Any, file: Path, *folders: Path) -> None:
    for folder in folders:
        window.ui.recordFolderPathLineEdit.currentPath = str(folder)
        window.ui.addFolderButton.click()
    window.ui.newCasePathLineEdit.currentPath = str(file)
    window.ui.draftButton.click()
    wait(gui, window)


def remarks(window: Any) -> list[str]:
    return [window.ui.remarksList.item(n).text() for n in range(window.ui.remarksList.count)]


def test_before_a_case_is_open_every_control_says_what_it_is_or_why_it_is_disabled(gui: Gui, window: Any) -> None:
    page = window.ui.stepsTabWidget.widget(0)
    assert controls_without_tool_tip(gui, page) == []
    for name, reason in (
        ("addFolderButton", "Choose a folder"),
        ("removeFolderButton", "Select a folder"),
        ("draftButton", "name for the new case file"),
        ("adoptButton", "name for the new case file"),
        ("readRecordsButton", "Open a case"),
        ("applyCourseButton", "Open a case"),
        ("removeCourseButton", "Open a case"),
        ("acceptButton", "Open a case"),
        ("newPlanCheckBox", "Open a case"),
        ("addRecordCourseButton", "Open a case"),
    ):
        widget = getattr(window.ui, name)
        assert not widget.enabled and reason in widget.toolTip, name
    assert not window.ui.newCaseCollapsibleButton.collapsed


def test_a_case_is_made_of_folders_read_decided_and_saved_by_clicks(gui: Gui, window: Any, tmp_path: Path) -> None:
    file, ui = tmp_path / "new" / "case.json", window.ui
    file.parent.mkdir()
    make_draft(gui, window, file, DEMO / "course1", DEMO / "course2")
    assert gui.messages == [] and file.is_file()
    assert [row[0].split("\n")[0] for row in rows(ui.coursesTable)] == ["L2_30Gy10fx 2019", "L1_SBRT30Gy5fx"]
    assert any("dose.clipped" in one for one in remarks(window)) and any("spinal cord" in one for one in remarks(window))
    screens(gui, window, "records-draft", with_views=False)

    ui.readRecordsButton.click()
    assert not ui.readRecordsButton.enabled and "under way" in ui.readRecordsButton.toolTip
    wait(gui, window)
    assert [row[0] for row in rows(ui.findingsTable)] == ["needs a decision"]
    assert "larger grid" in ui.findingTextEdit.plainText
    assert rows(ui.coursesTable)[0][1] == "2019-03-04" and rows(ui.coursesTable)[0][2] == "10"
    assert not ui.acceptButton.enabled and "who decides" in ui.acceptButton.toolTip
    ui.decidedByLineEdit.setText("Jane Doe")
    assert not ui.acceptButton.enabled and "reason" in ui.acceptButton.toolTip
    ui.decisionReasonLineEdit.setText("no organ lies beyond")
    before = file.read_bytes()
    ui.newCaseCollapsibleButton.collapsed = True
    screens(gui, window, "records-finding", ui.findingsCollapsibleButton, with_views=False)
    ui.acceptButton.click()
    assert [row[0] for row in rows(ui.findingsTable)] == ["accepted"]
    assert (
        "Accepted by Jane Doe" in ui.findingTextEdit.plainText and "waiting for a decision: 0" in ui.recordsStateLabel.text
    )
    assert not ui.acceptButton.enabled and "It is accepted" in ui.acceptButton.toolTip
    assert file.read_bytes() == before and "NOT SAVED" in ui.caseStateLabel.text
    ui.saveCaseButton.click()
    (decision,) = read_case(file).decisions
    assert (decision.who, decision.reason) == ("Jane Doe", "no organ lies beyond") and "7 %" in decision.found

    ui.takeBackButton.click()
    assert [row[0] for row in rows(ui.findingsTable)] == ["needs a decision"] and case_now(window).decisions == ()
    ui.openCaseButton.click()
    assert len(case_now(window).decisions) == 1, "opening the file again takes the edit back"
    assert gui.messages == []


def test_a_folder_is_added_once_and_can_be_left_out(window: Any, tmp_path: Path) -> None:
    ui = window.ui
    ui.recordFolderPathLineEdit.currentPath = str(DEMO)
    ui.addFolderButton.click()
    assert not ui.addFolderButton.enabled and "already" in ui.addFolderButton.toolTip
    ui.newCasePathLineEdit.currentPath = str(tmp_path / "case.txt")
    assert not ui.draftButton.enabled and "must end in .json" in ui.draftButton.toolTip
    (tmp_path / "case.json").write_text("mine", encoding="utf-8")
    ui.newCasePathLineEdit.currentPath = str(tmp_path / "case.json")
    assert not ui.draftButton.enabled and "a file of this name" in ui.draftButton.toolTip
    ui.newCasePathLineEdit.currentPath = str(tmp_path / "other.json")
    assert ui.draftButton.enabled
    ui.recordFoldersList.setCurrentRow(0)
    ui.removeFolderButton.click()
    assert ui.recordFoldersList.count == 0 and not ui.draftButton.enabled and "Add a folder" in ui.draftButton.toolTip


def test_folders_that_cannot_be_drafted_of_are_told_and_nothing_is_written(gui: Gui, window: Any, tmp_path: Path) -> None:
    make_draft(gui, window, tmp_path / "case.json", tmp_path / "absent")
    assert len(gui.messages) == 1 and "absent" in gui.messages[0]
    window.ui.recordFoldersList.setCurrentRow(0)
    window.ui.removeFolderButton.click()
    window.ui.newCourseNumberSpinBox.value = 5
    make_draft(gui, window, tmp_path / "case.json", DEMO)
    assert len(gui.messages) == 2 and "course 5" in gui.messages[1] and "1: patient REIRR-SYN-001" in gui.messages[1]
    assert list(tmp_path.iterdir()) == [] and window.logic.session.document is None


def test_cancelling_the_scan_writes_nothing(gui: Gui, window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ReirradiationAccumulationWidgets import records_new_case

    reached, draft = threading.Event(), records_new_case.draft_of_folders

    def paused(*arguments: Any) -> Any:
        reached.set()
        end = time.monotonic() + PATIENCE_S
        while not arguments[-1]() and time.monotonic() < end:
            time.sleep(0.01)
        return draft(*arguments)

    monkeypatch.setattr(records_new_case, "draft_of_folders", paused)
    window.ui.recordFolderPathLineEdit.currentPath = str(DEMO)
    window.ui.addFolderButton.click()
    window.ui.newCasePathLineEdit.currentPath = str(tmp_path / "case.json")
    window.ui.draftButton.click()
    gui.wait_until(reached.is_set)
    assert not window.ui.draftButton.enabled and "under way" in window.ui.draftButton.toolTip
    window.ui.cancelButton.click()
    wait(gui, window)
    assert "Cancelled" in window.ui.stepLabel.text
    assert list(tmp_path.iterdir()) == [] and gui.messages == []


def test_what_is_loaded_is_adopted_by_the_logic_in_the_background(
    gui: Gui, window: Any, small_case: Path, tmp_path: Path
) -> None:
    asked: list[Any] = []
    adoption = SimpleNamespace(draft=SimpleNamespace(remarks=("the dose is edited: written as a new file",)))

    def prepared(case_file: str, new_course: int | None) -> tuple[Any, Any]:
        asked.append((case_file, new_course))
        return lambda run: adoption, lambda result: window.logic.session.open(small_case)

    window.logic.whyNotAdopt = lambda: "The scene holds no dose."
    window.logic.preparedAdoption = prepared
    window.ui.newCasePathLineEdit.currentPath = str(tmp_path / "case.json")
    assert not window.ui.adoptButton.enabled and "no dose" in window.ui.adoptButton.toolTip
    window.logic.whyNotAdopt = lambda: ""
    window.updateButtons()
    window.ui.newCourseNumberSpinBox.value = 2
    window.ui.adoptButton.click()
    wait(gui, window)
    assert asked == [(str(tmp_path / "case.json"), 2)] and gui.messages == []
    assert remarks(window) == ["the dose is edited: written as a new file"] and len(rows(window.ui.coursesTable)) == 2


def test_a_course_is_changed_by_its_form_and_reopening_takes_it_back(opened: Any, small_case: Path) -> None:
    ui, before = opened.ui, small_case.read_bytes()
    assert ui.courseLabelLineEdit.text == "L2 30 Gy/10 fx 2019"
    assert not ui.applyCourseButton.enabled and "Nothing is changed" in ui.applyCourseButton.toolTip
    ui.courseLabelLineEdit.setText("L2 in 2019")
    ui.courseDateLineEdit.setText("2019-03-20")
    ui.courseSiteLineEdit.setText("L2")
    ui.deliveredSpinBox.value = 7
    ui.applyCourseButton.click()
    course = prior(opened)
    assert (course.label, str(course.date), course.site, course.delivered_fractions) == ("L2 in 2019", "2019-03-20", "L2", 7)
    assert rows(ui.coursesTable)[0][:3] == ["L2 in 2019\nL2", "2019-03-20", "7 of those planned"]
    assert small_case.read_bytes() == before
    ui.openCaseButton.click()
    assert prior(opened).label == "L2 30 Gy/10 fx 2019" and ui.courseLabelLineEdit.text == "L2 30 Gy/10 fx 2019"


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        ("courseDateLineEdit", "04.03.2019", "is no date"),
        ("courseLabelLineEdit", "   ", "label: nothing"),
        ("courseLabelLineEdit", "L1 30 Gy/5 fx 2024", "same label twice"),
    ],
)
def test_a_wrong_entry_of_a_course_is_told_and_changes_nothing(
    gui: Gui, opened: Any, line: str, text: str, message: str
) -> None:
    before = opened.logic.session.document
    getattr(opened.ui, line).setText(text)
    opened.ui.applyCourseButton.click()
    assert len(gui.messages) == 1 and message in gui.messages[0]
    assert opened.logic.session.document is before
    assert getattr(opened.ui, line).text == text, "it can be corrected"


def test_the_new_course_is_not_changed_among_the_prior_ones(opened: Any) -> None:
    opened.ui.coursesTable.selectRow(1)
    for name in ("courseLabelLineEdit", "deliveredSpinBox", "applyCourseButton", "removeCourseButton"):
        widget = getattr(opened.ui, name)
        assert not widget.enabled and "its own section" in widget.toolTip
    opened.ui.coursesTable.selectRow(0)
    assert opened.ui.removeCourseButton.enabled


def test_a_course_is_removed_but_not_the_last_one(gui: Gui, opened: Any, small_case: Path) -> None:
    add_paper_course(opened)
    opened.ui.coursesTable.selectRow(1)
    assert not opened.ui.deliveredSpinBox.enabled and "each has its own fractions" in opened.ui.deliveredSpinBox.toolTip
    opened.ui.coursesTable.selectRow(0)
    opened.ui.removeCourseButton.click()
    assert [one.label for one in case_now(opened).prior_courses] == ["1998, elsewhere"] and gui.messages == []
    opened.ui.coursesTable.selectRow(0)
    opened.ui.removeCourseButton.click()
    assert len(gui.messages) == 1 and "no course" in gui.messages[0]
    assert len(case_now(opened).prior_courses) == 1 and len(read_case(small_case).prior_courses) == 1


def add_paper_course(window: Any) -> None:
    ui = window.ui
    ui.recordLabelLineEdit.setText("1998, elsewhere")
    ui.recordDateLineEdit.setText("1998-03-01")
    for organ, dose in (("spinal_cord", 41.2), ("colon", 12.0)):
        ui.pointOrganComboBox.setCurrentIndex(ui.pointOrganComboBox.findText(organ))
        ui.pointDoseSpinBox.value = dose
        ui.pointFractionsSpinBox.value = 23
        ui.pointSourceLineEdit.setText("printout p. 3")
        ui.addPointButton.click()
    ui.addRecordCourseButton.click()


def test_a_paper_record_becomes_a_course_of_several_organs(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    assert not ui.addPointButton.enabled and "where the dose is written" in ui.addPointButton.toolTip
    assert not ui.addRecordCourseButton.enabled and "dose of an organ" in ui.addRecordCourseButton.toolTip
    ui.recordCourseCollapsibleButton.collapsed = False
    add_paper_course(opened)
    paper = case_now(opened).prior_courses[1]
    assert (paper.label, str(paper.date)) == ("1998, elsewhere", "1998-03-01")
    assert [(one.structure, one.dose_gy, one.fractions) for one in paper.points] == [
        *(("spinal_cord", 41.2, 23), ("colon", 12.0, 23)),
    ]
    assert ui.pointsList.count == 0 and ui.recordLabelLineEdit.text == "" and gui.messages == []
    screens(gui, opened, "records-paper", ui.recordCourseCollapsibleButton, with_views=False)


def test_a_wrong_paper_record_is_told_and_what_was_typed_stays(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    ui.recordLabelLineEdit.setText("1998")
    ui.recordDateLineEdit.setText("March 1998")
    ui.pointSourceLineEdit.setText("printout")
    ui.addPointButton.click()
    assert not ui.addPointButton.enabled and "a dose already" in ui.addPointButton.toolTip
    ui.addRecordCourseButton.click()
    assert len(gui.messages) == 1 and "is no date" in gui.messages[0]
    ui.recordDateLineEdit.setText("")
    ui.recordLabelLineEdit.setText("L1 30 Gy/5 fx 2024")
    ui.addRecordCourseButton.click()
    assert len(gui.messages) == 2 and "same label twice" in gui.messages[1]
    assert len(case_now(opened).prior_courses) == 1 and ui.pointsList.count == 1
    ui.pointsList.setCurrentRow(0)
    ui.removePointButton.click()
    assert ui.pointsList.count == 0 and not ui.addRecordCourseButton.enabled


def test_prescription_targets_and_the_new_plan_are_the_cases(gui: Gui, opened: Any) -> None:
    ui, new = opened.ui, case_now(opened).new_course
    assert (ui.prescriptionSpinBox.value, ui.newFractionsSpinBox.value) == (30.0, 5)
    ui.prescriptionSpinBox.value = 25.0
    ui.applyPrescriptionButton.click()
    assert case_now(opened).new_course.prescription_gy == 25.0
    ui.prescriptionSpinBox.value = 0.0
    ui.applyPrescriptionButton.click()
    assert len(gui.messages) == 1 and "prescription_gy" in gui.messages[0]
    assert case_now(opened).new_course.prescription_gy == 25.0

    assert ui.newPlanCheckBox.checked and not ui.newDosePathLineEdit.enabled
    ui.newPlanCheckBox.click()
    assert case_now(opened).new_course.dose == () and case_now(opened).new_course.plan is None
    assert ui.newDosePathLineEdit.enabled and ui.newDosePathLineEdit.currentPath == str(new.dose[0])
    ui.newCourseCollapsibleButton.collapsed = False
    screens(gui, opened, "records-new-course", ui.coursesCollapsibleButton, with_views=False)
    ui.newPlanCheckBox.click()
    assert (case_now(opened).new_course.plan, case_now(opened).new_course.dose) == (new.plan, new.dose)
    ui.newPlanCheckBox.click()
    ui.newDosePathLineEdit.currentPath = ""
    assert not ui.newPlanCheckBox.enabled and "Choose the dose" in ui.newPlanCheckBox.toolTip

    ui.targetComboBox.setCurrentIndex(ui.targetComboBox.findText("PTV2_L1"))
    assert not ui.setTargetButton.enabled and "dose of the target" in ui.setTargetButton.toolTip
    ui.targetDoseSpinBox.value = 20.0
    ui.setTargetButton.click()
    assert [(one.structure, one.prescription_gy) for one in case_now(opened).new_course.targets] == [("PTV2_L1", 20.0)]
    assert "PTV2_L1: 20 Gy" in ui.targetsLabel.text
    ui.removeTargetButton.click()
    assert case_now(opened).new_course.targets == ()


@pytest.fixture
def open_ends(small_case: Path) -> Path:
    """A draft with two structure sets, two doses of one plan, and a plan that may not have been treated."""
    case = read_case(small_case)
    (course,) = case.prior_courses
    doses = [*course.dose, Path("/elsewhere/RD.dcm")]
    boost = replace(course, identifier="boost", label="Boost 2019", dose=(if_treated("Boost", course.dose),))
    sets = replace(case.current, structures=one_of([case.current.structures, Path("/elsewhere/RS.dcm")]))
    draft = replace(case, current=sets, prior_courses=(replace(course, dose=(one_of(doses),)), boost))
    small_case.write_text(case_to_json(draft), encoding="utf-8")
    return small_case


def test_what_a_draft_leaves_open_is_chosen_one_by_one(gui: Gui, window: Any, open_ends: Path) -> None:
    ui = window.ui
    open_case(window, open_ends)
    assert not ui.readRecordsButton.enabled and "Choose first" in ui.readRecordsButton.toolTip
    assert [row[4] for row in rows(ui.coursesTable)][:2] == ["choose", "choose"]
    assert "structure set" in ui.openChoiceLabel.text and "3 to choose" in ui.openChoiceLabel.text
    screens(gui, window, "records-choices", ui.coursesCollapsibleButton, with_views=False)
    ui.takeAlternativeButton.click()
    assert case_now(window).current.structures.name == "RS.dcm"
    assert "dose" in ui.openChoiceLabel.text and ui.alternativeComboBox.count == 2
    ui.alternativeComboBox.setCurrentIndex(1)
    ui.takeAlternativeButton.click()
    assert prior(window).dose == (Path("/elsewhere/RD.dcm"),)
    assert "treated" in ui.openChoiceLabel.text
    ui.alternativeComboBox.setCurrentIndex(1)
    ui.takeAlternativeButton.click()
    assert [one.identifier for one in case_now(window).prior_courses] == ["course1"]
    assert ui.readRecordsButton.enabled and not ui.takeAlternativeButton.enabled and gui.messages == []


def test_a_treated_plan_stays(window: Any, open_ends: Path) -> None:
    open_case(window, open_ends)
    for _ in range(3):
        window.ui.takeAlternativeButton.click()
    assert [one.identifier for one in case_now(window).prior_courses] == ["course1", "boost"]
    assert case_now(window).prior_courses[1].dose == prior(window).dose


def test_reading_files_that_are_not_there_is_told(gui: Gui, window: Any, small_case: Path) -> None:
    values = json.loads(small_case.read_text(encoding="utf-8"))
    values["prior_courses"][0]["dose"] = "absent.dcm"
    small_case.write_text(json.dumps(values), encoding="utf-8")
    open_case(window, small_case)
    window.ui.readRecordsButton.click()
    wait(gui, window)
    assert len(gui.messages) == 1 and "absent.dcm" in gui.messages[0]
    assert rows(window.ui.findingsTable) == [] and "Not read" in window.ui.recordsStateLabel.text


def test_what_was_typed_stays_while_something_else_is_changed(opened: Any) -> None:
    ui = opened.ui
    ui.courseLabelLineEdit.setText("half typed")
    ui.decidedByLineEdit.setText("Jane")
    ui.pointSourceLineEdit.setText("printout")
    ui.prescriptionSpinBox.value = 25.0
    ui.stepsTabWidget.setCurrentIndex(2)
    ui.recoveryComboBox.setCurrentIndex(1)
    ui.stepsTabWidget.setCurrentIndex(0)
    assert case_now(opened).recovery_table is not None
    assert ui.courseLabelLineEdit.text == "half typed" and ui.decidedByLineEdit.text == "Jane"
    assert ui.pointSourceLineEdit.text == "printout" and ui.prescriptionSpinBox.value == 25.0


def test_unsaved_edits_survive_tabs_and_a_scene_that_is_closed_and_read_again(
    gui: Gui, opened: Any, small_case: Path, tmp_path: Path
) -> None:
    before, ui = small_case.read_bytes(), opened.ui
    ui.deliveredSpinBox.value = 7
    ui.applyCourseButton.click()
    for tab in (1, 2, 3, 4, 0):
        ui.stepsTabWidget.setCurrentIndex(tab)
    assert prior(opened).delivered_fractions == 7
    close_and_reopen_scene(gui, tmp_path)
    assert prior(opened).delivered_fractions == 7 and "NOT SAVED" in ui.caseStateLabel.text
    assert ui.deliveredSpinBox.value == 7 and small_case.read_bytes() == before
    ui.saveCaseButton.click()
    assert read_case(small_case).prior_courses[0].delivered_fractions == 7
    assert gui.messages == []


def test_unsaved_edits_keep_another_case_from_being_made(opened: Any, tmp_path: Path) -> None:
    opened.ui.deliveredSpinBox.value = 7
    opened.ui.applyCourseButton.click()
    opened.ui.newCasePathLineEdit.currentPath = str(tmp_path / "other.json")
    assert not opened.ui.draftButton.enabled and "Save the case" in opened.ui.draftButton.toolTip


def test_the_file_of_the_case_is_that_of_the_edits(opened: Any, small_case: Path) -> None:
    opened.ui.courseSiteLineEdit.setText("L2 and L3")
    opened.ui.applyCourseButton.click()
    opened.ui.saveCaseButton.click()
    assert case_of(small_case.read_text(encoding="utf-8"), small_case) == case_now(opened)


def another_case(small_case: Path) -> Path:
    """Of another patient, before there is a plan."""
    case = read_case(small_case)
    other = small_case.with_name("other.json")
    new = replace(case.new_course, plan=None, dose=())
    other.write_text(case_to_json(replace(case, file=other, new_course=new)), encoding="utf-8")
    return other


def test_nothing_that_was_typed_or_taken_out_in_one_case_comes_into_another(opened: Any, small_case: Path) -> None:
    ui, other = opened.ui, another_case(small_case)
    ui.newPlanCheckBox.click()
    assert ui.newDosePathLineEdit.currentPath
    ui.saveCaseButton.click()
    ui.pointSourceLineEdit.setText("printout")
    ui.pointDoseSpinBox.value = 41.2
    ui.addPointButton.click()
    ui.recordLabelLineEdit.setText("1998")
    ui.decisionReasonLineEdit.setText("because")
    open_case(opened, other)
    assert case_now(opened).file == other
    assert ui.newDosePathLineEdit.currentPath == "" and ui.newPlanPathLineEdit.currentPath == ""
    assert not ui.newPlanCheckBox.checked and not ui.newPlanCheckBox.enabled
    assert ui.pointsList.count == 0 and ui.recordLabelLineEdit.text == "" and ui.pointDoseSpinBox.value == 0.0
    assert ui.decisionReasonLineEdit.text == ""


def test_numbers_with_more_digits_than_are_shown_stay_exact(window: Any, small_case: Path) -> None:
    text = small_case.read_text(encoding="utf-8").replace('"prescription_gy": 30', '"prescription_gy": 30.123456')
    small_case.write_text(text, encoding="utf-8")
    open_case(window, small_case)
    assert window.ui.prescriptionSpinBox.value == pytest.approx(30.12)
    assert not window.ui.applyPrescriptionButton.enabled, "nobody has changed anything"
    window.ui.newFractionsSpinBox.value = 6
    window.ui.applyPrescriptionButton.click()
    assert (case_now(window).new_course.prescription_gy, case_now(window).new_course.fractions) == (30.123456, 6)


def test_the_folders_of_one_patient_are_not_those_of_the_next(gui: Gui, window: Any, tmp_path: Path) -> None:
    make_draft(gui, window, tmp_path / "case.json", DEMO)
    assert window.ui.recordFoldersList.count == 0 and len(rows(window.ui.coursesTable)) == 2
