"""What goes wrong around the windows: other patients, files that change, scenes read on top, runs that end too late."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from accumulation_steps import REPORT, go_to, is_idle, open_case
from gui_harness import MODULES, PATIENCE_S, ROOT, Gui, gui, small_case
from shipped_code import UI_FILES, relative

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationAccumulation"


@pytest.fixture
def window(gui: Gui, small_case: Path) -> Any:
    made = gui.open(MODULE)
    open_case(made, small_case)
    return made


def evaluated(window: Any) -> Any:
    """Keep what a run would have given, of the records alone, which is quick."""
    from ReirradiationLib.model.case_notes import Task
    from ReirradiationLib.monitor import Monitor
    from ReirradiationLib.session import Evaluated, results_basis
    from ReirradiationLib.transfer import read_case_records
    from ReirradiationLib.workflow import evaluation_of

    session = window.logic.session
    records = read_case_records(session.case, Monitor())
    found = Evaluated(Task.SUM, records, evaluation_of(records, session.case))
    session.keep_records(session.case, records)
    session._evaluated = (results_basis(session.case), found)
    window.sessionChanged()
    return found


def test_numbers_with_more_digits_than_a_field_shows_stay_what_they_are(gui: Gui, small_case: Path) -> None:
    """Whatever else of a request or of a prescription is changed."""
    case = json.loads(small_case.read_text(encoding="utf-8"))
    case["optimization"][0] |= {"limit_eqd2_gy": 50.125, "alpha_beta_gy": 2.125, "margin_mm": 30.25}
    case["new_course"]["prescription_gy"] = 30.125
    small_case.write_text(json.dumps(case), encoding="utf-8")
    window = gui.open("ReirradiationOptStructures")
    open_case(window, small_case)
    window.ui.numberSpinBox.setValue(2)
    window.ui.setOrganButton.click()
    assert gui.messages == []
    (request,) = window.logic.session.case.optimization
    assert (request.number, request.limit_eqd2_gy, request.alpha_beta_gy, request.margin_mm) == (2, 50.125, 2.125, 30.25)
    window.ui.fractionsSpinBox.setValue(6)
    window.ui.prescribeButton.click()
    assert gui.messages == []
    new = window.logic.session.case.new_course
    assert (new.prescription_gy, new.fractions) == (30.125, 6)


def copied(case: Path, folder: Path) -> Path:
    """The same text in another folder: as when every patient's case is made of one template."""
    folder.mkdir()
    shutil.copy(case, folder / "case.json")
    return folder / "case.json"


def retitled(window: Any, title: str) -> None:
    assert window.edit(lambda case: replace(case, title=title))


def test_the_result_of_a_case_is_not_shown_for_another_one_even_of_the_same_text(
    gui: Gui, window: Any, small_case: Path, tmp_path: Path
) -> None:
    evaluated(window)
    assert window.shownEvaluation()[1]
    open_case(window, copied(small_case, tmp_path / "other"))
    assert window.shownEvaluation() == (None, False)
    open_case(window, small_case)
    assert window.shownEvaluation() == (None, False) or not window.shownEvaluation()[1]


def test_unsaved_changes_are_not_dropped_by_opening_the_file_again_without_asking(gui: Gui, window: Any) -> None:
    retitled(window, "mine")
    gui.answer = False
    window.ui.openCaseButton.click()
    assert window.logic.session.case.title == "mine"
    assert "lost" in gui.questions[0]
    gui.answer = True
    window.ui.openCaseButton.click()
    assert window.logic.session.case.title != "mine"


def test_reading_a_file_again_drops_what_was_computed_since_its_inputs_may_be_others_now(window: Any) -> None:
    evaluated(window)
    window.ui.openCaseButton.click()
    assert window.logic.session.evaluated is None and not window.shownEvaluation()[1]


DAMAGED = ("{", '"not a case"', "[1]", '"{}"', "null")


def test_a_damaged_scene_does_not_keep_the_window_from_being_used(gui: Gui, window: Any, small_case: Path) -> None:
    for damage in DAMAGED:
        window.parameterNode.caseText = damage
        window.enter()
        assert window.logic.session.document is None and gui.messages.pop()
        window.enter()
        assert gui.messages == [], "told once"
        open_case(window, small_case)
        window.enter()
        assert window.logic.session.document is not None


def test_an_evaluation_that_somebody_changed_in_the_scene_is_no_result(window: Any) -> None:
    found = evaluated(window)
    session, node = window.logic.session, window.parameterNode
    document = session.document
    session.take(None)
    session.take(document)
    assert window.shownEvaluation()[1] and window.shownEvaluation()[0].case == found.evaluation.case
    text, ofCase = node.evaluation.GetText(), node.evaluatedCaseText
    for damage in (*DAMAGED, "", text.replace(found.evaluation.case.title, "another")):
        node.evaluation.SetText(damage)
        window.showSession()
        assert window.shownEvaluation() == (None, False)
    node.evaluation.SetText(text)
    assert window.shownEvaluation()[1]
    for damage in (*DAMAGED, ""):
        node.evaluatedCaseText = damage
        assert window.shownEvaluation() == (None, False)
    node.evaluatedCaseText = ofCase


def test_the_output_folder_of_a_case_is_not_offered_to_the_next_one(window: Any, small_case: Path, tmp_path: Path) -> None:
    go_to(window, REPORT)
    window.ui.outputPathLineEdit.currentPath = str(tmp_path / "of this patient")
    window.ui.replaceCheckBox.setChecked(True)
    assert window.parameterNode.replaceFormerOutput
    open_case(window, copied(small_case, tmp_path / "other"))
    assert window.ui.outputPathLineEdit.currentPath == "" and not window.ui.replaceCheckBox.isChecked()
    assert not window.ui.writeButton.enabled


def saved_scene(gui: Gui, file: Path) -> None:
    gui.slicer.mrmlScene.SetURL(str(file))
    assert gui.slicer.mrmlScene.Commit()


def read_on_top(gui: Gui, file: Path) -> None:
    gui.slicer.mrmlScene.SetURL(str(file))
    assert gui.slicer.mrmlScene.Import()


def test_unsaved_changes_outlive_a_scene_of_another_case_that_is_read_on_top(
    gui: Gui, window: Any, small_case: Path, tmp_path: Path
) -> None:
    other = copied(small_case, tmp_path / "other")
    open_case(window, other)
    evaluated(window)
    saved_scene(gui, tmp_path / "scene.mrml")
    open_case(window, small_case)
    retitled(window, "mine")
    read_on_top(gui, tmp_path / "scene.mrml")
    assert window.logic.session.case.title == "mine" and window.logic.session.document.path == small_case
    assert len(gui.messages) == 1 and "not saved" in gui.messages[0]
    assert window.shownEvaluation() == (None, False), "that in the scene is of the other case"
    window.ui.saveCaseButton.click()
    window.enter()
    assert window.logic.session.case.title == "mine" and len(gui.messages) == 1
    read_on_top(gui, tmp_path / "scene.mrml")
    assert window.logic.session.document.path == other and window.shownEvaluation()[1]


def test_what_the_console_changed_is_still_there_when_the_window_is_entered_again(window: Any) -> None:
    window.logic.editCase(replace(window.logic.session.case, title="by the console"))
    window.enter()
    assert window.logic.session.case.title == "by the console" and "NOT SAVED" in window.ui.caseStateLabel.text
    window.logic.saveCase()
    window.enter()
    assert window.logic.session.case.title == "by the console" and "NOT SAVED" not in window.ui.caseStateLabel.text


def test_a_scene_of_another_case_stops_the_run_and_its_result_is_dropped(
    gui: Gui, window: Any, small_case: Path, tmp_path: Path
) -> None:
    open_case(window, copied(small_case, tmp_path / "other"))
    saved_scene(gui, tmp_path / "scene.mrml")
    open_case(window, small_case)
    results: list[str] = []

    def work(run: Any) -> str:
        assert run.cancelled.wait(PATIENCE_S)
        return "of the former case"

    window.runControl.start(work, results.append)
    read_on_top(gui, tmp_path / "scene.mrml")
    assert is_idle(window) and results == [] and gui.messages == []
    assert "Cancelled" in window.ui.stepLabel.text and not window.ui.cancelButton.enabled


def test_a_scene_that_is_closed_from_within_what_the_run_does_on_the_main_thread_does_not_hang(
    gui: Gui, window: Any
) -> None:
    results: list[str] = []

    class Engine:
        def register(self) -> None:  # as BRAINSFit, which lets Qt listen meanwhile
            window.runControl.onTimer()
            gui.slicer.mrmlScene.Clear(False)

    def work(run: Any) -> str:
        run.on_main_thread(Engine()).register()
        return "of the scene that was closed"

    window.runControl.start(work, results.append)
    gui.wait_until(lambda: is_idle(window))
    assert results == [] and gui.messages == [] and window.logic.session.document is None
    assert "Cancelled" in window.ui.stepLabel.text


def test_what_a_run_gave_but_cannot_be_shown_is_told_as_what_it_is(gui: Gui, window: Any) -> None:
    from ReirradiationLib.model.errors import CaseError

    def refuse(_result: Any) -> None:
        raise CaseError("Scene", "has no view", "Open one.")

    window.runControl.start(lambda _run: None, refuse)
    gui.wait_until(lambda: is_idle(window))
    assert gui.messages == ["Scene: has no view. Open one."]


def test_nothing_is_changed_while_a_run_is_under_way(gui: Gui, window: Any) -> None:
    before = window.logic.session.document
    window.runControl.start(lambda run: run.cancelled.wait(PATIENCE_S), lambda _result: None)
    assert not window.edit(lambda case: pytest.fail("asked for a change"))
    assert len(gui.messages) == 1 and "under way" in gui.messages[0] and window.logic.session.document == before
    window.ui.cancelButton.click()
    gui.wait_until(lambda: is_idle(window))


def test_nodes_of_an_earlier_evaluation_are_not_shown_as_those_of_this_one(gui: Gui, window: Any) -> None:
    """As when putting the new results into the scene was cancelled."""
    from ReirradiationLib.model.errors import CaseError

    found = evaluated(window)
    door, shown = window.logic.door, SimpleNamespace(image=object())
    door._nodes, door._nodes_of, door._scene = shown, found, SimpleNamespace(IsNodePresent=lambda _node: True)
    assert door._require_nodes() is shown
    evaluated(window)
    with pytest.raises(CaseError, match="not in it"):
        door._require_nodes()


@pytest.mark.parametrize("path", UI_FILES, ids=relative)
def test_labels_show_names_with_signs_of_markup_as_they_are(path: Path) -> None:
    for widget in ElementTree.parse(path).iter("widget"):
        if widget.get("class") == "QLabel":
            properties = {one.get("name"): one[0].text for one in widget.findall("property")}
            assert "buddy" in properties or properties.get("textFormat") == "Qt::PlainText", widget.get("name")


def test_titles_show_an_ampersand_and_stay_short(gui: Gui) -> None:
    from ReirradiationAccumulationWidgets.controls import asTitle

    assert asTitle("cord & canal") == "cord && canal"
    assert len(asTitle("x" * 200)) == 40
    assert asTitle("&" * 200).count("&") == 78, "shortened before it is doubled"


@pytest.mark.parametrize("module", MODULES)
def test_no_two_controls_of_a_page_have_the_same_shortcut(module: str) -> None:
    folder = ROOT / module / "Resources" / "UI"
    of_window = [*shortcuts(folder / f"{module}.ui"), *"12345"]  # of the tabs
    for page in folder.glob("*.ui"):
        keys = of_window if page.stem == module else [*of_window, *shortcuts(page)]
        assert sorted(keys) == sorted(set(keys)), page.name


def shortcuts(path: Path) -> list[str]:
    texts = [one.text or "" for one in ElementTree.parse(path).iter("string") if one.get("notr") is None]
    return [key.lower() for text in texts for key in re.findall(r"&(\w)", text.replace("&&", ""))]


def test_changes_in_both_windows_are_never_written_over_each_other(
    gui: Gui, window: Any, small_case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = gui.open("ReirradiationOptStructures")
    monkeypatch.setattr(gui.slicer.modules, "ReirradiationAccumulationWidget", window, raising=False)
    other.enter()
    assert other.logic.session.document == window.logic.session.document
    retitled(window, "one")
    retitled(other, "two")
    window.ui.saveCaseButton.click()
    other.ui.saveCaseButton.click()
    assert len(gui.messages) == 1 and "changed in the file" in gui.messages[0]
    other.enter()
    assert other.logic.session.case.title == "two", "what was typed there is still there"
    assert json.loads(small_case.read_text(encoding="utf-8"))["title"] == "one"


def test_a_name_without_blanks_does_not_widen_the_panel(window: Any) -> None:
    before = window.parent.minimumSizeHint().width()
    retitled(window, "n" * 200)
    assert window.parent.minimumSizeHint().width() == before


def test_shells_and_exports_of_an_earlier_state_or_another_case_are_not_shown_as_of_this_one(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = gui.open("ReirradiationOptStructures")
    open_case(window, small_case)
    logic, results = (
        window.logic,
        SimpleNamespace(exported_structures=(), planning=SimpleNamespace(worksheets=()), exported_remaining=()),
    )
    monkeypatch.setattr(type(logic), "results", results)
    monkeypatch.setattr(
        logic, "_preview", SimpleNamespace(is_shown=True, show=lambda _results: (), shown=dict, show_only=list)
    )
    logic.showShells(results)
    assert logic.isShowingShellsOf(SimpleNamespace(planning=results.planning)), "whatever the export choices are"
    window.updateButtons()
    assert "show them again" not in window.ui.previewLabel.text
    monkeypatch.setattr(
        type(logic),
        "results",
        SimpleNamespace(exported_structures=(), planning=SimpleNamespace(worksheets=()), exported_remaining=()),
    )
    window.updateButtons()
    assert "show them again" in window.ui.previewLabel.text and not window.ui.jumpToShellButton.enabled
    export = window.panels[-1]
    exported = SimpleNamespace(validations=(), files=("a.csv",), folder=tmp_path)
    export._written, export._exported = window.logic.session.case, exported
    window.showSession()
    assert str(tmp_path) in window.ui.exportLabel.text
    monkeypatch.setattr(type(logic), "results", None)
    open_case(window, copied(small_case, tmp_path / "other"))
    assert str(tmp_path) not in window.ui.exportLabel.text
