"""Isodoses as models that the slice views cut into lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import vtk

from ..model.dose_colours import line_colour
from .result_nodes import (
    CASE_ATTRIBUTE,
    COURSE_ATTRIBUTE,
    NodeKind,
    ResultMark,
    all_or_nothing,
    mark_result,
)
from .subject_hierarchy import folder_item, place, subject_hierarchy
from .volume_nodes import QUANTITY_ATTRIBUTE

ISODOSE_ATTRIBUTE = "DicomRtImport.IsodoseModel"
"""Node attribute by which SlicerRT knows the model of an isodose."""

LINE_PX = 3
OPACITY_3D = 0.3
FOLDER = "Isodoses"


def isodose_nodes(scene: Any, dose: Any, levels_gy: Sequence[float], maximum_gy: float) -> tuple[Any, ...]:
    """Add the surfaces of constant dose to a scene, shown as lines in the slice views and not in 3D.

    They come from the voxels by linear interpolation, and are open where the dose grid ends.

    Parameters
    ----------
    scene : vtkMRMLScene
    dose : vtkMRMLScalarVolumeNode
    levels_gy : sequence of float
        In the dose's quantity.
    maximum_gy : float
        Upper end of the colours.

    Returns
    -------
    tuple of vtkMRMLModelNode
        One for each level that is reached, from low to high. They are below the dose's study in the subject hierarchy.
    """
    made = []
    with all_or_nothing(scene):
        hierarchy = subject_hierarchy(scene)
        item = hierarchy.GetItemByDataNode(dose)
        parent = hierarchy.GetItemParent(item) if item else hierarchy.GetSceneItemID()
        for level_gy in sorted(levels_gy):
            surface = _surface(dose, level_gy)
            if not surface.GetNumberOfPolys():
                continue
            node = _model(scene, dose, surface, level_gy, line_colour(level_gy / maximum_gy))
            place(hierarchy, node, folder_item(hierarchy, parent, FOLDER))
            made.append(node)
    return tuple(made)


def _surface(dose: Any, level_gy: float) -> Any:
    """In the coordinates of the volume's node, RAS."""
    contour = vtk.vtkFlyingEdges3D()
    contour.SetInputData(dose.GetImageData())
    contour.SetValue(0, level_gy)
    contour.ComputeScalarsOff()
    contour.ComputeGradientsOff()
    contour.ComputeNormalsOff()
    to_ras = vtk.vtkMatrix4x4()
    dose.GetIJKToRASMatrix(to_ras)
    transform = vtk.vtkTransform()
    transform.SetMatrix(to_ras)
    placed = vtk.vtkTransformPolyDataFilter()
    placed.SetTransform(transform)
    placed.SetInputConnection(contour.GetOutputPort())
    placed.Update()
    return placed.GetOutput()


def _model(scene: Any, dose: Any, surface: Any, level_gy: float, colour: tuple[float, float, float]) -> Any:
    quantity = dose.GetAttribute(QUANTITY_ATTRIBUTE) or "Gy"
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", f"Isodose {level_gy:g} {quantity}")
    node.SetAndObservePolyData(surface)
    node.CreateDefaultDisplayNodes()
    node.SetDescription(f"Of '{dose.GetName()}'.")
    node.SetAttribute(ISODOSE_ATTRIBUTE, "1")
    node.SetAttribute(QUANTITY_ATTRIBUTE, quantity)
    node.SetAndObserveTransformNodeID(dose.GetTransformNodeID())
    display = node.GetDisplayNode()
    display.SetColor(*colour)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetOpacity(OPACITY_3D)
    display.SetSliceIntersectionThickness(LINE_PX)
    display.SetBackfaceCulling(False)
    case, course = (dose.GetAttribute(name) or "" for name in (CASE_ATTRIBUTE, COURSE_ATTRIBUTE))
    return mark_result(node, ResultMark(NodeKind.ISODOSE, case, course, f"{level_gy:g}"))
