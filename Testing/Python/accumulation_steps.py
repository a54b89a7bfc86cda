"""The window of Reirradiation Accumulation, taken through its steps by clicks, for the tests of its panels."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from gui_harness import PATIENCE_S, Gui

RECORDS, TRANSFER, BIOLOGY, EVALUATE, REPORT = range(5)

SHOWING = ("hideRegistration", "showDose", "jumpToMaximum", "showIsodoses")
PREPARING = ("preparedRegistrationView", "preparedResults")
"""Calls of the logic that show something in the views of the application; the latter are worked on in the background."""


def opened(gui: Gui, case: Path) -> Any:
    """The window with a case; what it would have shown in the views is recorded in ``window.shown``."""
    window = gui.open("ReirradiationAccumulation")
    window.shown = []
    for name in SHOWING:
        setattr(window.logic, name, lambda *given, name=name: window.shown.append((name, *given)))
    for name in PREPARING:
        setattr(window.logic, name, lambda *given, name=name: _recorder(window, (name, *given)))
    open_case(window, case)
    return window


def open_case(window: Any, case: Path) -> None:
    window.ui.casePathLineEdit.currentPath = str(case)
    window.ui.openCaseButton.click()


def is_idle(window: Any) -> bool:
    return not window.whyBusy()


def run(gui: Gui, window: Any, button: Any) -> None:
    """Click, and wait until the run is over."""
    assert button.enabled, button.toolTip
    button.click()
    gui.wait_until(lambda: is_idle(window))


def go_to(window: Any, step: int) -> None:
    window.ui.stepsTabWidget.setCurrentIndex(step)


def click_row(table: Any, row: int) -> None:
    """As the mouse does: choose the row and tell about the click."""
    table.selectRow(row)
    table.cellClicked.emit(row, 0)


def reopened(gui: Gui, window: Any, folder: Path) -> None:
    """Save the scene, close it and read it again."""
    scene = gui.slicer.mrmlScene
    assert scene.WriteToMRB(str(folder / "middle.mrb"))
    remote_io = gui.slicer.vtkMRMLRemoteIOLogic()  # bundles are read through its cache, which the application brings
    remote_io.SetMRMLScene(scene)
    remote_io.AddDataIOToScene()
    remote_io.GetCacheManager().SetRemoteCacheDirectory(str(folder))
    scene.Clear(False)
    assert window.logic.session.document is None
    assert scene.ReadFromMRB(str(folder / "middle.mrb"))
    window.enter()


def pause_at(window: Any, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> threading.Event:
    """Let a run stop where a function is called until it is cancelled; set once it is there."""
    reached, function = threading.Event(), getattr(module, name)

    def paused(*given: Any, **named: Any) -> Any:
        reached.set()
        assert window.runControl._run.cancelled.wait(PATIENCE_S)
        return function(*given, **named)

    monkeypatch.setattr(module, name, paused)
    return reached


def cancel(gui: Gui, window: Any, button: Any, reached: threading.Event) -> None:
    """Click, and cancel once the run is where it pauses."""
    button.click()
    gui.wait_until(reached.is_set)
    window.ui.cancelButton.click()
    gui.wait_until(lambda: is_idle(window))
    assert window.ui.stepLabel.text == "Cancelled; nothing was written."
    assert gui.messages == []


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def colour(item: Any) -> str:
    return str(item.background().color().name())


def _recorder(window: Any, call: tuple[Any, ...]) -> tuple[Any, Any]:
    """Work for a thread, and what notes that it was done."""
    return (lambda run: call), window.shown.append
