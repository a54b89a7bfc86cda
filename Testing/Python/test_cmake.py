"""The CMake files configure, with a stand-in for Slicer's macros, and what they put together works as installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shipped_code import MODULES, ROOT

STANDINS = Path(__file__).resolve().parent / "standins" / "cmake"
MODULE_FOLDER = "lib/Slicer-5.99/qt-scripted-modules"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configured build tree, outside of the source tree."""
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    folder = tmp_path_factory.mktemp("build")
    command = ["cmake", "-S", str(ROOT), "-B", str(folder), f"-DSlicer_DIR={STANDINS}", "-DBUILD_TESTING=ON"]
    done = subprocess.run([*command, "--warn-uninitialized"], capture_output=True, text=True, check=False)
    if "CMAKE_C_COMPILER" in done.stderr:
        pytest.skip("no compiler is installed, which a project of CMake asks for")
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip(), done.stderr
    return folder


def registered(build: Path) -> dict[str, dict[str, Any]]:
    done = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True)
    return {test["name"]: test for test in json.loads(done.stdout)["tests"]}


def properties(test: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in test.get("properties", [])}


def test_all_modules_lie_side_by_side(build: Path) -> None:
    for module in MODULES:
        assert (build / MODULE_FOLDER / f"{module}.py").is_file()
    assert (build / MODULE_FOLDER / "ReirradiationLib" / "__main__.py").is_file()


def test_each_module_is_tested_in_slicer_and_finds_the_demo_case_of_the_source_tree(build: Path) -> None:
    found = registered(build)
    for module in MODULES:
        assert properties(found[f"py_{module}"])["ENVIRONMENT"] == [f"REIRRADIATION_SOURCE_TREE={ROOT}"]


def test_cases_are_run_without_a_window_and_a_refused_one_fails(build: Path) -> None:
    found = registered(build)
    demo, missing = found["py_demo_run_case"], found["py_missing_run_case"]
    for test in (demo, missing):
        assert test["command"][1:3] == ["--no-main-window", "--python-script"]
        assert Path(test["command"][3]).resolve().name == "run_case.py"
    assert Path(demo["command"][4]).is_file()
    assert properties(missing)["WILL_FAIL"] is True
    assert not Path(missing["command"][4]).exists()


def test_the_library_runs_from_where_it_is_installed_with_its_tables(build: Path, tmp_path: Path) -> None:
    script = build / MODULE_FOLDER / "Resources" / "Scripts" / "run_case.py"
    case = ROOT / "Testing" / "Data" / "demo_case" / "case.json"
    command = [sys.executable, str(script), str(case), "--output", "out", "--stage", "records"]
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    where = "import ReirradiationLib.model.protocol_tables as p; print(p.default_protocol_folder())"
    environment["PYTHONPATH"] = str(build / MODULE_FOLDER)
    shown = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    assert Path(shown.stdout.strip()) == build / MODULE_FOLDER / "Resources" / "ReirradiationProtocol"
