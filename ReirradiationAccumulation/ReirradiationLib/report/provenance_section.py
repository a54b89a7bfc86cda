"""Where the numbers of the report come from."""

from __future__ import annotations

from html import escape

from .evaluation import Evaluation
from .html_parts import paragraph, section


def provenance_section(evaluation: Evaluation) -> str:
    """Software, settings and every input file."""
    rows = "".join(f"<tr><td>{escape(i.path)}</td><td><code>{escape(i.sha256)}</code></td></tr>" for i in evaluation.inputs)
    inputs = f"<details><summary>{len(evaluation.inputs)} input files with SHA-256</summary><table>{rows}</table></details>"
    return section("Method and provenance", paragraph(evaluation.software), *map(paragraph, evaluation.settings), inputs)
