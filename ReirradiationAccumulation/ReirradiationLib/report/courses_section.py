"""The courses in the report."""

from __future__ import annotations

from .course_summary import CourseSummary
from .evaluation import Evaluation
from .html_parts import Cell, number, paragraph, section, table


def courses_section(evaluation: Evaluation) -> str:
    """All courses, and the doses of organs that records tell."""
    header = [
        "Course",
        "Role",
        "Plan",
        "Date",
        "Months before",
        "Fractions delivered",
        "Planned",
        "Prescription [Gy]",
        "Dose",
        "Dose maximum [Gy]",
        "Registration",
    ]
    rows: list[list[Cell]] = [
        [
            *(course.label, course.role, course.plan, course.date or "–"),
            number(course.months_before, 1),
            course.fractions if course.fractions is not None else "per organ",
            course.planned_fractions if course.planned_fractions is not None else "–",
            course.prescription_gy,
            course.dose,
            course.dose_maximum_gy,
            course.registration,
        ]
        for course in evaluation.courses
    ]
    points: list[list[Cell]] = [
        [
            _point_course(course),
            point.structure,
            point.dose_gy,
            point.fractions,
            point.date or "–",
            point.source,
        ]
        for course in evaluation.courses
        for point in course.points
    ]
    point_header = ["Course", "Structure", "Physical dose [Gy]", "Fractions", "Date", "Source"]
    point_table = [table(point_header, points)] if points else []
    return section(
        "Courses",
        table(header, rows),
        *point_table,
        paragraph("In Gy, physical unless the column 'Dose' says otherwise; none is an EQD2.", "note"),
    )


def _point_course(course: CourseSummary) -> str:
    return course.label if course.fractions is None else f"{course.label}, in place of the mapped dose"
