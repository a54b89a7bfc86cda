"""Where results stand in the subject hierarchy: below the patient and the study of the current CT, found or made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..model.image import Image, Patient

UID = "DICOM"
"""UID name of patient (PatientID), study and series items."""

INSTANCES_UID = "DICOMInstanceUID"
DOSE_UNIT_NAME = "DicomRtImport.DoseUnitName"
DOSE_UNIT_VALUE = "DicomRtImport.DoseUnitValue"
OWN_ATTRIBUTE = "SlicerReirradiation.Result"
"""Of items without a node that were made here: they go once nothing is below them."""

UNIT_ATTRIBUTE = "SlicerReirradiation.DoseUnitAdded"
"""Of a study of the user that was told the unit of dose here."""

PATIENT, STUDY, FOLDER = "Patient", "Study", "Folder"


def subject_hierarchy(scene: Any) -> Any:
    """The subject hierarchy of a scene; a ``vtkMRMLSubjectHierarchyNode``."""
    import slicer

    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def study_item(hierarchy: Any, image: Image) -> int:
    """The item of the study of a CT, by its StudyInstanceUID; made below its patient if there is none."""
    found = _by_uid(hierarchy, image.study_uid, STUDY)
    if found:
        return found
    patient = _by_uid(hierarchy, image.patient.patient_id, PATIENT) or _new_patient(hierarchy, image.patient)
    study = hierarchy.CreateStudyItem(patient, f"Reirradiation {image.study_date}".strip())
    hierarchy.SetItemUID(study, UID, image.study_uid)
    hierarchy.SetItemAttribute(study, "DICOM.StudyInstanceUID", image.study_uid)
    hierarchy.SetItemAttribute(study, "DICOM.StudyDate", image.study_date)
    hierarchy.SetItemAttribute(study, OWN_ATTRIBUTE, "1")
    return int(study)


def dose_study_item(hierarchy: Any, image: Image) -> int:
    """The study item for doses in Gy: that of the CT, which is told the unit that SlicerRT looks for there.

    If it has another unit already (relative dose), doses get a study item of their own below the same patient.
    """
    study = study_item(hierarchy, image)
    unit = hierarchy.GetItemAttribute(study, DOSE_UNIT_NAME)
    if unit and unit.upper() != "GY":
        patient = hierarchy.GetItemAncestorAtLevel(study, PATIENT) or hierarchy.GetSceneItemID()
        study = _own_child(hierarchy, patient, "Reirradiation doses") or hierarchy.CreateStudyItem(
            patient, "Reirradiation doses"
        )
        hierarchy.SetItemAttribute(study, OWN_ATTRIBUTE, "1")
        unit = hierarchy.GetItemAttribute(study, DOSE_UNIT_NAME)
    if not unit:
        hierarchy.SetItemAttribute(study, DOSE_UNIT_NAME, "GY")
        hierarchy.SetItemAttribute(study, DOSE_UNIT_VALUE, "1")
        hierarchy.SetItemAttribute(study, UNIT_ATTRIBUTE, "1")
    return int(study)


def folder_item(hierarchy: Any, parent: int, name: str) -> int:
    """A folder of ours below an item, made when first asked for."""
    folder = _own_child(hierarchy, parent, name) or hierarchy.CreateFolderItem(parent, name)
    hierarchy.SetItemAttribute(folder, OWN_ATTRIBUTE, "1")
    return int(folder)


def place(hierarchy: Any, node: Any, parent: int) -> int:
    """The item of a node, which in 3D Slicer exists already, moved below a parent."""
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(parent, node)
    hierarchy.SetItemParent(item, parent)
    return int(item)


def set_series(hierarchy: Any, item: int, image: Image) -> None:
    """Say which CT series an item is, with its UIDs unless the user's own item of the series has them."""
    namesakes = [other for other in item_ids(hierarchy) if hierarchy.GetItemUID(other, UID) == image.series_uid]
    nodes = [hierarchy.GetItemDataNode(other) for other in namesakes]
    if image.series_uid and all(node is not None and node.GetAttribute(OWN_ATTRIBUTE) == "1" for node in nodes):
        hierarchy.SetItemUID(item, UID, image.series_uid)
        hierarchy.SetItemUID(item, INSTANCES_UID, " ".join(image.slice_uids))
    hierarchy.SetItemAttribute(item, "DICOM.Modality", "CT")
    hierarchy.SetItemAttribute(item, "DICOM.FrameOfReferenceUID", image.frame_uid)


def item_ids(hierarchy: Any) -> list[int]:
    """All items but the scene."""
    return _children(hierarchy, hierarchy.GetSceneItemID(), is_recursive=True)


def remove_items(hierarchy: Any, items: Iterable[int]) -> None:
    """Remove items, not their nodes. What others put below them moves up; the segments of a segmentation go."""
    for item in items:
        if item not in item_ids(hierarchy):
            continue
        for child in _children(hierarchy, item):
            if hierarchy.GetItemDataNode(child) is not None or hierarchy.GetItemLevel(child) in (PATIENT, STUDY, FOLDER):
                hierarchy.SetItemParent(child, hierarchy.GetItemParent(item))
        hierarchy.RemoveItem(item, False, True)


def tidy_up(hierarchy: Any) -> None:
    """Remove our items that nothing is below, and the unit from studies that hold no dose any more."""
    while True:
        empty = [item for item in _own_items(hierarchy) if not _children(hierarchy, item)]
        if not empty:
            break
        remove_items(hierarchy, empty)
    for item in item_ids(hierarchy):
        if hierarchy.GetItemAttribute(item, UNIT_ATTRIBUTE) and not _holds_dose(hierarchy, item):
            for name in (DOSE_UNIT_NAME, DOSE_UNIT_VALUE, UNIT_ATTRIBUTE):
                hierarchy.RemoveItemAttribute(item, name)


def _by_uid(hierarchy: Any, uid: str, level: str) -> int:
    """The item of a level that has a UID; 0 if there is none."""
    item = int(hierarchy.GetItemByUID(UID, uid)) if uid else 0
    return item if item and hierarchy.GetItemLevel(item) == level else 0


def _new_patient(hierarchy: Any, patient: Patient) -> int:
    item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), patient.name or patient.patient_id)
    hierarchy.SetItemUID(item, UID, patient.patient_id)
    hierarchy.SetItemAttribute(item, OWN_ATTRIBUTE, "1")
    return int(item)


def _own_child(hierarchy: Any, parent: int, name: str) -> int:
    own = (item for item in _children(hierarchy, parent) if hierarchy.GetItemAttribute(item, OWN_ATTRIBUTE) == "1")
    return next((item for item in own if hierarchy.GetItemName(item) == name), 0)


def _own_items(hierarchy: Any) -> list[int]:
    return [item for item in item_ids(hierarchy) if hierarchy.GetItemAttribute(item, OWN_ATTRIBUTE) == "1"]


def _holds_dose(hierarchy: Any, study: int) -> bool:
    nodes = (hierarchy.GetItemDataNode(item) for item in _children(hierarchy, study, is_recursive=True))
    return any(node is not None and node.GetAttribute("DicomRtImport.DoseVolume") for node in nodes)


def _children(hierarchy: Any, item: int, is_recursive: bool = False) -> list[int]:
    import vtk

    found = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, found, is_recursive)
    return [int(found.GetId(n)) for n in range(found.GetNumberOfIds())]
