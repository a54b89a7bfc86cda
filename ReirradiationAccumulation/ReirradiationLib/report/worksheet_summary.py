"""Point worksheets as plain data for ``evaluation.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..planning.point_worksheet import CourseLine, Remaining, WorksheetResult

LEFT, USED, NOT_EVALUATED = "dose left", "tolerance already used", "not evaluated"


@dataclass(frozen=True)
class WorksheetCourseSummary:
    """One course in an organ: physical dose of all fractions, EQD2 with the α/β of the limit."""

    course: str
    dose_gy: float
    fractions: int
    gy_per_fraction: float
    date: str
    months_before: float | None
    recovery: float | None
    raw_eqd2_gy: float
    kept_eqd2_gy: float
    kind: str
    source: str
    registration: str
    unknown_percent: float
    beyond_lq: bool


@dataclass(frozen=True)
class RemainingSummary:
    """What is left beside a prior sum; ``counts`` marks the one to plan by. Physical dose in the new fractions."""

    counts: bool
    prior_eqd2_gy: float
    eqd2_gy: float
    dose_gy: float
    gy_per_fraction: float
    tolerance_used: bool
    takes_prescription: bool | None
    beyond_lq: bool


@dataclass(frozen=True)
class WorksheetSummary:
    """One organ under one limit. ``sum_of_maxima`` and ``mapped_sum`` are None where nothing is said; ``refusal`` is why."""

    structure: str
    limit_eqd2_gy: float
    basis: str
    alpha_beta_gy: float
    metric: str
    months: str
    source: str
    region: str
    fractions: int
    prescription_gy: float | None
    prescription_eqd2_gy: float | None
    courses: tuple[WorksheetCourseSummary, ...]
    raw_eqd2_gy: float
    recovered_eqd2_gy: float | None
    sum_of_maxima: RemainingSummary | None
    mapped_sum: RemainingSummary | None
    state: str
    refusal: str
    remarks: tuple[str, ...]


def worksheet_summaries(results: Sequence[WorksheetResult]) -> tuple[WorksheetSummary, ...]:
    """Worksheets as they go into the evaluation."""
    return tuple(_summary(result) for result in results)


def _summary(result: WorksheetResult) -> WorksheetSummary:
    limit, new, deciding = result.worksheet.limit, result.worksheet.new, result.deciding
    return WorksheetSummary(
        structure=limit.structure,
        limit_eqd2_gy=limit.limit_eqd2_gy,
        basis=limit.basis.value,
        alpha_beta_gy=limit.alpha_beta_gy,
        metric=str(limit.metric),
        months=str(limit.months),
        source=limit.source,
        region=limit.region,
        fractions=new.fractions,
        prescription_gy=new.prescription_gy,
        prescription_eqd2_gy=result.prescription_eqd2_gy,
        courses=tuple(_course(line) for line in result.lines),
        raw_eqd2_gy=result.raw_eqd2_gy,
        recovered_eqd2_gy=result.recovered_eqd2_gy,
        sum_of_maxima=_remaining(result.maxima, deciding),
        mapped_sum=_remaining(result.mapped, deciding),
        state=NOT_EVALUATED if deciding is None else (USED if deciding.is_used else LEFT),
        refusal=result.refusal,
        remarks=result.remarks,
    )


def _course(line: CourseLine) -> WorksheetCourseSummary:
    entry = line.entry
    return WorksheetCourseSummary(
        course=entry.label,
        dose_gy=entry.dose_gy,
        fractions=entry.fractions,
        gy_per_fraction=line.gy_per_fraction,
        date=entry.day.isoformat() if entry.day else "",
        months_before=line.months,
        recovery=entry.recovery,
        raw_eqd2_gy=line.raw_eqd2_gy,
        kept_eqd2_gy=line.kept_eqd2_gy,
        kind=entry.kind.value,
        source=entry.source,
        registration=entry.registration,
        unknown_percent=entry.unknown_percent,
        beyond_lq=line.is_beyond_lq,
    )


def _remaining(left: Remaining | None, deciding: Remaining | None) -> RemainingSummary | None:
    if left is None:
        return None
    return RemainingSummary(
        counts=left is deciding,
        prior_eqd2_gy=left.prior_eqd2_gy,
        eqd2_gy=left.eqd2_gy,
        dose_gy=left.dose_gy,
        gy_per_fraction=left.gy_per_fraction,
        tolerance_used=left.is_used,
        takes_prescription=left.takes_prescription,
        beyond_lq=left.is_beyond_lq,
    )
