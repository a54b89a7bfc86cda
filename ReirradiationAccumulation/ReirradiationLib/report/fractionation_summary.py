"""The fractionation explorer as plain data, for ``evaluation.json`` and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..planning.feasibility import NotPlanned
from ..planning.fractionation import Fractionation, UniformDose
from .feasibility_limits import LimitSummary, limit_label, limit_summary


@dataclass(frozen=True)
class OrganCurveSummary:
    """Physical doses that use up what an organ has left, one per number of fractions of the table.

    ``limit.fractions`` is the new course's own number; the curve holds for all.
    """

    limit: LimitSummary
    left_eqd2_gy: float
    dose_gy: tuple[float, ...]


@dataclass(frozen=True)
class UniformDoseSummary:
    """The largest uniform dose in so many fractions, physical; EQD2 and BED with the tumour's α/β."""

    fractions: int
    dose_gy: float
    per_fraction_gy: float
    is_beyond_lq: bool
    binding: tuple[str, ...]
    tumour_eqd2_gy: float
    tumour_bed_gy: float


@dataclass(frozen=True)
class FractionationSummary:
    """The explorer; ``best`` is worth most to the tumour, ``best_within_lq`` among those up to 10 Gy per fraction.

    ``doubts`` are the limits that may allow less: they are not among the curves, or their curve rests on doses that are not
    known or must not be relied on.
    """

    tumour_alpha_beta_gy: float
    prescription_gy: float
    prescription_fractions: int
    curves: tuple[OrganCurveSummary, ...]
    doses: tuple[UniformDoseSummary, ...]
    best: UniformDoseSummary | None
    best_within_lq: UniformDoseSummary | None
    doubts: tuple[str, ...] = ()


def fractionation_summary(
    result: Fractionation,
    prescription_gy: float,
    not_planned: Sequence[NotPlanned] = (),
    unreliable: Callable[[str], tuple[str, ...]] = lambda name: (),
) -> FractionationSummary:
    """Summarize.

    Parameters
    ----------
    result : Fractionation
    prescription_gy : float
        Physical, of the new course in its own fractions.
    not_planned : sequence of NotPlanned
        Limits that are not among the curves.
    unreliable : callable
        Labels of the courses whose registration must not be relied on in a structure, by its name.
    """
    limits = [limit_summary(curve.organ.limit, curve.organ.fractions) for curve in result.curves]
    curves = zip(limits, result.curves, strict=True)

    def summary(dose: UniformDose) -> UniformDoseSummary:
        return UniformDoseSummary(
            *(dose.fractions, dose.dose_gy, dose.per_fraction_gy, dose.is_beyond_lq),
            binding=tuple(limit_label(limits[number]) for number in dose.binding),
            tumour_eqd2_gy=dose.tumour_eqd2_gy,
            tumour_bed_gy=dose.tumour_bed_gy,
        )

    return FractionationSummary(
        *(result.tumour_alpha_beta_gy, prescription_gy, result.curves[0].organ.fractions),
        curves=tuple(OrganCurveSummary(limit, curve.organ.left_eqd2_gy, curve.dose_gy) for limit, curve in curves),
        doses=tuple(summary(dose) for dose in result.doses),
        best=summary(result.best) if result.best else None,
        best_within_lq=summary(result.best_within_lq) if result.best_within_lq else None,
        doubts=_doubts(result, not_planned, unreliable),
    )


def _doubts(
    result: Fractionation, not_planned: Sequence[NotPlanned], unreliable: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    doubts = []
    for organ in (curve.organ for curve in result.curves):
        name, unknown = organ.limit.structure, organ.near.unknown_percent
        if courses := unreliable(name):
            doubts.append(f"{name}: the registration of {' and '.join(courses)} must not be relied on")
        if unknown > 0.0:
            doubts.append(f"{name}: prior dose not known in {unknown:.1f} % of it, {organ.near.region}, counted as 0 Gy")
        doubts += [f"{name}: {doubt}" for doubt in organ.doubts]
    doubts += [f"{one.limit.structure}: not in it, {one.reason}" for one in not_planned if one.is_unknown]
    return tuple(dict.fromkeys(doubts))
