"""A small case for scenes, a scene of a user that results come into, and what a scene holds as text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import DoseQuantity, SceneContent, SceneDose, SceneRegistration, SceneStructure
from ReirradiationLib.model.scene_tables import LineStyle, PointMark, SceneChart, SceneColumn, SceneSeries, SceneTable
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.mrml.volume_nodes import image_node

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
TILTED = ((1.0, 0.0, 0.0), (0.0, 0.8, -0.6), (0.0, 0.6, 0.8))
PATIENT = Patient("P1", "Doe^Jane", "", "F")
CT = Geometry((-31.5, 12.25, -140.0), (1.5, 2.0, 3.0), TILTED, (14, 13, 12))
DOSE_GRID = Geometry((-30.0, 14.0, -138.0), (4.0, 4.0, 3.0), AXIAL, (6, 7, 8))
PRIOR_CT = Geometry((-60.0, -20.0, -180.0), (2.0, 2.5, 4.0), AXIAL, (30, 30, 25))


def current_ct() -> Image:
    voxels = np.random.default_rng(5).normal(0, 300, CT.shape).astype(np.float32)
    uids = tuple(f"1.2.{k}" for k in range(CT.size[2]))
    return Image(voxels, CT, "1.9", "1.8", "1.7", uids, (), PATIENT, "20240101", "planning CT")


def prior_ct() -> Image:
    voxels = np.random.default_rng(6).normal(0, 300, PRIOR_CT.shape).astype(np.float32)
    uids = tuple(f"1.3.{k}" for k in range(PRIOR_CT.size[2]))
    return Image(voxels, PRIOR_CT, "1.10", "1.38", "1.37", uids, (), PATIENT, "20190101", "old CT")


def registration() -> SceneRegistration:
    """A deformation, then a shift and a turn."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    matrix[:3, 3] = (4.0, 20.0, 11.0)
    vectors = np.random.default_rng(7).normal(0, 2, (*DOSE_GRID.shape, 3)).astype(np.float32)
    transform = SpatialTransform("1.9", "1.10", (DisplacementGrid(DOSE_GRID, vectors), Affine(matrix)), "REG")
    return SceneRegistration("course1", "Course 1", transform, prior_ct())


def square(k: int) -> np.ndarray:
    """A contour on a slice of the CT, LPS mm."""
    index = np.array([[3.2, 3.1, k], [9.7, 3.4, k], [9.1, 9.8, k], [3.3, 9.2, k]])
    return CT.to_lps(index)


def structures() -> tuple[SceneStructure, ...]:
    cord = np.zeros(CT.shape, dtype=np.bool_)
    cord[3:8, 4:10, 4:10] = True
    other = np.random.default_rng(8).random(CT.shape) > 0.6
    contours = tuple(square(k) for k in range(3, 8))
    return (
        SceneStructure("Cord", (255, 0, 0), cord, CT, contours_mm=contours, number=4),
        SceneStructure("PTV", (0, 0, 255), other, CT),
    )


def table() -> SceneTable:
    columns = (SceneColumn("Structure"), SceneColumn("α/β [Gy]", True), SceneColumn("Remark"))
    rows = (("Cord", 2.0, 'D ≤ 50 "hot", new\nline'), ("PTV", None, ""))
    return SceneTable("scorecard", "Scorecard", columns, rows, "all of it")


def charts() -> tuple[SceneChart, ...]:
    curve = SceneSeries(
        *(
            "Cord: sum, raw",
            "DVH of Cord",
            "sum: EQD2 [Gy]",
            "sum: volume [%]",
            (0.0, 10.0, 12.5, 12.5),
            (100.0, 40.0, 1.5, 0.0),
        ),
        colour=(255, 0, 0),
    )
    prior = SceneSeries(
        *("Cord: prior", "DVH of Cord", "prior: EQD2 [Gy]", "prior: volume [%]", (0.0, 8.0), (100.0, 0.0)),
        *((255, 0, 0), LineStyle.DASHED),
    )
    limit = SceneSeries(
        *("Cord: D0.03cc ≤ 50 Gy", "Limits", "1: EQD2 [Gy]", "1: volume [%]", (50.0,), (0.3,)),
        *((255, 0, 0), LineStyle.NONE, PointMark.DIAMOND),
    )
    axes = ("EQD2 [Gy]", "Volume [%]")
    both = SceneChart("dvh", "DVH", *axes, (curve, prior, limit), (0.0, 60.0), (0.0, 105.0))
    return both, SceneChart("dvh/Cord", "DVH of Cord", *axes, (curve, limit))


def content() -> SceneContent:
    random = np.random.default_rng(9)
    doses = (
        SceneDose(
            *("Course 1 → current", (random.random(DOSE_GRID.shape) * 50).astype(np.float32), DOSE_GRID),
            *(DoseQuantity.PHYSICAL, "a", "course1"),
        ),
        SceneDose("Sum", (random.random(DOSE_GRID.shape) * 70).astype(np.float32), DOSE_GRID, DoseQuantity.EQD2, "b"),
    )
    fine = replace(CT, spacing_mm=(0.75, 1.0, 3.0), size=(28, 26, 12))
    shell = np.zeros(fine.shape, dtype=np.bool_)
    shell[4:7, 5:19, 6:17] = True
    shells = (SceneStructure("zCord_S1", (0, 255, 0), shell, fine, "at most 12 Gy"),)
    return SceneContent(
        *(current_ct(), doses, structures(), shells, (registration(),)),
        tables=(table(),),
        charts=charts(),
        case="Case 1",
    )


def fill_as_user(scene: Any, unit: str = "GY") -> dict[str, Any]:
    """Patient, study and CT as DICOM loading leaves them, and nodes with the very names of results.

    Returns
    -------
    dict
        What is needed later, by name.
    """
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Jane")
    hierarchy.SetItemUID(patient, "DICOM", "P1")
    study = hierarchy.CreateStudyItem(patient, "Planning")
    hierarchy.SetItemUID(study, "DICOM", "1.8")
    ct = image_node(scene, current_ct())
    series = hierarchy.CreateItem(study, ct)
    hierarchy.SetItemUID(series, "DICOM", "1.7")
    if unit:
        hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitName", unit)
        hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitValue", "0.0001")
    named = {}
    for class_name, name in (
        ("vtkMRMLSegmentationNode", "Structures"),
        ("vtkMRMLScalarVolumeNode", "Sum [Gy EQD2]"),
        ("vtkMRMLTableNode", "Scorecard"),
        ("vtkMRMLColorTableNode", "Reirradiation_Dose_ColorTable"),
        ("vtkMRMLPlotChartNode", "DVH"),
        ("vtkMRMLLinearTransformNode", "Registration of Course 1"),
    ):
        named[name] = scene.AddNewNodeByClass(class_name, name)
        hierarchy.CreateItem(study, named[name])
    return {"hierarchy": hierarchy, "patient": patient, "study": study, "ct": ct, **named}


def scene_text(scene: Any) -> str:
    """The scene as its file would say it."""
    scene.SetSaveToXMLString(True)
    scene.Commit()
    return str(scene.GetSceneXMLString())


def nodes_as_text(scene: Any) -> dict[str, str]:
    """The XML of every node but the subject hierarchy's, by id."""
    root = ElementTree.fromstring(scene_text(scene))
    return {
        element.get("id", ""): ElementTree.tostring(element, encoding="unicode").strip()
        for element in root
        if element.tag != "SubjectHierarchy"
    }


def nodes(scene: Any, class_name: str = "vtkMRMLNode") -> list[Any]:
    return [scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name))]


def node_ids(scene: Any) -> list[str]:
    return [scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())]


def hierarchy_of(scene: Any) -> Any:
    import slicer

    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def hierarchy_items(scene: Any) -> list[int]:
    import vtk

    found = vtk.vtkIdList()
    hierarchy_of(scene).GetItemChildren(hierarchy_of(scene).GetSceneItemID(), found, True)
    return [found.GetId(n) for n in range(found.GetNumberOfIds())]


def ancestors(scene: Any, node: Any) -> list[str]:
    """Names from the item above a node up to the patient."""
    hierarchy = hierarchy_of(scene)
    item, found = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)), []
    while item and item != hierarchy.GetSceneItemID():
        found.append(hierarchy.GetItemName(item))
        item = hierarchy.GetItemParent(item)
    return found
