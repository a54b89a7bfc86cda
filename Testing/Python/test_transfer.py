"""Register, judge, look, sign: from the case file to marked numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from ReirradiationLib.__main__ import main
from ReirradiationLib.judging import evenly
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.dose_response import DoseResponse, Quantity
from ReirradiationLib.model.errors import Cancelled, CaseError, OutputError, RegistrationError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration import (
    EngineName,
    RegistrationChoice,
    RegistrationKind,
    RegistrationMethod,
    SignOff,
)
from ReirradiationLib.model.registration_quality import Verdict
from ReirradiationLib.model.transform import Affine, SpatialTransform
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.registration.engine import IsCancelled, Progress, Registered, RegistrationSettings
from ReirradiationLib.registration.landmarks import rigid_fit
from ReirradiationLib.report.marks import MARK_NOTE
from ReirradiationLib.report.registration_summary import registration_summaries
from ReirradiationLib.report.results import Transfer
from ReirradiationLib.report.summary import evaluation_summary
from ReirradiationLib.transfer import transfer
from ReirradiationLib.workflow import Services, compute, run_case, run_transfer
from ReirradiationLib.write_outputs import scene_content
from scipy.spatial import cKDTree

IMAGES = RegistrationChoice(RegistrationMethod.IMAGES, kind=RegistrationKind.RIGID, engine=EngineName.SIMPLEITK)
SIGNED = SignOff("Jane Doe", date(2026, 11, 21), "cord fits")
SUBJECT = "Course 'L2 30 Gy/10 fx 2019'"


class KnownEngine:
    """Finds the rigid transform that it was made with, in no time; counts how often it is asked."""

    name = EngineName.SIMPLEITK

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.asked: list[RegistrationSettings] = []

    def version(self) -> str:
        return "known 1"

    def unavailable_because(self) -> str | None:
        return None

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        self.asked.append(settings)
        is_forward = fixed.description == "Current CT"
        step = Affine(self.matrix if is_forward else np.linalg.inv(self.matrix))
        return Registered(SpatialTransform(fixed.frame_uid, moving.frame_uid, (step,), "known"), ("known to the test",))


@pytest.fixture
def small_case(demo_case: Case, tmp_path: Path) -> Case:
    """The cord and its target; the case lies in a folder of its own, where registrations are kept."""
    wanted = ("spinal_cord", "PTV2_L1")
    (tmp_path / "case.json").write_text(case_to_json(demo_case), encoding="utf-8")
    return replace(
        demo_case,
        file=tmp_path / "case.json",
        structures=tuple(choice for choice in demo_case.structures if choice.name in wanted),
        constraints=demo_case.constraints[:1],
    )


@pytest.fixture
def best_rigid(landmarks) -> np.ndarray:
    return rigid_fit(*landmarks)


def registered_by(case: Case, choice: RegistrationChoice, **changes: object) -> Case:
    return replace(case, prior_courses=(replace(case.prior_courses[0], registration=choice, **changes),))


def shifted(matrix: np.ndarray, along_mm: float) -> np.ndarray:
    """A transform that is off along the spine."""
    off = matrix.copy()
    off[2, 3] += along_mm
    return off


def as_file(folder: Path, matrix: np.ndarray) -> RegistrationChoice:
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    sitk.WriteTransform(transform, str(folder / "given.tfm"))
    return RegistrationChoice(RegistrationMethod.TRANSFORM_FILE, folder / "given.tfm")


def verdicts(found: Transfer) -> dict[str, Verdict]:
    return {verdict.organ: verdict.verdict for verdict in found.registrations[0].quality.verdicts}


def test_a_computed_registration_stops_the_case_until_it_is_signed(small_case: Case, best_rigid: np.ndarray) -> None:
    engines = (KnownEngine(best_rigid),)
    with pytest.raises(CaseError, match=r"registration\.computed"):
        compute(registered_by(small_case, IMAGES), Monitor(), engines)
    results = compute(registered_by(small_case, replace(IMAGES, sign_off=SIGNED)), Monitor(), engines)
    (decision,) = [one for one in results.decisions if one.finding == "registration.computed"]
    assert (decision.who, decision.when, decision.reason) == ("Jane Doe", "2026-11-21", "cord fits")


def test_no_plain_decision_stands_for_a_sign_off(small_case: Case, best_rigid: np.ndarray) -> None:
    plain = Decision("registration.computed", SUBJECT, "me", "2026-11-21", "to get on")
    case = registered_by(replace(small_case, decisions=(*small_case.decisions, plain)), IMAGES)
    with pytest.raises(CaseError, match=r"registration\.computed.*then add 'sign_off'"):
        compute(case, Monitor(), (KnownEngine(best_rigid),))


def test_a_sign_off_without_a_key_is_told_from_one_with(small_case: Case, best_rigid: np.ndarray) -> None:
    engines = (KnownEngine(best_rigid),)
    found = transfer(registered_by(small_case, replace(IMAGES, sign_off=SIGNED)), Monitor(), engines)
    assert "names no key" in registration_summaries(found)[0].sign_off
    key = found.registrations[0].course.transform.key
    found = transfer(registered_by(small_case, replace(IMAGES, sign_off=replace(SIGNED, key=key))), Monitor(), engines)
    assert "names no key" not in registration_summaries(found)[0].sign_off


def test_a_sign_off_with_a_key_holds_for_that_registration_only(small_case: Case, best_rigid: np.ndarray) -> None:
    unsigned = transfer(registered_by(small_case, IMAGES), Monitor(), (KnownEngine(best_rigid),))
    key = unsigned.registrations[0].course.transform.key
    case = registered_by(small_case, replace(IMAGES, sign_off=replace(SIGNED, key=key)))
    assert compute(case, Monitor(), (KnownEngine(best_rigid),)).registrations[0].is_signed
    other = replace(case, file=small_case.file.parent / "elsewhere" / "case.json")
    with pytest.raises(CaseError, match=rf"registration {key}, this one is"):
        compute(other, Monitor(), (KnownEngine(shifted(best_rigid, 0.5)),))


def test_a_registration_is_not_computed_twice(small_case: Case, best_rigid: np.ndarray) -> None:
    first, second = KnownEngine(best_rigid), KnownEngine(best_rigid)
    one = transfer(registered_by(small_case, IMAGES), Monitor(), (first,))
    other = transfer(registered_by(small_case, IMAGES), Monitor(), (second,))
    assert len(first.asked) == 2  # there and back
    assert second.asked == []
    assert one.registrations[0].course.transform.key == other.registrations[0].course.transform.key


def test_an_interrupted_run_goes_on_where_it_stopped(small_case: Case, best_rigid: np.ndarray) -> None:
    asked = 0

    def after_forward() -> bool:
        nonlocal asked
        asked = len(engine.asked)
        return asked >= 1

    engine, again = KnownEngine(best_rigid), KnownEngine(best_rigid)
    with pytest.raises(Cancelled):
        transfer(registered_by(small_case, IMAGES), Monitor(is_cancelled=after_forward), (engine,))
    transfer(registered_by(small_case, IMAGES), Monitor(), (again,))
    assert len(engine.asked) + len(again.asked) == 2


@pytest.fixture
def lost_case(small_case: Case, tmp_path: Path, best_rigid: np.ndarray) -> Case:
    """The prior CT lies one vertebra too far up."""
    return registered_by(small_case, replace(as_file(tmp_path, shifted(best_rigid, 32.0)), sign_off=SIGNED))


def test_one_vertebra_off_is_use_the_worksheet_and_stops_optimization_structures(lost_case: Case) -> None:
    assert verdicts(transfer(lost_case, Monitor(), ()))["spinal_cord"] is Verdict.WORKSHEET
    with pytest.raises(CaseError, match=r"registration\.unreliable"):
        compute(lost_case, Monitor())


def test_no_value_of_an_unreliable_organ_appears_unmarked(lost_case: Case, tmp_path: Path) -> None:
    subject = "Optimization structures of 'spinal_cord'"
    accepted = [
        Decision(f, subject, "me", "2026-11-21", "for the test") for f in ("registration.unreliable", "dose.unknown")
    ]
    case = replace(
        lost_case,
        decisions=(*lost_case.decisions, *accepted),
        export=replace(lost_case.export, mapped_doses=True),
        sensitivity=(DoseResponse(Quantity.BED),),
    )
    evaluation = run_case(case, tmp_path / "out", Services(), Monitor())
    cord = next(structure for structure in evaluation.structures if structure.name == "spinal_cord")
    assert cord.unreliable_courses == ("L2 30 Gy/10 fx 2019",)
    assert all("use the point worksheet" in metric.remark for metric in cord.metrics)
    assert evaluation.scorecard[0].state == "use the point worksheet"
    assert "by the mapped dose it would be" in evaluation.scorecard[0].remark
    assert evaluation.optimization[0].unreliable_courses == ("L2 30 Gy/10 fx 2019",)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("spinal_cord ‡") >= 3
    assert "‡ The registration of L2 30 Gy/10 fx 2019 must not be relied on in this organ" in page
    assert MARK_NOTE in page
    tables = page.split("<h2>Structures</h2>")[1].split("<h2>Registration, verdicts</h2>")[0]
    assert "<td>spinal_cord</td>" not in tables
    assert "‡ The registration of L2 30 Gy/10 fx 2019" in evaluation_summary(evaluation)
    assert "NOT TO BE RELIED ON (registration) in spinal_cord" in evaluation.composite_rule
    rois = pydicom.dcmread(tmp_path / "out" / "optimization_structures.dcm").StructureSetROISequence
    assert rois and all(roi.ROIDescription.startswith("NOT RELIABLE (registration).") for roi in rois)
    for name in ("cumulative_eqd2.dcm", "prior_eqd2.dcm", "mapped_course1.dcm"):
        assert "NOT RELIABLE in some organs" in pydicom.dcmread(tmp_path / "out" / name, stop_before_pixels=True).DoseComment


def test_the_doses_of_a_scene_tell_where_they_must_not_be_relied_on(lost_case: Case) -> None:
    results = compute(replace(lost_case, optimization=()), Monitor())
    prior, new, *sums = scene_content(results).doses
    assert all("NOT TO BE RELIED ON (registration) in spinal_cord" in dose.description for dose in (prior, *sums))
    assert "NOT TO BE RELIED ON" not in new.description


def test_an_organ_is_judged_by_points_of_equal_volume_whatever_the_dose_refined(small_case: Case) -> None:
    organ = transfer(small_case, Monitor(), ()).structures[0]
    samples, points = organ.prior.samples, evenly(organ.prior.samples)
    fine = samples.volumes_cc < 0.5 * samples.volumes_cc.max()
    assert fine.mean() > 0.1  # or the test shows nothing
    centre = np.average(samples.points_mm, axis=0, weights=samples.volumes_cc)
    np.testing.assert_allclose(points.mean(axis=0), centre, atol=0.5)
    hot = cKDTree(samples.points_mm[fine]).query(points)[0] < 1e-6
    share = samples.volumes_cc[fine].sum() / samples.volumes_cc.sum()
    assert hot.mean() == pytest.approx(share, abs=0.01)


def test_a_good_registration_marks_nothing(small_case: Case, tmp_path: Path) -> None:
    evaluation = run_case(small_case, tmp_path / "out", Services(), Monitor())
    assert all(not structure.unreliable_courses for structure in evaluation.structures)
    assert "‡" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_landmarks_make_a_registration_and_others_judge_it(small_case: Case, demo_folder: Path, tmp_path: Path) -> None:
    lines = (demo_folder / "truth" / "landmarks_current_prior_LPS.csv").read_text(encoding="utf-8").splitlines()
    for name, rows in (("fit.csv", lines[1:40:4]), ("judge.csv", lines[2:40:4])):
        (tmp_path / name).write_text("\n".join([lines[0], *rows]) + "\n", encoding="utf-8")
    choice = RegistrationChoice(RegistrationMethod.LANDMARKS, tmp_path / "fit.csv", landmarks=tmp_path / "judge.csv")
    (result,) = transfer(registered_by(small_case, choice), Monitor(), ()).registrations
    assert result.quality.landmarks.number == 10
    assert 0.5 < result.quality.landmarks.mean_mm < 6.0
    assert any("FRE" in line or "fitted" in line for line in result.log)


def test_landmarks_that_made_the_registration_do_not_judge_it(small_case: Case, demo_folder: Path, tmp_path: Path) -> None:
    lines = (demo_folder / "truth" / "landmarks_current_prior_LPS.csv").read_text(encoding="utf-8").splitlines()
    for name, rows in (("fit.csv", lines[1:40:4]), ("judge.csv", [*lines[2:40:4], lines[5]])):
        (tmp_path / name).write_text("\n".join([lines[0], *rows]) + "\n", encoding="utf-8")
    for judge in ("fit.csv", "judge.csv"):
        choice = RegistrationChoice(RegistrationMethod.LANDMARKS, tmp_path / "fit.csv", landmarks=tmp_path / judge)
        with pytest.raises(RegistrationError, match="that the registration was made from"):
            transfer(registered_by(small_case, choice), Monitor(), ())


def test_prior_contours_judge_organs_of_the_same_name(small_case: Case, demo_folder: Path) -> None:
    case = replace(
        small_case,
        prior_courses=(replace(small_case.prior_courses[0], structures=demo_folder / "course1" / "RS.dcm"),),
    )
    organs = {organ.name: organ for organ in transfer(case, Monitor(), ()).registrations[0].quality.organs}
    assert organs["spinal_cord"].contours.dice > 0.85
    assert organs["PTV2_L1"].contours is None  # only the new course has it


def test_near_the_dose_only_its_surroundings_are_asked_for(small_case: Case, best_rigid: np.ndarray, prior_dose) -> None:
    engine = KnownEngine(best_rigid)
    choice = RegistrationChoice(
        RegistrationMethod.IMAGES, kind=RegistrationKind.DEFORMABLE, engine=EngineName.SIMPLEITK, near_dose=True
    )
    transfer(registered_by(small_case, choice), Monitor(), (engine,))
    rigid, forward, backward = engine.asked
    assert rigid.kind is RegistrationKind.RIGID
    high = prior_dose.geometry.to_lps(np.argwhere(prior_dose.voxels_gy > 0.5 * prior_dose.voxels_gy.max())[:, ::-1])
    np.testing.assert_allclose(backward.region.low_mm, high.min(axis=0) - 30.0)
    there = Affine(best_rigid).inverse().apply(high)
    np.testing.assert_allclose(forward.region.high_mm, there.max(axis=0) + 30.0)


def test_an_engine_that_is_not_there_is_refused_with_what_is(small_case: Case, best_rigid: np.ndarray) -> None:
    choice = replace(IMAGES, kind=RegistrationKind.DEFORMABLE, engine=EngineName.BRAINSFIT)
    with pytest.raises(RegistrationError, match=r"Slicer application.*'simpleitk'"):
        transfer(registered_by(small_case, choice), Monitor(), (KnownEngine(best_rigid),))


def test_the_page_to_look_at_needs_no_sign_off_and_leaves_a_valid_registration(
    small_case: Case, best_rigid: np.ndarray, tmp_path: Path
) -> None:
    case, services = registered_by(small_case, IMAGES), Services(engines=(KnownEngine(best_rigid),))
    found = run_transfer(case, tmp_path / "look", services, Monitor())
    page = (tmp_path / "look" / "registration.html").read_text(encoding="utf-8")
    key = found.registrations[0].course.transform.key
    assert f"Key {key}" in page
    assert "not signed off" in page
    assert "to be decided" in page
    registration = pydicom.dcmread(tmp_path / "look" / "registration_course1.dcm")
    assert registration.Modality == "REG"
    with pytest.raises(OutputError, match="not empty"):
        run_transfer(case, tmp_path / "look", services, Monitor())
    run_transfer(case, tmp_path / "look", services, Monitor(), may_replace=True)
    (tmp_path / "look" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="not empty"):
        run_transfer(case, tmp_path / "look", services, Monitor(), may_replace=True)


def edited(source: Path, target: Path, change: Callable[[dict], None]) -> Path:
    values = json.loads(source.read_text(encoding="utf-8"))
    change(values)
    target.write_text(json.dumps(values), encoding="utf-8")
    return target


def test_register_and_engines_on_the_command_line(demo_folder: Path, tmp_path: Path, capsys) -> None:
    shutil.copytree(demo_folder, tmp_path / "case", ignore=shutil.ignore_patterns(".reirradiation"))

    def change(values: dict) -> None:
        values["prior_courses"][0]["registration"].update(kind="rigid", engine="simpleitk")
        values["structures"] = values["structures"][:2]
        values["constraints"] = values["constraints"][:1]

    path = edited(tmp_path / "case" / "case_from_images.json", tmp_path / "case" / "rigid.json", change)
    assert main(["register", str(path), "--output", str(tmp_path / "look")]) == 0
    printed = capsys.readouterr().out
    assert "not signed off" in printed
    assert "spinal_cord" in printed
    assert main(["engines"]) == 0
    printed = capsys.readouterr().out
    assert "simpleitk" in printed
    assert "brainsfit       not available" in printed


@pytest.mark.parametrize(
    ("registration", "message"),
    [
        ({"method": "images", "engine": "magic"}, "one of simpleitk"),
        ({"method": "images", "kind": "elastic"}, "one of rigid"),
        ({"method": "images", "file": "x.dcm"}, "'file' with"),
        ({"method": "transform-file"}, "no 'file'"),
        ({"method": "landmarks"}, "no 'file'"),
        ({"method": "dicom-reg", "file": "x.dcm", "kind": "rigid"}, "Only 'images'"),
        ({"method": "dicom-reg", "file": "x.dcm", "near_dose": True}, "Only 'images'"),
        ({"method": "images", "kind": "rigid", "near_dose": True}, "Only a deformable"),
        ({"method": "images", "sign_off": {"who": "me", "comment": "x"}}, "'when' is missing"),
        ({"method": "images", "sign_off": {"who": "me", "when": "2026-11-21"}}, "'comment' is missing"),
        ({"method": "simpleitk-rigid"}, "one of same-frame"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(
    demo_folder: Path, tmp_path: Path, registration: dict, message: str
) -> None:
    def change(values: dict) -> None:
        values["prior_courses"][0]["registration"] = registration

    with pytest.raises(CaseError, match=message):
        read_case(edited(demo_folder / "case.json", tmp_path / "case.json", change))


def test_a_case_with_every_choice_of_registration_is_written_and_read_again(demo_folder: Path, tmp_path: Path) -> None:
    registration = {
        **{"method": "images", "kind": "deformable", "engine": "elastix", "near_dose": True, "landmarks": "pairs.csv"},
        "sign_off": {"who": "me", "when": "2026-11-21", "comment": "fits", "key": "0123456789ab"},
    }

    def change(values: dict) -> None:
        values["prior_courses"][0].update(registration=registration, structures="course1/RS.dcm")

    case = read_case(edited(demo_folder / "case.json", tmp_path / "case.json", change))
    (tmp_path / "again.json").write_text(case_to_json(case), encoding="utf-8")
    again = read_case(tmp_path / "again.json")
    assert again.prior_courses == case.prior_courses
    assert again.prior_courses[0].registration.sign_off.key == "0123456789ab"
