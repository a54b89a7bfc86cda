"""Reading ``synonyms.csv``: names of structures, and which tissue and organ they stand for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .csv_table import table_rows
from .errors import ProtocolError
from .name_words import compact, name_words, split_sides

SYNONYMS_FILE = "synonyms.csv"
_COLUMNS = ("name", "organ", "tissue", "side", "confirm")
_MAY_BE_EMPTY = ("organ", "confirm")


class SideRule(str, Enum):
    """Whether an organ has sides."""

    SINGLE = "single"
    PAIRED = "paired"
    BOTH = "both"


@dataclass(frozen=True)
class Synonym:
    """A row of ``synonyms.csv``.

    Parameters
    ----------
    name : str
        Without a side: ``Kidney``, not ``Kidney_L``.
    organ : str
        In the words of ``constraints.csv``; empty for what is no organ.
    tissue : str
        Of ``tissues.csv``.
    side : SideRule
        ``single``: has no sides; ``paired``: the structure's name must say left or right; ``both``: the pair as one.
    confirm : str
        Why the name alone does not decide; empty if it does.
    """

    name: str
    organ: str
    tissue: str
    side: SideRule
    confirm: str


def load_synonyms(folder: Path, tissues: Collection[str]) -> tuple[Synonym, ...]:
    """Read the synonyms of a protocol folder.

    Parameters
    ----------
    folder : Path
    tissues : collection of str
        Names of ``tissues.csv`` of that folder.

    Raises
    ------
    ProtocolError
        Naming file and row, if a column is missing, a name appears twice (case and separators do not count) or says a
        side, or a tissue or side rule is not known.
    """
    rows: dict[str, Synonym] = {}
    for where, cells in table_rows(folder / SYNONYMS_FILE, _COLUMNS, ProtocolError, _MAY_BE_EMPTY):
        synonym = _synonym(where, cells, tissues)
        key = compact(synonym.name)
        if key in rows:
            raise ProtocolError(where, f"the name '{synonym.name}' appears twice, as '{rows[key].name}'", "Remove one row.")
        rows[key] = synonym
    return tuple(rows.values())


def with_tissue_names(synonyms: tuple[Synonym, ...], tissues: Collection[str]) -> tuple[Synonym, ...]:
    """The synonyms and, where no synonym is called so, the tissues' own names as synonyms of themselves."""
    named = {compact(synonym.name) for synonym in synonyms}
    own = [Synonym(name, "", name, SideRule.SINGLE, "") for name in tissues if compact(name) not in named]
    return (*synonyms, *own)


def _synonym(where: str, cells: dict[str, str], tissues: Collection[str]) -> Synonym:
    if not compact(cells["name"]):
        raise ProtocolError(where, f"the name '{cells['name']}' has no letter", "Correct the row.")
    _, sides = split_sides(name_words(cells["name"]))
    if sides:
        found = f"the name '{cells['name']}' says {sides[0].value}"
        raise ProtocolError(where, found, "Leave the side out and write 'paired' into the column side.")
    if cells["tissue"] not in tissues:
        raise ProtocolError(where, f"the tissue '{cells['tissue']}' is not in tissues.csv", "Correct one of the two.")
    if cells["side"] not in [rule.value for rule in SideRule]:
        expected = ", ".join(rule.value for rule in SideRule)
        raise ProtocolError(where, f"side is '{cells['side']}'", "Correct the row.", f"one of {expected}")
    return Synonym(cells["name"], cells["organ"], cells["tissue"], SideRule(cells["side"]), cells["confirm"])
