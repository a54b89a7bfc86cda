"""The command as a user runs it: it ends well, or it says one thing and leaves nothing that looks finished."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import changed, validator_errors
from ReirradiationLib.__main__ import main
from ReirradiationLib.mrml.opengl import opengl_unavailable_because
from ReirradiationLib.mrml.scene_writer import read_volumes
from ReirradiationLib.report.csv_tables import TABLE_NAMES
from ReirradiationLib.report.pdf import report_pdf
from ReirradiationLib.report.results import CaseResults

FILES = {
    "case.mrb",
    "cumulative_eqd2.dcm",
    "evaluation.json",
    "optimization_structures.dcm",
    "prior_eqd2.dcm",
    "report.html",
    *(f"constraint_sheet.{kind}" for kind in ("csv", "json", "txt")),
    "point_worksheet.csv",
    "remaining_dose.dcm",
    "run.json",
    *(f"table_{name}.csv" for name in TABLE_NAMES if name != "points"),
    *(["report.pdf"] if report_pdf("<p>Can pages be made here?</p>").pdf is not None else []),
}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, demo_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("run") / "demo"
    command = [sys.executable, "-m", "ReirradiationLib", "run", str(demo_folder / "case.json"), "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "spinal_cord" in done.stdout
    assert "[7/7] Write" in done.stdout
    assert "not a medical device" in done.stdout
    return folder


def test_all_files_are_there_and_nothing_else(output: Path) -> None:
    assert {path.name for path in output.iterdir()} == FILES
    assert [path.name for path in output.parent.iterdir()] == ["demo"]


def test_written_dicom_passes_the_validator(output: Path) -> None:
    for name in FILES:
        if name.endswith(".dcm"):
            assert validator_errors(output / name) == [], name


def test_the_scene_loads_into_a_fresh_runtime_with_the_same_voxels(output: Path, demo_results: CaseResults) -> None:
    volumes = read_volumes(output / "case.mrb")
    ct = demo_results.records.ct
    by_name = {name: voxels for name, (voxels, _) in volumes.items()}
    (image_name,) = [name for name in volumes if np.array_equal(by_name[name], ct.voxels_hu)]
    np.testing.assert_allclose(volumes[image_name][1].index_to_lps(), ct.geometry.index_to_lps(), atol=1e-9)
    expected = [mapped.voxels_gy for mapped in demo_results.mapped]
    expected += [demo_results.prior_eqd2_gy, demo_results.final_eqd2_gy]
    (record,), (prior_name,) = demo_results.records.prior, [name for name in volumes if name.endswith(", prior CT")]
    assert record.ct is not None
    np.testing.assert_array_equal(by_name[prior_name], record.ct.voxels_hu)
    np.testing.assert_allclose(volumes[prior_name][1].index_to_lps(), record.ct.geometry.index_to_lps(), atol=1e-9)
    assert len(volumes) == 2 + len(expected)
    grid = demo_results.grid.geometry.index_to_lps()
    doses = [(voxels, geometry) for name, (voxels, geometry) in volumes.items() if name not in (image_name, prior_name)]
    for voxels in expected:
        (geometry,) = (geometry for other, geometry in doses if np.allclose(voxels, other, atol=1e-6))
        np.testing.assert_allclose(geometry.index_to_lps(), grid, atol=1e-9)


def test_running_again_gives_the_same_bytes(output: Path, tmp_path: Path, demo_folder: Path) -> None:
    again = tmp_path / "again"
    assert main(["run", str(demo_folder / "case.json"), "--output", str(again)]) == 0
    for name in FILES - {"case.mrb", "run.json"}:  # the record says where the case lies, seen from the output
        assert (again / name).read_bytes() == (output / name).read_bytes(), name


def test_numbers_in_the_report_are_those_of_the_json(output: Path) -> None:
    values = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    html = (output / "report.html").read_text(encoding="utf-8")
    assert values["schema"] == "reirradiation-evaluation/2"
    for score in values["scorecard"]:
        assert f'<td class="number">{score["cumulative"]:.2f}</td>' in html
    for shell in values["optimization"][0]["shells"]:
        assert f'<td class="number">{shell["limit_physical_gy"]:.2f}</td>' in html
        assert shell["name"] in html
    for structure in values["structures"]:
        for metric in structure["metrics"]:
            # The JSON has four decimals: a value that ends in 5 there may have been rounded either way before.
            ends = {f"{metric['cumulative_raw'] + half:.2f}" for half in (-5e-5, 5e-5)}
            assert any(f'<td class="number">{end}</td>' in html for end in ends)
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
    assert "<script" not in html


def test_the_report_shows_dose_and_registration_or_says_why_not(output: Path) -> None:
    """Of three organs of concern three planes of the prior and of the cumulative dose, and four styles of two planes of the
    registration, three of which stand in the printed part too."""
    html = (output / "report.html").read_text(encoding="utf-8")
    if opengl_unavailable_because() is None:
        assert html.count("data:image/jpeg;base64,") == 3 * 3 * 2
        assert html.count("data:image/png;base64,") == 3 * 4 * 2 + 3
    else:
        assert "The dose pictures are missing" in html


def test_without_opengl_the_report_says_what_to_install(tmp_path: Path, demo_folder: Path) -> None:
    """VTK is told to use OSMesa, which crashes the process where the library is absent: the same as no OpenGL at all."""
    environment = {**os.environ, "VTK_DEFAULT_OPENGL_WINDOW": "vtkOSOpenGLRenderWindow"}
    probe = [sys.executable, "-c", "import ctypes.util; raise SystemExit(bool(ctypes.util.find_library('OSMesa')))"]
    if subprocess.run(probe, check=False).returncode:
        pytest.skip("OSMesa is installed here, so OpenGL cannot be made unavailable")
    command = [
        sys.executable,
        "-m",
        "ReirradiationLib",
        "run",
        str(demo_folder / "case.json"),
        "--output",
        str(tmp_path / "o"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    assert "The dose pictures are missing" in html
    assert "libegl1" in html
    assert (tmp_path / "o" / "case.mrb").is_file()


@pytest.fixture
def case(tmp_path: Path, demo_folder: Path) -> Path:
    """A copy of the demo case that a test may damage; one structure, for speed."""
    folder = tmp_path / "case"
    for name in ("course1", "course2"):
        shutil.copytree(demo_folder / name, folder / name)
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    values["structures"] = [s for s in values["structures"] if s["name"] in ("spinal_cord", "PTV2_L1")]
    values["constraints"] = values["constraints"][:1]
    (folder / "case.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def edit(case: Path, change: Callable[[dict], object]) -> None:
    values = json.loads((case / "case.json").read_text(encoding="utf-8"))
    change(values)
    (case / "case.json").write_text(json.dumps(values), encoding="utf-8")


def shift_registration(dataset: pydicom.Dataset, shift_mm: float) -> None:
    matrix = dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence[0]
    values = [float(value) for value in matrix.FrameOfReferenceTransformationMatrix]
    values[3] += shift_mm
    matrix.FrameOfReferenceTransformationMatrix = [f"{value:.8g}" for value in values]


def fold_registration(dataset: pydicom.Dataset) -> None:
    """Displacements of alternating sign from node to node, steeper than the distance between nodes."""
    grid = dataset.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]
    vectors = np.frombuffer(grid.VectorGridData, dtype="<f4").reshape(16, 31, 37, 3).copy()
    vectors[:, :, ::2, 0] += 15.0
    grid.VectorGridData = vectors.tobytes()


def dicom(case: Path, name: str, change: Callable[[pydicom.Dataset], object]) -> None:
    changed(case / name, case / name, change)


BAD: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "missing file": (lambda c: (c / "course1/RD.dcm").unlink(), ["course1/RD.dcm", "cannot be read"]),
    "not DICOM": (lambda c: (c / "course1/RD.dcm").write_text("x"), ["course1/RD.dcm", "not a DICOM file"]),
    "wrong modality": (
        lambda c: shutil.copy(c / "course1/RS.dcm", c / "course1/RD.dcm"),
        ["course1/RD.dcm", "RT Structure Set", "RTDOSE"],
    ),
    "relative units": (
        lambda c: dicom(c, "course1/RD.dcm", lambda d: setattr(d, "DoseUnits", "RELATIVE")),
        ["course1/RD.dcm", "DoseUnits", "RELATIVE", "GY"],
    ),
    "dose without plan": (
        lambda c: edit(c, lambda v: v["prior_courses"][0].pop("plan")),
        ["L2 30 Gy/10 fx 2019", "neither a plan nor a number of fractions", "fractions"],
    ),
    "dose of another plan": (
        lambda c: shutil.copy(c / "course2/RP.dcm", c / "course1/RP.dcm"),
        ["course1/RD.dcm", "it is the dose of plan"],
    ),
    "no fraction number": (
        lambda c: dicom(c, "course1/RP.dcm", lambda d: delattr(d.FractionGroupSequence[0], "NumberOfFractionsPlanned")),
        ["course1/RP.dcm", "NumberOfFractionsPlanned", "fractions"],
    ),
    "fractions contradict": (
        lambda c: edit(c, lambda v: v["prior_courses"][0].update(fractions=12)),
        ["12 fractions in the case, 10 in RP.dcm"],
    ),
    "other frame, no registration": (
        lambda c: edit(c, lambda v: v["prior_courses"][0].update(registration={"method": "same-frame"})),
        ["course1/RD.dcm", "frame of reference", "no registration is given"],
    ),
    "registration of other frames": (
        lambda c: dicom(c, "course2/REG_deform.dcm", lambda d: setattr(d, "FrameOfReferenceUID", "1.2.3")),
        ["REG_deform.dcm", "it connects 1.2.3"],
    ),
    "new dose in another frame": (
        lambda c: dicom(c, "course2/RD.dcm", lambda d: setattr(d, "FrameOfReferenceUID", "1.2.3")),
        ["course2/RD.dcm", "frame of reference"],
    ),
    "structures of another CT": (
        lambda c: shutil.copy(c / "course1/RS.dcm", c / "course2/RS.dcm"),
        ["course2/RS.dcm", "frame of reference"],
    ),
    "structure not there": (
        lambda c: edit(c, lambda v: v["structures"].append({"name": "heart", "tissue": "heart"})),
        ["heart", "no structures of that name", "spinal_cord"],
    ),
    "target not there": (
        lambda c: edit(c, lambda v: v["optimization"][0].update(target="PTV9")),
        ["PTV9", "no structures of that name"],
    ),
    "tissue not there": (
        lambda c: edit(c, lambda v: v["structures"][0].update(tissue="spinal chord")),
        ["spinal chord", "not in tissues.csv"],
    ),
    "alpha beta zero": (
        lambda c: edit(c, lambda v: v["optimization"][0].update(alpha_beta_gy=0)),
        ["optimization[0].alpha_beta_gy", "α/β is 0 Gy"],
    ),
    "alpha beta override negative": (
        lambda c: edit(c, lambda v: v["structures"][0].update(alpha_beta_gy=-3, reason="typo")),
        ["structures[0].alpha_beta_gy", "α/β is -3 Gy"],
    ),
    "fractions zero": (
        lambda c: edit(c, lambda v: v["new_course"].update(fractions=0)),
        ["new_course.fractions", "0"],
    ),
    "constraint without basis": (
        lambda c: edit(c, lambda v: v["constraints"][0].pop("basis")),
        ["constraints[0]", "'basis' is missing", "raw, recovered"],
    ),
    "recovered limit without recovery": (
        lambda c: edit(c, lambda v: v["constraints"][0].update(basis="recovered")),
        ["spinal_cord", "no recovery"],
    ),
    "recovery without dates": (
        lambda c: (
            edit(c, lambda v: v.update(recovery_table="UMich/Paradis")),
            dicom(c, "course1/RP.dcm", lambda d: delattr(d, "RTPlanDate")),
        ),
        ["its interval is not known", "State the dates"],
    ),
    "recovery table not there": (
        lambda c: edit(c, lambda v: v.update(recovery_table="mine")),
        ["mine", "not in recovery.csv"],
    ),
    "another patient": (
        lambda c: dicom(c, "course1/RD.dcm", lambda d: setattr(d, "PatientID", "SOMEBODY-ELSE")),
        ["SOMEBODY-ELSE", "patient.id-differs", "decisions"],
    ),
    "prescription differs": (
        lambda c: edit(c, lambda v: v["new_course"].update(prescription_gy=35)),
        ["35 Gy in the case, 30 Gy in the plan", "prescription.differs"],
    ),
    "record of the plan of another patient": (
        lambda c: dicom(c, "course2/RP.dcm", lambda d: setattr(d, "PatientID", "SOMEBODY-ELSE")),
        ["L1 30 Gy/5 fx 2024", "SOMEBODY-ELSE", "patient.id-differs"],
    ),
    "structures of another patient": (
        lambda c: dicom(c, "course2/RS.dcm", lambda d: setattr(d, "PatientID", "SOMEBODY-ELSE")),
        ["RS.dcm", "SOMEBODY-ELSE"],
    ),
    "dose of one fraction": (
        lambda c: dicom(c, "course1/RD.dcm", lambda d: setattr(d, "DoseGridScaling", float(d.DoseGridScaling) / 10)),
        ["L2 30 Gy/10 fx 2019", "dose maximum 3.322 Gy for 30 Gy prescribed", "dose.implausible"],
    ),
    "dose in cGy": (
        lambda c: dicom(c, "course2/RD.dcm", lambda d: setattr(d, "DoseGridScaling", float(d.DoseGridScaling) * 100)),
        ["L1 30 Gy/5 fx 2024", "dose.implausible"],
    ),
    "the same treatment twice": (
        lambda c: edit(c, lambda v: v["prior_courses"].append({**v["prior_courses"][0], "id": "again", "label": "again"})),
        ["again", "the same dose as course 'L2 30 Gy/10 fx 2019' (id course1)"],
    ),
    "prior course after the new one": (
        lambda c: edit(c, lambda v: v["new_course"].update(date="2018-01-01")),
        ["2019-03-04, after the new course of 2018-01-01", "date.order"],
    ),
    "rejected plan": (
        lambda c: dicom(c, "course1/RP.dcm", lambda d: setattr(d, "ApprovalStatus", "REJECTED")),
        ["plan.rejected"],
    ),
    "registration far away": (
        lambda c: (
            edit(c, lambda v: v["prior_courses"][0]["registration"].update(file="course2/REG_rigid.dcm")),
            dicom(c, "course2/REG_rigid.dcm", lambda d: shift_registration(d, 5000.0)),
        ),
        ["spinal_cord", "is not known anywhere in it"],
    ),
    "registration folds": (
        lambda c: dicom(c, "course2/REG_deform.dcm", fold_registration),
        ["the registration folds in", "registration.folding"],
    ),
    "registration for a dose that needs none": (
        lambda c: edit(c, lambda v: v["prior_courses"][0].update(dose="course2/RD.dcm", plan="course2/RP.dcm", ct=None)),
        ["frame of reference already", "same-frame"],
    ),
    "output within the CT": (
        lambda c: (c / "course2/CT").rename(c / "out") and edit(c, lambda v: v["current"].update(ct="out")),
        ["lies within the input folder"],
    ),
    "case not there": (lambda c: (c / "case.json").unlink(), ["case.json", "cannot be read"]),
    "case no JSON": (lambda c: (c / "case.json").write_text("{"), ["case.json", "not valid JSON"]),
    "protocol folder not there": (
        lambda c: edit(c, lambda v: v.update(protocol_folder="tables")),
        ["tissues.csv", "cannot be read"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_with_one_message_and_no_output(case: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    spoil, wanted = BAD[name]
    spoil(case)
    code = main(["run", str(case / "case.json"), "--output", str(case / "out")])
    message = capsys.readouterr().err
    assert code == 1
    first, *more = message.strip().splitlines()
    assert first.startswith("reirradiation: ")
    assert all(line.startswith("Also: ") for line in more), message
    for text in wanted:
        assert text in message, message
    assert not (case / "out").exists() or name == "output within the CT"
    assert not list(case.glob(".out*"))


def test_an_accepted_decision_lets_the_case_run_and_is_reported(case: Path) -> None:
    dicom(case, "course1/RD.dcm", lambda d: setattr(d, "PatientID", "SOMEBODY-ELSE"))
    decision = {"finding": "patient.id-differs", "who": "Jane Doe", "when": "2026-11-21", "reason": "new hospital number"}
    edit(case, lambda v: v["decisions"].append({**decision, "subject": "Course 'another one'"}))
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 1
    edit(case, lambda v: v["decisions"][-1].update(subject="Course 'L2 30 Gy/10 fx 2019'"))
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 0
    findings = json.loads((case / "out" / "evaluation.json").read_text(encoding="utf-8"))["findings"]
    (finding,) = [finding for finding in findings if finding["identifier"] == "patient.id-differs"]
    assert finding["decision"] == "accepted by Jane Doe, 2026-11-21: new hospital number"


def test_a_course_without_plan_runs_with_the_fractions_of_the_record(case: Path) -> None:
    edit(case, lambda v: (v["prior_courses"][0].pop("plan"), v["prior_courses"][0].update(fractions=10, date="2019-03-04")))
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 0
    values = json.loads((case / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert values["courses"][0]["fractions"] == 10
    assert values["findings"][0]["identifier"] == "plan.missing"


def test_before_the_new_plan_there_is_a_prior_stage(case: Path) -> None:
    edit(case, lambda v: (v["new_course"].pop("plan"), v["new_course"].pop("dose")))
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 0
    assert {path.name for path in (case / "out").iterdir()} == FILES - {"prior_eqd2.dcm"}
    dose = pydicom.dcmread(case / "out" / "cumulative_eqd2.dcm")
    assert dose.DoseSummationType == "PLAN"
    assert "prior courses only" in dose.SeriesDescription
    assert validator_errors(case / "out" / "cumulative_eqd2.dcm") == []
    values = json.loads((case / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert values["case"]["stage"].startswith("prior courses only")
    assert values["scorecard"][0]["cumulative"] is None
    assert values["scorecard"][0]["state"] == "open until there is a new plan"


@pytest.mark.parametrize(
    ("registration", "largest"),
    [({"method": "dicom-reg", "file": "course2/REG_rigid.dcm"}, 3.0), ({"method": "images", "kind": "rigid"}, 3.0)],
)
def test_registration_is_a_switch_of_the_case(case: Path, registration: dict, largest: float, demo_results) -> None:
    edit(case, lambda v: v["prior_courses"][0].update(registration=registration))
    signed = {**registration, "sign_off": {"who": "Jane Doe", "when": "2026-11-21", "comment": "looked at"}}
    if registration["method"] == "images":
        assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 1  # nobody has looked at it
        edit(case, lambda v: v["prior_courses"][0].update(registration=signed))
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 0
    values = json.loads((case / "out" / "evaluation.json").read_text(encoding="utf-8"))
    expected = demo_results.optimization[0].levels.prior_eqd2_gy
    assert values["optimization"][0]["prior_eqd2_gy"] == pytest.approx(expected, abs=largest)
    assert "rigid" in values["courses"][0]["registration"]


def test_recovery_lowers_the_recovered_sum_only(case: Path) -> None:
    def change(values: dict) -> None:
        values["recovery_table"] = "UMich/Paradis"
        values["constraints"].append({**values["constraints"][0], "basis": "recovered"})

    edit(case, change)
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 0
    raw, recovered = json.loads((case / "out" / "evaluation.json").read_text(encoding="utf-8"))["scorecard"]
    assert (raw["basis"], recovered["basis"]) == ("raw", "recovered")
    assert recovered["prior"] == pytest.approx(0.5 * raw["prior"], rel=1e-4)


def test_no_structures_near_the_target_is_no_licence_elsewhere(case: Path) -> None:
    """The liver holds little near the target but 35 Gy EQD2 elsewhere: with R 56.67 Gy there, the limit of 60 breaks."""

    def change(values: dict) -> None:
        values["structures"].append({"name": "liver", "tissue": "liver"})
        request = {"structure": "liver", "limit_eqd2_gy": 60, "basis": "raw", "alpha_beta_gy": 2.5, "source": "test"}
        values["optimization"] = [{**request, "target": "PTV2_L1"}]
        values["isodose_lines"] = []
        values["decisions"] += [
            {"finding": "no.such", "subject": "nobody", "who": "me", "when": "2026-11-21", "reason": "typo"}
        ]

    edit(case, change)
    assert main(["run", str(case / "case.json"), "--output", str(case / "out")]) == 0
    values = json.loads((case / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert values["optimization"][0]["state"].startswith("none needed near the target; elsewhere")
    assert values["optimization"][0]["shells"] == []
    assert "above A" in (case / "out" / "report.html").read_text(encoding="utf-8")
    assert "decision.unused" in [finding["identifier"] for finding in values["findings"]]
    assert {"tissues.csv (shipped with the software)", "recovery.csv (shipped with the software)"} <= {
        entry["path"] for entry in values["inputs"]
    }
    assert not (case / "out" / "optimization_structures.dcm").exists()


def test_an_existing_folder_is_never_touched_unless_it_is_a_former_output(case: Path, capsys) -> None:
    out = case / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for arguments in ([], ["--replace"]):
        assert main(["run", str(case / "case.json"), "--output", str(out), *arguments]) == 1
        assert "not empty" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]
    fresh = case / "fresh"
    assert main(["run", str(case / "case.json"), "--output", str(fresh)]) == 0
    assert main(["run", str(case / "case.json"), "--output", str(fresh)]) == 1
    assert main(["run", str(case / "case.json"), "--output", str(fresh), "--replace"]) == 0
    (fresh / "notes.txt").write_text("mine")
    assert main(["run", str(case / "case.json"), "--output", str(fresh), "--replace"]) == 1
    assert (fresh / "notes.txt").read_text() == "mine"
    assert not list(case.glob(".*former*"))
    lookalike = case / "lookalike"
    (lookalike / "report.html").mkdir(parents=True)
    (lookalike / "report.html" / "thesis.txt").write_text("mine")
    (lookalike / "evaluation.json").write_text("{}")
    assert main(["run", str(case / "case.json"), "--output", str(lookalike), "--replace"]) == 1
    assert (lookalike / "report.html" / "thesis.txt").read_text() == "mine"


def test_a_console_of_another_code_page_does_not_fail_a_finished_case(case: Path) -> None:
    command = [sys.executable, "-m", "ReirradiationLib", "run", str(case / "case.json"), "--output", str(case / "out")]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, capture_output=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (case / "out" / "report.html").is_file()


def test_a_request_to_terminate_leaves_nothing_behind(case: Path) -> None:
    command = [sys.executable, "-m", "ReirradiationLib", "run", str(case / "case.json"), "--output", str(case / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "[7/7]" not in process.stdout.readline():
            assert process.poll() is None
        process.terminate()
        _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nothing was written" in message
    assert {path.name for path in case.iterdir()} == {"case.json", "course1", "course2"}
