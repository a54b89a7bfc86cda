"""A report as a reader sees it: its text, the numbers in it, its tables; whatever the layout."""

from __future__ import annotations

import re
from html.parser import HTMLParser

UNSEEN = ("svg", "style", "title", "script")
"""Figures are looked at elsewhere: their axes have numbers of their own."""

WITHIN_WORDS = ("wbr", "bdi")
"""What part no words."""

NUMBER = re.compile(r"(?<![A-Za-z\d.,_])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?![A-Za-z\d_]|[.,]\d)")
"""Not the 2 of EQD2, the 0.03 of D0.03cc or a part of 2026-11-21's neighbours; the sign is left out."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tables: list[tuple[str, list[list[str]]]] = []
        self._heading: list[str] = []
        self._where = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text.append("" if tag in WITHIN_WORDS else " ")
        self._unseen += tag in UNSEEN
        if re.fullmatch("h[1-6]", tag):
            self._heading, self._where = [], tag
        elif tag == "table":
            self.tables.append(("".join(self._heading).strip(), []))
        elif tag == "tr" and self.tables:
            self.tables[-1][1].append([])
        elif tag in ("td", "th") and self.tables:
            self.tables[-1][1][-1].append("")
            self._where = tag

    def handle_endtag(self, tag: str) -> None:
        self.text.append("" if tag in WITHIN_WORDS else " ")
        self._unseen -= tag in UNSEEN
        if tag == self._where:
            self._where = ""

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        self.text.append(data)
        if re.fullmatch("h[1-6]", self._where):
            self._heading.append(data)
        elif self._where in ("td", "th"):
            self.tables[-1][1][-1][-1] += data


def visible_text(html: str) -> str:
    """All text outside of figures; tags become spaces."""
    reader = _Reader()
    reader.feed(html)
    return "".join(reader.text)


def tables(html: str) -> list[tuple[str, list[list[str]]]]:
    """Every table under the text of the nearest heading before it, as rows of cells."""
    reader = _Reader()
    reader.feed(html)
    return reader.tables


def numbers(text: str) -> list[tuple[str, str]]:
    """Every number of a text, with its surroundings."""
    return [(m.group(), " ".join(text[max(0, m.start() - 60) : m.end() + 40].split())) for m in NUMBER.finditer(text)]


def without(text: str, strings: set[str]) -> str:
    """A text without other texts that stand in it whole."""
    for string in sorted(strings, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.]){re.escape(string)}(?!\w)", " ", text)
    return text


def forms(value: float) -> set[str]:
    """How a number may be shown: up to three decimals, significant digits, thousands apart; never in another unit."""
    size = abs(value)
    fixed = {f"{size:.{digits}f}" for digits in range(4)}
    return fixed | {f"{size:g}", f"{size:.2g}", f"{size:.3g}", f"{size:.4g}", f"{size:,.0f}"}
