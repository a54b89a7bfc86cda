"""The acceptance list for an RTDOSE."""

from __future__ import annotations

import numpy as np

from ...model.errors import DicomError, GeometryError
from ...model.finding import Finding
from ...model.geometry import Geometry
from ...model.image import DoseType, Image
from ...model.interlock import Interlock
from ..dose import read_grid
from ..reader import DicomReader, SopClass
from .validate_common import belonging, is_uid, missing_attributes, unreadable_texts
from .validation import Rule, rules_of

COMPOSED = frozenset({"MULTI_PLAN"})


PLANS = frozenset({SopClass.RTPLAN.value, SopClass.RTIONPLAN.value})
OFFSETS_POINTER = "(3004,000C)"
"""FrameIncrementPointer of every dose of several frames: the tag of GridFrameOffsetVector (PS3.3 C.8.8.3.4.3)."""


def dose_rules(reader: DicomReader, ct: Image | None) -> tuple[Rule, ...]:
    """Every rule of the list, checked; those that need the CT only with one."""
    frame = {reader.text("FrameOfReferenceUID")}
    geometry, problems = _grid(reader)
    return rules_of(
        [
            (Interlock.EXPORT_PATIENT, lambda: belonging(reader, ct, frame)),
            (Interlock.EXPORT_ATTRIBUTE, lambda: _attributes(reader)),
            (Interlock.EXPORT_CHARACTERS, lambda: unreadable_texts(reader)),
            (Interlock.EXPORT_PLAN, lambda: _plans(reader)),
            (Interlock.EXPORT_DOSE_GRID, lambda: [_unusable(problem) for problem in problems]),
            (Interlock.EXPORT_OUTSIDE, lambda: _beside(geometry, ct)),
            (Interlock.EXPORT_DOSE_DERIVATION, lambda: _derivation(reader)),
        ]
    )


def _attributes(reader: DicomReader) -> list[Finding]:
    findings = missing_attributes(reader, "RTDOSE", "DoseSummationType", "FrameOfReferenceUID")
    kinds = [kind.value for kind in DoseType]
    if reader.text("DoseType") not in kinds:
        found = f"'{reader.text('DoseType')}'"
        findings.append(Finding(Interlock.EXPORT_ATTRIBUTE, "DoseType", found, " or ".join(kinds)))
    return findings


def _plans(reader: DicomReader) -> list[Finding]:
    plans = reader.items("ReferencedRTPlanSequence")
    subject = "ReferencedRTPlanSequence"
    if not plans:
        return [Finding(Interlock.EXPORT_PLAN, subject, "0 plans", "at least one")]
    uids = [plan.text("ReferencedSOPInstanceUID") for plan in plans if plan.text("ReferencedSOPClassUID") in PLANS]
    findings = [Finding(Interlock.EXPORT_PLAN, subject, f"'{uid}'", "a UID") for uid in uids if not is_uid(uid)]
    if len(uids) < len(plans):
        found = f"{len(plans) - len(uids)} of {len(plans)} objects that are no plans by ReferencedSOPClassUID"
        findings.append(Finding(Interlock.EXPORT_PLAN, subject, found, "RT Plan or RT Ion Plan"))
    return findings


def _grid(reader: DicomReader) -> tuple[Geometry | None, list[str]]:
    """Where the voxels lie, None if they cannot be placed or read, and everything that is wrong with them."""
    try:
        voxels, geometry, added = read_grid(reader)
    except (DicomError, GeometryError) as error:
        return None, [str(error)]
    pointer = reader.text("FrameIncrementPointer").replace(" ", "").upper()
    problems = {
        f"DoseUnits is '{reader.text('DoseUnits')}'": reader.text("DoseUnits") != "GY",
        "GridFrameOffsetVector is uneven": added > 0,
        f"FrameIncrementPointer is '{pointer}'": geometry.size[2] > 1 and pointer != OFFSETS_POINTER,
        f"SamplesPerPixel is '{reader.text('SamplesPerPixel')}'": reader.text("SamplesPerPixel") != "1",
        f"PixelRepresentation is '{reader.text('PixelRepresentation')}'": reader.text("PixelRepresentation") != "0",
        "PhotometricInterpretation is not MONOCHROME2": reader.text("PhotometricInterpretation") != "MONOCHROME2",
        "the dose is zero everywhere": not voxels.any(),
    }
    return geometry, [problem for problem, is_so in problems.items() if is_so]


def _beside(geometry: Geometry | None, ct: Image | None) -> list[Finding] | None:
    """Whether the grid lies beside the CT altogether; None without a CT, or if the grid could not be placed."""
    if ct is None or geometry is None:
        return None
    corners = np.array(list(np.ndindex(2, 2, 2)), dtype=np.float64) * geometry.size - 0.5
    index = ct.geometry.to_index(geometry.to_lps(corners))
    gaps = np.maximum(-0.5 - index.max(axis=0), index.min(axis=0) - (np.asarray(ct.geometry.size) - 0.5))
    off_mm = float((gaps * ct.geometry.spacing_mm).max())
    if off_mm < 0.0:
        return []
    return [Finding(Interlock.EXPORT_OUTSIDE, "Dose grid", f"it lies {off_mm:.0f} mm beside the CT", "on the CT")]


def _derivation(reader: DicomReader) -> list[Finding]:
    """An effective or summed dose must say of what it is made."""
    kind, summation = reader.text("DoseType"), reader.text("DoseSummationType")
    if (kind != "EFFECTIVE" and summation not in COMPOSED) or reader.items("DerivationCodeSequence"):
        return []
    return [Finding(Interlock.EXPORT_DOSE_DERIVATION, f"{kind} dose, {summation}", "no codes", "CID 7220")]


def _unusable(found: str) -> Finding:
    return Finding(Interlock.EXPORT_DOSE_GRID, "Dose grid", found)
