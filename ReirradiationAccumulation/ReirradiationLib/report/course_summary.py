"""The courses as plain data: what was given, when, by which files."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.course import AnyCourse, Course, PointCourse
from ..model.dates import months_between
from .results import CaseRecords

NEW_ROLE, PRIOR_ROLE = "new plan", "prior"


@dataclass(frozen=True)
class PointSummary:
    """What a paper record says about one organ; physical dose in Gy."""

    structure: str
    dose_gy: float
    fractions: int
    date: str
    source: str


@dataclass(frozen=True)
class CourseSummary:
    """One course as used. Doses in Gy, physical; ``months_before`` is counted to the new course.

    ``source`` says whether it is known by DICOM or by a record, ``system`` what planned it, ``site`` what was treated; the
    latter two are empty where nothing states them. ``fractions`` is None for a course known only by one dose per organ;
    ``dose`` says what its dose is and what was done to it. ``points`` are these doses, or those that replace the mapped dose
    in their organs.
    """

    identifier: str
    label: str
    role: str
    site: str
    source: str
    system: str
    plan: str
    date: str
    months_before: float | None
    fractions: int | None
    planned_fractions: int | None
    prescription_gy: float | None
    dose: str
    dose_maximum_gy: float
    registration: str
    points: tuple[PointSummary, ...]


def course_summaries(found: CaseRecords, is_registered: bool = True) -> tuple[CourseSummary, ...]:
    """All courses: prior ones with a dose distribution, those of points, the new plan."""
    return (
        *(_of_dose(course, found, is_registered) for course in found.prior_courses),
        *(_of_points(course, found) for course in found.point_courses),
        *((_of_dose(found.new_course, found, True),) if found.new_course else ()),
    )


def _stated(course: AnyCourse, found: CaseRecords) -> tuple[str, str]:
    """Site and planning system as the case states them."""
    stated = (one for one in found.case.prior_courses if one.identifier == course.identifier)
    return next(((one.site, one.system) for one in stated), ("", ""))


def _of_dose(course: Course, results: CaseRecords, is_registered: bool) -> CourseSummary:
    is_new = course is results.new_course
    site, system = _stated(course, results)
    return CourseSummary(
        identifier=course.identifier,
        label=course.label,
        role=NEW_ROLE if is_new else PRIOR_ROLE,
        site=site or (course.plan.site if course.plan else ""),
        source="DICOM" if course.plan else "DICOM dose without a plan",
        system=system or (course.plan.system if course.plan else "") or course.dose.system,
        plan=course.plan.label if course.plan else "no plan; fractions from the case",
        date=course.date.isoformat() if course.date else "",
        months_before=None if is_new else months_between(course.date, results.day),
        fractions=course.fractions,
        planned_fractions=course.planned_fractions or course.fractions,
        prescription_gy=course.plan.prescription_gy if course.plan else None,
        dose=_dose_described(course),
        dose_maximum_gy=float(course.dose.voxels_gy.max()),
        registration=course.transform.source if is_registered else "not registered yet",
        points=_points(course),
    )


def _dose_described(course: Course) -> str:
    dose = course.dose
    beams = f"sum of {len(dose.sources)} BEAM doses" if len(dose.sources) > 1 else f"{dose.summation.value} dose"
    parts = [beams, dose.dose_type.value.lower()]
    parts += [f"times RBE {course.rbe:g}"] if course.rbe is not None else []
    if course.planned_fractions not in (None, course.fractions):
        parts.append(f"scaled to {course.fractions} of {course.planned_fractions} fractions")
    return ", ".join(parts)


def _of_points(course: PointCourse, results: CaseRecords) -> CourseSummary:
    site, system = _stated(course, results)
    return CourseSummary(
        identifier=course.identifier,
        label=course.label,
        role=PRIOR_ROLE,
        site=site,
        source="record: one dose per organ",
        system=system,
        plan="no DICOM",
        date=course.date.isoformat() if course.date else "",
        months_before=months_between(course.date, results.day),
        fractions=None,
        planned_fractions=None,
        prescription_gy=None,
        dose="one dose per organ, taken for the whole organ: an upper bound",
        dose_maximum_gy=max(point.dose_gy for point in course.points),
        registration="none: by the name of the organ",
        points=_points(course),
    )


def _points(course: AnyCourse) -> tuple[PointSummary, ...]:
    return tuple(
        PointSummary(
            *(point.structure, point.dose_gy, point.fractions),
            date=day.isoformat() if (day := course.day_of(point.structure)) else "",
            source=point.source,
        )
        for point in course.points
    )
