"""What all vector figures share: colours, dashes, round steps, and texts that stay within their room."""

from __future__ import annotations

import math
import unicodedata
from html import escape

# Okabe M, Ito K: a palette that stays apart under colour blindness; dashes keep curves apart in greyscale print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8C6D31")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 3", "6 2 2 2")
HALO = 'stroke="white" stroke-width="4" paint-order="stroke"'
MOST_TICKS = 12

LETTER_EM, WIDE_EM = 0.64, 1.0
"""Width of letters as a share of the font size, DejaVu Sans and wider ones allowed for: usual letters; W, M, Han, kana."""

WIDE_LETTERS = "MWmw@%…—"


def round_step(highest: float, most: int) -> float:
    """The smallest of the steps 1, 2, 5, 10, 20, 50 … (and tenths of them) that fits at most so often into a range."""
    decade = 10.0 ** math.floor(math.log10(highest / most))
    return next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if highest / (step * decade) <= most)


def text_width(text: str, size: float) -> float:
    """How wide a line of text is at most, in the unit of the font size."""
    return size * sum(_letter_em(letter) for letter in text)


def fitted(text: str, size: float, room: float) -> str:
    """The text as XML in one line, cut in the middle if it is too wide: its end often tells it from its like.

    What is no printable letter (control characters, marks that change the direction of writing) becomes a blank.
    """
    clean = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    if text_width(clean, size) <= room:
        return escape(clean)
    kept = len(clean)
    while kept > 1:
        kept -= 1
        short = f"{clean[: kept - kept // 2]}…{clean[len(clean) - kept // 2 :]}"
        if text_width(short, size) <= room:
            return escape(short)
    return "…"


def _letter_em(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    is_wide = letter in WIDE_LETTERS or unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0x2FFF
    return WIDE_EM if is_wide else LETTER_EM
