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
from .report.identifiers import Identifiers

REMEDY = "Nothing was written. Take it out of the names and labels of the case, or report this."
_DATA_URI = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]*")


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
    _require_clean("the name of the output folder", [shown_name], identifiers)
    for number, path in enumerate(sorted(folder.rglob("*")), start=1):
        _require_clean(f"the name of file {number} of the output", [path.name], identifiers)
        if path.is_file():
            _require_clean(path.name, texts_of(path), identifiers)


def texts_of(path: Path) -> Iterator[str]:
    """Every text in a file, as a reader sees it."""
    content = path.read_bytes()
    if path.suffix == ".json":
        yield from _leaves(json.loads(content))
    elif path.suffix in (".html", ".svg"):
        yield unescape(_DATA_URI.sub("", content.decode("utf-8")))
    elif path.suffix == ".pdf":
        yield from _pdf_texts(content)
    else:
        yield content.decode("utf-8-sig", "replace")


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
    """Text of the pages, broken lines joined, and the document's properties; only the latter where no reader is there."""
    try:
        from pypdf import PdfReader
    except ImportError:
        yield content.decode("latin-1")
        return
    reader = PdfReader(BytesIO(content))
    for page in reader.pages:
        text = page.extract_text()
        yield re.sub(r"\s+", " ", text)
        yield re.sub(r"[-\u00ad]?\n", "", text)
    yield from (str(value) for key, value in (reader.metadata or {}).items() if "Date" not in key)


def _require_clean(where: str, texts: Iterator[str] | list[str], identifiers: Identifiers) -> None:
    for text in texts:
        if kind := identifiers.found_in(text):
            raise AnonymityError(where, f"it holds {kind.value}", REMEDY, "an output without identifiers")
