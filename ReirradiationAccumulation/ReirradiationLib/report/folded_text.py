"""Text without letter case and accents, each place of it traced to the original: names are written in many ways."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_LIGATURES = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th"}
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "ß": "ss"}
"""How letters are spelled where a system has only ASCII (German, Danish, Norwegian)."""


@dataclass(frozen=True)
class FoldedText:
    """A text in small letters without accents.

    Parameters
    ----------
    text : str
    places : tuple of int
        Where in the original each character comes from, and the length of the original at the end.
    """

    text: str
    places: tuple[int, ...]


def fold(original: str) -> FoldedText:
    """Fold a text; white space becomes a single kind of blank."""
    if original.isascii():
        return FoldedText(original.lower().translate(_BLANKS), tuple(range(len(original) + 1)))
    letters: list[str] = []
    places: list[int] = []
    known: dict[str, str] = {}
    for place, character in enumerate(original):
        if character not in known:
            known[character] = _folded(character)
        for letter in known[character]:
            letters.append(letter)
            places.append(place)
    return FoldedText("".join(letters), (*places, len(original)))


def spellings(original: str) -> tuple[str, ...]:
    """The folded forms that a word may have: ``Müller`` as muller and mueller, ``Mueller`` as muller too."""
    one = fold(original).text
    composed = unicodedata.normalize("NFC", original).casefold()
    two = fold("".join(_TWO_LETTERS.get(character, character) for character in composed)).text
    back = one.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return tuple(dict.fromkeys((one, two, back)))


_BLANKS = {ord(blank): " " for blank in "\t\n\r\f\v"}


def _folded(character: str) -> str:
    if character.isspace():
        return " "
    parted = unicodedata.normalize("NFKD", character.casefold())
    kept = "".join(_LIGATURES.get(part, part) for part in parted if not unicodedata.combining(part))
    return "" if unicodedata.category(character) in ("Mn", "Cf") else kept.casefold()
