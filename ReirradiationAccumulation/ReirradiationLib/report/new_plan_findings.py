"""Whether the dose of the new plan is in the structures where the plan, and the planning system's own DVH, say it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..dicom.embedded_dvh import read_embedded_dvhs
from ..dicom.records import Records
from ..dosimetry.dvh import cumulative_dvh
from ..model.arrays import FloatArray
from ..model.course import Course
from ..model.finding import Finding
from ..model.interlock import Interlock
from ..model.metric import Metric
from .results import StructureResult

MEDIAN = Metric.parse("D50%[Gy]")
PLAUSIBLE_MEDIAN = (0.8, 1.6)
"""Median dose in a target as a share of its prescription; a prescription to the 65 % isodose is still within."""

LARGEST_MEAN_DEVIATION = 0.05
"""Deviation of a mean dose from the planning system's, as a share of the dose maximum: beyond what end caps explain."""


def new_plan_findings(new: Course | None, structures: Sequence[StructureResult], records: Records) -> list[Finding]:
    """Targets far from their prescription, and mean doses far from the DVHs stored in the dose object.

    Only where plan or dose refer to the current structure set: its ROI numbers are then theirs.
    """
    if new is None:
        return []
    findings = []
    set_uid = records.structures.sop_instance_uid
    if new.plan is not None and new.plan.structure_set_uid == set_uid:
        findings += _prescription_findings(new, structures)
    if new.dose.structure_set_uid == set_uid:
        findings += _dvh_findings(new, structures)
    return findings


def _prescription_findings(new: Course, structures: Sequence[StructureResult]) -> list[Finding]:
    findings = []
    for result in structures:
        wanted_gy = _prescribed_gy(new, result)
        if wanted_gy <= 0.0:
            continue
        median_gy = cumulative_dvh(_new_dose_gy(result), result.prior.samples.volumes_cc).value(MEDIAN)
        low, high = (share * wanted_gy for share in PLAUSIBLE_MEDIAN)
        if not low <= median_gy <= high:
            found = f"median dose {median_gy:.2f} Gy for {wanted_gy:g} Gy prescribed"
            subject = f"New course, target '{result.choice.name}'"
            findings.append(Finding(Interlock.PRESCRIPTION_FAR, subject, found, f"{low:.3g} to {high:.3g} Gy"))
    return findings


def _prescribed_gy(new: Course, result: StructureResult) -> float:
    """What the plan prescribes to a structure, by its ROINumber, or by its name where it states no number; 0 if nothing."""
    named = (
        prescription.dose_gy
        for prescription in (new.plan.prescriptions if new.plan else ())
        if prescription.roi_number == result.structure.number
        or (prescription.roi_number is None and prescription.description == result.choice.name)
    )
    return max(named, default=0.0)


def _dvh_findings(new: Course, structures: Sequence[StructureResult]) -> list[Finding]:
    stored = {
        dvh.roi_numbers[0]: dvh.mean
        for dvh in read_embedded_dvhs(new.dose.file)
        if len(dvh.roi_numbers) == 1 and dvh.dose_units == "GY"
    }
    largest_gy = LARGEST_MEAN_DEVIATION * float(new.dose.voxels_gy.max())
    findings = []
    for result in structures:
        theirs_gy = stored.get(result.structure.number)
        ours_gy = float(np.average(_new_dose_gy(result), weights=result.prior.samples.volumes_cc))
        if theirs_gy is not None and abs(ours_gy - theirs_gy) > largest_gy:
            found = f"mean dose {ours_gy:.2f} Gy, {theirs_gy:.2f} Gy in the DVH stored by the planning system"
            subject = f"New course, structure '{result.choice.name}'"
            findings.append(Finding(Interlock.DVH_DIFFERS, subject, found, f"within {largest_gy:.2f} Gy"))
    return findings


def _new_dose_gy(result: StructureResult) -> FloatArray:
    """Physical dose of the new plan at the samples of the structure, the last of the courses."""
    return result.final.courses[-1].dose_gy.astype(np.float64)
