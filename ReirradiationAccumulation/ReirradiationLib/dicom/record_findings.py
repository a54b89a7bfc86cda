"""What is noticed when the files of a case are held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from ..model.case import Case
from ..model.course import PointCourse, Radiation
from ..model.dates import EXPORT_SECONDS
from ..model.finding import Finding
from ..model.image import DoseSummation, Image, Patient
from ..model.interlock import Interlock
from ..model.registration import RegistrationMethod
from ..model.structure import StructureSet
from .course_record import CourseRecord
from .dose import CLIPPED_SHARE, border_share
from .identity import identity_findings
from .registration import registration_patient

PRESCRIPTION_TOLERANCE_GY = 0.01

PLAUSIBLE_MAXIMUM = (0.8, 2.5)
"""Dose maximum as a share of the prescription; beyond, it may be the dose of one fraction, one beam, or in cGy."""

PLAUSIBLE_FRACTION_GY = (0.8, 40.0)
"""Dose maximum per fraction where the plan states no prescription."""

_RADIATION = {
    Radiation.PROTONS: Interlock.PLAN_PROTONS,
    Radiation.HIGH_DOSE_RATE: Interlock.PLAN_BRACHYTHERAPY,
}


def record_findings(
    case: Case,
    ct: Image,
    structures: StructureSet,
    prior: Sequence[CourseRecord],
    points: Sequence[PointCourse],
    new: CourseRecord | None,
) -> tuple[Finding, ...]:
    """Everything that the user must know or decide about the records of a case."""
    findings = _structure_findings(structures, ct)
    for record in (*prior, *((new,) if new else ())):
        findings += _identity_findings(record, ct.patient)
        findings += _plan_findings(record)
        findings += _dose_findings(record)
    findings += [_point_finding(course) for course in points]
    findings += _date_findings(case, prior, points, new)
    planned_on = new.plan.structure_set_uid if new and new.plan else ""
    if planned_on not in ("", structures.sop_instance_uid):
        found = f"the new plan refers to the structure set {planned_on}"
        expected = f"{structures.sop_instance_uid} ({structures.file.name})"
        findings.append(Finding(Interlock.STRUCTURES_OTHER_THAN_PLAN, "New course", found, expected))
    planned_gy = new.plan.prescription_gy if new and new.plan else None
    stated_gy = case.new_course.prescription_gy
    if planned_gy is not None and abs(planned_gy - stated_gy) > PRESCRIPTION_TOLERANCE_GY:
        found = f"{stated_gy:g} Gy in the case, {planned_gy:g} Gy in the plan"
        findings.append(Finding(Interlock.PRESCRIPTION_DIFFERS, "New course", found))
    return tuple(findings)


def _structure_findings(structures: StructureSet, ct: Image) -> list[Finding]:
    findings = []
    subject = structures.file.name
    strangers = structures.referenced_slice_uids - set(ct.slice_uids)
    if strangers:
        found = f"it refers to {len(strangers)} slices that are not in the current CT"
        findings.append(Finding(Interlock.STRUCTURES_OTHER_CT, subject, found))
    if not structures.referenced_slice_uids:
        findings.append(Finding(Interlock.STRUCTURES_NO_REFERENCES, subject, "it refers to no CT slices"))
    empty = [structure.name for structure in structures.structures if not structure.contours_mm]
    if empty:
        findings.append(Finding(Interlock.STRUCTURES_EMPTY, subject, f"no closed contours in {', '.join(sorted(empty))}"))
    return findings + identity_findings(subject, structures.patient, ct.patient)


def _identity_findings(record: CourseRecord, patient: Patient) -> list[Finding]:
    found = [record.dose.patient, *((record.plan.patient,) if record.plan else ())]
    found += [record.ct.patient] if record.ct else []
    found += [record.structures.patient] if record.structures else []
    if record.registration and record.registration.file and record.registration.method is RegistrationMethod.DICOM:
        found.append(registration_patient(record.registration.file))
    findings = [finding for one in found for finding in identity_findings(_subject(record), one, patient)]
    return list(dict.fromkeys(findings))


def _plan_findings(record: CourseRecord) -> list[Finding]:
    plan, subject = record.plan, _subject(record)
    findings = _fraction_findings(record)
    if plan is None:
        found = "no plan; the number of fractions is from the case"
        return [*findings, Finding(Interlock.PLAN_MISSING, subject, found)]
    if plan.prescription_gy is None:
        findings.append(Finding(Interlock.PRESCRIPTION_MISSING, subject, "the plan states no prescription"))
    if plan.approval == "REJECTED":
        findings.append(Finding(Interlock.PLAN_REJECTED, subject, "ApprovalStatus 'REJECTED'", "'APPROVED'"))
    elif plan.approval != "APPROVED":
        found = f"ApprovalStatus '{plan.approval}'"
        findings.append(Finding(Interlock.PLAN_NOT_APPROVED, subject, found, "'APPROVED'"))
    if plan.date and record.date and plan.date != record.date:
        found = f"{record.date} in the case, {plan.date} in the plan"
        findings.append(Finding(Interlock.DATE_DIFFERS, subject, found))
    grace = timedelta(seconds=EXPORT_SECONDS)
    if plan.changed and record.dose.created and plan.changed > record.dose.created + grace:
        found = f"plan of {plan.changed}, dose of {record.dose.created}"
        findings.append(Finding(Interlock.PLAN_NEWER_THAN_DOSE, subject, found, "the dose after the plan"))
    if plan.radiation in _RADIATION:
        weighting = f"RBE {record.rbe:g} applied" if record.rbe is not None else f"DoseType {record.dose.dose_type.value}"
        findings.append(Finding(_RADIATION[plan.radiation], subject, f"{plan.radiation.value}, {weighting}"))
    return findings


def _fraction_findings(record: CourseRecord) -> list[Finding]:
    if record.fractions == record.planned_fractions:
        return []
    found = (
        f"{record.fractions} fractions delivered, {record.planned_fractions} planned: dose times "
        f"{record.fractions / record.planned_fractions:.4g}"
    )
    return [Finding(Interlock.PLAN_PARTLY_DELIVERED, _subject(record), found)]


def _dose_findings(record: CourseRecord) -> list[Finding]:
    dose, subject = record.dose, _subject(record)
    findings = []
    if dose.summation is DoseSummation.BEAM:
        found = f"the sum of {len(dose.sources)} BEAM doses, all {len(dose.beams)} beams of the plan"
        findings.append(Finding(Interlock.DOSE_SUMMED_BEAMS, subject, found, "a PLAN dose"))
    if dose.summation is DoseSummation.FRACTION:
        findings.append(Finding(Interlock.DOSE_FRACTION_GROUP, subject, "DoseSummationType 'FRACTION'", "'PLAN'"))
    if dose.planes_added:
        found = f"{dose.planes_added} planes added between unevenly spaced ones"
        findings.append(Finding(Interlock.DOSE_RESAMPLED, subject, found))
    if (share := border_share(dose.voxels_gy)) > CLIPPED_SHARE:
        found, expected = f"{100.0 * share:.0f} % of the maximum on the border of its grid", f"≤ {100.0 * CLIPPED_SHARE:g} %"
        findings.append(Finding(Interlock.DOSE_CLIPPED, subject, found, expected))
    return findings + _plausibility_findings(record)


def _plausibility_findings(record: CourseRecord) -> list[Finding]:
    """Judged by the dose as planned: what was delivered of it is a decision of its own."""
    maximum_gy = float(np.max(record.dose.voxels_gy)) * record.planned_fractions / record.fractions
    prescription_gy = record.plan.prescription_gy if record.plan else None
    unit_gy = prescription_gy or float(record.planned_fractions)
    low, high = (share * unit_gy for share in (PLAUSIBLE_MAXIMUM if prescription_gy else PLAUSIBLE_FRACTION_GY))
    if low <= maximum_gy <= high:
        return []
    against = f"{prescription_gy:g} Gy prescribed" if prescription_gy else f"{record.planned_fractions} fractions"
    found = f"dose maximum {maximum_gy:.4g} Gy for {against}"
    return [Finding(Interlock.DOSE_IMPLAUSIBLE, _subject(record), found, f"{low:.3g} to {high:.3g} Gy")]


def _point_finding(course: PointCourse) -> Finding:
    found = f"one dose per organ, for {', '.join(point.structure for point in course.points)}"
    return Finding(Interlock.POINTS_UPPER_BOUND, f"Course '{course.label}'", found)


def _date_findings(
    case: Case, prior: Sequence[CourseRecord], points: Sequence[PointCourse], new: CourseRecord | None
) -> list[Finding]:
    days = [(_subject(record), record.date) for record in prior]
    for course in points:
        own = {point.date or course.date for point in course.points}
        days += [(f"Course '{course.label}'", day) for day in sorted(own, key=str)]
    today = new.date if new else case.new_course.date
    findings = []
    for subject, day in days:
        if day is None:
            findings.append(Finding(Interlock.DATE_MISSING, subject, "no date; its interval is not known"))
        elif today and day > today:
            found = f"{day}, after the new course of {today}"
            findings.append(Finding(Interlock.DATE_ORDER, subject, found, "prior courses first"))
    return findings


def _subject(record: CourseRecord) -> str:
    return f"Course '{record.label}'"
