"""Scenes that look right and would give a wrong case: each is refused, or told in a remark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid
from ReirradiationLib.dicom.scan.draft_structures import NamingTables, load_naming_tables
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.errors import Cancelled, CaseError, DosimetryError, GeometryError, OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.model.registration import RegistrationMethod
from ReirradiationLib.model.scene import SceneStructure
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.loaded_nodes import loaded_nodes
from ReirradiationLib.mrml.node_reader import MrmlNodeReader
from ReirradiationLib.mrml.result_nodes import NodeKind, ResultMark, mark_result, remove_results
from ReirradiationLib.mrml.segmentation_node import segmentation_node
from ReirradiationLib.mrml.transform_nodes import transform_node
from ReirradiationLib.registration.transform_file import read_transform_file
from ReirradiationLib.registration.transform_writer import write_transform_file
from ReirradiationLib.scene_adoption import adopt_scene
from slicerrt_nodes import SlicerRt, load_demo
from test_mrml_adoption import Loaded
from test_mrml_adoption_transforms import FIXED, MOVED, MOVING, put_under
from test_slicerrt_nodes import linear_node
from vtk.util.numpy_support import vtk_to_numpy


@pytest.fixture(scope="module")
def naming() -> NamingTables:
    return load_naming_tables(default_protocol_folder())


@pytest.fixture
def scene(tmp_path: Path, demo_folder: Path, naming: NamingTables) -> Iterator[Loaded]:
    with HeadlessApplication() as application:
        rt = SlicerRt(application.scene)
        yield Loaded(rt, load_demo(rt, demo_folder), tmp_path, naming)


def test_a_prior_ct_aligned_by_landmarks_takes_current_landmarks_to_prior_ones(
    scene: Loaded, current_ct: Image, landmarks: tuple[np.ndarray, np.ndarray]
) -> None:
    """Truth: the landmarks of the demo and the rigid fit of them by Kabsch; the other direction is centimetres off."""
    current, prior = landmarks
    u, _, v = np.linalg.svd((current - current.mean(axis=0)).T @ (prior - prior.mean(axis=0)))
    onto_current = np.eye(4)
    onto_current[:3, :3] = u @ np.diag([1.0, 1.0, np.linalg.det(u @ v)]) @ v
    onto_current[:3, 3] = current.mean(axis=0) - onto_current[:3, :3] @ prior.mean(axis=0)
    fitted_mm = np.linalg.norm(prior @ onto_current[:3, :3].T + onto_current[:3, 3] - current, axis=1)
    put_under(scene, linear_node(scene.rt.scene, onto_current), "course1.ct", "course1.dose")
    (path,) = scene.adopted().written
    found = read_transform_file(path, FIXED, MOVING, current_ct.geometry)
    np.testing.assert_allclose(np.linalg.norm(found.apply(current) - prior, axis=1), fitted_mm, atol=1e-6)
    wrong_mm = np.linalg.norm(current @ onto_current[:3, :3].T + onto_current[:3, 3] - prior, axis=1)
    assert np.median(fitted_mm) < 10.0 < np.median(wrong_mm)


def test_a_copy_of_a_ct_at_another_place_is_refused(scene: Loaded) -> None:
    """A copy keeps the UIDs: only one of the two can say where the course lies."""
    import slicer

    clone = slicer.vtkSlicerVolumesLogic.CloneVolume(scene.rt.scene, scene.nodes["course1.ct"], "copy")
    assert scene.adopted().written == ()
    clone.SetAndObserveTransformNodeID(linear_node(scene.rt.scene, MOVED).GetID())
    with pytest.raises(CaseError, match="node 'copy': it shows the same slices as node '1: Prior CT', at another place"):
        scene.adopted()


def test_changed_ct_voxels_are_told_for_the_files_are_used(scene: Loaded) -> None:
    for name in ("course1.ct", "course2.ct"):
        vtk_to_numpy(scene.nodes[name].GetImageData().GetPointData().GetScalars())[1000:1003] = 3000
    told = [one for one in scene.adopted().draft.remarks if "the files are used, not the node" in one]
    assert len(told) == 2
    assert all("3 of its voxels differ from its slices" in one for one in told)


@pytest.mark.parametrize("broken", [np.diag([1.0, 1.0, 0.0, 1.0]), np.diag([1.0, np.nan, 1.0, 1.0])])
def test_a_matrix_that_cannot_be_inverted_is_refused_and_not_taken_for_none(scene: Loaded, broken: np.ndarray) -> None:
    """VTK gives the identity for its inverse."""
    put_under(scene, linear_node(scene.rt.scene, broken), "course1.ct", "course1.dose")
    with pytest.raises(GeometryError, match="'moved': its matrix cannot be inverted"):
        scene.adopted()


def displacement(current_ct: Image, unknown: int) -> SpatialTransform:
    grid = Geometry(current_ct.geometry.origin_mm, (30.0, 30.0, 30.0), current_ct.geometry.direction, (13, 11, 6))
    vectors = np.full((*grid.shape, 3), 2.0, dtype=np.float32)
    vectors[0, 0, :unknown] = np.nan
    return SpatialTransform(FIXED, MOVING, (DisplacementGrid(grid, vectors),), "ours")


@pytest.mark.parametrize("is_result", [True, False], ids=["a result", "a former one"])
def test_our_own_registration_with_unknown_displacements_is_not_read_back_as_known_ones(
    scene: Loaded, current_ct: Image, is_result: bool
) -> None:
    node = transform_node(scene.rt.scene, displacement(current_ct, 3), "Registration of Course 1")
    mark_result(node, ResultMark(NodeKind.REGISTRATION, "case", "course1"))
    put_under(scene, node, "course1.ct", "course1.dose")
    if not is_result:
        assert remove_results(scene.rt.scene) == ("Registration of Course 1 (former)",)
    with pytest.raises(GeometryError, match=r"3 grid points of 'Registration of Course 1.*' have no known displacement"):
        scene.adopted()


def test_data_of_the_user_under_our_own_registration_are_registered_by_it_and_it_is_named(
    scene: Loaded, current_ct: Image
) -> None:
    node = transform_node(scene.rt.scene, displacement(current_ct, 0), "Registration of Course 1")
    mark_result(node, ResultMark(NodeKind.REGISTRATION, "case", "course1"))
    put_under(scene, node, "course1.ct", "course1.dose")
    assert "the transform 'Registration of Course 1' that" in scene.told("is its registration")
    assert scene.adopted().courses[1].transform_id == node.GetID()


def test_a_registration_object_that_the_case_does_not_use_is_not_said_to_be_used(scene: Loaded, demo_folder: Path) -> None:
    """SlicerRT puts the CT under the rigid object; the draft takes the deformable one."""
    rigid = linear_node(scene.rt.scene, MOVED)
    scene.rt.load_registration(demo_folder / "course2" / "REG_rigid.dcm", rigid, scene.nodes["course1.ct"])
    other = scene.rt.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "deformable")
    scene.rt.load_registration(demo_folder / "course2" / "REG_deform.dcm", other)
    found = scene.adopted()
    (remark,) = [one for one in found.draft.remarks if "registration object" in one]
    assert "shown under 'moved' from a registration object, but the case registers it by REG_deform.dcm" in remark
    assert found.courses[1].transform_id == other.GetID()


def test_a_current_ct_that_was_moved_away_from_its_structures_is_refused(scene: Loaded, demo_folder: Path) -> None:
    """SlicerRT puts the CT that a registration object moves under it, and nothing else of its study."""
    scene.rt.scene.RemoveNode(scene.nodes["course2.dose"])
    node = linear_node(scene.rt.scene, MOVED)
    scene.rt.load_registration(demo_folder / "course2" / "REG_rigid.dcm", node, scene.nodes["course2.ct"])
    with pytest.raises(CaseError, match="it does not stand under 'moved', as the current CT does"):
        scene.adopted()
    put_under(scene, node, "course2.structures")
    found = scene.adopted()
    assert found.written == ()
    (course,) = found.draft.case.prior_courses
    assert course.registration is not None
    assert course.registration.method is RegistrationMethod.DICOM


def test_beam_doses_of_a_plan_at_different_places_are_refused(scene: Loaded, demo_folder: Path, tmp_path: Path) -> None:
    scene.rt.scene.RemoveNode(scene.nodes["course1.dose"])
    beams = []
    for beam in ("beam1", "beam2"):
        dataset = dcmread(demo_folder / "course1" / "RD.dcm")
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[beam])
        dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[beam, "series"])
        dataset.DoseSummationType = "BEAM"
        dataset.save_as(tmp_path / f"{beam}.dcm")
        beams.append(scene.rt.load_dose(tmp_path / f"{beam}.dcm"))
    assert len(scene.adopted().courses[1].dose_ids) == 2
    beams[1].SetAndObserveTransformNodeID(linear_node(scene.rt.scene, MOVED).GetID())
    with pytest.raises(CaseError, match="stand under different transforms"):
        scene.adopted()


def test_what_lies_where_nothing_of_the_case_is_is_told(scene: Loaded) -> None:
    parent = linear_node(scene.rt.scene, MOVED)
    put_under(scene, parent, "course1.structures")
    assert scene.told("a transform that is not used").startswith("node 'RTSTRUCT: RS_C1'")
    put_under(scene, parent, "course1.ct", "course1.dose")
    assert [one for one in scene.adopted().draft.remarks if "a transform that is not used" in one] == []


# ----- labelmaps that contours cannot hold


def drawn_on(scene: Loaded, grid: Geometry, slices: Any) -> None:
    """The structure set holds one labelmap, drawn on some slices of a grid."""
    mask = np.zeros(grid.shape, dtype=bool)
    mask[slices, 40:60, 50:70] = True
    drawn = (SceneStructure("spinal_cord", (255, 0, 0), mask, grid),)
    other = segmentation_node(scene.rt.scene, drawn, "other")
    scene.nodes["course2.structures"].GetSegmentation().DeepCopy(other.GetSegmentation())
    scene.rt.scene.RemoveNode(other)


def finer(grid: Geometry) -> Geometry:
    ni, nj, nk = grid.size
    return replace(grid, spacing_mm=(*grid.spacing_mm[:2], grid.spacing_mm[2] / 3.0), size=(ni, nj, 3 * nk))


@pytest.mark.parametrize(
    ("grid_of", "slices"),
    [(lambda grid: grid, slice(10, 20, 2)), (finer, [10]), (lambda grid: grid, [10, 12, 14, 16, 17])],
    ids=["every second slice", "one of three slices in a CT slice", "some slices"],
)
def test_a_labelmap_whose_thickness_contours_cannot_tell_is_refused(
    scene: Loaded, current_ct: Image, grid_of: Callable[[Geometry], Geometry], slices: Any
) -> None:
    """Every second slice drawn would be evaluated as twice the volume."""
    drawn_on(scene, grid_of(current_ct.geometry), slices)
    with pytest.raises((CaseError, DosimetryError), match="as contours would count as"):
        scene.adopted()
    assert list(scene.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("grid_of", "slices"),
    [(lambda grid: grid, [10]), (finer, [10, 11]), (lambda grid: grid, [10, 11, 12, 20, 21, 22])],
    ids=["one slice of the CT", "two finer slices", "two parts"],
)
def test_a_labelmap_of_few_slices_keeps_its_volume(
    scene: Loaded, current_ct: Image, grid_of: Callable[[Geometry], Geometry], slices: list[int]
) -> None:
    grid = grid_of(current_ct.geometry)
    drawn_on(scene, grid, slices)
    (path,) = scene.adopted().written
    found_cc = structure_samples(read_structures(path).find("spinal_cord"), current_ct.geometry).volume_cc
    assert found_cc == pytest.approx(len(slices) * 400 * grid.voxel_volume_cc, rel=1e-4)


def test_segments_that_share_a_layer_are_read_no_larger_than_they_are(scene: Loaded, current_ct: Image) -> None:
    """Truth: the mask, also where the layer is as large as the CT; a case of 30 organs would not fit into memory else."""
    import slicer
    from ReirradiationLib.mrml.ras import ijk_to_ras, vtk_image, vtk_matrix

    labels = np.zeros(current_ct.geometry.shape, dtype=np.uint8)
    labels[10:13, 20:24, 30:35] = 1
    labels[30:33, 60:64, 70:75] = 2
    layer = vtk_image(labels, slicer.vtkOrientedImageData())
    layer.SetImageToWorldMatrix(vtk_matrix(ijk_to_ras(current_ct.geometry)))
    node = scene.rt.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "shared")
    node.GetSegmentation().SetSourceRepresentationName("Binary labelmap")
    for value in (1, 2):
        segment = slicer.vtkSegment()
        segment.SetName(f"organ {value}")
        segment.SetLabelValue(value)
        segment.AddRepresentation("Binary labelmap", layer)
        node.GetSegmentation().AddSegment(segment)
    for value, found in enumerate(MrmlNodeReader(scene.rt.scene).structures(node.GetID(), ""), start=1):
        assert found.mask.shape == (3, 4, 5)
        assert found.mask.all()
        k, j, i = np.argwhere(labels == value)[0]
        expected = current_ct.geometry.to_lps(np.array([[i, j, k]]))[0]
        np.testing.assert_allclose(found.geometry.origin_mm, expected, atol=1e-6)


# ----- files beside the case


def test_other_files_of_the_names_that_are_written_are_left_alone(scene: Loaded) -> None:
    segmentation = scene.nodes["course2.structures"].GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetSegmentIdBySegmentName("liver"))
    (path,) = scene.adopted().written
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="a file of that name holds other structures"):
        scene.adopted()
    assert path.read_bytes() == b"mine"


def test_a_transform_file_that_was_written_over_is_not_taken_for_the_one_of_the_scene(scene: Loaded) -> None:
    """As by "Save" in Slicer, after the file was loaded and moved."""
    put_under(scene, linear_node(scene.rt.scene, MOVED), "course1.ct", "course1.dose")
    (path,) = scene.adopted().written
    mine = path.read_bytes()
    found = scene.adopted()
    assert (found.written, found.fresh) == ((path,), ())
    assert path.read_bytes() == mine
    path.unlink()
    write_transform_file(path, SpatialTransform(FIXED, MOVING, (Affine(MOVED),), "the other way round"))
    with pytest.raises(OutputError, match="a file of that name holds another transform"):
        scene.adopted()


def test_cancelled_anywhere_it_leaves_no_file(scene: Loaded) -> None:
    segmentation = scene.nodes["course2.structures"].GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetSegmentIdBySegmentName("liver"))
    loaded, reader = loaded_nodes(scene.rt.scene), MrmlNodeReader(scene.rt.scene)

    def adopt(is_cancelled: Callable[[], bool]) -> None:
        file = scene.folder / "case.json"
        adopt_scene(loaded, reader, scene.rt.file_of_instance, file, scene.naming, None, is_cancelled)

    asked = [0]

    def stop_at(number: int) -> Callable[[], bool]:
        def count() -> bool:
            asked[0] += 1
            return asked[0] == number

        asked[0] = 0
        return count

    adopt(stop_at(0))
    (path,) = scene.folder.iterdir()
    path.unlink()
    most = asked[0]
    for number in (1, most - 1, most):
        with pytest.raises(Cancelled):
            adopt(stop_at(number))
        assert list(scene.folder.iterdir()) == []
