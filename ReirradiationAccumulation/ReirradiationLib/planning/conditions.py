"""What a published limit demands beside its value: an interval, and limits of single courses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..dosimetry.accumulation import CourseSamples, StructureDose
from ..dosimetry.dvh import cumulative_dvh
from ..model.constraint import Constraint, Months
from ..model.dates import months_between
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind
from ..model.protocol import Basis

NEGLIGIBLE_EQD2_GY = 1.0
"""A course that gave no point of a structure more than this does not begin an interval in it."""


@dataclass(frozen=True)
class Broken:
    """A condition that is not kept, in words.

    Parameters
    ----------
    text : str
    is_prior : bool
        Whether prior courses alone break it.
    is_proven : bool
        False if it rests on a point dose, which is an upper bound.
    """

    text: str
    is_prior: bool
    is_proven: bool


@dataclass(frozen=True)
class CourseAlone:
    """What one course alone gave a whole structure: raw EQD2, in the metric and α/β of a limit.

    ``is_upper_bound``: it is a point dose, taken for the whole structure.
    """

    identifier: str
    label: str
    eqd2_gy: float
    is_upper_bound: bool

    def too_much(self, most_gy: float) -> str:
        """In words, if it is more than each course may give; else empty."""
        if self.eqd2_gy <= most_gy:
            return ""
        doubt = " (a point dose, which is an upper bound: not proven)" if self.is_upper_bound else ""
        return f"'{self.label}' alone gives {self.eqd2_gy:.2f} Gy EQD2, not {most_gy:g} at most{doubt}"


def courses_alone(metric: Metric, alpha_beta_gy: float, dose: StructureDose) -> tuple[CourseAlone, ...]:
    """What each course gave a structure; the maximum where the structure is smaller than the metric asks for."""

    def alone(part: CourseSamples) -> CourseAlone:
        try:
            value = _value(metric, alpha_beta_gy, dose, part)
        except DosimetryError:
            value = _value(Metric(MetricKind.MAXIMUM), alpha_beta_gy, dose, part)
        return CourseAlone(part.course.identifier, part.course.label, value, part.is_upper_bound)

    return tuple(alone(part) for part in dose.courses)


def interval_months(dose: StructureDose, alpha_beta_gy: float, today: date | None) -> float | None:
    """Months from the last prior course that gave the structure more than a negligible dose; infinite if none did.

    None if one that did has no date, or today is not known.
    """
    months: list[float] = []
    for part in dose.courses:
        if part.known.any() and dose.course_eqd2_gy(part, alpha_beta_gy, Basis.RAW).max() <= NEGLIGIBLE_EQD2_GY:
            continue
        since = months_between(part.course.day_of(dose.structure), today)
        if since is None:
            return None
        months.append(since)
    return min(months, default=float("inf"))


def interval_mismatch(published: Months, months: float | None) -> str:
    """Why the limit does not hold at this interval; empty if it does."""
    if published.is_any:
        return ""
    if months is None:
        return f"the limit was published for intervals {published}; that of a course is not known: state its date"
    if months == float("inf") or published.hold(months):
        return ""
    return f"the limit was published for intervals {published}, the last course was {months:.1f} months before"


def broken_conditions(constraint: Constraint, prior: StructureDose, cumulative: StructureDose | None) -> list[Broken]:
    """Conditions on single courses that are not kept, each with what was found.

    Of single courses the raw EQD2 counts: a share that has recovered since was given all the same.
    """
    wanted, broken = constraint.conditions, []
    if wanted.each_course_at_most is not None:
        for one in courses_alone(constraint.metric, constraint.alpha_beta_gy, cumulative or prior):
            if text := one.too_much(wanted.each_course_at_most):
                is_new = all(one.identifier != other.course.identifier for other in prior.courses)
                broken.append(Broken(text, not is_new, not one.is_upper_bound))
    if cumulative is None or (wanted.new_course_at_most is None and wanted.new_share_at_most is None):
        return broken
    known = {part.course.identifier for part in prior.courses}
    added = [part for part in cumulative.courses if part.course.identifier not in known]
    new = sum(_value(constraint.metric, constraint.alpha_beta_gy, cumulative, part) for part in added)
    if wanted.new_course_at_most is not None and new > wanted.new_course_at_most:
        text = f"the new course gives {new:.2f} Gy EQD2, not {wanted.new_course_at_most:g} at most"
        broken.append(Broken(text, is_prior=False, is_proven=True))
    total = cumulative.dvh(constraint.alpha_beta_gy, constraint.basis).value(constraint.metric)
    if wanted.new_share_at_most is not None and new > wanted.new_share_at_most * total:
        allowed = 100.0 * wanted.new_share_at_most
        text = f"the new course gives {100.0 * new / total:.0f} % of the sum, not {allowed:g} % at most"
        broken.append(Broken(text, is_prior=False, is_proven=not cumulative.upper_bounds()))
    return broken


def _value(metric: Metric, alpha_beta_gy: float, dose: StructureDose, part: CourseSamples) -> float:
    eqd2_gy = dose.course_eqd2_gy(part, alpha_beta_gy, Basis.RAW)
    return cumulative_dvh(eqd2_gy, dose.samples.volumes_cc).value(metric)
