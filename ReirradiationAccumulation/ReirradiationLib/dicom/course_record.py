"""The files of one course, held together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..model.course import Plan
from ..model.image import Dose, Image


@dataclass(frozen=True, eq=False)
class CourseRecord:
    """The files of one course, consistent with each other.

    Parameters
    ----------
    identifier, label : str
    dose : Dose
    plan : Plan or None
    ct : Image or None
        The CT of a prior course; only its registration needs it.
    fractions : int
    date : date or None
    """

    identifier: str
    label: str
    dose: Dose
    plan: Plan | None
    ct: Image | None
    fractions: int
    date: date | None
