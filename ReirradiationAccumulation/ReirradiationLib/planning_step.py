"""The step of the pipeline that looks ahead: what is left for the new course, where, and how to tell the planning system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .dosimetry.mapping import MappedDose
from .dosimetry.reference_grid import ReferenceGrid
from .model.case import NEW_COURSE_ID
from .model.errors import DosimetryError
from .model.planning_choice import OptimizationRequest
from .model.protocol import Basis
from .monitor import Monitor, Step
from .planning.conditions import interval_mismatch, interval_months
from .planning.feasibility import Feasibility, NotPlanned, feasibility, plan_organs
from .planning.fractionation import Fractionation, fractionation
from .planning.full_overlap import WholeDose
from .planning.isodose_lines import IsodoseStructure, isodose_structures
from .planning.levels import LevelState, optimization_levels
from .planning.limits import OrganLimit, limit_of_request, organ_limits
from .planning.near_target import PriorNearTarget
from .planning.optimization_structures import make_shells
from .planning.organ_worksheet import worksheet_of
from .planning.planned_organ import PlannedOrgan, plan_organ
from .planning.point_worksheet import WorksheetResult, worked_out
from .planning.reirradiation_type import suggest_type
from .planning.remaining_dose import RemainingDose, ceiling_of, limited_structure, remaining_dose
from .planning.scorecard import Score
from .planning.screening import ScreenedOrgan, ScreeningInput, screen
from .planning.shell_naming import organ_stems
from .planning.targets import PlannedTarget, planned_targets
from .report.results import OptimizationResult, PlanningResults, StructureResult, Transfer


def plan_ahead(
    found: Transfer, grid: ReferenceGrid, mapped: Sequence[MappedDose], scores: Sequence[Score], monitor: Monitor
) -> PlanningResults:
    """Everything that planning needs, of every organ that has a limit of its (near-)maximum.

    Parameters
    ----------
    found : Transfer
    grid : ReferenceGrid
        Of the mapped doses: isodose lines and the remaining dose end with it.
    mapped : sequence of MappedDose
        Of the courses with a dose distribution, in their order.
    scores : sequence of Score
    monitor : Monitor

    Raises
    ------
    DosimetryError
        If optimization structures are asked for in an organ where P cannot be read. A constraint that cannot be planned
        by is told instead.
    """
    monitor.report(Step.PLAN, "targets and limits")
    targets = planned_targets(found.case, found.records.structures, found.records.ct.geometry)
    requested = tuple(_requested(request, found, targets, monitor) for request in found.case.optimization)
    others, not_planned = _other_organs(found, targets)
    organs = (*requested, *others)
    optimization = _optimize_all(requested, found, targets, monitor)
    monitor.report(Step.PLAN, "feasibility, screening, worksheets")
    feasible = feasibility(organs, targets, found.contours, found.records.ct.geometry, _fractions(found), not_planned)
    screened = _screening_input(found, targets)
    screening = screen(screened, found.records.ct.geometry, found.records.ct.frame_uid)
    monitor.report(Step.PLAN, "isodose lines, remaining dose")
    return PlanningResults(
        targets=targets,
        optimization=optimization,
        isodoses=_isodoses(found, grid, optimization),
        feasibility=feasible,
        fractionation=_fractionation(feasible),
        screening=screening,
        suggestion=suggest_type(screened, screening, feasible.organs, not_planned, scores if found.new_course else ()),
        worksheets=tuple(_worksheet(organ, found) for organ in organs),
        remaining=_remaining(found, grid, mapped),
    )


def _requested(
    request: OptimizationRequest, found: Transfer, targets: Sequence[PlannedTarget], monitor: Monitor
) -> PlannedOrgan:
    """The organ of a request; where it cannot be planned that is an error."""
    monitor.report(Step.PLAN, request.structure)
    limit = limit_of_request(request, bool(found.case.new_course.targets))
    if mismatch := _mismatch(limit, found):
        remedy = "State a limit for this interval, the dates of the courses, or a limit of your own."
        raise DosimetryError(f"Optimization structures of '{request.structure}'", mismatch, remedy)
    organ = found.structure(request.structure)
    return plan_organ(limit, organ.structure, organ.prior, targets, _course(found), found.records.ct.geometry)


def _other_organs(
    found: Transfer, targets: Sequence[PlannedTarget]
) -> tuple[tuple[PlannedOrgan, ...], tuple[NotPlanned, ...]]:
    """The organs of constraints, and why some cannot be planned by them."""
    limits = organ_limits(found.case)[len(found.case.optimization) :]
    mismatches = {limit: _mismatch(limit, found) for limit in limits}
    fit = [limit for limit in limits if not mismatches[limit]]
    planned, left_out = plan_organs(
        *(fit, found.contours, lambda name: found.structure(name).prior, targets, _course(found), found.records.ct.geometry)
    )
    unfit = tuple(NotPlanned(limit, mismatches[limit], is_unknown=True) for limit in limits if mismatches[limit])
    return planned, (*left_out, *unfit)


def _mismatch(limit: OrganLimit, found: Transfer) -> str:
    """Why a constraint does not hold on this occasion; empty if it does."""
    return interval_mismatch(limit.months, _months(limit, found))


def _months(limit: OrganLimit, found: Transfer) -> float | None:
    return interval_months(found.structure(limit.structure).prior, limit.alpha_beta_gy, found.day)


def _optimize_all(
    organs: Sequence[PlannedOrgan], found: Transfer, targets: Sequence[PlannedTarget], monitor: Monitor
) -> tuple[OptimizationResult, ...]:
    """Optimization structures of every organ that the case asks for, with names and numbers of their own."""
    results: list[OptimizationResult] = []
    requests = found.case.optimization
    stems = organ_stems([request.structure for request in requests])
    for planned, request in zip(organs, requests, strict=True):
        monitor.report(Step.PLAN, f"optimization structures of {request.structure}")
        label = (stems[request.structure], 1 + sum(len(result.shells) for result in results))
        results.append(optimize(planned, request, found, targets, label))
    return tuple(results)


def optimize(
    planned: PlannedOrgan,
    request: OptimizationRequest,
    found: Transfer,
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
    if levels.state is LevelState.NOT_NEEDED:
        levels = replace(levels, state=_state_without_shells(near, new_eqd2_gy, request.limit_eqd2_gy))
    organ, ct = found.structure(request.structure), found.records.ct.geometry
    recoveries = [part.recovery for part in organ.prior.courses]
    shells = make_shells(planned, request, levels, organ.structure, ct, found.prior, recoveries, targets, label)
    return OptimizationResult(request, near, levels, shells)


def _state_without_shells(near: PriorNearTarget, new_eqd2_gy: float, limit_eqd2_gy: float) -> LevelState:
    """What P + R ≤ A near the target says: unknown dose counts as 0 Gy in P, and the rest of the organ may hold more."""
    if near.organ_maximum_gy + new_eqd2_gy > limit_eqd2_gy:
        return LevelState.NOT_NEEDED_NEAR
    return LevelState.NOT_NEEDED_WHERE_KNOWN if near.unknown_percent > 0.0 else LevelState.NOT_NEEDED


def _isodoses(
    found: Transfer, grid: ReferenceGrid, optimization: Sequence[OptimizationResult]
) -> tuple[IsodoseStructure, ...]:
    """Isodose lines, numbered after the optimization structures."""
    first = 1 + sum(len(result.shells) for result in optimization)
    ct = found.records.ct.geometry
    return isodose_structures(found.case.isodose_lines, found.prior, found.new_course, ct, grid.geometry, first)


def _fractionation(feasible: Feasibility) -> Fractionation | None:
    return fractionation([one.organ for one in feasible.organs]) if feasible.organs else None


def _screening_input(found: Transfer, targets: tuple[PlannedTarget, ...]) -> ScreeningInput:
    highest_gy = max([target.prescription_gy for target in targets], default=found.case.new_course.prescription_gy)
    return ScreeningInput(
        courses=found.prior,
        new_course=found.new_course,
        targets=targets,
        organs=tuple(_screened(organ) for organ in found.structures),
        limits=organ_limits(found.case),
        constraints=found.case.constraints,
        prescription=WholeDose(highest_gy, _fractions(found)),
        day=found.day,
        unreliable=[organ.choice.name for organ in found.structures if found.unreliable(organ.choice.name)],
    )


def _screened(organ: StructureResult) -> ScreenedOrgan:
    new = [part for part in organ.final.courses if part.course.identifier == NEW_COURSE_ID]
    new_gy = organ.final.course_eqd2_gy(new[0], organ.alpha_beta_gy, Basis.RAW) if new else None
    return ScreenedOrgan(organ.alpha_beta_gy, organ.prior, new_gy)


def _worksheet(organ: PlannedOrgan, found: Transfer) -> WorksheetResult:
    name = organ.limit.structure
    verdicts = {one.course.identifier: one.verdict(name).verdict.value for one in found.registrations}
    return worked_out(worksheet_of(organ, verdicts, found.day, found.case.recovery_table is not None))


def _remaining(found: Transfer, grid: ReferenceGrid, mapped: Sequence[MappedDose]) -> RemainingDose | None:
    """The remaining dose, if the case has limits that it could be of, and wants it."""
    limits, case = organ_limits(found.case), found.case
    if not limits or not case.remaining_dose.wanted:
        return None
    of_courses = {course.identifier: dose for course, dose in zip(found.courses, mapped, strict=True)}
    structures = []
    for name in dict.fromkeys(limit.structure for limit in limits):
        own = [(limit, _months(limit, found)) for limit in limits if limit.structure == name]
        organ, ct = found.structure(name), found.records.ct.geometry
        structures.append(
            limited_structure(
                *(organ.structure, own, organ.prior, of_courses, found.unreliable(name), ct, grid.geometry, case.end_caps)
            )
        )
    prescriptions = [case.new_course.prescription_gy, *(target.prescription_gy for target in case.new_course.targets)]
    return remaining_dose(structures, grid.geometry, _fractions(found), ceiling_of(case.remaining_dose, prescriptions))


def _course(found: Transfer) -> tuple[float, int]:
    return found.case.new_course.prescription_gy, found.case.new_course.fractions


def _fractions(found: Transfer) -> int:
    return found.case.new_course.fractions
