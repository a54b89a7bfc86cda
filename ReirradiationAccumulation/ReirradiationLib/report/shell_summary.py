"""The optimization structures as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from .results import CaseResults, OptimizationResult


@dataclass(frozen=True)
class ShellSummary:
    """One optimization structure; limits are maxima of the new plan."""

    name: str
    lower_eqd2_gy: float
    upper_eqd2_gy: float | None
    limit_eqd2_gy: float
    limit_physical_gy: float
    volume_cc: float
    exported: bool
    variant: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class OptimizationSummary:
    """P, R, A and the shells of one organ."""

    structure: str
    metric: str
    region: str
    region_cc: float
    unknown_percent: float
    basis: str
    alpha_beta_gy: float
    fractions: int
    prior_eqd2_gy: float
    new_eqd2_gy: float
    limit_eqd2_gy: float
    step_eqd2_gy: float
    organ_maximum_eqd2_gy: float
    above_prior_cc: float
    upper_bounds: tuple[str, ...]
    unreliable_courses: tuple[str, ...]
    state: str
    remark: str
    source: str
    shells: tuple[ShellSummary, ...]


def optimization_summary(result: OptimizationResult, results: CaseResults) -> OptimizationSummary:
    """Summarize the optimization structures of one organ."""
    levels = result.levels
    return OptimizationSummary(
        structure=result.request.structure,
        metric=str(result.prior.metric),
        region=result.prior.region,
        region_cc=result.prior.region_cc,
        unknown_percent=result.prior.unknown_percent,
        basis=result.request.basis.value,
        alpha_beta_gy=levels.alpha_beta_gy,
        fractions=levels.fractions,
        prior_eqd2_gy=levels.prior_eqd2_gy,
        new_eqd2_gy=levels.new_eqd2_gy,
        limit_eqd2_gy=levels.limit_eqd2_gy,
        step_eqd2_gy=levels.step_eqd2_gy,
        organ_maximum_eqd2_gy=result.prior.organ_maximum_gy,
        above_prior_cc=result.prior.above_cc,
        upper_bounds=result.prior.upper_bounds,
        unreliable_courses=results.unreliable(result.request.structure),
        state=levels.state.value,
        remark="; ".join(text for text in (result.prior.remark, levels.remark) if text),
        source=result.request.source,
        shells=tuple(
            ShellSummary(
                name=shell.structure.name,
                lower_eqd2_gy=shell.level.lower_eqd2_gy,
                upper_eqd2_gy=shell.level.upper_eqd2_gy,
                limit_eqd2_gy=shell.level.limit_eqd2_gy,
                limit_physical_gy=shell.level.limit_physical_gy,
                volume_cc=shell.volume_cc,
                exported=not shell.is_empty,
                variant=shell.variant.value,
                remarks=shell.remarks,
            )
            for shell in result.shells
        ),
    )
