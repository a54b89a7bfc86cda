"""The ctk widgets that the windows use."""

from __future__ import annotations

from typing import Any

import qt


class ctkCollapsibleButton(qt.like_pythonqt(qt.QtWidgets.QGroupBox)):  # type: ignore[misc]
    """A titled box; a click on its title collapses it."""

    contentsCollapsed = qt.QtCore.Signal(bool)
    connect = qt.connect_by_name

    def event(self, event: Any) -> bool:
        if event.type() == qt.QtCore.QEvent.Type.DynamicPropertyChange:
            sign = "▸" if self.collapsed else "▾"
            self.setTitle(f"{sign} {qt.QtCore.QObject.property(self, 'text')}")
            self._fold()
        if event.type() == qt.QtCore.QEvent.Type.Show:
            self._fold()
        return bool(super().event(event))

    def _fold(self) -> None:
        """Hide what is visible, or show that again; what was hidden otherwise stays so."""
        if self.collapsed == hasattr(self, "_hidden"):
            return
        if self.collapsed:
            kind, options = qt.QtWidgets.QWidget, qt.Qt.FindChildOption.FindDirectChildrenOnly
            self._hidden = [child for child in self.findChildren(kind, options=options) if not child.isHidden()]
            for child in self._hidden:
                child.setVisible(False)
        else:
            for child in self.__dict__.pop("_hidden"):
                child.setVisible(True)
        self.setMaximumHeight(22 if self.collapsed else 16777215)

    @property
    def text(self) -> str:
        return str(qt.QtCore.QObject.property(self, "text"))

    @text.setter
    def text(self, text: str) -> None:
        self.setProperty("text", text)

    @property
    def collapsed(self) -> bool:
        return bool(qt.QtCore.QObject.property(self, "collapsed"))

    @collapsed.setter
    def collapsed(self, is_collapsed: bool) -> None:
        if is_collapsed != self.collapsed:
            self.setProperty("collapsed", is_collapsed)
            self.contentsCollapsed.emit(is_collapsed)

    def mousePressEvent(self, event: Any) -> None:
        if event.position().y() < 22:
            self.collapsed = not self.collapsed


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


class ctkComboBox(qt.like_pythonqt(qt.QtWidgets.QComboBox)):  # type: ignore[misc]
    """One that the mouse wheel does not change."""

    connect = qt.connect_by_name

    def wheelEvent(self, event: Any) -> None:
        event.ignore()


qt.CUSTOM_WIDGETS.update(ctkComboBox=ctkComboBox, ctkCollapsibleButton=ctkCollapsibleButton, ctkPathLineEdit=ctkPathLineEdit)
