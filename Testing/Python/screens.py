"""Pictures of a module window beside the views of the scene, as on a screen of some size.

The window is the real one, drawn by Qt offscreen; the views are drawn from the nodes of the scene by slicer-core. They stand
side by side as in 3D Slicer, and a line below says that this is not Slicer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from gui_harness import Gui
from slice_view_pictures import ViewPictures

PANEL_WIDTH = 500
CAPTION_HEIGHT = 22
CAPTION = "Drawn offscreen: the module window, and the views of slicer-core. Not a picture of the 3D Slicer application."
SIZES = {"": (1280, 800), "-small": (1024, 700)}
"""A usual laptop screen, and a small one; by what is added to the name of the picture."""


def screens(gui: Gui, widget: Any, name: str, section: Any = None, with_views: bool = True) -> None:
    """Store how the screen looks, in all sizes, if REIRRADIATION_PICTURES names a folder.

    Parameters
    ----------
    gui : Gui
    widget : module widget
    name : str
        Of the files, without ending.
    section : QWidget, optional
        What the window is scrolled to.
    with_views : bool
        Whether the scene's views stand beside the window.
    """
    folder = os.environ.get("REIRRADIATION_PICTURES")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    with ViewPictures(gui.slicer.mrmlScene) as views:
        for ending, (width, height) in SIZES.items():
            high = height - CAPTION_HEIGHT
            picture = gui.qt.QImage(width, height, gui.qt.QImage.Format.Format_RGB32)
            picture.fill(gui.qt.QColor(40, 40, 40))
            painter = gui.qt.QPainter(picture)
            painter.drawPixmap(0, 0, _panel(gui, widget, section, high))
            if with_views:
                painter.drawImage(PANEL_WIDTH, 0, _image(gui, views.four_up(width - PANEL_WIDTH, high)))
            painter.setPen(gui.qt.QColor(230, 230, 230))
            painter.drawText(6, height - 6, CAPTION)
            painter.end()
            assert picture.save(str(Path(folder) / f"{name}{ending}.png"))


def _panel(gui: Gui, widget: Any, section: Any, height: int) -> Any:
    area = gui.qt.QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(widget.parent)
    area.resize(PANEL_WIDTH, height)
    area.show()
    gui.qt.QApplication.processEvents()
    if section is not None:
        area.verticalScrollBar().setValue(section.mapTo(widget.parent, gui.qt.QtCore.QPoint(0, 0)).y())
        gui.qt.QApplication.processEvents()
    grabbed = area.grab()
    area.takeWidget()
    return grabbed


def _image(gui: Gui, pixels: Any) -> Any:
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    image = gui.qt.QImage(data.tobytes(), width, height, 3 * width, gui.qt.QImage.Format.Format_RGB888)
    return image.copy()
