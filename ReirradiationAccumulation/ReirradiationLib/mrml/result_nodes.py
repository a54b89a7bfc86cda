"""Which nodes of a scene are results of ours: marked when they are made, removed together, and nothing else with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .subject_hierarchy import item_ids, remove_items, subject_hierarchy, tidy_up

RESULT_ATTRIBUTE = "SlicerReirradiation.Result"
KIND_ATTRIBUTE = "SlicerReirradiation.Kind"
CASE_ATTRIBUTE = "SlicerReirradiation.Case"
COURSE_ATTRIBUTE = "SlicerReirradiation.Course"
KEY_ATTRIBUTE = "SlicerReirradiation.Key"
NAME_ATTRIBUTE = "SlicerReirradiation.Name"
"""The name that a result was given. A copy, which has another name, or a result that was renamed is the user's."""

SEGMENTS_ATTRIBUTE = "SlicerReirradiation.Segments"
"""How many segments a segmentation was given; each has the tag of :data:`RESULT_ATTRIBUTE`."""

FORMER = " (former)"
"""Ends the name of a node that is no result any more, for it holds something of the user's, or that needs it."""


class NodeKind(str, Enum):
    """What a result node holds."""

    IMAGE = "image"
    PRIOR_IMAGE = "prior image"
    DOSE = "dose"
    STRUCTURES = "structures"
    CONTOURS = "contours"
    REGISTRATION = "registration"
    TABLE = "table"
    SERIES = "series"
    CHART = "chart"
    ISODOSE = "isodose"
    COMPARISON = "comparison"
    COLOURS = "colours"


@dataclass(frozen=True)
class ResultMark:
    """What is written on a result node.

    Parameters
    ----------
    kind : NodeKind
    case : str
        Title of the case.
    course : str
        Identifier of the course that it is of; empty if it is of none, or of several.
    key : str
        What it is among its kind: ``scorecard``, ``dvh``.
    """

    kind: NodeKind
    case: str = ""
    course: str = ""
    key: str = ""


def mark_result(node: Any, mark: ResultMark) -> Any:
    """Mark a node, and the display nodes it has, as a result; returns the node."""
    parts = [node]
    if node.IsA("vtkMRMLDisplayableNode"):
        parts += [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]
    for part in parts:
        part.SetAttribute(RESULT_ATTRIBUTE, "1")
        part.SetAttribute(KIND_ATTRIBUTE, mark.kind.value)
        part.SetAttribute(NAME_ATTRIBUTE, part.GetName() or "")
        for name, value in ((CASE_ATTRIBUTE, mark.case), (COURSE_ATTRIBUTE, mark.course), (KEY_ATTRIBUTE, mark.key)):
            if value:
                part.SetAttribute(name, value)
    if node.IsA("vtkMRMLSegmentationNode"):
        node.SetAttribute(SEGMENTS_ATTRIBUTE, str(len(_segments(node))))
        for segment in _segments(node):
            segment.SetTag(RESULT_ATTRIBUTE, "1")
    return node


def is_result(node: Any) -> bool:
    """Whether a node is a result of ours, and not a copy, nor one that the user gave another name to keep it."""
    return bool(node.GetAttribute(RESULT_ATTRIBUTE) == "1" and node.GetAttribute(NAME_ATTRIBUTE) == (node.GetName() or ""))


def result_nodes(
    scene: Any, kind: NodeKind | None = None, course: str | None = None, key: str | None = None
) -> tuple[Any, ...]:
    """The result nodes of a scene, without their display nodes, in the order of the scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    kind, course, key : optional
        Only those of a kind, a course (empty: of none), a key.
    """
    return tuple(
        node
        for node in _nodes(scene)
        if is_result(node)
        and not node.IsA("vtkMRMLDisplayNode")
        and (kind is None or node.GetAttribute(KIND_ATTRIBUTE) == kind.value)
        and (course is None or (node.GetAttribute(COURSE_ATTRIBUTE) or "") == course)
        and (key is None or (node.GetAttribute(KEY_ATTRIBUTE) or "") == key)
    )


def remove_results(scene: Any, nodes: Sequence[Any] | None = None) -> tuple[str, ...]:
    """Remove result nodes with their display and storage nodes and their items in the subject hierarchy, and nothing else.

    What nodes of others need stays: a colour table that they are shown with, and a transform that they stand under. Such a
    transform is no result any more, and its name ends in "(former)"; so does a segmentation that the user added segments to.

    Parameters
    ----------
    scene : vtkMRMLScene
    nodes : sequence of vtkMRMLNode, optional
        Only these of the results; by default all.

    Returns
    -------
    tuple of str
        The names of the transforms and segmentations that stayed.
    """
    chosen = [node for node in (_nodes(scene) if nodes is None else nodes) if is_result(node)]
    extended = [node for node in chosen if _has_segments_of_others(node)]
    shown_by = {part.GetID() for node in extended for part in _parts(node)}
    leaving = [node for node in chosen if node not in extended and node.GetID() not in shown_by]
    going = _with_parts(scene, {node.GetID(): node for node in leaving})
    needed = _needed_by_others(scene, going)
    kept = [*extended, *(going[node_id] for node_id in needed if going[node_id].IsA("vtkMRMLTransformNode"))]
    for node in kept:
        for part in (node, *_parts(node)):
            part.RemoveAttribute(RESULT_ATTRIBUTE)
        node.SetName(f"{node.GetName()}{FORMER}")
    _remove(scene, [node for node_id, node in going.items() if node_id not in needed])
    return tuple(node.GetName() for node in kept)


def _has_segments_of_others(node: Any) -> bool:
    """Whether somebody added segments to a segmentation of ours."""
    made = node.GetAttribute(SEGMENTS_ATTRIBUTE)
    if made is None:
        return False
    segments = _segments(node)
    return len(segments) > int(made) or not all(segment.HasTag(RESULT_ATTRIBUTE) for segment in segments)


def _segments(node: Any) -> list[Any]:
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]


@contextmanager
def all_or_nothing(scene: Any) -> Iterator[None]:
    """If the block fails, remove whatever it has added to the scene."""
    hierarchy = subject_hierarchy(scene)
    nodes, items = {node.GetID() for node in _nodes(scene)}, set(item_ids(hierarchy))
    is_complete = False
    try:
        yield
        is_complete = True
    finally:
        if not is_complete:
            _remove(scene, [node for node in reversed(_nodes(scene)) if node.GetID() not in nodes])
            remove_items(hierarchy, [item for item in item_ids(hierarchy) if item not in items])
            tidy_up(hierarchy)


@contextmanager
def results_made(scene: Any, mark: ResultMark) -> Iterator[None]:
    """All or nothing of the block, and whatever it adds to the scene is marked."""
    before = {node.GetID() for node in _nodes(scene)}
    with all_or_nothing(scene):
        yield
        for node in _nodes(scene):
            if node.GetID() not in before and not node.IsA("vtkMRMLSubjectHierarchyNode"):
                mark_result(node, mark)


def _remove(scene: Any, nodes: Collection[Any]) -> None:
    hierarchy = subject_hierarchy(scene)
    remove_items(hierarchy, [hierarchy.GetItemByDataNode(node) for node in nodes])
    for node in nodes:
        if scene.IsNodePresent(node):
            scene.RemoveNode(node)
    tidy_up(hierarchy)


def _nodes(scene: Any) -> list[Any]:
    return [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]


def _parts(node: Any) -> list[Any]:
    """The display and storage nodes of a node."""
    parts = []
    if node.IsA("vtkMRMLDisplayableNode"):
        parts += [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        parts += [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
    return [part for part in parts if part is not None]


def _with_parts(scene: Any, nodes: dict[str, Any]) -> dict[str, Any]:
    """Nodes by their ids, with the display and storage nodes that nothing else has."""
    others = {part.GetID() for node in _nodes(scene) if node.GetID() not in nodes for part in _parts(node)}
    parts = {part.GetID(): part for node in nodes.values() for part in _parts(node)}
    return {**nodes, **{node_id: part for node_id, part in parts.items() if node_id not in others}}


def _needed_by_others(scene: Any, going: dict[str, Any]) -> set[str]:
    """The ids of those that nodes which stay stand under, are coloured by or displayed with, and of what these need."""
    needed: set[str] = set()
    while True:
        staying = [node for node in _nodes(scene) if node.GetID() not in going or node.GetID() in needed]
        found = {node_id for node in staying for node_id in _references(node)} & going.keys()
        if found <= needed:
            return needed
        needed |= found


def _references(node: Any) -> Iterable[str]:
    """The ids of the transform, the colours, and the display and storage nodes of a node."""
    if node.IsA("vtkMRMLTransformableNode") and node.GetTransformNodeID():
        yield node.GetTransformNodeID()
    if node.IsA("vtkMRMLDisplayNode") and node.GetColorNodeID():
        yield node.GetColorNodeID()
    for part in _parts(node):
        yield part.GetID()
