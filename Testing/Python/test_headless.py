"""Without a window: the script for 3D Slicer and PythonSlicer gives what the plain command gives.

A stand-in application runs the script as Slicer does: its text is executed within ``__main__``, with ``__file__`` and
``sys.argv`` set. It does not show that Slicer hands over the arguments.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gui_harness import small_case  # noqa: F401
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.evaluation import evaluation_json
from ReirradiationLib.workflow import compute, evaluation_of

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "ReirradiationAccumulation"
SCRIPT = MODULE / "Resources" / "Scripts" / "run_case.py"

APPLICATION = """
import sys
from types import SimpleNamespace
import slicer, slicer.util
asked_for = []
slicer.app = SimpleNamespace(applicationVersion="5.99", applicationName="stand-in")
slicer.modules = SimpleNamespace()
slicer.util.exit = asked_for.append  # as in Slicer: it returns, and the application ends later
sys.argv = sys.argv[1:]
names = dict(vars(sys.modules["__main__"]), __file__=sys.argv[0])
try:
    exec(open(sys.argv[0], encoding="ascii").read(), names)
except Exception as error:
    print("error within the application:", repr(error), file=sys.stderr)
(status,) = asked_for  # exactly once
sys.exit(status + 100)
"""


def within_application(*arguments: str | Path, cwd: Path, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    """Exit codes are those of the application plus 100, so that Python's own are told apart."""
    return run([sys.executable, "-c", APPLICATION, str(script), *map(str, arguments)], cwd)


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=cwd, env=variables)


@pytest.fixture
def plain_evaluation(small_case: Path) -> bytes:  # noqa: F811
    """What the plain command writes, without its pictures, which take most of its time."""
    case = read_case(small_case)
    return evaluation_json(evaluation_of(compute(case, Monitor()), case)).encode("utf-8")


def test_the_application_gives_the_evaluation_of_the_plain_command_and_its_exit_code(
    small_case: Path,  # noqa: F811
    tmp_path: Path,
    plain_evaluation: bytes,
) -> None:
    pytest.importorskip("slicer")
    done = within_application(small_case, "--output", "out", cwd=tmp_path)
    assert done.returncode == 100, done.stderr
    assert (tmp_path / "out" / "evaluation.json").read_bytes() == plain_evaluation
    assert (tmp_path / "out" / "case.mrb").is_file()
    assert "[7/7] Write" in done.stdout
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["door"] == "3D Slicer 5.99, command line"


def test_pythonslicer_without_the_logics_of_modules_gives_the_same_evaluation_and_says_why_no_scene(
    small_case: Path,  # noqa: F811
    tmp_path: Path,
    plain_evaluation: bytes,
) -> None:
    bare = tmp_path / "bare" / "slicer"
    bare.mkdir(parents=True)
    (bare / "__init__.py").write_text("class vtkMRMLScene: ...\n", encoding="ascii")
    path = os.pathsep.join([str(bare.parent), str(MODULE)])
    command = [sys.executable, "-m", "ReirradiationLib", "run", str(small_case), "--output", "out"]
    done = run(command, tmp_path, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "evaluation.json").read_bytes() == plain_evaluation
    assert not (tmp_path / "out" / "case.mrb").exists()
    assert "no scene will be written: The package slicer has no vtkMRMLApplicationLogic" in done.stderr
    assert "in 3D Slicer" not in done.stdout
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Run it within the 3D Slicer application" in html


def test_the_script_runs_in_a_python_without_the_application(tmp_path: Path) -> None:
    done = run([sys.executable, str(SCRIPT), "missing.json", "--output", "out"], tmp_path)
    assert done.returncode == 1
    assert "missing.json" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.json", "--output", "out"], 101, "missing.json"),
        (["missing.json"], 102, "--output"),
        (["missing.json", "--output", "out", "--stage", "tomorrow"], 102, "tomorrow"),
    ],
)
def test_what_is_refused_ends_the_application_with_the_exit_code_of_the_command_and_a_message_on_stderr(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    pytest.importorskip("slicer")
    done = within_application(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture
def script_with_a_broken_library(tmp_path: Path) -> Path:
    script = tmp_path / "installed" / "Resources" / "Scripts" / SCRIPT.name
    library = tmp_path / "installed" / "ReirradiationLib"
    for folder in (script.parent, library):
        folder.mkdir(parents=True)
    shutil.copy(SCRIPT, script)
    (library / "__init__.py").touch()
    (library / "__main__.py").write_text("def main(arguments): raise KeyError('unexpected')\n", encoding="ascii")
    return script


def test_an_unexpected_error_ends_the_application_too(script_with_a_broken_library: Path, tmp_path: Path) -> None:
    """Else a batch would wait forever for a window that nobody sees. The library is the one beside the script."""
    pytest.importorskip("slicer")
    done = within_application("case.json", "--output", "out", cwd=tmp_path, script=script_with_a_broken_library)
    assert done.returncode == 101, done.stderr
    assert "KeyError('unexpected')" in done.stderr


def test_the_script_is_ascii_since_slicer_reads_it_in_the_encoding_of_the_machine() -> None:
    assert SCRIPT.read_bytes().isascii()


def test_outside_of_the_application_its_engines_are_not_offered() -> None:
    from ReirradiationLib.registration.engines import library_engines
    from ReirradiationLib.runtime import engines_here

    assert [engine.name for engine in engines_here()] == [engine.name for engine in library_engines()]
