"""The remaining physical dose as plain data for ``evaluation.json``, and in the report."""

from __future__ import annotations

from dataclasses import dataclass

from ..planning.remaining_dose import RemainingDose
from ..planning.remaining_dose_text import limit_line, remaining_dose_rule
from .html_parts import Cell, paragraph, section, table

TITLE = "Remaining physical dose"
_HEADER = ("structure", "limits", "voxels cc", "prior unknown cc", "tolerance used cc", "lowest Gy", "remark")


@dataclass(frozen=True)
class RemainingStructureSummary:
    """One structure on the grid. ``held_cc`` is that of the voxels it reaches, more than its own volume.

    ``limits`` are the ones used, ``unused_limits`` those published for other intervals, each with basis, α/β, fractions and
    source; ``reason`` says why nothing is promised in all of it.
    """

    name: str
    limits: tuple[str, ...]
    unused_limits: tuple[str, ...]
    held_cc: float
    unknown_cc: float
    used_cc: float
    lowest_gy: float
    reason: str


@dataclass(frozen=True)
class RemainingDoseSummary:
    """What the RTDOSE of the remaining physical dose holds. ``rule`` stands in the file too."""

    file: str
    fractions: int
    ceiling_gy: float
    rule: str
    structures: tuple[RemainingStructureSummary, ...]


def remaining_dose_summary(remaining: RemainingDose, file: str) -> RemainingDoseSummary:
    """The volume as it goes into the evaluation; ``file`` is the name of the RTDOSE, empty if none is written."""
    return RemainingDoseSummary(
        file=file,
        fractions=remaining.fractions,
        ceiling_gy=remaining.ceiling_gy,
        rule=remaining_dose_rule(remaining),
        structures=tuple(
            RemainingStructureSummary(
                name=one.name,
                limits=tuple(limit_line(limit, remaining.fractions) for limit in one.limits),
                unused_limits=tuple(limit_line(limit, remaining.fractions) for limit in one.unfit),
                held_cc=one.held_cc,
                unknown_cc=one.unknown_cc,
                used_cc=one.used_cc,
                lowest_gy=one.lowest_gy,
                reason=one.reason,
            )
            for one in remaining.structures
        ),
    )


def remaining_dose_section(summary: RemainingDoseSummary | None) -> str:
    """The section; empty if no remaining dose was computed."""
    if summary is None:
        return ""
    file = f"File: {summary.file}." if summary.file else "No file is written."
    rows = [_row(one) for one in summary.structures]
    marks = [
        "bad" if one.reason or one.used_cc > 0.0 else ("open" if one.unknown_cc > 0.0 else "") for one in summary.structures
    ]
    return section(TITLE, paragraph(file), paragraph(summary.rule, "note"), table(_HEADER, rows, marks))


def _row(one: RemainingStructureSummary) -> list[Cell]:
    limits = [*one.limits, *(f"NOT USED (interval): {limit}" for limit in one.unused_limits)]
    reason = f"0 Gy promised: {one.reason}" if one.reason else ""
    return [one.name, " | ".join(limits), one.held_cc, one.unknown_cc, one.used_cc, one.lowest_gy, reason]
