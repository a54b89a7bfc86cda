"""Model objects become nodes and come back the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.arrays import FloatArray
from ReirradiationLib.model.errors import GeometryError, RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import DoseQuantity, SceneDose, SceneStructure
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.ras import vtk_matrix
from ReirradiationLib.mrml.segmentation_node import segment_mask, segmentation_node
from ReirradiationLib.mrml.transform_nodes import transform_from_node, transform_node
from ReirradiationLib.mrml.volume_nodes import dose_node, image_node, volume_from_node

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
LEFT_HANDED = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


@pytest.fixture(scope="module")
def scene() -> Iterator[Any]:
    with HeadlessApplication() as application:
        yield application.scene


def rotation(degrees: float) -> FloatArray:
    angle = np.radians(degrees)
    about_z = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    return about_z @ about_x


def oblique() -> tuple[tuple[float, float, float], ...]:
    return tuple(tuple(float(v) for v in row) for row in rotation(20))


def make_geometry(direction: Any = AXIAL) -> Geometry:
    return Geometry((-31.5, 12.25, -140.0), (1.5, 2.0, 3.0), direction, (9, 8, 7))


def make_image(geometry: Geometry) -> Image:
    voxels = np.random.default_rng(1).normal(0, 300, geometry.shape).astype(np.float32)
    patient = Patient("P1", "Doe^Jane", "", "F")
    uids = tuple(f"1.2.{k}" for k in range(geometry.size[2]))
    return Image(voxels, geometry, "1.9", "1.8", "1.7", uids, (), patient, "20240101", "planning CT")


@pytest.mark.parametrize("direction", [AXIAL, LEFT_HANDED, oblique()])
def test_volume_comes_back_with_the_same_voxels_and_geometry(scene: Any, direction: Any) -> None:
    image = make_image(make_geometry(direction))
    voxels, geometry = volume_from_node(image_node(scene, image))
    np.testing.assert_array_equal(voxels, image.voxels_hu)
    assert geometry.size == image.geometry.size
    np.testing.assert_allclose(geometry.index_to_lps(), image.geometry.index_to_lps(), atol=1e-9)


def test_volume_node_has_ras_axes(scene: Any) -> None:
    node = image_node(scene, make_image(make_geometry()))
    assert node.GetOrigin() == pytest.approx((31.5, -12.25, -140.0))


def test_volume_under_a_transform_is_refused(scene: Any) -> None:
    node = image_node(scene, make_image(make_geometry()))
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "T")
    node.SetAndObserveTransformNodeID(parent.GetID())
    with pytest.raises(GeometryError, match="stands under the transform 'T'"):
        volume_from_node(node)


def test_changing_the_node_leaves_the_model_as_it_was(scene: Any) -> None:
    image = make_image(make_geometry())
    before = image.voxels_hu.copy()
    image_node(scene, image).GetImageData().GetPointData().GetScalars().Fill(7)
    np.testing.assert_array_equal(image.voxels_hu, before)


def test_dose_node_is_marked_as_slicerrt_marks_doses_and_names_its_quantity(scene: Any) -> None:
    geometry = make_geometry()
    dose = SceneDose("Sum", np.full(geometry.shape, 40, np.float32), geometry, DoseQuantity.EQD2, "two courses")
    node = dose_node(scene, dose)
    assert node.GetAttribute("DicomRtImport.DoseVolume") == "1"
    assert node.GetName() == "Sum [Gy EQD2]"
    assert node.GetDescription() == "two courses"
    assert node.GetDisplayNode().GetLowerThreshold() == pytest.approx(4.0)
    assert node.GetDisplayNode().GetColorNode().GetNumberOfColors() == 256


def make_rigid() -> Affine:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(9)
    matrix[:3, 3] = (4.0, -7.0, 11.0)
    return Affine(matrix)


def make_grid(direction: Any = AXIAL) -> DisplacementGrid:
    geometry = Geometry((-80.0, -60.0, -50.0), (20.0, 15.0, 12.5), direction, (9, 9, 9))
    vectors = np.random.default_rng(2).normal(0, 3, (*geometry.shape, 3)).astype(np.float32)
    return DisplacementGrid(geometry, vectors)


STEPS: dict[str, tuple[TransformStep, ...]] = {
    "identity": (),
    "rigid": (make_rigid(),),
    "two rigid": (make_rigid(), make_rigid()),
    "grid": (make_grid(),),
    "oblique grid": (make_grid(oblique()),),
    "left-handed grid": (make_grid(LEFT_HANDED),),
    "grid then affine": (make_grid(), make_rigid()),
    "affine then grid": (make_rigid(), make_grid()),
}


def points_inside(transform: SpatialTransform) -> FloatArray:
    points = np.random.default_rng(3).uniform(-90, 90, (3000, 3))
    known = np.isfinite(transform.apply(points)).all(axis=1)
    assert known.sum() > 100
    return points[known]


def from_world(node: Any, points_lps: FloatArray) -> FloatArray:
    import vtk

    general = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(general)
    flip = np.array([-1, -1, 1])
    return np.array([general.TransformPoint(*(point * flip)) for point in points_lps]) * flip


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_transform_node_takes_world_points_where_the_model_takes_them(scene: Any, steps: tuple[TransformStep, ...]) -> None:
    transform = SpatialTransform("1.1", "1.2", steps, "test")
    points = points_inside(transform)
    np.testing.assert_allclose(from_world(transform_node(scene, transform, "T"), points), transform.apply(points), atol=1e-3)


@pytest.mark.parametrize("steps", [STEPS["rigid"], STEPS["grid"], STEPS["grid then affine"]])
def test_the_opposite_direction_of_the_transform_node_is_somewhere_else(
    scene: Any, steps: tuple[TransformStep, ...]
) -> None:
    import vtk

    transform = SpatialTransform("1.1", "1.2", steps, "test")
    points = points_inside(transform)[:50]
    to_world = vtk.vtkGeneralTransform()
    transform_node(scene, transform, "T").GetTransformToWorld(to_world)
    flip = np.array([-1, -1, 1])
    there = np.array([to_world.TransformPoint(*(point * flip)) for point in points]) * flip
    assert np.abs(there - transform.apply(points)).max() > 1.0


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_transform_comes_back_from_its_node(scene: Any, steps: tuple[TransformStep, ...]) -> None:
    transform = SpatialTransform("1.1", "1.2", steps, "test")
    back = transform_from_node(transform_node(scene, transform, "T"), "1.1", "1.2")
    points = points_inside(transform)
    np.testing.assert_allclose(back.apply(points), transform.apply(points), atol=1e-5)


def test_unknown_displacements_are_told_in_the_description(scene: Any) -> None:
    grid = make_grid()
    grid.vectors_mm[0, 0, :2] = np.nan
    node = transform_node(scene, SpatialTransform("1.1", "1.2", (grid,), "REG"), "T")
    assert "2 grid points without a known displacement" in node.GetDescription()


BOX = Geometry((-60.0, -50.0, -40.0), (2.0, 2.0, 2.0), AXIAL, (55, 45, 35))
"""The current CT of the transforms that must be sampled."""


def vtk_vectors(count: int, spacing_mm: float, size_mm: float, seed: int = 7) -> Any:
    """A cube of random vectors around (0, 0, 0), RAS."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(count, count, count)
    image.SetSpacing(spacing_mm, spacing_mm, spacing_mm)
    image.SetOrigin(*3 * [-spacing_mm * (count - 1) / 2])
    vectors = np.random.default_rng(seed).normal(0, size_mm, (count**3, 3))
    image.GetPointData().SetScalars(numpy_to_vtk(vectors, deep=True))
    return image


def vtk_grid(count: int = 11, spacing_mm: float = 25.0, size_mm: float = 2.0) -> Any:
    import slicer

    grid = slicer.vtkOrientedGridTransform()
    grid.SetDisplacementGridData(vtk_vectors(count, spacing_mm, size_mm))
    grid.SetInterpolationModeToCubic()
    return grid


def vtk_spline(count: int = 12, spacing_mm: float = 30.0) -> Any:
    import slicer

    spline = slicer.vtkOrientedBSplineTransform()
    spline.SetCoefficientData(vtk_vectors(count, spacing_mm, 4.0))
    spline.SetBulkTransformMatrix(vtk_matrix(make_rigid().matrix))
    return spline


def vtk_plate() -> Any:
    import vtk

    random = np.random.default_rng(8)
    here, there = vtk.vtkPoints(), vtk.vtkPoints()
    for point in random.uniform(-80, 80, (12, 3)):
        here.InsertNextPoint(*point)
        there.InsertNextPoint(*(point + random.normal(0, 3, 3)))
    plate = vtk.vtkThinPlateSplineTransform()
    plate.SetBasisToR()
    plate.SetSourceLandmarks(here)
    plate.SetTargetLandmarks(there)
    return plate


def linear() -> Any:
    import vtk

    transform = vtk.vtkTransform()
    transform.SetMatrix(vtk_matrix(make_rigid().matrix))
    return transform


NONLINEAR = {"cubic grid": vtk_grid, "B-spline": vtk_spline, "thin plate spline": vtk_plate}


def node_of(scene: Any, transform: Any, inverse: bool = False) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "given")
    if inverse:
        node.SetAndObserveTransformToParent(transform)
    else:
        node.SetAndObserveTransformFromParent(transform)
    return node


def box_points(count: int = 1500) -> FloatArray:
    return BOX.to_lps(np.random.default_rng(9).uniform(0, np.array(BOX.size) - 1, (count, 3)))


@pytest.mark.parametrize("inverse", [False, True], ids=["from parent", "to parent"])
@pytest.mark.parametrize("kind", NONLINEAR)
def test_nonlinear_nodes_are_sampled_in_either_direction(scene: Any, kind: str, inverse: bool) -> None:
    node = node_of(scene, NONLINEAR[kind](), inverse)
    found = transform_from_node(node, "1.1", "1.2", BOX)
    points = box_points()
    error = np.linalg.norm(found.apply(points) - from_world(node, points), axis=1)
    assert np.isfinite(error).all()
    stated = float(found.source.split("largest error ")[1].split(" mm")[0])
    assert error.max() <= max(stated, 0.05) + 0.02
    assert np.linalg.norm(found.apply(points) - points, axis=1).max() > 2.0
    with pytest.raises(GeometryError, match="has to be sampled"):
        transform_from_node(node, "1.1", "1.2")


def test_a_node_under_others_is_taken_from_the_world(scene: Any) -> None:
    child, parent, top = node_of(scene, vtk_grid(), True), node_of(scene, linear()), node_of(scene, vtk_spline())
    child.SetAndObserveTransformNodeID(parent.GetID())
    parent.SetAndObserveTransformNodeID(top.GetID())
    found = transform_from_node(child, "1.1", "1.2", BOX)
    points = box_points()
    error = np.linalg.norm(found.apply(points) - from_world(child, points), axis=1)
    assert np.isfinite(error).mean() > 0.95
    assert np.nanmax(error) <= 0.1


def test_matrices_below_a_sampled_step_stay_exact(scene: Any) -> None:
    child, parent = node_of(scene, linear()), node_of(scene, vtk_spline())
    child.SetAndObserveTransformNodeID(parent.GetID())
    found = transform_from_node(child, "1.1", "1.2", BOX)
    assert [type(step) for step in found.steps] == [DisplacementGrid, Affine]


def test_linear_nodes_under_each_other_are_one_matrix(scene: Any) -> None:
    child, parent = node_of(scene, linear()), node_of(scene, linear(), True)
    child.SetAndObserveTransformNodeID(parent.GetID())
    found = transform_from_node(child, "1.1", "1.2", BOX)
    assert [type(step) for step in found.steps] == [Affine]
    np.testing.assert_allclose(found.apply(box_points()), box_points(), atol=1e-9)


def test_the_user_s_transform_is_left_as_it_was(scene: Any) -> None:
    grid = vtk_grid()
    node = node_of(scene, grid, True)
    before = node.GetMTime(), grid.GetInverseTolerance(), grid.GetInterpolationMode(), grid.GetInverseFlag()
    transform_from_node(node, "1.1", "1.2", BOX)
    after = node.GetMTime(), grid.GetInverseTolerance(), grid.GetInterpolationMode(), grid.GetInverseFlag()
    assert after == before


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize(("make", "reach_mm"), [(lambda: vtk_grid(5, 15.0), 30.0), (lambda: vtk_spline(6, 15.0), 22.5)])
def test_nothing_is_made_up_beyond_a_grid_or_spline(scene: Any, make: Any, reach_mm: float, inverse: bool) -> None:
    found = transform_from_node(node_of(scene, make(), inverse), "1.1", "1.2", BOX)
    points = box_points()
    known = np.isfinite(found.apply(points)).all(axis=1)
    shift = 25.0 if inverse else 0.0  # by which the inverse may take points into the region
    assert known.any()
    assert (np.abs(points[known]).max(axis=1) <= reach_mm + shift).all()
    assert "defined at" in found.source


def test_a_fold_that_cannot_be_inverted_is_not_passed_off_as_an_inverse(scene: Any) -> None:
    """x ↦ x + 12 sin(x / 4) takes many points to one; what comes back must lead forth again, or be undefined."""
    grid = vtk_grid(81, 2.0, 0.0)
    from vtk.util.numpy_support import vtk_to_numpy

    vectors = vtk_to_numpy(grid.GetDisplacementGrid().GetPointData().GetScalars())
    vectors[:, 0] = np.tile(12.0 * np.sin(np.linspace(-80, 80, 81) / 4.0), 81 * 81)
    grid.SetInterpolationModeToLinear()
    small = Geometry((-20.0, -20.0, -20.0), (2.0, 2.0, 2.0), AXIAL, (21, 21, 21))
    with pytest.raises(RegistrationError, match="so rough that sampling it misses it"):
        transform_from_node(node_of(scene, grid, True), "1.1", "1.2", small)


def test_a_sampled_node_elsewhere_than_the_ct_is_refused(scene: Any) -> None:
    far = Geometry((5000.0, 0.0, 0.0), (2.0, 2.0, 2.0), AXIAL, (20, 20, 20))
    with pytest.raises(RegistrationError, match="'given': it is defined nowhere on the current CT"):
        transform_from_node(node_of(scene, vtk_spline()), "1.1", "1.2", far)


def test_our_own_grid_stays_linear_though_slicer_reads_it_as_cubic(scene: Any) -> None:
    transform = SpatialTransform("1.1", "1.2", (make_grid(),), "test")
    node = transform_node(scene, transform, "T")
    node.GetTransformFromParent().SetInterpolationModeToCubic()
    points = points_inside(transform)
    back = transform_from_node(node, "1.1", "1.2", BOX)
    np.testing.assert_allclose(back.apply(points), transform.apply(points), atol=1e-5)


def test_nodes_that_cannot_be_used_are_refused(scene: Any) -> None:
    import slicer
    import vtk

    for transform, message in (
        (slicer.vtkOrientedGridTransform(), "vtkOrientedGridTransform is empty"),
        (slicer.vtkOrientedBSplineTransform(), "vtkOrientedBSplineTransform is empty"),
        (vtk.vtkSphericalTransform(), "contains a vtkSphericalTransform"),
    ):
        with pytest.raises(GeometryError, match=message):
            transform_from_node(node_of(scene, transform), "1.1", "1.2", BOX)
    broken = vtk_grid()
    broken.GetDisplacementGrid().GetPointData().GetScalars().SetComponent(0, 0, float("nan"))
    with pytest.raises(GeometryError, match="holds no numbers"):
        transform_from_node(node_of(scene, broken), "1.1", "1.2", BOX)
    mirror = vtk.vtkTransform()
    mirror.Scale(-1, 1, 1)
    with pytest.raises(GeometryError, match="does not mirror"):
        transform_from_node(node_of(scene, mirror), "1.1", "1.2", BOX)


def make_structures() -> tuple[SceneStructure, ...]:
    fine, coarse = make_geometry(oblique()), Geometry((0, 0, 0), (4, 4, 4), AXIAL, (5, 6, 7))
    random = np.random.default_rng(4)
    return (
        SceneStructure("Cord", (255, 128, 0), random.random(fine.shape) > 0.7, fine),
        SceneStructure("PTV", (0, 0, 255), random.random(fine.shape) > 0.5, fine),
        SceneStructure("Elsewhere", (0, 255, 0), random.random(coarse.shape) > 0.5, coarse),
        SceneStructure("Nothing", (1, 2, 3), np.zeros(fine.shape, bool), fine),
    )


def test_segments_have_the_names_colours_and_voxels_of_the_structures(scene: Any) -> None:
    structures = make_structures()
    node = segmentation_node(scene, structures, "Structures")
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(structures)
    for index, structure in enumerate(structures):
        segment = segmentation.GetNthSegment(index)
        assert segment.GetName() == structure.name
        assert segment.GetColor() == pytest.approx([channel / 255 for channel in structure.colour])
        mask = segment_mask(node, segmentation.GetNthSegmentID(index), structure.geometry)
        np.testing.assert_array_equal(mask, structure.mask)
