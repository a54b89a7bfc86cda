"""Checking an RTSTRUCT, RTDOSE or REG of any origin against what planning systems take."""

from __future__ import annotations

from pathlib import Path

from ...model.errors import DicomError
from ...model.image import Image
from ...model.interlock import Interlock
from ..ct import read_ct
from ..reader import DicomReader, SopClass, open_dicom
from .regions import read_regions
from .validate_dose import dose_rules
from .validate_registration import registration_rules
from .validate_structures import compared, structure_rules, summaries
from .validation import Rule, Validation

KINDS = (SopClass.RTSTRUCT, SopClass.RTDOSE, SopClass.RIGID_REG, SopClass.DEFORMABLE_REG)


def validate_file(path: Path, ct_folder: Path | None = None, against: Path | None = None) -> Validation:
    """Check a file of any origin.

    Parameters
    ----------
    path : Path
        An RTSTRUCT, RTDOSE or REG.
    ct_folder : Path, optional
        The planning CT that it should belong to.
    against : Path, optional
        Another RTSTRUCT to compare with, ROI by ROI of the same name: the set before (or after) an import.

    Raises
    ------
    DicomError
        If a file cannot be read, is of another kind, or ``against`` is given for something else than an RTSTRUCT.
    """
    reader = open_dicom(path, *KINDS)
    kind = SopClass(reader.text("SOPClassUID"))
    if against is not None and kind is not SopClass.RTSTRUCT:
        raise DicomError(str(path), kind.name, "Compare structure sets only.", "RTSTRUCT", Interlock.FILE_WRONG_KIND)
    return _validated(path, reader, read_ct(ct_folder) if ct_folder is not None else None, against)


def validate_on(path: Path, ct: Image) -> Validation:
    """Check a file that belongs to a planning CT that was read already.

    Raises
    ------
    DicomError
        If the file cannot be read, or is of another kind.
    """
    return _validated(path, open_dicom(path, *KINDS), ct, None)


def _validated(path: Path, reader: DicomReader, ct: Image | None, against: Path | None) -> Validation:
    kind = SopClass(reader.text("SOPClassUID"))
    if kind is SopClass.RTDOSE:
        return Validation(path, "RTDOSE", dose_rules(reader, ct))
    if kind is not SopClass.RTSTRUCT:
        return Validation(path, "REG", registration_rules(reader, ct))
    regions = read_regions(reader)
    rules = structure_rules(reader, regions, ct)
    if against is None:
        return Validation(path, "RTSTRUCT", rules, summaries(regions, ct))
    other = read_regions(open_dicom(against, SopClass.RTSTRUCT))
    changes, findings = compared(regions, other, ct)
    return Validation(path, "RTSTRUCT", (*rules, Rule(Interlock.EXPORT_CHANGED, findings)), summaries(regions, ct), changes)
