"""Transforms that prior nodes stand under become the registration of their course, current to prior, as the scene shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dicom.scan.draft_structures import NamingTables, load_naming_tables
from ReirradiationLib.model.errors import CaseError, DicomError, GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.pixel_edges import pixel_edges
from ReirradiationLib.model.polygons import fill_planes
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.model.registration import RegistrationMethod
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.ras import vtk_matrix
from ReirradiationLib.mrml.transform_nodes import transform_node
from ReirradiationLib.registration.transform_file import read_transform_file
from ReirradiationLib.registration.transform_writer import write_transform_file
from ReirradiationLib.scene_adoption import Adoption
from scipy.spatial.transform import Rotation
from slicerrt_nodes import SlicerRt, load_demo
from test_mrml_adoption import Loaded
from test_slicerrt_nodes import linear_node, warp_node

FIXED, MOVING = "1.2.3", "1.2.4"


@pytest.fixture(scope="module")
def naming() -> NamingTables:
    return load_naming_tables(default_protocol_folder())


@pytest.fixture
def scene(tmp_path: Path, demo_folder: Path, naming: NamingTables) -> Iterator[Loaded]:
    with HeadlessApplication() as application:
        rt = SlicerRt(application.scene)
        yield Loaded(rt, load_demo(rt, demo_folder), tmp_path, naming)


def motion(turn: tuple[float, float, float], shift_mm: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(turn).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


MOVED = motion((0.02, -0.05, 0.1), (12.0, -7.5, 30.0))


def put_under(scene: Loaded, parent: Any, *names: str) -> None:
    for name in names:
        scene.nodes[name].SetAndObserveTransformNodeID(parent.GetID())


def registered(found: Adoption, current_ct: Image) -> SpatialTransform:
    """The registration of the prior course, read from the file that the case names."""
    (course,) = found.draft.case.prior_courses
    assert course.registration is not None
    assert course.registration.method is RegistrationMethod.TRANSFORM_FILE
    assert course.registration.sign_off is None, "nobody has looked at it yet"
    (path,) = found.written
    assert course.registration.file == path
    return read_transform_file(path, FIXED, MOVING, current_ct.geometry)


def points_in(geometry: Geometry) -> np.ndarray:
    return geometry.to_lps(np.random.default_rng(3).uniform(0.0, 1.0, (300, 3)) * (np.array(geometry.size) - 1.0))


def test_a_prior_course_under_a_matrix_is_registered_by_its_inverse(scene: Loaded, current_ct: Image) -> None:
    """What stands at p in the scene stood at MOVED⁻¹ p in the prior CT: current to prior."""
    parent = linear_node(scene.rt.scene, MOVED)
    put_under(scene, parent, "course1.ct", "course1.dose", "course1.structures")
    found = scene.adopted()
    points = points_in(current_ct.geometry)
    expected = (points - MOVED[:3, 3]) @ MOVED[:3, :3]
    np.testing.assert_allclose(registered(found, current_ct).apply(points), expected, rtol=0.0, atol=1e-9)
    assert found.courses[1].transform_id == parent.GetID()
    (remark,) = [one for one in found.draft.remarks if "is its registration" in one]
    assert "the transform 'moved' that node '1: Prior CT' stands under is its registration; look at it and sign" in remark


def test_a_chain_of_parents_counts_as_a_whole(scene: Loaded, current_ct: Image) -> None:
    other = motion((0.0, 0.3, 0.0), (0.0, 4.0, -9.0))
    outer = linear_node(scene.rt.scene, other)
    put_under(scene, linear_node(scene.rt.scene, MOVED, outer), "course1.ct", "course1.dose")
    both = np.linalg.inv(other @ MOVED)
    points = points_in(current_ct.geometry)
    found = registered(scene.adopted(), current_ct).apply(points)
    np.testing.assert_allclose(found, points @ both[:3, :3].T + both[:3, 3], rtol=0.0, atol=1e-9)


def test_a_current_ct_that_was_moved_to_the_prior_one_is_registered_by_the_matrix_itself(
    scene: Loaded, current_ct: Image
) -> None:
    put_under(scene, linear_node(scene.rt.scene, MOVED), "course2.ct", "course2.structures", "course2.dose")
    points = points_in(current_ct.geometry)
    found = registered(scene.adopted(), current_ct).apply(points)
    np.testing.assert_allclose(found, points @ MOVED[:3, :3].T + MOVED[:3, 3], rtol=0.0, atol=1e-9)


def test_a_displacement_grid_is_taken_over_vector_by_vector(scene: Loaded, current_ct: Image) -> None:
    grid = current_ct.geometry
    coarse = Geometry(grid.origin_mm, (12.0, 12.0, 15.0), grid.direction, (12, 12, 10))
    vectors = np.random.default_rng(5).uniform(-4.0, 4.0, (*coarse.shape, 3)).astype(np.float32)
    given = SpatialTransform(FIXED, MOVING, (DisplacementGrid(coarse, vectors), Affine(MOVED)), "given")
    put_under(scene, transform_node(scene.rt.scene, given, "elastix"), "course1.ct", "course1.dose")
    points = points_in(grid)
    found = registered(scene.adopted(), current_ct).apply(points)
    expected = given.apply(points)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-5, equal_nan=True)
    assert np.isfinite(found).all(axis=1).sum() > 20, "the grid covers a part of the CT"


def test_a_warp_is_sampled_as_finely_as_its_curvature_demands(scene: Loaded, current_ct: Image) -> None:
    """Truth: the warp itself, point by point."""
    warp = warp_node(scene.rt.scene)
    put_under(scene, warp, "course1.ct", "course1.dose")
    points = points_in(current_ct.geometry)
    through = warp.GetTransformFromParent()
    expected = np.array([through.TransformPoint(point * (-1, -1, 1)) for point in points]) * (-1, -1, 1)
    found = registered(scene.adopted(), current_ct).apply(points)
    assert np.linalg.norm(expected - points, axis=1).max() > 2.0
    np.testing.assert_array_less(np.linalg.norm(found - expected, axis=1), 0.06)


@pytest.mark.parametrize("moved", ["course1.ct", "course1.dose"])
def test_a_transform_on_the_ct_or_the_dose_alone_holds_for_the_course_and_that_is_told(
    scene: Loaded, current_ct: Image, moved: str
) -> None:
    put_under(scene, linear_node(scene.rt.scene, MOVED), moved)
    found = scene.adopted()
    points = points_in(current_ct.geometry)
    np.testing.assert_allclose(
        registered(found, current_ct).apply(points), (points - MOVED[:3, 3]) @ MOVED[:3, :3], rtol=0.0, atol=1e-9
    )
    (remark,) = [one for one in found.draft.remarks if "taken along" in one]
    other = {"course1.ct", "course1.dose"} - {moved}
    assert scene.nodes[other.pop()].GetName() in remark


def test_ct_and_dose_under_different_transforms_are_refused(scene: Loaded) -> None:
    put_under(scene, linear_node(scene.rt.scene, MOVED), "course1.ct")
    put_under(scene, linear_node(scene.rt.scene, np.linalg.inv(MOVED)), "course1.dose")
    with pytest.raises(CaseError, match="stand under different transforms"):
        scene.adopted()


def test_a_transform_that_moves_nothing_is_none(scene: Loaded) -> None:
    put_under(scene, linear_node(scene.rt.scene, np.eye(4)), "course1.ct", "course1.dose")
    found = scene.adopted()
    (course,) = found.draft.case.prior_courses
    assert found.written == ()
    assert course.registration is not None
    assert course.registration.method is RegistrationMethod.IMAGES


def test_a_registration_object_is_read_from_its_file_though_slicerrt_applied_the_node(
    scene: Loaded, demo_folder: Path
) -> None:
    warp = warp_node(scene.rt.scene)
    scene.rt.load_registration(demo_folder / "course2" / "REG_deform.dcm", warp, scene.nodes["course1.ct"])
    found = scene.adopted()
    (course,) = found.draft.case.prior_courses
    assert course.registration is not None
    assert course.registration.method is RegistrationMethod.DICOM
    assert course.registration.file == demo_folder / "course2" / "REG_deform.dcm"
    assert found.courses[1].transform_id == warp.GetID()
    assert any("the object is used, not the node" in one for one in found.draft.remarks)
    correction = linear_node(scene.rt.scene, MOVED)
    warp.SetAndObserveTransformNodeID(correction.GetID())
    with pytest.raises(CaseError, match="of which 1 came from a registration object"):
        scene.adopted()


def test_what_the_user_placed_by_hand_counts_before_a_registration_object_beside_it(
    scene: Loaded, current_ct: Image, demo_folder: Path
) -> None:
    unused = scene.rt.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "REG")
    scene.rt.load_registration(demo_folder / "course2" / "REG_rigid.dcm", unused)
    put_under(scene, linear_node(scene.rt.scene, MOVED), "course1.ct", "course1.dose")
    found = scene.adopted()
    registered(found, current_ct)
    assert any("REG_rigid.dcm is therefore not used" in one for one in found.draft.remarks)


def test_a_registration_object_without_its_file_is_refused(scene: Loaded, demo_folder: Path) -> None:
    node = scene.rt.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "REG")
    scene.rt.load_registration(demo_folder / "course2" / "REG_rigid.dcm", node)
    scene.rt.files = {uid: path for uid, path in scene.rt.files.items() if path.name != "REG_rigid.dcm"}
    with pytest.raises(DicomError, match="node 'REG': no file of its instance"):
        scene.adopted()


def test_an_empty_or_mirroring_transform_is_refused(scene: Loaded) -> None:
    mirror = scene.rt.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "mirror")
    mirror.SetMatrixTransformToParent(vtk_matrix(np.diag([-1.0, 1.0, 1.0, 1.0])))
    put_under(scene, mirror, "course1.ct", "course1.dose")
    with pytest.raises(GeometryError, match="not mirror"):
        scene.adopted()
    empty = scene.rt.scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "empty")
    empty.SetAndObserveTransformFromParent(vtk.vtkGridTransform())
    put_under(scene, empty, "course1.ct", "course1.dose")
    with pytest.raises(GeometryError, match=r"Prior CT.*is empty"):
        scene.adopted()


def test_the_same_transform_is_written_once(scene: Loaded) -> None:
    put_under(scene, linear_node(scene.rt.scene, MOVED), "course1.ct", "course1.dose")
    assert scene.adopted().written == scene.adopted().written
    assert len(list(scene.folder.iterdir())) == 1


numbers = st.floats(-300.0, 300.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(numbers, min_size=6, max_size=6), st.booleans(), st.booleans())
def test_a_transform_file_holds_what_was_written(values: list[float], has_grid: bool, has_unknown: bool) -> None:
    import tempfile

    rng = np.random.default_rng(int(abs(values[0])))
    geometry = Geometry((values[3], values[4], values[5]), (5.0, 6.0, 7.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), (6, 5, 4))
    vectors = rng.uniform(-9.0, 9.0, (*geometry.shape, 3)).astype(np.float32)
    if has_unknown:
        vectors[0, 0, 0] = np.nan
    turn = (values[0] / 600.0, values[1] / 600.0, values[2] / 600.0)
    affine = Affine(motion(turn, (values[3], values[4], values[5])))
    steps = (DisplacementGrid(geometry, vectors), affine) if has_grid else (affine,)
    given_transform = SpatialTransform(FIXED, MOVING, steps, "given")
    points = geometry.to_lps(rng.uniform(0.0, 3.0, (40, 3)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.h5"
        write_transform_file(path, given_transform)
        found = read_transform_file(path, FIXED, MOVING, geometry)
    np.testing.assert_allclose(found.apply(points), given_transform.apply(points), rtol=0.0, atol=1e-9, equal_nan=True)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_pixel_edges_enclose_the_pixels_exactly(data: st.DataObject) -> None:
    """Truth: even–odd filling at the pixel centres gives the mask, and the polygons' area is the number of pixels."""
    nj, ni = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    flat = data.draw(st.lists(st.booleans(), min_size=nj * ni, max_size=nj * ni))
    mask = np.array(flat).reshape(nj, ni)
    polygons = pixel_edges(mask)
    signed = [float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2.0 for x, y in (polygon.T for polygon in polygons)]
    assert sum(signed) == mask.sum()
    filled = fill_planes([polygons], np.zeros(2), np.ones(2), (ni, nj))[0] if polygons else np.zeros_like(mask)
    np.testing.assert_array_equal(filled, mask)
    for polygon in polygons:
        steps = np.roll(polygon, -1, axis=0) - polygon
        assert ((steps == 0.0).sum(axis=1) == 1).all(), "corners only, along the axes"
