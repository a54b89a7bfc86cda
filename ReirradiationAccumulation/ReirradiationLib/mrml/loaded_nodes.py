"""The nodes of a scene that came from DICOM and matter here, found by what Slicer and SlicerRT note on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from ..model.loaded import (
    LeftOut,
    LoadedCt,
    LoadedDose,
    LoadedNode,
    LoadedNodes,
    LoadedPlan,
    LoadedRegistration,
    LoadedStructures,
)
from .dicom_attributes import DicomAttributes
from .volume_nodes import DOSE_VOLUME_ATTRIBUTE

RESULT_ATTRIBUTE = "SlicerReirradiation.Result"
"""Node attribute of everything that this program put into a scene: never to be taken for a record."""

PLAN_CLASS = "vtkMRMLRTPlanNode"
"""Of SlicerRT; the class is not there without it."""

VOLUME_CLASS = "vtkMRMLScalarVolumeNode"
"""Exactly this one: labelmaps and vector volumes are derived from it."""

Loaded = TypeVar("Loaded", bound=LoadedNode)


def loaded_nodes(scene: Any) -> LoadedNodes:
    """Look through a scene, reading nothing but names, attributes and the subject hierarchy, and changing nothing.

    Parameters
    ----------
    scene : vtkMRMLScene

    Returns
    -------
    LoadedNodes
        Left out, with the reason, are volumes and segmentations that are hidden or did not come from DICOM, and images of
        other modalities. A segmentation that somebody drew on a CT is in ``structures``, without UIDs.
    """
    found = _Search(DicomAttributes(scene))
    for node in _nodes(scene):
        if node.GetAttribute(RESULT_ATTRIBUTE) != "1":
            found.look_at(node)
    return LoadedNodes(
        tuple(found.cts),
        tuple(found.doses),
        tuple(found.structures),
        tuple(found.plans),
        tuple(found.registrations),
        tuple(found.left_out),
    )


class _Search:
    """What was found so far."""

    def __init__(self, dicom: DicomAttributes) -> None:
        self._dicom = dicom
        self.cts: list[LoadedCt] = []
        self.doses: list[LoadedDose] = []
        self.structures: list[LoadedStructures] = []
        self.plans: list[LoadedPlan] = []
        self.registrations: list[LoadedRegistration] = []
        self.left_out: list[LeftOut] = []

    def look_at(self, node: Any) -> None:
        """Put a node where it belongs; most belong nowhere."""
        if node.GetClassName() == VOLUME_CLASS:
            self._volume(node)
        elif node.IsA("vtkMRMLSegmentationNode"):
            self._segmentation(node)
        elif node.IsA("vtkMRMLTransformNode"):
            self.registrations.append(self._described(LoadedRegistration, node))
        elif node.IsA(PLAN_CLASS) or self._dicom.modality(node) in ("RTPLAN", "RTIONPLAN"):
            self._plan(node)

    def _volume(self, node: Any) -> None:
        is_dose = node.GetAttribute(DOSE_VOLUME_ATTRIBUTE) is not None
        modality = self._dicom.modality(node)
        uids = self._dicom.instance_uids(node)
        if node.GetHideFromEditors():
            self._leave_out(node, "it is hidden")
        elif node.GetImageData() is None:
            self._leave_out(node, "it has no voxels")
        elif is_dose and uids:
            self.doses.append(self._described(LoadedDose, node))
        elif is_dose:
            self._leave_out(
                node, "nothing tells which DICOM object this dose came from; another dose of the same series may"
            )
        elif not uids:
            self._leave_out(node, "it did not come from DICOM")
        elif modality not in ("CT", ""):
            self._leave_out(node, f"its modality is {modality}")
        else:
            self.cts.append(self._described(LoadedCt, node))

    def _segmentation(self, node: Any) -> None:
        modality = self._dicom.modality(node)
        if node.GetHideFromEditors():
            self._leave_out(node, "it is hidden")
        elif modality not in ("RTSTRUCT", "SEG", ""):
            self._leave_out(node, f"its modality is {modality}")
        else:
            found = self._described(LoadedStructures, node)
            self.structures.append(
                replace(
                    found,
                    instance_uids=found.instance_uids if modality == "RTSTRUCT" else (),
                    referenced_series_uid=self._dicom.referenced_series_uid(node),
                    drawn_on_id=node.GetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole()) or "",
                )
            )

    def _plan(self, node: Any) -> None:
        plan = self._described(LoadedPlan, node)
        if plan.instance_uids:
            self.plans.append(plan)
        elif node.IsA(PLAN_CLASS):
            self._leave_out(node, "this plan did not come from DICOM")

    def _described(self, kind: Callable[..., Loaded], node: Any) -> Loaded:
        return kind(
            node_id=node.GetID(),
            name=node.GetName() or "",
            series_uid=self._dicom.series_uid(node),
            study_uid=self._dicom.study_uid(node),
            patient_id=self._dicom.patient_id(node),
            instance_uids=self._dicom.instance_uids(node),
            referenced_uids=self._dicom.referenced_uids(node),
            transform_id=node.GetNodeReferenceID("transform") or "",  # GetTransformNodeID marks the node as changed
            is_hidden=bool(node.GetHideFromEditors()),
        )

    def _leave_out(self, node: Any, reason: str) -> None:
        self.left_out.append(LeftOut(node.GetID(), node.GetName() or "", reason))


def _nodes(scene: Any) -> Iterator[Any]:
    for index in range(scene.GetNumberOfNodes()):
        yield scene.GetNthNode(index)
