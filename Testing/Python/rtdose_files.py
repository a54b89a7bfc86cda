"""RTDOSE files made by pydicom from a known function of LPS points, in any orientation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RTPLAN = "1.2.840.10008.5.1.4.1.1.481.5"

POSITIONS = {
    "HFS": [1, 0, 0, 0, 1, 0],
    "HFP": [-1, 0, 0, 0, -1, 0],
    "HFDL": [0, -1, 0, 1, 0, 0],
    "HFDR": [0, 1, 0, -1, 0, 0],
    "FFS": [-1, 0, 0, 0, 1, 0],
    "FFP": [1, 0, 0, 0, -1, 0],
    "FFDL": [0, -1, 0, -1, 0, 0],
    "FFDR": [0, 1, 0, 1, 0, 0],
}
"""ImageOrientationPatient of axial planes in the eight patient positions (PS3.3 C.7.3.1.1.2)."""


@dataclass(frozen=True)
class Layout:
    """How a dose is stored: directions of rows and columns, first voxel, pixel spacing, and frame offsets."""

    orientation: list[float]
    origin: tuple[float, float, float]
    offsets: list[float]
    absolute: bool = False
    rows: int = 11
    columns: int = 13
    spacing: tuple[float, float] = (2.5, 3.0)  # between rows, between columns
    bits: int = 32

    def points(self) -> np.ndarray:
        """LPS of every voxel by PS3.3 C.7.6.2.1.1, shape (frames, rows, columns, 3)."""
        row, column = np.array(self.orientation[:3], float), np.array(self.orientation[3:], float)
        normal = np.cross(row, column)
        k, j, i = np.meshgrid(self.offsets, np.arange(self.rows), np.arange(self.columns), indexing="ij")
        along = i[..., None] * self.spacing[1] * row + j[..., None] * self.spacing[0] * column + k[..., None] * normal
        return np.array(self.origin) + along


def write_dose(path: Path, function: Callable[[np.ndarray], np.ndarray], layout: Layout, **tags: object) -> Path:
    """Write the function's values at the voxels; further tags replace those of a plain PLAN dose, None removes them."""
    values = function(layout.points())
    scaling = float(values.max()) / (2**layout.bits - 2)
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTDOSE, "1.2.3.99"
    dataset.Modality, dataset.PatientID, dataset.PatientName = "RTDOSE", "P1", "Doe^Jane"
    dataset.PatientBirthDate, dataset.PatientSex = "", ""
    dataset.FrameOfReferenceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.5", "1.2.3.6"
    dataset.ImageOrientationPatient = layout.orientation
    dataset.ImagePositionPatient = list(layout.origin)
    dataset.PixelSpacing = list(layout.spacing)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = layout.rows, layout.columns, len(layout.offsets)
    normal_z = np.cross(layout.orientation[:3], layout.orientation[3:])[2]
    shown = [layout.origin[2] + normal_z * o for o in layout.offsets] if layout.absolute else layout.offsets
    dataset.GridFrameOffsetVector = [float(o) for o in shown]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = layout.bits, layout.bits, layout.bits - 1
    dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dataset.DoseGridScaling = f"{scaling:.10g}"
    plan = Dataset()
    plan.ReferencedSOPClassUID, plan.ReferencedSOPInstanceUID = RTPLAN, "1.2.3.7"
    dataset.ReferencedRTPlanSequence = [plan]
    stored = np.rint(values / float(dataset.DoseGridScaling)).astype(f"<u{layout.bits // 8}")
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = RTDOSE
    dataset.file_meta.MediaStorageSOPInstanceUID = str(dataset.SOPInstanceUID)
    dataset.save_as(path, **as_a_file())
    return path


def as_a_file() -> dict[str, object]:
    import pydicom

    if int(pydicom.__version__.split(".")[0]) >= 3:
        return {"enforce_file_format": True, "implicit_vr": False, "little_endian": True}
    return {"write_like_original": False}
