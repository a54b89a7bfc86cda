"""Names of persons as DICOM writes them (PN, PS3.5 6.2), made readable."""

from __future__ import annotations

FAMILY, GIVEN, MIDDLE, PREFIX, SUFFIX = range(5)


def person_name(text: str) -> str:
    """A PersonName as people write it.

    Component groups (alphabetic, ideographic, phonetic) are parted by ``=``, the parts of a name by ``^``:
    ``Yamada^Tarou=山田^太郎=やまだ^たろう`` becomes ``Yamada, Tarou (山田 太郎, やまだ たろう)``.
    """
    alphabetic, *others = text.split("=")
    first = _alphabetic(alphabetic)
    written = [" ".join(part.strip() for part in group.split("^") if part.strip()) for group in others]
    written = [name for name in written if name]
    if not first:
        first, written = (written[0], written[1:]) if written else ("", [])
    return f"{first} ({', '.join(written)})" if written else first


def _alphabetic(group: str) -> str:
    parts = [part.strip() for part in group.split("^")]
    parts += [""] * (5 - len(parts))
    given = " ".join(part for part in (parts[PREFIX], parts[GIVEN], parts[MIDDLE], parts[SUFFIX]) if part)
    return ", ".join(part for part in (parts[FAMILY], given) if part)
