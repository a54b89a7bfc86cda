"""Reading nodes of a scene as model objects, each in the coordinates that are asked for; nothing in the scene is changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model.errors import GeometryError
from ..model.geometry import Geometry
from ..model.loaded import NodeVolume, Relation
from ..model.segment import AnyStructure
from ..model.transform import SpatialTransform
from .ras import numpy_voxels
from .segment_reading import structure_from_segment
from .transform_nodes import linear_between, parents_apart, transform_between
from .volume_nodes import geometry_of_node

SAME_MATRIX = 1e-6
"""Matrices this close to one move nothing: a micrometre in a metre."""


class MrmlNodeReader:
    """Reads nodes by their IDs; fulfils :class:`~ReirradiationLib.model.loaded.NodeReader`.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        self._scene = scene

    def geometry(self, node_id: str) -> Geometry:
        """LPS grid of a volume in its own coordinates.

        Raises
        ------
        GeometryError
            If it has no voxels or its axes are sheared.
        """
        return geometry_of_node(self._volume_node(node_id))

    def volume(self, node_id: str) -> NodeVolume:
        """Voxels and LPS grid of a volume in its own coordinates; raises as :meth:`geometry`."""
        node = self._volume_node(node_id)
        return NodeVolume(numpy_voxels(node.GetImageData()), geometry_of_node(node))

    def structures(self, node_id: str, seen_from: str) -> tuple[AnyStructure, ...]:
        """All segments as they were drawn, LPS, in the coordinates of another node.

        Raises
        ------
        GeometryError
            As :func:`.segment_reading.structure_from_segment`; but segments without a single voxel are left out.
        """
        node, parent = self._node(node_id), self._parent(seen_from)
        segmentation = node.GetSegmentation()
        identifiers = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
        drawn = [identifier for identifier in identifiers if not _is_blank(segmentation, identifier)]
        return tuple(structure_from_segment(node, identifier, parent) for identifier in drawn)

    def blank_segments(self, node_id: str) -> tuple[str, ...]:
        """Names of the segments in which nothing was drawn."""
        segmentation = self._node(node_id).GetSegmentation()
        identifiers = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
        return tuple(segmentation.GetSegment(one).GetName() for one in identifiers if _is_blank(segmentation, one))

    def name(self, node_id: str) -> str:
        """Name of a node."""
        return self._node(node_id).GetName() or ""

    def relation(self, node_id: str, other_id: str) -> Relation:
        """How the coordinates of two nodes are related by the transforms that they stand under.

        Raises
        ------
        GeometryError
            If a matrix on the way cannot be inverted.
        """
        matrix = linear_between(self._parent(node_id), self._parent(other_id))
        if matrix is None:
            return Relation.NONLINEAR
        return Relation.SAME if np.abs(matrix - np.eye(4)).max() <= SAME_MATRIX else Relation.LINEAR

    def parents_apart(self, node_id: str, other_id: str) -> tuple[str, ...]:
        """IDs of the transforms that only one of two nodes stands under: those of the first, then those of the other."""
        own, others = parents_apart(self._parent(node_id), self._parent(other_id))
        return tuple(str(node.GetID()) for node in (*own, *others))

    def transform(
        self, fixed_id: str, moving_id: str, fixed_frame_uid: str, moving_frame_uid: str, on: Geometry
    ) -> SpatialTransform:
        """What takes points of one node to another; see :func:`.transform_nodes.transform_between`."""
        parents = self._parent(fixed_id), self._parent(moving_id)
        return transform_between(*parents, fixed_frame_uid, moving_frame_uid, on)

    def _node(self, node_id: str) -> Any:
        node = self._scene.GetNodeByID(node_id)
        if node is None:
            raise GeometryError(f"Node '{node_id}'", "it is no longer in the scene", "Take over the scene again.")
        return node

    def _volume_node(self, node_id: str) -> Any:
        node = self._node(node_id)
        if node.GetImageData() is None:
            raise GeometryError(f"Volume '{node.GetName()}'", "it has no voxels", "Choose a volume that is loaded.")
        return node

    def _parent(self, node_id: str) -> Any | None:
        """The transform node that a node stands under; None for the world."""
        return self._node(node_id).GetParentTransformNode() if node_id else None


def _is_blank(segmentation: Any, identifier: str) -> bool:
    """Whether nothing at all is stored in the source representation of a segment."""
    data = segmentation.GetSegment(identifier).GetRepresentation(segmentation.GetSourceRepresentationName())
    if data is None:
        return True
    if data.IsA("vtkPolyData"):
        return not data.GetNumberOfPoints()
    return bool(min(data.GetDimensions()) < 1)
