"""Slicer's ``qt``: all Qt classes in one namespace, properties as attributes, signals connected by name."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

# Qt must see the offscreen platform before its application is made; gui_harness sets the environment.
application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])

if sys.version_info < (3, 12):
    # Wheels of PySide6 count one reference to None too few in every call that returns nothing, as is right from 3.12 on,
    # where None is immortal. Some ten thousand calls would let it die: it is given references enough for all tests.
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40


def _property(name: str) -> property:
    return property(lambda self: QtCore.QObject.property(self, name), lambda self, value: self.setProperty(name, value))


def connect_by_name(self: Any, signal: str, slot: Callable[..., Any]) -> None:
    """For each class itself: PySide does not look for an inherited connect."""
    getattr(self, signal.split("(")[0]).connect(slot)


PROPERTIES = (
    *("enabled", "toolTip", "text", "checked", "value", "maximum", "rowCount", "columnCount"),
    *(
        "currentIndex",
        "currentText",
        "title",
        "visible",
        "readOnly",
        "placeholderText",
        "plainText",
        "minimum",
        "count",
        "suffix",
    ),
)
"""Those in use here. Not all there are: a virtual getter, such as sizeHint or QProgressBar's text, would call itself."""


def like_pythonqt(kind: type) -> type:
    """A subclass as PythonQt shows it: Qt's properties as attributes, the object name as ``name``, own ``connect``."""
    names = [name for name in PROPERTIES if kind.staticMetaObject.indexOfProperty(name) >= 0]
    members: dict[str, Any] = {
        name: _property(name) for name in names if kind is not QtWidgets.QProgressBar or name != "text"
    }
    members.update(name=property(lambda self: self.objectName()), connect=connect_by_name)
    return type(kind.__name__, (kind,), members)


for _module in (QtCore, QtGui, QtWidgets, QtUiTools):
    for _name in dir(_module):
        if _name.startswith("Q"):
            globals()[_name] = getattr(_module, _name)
for _name in (
    *("QWidget", "QLabel", "QPushButton", "QCheckBox", "QProgressBar", "QTableWidget", "QTimer", "QVBoxLayout"),
    *("QHBoxLayout", "QFormLayout", "QComboBox", "QDateEdit", "QGroupBox", "QLineEdit", "QPlainTextEdit"),
    *("QTabWidget", "QSpinBox", "QDoubleSpinBox", "QGridLayout", "QToolButton", "QRadioButton", "QListWidget", "QSplitter"),
    *("QStackedWidget", "QScrollArea", "QSlider", "QTreeWidget", "QFrame"),
):
    globals()[_name] = like_pythonqt(globals()[_name])
Qt = QtCore.Qt
CUSTOM_WIDGETS: dict[str, type] = {}


class QUiLoader(QtUiTools.QUiLoader):
    """Makes the classes above, and those that ``ctk`` and ``slicer`` have put into CUSTOM_WIDGETS."""

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        made = CUSTOM_WIDGETS.get(class_name) or globals()[class_name]
        widget = made(parent)
        widget.setObjectName(name)
        return widget
