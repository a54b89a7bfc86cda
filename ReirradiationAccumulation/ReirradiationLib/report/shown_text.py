"""Text of the data as HTML: harmless, and never able to reorder what stands beside it."""

from __future__ import annotations

import re
from html import escape

_CONTROLS = (
    *range(0x00, 0x09),
    *(0x0B, 0x0C, 0x0D),
    *range(0x0E, 0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
    *(0xFFFE, 0xFFFF),
)
_VISIBLE = {code: f"[U+{code:04X}]" for code in _CONTROLS}

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RUN = re.compile(f"[{_RIGHT_TO_LEFT}]+(?:[^A-Za-z0-9<>&;{_RIGHT_TO_LEFT}]+[{_RIGHT_TO_LEFT}]+)*")

_BREAK = "\0"
"""Marks where a word may break, until the text is escaped; :func:`visible` leaves none in it."""
_LONG_WORD = re.compile(rf"[^\s{_RIGHT_TO_LEFT}]{{17,}}")
_PIECE = re.compile(r"\S{4,11}[\W_]|\S{11}\D|\S{12}|\S+")


def visible(text: str) -> str:
    """The text with control characters named instead of obeyed.

    Those that override or embed a direction (Unicode UAX #9, 2.1 to 2.4) would turn the numbers after them around: 12 Gy
    would be read as 21. Other controls and lone surrogates have no place in HTML. Tabs and line ends stay.
    """
    return text.translate(_VISIBLE)


def shown(text: str) -> str:
    """The text as HTML: escaped, controls visible, words of right-to-left scripts in ``<bdi>``, long words breakable.

    Without ``<bdi>``, numbers that follow such a word would be shown on its other side, two of them in swapped order.
    Only long words may break, and not within a number: a table that broke any word to fit would break numbers too.
    """
    breakable = _LONG_WORD.sub(lambda word: _BREAK.join(_PIECE.findall(word[0])), visible(text))
    return _RUN.sub(r"<bdi>\g<0></bdi>", escape(breakable)).replace(_BREAK, "<wbr>")
