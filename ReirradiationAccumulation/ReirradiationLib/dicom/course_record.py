"""The files of one course, held together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..model.course import Plan
from ..model.image import Dose, Image
from ..model.points import PointDose
from ..model.registration import RegistrationChoice
from ..model.structure import StructureSet


@dataclass(frozen=True, eq=False)
class CourseRecord:
    """The files of one course, consistent with each other.

    Parameters
    ----------
    identifier, label : str
    dose : Dose
        Of the delivered fractions, RBE-weighted if the case says so.
    plan : Plan or None
    ct : Image or None
        The CT of a prior course; only its registration needs it.
    fractions : int
        Delivered.
    planned_fractions : int
    rbe : float or None
        What a physical proton dose was multiplied by.
    date : date or None
    registration : RegistrationChoice or None
        None for the new course.
    structures : StructureSet or None
        On the CT of a prior course.
    points : tuple of PointDose
        Of the organs whose mapped dose they replace.
    """

    identifier: str
    label: str
    dose: Dose
    plan: Plan | None
    ct: Image | None
    fractions: int
    planned_fractions: int
    rbe: float | None
    date: date | None
    registration: RegistrationChoice | None
    structures: StructureSet | None = None
    points: tuple[PointDose, ...] = ()
