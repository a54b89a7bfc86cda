"""How the report prints: in a browser and as PDF, from the same rules."""

from __future__ import annotations

LONGEST_HEAD = 80

PRINT_STYLE = """
.print-only { display: none; }
@media print {
  .annex { display: none; } .print-only { display: block; }
  details:not([open]) > :not(summary) { display: none; }
  body { font: 9pt/1.35 "Liberation Sans", Arial, Helvetica, "Noto Sans", sans-serif; padding: 0; margin: 0; max-width: none;
    print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1 { font-size: 15pt; } h2 { font-size: 12pt; margin: 12pt 0 4pt; } h3 { font-size: 10pt; margin: 9pt 0 3pt; }
  h1, h2, h3 { break-after: avoid; }
  p, li { orphans: 2; widows: 2; overflow-wrap: break-word; }
  table { font-size: 7.5pt; line-height: 1.25; margin: 4pt 0; } th, td { padding: 1.5pt 3pt; overflow-wrap: break-word; }
  bdi { overflow-wrap: anywhere; }
  thead { display: table-header-group; } tr, figure, svg, img { break-inside: avoid; }
  .note, figcaption { font-size: 7.5pt; }
  figure { margin: 5pt 0; } img { max-height: 230mm; }
  .planes { display: block; } .planes > figure { display: inline-block; width: 49%; vertical-align: top; }
}
"""
"""Elements of class ``annex`` are not printed; those of class ``print-only`` are not on screen."""


def page_margins(left: str, right: str) -> str:
    """The rules of the sheet: A4, a running head with two texts, and page x of y at the foot.

    The texts stand in the rules themselves: browsers know margin boxes, but no running elements.

    Parameters
    ----------
    left, right : str
        Of any length and content; long ones are cut.
    """
    return f"""
@page {{ size: A4; margin: 17mm 13mm 16mm; font: 7.5pt "Liberation Sans", Arial, Helvetica, "Noto Sans", sans-serif; color: #57606a;
  @top-left {{ content: {_css_string(left)}; width: 50%; text-align: left; }}
  @top-right {{ content: {_css_string(right)}; width: 50%; text-align: right; }}
  @bottom-left {{ content: "Research software, not a medical device"; width: 70%; text-align: left; }}
  @bottom-right {{ content: "Page " counter(page) " of " counter(pages); width: 30%; text-align: right; }}
}}
"""


def _css_string(text: str) -> str:
    """A text as CSS string; all but ASCII letters and digits as code points, so that no text ends string or style element."""
    text = text if len(text) <= LONGEST_HEAD else f"{text[: LONGEST_HEAD - 1]}…"
    return '"' + "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x} " for c in text) + '"'
