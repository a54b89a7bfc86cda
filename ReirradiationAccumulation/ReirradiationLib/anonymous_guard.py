"""The last look at an anonymised output before it appears: no file of it may hold an identifier."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

from .model.errors import AnonymityError
from .report.identifiers import Identifiers, Kind

REMEDY = "Nothing was written. Take it out of the names and labels of the case, or report this."
_DATA_URI = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]*")
_GEOMETRY = re.compile(r"""\b(?:d|points|viewBox|transform)=(["'])[-+0-9.,()\sA-Za-z]*?\1""")
_NUMBER = re.compile(r">\s*[-−+]?(?:\d{1,7}|\d+[.,]\d+)\s*<")
_NUMBER_OF_TABLE = re.compile(r"(?<=[,;\n])[-+]?(?:\d{1,7}|\d+\.\d+(?:e[-+]?\d+)?)(?=[,;\r\n])")
"""A cell that is a number of the report; ``evaluation.json`` tells numbers from texts, and holds them all."""


def require_anonymous(folder: Path, shown_name: str, identifiers: Identifiers) -> None:
    """Search every file of an output, and all names, for identifiers.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    shown_name : str
        Name under which the folder will appear.
    identifiers : Identifiers

    Raises
    ------
    AnonymityError
        If one is found.
    """
    require_neutral_name(shown_name, identifiers)
    for number, path in enumerate(sorted(folder.rglob("*")), start=1):
        _require_clean(f"the name of file {number} of the output", identifiers.found_in(path.name))
        if not path.is_file():
            continue
        if path.suffix == ".pdf":
            for is_joined, texts in ((False, _pdf_texts), (True, _joined_pdf_texts)):
                for text in texts(path.read_bytes()):
                    _require_clean(path.name, identifiers.found_on_page(text, is_joined))
            continue
        for text in texts_of(path):
            _require_clean(path.name, identifiers.found_in(text))


def require_neutral_name(shown_name: str, identifiers: Identifiers) -> None:
    """Refuse a name of the output folder that tells who the patient is, or who signed.

    Raises
    ------
    AnonymityError
        If it does.
    """
    kind = identifiers.found_in_folder_name(shown_name)
    if kind:
        raise AnonymityError(
            "the name of the output folder",
            f"it holds {kind.value}",
            "Nothing was written. Choose another name for the folder.",
            "a name without identifiers",
        )


def texts_of(path: Path) -> Iterator[str]:
    """Every text in a file other than a PDF, as a reader sees it."""
    content = path.read_bytes()
    if path.suffix == ".json":
        yield from _leaves(json.loads(content))
    elif path.suffix in (".html", ".svg"):
        yield unescape(_NUMBER.sub("><", _GEOMETRY.sub("", _DATA_URI.sub("", content.decode("utf-8")))))
    else:
        yield _NUMBER_OF_TABLE.sub("", content.decode("utf-8-sig", "replace"))


def _leaves(value: Any) -> Iterator[str]:
    """The texts of a JSON value; a number is no identifier."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)


def _pdf_texts(content: bytes) -> Iterator[str]:
    """The texts that were set on the pages, each by itself, and the document's properties."""
    reader = _reader(content)
    if reader is None:
        return
    for page in reader.pages:
        texts: list[str] = []
        page.extract_text(visitor_text=lambda text, *_, into=texts: into.append(text))
        yield from texts
    yield from (str(value) for key, value in (reader.metadata or {}).items() if "Date" not in key)


def _joined_pdf_texts(content: bytes) -> Iterator[str]:
    """Text of the pages, broken lines joined; the raw content where no reader is there."""
    reader = _reader(content)
    if reader is None:
        yield content.decode("latin-1")
        return
    for page in reader.pages:
        text = page.extract_text()
        yield re.sub(r"\s+", " ", text)
        yield re.sub(r"[-\u00ad]?\n", "", text)


def _reader(content: bytes) -> Any:
    """A reader of PDF, None where there is none."""
    try:
        from pypdf import PdfReader
    except ImportError:
        return None
    return PdfReader(BytesIO(content))


def _require_clean(where: str, kind: Kind | None) -> None:
    if kind:
        raise AnonymityError(where, f"it holds {kind.value}", REMEDY, "an output without identifiers")
