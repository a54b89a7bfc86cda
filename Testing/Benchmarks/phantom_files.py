"""The phantom as DICOM files: CT, RTSTRUCT and the RTDOSE of each course."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
from phantom import COURSES, CT, DOSE, Shape, dose_gy
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

TESTING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTING / "Python"))
from rtdose_files import Layout, write_dose  # noqa: E402

DEMO = TESTING / "Data" / "demo_case" / "course2"


def write_phantom(folder: Path, shapes: list[Shape], courses: int = len(COURSES)) -> None:
    """Write CT/, RS.dcm and RD0.dcm … into a folder."""
    frame = _write_ct(folder / "CT")
    _write_structures(folder / "RS.dcm", shapes, frame)
    for course in range(courses):
        write_dose(
            folder / f"RD{course}.dcm",
            dose_gy(course),
            Layout(
                [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                DOSE.origin_mm,
                [DOSE.spacing_mm[2] * k for k in range(DOSE.size[2])],
                rows=DOSE.size[1],
                columns=DOSE.size[0],
                spacing=(DOSE.spacing_mm[1], DOSE.spacing_mm[0]),
            ),
            FrameOfReferenceUID=frame,
            SOPInstanceUID=f"1.2.3.5.{course}",
        )


def _slice_uid(k: int) -> str:
    return f"1.2.3.4.{k + 1}"


def _write_ct(folder: Path) -> str:
    folder.mkdir(parents=True)
    template = pydicom.dcmread(DEMO / "CT" / "CT.000.dcm")
    template.Columns, template.Rows = CT.size[:2]
    template.PixelSpacing = [CT.spacing_mm[1], CT.spacing_mm[0]]
    template.SliceThickness = CT.spacing_mm[2]
    template.PixelData = np.full(CT.size[:2], 24, dtype=np.uint16).tobytes()
    for k in range(CT.size[2]):
        template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = _slice_uid(k)
        template.InstanceNumber = k + 1
        template.ImagePositionPatient = [*CT.origin_mm[:2], CT.origin_mm[2] + CT.spacing_mm[2] * k]
        template.save_as(folder / f"CT.{k:03d}.dcm")
    return str(template.FrameOfReferenceUID)


def _write_structures(path: Path, shapes: list[Shape], frame: str) -> None:
    dataset = pydicom.dcmread(DEMO / "RS.dcm")
    series = dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    dataset.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = frame
    sop_class = series.ContourImageSequence[0].ReferencedSOPClassUID
    images = [_reference(sop_class, k) for k in range(CT.size[2])]
    series.ContourImageSequence = images
    regions, contours, observations = [], [], []
    for number, shape in enumerate(shapes, 1):
        region = Dataset()
        region.ROINumber, region.ROIName, region.ReferencedFrameOfReferenceUID = number, shape.name, frame
        region.ROIGenerationAlgorithm = "MANUAL"
        item = Dataset()
        item.ReferencedROINumber, item.ROIDisplayColor = number, [255, 8 * number, 0]
        item.ContourSequence = [_contour(points, sop_class) for points in shape.contours()]
        observation = Dataset()
        observation.ObservationNumber = observation.ReferencedROINumber = number
        observation.RTROIInterpretedType, observation.ROIInterpreter = "ORGAN", ""
        regions.append(region)
        contours.append(item)
        observations.append(observation)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = regions, contours
    dataset.RTROIObservationsSequence = observations
    dataset.save_as(path)


def _reference(sop_class: str, k: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, _slice_uid(k)
    return item


def _contour(points: np.ndarray, sop_class: str) -> Dataset:
    item = Dataset()
    k = round((points[0, 2] - CT.origin_mm[2]) / CT.spacing_mm[2])
    item.ContourImageSequence = [_reference(sop_class, k)]
    item.ContourGeometricType, item.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
    # Ready-made bytes: pydicom's own way takes ten times as long for as many numbers.
    value = "\\".join(f"{number:.3f}" for number in points.ravel()).encode()
    value += b" " * (len(value) % 2)
    item[0x30060050] = RawDataElement(Tag(0x30060050), "DS", len(value), value, 0, False, True)
    return item
