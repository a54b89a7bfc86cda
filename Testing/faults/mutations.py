"""Random changes of valid objects, repeatable by their seed."""

from __future__ import annotations

import copy
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from random import Random

from .elements import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, RLE, UNDEFINED, Element, encode, encode_file, every_list
from .tiny_objects import TinyObject

BOMB_BYTES = 2**29
"""What a deflated bomb of half a megabyte unfolds to."""

VRS = (
    *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW"),
    *("PN", "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV", "XX", "\0\0"),
)
SYNTAXES = (
    *(IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE, DEFLATED, "", "1.2.3", "1.2.840.10008.5.1.4.1.1.2"),
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"),
)
TEXTS = (
    *(b"", b" ", b"\0", b"NaN", b"inf", b"-inf", b"0", b"-1", b"1e-60", b"1e300", b"1e400", b"9" * 400, b"0.5", b"1_0"),
    *(b"abc", b"\\", b"1\\2", b"\\" * 50, b"1\\" * 4000, b"1" * 60000, b"\xff\xfe\xfd", b"\x1b$B", b"GY", b"BEAM"),
    *(b"1.2.840.10008.5.1.4.1.1.481.2", b"20240230", b"99999999", b"EFFECTIVE", b"0\\0\\0\\0\\0\\0", b"-0", b"1e38"),
    *(b"ISO_IR 100", b"ISO 2022 IR 87", b"GB18030", b"ISO_IR 999"),
)
NUMBERS = (0, 1, 2, 3, 7, 8, 12, 16, 31, 32, 64, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
CLAIMS = (0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280002, 0x00280103, 0x00640007)
"""Frames, Rows, Columns, BitsAllocated, BitsStored, HighBit, SamplesPerPixel, PixelRepresentation, GridDimensions."""


def mutated(tiny: TinyObject, seed: int) -> bytes:
    """The file of a tiny object with one to three changes that the seed chooses."""
    random = Random(f"{tiny.kind} {seed}")
    elements, syntax = copy.deepcopy(tiny.elements), tiny.syntax
    if syntax == EXPLICIT and random.random() < 0.4:
        syntax = IMPLICIT
    if random.random() < 0.004:
        return _bomb(random, syntax)
    changes = random.choices((1, 2, 3), (6, 3, 1))[0]
    of_bytes = random.random() < 0.35
    for _ in range(0 if of_bytes else changes):
        random.choice(ELEMENT_CHANGES)(elements, random)
    stated = random.choice(SYNTAXES) if not of_bytes and random.random() < 0.08 else None
    content = encode_file(elements, syntax, stated)
    for _ in range(changes if of_bytes else 0):
        content = random.choice(BYTE_CHANGES)(content, random)
    return content


def _somewhere(elements: list[Element], random: Random) -> tuple[list[Element], int]:
    lists = [found for found in every_list(elements) if found]
    if not lists:
        return elements, -1
    chosen = random.choice(lists)
    return chosen, random.randrange(len(chosen))


def _deleted(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    if n >= 0:
        del chosen[n]


def _doubled(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    if n >= 0:
        chosen.insert(random.choice((n, len(chosen))), copy.deepcopy(chosen[n]))
        _new_value(chosen[n], random)


def _swapped(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    if n >= 0:
        other = random.randrange(len(chosen))
        chosen[n].value, chosen[other].value = chosen[other].value, chosen[n].value


def _other_value(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    if n >= 0:
        _new_value(chosen[n], random)


def _other_pixels_or_vectors(elements: list[Element], random: Random) -> None:
    bulk = [e for found in every_list(elements) for e in found if e.tag in (0x7FE00010, 0x00640009, 0x30060050)]
    for element in bulk[:1]:
        _new_value(element, random)


def _new_value(element: Element, random: Random) -> None:
    old = element.value if isinstance(element.value, bytes) else b""
    choices: tuple[Callable[[], bytes], ...] = (
        lambda: random.choice(TEXTS),
        lambda: struct.pack("<L", random.choice(NUMBERS))[: len(old) or 4],
        lambda: old[: random.randrange(len(old) + 1)],
        lambda: old + b"\\" + old,
        lambda: old + random.randbytes(random.choice((1, 2, 20))),
        lambda: random.randbytes(len(old)),
        lambda: b"\xff" * len(old),
        lambda: bytes(len(old)),
        lambda: old[::-1],
        lambda: struct.pack("<3f", float("nan"), float("inf"), -1e38) + old[12:],
        lambda: _number_changed(old, random),
        lambda: _number_changed(old, random),
    )
    element.value = random.choice(choices)()


def _number_changed(old: bytes, random: Random) -> bytes:
    """One of several backslash-separated numbers replaced by a number that may be."""
    parts = old.split(b"\\")
    values = (b"0", b"-1", b"1e-3", b"1e5", b"1e30", b"NaN", b"3", b"7.5", b"-0.001", b"1.0005", b"")
    parts[random.randrange(len(parts))] = random.choice(values)
    return b"\\".join(parts)


def _other_vr(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    if n >= 0:
        chosen[n].vr = random.choice(VRS)


def _false_length(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    if n >= 0:
        size = len(chosen[n].value)
        chosen[n].length = random.choice((0, 1, 2, size + 2, max(size - 2, 0), 0x7FFFFFFE, 0xFFFFFFFE, UNDEFINED))


def _other_items(elements: list[Element], random: Random) -> None:
    sequences = [e for found in every_list(elements) for e in found if isinstance(e.value, list)]
    if not sequences:
        return
    items = random.choice(sequences).value
    assert isinstance(items, list)
    change = random.randrange(5)
    if change == 0:
        items.clear()
    elif change == 1:
        items.extend(copy.deepcopy(items))
    elif change == 2 and items:
        del items[random.randrange(len(items))]
    elif change == 3:
        items.extend(copy.deepcopy(items) * 200)
    else:
        items.append([])


def _endless_nesting(elements: list[Element], random: Random) -> None:
    chosen, n = _somewhere(elements, random)
    tag = chosen[n].tag if n >= 0 else 0x300A0010
    vr = random.choice((b"", b"SQ\0\0"))
    # Every level opens a sequence and an item of undefined length and closes neither.
    level = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + struct.pack("<LHHL", UNDEFINED, 0xFFFE, 0xE000, UNDEFINED)
    nested = Element(tag, "SQ", level[8 + len(vr) :] + level * random.choice((20, 300, 5000)), UNDEFINED)
    if n >= 0 and random.random() < 0.5:
        chosen[n] = nested
    else:
        chosen.append(nested)


def _claim(elements: list[Element], random: Random) -> None:
    found = [e for items in every_list(elements) for e in items if e.tag in CLAIMS]
    if not found:
        _other_value(elements, random)
        return
    element = random.choice(found)
    if element.vr == "IS":
        element.value = str(random.choice((*NUMBERS, -1, 10**9))).encode()
    else:
        size = 2 if element.vr == "US" else 4
        values = random.choices(NUMBERS, k=len(element.value) // size or 1)
        element.value = b"".join(struct.pack("<L", value)[:size] for value in values)


def _place(content: bytes, random: Random) -> int:
    """Where to change it: after the preamble, unless nothing is left there."""
    return random.randrange(132 if len(content) > 132 else 0, len(content))


def _flipped(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 8, 40))):
        changed[_place(content, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + random.randbytes(random.choice((1, 2, 4, 16))) + content[at + random.choice((1, 2, 4, 16)) :]


def _truncated(content: bytes, random: Random) -> bytes:
    return content[: random.choice((random.randrange(len(content)), -random.randrange(1, 40)))] or b"\0"


def _inserted(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + random.choice((random.randbytes(random.randrange(1, 9)), b"\0\0", b"\xff" * 8)) + content[at:]


def _repeated(content: bytes, random: Random) -> bytes:
    start = _place(content, random)
    end = min(start + random.choice((2, 16, 200)), len(content))
    return content[:end] + content[start:end] * random.choice((1, 3)) + content[end:]


def _cut_out(content: bytes, random: Random) -> bytes:
    start = _place(content, random)
    return content[:start] + content[start + random.choice((1, 2, 8, 50)) :] or b"\0"


def _zeroed(content: bytes, random: Random) -> bytes:
    start = _place(content, random)
    end = min(start + random.choice((2, 8, 50)), len(content))
    return content[:start] + bytes(end - start) + content[end:]


def _without_preamble(content: bytes, random: Random) -> bytes:
    return content[random.choice((128, 132, 132 + 12, len(content) // 3)) :] or b"\0"


def _bomb(random: Random, syntax: str) -> bytes:
    """A deflated file that unfolds to much more than it holds; its transfer syntax may hide behind private elements."""
    hidden = [Element(0x00020102, "OB", bytes(random.choice((0, 5000))))]
    start = encode_file([], EXPLICIT, DEFLATED)
    meta_length = struct.unpack("<L", start[140:144])[0]
    extra = encode(hidden, EXPLICIT)
    meta = extra + start[144:] if random.random() < 0.5 else start[144:] + extra
    head = start[:140] + struct.pack("<L", meta_length + len(extra)) + meta
    return head + _deflated_zeros()


@lru_cache(maxsize=1)
def _deflated_zeros() -> bytes:
    packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    block = bytes(2**20)
    # One private element of undefined VR that claims all of it.
    head = struct.pack("<HH2sHL", 0x0009, 0x1001, b"OB", 0, BOMB_BYTES)
    return packer.compress(head) + b"".join(packer.compress(block) for _ in range(BOMB_BYTES // 2**20)) + packer.flush()


ELEMENT_CHANGES: tuple[Callable[[list[Element], Random], None], ...] = (
    *(_deleted, _doubled, _swapped, _other_value, _other_value, _other_value, _other_pixels_or_vectors),
    *(_other_vr, _false_length, _other_items, _endless_nesting, _claim, _claim),
)
BYTE_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_flipped, _flipped, _overwritten, _truncated, _inserted, _repeated, _cut_out, _zeroed, _without_preamble),
)
