"""The window of Reirradiation Accumulation, driven by clicks offscreen (with stand-ins, not within Slicer)."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from gui_harness import Gui, gui, pause_until_cancelled, rows, small_case

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationAccumulation"


def fill_in(widget: Any, case: Path, output: Path) -> None:
    widget.ui.casePathLineEdit.currentPath = str(case)
    widget.ui.outputPathLineEdit.currentPath = str(output)


def is_idle(widget: Any) -> bool:
    return bool(widget.ui.runButton.enabled)


def colour(item: Any) -> str:
    return str(item.background().color().name())


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "case")


def test_disabled_buttons_say_why(gui: Gui, tmp_path: Path) -> None:
    ui = gui.open(MODULE).ui
    assert not ui.runButton.enabled and "case file" in ui.runButton.toolTip
    ui.casePathLineEdit.currentPath = str(tmp_path / "case.json")
    assert not ui.runButton.enabled and "output folder" in ui.runButton.toolTip
    ui.outputPathLineEdit.currentPath = str(tmp_path / "output")
    assert ui.runButton.enabled
    for button in (ui.openReportButton, ui.loadSceneButton):
        assert not button.enabled and "Run a case first" in button.toolTip
    assert not ui.cancelButton.enabled and "Nothing is running" in ui.cancelButton.toolTip
    assert "not a medical device" in ui.intendedUseLabel.text


def test_a_case_runs_to_its_scorecard_report_and_scene(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = gui.open(MODULE)
    fill_in(widget, small_case, tmp_path / "output")
    steps: set[str] = set()
    drawn_by: set[str] = set()
    from ReirradiationLib.mrml.pictures import OffscreenPictureMaker

    import ReirradiationAccumulation

    class WatchedPictures(OffscreenPictureMaker):
        def draw_all(self, *arguments: Any) -> tuple[bytes, ...]:
            drawn_by.add(threading.current_thread().name)
            return super().draw_all(*arguments)

    monkeypatch.setattr(ReirradiationAccumulation, "OffscreenPictureMaker", WatchedPictures)
    widget.ui.runButton.click()
    assert not widget.ui.runButton.enabled and "under way" in widget.ui.runButton.toolTip
    assert widget.ui.cancelButton.enabled

    def done() -> bool:
        steps.add(widget.ui.stepLabel.text.split(":")[0])
        return is_idle(widget)

    gui.wait_until(done)
    gui.picture(widget, "accumulation.png")
    assert gui.messages == []
    assert len(steps) > 2
    assert drawn_by <= {"MainThread"}
    assert widget.ui.stepLabel.text == "Done."
    stored = json.loads((tmp_path / "output" / "evaluation.json").read_text(encoding="utf-8"))["scorecard"]
    shown = rows(widget.ui.scorecardTable)
    assert (
        [row[0] for row in shown]
        == [score["structure"] for score in stored]
        == [
            *("spinal_cord", "spinal_cord", "colon", "PTV2_L1"),
        ]
    )
    for row, score in zip(shown, stored, strict=True):
        assert row[1] == score["metric"] and row[3] == score["basis"] and row[7].startswith(score["state"])
        assert float(row[5]) == pytest.approx(score["prior"], abs=0.006)
        assert float(row[6]) == pytest.approx(score["cumulative"], abs=0.006)
    assert shown[0][2] == "≤ 50" and shown[3][2] == "≥ 30"
    assert colour(widget.ui.scorecardTable.item(0, 7)) != colour(widget.ui.scorecardTable.item(2, 7))
    assert {"report.html", "case.mrb", "evaluation.json"} <= {path.name for path in (tmp_path / "output").iterdir()}

    headlines = json.loads((tmp_path / "output" / "evaluation.json").read_text(encoding="utf-8"))["headlines"]
    assert [row[1] for row in rows(widget.ui.headlinesTable)] == [one["text"] for one in headlines]

    opened: list[str] = []
    monkeypatch.setattr(gui.qt.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    widget.ui.openReportButton.click()
    assert opened == [str(tmp_path / "output" / "report.html")]

    loaded: list[Any] = []
    monkeypatch.setattr(gui.slicer.util, "loadScene", lambda *arguments: loaded.append(arguments))
    gui.slicer.mrmlScene.SetURL("/mine.mrml")
    widget.ui.loadSceneButton.click()
    assert loaded == [(str(tmp_path / "output" / "case.mrb"), {"clear": False})]
    assert gui.slicer.mrmlScene.GetURL() == "/mine.mrml"

    widget.ui.runButton.click()  # the folder is not empty now, and replacing it was not allowed
    assert rows(widget.ui.scorecardTable) == [] and not widget.ui.openReportButton.enabled
    gui.wait_until(lambda: is_idle(widget))
    assert len(gui.messages) == 1 and "the folder is not empty" in gui.messages[0]


def test_cancel_in_the_middle_leaves_no_output(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = gui.open(MODULE)
    reached = pause_until_cancelled(widget, monkeypatch)
    fill_in(widget, small_case, tmp_path / "output")
    widget.ui.runButton.click()
    gui.wait_until(reached.is_set)
    gui.wait_until(lambda: widget.ui.stepLabel.text.startswith("Map the doses"))
    gui.picture(widget, "accumulation_running.png")
    widget.ui.cancelButton.click()
    assert not widget.ui.cancelButton.enabled
    gui.wait_until(lambda: is_idle(widget))
    assert widget.ui.stepLabel.text == "Cancelled; nothing was written."
    assert left_behind(tmp_path) == [] and gui.messages == []
    assert not widget.ui.openReportButton.enabled


def test_closing_the_window_stops_the_run(
    gui: Gui, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = gui.open(MODULE)
    reached = pause_until_cancelled(widget, monkeypatch)
    fill_in(widget, small_case, tmp_path / "output")
    widget.ui.runButton.click()
    gui.wait_until(reached.is_set)
    widget.cleanup()
    assert left_behind(tmp_path) == []
    assert "Reirradiation" not in {thread.name for thread in threading.enumerate()}


def test_a_wrong_case_file_is_told_and_nothing_is_written(gui: Gui, tmp_path: Path) -> None:
    widget = gui.open(MODULE)
    fill_in(widget, tmp_path / "absent.json", tmp_path / "output")
    widget.ui.runButton.click()
    gui.wait_until(lambda: is_idle(widget))
    assert len(gui.messages) == 1 and "absent.json" in gui.messages[0] and "cannot be read" in gui.messages[0]
    assert widget.ui.stepLabel.text == "Not finished; nothing was written."
    assert left_behind(tmp_path) == []


def test_choices_live_in_the_scene(gui: Gui, tmp_path: Path) -> None:
    widget = gui.open(MODULE)
    fill_in(widget, tmp_path / "case.json", tmp_path / "output")
    widget.ui.replaceCheckBox.setChecked(True)
    other = gui.open(MODULE)
    assert other.ui.casePathLineEdit.currentPath == str(tmp_path / "case.json")
    assert other.ui.replaceCheckBox.checked
    gui.slicer.mrmlScene.Clear(True)
    assert other.ui.casePathLineEdit.currentPath == "" and not other.ui.runButton.enabled


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
