"""Objects that are there more than once: copies of one content, or different contents under one UID."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ...model.errors import DicomError
from ...model.finding import Finding
from ...model.interlock import Interlock
from ..reader import READ_ERRORS, open_any
from .headers import Header

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NATIVE_LITTLE = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
PIXEL_GROUP = 0x7FE0
WRITING = frozenset((0x00080012, 0x00080013, 0x00080014))
"""InstanceCreationDate, -Time and InstanceCreatorUID: when and by whom a copy was written, not what it says."""

SHOWN_EXAMPLES = 1
WORD_BYTES = {
    **dict.fromkeys(("US", "SS", "OW", "AT", "US or SS", "OB or OW"), 2),
    **dict.fromkeys(("UL", "SL", "FL", "OF", "OL"), 4),
    **dict.fromkeys(("FD", "OD", "SV", "UV", "OV"), 8),
}
"""Bytes of one word of the binary value representations: what a big-endian file has in the other order."""


def without_duplicates(headers: Sequence[Header]) -> tuple[list[Header], list[Finding]]:
    """Each object once, and what there is to say about those that came more than once.

    Copies of the same content, whatever their transfer syntax, are one object. Of different contents under one UID the
    one with the smallest digest is kept, whatever the files are called; it is an error that someone must resolve.
    """
    by_uid: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_uid[header.origin.uid].append(header)
    kept: list[Header] = []
    copies: list[tuple[str, str]] = []
    reused: list[tuple[str, str]] = []
    for group in by_uid.values():
        if len(group) == 1:
            kept.append(group[0])
            continue
        contents: dict[str, list[Header]] = defaultdict(list)
        for header, digest in zip(group, _digests([header.origin.file.path for header in group]), strict=True):
            contents[digest].append(header)
        distinct = [sorted(same, key=_first_made) for _, same in sorted(contents.items())]
        kept.append(distinct[0][0])
        for same in distinct:
            copies += [(same[0].origin.file.shown, other.origin.file.shown) for other in same[1:]]
        reused += [(distinct[0][0].origin.file.shown, same[0].origin.file.shown) for same in distinct[1:]]
    findings = []
    if reused:
        found = f"{len(reused)} with the SOPInstanceUID of an object of other content: {_examples(reused, 'and')}"
        findings.append(Finding(Interlock.UID_REUSED, "Files", found))
    if copies:
        found = f"{len(copies)} repeat an object that is there already: {_examples(copies, 'is')}"
        findings.append(Finding(Interlock.FILE_DUPLICATE, "Files", found))
    return kept, findings


def _first_made(header: Header) -> tuple[str, str, str]:
    origin = header.origin
    return (origin.made.day, origin.made.time, origin.file.shown)


def _examples(pairs: list[tuple[str, str]], word: str) -> str:
    shown = [f"{other} {word} {first}" for first, other in sorted(pairs)[:SHOWN_EXAMPLES]]
    return "; ".join(shown) + ("; …" if len(pairs) > SHOWN_EXAMPLES else "")


def _digests(paths: Sequence[Path]) -> list[str]:
    """A digest of each file's bytes if all are alike, else of each one's content."""
    raw = [_file_digest(path) for path in paths]
    return raw if len(set(raw)) == 1 else [_content_or_file(path, digest) for path, digest in zip(paths, raw, strict=True)]


def _content_or_file(path: Path, file_digest: str) -> str:
    try:
        return content_digest(path)
    except DicomError:
        return file_digest  # what cannot be parsed is equal to nothing but its own bytes


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _streamed(file)
    except OSError as error:
        raise DicomError(
            str(path),
            f"cannot be read ({error.strerror or error})",
            "Check the path.",
            interlock=Interlock.FILE_UNREADABLE,
        ) from error


def _streamed(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def content_digest(path: Path) -> str:
    """A digest of what an object says, independent of transfer syntax, padding and lengths of sequences.

    Private attributes and those on the writing of the copy are left out.

    Raises
    ------
    DicomError
        If the file cannot be read.
    """
    reader = open_any(path, pixels=True)
    digest = hashlib.sha256()
    try:
        for part in _parts(reader.dataset):
            digest.update(part)
        digest.update(_pixels(reader.dataset, reader.transfer_syntax()))
    except (*READ_ERRORS, OSError) as error:
        raise DicomError(str(path), f"damaged ({error})", "Export it again.", interlock=Interlock.FILE_UNREADABLE) from error
    return digest.hexdigest()


def _parts(dataset: Dataset) -> Iterable[bytes]:
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    for tag in sorted(dataset.keys()):
        if tag in WRITING or tag.is_private or tag.element == 0 or tag.group == PIXEL_GROUP:
            continue
        raw: Any = dataset.get_item(tag)
        vr = dictionary_VR(tag) if dictionary_has_tag(tag) else str(raw.VR)
        yield int(tag).to_bytes(4, "big")
        if vr == "SQ" or not isinstance(raw.value, bytes | type(None)):
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value:
                    yield b"item"
                    yield from _parts(item)
                yield b"end"
            else:
                yield str(element.value).encode()
            continue
        value = (raw.value or b"").strip(b" \0")
        size = WORD_BYTES.get(vr, 1)
        if size > 1:
            value = raw.value or b""
            if not getattr(raw, "is_little_endian", True):
                value = np.frombuffer(value[: len(value) // size * size], dtype=f">u{size}").astype(f"<u{size}").tobytes()
        yield value


def _pixels(dataset: Dataset, transfer_syntax: str) -> bytes:
    if "PixelData" not in dataset:
        return b""
    if transfer_syntax in NATIVE_LITTLE:
        count = int(dataset.get("Rows", 0)) * int(dataset.get("Columns", 0)) * int(dataset.get("NumberOfFrames") or 1)
        samples = int(dataset.get("SamplesPerPixel", 1)) * int(dataset.get("BitsAllocated", 8)) // 8
        return bytes(dataset.PixelData[: count * samples])
    try:
        pixels = dataset.pixel_array
    except READ_ERRORS:
        return bytes(dataset.PixelData)  # no decoder: only the same compressed pixels count as the same
    return np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
