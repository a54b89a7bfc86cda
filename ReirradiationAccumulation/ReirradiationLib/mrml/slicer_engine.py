"""What the registration engines within the 3D Slicer application have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..model.arrays import Float32Array
from ..model.errors import Cancelled, RegistrationError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.registration import EngineName, RegistrationKind
from ..model.transform import Affine, SpatialTransform
from ..registration.engine import IsCancelled, Progress, Registered, RegistrationSettings
from .ras import FLIP, ijk_to_ras, vtk_image, vtk_matrix
from .registration_volumes import box_grid, on_anatomy_then_rigid, rigid_of, working_volume
from .transform_nodes import transform_from_node
from .vtk_messages import inside_slicer_application

NODE_PREFIX = "Reirradiation registration"


@dataclass(frozen=True, eq=False)
class Task:
    """One run of the program: both volumes as nodes, where it starts, and the node that takes the result."""

    kind: RegistrationKind
    fixed: Any
    moving: Any
    start: Any | None
    result: Any


class SlicerEngine(ABC):
    """A registration engine that works on nodes of the application's scene.

    It may only be used on the application's main thread. Its nodes are hidden and removed again, also after an error;
    nodes of the user are neither changed nor used.
    """

    @property
    @abstractmethod
    def name(self) -> EngineName:
        """Which engine it is."""

    @abstractmethod
    def version(self) -> str:
        """Program and version, as the report names it."""

    @abstractmethod
    def unavailable_because(self) -> str | None:
        """Why it cannot be used here and what to do about it, or None."""

    @abstractmethod
    def _run(self, task: Task, nodes: TemporaryNodes, progress: Progress, is_cancelled: IsCancelled) -> str:
        """Fill the result's node, and tell in a line what was run.

        Raises
        ------
        RegistrationError
            If the program fails.
        Cancelled
            If the user asked to stop.
        """

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        """Register the prior CT to the current one: rigidly, and from there deformably if asked.

        Raises
        ------
        RegistrationError
            If the engine is not available, called on another thread, fails, or found nothing usable.
        Cancelled
            If the user asked to stop.
        """
        self._require_usable()
        log: list[str] = []
        rigid = settings.start
        if rigid is None or settings.kind is RegistrationKind.RIGID:
            progress(f"{self.name.value}: rigid registration")
            whole = working_volume(fixed)
            found = self._found(RegistrationKind.RIGID, whole, fixed, moving, rigid, log, progress, is_cancelled)
            rigid = rigid_of(found, whole[1], self.version())
        if settings.kind is RegistrationKind.RIGID:
            transform = SpatialTransform(fixed.frame_uid, moving.frame_uid, (rigid,), f"{self.version()}, rigid")
            return Registered(transform, tuple(log))
        progress(f"{self.name.value}: deformable registration")
        region = settings.region
        part = working_volume(fixed, region.low_mm, region.high_mm) if region else working_volume(fixed)
        on = box_grid(region.low_mm, region.high_mm) if region else part[1]
        found = self._found(RegistrationKind.DEFORMABLE, part, fixed, moving, rigid, log, progress, is_cancelled, on)
        result = on_anatomy_then_rigid(found, rigid, on, self.version())
        log.append(result.source)
        return Registered(result, tuple(log))

    def _found(
        self,
        kind: RegistrationKind,
        part: tuple[Float32Array, Geometry],
        fixed: Image,
        moving: Image,
        start: Affine | None,
        log: list[str],
        progress: Progress,
        is_cancelled: IsCancelled,
        on: Geometry | None = None,
    ) -> SpatialTransform:
        """The result of one run as it comes from its node."""
        import slicer

        if is_cancelled():
            raise Cancelled
        with temporary_nodes(slicer.mrmlScene) as nodes:
            task = Task(
                kind,
                nodes.volume(*part),
                nodes.volume(*working_volume(moving)),
                nodes.linear(start) if start is not None else None,
                nodes.add("vtkMRMLTransformNode"),
            )
            log.append(self._run(task, nodes, progress, is_cancelled))
            if is_cancelled():
                raise Cancelled
            _interpolate_linearly(task.result)
            found = transform_from_node(task.result, fixed.frame_uid, moving.frame_uid, on or part[1])
        if not found.steps:
            raise RegistrationError(self.version(), "no transform", "Look into the application's error log.", "a result")
        return SpatialTransform(
            found.fixed_frame_uid, found.moving_frame_uid, found.steps, f"{self.version()}, {kind.value}"
        )

    def _require_usable(self) -> None:
        reason = self.unavailable_because()
        if reason is not None:
            raise RegistrationError(f"Registration engine '{self.name.value}'", "not available", reason)
        if threading.current_thread() is not threading.main_thread():
            raise RegistrationError(
                f"Registration engine '{self.name.value}'",
                "called outside of the application's main thread",
                "Report this; nodes belong to the main thread.",
            )


class TemporaryNodes:
    """Hidden nodes of a scene that are removed together.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._nodes: list[Any] = []

    def add(self, class_name: str) -> Any:
        """A new hidden node."""
        node = self._scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        node.SetName(f"{NODE_PREFIX} {len(self._nodes)}")
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        self._scene.AddNode(node)
        return self.adopt(node)

    def adopt(self, node: Any) -> Any:
        """A node of ours that something else added, to be removed with the others."""
        self._nodes.append(node)
        return node

    def volume(self, voxels: Float32Array, geometry: Geometry) -> Any:
        """A hidden ``vtkMRMLScalarVolumeNode``."""
        node = self.add("vtkMRMLScalarVolumeNode")
        node.SetAndObserveImageData(vtk_image(voxels))
        node.SetIJKToRASMatrix(vtk_matrix(ijk_to_ras(geometry)))
        return node

    def linear(self, affine: Affine) -> Any:
        """A hidden ``vtkMRMLLinearTransformNode`` that takes current to prior points."""
        node = self.add("vtkMRMLLinearTransformNode")
        node.SetMatrixTransformFromParent(vtk_matrix(FLIP @ affine.matrix @ FLIP))
        return node

    def remove_all(self) -> None:
        """Remove the nodes and what was added for their display and storage."""
        for node in reversed(self._nodes):
            companions = [
                getattr(node, f"GetNth{what}Node")(n)
                for what in ("Display", "Storage")
                for n in range(getattr(node, f"GetNumberOf{what}Nodes", int)())
            ]
            for each in (*companions, node):
                if each is not None and each.GetScene() is not None:
                    self._scene.RemoveNode(each)
        self._nodes.clear()


@contextmanager
def temporary_nodes(scene: Any) -> Iterator[TemporaryNodes]:
    """Nodes that are gone at the end of the block, whatever happens in it."""
    nodes = TemporaryNodes(scene)
    try:
        yield nodes
    finally:
        nodes.remove_all()


def absent_module(module: str, what: str) -> str | None:
    """Why a module of the application cannot be used, or None.

    Parameters
    ----------
    module : str
        As in ``slicer.modules``.
    what : str
        Its name for the user, and where it comes from.
    """
    if not inside_slicer_application():
        return "It runs only within the 3D Slicer application; use SimpleITK or itk-elastix here."
    import slicer

    return None if hasattr(slicer.modules, module) else f"{what} is not there."


def _interpolate_linearly(node: Any) -> None:
    """Fields come from files of ITK, where they are linear; Slicer's reader calls every grid cubic."""
    grid = node.GetTransformFromParent()
    if grid is not None and grid.IsA("vtkGridTransform"):
        grid.SetInterpolationModeToLinear()
