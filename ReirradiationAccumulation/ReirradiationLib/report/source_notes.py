"""Notes under a table: each named once, and marked in the rows."""

from __future__ import annotations

from string import ascii_lowercase

from .html_parts import paragraph


class SourceNotes:
    """Collects the sources of one table, in the order in which they are first named."""

    def __init__(self) -> None:
        self._sources: list[str] = []

    def mark(self, source: str) -> str:
        """The mark of a source, such as ``[2]``; empty where there is none."""
        return f"[{1 + _index(self._sources, source)}]" if source else ""

    def note(self) -> str:
        """All sources in one paragraph; empty without any."""
        listed = " ".join(f"[{n}] {source}." for n, source in enumerate(self._sources, 1))
        return paragraph(f"Sources: {listed}", "note") if listed else ""


class RemarkNotes:
    """Collects the remarks of one table, which many rows share."""

    def __init__(self) -> None:
        self._remarks: list[str] = []

    def mark(self, remark: str) -> str:
        """The mark of a remark, such as ``(b)``; empty where there is none."""
        return f"({_letters(_index(self._remarks, remark))})" if remark else ""

    def note(self) -> str:
        """All remarks in one paragraph; empty without any."""
        listed = " ".join(f"({_letters(n)}) {remark}." for n, remark in enumerate(self._remarks))
        return paragraph(f"Remarks: {listed}", "note") if listed else ""


def _index(known: list[str], text: str) -> int:
    if text not in known:
        known.append(text)
    return known.index(text)


def _letters(number: int) -> str:
    """The letters a to z, then aa, ab and so on."""
    rest, last = divmod(number, len(ascii_lowercase))
    return (_letters(rest - 1) if rest else "") + ascii_lowercase[last]
