"""The courses of a case as a table for somebody who completes it, before and after its files were read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..model.case import NEW_COURSE_ID, Case, NewCourse, PriorCourse
from ..model.open_choices import open_choices
from ..model.registration import RegistrationChoice, RegistrationMethod
from .course_summary import CourseSummary, course_summaries
from .results import CaseRecords

_METHODS = {
    RegistrationMethod.SAME_FRAME: "same frame of reference",
    RegistrationMethod.DICOM: "DICOM registration",
    RegistrationMethod.TRANSFORM_FILE: "transform file",
    RegistrationMethod.LANDMARKS: "landmarks",
    RegistrationMethod.IMAGES: "registration of the CTs",
}


class CourseState(str, Enum):
    """How far a course is known."""

    OPEN = "choose"
    NOT_READ = "not read yet"
    READ = "read"


@dataclass(frozen=True)
class CourseRow:
    """One course; texts are empty where nothing is known yet.

    Parameters
    ----------
    identifier : str
        Of the prior course; :data:`~ReirradiationLib.model.case.NEW_COURSE_ID` of the new one.
    label, site, date : str
    fractions : str
        Such as "10", "12 of 30", or that every organ has its own.
    dose, registration : str
        What the dose is read from, and how it comes to the current CT.
    state : CourseState
    """

    identifier: str
    label: str
    site: str
    date: str
    fractions: str
    dose: str
    registration: str
    state: CourseState

    @property
    def is_new(self) -> bool:
        """Whether it is the new course."""
        return self.identifier == NEW_COURSE_ID


def course_rows(case: Case, found: CaseRecords | None) -> tuple[CourseRow, ...]:
    """Prior courses in the order of the case, then the new one.

    Parameters
    ----------
    case : Case
    found : CaseRecords or None
        Its records, if they were read.
    """
    summaries = {one.identifier: one for one in course_summaries(found, is_registered=False)} if found else {}
    is_open = {choice.course for choice in open_choices(case)}
    rows = [_prior(one, summaries.get(one.identifier), one.identifier in is_open) for one in case.prior_courses]
    return (*rows, _new(case.new_course, summaries.get(NEW_COURSE_ID)))


def _prior(course: PriorCourse, read: CourseSummary | None, is_open: bool) -> CourseRow:
    return CourseRow(
        identifier=course.identifier,
        label=course.label,
        site=course.site or (read.site if read else ""),
        date=course.date.isoformat() if course.date else (read.date if read else ""),
        fractions=_fractions(course, read),
        dose=_dose(course, read),
        registration=_registration(course.registration),
        state=CourseState.OPEN if is_open else CourseState.READ if read else CourseState.NOT_READ,
    )


def _fractions(course: PriorCourse, read: CourseSummary | None) -> str:
    if course.has_points_only:
        return "by organ"
    planned = (read.planned_fractions if read else None) or course.fractions
    delivered = course.delivered_fractions or planned
    if delivered is None:
        return ""
    if delivered == planned:
        return str(delivered)
    return f"{delivered} of {planned if planned is not None else 'those planned'}"


def _dose(course: PriorCourse, read: CourseSummary | None) -> str:
    if course.has_points_only:
        number = "a table" if isinstance(course.points, Path) else f"{len(course.points)}"
        return f"one dose per organ: {number}"
    if read is not None:
        return read.dose
    return "DICOM dose" if len(course.dose) == 1 else f"{len(course.dose)} BEAM doses"


def _registration(choice: RegistrationChoice | None) -> str:
    if choice is None:
        return "by the name of the organ"
    kind = f" ({choice.kind.value})" if choice.kind is not None else ""
    signed = f", signed by {choice.sign_off.who}" if choice.sign_off is not None else ""
    return f"{_METHODS[choice.method]}{kind}{signed}"


def _new(course: NewCourse, read: CourseSummary | None) -> CourseRow:
    planned = f"{course.prescription_gy:g} Gy in {course.fractions}" if course.fractions else "not stated"
    state = CourseState.READ if read else CourseState.NOT_READ
    dose = (read.dose if read else "DICOM dose") if course.dose else "no plan yet"
    day = course.date.isoformat() if course.date else (read.date if read else "")
    return CourseRow(NEW_COURSE_ID, course.label, "new course", day, planned, dose, "current CT", state)
