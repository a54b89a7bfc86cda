"""What goes wrong around the windows: other patients, files that change, scenes read on top, runs that end too late."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from accumulation_steps import EVALUATE, go_to, open_case
from gui_harness import Gui, gui, small_case

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


def copied(case: Path, folder: Path) -> Path:
    """The same text in another folder: as when every patient's case is made of one template."""
    folder.mkdir()
    shutil.copy(case, folder / "case.json")
    return folder / "case.json"


def retitled(window: Any, title: str) -> None:
    from dataclasses import replace

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


def test_unsaved_changes_are_not_dropped_by_opening_the_file_again_without_asking(
    gui: Gui, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    retitled(window, "mine")
    monkeypatch.setattr(gui.slicer.util, "confirmYesNoDisplay", lambda *_given, **_named: False, raising=False)
    window.ui.openCaseButton.click()
    assert window.logic.session.case.title == "mine"
    monkeypatch.setattr(gui.slicer.util, "confirmYesNoDisplay", lambda *_given, **_named: True, raising=False)
    window.ui.openCaseButton.click()
    assert window.logic.session.case.title != "mine"


def test_reading_a_file_again_drops_what_was_computed_since_its_inputs_may_be_others_now(window: Any) -> None:
    evaluated(window)
    window.ui.openCaseButton.click()
    assert window.logic.session.evaluated is None and not window.shownEvaluation()[1]


@pytest.mark.parametrize("damage", ["{", '"not a case"', "[1]", '"{}"'])
def test_a_damaged_scene_does_not_keep_the_window_from_being_used(
    gui: Gui, window: Any, small_case: Path, damage: str
) -> None:
    evaluated(window)
    window.logic.session.take(None)
    window.parameterNode.caseText = damage
    window.enter()
    assert window.logic.session.document is None
    window.parameterNode.evaluatedCaseText = damage
    open_case(window, small_case)
    window.enter()
    assert window.logic.session.document is not None
    assert window.shownEvaluation()[1] is False


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null"])
def test_a_damaged_evaluation_in_the_scene_is_no_result(window: Any, text: str) -> None:
    found = evaluated(window)
    session = window.logic.session
    document = session.document
    session.take(None)
    session.take(document)
    assert window.shownEvaluation()[1] and window.shownEvaluation()[0].case == found.evaluation.case
    window.parameterNode.evaluation.SetText(text)
    window.showSession()
    assert window.shownEvaluation() == (None, False)


def test_an_evaluation_that_somebody_changed_in_the_scene_is_no_result(window: Any) -> None:
    evaluated(window)
    session = window.logic.session
    document = session.document
    session.take(None)
    session.take(document)
    node = window.parameterNode.evaluation
    values = json.loads(node.GetText())
    values["case"]["title"] = "another"
    node.SetText(json.dumps(values))
    assert window.shownEvaluation() == (None, False)
