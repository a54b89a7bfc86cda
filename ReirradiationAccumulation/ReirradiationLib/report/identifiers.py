"""What could tell who a patient is, and how it is found in a text and taken out of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..model.dates import dicom_date
from .folded_text import FoldedText, fold
from .identifier_spellings import code_pattern, date_pattern, marked_pattern, name_pattern

WITHHELD = "[withheld]"
WITHHELD_DATE = "[date withheld]"
WITHHELD_UID = "[UID withheld]"


class Kind(str, Enum):
    """What an identifier is, in words that tell nothing of its value."""

    NAME = "a name of the patient"
    ID = "an ID of the patient"
    DATE = "a date"
    UID = "a UID"
    PERSON = "the name of somebody who signed or decided"
    LABEL = "a title or label that holds a year"
    FILE = "the name of an input file or its folder"
    TEXT = "words of the user"
    KEY = "the key of a registration"
    HASH = "a hash"


class Occurrence(Enum):
    """Where a text counts as the identifier that it is equal to, or that it is a spelling of."""

    WORD = "no letter before and behind, or a change of letter case"
    ALONE = "neither letter nor digit before and behind"
    ANYWHERE = "within anything, as in scripts that write words without blanks"
    IN_PARENTHESES = "in parentheses: it is too short or too common to be looked for elsewhere"
    WHOLE_NAME = "family^given: both beside each other in either order"
    CODE = "letters and digits with any signs between, neither letter nor digit before and behind"
    MARKED = "as a code, behind a word such as ID"
    DAY = "an ISO date, in any spelling, no digit before and behind"


@dataclass(frozen=True)
class Identifier:
    """A folded text that must not be shown. What stands only :attr:`Occurrence.IN_PARENTHESES` is not searched for."""

    kind: Kind
    text: str
    occurrence: Occurrence


@dataclass(frozen=True)
class Renamed:
    """A structure whose name held an identifier: its folded name, and what stands in its place."""

    former: str
    name: str


@dataclass(frozen=True)
class Identifiers:
    """Everything of a case that must not be shown.

    Parameters
    ----------
    texts : tuple of Identifier
        Longest first.
    structures : tuple of Renamed
        Longest first.
    """

    texts: tuple[Identifier, ...]
    structures: tuple[Renamed, ...] = ()

    def cleaned(self, text: str) -> str:
        """The text without identifiers, the same if there are none."""
        held = fold(text).text
        for one in self.structures:
            if one.former in held:
                text = _replaced(text, one.former, Occurrence.ALONE, one.name)
        for identifier in self.texts:
            if identifier.occurrence in _SPELLED or identifier.text in held:
                by = _PLACEHOLDERS.get(identifier.kind, WITHHELD)
                text = _replaced(text, identifier.text, identifier.occurrence, by)
        for kind, pattern in _PATTERNS.items():
            text = pattern.sub(lambda found, kind=kind: _withheld(kind, found[0]), text)  # type: ignore[misc]
        return text

    def found_in(self, text: str) -> Kind | None:
        """What kind of identifier a text holds, None if none."""
        if found := self._known_in(text, self.texts):
            return found
        for kind, pattern in _PATTERNS.items():
            if any(_withheld(kind, found[0]) != found[0] for found in pattern.finditer(text)):
                return kind
        return None

    def found_on_page(self, text: str, is_joined: bool) -> Kind | None:
        """The same for a text that was read from a page, where numbers at the axes of a figure may look like a UID.

        Looked for is only what cannot be chance: known identifiers, and UIDs of a real root. In texts that were joined,
        known ones must hold a letter. The page was made of HTML, in which everything is looked for.
        """
        known = self.texts
        if is_joined:
            lettered = (one for one in known if one.occurrence is not Occurrence.DAY)
            known = tuple(one for one in lettered if any(map(str.isalpha, one.text)))
        return self._known_in(text, known) or (Kind.UID if _ROOTED_UID.search(text) else None)

    def found_in_folder_name(self, name: str) -> Kind | None:
        """The same for the name that a user gives a folder: single words of who signed, as "demo", may be in it."""
        return self._known_in(name, [one for one in self.texts if _tells_who(one)])

    def _known_in(self, text: str, wanted: Sequence[Identifier]) -> Kind | None:
        folded = fold(text)
        for one in self.structures:
            if _places(text, folded, one.former, Occurrence.ALONE):
                return Kind.NAME
        for identifier in wanted:
            if identifier.occurrence is not Occurrence.IN_PARENTHESES and _places(
                text, folded, identifier.text, identifier.occurrence
            ):
                return identifier.kind
        return None


def identifiers_of(texts: Sequence[Identifier], structures: Sequence[Renamed] = ()) -> Identifiers:
    """In the order in which they must be taken out, without what is a part of our own placeholders and labels."""
    kept = {one for one in texts if one.text.strip() and not any(one.text in held for held in _HELD)}
    kept = {one for one in kept if not _NEUTRAL.fullmatch(one.text)}
    ordered = sorted(kept, key=lambda one: (-len(one.text), one.kind.value, one.text, one.occurrence.value))
    return Identifiers(tuple(ordered), tuple(sorted(structures, key=lambda one: (-len(one.former), one.former))))


def _tells_who(identifier: Identifier) -> bool:
    """Whether it tells who the patient is, or is the whole name of somebody else."""
    return identifier.kind in (Kind.NAME, Kind.ID, Kind.DATE) or (
        identifier.kind is Kind.PERSON and identifier.occurrence is Occurrence.WHOLE_NAME
    )


_SPELLED = {
    Occurrence.WHOLE_NAME: name_pattern,
    Occurrence.CODE: code_pattern,
    Occurrence.MARKED: marked_pattern,
    Occurrence.DAY: date_pattern,
}
_PLACEHOLDERS = {Kind.DATE: WITHHELD_DATE, Kind.UID: WITHHELD_UID}
_NEUTRAL = re.compile(r"(?:new )?course ?\d*")
_HELD = (WITHHELD.lower(), WITHHELD_DATE.lower(), WITHHELD_UID.lower())

_CLOCK = r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
_PATTERNS = {
    Kind.UID: re.compile(r"(?<![\d.])[0-9]+(?:\.[0-9]+){2,}(?!\d)"),
    Kind.HASH: re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])"),
    Kind.DATE: re.compile(
        rf"(?<!\d)(?:(?:19|20)\d\d([-/.])[01]?\d\1[0-3]?\d|[0-3]?\d([./-])[0-3]?\d\2(?:19|20)\d\d"
        rf"|(?<!PMID )(?<!PMID: )(?<!\d\.)(?:19|20)\d{{6}})(?!\d){_CLOCK}"
    ),
    Kind.FILE: re.compile(
        r"(?<![^\s'\"(\[=,;])(?:/[^\s/'\"<>(),;]+){2,}/?|(?<![A-Za-z])[A-Za-z]:\\[^\s'\"<>]+|\\\\[^\s'\"<>]+"
    ),
}
_ROOTED_UID = re.compile(
    r"(?<![\d.])(?:1\.2\.[1-9]\d{2,}|1\.3\.6\.1|2\.16\.[1-9]\d{2,}|2\.25\.[1-9]\d{9,})(?:\.(?:0|[1-9]\d*)){1,}(?![\d])"
    r"|(?<![\d.])2\.25\.[1-9]\d{19,}(?!\d)"
)
LEAST_UID_LENGTH = 16
"""Shorter ones may be versions of programs."""


def _withheld(kind: Kind, found: str) -> str:
    """What stands in place of something that looks like an identifier, or the same if it is none."""
    if kind is Kind.UID and len(found) < LEAST_UID_LENGTH:
        return found
    if kind is Kind.DATE and found.isdigit() and dicom_date(found) is None:
        return found
    return _PLACEHOLDERS.get(kind, WITHHELD)


def _replaced(text: str, wanted: str, occurrence: Occurrence, by: str) -> str:
    folded = fold(text)
    for start, end in reversed(_places(text, folded, wanted, occurrence)):
        text = f"{text[:start]}{by}{text[end:]}"
    return text


def _places(text: str, folded: FoldedText, wanted: str, occurrence: Occurrence) -> list[tuple[int, int]]:
    """Start and end in the original of every occurrence, in order and without overlap."""
    if occurrence in _SPELLED:
        return _spelled_places(text, folded, _SPELLED[occurrence](wanted), occurrence)
    found: list[tuple[int, int]] = []
    at = folded.text.find(wanted)
    while at >= 0:
        start, end = folded.places[at], folded.places[at + len(wanted)]
        if _stands_there(text, start, end, occurrence):
            found.append((start, end))
            at += len(wanted) - 1
        at = folded.text.find(wanted, at + 1)
    return found


def _spelled_places(
    text: str, folded: FoldedText, pattern: re.Pattern[str], occurrence: Occurrence
) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    match = pattern.search(folded.text)
    while match:
        start, end = folded.places[match.start()], folded.places[match.end()]
        is_there = _stands_there(text, start, end, occurrence)
        if is_there:
            found.append((start, end))
        match = pattern.search(folded.text, match.end() if is_there else match.start() + 1)
    return found


def _stands_there(text: str, start: int, end: int, occurrence: Occurrence) -> bool:
    before, behind = text[start - 1 : start], text[end : end + 1]
    if occurrence in (Occurrence.ANYWHERE, Occurrence.DAY):
        return True
    if occurrence in (Occurrence.WORD, Occurrence.WHOLE_NAME):
        return _begins(text, start) and _ends(text, end)
    if occurrence is Occurrence.IN_PARENTHESES:
        return (before, behind) == ("(", ")")
    if text[start:end].isdigit() and (_is_decimal(text[start - 2 : start]) or _is_decimal(text[end : end + 2][::-1])):
        return False  # digits of a number
    return not (before.isalnum() and text[start].isalnum()) and not (behind.isalnum() and text[end - 1].isalnum())


def _is_decimal(beside: str) -> bool:
    """Whether a digit and a decimal sign come before the sign's neighbour."""
    return len(beside) == 2 and beside[0].isdigit() and beside[1] in ".,"


def _begins(text: str, start: int) -> bool:
    before, here, second = text[start - 1 : start], text[start : start + 1], text[start + 1 : start + 2]
    return not before.isalpha() or (here.isupper() and (before.islower() or second.islower()))


def _ends(text: str, end: int) -> bool:
    behind, last = text[end : end + 1], text[end - 1 : end]
    return not behind.isalpha() or (behind.isupper() and last.islower())
