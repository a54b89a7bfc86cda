"""The window of Reirradiation Accumulation from the case to its outputs, driven by clicks offscreen (with stand-ins)."""

from __future__ import annotations

import json
import threading
import unittest
from pathlib import Path
from typing import Any

import pytest
from accumulation_steps import EVALUATE, REPORT, cancel, files_in, go_to, is_idle, open_case, opened, pause_at, run
from gui_harness import Gui, gui, rows, small_case
from ReirradiationLib.run_record import REPRODUCIBLE, RUN_FILE

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationAccumulation"


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "case")


def ready_to_write(gui: Gui, case: Path, output: Path) -> Any:
    window = opened(gui, case)
    go_to(window, REPORT)
    window.ui.outputPathLineEdit.currentPath = str(output)
    return window


def test_disabled_buttons_say_why(gui: Gui, small_case: Path, tmp_path: Path) -> None:
    window = gui.open(MODULE)
    ui = window.ui
    assert not ui.writeButton.enabled and "Open a case" in ui.writeButton.toolTip
    open_case(window, small_case)
    assert not ui.writeButton.enabled and "output folder" in ui.writeButton.toolTip
    ui.outputPathLineEdit.currentPath = str(tmp_path / "output")
    assert ui.writeButton.enabled and "Compute the case" in ui.writeButton.toolTip
    assert not ui.cancelButton.enabled and "Nothing is running" in ui.cancelButton.toolTip
    assert "not a medical device" in ui.intendedUseLabel.text


def test_what_was_evaluated_is_written_as_the_command_line_writes_it(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationAccumulationWidgets import services
    from ReirradiationLib import workflow
    from ReirradiationLib.__main__ import main
    from ReirradiationLib.mrml.pictures import OffscreenPictureMaker

    drawn_by: set[str] = set()

    class WatchedPictures(OffscreenPictureMaker):
        def draw_all(self, *arguments: Any) -> tuple[bytes, ...]:
            drawn_by.add(threading.current_thread().name)
            return super().draw_all(*arguments)

    monkeypatch.setattr(services, "OffscreenPictureMaker", WatchedPictures)
    output = tmp_path / "output"
    window = ready_to_write(gui, small_case, output)
    ui, steps = window.ui, set()
    go_to(window, EVALUATE)
    ui.evaluateButton.click()
    assert not ui.evaluateButton.enabled and "under way" in ui.evaluateButton.toolTip and ui.cancelButton.enabled

    def done() -> bool:
        steps.add(ui.stepLabel.text.split(":")[0])
        return is_idle(window)

    gui.wait_until(done)
    assert len(steps) > 2 and gui.messages == []
    go_to(window, REPORT)
    ui.taskComboBox.currentIndex = 2
    tasks = {one.task.value: one.key for one in window.logic.session.evaluated.evaluation.tasks}
    assert ui.signKeyLineEdit.text == tasks["sum"] != ""
    ui.signerLineEdit.text = "A. Physicist"
    ui.signButton.click()
    assert not ui.writeButton.enabled and "Save the case first" in ui.writeButton.toolTip
    ui.saveCaseButton.click()
    assert "nothing is computed again" in ui.writeButton.toolTip

    def nothing_again(*given: Any) -> Any:
        raise AssertionError("computed a second time")

    compute = workflow.compute
    monkeypatch.setattr(workflow, "compute", nothing_again)
    run(gui, window, ui.writeButton)
    monkeypatch.setattr(workflow, "compute", compute)
    assert gui.messages == [] and ui.stepLabel.text == "Done." and drawn_by <= {"MainThread"}
    written = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    assert written["tasks"][2]["status"] == "done and signed" and written["tasks"][2]["who"] == "A. Physicist"
    gui.step_pictures(window, REPORT, "report")

    table = {row[0]: row[1:] for row in rows(ui.outputsTable)}
    shown = {name for name in files_in(output) if not name.startswith(("table_", "constraint_sheet"))}
    assert set(table) - {"table_*.csv", "constraint_sheet.*"} == shown
    assert all(purpose for purpose, _check in table.values())
    checks = {name: check for name, (_purpose, check) in table.items() if name.endswith(".dcm")}
    assert len(checks) >= 3 and set(checks.values()) == {"acceptable"}
    ui.outputsTable.selectRow(list(table).index("cumulative_eqd2.dcm"))
    assert "export.dose-grid" in ui.outputDetailsTextEdit.plainText

    assert main(["run", str(small_case), "--output", str(tmp_path / "command-line")]) == 0
    # run.json names the door, pictures within the report and the scene depend on the machine; all else is the same.
    same = [name for name in files_in(output) if Path(name).suffix in REPRODUCIBLE and name != RUN_FILE]
    assert files_in(tmp_path / "command-line") == files_in(output) and "evaluation.json" in same
    for name in same:
        assert (output / name).read_bytes() == (tmp_path / "command-line" / name).read_bytes(), name

    opened_paths: list[str] = []
    monkeypatch.setattr(gui.qt.QDesktopServices, "openUrl", lambda url: opened_paths.append(url.toLocalFile()) or True)
    ui.openReportButton.click()
    assert opened_paths == [str(output / "report.html")]
    loaded: list[Any] = []
    monkeypatch.setattr(gui.slicer.util, "loadScene", lambda *arguments: loaded.append(arguments))
    gui.slicer.mrmlScene.SetURL("/mine.mrml")
    ui.loadSceneButton.click()
    assert loaded == [(str(output / "case.mrb"), {"clear": False})]
    assert gui.slicer.mrmlScene.GetURL() == "/mine.mrml"

    run(gui, window, ui.writeButton)  # the folder is not empty now, and replacing it was not allowed
    assert len(gui.messages) == 1 and "the folder is not empty" in gui.messages[0]
    assert rows(ui.outputsTable) == [] and not ui.openReportButton.enabled


def test_cancel_in_the_middle_of_writing_leaves_no_output(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import workflow

    window = ready_to_write(gui, small_case, tmp_path / "output")
    run(gui, window, window.ui.evaluateButton)
    cancel(gui, window, window.ui.writeButton, pause_at(window, monkeypatch, workflow, "write_outputs"))
    assert left_behind(tmp_path) == [] and not window.ui.openReportButton.enabled
    assert window.logic.session.evaluated is not None  # what was evaluated stays


def test_cancel_of_a_run_that_computes_first_leaves_no_output(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import workflow

    window = ready_to_write(gui, small_case, tmp_path / "output")
    cancel(gui, window, window.ui.writeButton, pause_at(window, monkeypatch, workflow, "map_dose"))
    assert left_behind(tmp_path) == [] and files_in(small_case.parent) == ["case.json"]


def test_closing_the_window_stops_the_run(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import workflow

    window = ready_to_write(gui, small_case, tmp_path / "output")
    reached = pause_at(window, monkeypatch, workflow, "map_dose")
    window.ui.writeButton.click()
    gui.wait_until(reached.is_set)
    window.cleanup()
    assert left_behind(tmp_path) == []
    assert "Reirradiation" not in {thread.name for thread in threading.enumerate()}


def test_a_wrong_case_file_is_told_and_nothing_is_opened(gui: Gui, tmp_path: Path) -> None:
    window = gui.open(MODULE)
    open_case(window, tmp_path / "absent.json")
    assert len(gui.messages) == 1 and "absent.json" in gui.messages[0] and "cannot be read" in gui.messages[0]
    assert window.logic.session.document is None and not window.ui.writeButton.enabled
    assert left_behind(tmp_path) == []


def test_the_logic_runs_without_a_window(gui: Gui, small_case: Path, tmp_path: Path) -> None:
    from ReirradiationLib.model.errors import Cancelled

    from ReirradiationAccumulation import ReirradiationAccumulationLogic

    titles: list[str] = []
    with pytest.raises(Cancelled):
        ReirradiationAccumulationLogic().run(
            str(small_case),
            tmp_path / "output",
            onProgress=lambda progress: titles.append(progress.title),
            isCancelled=lambda: "Register" in titles,
        )
    assert left_behind(tmp_path) == []


def test_the_tests_for_use_within_slicer_pass_here_too(gui: Gui, small_case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On fewer structures. Only what loads a scene needs the application."""
    import ReirradiationAccumulation as module

    monkeypatch.setattr(module, "findDemoCase", lambda: small_case)
    suite = unittest.TestLoader().loadTestsFromTestCase(module.ReirradiationAccumulationTest)
    suite._tests = [one for one in suite if "SceneIsAdded" not in one.id()]
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun == 3 and result.wasSuccessful() and not result.skipped, result.failures + result.errors
