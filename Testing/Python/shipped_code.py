"""The Python that Slicer gets, read as text: what it imports, and which names of other packages it uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("ReirradiationAccumulation", "ReirradiationOptStructures")
MODULE_FILES = [ROOT / module / f"{module}.py" for module in MODULES]
SHIPPED = sorted(path for module in MODULES for path in (ROOT / module).rglob("*.py") if "Testing" not in path.parts)
WIDGET_FILES = [path for path in SHIPPED if any(part.endswith("Widgets") for part in path.parent.parts)]
GUI_FILES = [*MODULE_FILES, *WIDGET_FILES]
UI_FILES = sorted(path for module in MODULES for path in (ROOT / module).rglob("*.ui"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(tree(path))


def at_import(body: ast.AST) -> Iterator[ast.AST]:
    """What runs when a file is imported: everything but the bodies of functions and what only type checkers see."""
    for node in ast.iter_child_nodes(body):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for part in (*node.decorator_list, node.args):
                yield part
                yield from at_import(part)
        elif not isinstance(node, ast.Lambda):
            yield from at_import(node)


def imported(found: Iterator[ast.AST]) -> Iterator[tuple[str, str]]:
    """Modules that absolute imports name, each with the name that is taken from it, or an empty text."""
    for node in found:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def dotted(node: ast.AST, known: dict[str, str]) -> str:
    """The full name of an attribute of an imported module (``np.linalg.inv`` → ``numpy.linalg.inv``), else an empty text."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = dotted(node.value, known)
        return f"{base}.{node.attr}" if base else ""
    return ""


def used_names(path: Path) -> set[str]:
    """Full names of everything of other packages that a file uses."""
    known, found = {}, set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                found.add(f"{node.module}.{alias.name}")
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found | {name for node in nodes(path) if (name := dotted(node, known))}


def called(node: ast.AST) -> str:
    """The last part of the name of what is called, an empty text if this is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
