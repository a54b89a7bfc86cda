"""A scene that SlicerRT loaded becomes a case of the files behind its nodes; what was changed is written, or refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid
from ReirradiationLib.dicom.scan.draft import draft_case
from ReirradiationLib.dicom.scan.draft_structures import NamingTables, load_naming_tables
from ReirradiationLib.dicom.scan.scan import scan
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.case_file import case_to_json
from ReirradiationLib.model.errors import CaseError, DicomError, GeometryError, OutputError
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.loaded_nodes import loaded_nodes
from ReirradiationLib.mrml.node_reader import MrmlNodeReader
from ReirradiationLib.mrml.segment_reading import structure_from_segment
from ReirradiationLib.scene_adoption import Adoption, adopt_scene
from slicerrt_nodes import SlicerRt, contour_lines, load_demo, scene_state
from test_slicerrt_nodes import linear_node, warp_node
from vtk.util.numpy_support import vtk_to_numpy


@dataclass
class Loaded:
    """A scene with both courses of the demo, and where its case goes."""

    rt: SlicerRt
    nodes: dict[str, Any]
    folder: Path
    naming: NamingTables

    def adopted(self) -> Adoption:
        """The scene as a case; the scene must be as it was."""
        before = scene_state(self.rt.scene)
        loaded, reader = loaded_nodes(self.rt.scene), MrmlNodeReader(self.rt.scene)
        try:
            return adopt_scene(loaded, reader, self.rt.file_of_instance, self.folder / "case.json", self.naming)
        finally:
            after = scene_state(self.rt.scene)
            touched = [node_id for node_id in after[1] if after[1][node_id] != before[1].get(node_id)]
            assert (touched, after[0]) == ([], before[0]), "the user's scene was changed"

    def told(self, word: str) -> str:
        """The only remark with a word in it."""
        (remark,) = [one for one in self.adopted().draft.remarks if word in one]
        return remark


@pytest.fixture(scope="module")
def naming() -> NamingTables:
    return load_naming_tables(default_protocol_folder())


@pytest.fixture
def scene(tmp_path: Path, demo_folder: Path, naming: NamingTables) -> Iterator[Loaded]:
    with HeadlessApplication() as application:
        rt = SlicerRt(application.scene)
        nodes = load_demo(rt, demo_folder)
        nodes["course2.registration"] = rt.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "REG")
        rt.load_registration(demo_folder / "course2" / "REG_deform.dcm", nodes["course2.registration"])
        yield Loaded(rt, nodes, tmp_path, naming)


def test_the_demo_gives_the_case_that_its_folder_gives(scene: Loaded, demo_folder: Path) -> None:
    """The same case, so the same evaluation: a run knows nothing but the case and the files it names."""
    found = scene.adopted()
    from_folder = draft_case(scan([demo_folder]), scene.folder / "case.json", None, scene.naming)
    assert found.draft.case == from_folder.case
    assert case_to_json(found.draft.case) == case_to_json(from_folder.case)
    assert found.draft.remarks == from_folder.remarks
    assert found.written == ()
    assert list(scene.folder.iterdir()) == []


def test_it_is_told_which_node_belongs_to_which_course(scene: Loaded) -> None:
    new, prior = scene.adopted().courses
    identifier = {name: node.GetID() for name, node in scene.nodes.items()}
    assert (new.identifier, prior.identifier) == ("new", "course1")
    for course, name in ((prior, "course1"), (new, "course2")):
        assert course.ct_id == identifier[f"{name}.ct"]
        assert course.dose_ids == (identifier[f"{name}.dose"],)
        assert course.structures_id == identifier[f"{name}.structures"]
        assert course.plan_id == identifier[f"{name}.plan"]
    assert prior.transform_id == identifier["course2.registration"]
    assert new.transform_id == ""


def test_plans_and_cts_that_are_not_loaded_come_from_the_database(scene: Loaded) -> None:
    complete = scene.adopted()
    for name in ("course1.plan", "course2.plan", "course1.ct", "course1.structures", "course2.ct"):
        scene.rt.scene.RemoveNode(scene.nodes[name])
    found = scene.adopted()
    assert found.draft.case == complete.draft.case
    assert found.courses[0].ct_id == found.courses[1].ct_id == ""


def test_without_its_plan_in_the_database_a_dose_is_left_out_and_that_is_told(scene: Loaded, demo_folder: Path) -> None:
    scene.rt.scene.RemoveNode(scene.nodes["course1.plan"])
    del scene.rt.files[str(dcmread(demo_folder / "course1" / "RP.dcm").SOPInstanceUID)]
    found = scene.adopted()
    assert found.draft.case.prior_courses == ()
    assert any("course 1 has no plan with a dose" in remark for remark in found.draft.remarks)


@pytest.mark.parametrize("name", ["ct", "dose", "structures", "plan"])
def test_a_node_without_its_file_is_refused_by_name_and_uid(scene: Loaded, name: str) -> None:
    node = scene.nodes[f"course1.{name}"]
    loaded = loaded_nodes(scene.rt.scene)
    (held,) = [one for one in (*loaded.cts, *loaded.doses, *loaded.structures, *loaded.plans) if one.node_id == node.GetID()]
    uid = held.instance_uids[0]
    del scene.rt.files[uid]
    with pytest.raises(DicomError) as refusal:
        scene.adopted()
    assert node.GetName() in str(refusal.value)
    assert uid in str(refusal.value)
    assert "Import its study" in refusal.value.remedy


def test_a_file_that_was_replaced_by_another_object_is_refused(scene: Loaded, demo_folder: Path) -> None:
    uid = str(dcmread(demo_folder / "course1" / "RD.dcm", stop_before_pixels=True).SOPInstanceUID)
    scene.rt.files[uid] = demo_folder / "course2" / "RD.dcm"
    with pytest.raises(DicomError, match=r"it holds the instance .*expected " + uid.replace(".", r"\.")):
        scene.adopted()


def test_a_scene_without_records_and_a_folder_that_is_not_there_are_refused(scene: Loaded) -> None:
    elsewhere = Loaded(scene.rt, scene.nodes, scene.folder / "absent", scene.naming)
    with pytest.raises(OutputError, match="no such folder"):
        elsewhere.adopted()
    for node in scene.nodes.values():
        node.SetAttribute("SlicerReirradiation.Result", "1")
    with pytest.raises(CaseError, match="neither a CT nor a dose"):
        scene.adopted()


def test_two_doses_of_a_plan_stay_a_choice(scene: Loaded, demo_folder: Path, tmp_path: Path) -> None:
    dataset = dcmread(demo_folder / "course1" / "RD.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["second"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["second series"])
    dataset.DoseGridScaling = str(float(dataset.DoseGridScaling) * 2.0)
    second = tmp_path / "second.dcm"
    dataset.save_as(second)
    node = scene.rt.load_dose(second)
    found = scene.adopted()
    (course,) = found.draft.case.prior_courses
    assert str(course.dose[0]).startswith("CHOOSE ONE OF: ")
    assert found.courses[1].dose_ids == (scene.nodes["course1.dose"].GetID(), node.GetID())


def test_doses_of_one_series_whose_uids_slicerrt_mixes_up_are_refused(
    scene: Loaded, demo_folder: Path, tmp_path: Path
) -> None:
    """It looks for the item by the series, and so gives the first dose the UID of the second."""
    dataset = dcmread(demo_folder / "course1" / "RD.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["beam 2"])
    dataset.DoseGridScaling = str(float(dataset.DoseGridScaling) * 0.5)
    dataset.save_as(tmp_path / "beam2.dcm")
    second = scene.rt.load_dose(tmp_path / "beam2.dcm")
    (left_out,) = loaded_nodes(scene.rt.scene).left_out
    assert left_out.node_id == second.GetID()
    with pytest.raises(CaseError, match="its voxels differ from those of beam2"):
        scene.adopted()


def test_changed_dose_voxels_are_refused(scene: Loaded) -> None:
    node = scene.nodes["course1.dose"]
    values = vtk_to_numpy(node.GetImageData().GetPointData().GetScalars())
    values[np.argmax(values)] *= np.float32(1.0001)
    with pytest.raises(CaseError, match=r"RTDOSE.*voxels differ from those of RD.dcm by up to .* Gy"):
        scene.adopted()
    segmentation(scene).RemoveSegment(segment_id(scene, "liver"))
    with pytest.raises(CaseError, match="voxels differ"):
        scene.adopted()
    assert list(scene.folder.iterdir()) == [], "what was written before the refusal is taken back"


def test_another_grid_than_that_of_the_file_is_refused(scene: Loaded) -> None:
    dose, ct = scene.nodes["course1.dose"], scene.nodes["course2.ct"]
    origin = dose.GetOrigin()
    dose.SetOrigin(origin[0] + 0.2, *origin[1:])
    with pytest.raises(CaseError, match=r"its grid is not that of RD\.dcm"):
        scene.adopted()
    dose.SetOrigin(origin)
    ct.SetSpacing(*(1.01 * value for value in ct.GetSpacing()))
    with pytest.raises(CaseError, match="its grid is not that of its slices"):
        scene.adopted()


def test_a_ct_of_which_some_slices_are_loaded_is_refused(scene: Loaded, demo_folder: Path, tmp_path: Path) -> None:
    scene.rt.scene.RemoveNode(scene.nodes["course1.ct"])
    part = tmp_path / "part"
    part.mkdir()
    for number in range(30):
        (part / f"{number}.dcm").symlink_to(demo_folder / "course1" / "CT" / f"CT.{number:03}.dcm")
    scene.rt.load_ct(part)
    with pytest.raises(CaseError, match="slices of a series of 50"):
        scene.adopted()


def test_uneven_slices_under_slicer_s_regularization_are_refused(scene: Loaded, demo_folder: Path, tmp_path: Path) -> None:
    scene.rt.scene.RemoveNode(scene.nodes["course1.ct"])
    uneven = tmp_path / "uneven"
    shutil.copytree(demo_folder / "course1" / "CT", uneven)
    (uneven / "CT.020.dcm").unlink()
    node = scene.rt.load_ct(uneven)
    warp = warp_node(scene.rt.scene)
    node.SetAndObserveTransformNodeID(warp.GetID())
    with pytest.raises(DicomError, match=r"Prior CT'.*\[ct.uneven\]"):
        scene.adopted()


def test_a_ct_beside_another_one_is_named_by_its_series(scene: Loaded, demo_folder: Path, tmp_path: Path) -> None:
    for name in ("course1.ct", "course2.ct"):
        scene.rt.scene.RemoveNode(scene.nodes[name])
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for course in ("course1", "course2"):
        for path in (demo_folder / course / "CT").iterdir():
            shutil.copy(path, mixed / f"{course}.{path.name}")
    folders = [tmp_path / course for course in ("course1", "course2")]
    for folder in folders:
        folder.mkdir()
        for path in mixed.glob(f"{folder.name}*"):
            (folder / path.name).symlink_to(path)
        scene.rt.load_ct(folder)
    found = scene.adopted()
    cts = {one.node_id: one for one in loaded_nodes(scene.rt.scene).cts}
    case = found.draft.case
    assert case.current.ct == case.prior_courses[0].ct == mixed
    assert case.current.ct_series == cts[found.courses[0].ct_id].series_uid
    assert case.prior_courses[0].ct_series == cts[found.courses[1].ct_id].series_uid


# ----- structures that are not what their file says


def segmentation(scene: Loaded) -> Any:
    return scene.nodes["course2.structures"].GetSegmentation()


def segment_id(scene: Loaded, name: str) -> str:
    return str(segmentation(scene).GetSegmentIdBySegmentName(name))


def written(found: Adoption) -> Any:
    (path,) = found.written
    assert found.draft.case.current.structures == path
    return read_structures(path)


def test_edited_contours_are_written_and_all_others_stay_as_they_were(scene: Loaded, demo_folder: Path) -> None:
    original = read_structures(demo_folder / "course2" / "RS.dcm")
    cord = original.find("spinal_cord")
    shrunk = [0.9 * (loop - loop.mean(axis=0)) + loop.mean(axis=0) for loop in cord.contours_mm]
    segment = segmentation(scene).GetSegment(segment_id(scene, "spinal_cord"))
    segment.AddRepresentation("Planar contour", contour_lines([loop.ravel() for loop in shrunk]))
    found = scene.adopted()
    new = written(found)
    assert new.names() == tuple(one.name for one in original.structures)
    for before, after in zip(original.structures, new.structures, strict=True):
        assert (after.number, after.colour, after.interpreted_type) == (
            before.number,
            before.colour,
            before.interpreted_type,
        )
        expected, tolerance = (shrunk, 1e-4) if after.name == "spinal_cord" else (before.contours_mm, 0.0)
        for loop, other in zip(after.contours_mm, expected, strict=True):
            np.testing.assert_allclose(loop, other, rtol=0.0, atol=tolerance)
    assert new.referenced_slice_uids == original.referenced_slice_uids
    assert new.frame_uid == original.frame_uid
    (remark,) = [one for one in found.draft.remarks if "is not what RS.dcm says" in one]
    assert "the contours of 'spinal_cord' were changed." in remark
    assert "liver" not in remark


def test_contours_of_more_digits_than_single_precision_holds_are_those_of_the_file(
    scene: Loaded, demo_folder: Path, tmp_path: Path
) -> None:
    dataset = dcmread(demo_folder / "course2" / "RS.dcm")
    for contour in (each for region in dataset.ROIContourSequence for each in region.get("ContourSequence", [])):
        contour.ContourData = [f"{float(value) + np.pi / 70.0:.11f}" for value in contour.ContourData]
    long = tmp_path / "long.dcm"
    dataset.save_as(long)
    scene.rt.scene.RemoveNode(scene.nodes["course2.structures"])
    node = scene.rt.load_structures(long)
    assert read_structures(long).find("liver").contours_mm[0][0, 0] != pytest.approx(
        structure_from_segment(node, node.GetSegmentation().GetSegmentIdBySegmentName("liver")).contours_mm[0][0, 0],
        abs=1e-9,
    )
    found = scene.adopted()
    assert found.written == ()
    assert found.draft.case.current.structures == long


def test_the_same_edit_gives_the_same_file_once(scene: Loaded) -> None:
    segmentation(scene).RemoveSegment(segment_id(scene, "liver"))
    first = scene.adopted()
    content = first.written[0].read_bytes()
    assert scene.adopted().written == first.written
    first.written[0].unlink()
    assert scene.adopted().written == first.written
    assert first.written[0].read_bytes() == content
    assert [path.suffix for path in scene.folder.iterdir()] == [".dcm"]


def test_removed_renamed_added_and_empty_segments_are_told(scene: Loaded) -> None:
    import slicer

    segmentation(scene).RemoveSegment(segment_id(scene, "liver"))
    segmentation(scene).GetSegment(segment_id(scene, "spinal_cord")).SetName("Rückenmark")
    add_blank(scene, "to be drawn")
    copy = slicer.vtkSegment()
    copy.DeepCopy(segmentation(scene).GetSegment(segment_id(scene, "stomach")))
    copy.SetName("stomach of last year")
    segmentation(scene).AddSegment(copy)
    found = scene.adopted()
    names = written(found).names()
    assert "liver" not in names
    assert {"Rückenmark", "stomach", "stomach of last year"} <= set(names)
    assert [choice.name for choice in found.draft.case.structures].count("Rückenmark") == 1
    (remark,) = [one for one in found.draft.remarks if "is not what RS.dcm says" in one]
    for change in ("'liver' was removed", "'spinal_cord' was renamed to 'Rückenmark'", "'stomach of last year' was added"):
        assert change in remark
    assert any("nothing is drawn in 'to be drawn'" in one for one in found.draft.remarks)


def add_blank(scene: Loaded, name: str) -> None:
    """As "Add" in the segment editor: with an empty source representation, which in Slicer a conversion rule makes."""
    import slicer
    import vtk

    blank = slicer.vtkSegment()
    blank.SetName(name)
    blank.AddRepresentation("Planar contour", vtk.vtkPolyData())
    assert segmentation(scene).AddSegment(blank)


def test_a_structure_set_with_an_empty_segment_more_is_still_what_its_file_says(scene: Loaded) -> None:
    add_blank(scene, "to be drawn")
    found = scene.adopted()
    assert found.written == ()
    assert any("nothing is drawn in 'to be drawn'" in one for one in found.draft.remarks)


def test_structures_under_a_linear_transform_are_moved_exactly(scene: Loaded, demo_folder: Path) -> None:
    """Truth: the matrix, by numpy, on the contours of the file; oblique to the slices and between them."""
    turn = np.radians(4.0)
    matrix = np.eye(4)
    matrix[:3, :3] = [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    matrix[:3, 3] = (2.0, -3.0, 1.3)
    scene.nodes["course2.structures"].SetAndObserveTransformNodeID(linear_node(scene.rt.scene, matrix).GetID())
    found = scene.adopted()
    original = read_structures(demo_folder / "course2" / "RS.dcm")
    for before, after in zip(original.structures, written(found).structures, strict=True):
        for loop, other in zip(after.contours_mm, before.contours_mm, strict=True):
            np.testing.assert_allclose(loop, other @ matrix[:3, :3].T + matrix[:3, 3], rtol=0.0, atol=1e-9)
    assert any("all of it is moved by the linear transform" in one for one in found.draft.remarks)


def test_structures_that_move_with_their_ct_are_what_their_file_says(scene: Loaded) -> None:
    matrix = np.eye(4)
    matrix[:3, 3] = (20.0, 0.0, -7.0)
    parent = linear_node(scene.rt.scene, matrix)
    for name in ("ct", "structures", "dose"):
        scene.nodes[f"course2.{name}"].SetAndObserveTransformNodeID(parent.GetID())
        scene.nodes[f"course1.{name}"].SetAndObserveTransformNodeID(parent.GetID())
    assert scene.adopted().written == ()


def test_structures_under_a_warp_are_refused(scene: Loaded) -> None:
    scene.nodes["course2.structures"].SetAndObserveTransformNodeID(warp_node(scene.rt.scene).GetID())
    with pytest.raises(GeometryError, match="'warp', which is not linear"):
        scene.adopted()


def test_the_new_plan_s_dose_must_lie_as_the_ct_does(scene: Loaded) -> None:
    scene.nodes["course2.dose"].SetAndObserveTransformNodeID(
        linear_node(scene.rt.scene, np.diag([1.0, 1.0, 1.0, 1.0])).GetID()
    )
    assert scene.adopted().written == ()
    matrix = np.eye(4)
    matrix[2, 3] = 0.5
    scene.nodes["course2.dose"].SetAndObserveTransformNodeID(linear_node(scene.rt.scene, matrix).GetID())
    with pytest.raises(CaseError, match="it does not lie as the current CT does"):
        scene.adopted()


def as_labelmaps(scene: Loaded, current_ct: Image) -> Any:
    """What the segment editor makes of it: binary labelmaps on the grid of the CT, drawn here by the library's own masks."""
    from ReirradiationLib.dosimetry.masks import structure_mask
    from ReirradiationLib.model.scene import SceneStructure
    from ReirradiationLib.mrml.segmentation_node import segmentation_node

    node = scene.nodes["course2.structures"]
    drawn = MrmlNodeReader(scene.rt.scene).structures(node.GetID(), "")
    grid = current_ct.geometry
    masks = [SceneStructure(one.name, one.colour, structure_mask(one, grid, grid), grid) for one in drawn]
    other = segmentation_node(scene.rt.scene, tuple(masks), "other")
    node.GetSegmentation().DeepCopy(other.GetSegmentation())
    scene.rt.scene.RemoveNode(other)
    return node


def test_labelmaps_become_the_edges_of_their_voxels(scene: Loaded, current_ct: Image) -> None:
    node = as_labelmaps(scene, current_ct)
    found = scene.adopted()
    structures = written(found)
    assert any("'liver' is held as a labelmap, no longer as contours" in one for one in found.draft.remarks)
    for structure in structures.structures:
        identifier = node.GetSegmentation().GetSegmentIdBySegmentName(structure.name)
        drawn = structure_from_segment(node, identifier)
        counted_cc = np.count_nonzero(drawn.mask) * current_ct.geometry.voxel_volume_cc
        assert structure_samples(drawn, current_ct.geometry).volume_cc == pytest.approx(counted_cc, rel=1e-6)
        by_slice = sum(abs(area_of(loop)) if turns_left(loop) else -abs(area_of(loop)) for loop in structure.contours_mm)
        assert by_slice * current_ct.geometry.spacing_mm[2] / 1000.0 == pytest.approx(counted_cc, rel=1e-9)
        assert structure_samples(structure, current_ct.geometry).volume_cc == pytest.approx(counted_cc, rel=0.03)


def area_of(loop: np.ndarray) -> float:
    x, y = loop[:, 0], loop[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2.0


def turns_left(loop: np.ndarray) -> bool:
    return area_of(loop) > 0.0


def test_closed_surfaces_are_cut_as_they_are_for_evaluation(scene: Loaded, current_ct: Image) -> None:
    node = as_labelmaps(scene, current_ct)
    assert node.CreateClosedSurfaceRepresentation()
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    found = scene.adopted()
    assert any("'liver' is held as a closed surface" in one for one in found.draft.remarks)
    for structure in written(found).structures:
        identifier = node.GetSegmentation().GetSegmentIdBySegmentName(structure.name)
        drawn = structure_samples(structure_from_segment(node, identifier), current_ct.geometry)
        assert structure_samples(structure, current_ct.geometry).volume_cc == pytest.approx(drawn.volume_cc, rel=1e-4)


def test_what_was_drawn_on_the_ct_stands_in_for_a_structure_set(scene: Loaded, current_ct: Image) -> None:
    from ReirradiationLib.model.scene import SceneStructure
    from ReirradiationLib.mrml.segmentation_node import segmentation_node

    mask = np.zeros(current_ct.geometry.shape, dtype=bool)
    mask[10:20, 40:60, 50:70] = True
    node = segmentation_node(
        scene.rt.scene, (SceneStructure("spinal_cord", (255, 0, 0), mask, current_ct.geometry),), "by hand"
    )
    node.SetReferenceImageGeometryParameterFromVolumeNode(scene.nodes["course2.ct"])
    assert "'by hand' did not come from an RTSTRUCT: left out" in scene.told("by hand")
    scene.rt.scene.RemoveNode(scene.nodes["course2.structures"])
    uid = next(uid for uid, path in scene.rt.files.items() if path.name == "RS.dcm" and path.parent.name == "course2")
    del scene.rt.files[uid]
    found = scene.adopted()
    structure = written(found).find("spinal_cord")
    volume_cc = mask.sum() * current_ct.geometry.voxel_volume_cc
    assert structure_samples(structure, current_ct.geometry).volume_cc == pytest.approx(volume_cc, rel=2e-4)
    assert found.courses[0].structures_id == node.GetID()
    assert found.courses[0].dose_ids == (scene.nodes["course2.dose"].GetID(),)
    second = segmentation_node(
        scene.rt.scene, (SceneStructure("kidney", (255, 0, 0), mask, current_ct.geometry),), "by another hand"
    )
    second.SetReferenceImageGeometryParameterFromVolumeNode(scene.nodes["course2.ct"])
    with pytest.raises(CaseError, match="several segmentations were drawn on its CT: 'by hand', 'by another hand'"):
        scene.adopted()
