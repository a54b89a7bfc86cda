"""A case file that is worked on: its layout is kept, nobody's work is lost, and drafts are drafts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ReirradiationLib.case_document import create_case, open_case, require_complete, saved, saved_as
from ReirradiationLib.model import case_edits as edits
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import BYTE_ORDER_MARK, read_case
from ReirradiationLib.model.errors import CaseError, OutputError


@pytest.fixture
def file(tmp_path: Path, demo_folder: Path) -> Path:
    path = tmp_path / "case.json"
    path.write_bytes((demo_folder / "case.json").read_bytes())
    return path


def lines_that_differ(before: str, after: str) -> list[str]:
    return [line for line in after.splitlines() if line not in before.splitlines()]


def test_opening_and_saving_changes_no_byte(file: Path) -> None:
    before = file.read_bytes()
    document = open_case(file)
    assert document.is_saved and document.why_incomplete == ""
    saved(document)
    assert file.read_bytes() == before


def test_an_edit_touches_its_own_lines_only_and_the_file_at_saving_only(file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    document = open_case(file)
    changed = document.with_case(edits.with_recovery(document.case, "UMich/Paradis"))
    assert not changed.is_saved and file.read_text(encoding="utf-8") == before
    assert [line.strip() for line in lines_that_differ(before, changed.text)][-1] == '"recovery_table": "UMich/Paradis"'
    assert len(lines_that_differ(before, changed.text)) <= 2, "the comma of the line before it, and its own"
    assert saved(changed).is_saved
    assert read_case(file).recovery_table == "UMich/Paradis"
    assert changed.with_case(document.case).text == before, "and back again"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", BYTE_ORDER_MARK])
def test_line_ends_and_byte_order_mark_stay(file: Path, ends: str, mark: str) -> None:
    text = mark + file.read_text(encoding="utf-8").replace("\n", ends)
    file.write_bytes(text.encode("utf-8"))
    document = open_case(file)
    saved(document.with_case(replace(document.case, title="Another title")))
    assert file.read_bytes().decode("utf-8") == text.replace(
        "Demo: spine reirradiation, L2 in 2019, L1 in 2024", "Another title"
    )


def test_what_somebody_else_wrote_meanwhile_is_not_lost(file: Path) -> None:
    document = open_case(file)
    mine = document.with_case(replace(document.case, title="mine"))
    theirs = file.read_text(encoding="utf-8").replace("Demo:", "Theirs:")
    file.write_text(theirs, encoding="utf-8")
    with pytest.raises(CaseError, match="changed in the file since it was read"):
        saved(mine)
    assert file.read_text(encoding="utf-8") == theirs
    assert saved_as(mine, file.parent / "mine.json").case.title == "mine"


def test_a_file_that_was_deleted_meanwhile_is_written_again(file: Path) -> None:
    document = open_case(file)
    file.unlink()
    assert saved(document).is_saved and file.is_file()


def test_saving_under_another_name_keeps_what_paths_mean_and_never_writes_over_a_file(file: Path, demo_case: Case) -> None:
    folder = file.parent / "deeper"
    folder.mkdir()
    document = open_case(file)
    moved = saved_as(document, folder / "other.json")
    assert moved.path == folder / "other.json" and moved.is_saved
    assert replace(read_case(moved.path), file=file) == document.case
    with pytest.raises(OutputError):
        saved_as(document, folder / "other.json")


def test_a_new_case_is_not_written_over_a_file(file: Path, demo_case: Case) -> None:
    before = file.read_bytes()
    with pytest.raises(OutputError):
        create_case(replace(demo_case, file=file))
    assert file.read_bytes() == before
    assert create_case(replace(demo_case, file=file.parent / "new.json")).case == replace(
        demo_case, file=file.parent / "new.json"
    )


def test_a_draft_is_opened_edited_and_saved_but_not_complete(file: Path) -> None:
    values = json.loads(file.read_text(encoding="utf-8"))
    values["new_course"].update(prescription_gy=0, fractions=0)
    file.write_text(json.dumps(values), encoding="utf-8")
    document = open_case(file)
    assert "prescription_gy" in document.why_incomplete
    with pytest.raises(CaseError, match="prescription_gy"):
        require_complete(document)
    sited = document.with_case(edits.with_course_site(document.case, "course1", "L2"))
    assert sited.why_incomplete and saved(sited).is_saved
    complete = sited.with_case(edits.with_prescription(sited.case, 30.0, 5))
    assert complete.why_incomplete == "" and require_complete(complete) == complete.case


def test_a_complete_case_is_not_made_incomplete_by_an_edit(file: Path) -> None:
    document = open_case(file)
    with pytest.raises(CaseError, match="prescription_gy"):
        document.with_case(edits.with_prescription(document.case, 0.0, 5))
    with pytest.raises(CaseError, match="same label twice"):
        document.with_case(edits.with_course_label(document.case, "course1", document.case.new_course.label))
    assert document.is_saved


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "other/1"}'])
def test_what_is_no_case_is_not_opened(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=r"case\.json"):
        open_case(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"absent\.json"):
        open_case(tmp_path / "absent.json")
