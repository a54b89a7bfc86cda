"""The window of Reirradiation Accumulation, taken through its steps by clicks, for the tests of its panels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gui_harness import Gui

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


def select(table: Any, row: int) -> None:
    table.selectRow(row)


def colour(item: Any) -> str:
    return str(item.background().color().name())


def _recorder(window: Any, call: tuple[Any, ...]) -> tuple[Any, Any]:
    """Work for a thread, and what notes that it was done."""
    return (lambda run: call), window.shown.append
