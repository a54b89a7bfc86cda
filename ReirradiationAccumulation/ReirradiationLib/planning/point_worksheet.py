"""The point worksheet: what prior courses leave of an organ's limit, from one dose per course.

Plain arithmetic on numbers that somebody typed, or that were read from mapped doses (:mod:`.organ_worksheet`). It needs no
registration and no DICOM, and is what is left where no registration can be used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION, eqd2, physical_dose
from ..model.constraint import Months
from ..model.dates import months_between
from ..model.protocol import Basis
from ..model.registration_quality import Verdict
from .conditions import NEGLIGIBLE_EQD2_GY, CourseAlone, interval_mismatch
from .worksheet_entry import CourseEntry, OrganWorksheet, ValueKind, WorksheetLimit, require_usable

LARGEST_UNKNOWN_PERCENT = 5.0
"""Share of the region beyond which a mapped dose that is not known there gives no result; the case asks from there on."""

SHARE_OF_BOUNDS = "the limit allows a share of the sum, and prior doses are upper bounds: less may be left"
"""Remark; a prescription that fits is not proven to."""


@dataclass(frozen=True)
class CourseLine:
    """A course as it counts: ``kept_eqd2_gy`` is what has not recovered, equal to the raw value without a recovery."""

    entry: CourseEntry
    months: float | None
    gy_per_fraction: float
    raw_eqd2_gy: float
    kept_eqd2_gy: float

    @property
    def is_beyond_lq(self) -> bool:
        """Whether it gave more per fraction than the linear-quadratic model is checked for."""
        return self.gy_per_fraction > LQ_LIMIT_GY_PER_FRACTION


@dataclass(frozen=True)
class Remaining:
    """What is left of the limit beside a prior sum.

    Parameters
    ----------
    prior_eqd2_gy : float
        P, on the basis of the limit.
    eqd2_gy : float
        A − P, not below 0, nor above what the limit allows the new course; 0 where a prior course gave too much.
    dose_gy, gy_per_fraction : float
        Physical, in the fractions of the new course.
    is_used : bool
        P ≥ A, or a course gave more than the limit allows each: tolerance already used.
    takes_prescription : bool or None
        Whether P + R ≤ A and the limit allows R in one course; None without a prescription.
    """

    prior_eqd2_gy: float
    eqd2_gy: float
    dose_gy: float
    gy_per_fraction: float
    is_used: bool
    takes_prescription: bool | None

    @property
    def is_beyond_lq(self) -> bool:
        """Whether it is more per fraction than the linear-quadratic model is checked for."""
        return self.gy_per_fraction > LQ_LIMIT_GY_PER_FRACTION


@dataclass(frozen=True)
class WorksheetResult:
    """A worksheet, worked out.

    Parameters
    ----------
    worksheet : OrganWorksheet
    lines : tuple of CourseLine
    raw_eqd2_gy, recovered_eqd2_gy : float
        Sum over the courses; the recovered one is None if no recovery was given.
    prescription_eqd2_gy : float or None
        R, with the α/β of the limit.
    maxima : Remaining or None
        From the sum of the courses' values on the basis of the limit; None if ``refusal`` says why.
    mapped : Remaining or None
        From the voxelwise sum.
    refusal : str
        Why nothing is said about what is left; empty if it is.
    """

    worksheet: OrganWorksheet
    lines: tuple[CourseLine, ...]
    raw_eqd2_gy: float
    recovered_eqd2_gy: float | None
    prescription_eqd2_gy: float | None
    maxima: Remaining | None
    mapped: Remaining | None
    refusal: str

    @property
    def is_mapped_higher(self) -> bool:
        """Whether the voxelwise sum exceeds the sum of the courses' values.

        Never of maxima: max(Σ f) ≤ Σ max f. But D(v), the dose to the hottest v, is not subadditive: two courses with hot
        spots smaller than v in different places have a low D(v) each, and a hot v together. What holds is
        D(v) of the sum ≤ Σ D(v/N), for the hottest v of the sum cannot lie outside all the hottest v/N of the N courses.
        """
        return self.mapped is not None and self.maxima is not None and _is_more(self.mapped, self.maxima)

    @property
    def is_known(self) -> bool:
        """Whether the mapped doses are known in all of the region: else P is a lower bound, and no fit is proven.

        Beside a limit of the new course's share of the sum also whether all doses are mapped: others are upper bounds.
        """
        courses = self.worksheet.courses
        return all(entry.unknown_percent <= 0.0 for entry in courses) and not is_share_of_bounds(self.worksheet)

    @property
    def deciding(self) -> Remaining | None:
        """The one to plan by: from the sum of the values, unless the voxelwise sum is higher."""
        return self.mapped if self.is_mapped_higher else self.maxima

    @property
    def remarks(self) -> tuple[str, ...]:
        """Everything that limits the numbers, in words."""
        return (*_course_remarks(self), *_result_remarks(self))


def worked_out(worksheet: OrganWorksheet) -> WorksheetResult:
    """Work out what is left.

    Raises
    ------
    CaseError
        If a number cannot be, or the limit is of the recovered sum and a course has no recovery.
    """
    require_usable(worksheet)
    limit, courses = worksheet.limit, worksheet.courses
    lines = tuple(_line(entry, limit, worksheet.new.day) for entry in courses)
    raw_gy = math.fsum(line.raw_eqd2_gy for line in lines)
    has_recovery = any(entry.recovery is not None for entry in courses)
    recovered_gy = math.fsum(line.kept_eqd2_gy for line in lines) if has_recovery else None
    prior_gy = raw_gy if limit.basis is Basis.RAW or recovered_gy is None else recovered_gy
    refusal = "; ".join(_refusals(worksheet, lines))
    mapped_gy = worksheet.mapped_eqd2_gy
    return WorksheetResult(
        worksheet=worksheet,
        lines=lines,
        raw_eqd2_gy=raw_gy,
        recovered_eqd2_gy=recovered_gy,
        prescription_eqd2_gy=_prescription_eqd2(worksheet),
        maxima=None if refusal else _remaining(worksheet, lines, prior_gy),
        mapped=None if refusal or mapped_gy is None else _remaining(worksheet, lines, mapped_gy),
        refusal=refusal,
    )


def is_share_of_bounds(worksheet: OrganWorksheet) -> bool:
    """Whether the limit allows the new course a share of the sum, and prior doses are upper bounds: points, or typed."""
    share = worksheet.limit.new_share_at_most
    return share is not None and share < 1.0 and any(one.kind is not ValueKind.MAPPED for one in worksheet.courses)


def _line(entry: CourseEntry, limit: WorksheetLimit, day: date | None) -> CourseLine:
    raw_gy = float(eqd2(np.asarray(entry.dose_gy), entry.fractions, limit.alpha_beta_gy))
    kept_gy = raw_gy * (1.0 - (entry.recovery or 0.0))
    return CourseLine(entry, months_between(entry.day, day), entry.dose_gy / entry.fractions, raw_gy, kept_gy)


def _prescription_eqd2(worksheet: OrganWorksheet) -> float | None:
    new, ratio = worksheet.new, worksheet.limit.alpha_beta_gy
    if new.prescription_gy is None:
        return None
    return float(eqd2(np.asarray(new.prescription_gy), new.fractions, ratio))


def _remaining(worksheet: OrganWorksheet, lines: tuple[CourseLine, ...], prior_gy: float) -> Remaining:
    limit, fractions, wanted_gy = worksheet.limit, worksheet.new.fractions, _prescription_eqd2(worksheet)
    is_spent = bool(_spent(limit, lines))
    allowed_gy = float(limit.conditions.allowed_beside(np.asarray(_share_of_gy(worksheet, lines, prior_gy))))
    left_gy = 0.0 if is_spent else min(max(limit.limit_eqd2_gy - prior_gy, 0.0), allowed_gy)
    dose_gy = float(physical_dose(np.asarray(left_gy), fractions, limit.alpha_beta_gy))
    return Remaining(
        prior_eqd2_gy=prior_gy,
        eqd2_gy=left_gy,
        dose_gy=dose_gy,
        gy_per_fraction=dose_gy / fractions,
        is_used=is_spent or prior_gy >= limit.limit_eqd2_gy,
        takes_prescription=None
        if wanted_gy is None
        else not is_spent and prior_gy + wanted_gy <= limit.limit_eqd2_gy and wanted_gy <= allowed_gy,
    )


def _share_of_gy(worksheet: OrganWorksheet, lines: tuple[CourseLine, ...], prior_gy: float) -> float:
    """The prior dose that a share of the sum is taken of: never more than the courses gave in one place.

    That is the voxelwise sum, or else the largest single course, for the courses' maxima may lie apart.
    """
    is_raw = worksheet.limit.basis is Basis.RAW
    largest_gy = max(line.raw_eqd2_gy if is_raw else line.kept_eqd2_gy for line in lines)
    return min(prior_gy, largest_gy if worksheet.mapped_eqd2_gy is None else worksheet.mapped_eqd2_gy)


def _spent(limit: WorksheetLimit, lines: tuple[CourseLine, ...]) -> list[str]:
    """Courses that gave more than the limit allows each, in words."""
    if limit.each_course_at_most_gy is None:
        return []
    courses = [(line.entry, max(line.raw_eqd2_gy, line.entry.whole_organ_eqd2_gy or 0.0)) for line in lines]
    alone = [CourseAlone(one.label, one.label, gy, one.kind is ValueKind.RECORD_POINT) for one, gy in courses]
    return [text for one in alone if (text := one.too_much(limit.each_course_at_most_gy))]


def _refusals(worksheet: OrganWorksheet, lines: tuple[CourseLine, ...]) -> list[str]:
    reasons = []
    for entry in worksheet.courses:
        if entry.kind is not ValueKind.MAPPED:
            continue
        if entry.registration == Verdict.WORKSHEET.value:
            reasons.append(
                f"the registration of '{entry.label}' must not be relied on here: enter the dose of its record in place of "
                "the mapped one"
            )
        if entry.unknown_percent > LARGEST_UNKNOWN_PERCENT:
            found = f"the mapped dose of '{entry.label}' is not known in {entry.unknown_percent:.0f} % of the region"
            reasons.append(f"{found}: enter the dose of its record")
    if mismatch := _interval_mismatch(worksheet.limit.months, lines):
        reasons.append(mismatch)
    return reasons


def _interval_mismatch(published: Months, lines: tuple[CourseLine, ...]) -> str:
    """Why the limit does not hold at the interval since the last course that gave a dose; empty if it does."""
    counted = [line.months for line in lines if line.raw_eqd2_gy > NEGLIGIBLE_EQD2_GY]
    known = [months for months in counted if months is not None]
    if not counted:
        return ""
    return interval_mismatch(published, min(known) if len(known) == len(counted) else None)


def _course_remarks(result: WorksheetResult) -> list[str]:
    remarks = []
    for line in result.lines:
        if line.is_beyond_lq:
            remarks.append(f"'{line.entry.label}' gave {line.gy_per_fraction:.1f} Gy per fraction, beyond the LQ range")
        if 0.0 < line.entry.unknown_percent <= LARGEST_UNKNOWN_PERCENT:
            found = f"the dose of '{line.entry.label}' is not known in {line.entry.unknown_percent:.2g} % of the region"
            remarks.append(f"{found}: what is left is an upper bound")
    return remarks


def _result_remarks(result: WorksheetResult) -> list[str]:
    remarks = []
    limit, deciding = result.worksheet.limit, result.deciding
    if limit.basis is Basis.RAW and any(entry.recovery for entry in result.worksheet.courses):
        remarks.append("the limit is of the raw sum: recovery is shown, not used")
    if deciding is not None and deciding.is_used:
        remarks.append("; ".join(["tolerance already used", *_spent(limit, result.lines)]))
    elif deciding is not None and is_share_of_bounds(result.worksheet):
        remarks.append(SHARE_OF_BOUNDS)
    if deciding is not None and deciding.is_beyond_lq:
        remarks.append(f"what is left is {deciding.gy_per_fraction:.1f} Gy per fraction, beyond the LQ range")
    if result.is_mapped_higher:
        remarks.append(f"hot spots smaller than {limit.metric} lie apart: the mapped sum is the higher one and counts")
    return remarks


def _is_more(one: Remaining, other: Remaining) -> bool:
    """Whether the prior sum of one exceeds the other's by more than rounding."""
    return one.prior_eqd2_gy > other.prior_eqd2_gy * (1.0 + 1e-9)
