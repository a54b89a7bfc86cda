"""Small pieces of HTML; every text that comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TypeAlias

from .print_style import PRINT_STYLE, page_margins
from .shown_text import shown, visible

Cell: TypeAlias = str | float | int | None

CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page may load nothing: no script, no network."""

STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 1100px; margin: 0 auto;
  padding: 24px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 30px 0 8px; border-bottom: 2px solid #0072b2; }
h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 6px 0; } .note { color: #57606a; font-size: 12.5px; }
.use { border: 1px solid #b00020; border-left-width: 6px; padding: 8px 12px; margin: 14px 0; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; font-size: 12.5px; }
th, td { border: 1px solid #d0d7de; padding: 4px 7px; text-align: left; vertical-align: top; }
th { background: #f3f6f9; } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.met td:first-child { border-left: 6px solid #009e73; } tr.bad td:first-child { border-left: 6px solid #b00020; }
p.bad { border-left: 6px solid #b00020; padding-left: 8px; }
tr.open td:first-child { border-left: 6px solid #e69f00; }
figure { margin: 10px 0; break-inside: avoid; } figcaption { font-size: 12.5px; color: #57606a; }
img, svg { max-width: 100%; height: auto; }
.planes { display: grid; grid-template-columns: repeat(auto-fit, minmax(430px, 1fr)); gap: 10px; }
code { font-size: 11px; overflow-wrap: anywhere; }
"""


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
    return f"<table>{head}<tbody>\n" + "\n".join(body) + "\n</tbody></table>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}>{shown(text)}</p>"


def section(title: str, *parts: str) -> str:
    """A section with its heading."""
    return f"<section><h2>{shown(title)}</h2>\n" + "\n".join(parts) + "\n</section>"


def figure(content: str, caption: str) -> str:
    """A figure with its caption; the content is HTML already."""
    return f"<figure>{content}<figcaption>{shown(caption)}</figcaption></figure>"


def page(title: str, *parts: str, running_head: tuple[str, str] = ("", "")) -> str:
    """A whole, self-contained page: no script, no network. ``running_head``: left and right on each printed sheet."""
    margins = page_margins(*map(visible, running_head))
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
        f"<title>{escape(title)}</title><style>{STYLE}{PRINT_STYLE}{margins}</style></head><body>\n"
    )
    return visible(html + "\n".join(parts) + "\n</body></html>\n")


def _cell(cell: Cell, digits: int) -> str:
    if cell is None or isinstance(cell, float):
        return f'<td class="number">{number(cell, digits)}</td>'
    if isinstance(cell, int):
        return f'<td class="number">{cell}</td>'
    return f"<td>{shown(cell)}</td>"
