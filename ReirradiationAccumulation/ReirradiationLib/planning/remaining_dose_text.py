"""What a volume of remaining dose means, in words that go with it wherever it goes."""

from __future__ import annotations

from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from .limits import OrganLimit
from .remaining_dose import HELD_RULE, UNKNOWN_RULE, RemainingDose, RemainingInStructure


def remaining_dose_rule(remaining: RemainingDose) -> str:
    """What the voxels are, without the limits."""
    lq = (
        f" Values above {LQ_LIMIT_GY_PER_FRACTION * remaining.fractions:g} Gy are more than "
        f"{LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction, beyond the LQ range."
        if remaining.is_beyond_lq
        else ""
    )
    return (
        f"Remaining physical dose in Gy, of all {remaining.fractions} fractions of the new course together; no dose that "
        "was or will be delivered. Per voxel: what the tightest limit of the structures that hold it leaves beside the "
        "prior EQD2 there, formed with the limit's own α/β and on its own basis (raw or recovered sum), not below 0, nor "
        "above what the limit allows the new course; nothing where a prior course gave more than it allows each; of a share "
        "of the sum without point doses. "
        f"Tissue in no structure with limits, and all else at most: {remaining.ceiling_gy:g} Gy, a ceiling, which is no "
        f"limit of that tissue. Rules: {UNKNOWN_RULE}; {HELD_RULE}.{lq} Research software, not a medical device; not for "
        "DVHs."
    )


def remaining_dose_limits(remaining: RemainingDose) -> tuple[str, ...]:
    """A line for every limit, used or not."""
    return tuple(line for structure in remaining.structures for line in _lines(structure, remaining.fractions))


def limit_line(limit: OrganLimit, fractions: int) -> str:
    """A limit with everything that belongs to it."""
    return (
        f"{limit.structure}: at most {limit.limit_eqd2_gy:g} Gy EQD2 in all courses, {limit.basis.value} sum, α/β "
        f"{limit.alpha_beta_gy:g} Gy, new course in {fractions} fx, published for {limit.metric}, {limit.months}; "
        f"source: {limit.source}"
    )


def _lines(structure: RemainingInStructure, fractions: int) -> list[str]:
    lines = [limit_line(limit, fractions) for limit in structure.limits]
    lines += [f"NOT USED (interval): {limit_line(limit, fractions)}" for limit in structure.unfit]
    if structure.reason:
        lines.append(f"{structure.name}: 0 Gy promised, because {structure.reason}")
    return lines
