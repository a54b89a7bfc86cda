"""All files of a case, read and held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.case import NEW_COURSE_ID, Case, NewCourse, PriorCourse, RegistrationMethod
from ..model.course import Plan
from ..model.errors import CaseError, DicomError
from ..model.finding import Finding, require_decisions
from ..model.image import Dose, Image
from ..model.structure import StructureSet
from .course_record import CourseRecord
from .ct import read_ct
from .dose import read_dose
from .plan import read_plan
from .record_findings import record_findings
from .structures import read_structures


@dataclass(frozen=True, eq=False)
class Records:
    """What was read for a case.

    Parameters
    ----------
    ct : Image
        Current planning CT.
    structures : StructureSet
        Current contours.
    prior : tuple of CourseRecord
        In the order of the case.
    new : CourseRecord or None
        The finished new plan, if the case names its dose.
    findings : tuple of Finding
    """

    ct: Image
    structures: StructureSet
    prior: tuple[CourseRecord, ...]
    new: CourseRecord | None
    findings: tuple[Finding, ...]

    def files(self, case: Case) -> tuple[Path, ...]:
        """Every input file that was read, the case file first."""
        paths = [case.file, *self.ct.files, self.structures.file]
        for record in (*self.prior, *((self.new,) if self.new else ())):
            paths += [record.dose.file, *([record.plan.file] if record.plan else [])]
            paths += record.ct.files if record.ct else ()
        paths += [course.registration.file for course in case.prior_courses if course.registration.file]
        return tuple(dict.fromkeys(paths))

    def described(self) -> tuple[str, ...]:
        """What was found and what is missing, a line each."""
        ct = self.ct
        lines = [
            f"Current CT: {len(ct.files)} slices, patient {ct.patient.patient_id or '(no ID)'}, "
            f"{ct.study_date or 'no date'}, '{ct.description}'",
            f"Current structures: {len(self.structures.structures)} in '{self.structures.label}'",
        ]
        for record in self.prior:
            lines.append(f"Prior course '{record.label}': {_described(record)}")
        lines.append(f"New plan '{self.new.label}': {_described(self.new)}" if self.new else "New plan: not given yet")
        return tuple(lines)


def read_records(case: Case) -> Records:
    """Read and cross-check every file that the case names.

    Raises
    ------
    DicomError
        If a file cannot be used or two files do not belong together.
    CaseError
        If the case contradicts its files, or a finding that needs a decision has none in the case.
    """
    ct = read_ct(case.current.ct)
    structures = read_structures(case.current.structures)
    if structures.frame_uid != ct.frame_uid:
        raise DicomError(
            str(structures.file),
            f"it lies in the frame of reference {structures.frame_uid}",
            "Name the structure set of the current CT.",
            f"{ct.frame_uid}, that of {case.current.ct}",
        )
    prior = tuple(_prior_record(course, ct) for course in case.prior_courses)
    new = _new_record(case.new_course, ct) if case.new_course.dose else None
    _require_different_treatments((*prior, *((new,) if new else ())))
    findings = record_findings(case, ct, structures, prior, new)
    require_decisions(findings, case.decisions)
    return Records(ct, structures, prior, new, findings)


def _prior_record(course: PriorCourse, current: Image) -> CourseRecord:
    dose = read_dose(course.dose)
    plan = read_plan(course.plan) if course.plan else None
    _require_belonging(dose, plan)
    ct = read_ct(course.ct) if course.ct else None
    if ct and ct.frame_uid != dose.frame_uid:
        raise DicomError(
            str(dose.file), f"frame of reference {dose.frame_uid}", f"Name the CT of '{course.label}'.", f"{ct.frame_uid}"
        )
    if course.registration.method is RegistrationMethod.SAME_FRAME and dose.frame_uid != current.frame_uid:
        raise DicomError(
            str(dose.file),
            f"its frame of reference {dose.frame_uid} is not that of the current CT and no registration is given",
            f"Give a registration for '{course.label}', e.g. a DICOM REG.",
            current.frame_uid,
        )
    if course.registration.method is not RegistrationMethod.SAME_FRAME and dose.frame_uid == current.frame_uid:
        raise DicomError(
            str(dose.file),
            "it lies in the current CT's frame of reference already, but the case registers it",
            f"Use the method '{RegistrationMethod.SAME_FRAME.value}' for '{course.label}', or name the right dose.",
        )
    fractions = _fractions(f"Course '{course.label}'", plan, course.fractions)
    day = course.date or (plan.date if plan else None)
    return CourseRecord(course.identifier, course.label, dose, plan, ct, fractions, day)


def _new_record(course: NewCourse, current: Image) -> CourseRecord:
    assert course.dose is not None
    dose = read_dose(course.dose)
    plan = read_plan(course.plan) if course.plan else None
    _require_belonging(dose, plan)
    if dose.frame_uid != current.frame_uid:
        raise DicomError(
            str(dose.file),
            f"the new plan's dose lies in the frame of reference {dose.frame_uid}",
            "Name the dose that was planned on the current CT.",
            current.frame_uid,
        )
    fractions = _fractions(f"Course '{course.label}'", plan, course.fractions)
    day = course.date or (plan.date if plan else None)
    return CourseRecord(NEW_COURSE_ID, course.label, dose, plan, None, fractions, day)


def _require_belonging(dose: Dose, plan: Plan | None) -> None:
    if plan is None:
        return
    if dose.plan_uid != plan.sop_instance_uid:
        raise DicomError(
            str(dose.file),
            f"it is the dose of plan {dose.plan_uid}",
            f"Name its own plan, not {plan.file}.",
            plan.sop_instance_uid,
        )
    if plan.frame_uid and plan.frame_uid != dose.frame_uid:
        raise DicomError(
            str(dose.file),
            f"frame of reference {dose.frame_uid}",
            "Export plan and dose together.",
            f"{plan.frame_uid} (plan)",
        )


def _require_different_treatments(records: Sequence[CourseRecord]) -> None:
    """A treatment that is listed twice would be counted twice."""
    for n, record in enumerate(records):
        for other in records[:n]:
            same_dose = record.dose.sop_instance_uid == other.dose.sop_instance_uid
            if same_dose or record.dose.plan_uid == other.dose.plan_uid:
                raise CaseError(
                    f"Course '{record.label}' (id {record.identifier})",
                    f"the same {'dose' if same_dose else 'plan'} as course '{other.label}' (id {other.identifier})",
                    "List every treatment once.",
                )


def _fractions(subject: str, plan: Plan | None, stated: int | None) -> int:
    if plan is None and stated is None:
        raise CaseError(
            subject,
            "neither a plan nor a number of fractions",
            "Name the RTPLAN, or state 'fractions' from the treatment record.",
        )
    if plan is not None and stated is not None and plan.fractions != stated:
        raise CaseError(
            subject,
            f"{stated} fractions in the case, {plan.fractions} in {plan.file.name}",
            "Find out which is right; a partly delivered plan needs a dose of its own.",
        )
    return plan.fractions if plan is not None else int(stated or 0)


def _described(record: CourseRecord) -> str:
    plan = record.plan
    prescription = f"{plan.prescription_gy:g} Gy" if plan and plan.prescription_gy is not None else "no prescription"
    return (
        f"dose maximum {record.dose.voxels_gy.max():.2f} Gy, {record.fractions} fractions, {prescription}, "
        f"plan {plan.label if plan else 'missing'}, {record.date or 'no date'}, "
        f"{_ct_described(record)}"
    )


def _ct_described(record: CourseRecord) -> str:
    if record.identifier == NEW_COURSE_ID:
        return "on the current CT"
    return f"CT {len(record.ct.files)} slices" if record.ct else "CT not given"
