"""Nodes as 3D Slicer's DICOM module and SlicerRT make them, line by line after their sources, for slicer-core.

After DICOMScalarVolumePlugin.py, DICOMPlugin.py (addSeriesInSubjectHierarchy), vtkSlicerDicomRtImportExportModuleLogic.cxx,
vtkSlicerDicomRtReader.cxx and vtkSlicerDicomSroImportExportModuleLogic.cxx. Files are read with pydicom and Slicer's own
volume readers, never with the library under test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import vtk
from pydicom import dcmread
from pydicom.dataset import Dataset
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy


class SlicerRt:
    """Loads files into a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        import slicer

        self.scene = scene
        self.hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        self.files: dict[str, Path] = {}

    def file_of_instance(self, uid: str) -> str:
        """``slicer.dicomDatabase.fileForInstance``: empty if it does not know."""
        return str(self.files.get(uid, ""))

    def know(self, *paths: Path) -> None:
        """Import files into the database without loading them."""
        for path in paths:
            self.files[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = path

    def load_ct(self, folder: Path) -> Any:
        """A CT by DICOMScalarVolumePlugin with the GDCM reader."""
        import slicer

        headers = {path: dcmread(path, stop_before_pixels=True) for path in folder.iterdir()}
        first = next(iter(headers.values()))
        normal = np.cross(first.ImageOrientationPatient[:3], first.ImageOrientationPatient[3:])
        paths = sorted(headers, key=lambda path: float(np.dot(normal, headers[path].ImagePositionPatient)))
        self.know(*paths)
        reader = slicer.vtkITKArchetypeImageSeriesScalarReader()
        reader.SetArchetype(str(paths[0]))
        for path in paths:
            reader.AddFileName(str(path))
        reader.SetSingleFile(0)
        reader.SetOutputScalarTypeToNative()
        reader.SetDesiredCoordinateOrientationToNative()
        reader.SetUseNativeOriginOn()
        reader.SetDICOMImageIOApproachToGDCM()
        reader.Update()
        change = vtk.vtkImageChangeInformation()
        change.SetInputConnection(reader.GetOutputPort())
        change.SetOutputSpacing(1, 1, 1)
        change.SetOutputOrigin(0, 0, 0)
        change.Update()
        node = self.scene.AddNewNodeByClass(
            "vtkMRMLScalarVolumeNode", f"{first.SeriesNumber}: {first.get('SeriesDescription')}"
        )
        node.SetAndObserveImageData(change.GetOutputDataObject(0))
        node.SetRASToIJKMatrix(reader.GetRasToIjkMatrix())
        node.CreateDefaultDisplayNodes()
        self._add_series_core(node, first, [str(headers[path].SOPInstanceUID) for path in folder.iterdir()])
        node.SetAttribute("DICOM.instanceUIDs", " ".join(str(headers[path].SOPInstanceUID) for path in paths))
        return node

    def load_dose(self, path: Path) -> Any:
        """LoadRtDose."""
        import slicer

        self.know(path)
        header = dcmread(path, stop_before_pixels=True)
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(path))
        storage.ResetFileNameList()
        storage.SetSingleFile(1)
        node = slicer.vtkMRMLScalarVolumeNode()
        assert storage.ReadData(node)
        node.SetName(self.scene.GenerateUniqueName(f"RTDOSE: {header.get('SeriesDescription', '')}"))
        node.SetSpacing(float(header.PixelSpacing[0]), float(header.PixelSpacing[1]), node.GetSpacing()[2])
        node.SetAttribute("DicomRtImport.DoseVolume", "1")
        node = self.scene.AddNode(node)
        cast = vtk.vtkImageCast()
        cast.SetInputData(node.GetImageData())
        cast.SetOutputScalarTypeToFloat()
        cast.Update()
        floats = vtk.vtkImageData()
        floats.DeepCopy(cast.GetOutput())
        values = vtk_to_numpy(floats.GetPointData().GetScalars())
        values[:] = (values.astype(np.float64) * float(header.DoseGridScaling)).astype(np.float32)  # float = float * double
        node.SetAndObserveImageData(floats)
        display = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
        display.AutoThresholdOff()
        display.SetLowerThreshold(0.5 * float(header.DoseGridScaling))
        display.SetApplyThreshold(1)
        node.SetAndObserveDisplayNodeID(display.GetID())
        item = self.hierarchy.CreateItem(self.hierarchy.GetSceneItemID(), node)
        self.hierarchy.SetItemUID(item, "DICOM", str(header.SeriesInstanceUID))
        plan = str(header.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID)
        self.hierarchy.SetItemAttribute(item, "DICOM.ReferencedInstanceUIDs", plan)
        self._insert_series(header)
        study = self.hierarchy.GetItemParent(item)
        self.hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitName", str(header.DoseUnits))
        if not self.hierarchy.GetItemAttribute(study, "DicomRtImport.DoseUnitValue"):
            self.hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitValue", str(header.DoseGridScaling))
        return node

    def load_structures(self, path: Path) -> Any:
        """LoadRtStructureSet, with the poly data of vtkSlicerDicomRtReader::LoadContour."""
        import slicer

        self.know(path)
        dataset = dcmread(path)
        node = self.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"RTSTRUCT: {dataset.StructureSetLabel}")
        segmentation = node.GetSegmentation()
        segmentation.SetSourceRepresentationName("Planar contour")
        series = dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
        volume = self.hierarchy.GetItemDataNode(self.hierarchy.GetItemByUID("DICOM", str(series.SeriesInstanceUID)))
        if volume is not None:
            node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        item = self.hierarchy.CreateItem(self.hierarchy.GetSceneItemID(), node)
        self.hierarchy.SetItemUID(item, "DICOM", str(dataset.SeriesInstanceUID))
        self.hierarchy.SetItemAttribute(item, "DicomRtImport.RoiReferencedSeriesUid", str(series.SeriesInstanceUID))
        node.CreateDefaultDisplayNodes()
        names = {int(region.ROINumber): str(region.ROIName) for region in dataset.StructureSetROISequence}
        slices: list[str] = []
        for region in dataset.ROIContourSequence:
            contours = [each for each in region.get("ContourSequence", []) if each.get("ContourData")]
            if not contours:
                continue  # "Structure ROI data does not contain any points": skipped with a warning
            named = [image for each in contours for image in each.get("ContourImageSequence", [])]
            slices = [str(image.ReferencedSOPInstanceUID) for image in named]  # of the last ROI only
            segment = slicer.vtkSegment()
            segment.SetName(names[int(region.ReferencedROINumber)])
            segment.SetColor(*(float(value) / 255.0 for value in region.ROIDisplayColor))
            segment.AddRepresentation(
                "Planar contour", contour_lines([np.array(each.ContourData, float) for each in contours])
            )
            segmentation.AddSegment(segment)
            segment.SetTag("DicomRtImport.RoiNumber", str(region.ReferencedROINumber))
        self.hierarchy.SetItemAttribute(item, "DICOM.ReferencedInstanceUIDs", " ".join(slices))
        self._insert_series(dataset)
        return node

    def load_plan(self, path: Path) -> Any:
        """LoadRtPlan; vtkMRMLRTPlanNode is not in slicer-core, so another node stands for it."""
        self.know(path)
        header = dcmread(path, stop_before_pixels=True)
        node = self.scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", f"RTPLAN: {header.RTPlanLabel}")
        item = self.hierarchy.CreateItem(self.hierarchy.GetSceneItemID(), node)
        self.hierarchy.SetItemUID(item, "DICOM", str(header.SeriesInstanceUID))
        structures = str(header.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID)
        self.hierarchy.SetItemAttribute(item, "DICOM.ReferencedInstanceUIDs", structures)
        self._insert_series(header)
        return node

    def load_registration(self, path: Path, node: Any, moving: Any | None = None) -> Any:
        """LoadDicomSro: where a transform node lies in the hierarchy, and the image of another study under it."""
        self.know(path)
        header = dcmread(path, stop_before_pixels=True)
        item = self.hierarchy.GetItemByDataNode(node) or self.hierarchy.CreateItem(self.hierarchy.GetSceneItemID(), node)
        self.hierarchy.SetItemUID(item, "DICOM", str(header.SeriesInstanceUID))
        self._insert_series(header)
        if moving is not None:
            moving.SetAndObserveTransformNodeID(node.GetID())
        return node

    def _insert_series(self, header: Dataset) -> None:
        """InsertSeriesInSubjectHierarchy: study attributes under the names of the DICOM tags, without "DICOM."."""
        import slicer

        hierarchy = self.hierarchy
        had_patient = hierarchy.GetItemByUID("DICOM", str(header.PatientID))
        had_study = hierarchy.GetItemByUID("DICOM", str(header.StudyInstanceUID))
        insert = slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy
        series = insert(hierarchy, str(header.PatientID), str(header.StudyInstanceUID), str(header.SeriesInstanceUID))
        if not had_patient:
            patient = hierarchy.GetItemByUID("DICOM", str(header.PatientID))
            hierarchy.SetItemAttribute(patient, "DICOM.PatientName", str(header.PatientName))
            hierarchy.SetItemAttribute(patient, "DICOM.PatientID", str(header.PatientID))
            hierarchy.SetItemName(patient, str(header.PatientName))
        if not had_study:
            study = hierarchy.GetItemByUID("DICOM", str(header.StudyInstanceUID))
            hierarchy.SetItemAttribute(study, "StudyInstanceUID", str(header.StudyInstanceUID))
            hierarchy.SetItemAttribute(study, "StudyID", str(header.get("StudyID", "")))
            hierarchy.SetItemAttribute(study, "DICOM.StudyDate", str(header.get("StudyDate", "")))
            hierarchy.SetItemName(study, str(header.get("StudyDescription", "No study description")))
        hierarchy.SetItemAttribute(series, "DICOM.Modality", str(header.Modality))
        hierarchy.SetItemAttribute(series, "DICOM.SeriesNumber", str(header.get("SeriesNumber", "")))
        hierarchy.SetItemUID(series, "DICOMInstanceUID", str(header.SOPInstanceUID))

    def _add_series_core(self, node: Any, header: Dataset, instances: list[str]) -> None:
        """addSeriesInSubjectHierarchy of Slicer's core: "DICOM." before every name; instances in the order of the files."""
        import slicer

        hierarchy = self.hierarchy
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        hierarchy.SetItemUID(item, "DICOM", str(header.SeriesInstanceUID))
        hierarchy.SetItemAttribute(item, "DICOM.Modality", str(header.Modality))
        hierarchy.SetItemAttribute(item, "DICOM.SeriesNumber", str(header.get("SeriesNumber", "")))
        hierarchy.SetItemAttribute(item, "DICOM.FrameOfReferenceUID", str(header.FrameOfReferenceUID))
        hierarchy.SetItemUID(item, "DICOMInstanceUID", " ".join(instances))
        insert = slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy
        insert(hierarchy, str(header.PatientID), str(header.StudyInstanceUID), str(header.SeriesInstanceUID))
        patient = hierarchy.GetItemByUID("DICOM", str(header.PatientID))
        hierarchy.SetItemAttribute(patient, "DICOM.PatientID", str(header.PatientID))
        hierarchy.SetItemName(patient, str(header.PatientName))
        study = hierarchy.GetItemByUID("DICOM", str(header.StudyInstanceUID))
        hierarchy.SetItemAttribute(study, "DICOM.StudyInstanceUID", str(header.StudyInstanceUID))
        hierarchy.SetItemAttribute(study, "DICOM.StudyDate", str(header.get("StudyDate", "")))


def contour_lines(contours_lps: list[np.ndarray]) -> Any:
    """A closed line per contour in RAS, points in single precision as vtkPoints holds them, the first point named twice."""
    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    assert points.GetDataType() == vtk.VTK_FLOAT
    flat = np.concatenate([contour.reshape(-1, 3) for contour in contours_lps]) * np.array([-1.0, -1.0, 1.0])
    points.SetData(numpy_to_vtk(flat.astype(np.float32), deep=True))
    count = 0
    for contour in contours_lps:
        size = contour.size // 3
        lines.InsertNextCell(size + 1)
        for n in [*range(size), 0]:
            lines.InsertCellPoint(count + n)
        count += size
    data = vtk.vtkPolyData()
    data.SetPoints(points)
    data.SetLines(lines)
    return data


def load_demo(rt: SlicerRt, demo: Path) -> dict[str, Any]:
    """Both courses of the demo case, CT first as SlicerRT wants it, and nothing of the registration."""
    nodes = {}
    for course in ("course1", "course2"):
        nodes[f"{course}.ct"] = rt.load_ct(demo / course / "CT")
        nodes[f"{course}.structures"] = rt.load_structures(demo / course / "RS.dcm")
        nodes[f"{course}.plan"] = rt.load_plan(demo / course / "RP.dcm")
        nodes[f"{course}.dose"] = rt.load_dose(demo / course / "RD.dcm")
    return nodes


def scene_state(scene: Any) -> tuple[str, dict[str, tuple[int, ...]]]:
    """All that a scene holds, to see whether anything was touched: its XML, and when each node and its data changed last."""
    scene.SetSaveToXMLString(1)
    scene.Commit()  # writing itself marks the subject hierarchy as changed the first time
    times = {}
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        parts = [node]
        if node.IsA("vtkMRMLVolumeNode"):
            parts += [node.GetImageData()] if node.GetImageData() is not None else []
        if node.IsA("vtkMRMLSegmentationNode"):
            segments = [node.GetSegmentation().GetNthSegment(n) for n in range(node.GetSegmentation().GetNumberOfSegments())]
            source = node.GetSegmentation().GetSourceRepresentationName()
            parts += [node.GetSegmentation(), *segments]
            parts += [data for data in (segment.GetRepresentation(source) for segment in segments) if data is not None]
        times[node.GetID()] = tuple(part.GetMTime() for part in parts)
    return str(scene.GetSceneXMLString()), times
