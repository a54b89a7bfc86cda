"""Optimization structures in the report: P, R and A of every organ, and the limit of every structure."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.levels import LevelState
from ..planning.optimization_structures import ShellVariant
from .constraint_sheet import NEGLIGIBLE_GY
from .html_parts import Cell, paragraph, section, table
from .marks import unreliable_note
from .shell_summary import OptimizationSummary, ShellSummary
from .shown_text import shown


def optimization_section(organs: Sequence[OptimizationSummary]) -> str:
    """The optimization structures as a section of the report."""
    if not organs:
        return section("Optimization structures", paragraph("The case asks for none."))
    return section("Optimization structures", *(f'<div class="keep">{_organ_shells(summary)}</div>' for summary in organs))


def _organ_shells(summary: OptimizationSummary) -> str:
    text = (
        f"P = {summary.prior_eqd2_gy:.2f} Gy EQD2 ({summary.metric} of the {summary.basis} prior sum, {summary.region}: "
        f"{summary.region_cc:.2f} cc, dose not known in {summary.unknown_percent:.1f} % of it), "
        f"R = {summary.new_eqd2_gy:.2f} Gy EQD2, A = {summary.limit_eqd2_gy:.2f} Gy EQD2 ({summary.source}), "
        f"α/β {summary.alpha_beta_gy:g} Gy: {summary.state}. The whole organ holds up to "
        f"{summary.organ_maximum_eqd2_gy:.2f} Gy EQD2, more than P in {summary.above_prior_cc:.2f} cc."
    )
    parts = [f"<h3>{shown(summary.structure)}</h3>", paragraph(text)]
    if summary.unreliable_courses:
        parts.append(f'<p class="bad">{shown(unreliable_note(summary.unreliable_courses))}</p>')
    if summary.shells:
        header = [
            *("Structure", "Prior EQD2 from [Gy]", "to [Gy]", "New plan at most [Gy EQD2]"),
            *(f"New plan at most [Gy physical, {summary.fractions} fx]", "Volume [cc]", "Exported", "Remarks"),
        ]
        rows: list[list[Cell]] = [
            [
                *(shell.name, shell.lower_eqd2_gy, shell.upper_eqd2_gy, shell.limit_eqd2_gy, shell.limit_physical_gy),
                *(shell.volume_cc, "yes" if shell.exported else "no: empty", "; ".join(_remarks(shell))),
            ]
            for shell in summary.shells
        ]
        parts.append(table(header, rows))
        rest = " What is left of the organ keeps the limit A." if summary.shells[-1].lower_eqd2_gy > 0.0 else ""
        step = f"d = {summary.step_eqd2_gy:.2f} Gy EQD2." if summary.step_eqd2_gy > 0.0 else "Isodoses as given."
        parts.append(paragraph(f"{step}{rest}", "note"))
    if summary.remark:
        parts.append(f'<p class="bad">{shown(summary.remark)}</p>')
    if summary.state == LevelState.NOT_NEEDED_NEAR.value:
        full = summary.organ_maximum_eqd2_gy + summary.new_eqd2_gy
        text = (
            f"Elsewhere in the organ up to {summary.organ_maximum_eqd2_gy:.2f} Gy EQD2 were given; with the full "
            f"prescription there the sum would be {full:.2f} Gy EQD2, above A."
        )
        parts.append(paragraph(text))
    if summary.shells and summary.unknown_percent > 0.0:
        text = (
            "Where the dose of a course is not known it counts as 0 Gy: these parts lie in a structure of lower prior dose, "
            "with a higher limit, than they may belong to."
        )
        parts.append(paragraph(text, "note"))
    if summary.upper_bounds:
        text = (
            f"P holds the point dose of {' and '.join(summary.upper_bounds)}, taken for the whole organ: where "
            "the other doses are known it is an upper bound, and the limits are stricter than the true dose may need."
        )
        parts.append(paragraph(text, "note"))
    if summary.shells and summary.organ_maximum_eqd2_gy > summary.prior_eqd2_gy + NEGLIGIBLE_GY:
        parts.append(
            paragraph(
                f"{summary.above_prior_cc:.3f} cc of the organ hold more than P, up to "
                f"{summary.organ_maximum_eqd2_gy:.2f} Gy EQD2: "
                "there, prior dose plus the limit of the first structure exceeds A by the difference.",
                "note",
            )
        )
    return "\n".join(parts)


def _remarks(shell: ShellSummary) -> list[str]:
    return [*(["cropped from the targets"] if shell.variant == ShellVariant.CROPPED.value else []), *shell.remarks]
