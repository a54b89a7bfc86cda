"""Parameters of type Path and bool in a vtkMRMLScriptedModuleNode; check boxes bound by SlicerParameterName."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import vtk

_FROM_TEXT: dict[type, Callable[[str], Any]] = {pathlib.Path: pathlib.Path, bool: lambda text: text == "true"}


def _to_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Wrapper:
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

            def to_node(checked: bool, name: str = name) -> None:
                setattr(self, name, checked)

            def to_gui(caller: Any, event: Any, box: Any = box, name: str = name) -> None:
                box.setChecked(getattr(self, name))

            to_gui(None, None)
            box.toggled.connect(to_node)
            connections.append((box, to_node, self.AddObserver(vtk.vtkCommand.ModifiedEvent, to_gui)))
        return connections

    def disconnectGui(self, connections: list[tuple[Any, Any, int]]) -> None:
        for box, to_node, observer in connections:
            box.toggled.disconnect(to_node)
            self.RemoveObserver(observer)


def parameterNodeWrapper(described: type) -> type:
    def parameter(name: str, kind: type) -> property:
        default = getattr(described, name, kind())

        def get(self: Any) -> Any:
            node = self.parameterNode
            return _FROM_TEXT[kind](node.GetParameter(name)) if node.HasParameter(name) else default

        def set_(self: Any, value: Any) -> None:
            if not isinstance(value, kind):
                raise TypeError(f"{name}: {value!r}")
            self.parameterNode.SetParameter(name, _to_text(value))

        return property(get, set_)

    members = {name: parameter(name, kind) for name, kind in described.__annotations__.items()}
    return type(described.__name__, (_Wrapper,), members)
