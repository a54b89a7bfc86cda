"""The traps in real exports of planning systems, as the scan of their folders tells them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pydicom
import pytest
from ReirradiationLib.__main__ import main
from ReirradiationLib.dicom.embedded_dvh import percent_reference_gy, read_embedded_dvhs
from ReirradiationLib.dicom.scan.scan import Scan, ScannedCourse, scan
from ReirradiationLib.model.course import Radiation
from ReirradiationLib.model.finding import Finding
from ReirradiationLib.model.interlock import Interlock
from shared_data import extracted, shared_data

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def only_course(found: Scan) -> ScannedCourse:
    assert len(found.courses) == 1
    return found.courses[0]


def of(findings: tuple[Finding, ...], interlock: Interlock) -> list[Finding]:
    return [finding for finding in findings if finding.interlock is interlock]


def kinds(findings: tuple[Finding, ...]) -> set[Interlock]:
    return {finding.interlock for finding in findings}


# RayStation, protons


@pytest.fixture(scope="module")
def raystation() -> ScannedCourse:
    return only_course(scan([shared_data("07_raystation_proton")]))


def test_raystation_effective_proton_doses_are_recognised(raystation: ScannedCourse) -> None:
    assert {dose.kind for dose in raystation.group.doses} == {"EFFECTIVE"}
    assert [plan.radiation for plan in raystation.group.plans] == [Radiation.PROTONS]
    assert Interlock.PLAN_PROTONS in kinds(raystation.findings)
    assert Interlock.DOSE_TYPE not in kinds(raystation.findings), "EFFECTIVE is right for protons"


def test_raystation_plan_dose_beside_beam_doses_is_said_and_their_sum_checked(raystation: ScannedCourse) -> None:
    assert Counter(dose.summation for dose in raystation.group.doses) == {"PLAN": 1, "BEAM": 2}
    (finding,) = of(raystation.findings, Interlock.DOSE_PLAN_BESIDE_BEAMS)
    assert "2 BEAM doses" in finding.found
    assert raystation.checks is not None
    (beam_sum,) = raystation.checks.beam_sums
    # Two 16-bit objects round to half a step each; the steps are max / 65535.
    assert beam_sum.beams == 2
    assert beam_sum.deviation < 1e-4
    assert Interlock.DOSE_BEAMS_DIFFER not in kinds(raystation.findings)


def test_raystation_plan_of_another_patient_is_found(raystation: ScannedCourse) -> None:
    (finding,) = of(raystation.findings, Interlock.PATIENT_ID)
    assert "'test_LET_ramp'" in finding.found
    assert "'WTR303030'" in finding.expected
    assert Interlock.PATIENT_NAME in kinds(raystation.findings)


def test_raystation_plan_is_newer_than_its_doses_and_has_no_ct(raystation: ScannedCourse) -> None:
    assert Interlock.PLAN_NEWER_THAN_DOSE in kinds(raystation.findings)
    assert Interlock.CT_MISSING in kinds(raystation.findings)


# Oncentra, beam doses


def test_oncentra_has_beam_doses_only_and_one_is_zero() -> None:
    course = only_course(scan([shared_data("06_oncentra_beamdose")]))
    assert [dose.summation for dose in course.group.doses] == ["BEAM"] * 4
    (zero,) = of(course.findings, Interlock.DOSE_ZERO)
    (alone,) = of(course.findings, Interlock.DOSE_BEAM_ALONE)
    assert "1 (2×)" in alone.found
    assert "beams 1, 2, 3" in alone.expected
    assert course.checks is not None
    assert sum(one.maximum == 0.0 for one in course.checks.measures) == 1
    assert zero.subject.startswith("BEAM dose")
    assert Interlock.PLAN_NEWER_THAN_DOSE not in kinds(course.findings), "seconds apart: written by one export"


def test_oncentra_rt_images_are_counted_and_not_read() -> None:
    assert scan([shared_data("06_oncentra_beamdose")], headers_only=True).counts.other_classes == (("RT Image Storage", 6),)


# ARIA, two CTs and their registration, in two transfer syntaxes


@pytest.fixture(scope="module")
def aria(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    return scan([extracted(shared_data("03_aria_phantom_reg"), tmp_path_factory.mktemp("aria"))])


def test_aria_implicit_and_explicit_copies_are_one_object_each(aria: Scan) -> None:
    assert (aria.counts.files, aria.counts.used, aria.counts.copies) == (242, 121, 121)
    (finding,) = of(aria.findings, Interlock.FILE_DUPLICATE)
    assert finding.found.startswith("121 ")
    assert Interlock.UID_REUSED not in kinds(aria.findings)


def test_aria_registration_connects_the_two_frames(aria: Scan) -> None:
    planned, phantom = aria.courses
    (registration,) = aria.registrations
    assert not registration.is_deformable
    assert {*planned.group.frame_uids, *phantom.group.frame_uids} == set(registration.frame_uids)
    assert planned.group.registrations == phantom.group.registrations == (registration,)
    assert Interlock.REGISTRATION_UNCONNECTED not in kinds(aria.findings)


def test_aria_plans_of_ten_fractions_without_prescription_are_flagged(aria: Scan) -> None:
    planned = aria.courses[0]
    assert [plan.fractions for plan in planned.group.plans] == [10, 10, 10]
    assert len(of(planned.findings, Interlock.PRESCRIPTION_MISSING)) == 3
    assert all(len(planned.group.doses_of(plan.origin.uid)) == 1 for plan in planned.group.plans)
    assert [len(series.slices) for series in planned.group.ct_series] == [11]
    assert [len(series.slices) for series in aria.courses[1].group.ct_series] == [101]


# dicompyler, stored DVHs


@pytest.fixture(scope="module")
def breast() -> ScannedCourse:
    return only_course(scan([shared_data("04_dicompyler_breast")]))


def test_dicompyler_stored_dvhs_are_read_and_percent_is_recognised(breast: ScannedCourse) -> None:
    assert breast.checks is not None
    assert len(breast.checks.dvhs) == 9
    ((_, reference_gy),) = breast.checks.percent_references
    assert reference_gy == pytest.approx(14.0, rel=0.01), "percent of the prescription"
    assert Interlock.DVH_IN_PERCENT in kinds(breast.findings)


def test_dicompyler_stored_mean_doses_are_those_of_their_curves_once_percent_is_undone() -> None:
    dvhs = read_embedded_dvhs(shared_data("04_dicompyler_breast") / "rtdose.dcm")
    for dvh in dvhs:
        assert dvh.stated_mean is not None
        # Half a bin of 0.01 Gy, for the standard does not say where in its bin a volume belongs. BODY (ROI 1) reaches
        # beyond the grid: its curve and its mean are taken over different volumes.
        half_bin_gy = 0.0052 if dvh.roi_numbers != (1,) else 0.022
        assert dvh.mean == pytest.approx(dvh.stated_mean * 14.0 / 100.0, abs=half_bin_gy)
        assert dvh.minimum <= dvh.mean <= dvh.maximum
        assert all(dvh.volumes[1:] <= dvh.volumes[:-1] + 1e-9)
    assert percent_reference_gy(dvhs) is not None


def test_dicompyler_roi_without_contours_and_missing_slices_are_found(breast: ScannedCourse) -> None:
    (empty,) = of(breast.findings, Interlock.STRUCTURES_EMPTY)
    assert "1 of 10 ROIs: 'Areola'" in empty.found
    (strangers,) = of(breast.findings, Interlock.STRUCTURES_OTHER_CT)
    assert "97 of 98 slices" in strangers.found
    (single,) = of(breast.findings, Interlock.CT_MISSING)
    assert "single slice" in single.found


# Odd RTDOSE


@pytest.fixture(scope="module")
def odd() -> Scan:
    return scan([shared_data("08_odd_rtdose")])


def test_odd_doses_in_big_endian_and_rle_are_the_same_object(odd: Scan) -> None:
    (copies,) = of(odd.findings, Interlock.FILE_DUPLICATE)
    assert copies.found.startswith("4 "), "big endian and RLE of both the full and the single-frame dose"
    (reused,) = of(odd.findings, Interlock.UID_REUSED)
    assert "1frame" in reused.found, "fewer frames under the same UID are other content"


def test_odd_values_do_not_clutter_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", str(shared_data("08_odd_rtdose"))]) == 0
    assert capsys.readouterr().err == ""


def test_odd_relative_dose_is_refused(odd: Scan) -> None:
    findings = [f for course in odd.courses for f in of(course.findings, Interlock.DOSE_UNITS)]
    assert [finding.found for finding in findings] == ["DoseUnits 'RELATIVE'"]


def test_odd_truncated_plan_and_bad_values_are_refused_by_name(odd: Scan) -> None:
    (unreadable,) = of(odd.findings, Interlock.FILE_UNREADABLE)
    assert unreadable.subject == "rtplan_truncated.dcm"
    (bad,) = of(odd.findings, Interlock.ATTRIBUTE)
    assert bad.subject == "badVR.dcm"
    assert "NumberOfFrames" in bad.found


def test_odd_objects_of_different_patients_are_different_courses(odd: Scan) -> None:
    assert sorted(course.group.patient.patient_id for course in odd.courses) == [
        "id00001",
        "id11111",
        "tPhantom30sep",
        "water",
    ]


# The others


def test_nelms_doses_are_of_a_fraction_and_share_uids() -> None:
    found = scan([shared_data("05_nelms_dvh")])
    course = only_course(found)
    assert {dose.summation for dose in course.group.doses} == {"FRACTION"}
    assert len(of(course.findings, Interlock.DOSE_FRACTION_GROUP)) == len(course.group.doses) == 3
    (reused,) = of(found.findings, Interlock.UID_REUSED)
    assert reused.found.startswith("3 "), "the gradients along y and z carry the same UIDs"
    assert len(course.group.structures) == 20


def test_rando_two_days_are_plans_on_one_anatomy() -> None:
    course = only_course(scan([shared_data("02_rando_ent") / "dicom"]))
    assert sorted(plan.label for plan in course.group.plans) == ["Day1", "Day2"]
    assert [plan.fractions for plan in course.group.plans] == [30, 30]
    assert [len(series.slices) for series in course.group.ct_series] == [136]
    assert course.checks is not None
    assert [target.roi_name for target in course.checks.targets] == ["PTV1", "PTV1"]
    assert all(target.median_gy == pytest.approx(60.0, abs=1.0) for target in course.checks.targets)
    assert course.findings == ()


def test_compressed_ct_without_identity_is_found() -> None:
    course = only_course(scan([shared_data("10_totalseg_ct")]))
    assert [series.transfer_syntaxes for series in course.group.ct_series] == [("1.2.840.10008.1.2.4.90",)]  # JPEG 2000
    (identity,) = of(course.findings, Interlock.ATTRIBUTE)
    assert "SOPClassUID" in identity.found


def test_folders_without_dicom_have_no_courses_and_archives_are_named() -> None:
    assert scan([shared_data("09_openkbp")]).courses == ()
    archives = scan([shared_data("03_aria_phantom_reg")]).counts.archives
    assert sum(name.endswith(".txz") for name in archives) == 2


@pytest.mark.parametrize("name", ["02_rando_ent", "04_dicompyler_breast", "05_nelms_dvh", "06_oncentra_beamdose"])
def test_every_ct_header_is_what_pydicom_reads(name: str) -> None:
    """The fast walk over CT slices against a whole, independent parse."""
    folder = shared_data(name)
    series = [one for course in scan([folder], headers_only=True).courses for one in course.group.ct_series]
    headers = [header for one in series for header in one.slices]
    assert headers
    for header in headers:
        dataset = pydicom.dcmread(Path(folder) / header.origin.file.shown, stop_before_pixels=True)
        assert header.origin.uid == dataset.SOPInstanceUID
        assert header.origin.frame_uid == dataset.FrameOfReferenceUID
        assert header.origin.patient.name == str(dataset.PatientName)
        assert (header.rows, header.columns) == (dataset.Rows, dataset.Columns)
        assert header.position_mm == tuple(map(float, dataset.ImagePositionPatient))
        assert header.spacing_mm == tuple(map(float, dataset.PixelSpacing))
