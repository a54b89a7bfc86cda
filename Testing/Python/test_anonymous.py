"""The anonymised report: nothing that was planted in a case is in it, in any spelling, and no number changes."""

from __future__ import annotations

import base64
import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from dicom_files import changed
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from ReirradiationLib import workflow
from ReirradiationLib import write_anonymous as writing
from ReirradiationLib.__main__ import main
from ReirradiationLib.anonymous_guard import require_anonymous
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.model.errors import AnonymityError
from ReirradiationLib.model.registration_picture import RegistrationPictureRequest
from ReirradiationLib.model.scene import PictureRequest
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.anonymous import anonymous, cleaned
from ReirradiationLib.report.collected_identifiers import collect_identifiers
from ReirradiationLib.report.evaluation import Evaluation
from ReirradiationLib.report.folded_text import spellings
from ReirradiationLib.report.identifiers import Identifier, Identifiers, Kind, Occurrence, identifiers_of
from ReirradiationLib.report.neutral_case import neutral_case
from ReirradiationLib.report.neutral_names import DerivedName, neutral_names
from ReirradiationLib.transfer import read_case_records
from ReirradiationLib.workflow import Services, run_case

GERMAN, JAPANESE = "Müller^Jürgen", "Yamada^Tarou=山田^太郎=やまだ^たろう"
PATIENT_ID, BIRTH = "KH-4711-0815", "19570314"
ROI = "PTV_Mueller"
WHO = "Dr. Hertha Zwickelmann"
ALL_FILES = (
    "course1/RD.dcm",
    "course1/RP.dcm",
    "course2/RD.dcm",
    "course2/RP.dcm",
    "course2/RS.dcm",
    "course2/REG_deform.dcm",
)

PLANTED = (
    *("müller", "mueller", "muller", "jürgen", "juergen", "jurgen", "yamada", "tarou", "山田", "太郎", "やまだ", "たろう"),
    *("kh-4711", "4711", "0815", "1957-03-14", "19570314", "14.03.1957", "hertha", "zwickelmann"),
    *("2024-", "20240617", "17.06.2024", "2026-11-", "lendenwirbel", "schmerzen", "tumorkonferenz", "ordner"),
    *("1.2.826", "reg_deform", ".dcm", "case.json", "rs_c2", "l2_30gy", "l1_sbrt", "papierakte", "hausgrenze"),
)
"""What must not be in any output, in small letters."""


def planted_values(folder: Path) -> dict[str, Any]:
    """The demo case with identifiers wherever a user can write any."""
    values: dict[str, Any] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    prior, new = values["prior_courses"][0], values["new_course"]
    values["title"] = "Jürgen MÜLLER, Lendenwirbel 2019 und 2024"
    prior.update(id="mueller_2019", label="Müller L2 2019", site="lumbar spine")
    prior["points"] = [{"structure": "liver", "dose_gy": 12.0, "fractions": 10, "source": "Papierakte J. Müller, S. 3"}]
    prior["registration"]["sign_off"] = {"who": WHO, "when": "2026-11-20", "comment": "Herr Mueller hat Schmerzen"}
    paper = {"id": "papier", "label": "Papierakte 2011 (J. Müller)", "date": "2011-05-06"}
    point = {"structure": "liver", "dose_gy": 5.0, "fractions": 5, "source": "Ordner 12"}
    none = {"structure": "spinal_cord", "dose_gy": 0.0, "fractions": 5, "source": "Ordner 12"}
    values["prior_courses"].append({**paper, "points": [point, none, {**none, "structure": ROI}]})
    new.update(label="Lung", date="2024-06-17")  # a label that is an organ too must not be taken out of texts
    values["structures"] = [one for one in values["structures"] if one["name"] in ("spinal_cord", "PTV2_L1", "liver")]
    values["structures"][0].update(alpha_beta_gy=2.5, reason="Wunsch der Tumorkonferenz für Herrn Müller")
    values["constraints"] = values["constraints"][:2]
    for limit in (*values["constraints"][:1], *values["optimization"]):
        limit["source"] = "Hausgrenze Dr. Hertha Zwickelmann 2019"
    values["isodose_lines"] = [{"course": "mueller_2019", "dose_gy": 15}]
    values["screening"].update(who=WHO, reason="Tumorkonferenz vom 17.06.2024")
    values["texts"] = {
        "planning_approach": "Herr Müller liegt schlecht.\nSchmerzen seit 2019.",
        "discussion": "Tumorkonferenz mit Dr. Zwickelmann",
        "delivery": "Ordner KH-4711-0815 mitbringen",
    }
    task = {"who": WHO, "when": "2026-11-21", "comment": "Papierakte von Yamada verglichen"}
    values["tasks"] = [{"task": "records", **task}, {"task": "transfer", **task}]
    accepted = {"who": WHO, "when": "2026-11-21", "reason": "Tumorkonferenz: Herr Müller, geboren 14.03.1957"}
    values["decisions"] = [
        {"finding": "dose.clipped", "subject": "Course 'Lung'", **accepted},
        {"finding": "patient.name-differs", "subject": "Course 'Müller L2 2019'", **accepted},
        {"finding": "points.below-mapped", "subject": "Course 'Müller L2 2019', 'liver'", **accepted},
        {"finding": "plan.mueller", "subject": "Herr Müller", **accepted},
    ]
    text = json.dumps(values, ensure_ascii=False).replace("PTV2_L1", ROI)
    return json.loads(text)


@pytest.fixture(scope="module")
def planted_case(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("Mueller_Juergen_KH-4711-0815")
    shutil.copytree(demo_folder, folder, dirs_exist_ok=True)

    def german(dataset: Dataset) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = GERMAN, PATIENT_ID, BIRTH
        for roi in dataset.get("StructureSetROISequence", []):
            roi.ROIName = ROI if roi.ROIName == "PTV2_L1" else roi.ROIName

    def japanese(dataset: Dataset) -> None:
        german(dataset)
        dataset.PatientName = JAPANESE

    for name in ALL_FILES:
        changed(folder / name, folder / name, german)
    for ct in ("course1/CT", "course2/CT"):
        for path in (folder / ct).iterdir():
            changed(path, path, german)
    changed(folder / "course1/RP.dcm", folder / "course1/RP.dcm", japanese)
    (folder / "case.json").write_text(json.dumps(planted_values(folder), ensure_ascii=False), encoding="utf-8")
    return read_case(folder / "case.json")


class NamesInPictures:
    """Keeps every text that a picture could hold."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def unavailable_because(self) -> str | None:
        return None

    def draw_all(self, requests: Sequence[PictureRequest], width: int, height: int) -> tuple[bytes, ...]:
        for request in requests:
            self.texts += [*leaves(request, str), *leaves(request.image.patient, str)]
        return tuple(b"\xff\xd8JPEG" for _ in requests)

    def draw_registration(self, request: RegistrationPictureRequest, width: int, height: int) -> bytes:
        self.texts += leaves(request, str)
        return b"\x89PNG"


def leaves(tree: Any, kind: type) -> Iterator[Any]:
    """All values of a kind in a tree of dataclasses and tuples; files and slices of a CT are not drawn."""
    if isinstance(tree, tuple):
        for item in tree:
            yield from leaves(item, kind)
    elif is_dataclass(tree) and not isinstance(tree, type):
        for field in fields(tree):
            if field.name not in ("series_uid", "study_uid", "frame_uid", "slice_uids") and not _is_of_files(
                tree, field.name
            ):
                yield from leaves(getattr(tree, field.name), kind)
    elif isinstance(tree, kind) and not isinstance(tree, (Enum, bool)):
        yield tree


def _is_of_files(tree: Any, name: str) -> bool:
    return name == "files" and isinstance(tree.files, tuple)


@pytest.fixture(scope="module")
def named(planted_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return run_case(planted_case, tmp_path_factory.mktemp("named") / "out", Services(), Monitor())


@pytest.fixture(scope="module")
def pictures() -> NamesInPictures:
    return NamesInPictures()


@pytest.fixture(scope="module")
def given_away(planted_case: Case, pictures: NamesInPictures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("anonymous") / "out"
    run_case(planted_case, output, Services(pictures), Monitor(), is_anonymous=True)
    return output


def text_of(folder: Path) -> str:
    """Every text of an output, and the names of its files, in small letters."""
    found = []
    for path in sorted(folder.rglob("*")):
        found.append(path.name)
        if path.suffix == ".pdf":
            pypdf = pytest.importorskip("pypdf")
            reader = pypdf.PdfReader(path)
            found += [page.extract_text() for page in reader.pages] + [str(reader.metadata)]
        else:
            content = re.sub(r"base64,[A-Za-z0-9+/=]*", "", path.read_bytes().decode("utf-8"))
            found.append(unescape(content) if path.suffix == ".html" else content)
    return unicodedata.normalize("NFC", "\n".join(found)).lower()


def assert_nothing_planted(text: str) -> None:
    text = text.replace("remaining_dose.dcm", "")  # what the planning part writes
    assert not re.search(r"(?<![\d.])2019", text)
    assert [text[max(0, at - 40) : at + 40] for one in PLANTED if (at := text.find(one)) >= 0] == []


def test_nothing_that_was_planted_is_in_any_file_or_file_name(given_away: Path) -> None:
    assert_nothing_planted(text_of(given_away))


def test_the_same_texts_are_in_the_report_with_names(named: Evaluation) -> None:
    """Or the test above would show nothing."""
    text = "\n".join(leaves(named, str)).lower()
    missing = {"14.03.1957", "kh-4711", "hertha", "papierakte", "1.2.826", "yamada", "müller", "ordner", "hausgrenze"}
    assert missing - {one for one in PLANTED if one in text} == set()


def test_nothing_that_was_planted_reaches_the_pictures(given_away: Path, pictures: NamesInPictures) -> None:
    assert len(pictures.texts) > 10
    assert_nothing_planted("\n".join(pictures.texts).lower())


def test_the_output_holds_only_the_forms_of_the_report(given_away: Path) -> None:
    names = {path.name for path in given_away.rglob("*")}
    assert {"report.html", "evaluation.json"} <= names
    assert not {path.suffix for path in given_away.rglob("*")} & {".dcm", ".mrb"}
    assert not any(name.startswith(("constraint_sheet", "point_worksheet")) for name in names)


def test_no_number_changes(named: Evaluation, given_away: Path) -> None:
    with_names = json.loads(json.dumps(list(leaves(named, (int, float)))))
    stored = json.loads((given_away / "evaluation.json").read_text(encoding="utf-8"))
    assert len(with_names) > 1000
    assert numbers(stored) == [float(f"{value:.6g}") if isinstance(value, float) else value for value in with_names]


def numbers(value: Any) -> list[float]:
    if isinstance(value, (dict, list)):
        return [number for item in (value.values() if isinstance(value, dict) else value) for number in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_decisions_findings_and_courses_stay_readable(given_away: Path) -> None:
    stored = json.loads((given_away / "evaluation.json").read_text(encoding="utf-8"))
    assert stored["is_anonymous"] is True
    assert [course["label"] for course in stored["courses"]] == ["Course 1", "Course 2", "New course"]
    assert [course["identifier"] for course in stored["courses"]] == ["course1", "course2", "new"]
    assert stored["case"]["title"] == "Reirradiation case"
    assert stored["courses"][0]["months_before"] == pytest.approx(63.5, abs=0.1)
    findings = {one["identifier"]: one for one in stored["findings"]}
    assert findings["dose.clipped"]["subject"] == "Course 'New course'"
    assert findings["dose.clipped"]["found"] == "7 % of the maximum on the border of its grid"
    assert findings["dose.clipped"]["decision"] == "accepted by [withheld], [date withheld]"
    assert findings["patient.name-differs"]["found"] == "differs, values [withheld]"
    assert {one["name"] for one in stored["structures"]} == {"spinal_cord", "PTV_[withheld]", "liver"}
    sources = [score["source"] for score in stored["scorecard"]]
    assert "[withheld]" in sources[0]
    assert sources[1].startswith("Nieder 2006, spinal cord")
    biology = stored["biology"]["structures"][0]
    assert (biology["override"], biology["source"][:11]) == ("[withheld]", "Nieder 2006")
    files = [one["path"] for one in stored["inputs"]]
    assert {"current CT 12", "case 1", "course1: dose 1"} <= set(files)
    assert {(one["sop_instance_uid"], one["sha256"]) for one in stored["inputs"]} == {("", "[withheld]")}


def test_twice_the_same_bytes(planted_case: Case, given_away: Path, tmp_path: Path) -> None:
    run_case(planted_case, tmp_path / "a", Services(), Monitor(), stage=Task.RECORDS, is_anonymous=True)
    run_case(planted_case, tmp_path / "b", Services(), Monitor(), stage=Task.RECORDS, is_anonymous=True)
    for path in sorted((tmp_path / "a").rglob("*.json")):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert_nothing_planted(text_of(tmp_path / "a"))


def test_once_more_changes_nothing(
    named: Evaluation, planted_case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[tuple[Evaluation, Identifiers]] = []

    def twice(evaluation: Evaluation, identifiers: Identifiers) -> Evaluation:
        once = anonymous(evaluation, identifiers)
        seen.append((once, identifiers))
        return once

    monkeypatch.setattr(writing, "anonymous", twice)
    run_case(planted_case, tmp_path / "out", Services(), Monitor(), stage=Task.RECORDS, is_anonymous=True)
    ((once, identifiers),) = seen
    assert anonymous(once, identifiers) == once
    at_large = anonymous(named, identifiers)
    assert anonymous(at_large, identifiers) == at_large


@pytest.mark.parametrize(
    "leak",
    [
        "for Mr Mueller",
        "PTV JURGEN",
        "山田様",
        "id KH-4711-0815.",
        "born 14.03.57",
        "on 2024-06-17",
        "study 20240617",
        "UID 1.2.826.0.1.3680043.8.498.1",
        "as H. Zwickelmann said",
        "from /home/me/patients/17/RS",
        "0" * 64,
    ],
)
def test_what_the_transformation_misses_is_refused_and_nothing_appears(
    planted_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    def missing(evaluation: Evaluation, identifiers: Identifiers) -> Evaluation:
        once = anonymous(evaluation, identifiers)
        return replace(once, courses=(replace(once.courses[0], site=leak), *once.courses[1:]))

    monkeypatch.setattr(writing, "anonymous", missing)
    with pytest.raises(AnonymityError) as caught:
        run_case(planted_case, tmp_path / "out", Services(), Monitor(), stage=Task.RECORDS, is_anonymous=True)
    assert caught.value.subject in ("evaluation.json", "report.html")
    assert not any(word in str(caught.value) for word in leak.split() if len(word) > 3)
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_the_output_folder_is_looked_at_too(planted_case: Case, tmp_path: Path) -> None:
    with pytest.raises(AnonymityError, match="name of the output folder"):
        run_case(planted_case, tmp_path / "Mueller", Services(), Monitor(), stage=Task.RECORDS, is_anonymous=True)
    assert list(tmp_path.iterdir()) == []


def test_names_of_files_and_every_form_are_searched(tmp_path: Path) -> None:
    known = identifiers_of([Identifier(Kind.NAME, "muller", Occurrence.WORD)])
    (tmp_path / "a.csv").write_text("organ;Dmax\ncord;45\n", encoding="utf-8-sig")
    picture = base64.b64encode(b"muller" * 9).decode("ascii")
    (tmp_path / "a.html").write_text(f'<img src="data:image/png;base64,{picture}">', encoding="utf-8")
    require_anonymous(tmp_path, "out", known)
    for name, content in (
        ("b.csv", "x;Müller\n"),
        ("b.html", "<p>M&uuml;ller</p>"),
        ("b.txt", "Muller_1"),
        ("b.json", '{"MÜLLER": 1}'),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(AnonymityError, match=re.escape(name)):
            require_anonymous(tmp_path, "out", known)
        (tmp_path / name).unlink()
    (tmp_path / "muller.csv").write_text("", encoding="utf-8")
    with pytest.raises(AnonymityError, match="name of file"):
        require_anonymous(tmp_path, "out", known)


NAME = Identifier(Kind.NAME, "muller", Occurrence.WORD)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Herr Müller", "Herr [withheld]"),
        ("MU\u0308LLER", "[withheld]"),
        ("PTV_Muller2", "PTV_[withheld]2"),
        ("mullerJuergen", "[withheld]Juergen"),
        ("Mullerin", "Mullerin"),
        ("on 2024-06-17T10:11:12.5 x", "on [date withheld] x"),
        ("a20240617b", "a[date withheld]b"),
        ("PMID 20011231", "PMID 20011231"),
        ("0.20240617 and 20249917", "0.20240617 and 20249917"),
        ("6/17/2024, 17.6.2024", "[date withheld], [date withheld]"),
        ("SimpleITK 2.5.2, 30 Gy/10 fx, α/β 2", "SimpleITK 2.5.2, 30 Gy/10 fx, α/β 2"),
        ("1.2.840.10008.5.1.4.1", "[UID withheld]"),
        (r"C:\patients\x.dcm", "[withheld]"),
    ],
)
def test_what_is_taken_out_and_what_is_not(text: str, clean: str) -> None:
    known = identifiers_of([NAME])
    assert known.cleaned(text) == clean
    assert (known.found_in(text) is not None) == (text != clean)


def test_a_short_id_and_numbers_stay_what_they_are() -> None:
    known = identifiers_of([Identifier(Kind.ID, "500012", Occurrence.ALONE)])
    assert known.cleaned("500012.5 cc, 1.500012, id 500012.") == "500012.5 cc, 1.500012, id [withheld]."


def test_names_of_structures_lose_only_what_identifies() -> None:
    known = identifiers_of([NAME])
    names = ("PTVMULLER", "PTV_Müller", "Bowel", "SpinalCord", "PTV_Cord", "GTV_120519", "Lunge_li")
    found = neutral_names(
        names, [DerivedName("zPTVMU_S2_1240", "PTVMULLER")], known, {"muller", "bowe", "cord", "120519"}, {"bowel", "cord"}
    )
    assert {one.former: one.name for one in found} == {
        "ptvmuller": "PTV[withheld]",
        "ptv_muller": "PTV_[withheld]",
        "gtv_120519": "GTV_[withheld]",
        "zptvmu_s2_1240": "zPTV[withheld]_S2_1240",
    }


def test_structures_that_lose_the_same_keep_different_names() -> None:
    found = neutral_names(("PTV_Muller", "PTV_muller"), [], identifiers_of([NAME]), {"muller"}, set())
    assert sorted(one.name for one in found) == ["PTV_[withheld]", "PTV_[withheld] 2"]


def test_text_and_properties_of_a_pdf_are_searched(tmp_path: Path) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    pytest.importorskip("pypdf")
    known = identifiers_of([NAME])
    page = "<html><head><title>{}</title></head><body><p>{}</p></body></html>"
    for title, text, is_clean in (("a", "cord 45 Gy", True), ("a", "Herr Müller", False), ("Müller", "cord", False)):
        weasyprint.HTML(string=page.format(title, text)).write_pdf(tmp_path / "report.pdf")
        if is_clean:
            require_anonymous(tmp_path, "out", known)
            continue
        with pytest.raises(AnonymityError, match=r"report\.pdf"):
            require_anonymous(tmp_path, "out", known)


LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßéøł"
WORDS = st.text(LETTERS, min_size=6, max_size=12).filter(lambda word: len(set(word)) > 3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=WORDS, data=st.data())
def test_a_random_name_in_random_texts_is_gone_and_numbers_stay(named: Evaluation, word: str, data: st.DataObject) -> None:
    # A name that is a word of the report itself cannot be told from it (docs/report.md).
    assume(not any(word.casefold() in text.casefold() for text in leaves(named, str)))
    known = identifiers_of([Identifier(Kind.NAME, one, Occurrence.WORD) for one in spellings(word)])
    texts = list(leaves(named.findings, str))
    chosen = data.draw(st.sets(st.integers(0, len(texts) - 1), min_size=1, max_size=5))
    written = data.draw(st.sampled_from([word, word.upper(), word.capitalize(), unicodedata.normalize("NFD", word)]))
    places = iter(range(len(texts)))

    def planted(text: str) -> str:
        return f"{text} {written}, 5 Gy" if next(places) in chosen else text

    findings = tuple(replace(one, **{f.name: planted(getattr(one, f.name)) for f in fields(one)}) for one in named.findings)
    clean = cleaned(replace(named, findings=findings), known)
    folded = unicodedata.normalize("NFC", word).casefold()
    assert not [text for text in leaves(clean, str) if folded in unicodedata.normalize("NFC", text).casefold()]
    assert list(leaves(clean, (int, float))) == list(leaves(named, (int, float)))
    assert cleaned(clean, known) == clean


def test_neutral_names_change_no_choice(planted_case: Case) -> None:
    neutral = neutral_case(planted_case)
    assert [one.label for one in neutral.prior_courses] == ["Course 1", "Course 2"]
    assert neutral.decisions[1].subject == "Course 'Course 1'"
    assert neutral.decisions[2].subject == "Course 'Course 1', 'liver'"
    assert [line.course for line in neutral.isodose_lines] == ["course1"]
    assert {one.source for one in (neutral.constraints[0], *neutral.optimization)} == {
        "limit of the case, source [withheld]"
    }
    assert neutral.new_course.date == date(2024, 6, 17)
    assert [one.dose for one in neutral.prior_courses] == [one.dose for one in planted_case.prior_courses]


def test_a_decision_on_what_was_found_still_accepts_it(planted_case: Case) -> None:
    found = "dose not known in a part of it: that of Müller L2 2019 in 1.7 %, that of Lung in 5.7 %"
    decided = replace(planted_case.decisions[0], subject="Structure 'Lung'", found=found)
    (neutral,) = neutral_case(replace(planted_case, decisions=(decided,))).decisions
    assert neutral.subject == "Structure 'Lung'"
    assert neutral.found == "dose not known in a part of it: that of Course 1 in 1.7 %, that of New course in 5.7 %"


def test_identifiers_that_are_words_or_numbers_of_ours_are_left_alone(planted_case: Case) -> None:
    """A patient called Cord, with the ID 50.5 and a file called course1, must not spoil the report."""
    found = read_case_records(neutral_case(planted_case), Monitor())
    patient = replace(found.records.ct.patient, name="Cord^Dose", patient_id="50.5")
    ct = replace(found.records.ct, patient=patient, files=(Path("course1"), Path("Gy")), slice_uids=("1.2.3", "1.2.4"))
    records = replace(found.records, ct=ct)
    known = collect_identifiers(planted_case, replace(found, records=records))
    for text in ("spinal cord: dose 50.5 Gy", "course1", "Course 1", "New course", "D0.1cc[Gy] (Gy EQD2)"):
        assert known.cleaned(text) == text
        assert known.found_in(text) is None


def test_the_switch_of_the_command_line(planted_case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", str(planted_case.file), "--output", str(tmp_path / "out"), "--stage", "records", "--anonymous"]
    assert main(command) == 0
    assert "anonymised report alone" in capsys.readouterr().out
    assert_nothing_planted(text_of(tmp_path / "out"))
    assert main([*command, "--replace"]) == 0


GREEN = ("Green^Mark", "AB-1234", date(1957, 7, 3))


@pytest.fixture(scope="module")
def green(planted_case: Case) -> Identifiers:
    """Of a patient whose names are words of the program."""
    found = read_case_records(neutral_case(planted_case), Monitor())
    patient = replace(found.records.ct.patient, name=GREEN[0], patient_id=GREEN[1], birth_date="19570703")
    structures = replace(found.records.structures, patient=patient)
    ct = replace(found.records.ct, patient=patient)
    other = replace(found.records, ct=ct, structures=structures, prior=(), new=None)
    case = replace(planted_case, tasks=(replace(planted_case.tasks[0], who="demo author"),), screening=None, decisions=())
    return collect_identifiers(case, replace(found, records=other, prior_courses=(), new_course=None))


@pytest.mark.parametrize(
    "name", ["Mark Green", "GREEN, Mark", "Green Mark", "green^mark", "M. Green", "Green, M.", "MarkGreen", "Mark J. Green"]
)
def test_a_whole_name_is_taken_out_though_its_words_are_the_programs(green: Identifiers, name: str) -> None:
    assert green.cleaned(f"Mr {name} (thorax)") == "Mr [withheld] (thorax)"
    assert green.found_in(f"PTV_{name}") is not None
    assert green.cleaned("green mark-up, mark: green") == "[withheld]-up, mark: green"


@pytest.mark.parametrize(
    "day",
    [
        *("1957_07_03", "03_07_1957", "57-07-03", "3.7.57", "1957 07 03", "03JUL1957", "3 July 1957", "July 3, 1957"),
        *("7/3/57", "07-03-1957", "1957.7.3", "030757", "570703", "03071957", "19570703", "3. Juli 1957", "3rd of July 57"),
    ],
)
def test_a_known_day_is_taken_out_in_every_spelling(green: Identifiers, day: str) -> None:
    for before, behind in (("born ", ", male"), ("PTV_", ""), ("PTV", "_a")):
        assert green.cleaned(f"{before}{day}{behind}") == f"{before}[date withheld]{behind}"


@pytest.mark.parametrize("text", ["13.7.57", "3.7.571", "0.570703", "570703.5 cc", "V3.7.5", "SimpleITK 2.5.2"])
def test_another_number_is_no_known_day(green: Identifiers, text: str) -> None:
    assert green.cleaned(text) == text


@pytest.mark.parametrize("code", ["AB-1234", "AB1234", "ab_1234", "AB 12-34"])
def test_an_id_is_taken_out_with_any_signs_in_it(green: Identifiers, code: str) -> None:
    assert green.cleaned(f"PTV_{code}") == "PTV_[withheld]"


def test_a_short_id_is_taken_out_behind_a_word_for_it() -> None:
    known = identifiers_of([Identifier(Kind.ID, "1234", Occurrence.MARKED)])
    assert known.cleaned("Mr X (ID 1234), MRN: 1234, 1234 cGy") == "Mr X ([withheld]), [withheld], 1234 cGy"


def test_numbers_of_the_report_are_no_id(tmp_path: Path) -> None:
    known = identifiers_of([Identifier(Kind.ID, "144742", Occurrence.CODE)])
    (tmp_path / "a.html").write_text('<td>144742</td><path d="M1 2 144742"/>', encoding="utf-8")
    (tmp_path / "a.csv").write_text("cord,144742,1.144742\r\n", encoding="utf-8")
    (tmp_path / "a.json").write_text('{"samples": 144742}', encoding="utf-8")
    require_anonymous(tmp_path, "out", known)
    for name, text in (("b.html", "<td>id 144742</td>"), ("b.csv", "cord,id 144742\r\n"), ("b.json", '["144742"]')):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(AnonymityError, match=re.escape(name)):
            require_anonymous(tmp_path, "out", known)
        (tmp_path / name).unlink()


def test_names_of_folders_may_hold_single_words_of_who_signed(green: Identifiers) -> None:
    for free in ("demo", "author_2", "report", "green", "out_2026-11-20"):
        assert green.found_in_folder_name(free) is None
    for taken in ("demo_author", "Author, demo", "mark_green", "AB1234", "x_03JUL1957"):
        assert green.found_in_folder_name(taken) is not None


def test_the_name_of_the_folder_is_refused_before_anything_is_computed(
    planted_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "compute", lambda *_: pytest.fail("it was computed"))
    with pytest.raises(AnonymityError, match="name of the output folder"):
        run_case(planted_case, tmp_path / "Juergen_Mueller", Services(), Monitor(), is_anonymous=True)
    assert list(tmp_path.iterdir()) == []


AXES = "".join(f'<text x="{20 * n}" y="9" font-size="8">{tick}</text>' for n, tick in enumerate("0204060800.010.1110"))


def test_labels_of_axes_in_a_pdf_are_no_uid_and_a_uid_is(tmp_path: Path) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    pypdf = pytest.importorskip("pypdf")
    known = identifiers_of([NAME, Identifier(Kind.DATE, "1957-07-03", Occurrence.DAY)])
    figure = f'<p>Dose</p><svg width="500" height="20">{AXES.replace(">.<", ">.0<")}</svg>'
    glued = '<p style="letter-spacing:0">0<b>2</b>04060800.010.1110</p>'
    for text, is_clean in (
        (figure + glued, True),
        ("<p>1.2.840.10008.5.1<br>.4.1.1.2</p>", False),
        ("<p>by Mül&shy;ler</p>", False),
        ("<p>on 3.7.57</p>", False),
    ):
        weasyprint.HTML(string=text).write_pdf(tmp_path / "report.pdf")
        if is_clean:
            (page,) = pypdf.PdfReader(tmp_path / "report.pdf").pages
            assert "0204060800.010.1110" in page.extract_text()
            require_anonymous(tmp_path, "out", known)
            continue
        with pytest.raises(AnonymityError, match=r"report\.pdf"):
            require_anonymous(tmp_path, "out", known)


def test_a_sum_with_three_structures_and_dvh_figures_is_written_as_pdf(given_away: Path) -> None:
    pytest.importorskip("weasyprint")
    assert (given_away / "report.pdf").is_file()
    assert "<svg" in (given_away / "report.html").read_text(encoding="utf-8")


def test_every_text_of_an_evaluation_is_cleaned(named: Evaluation, planted_case: Case) -> None:
    found = read_case_records(neutral_case(planted_case), Monitor())
    known = collect_identifiers(planted_case, found)
    planted = " Jürgen Müller KH47110815 14.3.57"

    def everywhere(tree: Any) -> Any:
        if isinstance(tree, str) and not isinstance(tree, Enum):
            return f"{tree}{planted}"
        if isinstance(tree, tuple):
            return tuple(everywhere(item) for item in tree)
        if is_dataclass(tree) and not isinstance(tree, type):
            return replace(tree, **{field.name: everywhere(getattr(tree, field.name)) for field in fields(tree)})
        return tree

    texts = list(leaves(anonymous(everywhere(named), known), str))
    assert len(texts) > 500
    assert [one for one in texts if re.search(r"m[uü]ller|j[uü]rgen|4711|14\.3\.57", one, re.IGNORECASE)] == []


def test_words_of_the_user_stay_only_in_sites_and_systems(planted_case: Case, tmp_path: Path) -> None:
    """Every free text of the case is a word of its own that no list of identifiers could know."""
    values = json.loads(planted_case.file.read_text(encoding="utf-8"))
    words_of_user: dict[str, str] = {}

    def word(where: str) -> str:
        return words_of_user.setdefault(
            where, f"quokka{chr(97 + len(words_of_user) // 26)}{chr(97 + len(words_of_user) % 26)}"
        )

    def replaced(tree: Any, where: str = "") -> Any:
        if isinstance(tree, dict):
            free = ("title", "label", "site", "source", "who", "comment", "reason", "planning_approach", "discussion")
            return {
                key: word(f"{where}.{key}") if key in (*free, "delivery") else replaced(item, f"{where}.{key}")
                for key, item in tree.items()
            }
        return [replaced(item, f"{where}[{n}]") for n, item in enumerate(tree)] if isinstance(tree, list) else tree

    changed_values = replaced({**values, "decisions": []})
    new = changed_values["new_course"]["label"]
    reason = {"who": "quokkawho", "when": "2026-11-21", "reason": "quokkareason"}
    changed_values["decisions"] = [
        {"finding": "dose.clipped", "subject": f"Course '{new}'", **reason},
        *(
            {"finding": finding, "subject": f"Course '{changed_values['prior_courses'][0]['label']}'{tail}", **reason}
            for finding, tail in (("patient.name-differs", ""), ("points.below-mapped", ", 'liver'"))
        ),
        {"finding": "plan.quokka", "subject": "quokkasubject", **reason},
    ]
    for task in changed_values["tasks"]:
        task["key"] = "quokkakey123"
    path = planted_case.file.parent / "quokka.json"
    path.write_text(json.dumps(changed_values), encoding="utf-8")
    try:
        shown = run_case(read_case(path), tmp_path / "out", Services(), Monitor(), is_anonymous=True)
    finally:
        path.unlink()
    assert len(words_of_user) > 15
    allowed = {one.site for one in shown.courses}
    assert {one for one in leaves(shown, str) if "quokka" in one} == {one for one in allowed if "quokka" in one}
