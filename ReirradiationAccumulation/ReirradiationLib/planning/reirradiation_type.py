"""A suggestion of the type of a reirradiation, with the evidence; the user decides.

Definitions: ESTRO/EORTC consensus (Andratschke N et al., Lancet Oncol 23:e469 (2022)). Type 1: the irradiated volumes
overlap. Type 2: they do not, but toxicity from the cumulative dose is of concern. Else repeat organ irradiation if the same
organ was and will be irradiated, or repeat irradiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.planning_choice import DEFAULT_MARGIN_MM, ReirradiationType
from ..model.protocol import Basis
from .feasibility import NotPlanned, OrganFeasibility
from .scorecard import Score, ScoreState
from .screening import ScreenedOrgan, Screening, ScreeningInput

IRRADIATED_EQD2_GY = 1.0
"""An organ counts as irradiated by a course if its maximum is above this."""

CONCERN = (ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR, ScoreState.MAY_BE_EXCEEDED)
NOT_TOLD = (ScoreState.NOT_EVALUABLE, ScoreState.UNRELIABLE, ScoreState.MET_WHERE_KNOWN)


@dataclass(frozen=True)
class TypeSuggestion:
    """What is suggested.

    Parameters
    ----------
    kind : ReirradiationType or None
        None if the evidence does not suffice.
    evidence, doubts : tuples of str
        What it rests on, and what cannot be told.
    """

    kind: ReirradiationType | None
    evidence: tuple[str, ...]
    doubts: tuple[str, ...]


def suggest_type(
    case: ScreeningInput,
    screening: Screening,
    organs: Sequence[OrganFeasibility],
    not_planned: Sequence[NotPlanned] = (),
    scores: Sequence[Score] = (),
) -> TypeSuggestion:
    """Suggest the type of a reirradiation.

    Parameters
    ----------
    case : ScreeningInput
    screening : Screening
        Of it.
    organs : sequence of OrganFeasibility
    not_planned : sequence of NotPlanned
    scores : sequence of Score
    """
    overlapping = _overlapping(screening)
    doubts = _overlap_doubts(case, screening)
    if overlapping:
        return TypeSuggestion(ReirradiationType.TYPE_1, overlapping, doubts)
    if doubts:
        return TypeSuggestion(None, ("no overlap was found, but it cannot be excluded",), doubts)
    apart = (f"no overlap of the irradiated volumes ({_irradiated(screening)})",)
    concerns = _concerns([one for one in organs if one.organ.limit.structure not in case.unreliable], scores)
    if concerns:
        return TypeSuggestion(ReirradiationType.TYPE_2, (*apart, *concerns), ())
    unknown = _concern_doubts(case, organs, not_planned, scores)
    if unknown:
        return TypeSuggestion(None, (*apart, "no limit was found to be exceeded, but that cannot be excluded"), unknown)
    bare = screening.without_limit
    uncovered = (f"no limit covers, and nothing is said about: {', '.join(bare)}",) if bare else ()
    kept = (*apart, "no limit of the case would be exceeded", *uncovered)
    shared = _irradiated_twice(case)
    if shared:
        return TypeSuggestion(ReirradiationType.REPEAT_ORGAN, (*kept, *shared), ())
    nowhere = f"no organ of the case has more than {IRRADIATED_EQD2_GY:g} Gy EQD2 from both"
    return TypeSuggestion(ReirradiationType.REPEAT, (*kept, nowhere), ())


def _overlapping(screening: Screening) -> tuple[str, ...]:
    return tuple(
        f"high-dose region of {region.label} (from {region.high.threshold_gy:.2f} Gy) and {one.irradiated} have "
        f"{one.common_cc:.2f} cc in common"
        for region in screening.regions
        if region.identifier is not None
        for one in region.irradiated
        if one.common_cc > 0.0
    )


def _overlap_doubts(case: ScreeningInput, screening: Screening) -> tuple[str, ...]:
    doubts = [] if case.courses else ["the case has no prior course"]
    doubts += [f"{label}: known only by points, overlap cannot be computed" for label in screening.of_points]
    for region in screening.regions:
        if region.identifier is None:
            continue
        if not region.irradiated:
            doubts.append(f"{region.label}: neither a new plan nor a target to compare with")
        for one in region.irradiated:
            if one.unknown_cc > 0.0:
                doubts.append(f"{region.label}: its dose is not known in {one.unknown_cc:.2f} cc of {one.irradiated}")
    unreliable = [target.name for target in case.targets if target.name in case.unreliable]
    doubts += [f"the registration of a course must not be relied on in {name}" for name in unreliable]
    return tuple(doubts)


def _irradiated(screening: Screening) -> str:
    return "; ".join(dict.fromkeys(one.irradiated for region in screening.regions for one in region.irradiated))


def _concerns(organs: Sequence[OrganFeasibility], scores: Sequence[Score]) -> tuple[str, ...]:
    planned = [
        f"{one.organ.limit.structure}: prior {one.organ.near.value_gy:.2f} ({one.organ.near.region}) and full prescription "
        f"{one.organ.new_eqd2_gy:.2f} exceed {one.organ.limit.limit_eqd2_gy:g} Gy EQD2 ({_limit_words(one)})"
        for one in organs
        if one.sum_eqd2_gy > one.organ.limit.limit_eqd2_gy
    ]
    planned += [
        f"{one.organ.limit.structure}: {one.state.value} ({_limit_words(one)})"
        for one in organs
        if one.excess_eqd2_gy > 0.0 and not one.sum_eqd2_gy > one.organ.limit.limit_eqd2_gy
    ]
    scored = [
        f"{score.constraint.structure}: {score.constraint.metric} {score.state.value} (limit {score.constraint.limit:g} "
        f"{score.constraint.metric.unit}, {score.constraint.basis.value}, α/β {score.constraint.alpha_beta_gy:g} Gy, "
        f"{score.constraint.source})"
        for score in scores
        if score.constraint.is_limit and score.state in CONCERN
    ]
    return (*planned, *scored)


def _limit_words(one: OrganFeasibility) -> str:
    limit = one.organ.limit
    basis = f"{limit.metric}, {limit.basis.value}, α/β {limit.alpha_beta_gy:g} Gy"
    return f"{basis}, {one.organ.fractions} fractions, {limit.source}"


def _concern_doubts(
    case: ScreeningInput, organs: Sequence[OrganFeasibility], left_out: Sequence[NotPlanned], scores: Sequence[Score]
) -> tuple[str, ...]:
    has_limit = organs or left_out or any(score.constraint.is_limit for score in scores)
    doubts = [] if has_limit else ["the case states no limit"]
    doubts += [f"{one.limit.structure}: {one.reason}" for one in left_out if one.is_unknown]
    doubts += [
        f"{one.organ.limit.structure}: prior dose not known in {one.organ.near.unknown_percent:.1f} % of it, "
        f"{one.organ.near.region}"
        for one in organs
        if one.organ.near.unknown_percent > 0.0
    ]
    doubts += [
        f"{score.constraint.structure}: {score.constraint.metric} {score.state.value}"
        for score in scores
        if score.constraint.is_limit and score.state in NOT_TOLD
    ]
    limited = [one.organ.limit.structure for one in organs]
    doubts += [
        f"{name}: the registration must not be relied on" for name in dict.fromkeys(limited) if name in case.unreliable
    ]
    return tuple(doubts)


def _irradiated_twice(case: ScreeningInput) -> tuple[str, ...]:
    found = []
    for organ in case.other_organs:
        prior_gy = max(
            float(organ.prior.course_eqd2_gy(part, organ.alpha_beta_gy, Basis.RAW).max()) for part in organ.prior.courses
        )
        if prior_gy > IRRADIATED_EQD2_GY and (how := _irradiated_again(organ, case)):
            found.append(f"{organ.name}: {prior_gy:.2f} Gy EQD2 (α/β {organ.alpha_beta_gy:g} Gy) from a prior course, {how}")
    return tuple(found)


def _irradiated_again(organ: ScreenedOrgan, case: ScreeningInput) -> str:
    """How the new course irradiates an organ; empty if it does not. Without a plan: by its distance to a target."""
    if organ.new_eqd2_gy is not None:
        new_gy = float(np.max(organ.new_eqd2_gy))
        return f"{new_gy:.2f} Gy from the new plan" if new_gy > IRRADIATED_EQD2_GY else ""
    for target in case.targets:
        if target.nearest_mm(organ.prior.samples.points_mm) <= DEFAULT_MARGIN_MM:
            return f"and it lies within {DEFAULT_MARGIN_MM:g} mm of {target.name} (there is no plan yet)"
    return ""
