"""A whole case as nodes: CTs, doses, structures, registrations, tables and charts, ordered under the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..model.image import Image
from ..model.scene import SceneContent, SceneDose, SceneRegistration, SceneStructure
from .plot_nodes import ChartNodes, chart_nodes
from .result_nodes import NodeKind, ResultMark, all_or_nothing, is_result, mark_result, remove_results, result_nodes
from .segmentation_node import contours_node, segmentation_node
from .subject_hierarchy import dose_study_item, folder_item, place, set_series, study_item, subject_hierarchy, tidy_up
from .table_nodes import table_node
from .transform_nodes import transform_node
from .volume_nodes import dose_node, image_in_scene, image_node

WASH_OPACITY = 0.35
"""Of the dose over the CT in the slice views."""

SLICE_VIEWS = ("Red", "Green", "Yellow")
"""The layout names of the three slice views of 3D Slicer."""

STRUCTURES, SHELLS, ISODOSES = "Structures", "Optimization structures", "Isodose lines"
CONTOURS = ", contours"


@dataclass(frozen=True, eq=False)
class SceneNodes:
    """The nodes of a case, in the order of its content.

    Parameters
    ----------
    image : vtkMRMLScalarVolumeNode
        Of the current CT: one that the scene had already, if it is the same.
    doses, segmentations, transforms : tuple of nodes
        Segmentations are "Structures" and, if there are any, "Optimization structures" and "Isodose lines".
    prior_images : tuple of nodes
        Each under its transform; those of courses without a CT are missing.
    contours : vtkMRMLSegmentationNode or None
        The planar contours of the structures, hidden.
    tables : tuple of vtkMRMLTableNode
    plots : ChartNodes
    """

    image: Any
    doses: tuple[Any, ...]
    segmentations: tuple[Any, ...]
    transforms: tuple[Any, ...]
    prior_images: tuple[Any, ...]
    contours: Any | None
    tables: tuple[Any, ...]
    plots: ChartNodes


def add_content(scene: Any, content: SceneContent) -> SceneNodes:
    """Add a case to a scene, an empty one or the one that is open in 3D Slicer: all of it, or nothing.

    Every node carries the marks of :mod:`.result_nodes`. Patient and study of the current CT are those of the scene if it
    has them, and so is the CT itself if it is the same; no node of others is changed.

    Parameters
    ----------
    scene : vtkMRMLScene
    content : SceneContent

    Returns
    -------
    SceneNodes
    """
    with all_or_nothing(scene):
        image = image_in_scene(scene, content.image) or mark_result(
            image_node(scene, content.image), ResultMark(NodeKind.IMAGE, content.case)
        )
        named = ((STRUCTURES, content.structures), (SHELLS, content.optimization_structures), (ISODOSES, content.isodoses))
        transforms = tuple(_transform(scene, one, content.case) for one in content.registrations)
        nodes = SceneNodes(
            image=image,
            doses=tuple(_dose(scene, dose, content.case) for dose in content.doses),
            segmentations=tuple(_structures(scene, all_of, name, image, content.case) for name, all_of in named if all_of),
            transforms=transforms,
            prior_images=tuple(
                _prior_image(scene, one.image, one, transform, content.case)
                for one, transform in zip(content.registrations, transforms, strict=True)
                if one.image is not None
            ),
            contours=_contours(scene, content, image),
            tables=tuple(
                mark_result(table_node(scene, table), ResultMark(NodeKind.TABLE, content.case, key=table.key))
                for table in content.tables
            ),
            plots=chart_nodes(scene, content.charts, content.case),
        )
        _order_under_patient(scene, content, nodes)
    return nodes


def replace_results(scene: Any, content: SceneContent) -> SceneNodes:
    """Put a case in the place of all results of ours in a scene; they go once the new ones are complete.

    A CT of a former run stays if it is the same.
    """
    former = result_nodes(scene)
    nodes = add_content(scene, content)
    remove_results(scene, [node for node in former if node is not nodes.image])
    return nodes


def replace_structures(scene: Any, image: Image, structures: Sequence[SceneStructure], name: str, case: str = "") -> Any:
    """Put structures in the place of our segmentation of the same name, below the study of a CT.

    Parameters
    ----------
    scene : vtkMRMLScene
    image : Image
        The current CT. If the scene has it, its grid is the reference geometry.
    structures : sequence of SceneStructure
    name : str
    case : str
        Title of the case.

    Returns
    -------
    vtkMRMLSegmentationNode
    """
    former = result_nodes(scene, NodeKind.STRUCTURES, key=name)
    with all_or_nothing(scene):
        node = _structures(scene, structures, name, image_in_scene(scene, image), case)
        hierarchy = subject_hierarchy(scene)
        item = place(hierarchy, node, study_item(hierarchy, image))
        hierarchy.SetItemAttribute(item, "DicomRtImport.RoiReferencedSeriesUid", image.series_uid)
    remove_results(scene, former)
    return node


def show_in_slice_views(scene: Any, nodes: SceneNodes) -> None:
    """Put the CT in the background and the last dose in the foreground of the three slice views of a new scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Not one with slice views of its own: these are set by :mod:`.slice_views`.
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


def _dose(scene: Any, dose: SceneDose, case: str) -> Any:
    return mark_result(dose_node(scene, dose), ResultMark(NodeKind.DOSE, case, dose.course, dose.name))


def _structures(scene: Any, structures: Sequence[SceneStructure], name: str, image: Any | None, case: str) -> Any:
    node = segmentation_node(scene, structures, name, image)
    return mark_result(node, ResultMark(NodeKind.STRUCTURES, case, key=name))


def _contours(scene: Any, content: SceneContent, image: Any) -> Any | None:
    node = contours_node(scene, content.structures, f"{STRUCTURES}{CONTOURS}", image)
    return None if node is None else mark_result(node, ResultMark(NodeKind.CONTOURS, content.case, key=STRUCTURES))


def _transform(scene: Any, one: SceneRegistration, case: str) -> Any:
    node = transform_node(scene, one.transform, f"Registration of {one.label}")
    return mark_result(node, ResultMark(NodeKind.REGISTRATION, case, one.course))


def _prior_image(scene: Any, image: Image, one: SceneRegistration, transform: Any, case: str) -> Any:
    """A prior CT on its own grid under our transform.

    What the slice views ask of a transform is where a point of the world lies in the volume; that is the direction in which
    ours is stored, so the CT appears on the current one without an inverse and without a resampled copy.
    """
    node = image_node(scene, image)
    node.SetName(f"{one.label}, prior CT")
    node.SetDescription("Shown on the current CT through the transform that it stands under.")
    node.SetAndObserveTransformNodeID(transform.GetID())
    return mark_result(node, ResultMark(NodeKind.PRIOR_IMAGE, case, one.course))


def _order_under_patient(scene: Any, content: SceneContent, nodes: SceneNodes) -> None:
    image, hierarchy = content.image, subject_hierarchy(scene)
    study, doses = study_item(hierarchy, image), dose_study_item(hierarchy, image)
    if is_result(nodes.image):
        set_series(hierarchy, place(hierarchy, nodes.image, study), image)
    for dose in nodes.doses:
        item = place(hierarchy, dose, doses)
        hierarchy.SetItemAttribute(item, "DICOM.Modality", "RTDOSE")
        hierarchy.SetItemAttribute(item, "DICOM.FrameOfReferenceUID", image.frame_uid)
        hierarchy.SetItemAttribute(item, "DICOM.ReferencedInstanceUIDs", " ".join(image.slice_uids))
    for segmentation in (*nodes.segmentations, *((nodes.contours,) if nodes.contours else ())):
        item = place(hierarchy, segmentation, study)
        hierarchy.SetItemAttribute(item, "DicomRtImport.RoiReferencedSeriesUid", image.series_uid)
    priors = [one.image for one in content.registrations if one.image is not None]
    registrations, tables, charts = (folder_item(hierarchy, study, name) for name in ("Registrations", "Tables", "Charts"))
    for prior, node in zip(priors, nodes.prior_images, strict=True):
        set_series(hierarchy, place(hierarchy, node, registrations), prior)
    members = (
        (registrations, nodes.transforms),
        (tables, nodes.tables),
        (charts, nodes.plots.charts),
        (folder_item(hierarchy, charts, "Curves"), nodes.plots.series),
        (folder_item(hierarchy, charts, "Points"), nodes.plots.tables),
    )
    for folder, placed in members:
        for node in placed:
            place(hierarchy, node, folder)
    tidy_up(hierarchy)
