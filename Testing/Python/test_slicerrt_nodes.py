"""Nodes as SlicerRT makes them are recognised, and give the numbers that the files give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.adoption.node_files import files_behind
from ReirradiationLib.adoption.node_models import dose_of_node, image_of_node
from ReirradiationLib.dicom.records import Records, read_records
from ReirradiationLib.dicom.scan.ct_series import gather_series
from ReirradiationLib.dicom.scan.headers import CtHeader
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.errors import GeometryError
from ReirradiationLib.model.loaded import LoadedNode, LoadedNodes, Relation
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.loaded_nodes import loaded_nodes
from ReirradiationLib.mrml.node_reader import MrmlNodeReader
from ReirradiationLib.mrml.ras import FLIP, vtk_matrix
from ReirradiationLib.mrml.segment_reading import structure_from_segment
from ReirradiationLib.report.results import StructureResult
from ReirradiationLib.report.structure_metrics import metric_summaries, structure_sums
from ReirradiationLib.transfer import transfer
from scipy.spatial.transform import Rotation
from slicerrt_nodes import SlicerRt, contour_lines, load_demo
from synthetic import grid


@pytest.fixture
def rt() -> Iterator[SlicerRt]:
    with HeadlessApplication() as application:
        yield SlicerRt(application.scene)


@pytest.fixture
def nodes(rt: SlicerRt, demo_folder: Path) -> dict[str, Any]:
    return load_demo(rt, demo_folder)


def loaded_as(found: tuple[LoadedNode, ...], node: Any) -> Any:
    (one,) = [each for each in found if each.node_id == node.GetID()]
    return one


def test_both_courses_of_the_demo_are_found_by_what_slicerrt_notes(rt: SlicerRt, nodes: dict[str, Any]) -> None:
    found = loaded_nodes(rt.scene)
    kinds = (found.cts, found.structures, found.plans, found.doses)
    assert [len(kind) for kind in kinds] == [2, 2, 2, 2]
    assert found.registrations == found.left_out == ()
    dose = loaded_as(found.doses, nodes["course1.dose"])
    plan = loaded_as(found.plans, nodes["course1.plan"])
    assert dose.referenced_uids == plan.instance_uids
    structures = loaded_as(found.structures, nodes["course2.structures"])
    ct = loaded_as(found.cts, nodes["course2.ct"])
    assert structures.referenced_series_uid == ct.series_uid
    assert structures.drawn_on_id == ct.node_id
    assert {one.patient_id for kind in kinds for one in kind} == {"REIRR-SYN-001"}
    assert dose.study_uid == plan.study_uid != ct.study_uid == structures.study_uid


def test_the_slices_of_a_ct_come_in_the_order_of_the_node_not_of_its_item(
    rt: SlicerRt, nodes: dict[str, Any], demo_folder: Path
) -> None:
    from pydicom import dcmread

    ct = loaded_as(loaded_nodes(rt.scene).cts, nodes["course2.ct"])
    heights = [
        float(dcmread(rt.file_of_instance(uid), stop_before_pixels=True).ImagePositionPatient[2]) for uid in ct.instance_uids
    ]
    assert len(heights) == 50
    assert heights == sorted(heights)
    nodes["course2.ct"].RemoveAttribute("DICOM.instanceUIDs")
    from_item = loaded_as(loaded_nodes(rt.scene).cts, nodes["course2.ct"]).instance_uids
    assert sorted(from_item) == sorted(ct.instance_uids)


@pytest.mark.parametrize("spelling", ["DICOM.StudyInstanceUID", "StudyInstanceUID"])
def test_a_study_is_known_by_either_spelling_of_its_attribute(rt: SlicerRt, demo_folder: Path, spelling: str) -> None:
    node = rt.load_dose(demo_folder / "course1" / "RD.dcm")
    hierarchy = rt.hierarchy
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
    for name in ("DICOM.StudyInstanceUID", "StudyInstanceUID"):
        hierarchy.RemoveItemAttribute(study, name)
    hierarchy.SetItemUID(study, "DICOM", "")
    hierarchy.SetItemAttribute(study, spelling, "1.2.3")
    assert loaded_nodes(rt.scene).doses[0].study_uid == "1.2.3"


def test_our_own_results_are_no_records(rt: SlicerRt, nodes: dict[str, Any]) -> None:
    for node in nodes.values():
        node.SetAttribute("SlicerReirradiation.Result", "1")
    found = loaded_nodes(rt.scene)
    assert found == LoadedNodes()
    assert found.is_empty


def test_what_is_left_out_is_told_with_its_reason(rt: SlicerRt, demo_folder: Path) -> None:
    hidden = rt.load_ct(demo_folder / "course1" / "CT")
    hidden.SetHideFromEditors(True)
    stranger = rt.load_ct(demo_folder / "course2" / "CT")
    rt.hierarchy.SetItemAttribute(rt.hierarchy.GetItemByDataNode(stranger), "DICOM.Modality", "MR")
    sum_of_slicerrt = rt.load_dose(demo_folder / "course1" / "RD.dcm")
    rt.hierarchy.RemoveItem(rt.hierarchy.GetItemByDataNode(sum_of_slicerrt), False, False)
    drawn = rt.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "made here")
    drawn.SetAndObserveImageData(sum_of_slicerrt.GetImageData())
    rt.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing in it")
    rt.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "not told of")
    found = loaded_nodes(rt.scene)
    assert found.is_empty
    reasons = {one.node_id: one.reason for one in found.left_out}
    assert reasons[hidden.GetID()] == "it is hidden"
    assert reasons[stranger.GetID()] == "its modality is MR"
    assert "nothing tells which DICOM object this dose came from" in reasons[sum_of_slicerrt.GetID()]
    assert reasons[drawn.GetID()] == "it did not come from DICOM"
    assert "it has no voxels" in reasons.values()
    assert len(reasons) == 5


def test_a_scene_without_subject_hierarchy_tells_what_the_nodes_tell(rt: SlicerRt, nodes: dict[str, Any]) -> None:
    rt.scene.RemoveNode(rt.hierarchy)
    found = loaded_nodes(rt.scene)
    assert len(found.cts) == 2
    assert len(found.cts[0].instance_uids) == 50
    assert found.doses == ()
    assert [one.instance_uids for one in found.structures] == [(), ()]
    assert rt.scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode") is None, "looking must not make one"


def records_of_nodes(rt: SlicerRt, nodes: dict[str, Any], records: Records) -> Records:
    """The records with everything that the nodes hold in the place of what was read from files."""
    loaded, reader = loaded_nodes(rt.scene), MrmlNodeReader(rt.scene)
    files, _ = files_behind(loaded, rt.file_of_instance)

    def dose(name: str) -> Any:
        node = loaded_as(loaded.doses, nodes[name])
        header = files.header(node.instance_uids[0])
        assert header is not None
        return dose_of_node(node, reader, header.origin.file.path)

    ct = loaded_as(loaded.cts, nodes["course2.ct"])
    slices = [header for header in files.headers if isinstance(header, CtHeader) and header.origin.uid in ct.instance_uids]
    (series,) = gather_series(slices)
    structures = reader.structures(nodes["course2.structures"].GetID(), ct.node_id)
    assert records.new is not None
    return replace(
        records,
        ct=image_of_node(ct, reader, series),
        structures=replace(records.structures, structures=structures),
        prior=(replace(records.prior[0], dose=dose("course1.dose")),),
        new=replace(records.new, dose=dose("course2.dose")),
    )


def evaluated(case: Case, records: Records, monkeypatch: pytest.MonkeyPatch) -> tuple[StructureResult, ...]:
    """The structures of a case, by the pipeline itself, from given records."""
    monkeypatch.setattr("ReirradiationLib.transfer.read_records", lambda case, may_be_undecided: records)
    monkeypatch.setattr("ReirradiationLib.transfer.judge_registrations", lambda *given: ())
    return transfer(case, Monitor(), ()).structures


def test_metrics_of_all_structures_are_those_of_the_files(
    rt: SlicerRt, nodes: dict[str, Any], demo_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = read_records(demo_case)
    held = records_of_nodes(rt, nodes, records)
    np.testing.assert_array_equal(held.ct.voxels_hu, records.ct.voxels_hu)
    assert held.ct.slice_uids == records.ct.slice_uids
    assert held.ct.frame_uid == records.ct.frame_uid
    of_files, of_nodes = (evaluated(demo_case, each, monkeypatch) for each in (records, held))
    compared = 0
    for expected, found in zip(of_files, of_nodes, strict=True):
        assert found.structure.name == expected.structure.name
        assert found.prior.samples.volume_cc == pytest.approx(expected.prior.samples.volume_cc, rel=1e-6)
        both = [metric_summaries(demo_case.metrics, each, structure_sums(each, False)) for each in (found, expected)]
        for own, others in zip(*both, strict=True):
            assert (own.prior_raw, own.cumulative_raw) == pytest.approx((others.prior_raw, others.cumulative_raw), rel=1e-6)
            compared += own.cumulative_raw is not None
    assert compared == 13 * len(demo_case.metrics)


def test_contours_of_a_node_are_those_of_the_file_to_the_last_digit(
    rt: SlicerRt, nodes: dict[str, Any], demo_folder: Path
) -> None:
    """Single precision holds what six digits of decimal text say."""
    file = read_structures(demo_folder / "course2" / "RS.dcm")
    held = MrmlNodeReader(rt.scene).structures(nodes["course2.structures"].GetID(), "")
    by_number = {one.number: one for one in file.structures}
    assert len(held) == len(file.structures)
    for structure in held:
        expected = by_number[structure.number]
        assert (structure.name, structure.colour) == (expected.name, expected.colour)
        for own, others in zip(structure.contours_mm, expected.contours_mm, strict=True):
            np.testing.assert_array_equal(own, others)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.decimals(-499, 499, places=3), min_size=9, max_size=9, unique=True))
def test_decimal_text_of_six_digits_survives_single_precision(values: list[Any]) -> None:
    with HeadlessApplication() as application:
        points = np.array([float(value) for value in values])
        node = application.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
        node.GetSegmentation().SetSourceRepresentationName("Planar contour")
        add_lines(node, [points])
        structure = structure_from_segment(node, node.GetSegmentation().GetNthSegmentID(0))
        np.testing.assert_array_equal(np.concatenate(structure.contours_mm).ravel(), points)


def add_lines(node: Any, contours: list[np.ndarray]) -> None:
    import slicer

    segment = slicer.vtkSegment()
    segment.SetName("organ")
    segment.AddRepresentation("Planar contour", contour_lines(contours))
    node.GetSegmentation().AddSegment(segment)


def linear_node(scene: Any, lps: np.ndarray, parent: Any | None = None) -> Any:
    """A transform node that moves what stands under it by an LPS matrix."""
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    node.SetMatrixTransformToParent(vtk_matrix(FLIP @ lps @ FLIP))
    if parent is not None:
        node.SetAndObserveTransformNodeID(parent.GetID())
    return node


angles = st.floats(-0.5, 0.5)
shifts = st.floats(-60.0, 60.0)


@st.composite
def motions(draw: Any) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec([draw(angles), draw(angles), draw(angles)]).as_matrix()
    matrix[:3, 3] = [draw(shifts), draw(shifts), draw(shifts)]
    return matrix


@settings(max_examples=25, deadline=None)
@given(st.lists(motions(), max_size=3), st.lists(motions(), max_size=3), st.lists(motions(), max_size=2))
def test_points_go_from_node_to_node_by_all_parents_and_only_by_those_that_differ(
    own: list[np.ndarray], others: list[np.ndarray], common: list[np.ndarray]
) -> None:
    """Truth: products of the matrices in LPS, by numpy."""
    with HeadlessApplication() as application:
        scene = application.scene
        top = None
        for matrix in common:
            top = linear_node(scene, matrix, top)
        nodes = []
        for chain in (own, others):
            parent = top
            for matrix in chain:
                parent = linear_node(scene, matrix, parent)
            node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "volume")
            if parent is not None:
                node.SetAndObserveTransformNodeID(parent.GetID())
            nodes.append(node)
        reader = MrmlNodeReader(scene)
        fixed, moving = (node.GetID() for node in nodes)
        expected = np.linalg.inv(np.linalg.multi_dot([np.eye(4), *others, np.eye(4)])) @ np.linalg.multi_dot(
            [np.eye(4), *own, np.eye(4)]
        )
        points = np.random.default_rng(1).uniform(-200.0, 200.0, (20, 3))
        found = reader.transform(fixed, moving, "1.1", "1.2", grid(2.0, 20.0))
        np.testing.assert_allclose(found.apply(points), points @ expected[:3, :3].T + expected[:3, 3], atol=1e-9)
        np.testing.assert_allclose(
            reader.transform(moving, fixed, "1.2", "1.1", grid(2.0, 20.0)).apply(found.apply(points)), points, atol=1e-9
        )
        is_same = bool(np.abs(expected - np.eye(4)).max() <= 1e-6)
        assert reader.relation(fixed, moving) is (Relation.SAME if is_same else Relation.LINEAR)


def warp_node(scene: Any) -> Any:
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for point in ((0, 0, 0), (40, 0, 0), (0, 40, 0), (0, 0, 40), (40, 40, 40)):
        source.InsertNextPoint(point)
        target.InsertNextPoint(point[0] + 0.1 * point[1], point[1] - 3.0, point[2] + 0.002 * point[0] * point[2])
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "warp")
    node.SetAndObserveTransformFromParent(spline)
    return node


def test_a_warp_that_both_nodes_stand_under_does_not_matter(rt: SlicerRt) -> None:
    warp = warp_node(rt.scene)
    volume, drawn = (rt.scene.AddNewNodeByClass(f"vtkMRML{kind}Node", kind) for kind in ("ScalarVolume", "Segmentation"))
    drawn.GetSegmentation().SetSourceRepresentationName("Planar contour")
    contour = np.array([1.0, 2.0, 3.0, 11.0, 2.0, 3.0, 1.0, 12.0, 3.0])
    add_lines(drawn, [contour])
    drawn.SetAndObserveTransformNodeID(warp.GetID())
    reader = MrmlNodeReader(rt.scene)
    assert reader.relation(drawn.GetID(), volume.GetID()) is Relation.NONLINEAR
    with pytest.raises(GeometryError, match="'warp', which is not linear"):
        reader.structures(drawn.GetID(), volume.GetID())
    volume.SetAndObserveTransformNodeID(warp.GetID())
    assert reader.relation(drawn.GetID(), volume.GetID()) is Relation.SAME
    (structure,) = reader.structures(drawn.GetID(), volume.GetID())
    np.testing.assert_array_equal(structure.contours_mm[0].ravel(), contour)
    assert reader.transform(drawn.GetID(), volume.GetID(), "1.1", "1.2", grid(2.0, 20.0)).steps == ()


def test_a_current_ct_under_a_warp_is_gone_through_backwards(rt: SlicerRt) -> None:
    """Truth: the warp itself, forwards, leads back to where we were."""
    warp = warp_node(rt.scene)
    current, prior = (rt.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in ("current", "prior"))
    current.SetAndObserveTransformNodeID(warp.GetID())
    found = MrmlNodeReader(rt.scene).transform(current.GetID(), prior.GetID(), "1.1", "1.2", grid(2.0, 30.0))
    points = np.random.default_rng(2).uniform(-20.0, 20.0, (50, 3))
    there = found.apply(points)
    back = np.array([warp.GetTransformFromParent().TransformPoint(point * (-1, -1, 1)) for point in there]) * (-1, -1, 1)
    assert np.linalg.norm(there - points, axis=1).max() > 1.0
    np.testing.assert_allclose(back, points, atol=0.1)


def test_a_node_that_is_gone_or_empty_is_refused(rt: SlicerRt) -> None:
    reader = MrmlNodeReader(rt.scene)
    with pytest.raises(GeometryError, match="no longer in the scene"):
        reader.geometry("vtkMRMLScalarVolumeNode99")
    empty = rt.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    with pytest.raises(GeometryError, match="it has no voxels"):
        reader.volume(empty.GetID())
