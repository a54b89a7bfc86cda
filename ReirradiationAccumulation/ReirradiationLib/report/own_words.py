"""Words that the program itself uses: whoever reads one of them in a report has learnt nothing about the patient."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..model.protocol_tables import default_protocol_folder
from ..model.shipped import shipped_folder
from ..model.synonym_table import SYNONYMS_FILE
from .folded_text import fold


def words(text: str) -> tuple[str, ...]:
    """The words of a text, folded; digits and signs part them, and so does a capital after a small letter."""
    parted = re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", text)
    return tuple(re.findall(r"[^\W\d_]+", fold(parted).text))


def anatomical_words() -> frozenset[str]:
    """Words of the shipped names of structures: ``Cord`` in a name is the organ, whatever a patient is called."""
    table = _read(default_protocol_folder() / SYNONYMS_FILE)
    return frozenset((*words(table), *words(table.lower())))


@cache  # the program does not change while it runs
def own_words() -> frozenset[str]:
    """Every word in texts of the program, apart from its comments, and in the shipped tables."""
    package = Path(__file__).resolve().parent.parent
    found: set[str] = set()
    for source in sorted(package.rglob("*.py")):
        found.update(word for text in _texts(_read(source)) for word in words(text))
    for folder in (default_protocol_folder(), shipped_folder("PlanningSystems", "naming.csv")):
        found.update(word for table in sorted(folder.glob("*.csv")) for word in words(_read(table)))
    return frozenset(found)


def is_own_phrase(text: str) -> bool:
    """Whether the words of a text stand beside each other in a text of the program: "medical physicist" is nobody."""
    return f" {' '.join(words(text))} " in _own_text()


@cache
def _own_text() -> str:
    package = Path(__file__).resolve().parent.parent
    texts = (text for source in sorted(package.rglob("*.py")) for text in _texts(_read(source)))
    return " | ".join(f" {' '.join(words(text))} " for text in texts)


def _texts(source: str) -> Iterator[str]:
    """The string literals of a module without its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.Expr):
                break  # a docstring, or another text that goes nowhere
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError:
        return ""  # without its words more is taken for an identifier, never less
