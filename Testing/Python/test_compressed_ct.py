"""CT slices in JPEG 2000, JPEG-LS and RLE: the same Hounsfield units by whichever decoder is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from ReirradiationLib.dicom import pixels
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.reader import SopClass, open_dicom
from ReirradiationLib.model.errors import DicomError
from shared_data import shared_data

JPEG_2000 = "1.2.840.10008.1.2.4.90"


def height(file: Path) -> float:
    return float(pydicom.dcmread(file, stop_before_pixels=True).ImagePositionPatient[2])


@pytest.fixture
def jpeg_2000_folder(tmp_path: Path) -> Path:
    """Some neighbouring slices of a real CT in lossless JPEG 2000; its de-identification emptied the UIDs."""
    source = shared_data("10_totalseg_ct") / "example_ct_dicom"
    for file in sorted(source.iterdir(), key=height)[:6]:
        dataset = pydicom.dcmread(file)
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
        dataset.save_as(tmp_path / f"{file.name}.dcm")
    return tmp_path


def without_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if pydicom had no decoder for compressed pixels."""

    def refuse(self: Dataset) -> None:
        raise RuntimeError("no pixel data handlers available")

    monkeypatch.setattr(Dataset, "pixel_array", property(refuse))


def expected_hu(folder: Path) -> np.ndarray:
    """The slices as GDCM reads them, in the order of z."""
    files = sorted(folder.iterdir(), key=lambda f: sitk.ReadImage(str(f)).GetOrigin()[2])
    return np.stack([sitk.GetArrayFromImage(sitk.ReadImage(str(file)))[0] for file in files])


def test_jpeg_2000_slices_are_read(jpeg_2000_folder: Path) -> None:
    assert pydicom.dcmread(next(jpeg_2000_folder.iterdir())).file_meta.TransferSyntaxUID == JPEG_2000
    np.testing.assert_array_equal(read_ct(jpeg_2000_folder).voxels_hu, expected_hu(jpeg_2000_folder))


def test_slices_without_identifiers_are_refused() -> None:
    with pytest.raises(DicomError, match=r"ct\.missing"):
        read_ct(shared_data("10_totalseg_ct") / "example_ct_dicom")


def test_simpleitk_decodes_what_pydicom_cannot(jpeg_2000_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_pydicom = read_ct(jpeg_2000_folder).voxels_hu
    without_decoder(monkeypatch)
    np.testing.assert_array_equal(read_ct(jpeg_2000_folder).voxels_hu, by_pydicom)


def test_without_any_decoder_the_message_names_what_to_install(
    jpeg_2000_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_decoder(monkeypatch)
    monkeypatch.setattr(sitk, "ReadImage", lambda *arguments: (_ for _ in ()).throw(RuntimeError("no reader")))
    reader = open_dicom(next(jpeg_2000_folder.iterdir()), SopClass.CT)
    with pytest.raises(DicomError, match=r"pylibjpeg.*\[ct\.compressed\]"):
        pixels.hounsfield(reader)


def test_rle_slices_equal_the_uncompressed_ones(tmp_path: Path, demo_folder: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    for file in sorted((demo_folder / "course2" / "CT").iterdir())[:4]:
        shutil.copy(file, plain)
        dataset = pydicom.dcmread(file)
        uid = dataset.SOPInstanceUID
        dataset.compress("1.2.840.10008.1.2.5")
        dataset.SOPInstanceUID = uid
        dataset.save_as(packed / file.name)
    np.testing.assert_array_equal(read_ct(packed).voxels_hu, read_ct(plain).voxels_hu)


def test_a_slice_that_claims_too_much_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    for file in sorted((demo_folder / "course2" / "CT").iterdir())[:3]:
        dataset = pydicom.dcmread(file)
        dataset.Rows = dataset.Columns = 60000
        dataset.save_as(tmp_path / file.name)
    with pytest.raises(DicomError, match=r"file\.too-large"):
        read_ct(tmp_path)
