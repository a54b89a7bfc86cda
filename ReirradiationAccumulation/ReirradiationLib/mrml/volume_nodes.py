"""CT and dose volumes as scalar volume nodes, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..model.arrays import Float32Array
from ..model.errors import GeometryError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.scene import SceneDose
from .dose_display import add_legend, dose_colour_node, show_as_wash
from .ras import geometry_from_ijk_to_ras, ijk_to_ras, numpy_matrix, numpy_voxels, vtk_image, vtk_matrix

DOSE_VOLUME_ATTRIBUTE = "DicomRtImport.DoseVolume"
"""Node attribute by which SlicerRT knows a dose volume."""

QUANTITY_ATTRIBUTE = "SlicerReirradiation.DoseQuantity"
"""Node attribute with the unit as shown to the user, which SlicerRT's own attributes cannot tell."""

CT_WINDOW_HU = 350.0
CT_LEVEL_HU = 40.0

SAME_GRID_MM = 1e-3
"""Of a step or the origin of a grid: less is the same grid."""


def image_node(scene: Any, image: Image) -> Any:
    """Add a CT to a scene, shown in grey with a soft tissue window.

    Parameters
    ----------
    scene : vtkMRMLScene
    image : Image

    Returns
    -------
    vtkMRMLScalarVolumeNode
    """
    node = volume_node(scene, image.description or "CT", image.voxels_hu, image.geometry)
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.SetWindowLevel(CT_WINDOW_HU, CT_LEVEL_HU)
    if image.slice_uids:
        node.SetAttribute("DICOM.instanceUIDs", " ".join(image.slice_uids))
    return node


def dose_node(scene: Any, dose: SceneDose, maximum_gy: float | None = None) -> Any:
    """Add a dose to a scene, marked as SlicerRT marks doses, coloured from 10 % of the maximum up, with a legend.

    Parameters
    ----------
    scene : vtkMRMLScene
    dose : SceneDose
    maximum_gy : float, optional
        Upper end of the colours, in the dose's quantity; by default the largest voxel.

    Returns
    -------
    vtkMRMLScalarVolumeNode
        Its name ends in the unit of the quantity.
    """
    node = volume_node(scene, f"{dose.name} [{dose.quantity.value}]", dose.voxels_gy, dose.geometry)
    node.SetAttribute(DOSE_VOLUME_ATTRIBUTE, "1")
    node.SetAttribute(QUANTITY_ATTRIBUTE, dose.quantity.value)
    node.SetDescription(dose.description)
    node.GetDisplayNode().SetAndObserveColorNodeID(dose_colour_node(scene).GetID())
    highest = float(dose.voxels_gy.max()) if maximum_gy is None else maximum_gy
    show_as_wash(node, highest if highest > 0.0 else 1.0)
    add_legend(node, dose.quantity.value)
    return node


def image_in_scene(scene: Any, image: Image) -> Any | None:
    """The node of the same CT in a scene: the same slices, the same grid, the same voxels, and under no transform."""
    uids = set(image.slice_uids)
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(n, "vtkMRMLScalarVolumeNode")
        if uids and set((node.GetAttribute("DICOM.instanceUIDs") or "").split()) == uids and _is_same(node, image):
            return node
    return None


def volume_from_node(node: Any) -> tuple[Float32Array, Geometry]:
    """Voxels, shape (nk, nj, ni), and LPS grid of a scalar volume node.

    Raises
    ------
    GeometryError
        If the node has no voxels, is sheared, or stands under a transform. Hardening one would be a hidden
        interpolation, so it is not done here.
    """
    image = node.GetImageData()
    if image is None:
        raise GeometryError(f"Volume '{node.GetName()}'", "it has no voxels", "Choose a volume that is loaded.")
    if node.GetParentTransformNode() is not None:
        raise GeometryError(
            f"Volume '{node.GetName()}'",
            f"it stands under the transform '{node.GetParentTransformNode().GetName()}'",
            "Take it out of the transform and give the transform as registration of its course.",
            "no transform",
        )
    return numpy_voxels(image), geometry_of_node(node)


def geometry_of_node(node: Any) -> Geometry:
    """The LPS grid of a volume node, whatever transform it stands under.

    Raises
    ------
    GeometryError
        If the axes are sheared.
    """
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    ni, nj, nk = node.GetImageData().GetDimensions()
    return geometry_from_ijk_to_ras(numpy_matrix(matrix), (ni, nj, nk))


def volume_node(scene: Any, name: str, voxels: Float32Array, geometry: Geometry) -> Any:
    """Add a scalar volume to a scene, with a display node that guesses nothing."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetAndObserveImageData(vtk_image(voxels))
    node.SetIJKToRASMatrix(vtk_matrix(ijk_to_ras(geometry)))
    display = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    display.AutoWindowLevelOff()  # before the node sees it: guessing a window takes longer than all the rest
    display.AutoThresholdOff()
    node.SetAndObserveDisplayNodeID(display.GetID())
    return node


def _is_same(node: Any, image: Image) -> bool:
    voxels = node.GetImageData()
    if voxels is None or node.GetParentTransformNode() is not None or voxels.GetDimensions() != image.geometry.size:
        return False
    grid = geometry_of_node(node).index_to_lps()
    values = vtk_to_numpy(voxels.GetPointData().GetScalars()).reshape(image.geometry.shape)
    is_on_grid = np.allclose(grid, image.geometry.index_to_lps(), rtol=0.0, atol=SAME_GRID_MM)
    return bool(is_on_grid and np.array_equal(values, image.voxels_hu))
