"""What the headers of a course tell: who, which CT, which structures, and what does not belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ...model.finding import Finding
from ...model.image import Patient
from ...model.interlock import Interlock
from ..identity import plain_name
from .course_groups import CourseGroup
from .course_names import ct_name, plan_name, structures_name, tail
from .ct_series import series_findings
from .dose_findings import dose_findings
from .headers import Origin
from .plan_findings import plan_findings

LISTED = 6

_IDENTITY: tuple[tuple[Interlock, str, Callable[[Patient], str]], ...] = (
    (Interlock.PATIENT_ID, "PatientID", lambda patient: patient.patient_id),
    (Interlock.PATIENT_NAME, "PatientName", lambda patient: patient.name),
    (Interlock.PATIENT_BIRTH_DATE, "PatientBirthDate", lambda patient: patient.birth_date),
    (Interlock.PATIENT_SEX, "PatientSex", lambda patient: patient.sex),
)


def course_findings(course: CourseGroup) -> list[Finding]:
    """Everything that the headers of a course give reason to say."""
    findings = _patient_findings(course)
    if not course.day:
        findings.append(Finding(Interlock.DATE_MISSING, "Course", "neither a plan nor a study has a date"))
    if not course.ct_series:
        findings.append(Finding(Interlock.CT_MISSING, "Course", "no CT"))
    for series in course.ct_series:
        findings += series_findings(series, ct_name(series))
    findings += _several_ct_findings(course)
    findings += _structure_findings(course)
    findings += plan_findings(course)
    findings += dose_findings(course)
    return findings


def _patient_findings(course: CourseGroup) -> list[Finding]:
    """One finding per attribute and value that differs from the one most objects have; empty values differ from none."""
    findings = []
    for interlock, keyword, value_of in _IDENTITY:
        values = Counter(value_of(origin.patient) for origin in course.origins if value_of(origin.patient))
        if not values:
            continue
        usual = min(values, key=lambda value: (-values[value], value))
        for value in sorted(values):
            if value != usual and not (interlock is Interlock.PATIENT_NAME and plain_name(value) == plain_name(usual)):
                objects = [origin for origin in course.origins if value_of(origin.patient) == value]
                found = f"{keyword} '{value}' in {_kinds(objects)}"
                findings.append(Finding(interlock, "Course", found, f"'{usual}' as in the rest of the course"))
    return findings


def _kinds(origins: Iterable[Origin]) -> str:
    from pydicom.uid import UID

    names = Counter(UID(origin.sop_class).name.removesuffix(" Storage") for origin in origins)
    return ", ".join(f"{count} {name}" for name, count in sorted(names.items()))


def _several_ct_findings(course: CourseGroup) -> list[Finding]:
    if len(course.ct_series) < 2:
        return []
    on = [course.planning_ct(one) for one in course.structures if one.slice_uids or one.series_uids]
    if len({series.origin.uid for series in on if series is not None}) == 1:
        return []
    named = ", ".join(ct_name(series) for series in course.ct_series)
    return [Finding(Interlock.CT_SEVERAL, "Course", f"{len(course.ct_series)} CT series: {named}", "one")]


def _structure_findings(course: CourseGroup) -> list[Finding]:
    findings = []
    for one in course.structures:
        subject = structures_name(one)
        series = course.planning_ct(one)
        if len(one.frame_uids) > 1:
            findings.append(
                Finding(Interlock.STRUCTURES_FRAMES, subject, f"{len(one.frame_uids)} frames of reference", "one")
            )
        if not one.slice_uids:
            findings.append(Finding(Interlock.STRUCTURES_NO_REFERENCES, subject, "no slice is named"))
        elif series is not None:
            absent = one.slice_uids - series.slice_uids
            if absent:
                found = f"{len(absent)} of {len(one.slice_uids)} slices it refers to are not in {ct_name(series)}"
                findings.append(Finding(Interlock.STRUCTURES_OTHER_CT, subject, found))
        if series is not None and one.frame_uids and series.origin.frame_uid not in ("", one.frame_uids[0]):
            found, expected = f"frame {tail(one.frame_uids[0])}", f"{tail(series.origin.frame_uid)} of {ct_name(series)}"
            findings.append(Finding(Interlock.FRAME_DIFFERS, subject, found, expected))
        empty = [roi.name for roi in one.rois if not roi.closed]
        if empty:
            named = ", ".join(f"'{name}'" for name in empty[:LISTED]) + (", …" if len(empty) > LISTED else "")
            found = f"{len(empty)} of {len(one.rois)} ROIs: {named}"
            findings.append(Finding(Interlock.STRUCTURES_EMPTY, subject, found))
    for plan in course.plans:
        structures = course.structures_of(plan)
        frames = structures.frame_uids[:1] if structures else ()
        if structures and frames and plan.origin.frame_uid not in ("", *frames):
            found, expected = f"frame {tail(plan.origin.frame_uid)}", f"{tail(frames[0])} of {structures_name(structures)}"
            findings.append(Finding(Interlock.FRAME_DIFFERS, plan_name(plan), found, expected))
    return findings
