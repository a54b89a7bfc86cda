"""The step of the pipeline that looks ahead: what is left for the new course, and the structures that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .dosimetry.reference_grid import ReferenceGrid
from .model.case import Case
from .model.errors import DosimetryError
from .model.planning_choice import OptimizationRequest
from .monitor import Monitor, Step
from .planning.conditions import interval_mismatch, interval_months
from .planning.isodose_lines import isodose_structures
from .planning.levels import LevelState, optimization_levels
from .planning.limits import OrganLimit, limit_of_request, organ_limits
from .planning.optimization_structures import make_shells
from .planning.planned_organ import PlannedOrgan, plan_organ
from .planning.shell_naming import organ_stems
from .planning.targets import PlannedTarget, planned_targets
from .report.results import NotPlanned, OptimizationResult, PlanningResults, StructureResult, Transfer


def plan_ahead(found: Transfer, grid: ReferenceGrid, monitor: Monitor) -> PlanningResults:
    """Everything that planning needs, of every organ that has a limit of its (near-)maximum.

    Parameters
    ----------
    found : Transfer
    grid : ReferenceGrid
        Of the mapped doses: isodose lines are drawn within it.
    monitor : Monitor

    Raises
    ------
    DosimetryError
        If optimization structures are asked for in an organ where P cannot be read. A constraint that cannot be planned
        by is told instead.
    """
    case = found.case
    targets = planned_targets(case, found.records.structures, found.records.ct.geometry)
    requested = {limit_of_request(one, bool(case.new_course.targets)): one for one in case.optimization}
    organs: list[PlannedOrgan] = []
    not_planned: list[NotPlanned] = []
    optimization: list[OptimizationResult] = []
    stems = organ_stems([request.structure for request in case.optimization])
    for limit in organ_limits(case):
        organ = _organ(limit, found)
        request = requested.get(limit)
        monitor.report(Step.PLAN, limit.structure)
        why = "" if request else _mismatch(limit, organ, found)
        try:
            planned = None if why else _planned(limit, organ, targets, found)
        except DosimetryError as error:
            if request is not None:
                raise
            planned, why = None, error.found
        if planned is None:
            not_planned.append(NotPlanned(limit, why))
            continue
        organs.append(planned)
        if request is not None:
            label = (stems[request.structure], 1 + sum(len(result.shells) for result in optimization))
            optimization.append(optimize(planned, request, found, organ, targets, label))
    numbers = 1 + sum(len(result.shells) for result in optimization)
    isodoses = isodose_structures(
        case.isodose_lines, found.prior, found.new_course, found.records.ct.geometry, grid.geometry, numbers
    )
    return PlanningResults(targets, tuple(organs), tuple(not_planned), tuple(optimization), isodoses)


def optimize(
    planned: PlannedOrgan,
    request: OptimizationRequest,
    found: Transfer,
    organ: StructureResult,
    targets: Sequence[PlannedTarget],
    label: tuple[str, int],
) -> OptimizationResult:
    """Levels and contours of the optimization structures of one organ.

    ``label`` is the stem of their names and the ROINumber of the first.
    """
    near, new_eqd2_gy = planned.near, planned.new_eqd2_gy
    levels = optimization_levels(
        *(near.value_gy, new_eqd2_gy, request.limit_eqd2_gy, request.number, planned.fractions, request.alpha_beta_gy),
        request.levels_eqd2_gy,
    )
    if levels.state is LevelState.NOT_NEEDED and near.organ_maximum_gy + new_eqd2_gy > request.limit_eqd2_gy:
        levels = replace(levels, state=LevelState.NOT_NEEDED_NEAR)
    recoveries = [part.recovery for part in organ.prior.courses]
    ct = found.records.ct.geometry
    shells = make_shells(planned, request, levels, organ.structure, ct, found.prior, recoveries, targets, label)
    return OptimizationResult(request, near, levels, shells)


def _organ(limit: OrganLimit, found: Transfer) -> StructureResult:
    return next(organ for organ in found.structures if organ.choice.name == limit.structure)


def _mismatch(limit: OrganLimit, organ: StructureResult, found: Transfer) -> str:
    """Why a constraint does not hold on this occasion; empty if it does."""
    return interval_mismatch(limit.months, interval_months(organ.prior, limit.alpha_beta_gy, found.day))


def _planned(limit: OrganLimit, organ: StructureResult, targets: Sequence[PlannedTarget], found: Transfer) -> PlannedOrgan:
    case: Case = found.case
    course = (case.new_course.prescription_gy, case.new_course.fractions)
    return plan_organ(limit, organ.structure, organ.prior, targets, course, found.records.ct.geometry)
