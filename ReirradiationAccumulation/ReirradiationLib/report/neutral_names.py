"""Names of structures without identifiers; a name that holds none stays."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count

from .folded_text import fold
from .identifier_spellings import code_pattern
from .identifiers import WITHHELD, Identifiers, Renamed

LEAST_WITHIN = 4
"""Letters of a word that is looked for within longer ones, as in ``PTVMUELLER``."""


@dataclass(frozen=True)
class DerivedName:
    """A name that was made from the first letters of a structure's."""

    name: str
    of: str


def neutral_names(
    names: Sequence[str],
    derived: Sequence[DerivedName],
    identifiers: Identifiers,
    within: Collection[str],
    kept: Collection[str],
) -> tuple[Renamed, ...]:
    """Which structures must be called otherwise.

    Parameters
    ----------
    names : sequence of str
    derived : sequence of DerivedName
    identifiers : Identifiers
        Taken out where they stand as words.
    within : collection of str
        Folded words that are taken out of names even where they are parts of a word, or words that the program uses too.
    kept : collection of str
        Folded words of anatomy, which stay whatever the patient is called.
    """
    renamed: dict[str, str] = {}
    taken = set(names)
    for name in names:
        neutral = identifiers.cleaned(_without_words(name, within, kept))
        if neutral != name:
            renamed[name] = _unique(neutral, taken)
    numbers = dict.fromkeys((one.of for one in derived), 0)
    for one in derived:
        numbers[one.of] += 1
        if one.of in renamed:
            tail = re.search(r"_S\d+c?_?\d*$", one.name)
            renamed[one.name] = _unique(f"z{renamed[one.of]}{tail[0] if tail else f'_S{numbers[one.of]}'}", taken)
    return tuple(Renamed(fold(former).text, name) for former, name in renamed.items())


def _without_words(name: str, within: Collection[str], kept: Collection[str]) -> str:
    for word in sorted(within, key=lambda one: (-len(one), one)):
        pattern, at = _pattern(word), 0
        while found := pattern.search(fold(name).text, at):
            folded = fold(name)
            start, end = folded.places[found.start()], folded.places[found.end()]
            at = found.start() + 1
            if _is_meant(folded.text, found, word, kept):
                name = f"{name[:start]}{WITHHELD}{name[end:]}"
                at = start + len(WITHHELD)
    return name


def _pattern(word: str) -> re.Pattern[str]:
    """An ID may be written with other signs; a name is as it is."""
    return code_pattern(word) if any(map(str.isdigit, word)) else re.compile(re.escape(word))


def _is_meant(text: str, found: re.Match[str], word: str, kept: Collection[str]) -> bool:
    """Whether letters or digits of a folded name are the word, and not by chance a part of another."""
    before = re.search(r"[^\W\d_]*$", text[: found.start()])
    behind = re.match(r"[^\W\d_]*", text[found.end() :])
    around = f"{before[0] if before else ''}{found[0]}{behind[0] if behind else ''}"
    if word in kept or around in kept or (around in WITHHELD and f"[{around}]" in text):
        return False
    if word.isdigit():
        return not text[: found.start()][-1:].isdigit() and not text[found.end() :][:1].isdigit()
    return around == found[0] or len(word) >= LEAST_WITHIN or not word.isascii()


def _unique(wanted: str, taken: set[str]) -> str:
    name = wanted if wanted not in taken else next(one for n in count(2) if (one := f"{wanted} {n}") not in taken)
    taken.add(name)
    return name
