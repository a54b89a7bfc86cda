"""Names of persons from DICOM files of several languages, as DICOM PS3.5 writes them."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from pydicom import dcmread
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.model.person_name import person_name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        # The examples of PS3.5 6.2.1.1.
        ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams, Rev. John Robert Quincy B.A. M.Div."),
        ("Morrison-Jones^Susan^^^Ph.D., Chief Executive Officer", "Morrison-Jones, Susan Ph.D., Chief Executive Officer"),
        ("Doe^John", "Doe, John"),
        ("Smith^Fluffy", "Smith, Fluffy"),
        ("ABC Farms^Running on Water", "ABC Farms, Running on Water"),
        # PS3.5 H.3.1, H.3.2, I.2, J.3, K.2.
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎, やまだ たろう)"),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎, やまだ たろう)"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "Hong, Gildong (洪 吉洞, 홍 길동)"),
        ("Wang^XiaoDong=王^小東=", "Wang, XiaoDong (王 小東)"),
        # Incomplete ones: trailing delimiters may be left out or not, groups may be empty.
        ("Müller^Jürgen^^Dr.^", "Müller, Dr. Jürgen"),
        ("Müller^^^^", "Müller"),
        ("=山田^太郎", "山田 太郎"),
        ("==やまだ^たろう", "やまだ たろう"),
        ("^Jürgen", "Jürgen"),
        ("Müller", "Müller"),
        ("", ""),
        ("^^^^==", ""),
    ],
)
def test_names_are_read_as_people_write_them(written: str, read: str) -> None:
    assert person_name(written) == read


YAMADA_KANJI = b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
YAMADA_KANA = b"\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"


@pytest.mark.parametrize(
    ("character_set", "raw", "name"),
    [
        ("ISO_IR 100", b"M\xfcller^J\xfcrgen", "Müller, Jürgen"),
        ("ISO_IR 192", "Müller^Jürgen".encode(), "Müller, Jürgen"),
        ("\\ISO 2022 IR 100", b"M\xfcller^J\xfcrgen", "Müller, Jürgen"),
        # The byte strings of PS3.5 H.3.1 and H.3.2.
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=" + YAMADA_KANJI + b"=" + YAMADA_KANA,
            "Yamada, Tarou (山田 太郎, やまだ たろう)",
        ),
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
            "ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎, やまだ たろう)",
        ),
        # PS3.5 I.2 and J.3.
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong, Gildong (洪 吉洞, 홍 길동)",
        ),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang, XiaoDong (王 小東)"),
        ("GB18030", "Wang^XiaoDong=王^小东=".encode("gb18030"), "Wang, XiaoDong (王 小东)"),
    ],
)
def test_a_name_in_a_ct_is_decoded_by_its_character_set(
    character_set: str, raw: bytes, name: str, demo_folder: Path, tmp_path: Path
) -> None:
    for source in sorted((demo_folder / "course2" / "CT").glob("*.dcm"))[:2]:
        write_with_name(source, tmp_path / source.name, character_set, raw)
    assert person_name(read_ct(tmp_path).patient.name) == name


def write_with_name(source: Path, target: Path, character_set: str, raw: bytes) -> None:
    """A copy of a DICOM file with the bytes of a name in it, as another program encoded them.

    pydicom would encode the name itself, so the bytes are put in the place of others of the same length.
    """
    names = {"@" * (len(raw) + len(raw) % 2): raw}
    names["#" * (len(character_set) + len(character_set) % 2)] = character_set.encode()
    dataset = dcmread(source)
    dataset.PatientName, character_sets = names
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        dataset.SpecificCharacterSet = character_sets
        dataset.save_as(target)
    content = target.read_bytes()
    for placeholder, value in names.items():
        assert content.count(placeholder.encode()) == 1
        content = content.replace(placeholder.encode(), value.ljust(len(placeholder)))
    target.write_bytes(content)
