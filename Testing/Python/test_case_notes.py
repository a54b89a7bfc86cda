"""Free texts and signatures: written into the case file, read back, shown, and nothing else is touched."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.__main__ import main
from ReirradiationLib.case_notes_file import write_notes
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.case_notes import LONGEST_TEXT, FreeTexts, Task, TaskSignature
from ReirradiationLib.model.errors import CaseError, OutputError
from ReirradiationLib.report.html_parts import prose

KEY = "0123456789ab"
SIGNATURE = TaskSignature(Task.SUM, "A. Müller", date(2026, 11, 21), "looked at", KEY)


@pytest.fixture
def case_file(tmp_path: Path, demo_folder: Path) -> Path:
    """The demo's case file alone: notes are written without any DICOM file."""
    path = tmp_path / "case.json"
    path.write_bytes((demo_folder / "case.json").read_bytes())
    return path


def test_texts_and_a_signature_are_read_back_and_all_else_stays(case_file: Path) -> None:
    before = read_case(case_file)
    after = write_notes(case_file, {"discussion": "Müller agreed.\nSecond line."}, SIGNATURE)
    assert after.texts == replace(before.texts, discussion="Müller agreed.\nSecond line.")
    assert after.tasks == (*before.tasks, SIGNATURE)
    assert replace(after, texts=before.texts, tasks=before.tasks) == before
    assert read_case(case_file) == after
    assert [path.name for path in case_file.parent.iterdir()] == ["case.json"]


def test_what_the_user_wrote_stays_as_it_was_written(case_file: Path) -> None:
    before = json.loads(case_file.read_text(encoding="utf-8"))
    write_notes(case_file, {"delivery": "Match on L1."})
    after = json.loads(case_file.read_text(encoding="utf-8"))
    assert after.pop("texts")["delivery"] == "Match on L1."
    before.pop("texts")
    assert list(after) == list(before)
    assert after == before


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_other_letter_stays_with_line_ends_numbers_and_byte_order_mark(
    case_file: Path, line_end: str, mark: bytes
) -> None:
    before = case_file.read_text(encoding="utf-8").replace('"at_most": 50,', '"at_most":   5.00e1,').replace("\n", line_end)
    case_file.write_bytes(mark + before.encode("utf-8"))
    former = '"delivery": "Match on L1; the 15 Gy isodose of 2019 is exported as a contour for the machine."'
    write_notes(case_file, {"delivery": "Match on L1."}, SIGNATURE)
    after = case_file.read_bytes()
    assert after.startswith(mark)
    text = after.removeprefix(mark).decode("utf-8")
    assert former in before
    (tasks, texts) = (before.index(f'"{name}"') for name in ("tasks", "texts"))
    assert text.startswith(before[:tasks])
    assert text[text.index('"texts"') :] == before[texts:].replace(former, '"delivery": "Match on L1."')
    assert text.count("\n") == text.count(line_end)
    assert read_case(case_file).tasks[-1] == SIGNATURE


def test_the_mode_of_the_file_stays(case_file: Path) -> None:
    case_file.chmod(0o640)
    write_notes(case_file, {"delivery": "Match on L1."})
    assert stat.S_IMODE(case_file.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only an administrator can give files away")
def test_the_owner_of_the_file_stays(case_file: Path) -> None:
    os.chown(case_file, 1234, 2345)
    write_notes(case_file, {"delivery": "Match on L1."})
    assert (case_file.stat().st_uid, case_file.stat().st_gid) == (1234, 2345)


def test_where_an_owner_cannot_be_kept_the_notes_are_written_all_the_same(
    case_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    assert write_notes(case_file, {"delivery": "Match on L1."}) == read_case(case_file)


def test_a_read_only_case_file_is_refused_even_to_an_administrator(case_file: Path) -> None:
    before = case_file.read_bytes()
    case_file.chmod(0o444)
    with pytest.raises(OutputError, match=r"case\.json: is read-only"):
        write_notes(case_file, {"delivery": "Match on L1."})
    assert case_file.read_bytes() == before
    assert [path.name for path in case_file.parent.iterdir()] == ["case.json"]


def test_a_file_that_may_not_be_written_is_refused(case_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(OutputError, match="is read-only"):
        write_notes(case_file, {"delivery": "Match on L1."})


def test_a_symbolic_link_to_a_case_file_stays_one(case_file: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "link.json"
    link.symlink_to(case_file)
    write_notes(link, {"delivery": "Match on L1."})
    assert link.is_symlink()
    assert read_case(case_file).texts.delivery == "Match on L1."


def test_a_new_signature_replaces_that_of_the_same_task_only(case_file: Path) -> None:
    write_notes(case_file, {}, SIGNATURE)
    later = replace(SIGNATURE, who="B. Meier", comment="", key="")
    case = write_notes(case_file, {}, later)
    assert [one for one in case.tasks if one.task is Task.SUM] == [later]
    assert len(case.tasks) == 3


def test_an_empty_text_takes_the_field_out(case_file: Path) -> None:
    write_notes(case_file, dict.fromkeys(("planning_approach", "discussion", "delivery"), ""))
    assert "texts" not in json.loads(case_file.read_text(encoding="utf-8"))
    assert read_case(case_file).texts == FreeTexts()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"discusion": "x"}, "unknown text 'discusion'"),
        ({"discussion": "x" * (LONGEST_TEXT + 1)}, "at most 8000"),
        ({"discussion": "bell \a"}, "cannot be printed"),
        ({"discussion": "left \u202e right"}, "cannot be printed"),
        ({"discussion": "\ud800"}, "cannot be printed"),
        ({"discussion": 5}, "a text"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_and_the_file_stays(case_file: Path, texts: dict, message: str) -> None:
    before = case_file.read_bytes()
    with pytest.raises(CaseError, match=message) as caught:
        write_notes(case_file, texts)
    assert "partial" not in str(caught.value)
    assert caught.value.subject.startswith("case.json") or "unknown text" in caught.value.found
    assert case_file.read_bytes() == before
    assert [path.name for path in case_file.parent.iterdir()] == ["case.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v["tasks"].append(dict(v["tasks"][0])), "more than once"),
        (lambda v: v["tasks"][0].update(task="magic"), "one of records, transfer, sum"),
        (lambda v: v["tasks"][0].pop("when"), "'when' is missing"),
        (lambda v: v["tasks"][0].update(when="2026-02-30"), "a date that exists"),
        (lambda v: v["tasks"][0].update(who=" "), "a text"),
        (lambda v: v.update(texts=["x"]), "a JSON object"),
        (lambda v: v["texts"].update(approach="x"), "unknown key 'approach'"),
    ],
)
def test_wrong_notes_in_a_case_file_are_named(case_file: Path, change, message: str) -> None:
    values = json.loads(case_file.read_text(encoding="utf-8"))
    change(values)
    case_file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(CaseError, match=message):
        read_case(case_file)


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" \n"), max_size=200))
def test_every_printable_text_survives_the_case_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    demo = Path(__file__).resolve().parent.parent / "Data" / "demo_case" / "case.json"
    case: Case = replace(read_case(demo), texts=FreeTexts(discussion=text.strip()))
    path = tmp_path_factory.mktemp("texts") / "case.json"
    path.write_text(case_to_json(replace(case, file=path)), encoding="utf-8")
    assert read_case(path).texts.discussion == text.strip()


def test_the_command_notes_and_says_what_the_case_holds(case_file: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "long.txt").write_text("From a file.\r\nTwo lines.\r\n", encoding="utf-8")
    arguments = ["note", str(case_file), "--discussion", f"@{tmp_path / 'long.txt'}", "--done", "sum", "--who", "A. B."]
    assert main([*arguments, "--when", "2024-11-21", "--key", KEY]) == 0
    case = read_case(case_file)
    assert case.texts.discussion == "From a file.\nTwo lines."
    assert case.tasks[-1] == TaskSignature(Task.SUM, "A. B.", date(2024, 11, 21), key=KEY)
    said = capsys.readouterr()
    assert f"A. B., 2024-11-21, key {KEY}" in said.out
    assert "demo author, 2026-11-21, key 52e1e879e084 (one prior course" in said.out
    assert said.err == ""


def signed_by(case_file: Path, who: str, *more: str) -> int:
    return main(["note", str(case_file), "--done", "records", "--who", who, "--when", "2024-11-21", *more])


def test_the_command_names_the_signature_of_another_that_it_replaces(case_file: Path, capsys) -> None:
    assert signed_by(case_file, "A. B.", "--key", KEY) == 0
    assert (
        "warning: 'Records of prior courses' was signed by demo author, 2026-11-21, key 52e1e879e084; "
        "that signature is replaced" in capsys.readouterr().err
    )
    assert signed_by(case_file, "A. B.", "--key", KEY) == 0
    assert capsys.readouterr().err == ""


def test_the_command_says_what_a_signature_without_a_key_means(case_file: Path, capsys) -> None:
    assert signed_by(case_file, "demo author") == 0
    said = capsys.readouterr()
    assert "names no key: it holds whatever the inputs and registrations are" in said.err
    assert "demo author, 2024-11-21, no key" in said.out


def test_the_command_signs_today_but_for_no_later_day(case_file: Path, capsys) -> None:
    arguments = ["note", str(case_file), "--done", "sum", "--who", "A. B.", "--key", KEY, "--when"]
    before = case_file.read_bytes()
    assert main([*arguments, (date.today() + timedelta(days=2)).isoformat()]) == 1
    assert "a day not after today" in capsys.readouterr().err
    assert case_file.read_bytes() == before
    assert main([*arguments, date.today().isoformat()]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to note"),
        (["--done", "sum"], "without --who or --when"),
        (["--who", "A. B."], "without a task"),
        (["--done", "sum", "--who", "A. B.", "--when", "21.11.2026"], "YYYY-MM-DD"),
        (["--discussion", "@nowhere.txt"], "cannot be read"),
        *(
            (
                ["--done", "sum", "--who", "A. B.", "--when", "2024-11-21", "--key", key],
                "12 hexadecimal digits in lower case",
            )
            for key in ("abc", KEY.upper(), f"{KEY}0", f"{KEY[:-1]}g", f"{KEY}\n")
        ),
    ],
)
def test_the_command_refuses_half_a_signature(case_file: Path, arguments: list[str], message: str, capsys) -> None:
    before = case_file.read_bytes()
    assert main(["note", str(case_file), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert case_file.read_bytes() == before


def test_prose_keeps_lines_and_paragraphs_and_escapes() -> None:
    assert prose("one\ntwo <b>\n\nthree") == "<p>one<br>two &lt;b&gt;</p><p>three</p>"
