"""Opening a DICOM file and asking it for typed values; every refusal names the file and the tag."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import MutableSequence, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..model.arrays import FloatArray
from ..model.dates import dicom_date
from ..model.errors import DicomError
from ..model.image import Patient
from ..model.interlock import Interlock

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class SopClass(Enum):
    """The SOP Classes that the library reads (PS3.4 B.5)."""

    CT = "1.2.840.10008.5.1.4.1.1.2"
    RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
    RTPLAN = "1.2.840.10008.5.1.4.1.1.481.5"
    RTIONPLAN = "1.2.840.10008.5.1.4.1.1.481.8"
    RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
    RIGID_REG = "1.2.840.10008.5.1.4.1.1.66.1"
    DEFORMABLE_REG = "1.2.840.10008.5.1.4.1.1.66.3"


PREAMBLE = 128
DEFLATED = "1.2.840.10008.1.2.1.99"
LARGEST_FILE_BYTES = 2**32
"""A file beyond 4 GiB is no patient's; it is refused before memory is asked for."""

BARE_STARTS = (b"\x08\x00\x05\x00", b"\x08\x00\x08\x00", b"\x08\x00\x16\x00", b"\x08\x00\x00\x00", b"\x02\x00\x00\x00")
"""How a file without preamble starts: SpecificCharacterSet, ImageType, SOPClassUID, or a group length."""

READ_ERRORS = (
    *(ValueError, TypeError, AttributeError, KeyError, IndexError, NotImplementedError, RuntimeError, OverflowError),
    *(EOFError, LookupError, StopIteration, struct.error, zlib.error, MemoryError),
)
"""What Python and numpy raise on damaged content; :func:`read_errors` adds what pydicom has of its own."""

_TEXT_NUMBERS = ("DS", "IS")
_BINARY = ("AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV")
"""Value representations in which the text of a number would be taken for the bits of another one."""


def read_errors() -> tuple[type[Exception], ...]:
    """What pydicom raises on damaged content; all become a :class:`DicomError`."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*READ_ERRORS, OSError, ImportError, BytesLengthException, InvalidDicomError)


class DicomReader:
    """Typed access to a dataset or to an item of one of its sequences.

    Parameters
    ----------
    dataset : Dataset
    where : str
        File, and item within it, for messages.
    """

    def __init__(self, dataset: Dataset, where: str) -> None:
        self.dataset = dataset
        self.where = where

    def has(self, keyword: str) -> bool:
        """Whether the attribute is there with a value."""
        return self._value(keyword) not in (None, "")

    def text(self, keyword: str) -> str:
        """A value as text; empty if absent."""
        value = self._value(keyword)
        return "" if value is None else str(value).strip()

    def joined(self, keyword: str) -> str:
        """All values of an attribute as one text; empty if absent."""
        return ", ".join(part for part in (text.strip() for text in self.values(keyword)) if part)

    def values(self, keyword: str) -> tuple[str, ...]:
        """Every value of an attribute as text."""
        value = self._value(keyword)
        if value is None:
            return ()
        return tuple(str(part) for part in value) if isinstance(value, MutableSequence) else (str(value),)

    def required_text(self, keyword: str, remedy: str = "Export the object again.") -> str:
        """A value as text.

        Raises
        ------
        DicomError
            If it is absent or empty.
        """
        text = self.text(keyword)
        if not text:
            raise self.refuse(keyword, "is missing", remedy)
        return text

    def numbers(self, keyword: str, count: int | None = None) -> FloatArray:
        """A numeric value of ``count`` components (any number ≥ 1 if None), all finite, shape (count,).

        Raises
        ------
        DicomError
            If it is absent, not numeric, not finite or has another number of components.
        """
        value = self._value(keyword)
        if value is None:
            raise self.refuse(keyword, "is missing", "Export the object again.")
        try:
            numbers = np.atleast_1d(np.asarray(value, dtype=np.float64))
        except (ValueError, TypeError, OverflowError) as error:
            raise self.refuse(keyword, f"is {value!r:.80}", "Export the object again.", "numbers") from error
        self._require_own_representation(keyword)
        if numbers.size == 0 or (count is not None and numbers.size != count) or not np.isfinite(numbers).all():
            wanted = f"{count} finite numbers" if count else "finite numbers"
            raise self.refuse(keyword, f"is {value!s:.80}", "Export the object again.", wanted)
        return numbers

    def number(self, keyword: str) -> float:
        """A single finite number."""
        return float(self.numbers(keyword, 1)[0])

    def whole(self, keyword: str) -> int:
        """A single whole number."""
        number = self.number(keyword)
        if not number.is_integer():
            raise self.refuse(keyword, f"is {number}", "Export the object again.", "a whole number")
        return int(number)

    def day(self, keyword: str) -> date | None:
        """A DICOM date, or None if absent or unreadable."""
        return dicom_date(self.text(keyword))

    def items(self, keyword: str) -> list[DicomReader]:
        """The items of a sequence; empty if absent."""
        from pydicom.sequence import Sequence as ItemSequence

        value = self._value(keyword)
        if value is None:
            return []
        if not isinstance(value, ItemSequence):
            raise self.refuse(keyword, "is no sequence", "Export the object again.")
        return [DicomReader(item, f"{self.where}, {keyword}[{n}]") for n, item in enumerate(value)]

    def only_item(self, keyword: str, remedy: str = "Export the object again.") -> DicomReader:
        """The single item of a sequence.

        Raises
        ------
        DicomError
            If there is none or more than one.
        """
        items = self.items(keyword)
        if len(items) != 1:
            raise self.refuse(keyword, f"has {len(items)} items", remedy, "exactly one")
        return items[0]

    def raw(self, keyword: str) -> bytes:
        """The bytes of a value that is neither text nor number; empty if absent."""
        value = self._value(keyword)
        return value if isinstance(value, bytes) else b""

    def transfer_syntax(self) -> str:
        """TransferSyntaxUID of the file; empty if it states none."""
        meta = getattr(self.dataset, "file_meta", None)
        return "" if meta is None else DicomReader(meta, self.where).text("TransferSyntaxUID")

    def is_compressed(self) -> bool:
        """Whether the pixel data are encapsulated (PS3.5 A.4)."""
        from pydicom.uid import UID

        syntax = UID(self.transfer_syntax())
        return not syntax.is_private and syntax.is_transfer_syntax and syntax.is_compressed

    def refuse(
        self, keyword: str, found: str, remedy: str = "", expected: str = "", interlock: Interlock = Interlock.ATTRIBUTE
    ) -> DicomError:
        """An error about one attribute of this dataset, to be raised by the caller; the catalogue's advice if no remedy."""
        from pydicom.datadict import tag_for_keyword

        number = tag_for_keyword(keyword)
        tag = f" ({number >> 16:04X},{number & 0xFFFF:04X})" if number is not None else ""
        return DicomError(f"{self.where}: {keyword}{tag}", found, remedy or interlock.advice, expected, interlock)

    def _value(self, keyword: str) -> Any:
        try:
            return self.dataset.get(keyword)
        except read_errors() as error:
            raise self.refuse(keyword, f"cannot be read ({error!s:.80})", "The file is damaged; export it again.") from error

    def _require_own_representation(self, keyword: str) -> None:
        """Refuse a number of the standard's text form (DS, IS) that the file tags as a binary one: it would be another."""
        from pydicom.datadict import dictionary_VR

        found, own = str(self.dataset[keyword].VR), dictionary_VR(keyword)
        if own in _TEXT_NUMBERS and found in _BINARY:
            raise self.refuse(keyword, f"has the value representation {found}", "Export the object again.", own)


def open_dicom(path: Path, *kinds: SopClass, pixels: bool = True) -> DicomReader:
    """Open a file that must be of one of the given SOP Classes.

    Parameters
    ----------
    path : Path
    kinds : SopClass
        The accepted ones; the Modality tag and the file name are not trusted.
    pixels : bool
        Whether pixel data are read too.

    Raises
    ------
    DicomError
        If the file is missing, is not DICOM, is damaged, or is of another SOP Class.
    """
    wanted = " or ".join(kind.name.replace("_", " ") for kind in kinds)
    reader = open_any(path, pixels=pixels, wanted=wanted)
    found = reader.text("SOPClassUID")
    if found not in {kind.value for kind in kinds}:
        raise DicomError(
            str(path),
            f"SOP Class '{_class_name(found)}'",
            f"Name the {wanted} file here.",
            wanted,
            Interlock.FILE_WRONG_KIND,
        )
    return reader


def open_any(path: Path, *, pixels: bool, wanted: str = "DICOM", tags: Sequence[str] | None = None) -> DicomReader:
    """Open a DICOM file of whatever SOP Class, with or without the preamble of PS3.10.

    Parameters
    ----------
    path : Path
    pixels : bool
        Whether pixel data are read too.
    wanted : str
        What the caller looks for, for messages.
    tags : sequence of str, optional
        Keywords of the attributes to keep; all if None.

    Raises
    ------
    DicomError
        If the file is missing, is not DICOM, is deflated, or is damaged.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    def refused(found: str, remedy: str, interlock: Interlock = Interlock.FILE_UNREADABLE) -> DicomError:
        return DicomError(str(path), found, remedy, wanted, interlock)

    try:
        status = path.stat()
        # Opening a pipe would wait for ever.
        if not stat.S_ISREG(status.st_mode):
            raise refused("cannot be read (it is no file)", f"Name a DICOM {wanted} file.")
        if status.st_size > LARGEST_FILE_BYTES:
            raise refused(
                f"a file of {status.st_size / 1e9:.1f} GB", Interlock.FILE_TOO_LARGE.advice, Interlock.FILE_TOO_LARGE
            )
        with path.open("rb") as file:
            start = file.read(PREAMBLE + 4)
            has_preamble = start[PREAMBLE:] == b"DICM"
            is_bare = not has_preamble and start[:4] in BARE_STARTS
            # pydicom unfolds a deflated file before anybody can look at it, to whatever size.
            if (has_preamble or is_bare) and _transfer_syntax(file, len(start) if has_preamble else 0) == DEFLATED:
                raise refused("a deflated transfer syntax", "Export it without deflation.")
        dataset = dcmread(path, stop_before_pixels=not pixels, force=is_bare, specific_tags=list(tags) if tags else None)
    except InvalidDicomError as error:
        raise refused("not a DICOM file", f"Name a DICOM {wanted} file.") from error
    except OSError as error:
        raise refused(f"cannot be read ({error.strerror or error})", "Check the path.") from error
    except read_errors() as error:
        raise refused(f"damaged ({error!s:.200})", "Export it again.") from error
    if is_bare and not DicomReader(dataset, str(path)).transfer_syntax():
        _state_transfer_syntax(dataset)
    return DicomReader(dataset, str(path))


def _state_transfer_syntax(dataset: Dataset) -> None:
    """A file without meta information is uncompressed (PS3.5 10.1) as pydicom has found it; decoding wants it said."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if hasattr(dataset, "original_encoding"):
        implicit, little = dataset.original_encoding
    else:  # pydicom 2.4
        implicit, little = dataset.read_implicit_vr, dataset.read_little_endian
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = syntax


def instance_uid(path: Path) -> str:
    """The SOPInstanceUID of a DICOM file of whatever kind."""
    return open_any(path, pixels=False, tags=["SOPInstanceUID"]).text("SOPInstanceUID")


def read_patient(reader: DicomReader) -> Patient:
    """The Patient module of an object."""
    return Patient(
        patient_id=reader.text("PatientID"),
        name=reader.text("PatientName"),
        birth_date=reader.text("PatientBirthDate"),
        sex=reader.text("PatientSex"),
    )


def read_system(reader: DicomReader) -> str:
    """What wrote an object, by Manufacturer, ManufacturerModelName and SoftwareVersions; empty if it does not say."""
    maker, model = reader.text("Manufacturer"), reader.text("ManufacturerModelName")
    versions = reader.joined("SoftwareVersions")
    named = model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}".strip()
    return f"{named} {versions}".strip()


def referenced_uid(reader: DicomReader, sequence: str) -> str:
    """SOPInstanceUID of the first object that a sequence refers to; empty if none."""
    return next((item.text("ReferencedSOPInstanceUID") for item in reader.items(sequence)), "")


def _transfer_syntax(file: BinaryIO, start: int) -> str:
    """What the file meta information (PS3.10 7.1) from ``start`` on states; nothing after it is read."""
    from pydicom.filereader import read_dataset

    file.seek(start)
    meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: int(tag) >> 16 != 2)
    return str(meta.get("TransferSyntaxUID", ""))


def _class_name(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name if uid else "none"
