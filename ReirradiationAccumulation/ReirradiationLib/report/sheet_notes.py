"""What must be known of an organ beside its own optimization structures."""

from __future__ import annotations

from ..planning.feasibility import OrganFeasibility
from .results import CaseResults, OptimizationResult

NOT_RELIABLE = "NOT RELIABLE: the registration of {} must not be relied on in this organ"


def organ_notes(results: CaseResults) -> dict[str, tuple[str, ...]]:
    """By organ with optimization structures: a registration not to be relied on, and other limits that are stricter."""
    return {
        result.request.structure: (*_unreliable(result, results), *_stricter(result, results))
        for result in results.optimization
    }


def _unreliable(result: OptimizationResult, results: CaseResults) -> list[str]:
    labels = results.unreliable(result.request.structure)
    return [NOT_RELIABLE.format(" and ".join(labels))] if labels else []


def _stricter(result: OptimizationResult, results: CaseResults) -> list[str]:
    """Other limits of the organ that allow less, near the target, than some of its structures."""
    highest_gy = max((shell.level.limit_physical_gy for shell in result.shells), default=float("inf"))
    return [
        _words(one)
        for one in results.planning.feasibility.organs
        if one.organ.limit.structure == result.request.structure
        and not _is_of_request(one, result)
        and one.left_physical_gy < highest_gy
    ]


def _is_of_request(one: OrganFeasibility, result: OptimizationResult) -> bool:
    return one.organ.near is result.prior


def _words(one: OrganFeasibility) -> str:
    organ, limit = one.organ, one.organ.limit
    return (
        f"another limit of the case allows at most {one.left_physical_gy:.2f} Gy in {organ.fractions} fractions where its "
        f"P was read ({limit.metric} of all courses at most {limit.limit_eqd2_gy:g} Gy EQD2, {limit.basis.value} sum, "
        f"alpha/beta {limit.alpha_beta_gy:g} Gy; {limit.source})"
    )
