"""The second phase of a scan: the doses of a course read and held against its plans, targets and stored histograms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...model.arrays import FloatArray
from ...model.course import Prescription
from ...model.errors import Cancelled, DicomError
from ...model.finding import Finding
from ...model.interlock import Interlock
from ..dose import CLIPPED_SHARE
from ..embedded_dvh import EmbeddedDvh, percent_reference_gy, read_embedded_dvhs
from ..structures import read_structures
from .course_groups import CourseGroup
from .course_names import dose_name, plan_name, structures_name
from .dose_checks import BeamSum, DoseGrid, DoseMeasures, compare_beams, measure, median_at, read_dose_grid
from .dose_findings import BEAM, WHOLE_PLAN
from .headers import DoseHeader, Origin, PlanHeader, RoiHeader, StructuresHeader

BEAMS_DEVIATION = 0.01
TARGET_SHARES = (0.7, 1.3)
"""Median dose on the target's surface as a share of its prescription."""


@dataclass(frozen=True)
class TargetDose:
    """Median dose at the contour points of a target, and what was prescribed to it."""

    plan_uid: str
    roi_name: str
    median_gy: float
    prescription_gy: float


@dataclass(frozen=True)
class CourseChecks:
    """What the doses of a course hold.

    Parameters
    ----------
    measures : tuple of DoseMeasures
    beam_sums : tuple of BeamSum
    targets : tuple of TargetDose
    dvhs : tuple of (dose UID, EmbeddedDvh)
    percent_references : tuple of (dose UID, Gy)
        Doses whose stored mean and maximum are percentages of so many Gy.
    findings : list of Finding
    """

    measures: tuple[DoseMeasures, ...]
    beam_sums: tuple[BeamSum, ...]
    targets: tuple[TargetDose, ...]
    dvhs: tuple[tuple[str, EmbeddedDvh], ...]
    percent_references: tuple[tuple[str, float], ...]
    findings: list[Finding]


def check_course(course: CourseGroup, is_cancelled: Callable[[], bool]) -> CourseChecks:
    """Read every dose of a course, one at a time. What cannot be read becomes a finding.

    Raises
    ------
    Cancelled
        If ``is_cancelled`` said so.
    """
    measures: list[DoseMeasures] = []
    targets: list[TargetDose] = []
    dvhs: list[tuple[str, EmbeddedDvh]] = []
    references: list[tuple[str, float]] = []
    findings: list[Finding] = []
    contours = _target_contours(course, findings)
    for dose in course.doses:
        if is_cancelled():
            raise Cancelled
        subject = dose_name(dose, course)
        try:
            voxels = read_dose_grid(dose)
            measures.append(measure(dose, voxels))
            findings += _measure_findings(measures[-1], subject)
            if measures[-1].maximum > 0.0:
                targets += _target_doses(dose, voxels, course, contours)
        except DicomError as error:
            findings.append(_unreadable(error, dose.origin, subject))
        if dose.dvh_rois:
            try:
                stored = read_embedded_dvhs(dose.origin.file.path)
            except DicomError as error:
                findings.append(_unreadable(error, dose.origin, subject))
                continue
            dvhs += [(dose.origin.uid, dvh) for dvh in stored]
            if (reference := percent_reference_gy(stored)) is not None:
                references.append((dose.origin.uid, reference))
                found = f"stored means and maxima fit their curves as percent of {reference:.4g} Gy"
                findings.append(Finding(Interlock.DVH_IN_PERCENT, subject, found))
    beam_sums = _beam_sums(course, findings)
    findings += _target_findings(course, targets)
    return CourseChecks(tuple(measures), beam_sums, tuple(targets), tuple(dvhs), tuple(references), findings)


def target_roi(prescription: Prescription, structures: StructuresHeader | None) -> RoiHeader | None:
    """The ROI a prescription is for: the one it names, else the only PTV of the set; None if that is not certain."""
    if structures is None:
        return None
    if prescription.roi_number is not None:
        return next((roi for roi in structures.rois if roi.number == prescription.roi_number), None)
    targets = [roi for roi in structures.rois if roi.interpreted_type == "PTV" and roi.closed]
    return targets[0] if len(targets) == 1 else None


def _unreadable(error: DicomError, origin: Origin, subject: str) -> Finding:
    where = error.subject.removeprefix(str(origin.file.path)).lstrip(":, ")
    return Finding(error.interlock or Interlock.DOSE_VALUES, subject, f"{where} {error.found}".strip(), error.expected)


def _measure_findings(measures: DoseMeasures, subject: str) -> list[Finding]:
    if measures.maximum <= 0.0:
        return [Finding(Interlock.DOSE_ZERO, subject, "every voxel is 0")]
    if measures.border_share > CLIPPED_SHARE:
        found = f"{100 * measures.border_share:.0f} % of the maximum on the border"
        return [Finding(Interlock.DOSE_CLIPPED, subject, found, f"at most {100 * CLIPPED_SHARE:.0f} %")]
    return []


def _beam_sums(course: CourseGroup, findings: list[Finding]) -> tuple[BeamSum, ...]:
    """BEAM doses against the PLAN dose of each plan that has one of these and all of those."""
    sums = []
    for plan in course.plans:
        doses = [dose for dose in course.doses_of(plan.origin.uid) if dose.plan_uids == (plan.origin.uid,)]
        whole = [dose for dose in doses if dose.summation == WHOLE_PLAN]
        beams = [dose for dose in doses if dose.summation == BEAM]
        covered = sorted(number for dose in beams for number in dose.beams)
        if len(whole) != 1 or not beams or covered != list(plan.treatment_beams):
            continue
        try:
            compared = compare_beams(whole[0], beams)
        except DicomError:
            continue  # the dose that cannot be read has its finding already
        if compared is None:
            continue
        sums.append(compared)
        if compared.deviation > BEAMS_DEVIATION:
            found = (
                f"the sum of {compared.beams} BEAM doses deviates by up to {100 * compared.deviation:.1f} % of the maximum"
            )
            expected = f"at most {100 * BEAMS_DEVIATION:.0f} %"
            findings.append(Finding(Interlock.DOSE_BEAMS_DIFFER, plan_name(plan), found, expected))
    return tuple(sums)


def _target_contours(course: CourseGroup, findings: list[Finding]) -> dict[tuple[str, int], FloatArray]:
    """Contour points, shape (n, 3), of every target that has a prescription, by structure set and ROI number."""
    contours: dict[tuple[str, int], FloatArray] = {}
    for one in course.structures:
        plans = [plan for plan in course.plans if plan.structures_uid == one.origin.uid]
        wanted = {roi.number for plan in plans for roi, _ in _highest_by_roi(plan, one)}
        if not wanted:
            continue
        try:
            structures = read_structures(one.origin.file.path).structures
        except DicomError as error:
            findings.append(_unreadable(error, one.origin, structures_name(one)))
            continue
        for structure in structures:
            if structure.number in wanted and structure.contours_mm:
                contours[one.origin.uid, structure.number] = np.concatenate(structure.contours_mm)
    return contours


def _target_doses(
    dose: DoseHeader, voxels: DoseGrid, course: CourseGroup, contours: dict[tuple[str, int], FloatArray]
) -> list[TargetDose]:
    plan = course.plan(dose.plan_uids[0]) if len(dose.plan_uids) == 1 else None
    if plan is None or dose.units != "GY" or dose.summation != WHOLE_PLAN:
        return []
    found = []
    for roi, prescription_gy in _highest_by_roi(plan, course.structures_of(plan)):
        points = contours.get((plan.structures_uid, roi.number))
        median_gy = median_at(voxels, points) if points is not None else None
        if median_gy is not None:
            found.append(TargetDose(plan.origin.uid, roi.name, median_gy, prescription_gy))
    return found


def _highest_by_roi(plan: PlanHeader, structures: StructuresHeader | None) -> list[tuple[RoiHeader, float]]:
    """Each target with the largest dose prescribed to it: several DoseReferences often name one target."""
    highest: dict[RoiHeader, float] = {}
    for item in plan.prescriptions:
        if (roi := target_roi(item, structures)) is not None:
            highest[roi] = max(item.dose_gy, highest.get(roi, 0.0))
    return list(highest.items())


def _target_findings(course: CourseGroup, targets: list[TargetDose]) -> list[Finding]:
    low, high = TARGET_SHARES
    findings = []
    for target in targets:
        if low * target.prescription_gy <= target.median_gy <= high * target.prescription_gy:
            continue
        plan = course.plan(target.plan_uid)
        found = f"median dose on the surface of '{target.roi_name}' {target.median_gy:.2f} Gy"
        expected = f"near the {target.prescription_gy:g} Gy prescribed"
        findings.append(Finding(Interlock.PRESCRIPTION_FAR, plan_name(plan) if plan else "Plan", found, expected))
    return findings
