"""A stand-in for the 3D Slicer application with its registration programs: a real scene and real nodes, pretended runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.ras import FLIP, numpy_matrix


@dataclass
class Application:
    """What the engines see of Slicer, and what the pretended programs were asked.

    ``answer`` fills the output node: it gets the parameters (BRAINSFit) or arguments (elastix) and the node.
    """

    slicer: Any
    scene: Any
    answer: Callable[[dict[str, Any], Any], None] = lambda asked, node: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    polls: int = 3
    events: int = 0
    clis: list[Any] = field(default_factory=list)
    lines: tuple[str, ...] = ("0: iteration", "1: iteration")
    logic: Any = None

    applicationVersion = "5.99"

    def processEvents(self) -> None:
        """The command line program goes on while the window lives."""
        self.events += 1
        for cli in self.clis:
            if cli.GetStatus() == cli.Cancelling:
                cli.SetStatus(cli.Cancelled)
            elif cli.IsBusy() and self.events >= self.polls:
                self._finish(cli)

    def run(self, module: Any, node: Any, parameters: dict[str, Any], **options: bool) -> Any:
        """``slicer.cli.run``."""
        assert (module, node) == ("the brainsfit module", None)
        assert options == {"wait_for_completion": False, "update_display": False}
        cli = self.scene.AddNode(self.slicer.vtkMRMLCommandLineModuleNode())
        cli.SetStatus(cli.Running)
        self.asked.append(parameters)
        self.clis.append(cli)
        self.events = 0
        return cli

    def _finish(self, cli: Any) -> None:
        asked = self.asked[-1]
        if self.error:
            cli.SetErrorText(f"BRAINSFit\n{self.error}\n")
            cli.SetStatus(cli.CompletedWithErrors)
            return
        output = asked.get("linearTransform") or asked["bsplineTransform"]
        self.answer(asked, output)
        asked["movingVolume"].SetAndObserveTransformNodeID(output.GetID())  # as Slicer does with the reference
        cli.SetStatus(cli.Completed)


class ElastixLogic:
    """What is known of the extension's logic: attributes, the call, and how it is stopped."""

    application: Application

    def __init__(self) -> None:
        self.logCallback: Any = None
        self.cancelRequested = False
        self.deleteTemporaryFiles = False
        self.application.logic = self

    def registerVolumes(self, fixedVolumeNode: Any, movingVolumeNode: Any, **arguments: Any) -> None:
        application = self.application
        arguments |= {"fixedVolume": fixedVolumeNode, "movingVolume": movingVolumeNode}
        arguments["texts"] = [Path(name).read_text(encoding="utf-8") for name in arguments["parameterFilenames"]]
        application.asked.append(arguments)
        for line in application.lines:
            self.logCallback(line)
            if self.cancelRequested:
                raise ValueError("User requested cancel.")
        if application.error:
            raise RuntimeError(application.error)
        application.answer(arguments, arguments["outputTransformNode"])


@pytest.fixture
def slicer_application(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """Everything is as before once the test is over; no temporary node may be left."""
    slicer = pytest.importorskip("slicer")
    if getattr(slicer, "app", None) is not None:
        pytest.skip("within Slicer the real programs would run")
    with HeadlessApplication() as headless:
        application = Application(slicer, headless.scene)
        monkeypatch.setattr(slicer, "app", application, raising=False)
        monkeypatch.setattr(slicer, "mrmlScene", headless.scene, raising=False)
        modules = SimpleNamespace(brainsfit="the brainsfit module", elastix="the elastix module")
        monkeypatch.setattr(slicer, "modules", modules, raising=False)
        monkeypatch.setattr(slicer, "cli", SimpleNamespace(run=application.run), raising=False)
        logic = type("ElastixLogic", (ElastixLogic,), {"application": application})
        monkeypatch.setitem(sys.modules, "Elastix", SimpleNamespace(ElastixLogic=logic))
        before = node_names(headless.scene)
        yield application
        assert node_names(headless.scene) == before


def node_names(scene: Any) -> list[str]:
    return [scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())]


def lps_matrix(node: Any) -> np.ndarray:
    """What a linear transform node does to points of the world, in LPS."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetMatrixTransformFromParent(matrix)
    return np.asarray(FLIP @ numpy_matrix(matrix) @ FLIP)
