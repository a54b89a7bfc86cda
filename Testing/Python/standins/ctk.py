"""The two ctk widgets that the windows use."""

from __future__ import annotations

from typing import Any

import qt


class ctkCollapsibleButton(qt.like_pythonqt(qt.QtWidgets.QGroupBox)):  # type: ignore[misc]
    """A titled box; collapsing is not needed."""

    def event(self, event: Any) -> bool:
        if event.type() == qt.QtCore.QEvent.Type.DynamicPropertyChange:
            self.setTitle(str(qt.QtCore.QObject.property(self, "text")))
        return bool(super().event(event))


class ctkPathLineEdit(qt.QWidget):  # type: ignore[misc]
    """A line and a browse button that does nothing."""

    currentPathChanged = qt.QtCore.Signal(str)
    connect = qt.connect_by_name

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._line = qt.QtWidgets.QLineEdit(self)
        self._line.textChanged.connect(self.currentPathChanged)
        layout = qt.QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        layout.addWidget(qt.QtWidgets.QToolButton(self, text="..."))
        self.history: list[str] = []

    @property
    def currentPath(self) -> str:
        return self._line.text()

    @currentPath.setter
    def currentPath(self, path: str) -> None:
        self._line.setText(path)

    def addCurrentPathToHistory(self) -> None:
        self.history.append(self.currentPath)


qt.CUSTOM_WIDGETS.update(ctkCollapsibleButton=ctkCollapsibleButton, ctkPathLineEdit=ctkPathLineEdit)
