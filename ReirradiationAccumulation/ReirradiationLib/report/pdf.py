"""The report as PDF, made from its HTML.

WeasyPrint [1]_ sets the page. It is optional, and needs Pango of the system: without it there is no PDF, and the case does
not fail for it.

References
----------
.. [1] https://doc.courtbouillon.org/weasyprint/
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .pdf_pictures import QUALITIES, as_jpeg

MOST_BYTES = 3_000_000
"""A larger PDF gets its pictures as JPEG: the report is to be sent."""

_INSTALL = "install it with: pip install 'slicer-reirradiation[pdf]'"
_PRINT = "open report.html in a browser and print it"

_HALO = re.compile(r'(<text[^>]*?) stroke="[^"]*" stroke-width="[^"]*" paint-order="stroke"')

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PdfResult:
    """The PDF, or why there is none.

    Parameters
    ----------
    pdf : bytes or None
    missing : str
        Why there is none and what to do; empty where there is one.
    unshown : str
        The characters that no font of this machine has. The pages show boxes in their place; the text behind is right.
    """

    pdf: bytes | None
    missing: str = ""
    unshown: str = ""

    @property
    def remark(self) -> str:
        """What the user must know of it; empty if all is well."""
        if not self.unshown:
            return self.missing
        codes = ", ".join(f"{character} (U+{ord(character):04X})" for character in self.unshown)
        return f"no font of this machine shows {codes}: boxes stand in their place; install a font, or {_PRINT}"


def report_pdf(html: str) -> PdfResult:
    """The report as PDF. The same HTML, library and fonts give the same bytes.

    Nothing is loaded from network or disk, whatever the HTML names; of the system, only fonts are used.

    Parameters
    ----------
    html : str
        The whole page of :func:`.html.report_html`.
    """
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher
    except ImportError as error:
        return _none(f"WeasyPrint 68 or newer is missing ({error}); {_INSTALL}, or {_PRINT}")
    except OSError as error:  # the package is there, a library of the system is not
        return _none(f"WeasyPrint finds no Pango on this system ({_first_line(error)}); install Pango, or {_PRINT}")

    class DataOnly(URLFetcher):  # type: ignore[misc]
        """Lets pictures within the page through, and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url[:5].lower() == "data:":
                raise ValueError("the report loads nothing from elsewhere")
            return super().fetch(url, headers)

    identifier = hashlib.sha256(html.encode()).digest()[:16]

    def printed(page: str) -> bytes:
        return bytes(weasyprint.HTML(string=page, url_fetcher=DataOnly()).write_pdf(pdf_identifier=identifier))

    missing_glyphs = _MissingGlyphs()
    try:
        with _filtered(missing_glyphs):
            pdf = _small_enough(_without_halos(html), printed)
    except Exception as error:  # noqa: BLE001 (the report is there as HTML: no fault of a foreign library may cost the case)
        return _none(f"WeasyPrint cannot set this report ({type(error).__name__}: {_first_line(error)}); {_PRINT}")
    result = PdfResult(pdf, unshown="".join(sorted(missing_glyphs.characters)))
    if result.remark:
        _log.warning("report.pdf: %s", result.remark)
    return result


def _small_enough(html: str, printed: Callable[[str], bytes]) -> bytes:
    """The PDF of the page; with pictures of lower quality until it is small enough, and of the lowest if it never is."""
    pdf = printed(html)
    for quality in QUALITIES:
        if len(pdf) <= MOST_BYTES:
            break
        pdf = printed(as_jpeg(html, quality))
    return pdf


def _without_halos(html: str) -> str:
    """The figures without the white outlines of their labels: WeasyPrint draws these over the letters, not under them."""
    return _HALO.sub(r"\1", html)


class _MissingGlyphs(logging.Filter):
    """Keeps quiet what WeasyPrint says about style, and collects the characters that it has no glyph for.

    Its log is the only place where it tells them; the last argument of the record is the code point.
    """

    def __init__(self) -> None:
        super().__init__()
        self.characters: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if ".notdef" in str(record.msg) and isinstance(record.args, tuple) and isinstance(record.args[-1], int):
            self.characters.add(chr(record.args[-1]))
        return record.levelno >= logging.ERROR


@contextmanager
def _filtered(log_filter: logging.Filter) -> Iterator[None]:
    """WeasyPrint's log through a filter, for a while; then it is as it was."""
    logger = logging.getLogger("weasyprint")
    level = logger.level
    logger.setLevel(logging.WARNING)
    logger.addFilter(log_filter)
    try:
        yield
    finally:
        logger.removeFilter(log_filter)
        logger.setLevel(level)


def _none(why: str) -> PdfResult:
    _log.warning("no report.pdf: %s", why)
    return PdfResult(None, why)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no reason given")
