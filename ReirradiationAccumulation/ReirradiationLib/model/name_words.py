"""The words of a structure's name: what is compared, what is a side, and what marks a planning structure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from enum import Enum


class Side(str, Enum):
    """Side of the patient that a structure's name states."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


_LEFT = (
    *("l", "lt", "left", "li", "lks", "links", "linke", "linker", "linkes"),
    *("gauche", "izq", "izquierda", "izquierdo", "sx", "sinistra", "sinistro", "sinister"),
)
_RIGHT = (
    *("r", "rt", "right", "re", "rts", "rechts", "rechte", "rechter", "rechtes"),
    *("droit", "droite", "derecha", "derecho", "dx", "destra", "destro", "dexter"),
)
SIDE_WORDS = dict.fromkeys(_LEFT, Side.LEFT) | dict.fromkeys(_RIGHT, Side.RIGHT)
"""TG-263 suffixes, English, German, French, Spanish, Italian and Latin words."""

_JOINED = tuple(sorted((word for word in SIDE_WORDS if len(word) >= 4), key=lambda word: (-len(word), word)))
"""Words that are still understood where they are written together with the organ, the longest first."""

_MARKS = {
    *(
        "prv",
        "ring",
        "shell",
        "exp",
        "expansion",
        "margin",
        "mm",
        "cm",
        "opt",
        "ov",
        "ovl",
        "overlap",
        "minus",
        "plus",
        "sub",
    ),
    *("crop", "cropped", "avoid", "avoidance", "help", "hilf", "hilfs", "dose", "iso", "isodose", "z", "x", "not", "out"),
    *("outside", "in", "near", "part", "partial", "old", "copy", "test", "ptv", "ctv", "gtv", "itv", "igtv"),
}
"""Words beside an organ's name that make something else of it."""

_SEPARATORS = " _-.,()"


def compact(name: str) -> str:
    """The letters and digits of a name without case, accents and separators: ``Spinal-Cord`` → ``spinalcord``."""
    return "".join(name_words(name))


def name_words(name: str) -> tuple[str, ...]:
    """Words of a name: at separators, and where small letters are followed by a capital (``LtLung`` → ``lt``, ``lung``)."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", _plain_letters(name))
    return tuple(re.findall(r"[^\W_]+", spaced.casefold()))


def split_sides(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Side, ...]]:
    """The words that are no side, and the sides that the others say, each once, left first."""
    sides = {SIDE_WORDS[word] for word in words if word in SIDE_WORDS}
    return tuple(word for word in words if word not in SIDE_WORDS), tuple(sorted(sides, key=lambda side: side.value))


def joined_side(base: str, known: Container[str]) -> tuple[str, tuple[Side, ...]]:
    """The rest and the side of a name like ``leftlung``, if the rest is a known name; else the name and no side."""
    for word in _JOINED:
        for rest in (base.removeprefix(word), base.removesuffix(word)):
            if rest != base and rest in known:
                return rest, (SIDE_WORDS[word],)
    return base, ()


def printable(name: str) -> str:
    """A name as it may be shown in a line of text: line breaks and control characters are replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def derived_because(name: str) -> str | None:
    """Why a name is not that of an organ itself but of a margin, a part or a planning structure; None if nothing says so.

    TG-263 marks structures that are no organs by ``z`` or ``_`` in front, planning margins by ``PRV``, partial structures by
    ``~`` and custom ones by ``^``.
    """
    if name.startswith(("_", "-")):
        return f"begins with '{name[0]}' like a planning structure"
    odd = sorted(
        {letter for letter in name if not letter.isalnum() and letter not in _SEPARATORS and not _is_accent(letter)}
    )
    if odd:
        return f"holds '{printable(''.join(odd))}', as parts and combinations of organs do"
    words = name_words(name)
    marks = [word for word in words if word in _MARKS or word.startswith("prv")]
    if marks and len(words) > 1:
        return f"'{marks[0]}' makes it another structure than the organ itself"
    whole = "".join(words)
    if re.fullmatch(r".+prv[0-9]*", whole):
        return "named like a planning margin"
    if any(letter.isdigit() for letter in whole):
        return "a number in the name: a level, a margin or a copy"
    return None


def _plain_letters(name: str) -> str:
    """Without accents: ``Ösophagus`` → ``Osophagus``."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name) if not _is_accent(letter))


def _is_accent(letter: str) -> bool:
    return unicodedata.combining(letter) > 0
