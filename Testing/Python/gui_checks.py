"""What the tests of several pages of a window ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gui_harness import Gui


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
