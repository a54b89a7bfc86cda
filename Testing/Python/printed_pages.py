"""Looking at a PDF: its text, its pages as pictures, where its text stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pdfium = pytest.importorskip("pypdfium2")
pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="WeasyPrint or Pango is missing")

A4_PT = (595.28, 841.89)
EDGE_PT = 14.2
"""5 mm: nothing may be printed nearer to the edge of the sheet, for printers cut there."""


@dataclass(frozen=True)
class PrintedPage:
    """A page: its text, its picture (grey, rows by columns), its size and the box around each piece of text in points."""

    text: str
    grey: np.ndarray
    size_pt: tuple[float, float]
    boxes_pt: np.ndarray

    @property
    def ink_share(self) -> float:
        return float((self.grey < 200).mean())


def printed_pages(pdf: bytes) -> list[PrintedPage]:
    """All pages of a PDF at 72 dots per inch."""
    document = pdfium.PdfDocument(pdf)
    pages = []
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_rect(n) for n in range(text.count_rects())]
        grey = page.render(scale=1.0, grayscale=True).to_numpy().squeeze()
        pages.append(PrintedPage(text.get_text_range(), grey, page.get_size(), np.array(boxes).reshape(-1, 4)))
    document.close()
    return pages


def whole_text(pages: list[PrintedPage]) -> str:
    """The text of all pages with single spaces; pdfium has U+FFFE where a hyphen ends a line."""
    return " ".join(" ".join(page.text.split()) for page in pages).replace("\ufffe", "-")


def require_on_the_sheet(pages: list[PrintedPage]) -> None:
    """Every page is A4, not blank, and no text stands outside of what a printer can print."""
    for n, page in enumerate(pages, 1):
        assert page.size_pt == pytest.approx(A4_PT, abs=0.5)
        assert page.ink_share > 0.002, f"page {n} is blank"
        left, bottom, right, top = page.boxes_pt.T
        width, height = page.size_pt
        assert left.min() >= EDGE_PT, f"page {n}: text runs off the left edge"
        assert right.max() <= width - EDGE_PT, f"page {n}: text runs off the right edge"
        assert bottom.min() >= EDGE_PT, f"page {n}: text runs off the foot"
        assert top.max() <= height - EDGE_PT, f"page {n}: text runs off the head"
