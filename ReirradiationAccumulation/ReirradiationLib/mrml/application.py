"""A scene with the logics it needs, outside of the 3D Slicer application."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from .vtk_messages import vtk_messages_to_log


class HeadlessApplication:
    """An MRML scene of its own, with logics and a temporary folder, and no global state.

    Use it as a context manager; the nodes live as long as the block. It works beside the application within 3D Slicer
    as well, whose scene it does not touch.

    Attributes
    ----------
    scene : vtkMRMLScene
        The scene.
    """

    def __init__(self) -> None:
        import slicer

        self._folder = tempfile.TemporaryDirectory(prefix="reirradiation-scene-")
        self.scene: Any = slicer.vtkMRMLScene()
        self._logic: Any = slicer.vtkMRMLApplicationLogic()
        with vtk_messages_to_log():
            self._logic.SetTemporaryPath(self._folder.name)
            self._logic.SetMRMLScene(self.scene)
            self._module_logics = self._start_module_logics()
            self._remote_io = self._start_remote_io()

    @property
    def folder(self) -> Path:
        """The temporary folder, deleted on :meth:`close`."""
        return Path(self._folder.name)

    @property
    def application_logic(self) -> Any:
        """The ``vtkMRMLApplicationLogic`` that the logics of this application refer to."""
        return self._logic

    def close(self) -> None:
        """Empty the scene, release the logics and delete the temporary folder."""
        with vtk_messages_to_log():
            self.scene.Clear(True)
            self._remote_io.RemoveDataIOFromScene()
            for logic in reversed(self._module_logics):
                logic.SetMRMLScene(None)
            self._module_logics.clear()
            self._logic.SetMRMLScene(None)
        self._folder.cleanup()

    def __enter__(self) -> HeadlessApplication:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _start_module_logics(self) -> list[Any]:
        """Logics register node classes, default colours and the conversion rules of segmentations."""
        import slicer

        logics = []
        for name, make in (
            ("Colors", slicer.vtkSlicerColorLogic),
            ("Volumes", slicer.vtkSlicerVolumesLogic),
            ("Segmentations", slicer.vtkSlicerSegmentationsModuleLogic),
            ("SubjectHierarchy", slicer.vtkSlicerSubjectHierarchyModuleLogic),
            ("Transforms", slicer.vtkSlicerTransformLogic),
        ):
            logic = make()
            logic.SetMRMLApplicationLogic(self._logic)
            logic.SetMRMLScene(self.scene)
            self._logic.SetModuleLogic(name, logic)
            logics.append(logic)
        return logics

    def _start_remote_io(self) -> Any:
        """Reading a bundle goes through the cache manager, even for local files."""
        import slicer

        remote_io = slicer.vtkMRMLRemoteIOLogic()
        remote_io.SetMRMLScene(self.scene)
        remote_io.SetMRMLApplicationLogic(self._logic)
        remote_io.AddDataIOToScene()
        remote_io.GetCacheManager().SetRemoteCacheDirectory(self._folder.name)
        return remote_io
