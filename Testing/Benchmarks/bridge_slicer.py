"""The same data put into a scene by Slicer's own means: slicer.util, as a script in its Python console calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.scene import SceneContent, SceneStructure
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.cropping import cropped
from ReirradiationLib.mrml.ras import vtk_image

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@contextmanager
def slicer_util(application: HeadlessApplication) -> Iterator[Any]:
    """``slicer.util`` at work on a scene: scene and logics stand where the application has them."""
    import slicer
    import slicer.util

    def module(name: str) -> SimpleNamespace:
        return SimpleNamespace(logic=lambda: application.application_logic.GetModuleLogic(name))

    modules = SimpleNamespace(segmentations=module("Segmentations"), volumes=module("Volumes"))
    with mock.patch.multiple(slicer, create=True, mrmlScene=application.scene, modules=modules):
        yield slicer.util


class SlicerScript:
    """What a script makes of a case: volumes, and a segmentation with labelmaps and closed surfaces."""

    def __init__(self, application: HeadlessApplication) -> None:
        self._application = application
        self.image: Any = None
        self.doses: list[Any] = []
        self.segmentation: Any = None

    def put(self, content: SceneContent) -> None:
        """New nodes."""
        with slicer_util(self._application) as util:
            image = content.image
            self.image = util.addVolumeFromArray(image.voxels_hu, ijk_to_ras(image.geometry), "CT")
            self.doses = [
                util.addVolumeFromArray(dose.voxels_gy, ijk_to_ras(dose.geometry), dose.name) for dose in content.doses
            ]
            node = self.segmentation = self._application.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Structures")
            node.CreateDefaultDisplayNodes()
            node.SetReferenceImageGeometryParameterFromVolumeNode(self.image)
            for structure in content.structures:
                colour = [channel / 255.0 for channel in structure.colour]
                node.GetSegmentation().AddEmptySegment(structure.name, structure.name, colour)
            self._fill(util, content.structures)

    def update(self, content: SceneContent) -> None:
        """The same nodes with new doses and structures; the CT stays."""
        with slicer_util(self._application) as util:
            for node, dose in zip(self.doses, content.doses, strict=True):
                util.updateVolumeFromArray(node, dose.voxels_gy)
            self._fill(util, content.structures)

    def _fill(self, util: Any, structures: Sequence[SceneStructure]) -> None:
        for structure in structures:
            mask = structure.mask.view(np.uint8)
            util.updateSegmentBinaryLabelmapFromArray(mask, self.segmentation, structure.name, self.image)
        self.segmentation.CreateClosedSurfaceRepresentation()


def converted(scene: Any, structures: Sequence[SceneStructure], smoothing: str = "", normals: str = "") -> Any:
    """A segmentation of cropped labelmaps with closed surfaces by Slicer's converter; empty parameters: its defaults."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Structures")
    node.CreateDefaultDisplayNodes()
    for structure in structures:
        colour = [channel / 255.0 for channel in structure.colour]
        node.AddSegmentFromBinaryLabelmapRepresentation(labelmap(structure), structure.name, colour, structure.name)
    for parameter, value in (("Smoothing factor", smoothing), ("Compute surface normals", normals)):
        if value:
            node.GetSegmentation().SetConversionParameter(parameter, value)
    node.CreateClosedSurfaceRepresentation()
    return node


def labelmap(structure: SceneStructure) -> Any:
    import slicer

    part = cropped(structure.mask)
    image = vtk_image(part.mask.view(np.uint8), slicer.vtkOrientedImageData())
    nk, nj, ni = part.mask.shape
    i, j, k = part.first
    image.SetExtent(i, i + ni - 1, j, j + nj - 1, k, k + nk - 1)
    image.SetImageToWorldMatrix(matrix(structure.geometry))
    return image


def ijk_to_ras(geometry: Geometry) -> np.ndarray:
    return LPS_TO_RAS @ geometry.index_to_lps()


def matrix(geometry: Geometry) -> Any:
    import vtk

    found = vtk.vtkMatrix4x4()
    found.DeepCopy(ijk_to_ras(geometry).ravel().tolist())
    return found
