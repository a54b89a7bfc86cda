"""What is left for the new course, in the report."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.isodose_lines import IsodoseFacts
from .feasibility_section import feasibility_section
from .fractionation_section import fractionation_section
from .html_parts import Cell, paragraph, section, table
from .planning_summary import PlanningSummary, RemainingDoseSummary
from .screening_section import screening_section
from .worksheet_section import worksheet_section


def planning_sections(planning: PlanningSummary) -> list[str]:
    """Screening, feasibility, explorer and worksheets, each where there is something to say."""
    return [
        screening_section(planning.screening),
        feasibility_section(planning.feasibility),
        fractionation_section(planning.fractionation) if planning.fractionation else "",
        worksheet_section(planning.worksheets),
    ]


def isodose_section(isodoses: Sequence[IsodoseFacts]) -> str:
    """The isodose lines that are exported; empty without any."""
    if not isodoses:
        return ""
    header = ["Structure", "Dose [Gy]", "Kind", "α/β [Gy]", "Courses", "Maximum [Gy]", "Volume [cc]", "Remark"]
    rows: list[list[Cell]] = [
        [
            *(one.name, one.dose_gy, one.kind, one.alpha_beta_gy, ", ".join(one.courses), one.maximum_gy, one.volume_cc),
            "; ".join(one.remarks),
        ]
        for one in isodoses
    ]
    return section("Isodose lines as structures", table(header, rows))


def remaining_section(remaining: RemainingDoseSummary | None) -> str:
    """The remaining dose structure by structure; empty if there is none."""
    if remaining is None:
        return ""
    header = [
        *("Structure", f"Lowest dose left where known [Gy physical, {remaining.fractions} fx]", "Voxels [cc]"),
        *("Tolerance used [cc]", "Dose not known, nothing promised [cc]", "Remark"),
    ]
    rows: list[list[Cell]] = [
        [one.structure, one.lowest_gy, one.held_cc, one.used_cc, one.unknown_cc, one.reason] for one in remaining.structures
    ]
    return section(
        "Remaining physical dose (RTDOSE)",
        paragraph(remaining.rule, "note"),
        table(header, rows),
        *(paragraph(limit, "note") for limit in remaining.limits),
    )
