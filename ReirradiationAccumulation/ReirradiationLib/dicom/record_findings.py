"""What is noticed when the files of a case are held against each other."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.case import Case
from ..model.finding import Finding
from ..model.image import Image, Patient
from ..model.interlock import Interlock
from ..model.structure import StructureSet
from .course_record import CourseRecord

PRESCRIPTION_TOLERANCE_GY = 0.01

PLAUSIBLE_MAXIMUM = (0.8, 2.5)
"""Dose maximum as a share of the prescription; beyond, it may be the dose of one fraction, one beam, or in cGy."""

PLAUSIBLE_FRACTION_GY = (0.8, 40.0)
"""Dose maximum per fraction where the plan states no prescription."""


def record_findings(
    case: Case, ct: Image, structures: StructureSet, prior: Sequence[CourseRecord], new: CourseRecord | None
) -> tuple[Finding, ...]:
    """Everything that the user must know or decide about the records of a case."""
    findings = _structure_findings(structures, ct)
    for record in (*prior, *((new,) if new else ())):
        findings += _identity_findings(record, ct.patient)
        findings += _plan_findings(record)
        findings += _dose_findings(record)
    findings += _date_findings(case, prior, new)
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
    if structures.patient_id != ct.patient.patient_id:
        findings.append(_other_patient(subject, structures.patient_id, ct.patient))
    return findings


def _identity_findings(record: CourseRecord, patient: Patient) -> list[Finding]:
    findings = []
    identities = {record.dose.patient.patient_id, *((record.plan.patient_id,) if record.plan else ())}
    for identity in sorted(identities - {patient.patient_id}):
        findings.append(_other_patient(_subject(record), identity, patient))
    born = record.dose.patient.birth_date
    if born and patient.birth_date and born != patient.birth_date:
        found, expected = f"birth date {born}", f"{patient.birth_date} as in the current CT"
        findings.append(Finding(Interlock.PATIENT_BIRTH_DATE, _subject(record), found, expected))
    return findings


def _plan_findings(record: CourseRecord) -> list[Finding]:
    plan, subject = record.plan, _subject(record)
    if plan is None:
        return [Finding(Interlock.PLAN_MISSING, subject, "no plan; the number of fractions is from the case")]
    findings = []
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
    return findings


def _dose_findings(record: CourseRecord) -> list[Finding]:
    maximum_gy = float(record.dose.voxels_gy.max())
    prescription_gy = record.plan.prescription_gy if record.plan else None
    unit_gy = prescription_gy or float(record.fractions)
    low, high = (share * unit_gy for share in (PLAUSIBLE_MAXIMUM if prescription_gy else PLAUSIBLE_FRACTION_GY))
    if low <= maximum_gy <= high:
        return []
    against = f"{prescription_gy:g} Gy prescribed" if prescription_gy else f"{record.fractions} fractions"
    found = f"dose maximum {maximum_gy:.4g} Gy for {against}"
    return [Finding(Interlock.DOSE_IMPLAUSIBLE, _subject(record), found, f"{low:.3g} to {high:.3g} Gy")]


def _date_findings(case: Case, prior: Sequence[CourseRecord], new: CourseRecord | None) -> list[Finding]:
    findings = [
        Finding(Interlock.DATE_MISSING, _subject(record), "no date; its interval is not known")
        for record in prior
        if record.date is None
    ]
    today = new.date if new else case.new_course.date
    for record in prior:
        if today and record.date and record.date > today:
            found = f"{record.date}, after the new course of {today}"
            findings.append(Finding(Interlock.DATE_ORDER, _subject(record), found, "prior courses first"))
    return findings


def _other_patient(subject: str, identity: str, patient: Patient) -> Finding:
    expected = f"'{patient.patient_id}' as in the current CT"
    return Finding(Interlock.PATIENT_ID, subject, f"PatientID '{identity}'", expected)


def _subject(record: CourseRecord) -> str:
    return f"Course '{record.label}'"
