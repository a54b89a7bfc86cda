"""What every object that we write has in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..model.errors import DicomError, OutputError
from ..model.image import Image
from ..model.interlock import Interlock
from .reader import SopClass, open_dicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURER = "SlicerReirradiation"
CHARACTER_SET = "ISO_IR 192"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
"""Implicit VR: a contour beyond 64 KiB cannot be a DS value in explicit VR."""

DS_BYTES = 16
"""Most bytes of a decimal string (PS3.5 table 6.2-1)."""

PIXEL_DATA = 0x7FE00010

_TEXT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that SpecificCharacterSet applies to."""

_COPIED = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "OtherPatientIDs"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription"),
    *("AccessionNumber", "ReferringPhysicianName"),
)
_EMPTY_IF_ABSENT = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)


@dataclass(frozen=True)
class Code:
    """A coded term of PS3.16, scheme DCM."""

    value: str
    meaning: str

    def item(self) -> Dataset:
        """Item of a code sequence (PS3.3 table 8.8-1)."""
        from pydicom.dataset import Dataset

        item = Dataset()
        item.CodeValue = self.value
        item.CodingSchemeDesignator = "DCM"
        item.CodeMeaning = self.meaning
        return item


def new_object(reference: Image, kind: SopClass, series_description: str, series_number: int) -> Dataset:
    """A dataset in the study and frame of reference of the current CT, its Patient and Study modules copied.

    Parameters
    ----------
    reference : Image
        The current CT; the header of its first slice is copied.
    kind : SopClass
    series_description : str
        At most 64 characters (LO).
    series_number : int

    Raises
    ------
    DicomError
        If the CT's file is gone or damaged.
    """
    from pydicom.dataset import Dataset

    source = open_dicom(reference.files[0], SopClass.CT, pixels=False).dataset
    dataset = Dataset()
    own = source.get("SpecificCharacterSet")
    dataset.SpecificCharacterSet = own if isinstance(own, str) and own else CHARACTER_SET
    for keyword in _COPIED:
        if keyword in source:
            value = source.get(keyword)
            setattr(dataset, keyword, str(value) if source[keyword].VR == "PN" else value)
        elif keyword in _EMPTY_IF_ABSENT:
            setattr(dataset, keyword, "")
    dataset.SOPClassUID = kind.value
    dataset.Modality = "REG" if kind in (SopClass.RIGID_REG, SopClass.DEFORMABLE_REG) else kind.name
    dataset.SeriesDescription = limited(series_description, 64)
    dataset.SeriesNumber = series_number
    dataset.InstanceNumber = 1
    dataset.OperatorsName = ""
    dataset.FrameOfReferenceUID = reference.frame_uid
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = "Research software, not a medical device"
    dataset.SoftwareVersions = __version__
    return dataset


def save_object(dataset: Dataset, path: Path) -> str:
    """Give the object UIDs derived from its content and write it, to a temporary name first.

    The same content gives the same UIDs and the same bytes.

    Returns
    -------
    str
        SOPInstanceUID.

    Raises
    ------
    OutputError
        If a file is there already, or it cannot be written.
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, generate_uid

    if path.exists():
        raise OutputError(str(path), "a file of that name is there", "Choose a new file.", interlock=Interlock.EXPORT_EXISTS)
    _settle_character_set(dataset)
    digest = _digest(dataset)
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["instance", digest])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", digest])
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(str(dataset.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(dataset.SOPInstanceUID))
    meta.TransferSyntaxUID = UID(IMPLICIT_LITTLE_ENDIAN)
    dataset.file_meta = meta
    partial = path.with_name(path.name + ".partial")
    try:
        dataset.save_as(partial, **_file_format())
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            str(path), f"cannot be written ({error.strerror or error})", "Check the folder and the disk."
        ) from error
    return str(dataset.SOPInstanceUID)


def is_own_object(path: Path, *kinds: SopClass) -> bool:
    """Whether a file is an object of one of the kinds that this program wrote."""
    try:
        return open_dicom(path, *kinds, pixels=False).text("Manufacturer") == MANUFACTURER
    except DicomError:
        return False


def reference_item(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """An item of a sequence that refers to an object (PS3.3 table 10-11)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def set_bytes(dataset: Dataset, tag: int, value: bytes) -> None:
    """Set an attribute as the very bytes of the file; in implicit VR its representation is not written."""
    from pydicom.dataelem import DataElement

    dataset[tag] = DataElement(tag, "OB", value + b" " * (len(value) % 2))


def limited(text: str, length: int) -> str:
    """Text cut to the length that its value representation allows, without the backslash that separates values."""
    return text.replace("\\", "/")[:length]


def decimal(value: float, digits: int = 10) -> str:
    """A DS value of at most 16 bytes, with as many of the digits wanted as fit.

    Raises
    ------
    DicomError
        If the value is not finite.
    """
    if value - value != 0.0:
        raise DicomError("Number", f"{value!r} cannot be a DS value", "Report this.", "a finite number")
    texts = (f"{value + 0.0:.{precision}g}" for precision in range(digits, 0, -1))
    return next(text for text in texts if len(text) <= DS_BYTES)


def _settle_character_set(dataset: Dataset) -> None:
    """Keep the CT's own character set if it can encode every text of the object, so that names match; else UTF-8."""
    from pydicom.charset import python_encoding

    encoding = python_encoding.get(dataset.SpecificCharacterSet, "")
    if encoding:
        try:
            for text in _texts(dataset):
                text.encode(encoding)
            return
        except UnicodeEncodeError:
            pass
    dataset.SpecificCharacterSet = CHARACTER_SET


def _texts(dataset: Dataset) -> Iterator[str]:
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if element is None or element.is_raw:
            continue
        if element.VR == "SQ":
            for item in dataset[tag].value or ():
                yield from _texts(item)
        elif element.VR in _TEXT and element.value:
            yield str(element.value)


def _digest(dataset: Dataset) -> str:
    """Fingerprint of the content; pixels are taken as they are, since encoding copies them several times."""
    pixels = dataset.pop(PIXEL_DATA, None)
    fingerprint = hashlib.sha256(_encoded(dataset))
    if pixels is not None:
        fingerprint.update(bytes(pixels.value or b""))
        dataset[PIXEL_DATA] = pixels
    return fingerprint.hexdigest()


def _encoded(dataset: Dataset) -> bytes:
    """The object as bytes, without file meta information."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, dataset)
    encoded: bytes = buffer.getvalue()
    return encoded


def _file_format() -> dict[str, Any]:
    import pydicom

    # pydicom 3 renamed the switch that adds preamble and file meta information; Slicer 5.10 bundles pydicom 2.4.
    if int(pydicom.__version__.split(".")[0]) >= 3:
        return {"enforce_file_format": True, "implicit_vr": True, "little_endian": True}
    return {"write_like_original": False}
