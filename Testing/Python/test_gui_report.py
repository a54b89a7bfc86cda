"""The section "Report" of Reirradiation Accumulation, and its stages, driven by clicks offscreen (not within Slicer)."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from gui_harness import PATIENCE_S, Gui, gui, rows, small_case
from ReirradiationLib.case_notes_file import write_notes
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import LONGEST_TEXT, TEXT_TITLES, Task

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

STAGES = ("records only", "dose transfer, without the new plan", "dose sum, as far as the case goes")


@pytest.fixture
def widget(gui: Gui, small_case: Path, tmp_path: Path) -> Any:
    """The window with a case and a folder, to be run up to the records, which takes seconds."""
    window = gui.open("ReirradiationAccumulation")
    window.ui.casePathLineEdit.currentPath = str(small_case)
    window.ui.outputPathLineEdit.currentPath = str(tmp_path / "output")
    window.ui.stageComboBox.currentIndex = 0
    return window


def run(gui: Gui, widget: Any) -> dict[str, Any]:
    """Run what is chosen; the evaluation as it was written."""
    widget.ui.replaceCheckBox.setChecked(True)
    widget.ui.runButton.click()
    gui.wait_until(lambda: bool(widget.ui.runButton.enabled))
    assert gui.messages == []
    output = Path(widget.ui.outputPathLineEdit.currentPath)
    written: dict[str, Any] = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    return written


def edits(widget: Any) -> dict[str, Any]:
    ui = widget.ui
    names = (ui.planningApproachTextEdit, ui.discussionTextEdit, ui.deliveryTextEdit)
    return dict(zip(TEXT_TITLES, names, strict=True))


def shown(widget: Any) -> dict[str, str]:
    return {name: edit.toPlainText() for name, edit in edits(widget).items()}


def another_case(case: Path) -> Path:
    other = case.parent.parent / "other" / "case.json"
    other.parent.mkdir()
    shutil.copy(case, other)
    write_notes(other, {"discussion": "of the other case", "delivery": ""})
    return other


def test_every_control_says_what_it_is_for_and_is_reached_by_the_keyboard(gui: Gui, widget: Any) -> None:
    qt = gui.qt
    kinds = (qt.QtWidgets.QAbstractButton, qt.QtWidgets.QComboBox, qt.QtWidgets.QLineEdit, qt.QtWidgets.QPlainTextEdit)
    kinds += (qt.QtWidgets.QDateEdit, qt.QtWidgets.QTableWidget)
    controls = [one for one in vars(widget.ui).values() if isinstance(one, kinds)]
    assert len(controls) > 15
    for control in controls:
        assert control.focusPolicy() & qt.Qt.FocusPolicy.TabFocus, control.objectName()
        assert control.toolTip, control.objectName()
    assert all(edit.tabChangesFocus() for edit in edits(widget).values())
    labels = (widget.ui.planningApproachLabel, widget.ui.discussionLabel, widget.ui.deliveryLabel)
    assert [label.text.replace("&", "").rstrip(":") for label in labels] == list(TEXT_TITLES.values())
    assert [label.buddy() for label in labels] == list(edits(widget).values())


def test_texts_of_the_case_are_shown_saved_and_read_back(gui: Gui, widget: Any, small_case: Path) -> None:
    ui, before = widget.ui, read_case(small_case)
    assert shown(widget) == vars(before.texts)
    assert not ui.saveTextsButton.enabled and "Nothing is changed" in ui.saveTextsButton.toolTip
    assert ui.textsLabel.text == "As in case/case.json."
    gui.section_picture(widget, ui.reportCollapsibleButton, "report_section.png")
    gui.section_picture(widget, ui.reportCollapsibleButton, "report_section_in_slicer.png", 520)

    ui.discussionTextEdit.setPlainText("Agreed: Änderung ≤ 5 %.\n二行目")
    assert ui.textsLabel.text == "Not saved in case/case.json: Discussion and trade-offs."
    assert read_case(small_case) == before
    assert not ui.runButton.enabled and "Save or discard the changed texts" in ui.runButton.toolTip
    assert not ui.signButton.enabled and "Save or discard the changed texts" in ui.signButton.toolTip
    ui.saveTextsButton.click()
    after = read_case(small_case)
    assert after.texts.discussion == "Agreed: Änderung ≤ 5 %.\n二行目"
    assert (after.texts.delivery, after.tasks, after.structures) == (before.texts.delivery, before.tasks, before.structures)
    assert not ui.saveTextsButton.enabled and ui.runButton.enabled and gui.messages == []

    ui.deliveryTextEdit.setPlainText("")
    ui.saveTextsButton.click()
    assert read_case(small_case).texts.delivery == ""


def test_a_text_that_cannot_be_used_is_refused_and_stays_in_the_window(gui: Gui, widget: Any, small_case: Path) -> None:
    before, too_long = small_case.read_bytes(), "x" * (LONGEST_TEXT + 1)
    widget.ui.deliveryTextEdit.setPlainText(too_long)
    widget.ui.saveTextsButton.click()
    assert len(gui.messages) == 1 and f"{LONGEST_TEXT + 1} characters" in gui.messages[0]
    assert small_case.read_bytes() == before and shown(widget)["delivery"] == too_long
    assert widget.ui.textsLabel.text.startswith("Not saved")
    widget.ui.discardTextsButton.click()
    assert shown(widget) == vars(read_case(small_case).texts) and not widget.ui.discardTextsButton.enabled


def test_a_text_that_somebody_else_changed_meanwhile_is_not_lost(gui: Gui, widget: Any, small_case: Path) -> None:
    write_notes(small_case, {"discussion": "by a colleague", "delivery": "by a colleague"})
    widget.ui.discussionTextEdit.setPlainText("mine")
    widget.ui.saveTextsButton.click()
    assert len(gui.messages) == 1 and "Discussion and trade-offs" in gui.messages[0]
    assert read_case(small_case).texts.discussion == "by a colleague" and shown(widget)["discussion"] == "mine"
    widget.ui.discardTextsButton.click()
    widget.ui.planningApproachTextEdit.setPlainText("mine")
    widget.ui.saveTextsButton.click()
    texts = read_case(small_case).texts
    assert (texts.planning_approach, texts.delivery) == ("mine", "by a colleague")


def test_texts_changed_elsewhere_are_shown_when_the_window_is_entered_again(widget: Any, small_case: Path) -> None:
    write_notes(small_case, {"delivery": "by a colleague"})
    widget.enter()
    assert shown(widget)["delivery"] == "by a colleague"
    widget.ui.deliveryTextEdit.setPlainText("mine")
    widget.enter()
    assert shown(widget)["delivery"] == "mine"


def test_unsaved_texts_stay_with_their_case_when_another_is_chosen(gui: Gui, widget: Any, small_case: Path) -> None:
    other, ui = another_case(small_case), widget.ui
    ui.casePathLineEdit.currentPath = str(other)
    assert shown(widget)["discussion"] == "of the other case" and shown(widget)["delivery"] == ""
    ui.casePathLineEdit.currentPath = str(small_case)
    ui.deliveryTextEdit.setPlainText("mine")
    ui.casePathLineEdit.currentPath = str(other)
    assert shown(widget)["delivery"] == "mine"
    assert "Not saved in case/case.json" in ui.textsLabel.text and "chosen now" in ui.textsLabel.text
    assert not ui.runButton.enabled and not ui.signButton.enabled
    gui.slicer.mrmlScene.Clear(True)
    assert ui.casePathLineEdit.currentPath == "" and shown(widget)["delivery"] == "mine"
    ui.casePathLineEdit.currentPath = str(other)
    ui.saveTextsButton.click()
    assert read_case(small_case).texts.delivery == "mine" and read_case(other).texts.delivery == ""
    assert shown(widget)["discussion"] == "of the other case" and ui.textsLabel.text == "As in other/case.json."
    assert gui.messages == []


def test_without_a_case_nothing_can_be_written(widget: Any, tmp_path: Path) -> None:
    ui = widget.ui
    ui.casePathLineEdit.currentPath = str(tmp_path / "absent.json")
    for button in (ui.saveTextsButton, ui.signButton):
        assert not button.enabled and "cannot be read" in button.toolTip
    ui.casePathLineEdit.currentPath = ""
    for button in (ui.saveTextsButton, ui.signButton):
        assert not button.enabled and "Choose a case file first" in button.toolTip
    assert not any(edit.enabled for edit in edits(widget).values()) and set(shown(widget).values()) == {""}
    assert ui.signaturesLabel.text == ""


def test_the_records_run_within_the_window_and_are_signed_by_their_key(
    gui: Gui, widget: Any, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui = widget.ui
    assert tuple(ui.stageComboBox.itemText(index) for index in range(ui.stageComboBox.count())) == STAGES
    evaluation = run(gui, widget)
    assert evaluation["stage"] == "records" and evaluation["case"]["stage"] in ui.caseLabel.text
    assert [row[1] for row in rows(ui.headlinesTable)] == [one["text"] for one in evaluation["headlines"]]
    assert rows(ui.scorecardTable) == []
    assert ui.openReportButton.enabled
    assert not ui.loadSceneButton.enabled and "no dose was mapped" in ui.loadSceneButton.toolTip
    pdf = tmp_path / "output" / "report.pdf"
    assert ui.openPdfButton.enabled == pdf.is_file()
    assert ui.openPdfButton.enabled or "print the report" in ui.openPdfButton.toolTip

    assert ui.signKeyLineEdit.text == evaluation["tasks"][0]["key"] != ""
    ui.taskComboBox.currentIndex = 1
    assert ui.signKeyLineEdit.text == ""  # the doses were not mapped
    ui.taskComboBox.currentIndex = 0
    assert not ui.signButton.enabled and "who signs" in ui.signButton.toolTip
    ui.signerLineEdit.text = "A. Kümmerer"
    ui.signCommentLineEdit.text = "seen"
    assert ui.signButton.enabled and "Replaces the signature of demo author" in ui.signButton.toolTip
    ui.signedOnDateEdit.setDate(gui.qt.QDate(2026, 11, 20))
    ui.signButton.click()
    gui.section_picture(widget, ui.reportCollapsibleButton, "report_section_signed.png")
    gui.picture(widget, "accumulation_records.png")
    (signature,) = (one for one in read_case(small_case).tasks if one.task is Task.RECORDS)
    assert (signature.who, signature.when.isoformat(), signature.comment) == ("A. Kümmerer", "2026-11-20", "seen")
    assert signature.key == evaluation["tasks"][0]["key"]
    signed = ui.signaturesLabel.text.splitlines()
    assert signed[0] == f"Records of prior courses: A. Kümmerer, 2026-11-20, key {signature.key} – seen"
    assert signed[1].startswith("Dose transfer to the current CT: demo author, 2026-11-21, key 249d5878c56c")
    assert signed[2] == "Dose sum with the new plan: not signed" and ui.signCommentLineEdit.text == ""

    results: list[Any] = []
    show = widget.resultPanel.show
    monkeypatch.setattr(widget.resultPanel, "show", lambda *result: results.append(result) or show(*result))
    assert run(gui, widget)["tasks"][0]["status"] == "done and signed"
    pdf.write_bytes(b"%PDF-")
    show(*results[-1])
    opened: list[str] = []
    monkeypatch.setattr(gui.qt.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    assert ui.openPdfButton.enabled
    ui.openPdfButton.click()
    assert opened == [str(pdf)]

    ui.casePathLineEdit.currentPath = str(another_case(small_case))
    assert ui.signKeyLineEdit.text == ""  # that of another case


def test_a_name_that_cannot_be_used_is_refused(gui: Gui, widget: Any, small_case: Path) -> None:
    before = small_case.read_bytes()
    widget.ui.signerLineEdit.text = "A\u200bB"
    widget.ui.signCommentLineEdit.text = "seen"
    widget.ui.signButton.click()
    assert len(gui.messages) == 1 and "cannot be printed" in gui.messages[0]
    assert small_case.read_bytes() == before and widget.ui.signCommentLineEdit.text == "seen"


def test_nothing_is_written_into_the_case_during_a_run(
    gui: Gui, widget: Any, small_case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import workflow

    go_on = threading.Event()
    read = workflow.read_case_records
    monkeypatch.setattr(workflow, "read_case_records", lambda *given: go_on.wait(PATIENCE_S) and read(*given))
    ui = widget.ui
    ui.signerLineEdit.text = "somebody"
    assert ui.signButton.enabled
    ui.runButton.click()
    ui.deliveryTextEdit.setPlainText("typed meanwhile")
    for button in (ui.saveTextsButton, ui.signButton, ui.runButton):
        assert not button.enabled and "under way" in button.toolTip
    go_on.set()
    gui.wait_until(lambda: not ui.cancelButton.enabled)
    assert shown(widget)["delivery"] == "typed meanwhile" and ui.saveTextsButton.enabled


def test_who_asks_for_an_anonymised_report_gets_no_other(gui: Gui, widget: Any, tmp_path: Path) -> None:
    widget.ui.anonymousCheckBox.setChecked(True)
    widget.ui.runButton.click()
    gui.wait_until(lambda: bool(widget.ui.runButton.enabled))
    if gui.messages:
        assert not (tmp_path / "output").exists()
    else:
        written = json.loads((tmp_path / "output" / "evaluation.json").read_text(encoding="utf-8"))
        assert written["is_anonymous"]
        assert widget.ui.signKeyLineEdit.text == ""


def test_the_choice_of_the_stage_lives_in_the_scene(gui: Gui, widget: Any) -> None:
    other = gui.open("ReirradiationAccumulation")
    assert other.ui.stageComboBox.currentText == STAGES[0]
    gui.slicer.mrmlScene.Clear(True)
    assert other.ui.stageComboBox.currentText == STAGES[2]


@pytest.mark.parametrize("module", ["ReirradiationAccumulation", "ReirradiationOptStructures"])
def test_reload_drops_library_and_widgets(gui: Gui, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    window = gui.open(module)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    window.onReload()
    left = {name.split(".")[0] for name in sys.modules}
    assert not left & {"ReirradiationLib", "ReirradiationAccumulationWidgets"}
