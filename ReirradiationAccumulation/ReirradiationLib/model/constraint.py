"""A cumulative limit, and all that it was published with: basis, α/β, interval and further conditions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from .arrays import FloatArray
from .metric import Metric
from .protocol import Basis


class Sense(str, Enum):
    """Whether the limit is an upper or a lower one."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


@dataclass(frozen=True)
class Months:
    """The months between the last prior course and the new one that a limit was published for: from included, to not."""

    start: float = 0.0
    end: float = float("inf")

    @property
    def is_any(self) -> bool:
        """Whether the limit holds at any interval."""
        return self.start <= 0.0 and self.end == float("inf")

    def hold(self, months: float) -> bool:
        """Whether an interval is among them."""
        return self.start <= months < self.end

    def __str__(self) -> str:
        if self.is_any:
            return "any interval"
        return f"from {self.start:g} months" if self.end == float("inf") else f"{self.start:g} to {self.end:g} months"


ANY_MONTHS = Months()


@dataclass(frozen=True)
class CourseConditions:
    """What a limit of the sum also demands of single courses, in the metric and α/β of the limit; None if nothing.

    Parameters
    ----------
    each_course_at_most : float or None
        Of every course, Gy EQD2 (each course ≤ 49 Gy in Nieder 2006).
    new_course_at_most : float or None
        Of the new course, Gy EQD2.
    new_share_at_most : float or None
        New course's value as a share (0 … 1) of the sum's.
    """

    each_course_at_most: float | None = None
    new_course_at_most: float | None = None
    new_share_at_most: float | None = None

    @property
    def new_at_most_gy(self) -> float | None:
        """What the new course may give at most, Gy EQD2."""
        return min((one for one in (self.each_course_at_most, self.new_course_at_most) if one is not None), default=None)

    def allowed_beside(self, prior_gy: FloatArray) -> FloatArray:
        """What they allow the new course beside prior courses, Gy EQD2; infinite if they demand nothing of it.

        A share s of the sum: new ≤ s (prior + new), so new ≤ s / (1 − s) · prior.
        """
        alone_gy = np.full(np.shape(prior_gy), np.inf if self.new_at_most_gy is None else self.new_at_most_gy)
        share = self.new_share_at_most
        return alone_gy if share is None or share >= 1.0 else np.minimum(alone_gy, share / (1.0 - share) * prior_gy)

    def __str__(self) -> str:
        each, new, share = self.each_course_at_most, self.new_course_at_most, self.new_share_at_most
        parts = [f"each course ≤ {each:g} Gy EQD2"] if each is not None else []
        parts += [f"new course ≤ {new:g} Gy EQD2"] if new is not None else []
        parts += [f"new course ≤ {100.0 * share:g} % of the sum"] if share is not None else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Override:
    """Why a case deviates from a row of ``constraints.csv``, and what stands there."""

    reason: str
    published_limit: float
    published_warning: float | None = None


@dataclass(frozen=True)
class Constraint:
    """A cumulative limit on one structure.

    Parameters
    ----------
    structure : str
    metric : Metric
    sense : Sense
    limit : float
        In the metric's unit; doses are EQD2.
    basis : Basis
        The sum that the limit was published for.
    alpha_beta_gy : float
        The α/β that the limit was published for, Gy.
    source : str
    warning : float or None
        Between it and the limit the constraint is met only within the warning band.
    months : Months
        The interval that the limit was published for.
    conditions : CourseConditions
    row, organ : str
        Identifier and organ of the row of ``constraints.csv`` that it is; empty if the case states it itself.
    override : Override or None
        What the case changed in that row, and why. ``source`` says it too.
    """

    structure: str
    metric: Metric
    sense: Sense
    limit: float
    basis: Basis
    alpha_beta_gy: float
    source: str
    warning: float | None = None
    months: Months = ANY_MONTHS
    conditions: CourseConditions = CourseConditions()
    row: str = ""
    organ: str = ""
    override: Override | None = None

    @property
    def is_limit(self) -> bool:
        """Whether more dose is worse. A volume to be spared below a dose is a limit, though it is written "at least"."""
        return (self.sense is Sense.AT_MOST) is not self.metric.is_cold

    def is_kept_by(self, value: float) -> bool:
        """Whether a value of the metric, in its unit, is on the right side of the limit; on it is right."""
        return value <= self.limit if self.sense is Sense.AT_MOST else value >= self.limit

    @property
    def is_pointwise(self) -> bool:
        """Whether it limits the near-maximum, and so what any point of the structure may receive."""
        return self.sense is Sense.AT_MOST and self.metric.is_near_maximum


@dataclass(frozen=True)
class LimitRow:
    """A row of ``constraints.csv``: a limit of an organ, not yet of a structure.

    Parameters
    ----------
    identifier : str
        What a case names it by, such as ``umich.cord``.
    set_name : str
        The set that it belongs to, such as ``UMich/Paradis``.
    organ : str
        In words, as in ``synonyms.csv``.
    limit : Constraint
        With the organ in the place of the structure.
    note : str
        Conditions that no program can check, such as "if less than 2 mm from the target".
    """

    identifier: str
    set_name: str
    organ: str
    limit: Constraint
    note: str
