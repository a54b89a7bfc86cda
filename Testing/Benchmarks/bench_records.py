"""Cost of scanning a folder of 5000 files, against named peers over the same files. Ratios count, not milliseconds.

Prints Markdown. The tree is made of two synthetic CTs of 512 × 512 and the objects of the demo case; it takes 2.6 GB of
sparse files in the temporary folder and is removed afterwards. pydicom stops before the pixels; SimpleITK (GDCM) lists the
series and the files of each. Neither groups objects into courses or checks anything.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pydicom
import SimpleITK as sitk
from pydicom.errors import InvalidDicomError
from ReirradiationLib.dicom.scan.scan import scan
from timing import table

DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case"
CT_SLICES = 4900
RT_OBJECTS = 100
SIZE = 512


def make_tree(folder: Path) -> None:
    """4900 CT slices in two series, nested by hundreds, and RT objects of which most are copies with UIDs of their own."""
    for number, course in enumerate(("course1", "course2")):
        template = pydicom.dcmread(DEMO / course / "CT" / "CT.000.dcm")
        template.Rows = template.Columns = SIZE
        template.PixelData = bytes(2 * SIZE * SIZE)
        position = [float(value) for value in template.ImagePositionPatient]
        for n in range(CT_SLICES // 2):
            template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}.{n}"
            template.ImagePositionPatient = [*position[:2], position[2] + n]
            target = folder / course / f"{n // 100}" / f"{n}.dcm"
            target.parent.mkdir(parents=True, exist_ok=True)
            template.save_as(target)
    shutil.copy(DEMO / "course2" / "REG_rigid.dcm", folder)
    for n in range(RT_OBJECTS - 1):
        name = ("RP.dcm", "RD.dcm", "RS.dcm")[n % 3]
        dataset = pydicom.dcmread(DEMO / f"course{1 + n % 2}" / name)
        if n >= 6:
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.4.{n}"
        dataset.save_as(folder / f"rt{n}.dcm")


def with_pydicom(folder: Path, tags: list[str] | None) -> int:
    """Every file opened and parsed up to its pixels; ``tags`` limits what is kept."""
    count = 0
    for path in folder.rglob("*"):
        if path.is_file():
            try:
                dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
            except InvalidDicomError:
                continue
            count += "SOPClassUID" in dataset
    return count


def with_simpleitk(folder: Path) -> int:
    """The series of every folder and their files."""
    reader = sitk.ImageSeriesReader()
    count = 0
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        for series in reader.GetGDCMSeriesIDs(str(path)):
            count += len(reader.GetGDCMSeriesFileNames(str(path), series))
    return count


def peers(folder: Path) -> dict[str, Callable[[], object]]:
    tags = ["SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "ImagePositionPatient"]
    return {
        "ours, headers only": lambda: scan([folder], headers_only=True),
        "pydicom dcmread(stop_before_pixels)": lambda: with_pydicom(folder, None),
        "pydicom with specific_tags": lambda: with_pydicom(folder, tags),
        "SimpleITK GetGDCMSeriesIDs and FileNames": lambda: with_simpleitk(folder),
    }


def main() -> None:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_tree(folder)
        print(f"# Scanning folders on {os.cpu_count()} cores")
        everything = {**peers(folder), f"ours, with the pixels of {RT_OBJECTS // 3} doses": lambda: scan([folder])}
        table(f"{CT_SLICES} CT slices, {RT_OBJECTS // 3} each of RTSTRUCT, RTPLAN and RTDOSE", everything)
        table(f"The {CT_SLICES // 2} CT slices of one course alone", peers(folder / "course1"))


if __name__ == "__main__":
    main()
