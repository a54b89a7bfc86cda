"""The examples of docs/console.md run as they are printed, and give what the command line gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from gui_harness import ROOT, Gui, gui, small_case  # noqa: F401
from ReirradiationLib.__main__ import main

DOCUMENT = ROOT / "docs" / "console.md"


@pytest.fixture
def examples() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder_of_the_examples(small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """Where ``my/case.json`` is the case."""
    (tmp_path / "my").mkdir()
    small_case.rename(tmp_path / "my" / "case.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "my"


def test_the_examples_give_the_evaluation_of_the_command_line(
    gui: Gui,  # noqa: F811
    examples: list[str],
    folder_of_the_examples: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = folder_of_the_examples
    case_text = (folder / "case.json").read_bytes()
    assert main(["run", str(folder / "case.json"), "--output", str(folder / "output-of-the-command")]) == 0
    expected = (folder / "output-of-the-command" / "evaluation.json").read_bytes()

    console: dict[str, Any] = {"__name__": "__main__"}
    whole, by_steps, what_if, structures = examples
    capsys.readouterr()
    exec(compile(whole, str(DOCUMENT), "exec"), console)
    assert (folder / "output" / "evaluation.json").read_bytes() == expected
    assert capsys.readouterr().out.strip()

    exec(compile(by_steps, str(DOCUMENT), "exec"), console)
    assert (folder / "output-by-steps" / "evaluation.json").read_bytes() == expected
    names = {path.name for path in (folder / "output-of-the-command").iterdir()}
    for output in ("output", "output-by-steps"):
        assert {path.name for path in (folder / output).iterdir()} == names
    printed = capsys.readouterr().out
    assert "[1/7]" in printed
    assert "spinal_cord" in printed

    exec(compile(what_if, str(DOCUMENT), "exec"), console)
    assert "Gy in 3 fractions" in capsys.readouterr().out

    exec(compile(structures, str(DOCUMENT), "exec"), console)
    assert "optimization_structures.dcm acceptable" in capsys.readouterr().out
    planning = folder / "for-the-planning-system"
    assert all(one.read_bytes() == (folder / "output" / one.name).read_bytes() for one in planning.iterdir())
    assert (folder / "case.json").read_bytes() == case_text
    assert gui.messages == []


def test_calls_of_the_logic_that_the_document_names_exist(gui: Gui) -> None:  # noqa: F811
    from ReirradiationAccumulation import ReirradiationAccumulationLogic

    for name in re.findall(r"\blogic\.(\w+)\(", DOCUMENT.read_text(encoding="utf-8")):
        assert callable(getattr(ReirradiationAccumulationLogic, name, None)), name
