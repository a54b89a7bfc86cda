"""The repository is what the Slicer build system, the Extensions Index and the house rules expect; nothing is built here."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("ReirradiationAccumulation", "ReirradiationOptStructures")
LIBRARY = ROOT / "ReirradiationAccumulation" / "ReirradiationLib"
LIBRARY_FILES = sorted(LIBRARY.rglob("*.py"))
MODULE_FILES = [ROOT / module / f"{module}.py" for module in MODULES]
WIDGETS = ROOT / "ReirradiationAccumulation" / "ReirradiationAccumulationWidgets"
OPT_WIDGETS = ROOT / "ReirradiationOptStructures" / "ReirradiationOptStructuresWidgets"
WIDGET_FILES = sorted([*WIDGETS.rglob("*.py"), *OPT_WIDGETS.rglob("*.py")])

BUNDLED = {"slicer", "vtk", "vtkmodules", "SimpleITK", "numpy", "scipy"}
"""What Slicer brings and the Extensions Index lets a file import at its top."""

FLOORS = {
    "__init__": 0,
    "model": 0,
    "dicom": 1,
    "registration": 1,
    "dosimetry": 1,
    "planning": 2,
    "report": 3,
    "adoption": 4,
    "background": 4,
    "judging": 4,
    "planning_step": 4,
    "monitor": 4,
    "output": 4,
    "export_planning": 4,
    "registering": 4,
    "run_record": 4,
    "scene_adoption": 4,
    "scene_charts": 4,
    "scene_tables": 4,
    "scene_views": 4,
    "transfer": 4,
    "runtime": 5,
    "verify": 4,
    "verify_inputs": 4,
    "write_csv_tables": 4,
    "write_dicom": 4,
    "write_outputs": 4,
    "write_report": 4,
    "case_document": 4,
    "case_drafting": 4,
    "case_notes_file": 4,
    "scene_door": 5,
    "shell_preview": 5,
    "session": 4,
    "session_steps": 4,
    "session_handover": 4,
    "session_outputs": 4,
    "output_files": 4,
    "text_file": 4,
    "anonymous_guard": 4,
    "write_anonymous": 4,
    "write_transfer": 4,
    "write_planning": 4,
    "workflow": 4,
    "commands": 5,
    "commands_protocol": 5,
    "commands_note": 5,
    "commands_verify": 5,
    "commands_worksheet": 5,
    "__main__": 5,
}
"""docs/house.md; ``mrml`` stands aside: it imports ``model`` and the engines' Protocol, and only the doors import it."""

ENGINE_PROTOCOL = LIBRARY / "registration" / "engine.py"
"""What the engines within Slicer fulfil."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def cmake_list(module: str, variable: str) -> set[str]:
    text = (ROOT / module / "CMakeLists.txt").read_text(encoding="utf-8")
    found = re.search(rf"set\({variable}\s+(.*?)\)", text, re.DOTALL)
    assert found, f"{module}/CMakeLists.txt sets no {variable}"
    return set(found.group(1).replace("${MODULE_NAME}", module).split())


def shipped(folder: Path, *patterns: str) -> set[str]:
    files = [path for pattern in patterns for path in folder.rglob(pattern) if "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix() for path in files if path.is_file() and "Testing" not in path.parts}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("variable", "pattern"), [("MODULE_PYTHON_SCRIPTS", "*.py"), ("MODULE_PYTHON_RESOURCES", "Resources/**/*")]
)
def test_cmake_lists_every_file_and_no_other(module: str, variable: str, pattern: str) -> None:
    listed, present = cmake_list(module, variable), shipped(ROOT / module, pattern)
    if variable == "MODULE_PYTHON_SCRIPTS":  # scripts for a command line lie with the resources
        present = {name for name in present if not name.startswith("Resources/")}
    add = "".join(f"\n  {name}" for name in sorted(present - listed))
    remove = "".join(f"\n  {name}" for name in sorted(listed - present))
    where = f"{variable} of {module}/CMakeLists.txt"
    assert not add, f"Not packaged as long as they are missing in {where}; add:{add}"
    assert not remove, f"Configuring fails as long as these are in {where}; remove:{remove}"


def test_protocol_tables_are_installed_where_the_library_looks() -> None:
    text = (ROOT / "ReirradiationAccumulation" / "CMakeLists.txt").read_text(encoding="utf-8")
    (tables,) = re.findall(r"foreach\(table ([^)]*)\)", text)
    assert set(tables.split()) == shipped(ROOT / "Resources" / "Protocol", "*")
    assert '"Resources/ReirradiationProtocol"' in text
    assert '"Resources/ReirradiationPlanningSystems"' in text
    looked_for = (LIBRARY / "model" / "shipped.py").read_text(encoding="utf-8")
    assert '"Resources" / f"Reirradiation{name}"' in looked_for
    assert "${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/" in text
    assert "${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}/" in text


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.stem)
def test_slicer_finds_the_module_class(path: Path) -> None:
    bases = bases_of_classes(path)
    assert bases[path.stem] == ["ScriptedLoadableModule"]
    assert bases[f"{path.stem}Test"] == ["ScriptedLoadableModuleTest"]
    assert not (path.parent / "__init__.py").exists(), "Slicer ignores module folders that are packages"


@pytest.mark.parametrize("kind", ["Widget", "Logic"])
@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.stem)
def test_the_window_and_the_logic_of_a_module_are_those_of_slicer(path: Path, kind: str) -> None:
    bases = bases_of_classes(path)
    for widgets in WIDGET_FILES:
        bases |= bases_of_classes(widgets)
    ancestors, name = [], f"{path.stem}{kind}"
    while name in bases:
        name = bases[name][0]
        ancestors.append(name)
    assert ancestors[-1] == f"ScriptedLoadableModule{kind}", ancestors


def bases_of_classes(path: Path) -> dict[str, list[str]]:
    """The names of the bases of the classes that a file defines at its top."""
    return {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }


@pytest.mark.parametrize("path", [*LIBRARY_FILES, *MODULE_FILES, *WIDGET_FILES], ids=relative)
def test_only_bundled_packages_are_imported_at_the_top(path: Path) -> None:
    allowed = BUNDLED | set(sys.stdlib_module_names)
    if path in MODULE_FILES:
        allowed |= {"qt", "ctk", "ReirradiationLib", WIDGETS.name, OPT_WIDGETS.name, *MODULES}
    elif path in WIDGET_FILES:
        allowed |= {"qt", "ctk", "ReirradiationLib"}
        allowed |= {WIDGETS.name} if path.is_relative_to(OPT_WIDGETS) else set()
    foreign = {name for name in imports(path, everywhere=False) if name.split(".")[0] not in allowed and name[0] != "."}
    assert not foreign, f"{relative(path)} imports {sorted(foreign)} at its top; import it inside the function that needs it"


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=relative)
def test_the_library_keeps_clear_of_the_application(path: Path) -> None:
    packages = {name.split(".")[0] for name in imports(path, everywhere=True)}
    assert not packages & {"qt", "ctk"}, "only the module files and their widgets import qt and ctk"
    assert not packages & {WIDGETS.name, OPT_WIDGETS.name}
    if path.parent != LIBRARY / "mrml":
        assert "slicer" not in packages, "only mrml/, the module files and their widgets import slicer"


@pytest.mark.parametrize("path", [*MODULE_FILES, *WIDGET_FILES], ids=relative)
def test_what_slicer_sees_is_short_and_imports_downwards(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    if path in WIDGET_FILES:
        for name in imports(path, everywhere=True):
            assert name.split(".")[0] not in MODULES, "module files import the widgets, not the other way round"
            is_lent = path == WIDGETS / "services.py"
            assert is_lent or not name.startswith("ReirradiationLib.mrml"), "services.py hands in what comes from mrml"


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=relative)
def test_no_room_imports_a_higher_one(path: Path) -> None:
    room = room_of(path)
    others = {room_of(target) for target in library_imports(path)} - {room}
    if room == "mrml":
        others = {room_of(target) for target in library_imports(path) if target != ENGINE_PROTOCOL} - {room}
        assert others <= {"model"}, (
            f"{relative(path)} imports {sorted(others)}; mrml imports model and {relative(ENGINE_PROTOCOL)} only"
        )
        return
    if FLOORS[room] < FLOORS["commands"]:
        assert "mrml" not in others, f"{relative(path)} imports mrml; the doors hand in what comes from there"
    too_high = sorted(other for other in others - {"mrml"} if FLOORS[other] > FLOORS[room])
    assert not too_high, f"{relative(path)} is on floor {FLOORS[room]} and imports {too_high}"


def test_every_room_has_a_floor() -> None:
    assert {room_of(path) for path in LIBRARY_FILES} == {*FLOORS, "mrml"}


def room_of(path: Path) -> str:
    first = path.relative_to(LIBRARY).parts[0]
    return first.removesuffix(".py")


def imports(path: Path, everywhere: bool) -> Iterator[str]:
    """Dotted names that a file imports, relative ones with their dots; those for type checkers only are left out."""
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, (ast.FunctionDef, ast.Lambda)) and not everywhere:
            continue
        nodes.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots, module = "." * node.level, node.module or ""
            yield from ([dots + module] if module else [dots + alias.name for alias in node.names])


def library_imports(path: Path) -> Iterator[Path]:
    """Files of the library that a file of it imports."""
    for name in imports(path, everywhere=True):
        assert not name.startswith("ReirradiationLib"), f"{relative(path)}: import {name} relatively"
        level = len(name) - len(name.lstrip("."))
        if level == 0:
            continue
        target = path.parents[level - 1].joinpath(*name.lstrip(".").split("."))
        candidates = (target.with_suffix(".py"), target / "__init__.py", path.parents[level - 1] / "__init__.py")
        yield next(candidate for candidate in candidates if candidate.is_file())
