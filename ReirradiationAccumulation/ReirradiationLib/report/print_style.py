"""How the report prints: in a browser and as PDF, from the same rules."""

from __future__ import annotations

LONGEST_HEAD = 56
"""Letters of each text in the running head; half the sheet holds them."""

PRINT_STYLE = """
bdi { overflow-wrap: anywhere; }
@media print {
  body { font-family: "Liberation Sans", Arial, Helvetica, "Noto Sans", "Noto Sans CJK JP", sans-serif;
    print-color-adjust: exact; -webkit-print-color-adjust: exact; margin: 0; }
  details:not([open]) > :not(summary) { display: none; }
  p, li { orphans: 2; widows: 2; } th, td { overflow-wrap: break-word; }
  figure, svg, img { break-inside: avoid; } img { max-height: 230mm; }
}
"""
"""What sheets need beside :mod:`.style`: a narrow face, colours as they are, whole figures, no word over the edge."""


def page_margins(left: str, right: str, foot: str = "") -> str:
    """The rules of the sheet: A4, a running head with two texts, and page x of y at the foot.

    The texts stand in the rules themselves: browsers know margin boxes, but no running elements.

    Parameters
    ----------
    left, right, foot : str
        Of any length and content; long ones are cut. The foot stands behind what the program is.
    """
    return f"""
@page {{
  size: A4; margin: 16mm 11mm 14mm;
  font: 7.5pt "Liberation Sans", Arial, Helvetica, "Noto Sans", sans-serif; color: #57606a; overflow-wrap: anywhere;
  @top-left {{ content: {_css_string(left)}; width: 50%; text-align: left; }}
  @top-right {{ content: {_css_string(right)}; width: 50%; text-align: right; }}
  @bottom-left {{ content: "Research software, not a medical device " {_css_string(foot)}; width: 70%; text-align: left; }}
  @bottom-right {{ content: "Page " counter(page) " of " counter(pages); width: 30%; text-align: right; }}
}}
"""


def _css_string(text: str) -> str:
    """A text as CSS string; all but ASCII letters and digits as code points: no text can end the string or the style."""
    text = text if len(text) <= LONGEST_HEAD else f"{text[: LONGEST_HEAD - 1]}…"
    return '"' + "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x} " for c in text) + '"'
