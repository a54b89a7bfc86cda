"""A limit in words: never without its basis, α/β, number of fractions, interval and source."""

from __future__ import annotations

from dataclasses import dataclass

from ..planning.limits import OrganLimit


@dataclass(frozen=True)
class LimitSummary:
    """The limit of an organ; ``fractions`` are those that physical doses are stated for.

    ``months`` is the interval between courses that it was published for.
    """

    structure: str
    metric: str
    limit_eqd2_gy: float
    basis: str
    alpha_beta_gy: float
    fractions: int
    months: str
    source: str


def limit_summary(limit: OrganLimit, fractions: int) -> LimitSummary:
    """The summary of a limit, for a new course of so many fractions."""
    return LimitSummary(
        *(limit.structure, str(limit.metric), limit.limit_eqd2_gy, limit.basis.value, limit.alpha_beta_gy),
        fractions=fractions,
        months=str(limit.months),
        source=limit.source,
    )


def limit_label(limit: LimitSummary) -> str:
    """A short label that tells two limits of one organ apart."""
    return f"{limit.structure}, {limit.metric} ≤ {limit.limit_eqd2_gy:g} Gy EQD2"


LIMIT_HEADER = ("Structure", "Limit (EQD2)", "Sum", "α/β [Gy]", "n", "Interval", "Source")


def limit_cells(limit: LimitSummary, fractions: str = "") -> list[str]:
    """The cells that belong under ``LIMIT_HEADER``; ``fractions`` in words where a table is for several numbers."""
    return [
        *(limit.structure, f"{limit.metric} ≤ {limit.limit_eqd2_gy:g} Gy", limit.basis, f"{limit.alpha_beta_gy:g}"),
        *(fractions or f"{limit.fractions}", limit.months, limit.source),
    ]
