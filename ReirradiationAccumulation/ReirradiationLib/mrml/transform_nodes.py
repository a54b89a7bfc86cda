"""Spatial transforms as transform nodes, and back.

A node's *from parent* direction is the resampling direction: it takes a point of the world, here the current frame, to
the frame of the data under the node, here the prior one. That is what a ``SpatialTransform`` is, up to LPS and RAS, so a
prior volume put under the node appears where it belongs on the current CT, and nothing is ever inverted. Deformable
transforms stored the other way round cannot be read by ITK.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..model.arrays import Float32Array, FloatArray
from ..model.errors import GeometryError
from ..model.geometry import Geometry
from ..model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from .ras import FLIP, geometry_from_ijk_to_ras, numpy_matrix, vtk_image, vtk_matrix

FIXED_FRAME_ATTRIBUTE = "SlicerReirradiation.FixedFrameOfReferenceUID"
MOVING_FRAME_ATTRIBUTE = "SlicerReirradiation.MovingFrameOfReferenceUID"


def transform_node(scene: Any, transform: SpatialTransform, name: str) -> Any:
    """Add a transform to a scene, to be applied to prior data.

    Parameters
    ----------
    scene : vtkMRMLScene
    transform : SpatialTransform
        Current to prior frame.
    name : str

    Returns
    -------
    vtkMRMLLinearTransformNode, vtkMRMLGridTransformNode or vtkMRMLTransformNode
        The last one if a displacement grid and other steps combine. Outside its grid, and where the displacement is
        not known, a node shows a displacement (VTK knows no undefined one); the description says so.
    """
    if not transform.is_deformable:
        node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
        node.SetMatrixTransformFromParent(vtk_matrix(FLIP @ _combined(transform.steps) @ FLIP))
    elif len(transform.steps) == 1:
        node = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", name)
        node.SetAndObserveTransformFromParent(_vtk_step(transform.steps[0]))
    else:
        node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
        node.SetAndObserveTransformFromParent(_vtk_chain(transform.steps))
    node.SetAttribute(FIXED_FRAME_ATTRIBUTE, transform.fixed_frame_uid)
    node.SetAttribute(MOVING_FRAME_ATTRIBUTE, transform.moving_frame_uid)
    node.SetDescription(_description(transform))
    return node


def transform_from_node(node: Any, fixed_frame_uid: str, moving_frame_uid: str) -> SpatialTransform:
    """The transform of a node that stands over prior data: affine steps and displacement grids, in any order.

    Parameters
    ----------
    node : vtkMRMLTransformNode
        Its own parent transforms are not looked at.
    fixed_frame_uid, moving_frame_uid : str
        The frames that it connects.

    Raises
    ------
    GeometryError
        If it holds something else, a B-spline or thin plate spline, or a grid in the inverse direction.
    """
    steps = vtk.vtkCollection()
    type(node).FlattenGeneralTransform(steps, node.GetTransformFromParent())
    found = tuple(_model_step(steps.GetItemAsObject(index), node.GetName()) for index in range(steps.GetNumberOfItems()))
    return SpatialTransform(fixed_frame_uid, moving_frame_uid, found, f"transform node '{node.GetName()}'")


def _combined(steps: tuple[TransformStep, ...]) -> FloatArray:
    matrix = np.eye(4)
    for step in steps:
        assert isinstance(step, Affine)
        matrix = step.matrix @ matrix
    return np.asarray(matrix)


def _vtk_chain(steps: tuple[TransformStep, ...]) -> Any:
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    for step in steps:
        chain.Concatenate(_vtk_step(step))
    return chain


def _vtk_step(step: TransformStep) -> Any:
    """One step in RAS."""
    if isinstance(step, DisplacementGrid):
        return _vtk_grid(step)
    linear = vtk.vtkTransform()
    linear.SetMatrix(vtk_matrix(FLIP @ step.matrix @ FLIP))
    return linear


def _vtk_grid(grid: DisplacementGrid) -> Any:
    import slicer

    geometry = grid.geometry
    image = vtk_image(np.nan_to_num(grid.vectors_mm, nan=0.0) * np.array([-1.0, -1.0, 1.0]))
    image.SetOrigin((FLIP[:3, :3] @ np.asarray(geometry.origin_mm)).tolist())
    image.SetSpacing(geometry.spacing_mm)
    direction = np.eye(4)
    direction[:3, :3] = FLIP[:3, :3] @ np.asarray(geometry.direction)
    result = slicer.vtkOrientedGridTransform()
    result.SetDisplacementGridData(image)
    result.SetGridDirectionMatrix(vtk_matrix(direction))
    result.SetInterpolationModeToLinear()
    return result


def _description(transform: SpatialTransform) -> str:
    unknown = sum(int(np.isnan(s.vectors_mm).any(axis=-1).sum()) for s in transform.steps if isinstance(s, DisplacementGrid))
    note = f"; {unknown} grid points without a known displacement are shown undisplaced" if unknown else ""
    return f"{transform.source}: apply to the data of the prior course{note}"


def _model_step(step: Any, name: str) -> TransformStep:
    if step.IsA("vtkLinearTransform"):
        return Affine(FLIP @ numpy_matrix(step.GetMatrix()) @ FLIP)
    if step.IsA("vtkOrientedGridTransform") and not step.GetInverseFlag():
        return DisplacementGrid(*_model_grid(step))
    raise GeometryError(
        f"Transform '{name}'",
        f"it contains a {step.GetClassName()}",
        "Convert it to a displacement grid that takes current points to prior ones (Transforms module, Convert).",
        "affine steps and displacement grids",
    )


def _model_grid(step: Any) -> tuple[Geometry, Float32Array]:
    image = step.GetDisplacementGrid()
    ni, nj, nk = image.GetDimensions()
    matrix = np.eye(4)
    if step.GetGridDirectionMatrix() is not None:
        matrix[:3, :3] = numpy_matrix(step.GetGridDirectionMatrix())[:3, :3]
    matrix[:3, :3] *= np.asarray(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    stored = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(nk, nj, ni, 3)
    vectors = stored * step.GetDisplacementScale() + step.GetDisplacementShift()
    return geometry_from_ijk_to_ras(matrix, (ni, nj, nk)), (vectors * np.array([-1.0, -1.0, 1.0])).astype(np.float32)
