"""All files of a case, read and held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..model.case import NEW_COURSE_ID, Case, NewCourse, PriorCourse
from ..model.course import Plan, PointCourse
from ..model.errors import CaseError, DicomError
from ..model.finding import Finding, require_decisions
from ..model.image import Image
from ..model.interlock import Interlock
from ..model.points import PointDose, read_points
from ..model.registration import RegistrationMethod
from ..model.structure import StructureSet
from .course_dose import read_course_dose
from .course_record import CourseRecord
from .ct import read_ct
from .input_file import InputFile, ct_files
from .plan import read_plan
from .record_findings import record_findings
from .structures import read_structures

SAME_SHAPE = 1e-5
"""Largest difference of two doses, each as a share of its maximum, that are taken for one."""


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
    points : tuple of PointCourse
        Prior courses without DICOM, in the order of the case.
    new : CourseRecord or None
        The finished new plan, if the case names its dose.
    findings : tuple of Finding
    """

    ct: Image
    structures: StructureSet
    prior: tuple[CourseRecord, ...]
    points: tuple[PointCourse, ...]
    new: CourseRecord | None
    findings: tuple[Finding, ...]

    def inputs(self, case: Case) -> tuple[InputFile, ...]:
        """Every input file that was read, the case file first, each once."""
        files = [InputFile(case.file, "case"), *ct_files(self.ct, "current CT")]
        files.append(InputFile(self.structures.file, "current structures", self.structures.sop_instance_uid))
        for record in (*self.prior, *((self.new,) if self.new else ())):
            files += record.inputs()
        points = [course for course in case.prior_courses if isinstance(course.points, Path)]
        files += [InputFile(Path(str(course.points)), f"{course.identifier}: points") for course in points]
        return tuple({file.path: file for file in reversed(files)}[path] for path in dict.fromkeys(f.path for f in files))

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
        for course in self.points:
            doses = ", ".join(f"{point.structure} {point.dose_gy:g} Gy in {point.fractions}" for point in course.points)
            lines.append(f"Prior course '{course.label}' (points only): {doses}")
        lines.append(f"New plan '{self.new.label}': {_described(self.new)}" if self.new else "New plan: not given yet")
        return tuple(lines)


def read_records(case: Case, may_be_undecided: bool = False) -> Records:
    """Read and cross-check every file that the case names.

    Parameters
    ----------
    case : Case
    may_be_undecided : bool
        Whether findings may be there that wait for a decision: to be shown, and nothing to be computed.

    Raises
    ------
    DicomError
        If a file cannot be used or two files do not belong together.
    CaseError
        If the case contradicts its files, or a finding that needs a decision has none in the case.
    """
    ct = read_ct(case.current.ct, case.current.ct_series)
    structures = read_structures(case.current.structures)
    if structures.frame_uid != ct.frame_uid:
        found = f"it lies in the frame of reference {structures.frame_uid}"
        raise _refuse(structures.file, found, f"{ct.frame_uid}, that of {case.current.ct}", Interlock.FRAME_DIFFERS)
    points = tuple(_point_course(course, case) for course in case.prior_courses if course.has_points_only)
    prior = tuple(_prior_record(course, ct, case) for course in case.prior_courses if not course.has_points_only)
    new = _new_record(case.new_course, ct) if case.new_course.dose else None
    _require_different_treatments((*prior, *((new,) if new else ())))
    findings = record_findings(case, ct, structures, prior, points, new)
    if not may_be_undecided:
        require_decisions(findings, case.decisions)
    return Records(ct, structures, prior, points, new, findings)


def _point_course(course: PriorCourse, case: Case) -> PointCourse:
    return PointCourse(course.identifier, course.label, _points_of(course, case), course.date)


def _points_of(course: PriorCourse, case: Case) -> tuple[PointDose, ...]:
    points = read_points(course.points) if isinstance(course.points, Path) else course.points
    listed = {choice.name for choice in case.structures}
    for point in points:
        if point.structure not in listed:
            raise CaseError(
                f"Course '{course.label}': point of '{point.structure}'",
                "not among the case's structures",
                "Add it to 'structures', write it as there, or remove the point.",
                ", ".join(sorted(listed)),
            )
    return points


def _prior_record(course: PriorCourse, current: Image, case: Case) -> CourseRecord:
    record = _record(
        course.identifier, course, course.delivered_fractions, read_ct(course.ct, course.ct_series) if course.ct else None
    )
    record = replace(record, points=_points_of(course, case) if course.points else ())
    dose, ct = record.dose, record.ct
    if course.structures is not None:
        record = replace(record, structures=_prior_structures(course.structures, dose.frame_uid))
    if ct and ct.frame_uid != dose.frame_uid:
        raise _refuse(dose.file, f"frame of reference {dose.frame_uid}", f"{ct.frame_uid} (CT)", Interlock.FRAME_DIFFERS)
    is_same_frame = dose.frame_uid == current.frame_uid
    is_registered = course.registration is not None and course.registration.method is not RegistrationMethod.SAME_FRAME
    if not is_registered and not is_same_frame:
        found = f"its frame of reference {dose.frame_uid} is not that of the current CT and no registration is given"
        raise _refuse(dose.file, found, current.frame_uid, Interlock.FRAME_NOT_REGISTERED)
    if is_registered and is_same_frame:
        found = "it lies in the current CT's frame of reference already, but the case registers it"
        raise _refuse(dose.file, found, f"'{RegistrationMethod.SAME_FRAME.value}'", Interlock.FRAME_REGISTERED_ALREADY)
    return record


def _prior_structures(path: Path, frame_uid: str) -> StructureSet:
    structures = read_structures(path)
    if structures.frame_uid != frame_uid:
        found = f"it lies in the frame of reference {structures.frame_uid}"
        raise _refuse(path, found, f"{frame_uid}, that of the prior course", Interlock.FRAME_DIFFERS)
    return structures


def _new_record(course: NewCourse, current: Image) -> CourseRecord:
    record = _record(NEW_COURSE_ID, course, None, None)
    if record.dose.frame_uid != current.frame_uid:
        found = f"the new plan's dose lies in the frame of reference {record.dose.frame_uid}"
        raise _refuse(record.dose.file, found, f"{current.frame_uid}, the current CT's", Interlock.FRAME_DIFFERS)
    return record


def _record(identifier: str, course: PriorCourse | NewCourse, delivered: int | None, ct: Image | None) -> CourseRecord:
    plan = read_plan(course.plan) if course.plan else None
    planned = _planned_fractions(f"Course '{course.label}'", plan, course.fractions)
    fractions = delivered or planned
    dose = read_course_dose(course.dose, plan, course.rbe)
    return CourseRecord(
        identifier=identifier,
        label=_label(course, fractions, planned),
        dose=dose if fractions == planned else dose.scaled(fractions / planned),
        plan=plan,
        ct=ct,
        fractions=fractions,
        planned_fractions=planned,
        rbe=course.rbe,
        date=course.date or (plan.date if plan else None),
        registration=course.registration if isinstance(course, PriorCourse) else None,
    )


def _label(course: PriorCourse | NewCourse, fractions: int, planned: int) -> str:
    """The course's name wherever it is shown, with everything that was done to its dose."""
    remarks = [f"{fractions} of {planned} fractions"] if fractions != planned else []
    remarks += [f"RBE {course.rbe:g}"] if course.rbe is not None else []
    return f"{course.label} ({', '.join(remarks)})" if remarks else course.label


def _require_different_treatments(records: Sequence[CourseRecord]) -> None:
    """A treatment that is listed twice would be counted twice."""
    for n, record in enumerate(records):
        for other in records[:n]:
            same_dose = not _uids(record).isdisjoint(_uids(other)) or _same_voxels(record, other)
            if same_dose or record.dose.plan_uid == other.dose.plan_uid:
                raise CaseError(
                    f"Course '{record.label}' (id {record.identifier})",
                    f"the same {'dose' if same_dose else 'plan'} as course '{other.label}' (id {other.identifier})",
                    Interlock.TREATMENT_TWICE.advice,
                    interlock=Interlock.TREATMENT_TWICE,
                )


def _same_voxels(record: CourseRecord, other: CourseRecord) -> bool:
    """Whether two doses are one under two UIDs, as an archive that anonymises twice makes them, scaled or not."""
    one, two = record.dose, other.dose
    if one.geometry != two.geometry:
        return False
    shapes = [dose.voxels_gy / dose.voxels_gy.max() for dose in (one, two)]
    return bool(np.abs(shapes[0] - shapes[1]).max() < SAME_SHAPE)


def _uids(record: CourseRecord) -> set[str]:
    return {source.sop_instance_uid for source in record.dose.sources}


def _planned_fractions(subject: str, plan: Plan | None, stated: int | None) -> int:
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
            Interlock.PLAN_FRACTIONS_DIFFER.advice,
            interlock=Interlock.PLAN_FRACTIONS_DIFFER,
        )
    return plan.fractions if plan is not None else int(stated or 0)


def _refuse(subject: Path, found: str, expected: str, interlock: Interlock) -> DicomError:
    return DicomError(str(subject), found, interlock.advice, expected, interlock)


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
