"""Whether every limit would be kept even if an organ received the whole new prescription everywhere.

One of two reasons to go without a cumulative evaluation (Vickress J et al., PMC12830171, screening). It is computed and
shown; the user decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.dvh import cumulative_dvh
from ..dosimetry.radiobiology import eqd2
from ..model.constraint import Constraint, CourseConditions, Sense
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind
from ..model.protocol import Basis
from .conditions import interval_mismatch
from .limits import OrganLimit


class Answer(str, Enum):
    """What can be said about a criterion; what is not known never makes a yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot be told"


def all_of(answers: Sequence[Answer]) -> Answer:
    """No if one is no, else unknown if one is unknown or there are none."""
    if Answer.NO in answers:
        return Answer.NO
    return Answer.YES if answers and Answer.UNKNOWN not in answers else Answer.UNKNOWN


@dataclass(frozen=True)
class WholeDose:
    """The new prescription, as if an organ received it everywhere: physical dose and fractions."""

    dose_gy: float
    fractions: int


@dataclass(frozen=True)
class FullOverlap:
    """One limit under full overlap.

    Parameters
    ----------
    constraint : Constraint
        The limit with all that it was published with.
    fractions : int
        Of the new course.
    prior : float or None
        Of a near-maximum the maximum in the whole organ, else the metric; None if it is not known.
    new_eqd2_gy : float
        R.
    total : float or None
        The same with R everywhere.
    answer : Answer
    why : str
        What stands against a yes; empty if nothing does.
    """

    constraint: Constraint
    fractions: int
    prior: float | None
    new_eqd2_gy: float
    total: float | None
    answer: Answer
    why: str


def constraint_of_limit(limit: OrganLimit) -> Constraint:
    """A limit of the near-maximum as a constraint."""
    return Constraint(
        *(limit.structure, limit.metric, Sense.AT_MOST, limit.limit_eqd2_gy, limit.basis),
        alpha_beta_gy=limit.alpha_beta_gy,
        source=limit.source,
        months=limit.months,
    )


def full_overlap(
    constraint: Constraint, prior: StructureDose, new: WholeDose, months: float | None, is_unreliable: bool
) -> FullOverlap:
    """Whether a limit would be kept with R everywhere in the organ; what it demands of single courses is looked at too.

    Parameters
    ----------
    constraint : Constraint
        A limit. Of a near-maximum the maximum of the whole organ counts.
    prior : StructureDose
    new : WholeDose
    months : float or None
        Between the last prior course that gave the organ a dose and the new one; infinite if none did.
    is_unreliable : bool
        Whether the registration must not be relied on in the organ.
    """
    new_eqd2_gy = float(eqd2(np.asarray(new.dose_gy), new.fractions, constraint.alpha_beta_gy))
    reasons, broken = [], []
    before = after = None
    if missing := prior.unknown_courses():
        reasons.append(f"the dose of {' and '.join(missing)} is not known anywhere in it")
    else:
        try:
            before, after = _metric(constraint, prior, 0.0), _metric(constraint, prior, new_eqd2_gy)
            broken = _broken(constraint, prior, new_eqd2_gy, after)
        except DosimetryError as error:
            reasons.append(str(error))
        if (percent := prior.unknown_percent()) > 0.0:
            reasons.append(f"prior dose not known in {percent:.1f} % of it")
        reasons += _unproven_share(constraint, prior, new_eqd2_gy)
    if is_unreliable:
        reasons.append("the registration must not be relied on in it")
    if mismatch := interval_mismatch(constraint.months, months):
        reasons.append(mismatch)
    answer = Answer.NO if broken else Answer.UNKNOWN if reasons else Answer.YES
    return FullOverlap(constraint, new.fractions, before, new_eqd2_gy, after, answer, "; ".join([*broken, *reasons]))


def _metric(constraint: Constraint, prior: StructureDose, added_gy: float) -> float:
    asked = Metric(MetricKind.MAXIMUM) if constraint.metric.is_near_maximum else constraint.metric
    sum_gy = prior.eqd2_gy(constraint.alpha_beta_gy, constraint.basis) + added_gy
    return cumulative_dvh(sum_gy, prior.samples.volumes_cc).value(asked)


def _unproven_share(constraint: Constraint, prior: StructureDose, new_eqd2_gy: float) -> list[str]:
    """That R may be too large a share of the sum: by the limit's own metric, and without point doses, which are bounds."""
    share, least = constraint.conditions.new_share_at_most, prior.without_upper_bounds()
    if share is None:
        return []
    try:
        least_gy = least.dvh(constraint.alpha_beta_gy, constraint.basis).value(constraint.metric)
    except DosimetryError as error:
        return [str(error)]
    is_kept = new_eqd2_gy <= share * (least_gy + new_eqd2_gy)
    return [] if is_kept else [f"not proven is that the new course would be at most {share:g} of the sum"]


def _broken(constraint: Constraint, prior: StructureDose, new_eqd2_gy: float, total: float) -> list[str]:
    conditions = _broken_conditions(constraint, prior, new_eqd2_gy, total)
    if constraint.is_kept_by(total):
        return conditions
    bounds = prior.upper_bounds()
    by_bound = f", with the point dose of {' and '.join(bounds)} taken for the whole organ" if bounds else ""
    return [f"the sum would be beyond the limit{by_bound}", *conditions]


def _broken_conditions(constraint: Constraint, prior: StructureDose, new_eqd2_gy: float, total: float) -> list[str]:
    """What single courses break of the conditions of a constraint, judged by maxima; raw, as in the scorecard."""
    asked = constraint.conditions
    if asked == CourseConditions():
        return []
    broken = []
    if asked.each_course_at_most is not None:
        limit_gy = asked.each_course_at_most
        highest = [float(prior.course_eqd2_gy(part, constraint.alpha_beta_gy, Basis.RAW).max()) for part in prior.courses]
        if max([*highest, new_eqd2_gy]) > limit_gy:
            broken.append(f"a single course would be above {limit_gy:g} Gy EQD2")
    if asked.new_course_at_most is not None and new_eqd2_gy > asked.new_course_at_most:
        broken.append(f"the new course would be above {asked.new_course_at_most:g} Gy EQD2")
    if asked.new_share_at_most is not None and total > 0.0 and new_eqd2_gy / total > asked.new_share_at_most:
        broken.append(f"the new course would be more than {asked.new_share_at_most:g} of the sum")
    return broken
