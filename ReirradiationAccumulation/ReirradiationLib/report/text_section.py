"""What only people can say, and the place for their signatures."""

from __future__ import annotations

from ..model.case_notes import TEXT_TITLES
from .evaluation import Evaluation
from .html_parts import prose, section
from .shown_text import shown

SIGNATURES = ("Medical physicist, date", "Radiation oncologist, date")


def text_section(evaluation: Evaluation) -> str:
    """Planning approach, discussion and delivery, as far as somebody wrote them, and lines to sign on."""
    texts = evaluation.texts
    written = [(title, getattr(texts, name)) for name, title in TEXT_TITLES.items()]
    paragraphs = "".join(f'<h3>{shown(title)}</h3><div class="text">{prose(text)}</div>' for title, text in written if text)
    missing = [title for title, text in written if not text]
    note = f'<p class="note">Nothing was written on: {shown(", ".join(missing))}.</p>' if missing else ""
    lines = "".join(f"<div>{shown(one)}</div>" for one in SIGNATURES)
    return section(
        "Planning approach, trade-offs, delivery", paragraphs, note, f'<div class="sign print-only">{lines}</div>'
    )
