"""Metrics of a structure as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricSummary:
    """A metric of one structure on all sums. EQD2 with the structure's α/β; None where a sum does not exist.

    The percentages say in how much of the volume the dose of a course is not known, and so counted as 0 Gy.
    """

    metric: str
    prior_raw: float | None
    prior_recovered: float | None
    prior_unknown_percent: float
    cumulative_raw: float | None
    cumulative_recovered: float | None
    cumulative_unknown_percent: float | None
    remark: str


@dataclass(frozen=True)
class SensitivitySummary:
    """The metrics of one structure in another quantity or by another model than EQD2 by LQ, for comparison only.

    ``transition_gy_per_fraction`` is that of LQ-L with the structure's α/β; None for LQ.
    """

    response: str
    quantity: str
    model: str
    transition_gy_per_fraction: float | None
    metrics: tuple[MetricSummary, ...]
