"""What is left for the new course, as plain data for ``evaluation.json`` and the report."""

from __future__ import annotations

from dataclasses import dataclass

from ..planning.isodose_lines import IsodoseFacts
from ..planning.remaining_dose import RemainingDose, RemainingInStructure
from ..planning.remaining_dose_text import remaining_dose_limits, remaining_dose_rule
from .feasibility_summary import FeasibilitySummary, feasibility_summary
from .fractionation_summary import FractionationSummary, fractionation_summary
from .results import CaseResults
from .screening_summary import ScreeningSummary, screening_summary
from .worksheet_summary import WorksheetSummary, worksheet_summaries


@dataclass(frozen=True)
class RemainingStructureSummary:
    """A structure with limits in the remaining dose: its voxels on the grid, and the lowest dose left, physical."""

    structure: str
    held_cc: float
    unknown_cc: float
    used_cc: float
    lowest_gy: float
    reason: str


@dataclass(frozen=True)
class RemainingDoseSummary:
    """The remaining physical dose; ``rule`` and ``limits`` stand in the RTDOSE too."""

    fractions: int
    ceiling_gy: float
    rule: str
    limits: tuple[str, ...]
    structures: tuple[RemainingStructureSummary, ...]


@dataclass(frozen=True)
class PlanningSummary:
    """Screening, feasibility, the explorer of fractionations, point worksheets, isodose lines and the remaining dose."""

    screening: ScreeningSummary
    feasibility: FeasibilitySummary
    fractionation: FractionationSummary | None
    worksheets: tuple[WorksheetSummary, ...]
    isodoses: tuple[IsodoseFacts, ...]
    remaining_dose: RemainingDoseSummary | None


def planning_summary(results: CaseResults) -> PlanningSummary:
    """Summarize what was planned ahead."""
    planning, case = results.planning, results.case
    return PlanningSummary(
        screening=screening_summary(planning.screening, planning.suggestion, case.screening),
        feasibility=feasibility_summary(planning.feasibility, results.unreliable),
        fractionation=fractionation_summary(
            *(planning.fractionation, case.new_course.prescription_gy, planning.feasibility.not_planned, results.unreliable)
        )
        if planning.fractionation
        else None,
        worksheets=worksheet_summaries(planning.worksheets),
        isodoses=tuple(isodose.facts for isodose in planning.isodoses),
        remaining_dose=_remaining(results.exported_remaining) if results.exported_remaining else None,
    )


def _remaining(remaining: RemainingDose) -> RemainingDoseSummary:
    return RemainingDoseSummary(
        fractions=remaining.fractions,
        ceiling_gy=remaining.ceiling_gy,
        rule=remaining_dose_rule(remaining),
        limits=remaining_dose_limits(remaining),
        structures=tuple(_structure(one) for one in remaining.structures),
    )


def _structure(one: RemainingInStructure) -> RemainingStructureSummary:
    return RemainingStructureSummary(one.name, one.held_cc, one.unknown_cc, one.used_cc, one.lowest_gy, one.reason)
