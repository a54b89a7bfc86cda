"""What the plans of a course tell, and the treatment records against them."""

from __future__ import annotations

from ...model.course import Radiation
from ...model.finding import Finding
from ...model.interlock import Interlock
from .course_groups import CourseGroup
from .course_names import plan_name
from .headers import PlanHeader

BEAM_DOSES_AGREE = (0.7, 1.3)
"""ΣBeamDose × fractions as a share of the prescription: BeamDose is the dose at a point that need not be the target."""

_RADIATION = {
    Radiation.HIGH_DOSE_RATE: Interlock.PLAN_BRACHYTHERAPY,
    Radiation.BRACHYTHERAPY: Interlock.PLAN_BRACHYTHERAPY_RATE,
    Radiation.PROTONS: Interlock.PLAN_PROTONS,
    Radiation.IONS: Interlock.PLAN_IONS,
}


def plan_findings(course: CourseGroup) -> list[Finding]:
    """Fractions, prescription, approval, technique and delivery of each plan."""
    findings = []
    for plan in course.plans:
        subject = plan_name(plan)
        findings += _fraction_findings(plan, subject)
        findings += _approval_findings(plan, subject)
        findings += _radiation_findings(plan, subject)
        findings += _prescription_findings(plan, subject)
        findings += _delivery_findings(plan, subject, course)
        if not course.doses_of(plan.origin.uid):
            findings.append(Finding(Interlock.DOSE_MISSING, subject, "no dose refers to it"))
    return findings


def delivered_fractions(course: CourseGroup, plan: PlanHeader) -> int | None:
    """Fractions that the treatment records say were delivered; None without records.

    The larger of the number of different CurrentFractionNumbers and of what a summary record states.
    """
    records = [record for record in course.treatments if plan.origin.uid in record.plan_uids]
    if not records:
        return None
    numbers = frozenset[int]().union(*(record.fractions for record in records))
    return max([len(numbers), *(record.delivered for record in records if record.delivered is not None)])


def _fraction_findings(plan: PlanHeader, subject: str) -> list[Finding]:
    findings = []
    if len(plan.groups) > 1:
        fractions = ", ".join(str(group.fractions) for group in plan.groups)
        found = f"{len(plan.groups)} fraction groups of {fractions} fractions"
        findings.append(Finding(Interlock.PLAN_FRACTION_GROUPS, subject, found, "one"))
    if not plan.groups or any(not group.fractions or group.fractions < 1 for group in plan.groups):
        findings.append(Finding(Interlock.PLAN_FRACTIONS_MISSING, subject, "NumberOfFractionsPlanned is not stated"))
    return findings


def _approval_findings(plan: PlanHeader, subject: str) -> list[Finding]:
    if plan.approval == "APPROVED":
        return []
    interlock = Interlock.PLAN_REJECTED if plan.approval == "REJECTED" else Interlock.PLAN_NOT_APPROVED
    return [Finding(interlock, subject, f"ApprovalStatus '{plan.approval}'", "'APPROVED'")]


def _radiation_findings(plan: PlanHeader, subject: str) -> list[Finding]:
    interlock = _RADIATION.get(plan.radiation)
    if interlock is None:
        return []
    stated = f"BrachyTreatmentType '{plan.dose_rate}'" if plan.dose_rate else f"{plan.particles or 'not stated'}"
    return [Finding(interlock, subject, f"{plan.radiation.value}: {stated}")]


def _prescription_findings(plan: PlanHeader, subject: str) -> list[Finding]:
    prescription_gy = plan.prescription_gy
    if prescription_gy is None:
        return [Finding(Interlock.PRESCRIPTION_MISSING, subject, "no target prescription dose")]
    total_gy = beam_doses_gy(plan)
    low, high = BEAM_DOSES_AGREE
    if total_gy is None or low * prescription_gy <= total_gy <= high * prescription_gy:
        return []
    found = f"ΣBeamDose × fractions {total_gy:.2f} Gy, prescribed {prescription_gy:g} Gy"
    return [Finding(Interlock.PRESCRIPTION_BEAM_DOSES, subject, found)]


def beam_doses_gy(plan: PlanHeader) -> float | None:
    """ΣBeamDose × fractions over the fraction groups; None unless each beam that treats has one and fractions are stated."""
    total_gy = 0.0
    for group in plan.groups:
        doses = [beam.dose_gy for beam in group.beams if beam.number in plan.treatment_beams]
        if not doses or not group.fractions or any(dose is None for dose in doses):
            return None
        total_gy += group.fractions * sum(dose for dose in doses if dose is not None)
    return total_gy if plan.groups else None


def _delivery_findings(plan: PlanHeader, subject: str, course: CourseGroup) -> list[Finding]:
    delivered = delivered_fractions(course, plan)
    if delivered is None or plan.fractions is None or delivered == plan.fractions:
        return []
    found = f"{delivered} fractions in the treatment records here"
    return [Finding(Interlock.PLAN_PARTLY_DELIVERED, subject, found, f"{plan.fractions} as planned")]
