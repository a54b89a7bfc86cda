"""A whole case as nodes: CT, doses, structures and registrations, ordered under the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..model.image import Image
from ..model.scene import SceneContent
from .segmentation_node import segmentation_node
from .transform_nodes import transform_node
from .volume_nodes import dose_node, image_node

WASH_OPACITY = 0.35
"""Of the dose over the CT in the slice views."""

SLICE_VIEWS = ("Red", "Green", "Yellow")
"""The layout names of the three slice views of 3D Slicer."""


@dataclass(frozen=True, eq=False)
class SceneNodes:
    """The nodes of a case, in the order of its content."""

    image: Any
    doses: tuple[Any, ...]
    segmentations: tuple[Any, ...]
    transforms: tuple[Any, ...]


def add_content(scene: Any, content: SceneContent) -> SceneNodes:
    """Add a case to a scene, an empty one or the one that is open in 3D Slicer.

    Parameters
    ----------
    scene : vtkMRMLScene
    content : SceneContent

    Returns
    -------
    SceneNodes
        Segmentations are "Structures" and, if there are any, "Optimization structures" and "Isodose lines".
    """
    named_structures = (
        ("Structures", content.structures),
        ("Optimization structures", content.optimization_structures),
        ("Isodose lines", content.isodoses),
    )
    nodes = SceneNodes(
        image_node(scene, content.image),
        tuple(dose_node(scene, dose) for dose in content.doses),
        tuple(segmentation_node(scene, structures, name) for name, structures in named_structures if structures),
        tuple(
            transform_node(scene, transform, f"Registration {number}")
            for number, transform in enumerate(content.transforms, start=1)
        ),
    )
    _order_under_patient(scene, content.image, nodes)
    return nodes


def show_in_slice_views(scene: Any, nodes: SceneNodes) -> None:
    """Put the CT in the background and the last dose in the foreground of the three slice views of a new scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Not one with slice views of its own: in 3D Slicer the views are set through the application.
    nodes : SceneNodes
    """
    import slicer

    for view in SLICE_VIEWS:
        composite = slicer.vtkMRMLSliceCompositeNode()
        composite.SetName(view)
        composite.SetLayoutName(view)
        composite.SetSingletonTag(view)
        composite.SetBackgroundVolumeID(nodes.image.GetID())
        if nodes.doses:
            composite.SetForegroundVolumeID(nodes.doses[-1].GetID())
            composite.SetForegroundOpacity(WASH_OPACITY)
        scene.AddNode(composite)


def _order_under_patient(scene: Any, image: Image, nodes: SceneNodes) -> None:
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = _study_item(hierarchy, image)
    series = _item_below(hierarchy, study, nodes.image)
    hierarchy.SetItemUID(series, "DICOM", image.series_uid)
    hierarchy.SetItemUID(series, "DICOMInstanceUID", " ".join(image.slice_uids))
    hierarchy.SetItemAttribute(series, "DICOM.Modality", "CT")
    hierarchy.SetItemAttribute(series, "DICOM.FrameOfReferenceUID", image.frame_uid)
    for dose in nodes.doses:
        item = _item_below(hierarchy, study, dose)
        hierarchy.SetItemAttribute(item, "DICOM.Modality", "RTDOSE")
        hierarchy.SetItemAttribute(item, "DICOM.FrameOfReferenceUID", image.frame_uid)
        hierarchy.SetItemAttribute(item, "DICOM.ReferencedInstanceUIDs", " ".join(image.slice_uids))
    for segmentation in nodes.segmentations:
        item = _item_below(hierarchy, study, segmentation)
        hierarchy.SetItemAttribute(item, "DicomRtImport.RoiReferencedSeriesUid", image.series_uid)
    if nodes.transforms:
        folder = hierarchy.CreateFolderItem(study, "Registrations")
        for transform in nodes.transforms:
            _item_below(hierarchy, folder, transform)


def _study_item(hierarchy: Any, image: Image) -> int:
    """The study with the dose unit that SlicerRT looks for among the ancestors of a dose."""
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), image.patient.name or image.patient.patient_id)
    hierarchy.SetItemUID(patient, "DICOM", image.patient.patient_id)
    study = hierarchy.CreateStudyItem(patient, f"Reirradiation {image.study_date}".strip())
    hierarchy.SetItemUID(study, "DICOM", image.study_uid)
    hierarchy.SetItemAttribute(study, "DICOM.StudyInstanceUID", image.study_uid)
    hierarchy.SetItemAttribute(study, "DICOM.StudyDate", image.study_date)
    hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitName", "GY")
    hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitValue", "1")
    return int(study)


def _item_below(hierarchy: Any, parent: int, node: Any) -> int:
    """The item of a node, which in 3D Slicer exists already, moved below a parent."""
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(parent, node)
    hierarchy.SetItemParent(item, parent)
    return int(item)
