"""ROI names that a planning system keeps: short enough, of allowed characters, and different ignoring case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.csv_table import table_rows
from ..model.errors import ProtocolError
from ..model.shipped import shipped_folder

NAMING_FILE = "naming.csv"
COLUMNS = ("system", "maximum_length", "allowed", "evidence", "source")
SHORTEST, LONGEST = 8, 64
"""Bounds of a rule's length: below, names could not be told apart; ROIName is an LO of at most 64 characters."""

_SPELT_OUT = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "µ": "u", "μ": "u", "ß": "ss"})
_SPELT_OUT |= str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"})


@dataclass(frozen=True)
class NamingRule:
    """What one planning system accepts as the name of a ROI.

    Parameters
    ----------
    system : str
        ``any`` for the rule that all are said to accept.
    maximum_length : int
        Characters.
    allowed : str
        Allowed characters, as between the brackets of a regular expression.
    evidence, source : str
    """

    system: str
    maximum_length: int
    allowed: str
    evidence: str
    source: str

    def accepts(self, name: str) -> bool:
        """Whether the system takes the name as it is."""
        return 0 < len(name) <= self.maximum_length and re.fullmatch(f"[{self.allowed}]+", name) is not None


ANY_SYSTEM = NamingRule("any", 16, "A-Za-z0-9_^+~.-", "M", "AAPM TG-263 (2018)")
"""The rule of the shipped table that applies unless another is named."""


def fitted_names(names: Sequence[str], rule: NamingRule) -> tuple[str, ...]:
    """Names that the rule accepts, all different ignoring case.

    Names that are acceptable are kept, the first of equal ones; others lose accents, then forbidden characters become
    ``_``, then the end is cut, and where two meet, a number ends the later one. The same names give the same result.

    Parameters
    ----------
    names : sequence of str
        Any text.
    rule : NamingRule
    """
    fitted: dict[int, str] = {}
    taken: set[str] = set()
    for n, name in enumerate(names):
        if rule.accepts(name) and name.casefold() not in taken:
            fitted[n] = name
            taken.add(name.casefold())
    for n, name in enumerate(names):
        if n not in fitted:
            fitted[n] = _free(_cleaned(name, rule), rule, taken)
            taken.add(fitted[n].casefold())
    return tuple(fitted[n] for n in range(len(names)))


def naming_rule(system: str, path: Path | None = None) -> NamingRule:
    """The rule of a planning system, letter case ignored, from the table that the institution edits.

    Raises
    ------
    ProtocolError
        If the table cannot be used or has no such system.
    """
    rules = read_naming_rules(path or default_naming_table())
    for rule in rules:
        if rule.system.casefold() == system.casefold():
            return rule
    known = ", ".join(rule.system for rule in rules)
    raise ProtocolError(f"Planning system '{system}'", "no naming rule", f"Name one of {known}, or add a row.", known)


def default_naming_table() -> Path:
    """The table shipped with the library: in the wheel, in Slicer's module folder or in the source tree.

    Raises
    ------
    ProtocolError
        If none of the three places holds it.
    """
    return shipped_folder("PlanningSystems", NAMING_FILE) / NAMING_FILE


def read_naming_rules(path: Path) -> tuple[NamingRule, ...]:
    """All rules of a table.

    Raises
    ------
    ProtocolError
        Naming file and row, if a column or a cell is missing or a value cannot be used.
    """
    return tuple(_rule(where, row) for where, row in table_rows(path, COLUMNS, ProtocolError))


def _rule(where: str, row: dict[str, str]) -> NamingRule:
    length = row["maximum_length"]
    if not (length.isascii() and length.isdigit() and SHORTEST <= int(length) <= LONGEST):
        raise ProtocolError(where, f"maximum_length '{length}'", "Correct it.", f"{SHORTEST} to {LONGEST}")
    try:
        usable = re.compile(f"[{row['allowed']}]+").fullmatch("Az09_") is not None
    except re.error:
        usable = False
    if not usable or any(character in row["allowed"] for character in "[]\\"):
        found = f"allowed '{row['allowed']}'"
        raise ProtocolError(where, found, "Correct it.", "letters, digits, _ and more, such as A-Za-z0-9_-")
    return NamingRule(row["system"], int(length), row["allowed"], row["evidence"], row["source"])


def _cleaned(name: str, rule: NamingRule) -> str:
    """The name in allowed characters, of any length; never empty."""
    plain = unicodedata.normalize("NFKD", name.translate(_SPELT_OUT))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    allowed = re.compile(f"[{rule.allowed}]")
    letters = "".join(character if allowed.fullmatch(character) else "_" for character in plain.strip())
    return re.sub("__+", "_", letters).strip("_") or "ROI"


def _free(name: str, rule: NamingRule, taken: Iterable[str]) -> str:
    """The name cut to length, or numbered where that is taken."""
    cut = name[: rule.maximum_length]
    number = 1
    while cut.casefold() in taken:
        number += 1
        ending = f"_{number}"
        cut = name[: rule.maximum_length - len(ending)] + ending
    return cut
