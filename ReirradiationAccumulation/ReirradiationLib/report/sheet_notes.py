"""What must be known beside the optimization structures: unreliable registrations, and other limits that are stricter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..dosimetry.radiobiology import physical_dose
from ..planning.optimization_structures import Shell
from ..planning.planned_organ import PlannedOrgan
from .results import CaseResults, OptimizationResult

NOT_RELIABLE = "NOT RELIABLE: the registration of {} must not be relied on in this organ"

SAME_GY = 0.005
"""Physical doses that differ by no more are the same: half of the last digit shown."""


@dataclass(frozen=True)
class SheetNotes:
    """Notes on organs, and on single structures, by their names."""

    organs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    structures: Mapping[str, Sequence[str]] = field(default_factory=dict)


def sheet_notes(results: CaseResults) -> SheetNotes:
    """The notes on every organ with optimization structures."""
    organs, structures = {}, {}
    for result in results.optimization:
        name = result.request.structure
        labels = results.unreliable(name)
        organs[name] = [NOT_RELIABLE.format(" and ".join(labels))] if labels else []
        others = [one.organ for one in results.planning.feasibility.organs if one.organ.limit.structure == name]
        others = [organ for organ in others if organ.near is not result.prior]
        for shell in result.shells:
            structures[shell.structure.name] = [note for organ in others if (note := _stricter(organ, result, shell))]
    return SheetNotes(organs, structures)


def _stricter(organ: PlannedOrgan, result: OptimizationResult, shell: Shell) -> str:
    """A word if another limit of the organ allows less than a structure does, at the highest prior dose in it."""
    limit, levels = organ.limit, result.levels
    is_same_sum = limit.basis is result.request.basis and abs(limit.alpha_beta_gy - levels.alpha_beta_gy) < 1e-9
    upper_gy = shell.level.upper_eqd2_gy
    if upper_gy is None:
        allowed_gy = organ.left_physical_gy(levels.fractions)
    elif is_same_sum:
        left_gy = organ.left_beside_eqd2_gy(upper_gy)
        allowed_gy = float(physical_dose(np.asarray(left_gy), levels.fractions, limit.alpha_beta_gy))
    else:
        return ""  # the isodoses of one sum say nothing exact about another
    if allowed_gy >= shell.level.limit_physical_gy - SAME_GY:
        return ""
    return (
        f"another limit of the case allows only {allowed_gy:.2f} Gy in {levels.fractions} fractions here ({limit.metric} of "
        f"all courses at most {limit.limit_eqd2_gy:g} Gy EQD2, {limit.basis.value} sum, alpha/beta "
        f"{limit.alpha_beta_gy:g} Gy; {limit.source})"
    )
