"""The mark on every value that rests on a mapped dose that must not be relied on."""

from __future__ import annotations

from collections.abc import Sequence

from .evaluation import Evaluation
from .html_parts import paragraph
from .structure_summary import StructureSummary

MARK = "‡"
MARK_NOTE = f"{MARK} The registration must not be relied on in this structure: use the point worksheet."


def marked(structure: StructureSummary) -> str:
    """The structure's name, with the mark if a course's mapped dose must not be relied on in it."""
    return f"{structure.name} {MARK}" if structure.unreliable_courses else structure.name


def unreliable_note(courses: Sequence[str]) -> str:
    """Of optimization structures of an organ in which the registration of these courses must not be relied on."""
    return (
        f"{MARK} The registration of {' and '.join(courses)} must not be relied on in this organ: P, all limits and all "
        "contours here rest on doses that may belong elsewhere. Use the point worksheet."
    )


def mark_note(evaluation: Evaluation) -> list[str]:
    """What the mark means as a paragraph, and which courses it is about, where anything bears it."""
    marked_ones = [one for one in evaluation.structures if one.unreliable_courses]
    which = "; ".join(f"{one.name}: {' and '.join(one.unreliable_courses)}" for one in marked_ones)
    return [paragraph(f"{MARK_NOTE} {which}.", "note")] if marked_ones else []
