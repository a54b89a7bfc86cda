"""Nothing is said to be unneeded, or to fit, on the strength of a prior dose that is not known."""

from __future__ import annotations

from dataclasses import replace

from ReirradiationLib.model.case import Case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.levels import LevelState
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.feasibility_summary import NotPlannedSummary
from ReirradiationLib.report.marks import MARK_NOTE
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.report.summary import evaluation_summary
from ReirradiationLib.workflow import compute


def test_structures_are_not_needed_only_as_far_as_the_prior_dose_is_known(demo_case: Case) -> None:
    """P + R is 97.6 Gy EQD2, but the prior dose ends within the region near the target."""
    (request,) = demo_case.optimization
    case = replace(
        demo_case,
        structures=tuple(one for one in demo_case.structures if one.name in ("spinal_cord", "PTV2_L1")),
        constraints=(),
        optimization=(replace(request, limit_eqd2_gy=120.0),),
    )
    (found,) = compute(case, Monitor()).optimization
    assert found.prior.unknown_percent > 0.0
    assert found.shells == ()
    assert found.levels.state is LevelState.NOT_NEEDED_WHERE_KNOWN


def test_the_console_says_what_stands_against_the_numbers_that_it_shows(demo_results: CaseResults) -> None:
    evaluation = assemble(demo_results)
    feasible = evaluation.planning.feasibility
    organ = replace(feasible.organs[0], unreliable_courses=("first",))
    left_out = NotPlannedSummary(replace(organ.limit, structure="liver"), "its dose is not known anywhere", is_unknown=True)
    beside = replace(left_out, limit=replace(organ.limit, structure="lens"), is_unknown=False)
    changed = replace(feasible, organs=(organ,), not_planned=(left_out, beside))
    text = evaluation_summary(replace(evaluation, planning=replace(evaluation.planning, feasibility=changed)))
    assert "prior dose not known in 1.6 % of the region, counted as 0 Gy" in text
    assert f"\n  {MARK_NOTE}\n" in text
    assert "liver: NOT PLANNED by D0.01cc[Gy] ≤ 50 Gy raw, α/β 2 Gy, n 5, any interval Demo limit" in text
    assert "lens" not in text
