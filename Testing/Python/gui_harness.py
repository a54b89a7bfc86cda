"""Drives the module windows offscreen, without the Slicer application.

The windows are built from their real ``.ui`` files and the real module files; Qt is PySide6, MRML is the ``slicer-core``
wheel, and the rest are the small stand-ins in ``standins/``. This shows that the windows do what they should with the
library. It does not show that they load in Slicer.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
STANDINS = Path(__file__).resolve().parent / "standins"
DEMO = ROOT / "Testing" / "Data" / "demo_case"
MODULES = ("ReirradiationAccumulation", "ReirradiationOptStructures")
WIDGETS = ("ReirradiationAccumulationWidgets", "ReirradiationOptStructuresWidgets")
STANDIN_MODULES = ("qt", "ctk", "slicer.i18n", "slicer.parameterNodeWrapper", "slicer.ScriptedLoadableModule")
PATIENCE_S = 200.0
SLICER_BARS_PX = 130
"""Menu, tool and status bars, and the head of the module panel."""


class Application:
    """What ``slicer.app`` is asked for."""

    applicationName = "offscreen stand-in"
    applicationVersion = "5.99"

    def testingEnabled(self) -> bool:
        return False

    def setOverrideCursor(self, cursor: Any) -> None: ...

    def restoreOverrideCursor(self) -> None: ...


class Gui:
    """The stand-in application with one scene; records the messages that the user would have seen."""

    def __init__(self, qt: Any, slicer: Any) -> None:
        self.qt = qt
        self.slicer = slicer
        self.messages: list[str] = []
        self.opened: list[str] = []
        self.questions: list[str] = []
        self.answer = True
        """To every question."""
        self._widgets: list[Any] = []

    def open(self, module: str) -> Any:
        """The window of a module, as after the user chose it in the module selector."""
        parent = self.qt.CUSTOM_WIDGETS["qMRMLWidget"]()
        parent.setLayout(self.qt.QVBoxLayout())
        widget = getattr(importlib.import_module(module), f"{module}Widget")(parent)
        self._widgets.append(widget)
        widget.setup()
        widget.enter()
        return widget

    def wait_until(self, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Let Qt and the timers run until something holds."""
        end = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end, f"nothing happened; messages: {self.messages}"
            self.qt.QApplication.processEvents(self.qt.QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def picture(self, widget: Any, name: str, width: int = 560) -> None:
        """Store how the window looks, if REIRRADIATION_PICTURES names a folder."""
        folder = os.environ.get("REIRRADIATION_PICTURES")
        if folder:
            widget.parent.resize(width, max(widget.parent.sizeHint().height(), 760))
            self.qt.QApplication.processEvents()
            assert widget.parent.grab().save(str(Path(folder) / name))

    def section_picture(self, widget: Any, section: Any, name: str, width: int = 1280, height: int = 800) -> None:
        """The same of a section, in a window that is not higher than a laptop's screen."""
        folder = os.environ.get("REIRRADIATION_PICTURES")
        if folder:
            area = self.qt.QScrollArea()
            area.setWidgetResizable(True)
            area.setWidget(widget.parent)
            area.resize(width, height)
            area.show()
            self.qt.QApplication.processEvents()
            area.verticalScrollBar().setValue(section.mapTo(widget.parent, self.qt.QtCore.QPoint(0, 0)).y())
            self.qt.QApplication.processEvents()
            assert area.grab().save(str(Path(folder) / name))
            area.takeWidget()

    def step_pictures(self, widget: Any, step: int, name: str, panel_width: int = 500) -> None:
        """How a step looks in the module panel of Slicer, on a usual and on a small screen; in parts if it scrolls."""
        folder = os.environ.get("REIRRADIATION_PICTURES")
        if not folder:
            return
        widget.ui.stepsTabWidget.setCurrentIndex(step)
        for width, height in ((1280, 800), (1024, 700)):
            area = self.qt.QScrollArea()
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(self.qt.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setWidget(widget.parent)
            area.resize(panel_width, height - SLICER_BARS_PX)
            area.show()
            self.settle()
            number, bar = 0, area.verticalScrollBar()
            while True:
                screen = self.qt.QPixmap(width, height)
                screen.fill(self.qt.QColor(60, 60, 70))
                area.render(screen, self.qt.QPoint(0, SLICER_BARS_PX // 2))
                assert screen.save(str(Path(folder) / f"{name}_{width}_{number}.png"))
                if bar.sliderPosition() >= bar.maximum():
                    break
                number += 1
                bar.setSliderPosition(bar.sliderPosition() + area.viewport().height() - 20)
                self.settle()
            area.takeWidget()

    def settle(self) -> None:
        """Let layouts come to rest."""
        for _ in range(5):
            self.qt.QApplication.processEvents()

    def close(self) -> None:
        for widget in self._widgets:
            widget.cleanup()
            widget.parent.deleteLater()
        self.qt.QApplication.processEvents()


@pytest.fixture
def gui(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gui]:
    """The stand-in application; everything is as before once the test is over."""
    pytest.importorskip("PySide6")
    slicer = pytest.importorskip("slicer")
    if getattr(slicer, "app", None) is not None:
        pytest.skip("within Slicer the module files' own tests apply")
    monkeypatch.setenv("QT_QPA_PLATFORM", os.environ.get("QT_QPA_PLATFORM", "offscreen"))
    monkeypatch.setattr(slicer, "__path__", [*slicer.__path__, str(STANDINS / "slicer")])
    for folder in (STANDINS, *(ROOT / module for module in MODULES)):
        monkeypatch.syspath_prepend(str(folder))
    _forget_windows()
    qt = importlib.import_module("qt")
    importlib.import_module("ctk")
    gui = Gui(qt, slicer)
    _put_application_in_place(gui, monkeypatch)
    yield gui
    gui.close()
    _forget_windows()
    for name in STANDIN_MODULES:
        sys.modules.pop(name, None)
        if name.startswith("slicer.") and hasattr(slicer, name.split(".")[1]):
            delattr(slicer, name.split(".")[1])


def _forget_windows() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in (*MODULES, *WIDGETS)]:
        del sys.modules[name]


def _put_application_in_place(gui: Gui, monkeypatch: pytest.MonkeyPatch) -> None:
    import slicer.util
    from ReirradiationLib.mrml import application, opengl, scene_runtime, slicer_engine, vtk_messages

    # The library must still see that this is no Slicer: then it probes OpenGL instead of trusting the application.
    for module in (application, opengl, scene_runtime, slicer_engine, vtk_messages):
        if hasattr(module, "inside_slicer_application"):
            monkeypatch.setattr(module, "inside_slicer_application", lambda: False)
    paths = {module.lower(): SimpleNamespace(path=str(ROOT / module / f"{module}.py")) for module in MODULES}
    monkeypatch.setattr(gui.slicer, "app", Application(), raising=False)
    monkeypatch.setattr(gui.slicer, "modules", SimpleNamespace(**paths), raising=False)
    monkeypatch.setattr(gui.slicer, "mrmlScene", gui.slicer.vtkMRMLScene(), raising=False)
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **_: gui.messages.append(text))

    def answer(question: str, **_: Any) -> bool:
        gui.questions.append(question)
        return gui.answer

    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", answer)

    class qMRMLWidget(gui.qt.QWidget):  # type: ignore[misc,name-defined]
        isEntered = True

        def setMRMLScene(self, scene: Any) -> None: ...

    gui.qt.CUSTOM_WIDGETS["qMRMLWidget"] = qMRMLWidget


@pytest.fixture
def small_case(tmp_path: Path) -> Path:
    """The demo case with three structures only, to be quick; its paths point into the demo folder."""
    case = json.loads((DEMO / "case.json").read_text(encoding="utf-8"))
    kept = ("spinal_cord", "PTV2_L1", "colon")
    for key in ("structures", "constraints"):
        case[key] = [entry for entry in case[key] if entry.get("name", entry.get("structure")) in kept]
    file = tmp_path / "case" / "case.json"
    file.parent.mkdir()
    file.write_text(json.dumps(_absolute(case)), encoding="utf-8")
    return file


def _absolute(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _absolute(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    return str(DEMO / value) if isinstance(value, str) and value.startswith(("course1/", "course2/")) else value


def pause_until_cancelled(widget: Any, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let the run of a window stop at the mapping of the doses until it is cancelled; set once it is there."""
    from ReirradiationLib import workflow

    reached = threading.Event()
    map_dose = workflow.map_dose

    def paused(*arguments: Any) -> Any:
        reached.set()
        assert widget.runControl._run.cancelled.wait(PATIENCE_S)
        return map_dose(*arguments)

    monkeypatch.setattr(workflow, "map_dose", paused)
    return reached


def rows(table: Any) -> list[list[str]]:
    """The texts of a QTableWidget."""
    columns = range(table.columnCount)
    return [[table.item(row, column).text() for column in columns] for row in range(table.rowCount)]
