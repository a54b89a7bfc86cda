"""Pictures of a window as it stands beside the slice views on a screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gui_harness import Gui

SCREENS = {"1280x800": (1280, 800), "1024x700": (1024, 700)}
PANEL_WIDTH = 500
BARS_HEIGHT = 90
"""Menu, tool bars and status bar."""


def panel_pictures(gui: Gui, widget: Any, name: str, top: Any = None) -> None:
    """Store how the module panel looks on each screen, if REIRRADIATION_PICTURES names a folder.

    ``top`` is a widget of the panel that is scrolled to its upper edge.
    """
    folder = os.environ.get("REIRRADIATION_PICTURES")
    if not folder:
        return
    for screen, size in SCREENS.items():
        _picture(gui, widget, top, size, Path(folder) / f"{name}_{screen}.png")


def _picture(gui: Gui, widget: Any, top: Any, size: tuple[int, int], path: Path) -> None:
    screen = gui.qt.QtWidgets.QWidget()
    screen.setStyleSheet("#views { background: #23232b; color: #8a8a9a }")
    layout = gui.qt.QtWidgets.QHBoxLayout(screen)
    layout.setContentsMargins(0, 0, 0, 0)
    area, views = gui.qt.QtWidgets.QScrollArea(), gui.qt.QtWidgets.QLabel("slice views")
    views.setObjectName("views")
    views.setAlignment(gui.qt.Qt.AlignmentFlag.AlignCenter)
    area.setWidgetResizable(True)
    area.setFixedWidth(PANEL_WIDTH)
    area.setWidget(widget.parent)
    layout.addWidget(area)
    layout.addWidget(views, 1)
    screen.resize(size[0], size[1] - BARS_HEIGHT)
    screen.show()
    for _ in range(3):
        gui.qt.QApplication.processEvents()
    if top is not None:
        area.verticalScrollBar().setValue(top.mapTo(widget.parent, gui.qt.QtCore.QPoint(0, 0)).y())
        gui.qt.QApplication.processEvents()
    assert screen.grab().save(str(path))
    area.takeWidget().setParent(None)


def controls_without_tool_tip(gui: Gui, page: Any) -> list[str]:
    """Names of the controls of a page that tell nothing when the mouse rests on them."""
    kinds = (
        "QAbstractButton",
        "QLineEdit",
        "QComboBox",
        "QAbstractSpinBox",
        "QPlainTextEdit",
        "QTableWidget",
        "QListWidget",
    )
    return [
        child.objectName()
        for kind in kinds
        for child in page.findChildren(getattr(gui.qt.QtWidgets, kind))
        if child.objectName() and not child.objectName().startswith("qt_") and not child.toolTip
    ]


def close_and_reopen_scene(gui: Gui, folder: Path) -> None:
    """Save the scene, close it, and read it again, as a user does who comes back the next day."""
    scene = gui.slicer.mrmlScene
    scene.SetURL(str(folder / "scene.mrml"))
    assert scene.Commit()
    scene.Clear(True)
    scene.SetURL(str(folder / "scene.mrml"))
    assert scene.Import()
