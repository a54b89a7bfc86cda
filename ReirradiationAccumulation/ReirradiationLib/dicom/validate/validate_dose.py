"""The acceptance list for an RTDOSE."""

from __future__ import annotations

import numpy as np

from ...model.errors import DicomError
from ...model.finding import Finding
from ...model.image import Image
from ...model.interlock import Interlock
from ..reader import READ_ERRORS, DicomReader
from .validate_common import belonging, unreadable_texts
from .validation import Rule, rules_of

COMPOSED = frozenset({"MULTI_PLAN"})


def dose_rules(reader: DicomReader, ct: Image | None) -> tuple[Rule, ...]:
    """Every rule of the list, checked; those that need the CT only with one."""
    frame = {reader.text("FrameOfReferenceUID")}
    return rules_of(
        [
            (Interlock.EXPORT_PATIENT, lambda: belonging(reader, ct, frame)),
            (Interlock.EXPORT_CHARACTERS, lambda: unreadable_texts(reader)),
            (Interlock.EXPORT_PLAN, lambda: _plans(reader)),
            (Interlock.EXPORT_DOSE_GRID, lambda: _grid(reader)),
            (Interlock.EXPORT_DOSE_DERIVATION, lambda: _derivation(reader)),
        ]
    )


def _plans(reader: DicomReader) -> list[Finding]:
    uids = [item.text("ReferencedSOPInstanceUID") for item in reader.items("ReferencedRTPlanSequence")]
    if uids and all(uids):
        return []
    return [Finding(Interlock.EXPORT_PLAN, "ReferencedRTPlanSequence", f"{len(uids)} plans", "at least one")]


def _grid(reader: DicomReader) -> list[Finding]:
    try:
        frames = reader.whole("NumberOfFrames")
        offsets = reader.numbers("GridFrameOffsetVector", frames)
        for keyword, count in (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2)):
            reader.numbers(keyword, count)
        scaling = reader.number("DoseGridScaling")
        pixels = reader.dataset.pixel_array
    except DicomError as error:
        return [_unusable(str(error))]
    except READ_ERRORS as error:
        return [_unusable(f"the pixels cannot be decoded ({error})")]
    steps = np.diff(offsets)
    problems = {
        "DoseUnits is not GY": reader.text("DoseUnits") != "GY",
        f"DoseGridScaling is {scaling}": scaling <= 0.0,
        "GridFrameOffsetVector is uneven": bool(steps.size and np.ptp(steps) > 0.01),
        "the dose is zero everywhere": not pixels.any(),
        "there are negative doses": bool(pixels.min() < 0),
    }
    return [_unusable(problem) for problem, is_so in problems.items() if is_so]


def _derivation(reader: DicomReader) -> list[Finding]:
    """An effective or summed dose must say of what it is made."""
    kind, summation = reader.text("DoseType"), reader.text("DoseSummationType")
    if (kind != "EFFECTIVE" and summation not in COMPOSED) or reader.items("DerivationCodeSequence"):
        return []
    return [Finding(Interlock.EXPORT_DOSE_DERIVATION, f"{kind} dose, {summation}", "no codes", "CID 7220")]


def _unusable(found: str) -> Finding:
    return Finding(Interlock.EXPORT_DOSE_GRID, "Dose grid", found)
