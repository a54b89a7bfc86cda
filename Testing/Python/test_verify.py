"""A former output is made again from its inputs; whatever is not the same is named, and nothing of the user's is touched."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dicom_files import changed
from ReirradiationLib.__main__ import main
from ReirradiationLib.case_notes_file import write_notes
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import Task, TaskSignature
from ReirradiationLib.model.errors import Cancelled, VerificationError
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.provenance import sha256_of
from ReirradiationLib.run_record import read_run_record, software_versions
from ReirradiationLib.verify import read_stored, recompute
from ReirradiationLib.workflow import Services, run_case

ORGANS = ("spinal_cord", "PTV2_L1")


def copy_of_demo(demo_folder: Path, folder: Path) -> Path:
    """The demo with two structures, in a folder of its own; returns the case file."""
    for name in ("course1", "course2"):
        shutil.copytree(demo_folder / name, folder / name)
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    values["structures"] = [one for one in values["structures"] if one["name"] in ORGANS]
    values["constraints"] = values["constraints"][:1]
    (folder / "case.json").write_text(json.dumps(values), encoding="utf-8")
    return folder / "case.json"


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    return {path.name: (sha256_of(path), path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.fixture(scope="module")
def original(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``case`` and, beside it, ``out`` of the sum, ``records`` and ``anonymous`` of the records only."""
    root = tmp_path_factory.mktemp("verify")
    case = read_case(copy_of_demo(demo_folder, root / "case"))
    run_case(case, root / "out", Services(), Monitor())
    run_case(case, root / "records", Services(), Monitor(), stage=Task.RECORDS)
    run_case(case, root / "anonymous", Services(), Monitor(), stage=Task.RECORDS, is_anonymous=True)
    return root


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage; the record finds the case by the relative path."""
    return Path(shutil.copytree(original, tmp_path / "moved"))


def edit_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def verified(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["verify", str(folder), *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_the_same_case_gives_the_same_bytes_wherever_and_whenever(
    original: Path, root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in (root / "case").rglob("*"):
        os.utime(path, (1e9, 1e9))
    elsewhere = tmp_path / "working directory"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run_case(read_case(Path("../moved/case/case.json")), Path("deep/er/output"), Services(), Monitor())
    first, second = original / "out", elsewhere / "deep" / "er" / "output"
    assert {path.name for path in first.iterdir()} == {path.name for path in second.iterdir()}
    for path in first.iterdir():
        if path.name != "run.json":
            assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_an_output_is_made_again_and_stays_untouched(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(root / "out")
    code, said = verified(root / "out", capsys)
    assert code == 0, said
    assert "SAME" in said
    assert "[7/7] Write" in said
    assert "Registrations that are kept in the case folder" in said
    assert "Not compared" in said
    assert "report.html" in said.split("Not compared")[1]
    assert f"case {root / 'case' / 'case.json'}" in said
    assert contents(root / "out") == before


def test_an_output_of_the_records_is_made_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verified(root / "records", capsys)
    assert code == 0, said
    assert "stage records" in said


def test_another_number_is_named_by_its_place(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_json(root / "records" / "evaluation.json", lambda v: v["courses"][0].update(dose_maximum_gy=33.2163))
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert "evaluation.json: changed" in said
    assert (
        "evaluation.json: 1 difference in courses\n  courses[course1].dose_maximum_gy: 33.2163 stored, 33.2162 now" in said
    )
    assert "DIFFERENT" in said


def test_files_changed_removed_and_added_since_are_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "records"
    (folder / "table_inputs.csv").write_text("x", encoding="utf-8")
    (folder / "report.html").unlink()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    code, said = verified(folder, capsys)
    assert code == 1
    assert "table_inputs.csv: changed" in said
    assert "report.html: not there any more" in said
    assert "notes.txt: not written by this run" in said
    assert "made again it is as it was" in said


def test_a_changed_input_is_named_and_what_it_gives_is_compared(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dose = root / "case" / "course1" / "RD.dcm"
    before = sha256_of(dose)
    changed(dose, dose, lambda d: setattr(d, "DoseGridScaling", float(d.DoseGridScaling) * 1.01))
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert f"changed: course1/RD.dcm (course1: dose), SHA-256 was {before}, is {sha256_of(dose)}" in said
    assert "INPUTS CHANGED" in said
    assert "courses[course1].dose_maximum_gy: 33.2162 stored, 33.5483 now" in said
    assert said.index("courses[course1]") < said.index("tasks[records]") < said.index("  inputs[course1/RD.dcm]")
    assert "table_courses.csv: other content now" in said
    assert "evaluation.json: other content now" not in said
    assert "INPUTS CHANGED; what comes of them is different: courses, " in said


def test_a_missing_input_is_named_before_the_run_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "case" / "course1" / "RD.dcm").unlink()
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert "missing: course1/RD.dcm (course1: dose)" in said
    assert "INPUTS CHANGED" in said
    assert "cannot be read" in said


def test_an_additional_slice_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slices = sorted((root / "case" / "course2" / "CT").iterdir())

    def beyond(dataset: Any) -> None:
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        dataset.ImagePositionPatient = [*dataset.ImagePositionPatient[:2], float(dataset.ImagePositionPatient[2]) + 1000.0]

    changed(slices[0], slices[0].with_name("more.dcm"), beyond)
    shutil.copy(slices[0], slices[0].with_name("copy.dcm"))
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert "more.dcm (current CT)" in said
    assert "additional: " in said
    assert "copy.dcm" not in said


def test_a_changed_case_file_is_an_input_that_changed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_json(root / "case" / "case.json", lambda v: v.update(title="another title"))
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert "changed: case.json (case)" in said
    assert "case.title:" in said
    assert "INPUTS CHANGED; what comes of them is different: case" in said


def append_a_line_end(root: Path) -> None:
    path = root / "case" / "case.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def rewrite_a_comment_of_the_dose(root: Path) -> None:
    dose = root / "case" / "course1" / "RD.dcm"
    changed(dose, dose, lambda d: setattr(d, "AccessionNumber", "changed"))


def sign_the_records(root: Path) -> None:
    signature = TaskSignature(Task.RECORDS, "A. Another", date(2026, 1, 2))
    write_notes(root / "case" / "case.json", {}, signature)


@pytest.mark.parametrize("change", [append_a_line_end, rewrite_a_comment_of_the_dose, sign_the_records])
@pytest.mark.parametrize("stage", ["records", "out"])
def test_an_input_that_changes_no_number_changes_signatures_and_hashes_only(
    root: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None], stage: str
) -> None:
    change(root)
    code, said = verified(root / stage, capsys)
    assert code == 1
    assert "INPUTS CHANGED; every dose, score and structure is the same, signatures and hashes differ." in said
    assert "table_inputs.csv: other content now" in said
    same = said.split("  the same: ")[1].splitlines()[0].split(", ")
    assert {"courses", "structures", "scorecard", "planning", "findings"} <= set(same)
    assert not {"inputs", "input_groups"} & set(same)


def test_differences_are_counted_by_part_with_the_first_of_each(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(values: dict[str, Any]) -> None:
        values["texts"]["discussion"] = "other"
        for n in range(2):
            values["courses"][n]["label"] = "other"

    edit_json(root / "records" / "evaluation.json", change)
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert "evaluation.json: 3 differences in courses, texts\n  2, the first: courses[course1].label: " in said
    assert said.index("courses[course1].label") < said.index("texts.discussion")
    assert "courses[new].label" not in said


def test_other_versions_are_told_before_the_run(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_json(root / "records" / "run.json", lambda v: v["versions"].update(numpy="1.0", SlicerReirradiation="0.0.1"))
    code, said = verified(root / "records", capsys)
    assert code == 0, said
    versions = software_versions()
    assert f"numpy 1.0 then, {versions['numpy']} now" in said
    assert "SlicerReirradiation 0.0.1 then" in said
    assert said.index("numpy 1.0 then") < said.index("The case is run again")


def test_the_case_may_be_named_where_it_is_now(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "case").rename(root / "archive")
    record = json.loads((root / "records" / "run.json").read_text(encoding="utf-8"))
    edit_json(root / "records" / "run.json", lambda v: v.update(case_file="/nowhere/case.json"))
    assert record["case_file_from_output"] == "../case/case.json"
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert "Name where it is (--case)" in said
    code, said = verified(root / "records", capsys, "--case", str(root / "archive" / "case.json"))
    assert code == 0, said


def spoil_text(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def edited(**values: Any) -> Callable[[Path], object]:
    return lambda path: edit_json(path, lambda content: content.update(values))


UNUSABLE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "no record": ("run.json", Path.unlink, "run.json: cannot be read"),
    "record no JSON": ("run.json", spoil_text("{"), "run.json: damaged: no valid JSON"),
    "record of another schema": ("run.json", edited(schema="reirradiation-run/9"), "expected reirradiation-run/1"),
    "record a list": ("run.json", spoil_text("[]"), "no JSON object"),
    "record with another key": ("run.json", edited(more=1), "its keys are not those of a record"),
    "record without files": ("run.json", edited(files=None), "its keys are not those of a record"),
    "record with a number for a name": ("run.json", edited(case_file=3), "a value in it is no text"),
    "record with a number for a hash": ("run.json", edited(inputs_sha256=2), "a value in it is no text"),
    "record with a number for a version": ("run.json", edited(versions={"numpy": 2}), "a value in it is no text"),
    "record of no stage": ("run.json", edited(stage="all"), "no stage 'all'"),
    "no evaluation": ("evaluation.json", Path.unlink, "evaluation.json: cannot be read"),
    "evaluation no JSON": ("evaluation.json", spoil_text("{"), "evaluation.json: damaged"),
    "former evaluation": (
        "evaluation.json",
        edited(schema="reirradiation-evaluation/1"),
        "expected reirradiation-evaluation/2",
    ),
    "evaluation without inputs": ("evaluation.json", edited(inputs=[1]), "its list of inputs is none"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_verified_is_refused_with_the_reason(
    root: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file, spoil, reason = UNUSABLE[name]
    spoil(root / "records" / file)
    code, said = verified(root / "records", capsys)
    assert code == 1
    assert reason in said
    assert "SAME" not in said


def test_a_folder_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verified(tmp_path / "nowhere", capsys)
    assert code == 1
    assert "run.json: cannot be read" in said


def verified_anonymous(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    return verified(root / "anonymous", capsys, "--case", str(root / "case" / "case.json"))


def test_an_anonymous_output_is_made_again_from_the_same_inputs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verified_anonymous(root, capsys)
    assert code == 0, said
    assert "Inputs, by one hash over all: all the same" in said
    assert "SAME: the output can be made again from its inputs." in said


def test_the_hash_over_all_inputs_is_that_of_the_sorted_lines(original: Path) -> None:
    named = json.loads((original / "records" / "evaluation.json").read_text(encoding="utf-8"))
    lines = "".join(sorted(f"{one['role']} {one['sha256']}\n" for one in named["inputs"]))
    expected = hashlib.sha256(lines.encode("utf-8")).hexdigest()
    assert read_run_record(original / "records").inputs_sha256 == expected
    assert read_run_record(original / "anonymous").inputs_sha256 == expected


def test_an_anonymous_output_holds_no_hash_of_a_single_input(original: Path) -> None:
    named = json.loads((original / "records" / "evaluation.json").read_text(encoding="utf-8"))
    texts = [path.read_bytes().decode("latin-1") for path in (original / "anonymous").iterdir()]
    for one in (*named["inputs"], *named["input_groups"]):
        assert not [text for text in texts if one["sha256"] in text], one


@pytest.mark.parametrize("change", [append_a_line_end, rewrite_a_comment_of_the_dose])
def test_a_changed_input_of_an_anonymous_output_is_noticed(
    root: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None]
) -> None:
    change(root)
    code, said = verified_anonymous(root, capsys)
    assert code == 1
    assert "Inputs, by one hash over all: not the same; it does not tell which" in said
    assert "INPUTS CHANGED; every dose, score and structure is the same" in said
    assert "SAME:" not in said


def test_without_the_hash_nothing_is_claimed_about_the_inputs_of_an_anonymous_output(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_json(root / "anonymous" / "run.json", lambda v: v.pop("inputs_sha256"))
    code, said = verified_anonymous(root, capsys)
    assert code == 1
    assert "they cannot be checked" in said
    assert "SAME NUMBERS; whether the inputs are the same was not checked." in said
    assert "SAME:" not in said


def test_an_anonymous_output_needs_the_case_to_be_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_json(root / "records" / "run.json", lambda v: v.update(is_anonymous=True, case_file="", case_file_from_output=""))
    with pytest.raises(VerificationError, match="--case"):
        read_stored(root / "records")
    assert read_stored(root / "records", root / "case" / "case.json").inputs == ()


@pytest.mark.parametrize("after", [1, 12])
def test_whoever_stops_leaves_nothing_behind(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    asked = iter(range(1000))
    before = contents(root / "out")
    with pytest.raises(Cancelled):
        recompute(read_stored(root / "out"), Monitor(is_cancelled=lambda: next(asked) >= after))
    assert list(temporary.iterdir()) == []
    assert contents(root / "out") == before


def test_the_record_says_by_whom_and_from_what(original: Path) -> None:
    record = read_run_record(original / "out")
    assert (record.stage, record.door, record.is_anonymous) == ("sum", "Python", False)
    assert record.case_file == str((original / "case" / "case.json").resolve())
    assert record.versions.keys() >= {"SlicerReirradiation", "python", "numpy", "scipy", "SimpleITK", "pydicom", "vtk"}
    assert all(record.versions[name] for name in ("python", "numpy", "SimpleITK", "vtk"))
    written = {path.name for path in (original / "out").iterdir()}
    assert {file.name for file in record.files} == written - {"run.json"}
    unlike = {file.name for file in record.files if not file.is_reproducible}
    assert unlike - {"report.pdf"} == {"report.html"}  # the PDF only where the package for it is installed


def test_the_evaluation_knows_nothing_of_the_run(original: Path) -> None:
    text = (original / "out" / "evaluation.json").read_text(encoding="utf-8")
    assert str(original) not in text


def test_an_output_with_its_record_may_be_replaced(root: Path) -> None:
    run_case(read_case(root / "case" / "case.json"), root / "records", Services(), Monitor(), True, Task.RECORDS)
    assert read_run_record(root / "records").stage == "records"
