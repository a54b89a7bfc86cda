"""The base classes of a scripted module, as far as the windows and logics here need them."""

from __future__ import annotations

import pathlib
import unittest
from typing import Any

import slicer

__all__ = [
    "ScriptedLoadableModule",
    "ScriptedLoadableModuleLogic",
    "ScriptedLoadableModuleTest",
    "ScriptedLoadableModuleWidget",
]


class ScriptedLoadableModule:
    def __init__(self, parent: Any) -> None:
        self.parent = parent


class ScriptedLoadableModuleWidget:
    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.layout = parent.layout()

    def resourcePath(self, name: str) -> str:
        module = type(self).__name__.removesuffix("Widget")
        return str(pathlib.Path(getattr(slicer.modules, module.lower()).path).parent / "Resources" / name)

    def setup(self) -> None: ...

    def onReload(self) -> None: ...


class ScriptedLoadableModuleLogic:
    def getParameterNode(self) -> Any:
        module = type(self).__name__.removesuffix("Logic")
        node = slicer.mrmlScene.GetSingletonNode(module, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.vtkMRMLScriptedModuleNode()
            node.SetSingletonTag(module)
            slicer.mrmlScene.AddNode(node)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    def delayDisplay(self, message: str) -> None: ...
