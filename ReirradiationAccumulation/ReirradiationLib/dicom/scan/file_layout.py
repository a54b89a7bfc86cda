"""The top-level elements of a DICOM file without its values: what it is, whether it is whole, and a few texts, fast.

A scan opens thousands of CT slices of which it needs some twenty attributes. Walking over the headers of the elements
(PS3.5 7.1) and taking those out is several times faster than parsing a dataset, reads no pixel data, and notices a file
that was cut off. Everything with structure is read by :mod:`.reader` afterwards.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...model.errors import DicomError
from ...model.interlock import Interlock
from ..reader import BARE_STARTS, PREAMBLE

IMPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
MEDIA_CLASS, MEDIA_INSTANCE, TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
SOP_CLASS, SOP_INSTANCE = 0x00080016, 0x00080018
CHARACTER_SET = 0x00080005
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
DELIMITERS = 0xFFFE
"""Group of the item and delimitation tags, which never have a value representation."""
UNDEFINED = 0xFFFFFFFF
LONG_VR = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
"""Value representations whose length has four bytes (PS3.5 table 7.1-1)."""

WINDOW = 16384
LONGEST_TEXT = 4096
DEEPEST = 32
CHARACTER_SETS = {"": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}
"""Character sets of a single code page that need no escape sequences."""


@dataclass(frozen=True)
class FileLayout:
    """What a walk over the elements of a file tells.

    Parameters
    ----------
    path : Path
    sop_class, sop_instance, transfer_syntax : str
        UIDs; class and instance are those of the file meta information where the dataset has none.
    has_identity : bool
        Whether the dataset itself states class and instance.
    values : dict of int to bytes
        Raw values of the top-level elements that were asked for, by tag.
    """

    path: Path
    sop_class: str
    sop_instance: str
    transfer_syntax: str
    has_identity: bool
    values: dict[int, bytes]

    def text(self, tag: int) -> str:
        """A value as text, without padding; in the stated character set if it is a simple one, else with marks."""
        raw = self.values.get(tag, b"").strip(b" \0")
        if raw.isascii():
            return raw.decode("ascii")
        stated = self.values.get(CHARACTER_SET, b"").strip(b" \0").decode("ascii", "replace")
        return raw.decode(CHARACTER_SETS.get(stated, "ascii"), "backslashreplace")

    def whole(self, tag: int) -> int:
        """A value of two bytes (US); 0 if absent."""
        return int.from_bytes(self.values.get(tag, b"")[:2], "big" if self.transfer_syntax == BIG_ENDIAN else "little")

    @property
    def has_simple_text(self) -> bool:
        """Whether :meth:`text` decodes every value rightly."""
        stated = self.values.get(CHARACTER_SET, b"").strip(b" \0").decode("ascii", "replace")
        return stated in CHARACTER_SETS or all(raw.isascii() for raw in self.values.values())


class _CutOffError(Exception):
    """The file ends within an element."""


class _Window:
    """Random access to a file through one buffer."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.start = 0
        self.buffer = file.read(WINDOW)
        self.size = file.seek(0, 2) if len(self.buffer) == WINDOW else len(self.buffer)

    def bytes(self, offset: int, count: int) -> bytes:
        at = offset - self.start
        if at < 0 or at + count > len(self.buffer):
            if offset + count > self.size:
                raise _CutOffError(f"it ends at byte {self.size}, an element reaches to {offset + count}")
            self.file.seek(offset)
            self.start, self.buffer, at = offset, self.file.read(max(WINDOW, count)), 0
        return self.buffer[at : at + count]


def read_layout(path: Path, wanted: frozenset[int]) -> FileLayout | None:
    """Walk over a file, with or without preamble; None if it is no DICOM file.

    Parameters
    ----------
    path : Path
    wanted : frozenset of int
        Tags whose values are kept (short ones only).

    Raises
    ------
    DicomError
        If the file cannot be opened, is deflated, or is cut off or damaged (:attr:`Interlock.FILE_UNREADABLE`).
    """
    try:
        with path.open("rb", buffering=0) as file:
            window = _Window(file)
            preamble = window.buffer[PREAMBLE : PREAMBLE + 4] == b"DICM"
            if not preamble and window.buffer[:4] not in BARE_STARTS:
                return None
            try:
                return _walked(path, window, PREAMBLE + 4 if preamble else 0, wanted)
            except (_CutOffError, struct.error, UnicodeDecodeError) as error:
                if not preamble and window.size < LONGEST_TEXT:
                    return None
                raise _refused(path, f"damaged: {error}") from error
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror or error})") from error


def _walked(path: Path, window: _Window, start: int, wanted: frozenset[int]) -> FileLayout:
    values: dict[int, bytes] = {}
    meta = dict.fromkeys((TRANSFER_SYNTAX, MEDIA_CLASS, MEDIA_INSTANCE), "")
    offset = start
    while window.size >= offset + 8 and window.bytes(offset, 2) == b"\x02\x00":  # file meta information, PS3.10 7.1
        tag, at, length, offset = _element(window, offset, _EXPLICIT_LITTLE)
        if tag in meta:
            meta[tag] = _uid(window.bytes(at, length))
    syntax = meta[TRANSFER_SYNTAX]
    if syntax == DEFLATED:
        raise _refused(path, "a deflated transfer syntax")
    # Without a transfer syntax, a value representation in letters gives explicit encoding away.
    letters = window.bytes(offset + 4, 2) if offset + 8 <= window.size else b""
    explicit = syntax != IMPLICIT if syntax else letters.isalpha() and letters.isupper()
    encoding = _Encoding(explicit, ">" if syntax == BIG_ENDIAN else "<")
    keep = wanted | {SOP_CLASS, SOP_INSTANCE, CHARACTER_SET}
    while offset + 8 <= window.size:
        tag, at, length, offset = _element(window, offset, encoding)
        if tag in keep and 0 < length <= LONGEST_TEXT:
            values[tag] = window.bytes(at, length)
    sop_class, sop_instance = _uid(values.get(SOP_CLASS, b"")), _uid(values.get(SOP_INSTANCE, b""))
    return FileLayout(
        path=path,
        sop_class=sop_class or meta[MEDIA_CLASS],
        sop_instance=sop_instance or meta[MEDIA_INSTANCE],
        transfer_syntax=syntax,
        has_identity=bool(sop_class and sop_instance),
        values=values,
    )


def _uid(raw: bytes) -> str:
    return raw.strip(b" \0").decode("ascii")


class _Encoding:
    """How element headers are written: with or without value representation, and in which byte order."""

    def __init__(self, explicit: bool, order: str) -> None:
        self.explicit = explicit
        self.with_vr = struct.Struct(order + "HH2sH")
        self.without_vr = struct.Struct(order + "HHL")
        self.long = struct.Struct(order + "L")


_EXPLICIT_LITTLE = _Encoding(True, "<")
_IMPLICIT_LITTLE = _Encoding(False, "<")


def _element(window: _Window, offset: int, encoding: _Encoding, depth: int = 0) -> tuple[int, int, int, int]:
    """Tag, offset and length of the value of one element, and the offset of the next element.

    The length of a value of undefined length is given as 0.
    """
    head = window.bytes(offset, 8)
    at = offset + 8
    group, element, length = encoding.without_vr.unpack(head)
    vr = b""
    if encoding.explicit and group != DELIMITERS:
        group, element, vr, length = encoding.with_vr.unpack(head)
        if vr in LONG_VR:
            (length,) = encoding.long.unpack(window.bytes(at, 4))
            at += 4
        elif not vr.isalpha():
            raise _CutOffError(f"no element at byte {offset}")
    tag = group << 16 | element
    if length == UNDEFINED:
        # UN of undefined length holds implicit little endian (PS3.5 6.2.2).
        return tag, at, 0, _after_sequence(window, at, _IMPLICIT_LITTLE if vr == b"UN" else encoding, depth + 1)
    if at + length > window.size:
        raise _CutOffError(f"it ends at byte {window.size}, an element reaches to {at + length}")
    return tag, at, length, at + length


def _after_sequence(window: _Window, offset: int, encoding: _Encoding, depth: int) -> int:
    """The offset after a sequence, or encapsulated pixel data, of undefined length."""
    if depth > DEEPEST:
        raise _CutOffError("sequences are nested too deeply")
    while True:
        group, element, length = encoding.without_vr.unpack(window.bytes(offset, 8))
        tag, offset = group << 16 | element, offset + 8
        if tag == SEQUENCE_END:
            return offset
        if tag != ITEM:
            raise _CutOffError(f"no item at byte {offset - 8}")
        if length != UNDEFINED:
            offset += length
            continue
        while tag != ITEM_END:
            tag, _, _, offset = _element(window, offset, encoding, depth)


def _refused(path: Path, found: str) -> DicomError:
    return DicomError(str(path), found, "Export it again.", "a whole DICOM file", Interlock.FILE_UNREADABLE)
