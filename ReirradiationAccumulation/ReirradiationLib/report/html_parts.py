"""Small pieces of HTML; every text that comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TypeAlias

from .print_style import PRINT_STYLE, page_margins
from .shown_text import shown, visible
from .style import STYLE

Cell: TypeAlias = "str | float | int | Html | None"

CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page may load nothing: no script, no network."""


MOST_ROWS_KEPT = 10
"""Rows of a table that is not parted between pages."""


class Html(str):
    """Text that is HTML already: its pieces from data were escaped when it was made."""


def number(value: float | None, digits: int = 2) -> str:
    """A number with fixed digits; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[Cell]], classes: Sequence[str] = (), digits: int = 2) -> str:
    """A table; numbers are right-aligned with ``digits`` decimals, ``classes`` mark the rows."""
    head = "".join(f"<th>{shown(text)}</th>" for text in header)
    body = []
    for n, row in enumerate(rows):
        mark = f' class="{classes[n]}"' if classes else ""
        body.append(f"<tr{mark}>{''.join(_cell(cell, digits) for cell in row)}</tr>")
    head = f"<thead><tr>{head}</tr></thead>" if any(header) else ""
    keep = ' class="keep"' if len(rows) <= MOST_ROWS_KEPT else ""
    return f"<table{keep}>{head}<tbody>\n" + "\n".join(body) + "\n</tbody></table>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}>{shown(text)}</p>"


def section(title: str, *parts: str) -> str:
    """A section with its heading."""
    return f"<section><h2>{shown(title)}</h2>\n" + "\n".join(part for part in parts if part) + "\n</section>"


def annex(title: str, *sections: str) -> str:
    """Details that are on the screen when they are unfolded, and not on paper."""
    content = "\n".join(part for part in sections if part)
    return f'<details class="annex"><summary>{shown(title)}</summary>\n{content}\n</details>' if content else ""


def bullets(lines: Sequence[str], kinds: Sequence[str] = (), kind: str = "") -> str:
    """A list of plain texts, ``kind`` its class and ``kinds`` those of its items; empty without any."""
    marks = kinds or [""] * len(lines)
    items = (
        f'<li class="{mark}">{shown(line)}</li>' if mark else f"<li>{shown(line)}</li>"
        for line, mark in zip(lines, marks, strict=True)
    )
    mark = f' class="{kind}"' if kind else ""
    return f"<ul{mark}>{''.join(items)}</ul>" if lines else ""


def prose(text: str) -> str:
    """A free text: its paragraphs and its lines are kept."""
    parts = [part for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{'<br>'.join(map(shown, part.splitlines()))}</p>" for part in parts)


def figure(content: str, caption: str) -> str:
    """A figure with its caption; the content is HTML already."""
    return f"<figure>{content}<figcaption>{shown(caption)}</figcaption></figure>"


def page(title: str, *parts: str, running_head: Sequence[str] = ("", "")) -> str:
    """A whole, self-contained page: no script, no network. ``running_head``: left, right, foot of each sheet."""
    margins = page_margins(*map(visible, running_head))
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
        f"<title>{escape(title)}</title><style>{STYLE}{PRINT_STYLE}{margins}</style></head><body>\n"
    )
    return visible(html + "\n".join(parts) + "\n</body></html>\n")


def _cell(cell: Cell, digits: int) -> str:
    if isinstance(cell, Html):
        return f"<td>{cell}</td>"
    if cell is None or isinstance(cell, float):
        return f'<td class="number">{number(cell, digits)}</td>'
    if isinstance(cell, int):
        return f'<td class="number">{cell}</td>'
    return f"<td>{shown(cell)}</td>"
