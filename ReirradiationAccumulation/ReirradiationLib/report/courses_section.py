"""The courses in the report."""

from __future__ import annotations

from .course_summary import CourseSummary
from .evaluation import Evaluation
from .html_parts import Cell, Html, number, paragraph, section, table
from .shown_text import shown

NOT_STATED = "–"


def courses_section(evaluation: Evaluation) -> str:
    """All courses, and the doses of organs that records tell."""
    header = [
        *("Course (id, role)", "Site", "Plan; system; source", "Date", "Months before", "Fractions given (planned)"),
        *("Prescription [Gy]", "Dose", "Maximum [Gy]", "Registration"),
    ]
    rows: list[list[Cell]] = [
        [
            f"{course.label} ({course.identifier}, {course.role})",
            course.site or NOT_STATED,
            f"{course.plan}; {course.system or 'system not stated'}; {course.source}",
            *(_day(course.date), number(course.months_before, 1), _fractions(course)),
            *(course.prescription_gy, course.dose, course.dose_maximum_gy, course.registration),
        ]
        for course in evaluation.courses
    ]
    return section(
        "Courses",
        table(header, rows),
        *_points(evaluation),
        paragraph("In Gy, physical unless the column 'Dose' says otherwise; none is an EQD2.", "note"),
    )


def _day(day: str) -> Html:
    """A date, which browsers would break at its hyphens."""
    is_date = len(day) == len("2024-06-17")
    return Html(f'<span class="day">{shown(day)}</span>' if is_date else shown(day or NOT_STATED))


def _fractions(course: CourseSummary) -> str:
    if course.fractions is None:
        return "per organ"
    planned = "–" if course.planned_fractions is None else course.planned_fractions
    return f"{course.fractions} ({planned})"


def _points(evaluation: Evaluation) -> list[str]:
    rows: list[list[Cell]] = [
        [_label(course), point.structure, point.dose_gy, point.fractions, point.date or NOT_STATED, point.source]
        for course in evaluation.courses
        for point in course.points
    ]
    header = ["Course", "Structure", "Physical dose [Gy]", "Fractions", "Date", "Source"]
    return [table(header, rows)] if rows else []


def _label(course: CourseSummary) -> str:
    return course.label if course.fractions is None else f"{course.label}, in place of the mapped dose"
