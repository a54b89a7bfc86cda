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
    """A short label that tells limits apart, and leaves the limit itself to the table that states all of it."""
    return f"{limit.structure}, {limit.metric.removesuffix('[Gy]')}, {limit.basis}, α/β {limit.alpha_beta_gy:g} Gy"


LIMIT_HEADER = ("Structure", "Limit (EQD2)", "Sum, α/β, fractions n, interval", "Source")


def limit_cells(limit: LimitSummary, fractions: str = "") -> list[str]:
    """The cells that belong under ``LIMIT_HEADER``; ``fractions`` in words where a table is for several numbers."""
    basis = f"{limit.basis}, α/β {limit.alpha_beta_gy:g} Gy, n {fractions or limit.fractions}, {limit.months}"
    return [limit.structure, f"{limit.metric} ≤ {limit.limit_eqd2_gy:g} Gy", basis, limit.source]
