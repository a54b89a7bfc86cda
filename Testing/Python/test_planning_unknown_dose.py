"""Nothing is said to be unneeded, or to fit, on the strength of a prior dose that is not known."""

from __future__ import annotations

from dataclasses import replace

from ReirradiationLib.model.case import Case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.levels import LevelState
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
