"""A draft of a case from a scan: it says what the files say, and cannot run before the user has chosen the rest."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from dicom_files import changed
from pydicom.dataset import Dataset
from ReirradiationLib.__main__ import main
from ReirradiationLib.dicom.scan.draft import CHOOSE, draft_case
from ReirradiationLib.dicom.scan.draft_structures import NamingTables
from ReirradiationLib.dicom.scan.scan import scan
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.errors import CaseError, DicomError, ProtocolError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.registration import RegistrationMethod
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.workflow import compute


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, demo_folder: Path) -> Path:
    """The demo's DICOM files, all in one folder, under names that say nothing."""
    folder = tmp_path_factory.mktemp("flat")
    files = sorted(path for course in ("course1", "course2") for path in (demo_folder / course).rglob("*.dcm"))
    for n, file in enumerate(files):
        shutil.copy(file, folder / f"{n:04d}")
    return folder


def test_the_draft_of_a_flat_folder_runs_once_it_is_completed(copied: Path, tmp_path: Path, demo_results) -> None:
    path = tmp_path / "case.json"
    assert main(["records", str(copied), "--draft", str(path)]) == 0
    case = read_case(path)
    (prior,) = case.prior_courses
    assert prior.registration is not None
    assert prior.registration.method is RegistrationMethod.DICOM
    assert case.current.ct_series  # two CT series share the folder
    assert prior.ct_series
    with pytest.raises(ProtocolError, match=CHOOSE):
        clipped = Decision("dose.clipped", "Course 'L1_SBRT30Gy5fx'", "me", "2026-11-21", "seen")
        compute(replace(case, decisions=(clipped,)), Monitor())
    chosen = tuple(choice for choice in case.structures if choice.name == "spinal_cord")
    done = replace(case, structures=chosen, decisions=(clipped,), constraints=demo_results.case.constraints[:1])
    (score,) = compute(done, Monitor()).scores
    assert score.cumulative == pytest.approx(demo_results.scores[0].cumulative, abs=1e-9)


def test_a_file_that_is_there_is_not_replaced(copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.json"
    path.write_text("mine")
    assert main(["records", str(copied), "--headers-only", "--draft", str(path)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_another_course_may_be_the_new_one(copied: Path, tmp_path: Path) -> None:
    draft = draft_case(scan([copied], headers_only=True), tmp_path / "case.json", 1, NamingTables())
    assert draft.case.new_course.label == "L2_30Gy10fx"
    assert [course.label for course in draft.case.prior_courses] == ["L1_SBRT30Gy5fx 2024"]
    (prior,) = draft.case.prior_courses
    assert prior.registration is not None
    assert prior.registration.file is not None
    assert "REG_rigid" in str(prior.registration.file) or prior.registration.method is RegistrationMethod.DICOM
    with pytest.raises(CaseError, match="1 to 2"):
        draft_case(scan([copied], headers_only=True), tmp_path / "case.json", 3, NamingTables())


def test_the_deformable_registration_is_not_taken_in_the_other_direction(copied: Path, tmp_path: Path) -> None:
    """REG_deform goes from course 2's frame; with course 1 as the new one only the rigid one can be used."""
    draft = draft_case(scan([copied], headers_only=True), tmp_path / "case.json", 1, NamingTables())
    (prior,) = draft.case.prior_courses
    assert prior.registration is not None and prior.registration.file is not None
    assert pydicom.dcmread(prior.registration.file).SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.1"


def test_what_the_files_do_not_state_cannot_pass(copied: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(copied, folder)
    (plan,) = [file for file in folder.iterdir() if pydicom.dcmread(file).get("RTPlanLabel") == "L1_SBRT30Gy5fx"]
    changed(plan, plan, lambda d: d.__delattr__("DoseReferenceSequence"))
    path = tmp_path / "case.json"
    assert main(["records", str(folder), "--headers-only", "--draft", str(path)]) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["new_course"]["prescription_gy"] == 0
    with pytest.raises(CaseError, match=r"prescription_gy.*> 0"):
        read_case(path)


def test_courses_of_several_patients_need_a_choice(copied: Path, tmp_path: Path, demo_folder: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(copied, folder)
    frame = pydicom.dcmread(demo_folder / "course2" / "CT" / "CT.000.dcm").FrameOfReferenceUID
    for file in folder.iterdir():
        if pydicom.dcmread(file, stop_before_pixels=True).get("FrameOfReferenceUID") == frame:
            changed(file, file, lambda d: setattr(d, "PatientID", "P2"))
    found = scan([folder], headers_only=True)
    with pytest.raises(CaseError, match=r"patients.*--new-course"):
        draft_case(found, tmp_path / "case.json", None, NamingTables())


def with_copies(copied: Path, folder: Path, label: str, *changes) -> Path:
    """The flat folder with changed copies of the one object of that description."""
    shutil.copytree(copied, folder)

    def description(file: Path) -> str:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        return f"{dataset.Modality} {dataset.FrameOfReferenceUID if 'FrameOfReferenceUID' in dataset else ''}"

    (source,) = [file for file in sorted(folder.iterdir()) if description(file) == label]
    for n, change in enumerate(changes):
        changed(source, folder / f"copy{n}", change)
    return folder


def frame(demo_folder: Path, course: str) -> str:
    return str(pydicom.dcmread(demo_folder / course / "RD.dcm").FrameOfReferenceUID)


def test_two_doses_of_one_plan_are_a_choice_and_no_run_takes_one(copied: Path, tmp_path: Path, demo_folder: Path) -> None:
    folder = with_copies(
        copied,
        tmp_path / "files",
        f"RTDOSE {frame(demo_folder, 'course1')}",
        lambda d: (setattr(d, "SOPInstanceUID", "1.2.9"), setattr(d, "DoseGridScaling", float(d.DoseGridScaling) * 0.85)),
    )
    draft = draft_case(scan([folder], headers_only=True), tmp_path / "case.json", None, NamingTables())
    (dose,) = draft.case.prior_courses[0].dose
    assert str(dose).startswith("CHOOSE ONE OF")
    assert any("dose.several" in remark for remark in draft.remarks)
    with pytest.raises(DicomError, match="CHOOSE ONE OF"):
        compute(draft.case, Monitor())


def test_a_sum_of_plans_joins_no_courses(copied: Path, tmp_path: Path, demo_folder: Path) -> None:
    prior_plan = str(pydicom.dcmread(demo_folder / "course1" / "RP.dcm").SOPInstanceUID)

    def sum_of_plans(dataset) -> None:
        dataset.SOPInstanceUID, dataset.DoseSummationType = "1.2.9", "MULTI_PLAN"
        other = Dataset()
        other.ReferencedSOPClassUID, other.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.5", prior_plan
        dataset.ReferencedRTPlanSequence = [*dataset.ReferencedRTPlanSequence, other]

    folder = with_copies(copied, tmp_path / "files", f"RTDOSE {frame(demo_folder, 'course2')}", sum_of_plans)
    found = scan([folder], headers_only=True)
    assert len(found.courses) == 2
    draft = draft_case(found, tmp_path / "case.json", None, NamingTables())
    assert [course.label for course in draft.case.prior_courses] == ["L2_30Gy10fx 2019"]
    assert not str(draft.case.new_course.dose[0]).startswith("CHOOSE")  # the PLAN dose, not the sum


def test_a_second_plan_on_the_new_anatomy_is_not_lost(copied: Path, tmp_path: Path, demo_folder: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(copied, folder)
    for n, name in enumerate(("RP.dcm", "RD.dcm")):

        def change(dataset, name=name) -> None:
            dataset.SOPInstanceUID = f"1.2.9.{name == 'RD.dcm':d}"
            if name == "RP.dcm":
                dataset.RTPlanLabel, dataset.RTPlanDate = "EARLIER", "20230101"
            else:
                dataset.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.9.0"

        changed(demo_folder / "course2" / name, folder / f"extra{n}", change)
    draft = draft_case(scan([folder], headers_only=True), tmp_path / "case.json", None, NamingTables())
    assert draft.case.new_course.label == "L1_SBRT30Gy5fx"
    earlier = next(course for course in draft.case.prior_courses if course.label == "EARLIER 2023")
    assert earlier.registration is not None
    assert earlier.registration.method is RegistrationMethod.SAME_FRAME
    assert str(earlier.dose[0]).startswith("CHOOSE IF 'EARLIER' WAS TREATED")


def test_two_registrations_are_a_choice(copied: Path, tmp_path: Path, demo_folder: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(copied, folder)
    other = demo_folder / "course2" / "REG_deform.dcm"
    changed(other, folder / "extra", lambda d: setattr(d, "SOPInstanceUID", "1.2.9"))
    draft = draft_case(scan([folder], headers_only=True), tmp_path / "case.json", None, NamingTables())
    registration = draft.case.prior_courses[0].registration
    assert registration is not None
    assert str(registration.file).startswith("CHOOSE ONE OF")
