"""What is not ours in a scene stays as it is: results replace themselves only, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.mrml import scene_content
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.result_nodes import NodeKind, is_result, remove_results, result_nodes
from ReirradiationLib.mrml.scene_content import add_content, replace_results
from scene_samples import (
    ancestors,
    content,
    fill_as_user,
    hierarchy_items,
    hierarchy_of,
    node_ids,
    nodes,
    nodes_as_text,
    scene_text,
)


@pytest.fixture(scope="module")
def case() -> SceneContent:
    return content()


@pytest.fixture
def scene() -> Iterator[Any]:
    with HeadlessApplication() as application:
        yield application.scene


# ---------------------------------------------------------------- what is not ours stays


@pytest.mark.parametrize("unit", ["GY", "", "RELATIVE"])
def test_adding_and_removing_leaves_the_scene_as_it_was(scene: Any, case: SceneContent, unit: str) -> None:
    fill_as_user(scene, unit)
    before = scene_text(scene)
    add_content(scene, case)
    assert scene_text(scene) != before
    assert remove_results(scene) == ()
    assert scene_text(scene) == before


def test_no_node_of_the_user_is_changed_by_results(scene: Any, case: SceneContent) -> None:
    fill_as_user(scene)
    before = nodes_as_text(scene)
    replace_results(scene, case)
    replace_results(scene, case)
    after = nodes_as_text(scene)
    assert {node_id: after.get(node_id) for node_id in before} == before


def test_a_second_run_replaces_the_nodes_of_the_first(scene: Any, case: SceneContent) -> None:
    fill_as_user(scene)
    first = replace_results(scene, case)
    count, names = scene.GetNumberOfNodes(), sorted(node.GetName() for node in result_nodes(scene))
    items = len(hierarchy_items(scene))
    second = replace_results(scene, case)
    assert (scene.GetNumberOfNodes(), len(hierarchy_items(scene))) == (count, items)
    assert sorted(node.GetName() for node in result_nodes(scene)) == names
    assert not any(scene.IsNodePresent(node) for node in first.doses)
    assert second.doses[0].GetDisplayNode().GetColorNode() is not None


def test_a_second_run_in_an_empty_scene_keeps_the_ct_and_its_series(scene: Any, case: SceneContent) -> None:
    first = replace_results(scene, case)
    second = replace_results(scene, case)
    assert second.image is first.image
    hierarchy = hierarchy_of(scene)
    series = [
        hierarchy.GetItemUID(hierarchy.GetItemByDataNode(node), "DICOM") for node in (second.image, *second.prior_images)
    ]
    assert series == ["1.7", "1.37"]


def test_display_and_storage_nodes_of_results_go_with_them(scene: Any, case: SceneContent) -> None:
    before = node_ids(scene)
    made = add_content(scene, case)
    made.doses[0].AddDefaultStorageNode()
    made.doses[0].AddAndObserveDisplayNodeID(scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode").GetID())
    remove_results(scene)
    assert [node_id for node_id in node_ids(scene) if node_id not in before] in ([], [hierarchy_of(scene).GetID()])


def test_what_the_user_put_below_our_items_stays(scene: Any, case: SceneContent) -> None:
    made, hierarchy = add_content(scene, case), hierarchy_of(scene)
    own = scene.AddNewNodeByClass("vtkMRMLModelNode", "mine")
    hierarchy.CreateItem(hierarchy.GetItemByDataNode(made.doses[0]), own)
    remove_results(scene)
    assert scene.IsNodePresent(own)
    assert ancestors(scene, own) == ["Reirradiation 20240101", "Doe^Jane"]  # which stay as long as something is in them
    scene.RemoveNode(own)


def test_a_transform_that_data_of_the_user_stand_under_stays_but_is_no_result(scene: Any, case: SceneContent) -> None:
    made = add_content(scene, case)
    own = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "mine")
    own.SetAndObserveTransformNodeID(made.transforms[0].GetID())
    second = replace_results(scene, case)
    assert own.GetParentTransformNode() is made.transforms[0]
    assert made.transforms[0].GetName() == "Registration of Course 1 (former)"
    assert not is_result(made.transforms[0])
    assert result_nodes(scene, NodeKind.REGISTRATION, course="course1") == second.transforms
    assert remove_results(scene) == ()


def test_a_colour_table_that_the_user_took_over_stays(scene: Any, case: SceneContent) -> None:
    colours = add_content(scene, case).doses[0].GetDisplayNode().GetColorNode()
    own = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    own.SetAndObserveColorNodeID(colours.GetID())
    remove_results(scene)
    assert own.GetColorNode() is colours
    assert scene.IsNodePresent(colours)


def test_a_copy_of_a_result_and_a_renamed_one_are_the_user_s_and_outlive_a_second_run(
    scene: Any, case: SceneContent
) -> None:
    import slicer

    made = add_content(scene, case)
    copy = slicer.vtkSlicerVolumesLogic.CloneVolume(scene, made.doses[1], "before the boost")
    edited = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    edited.Copy(made.segmentations[0])
    edited.SetName("Structures Copy")
    made.doses[0].SetName("kept for the meeting")
    second = replace_results(scene, case)
    for node in (copy, edited, made.doses[0]):
        assert scene.IsNodePresent(node)
    assert made.doses[0].GetDisplayNode() is not None
    assert copy.GetDisplayNode() is not None
    assert result_nodes(scene, NodeKind.DOSE) == second.doses
    assert not scene.IsNodePresent(made.doses[1])


@pytest.mark.parametrize("also_removed", [False, True])
def test_segments_that_the_user_added_to_a_result_outlive_a_second_run(
    scene: Any, case: SceneContent, also_removed: bool
) -> None:
    made = add_content(scene, case)
    segmentation = made.segmentations[0].GetSegmentation()
    segmentation.AddEmptySegment("mine", "mine")
    if also_removed:
        segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    second = replace_results(scene, case)
    assert made.segmentations[0].GetName() == "Structures (former)"
    assert made.segmentations[0].GetDisplayNode() is not None
    assert segmentation.GetSegment("mine") is not None
    assert result_nodes(scene, NodeKind.STRUCTURES) == second.segmentations
    replace_results(scene, case)
    names = [node.GetName() for node in nodes(scene, "vtkMRMLSegmentationNode")]
    assert names.count("Structures (former)") == names.count("Structures") == 1


def test_results_that_the_user_moved_or_deleted_are_made_anew_at_their_place(scene: Any, case: SceneContent) -> None:
    made = add_content(scene, case)
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "mine")
    for node in (made.image, made.doses[0], made.segmentations[0]):
        node.SetAndObserveTransformNodeID(parent.GetID())
    for node in (made.doses[1], made.transforms[0], made.plots.series[0]):
        scene.RemoveNode(node)
    count = len(result_nodes(scene))
    second = replace_results(scene, case)
    moved = (second.image, *second.doses, *second.segmentations)
    assert [node.GetParentTransformNode() for node in moved] == [None] * len(moved)
    assert second.prior_images[0].GetParentTransformNode() is second.transforms[0]
    assert scene.IsNodePresent(parent)
    assert len(result_nodes(scene)) == count + 3


# ---------------------------------------------------------------- all or nothing


@pytest.mark.parametrize(
    "fails", ["transform_node", "dose_node", "contours_node", "table_node", "chart_nodes", "set_series", "place"]
)
@pytest.mark.parametrize("has_user", [False, True])
def test_if_adding_fails_halfway_nothing_is_left(
    scene: Any, case: SceneContent, fails: str, has_user: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_user:
        fill_as_user(scene, unit="")
    else:
        hierarchy_of(scene)
    before = scene_text(scene)
    real, calls = getattr(scene_content, fails), []

    def failing(*given: Any) -> Any:
        calls.append(given)
        if len(calls) >= 2 or fails in ("transform_node", "contours_node", "table_node", "chart_nodes", "set_series"):
            raise OutputError("Scene", "no memory", "Close something.")
        return real(*given)

    monkeypatch.setattr(scene_content, fails, failing)
    with pytest.raises(OutputError, match="no memory"):
        add_content(scene, case)
    assert scene_text(scene) == before


def test_if_a_second_run_fails_the_results_of_the_first_are_whole(
    scene: Any, case: SceneContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_results(scene, case)
    before = scene_text(scene)
    monkeypatch.setattr(scene_content, "table_node", None)
    with pytest.raises(TypeError):
        replace_results(scene, case)
    assert scene_text(scene) == before
