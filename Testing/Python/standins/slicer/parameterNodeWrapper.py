"""Parameters of type Path, bool and Enum in a vtkMRMLScriptedModuleNode; check and combo boxes bound by
SlicerParameterName.
"""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from typing import Any

import vtk

_FROM_TEXT: dict[type, Callable[[str], Any]] = {pathlib.Path: pathlib.Path, bool: lambda text: text == "true"}


def _from_text(kind: type) -> Callable[[str], Any]:
    return (lambda text: kind[text]) if issubclass(kind, enum.Enum) else _FROM_TEXT[kind]


def _to_text(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    return str(value).lower() if isinstance(value, bool) else str(value)


class _CheckBox:
    """A check box as the editor of a bool."""

    def __init__(self, box: Any, kind: type) -> None:
        self.read, self.write, self.changed = box.isChecked, box.setChecked, box.toggled


class _ComboBox:
    """A combo box as the editor of an Enum, whose members name their labels."""

    def __init__(self, box: Any, kind: Any) -> None:
        box.clear()
        for member in kind:
            box.addItem(member.label())
        self.read = lambda: list(kind)[box.currentIndex]
        self.write = lambda value: box.setCurrentIndex(list(kind).index(value))
        self.changed = box.currentIndexChanged


_EDITORS = {"QCheckBox": _CheckBox, "QComboBox": _ComboBox}


class _Wrapper:
    kinds: dict[str, type]

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def connectGui(self, ui: Any) -> list[tuple[Any, Any, int]]:
        connections = []
        for box in vars(ui).values():
            name = box.property("SlicerParameterName")
            if name is None:
                continue
            editor = _EDITORS[type(box).__name__](box, self.kinds[name])

            def to_node(_changed: Any, editor: Any = editor, name: str = name) -> None:
                setattr(self, name, editor.read())

            def to_gui(caller: Any, event: Any, editor: Any = editor, name: str = name) -> None:
                editor.write(getattr(self, name))

            to_gui(None, None)
            editor.changed.connect(to_node)
            connections.append((editor, to_node, self.AddObserver(vtk.vtkCommand.ModifiedEvent, to_gui)))
        return connections

    def disconnectGui(self, connections: list[tuple[Any, Any, int]]) -> None:
        for editor, to_node, observer in connections:
            editor.changed.disconnect(to_node)
            self.RemoveObserver(observer)


def parameterNodeWrapper(described: type) -> type:
    def parameter(name: str, kind: type) -> property:
        default = getattr(described, name) if hasattr(described, name) else kind()

        def get(self: Any) -> Any:
            node = self.parameterNode
            return _from_text(kind)(node.GetParameter(name)) if node.HasParameter(name) else default

        def set_(self: Any, value: Any) -> None:
            if not isinstance(value, kind):
                raise TypeError(f"{name}: {value!r}")
            self.parameterNode.SetParameter(name, _to_text(value))

        return property(get, set_)

    members = {name: parameter(name, kind) for name, kind in described.__annotations__.items()}
    return type(described.__name__, (_Wrapper,), {**members, "kinds": dict(described.__annotations__)})
