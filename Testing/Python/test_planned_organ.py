"""Which target an organ is planned by, R with its own α/β, and what is left near it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.constraint import Constraint, CourseConditions, Sense
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import Target
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.planning.feasibility import plan_organs
from ReirradiationLib.planning.limits import OrganLimit, limit_of_constraint, organ_limits
from ReirradiationLib.planning.planned_organ import PlannedOrgan, plan_organ
from ReirradiationLib.planning.targets import PlannedTarget, named_targets
from synthetic import ball, course_of, cylinder, dose_of, grid

GEOMETRY = grid(2.0, 50.0)
ORGAN = ball(8.0, 2.0, name="cord")
LIMIT = OrganLimit("cord", 50.0, Basis.RAW, 2.0, Metric.parse("Dmax"), 30.0, "test")
COURSE = course_of(dose_of(lambda p: np.full(len(p), 30.0), GEOMETRY), 10)  # 37.5 Gy EQD2 with α/β 2


def target(name: str, x_mm: float, prescription_gy: float) -> PlannedTarget:
    return target_at(name, (x_mm, 0.0, 0.0), prescription_gy)


def target_at(name: str, centre: tuple[float, float, float], prescription_gy: float) -> PlannedTarget:
    structure = ball(5.0, 2.0, centre=centre, name=name)
    return PlannedTarget(structure, prescription_gy, structure_samples(structure, GEOMETRY))


TARGET = target("target", 10.0, 30.0)


def plan(*targets: PlannedTarget, limit: OrganLimit = LIMIT) -> PlannedOrgan:
    prior = structure_dose(structure_samples(ORGAN, GEOMETRY), [COURSE], [0.0], "cord")
    return plan_organ(limit, ORGAN, prior, targets, (20.0, 5), GEOMETRY)


def test_the_nearest_target_gives_r_with_the_alpha_beta_of_the_organ() -> None:
    """30 Gy in 5 fractions are 60 Gy EQD2 with α/β 2; 25 Gy are 43.75."""
    planned = plan(target("far", 43.5, 25.0), target("near", -16.0, 30.0))
    assert [one.name for one in planned.targets] == ["near"]
    assert planned.new_eqd2_gy == pytest.approx(60.0)
    assert planned.near.region == "within 30 mm of near"
    assert plan(target("near", 16.0, 25.0), target("far", -43.5, 30.0)).new_eqd2_gy == pytest.approx(43.75)


def test_within_the_margin_of_several_targets_p_is_read_near_all_and_r_is_the_highest() -> None:
    """A long organ with its hot part at the target of the lower dose: reading P near one alone would free the other."""
    organ = cylinder(4.0, 80.0, 2.0, name="cord")
    hot_above = course_of(dose_of(lambda p: np.where(p[:, 2] > 10.0, 30.0, 3.0), GEOMETRY), 10)
    prior = structure_dose(structure_samples(organ, GEOMETRY), [hot_above], [0.0], "cord")
    both = [target_at("low", (14.0, 0.0, -30.0), 30.0), target_at("high", (14.0, 0.0, 30.0), 20.0)]
    planned = plan_organ(replace(LIMIT, margin_mm=10.0), organ, prior, both, (30.0, 5), GEOMETRY)
    assert planned.near.value_gy == pytest.approx(37.5, abs=0.01)
    assert planned.new_eqd2_gy == pytest.approx(60.0)
    assert planned.near.region == "within 10 mm of low or high"


def test_beyond_the_margin_of_all_the_nearest_counts() -> None:
    with pytest.raises(DosimetryError, match=r"no part of it lies within 2 mm of a, the nearest [45] mm away"):
        plan(target("a", 18.0, 25.0), target("b", -30.0, 30.0), limit=replace(LIMIT, margin_mm=2.0))


def test_of_targets_that_both_touch_the_organ_the_highest_dose_counts() -> None:
    assert plan(target("a", 6.0, 25.0), target("boost", -5.0, 30.0)).prescription_gy == pytest.approx(30.0)


def test_a_target_named_for_the_organ_counts_however_far_it_is() -> None:
    limit = replace(LIMIT, target="far", margin_mm=60.0)
    assert plan(target("near", 14.0, 30.0), target("far", -35.0, 25.0), limit=limit).prescription_gy == pytest.approx(25.0)


def test_without_a_target_the_prescription_of_the_course_counts_in_the_whole_organ() -> None:
    planned = plan()
    assert planned.near.region == "whole organ"
    assert planned.prescription_gy == pytest.approx(20.0)
    assert planned.near.region_cc == pytest.approx(4.0 / 3.0 * np.pi * 0.8**3, rel=0.01)


def test_what_is_left_is_a_less_p_and_its_physical_dose() -> None:
    """A 50, P 37.5: 12.5 Gy EQD2; D (D / 5 + 2) / 4 = 12.5 gives D = 11.58."""
    planned = plan(target("near", 14.0, 30.0))
    assert planned.near.value_gy == pytest.approx(37.5, abs=1e-4)
    assert planned.left_eqd2_gy == pytest.approx(12.5, abs=1e-4)
    dose_gy = planned.left_physical_gy(5)
    assert dose_gy * (dose_gy / 5.0 + 2.0) / 4.0 == pytest.approx(12.5, abs=1e-4)
    assert plan(target("near", 14.0, 30.0), limit=replace(LIMIT, limit_eqd2_gy=30.0)).left_eqd2_gy == 0.0


def test_what_is_left_is_never_more_than_a_single_course_may_give() -> None:
    """Nieder 2006: each course at most 49 Gy EQD2; of A 100 Gy 62.5 would be left."""
    limit = replace(LIMIT, limit_eqd2_gy=100.0)
    assert plan(target("near", 14.0, 30.0), limit=limit).left_eqd2_gy == pytest.approx(62.5, abs=1e-4)
    bounded = replace(limit, new_at_most_gy=49.0)
    assert plan(target("near", 14.0, 30.0), limit=bounded).left_eqd2_gy == pytest.approx(49.0)
    prior = np.array([0.0, 30.0, 60.0])
    np.testing.assert_allclose(limit.excess_eqd2_gy(prior, 60.0), [0.0, 0.0, 20.0])
    np.testing.assert_allclose(bounded.excess_eqd2_gy(prior, 60.0), [11.0, 11.0, 20.0])
    np.testing.assert_allclose(bounded.excess_eqd2_gy(prior, 40.0), [0.0, 0.0, 0.0])


def test_conditions_of_a_constraint_come_with_its_limit() -> None:
    conditions = CourseConditions(each_course_at_most=49.0, new_course_at_most=25.0, new_share_at_most=0.5)
    source = Constraint("cord", Metric.parse("Dmax"), Sense.AT_MOST, 70.0, Basis.RAW, 2.0, "HyTEC", conditions=conditions)
    limit = limit_of_constraint(source)
    assert limit.new_at_most_gy == pytest.approx(25.0)
    demanded = "each course ≤ 49 Gy EQD2, new course ≤ 25 Gy EQD2, new course ≤ 50 % of the sum"
    assert limit.source == f"HyTEC; on condition: {demanded}"


def test_an_organ_that_is_nowhere_near_the_target_is_not_planned_by_it() -> None:
    with pytest.raises(DosimetryError, match="no part of it lies within 5 mm of far"):
        plan(target("far", 35.0, 30.0), limit=replace(LIMIT, margin_mm=5.0))


def test_a_dose_that_is_not_known_in_the_organ_is_not_taken_for_zero() -> None:
    nowhere = course_of(dose_of(lambda p: np.full(len(p), 9.0), grid(2.0, 10.0, centre=(200.0, 0.0, 0.0))), 5, "gone")
    prior = structure_dose(structure_samples(ORGAN, GEOMETRY), [COURSE, nowhere], [0.0, 0.0], "cord")
    with pytest.raises(DosimetryError, match="the dose of gone is not known anywhere in it, so P cannot be read"):
        plan_organ(LIMIT, ORGAN, prior, (), (20.0, 5), GEOMETRY)


def test_a_dose_that_is_not_known_near_the_target_is_not_taken_for_zero_either() -> None:
    """Known only where x < −4, while the target is near where x > 3."""
    aside = course_of(dose_of(lambda p: np.full(len(p), 9.0), grid(2.0, 10.0, centre=(-14.0, 0.0, 0.0))), 5, "aside")
    prior = structure_dose(structure_samples(ORGAN, GEOMETRY), [COURSE, aside], [0.0, 0.0], "cord")
    assert prior.unknown_courses() == ()
    limit = replace(LIMIT, margin_mm=1.0)
    with pytest.raises(DosimetryError, match="the dose of aside is not known anywhere within 1 mm of target, so P cannot"):
        plan_organ(limit, ORGAN, prior, (TARGET,), (20.0, 5), GEOMETRY)
    _, (left_out,) = plan_organs([limit], lambda _: ORGAN, lambda _: prior, (TARGET,), (20.0, 5), GEOMETRY)
    assert left_out.is_unknown


def test_targets_of_the_new_course_come_before_those_that_requests_name(demo_case: Case) -> None:
    assert named_targets(demo_case) == (Target("PTV2_L1", 30.0),)
    own = (Target("PTV2_L1", 25.0), Target("vertebrae_L1", 20.0))
    assert named_targets(replace(demo_case, new_course=replace(demo_case.new_course, targets=own))) == own


def test_the_limits_planned_by_are_requests_and_constraints_of_a_near_maximum_each_once(demo_case: Case) -> None:
    def limit(metric: str, at_most: float, sense: Sense = Sense.AT_MOST) -> Constraint:
        return Constraint("spinal_cord", Metric.parse(metric), sense, at_most, Basis.RAW, 2.0, "test")

    constraints = (
        limit("D0.03cc", 50.0),  # that of the request
        limit("D0.03cc", 60.0),
        limit("Dmean", 40.0),
        limit("D50%", 40.0),
        limit("D95%", 30.0, Sense.AT_LEAST),
    )
    found = organ_limits(replace(demo_case, constraints=constraints))
    assert [(one.limit_eqd2_gy, str(one.metric)) for one in found] == [(50.0, "D0.01cc[Gy]"), (60.0, "D0.03cc[Gy]")]


def test_a_constraint_that_also_limits_the_new_course_alone_is_not_hidden_by_a_request_with_the_same_limit(
    demo_case: Case,
) -> None:
    """Nieder 2006: 67.75 Gy in all courses, 49 Gy in each."""
    nieder = next(one for one in demo_case.constraints if one.row == "nieder.cord")
    request = replace(demo_case.optimization[0], limit_eqd2_gy=67.75)
    found = organ_limits(replace(demo_case, constraints=(nieder,), optimization=(request,)))
    assert [one.new_at_most_gy for one in found] == [None, 49.0]


def test_a_request_that_reads_p_elsewhere_does_not_hide_a_constraint_with_the_same_limit(demo_case: Case) -> None:
    (constraint, request) = (demo_case.constraints[0], demo_case.optimization[0])
    assert len(organ_limits(replace(demo_case, constraints=(constraint,)))) == 1
    narrow = replace(demo_case, constraints=(constraint,), optimization=(replace(request, margin_mm=5.0),))
    assert [one.margin_mm for one in organ_limits(narrow)] == [5.0, 30.0]
    targets = (Target("PTV2_L1", 30.0), Target("vertebrae_L2", 20.0))
    other = replace(
        demo_case,
        constraints=(constraint,),
        optimization=(replace(request, target="vertebrae_L2"),),
        new_course=replace(demo_case.new_course, targets=targets),
    )
    assert [one.target for one in organ_limits(other)] == ["vertebrae_L2", None]


def test_a_limit_of_single_courses_above_that_of_all_restricts_nothing() -> None:
    """Left of it a worksheet would be refused: each course at most 49 Gy, where a case lowers the sum to 45."""
    conditions = CourseConditions(each_course_at_most=49.0)
    constraint = Constraint("cord", Metric.parse("Dmax"), Sense.AT_MOST, 45.0, Basis.RAW, 2.0, "s", conditions=conditions)
    limit = limit_of_constraint(constraint)
    assert limit.new_at_most_gy is None
    assert "each course ≤ 49 Gy EQD2" in limit.source


@given(st.integers(0, 1000), st.floats(0.0, 40.0))
def test_near_by_the_quick_way_is_near_by_the_distance(seed: int, margin_mm: float) -> None:
    points = np.random.default_rng(seed).uniform(-60.0, 60.0, (200, 3))
    one = TARGET
    np.testing.assert_array_equal(one.is_near(points, margin_mm), one.distance_mm(points) <= margin_mm)
