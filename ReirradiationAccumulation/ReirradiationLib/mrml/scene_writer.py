"""A case as an .mrb file, written complete or not at all, and read back for verification."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ..model.arrays import Float32Array
from ..model.errors import OutputError
from ..model.geometry import Geometry
from ..model.scene import SceneContent
from .application import HeadlessApplication
from .ras import numpy_voxels
from .scene_content import add_content, show_in_slice_views
from .volume_nodes import geometry_of_node
from .vtk_messages import vtk_messages_to_log
from .working_folder import kept_working_folder


class MrbSceneWriter:
    """Writes a case as a Slicer data bundle; a :class:`~ReirradiationLib.model.scene.SceneWriter`."""

    def write(self, content: SceneContent, path: Path) -> None:
        """Write an ``.mrb`` file that 3D Slicer opens.

        Parameters
        ----------
        content : SceneContent
        path : Path
            Ends in ``.mrb``. An existing file is replaced, and only once the new one is complete.

        Raises
        ------
        OutputError
            If the suffix is another one, or the folder does not exist or cannot be written to.
        """
        if path.suffix.lower() != ".mrb":
            raise OutputError(f"Scene {path}", f"suffix '{path.suffix}'", "Give the file another name.", "'.mrb'")
        try:
            with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
                unfinished = Path(folder, path.name)
                _write(content, unfinished)
                unfinished.replace(path)
        except OSError as error:
            raise _not_written(path, str(error)) from error


def read_volumes(path: Path) -> dict[str, tuple[Float32Array, Geometry]]:
    """Read the volumes of an ``.mrb`` file in a scene of its own.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Node name to voxels, shape (nk, nj, ni), and LPS grid: its own one, also of a prior CT under its registration.

    Raises
    ------
    OutputError
        If the file cannot be read, wholly or in part.
    """
    with HeadlessApplication() as application:
        read_scene(application, path)
        found = _nodes(application.scene, "vtkMRMLScalarVolumeNode")
        return {node.GetName(): (numpy_voxels(node.GetImageData()), geometry_of_node(node)) for node in found}


def read_scene(application: HeadlessApplication, path: Path) -> None:
    """Read an ``.mrb`` file into the scene of an application.

    Raises
    ------
    OutputError
        If the file cannot be read, wholly or in part.
    """
    path = path.resolve()
    with vtk_messages_to_log(), kept_working_folder():
        if not path.is_file() or not application.scene.ReadFromMRB(str(path)):
            raise OutputError(f"Scene {path}", "it cannot be read", "Write it again.", "a complete .mrb file")


def _write(content: SceneContent, path: Path) -> None:
    path = path.resolve()
    with HeadlessApplication() as application, vtk_messages_to_log(), kept_working_folder():
        show_in_slice_views(application.scene, add_content(application.scene, content))
        if not application.scene.WriteToMRB(str(path)):
            raise _not_written(path, "the scene could not be stored (the log has the details)")


def _nodes(scene: Any, class_name: str) -> list[Any]:
    return [scene.GetNthNodeByClass(index, class_name) for index in range(scene.GetNumberOfNodesByClass(class_name))]


def _not_written(path: Path, why: str) -> OutputError:
    return OutputError(f"Scene {path}", why, "Choose a folder that can be written to and has enough space.")
