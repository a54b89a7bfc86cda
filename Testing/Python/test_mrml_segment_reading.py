"""Segments come back as what was drawn: contours, voxels or a closed surface, in LPS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.errors import DosimetryError, GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.scene import DoseQuantity, SceneDose, SceneStructure
from ReirradiationLib.model.segment import LabelmapStructure, SurfaceStructure
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.segment_reading import structure_from_segment
from ReirradiationLib.mrml.segmentation_node import segmentation_node
from ReirradiationLib.mrml.volume_nodes import dose_node
from scipy.spatial.transform import Rotation
from solid_truth import ball_dose_at
from synthetic import ball, grid
from vtk.util.numpy_support import numpy_to_vtk

CENTRE = np.array([11.0, -7.0, 4.0])
CT = grid(2.0, 60.0)
TO_RAS = np.array([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def scene() -> Iterator[Any]:
    with HeadlessApplication() as application:
        yield application.scene


def tilted() -> Geometry:
    axes = Rotation.from_rotvec([0.2, -0.3, 0.6]).as_matrix()
    origin = CENTRE - axes @ np.array([14.5, 14.0, 15.0])
    return Geometry(tuple(map(float, origin)), (1.0, 1.4, 2.5), tuple(tuple(map(float, row)) for row in axes), (30, 21, 13))


def ball_mask(geometry: Geometry, radius_mm: float = 10.0) -> np.ndarray:
    points = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
    return (np.linalg.norm(points - CENTRE, axis=1) < radius_mm).reshape(geometry.shape)


def centroid(structure: Any) -> np.ndarray:
    samples = structure_samples(structure, CT)
    return np.asarray(np.average(samples.points_mm, axis=0, weights=samples.volumes_cc))


def empty_node(scene: Any, representation: str) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    node.GetSegmentation().SetSourceRepresentationName(representation)
    return node


def add_segment(node: Any, representation: str, data: Any) -> str:
    import slicer

    segment = slicer.vtkSegment()
    segment.SetName("organ")
    segment.SetColor(1.0, 0.4, 0.2)
    segment.AddRepresentation(representation, data)
    return str(node.GetSegmentation().AddSegment(segment) and node.GetSegmentation().GetNthSegmentID(0))


def surface_node(scene: Any) -> tuple[Any, str]:
    source = vtk.vtkSphereSource()
    source.SetCenter(CENTRE * TO_RAS)
    source.SetRadius(10.0)
    source.SetThetaResolution(128)
    source.SetPhiResolution(128)
    source.Update()
    node = empty_node(scene, "Closed surface")
    return node, add_segment(node, "Closed surface", source.GetOutput())


def contour_node(scene: Any) -> tuple[Any, str]:
    """As SlicerRT's import keeps an RTSTRUCT: closed lines in RAS, the first point repeated at the end."""
    lines, points, count = vtk.vtkCellArray(), [], 0
    for contour in ball(10.0, 2.0, centre=CENTRE).contours_mm:
        lines.InsertNextCell(len(contour) + 1)
        for n in [*range(len(contour)), 0]:
            lines.InsertCellPoint(count + n)
        points.append(contour * TO_RAS)
        count += len(contour)
    data = vtk.vtkPolyData()
    vertices = vtk.vtkPoints()
    vertices.SetData(numpy_to_vtk(np.concatenate(points), deep=True))
    data.SetPoints(vertices)
    data.SetLines(lines)
    node = empty_node(scene, "Planar contour")
    identifier = add_segment(node, "Planar contour", data)
    node.GetSegmentation().GetSegment(identifier).SetTag("DicomRtImport.RoiNumber", "17")
    return node, identifier


def labelmap_node(scene: Any, geometry: Geometry | None = None) -> tuple[Any, str]:
    geometry = geometry or tilted()
    other = np.zeros(geometry.shape, dtype=bool)
    other[0, 0, :9] = True
    structures = (
        SceneStructure("other", (0, 0, 255), other, geometry),
        SceneStructure("organ", (255, 102, 51), ball_mask(geometry), geometry),
    )
    node = segmentation_node(scene, structures, "drawn")
    return node, str(node.GetSegmentation().GetNthSegmentID(1))


NODES = {"contours": contour_node, "labelmap": labelmap_node, "surface": surface_node}


@pytest.mark.parametrize("make", NODES.values(), ids=NODES.keys())
def test_a_segment_has_its_place_volume_name_and_colour(scene: Any, make: Any) -> None:
    structure = structure_from_segment(*make(scene))
    assert structure.name == "organ"
    assert structure.colour == (255, 102, 51)
    assert structure_samples(structure, CT).volume_cc == pytest.approx(4.18879, rel=0.01)
    assert centroid(structure) == pytest.approx(CENTRE, abs=0.05)


def test_a_labelmap_comes_back_voxel_by_voxel_on_its_own_grid(scene: Any) -> None:
    geometry = tilted()
    structure = structure_from_segment(*labelmap_node(scene, geometry))
    assert isinstance(structure, LabelmapStructure)
    k, j, i = np.nonzero(structure.mask)
    index = geometry.to_index(structure.geometry.to_lps(np.column_stack([i, j, k]).astype(float)))
    np.testing.assert_allclose(index, index.round(), atol=1e-6)
    back = np.zeros(geometry.shape, dtype=bool)
    back[tuple(index.round().astype(int)[:, ::-1].T)] = True
    assert np.array_equal(back, ball_mask(geometry))


def test_segments_that_share_an_image_are_told_apart(scene: Any) -> None:
    node, identifier = labelmap_node(scene)
    node.GetSegmentation().CollapseBinaryLabelmaps(False)
    assert node.GetSegmentation().GetNumberOfLayers() == 1
    assert structure_samples(structure_from_segment(node, identifier), CT).volume_cc == pytest.approx(4.18879, rel=0.01)


def test_an_empty_segment_comes_back_empty(scene: Any) -> None:
    geometry = tilted()
    nothing = SceneStructure("nothing", (1, 2, 3), np.zeros(geometry.shape, dtype=bool), geometry)
    node = segmentation_node(scene, (nothing,), "empty")
    structure = structure_from_segment(node, node.GetSegmentation().GetNthSegmentID(0))
    assert isinstance(structure, LabelmapStructure)
    assert not structure.mask.any()
    surface = empty_node(scene, "Closed surface")
    structure = structure_from_segment(surface, add_segment(surface, "Closed surface", vtk.vtkPolyData()))
    assert isinstance(structure, SurfaceStructure)
    with pytest.raises(DosimetryError, match="its surface is empty"):
        structure_samples(structure, CT)


def test_contours_come_back_point_by_point_with_their_number(scene: Any) -> None:
    structure = structure_from_segment(*contour_node(scene))
    assert isinstance(structure, Structure)
    assert structure.number == 17
    for found, drawn in zip(structure.contours_mm, ball(10.0, 2.0, centre=CENTRE).contours_mm, strict=True):
        np.testing.assert_allclose(found, drawn, atol=1e-5)


def test_the_source_representation_counts_not_what_was_made_from_it(scene: Any) -> None:
    node, identifier = labelmap_node(scene)
    assert node.CreateClosedSurfaceRepresentation()
    assert isinstance(structure_from_segment(node, identifier), LabelmapStructure)
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    surface = structure_from_segment(node, identifier)
    assert isinstance(surface, SurfaceStructure)
    assert structure_samples(surface, CT).volume_cc == pytest.approx(4.18879, rel=0.04)
    assert centroid(surface) == pytest.approx(CENTRE, abs=0.3)


def put_under(scene: Any, node: Any, matrix_lps: np.ndarray) -> None:
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    flip = np.diag([*TO_RAS, 1.0])
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((flip @ matrix_lps @ flip).ravel().tolist())
    parent.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(parent.GetID())


@pytest.mark.parametrize("make", NODES.values(), ids=NODES.keys())
def test_a_linear_transform_above_the_node_moves_the_structure(scene: Any, make: Any) -> None:
    node, identifier = make(scene)
    moved = np.eye(4)
    moved[:3, :3] = Rotation.from_rotvec([0.3, 0.5, -0.2]).as_matrix()
    moved[:3, 3] = (5.0, -9.0, 13.0)
    put_under(scene, node, moved)
    structure = structure_from_segment(node, identifier)
    assert centroid(structure) == pytest.approx(moved[:3, :3] @ CENTRE + moved[:3, 3], abs=0.05)
    assert structure_samples(structure, CT).volume_cc == pytest.approx(4.18879, rel=0.01)


def test_a_transform_that_shears_a_labelmap_is_refused(scene: Any) -> None:
    node, identifier = labelmap_node(scene)
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    put_under(scene, node, sheared)
    with pytest.raises(GeometryError, match="would be sheared"):
        structure_from_segment(node, identifier)


@pytest.mark.parametrize("make", NODES.values(), ids=NODES.keys())
def test_a_transform_that_is_not_linear_is_refused(scene: Any, make: Any) -> None:
    node, identifier = make(scene)
    parent = scene.AddNewNodeByClass("vtkMRMLTransformNode", "warp")
    parent.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    node.SetAndObserveTransformNodeID(parent.GetID())
    with pytest.raises(GeometryError, match="'warp', which is not linear"):
        structure_from_segment(node, identifier)


def test_other_source_representations_and_missing_segments_are_refused(scene: Any) -> None:
    node, identifier = labelmap_node(scene)
    with pytest.raises(GeometryError, match="no segment of id 'absent'"):
        structure_from_segment(node, "absent")
    node.GetSegmentation().SetSourceRepresentationName("Fractional labelmap")
    with pytest.raises(GeometryError, match="source representation is 'Fractional labelmap'"):
        structure_from_segment(node, identifier)


def test_the_example_of_the_console_page_gives_the_dose_of_the_segment(
    scene: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run as it is printed, in a dose of 1 Gy/mm along x."""
    console = (Path(__file__).resolve().parents[2] / "docs" / "console.md").read_text(encoding="utf-8")
    (example,) = [
        part for part in re.findall(r"```py(?:thon)?\n(.*?)```", console, re.DOTALL) if "structure_from_segment" in part
    ]
    node, identifier = surface_node(scene)
    node.GetSegmentation().GetSegment(identifier).SetName("cord")
    voxels = np.concatenate([CT.plane_points(k)[:, 0] for k in range(CT.size[2])]).reshape(CT.shape).astype(np.float32)
    dose = dose_node(scene, SceneDose("linear", voxels + 40.0, CT, DoseQuantity.PHYSICAL, ""), 100.0)
    exec(example, {"getNode": {"Segmentation": node, "CT": dose, "RTDOSE": dose}.__getitem__})
    told, near_maximum = capsys.readouterr().out.splitlines()
    assert told == "4.19 cc, dose known in all of it: True"
    assert float(near_maximum) == pytest.approx(40.0 + CENTRE[0] + ball_dose_at(10.0, 0.03), abs=0.1)
