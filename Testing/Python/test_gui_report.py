"""The step "Report" of Reirradiation Accumulation, driven by clicks offscreen (with stand-ins, not within Slicer)."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from accumulation_steps import REPORT, colour, go_to, open_case, opened, run
from gui_harness import Gui, gui, rows, small_case
from ReirradiationLib.case_notes_file import write_notes
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import LONGEST_TEXT, TEXT_TITLES, Task

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

STAGES = ("records only", "dose transfer, without the new plan", "dose sum, as far as the case goes")


@pytest.fixture
def window(gui: Gui, small_case: Path, tmp_path: Path) -> Any:
    """The window with a case and a folder, to be run up to the records, which takes seconds."""
    window = opened(gui, small_case)
    go_to(window, REPORT)
    window.ui.outputPathLineEdit.currentPath = str(tmp_path / "output")
    window.ui.stageComboBox.currentIndex = 0
    return window


def write(gui: Gui, window: Any) -> dict[str, Any]:
    """Write what is chosen; the evaluation as it was written."""
    window.ui.replaceCheckBox.setChecked(True)
    run(gui, window, window.ui.writeButton)
    assert gui.messages == []
    output = Path(window.ui.outputPathLineEdit.currentPath)
    written: dict[str, Any] = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    return written


def tasks(window: Any) -> list[list[str]]:
    return [[text.replace("\n", " ") for text in row] for row in rows(window.ui.tasksTable)]


def edits(window: Any) -> dict[str, Any]:
    ui = window.ui
    names = (ui.planningApproachTextEdit, ui.discussionTextEdit, ui.deliveryTextEdit)
    return dict(zip(TEXT_TITLES, names, strict=True))


def shown(window: Any) -> dict[str, str]:
    return {name: edit.toPlainText() for name, edit in edits(window).items()}


def another_case(case: Path) -> Path:
    other = case.parent.parent / "other" / "case.json"
    other.parent.mkdir()
    shutil.copy(case, other)
    write_notes(other, {"discussion": "of the other case", "delivery": ""})
    return other


def test_every_control_says_what_it_is_for_and_is_reached_by_the_keyboard(gui: Gui, window: Any) -> None:
    qt = gui.qt
    kinds = (qt.QtWidgets.QAbstractButton, qt.QtWidgets.QComboBox, qt.QtWidgets.QLineEdit, qt.QtWidgets.QPlainTextEdit)
    kinds += (qt.QtWidgets.QDateEdit, qt.QtWidgets.QTableWidget)
    pages = [window.ui.stepsTabWidget.widget(step) for step in (1, 3, 4)]
    named = [one for one in vars(window.ui).values() if isinstance(one, kinds)]
    controls = [one for one in named if any(page.isAncestorOf(one) for page in pages)]
    assert len(controls) > 45
    for control in controls:
        assert control.focusPolicy() & qt.Qt.FocusPolicy.TabFocus, control.objectName()
        assert control.toolTip, control.objectName()
    assert all(edit.tabChangesFocus() for edit in edits(window).values())
    labels = (window.ui.planningApproachLabel, window.ui.discussionLabel, window.ui.deliveryLabel)
    assert [label.text.replace("&", "").rstrip(":") for label in labels] == list(TEXT_TITLES.values())
    assert [label.buddy() for label in labels] == list(edits(window).values())


def test_texts_are_shown_taken_over_and_saved_by_save(window: Any, gui: Gui, small_case: Path) -> None:
    ui, before = window.ui, read_case(small_case)
    assert shown(window) == vars(before.texts)
    assert not ui.takeTextsButton.enabled and "Nothing is typed" in ui.takeTextsButton.toolTip

    ui.discussionTextEdit.setPlainText("Agreed: Änderung ≤ 5 %.\n二行目")
    assert ui.textsLabel.text == "Not taken over yet: Discussion and trade-offs."
    for button in (ui.writeButton, ui.signButton):
        assert not button.enabled and "Take over or discard" in button.toolTip
    go_to(window, 0)
    go_to(window, REPORT)
    assert shown(window)["discussion"] == "Agreed: Änderung ≤ 5 %.\n二行目"
    ui.takeTextsButton.click()
    assert window.logic.session.case.texts.discussion == "Agreed: Änderung ≤ 5 %.\n二行目"
    assert read_case(small_case) == before and not ui.takeTextsButton.enabled and ui.textsLabel.text == ""
    assert not ui.writeButton.enabled and "Save the case first" in ui.writeButton.toolTip
    ui.saveCaseButton.click()
    after = read_case(small_case)
    assert after.texts.discussion == "Agreed: Änderung ≤ 5 %.\n二行目" and ui.writeButton.enabled
    assert (after.texts.delivery, after.tasks, after.structures) == (before.texts.delivery, before.tasks, before.structures)
    ui.deliveryTextEdit.setPlainText("")
    ui.takeTextsButton.click()
    ui.saveCaseButton.click()
    assert read_case(small_case).texts.delivery == "" and gui.messages == []


def test_a_text_that_cannot_be_used_is_refused_and_stays_in_the_window(gui: Gui, window: Any) -> None:
    before, too_long = window.logic.session.document, "x" * (LONGEST_TEXT + 1)
    window.ui.deliveryTextEdit.setPlainText(too_long)
    window.ui.takeTextsButton.click()
    assert len(gui.messages) == 1 and f"{LONGEST_TEXT + 1} characters" in gui.messages[0]
    assert window.logic.session.document == before and shown(window)["delivery"] == too_long
    assert window.ui.textsLabel.text.startswith("Not taken over")
    window.ui.discardTextsButton.click()
    assert shown(window) == vars(before.case.texts) and not window.ui.discardTextsButton.enabled


def test_a_text_that_somebody_else_changed_meanwhile_is_not_lost(gui: Gui, window: Any, small_case: Path) -> None:
    write_notes(small_case, {"discussion": "by a colleague"})
    window.ui.discussionTextEdit.setPlainText("mine")
    window.ui.takeTextsButton.click()
    window.ui.saveCaseButton.click()
    assert len(gui.messages) == 1 and "changed in the file" in gui.messages[0]
    assert read_case(small_case).texts.discussion == "by a colleague" and shown(window)["discussion"] == "mine"


def test_typed_texts_stay_with_their_case_while_another_is_open(gui: Gui, window: Any, small_case: Path) -> None:
    other, ui = another_case(small_case), window.ui
    ui.deliveryTextEdit.setPlainText("mine")
    open_case(window, other)
    assert shown(window)["discussion"] == "of the other case" and shown(window)["delivery"] == ""
    assert ui.textsLabel.text == ""
    gui.slicer.mrmlScene.Clear(True)
    assert set(shown(window).values()) == {""} and not any(edit.enabled for edit in edits(window).values())
    open_case(window, small_case)
    assert shown(window)["delivery"] == "mine" and "Considerations for delivery" in ui.textsLabel.text
    ui.takeTextsButton.click()
    ui.saveCaseButton.click()
    assert read_case(small_case).texts.delivery == "mine" and read_case(other).texts.delivery == ""
    assert gui.messages == []


def test_without_a_case_nothing_can_be_signed_or_written(gui: Gui) -> None:
    ui = gui.open("ReirradiationAccumulation").ui
    for control in (ui.signButton, ui.writeButton, ui.takeTextsButton, ui.planningSystemComboBox, ui.mappedDosesCheckBox):
        assert not control.enabled and "Open a case" in control.toolTip
    for button in (ui.openReportButton, ui.openPdfButton, ui.openFolderButton, ui.loadSceneButton):
        assert not button.enabled and "Write outputs first" in button.toolTip
    assert rows(ui.tasksTable) == []


def test_the_records_are_written_and_signed_by_their_key(
    gui: Gui, window: Any, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui = window.ui
    assert tuple(ui.stageComboBox.itemText(index) for index in range(ui.stageComboBox.count)) == STAGES
    states = [row[1] for row in tasks(window)]
    assert states == ["to be evaluated", "to be evaluated", "not signed"] and ui.signKeyLineEdit.text == ""
    evaluation = write(gui, window)
    assert evaluation["stage"] == "records" and evaluation["tasks"][0]["key"]
    files = {row[0]: row[2] for row in rows(ui.outputsTable)}
    assert {"report.html", "evaluation.json", "run.json", "table_*.csv"} <= set(files) and set(files.values()) == {"–"}
    assert ui.openReportButton.enabled
    assert not ui.loadSceneButton.enabled and "no dose was mapped" in ui.loadSceneButton.toolTip
    pdf = tmp_path / "output" / "report.pdf"
    assert ui.openPdfButton.enabled == pdf.is_file()
    assert ui.openPdfButton.enabled or "print the report" in ui.openPdfButton.toolTip

    key = evaluation["tasks"][0]["key"]
    assert ui.signKeyLineEdit.text == key
    assert tasks(window)[0][1] == "NOT SIGNED: of another state"  # that of the whole demo case
    ui.taskComboBox.currentIndex = 1
    assert ui.signKeyLineEdit.text == ""  # the doses were not mapped
    ui.taskComboBox.currentIndex = 0
    assert not ui.signButton.enabled and "who signs" in ui.signButton.toolTip
    ui.signerLineEdit.text = "A. Kümmerer"
    ui.signCommentLineEdit.text = "seen"
    assert ui.signButton.enabled and "Replaces the signature of demo author" in ui.signButton.toolTip
    yesterday = gui.qt.QDate.currentDate().addDays(-1)
    ui.signedOnDateEdit.setDate(yesterday)
    day = yesterday.toString(gui.qt.Qt.ISODate)
    ui.signButton.click()
    assert tasks(window)[0] == ["Records of prior courses", "signed", f"A. Kümmerer, {day}, key {key} – seen"]
    assert colour(ui.tasksTable.item(0, 1)) == "#c6e8cd" and ui.signCommentLineEdit.text == ""
    assert tasks(window)[1][2].startswith("demo author, 2026-11-21, key 249d5878c56c")
    assert read_case(small_case).tasks[0].who == "demo author" and not ui.writeButton.enabled
    gui.step_pictures(window, REPORT, "report_records")
    ui.saveCaseButton.click()
    (signature,) = (one for one in read_case(small_case).tasks if one.task is Task.RECORDS)
    assert (signature.who, signature.when.isoformat(), signature.comment) == ("A. Kümmerer", day, "seen")
    assert "The case was changed since: write again." in ui.writtenLabel.text
    assert signature.key == key and write(gui, window)["tasks"][0]["status"] == "done and signed"

    assert ui.writtenLabel.text.startswith("Written: ") and "changed" not in ui.writtenLabel.text

    pdf.write_bytes(b"%PDF-")
    window.updateButtons()
    opened_paths: list[str] = []
    monkeypatch.setattr(gui.qt.QDesktopServices, "openUrl", lambda url: opened_paths.append(url.toLocalFile()) or True)
    for button in (ui.openPdfButton, ui.openReportButton, ui.openFolderButton):
        button.click()
    assert [Path(one) for one in opened_paths] == [pdf, pdf.parent / "report.html", pdf.parent]

    ui.takeBackTaskButton.click()
    assert Task.RECORDS not in [one.task for one in window.logic.session.case.tasks]
    assert tasks(window)[0][1:] == ["not signed", "–"] and not ui.takeBackTaskButton.enabled
    ui.saveCaseButton.click()
    open_case(window, another_case(small_case))
    assert ui.signKeyLineEdit.text == ""  # that of another case
    assert rows(ui.outputsTable) == [] and not ui.openReportButton.enabled  # so are the outputs


def test_a_name_that_cannot_be_used_is_refused(gui: Gui, window: Any) -> None:
    before = window.logic.session.document
    window.ui.signerLineEdit.text = "A\u200bB"
    window.ui.signCommentLineEdit.text = "seen"
    window.ui.signButton.click()
    assert len(gui.messages) == 1 and "cannot be printed" in gui.messages[0]
    assert window.logic.session.document == before and window.ui.signCommentLineEdit.text == "seen"


def test_a_key_that_is_none_and_a_day_to_come_are_refused(gui: Gui, window: Any) -> None:
    ui = window.ui
    ui.signerLineEdit.text = "A"
    assert ui.signButton.enabled
    ui.signKeyLineEdit.text = "52E1E879E084"
    assert not ui.signButton.enabled and "12 hexadecimal digits in lower case" in ui.signButton.toolTip
    ui.signKeyLineEdit.text = "52e1e879e084"
    assert ui.signButton.enabled
    ui.signedOnDateEdit.setDate(gui.qt.QDate.currentDate().addDays(1))
    assert not ui.signButton.enabled and "after today" in ui.signButton.toolTip


def test_how_structures_and_doses_are_written_is_part_of_the_case(gui: Gui, window: Any, small_case: Path) -> None:
    ui = window.ui
    systems = [ui.planningSystemComboBox.itemText(n) for n in range(ui.planningSystemComboBox.count)]
    assert systems == ["any", "Eclipse"] and ui.planningSystemComboBox.currentText == "any"
    ui.planningSystemComboBox.setCurrentIndex(1)
    ui.mappedDosesCheckBox.setChecked(True)
    export = window.logic.session.case.export
    assert (export.planning_system, export.mapped_doses) == ("Eclipse", True)
    ui.saveCaseButton.click()
    assert read_case(small_case).export == export and gui.messages == []


def test_who_asks_for_an_anonymised_report_gets_no_other(gui: Gui, window: Any, tmp_path: Path) -> None:
    window.ui.anonymousCheckBox.setChecked(True)
    run(gui, window, window.ui.writeButton)
    if gui.messages:
        assert not (tmp_path / "output").exists()
    else:
        written = json.loads((tmp_path / "output" / "evaluation.json").read_text(encoding="utf-8"))
        assert written["is_anonymous"]
        assert window.ui.signKeyLineEdit.text == ""


def test_the_choices_of_the_output_live_in_the_scene(gui: Gui, window: Any, tmp_path: Path) -> None:
    window.ui.replaceCheckBox.setChecked(True)
    other = gui.open("ReirradiationAccumulation")
    assert other.ui.outputPathLineEdit.currentPath == str(tmp_path / "output")
    assert other.ui.stageComboBox.currentText == STAGES[0] and other.ui.replaceCheckBox.checked
    gui.slicer.mrmlScene.Clear(True)
    assert other.ui.outputPathLineEdit.currentPath == "" and other.ui.stageComboBox.currentText == STAGES[2]


@pytest.mark.parametrize("module", ["ReirradiationAccumulation", "ReirradiationOptStructures"])
def test_reload_drops_library_and_widgets(gui: Gui, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    window = gui.open(module)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    window.onReload()
    left = {name.split(".")[0] for name in sys.modules}
    assert not left & {"ReirradiationLib", "ReirradiationAccumulationWidgets"}
