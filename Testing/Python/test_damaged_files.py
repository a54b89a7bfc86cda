"""What may lie where a DICOM file is expected: nothing hangs, fills the memory, or passes for something else."""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

import pydicom
import pytest
from dicom_files import changed
from pydicom.tag import Tag
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.plan import read_plan
from ReirradiationLib.dicom.reader import LARGEST_FILE_BYTES, SopClass, open_dicom
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.model.errors import DicomError
from ReirradiationLib.model.interlock import Interlock

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX systems")


@pytest.fixture
def dose_file(demo_folder: Path) -> Path:
    return demo_folder / "course1" / "RD.dcm"


@pytest.fixture
def plan_file(demo_folder: Path) -> Path:
    return demo_folder / "course1" / "RP.dcm"


def refused(path: Path) -> Interlock | None:
    with pytest.raises(DicomError) as caught:
        open_dicom(path, SopClass.RTPLAN)
    assert str(path) in str(caught.value)
    return caught.value.interlock


@on_posix
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "RP.dcm")
    assert refused(tmp_path / "RP.dcm") is Interlock.FILE_UNREADABLE


@on_posix
def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "RP.dcm").symlink_to(tmp_path / "RP.dcm")
    assert refused(tmp_path / "RP.dcm") is Interlock.FILE_UNREADABLE


def test_a_folder_an_empty_file_and_a_text_are_no_dicom_files(tmp_path: Path) -> None:
    (tmp_path / "folder.dcm").mkdir()
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "text.dcm").write_text("RTPLAN", encoding="ascii")
    for name in ("folder.dcm", "empty.dcm", "text.dcm", "https:/x/y.dcm", "a\0b"):
        assert refused(tmp_path / name) is Interlock.FILE_UNREADABLE


@on_posix
def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, plan_file: Path) -> None:
    path = tmp_path / "RP.dcm"
    path.write_bytes(plan_file.read_bytes())
    os.truncate(path, LARGEST_FILE_BYTES + 1)
    assert refused(path) is Interlock.FILE_TOO_LARGE


@on_posix
def test_pipes_and_loops_in_a_ct_folder_are_passed_over(tmp_path: Path, demo_folder: Path) -> None:
    for n in range(3):
        source = demo_folder / "course2" / "CT" / f"CT.{n:03d}.dcm"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    os.mkfifo(tmp_path / "pipe.dcm")
    (tmp_path / "loop.dcm").symlink_to(tmp_path / "loop.dcm")
    (tmp_path / "folder.dcm").mkdir()
    (tmp_path / "empty.dcm").touch()
    assert len(read_ct(tmp_path).files) == 3


@pytest.mark.parametrize("preamble", [True, False])
def test_a_deflated_file_is_refused_wherever_its_header_says_so(tmp_path: Path, preamble: bool) -> None:
    """A file of some KB can unfold to the memory's size."""
    private = b"\x02\x00\x02\x01OB\0\0" + (5000).to_bytes(4, "little") + bytes(5000)
    uid = b"1.2.840.10008.1.2.1.99"
    syntax = b"\x02\x00\x10\x00UI" + len(uid).to_bytes(2, "little") + uid
    length = len(private + syntax).to_bytes(4, "little")
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = packer.compress(b"\x09\x00\x01\x10OB\0\0" + (2**26).to_bytes(4, "little") + bytes(2**26)) + packer.flush()
    content = b"\x02\x00\x00\x00UL\x04\x00" + length + private + syntax + bomb
    path = tmp_path / "RP.dcm"
    path.write_bytes((bytes(128) + b"DICM" if preamble else b"") + content)
    with pytest.raises(DicomError, match="deflated"):
        open_dicom(path, SopClass.RTPLAN)


def with_representation(dataset: pydicom.Dataset, keyword: str, representation: str, value: bytes) -> None:
    from pydicom.dataelem import RawDataElement

    tag = Tag(keyword)
    dataset._dict[tag] = RawDataElement(tag, representation, len(value), value, 0, False, True)


@pytest.mark.parametrize(("representation", "message"), [("FD", "representation FD"), ("UL", "cannot be read|UL")])
def test_the_text_of_a_number_is_not_taken_for_the_bits_of_another(
    dose_file: Path, representation: str, message: str
) -> None:
    reader = open_dicom(dose_file, SopClass.RTDOSE)
    assert reader.number("DoseGridScaling") == pytest.approx(0.00051195549)
    with_representation(reader.dataset, "DoseGridScaling", representation, b"0.000511")
    with pytest.raises(DicomError, match=message):
        reader.number("DoseGridScaling")


@pytest.mark.parametrize("value", [b"9" * 400, b"1e400", b"NaN", b"", b"abc", b"1\\2"])
def test_a_number_that_is_none_is_refused(plan_file: Path, value: bytes) -> None:
    reader = open_dicom(plan_file, SopClass.RTPLAN)
    with_representation(reader.dataset, "SeriesNumber", "IS", value)
    with pytest.raises(DicomError, match="SeriesNumber"):
        reader.whole("SeriesNumber")


def test_a_sequence_that_is_none_is_refused(plan_file: Path) -> None:
    reader = open_dicom(plan_file, SopClass.RTPLAN)
    with_representation(reader.dataset, "FractionGroupSequence", "DS", b"1\\2")
    with pytest.raises(DicomError, match=r"FractionGroupSequence.*is no sequence"):
        reader.items("FractionGroupSequence")


@pytest.mark.parametrize("scaling", ["1e-60", "1e60", "1e300"])
def test_a_scaling_that_single_precision_cannot_hold_is_refused(tmp_path: Path, dose_file: Path, scaling: str) -> None:
    path = changed(dose_file, tmp_path / "RD.dcm", lambda dataset: setattr(dataset, "DoseGridScaling", scaling))
    with pytest.raises(DicomError, match=r"DoseGridScaling.*dose\.values"):
        read_dose(path)


def test_a_contour_with_one_endless_number_does_not_fill_the_memory(tmp_path: Path, demo_folder: Path) -> None:
    """numpy gives every number of a text array the room of the longest one: here 30 GB."""

    def endless(dataset: pydicom.Dataset) -> None:
        contour = dataset.ROIContourSequence[0].ContourSequence[0]
        with_representation(contour, "ContourData", "DS", b"1" * 100_000 + b"\\1" * 299_999)

    path = changed(demo_folder / "course2" / "RS.dcm", tmp_path / "RS.dcm", endless)
    structures = read_structures(path)
    assert "is not numeric" in structures.structures[0].damage
    assert not structures.structures[0].contours_mm


def test_beams_of_unknown_delivery_type_count_as_treatment(tmp_path: Path, demo_folder: Path) -> None:
    """A continued beam gives dose; left out of the beams that a sum needs, its dose could be forgotten."""

    def delivered(dataset: pydicom.Dataset) -> None:
        for beam, kind in zip(dataset.BeamSequence, ("CONTINUATION", "SETUP", "OTHER", ""), strict=False):
            beam.TreatmentDeliveryType = kind

    path = changed(demo_folder / "course1" / "RP.dcm", tmp_path / "RP.dcm", delivered)
    assert read_plan(path).beams == {1, 3, 4}


def test_pixels_of_many_slices_in_one_are_refused_before_they_are_decoded(tmp_path: Path, demo_folder: Path) -> None:
    """pydicom takes what is left over for further frames, whatever their number."""
    for n in range(3):
        source = demo_folder / "course2" / "CT" / f"CT.{n:03d}.dcm"
        times = 3 if n == 1 else 1
        changed(source, tmp_path / source.name, lambda d, m=times: setattr(d, "PixelData", d.PixelData * m))
    with pytest.raises(DicomError, match=r"PixelData.*has 73932 bytes, expected 24644 bytes"):
        read_ct(tmp_path)


@on_posix
def test_a_huge_slice_is_refused_and_a_huge_dose_beside_the_slices_passed_over(tmp_path: Path, demo_folder: Path) -> None:
    for n in range(3):
        source = demo_folder / "course2" / "CT" / f"CT.{n:03d}.dcm"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "RD.dcm").write_bytes((demo_folder / "course2" / "RD.dcm").read_bytes())
    os.truncate(tmp_path / "RD.dcm", 2**31)
    assert len(read_ct(tmp_path).files) == 3
    os.truncate(tmp_path / "CT.001.dcm", 2**31)
    with pytest.raises(DicomError, match=r"CT\.001.*PixelData.*0 bytes"):
        read_ct(tmp_path)
