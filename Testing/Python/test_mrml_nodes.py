"""Model objects become nodes and come back the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.arrays import FloatArray
from ReirradiationLib.model.errors import GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import DoseQuantity, SceneDose, SceneStructure
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from ReirradiationLib.mrml.application import HeadlessApplication
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


def test_a_spline_node_is_refused(scene: Any) -> None:
    import vtk

    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "spline")
    node.SetAndObserveTransformFromParent(vtk.vtkThinPlateSplineTransform())
    with pytest.raises(GeometryError, match="vtkThinPlateSplineTransform"):
        transform_from_node(node, "1.1", "1.2")


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
