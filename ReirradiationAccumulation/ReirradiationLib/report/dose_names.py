"""The dose volumes of an evaluated case by the names that the scene gives them."""

from __future__ import annotations

from .course_summary import NEW_ROLE
from .evaluation import Evaluation

PRIOR_SUM, CUMULATIVE_SUM = "EQD2 of the prior courses", "Cumulative EQD2"


def dose_names(evaluation: Evaluation) -> tuple[str, ...]:
    """Names of the dose volumes: the sums, the cumulative one first, then the physical dose of every course."""
    courses = [one for one in evaluation.courses if one.fractions is not None]
    if evaluation.reference_grid is None or not courses:
        return ()
    has_new = any(one.role == NEW_ROLE for one in courses)
    has_prior = any(one.role != NEW_ROLE for one in courses)
    sums = ([CUMULATIVE_SUM] if has_new else []) + ([PRIOR_SUM] if has_prior else [])
    return (*sums, *(f"{one.label}, physical, on the current CT" for one in courses))
