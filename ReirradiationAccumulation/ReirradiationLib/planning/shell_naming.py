"""Names of optimization structures: short, different, with the limit in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count

from .levels import ShellLevel

STEM_LENGTH = 6
"""Letters of the organ in a shell's name: ``z`` + stem + ``_S1_12345`` stays within the 16 characters that every
planning system keeps (TG-263; Eclipse structure IDs)."""

NAME_LENGTH = 16


def shell_name(stem: str, level: ShellLevel, is_cropped: bool = False) -> str:
    """ROI name of at most 16 characters with the physical limit in cGy, such as ``zspinal_S2_1240``.

    A structure cropped from the targets has a ``c`` behind its number: ``zspinal_S2c_1240``. Five digits leave no room for
    the line behind the ``c``; a limit of 1000 Gy and more, which restricts nothing, is left out.
    """
    head = f"z{stem}_S{level.index}{'c' if is_cropped else ''}"
    limit = f"{round(100.0 * level.limit_physical_gy):04d}"
    names = (f"{head}_{limit}", f"{head}{limit}" if is_cropped else head, head)
    return next(name for name in names if len(name) <= NAME_LENGTH)


def organ_stems(organs: Sequence[str]) -> dict[str, str]:
    """A short, different stem for every organ: its first letters, ending in where it differs if others share them.

    ``kidney_left`` and ``kidney_right`` become ``kidneL`` and ``kidneR``.
    """
    stems: dict[str, str] = {}
    for n, organ in enumerate(organs, start=1):
        letters = "".join(c for c in organ if c.isascii() and c.isalnum()) or "roi"
        shared = [other for other in organs if other != organ and other[:STEM_LENGTH] == organ[:STEM_LENGTH]]
        wanted = letters[: STEM_LENGTH - 1] + _first_difference(organ, shared) if shared else letters[:STEM_LENGTH]
        numbered = (f"{letters[: STEM_LENGTH - len(str(m))]}{m}" for m in count(n))
        stems[organ] = next(stem for stem in chain([wanted], numbered) if stem not in stems.values())
    return stems


def _first_difference(organ: str, others: Sequence[str]) -> str:
    """The first letter in which a name differs from one of the others, as a capital; empty if it has none of its own."""
    differing = (n for n, letter in enumerate(organ) if any(other[n : n + 1] != letter for other in others))
    letter = organ[next(differing, len(organ)) :][:1].upper()
    return letter if letter.isascii() and letter.isalnum() else ""
