"""The dose volumes of an evaluated case that views can show."""

from __future__ import annotations

from dataclasses import dataclass

from .course_summary import NEW_ROLE
from .evaluation import Evaluation

CUMULATIVE, PRIOR = "sum of all courses", "sum of the prior courses"
"""No course has such an identifier: those that begin with "sum" are reserved."""


@dataclass(frozen=True)
class DoseChoice:
    """A dose volume: the identifier of a course, :data:`PRIOR` or :data:`CUMULATIVE`; and what it is, with its unit."""

    quantity: str
    title: str


def dose_choices(evaluation: Evaluation) -> tuple[DoseChoice, ...]:
    """The sums, the cumulative one first, then the physical dose of every course with a dose distribution."""
    courses = [one for one in evaluation.courses if one.fractions is not None]
    if evaluation.reference_grid is None:
        return ()
    sums = []
    if any(one.role == NEW_ROLE for one in courses):
        sums.append(DoseChoice(CUMULATIVE, "all courses, EQD2 [Gy]"))
    if any(one.role != NEW_ROLE for one in courses):
        sums.append(DoseChoice(PRIOR, "prior courses, EQD2 [Gy]"))
    return (*sums, *(DoseChoice(one.identifier, f"{one.label}, physical [Gy]") for one in courses))
