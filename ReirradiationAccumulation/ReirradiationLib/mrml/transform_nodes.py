"""Spatial transforms as transform nodes, and back.

A node's *from parent* direction is the resampling direction: it takes a point of the world, here the current frame, to
the frame of the data under the node, here the prior one. That is what a ``SpatialTransform`` is, up to LPS and RAS, so a
prior volume put under the node appears where it belongs on the current CT, and nothing of ours is ever inverted. Deformable
transforms stored the other way round cannot be read by ITK.

Nodes of others hold anything: B-splines, thin plate splines, grids with cubic interpolation, and all of these the other way
round. They are sampled, and where VTK would make something up they are undefined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..model.arrays import Float32Array, FloatArray
from ..model.displacement_sampling import PointStep, sampled_steps
from ..model.errors import GeometryError
from ..model.geometry import Geometry
from ..model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from .ras import FLIP, geometry_from_ijk_to_ras, numpy_matrix, vtk_image, vtk_matrix
from .vtk_maps import VtkMap, grid_matrix
from .vtk_messages import vtk_messages_to_log

FIXED_FRAME_ATTRIBUTE = "SlicerReirradiation.FixedFrameOfReferenceUID"
MOVING_FRAME_ATTRIBUTE = "SlicerReirradiation.MovingFrameOfReferenceUID"

INTERPOLATION_ATTRIBUTE = "SlicerReirradiation.GridInterpolation"
"""Scene files do not keep how a grid is interpolated, and Slicer reads every grid as cubic; ours are linear."""

LINEAR = "linear"

UNKNOWN_ATTRIBUTE = "SlicerReirradiation.UnknownDisplacements"
"""How many grid points of a node of ours have no known displacement. The node does not displace them, for VTK knows no
unknown ones: read back, they would be known."""

INVERSE_TOLERANCE = 1e-6
"""Of the elements of a matrix times its inverse, for matrices with elements about 1."""

SAMPLED_CLASSES = ("vtkGridTransform", "vtkBSplineTransform", "vtkThinPlateSplineTransform")


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
    node.SetAttribute(INTERPOLATION_ATTRIBUTE, LINEAR)
    unknown = _unknown_count(transform)
    if unknown:
        node.SetAttribute(UNKNOWN_ATTRIBUTE, str(unknown))
    note = f"; {unknown} grid points without a known displacement are shown undisplaced" if unknown else ""
    node.SetDescription(f"{transform.source}: apply to the data of the prior course{note}")
    return node


def transform_from_node(
    node: Any, fixed_frame_uid: str, moving_frame_uid: str, on: Geometry | None = None
) -> SpatialTransform:
    """The transform from the world to data under a node, through the node and all that it stands under itself.

    Matrices and grids with linear interpolation are taken over exactly. Everything else is sampled on the box of the current
    CT: grids with cubic interpolation, B-splines, thin plate splines, and inverses, which VTK finds by iteration and which
    are checked by going back.

    Parameters
    ----------
    node : vtkMRMLTransformNode
        That the prior data stand under.
    fixed_frame_uid, moving_frame_uid : str
        The frames that it connects.
    on : Geometry, optional
        Grid of the current CT; only needed for what must be sampled.

    Returns
    -------
    SpatialTransform
        ``source`` tells the sampling error if it was sampled.

    Raises
    ------
    GeometryError
        If it holds a transform of another kind, mirrors, cannot be inverted, is one of ours with displacements that are not
        known, or must be sampled and ``on`` is missing.
    RegistrationError
        If it is defined nowhere on the current CT, or too rough to be sampled.
    """
    return transform_between(None, node, fixed_frame_uid, moving_frame_uid, on)


def transform_between(
    fixed: Any | None, moving: Any | None, fixed_frame_uid: str, moving_frame_uid: str, on: Geometry | None = None
) -> SpatialTransform:
    """The transform from data under one node to data under another, each through all that it stands under.

    What both stand under moves them together and is left out. Exact and sampled are what they are for
    :func:`transform_from_node`; matrices are inverted exactly.

    Parameters
    ----------
    fixed, moving : vtkMRMLTransformNode or None
        The parents of current and of prior data; None for data that stand under none.
    fixed_frame_uid, moving_frame_uid : str
    on : Geometry, optional
        Grid of the current CT in its own coordinates.

    Raises
    ------
    GeometryError, RegistrationError
        As :func:`transform_from_node`.
    """
    own, others = parents_apart(fixed, moving)
    names = ", ".join(f"'{node.GetName()}'" for node in (*own, *others))
    subject = f"Transform {names}"
    with vtk_messages_to_log():
        steps = [step for each in own for step in _steps_of(each, each.GetTransformToParent(), subject)]
        steps += [step for each in reversed(others) for step in _steps_of(each, each.GetTransformFromParent(), subject)]
        if on is None:
            _require_exact(steps, subject)
            exact = tuple(step for step in steps if isinstance(step, (Affine, DisplacementGrid)))
            return SpatialTransform(fixed_frame_uid, moving_frame_uid, exact, f"transform node {names}")
        found, sampled = sampled_steps(steps, on, subject)
    words = f", {sampled.in_words()}" if sampled else ""
    return SpatialTransform(fixed_frame_uid, moving_frame_uid, found, f"transform node {names}{words}")


def parents_apart(one: Any | None, other: Any | None) -> tuple[list[Any], list[Any]]:
    """The transforms that only the one and only the other of two data stand under, the nearest first, by their parents."""
    own, others = _chain(one), _chain(other)
    while own and others and own[-1] is others[-1]:
        own, others = own[:-1], others[:-1]
    return own, others


def linear_between(one: Any | None, other: Any | None) -> FloatArray | None:
    """RAS matrix from data under one parent to data under another, homogeneous 4×4; None if it is none.

    Raises
    ------
    GeometryError
        If a matrix on the way cannot be inverted.
    """
    own, others = parents_apart(one, other)
    if not all(node.IsLinear() for node in (*own, *others)):
        return None
    total = np.eye(4)
    for node in own:
        total = _matrices(node)[0] @ total
    for node in reversed(others):
        total = _matrices(node)[1] @ total
    return np.asarray(total)


def _matrices(node: Any) -> tuple[FloatArray, FloatArray]:
    """To and from the parent of a linear transform; VTK leaves matrices as they are that it cannot invert."""
    forth, back = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    node.GetMatrixTransformToParent(forth)
    node.GetMatrixTransformFromParent(back)
    pair = numpy_matrix(forth), numpy_matrix(back)
    tolerance = INVERSE_TOLERANCE * max(1.0, float(np.abs(pair).max()))
    if not np.allclose(pair[0] @ pair[1], np.eye(4), rtol=0.0, atol=tolerance):
        raise GeometryError(
            f"Transform '{node.GetName()}'", "its matrix cannot be inverted", "Make it again.", "an invertible matrix"
        )
    return pair


def _chain(node: Any | None) -> list[Any]:
    """A transform node and all that it stands under, the nearest first."""
    nodes = []
    while node is not None:
        nodes.append(node)
        node = node.GetParentTransformNode()
    return nodes


def _steps_of(node: Any, transform: Any, subject: str) -> list[PointStep]:
    """What one of a node's two transforms does, in the order in which it is applied."""
    if node.IsLinear():
        _matrices(node)
    if node.GetAttribute(UNKNOWN_ATTRIBUTE):
        found = f"{node.GetAttribute(UNKNOWN_ATTRIBUTE)} grid points of '{node.GetName()}' have no known displacement"
        remedy = "Name the registration's own file, or register again: the node shows them as if they were not displaced."
        raise GeometryError(subject, found, remedy, "known displacements")
    flat = vtk.vtkCollection()
    type(node).FlattenGeneralTransform(flat, transform)
    is_ours = node.GetAttribute(INTERPOLATION_ATTRIBUTE) == LINEAR
    return [_model_step(flat.GetItemAsObject(index), subject, is_ours) for index in range(flat.GetNumberOfItems())]


def _require_exact(steps: list[PointStep], subject: str) -> None:
    for step in steps:
        if isinstance(step, VtkMap):
            raise GeometryError(
                subject,
                f"it contains a {step.name}, which has to be sampled",
                "Choose the current CT first, or convert the transform to a displacement grid (Transforms module, Convert).",
                "matrices and linear displacement grids",
            )


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
        return vtk_grid(step)
    linear = vtk.vtkTransform()
    linear.SetMatrix(vtk_matrix(FLIP @ step.matrix @ FLIP))
    return linear


def vtk_grid(grid: DisplacementGrid) -> Any:
    """A displacement grid as a ``vtkOrientedGridTransform`` in RAS; where nothing is known it does not displace."""
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


def _unknown_count(transform: SpatialTransform) -> int:
    """How many grid points have no known displacement."""
    grids = [step for step in transform.steps if isinstance(step, DisplacementGrid)]
    return sum(int(np.isnan(grid.vectors_mm).any(axis=-1).sum()) for grid in grids)


def _model_step(step: Any, subject: str, is_ours: bool) -> PointStep:
    step.Update()  # an inverse does not know that it is one before
    if step.IsA("vtkLinearTransform"):
        return Affine(FLIP @ numpy_matrix(step.GetMatrix()) @ FLIP)
    if not any(step.IsA(name) for name in SAMPLED_CLASSES):
        raise GeometryError(
            subject,
            f"it contains a {step.GetClassName()}",
            "Convert it to a displacement grid on the current CT (Transforms module, Convert).",
            "matrices, displacement grids, B-splines and thin plate splines",
        )
    data = step.GetDisplacementGrid() if step.IsA("vtkGridTransform") else None
    data = step.GetCoefficientData() if step.IsA("vtkBSplineTransform") else data
    if not step.IsA("vtkThinPlateSplineTransform") and data is None:
        raise GeometryError(subject, f"its {step.GetClassName()} is empty", "Choose the transform that is meant.", "vectors")
    if data is not None and not np.isfinite(vtk_to_numpy(data.GetPointData().GetScalars())).all():
        raise GeometryError(subject, f"its {step.GetClassName()} holds no numbers", "Make it again.", "finite vectors")
    is_linear = step.IsA("vtkGridTransform") and (is_ours or step.GetInterpolationMode() == vtk.VTK_LINEAR_INTERPOLATION)
    if is_linear and not step.GetInverseFlag():
        return DisplacementGrid(*_model_grid(step, data))
    return VtkMap(step, is_linear)


def _model_grid(step: Any, image: Any) -> tuple[Geometry, Float32Array]:
    ni, nj, nk = image.GetDimensions()
    stored = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(nk, nj, ni, 3)
    vectors = stored * step.GetDisplacementScale() + step.GetDisplacementShift()
    geometry = geometry_from_ijk_to_ras(grid_matrix(step, image), (ni, nj, nk))
    return geometry, (vectors * np.array([-1.0, -1.0, 1.0])).astype(np.float32)
