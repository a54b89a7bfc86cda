"""What the headers of the doses of a course tell."""

from __future__ import annotations

from collections import Counter, defaultdict

from ...model.course import Radiation
from ...model.finding import Finding
from ...model.interlock import Interlock
from .course_groups import CourseGroup
from .course_names import dose_name, plan_name, tail
from .ct_series import CtSeries
from .headers import DoseHeader, PlanHeader

WHOLE_PLAN, BEAM, FRACTION = "PLAN", "BEAM", "FRACTION"


def dose_findings(course: CourseGroup) -> list[Finding]:
    """Each dose by itself, then the doses of each plan together."""
    findings = []
    by_plan: dict[str, list[DoseHeader]] = defaultdict(list)
    for dose in course.doses:
        findings += _single_findings(dose, course)
        if len(dose.plan_uids) == 1:
            by_plan[dose.plan_uids[0]].append(dose)
    for plan_uid, doses in sorted(by_plan.items()):
        findings += _together_findings(plan_uid, doses, course)
    return findings


def _single_findings(dose: DoseHeader, course: CourseGroup) -> list[Finding]:
    subject = dose_name(dose, course)
    plan = course.plan(dose.plan_uids[0]) if len(dose.plan_uids) == 1 else None
    findings = []
    if dose.units != "GY":
        findings.append(Finding(Interlock.DOSE_UNITS, subject, f"DoseUnits '{dose.units}'", "'GY'"))
    weighted = dose.kind == "EFFECTIVE" and plan is not None and plan.radiation is Radiation.PROTONS
    if dose.kind != "PHYSICAL" and not weighted:
        findings.append(Finding(Interlock.DOSE_TYPE, subject, f"DoseType '{dose.kind}'", "'PHYSICAL'"))
    if dose.summation not in (WHOLE_PLAN, BEAM, FRACTION):
        findings.append(Finding(Interlock.DOSE_SUMMATION, subject, f"DoseSummationType '{dose.summation}'", "'PLAN'"))
    if dose.summation == FRACTION:
        findings.append(Finding(Interlock.DOSE_FRACTION_GROUP, subject, "DoseSummationType 'FRACTION'", "'PLAN'"))
    if len(dose.plan_uids) != 1:
        findings.append(Finding(Interlock.DOSE_OTHER_PLAN, subject, f"it refers to {len(dose.plan_uids)} plans", "one"))
    elif plan is None:
        findings.append(Finding(Interlock.PLAN_MISSING, subject, f"its plan {tail(dose.plan_uids[0])} is not here"))
    return findings + _belonging_findings(dose, plan, subject, course)


def _belonging_findings(dose: DoseHeader, plan: PlanHeader | None, subject: str, course: CourseGroup) -> list[Finding]:
    findings = []
    frame = dose.origin.frame_uid
    frames = {
        **({plan_name(plan): plan.origin.frame_uid} if plan else {}),
        **({"the CT": ct.origin.frame_uid} if (ct := _ct_of(plan, course)) else {}),
    }
    for other, expected in frames.items():
        if expected and frame != expected:
            findings.append(
                Finding(Interlock.FRAME_DIFFERS, subject, f"frame {tail(frame)}", f"{tail(expected)} of {other}")
            )
    return findings


def _ct_of(plan: PlanHeader | None, course: CourseGroup) -> CtSeries | None:
    structures = course.structures_of(plan) if plan else None
    return course.planning_ct(structures) if structures else None


def _together_findings(plan_uid: str, doses: list[DoseHeader], course: CourseGroup) -> list[Finding]:
    plan = course.plan(plan_uid)
    subject = plan_name(plan) if plan else f"Plan {tail(plan_uid)} (not here)"
    whole = {summation: [d for d in doses if d.summation == summation] for summation in (WHOLE_PLAN, FRACTION)}
    beams = [dose for dose in doses if dose.summation == BEAM]
    findings = _newer_findings(plan, doses, subject) if plan else []
    findings += [
        Finding(Interlock.DOSE_SEVERAL, subject, f"{len(same)} {summation} doses", "one")
        for summation, same in whole.items()
        if len(same) > 1
    ]
    if beams and whole[WHOLE_PLAN]:
        found = f"{len(beams)} BEAM doses beside the PLAN dose"
        return [*findings, Finding(Interlock.DOSE_PLAN_BESIDE_BEAMS, subject, found)]
    if beams:
        findings.append(_beams_alone(beams, plan, subject))
    return findings


def _newer_findings(plan: PlanHeader, doses: list[DoseHeader], subject: str) -> list[Finding]:
    older = [dose.origin.made for dose in doses if plan.made.is_after(dose.origin.made)]
    if not older:
        return []
    found = f"plan of {plan.made}, {len(older)} of its {len(doses)} doses earlier, the first of {min(older)}"
    return [Finding(Interlock.PLAN_NEWER_THAN_DOSE, subject, found)]


def _beams_alone(beams: list[DoseHeader], plan: PlanHeader | None, subject: str) -> Finding:
    counted = Counter(number for dose in beams for number in dose.beams)
    treated = plan.treatment_beams if plan else ()
    if treated and counted == Counter(treated):
        return Finding(Interlock.DOSE_SUMMED_BEAMS, subject, f"{len(beams)} BEAM doses, no PLAN dose")
    listed = ", ".join(f"{number} ({count}×)" if count > 1 else str(number) for number, count in sorted(counted.items()))
    expected = f"beams {', '.join(map(str, treated))} once each" if treated else "a PLAN dose"
    return Finding(
        Interlock.DOSE_BEAM_ALONE, subject, f"BEAM doses of beams {listed or 'not stated'}, no PLAN dose", expected
    )
