"""What nodes and their items in the subject hierarchy say about the DICOM objects behind them."""

from __future__ import annotations

from typing import Any

INSTANCES_OF_NODE = "DICOM.instanceUIDs"
"""Node attribute of volumes that Slicer loaded: SOPInstanceUIDs in the order of the slices."""

REFERENCED_SERIES = "DicomRtImport.RoiReferencedSeriesUid"
STUDY_SPELLINGS = ("DICOM.StudyInstanceUID", "StudyInstanceUID")
"""Attribute of a study item as Slicer's core and as SlicerRT write it."""

PATIENT_SPELLINGS = ("DICOM.PatientID", "PatientID")
UNKNOWN = "Unknown"
"""What Slicer notes for a slice whose UID it could not read."""


class DicomAttributes:
    """Reads the subject hierarchy of a scene; one without a hierarchy, or without items, tells nothing.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        # Asking by GetSubjectHierarchyNode would make one.
        self._hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")

    def series_uid(self, node: Any) -> str:
        """SeriesInstanceUID."""
        return self._uid(self._item(node), "DICOM")

    def instance_uids(self, node: Any) -> tuple[str, ...]:
        """SOPInstanceUIDs: those of the node, which are in the order of the slices, else those of its item."""
        own = _split(node.GetAttribute(INSTANCES_OF_NODE))
        return own or _split(self._uid(self._item(node), "DICOMInstanceUID"))

    def referenced_uids(self, node: Any) -> tuple[str, ...]:
        """SOPInstanceUIDs of what the object refers to, as far as the import kept them."""
        return _split(self._attribute(self._item(node), "DICOM.ReferencedInstanceUIDs"))

    def referenced_series_uid(self, node: Any) -> str:
        """SeriesInstanceUID of the CT that SlicerRT says a structure set was drawn on."""
        return self._attribute(self._item(node), REFERENCED_SERIES)

    def modality(self, node: Any) -> str:
        """Modality of the series."""
        return self._attribute(self._item(node), "DICOM.Modality")

    def study_uid(self, node: Any) -> str:
        """StudyInstanceUID, from the item of the study or, in either spelling, its attributes."""
        return self._of_ancestor(node, "Study", STUDY_SPELLINGS)

    def patient_id(self, node: Any) -> str:
        """PatientID."""
        return self._of_ancestor(node, "Patient", PATIENT_SPELLINGS)

    def _of_ancestor(self, node: Any, level: str, spellings: tuple[str, ...]) -> str:
        item = self._item(node)
        if not item:
            return ""
        ancestor = self._hierarchy.GetItemAncestorAtLevel(item, level)
        found = (self._attribute(ancestor, name) for name in spellings)
        return self._uid(ancestor, "DICOM") or next((value for value in found if value), "")

    def _item(self, node: Any) -> int:
        """Number of the node's item, 0 if it has none."""
        return int(self._hierarchy.GetItemByDataNode(node)) if self._hierarchy is not None else 0

    def _uid(self, item: int, name: str) -> str:
        return str(self._hierarchy.GetItemUID(item, name)) if item else ""

    def _attribute(self, item: int, name: str) -> str:
        return str(self._hierarchy.GetItemAttribute(item, name)) if item else ""


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(uid for uid in (text or "").split() if uid != UNKNOWN)
