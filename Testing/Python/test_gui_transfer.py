"""The step "Transfer" of Reirradiation Accumulation, driven by clicks offscreen (with stand-ins, not within Slicer)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from accumulation_steps import (
    TRANSFER,
    cancel,
    click_row,
    colour,
    files_in,
    go_to,
    open_case,
    opened,
    pause_at,
    reopened,
    run,
)
from gui_harness import DEMO, Gui, gui, rows, small_case
from ReirradiationLib.model.case_edits import with_course, with_sign_off
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.registration import EngineName, RegistrationKind, RegistrationMethod, SignOff
from ReirradiationLib.model.registration_picture import RegistrationPictureStyle
from ReirradiationLib.model.registration_quality import Verdict
from ReirradiationLib.report.registration_summary import registration_summaries
from ReirradiationLib.report.results import CaseResults

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

METHODS = list(RegistrationMethod)
KINDS = list(RegistrationKind)
REG = DEMO / "course2" / "REG_deform.dcm"


@pytest.fixture
def window(gui: Gui, small_case: Path) -> Any:
    window = opened(gui, small_case)
    go_to(window, TRANSFER)
    return window


def registration(window: Any) -> Any:
    return window.logic.session.case.prior_courses[0].registration


def choose_method(window: Any, method: RegistrationMethod) -> None:
    window.ui.registrationMethodComboBox.setCurrentIndex(METHODS.index(method))


def test_without_a_case_every_control_says_what_to_do_first(gui: Gui) -> None:
    ui = gui.open("ReirradiationAccumulation").ui
    for control in (ui.registerButton, ui.registrationMethodComboBox, ui.signRegistrationButton, ui.overlayButton):
        assert not control.enabled and "Open a case" in control.toolTip
    assert rows(ui.transferCoursesTable) == []


def test_the_courses_are_shown_as_the_case_has_them(window: Any) -> None:
    ui = window.ui
    assert rows(ui.transferCoursesTable) == [["L2 30 Gy/10 fx 2019", "DICOM REG", "not registered yet", "not needed"]]
    assert ui.registrationMethodComboBox.currentIndex == METHODS.index(RegistrationMethod.DICOM)
    assert ui.registrationPathLineEdit.currentPath == str(REG)
    for control in (ui.registrationKindComboBox, ui.registrationEngineComboBox, ui.nearDoseCheckBox):
        assert not control.enabled and "images" in control.toolTip
    assert not ui.signRegistrationButton.enabled and "Register first" in ui.signRegistrationButton.toolTip
    assert not ui.overlayButton.enabled and "Register first" in ui.overlayButton.toolTip


def test_a_registration_of_the_images_is_chosen_with_kind_engine_and_surroundings(gui: Gui, window: Any) -> None:
    ui, saved = window.ui, window.logic.session.document.saved_text
    choose_method(window, RegistrationMethod.IMAGES)
    assert registration(window).method is RegistrationMethod.IMAGES and registration(window).file is None
    assert not ui.registrationPathLineEdit.enabled
    ui.nearDoseCheckBox.setChecked(True)
    assert registration(window).near_dose
    ui.registrationKindComboBox.setCurrentIndex(KINDS.index(RegistrationKind.RIGID))
    assert registration(window).kind is RegistrationKind.RIGID and not registration(window).near_dose
    assert not ui.nearDoseCheckBox.enabled and "deformable" in ui.nearDoseCheckBox.toolTip
    names = [None, *EngineName]
    ui.registrationEngineComboBox.setCurrentIndex(names.index(EngineName.SIMPLEITK))
    assert registration(window).engine is EngineName.SIMPLEITK
    box = ui.registrationEngineComboBox
    for number, name in enumerate(names):
        if name in (EngineName.SLICER_ELASTIX, EngineName.BRAINSFIT):
            assert not box.model().item(number).isEnabled() and "not available" in box.itemText(number)
            assert "3D Slicer" in box.model().item(number).toolTip()
        else:
            assert box.model().item(number).isEnabled()
    assert window.logic.session.document.saved_text == saved and not window.logic.session.document.is_saved
    assert gui.messages == []


def test_a_choice_without_its_file_is_not_yet_in_the_case(gui: Gui, window: Any, tmp_path: Path) -> None:
    ui, before = window.ui, registration(window)
    choose_method(window, RegistrationMethod.TRANSFORM_FILE)
    assert registration(window) == before and "Choose the file" in ui.registrationStateLabel.text
    for control in (ui.registerButton, ui.signRegistrationButton):
        assert not control.enabled and "Complete the registration" in control.toolTip
    ui.registrationPathLineEdit.currentPath = str(tmp_path / "absent.tfm")
    assert registration(window) == before and "absent.tfm" in ui.registrationStateLabel.text
    go_to(window, TRANSFER + 1)
    go_to(window, TRANSFER)
    assert ui.registrationPathLineEdit.currentPath == str(tmp_path / "absent.tfm")
    (tmp_path / "there.tfm").write_text("#Insight Transform File V1.0\n")
    ui.registrationPathLineEdit.currentPath = str(tmp_path / "there.tfm")
    assert registration(window).file == tmp_path / "there.tfm"
    assert "Not yet" not in ui.registrationStateLabel.text and gui.messages == []
    choose_method(window, RegistrationMethod.LANDMARKS)
    choose_method(window, RegistrationMethod.TRANSFORM_FILE)  # back to what the case says
    assert registration(window).file == tmp_path / "there.tfm" and ui.registerButton.enabled


def test_landmarks_to_judge_by_are_taken_and_taken_back_and_leave_the_signature(window: Any, tmp_path: Path) -> None:
    ui = window.ui
    window.edit(lambda case: with_sign_off(case, "course1", SignOff("A", date(2026, 11, 20), "seen", "0123456789ab")))
    ui.landmarksPathLineEdit.currentPath = str(tmp_path / "absent.csv")
    assert registration(window).landmarks is None and "absent.csv" in ui.registrationStateLabel.text
    (tmp_path / "pairs.csv").write_text("x\n")
    ui.landmarksPathLineEdit.currentPath = str(tmp_path / "pairs.csv")
    assert registration(window).landmarks == tmp_path / "pairs.csv" and registration(window).sign_off.who == "A"
    ui.landmarksPathLineEdit.currentPath = ""
    assert registration(window).landmarks is None


def test_what_changes_the_registration_takes_the_signature_away(window: Any) -> None:
    window.edit(lambda case: with_sign_off(case, "course1", SignOff("A", date(2026, 11, 20), "seen")))
    assert rows(window.ui.transferCoursesTable)[0][3] == "without key"
    choose_method(window, RegistrationMethod.IMAGES)
    assert registration(window).sign_off is None
    assert rows(window.ui.transferCoursesTable)[0][3] == "NOT SIGNED"
    assert "no dose is mapped before" in window.ui.signOffStateLabel.text


def test_a_course_without_a_ct_cannot_be_registered_by_the_images(gui: Gui, window: Any) -> None:
    course = window.logic.session.case.prior_courses[0]
    window.edit(lambda case: with_course(case, replace(course, ct=None)))
    choose_method(window, RegistrationMethod.IMAGES)
    assert "has no CT" in window.ui.registrationStateLabel.text
    assert registration(window).method is RegistrationMethod.DICOM and gui.messages == []


def test_a_file_that_is_no_registration_is_refused_when_it_is_used(gui: Gui, window: Any, small_case: Path) -> None:
    window.ui.registrationPathLineEdit.currentPath = str(DEMO / "course2" / "RS.dcm")
    run(gui, window, window.ui.registerButton)
    assert len(gui.messages) == 1 and "RS.dcm" in gui.messages[0]
    assert rows(window.ui.transferCoursesTable)[0][2] == "not registered yet"
    assert files_in(small_case.parent) == ["case.json"]


def test_courses_are_registered_judged_shown_and_signed(gui: Gui, window: Any, small_case: Path) -> None:
    ui = window.ui
    run(gui, window, ui.registerButton)
    assert gui.messages == []
    (result,) = window.logic.session.transfer.registrations
    verdicts = [[one.organ, one.verdict.value] for one in result.quality.verdicts]
    shown = rows(ui.qualityTable)
    assert [[row[0], row[1]] for row in shown] == verdicts and verdicts[0] == ["spinal_cord", "go"]
    for row, organ in zip(shown, result.quality.organs, strict=True):
        median, p95 = (float(text) for text in row[2].split(" / "))
        shift = organ.organ.residual_shift
        assert median == pytest.approx(shift.median_mm, abs=0.051) and p95 == pytest.approx(shift.p95_mm, abs=0.051)
    assert rows(ui.transferCoursesTable)[0][2] == "go" and colour(ui.transferCoursesTable.item(0, 2)) == "#c6e8cd"

    click_row(ui.qualityTable, 1)
    assert ui.qualityDetailsTextEdit.plainText.startswith("PTV2_L1: go\nresidual shift")
    assert window.shown == [("jumpToMaximum", "PTV2_L1")]
    ui.qualityTable.cellActivated.emit(0, 0)  # the Enter key
    assert window.shown.pop() == ("jumpToMaximum", "spinal_cord")
    styles = {
        ui.overlayButton: RegistrationPictureStyle.OVERLAY,
        ui.checkerboardButton: RegistrationPictureStyle.CHECKERBOARD,
        ui.differenceButton: RegistrationPictureStyle.DIFFERENCE,
        ui.gridButton: RegistrationPictureStyle.GRID,
    }
    for button, style in styles.items():
        run(gui, window, button)
        assert window.shown[-1] == ("preparedRegistrationView", "course1", style)
    ui.viewsOffButton.click()
    assert window.shown[-1] == ("hideRegistration",)

    key = result.course.transform.key
    assert ui.registrationKeyLineEdit.text == key and ui.registrationKeyLineEdit.readOnly
    assert "who signs" in ui.signRegistrationButton.toolTip
    ui.registrationSignerLineEdit.text = "A. Kümmerer"
    assert not ui.signRegistrationButton.enabled and "what was looked at" in ui.signRegistrationButton.toolTip
    ui.registrationCommentLineEdit.text = "cord and target in three planes"
    gui.step_pictures(window, TRANSFER, "transfer")
    ui.signRegistrationButton.click()
    signed = registration(window).sign_off
    assert (signed.who, signed.comment, signed.key) == ("A. Kümmerer", "cord and target in three planes", key)
    assert signed.when == date.today() and ui.registrationCommentLineEdit.text == ""
    assert rows(ui.transferCoursesTable)[0][3] == "signed" and "this very registration" in ui.signOffStateLabel.text
    assert read_case(small_case).prior_courses[0].registration.sign_off is None  # saved by Save only
    assert rows(ui.qualityTable) == shown  # signing computes nothing anew

    other = replace(signed, key="0123456789ab")
    window.edit(lambda case: with_sign_off(case, "course1", other))
    assert rows(ui.transferCoursesTable)[0][3] == "NOT SIGNED" and colour(ui.transferCoursesTable.item(0, 3)) == "#fac8c4"
    assert "NOT SIGNED" in ui.signOffStateLabel.text and "0123456789ab" in ui.signOffStateLabel.text
    ui.registrationCommentLineEdit.text = "seen"
    assert "Replaces the signature of A. Kümmerer" in ui.signRegistrationButton.toolTip
    ui.takeBackSignOffButton.click()
    assert registration(window).sign_off is None and not ui.takeBackSignOffButton.enabled

    ui.saveCaseButton.click()
    open_case(window, other_case(small_case))
    assert "press Register" in ui.qualityLabel.text and ui.registrationKeyLineEdit.text == ""
    assert ui.registrationCommentLineEdit.text == "" and gui.messages == []  # it was about the other case


def other_case(case: Path) -> Path:
    other = case.parent.parent / "other" / "case.json"
    other.parent.mkdir()
    other.write_text(json.dumps({**json.loads(case.read_text(encoding="utf-8")), "title": "other"}), encoding="utf-8")
    return other


def test_a_name_that_cannot_be_printed_does_not_sign(gui: Gui, window: Any) -> None:
    run(gui, window, window.ui.registerButton)
    window.ui.registrationSignerLineEdit.text = "A\u200bB"
    window.ui.registrationCommentLineEdit.text = "seen"
    window.ui.signRegistrationButton.click()
    assert len(gui.messages) == 1 and registration(window).sign_off is None
    assert window.ui.registrationCommentLineEdit.text == "seen"


def test_cancel_in_the_middle_of_the_registration_leaves_nothing(
    gui: Gui, window: Any, small_case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import transfer

    cancel(gui, window, window.ui.registerButton, pause_at(window, monkeypatch, transfer, "evaluate_structure"))
    assert window.logic.session.transfer is None and files_in(small_case.parent) == ["case.json"]
    assert rows(window.ui.transferCoursesTable)[0][2] == "not registered yet"


def test_during_a_run_nothing_can_be_changed(gui: Gui, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ReirradiationLib import transfer

    ui, reached = window.ui, pause_at(window, monkeypatch, transfer, "evaluate_structure")
    ui.registerButton.click()
    gui.wait_until(reached.is_set)
    controls = (ui.registrationMethodComboBox, ui.registrationPathLineEdit, ui.signRegistrationButton, ui.registerButton)
    for control in controls:
        assert not control.enabled and "under way" in control.toolTip
    ui.cancelButton.click()
    gui.wait_until(lambda: not window.whyBusy())
    assert ui.registerButton.enabled


def test_a_scene_that_is_reopened_shows_the_same_registration(gui: Gui, window: Any, tmp_path: Path) -> None:
    ui = window.ui
    choose_method(window, RegistrationMethod.IMAGES)
    before = window.logic.session.document, rows(ui.transferCoursesTable), ui.signOffStateLabel.text
    reopened(gui, window, tmp_path)
    assert (window.logic.session.document, rows(ui.transferCoursesTable), ui.signOffStateLabel.text) == before
    assert ui.stepsTabWidget.currentIndex == TRANSFER
    assert ui.registrationMethodComboBox.currentIndex == METHODS.index(RegistrationMethod.IMAGES)


def test_the_course_that_is_chosen_is_the_one_that_is_changed(window: Any) -> None:
    ui, first = window.ui, window.logic.session.case.prior_courses[0]
    window.edit(lambda case: with_course(case, replace(first, identifier="again", label="the same once more")))
    paper = replace(first, identifier="paper", label="paper record", dose=(), plan=None, ct=None, registration=None)
    point = PointDose("colon", 20.0, 10, date(2015, 1, 1), "record")
    window.edit(lambda case: with_course(case, replace(paper, points=(point,), date=date(2015, 1, 1))))
    assert [row[0] for row in rows(ui.transferCoursesTable)] == [first.label, "the same once more", "paper record"]
    ui.transferCoursesTable.selectRow(1)
    choose_method(window, RegistrationMethod.IMAGES)
    methods = [one.registration and one.registration.method for one in window.logic.session.case.prior_courses]
    assert methods == [RegistrationMethod.DICOM, RegistrationMethod.IMAGES, None]
    assert ui.transferCoursesTable.selectedItems()[0].row() == 1
    ui.transferCoursesTable.selectRow(2)
    assert not ui.registrationMethodComboBox.enabled and "points only" in ui.registrationMethodComboBox.toolTip
    assert rows(ui.transferCoursesTable)[2][1:] == ["points only", "–", "–"]


def test_where_the_mapped_dose_must_not_be_relied_on_the_window_says_what_to_do(
    window: Any, monkeypatch: pytest.MonkeyPatch, demo_results: CaseResults
) -> None:
    from ReirradiationAccumulationWidgets import transfer_panel

    (summary,) = registration_summaries(demo_results)
    cord, colon = (next(one for one in summary.verdicts if one.organ == name) for name in ("spinal_cord", "colon"))
    bad = {one.organ: replace(one, verdict=Verdict.WORKSHEET) for one in (cord, colon)}
    doubtful = replace(summary, verdicts=tuple(bad.get(one.organ, one) for one in summary.verdicts))
    monkeypatch.setattr(transfer_panel, "registration_summaries", lambda found: (doubtful,))
    window.logic.session.keep_transfer(window.logic.session.case, demo_results)
    course = window.logic.session.case.prior_courses[0]
    point = PointDose("colon", 20.0, 10, None, "prior plan")
    window.showSession()
    ui = window.ui
    shown = {row[0]: row[1].replace("\n", " ") for row in rows(ui.qualityTable)}
    assert shown["spinal_cord"] == shown["colon"] == "use the point worksheet" and shown["PTV2_L1"] == "go"
    assert colour(ui.qualityTable.item(0, 1)) == "#fac8c4"
    assert "must not be relied on in spinal_cord, colon" in ui.pointHintLabel.text and "'points'" in ui.pointHintLabel.text
    window.logic.session._transfer = None
    window.panels[TRANSFER].quality.show(doubtful, course.label, (point.structure,))
    shown = {row[0]: row[1].replace("\n", " ") for row in rows(ui.qualityTable)}
    assert shown["colon"] == "use the point worksheet; a point replaces it"
    assert "relied on in spinal_cord." in ui.pointHintLabel.text
