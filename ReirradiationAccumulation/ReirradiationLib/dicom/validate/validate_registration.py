"""The acceptance list for a REG, rigid or deformable."""

from __future__ import annotations

from pathlib import Path

from ...model.errors import ReirradiationError
from ...model.finding import Finding
from ...model.image import Image
from ...model.interlock import Interlock
from ..reader import DicomReader, SopClass
from ..registration import read_registration
from .validate_common import belonging, unreadable_texts
from .validation import Rule, rules_of


def registration_rules(reader: DicomReader, ct: Image | None) -> tuple[Rule, ...]:
    """Every rule of the list, checked; those that need the CT only with one."""
    frame = {reader.text("FrameOfReferenceUID")}
    return rules_of(
        [
            (Interlock.EXPORT_PATIENT, lambda: belonging(reader, ct, frame)),
            (Interlock.EXPORT_CHARACTERS, lambda: unreadable_texts(reader)),
            (Interlock.EXPORT_REGISTRATION, lambda: _transform(reader)),
            (Interlock.EXPORT_REGISTRATION_IMAGES, lambda: _images(reader)),
        ]
    )


def _transform(reader: DicomReader) -> list[Finding]:
    """The transform to every other frame can be read: matrices invertible and of their type, vectors complete."""
    fixed = reader.text("FrameOfReferenceUID")
    others = [uid for uid in _frames(reader) if uid != fixed]
    if not fixed or not others:
        return [Finding(Interlock.EXPORT_REGISTRATION, "Frames of reference", f"'{fixed}' alone", "two different ones")]
    findings = []
    for other in others:
        try:
            read_registration(Path(reader.where), fixed, other)
        except ReirradiationError as error:
            findings.append(Finding(Interlock.EXPORT_REGISTRATION, f"Frame {other}", str(error)))
    return findings


def _frames(reader: DicomReader) -> list[str]:
    items = reader.items("RegistrationSequence") or reader.items("DeformableRegistrationSequence")
    keyword = "FrameOfReferenceUID" if _is_rigid(reader) else "SourceFrameOfReferenceUID"
    return list(dict.fromkeys(uid for item in items if (uid := item.text(keyword))))


def _images(reader: DicomReader) -> list[Finding]:
    items = reader.items("RegistrationSequence" if _is_rigid(reader) else "DeformableRegistrationSequence")
    without = [n for n, item in enumerate(items) if not item.items("ReferencedImageSequence")]
    return [Finding(Interlock.EXPORT_REGISTRATION_IMAGES, f"Item {n}", "names no images") for n in without]


def _is_rigid(reader: DicomReader) -> bool:
    return reader.text("SOPClassUID") == SopClass.RIGID_REG.value
