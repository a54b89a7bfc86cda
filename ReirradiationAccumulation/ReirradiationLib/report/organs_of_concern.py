"""Which organs a reader must look at first: those nearest to their limits, or furthest beyond."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.constraint import Constraint, Sense
from ..model.metric import MetricKind
from ..model.protocol import Basis
from .results import CaseResults, StructureResult

_DOSES = (MetricKind.MAXIMUM, MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT, MetricKind.MEAN)


@dataclass(frozen=True, eq=False)
class OrganOfConcern:
    """An organ with limits.

    Parameters
    ----------
    result : StructureResult
    share : float
        The largest of value over limit; for a limit from below, of limit over value. 0 where nothing can be evaluated.
    limits_gy : tuple of float
        Upper limits of dose, EQD2.
    """

    result: StructureResult
    share: float
    limits_gy: tuple[float, ...]

    @property
    def name(self) -> str:
        """Its name in the case."""
        return self.result.choice.name


def organs_by_concern(results: CaseResults) -> tuple[OrganOfConcern, ...]:
    """Organs with a limit or optimization structures, the one nearest to (or most beyond) its limit first.

    Targets are none. Without any such organ it is the first structure that is no target, or the first of all.
    """
    targets = {one.name for one in results.planning.targets} | {one.target for one in results.case.optimization}
    wanted = [request.structure for request in results.case.optimization]
    wanted += [constraint.structure for constraint in results.case.constraints]
    names = [name for name in dict.fromkeys(wanted) if name not in targets]
    if not names:
        others = [one.choice.name for one in results.structures if one.choice.name not in targets]
        names = (others or [one.choice.name for one in results.structures])[:1]
    return tuple(sorted((_organ(name, results) for name in names), key=lambda organ: -organ.share))


def _organ(name: str, results: CaseResults) -> OrganOfConcern:
    result = results.structure(name)
    scores = [score for score in results.scores if score.constraint.structure == name]
    values = [(score.constraint, score.prior if score.cumulative is None else score.cumulative) for score in scores]
    shares = [_share(constraint, value) for constraint, value in values if value is not None]
    limits = [one.limit for one, _ in values if one.sense is Sense.AT_MOST and one.metric.kind in _DOSES]
    for request in results.optimization:
        if request.request.structure == name:
            limit = request.levels.limit_eqd2_gy
            highest = float(result.final.eqd2_gy(result.alpha_beta_gy, Basis.RAW).max())
            shares.append(highest / limit if limit > 0.0 else 0.0)
            limits.append(limit)
    return OrganOfConcern(result, max(shares, default=0.0), tuple(limits))


def _share(constraint: Constraint, value: float) -> float:
    parts = (value, constraint.limit) if constraint.sense is Sense.AT_MOST else (constraint.limit, value)
    return parts[0] / parts[1] if parts[1] > 0.0 else float(parts[0] > 0.0)
