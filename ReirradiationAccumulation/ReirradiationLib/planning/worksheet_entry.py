"""What is entered into a point worksheet, and which of it cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import Enum

from ..model.constraint import ANY_MONTHS, CourseConditions, Months
from ..model.errors import CaseError
from ..model.metric import Metric
from ..model.points import LARGEST_DOSE_GY, LARGEST_FRACTIONS
from ..model.protocol import Basis, require_alpha_beta

LARGEST_LIMIT_GY = 1000.0


class ValueKind(str, Enum):
    """Where the dose of a course comes from."""

    MAPPED = "mapped"
    RECORD_POINT = "record point"
    TYPED = "typed"


@dataclass(frozen=True)
class WorksheetLimit:
    """A pointwise limit and all that it was published with; see :class:`.limits.OrganLimit`.

    ``region`` says in words where mapped doses were read; empty of typed ones. ``new_at_most_gy`` is what the new course may
    give at most, EQD2, whatever is left; ``new_share_at_most`` its largest share (0 … 1) of the sum;
    ``each_course_at_most_gy`` what any course may give, raw EQD2.
    """

    structure: str
    limit_eqd2_gy: float
    basis: Basis
    alpha_beta_gy: float
    metric: Metric
    source: str
    months: Months = ANY_MONTHS
    region: str = ""
    new_at_most_gy: float | None = None
    new_share_at_most: float | None = None
    each_course_at_most_gy: float | None = None

    @property
    def conditions(self) -> CourseConditions:
        """What it demands of single courses."""
        return CourseConditions(self.each_course_at_most_gy, self.new_at_most_gy, self.new_share_at_most)


@dataclass(frozen=True)
class CourseEntry:
    """What one prior course gave the organ.

    Parameters
    ----------
    label : str
    dose_gy : float
        Physical, of all fractions: by the metric of the limit, or the highest that the record tells.
    fractions : int
    day : date or None
    recovery : float or None
        Fraction (0 … 1) of its EQD2 that counts as recovered; None if none was given.
    kind : ValueKind
    source : str
        Where the number comes from.
    registration : str
        Verdict on the registration in the organ, of a mapped dose; empty if none was given.
    unknown_percent : float
        Share of the region where a mapped dose is not known, and so counted as 0 Gy.
    whole_organ_eqd2_gy : float or None
        Raw EQD2 that a mapped course gave the whole organ, which may be more than in the region: what a limit of each course
        is compared with. None where only ``dose_gy`` is known.
    """

    label: str
    dose_gy: float
    fractions: int
    day: date | None = None
    recovery: float | None = None
    kind: ValueKind = ValueKind.TYPED
    source: str = ""
    registration: str = ""
    unknown_percent: float = 0.0
    whole_organ_eqd2_gy: float | None = None


@dataclass(frozen=True)
class Fractionation:
    """The new course: fractions, physical prescription in Gy if it is known, and the day that intervals are counted to."""

    fractions: int
    prescription_gy: float | None = None
    day: date | None = None


@dataclass(frozen=True)
class OrganWorksheet:
    """One organ under one limit.

    ``mapped_eqd2_gy`` is P of the voxelwise sum of all courses, on the basis of the limit; None where there is none.
    """

    limit: WorksheetLimit
    courses: tuple[CourseEntry, ...]
    new: Fractionation
    mapped_eqd2_gy: float | None = None


def require_usable(worksheet: OrganWorksheet) -> None:
    """Refuse numbers that cannot be.

    Raises
    ------
    CaseError
    """
    limit, new = worksheet.limit, worksheet.new
    where = f"Worksheet of '{limit.structure}'"
    require_limit(limit, where)
    require_fractions(new.fractions, f"{where}, new course")
    if new.prescription_gy is not None:
        require_dose(new.prescription_gy, f"{where}, prescription")
    if not worksheet.courses:
        raise CaseError(where, "no course", "Enter every prior course; one that gave nothing with 0 Gy.")
    labels = [entry.label for entry in worksheet.courses]
    for entry in worksheet.courses:
        if labels.count(entry.label) > 1:
            raise CaseError(where, f"the course '{entry.label}' twice", "Enter every course once.")
        require_course(entry, limit, f"{where}, course '{entry.label}'")
    mapped_gy = worksheet.mapped_eqd2_gy
    if mapped_gy is not None and not 0.0 <= mapped_gy < math.inf:
        raise CaseError(where, f"a mapped sum of {mapped_gy:g} Gy", "Report this.", "at least 0 Gy")


def require_limit(limit: WorksheetLimit, where: str) -> None:
    """Refuse a limit without its number, its α/β, its metric of near-maximum or its source."""
    require_alpha_beta(limit.alpha_beta_gy, where)
    if not 0.0 < limit.limit_eqd2_gy <= LARGEST_LIMIT_GY:
        expected = f"above 0 and up to {LARGEST_LIMIT_GY:g} Gy EQD2"
        raise CaseError(where, f"a limit of {limit.limit_eqd2_gy:g} Gy", "Correct the limit.", expected)
    if limit.new_at_most_gy is not None and not 0.0 < limit.new_at_most_gy <= limit.limit_eqd2_gy:
        expected = f"above 0 and up to the limit, {limit.limit_eqd2_gy:g} Gy EQD2"
        raise CaseError(where, f"{limit.new_at_most_gy:g} Gy for the new course alone", "Correct it.", expected)
    if limit.each_course_at_most_gy is not None and not 0.0 < limit.each_course_at_most_gy <= LARGEST_LIMIT_GY:
        expected = f"above 0 and up to {LARGEST_LIMIT_GY:g} Gy EQD2"
        raise CaseError(where, f"{limit.each_course_at_most_gy:g} Gy for each course", "Correct it.", expected)
    if limit.new_share_at_most is not None and not 0.0 < limit.new_share_at_most <= 1.0:
        raise CaseError(where, f"a share of {limit.new_share_at_most:g}", "Write 0.5 for 50 %.", "above 0, up to 1")
    if not limit.metric.is_near_maximum:
        raise CaseError(
            where, f"a limit of {limit.metric}", "A point says nothing about it.", "Dmax, or a D of at most 2 cc"
        )
    if not limit.source:
        raise CaseError(where, "a limit without a source", "Say where the limit comes from.")


def require_course(entry: CourseEntry, limit: WorksheetLimit, where: str) -> None:
    """Refuse a dose, a number of fractions or a recovery that cannot be, and a recovered limit without recovery."""
    require_dose(entry.dose_gy, where)
    require_fractions(entry.fractions, where)
    if entry.recovery is not None and not 0.0 <= entry.recovery <= 1.0:
        raise CaseError(where, f"a recovery of {entry.recovery:g}", "Enter it as a fraction, 0.25 for 25 %.", "0 … 1")
    if not 0.0 <= entry.unknown_percent <= 100.0:
        raise CaseError(where, f"unknown in {entry.unknown_percent:g} %", "Correct it.", "0 … 100")
    if entry.whole_organ_eqd2_gy is not None and not 0.0 <= entry.whole_organ_eqd2_gy < math.inf:
        raise CaseError(where, f"{entry.whole_organ_eqd2_gy:g} Gy EQD2 in the whole organ", "Correct it.", "at least 0 Gy")
    if limit.basis is Basis.RECOVERED and entry.recovery is None:
        raise CaseError(
            where,
            f"no recovery is given, but the limit on '{limit.structure}' is of the recovered sum",
            "Enter the recovery of every course (0 if none), or take a limit published for the raw sum.",
        )


def require_dose(dose_gy: float, where: str) -> None:
    """Refuse a dose that cannot be."""
    if not 0.0 <= dose_gy <= LARGEST_DOSE_GY:
        raise CaseError(where, f"{dose_gy:g} Gy", "Enter the physical dose in Gy.", f"0 to {LARGEST_DOSE_GY:g} Gy")


def require_fractions(fractions: int, where: str) -> None:
    """Refuse a number of fractions that cannot be."""
    if not 0 < fractions <= LARGEST_FRACTIONS:
        raise CaseError(where, f"{fractions} fractions", "Enter the fractions.", f"1 to {LARGEST_FRACTIONS}")
