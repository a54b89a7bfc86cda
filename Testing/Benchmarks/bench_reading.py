"""Cost of reading a full case (CT, structures, plan, dose), against named peers on the same files, accuracy beside it.

Prints Markdown. The case is synthetic and of clinical size: 200 CT slices of 512 × 512, 30 structures with 260 000 contour
points, a 32-bit dose of 160 × 160 × 120. SimpleITK reads neither structures nor plans and does not scale the dose: that is
done here for it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.plan import read_plan
from ReirradiationLib.dicom.structures import read_structures
from timing import timed

DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case" / "course2"
SLICES, SIZE = 200, 512
STRUCTURES, CONTOURS, POINTS = 30, 45, 193
GRID = (120, 160, 160)


def make_case(folder: Path) -> None:
    random = np.random.default_rng(1)
    template = pydicom.dcmread(DEMO / "CT" / "CT.000.dcm")
    template.Rows = template.Columns = SIZE
    (folder / "CT").mkdir()
    for n in range(SLICES):
        template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{n + 1}"
        template.ImagePositionPatient = [-250.0, -250.0, 2.5 * n]
        template.PixelData = random.integers(0, 2000, (SIZE, SIZE), dtype=np.uint16).tobytes()
        template.save_as(folder / "CT" / f"{n}.dcm")
    make_structures(folder / "RS.dcm", random)
    dose = pydicom.dcmread(DEMO / "RD.dcm")
    dose.NumberOfFrames, dose.Rows, dose.Columns = GRID
    dose.GridFrameOffsetVector = [2.5 * n for n in range(GRID[0])]
    dose.BitsAllocated = dose.BitsStored = 32
    dose.HighBit = 31
    dose.DoseGridScaling = "2e-8"
    dose.PixelData = random.integers(0, 2**31, GRID, dtype=np.uint32).tobytes()
    dose.save_as(folder / "RD.dcm")
    pydicom.dcmread(DEMO / "RP.dcm").save_as(folder / "RP.dcm")


def make_structures(path: Path, random: np.random.Generator) -> None:
    dataset = pydicom.dcmread(DEMO / "RS.dcm")
    frame = dataset.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    regions, contours = [], []
    for number in range(1, STRUCTURES + 1):
        region = Dataset()
        region.ROINumber, region.ROIName, region.ReferencedFrameOfReferenceUID = number, f"ROI{number}", frame
        regions.append(region)
        shape = Dataset()
        shape.ReferencedROINumber = number
        shape.ContourSequence = [make_contour(2.5 * n, random) for n in range(CONTOURS)]
        contours.append(shape)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = regions, contours
    dataset.RTROIObservationsSequence = []
    dataset.save_as(path)


def make_contour(height_mm: float, random: np.random.Generator) -> Dataset:
    contour = Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", POINTS
    points = np.column_stack([random.uniform(-200, 200, (POINTS, 2)), np.full(POINTS, height_mm)])
    contour.ContourData = [f"{value:.2f}" for value in points.ravel()]
    return contour


def ours(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    read_plan(folder / "RP.dcm")
    read_structures(folder / "RS.dcm")
    return read_ct(folder / "CT").voxels_hu, read_dose(folder / "RD.dcm").voxels_gy


def ours_without_structures(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    return read_ct(folder / "CT").voxels_hu, read_dose(folder / "RD.dcm").voxels_gy


def with_pydicom(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """What one writes by hand: no check of anything."""
    pydicom.dcmread(folder / "RP.dcm")
    for region in pydicom.dcmread(folder / "RS.dcm").ROIContourSequence:
        for contour in region.ContourSequence:
            np.array(contour.ContourData, dtype=float).reshape(-1, 3)
    slices = sorted((pydicom.dcmread(p) for p in (folder / "CT").iterdir()), key=lambda d: d.ImagePositionPatient[2])
    voxels = np.stack([d.pixel_array * np.float32(d.RescaleSlope) + np.float32(d.RescaleIntercept) for d in slices])
    dose = pydicom.dcmread(folder / "RD.dcm")
    return voxels, dose.pixel_array * float(dose.DoseGridScaling)


def with_simpleitk(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / "CT")))
    voxels = sitk.GetArrayFromImage(reader.Execute())
    dose = sitk.ReadImage(str(folder / "RD.dcm"))
    return voxels, sitk.GetArrayFromImage(dose) * float(dose.GetMetaData("3004|000e"))


def main() -> None:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_case(folder)
        whole = {"ours, with every check": ours, "pydicom by hand, no check": with_pydicom}
        images = {"ours, with every check": ours_without_structures, "SimpleITK, CT and dose only": with_simpleitk}
        print(f"# Reading a case of clinical size on {os.cpu_count()} cores")
        for title, readers in (("CT, structures, plan and dose", whole), ("CT and dose alone", images)):
            seconds = timed(*(lambda read=read: read(folder) for read in readers.values()))
            expected = ours(folder)
            print(f"\n{title}\n\n| | time, ratio to ours | largest difference CT [HU], dose [Gy] |\n|---|---|---|")
            for (name, read), value in zip(readers.items(), seconds, strict=True):
                differences = [np.abs(a.astype(float) - b).max() for a, b in zip(read(folder), expected, strict=True)]
                print(f"| {name} | {value / seconds[0]:.2f} | {differences[0]:.3g}, {differences[1]:.2g} |")


if __name__ == "__main__":
    main()
