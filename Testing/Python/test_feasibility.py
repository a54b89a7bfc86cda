"""Feasibility: states, what is left, which organ binds, and target that must be compromised against volumes of spheres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import (
    GEOMETRY,
    ball_course,
    lens_cc,
    limit_of,
    planned_organ,
    prior_of,
    target_of,
    uniform,
)
from ReirradiationLib.dosimetry.radiobiology import eqd2
from ReirradiationLib.model.course import PointCourse
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.segment import LabelmapStructure
from ReirradiationLib.planning.feasibility import FeasibilityState, NotPlanned, feasibility, plan_organs
from ReirradiationLib.report.evaluation import plain as _plain
from ReirradiationLib.report.feasibility_section import feasibility_section
from ReirradiationLib.report.feasibility_summary import feasibility_summary
from synthetic import ball, grid

FRACTIONS = 5
R_30 = 60.0
"""30 Gy in 5 fractions, α/β 2 Gy: 30 (6 + 2) / 4."""


def of_organs(*organs):
    """Feasibility without targets: states and doses only."""
    return feasibility(organs, [], lambda name: pytest.fail("not needed"), GEOMETRY, FRACTIONS)


def planned(organs, targets, limits, courses, course=(30.0, FRACTIONS)):
    by_name = {organ.name: organ for organ in organs}
    priors = {organ.name: prior_of(organ, courses) for organ in organs}
    found, left_out = plan_organs(limits, by_name.__getitem__, priors.__getitem__, targets, course, GEOMETRY)
    return feasibility(found, targets, by_name.__getitem__, GEOMETRY, FRACTIONS, left_out)


def volumes(result, organ=0, target=0):
    return [volume.volume_cc for volume in result.organs[organ].compromised[target].volumes]


def test_numbers_of_an_organ_equal_a_worked_example() -> None:
    """P 37.5 (30 Gy in 10), R 60 (30 Gy in 5), A 50, α/β 2: 12.5 Gy EQD2 left, by the inverse 11.583 Gy in 5."""
    found = of_organs(planned_organ(prior=37.5, limit=50.0)).organs[0]
    assert found.sum_eqd2_gy == pytest.approx(97.5)
    assert found.excess_eqd2_gy == pytest.approx(47.5)
    assert found.organ.left_eqd2_gy == pytest.approx(12.5)
    physical_gy = 2.5 * (-2.0 + np.sqrt(4.0 + 4.0 * 12.5 * 4.0 / 5.0))
    assert found.left_physical_gy == pytest.approx(physical_gy, rel=1e-12)
    assert found.left_per_fraction_gy == pytest.approx(physical_gy / 5.0, rel=1e-12)
    assert found.state is FeasibilityState.LIMITED


@pytest.mark.parametrize(
    ("prior", "limit", "unknown", "state"),
    [
        (20.0, 80.0, 0.0, FeasibilityState.FITS),
        (20.0, 80.0, 3.0, FeasibilityState.FITS_WHERE_KNOWN),
        (20.0, 79.9, 0.0, FeasibilityState.LIMITED),
        (50.0, 50.0, 0.0, FeasibilityState.TOLERANCE_USED),
        (70.0, 50.0, 0.0, FeasibilityState.TOLERANCE_USED),
        (0.0, 50.0, 0.0, FeasibilityState.LIMITED),
    ],
)
def test_states(prior: float, limit: float, unknown: float, state: FeasibilityState) -> None:
    found = of_organs(planned_organ(prior=prior, limit=limit, unknown=unknown)).organs[0]
    assert found.state is state
    assert found.left_physical_gy >= 0.0


def test_a_prescription_that_is_too_large_a_share_of_the_sum_does_not_simply_fit() -> None:
    """HyTEC: at most half of the sum. R 60 beside P 20 is three quarters of 80, which the limit of the sum would allow."""
    organ = planned_organ(prior=20.0, limit=100.0)
    halves, most = (replace(organ, limit=replace(organ.limit, new_share_at_most=share)) for share in (0.5, 0.75))
    result = of_organs(halves)
    assert result.organs[0].state is FeasibilityState.SHARE
    assert result.organs[0].remarks()[0].startswith("R would be 75 % of P + R, not 50 % at most")
    assert "No limit" not in feasibility_section(feasibility_summary(result))
    assert of_organs(most).organs[0].state is FeasibilityState.FITS


def test_that_no_limit_is_below_the_prescription_is_said_of_what_is_known_only() -> None:
    known, partly = planned_organ(prior=20.0, limit=100.0), planned_organ(prior=20.0, limit=100.0, unknown=3.0)
    assert "No limit is below the prescription" in feasibility_section(feasibility_summary(of_organs(known)))
    told = feasibility_section(feasibility_summary(of_organs(partly)))
    assert "No limit of those that could be evaluated, where the prior dose is known, is below" in told


def test_an_organ_that_is_hotter_elsewhere_fits_only_near_the_target() -> None:
    organ, target = ball(12.0, 1.0, (0, 0, 30), "organ"), target_of(ball(10.0, 1.0, (0, 0, 0), "target"))
    course = ball_course(4.0, (0, 0, 38), 30.0, 10)
    limit = limit_of(limit=R_30 + 10.0, margin_mm=12.0)
    result = planned([organ], [target], [limit], [course])
    assert result.organs[0].state is FeasibilityState.FITS_NEAR


def test_what_is_left_above_ten_gray_per_fraction_is_flagged() -> None:
    found = of_organs(planned_organ(prior=0.0, limit=300.0)).organs[0]
    assert found.is_beyond_lq
    assert any("extrapolated" in remark for remark in found.remarks())


@given(st.lists(st.tuples(st.floats(0, 80), st.floats(1, 120), st.floats(0.5, 12)), min_size=1, max_size=6))
def test_the_binding_organ_allows_least_and_uses_up_its_limit(organs) -> None:
    result = of_organs(*(planned_organ(str(n), p, a, r) for n, (p, a, r) in enumerate(organs)))
    least = min(one.left_physical_gy for one in result.organs)
    assert all(one.left_physical_gy <= least + 0.005 for one in result.binding)
    for one in result.organs:
        organ = one.organ
        used = float(eqd2(np.asarray(one.left_physical_gy), FRACTIONS, organ.limit.alpha_beta_gy))
        assert max(organ.near.value_gy, organ.limit.limit_eqd2_gy) == pytest.approx(organ.near.value_gy + used, abs=1e-7)


def test_ties_are_all_named() -> None:
    result = of_organs(planned_organ("a", 60.0), planned_organ("b", 70.0), planned_organ("c", 20.0))
    assert [one.organ.limit.structure for one in result.binding] == ["a", "b"]


@pytest.mark.parametrize("apart", [14.0, 20.0, 24.0, 30.0, 55.0])
@pytest.mark.parametrize("radius", [6.0, 15.0, 45.0])
def test_compromised_target_equals_the_common_volume_of_spheres(apart: float, radius: float) -> None:
    """The whole organ is full, so the target within d of it is its common volume with a sphere that is larger by d."""
    centre = (apart * 0.6, apart * 0.64, apart * 0.48)
    organ, target = ball(radius, 1.0, centre, "organ"), target_of(ball(12.0, 1.0, (0, 0, 0), "target"))
    result = planned([organ], [target], [limit_of(margin_mm=60.0)], [uniform(40.0, 20)])
    rounding_cc = 0.001 * target.samples.volume_cc
    for found_cc, reach_mm in zip(volumes(result), (0.0, 2.0, 5.0), strict=True):
        # Between the volumes at distances that are 0.25 mm shorter and longer.
        low, high = (lens_cc(12.0, radius + reach_mm + off, apart) for off in (-0.25, 0.25))
        assert low - rounding_cc <= found_cc <= high + rounding_cc
    assert result.together == (replace(result.organs[0].compromised[0], new_eqd2_gy=None),)


def test_an_organ_within_the_target_takes_its_own_volume() -> None:
    organ, target = ball(5.0, 1.0, (3, 0, 0), "organ"), target_of(ball(20.0, 1.0, (0, 0, 0), "target"))
    result = planned([organ], [target], [limit_of()], [uniform(40.0, 20)])
    truth = [4.0 / 3.0 * np.pi * (5.0 + d) ** 3 / 1000.0 for d in (0.0, 2.0, 5.0)]
    assert volumes(result) == pytest.approx(truth, rel=0.05)


def test_a_target_within_an_organ_is_compromised_as_a_whole() -> None:
    organ, target = ball(25.0, 1.0, (0, 0, 0), "organ"), target_of(ball(10.0, 1.0, (0, 0, 0), "target"))
    result = planned([organ], [target], [limit_of()], [uniform(40.0, 20)])
    assert [v.percent for v in result.organs[0].compromised[0].volumes] == pytest.approx([100.0] * 3)


def test_only_the_part_of_the_organ_that_has_no_room_counts() -> None:
    """Full where the prior dose is above what A − R leaves: a ball of 10 mm around a point within both."""
    organ, target = ball(30.0, 1.0, (0, 0, 0), "organ"), target_of(ball(25.0, 1.0, (0, 0, 0), "target"))
    course = ball_course(10.0, (0, 5, 0), 40.0, 20)
    at_half = float(eqd2(np.asarray(20.0), 20, 2.0))
    result = planned([organ], [target], [limit_of(limit=R_30 + at_half)], [course])
    truth = [4.0 / 3.0 * np.pi * (10.0 + d) ** 3 / 1000.0 for d in (0.0, 2.0, 5.0)]
    assert volumes(result) == pytest.approx(truth, rel=0.06)


def test_nothing_is_compromised_where_everything_fits() -> None:
    organ, target = ball(10.0, 1.0, (0, 0, 8), "organ"), target_of(ball(12.0, 1.0, (0, 0, 0), "target"))
    result = planned([organ], [target], [limit_of(limit=200.0)], [uniform(40.0, 20)])
    assert volumes(result) == [0.0, 0.0, 0.0]


def test_organs_together_take_the_union() -> None:
    target = target_of(ball(15.0, 1.0, (0, 0, 0), "target"))
    organs = [ball(6.0, 1.0, (0, 0, 0), "a"), ball(6.0, 1.0, (0, 0, 0), "b"), ball(4.0, 1.0, (0, 12, 0), "c")]
    result = planned(organs, [target], [limit_of(organ.name) for organ in organs], [uniform(40.0, 20)])
    one, same, other = (volumes(result, n)[0] for n in range(3))
    assert same == pytest.approx(one)
    assert result.together[0].volumes[0].volume_cc == pytest.approx(one + other, rel=1e-9)


def test_every_target_counts_with_its_own_prescription() -> None:
    """At 10 Gy in 5 (R 10) there is room, at 30 Gy (R 60) there is not."""
    organ = ball(8.0, 1.0, (0, 0, 0), "organ")
    targets = [target_of(ball(12.0, 1.0, (0, 0, 0), "boost"), 30.0), target_of(ball(14.0, 1.0, (0, 0, 0), "large"), 10.0)]
    result = planned([organ], targets, [limit_of()], [uniform(20.0, 10)])
    assert [one.new_eqd2_gy for one in result.organs[0].compromised] == pytest.approx([60.0, 10.0])
    assert volumes(result, target=0)[0] > 2.0
    assert volumes(result, target=1) == [0.0, 0.0, 0.0]


def test_an_organ_of_voxels_is_measured_too() -> None:
    geometry = grid(2.0, 40.0)
    centres = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
    mask = (np.linalg.norm(centres - (0, 0, 16), axis=1) <= 10.0).reshape(geometry.shape)
    target = target_of(ball(12.0, 1.0, (0, 0, 0), "target"))
    result = planned([LabelmapStructure("organ", mask, geometry)], [target], [limit_of()], [uniform(40.0, 20)])
    assert volumes(result)[0] == pytest.approx(lens_cc(10.0, 12.0, 16.0), rel=0.1)


def test_larger_distances_never_take_less() -> None:
    organ, target = ball(10.0, 1.0, (0, 0, 17), "organ"), target_of(ball(12.0, 1.0, (0, 0, 0), "target"))
    result = planned([organ], [target], [limit_of()], [uniform(40.0, 20)])
    assert volumes(result) == sorted(volumes(result))


def test_unknown_dose_in_the_overlap_is_told_and_proves_nothing() -> None:
    """The dose grid ends at z = 20 mm; the organ reaches beyond."""
    organ, target = ball(10.0, 1.0, (0, 0, 20), "organ"), target_of(ball(25.0, 1.0, (0, 0, 10), "target"))
    course = uniform(10.0, 10, geometry=grid(2.0, 20.0))
    result = planned([organ], [target], [limit_of(limit=500.0)], [course])
    found = result.organs[0]
    assert found.state is FeasibilityState.FITS_WHERE_KNOWN
    assert found.compromised[0].unknown_cc == pytest.approx(found.organ.dose.samples.volume_cc / 2, rel=0.05)
    assert any("not known in" in remark for remark in found.remarks())


def test_organs_that_are_nowhere_near_or_unknown_are_named_with_the_reason() -> None:
    far, dark = ball(5.0, 1.0, (0, 0, 60), "far"), ball(5.0, 1.0, (0, 0, 0), "dark")
    target = target_of(ball(8.0, 1.0, (0, 0, 0), "target"))
    near_grid = uniform(10.0, 10, geometry=grid(2.0, 10.0, (0, 0, 60)))
    result = planned([far, dark], [target], [limit_of("far"), limit_of("dark")], [near_grid])
    assert result.organs == () and result.binding == ()
    assert [(one.limit.structure, one.is_unknown) for one in result.not_planned] == [("far", False), ("dark", True)]
    assert "within 30 mm" in result.not_planned[0].reason
    assert "not known anywhere" in result.not_planned[1].reason


def test_an_organ_just_beyond_the_margin_is_no_unknown_one() -> None:
    """Within the box around the target, beyond the margin around its samples."""
    target = target_of(ball(20.0, 1.0, (0, 0, 0), "target"))
    organ = ball(2.0, 1.0, (22, 22, 22), "corner")
    result = planned([organ], [target], [limit_of("corner", margin_mm=5.0)], [uniform(10.0, 10)])
    assert [(one.limit.structure, one.is_unknown) for one in result.not_planned] == [("corner", False)]


def test_points_make_the_numbers_upper_bounds() -> None:
    organ, target = ball(8.0, 1.0, (0, 0, 12), "organ"), target_of(ball(8.0, 1.0, (0, 0, 0), "target"))
    points = PointCourse("p", "paper", (PointDose("organ", 40.0, 20, None, "p. 1"),), None)
    found = planned([organ], [target], [limit_of()], [points]).organs[0]
    assert found.organ.near.value_gy == pytest.approx(40.0)
    assert any("upper bound: point dose of paper" in remark for remark in found.remarks())


def test_without_targets_nothing_is_measured_and_the_section_says_so() -> None:
    result = of_organs(planned_organ())
    assert result.together == () and result.organs[0].compromised == ()
    assert "names no targets" in feasibility_section(feasibility_summary(result))


def test_without_limits_the_section_says_so() -> None:
    assert "no limit of a near-maximum" in feasibility_section(feasibility_summary(of_organs()))


def test_the_section_states_all_of_every_limit_and_marks_what_is_unreliable() -> None:
    result = of_organs(planned_organ("<i>cord</i>"), planned_organ("kidney", 0.0, 100.0))
    result = replace(result, not_planned=(NotPlanned(limit_of("liver"), "because", True),))
    summary = feasibility_summary(result, lambda name: ("course 1",) if "cord" in name else ())
    html = feasibility_section(summary)
    assert "<i>cord" not in html and "&lt;i&gt;cord&lt;/i&gt; ‡" in html
    assert html.count("raw, α/β 2 Gy, n 5, any interval") == 4  # two rows, the binding one, the one left out
    assert html.count("test source") == 4
    assert "The registration of course 1 must not be relied on" in html and "because" in html


def test_the_summary_is_plain_data() -> None:
    target = target_of(ball(8.0, 1.0, (0, 0, 0), "target"))
    result = planned([ball(8.0, 1.0, (0, 0, 12), "organ")], [target], [limit_of()], [uniform(20.0, 10)])
    data = _plain(feasibility_summary(result))
    assert data["organs"][0]["limit"]["basis"] == "raw"
    assert data["organs"][0]["is_binding"] is True
    assert [one["distance_mm"] for one in data["together"][0]["volumes"]] == [0.0, 2.0, 5.0]
