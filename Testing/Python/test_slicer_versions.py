"""What is shipped can be imported by Slicer 5.10 to 5.13, and uses nothing that one of them lacks; read, not run.

Slicer 5.10 brings Python 3.12, numpy 2.0, scipy 1.13, pydicom 2.4, VTK 9.5 and no ``slicer.packaging``; 5.13 brings
numpy 2.4, scipy 1.17, pydicom 3.0 and VTK 9.6.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from shipped_code import MODULE_FILES, ROOT, SHIPPED, at_import, called, dotted, imported, nodes, relative, tree, used_names

GONE = {
    *("asynchat", "asyncore", "distutils", "imp", "smtpd"),  # in Python 3.12
    *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev"),
    *("pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib", "lib2to3"),  # in Python 3.13
}
NOT_BUNDLED = {"pkg_resources", "setuptools"}
"""A virtual environment has them, Slicer's Python 3.12 need not."""

NAMES_OF_SLICER = {
    "slicer": {"vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTextNode", "vtkMRMLTransformNode"},
    "slicer.i18n": {"tr", "translate"},
    "slicer.ScriptedLoadableModule": {
        *("*", "ScriptedLoadableModule", "ScriptedLoadableModuleWidget"),
        *("ScriptedLoadableModuleLogic", "ScriptedLoadableModuleTest"),
    },
    "slicer.parameterNodeWrapper": {
        *("parameterNodeWrapper", "parameterPack", "Default", "Decimals", "SingleStep", "Validator", "Exclude"),
        *("NotNone", "IsInstance", "Minimum", "Maximum", "WithinRange", "Choice"),
    },
    "slicer.util": {"VTKObservationMixin", "NodeModify", "tryWithErrorDisplay"},
}
"""Names that a file may take from Slicer's own Python when it is imported: 5.10 has all of them."""

NEWER = set((ROOT / "Testing" / "Data" / "newer_than_slicer_5_10.txt").read_text(encoding="utf-8").splitlines())

ONLY_INSTALLERS = {"pip_install", "pip_ensure", "pip_check", "packaging"}
WRITING_KEYWORDS = {"enforce_file_format", "write_like_original"}


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_nothing_is_imported_that_a_python_of_slicer_lacks(path: Path) -> None:
    tops = {module.split(".")[0] for module, _ in imported(nodes(path))}
    assert not tops & (GONE | NOT_BUNDLED)
    assert "slicer.packaging" not in {module for module, _ in imported(nodes(path))}


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_importing_a_file_needs_no_more_of_slicer_than_version_5_10_has(path: Path) -> None:
    known = {}
    for module, name in imported(at_import(tree(path))):
        assert module.split(".")[0] != "pydicom", f"{relative(path)}: import pydicom inside the function that needs it"
        if module.split(".")[0] == "slicer" and name:
            assert name in NAMES_OF_SLICER.get(module, ()), f"{relative(path)}: does Slicer 5.10 have {module}.{name}?"
        elif module == "slicer":
            known["slicer"] = "slicer"
    for node in at_import(tree(path)):
        assert not dotted(node, known) or isinstance(node, ast.Name), (
            f"{relative(path)} uses {dotted(node, known)} while it is imported; the application may not have it by then"
        )


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_no_name_is_used_that_the_packages_of_slicer_5_10_lack(path: Path) -> None:
    assert not names_and_their_owners(used_names(path)) & NEWER


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_nothing_is_installed_or_downloaded_by_pip(path: Path) -> None:
    assert not {called(node) for node in nodes(path)} & ONLY_INSTALLERS
    assert "ensurepip" not in {module for module, _ in imported(nodes(path))}


def test_only_one_file_knows_how_pydicom_2_and_3_differ_in_writing() -> None:
    """``enforce_file_format`` is unknown to pydicom 2, ``write_like_original`` deprecated in 3: one place asks."""
    spellings = {
        relative(path)
        for path in SHIPPED
        for node in nodes(path)
        if (isinstance(node, ast.keyword) and node.arg in WRITING_KEYWORDS)
        or (isinstance(node, ast.Constant) and node.value in WRITING_KEYWORDS)
    }
    assert spellings == {"ReirradiationAccumulation/ReirradiationLib/dicom/writing.py"}
    for path in SHIPPED:
        for node in nodes(path):
            if called(node) in ("save_as", "dcmwrite"):
                assert any(keyword.arg is None for keyword in node.keywords), f"{relative(path)} asks for no file format"


@pytest.mark.parametrize("path", MODULE_FILES, ids=relative)
def test_a_module_file_executes_nothing_when_it_is_imported(path: Path) -> None:
    """As the Extensions Index asks: docstring, imports, definitions; the one exception finds the library of the sibling."""
    for statement in tree(path).body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Assign) and not any(isinstance(node, ast.Call) for node in ast.walk(statement)):
            continue
        assert is_import_or_fallback(statement), f"{relative(path)}, line {statement.lineno}: executed at import"


def names_and_their_owners(names: set[str]) -> set[str]:
    """``a.b.c`` is of ``a.b`` too; classes of VTK by the name that ``vtk`` has them by."""
    found = set(names)
    for name in names:
        parts = name.split(".")
        found |= {".".join(parts[:count]) for count in range(1, len(parts))}
        found |= {f"vtk.{part}" for part in parts if part.startswith("vtk")}
    return found


def is_import_or_fallback(statement: ast.stmt) -> bool:
    """``try: import ReirradiationLib``, ``except ModuleNotFoundError: sys.path.append(…)`` and no more."""
    if not isinstance(statement, ast.Try) or statement.orelse or statement.finalbody or len(statement.handlers) != 1:
        return False
    (handler,) = statement.handlers
    caught = isinstance(handler.type, ast.Name) and handler.type.id == "ModuleNotFoundError"
    return caught and all(isinstance(one, ast.Import) for one in statement.body) and len(handler.body) == 1


def test_the_guards_of_this_file_notice_what_they_are_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import numpy as np\nfrom scipy import ndimage\nimport slicer\nfrom pydicom import dcmread, pixels\n"
        "from vtkmodules.vtkCommonCore import vtkArrayTypes\n"
        "class A:\n    node = slicer.vtkMRMLScene()\n"
        "    def f(self):\n        return np.unstack(ndimage.vectorized_filter, pixels.pixel_array)\n",
        encoding="utf-8",
    )
    newer = {"numpy.unstack", "scipy.ndimage.vectorized_filter", "vtk.vtkArrayTypes", "pydicom.pixels"}
    assert names_and_their_owners(used_names(bad)) & NEWER == newer
    assert ("pydicom", "dcmread") in set(imported(at_import(tree(bad))))
    assert "slicer.vtkMRMLScene" in {dotted(node, {"slicer": "slicer"}) for node in at_import(tree(bad))}
    assert not any(called(node) == "unstack" for node in at_import(tree(bad)))
