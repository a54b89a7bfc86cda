"""The pipeline from Python: progress, cancel, services handed in, and the folder that appears when complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_files import changed
from pydicom import dcmread
from pydicom.dataset import Dataset
from ReirradiationLib.dicom.records import read_records
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.errors import Cancelled, CaseError, OutputError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.registration_picture import RegistrationPictureRequest
from ReirradiationLib.model.scene import PictureRequest, SceneContent
from ReirradiationLib.monitor import Monitor, Progress, Step
from ReirradiationLib.output import OutputFolder
from ReirradiationLib.report.registration_findings import registration_findings
from ReirradiationLib.transfer import transfer
from ReirradiationLib.workflow import Services, compute, run_case


@pytest.fixture
def small_case(demo_case: Case) -> Case:
    wanted = ("spinal_cord", "PTV2_L1")
    return replace(
        demo_case,
        structures=tuple(s for s in demo_case.structures if s.name in wanted),
        constraints=demo_case.constraints[:1],
    )


PTV_NUMBER = 14


class RecordingPictures:
    def __init__(self) -> None:
        self.requests: list[PictureRequest] = []

    def unavailable_because(self) -> str | None:
        return None

    def draw_all(self, requests: Sequence[PictureRequest], width: int, height: int) -> tuple[bytes, ...]:
        self.requests += requests
        return (b"\xff\xd8",) * len(requests)

    def draw_registration(self, request: RegistrationPictureRequest, width: int, height: int) -> bytes:
        return b"\x89PNG"


class RecordingScene:
    def __init__(self) -> None:
        self.contents: list[SceneContent] = []

    def write(self, content: SceneContent, path: Path) -> None:
        self.contents.append(content)
        path.write_bytes(b"scene")


def test_pictures_and_scene_come_from_the_services_that_are_handed_in(small_case: Case, tmp_path: Path) -> None:
    pictures, scene = RecordingPictures(), RecordingScene()
    run_case(small_case, tmp_path / "out", Services(pictures, scene), Monitor())
    assert [request.orientation.value for request in pictures.requests] == ["axial", "sagittal", "coronal"] * 2
    assert [request.title for request in pictures.requests] == ["Prior EQD2"] * 3 + ["Cumulative EQD2"] * 3
    (content,) = scene.contents
    assert [dose.name for dose in content.doses][-1] == "Cumulative EQD2"
    assert [structure.name for structure in content.structures] == ["spinal_cord", "PTV2_L1"]
    assert len(content.optimization_structures) == 3
    assert (tmp_path / "out" / "case.mrb").read_bytes() == b"scene"


def test_the_rule_of_the_composite_stands_on_every_volume_and_in_the_report(small_case: Case, tmp_path: Path) -> None:
    scene = RecordingScene()
    evaluation = run_case(small_case, tmp_path / "out", Services(RecordingPictures(), scene), Monitor())
    rule = evaluation.composite_rule
    assert "(α/β 2, 10 Gy); tissue in no structure with α/β 3 Gy" in rule
    sums = [dose for dose in scene.contents[0].doses if "EQD2" in dose.name]
    assert [dose.description for dose in sums] == [rule, rule]
    for name in ("prior_eqd2.dcm", "cumulative_eqd2.dcm"):
        written = dcmread(tmp_path / "out" / name)
        assert written.DoseComment == "EQD2 raw, display only; max over a/b 2/10; else 3 Gy"
        assert written.DerivationDescription == rule.replace("α/β", "alpha/beta")
        assert written.SeriesDescription.endswith("for display")
    assert rule in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_without_services_there_is_a_report_but_no_scene(small_case: Case, tmp_path: Path) -> None:
    run_case(small_case, tmp_path / "out", Services(), Monitor())
    assert "pictures are missing" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "case.mrb").exists()


def test_progress_names_every_step_in_order(small_case: Case, tmp_path: Path) -> None:
    seen: list[Progress] = []
    run_case(small_case, tmp_path / "out", Services(), Monitor(seen.append))
    assert list(dict.fromkeys(progress.title for progress in seen)) == [step.value for step in Step]
    assert all(progress.steps == len(Step) for progress in seen)
    assert [progress.step for progress in seen] == sorted(progress.step for progress in seen)


@pytest.mark.parametrize("after", [0, 3, 7, 12])
def test_cancelling_leaves_nothing_behind(small_case: Case, tmp_path: Path, after: int) -> None:
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        run_case(small_case, tmp_path / "out", Services(), Monitor(seen.append, lambda: len(seen) >= after))
    assert len(seen) == after
    assert list(tmp_path.iterdir()) == []


def test_a_failing_scene_writer_leaves_nothing_behind(small_case: Case, tmp_path: Path) -> None:
    class Failing:
        def write(self, content: SceneContent, path: Path) -> None:
            path.write_bytes(b"half")
            raise OutputError("case.mrb", "disk full", "Make room.")

    with pytest.raises(OutputError, match="disk full"):
        run_case(small_case, tmp_path / "out", Services(scene=Failing()), Monitor())
    assert list(tmp_path.iterdir()) == []


def test_metrics_of_a_structure_do_not_depend_on_the_other_structures(small_case: Case) -> None:
    alone = replace(small_case, structures=small_case.structures[:1], optimization=())
    changed = replace(small_case.structures[1], alpha_beta_gy=1.0, reason="test")
    beside = replace(small_case, structures=(small_case.structures[0], changed))
    first = compute(alone, Monitor()).scores[0]
    second = compute(beside, Monitor()).scores[0]
    assert (first.prior, first.cumulative) == (second.prior, second.cumulative)


def another_treatment(dose) -> None:
    dose.SOPInstanceUID = "1.2.3.5"
    dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.3.4"
    dose.PixelData = np.roll(dose.pixel_array, 1, axis=2).tobytes()  # the very same voxels would be the same treatment


def test_the_order_of_prior_courses_does_not_change_a_number(small_case: Case, tmp_path: Path) -> None:
    first = small_case.prior_courses[0]
    copy = changed(first.dose[0], tmp_path / "RD.dcm", another_treatment)
    plan = changed(first.plan, tmp_path / "RP.dcm", lambda d: setattr(d, "SOPInstanceUID", "1.2.3.4"))
    again = replace(first, identifier="again", label="again", dose=(copy,), plan=plan)
    courses = (first, again)
    case = replace(small_case, optimization=())
    forth = compute(replace(case, prior_courses=courses), Monitor())
    back = compute(replace(case, prior_courses=courses[::-1]), Monitor())
    assert forth.scores[0].cumulative == pytest.approx(back.scores[0].cumulative, abs=1e-9)
    assert forth.scores[0].prior > 1.5 * compute(case, Monitor()).scores[0].prior


def test_output_folder_appears_only_when_finished(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "out"
    with OutputFolder(final) as folder:
        folder.path("a.txt").write_text("a")
        assert not final.exists()
        folder.finish()
        assert (final / "a.txt").read_text() == "a"
    assert [path.name for path in final.parent.iterdir()] == ["out"]


def test_output_folder_may_be_an_empty_one_that_is_there(tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "out") as folder:
        (tmp_path / "out").mkdir()
        folder.path("a.txt").write_text("a")
        folder.finish()
    assert (tmp_path / "out" / "a.txt").exists()


def test_output_folder_that_was_filled_meanwhile_is_not_touched(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not empty"), OutputFolder(tmp_path / "out") as folder:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("mine")
        folder.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_output_at_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("file")
    with pytest.raises(OutputError, match="a file of that name"), OutputFolder(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_text() == "file"


def partly_delivered(case: Case, delivered: int) -> Case:
    first = replace(case.prior_courses[0], delivered_fractions=delivered)
    subject = f"Course '{first.label} ({delivered} of 10 fractions)'"
    decision = Decision("plan.partly-delivered", subject, "Jane Doe", "2026-11-21", "treatment record")
    return replace(case, prior_courses=(first,), decisions=(*case.decisions, decision), optimization=())


def test_a_course_that_was_not_completed_is_scaled_and_says_so_everywhere(small_case: Case, tmp_path: Path) -> None:
    """6 of 10 fractions: 0.6 times the dose at the same dose per fraction, so 0.6 times the EQD2 of every voxel."""
    whole = compute(replace(small_case, optimization=()), Monitor())
    results = compute(partly_delivered(small_case, 6), Monitor())
    for part, full in zip(results.scores, whole.scores, strict=True):
        assert part.prior == pytest.approx(0.6 * full.prior, rel=1e-4)
    evaluation = run_case(partly_delivered(small_case, 6), tmp_path / "out", Services(), Monitor())
    assert "6 of 10 fractions" in evaluation.courses[0].label
    assert (evaluation.courses[0].fractions, evaluation.courses[0].planned_fractions) == (6, 10)
    assert evaluation.courses[0].dose == "PLAN dose, physical, scaled to 6 of 10 fractions"
    (finding,) = [f for f in evaluation.findings if f.identifier == "plan.partly-delivered"]
    assert finding.decision == "accepted by Jane Doe, 2026-11-21: treatment record"


def test_a_course_that_was_not_completed_needs_a_decision(small_case: Case) -> None:
    with pytest.raises(CaseError, match=r"6 fractions delivered, 10 planned.*plan\.partly-delivered"):
        compute(replace(partly_delivered(small_case, 6), decisions=small_case.decisions), Monitor())


def with_new_files(case: Case, **files: Path) -> Case:
    plan, dose = files.get("plan", case.new_course.plan), files.get("dose")
    new = replace(case.new_course, plan=plan, dose=(dose,) if dose else case.new_course.dose)
    return replace(case, new_course=new, optimization=())


def test_a_prescription_far_from_the_dose_in_its_target_needs_a_decision(small_case: Case, tmp_path: Path) -> None:
    """The plan says that the cord is the target of 30 Gy."""
    for number, description in ((None, "spinal_cord"), (1, "anything")):

        def change(dataset, number=number, description=description) -> None:
            dataset.DoseReferenceSequence[0].DoseReferenceDescription = description
            if number is not None:
                dataset.DoseReferenceSequence[0].ReferencedROINumber = number

        plan = changed(small_case.new_course.plan, tmp_path / "RP.dcm", change)
        with pytest.raises(CaseError, match=r"target 'spinal_cord'.*prescription\.far-from-target"):
            compute(with_new_files(small_case, plan=plan), Monitor())


def with_stored_dvh(mean_gy: float):
    """A stored DVH of the target: all of it receives the mean."""

    def change(dataset) -> None:
        roi = Dataset()
        roi.ReferencedROINumber, roi.DVHROIContributionType = PTV_NUMBER, "INCLUDED"
        dvh = Dataset()
        dvh.DVHReferencedROISequence = [roi]
        dvh.DVHType, dvh.DoseUnits, dvh.DoseType, dvh.DVHVolumeUnits = "CUMULATIVE", "GY", "PHYSICAL", "CM3"
        dvh.DVHDoseScaling, dvh.DVHNumberOfBins = 1, 2
        dvh.DVHData = [round(mean_gy, 3), 100.0, 0.001, 100.0]
        dataset.DVHSequence = [dvh]

    return change


def test_a_stored_dvh_that_does_not_fit_needs_a_decision(small_case: Case, demo_results, tmp_path: Path) -> None:
    (ptv,) = [result for result in demo_results.structures if result.choice.name == "PTV2_L1"]
    new = ptv.final.courses[-1]
    mean_gy = float((new.dose_gy * ptv.prior.samples.volumes_cc).sum() / ptv.prior.samples.volume_cc)
    source = small_case.new_course.dose[0]
    fitting = changed(source, tmp_path / "fits.dcm", with_stored_dvh(mean_gy))
    assert "dvh.differs" not in [f.identifier for f in compute(with_new_files(small_case, dose=fitting), Monitor()).findings]
    wrong = changed(source, tmp_path / "wrong.dcm", with_stored_dvh(0.8 * mean_gy))
    with pytest.raises(CaseError, match=r"structure 'PTV2_L1'.*dvh\.differs"):
        compute(with_new_files(small_case, dose=wrong), Monitor())


def with_matrix(scale: float, shift: float):
    """REG_rigid with the matrix of the prior frame replaced."""

    def change(dataset) -> None:
        matrix = np.diag([scale, scale, scale, 1.0])
        matrix[0, 3] = shift
        for item in dataset.RegistrationSequence:
            for registration in item.get("MatrixRegistrationSequence", []):
                for entry in registration.MatrixSequence:
                    same = item.FrameOfReferenceUID == dataset.FrameOfReferenceUID
                    entry.FrameOfReferenceTransformationMatrix = (np.eye(4) if same else matrix).ravel().tolist()
                    entry.FrameOfReferenceTransformationMatrixType = "AFFINE"

    return change


@pytest.mark.parametrize(("scale", "shift", "expected"), [(0.1, 0.0, "scales"), (1.0, 0.0, "identity"), (1.0, 5.0, "")])
def test_a_registration_that_cannot_be_of_a_patient_is_noticed(
    small_case: Case, demo_folder: Path, tmp_path: Path, scale: float, shift: float, expected: str
) -> None:
    file = changed(demo_folder / "course2" / "REG_rigid.dcm", tmp_path / "REG.dcm", with_matrix(scale, shift))
    first = small_case.prior_courses[0]
    case = replace(small_case, prior_courses=(replace(first, registration=replace(first.registration, file=file)),))
    (result,) = transfer(case, Monitor(), ()).registrations
    found = [f.identifier for f in registration_findings(result)]
    # It is wrong by centimetres, which the verdict says in any case.
    assert found == [*([f"registration.{expected}"] if expected else []), "registration.worksheet"]


def test_the_same_voxels_under_new_uids_are_the_same_treatment(small_case: Case, tmp_path: Path) -> None:
    def new_uids(dose) -> None:
        dose.SOPInstanceUID = "1.2.3.5"
        dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.3.4"

    first = small_case.prior_courses[0]
    dose = changed(first.dose[0], tmp_path / "RD.dcm", new_uids)
    plan = changed(first.plan, tmp_path / "RP.dcm", lambda d: setattr(d, "SOPInstanceUID", "1.2.3.4"))
    again = replace(first, identifier="again", label="again", dose=(dose,), plan=plan)
    with pytest.raises(CaseError, match=r"treatment\.twice"):
        read_records(replace(small_case, prior_courses=(first, again)))
