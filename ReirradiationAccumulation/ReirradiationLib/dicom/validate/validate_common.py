"""Rules that hold for every object: whose it is, and whether its text can be read."""

from __future__ import annotations

from pathlib import Path

from ...model.finding import Finding
from ...model.image import Image
from ...model.interlock import Interlock
from ..reader import DicomReader, open_any

_TEXTS = ("PatientName", "PatientID", "StructureSetLabel", "SeriesDescription", "ROIName", "ROIDescription", "DoseComment")


def belonging(reader: DicomReader, ct: Image | None, frame_uids: set[str]) -> list[Finding] | None:
    """Whether patient, study and frame of reference are the CT's; None without a CT."""
    if ct is None:
        return None
    pairs = [
        ("PatientID", reader.text("PatientID"), ct.patient.patient_id),
        ("StudyInstanceUID", reader.text("StudyInstanceUID"), ct.study_uid),
        *(("FrameOfReferenceUID", uid, ct.frame_uid) for uid in sorted(frame_uids) or [""]),
    ]
    return [
        Finding(Interlock.EXPORT_PATIENT, keyword, f"'{found}'", f"'{expected}'")
        for keyword, found, expected in pairs
        if found != expected
    ]


def missing_attributes(reader: DicomReader, modality: str, *keywords: str) -> list[Finding]:
    """What every object needs (PS3.3 C.12.1, C.7.2.1, C.8.8.1) and further attributes that must have a value."""
    findings = [
        Finding(Interlock.EXPORT_ATTRIBUTE, keyword, f"'{reader.text(keyword)}'", "a UID")
        for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
        if not is_uid(reader.text(keyword))
    ]
    if reader.text("Modality") != modality:
        findings.append(Finding(Interlock.EXPORT_ATTRIBUTE, "Modality", f"'{reader.text('Modality')}'", modality))
    missing = [keyword for keyword in keywords if not reader.text(keyword)]
    return findings + [Finding(Interlock.EXPORT_ATTRIBUTE, keyword, "missing", "a value") for keyword in missing]


def is_uid(text: str) -> bool:
    """Whether a text is a unique identifier (PS3.5 9.1)."""
    from pydicom.uid import UID

    return UID(text).is_valid


def unreadable_texts(reader: DicomReader, *sequences: str) -> list[Finding]:
    """Texts that are not in the character set declared (PS3.5 6.1); only single-valued declarations are checked."""
    from pydicom.charset import python_encoding

    reader = open_any(Path(reader.where), pixels=False)  # anew: what was looked at before is decoded already
    declared = reader.dataset.get("SpecificCharacterSet") or ""
    encoding = (
        "ascii" if declared in ("", "ISO_IR 6") else python_encoding.get(declared if isinstance(declared, str) else "")
    )
    if encoding is None:
        return []
    parts = [reader, *(item for sequence in sequences for item in reader.items(sequence))]
    return [
        Finding(
            Interlock.EXPORT_CHARACTERS, f"{keyword} in {part.where}", "bytes that it does not allow", declared or "ASCII"
        )
        for part in parts
        for keyword in _TEXTS
        if not _is_readable(part, keyword, encoding)
    ]


def _is_readable(part: DicomReader, keyword: str, encoding: str) -> bool:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    raw = part.dataset.get_item(tag) if tag is not None and tag in part.dataset else None
    value = getattr(raw, "value", None)
    try:
        if isinstance(value, bytes):
            value.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
