"""Folders of DICOM files become courses, whatever the files are called, wherever they lie, in whatever order they come."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicom_files import changed
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from ReirradiationLib.__main__ import main
from ReirradiationLib.dicom.scan.course_groups import group_courses
from ReirradiationLib.dicom.scan.header_reader import read_header
from ReirradiationLib.dicom.scan.headers import CtHeader, Header, Moment
from ReirradiationLib.dicom.scan.scan import Scan, scan
from ReirradiationLib.dicom.scan.scan_files import files_under
from ReirradiationLib.dicom.scan.scan_json import scan_json
from ReirradiationLib.dicom.scan.scan_text import scan_text
from ReirradiationLib.model.course import Radiation
from ReirradiationLib.model.errors import Cancelled, DicomError
from ReirradiationLib.model.interlock import Interlock

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
SLICES = 4
RECORD = "1.2.840.10008.5.1.4.1.1.481.4"


@pytest.fixture(scope="session")
def small(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two courses of the demo with four CT slices and two ROIs each, doses coarsened, and the rigid registration."""
    folder = tmp_path_factory.mktemp("small")
    for course in ("course1", "course2"):
        source = demo_folder / course
        slices = sorted((source / "CT").iterdir())[20 : 20 + SLICES]
        for n, path in enumerate(slices):
            (folder / course).mkdir(exist_ok=True)
            shutil.copy(path, folder / course / f"ct{n}.dcm")
        kept = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in slices}
        changed(source / "RS.dcm", folder / course / "rs.dcm", lambda ds, kept=kept: reduce_structures(ds, kept))
        shutil.copy(source / "RP.dcm", folder / course / "rp.dcm")
        shutil.copy(source / "RD.dcm", folder / course / "rd.dcm")
    shutil.copy(demo_folder / "course2" / "REG_rigid.dcm", folder / "reg.dcm")
    return folder


def reduce_structures(ds: Dataset, kept: set[str]) -> None:
    wanted = {r.ROINumber for r in ds.StructureSetROISequence if r.ROIName == "spinal_cord" or r.ROIName.startswith("PTV")}
    ds.StructureSetROISequence = [r for r in ds.StructureSetROISequence if r.ROINumber in wanted]
    for sequence in ("ROIContourSequence", "RTROIObservationsSequence"):
        setattr(ds, sequence, [r for r in ds[sequence].value if r.ReferencedROINumber in wanted])
    series = ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    series.ContourImageSequence = [i for i in series.ContourImageSequence if i.ReferencedSOPInstanceUID in kept]


@pytest.fixture(scope="session")
def small_interlocks(small: Path) -> set[Interlock]:
    return interlocks(scan([small]))


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy"))


def interlocks(found: Scan) -> set[Interlock]:
    findings = [*found.findings, *(finding for course in found.courses for finding in course.findings)]
    return {finding.interlock for finding in findings}


def change(path: Path, how: Callable[[Dataset], object]) -> None:
    changed(path, path, how)


def without_paths(value: Any) -> Any:
    """The JSON of a scan without file names and without what only tells about them."""
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items() if key not in ("file", "files")}
    return [without_paths(item) for item in value] if isinstance(value, list) else value


def content(found: Scan) -> Any:
    return without_paths(json.loads(scan_json(found)))


# What a whole case gives


def test_the_demo_has_two_courses_and_registrations_between_them(demo_folder: Path) -> None:
    found = scan([demo_folder])
    prior, current = (course.group for course in found.courses)
    assert (prior.day, current.day) == ("20190304", "20240617")
    for group, slices, fractions in ((prior, 50, 10), (current, 50, 5)):
        assert [len(series.slices) for series in group.ct_series] == [slices]
        assert [plan.fractions for plan in group.plans] == [fractions]
        assert len(group.structures) == len(group.doses) == 1
        assert group.structures_of(group.plans[0]) == group.structures[0]
        assert group.planning_ct(group.structures[0]) == group.ct_series[0]
    assert sorted(registration.is_deformable for registration in prior.registrations) == [False, True]
    assert prior.registrations == current.registrations
    # The plans are known: 30 Gy each to a PTV that the optimizer covered.
    targets = [target for course in found.courses if course.checks for target in course.checks.targets]
    assert [(target.roi_name, target.prescription_gy) for target in targets] == [("PTV1_L2", 30.0), ("PTV2_L1", 30.0)]
    assert all(0.9 < target.median_gy / 30.0 < 1.1 for target in targets)
    assert interlocks(found) == {Interlock.DOSE_CLIPPED}
    assert "course 2" in scan_text(found)


def test_headers_only_reads_no_dose_pixels(copy: Path) -> None:
    change(copy / "course1" / "rd.dcm", lambda ds: setattr(ds, "PixelData", bytes(len(ds.PixelData))))
    assert Interlock.DOSE_ZERO in interlocks(scan([copy]))
    assert Interlock.DOSE_ZERO not in interlocks(scan([copy], headers_only=True))


# Invariants


def test_the_same_files_give_the_same_text(small: Path) -> None:
    assert scan_json(scan([small])) == scan_json(scan([small]))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), depth=st.integers(0, 4))
def test_file_names_and_nesting_do_not_matter(small: Path, seed: int, depth: int) -> None:
    chance = random.Random(seed)
    expected = content(scan([small], headers_only=True))
    with tempfile.TemporaryDirectory(dir=small.parent) as folder:
        for n, path in enumerate(sorted(path for path in small.rglob("*") if path.is_file())):
            parents = [f"d{chance.randrange(3)}" for _ in range(chance.randrange(depth + 1))]
            name = chance.choice(["CT.{}.dcm", "RD{}", "{}.txt", "RTPLAN {}.zip", "ü{}"]).format(f"{chance.random()}{n}")
            target = Path(folder).joinpath(*parents, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
        found = content(scan([Path(folder)], headers_only=True))
    assert found == expected


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_objects_does_not_matter(small: Path, seed: int) -> None:
    headers = [header for file in files_under([small]) if isinstance(header := read_header(file), Header)]
    expected = group_courses(headers)
    random.Random(seed).shuffle(headers)
    assert group_courses(headers) == expected


@pytest.mark.parametrize("absent", ["rs.dcm", "rp.dcm", "rd.dcm"])
def test_courses_hold_together_when_an_object_is_absent(copy: Path, absent: str) -> None:
    before = scan([copy], headers_only=True)
    (copy / "course1" / absent).unlink()
    after = scan([copy], headers_only=True)
    assert [course.group.frame_uids for course in after.courses] == [course.group.frame_uids for course in before.courses]
    assert len(after.courses[0].group.origins) == len(before.courses[0].group.origins) - 1


def test_objects_without_frame_are_joined_by_the_uid_of_an_absent_object(copy: Path) -> None:
    """Plan and dose name each other; their structure set and frame of reference are gone."""
    for name in ("ct0.dcm", "ct1.dcm", "ct2.dcm", "ct3.dcm", "rs.dcm"):
        (copy / "course1" / name).unlink()
    change(copy / "course1" / "rp.dcm", lambda ds: ds.__delattr__("FrameOfReferenceUID"))
    found = scan([copy], headers_only=True)
    assert [len(course.group.plans) + len(course.group.doses) for course in found.courses] == [2, 2]
    assert "structure set" in scan_text(found)


def test_the_same_frame_of_another_patient_joins_nothing(copy: Path) -> None:
    for path in (copy / "course2").iterdir():
        shutil.copy(path, copy / f"other_{path.name}")
    for path in copy.glob("other_*"):
        change(path, rename_patient)
    found = scan([copy], headers_only=True)
    assert len(found.courses) == 3
    assert Interlock.PATIENT_ID not in interlocks(found)


def rename_patient(ds: Dataset) -> None:
    """Another patient whose phantom objects carry the same FrameOfReferenceUID, and UIDs of their own otherwise."""
    ds.PatientID = "OTHER"

    def other(dataset: Dataset, element: Any) -> None:
        if element.VR == "UI" and element.keyword.endswith("InstanceUID"):
            element.value = f"{str(element.value)[:60]}.77"

    ds.walk(other)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID


# Files


def test_damaged_cut_off_and_foreign_files_do_not_stop_a_scan(copy: Path) -> None:
    whole = (copy / "course1" / "ct0.dcm").read_bytes()
    (copy / "course1" / "ct0.dcm").write_bytes(whole[:-100])
    (copy / "cut in header").write_bytes(whole[:300])
    (copy / "noise.dcm").write_bytes(random.Random(1).randbytes(5000))
    (copy / "preamble and noise").write_bytes(bytes(128) + b"DICM" + random.Random(2).randbytes(5000))
    (copy / "empty").write_bytes(b"")
    (copy / "archive.zip").write_bytes(b"PK")
    found = scan([copy])
    assert found.counts.refused == 3
    assert found.counts.not_dicom == 3
    assert found.counts.archives == ("archive.zip",)
    refused = {finding.subject for finding in found.findings if finding.interlock is Interlock.FILE_UNREADABLE}
    assert refused == {"course1/ct0.dcm", "cut in header", "preamble and noise"}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_flipped_byte_stops_a_scan(small: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["ct0.dcm", "rp.dcm", "rs.dcm"]))
    raw = bytearray((small / "course1" / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(128, min(len(raw), 3000) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(raw)
        found = scan([Path(folder)])
    assert found.counts.files == 1
    assert scan_json(found)


def test_files_without_preamble_are_read(copy: Path) -> None:
    before = scan_json(scan([copy]))
    for path in (copy / "course1").iterdir():
        dataset = pydicom.dcmread(path)
        raw = path.read_bytes()
        start = 132 + 12 + dataset.file_meta.FileMetaInformationGroupLength
        path.write_bytes(raw[start:])
    assert scan_json(scan([copy])) == before


def test_symbolic_links_that_loop_are_safe(copy: Path) -> None:
    before = scan([copy], headers_only=True)
    (copy / "course1" / "up").symlink_to(copy, target_is_directory=True)
    (copy / "again.dcm").symlink_to(copy / "course1" / "rp.dcm")
    (copy / "dangling").symlink_to(copy / "nothing")
    after = scan([copy], headers_only=True)
    assert content(after) == content(before)
    assert after.counts == before.counts


def test_copies_are_one_finding_and_other_contents_under_a_uid_are_an_error(copy: Path) -> None:
    shutil.copytree(copy / "course1", copy / "again")
    found = scan([copy])
    assert found.counts.copies == SLICES + 3
    assert sum(finding.interlock is Interlock.FILE_DUPLICATE for finding in found.findings) == 1
    assert Interlock.UID_REUSED not in interlocks(found)
    change(copy / "again" / "rd.dcm", lambda ds: setattr(ds, "PixelData", ds.PixelData[2:] + ds.PixelData[:2]))
    assert Interlock.UID_REUSED in interlocks(scan([copy], headers_only=True)), "pixels count as content"


def test_private_attributes_and_the_time_of_writing_are_no_other_content(copy: Path) -> None:
    changed(copy / "course1" / "rp.dcm", copy / "later.dcm", lambda ds: setattr(ds, "InstanceCreationTime", "235959"))
    found = scan([copy])
    assert Interlock.FILE_DUPLICATE in interlocks(found)
    assert Interlock.UID_REUSED not in interlocks(found)


def test_an_absent_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DicomError, match="no such folder"):
        scan([tmp_path / "nothing"])


def test_a_scan_can_be_cancelled(small: Path) -> None:
    with pytest.raises(Cancelled):
        scan([small], is_cancelled=lambda: True)


# CT series


def ct_headers(small: Path) -> list[CtHeader]:
    headers = [read_header(file) for file in files_under([small / "course1"])]
    return [header for header in headers if isinstance(header, CtHeader)]


@pytest.mark.parametrize(
    ("file", "keyword", "value", "interlock"),
    [
        ("ct3.dcm", "FrameOfReferenceUID", "1.2.3", Interlock.CT_MIXED),
        ("ct3.dcm", "PixelSpacing", [2.0, 2.0], Interlock.CT_MIXED),
        ("ct3.dcm", "ImageOrientationPatient", [1, 0, 0, 0, -1, 0], Interlock.CT_MIXED),
        ("ct3.dcm", "ImagePositionPatient", None, Interlock.ATTRIBUTE),
    ],
)
def test_slices_that_do_not_fit_their_series_are_found(
    copy: Path, file: str, keyword: str, value: object, interlock: Interlock
) -> None:
    change(copy / "course1" / file, lambda ds: setattr(ds, keyword, value))
    assert interlock in interlocks(scan([copy], headers_only=True))


def test_gaps_doubles_and_tilt_are_found(copy: Path) -> None:
    def moved(index: int, shift: float) -> Callable[[Dataset], None]:
        def move(ds: Dataset) -> None:
            position = [float(value) for value in ds.ImagePositionPatient]
            position[index] += shift
            ds.ImagePositionPatient = position

        return move

    change(copy / "course1" / "ct3.dcm", moved(2, 6.0 if _ascending(copy) else -6.0))
    assert Interlock.CT_UNEVEN in interlocks(scan([copy], headers_only=True))
    change(copy / "course2" / "ct2.dcm", moved(1, 1.0))
    assert Interlock.CT_TILTED in interlocks(scan([copy], headers_only=True))


def _ascending(folder: Path) -> bool:
    first, second = ct_headers(folder)[:2]
    assert first.position_mm and second.position_mm
    return second.position_mm[2] > first.position_mm[2]


# Plans, doses, records


@pytest.mark.parametrize(
    ("file", "how", "interlock"),
    [
        ("rd.dcm", lambda ds: setattr(ds, "DoseUnits", "RELATIVE"), Interlock.DOSE_UNITS),
        ("rd.dcm", lambda ds: setattr(ds, "DoseType", "EFFECTIVE"), Interlock.DOSE_TYPE),
        ("rd.dcm", lambda ds: setattr(ds, "DoseType", "ERROR"), Interlock.DOSE_TYPE),
        ("rd.dcm", lambda ds: setattr(ds, "DoseSummationType", "MULTI_PLAN"), Interlock.DOSE_SUMMATION),
        ("rd.dcm", lambda ds: setattr(ds, "DoseSummationType", "FRACTION"), Interlock.DOSE_FRACTION_GROUP),
        ("rd.dcm", lambda ds: setattr(ds, "DoseSummationType", "BEAM"), Interlock.DOSE_BEAM_ALONE),
        ("rd.dcm", lambda ds: setattr(ds, "FrameOfReferenceUID", "1.2.3"), Interlock.FRAME_DIFFERS),
        ("rd.dcm", lambda ds: setattr(ds, "PatientID", "somebody else"), Interlock.PATIENT_ID),
        ("rd.dcm", lambda ds: setattr(ds, "PatientName", "Some^Body"), Interlock.PATIENT_NAME),
        ("rd.dcm", lambda ds: setattr(ds, "PatientSex", "F" if ds.PatientSex != "F" else "M"), Interlock.PATIENT_SEX),
        ("rd.dcm", lambda ds: setattr(ds, "InstanceCreationDate", "20000101"), Interlock.PLAN_NEWER_THAN_DOSE),
        ("rd.dcm", lambda ds: setattr(ds, "PixelData", ds.PixelData[:1000]), Interlock.DOSE_VALUES),
        ("rd.dcm", lambda ds: setattr(ds, "Rows", 60000), Interlock.DOSE_VALUES),
        ("rd.dcm", lambda ds: setattr(ds, "DoseGridScaling", float(ds.DoseGridScaling) / 10), Interlock.PRESCRIPTION_FAR),
        ("rp.dcm", lambda ds: setattr(ds, "ApprovalStatus", "REJECTED"), Interlock.PLAN_REJECTED),
        ("rp.dcm", lambda ds: setattr(ds, "ApprovalStatus", "UNAPPROVED"), Interlock.PLAN_NOT_APPROVED),
        ("rp.dcm", lambda ds: ds.__delattr__("DoseReferenceSequence"), Interlock.PRESCRIPTION_MISSING),
        ("rp.dcm", lambda ds: ds.__delattr__("FractionGroupSequence"), Interlock.PLAN_FRACTIONS_MISSING),
        ("rp.dcm", lambda ds: ds.FractionGroupSequence.append(ds.FractionGroupSequence[0]), Interlock.PLAN_FRACTION_GROUPS),
        ("rp.dcm", lambda ds: setattr(ds.BeamSequence[0], "RadiationType", "PROTON"), Interlock.PLAN_PROTONS),
        ("rp.dcm", lambda ds: setattr(ds.BeamSequence[0], "RadiationType", "ION"), Interlock.PLAN_IONS),
        ("rp.dcm", lambda ds: setattr(ds, "BrachyTreatmentType", "HDR"), Interlock.PLAN_BRACHYTHERAPY),
        ("rp.dcm", lambda ds: setattr(ds, "BrachyTreatmentType", "PDR"), Interlock.PLAN_BRACHYTHERAPY_RATE),
    ],
)
def test_what_is_wrong_with_a_plan_or_a_dose_is_found(
    copy: Path, small_interlocks: set[Interlock], file: str, how: Callable[[Dataset], object], interlock: Interlock
) -> None:
    assert interlock not in small_interlocks
    change(copy / "course1" / file, how)
    assert interlock in interlocks(scan([copy]))


def test_beam_doses_far_from_the_prescription_are_noted(copy: Path) -> None:
    def half(ds: Dataset) -> None:
        for beam in ds.FractionGroupSequence[0].ReferencedBeamSequence:
            beam.BeamDose = float(beam.BeamDose) / 2

    change(copy / "course1" / "rp.dcm", half)
    assert Interlock.PRESCRIPTION_BEAM_DOSES in interlocks(scan([copy], headers_only=True))


@pytest.mark.parametrize(("factor", "agrees"), [(1.0, True), (0.9, False)])
def test_beam_doses_are_summed_and_held_against_the_plan_dose(copy: Path, factor: float, agrees: bool) -> None:
    """Each of n beams gets 1/n of the plan dose: the sum is the plan, or 0.9 of it."""
    folder = copy / "course1"
    beams = [beam.BeamNumber for beam in pydicom.dcmread(folder / "rp.dcm").BeamSequence]

    def beam_dose(number: int) -> Callable[[Dataset], None]:
        def make(ds: Dataset) -> None:
            ds.DoseSummationType = "BEAM"
            ds.SOPInstanceUID = f"1.2.3.{number}"
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            beam = Dataset()
            beam.ReferencedBeamNumber = number
            group = Dataset()
            group.ReferencedFractionGroupNumber = 1
            group.ReferencedBeamSequence = [beam]
            ds.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [group]
            ds.DoseGridScaling = f"{float(ds.DoseGridScaling) * factor / len(beams):.9e}"

        return make

    for number in beams:
        changed(folder / "rd.dcm", folder / f"beam{number}.dcm", beam_dose(number))
    found = scan([copy])
    assert Interlock.DOSE_PLAN_BESIDE_BEAMS in interlocks(found)
    assert (Interlock.DOSE_BEAMS_DIFFER not in interlocks(found)) is agrees
    (beam_sum,) = [one for course in found.courses if course.checks for one in course.checks.beam_sums]
    assert beam_sum.deviation == pytest.approx(1.0 - factor, abs=1e-4)
    (folder / "rd.dcm").unlink()
    assert Interlock.DOSE_SUMMED_BEAMS in interlocks(scan([copy], headers_only=True))
    (folder / f"beam{beams[0]}.dcm").unlink()
    assert Interlock.DOSE_BEAM_ALONE in interlocks(scan([copy], headers_only=True))


def treatment_record(plan: Path, target: Path, fraction: int) -> None:
    def make(ds: Dataset) -> None:
        session = Dataset()
        session.CurrentFractionNumber = fraction
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
        for keyword in ("BeamSequence", "FractionGroupSequence", "DoseReferenceSequence"):
            delattr(ds, keyword)
        ds.SOPClassUID, ds.SOPInstanceUID = RECORD, f"1.2.3.4.{fraction}"
        ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = RECORD, ds.SOPInstanceUID
        ds.TreatmentSessionBeamSequence = [session]
        ds.ReferencedRTPlanSequence = [reference]

    changed(plan, target, make)


@pytest.mark.parametrize("delivered", [7, 10])
def test_treatment_records_of_fewer_fractions_than_planned_need_a_decision(copy: Path, delivered: int) -> None:
    for fraction in range(1, delivered + 1):
        treatment_record(copy / "course1" / "rp.dcm", copy / f"record{fraction}.dcm", fraction)
    found = scan([copy], headers_only=True)
    assert len(found.courses[0].group.treatments) == delivered
    assert (Interlock.PLAN_PARTLY_DELIVERED in interlocks(found)) is (delivered < 10)
    assert f"{delivered} delivered" in scan_text(found)


def test_the_dose_of_an_absent_plan_and_the_plan_of_an_absent_dose_are_named_missing(copy: Path) -> None:
    (copy / "course1" / "rp.dcm").unlink()
    (copy / "course2" / "rd.dcm").unlink()
    found = scan([copy], headers_only=True)
    assert {Interlock.PLAN_MISSING, Interlock.DOSE_MISSING} <= interlocks(found)
    text = scan_text(found)
    assert "missing             plan …568627" in text
    assert "missing             dose of plan 'L1_SBRT30Gy5fx'" in text


def test_a_registration_of_frames_that_are_not_here_is_found(copy: Path) -> None:
    shutil.rmtree(copy / "course1")
    assert Interlock.REGISTRATION_UNCONNECTED in interlocks(scan([copy], headers_only=True))


def test_brachytherapy_wins_over_the_radiation_of_beams(copy: Path) -> None:
    change(copy / "course1" / "rp.dcm", lambda ds: setattr(ds, "BrachyTreatmentType", "HDR"))
    assert scan([copy]).courses[0].group.plans[0].radiation is Radiation.HIGH_DOSE_RATE


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        (Moment("20200102"), Moment("20200101"), True),
        (Moment("20200101", "120000"), Moment("20200101"), False),
        (Moment("20200101", "1201"), Moment("20200101", "115900.5"), True),
        (Moment("20200101", "120030"), Moment("20200101", "120000"), False),
        (Moment(), Moment("20200101"), False),
        (Moment("20200101", "nonsense"), Moment("20200101", "000000"), False),
    ],
)
def test_moments_are_compared_by_day_then_by_time_if_both_have_one(first: Moment, second: Moment, after: bool) -> None:
    assert first.is_after(second) is after
    assert not (first.is_after(second) and second.is_after(first))


# The command line


def test_records_prints_text_and_json(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", str(small)]) == 0
    text = capsys.readouterr()
    assert "Course 1: patient REIRR-SYN-001" in text.out
    assert text.err == ""
    assert main(["records", "--json", "--headers-only", str(small)]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "reirradiation-records/1"


def test_records_of_nothing_end_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", str(tmp_path)]) == 1
    assert main(["records", str(tmp_path / "absent")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_records_of_several_folders_name_files_by_folder(small: Path) -> None:
    found = scan([small / "course1", small / "course2"], headers_only=True)
    assert len(found.courses) == 2
    assert {course.group.plans[0].origin.file.shown for course in found.courses} == {"course1/rp.dcm", "course2/rp.dcm"}
