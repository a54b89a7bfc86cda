"""What a structure is, by its name: a proposal with its reason, which a person confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from .name_words import Side, compact, derived_because, joined_side, name_words, split_sides
from .synonym_table import SideRule, Synonym

SIMILAR = 0.85
"""Least difflib ratio of a similar name: one letter too many or two exchanged in a word of seven, not another word."""

_PLANNING_LETTERS = ("z", "x")

SHORTEST_SIMILAR = 6
"""Shorter names differ by a letter and mean another organ."""


class NameMatch(str, Enum):
    """How a name was found in ``synonyms.csv``."""

    EXACT = "exact"
    NORMALISED = "normalised"
    FUZZY = "similar name"
    NONE = "not found"


@dataclass(frozen=True)
class Proposal:
    """What a name proposes.

    Parameters
    ----------
    structure : str
        The name as it stands in the structure set.
    tissue : str
        Of ``tissues.csv``; empty if nothing is proposed.
    organ : str
        Of ``constraints.csv``; empty if nothing is proposed, or the structure is no organ.
    side : Side or None
        None for what has no sides, and where the name does not say clearly which.
    how : NameMatch
    why : str
        In words for the user.
    needs_confirmation : bool
        Whether the proposal must not be taken without a person's choice.
    """

    structure: str
    tissue: str
    organ: str
    side: Side | None
    how: NameMatch
    why: str
    needs_confirmation: bool

    @property
    def is_certain(self) -> bool:
        """Whether there is a proposal that the name alone bears out."""
        return self.how in (NameMatch.EXACT, NameMatch.NORMALISED) and not self.needs_confirmation


def propose(name: str, synonyms: Sequence[Synonym]) -> Proposal:
    """Propose tissue, organ and side of a structure by its name.

    A name is taken for a synonym only if nothing but case, separators and the side differs. Planning structures and margins
    (``zCord_S1``, ``SpinalCord_PRV05``, ``Cord+5mm``) are recognised as such and never taken for the organ. What is merely
    similar is proposed and says so. The same name gives the same proposal.

    Parameters
    ----------
    name : str
    synonyms : sequence of Synonym
        As of :func:`.synonym_table.load_synonyms`: no two of the same compact name.
    """
    by_name = {compact(synonym.name): synonym for synonym in synonyms}
    derived = derived_because(name)
    words, sides = split_sides(name_words(name))
    joined = joined_side(compact(name), by_name)
    for base, said in ((compact(name), ()), ("".join(words), sides), joined):
        found = by_name.get(base)
        if found is not None and _is_same(name, found.name, derived):
            return _sided(name, found, said, _how(name, found, said))
    base = "".join(words)
    if derived is None and base[:1] in _PLANNING_LETTERS and base[1:] in by_name:
        derived = f"'{base[0]}' in front marks a planning structure"
    return _similar(name, base, sides, by_name) if derived is None else _nothing(name, derived)


def _how(name: str, synonym: Synonym, sides: tuple[Side, ...]) -> NameMatch:
    """Exact is the name as it stands, or with the suffix that TG-263 gives to a side."""
    suffix = f"_{sides[0].value[0].upper()}" if len(sides) == 1 else ""
    return NameMatch.EXACT if name == f"{synonym.name}{suffix}" else NameMatch.NORMALISED


def _is_same(name: str, synonym: str, derived: str | None) -> bool:
    """Whether a name of the same letters means the same: ``Lungs-GTV`` takes something off, ``Lungs_GTV`` does not say."""
    return derived == derived_because(synonym) and (derived is None or name.count("-") == synonym.count("-"))


def _sided(name: str, synonym: Synonym, sides: tuple[Side, ...], how: NameMatch) -> Proposal:
    """The proposal for a synonym whose side is checked against what the name says."""
    is_similar = how is NameMatch.FUZZY
    match = f"only similar to '{synonym.name}'" if is_similar else f"{how.value} match of '{synonym.name}'"
    if sides and synonym.side is not SideRule.PAIRED:
        kind = "both sides" if synonym.side is SideRule.BOTH else "an organ without sides"
        return _nothing(name, f"the name says {_and(sides)}, but '{synonym.name}' is {kind}")
    side: Side | None = None
    reasons = [synonym.confirm] if synonym.confirm else []
    if synonym.side is SideRule.BOTH:
        side = Side.BOTH
    elif len(sides) == 1:
        side = sides[0]
    elif synonym.side is SideRule.PAIRED:
        reasons.append(f"the name says {_and(sides)}" if sides else "the name does not say whether left or right")
    why = "; ".join([match, *reasons])
    return Proposal(name, synonym.tissue, synonym.organ, side, how, why, bool(reasons) or is_similar)


def _similar(name: str, base: str, sides: tuple[Side, ...], by_name: dict[str, Synonym]) -> Proposal:
    """The most similar synonym, flagged; of equally similar ones the first by name."""
    if len(base) < SHORTEST_SIMILAR or any(letter.isdigit() for letter in base):
        return _nothing(name, "no synonym of this name")
    likeness = {key: SequenceMatcher(None, base, key, autojunk=False).ratio() for key in by_name}
    best = min(likeness, key=lambda key: (-likeness[key], key), default=None)
    if best is None or likeness[best] < SIMILAR:
        return _nothing(name, "no synonym of this name")
    return _sided(name, by_name[best], sides, NameMatch.FUZZY)


def _nothing(name: str, why: str) -> Proposal:
    return Proposal(name, "", "", None, NameMatch.NONE, why, True)


def _and(sides: tuple[Side, ...]) -> str:
    return " and ".join(side.value for side in sides)
