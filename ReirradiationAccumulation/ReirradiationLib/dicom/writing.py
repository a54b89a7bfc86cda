"""What every object that we write has in common."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..model.errors import DicomError, OutputError
from ..model.image import Image
from .reader import SopClass, open_dicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURER = "SlicerReirradiation"
CHARACTER_SET = "ISO_IR 192"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
"""Implicit VR: a contour beyond 64 KiB cannot be a DS value in explicit VR."""

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
    dataset.SpecificCharacterSet = CHARACTER_SET
    for keyword in _COPIED:
        if keyword in source:
            setattr(dataset, keyword, source.get(keyword))
        elif keyword in _EMPTY_IF_ABSENT:
            setattr(dataset, keyword, "")
    dataset.SOPClassUID = kind.value
    dataset.Modality = kind.name
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


def save_object(dataset: Dataset, path: Path) -> None:
    """Give the object UIDs derived from its content and write it, to a temporary name first.

    The same content gives the same UIDs and the same bytes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, generate_uid

    digest = hashlib.sha256(dataset.to_json().encode("utf-8")).hexdigest()
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


def reference_item(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """An item of a sequence that refers to an object (PS3.3 table 10-11)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def limited(text: str, length: int) -> str:
    """Text cut to the length that its value representation allows, without the backslash that separates values."""
    return text.replace("\\", "/")[:length]


def decimal(value: float) -> str:
    """A DS value of at most 16 bytes.

    Raises
    ------
    DicomError
        If the value cannot be written in 16 bytes.
    """
    text = f"{value:.10g}"
    if len(text) > 16:
        raise DicomError("Number", f"{value!r} does not fit a DS value", "Report this.", "at most 16 bytes")
    return text


def _file_format() -> dict[str, Any]:
    import pydicom

    # pydicom 3 renamed the switch that adds preamble and file meta information; Slicer 5.10 bundles pydicom 2.4.
    if int(pydicom.__version__.split(".")[0]) >= 3:
        return {"enforce_file_format": True, "implicit_vr": True, "little_endian": True}
    return {"write_like_original": False}
