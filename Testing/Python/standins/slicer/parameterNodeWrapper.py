"""Parameters in a vtkMRMLScriptedModuleNode: plain types, paths, enums, nodes, packs and lists of them.

They are stored under the keys that Slicer uses (``courses.0.label``, ``courses.len``; nodes as references of the same key).
Check, combo and spin boxes and line edits are bound by SlicerParameterName.
"""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from typing import Any, get_args, get_origin

import slicer
import vtk

_FROM_TEXT: dict[type, Callable[[str], Any]] = {
    pathlib.Path: pathlib.Path,
    bool: lambda text: text == "true",
    int: int,
    float: float,
    str: str,
}
_DEFAULTS: dict[type, Any] = {pathlib.Path: pathlib.Path(), bool: False, int: 0, float: 0.0, str: ""}


def _is_node(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)


def _is_pack(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "packKinds")


def _default(kind: Any) -> Any:
    if get_origin(kind) is list:
        return []
    if _is_node(kind):
        return None
    if _is_pack(kind):
        return kind()
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    return _DEFAULTS[kind]


def _read(node: Any, key: str, kind: Any, default: Any) -> Any:
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        number = int(node.GetParameter(f"{key}.len") or 0)
        return [_read(node, f"{key}.{n}", item, _default(item)) for n in range(number)]
    if _is_node(kind):
        return node.GetNodeReference(key)
    if _is_pack(kind):
        return kind(_stored=(node, key))
    if not node.HasParameter(key):
        return default
    text = node.GetParameter(key)
    return kind[text] if issubclass(kind, enum.Enum) else _FROM_TEXT[kind](text)


def _write(node: Any, key: str, kind: Any, value: Any) -> None:
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        values = [_plain_copy(one) for one in value]
        node.SetParameter(f"{key}.len", str(len(values)))
        for n, one in enumerate(values):
            _write(node, f"{key}.{n}", item, one)
    elif _is_node(kind):
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{key}: {value!r}")
        node.SetNodeReferenceID(key, value.GetID() if value is not None else None)
    elif not isinstance(value, kind):
        raise TypeError(f"{key}: {value!r}")
    elif _is_pack(kind):
        for name, of_name in kind.packKinds.items():
            _write(node, f"{key}.{name}", of_name, getattr(value, name))
    else:
        node.SetParameter(key, _to_text(value))


def _plain_copy(value: Any) -> Any:
    """A pack that is stored, as one that is not: its place may be overwritten by another."""
    if not _is_pack(type(value)):
        return value
    return type(value)(**{name: getattr(value, name) for name in type(value).packKinds})


def _to_text(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    return str(value).lower() if isinstance(value, bool) else str(value)


def parameterPack(described: type) -> type:
    """A class whose members live in it, or in a parameter node once it was stored there."""
    kinds = dict(described.__annotations__)
    own = {name: getattr(described, name) for name in kinds if hasattr(described, name)}

    def __init__(self: Any, *values: Any, _stored: Any = None, **named: Any) -> None:
        self._stored = _stored
        if _stored is None:
            self._values = {name: own.get(name, _default(kind)) for name, kind in kinds.items()}
            for name, value in {**dict(zip(kinds, values, strict=False)), **named}.items():
                setattr(self, name, value)

    def member(name: str, kind: Any) -> property:
        def get(self: Any) -> Any:
            if self._stored is None:
                return self._values[name]
            node, key = self._stored
            return _read(node, f"{key}.{name}", kind, own.get(name, _default(kind)))

        def set_(self: Any, value: Any) -> None:
            if name not in kinds:
                raise AttributeError(name)
            if self._stored is None:
                self._values[name] = value
            else:
                node, key = self._stored
                _write(node, f"{key}.{name}", kind, value)

        return property(get, set_)

    members = {name: member(name, kind) for name, kind in kinds.items()}
    return type(described.__name__, (), {"__init__": __init__, "packKinds": kinds, **members})


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


class _SpinBox:
    """A spin box as the editor of a number."""

    def __init__(self, box: Any, kind: type) -> None:
        self.read, self.write, self.changed = lambda: kind(box.value), box.setValue, box.valueChanged


class _LineEdit:
    """A line as the editor of a text."""

    def __init__(self, edit: Any, kind: type) -> None:
        self.read, self.write, self.changed = lambda: edit.text, edit.setText, edit.textChanged


_EDITORS = {
    "QCheckBox": _CheckBox,
    "QComboBox": _ComboBox,
    "QSpinBox": _SpinBox,
    "QDoubleSpinBox": _SpinBox,
    "QLineEdit": _LineEdit,
}


class _Wrapper:
    kinds: dict[str, type]

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, was: int) -> None:
        self.parameterNode.EndModify(was)

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
    def parameter(name: str, kind: Any) -> property:
        default = getattr(described, name) if hasattr(described, name) else _default(kind)

        def get(self: Any) -> Any:
            return _read(self.parameterNode, name, kind, default)

        def set_(self: Any, value: Any) -> None:
            _write(self.parameterNode, name, kind, value)

        return property(get, set_)

    members = {name: parameter(name, kind) for name, kind in described.__annotations__.items()}
    return type(described.__name__, (_Wrapper,), {**members, "kinds": dict(described.__annotations__)})
