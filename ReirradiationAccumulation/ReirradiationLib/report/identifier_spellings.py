"""How a name, an ID or a date is written, as regular expressions for folded text (:func:`.folded_text.fold`)."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

JOINED_LETTERS = 6
"""Of a whole name: a shorter one must have a sign between its parts."""
_BETWEEN_NAMES = r"[\s_.,^'’-]"
_MONTHS = (
    *("january|januar|janner|jan|janv|janvier", "february|februar|feber|feb|fevrier", "march|marz|maerz|mar|mrz|mars"),
    *("april|apr|avril", "may|mai", "june|juni|jun|juin", "july|juli|jul|juillet", "august|aug|aout"),
    *("september|sept|sep|septembre", "october|oktober|oct|okt|octobre", "november|nov|novembre"),
    "december|dezember|dec|dez|decembre",
)
_CLOCK = r"(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
_MARK = r"(?<![^\W\d_])(?:mrn|p?id|(?:pat|patient|patienten)[\W_]{0,2}(?:id|nr|no|number|nummer))[\W_]{0,3}"


@cache
def date_pattern(iso: str) -> re.Pattern[str]:
    """A day in digits or with the month as a word, in the usual orders, with any or no sign between its parts."""
    day = date.fromisoformat(iso)
    d, m, year = f"0?{day.day}", f"0?{day.month}", rf"(?:{day:%Y}|['’]?{day:%y})"
    sign, signs = r"[-_./ ]{1,2}", r"[-_./, ]{0,3}"
    parted = "|".join(sign.join(parts) for parts in ((d, m, year), (m, d, year), (year, m, d)))
    joined = "|".join(f"{day:{form}}" for form in ("%d%m%y", "%m%d%y", "%y%m%d"))
    joined = "|".join((joined, f"{d}{m}{day:%Y}", f"{m}{d}{day:%Y}", f"{day:%Y}{m}{d}"))
    month, nth = rf"(?:{_MONTHS[day.month - 1]})", rf"{d}(?:st|nd|rd|th)?"
    worded = f"{nth}{signs}(?:of )?{month}{signs}{year}|{month}{signs}{nth}{signs}{year}|{year}{signs}{month}{signs}{d}"
    whole_number = rf"(?<!\d[.,])(?:{joined})(?![.,]\d)"
    return re.compile(rf"(?<!\d)(?:{parted}|{worded}|{whole_number}){_CLOCK}(?!\d)")


@cache
def name_pattern(name: str) -> re.Pattern[str]:
    """A whole name, written as ``family^given``: both beside each other in either order, initials with a dot too.

    A given name of one letter is an initial that needs no dot.
    """
    family, given = (re.findall(r"[^\W\d_]+", part) for part in name.split("^"))
    some = "{0,3}" if sum(map(len, (*family, *given))) >= JOINED_LETTERS else "{1,3}"
    between = f"{_BETWEEN_NAMES}{some}"
    last = "|".join(dict.fromkeys((between.join(family), *(word for word in family if len(word) > 2))))
    firsts = [word if len(word) > 1 or not word.isascii() else rf"{word}(?![^\W\d_])" for word in given]
    initials = [rf"{word[0]}\." for word in given if max(map(len, family)) > 2]
    first = f"(?:{'|'.join((*firsts, *initials))})"
    other = rf"(?:{first}|[^\W\d_]\.)"  # an initial that the files do not know
    natural = f"{first}(?:{between}{other}){{0,3}}{between}(?:{last})"
    reverse = f"(?:{last}){between}{first}(?:{between}{first})*"
    return re.compile(f"{natural}|{reverse}")


@cache
def code_pattern(code: str) -> re.Pattern[str]:
    """An ID without its signs, with any signs between its letters and digits; a number with few, for others stand around."""
    between = r"[-_/ ]?" if code.isdigit() else r"[\W_]{0,2}"
    return re.compile(between.join(re.escape(character) for character in code))


@cache
def marked_pattern(code: str) -> re.Pattern[str]:
    """An ID that is too short to be told from other numbers, behind a word that says that it is one."""
    return re.compile(f"{_MARK}{code_pattern(code).pattern}")


def without_signs(text: str) -> str:
    """Letters and digits only."""
    return re.sub(r"[\W_]", "", text)
