"""DICOM objects as trees of raw elements, and an encoder that may lie: what pydicom would never write."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
RLE, DEFLATED = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.99"
UNDEFINED = 0xFFFFFFFF
LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
"""VRs whose length takes four bytes in explicit VR (PS3.5 7.1.2)."""


@dataclass
class Element:
    """One element: its bytes as they are in the file, or the items of a sequence.

    Parameters
    ----------
    tag : int
    vr : str
    value : bytes or list of list of Element
    length : int or None
        What is written as the length; the true one if None.
    """

    tag: int
    vr: str
    value: bytes | list[list[Element]]
    length: int | None = None


def elements_of(dataset: Dataset) -> list[Element]:
    """The elements of a dataset that was read from explicit VR."""
    elements = []
    for tag in sorted(dataset.keys()):
        raw = dataset.get_item(tag)
        if isinstance(raw.value, Sequence):
            elements.append(Element(int(tag), "SQ", [elements_of(item) for item in raw.value]))
        elif raw.VR == "SQ":
            elements.append(Element(int(tag), "SQ", [elements_of(item) for item in dataset[tag].value]))
        else:
            undefined = UNDEFINED if getattr(raw, "length", 0) == UNDEFINED else None
            # SpecificCharacterSet is decoded while the file is read, everything else later.
            value = raw.value.encode("ascii") if isinstance(raw.value, str) else bytes(raw.value or b"")
            elements.append(Element(int(tag), str(raw.VR), value, undefined))
    return elements


def every_list(elements: list[Element]) -> Iterator[list[Element]]:
    """The list itself and those of all items within it."""
    yield elements
    for element in elements:
        if isinstance(element.value, list):
            for item in element.value:
                yield from every_list(item)


def encode_file(elements: list[Element], syntax: str, stated: str | None = None) -> bytes:
    """A file with preamble and meta information; it may state another transfer syntax than the one it is written in."""
    uid = (stated or syntax).encode()
    sop_class = next((e.value for e in elements if e.tag == 0x00080016 and isinstance(e.value, bytes)), b"")
    meta = _element(Element(0x00020002, "UI", sop_class), EXPLICIT)
    meta += _element(Element(0x00020003, "UI", b"1.2.3\0"), EXPLICIT)
    meta += _element(Element(0x00020010, "UI", uid + b"\0" * (len(uid) % 2)), EXPLICIT)
    length = _element(Element(0x00020000, "UL", struct.pack("<L", len(meta))), EXPLICIT)
    return b"\0" * 128 + b"DICM" + length + meta + encode(elements, syntax)


def encode(elements: list[Element], syntax: str) -> bytes:
    """The elements in implicit or explicit VR, little or big endian."""
    return b"".join(_element(element, syntax) for element in elements)


def _element(element: Element, syntax: str) -> bytes:
    order = ">" if syntax == BIG_ENDIAN else "<"
    value = element.value if isinstance(element.value, bytes) else _items(element.value, syntax, order)
    value += b"\0" * (len(value) % 2)
    length = len(value) if element.length is None else element.length
    head = struct.pack(f"{order}HH", element.tag >> 16, element.tag & 0xFFFF)
    if syntax == IMPLICIT:
        head += struct.pack("<L", length & UNDEFINED)
    elif element.vr in LONG:
        head += element.vr.encode() + b"\0\0" + struct.pack(f"{order}L", length & UNDEFINED)
    else:
        head += element.vr.encode() + struct.pack(f"{order}H", length & 0xFFFF)
    end = struct.pack(f"{order}HHL", 0xFFFE, 0xE0DD, 0) if length == UNDEFINED else b""
    return head + value + end


def _items(items: list[list[Element]], syntax: str, order: str) -> bytes:
    encoded = [encode(item, syntax) for item in items]
    return b"".join(struct.pack(f"{order}HHL", 0xFFFE, 0xE000, len(item)) + item for item in encoded)
