"""Levels, shells, contours and scorecard: published tables, invariants, and every case the source leaves open."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Polygon
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import StructureSamples, structure_samples
from ReirradiationLib.dosimetry.radiobiology import eqd2
from ReirradiationLib.model.constraint import Constraint, Sense
from ReirradiationLib.model.contour_shape import keyholed, simplified
from ReirradiationLib.model.errors import CaseError, DosimetryError
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import OptimizationRequest
from ReirradiationLib.model.polygons import fill, signed_area
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.planning.isolines import zero_contours
from ReirradiationLib.planning.levels import LevelState, optimization_levels
from ReirradiationLib.planning.limits import limit_of_request
from ReirradiationLib.planning.near_target import prior_near_target
from ReirradiationLib.planning.optimization_structures import make_shells
from ReirradiationLib.planning.planned_organ import PlannedOrgan
from ReirradiationLib.planning.scorecard import Occasion, Score, ScoreState, sampling_remark, score
from ReirradiationLib.planning.shell_naming import organ_stems, shell_name
from ReirradiationLib.planning.targets import PlannedTarget
from synthetic import ball, course_of, cylinder, dose_of, grid

WORKED_5 = {
    "isodose": (45.6, 34.2, 22.8, 11.4, 0.0),
    "limit": (3.0, 14.4, 25.8, 37.2, 48.6),
    30: (5.50, 21.26, 33.21, 43.24, 52.05),
    15: (5.12, 18.00, 27.11, 34.57, 41.04),
    5: (4.22, 12.69, 18.26, 22.73, 26.58),
}
WORKED_3 = {
    "isodose": (38.0, 19.0, 0.0),
    "limit": (3.0, 22.0, 41.0),
    30: (5.50, 29.50, 46.29),
    15: (5.12, 24.31, 36.82),
    5: (4.22, 16.56, 24.07),
}


@pytest.mark.parametrize("fractions", [30, 15, 5])
@pytest.mark.parametrize(("number", "worked"), [(5, WORKED_5), (3, WORKED_3)])
def test_levels_equal_the_worked_example_of_the_source(fractions: int, number: int, worked: dict) -> None:
    """Figure 4 of the source: P 57, R 60, A 60, α/β 2."""
    levels = optimization_levels(57.0, 60.0, 60.0, number, fractions, 2.0)
    assert levels.step_eqd2_gy == pytest.approx(57.0 / number)
    assert [s.lower_eqd2_gy for s in levels.shells] == pytest.approx(worked["isodose"], abs=0.01)
    assert [s.limit_eqd2_gy for s in levels.shells] == pytest.approx(worked["limit"], abs=0.01)
    assert [s.limit_physical_gy for s in levels.shells] == pytest.approx(worked[fractions], abs=0.01)
    assert levels.state is LevelState.GRADED


def test_nothing_is_needed_while_prior_and_new_dose_stay_within_the_limit() -> None:
    levels = optimization_levels(20.0, 30.0, 50.0, 3, 5, 2.0)
    assert levels.state is LevelState.NOT_NEEDED
    assert levels.shells == ()


def test_a_limit_below_the_new_prescription_clamps_isodoses_to_zero() -> None:
    levels = optimization_levels(37.5, 60.0, 50.0, 3, 5, 2.0)
    assert levels.shells[-1].lower_eqd2_gy == 0.0
    assert all(shell.lower_eqd2_gy >= 0.0 for shell in levels.shells)


def test_shells_that_clamping_would_leave_empty_are_not_made() -> None:
    levels = optimization_levels(5.0, 100.0, 50.0, 3, 5, 2.0)
    assert len(levels.shells) == 1
    assert levels.shells[0].limit_eqd2_gy == pytest.approx(45.0)


def test_a_used_tolerance_gives_a_limit_of_zero_and_says_so() -> None:
    levels = optimization_levels(60.0, 30.0, 50.0, 3, 5, 2.0)
    assert levels.state is LevelState.TOLERANCE_USED
    assert levels.shells[0].limit_eqd2_gy == 0.0
    assert levels.shells[0].limit_physical_gy == 0.0


@pytest.mark.parametrize("bad", [(-1.0, 60, 60, 3), (57, float("nan"), 60, 3), (57, 60, -5, 3), (57, 60, 60, 0)])
def test_nonsense_levels_are_refused(bad) -> None:
    with pytest.raises(CaseError):
        optimization_levels(*bad, 5, 2.0)


doses = st.floats(0.0, 150.0)


@given(doses, doses, st.floats(1.0, 150.0), st.integers(1, 9), st.integers(1, 40), st.floats(0.5, 12.0))
def test_invariants_of_the_levels(prior, new, limit, number, fractions, alpha_beta) -> None:
    levels = optimization_levels(prior, new, limit, number, fractions, alpha_beta)
    uppers = [prior if shell.upper_eqd2_gy is None else shell.upper_eqd2_gy for shell in levels.shells]
    for shell, upper in zip(levels.shells, uppers, strict=True):
        if prior < limit:
            assert upper + shell.limit_eqd2_gy <= limit + 1e-9
        assert float(eqd2(np.asarray(shell.limit_physical_gy), fractions, alpha_beta)) == pytest.approx(
            shell.limit_eqd2_gy, abs=1e-6
        )
    for hotter, cooler in zip(levels.shells, levels.shells[1:], strict=False):
        assert cooler.upper_eqd2_gy == pytest.approx(hotter.lower_eqd2_gy)
        assert cooler.limit_eqd2_gy >= hotter.limit_eqd2_gy
    if levels.shells:
        assert levels.shells[-1].lower_eqd2_gy == pytest.approx(max(0.0, limit - new), abs=1e-6)


@given(doses, doses, st.floats(1.0, 150.0), st.integers(1, 9), st.floats(0.0, 1.0))
def test_at_any_prior_dose_the_limit_keeps_the_sum_within_the_tolerance(prior, new, limit, number, share) -> None:
    """Outside all shells the full prescription may be given; where P > A the tolerance is used and nothing is left."""
    dose = share * prior
    levels = optimization_levels(prior, new, limit, number, 5, 2.0)
    allowed = next((s.limit_eqd2_gy for s in levels.shells if dose >= s.lower_eqd2_gy), new)
    assert dose + allowed <= max(limit, prior) + 1e-6


def scored(constraint: Constraint, prior, cumulative) -> Score:
    return score(constraint, prior, cumulative, Occasion(date(2026, 1, 1), 5))


def request(**changes) -> OptimizationRequest:
    values = {
        "structure": "organ",
        "limit_eqd2_gy": 50.0,
        "basis": Basis.RAW,
        "alpha_beta_gy": 2.0,
        "metric": Metric.parse("D0.01cc"),
        "number": 3,
        "target": None,
        "margin_mm": 30.0,
        "source": "test",
    }
    return OptimizationRequest(**{**values, **changes})


def planned(structure) -> PlannedTarget:
    return PlannedTarget(structure, 30.0, structure_samples(structure, GEOMETRY))


def near_of(wanted: OptimizationRequest, dose, target):
    return prior_near_target(limit_of_request(wanted, has_targets=False), dose, (target,) if target else ())


def blob(points: np.ndarray) -> np.ndarray:
    return 34.0 * np.exp(-np.sum((points - (6.0, 2.0, -3.0)) ** 2, axis=1) / (2 * 14.0**2))


D001 = Metric.parse("D0.01cc")
GEOMETRY = grid(2.0, 40.0)
COURSE = course_of(dose_of(blob, grid(2.5, 40.0)), 10)


def cut(organ, number: int = 3, course=COURSE, metric: Metric = D001):
    prior = structure_dose(structure_samples(organ, GEOMETRY), [course], [0.0])
    wanted = request(number=number, metric=metric)
    near = near_of(wanted, prior, None)
    levels = optimization_levels(near.value_gy, 60.0, 50.0, number, 5, 2.0)
    whole = PlannedOrgan(limit_of_request(wanted, has_targets=False), (), 30.0, 5, prior, near)
    return levels, make_shells(whole, wanted, levels, organ, GEOMETRY, [course], [0.0], (), ("organ", 1)), prior


def plane_masks(shells, height: float, first: np.ndarray, step: float, size: tuple[int, int]) -> list[np.ndarray]:
    """Which pixels of a fine grid each exported shell holds on one plane."""
    masks = []
    for shell in shells:
        polygons = [c[:, :2] for c in shell.structure.contours_mm if abs(c[0, 2] - height) < 0.1]
        masks.append(fill(polygons, first, np.full(2, step), size))
    return masks


def test_shells_are_disjoint_cover_the_organ_and_keep_prior_plus_limit_below_the_tolerance() -> None:
    organ = cylinder(14.0, 40.0, 2.0)
    levels, shells, _ = cut(organ, number=4, metric=Metric.parse("Dmax"))
    step, first, size = 0.2, np.array([-20.03, -20.03]), (200, 200)
    v, u = np.mgrid[0 : size[1], 0 : size[0]]
    nodes = np.stack([u.ravel(), v.ravel()], axis=1) * step + first
    for plane in organ.contours_mm[::4]:
        height = plane[0, 2]
        inside = plane_masks(shells, height, first, step, size)
        whole = fill([plane[:, :2]], first, np.full(2, step), size)
        together = np.sum(inside, axis=0)
        # Shells share isolines, simplified separately within 0.03 mm: a pixel of 0.2 mm may flip along them.
        assert (together > 1).mean() < 2e-4
        assert ((together == 1) != whole).mean() < 2e-3
        points = np.column_stack([nodes, np.full(len(nodes), height)])
        samples = StructureSamples("plane", points, np.ones(len(nodes)), step)
        sum_gy = structure_dose(samples, [COURSE], [0.0]).eqd2_gy(2.0, Basis.RAW)
        for shell, mask in zip(shells, inside, strict=True):
            held = sum_gy[mask.ravel()]
            if held.size:
                assert held.max() + shell.level.limit_eqd2_gy <= levels.limit_eqd2_gy + 0.15
                assert held.min() >= shell.level.lower_eqd2_gy - 0.15


def test_with_a_near_maximum_the_first_shell_exceeds_the_tolerance_by_what_is_told() -> None:
    organ = cylinder(14.0, 40.0, 2.0)
    levels, shells, prior = cut(organ)
    near = near_of(request(), prior, None)
    excess = near.organ_maximum_gy + shells[0].level.limit_eqd2_gy - levels.limit_eqd2_gy
    assert excess == pytest.approx(near.organ_maximum_gy - near.value_gy)
    assert 0.0 < near.above_cc <= 0.01 + prior.samples.volumes_cc.max()


def test_shell_volumes_add_up_to_the_organ_and_agree_with_samples() -> None:
    organ = ball(18.0, 2.0)
    _, shells, prior = cut(organ)
    sum_gy = prior.eqd2_gy(2.0, Basis.RAW)
    assert sum(shell.volume_cc for shell in shells) == pytest.approx(prior.samples.volume_cc, rel=0.01)
    for shell in shells:
        upper = np.inf if shell.level.upper_eqd2_gy is None else shell.level.upper_eqd2_gy
        held = (sum_gy >= shell.level.lower_eqd2_gy) & (sum_gy < upper)
        assert shell.volume_cc == pytest.approx(prior.samples.volumes_cc[held].sum(), rel=0.03)


def test_a_hot_spot_inside_the_organ_makes_ring_shells_of_two_loops() -> None:
    centred = course_of(dose_of(lambda p: 34.0 * np.exp(-np.sum(p**2, axis=1) / 200.0), grid(2.0, 40.0)), 10)
    _, shells, _ = cut(cylinder(20.0, 10.0, 2.0), course=centred)
    ring = shells[1].structure.contours_mm
    middle = [contour[:, :2] for contour in ring if abs(contour[0, 2]) < 0.5]
    assert len(middle) >= 2
    assert sum(Polygon(contour).contains_point((0.0, 0.0)) for contour in middle) % 2 == 0
    radii = [np.linalg.norm(contour, axis=1).mean() for contour in middle]
    assert max(radii) - min(radii) > 2.0


def test_isolines_lie_within_a_tenth_of_a_millimetre_of_the_analytic_circle() -> None:
    step, first = 0.5, np.array([-20.0, -20.0])
    v, u = np.mgrid[0:81, 0:81]
    field = 12.3 - np.hypot(u * step + first[0], v * step + first[1])
    ((contour,),) = zero_contours(field[None], first[None], step)
    radius = np.linalg.norm(contour, axis=1)
    assert np.abs(radius - 12.3).max() < 0.02
    slim = simplified(contour, 0.03)
    assert len(slim) < len(contour) / 2
    assert abs(signed_area(slim)) == pytest.approx(np.pi * 12.3**2, rel=0.005)


def test_keyholes_keep_the_area_of_several_holes() -> None:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    outer, island = 20 * circle, 1.5 * circle + (8.0, 0.0)
    holes = [4 * circle + (8.0, 0.0), 3 * circle - (8.0, 0.0), 2 * circle + (0.0, 10.0)]
    joined = keyholed([holes[1], island, outer, *holes[::2]])
    assert len(joined) == 2
    areas = sorted(abs(signed_area(polygon)) for polygon in joined)
    expected = abs(signed_area(outer)) - sum(abs(signed_area(hole)) for hole in holes)
    assert areas == pytest.approx([abs(signed_area(island)), expected], rel=1e-9)


def test_p_is_looked_for_near_the_target_only_and_hotter_parts_elsewhere_are_told() -> None:
    organ = cylinder(5.0, 60.0, 2.0)
    prior = structure_dose(structure_samples(organ, GEOMETRY), [COURSE], [0.0])
    target = planned(ball(5.0, 1.0, centre=(0.0, 0.0, 28.0), name="target"))
    near = near_of(request(target="target", margin_mm=5.0), prior, target)
    whole = near_of(request(), prior, None)
    assert near.value_gy < whole.value_gy
    assert near.organ_maximum_gy == pytest.approx(whole.organ_maximum_gy)
    assert near.above_cc > 0.1
    assert near.region == "within 5 mm of target"
    far = planned(ball(2.0, 1.0, centre=(35.0, 35.0, 0.0), name="far"))
    with pytest.raises(DosimetryError, match="no part of it lies within 1 mm of far"):
        near_of(request(target="far", margin_mm=1.0), prior, far)


def test_p_falls_back_to_the_maximum_where_the_region_is_smaller_than_the_metric() -> None:
    organ = cylinder(5.0, 60.0, 2.0)
    prior = structure_dose(structure_samples(organ, GEOMETRY), [COURSE], [0.0])
    near = near_of(request(metric=Metric.parse("D20cc")), prior, None)
    assert str(near.metric) == "Dmax[Gy]"
    assert near.value_gy == pytest.approx(near.organ_maximum_gy)
    assert near.remark == "P is the maximum: the region has only 4.71 cc, less than D20cc[Gy] needs"


@given(
    st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=12, unique=True), st.floats(0, 999), st.integers(1, 9)
)
def test_shell_names_are_short_and_unique_for_any_organ_names(organs, limit, index) -> None:
    stems = organ_stems(organs)
    levels = optimization_levels(57, 60, 60, 9, 5, 2.0)
    names = [shell_name(stems[organ], levels.shells[index - 1]) for organ in organs]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 16 and name.isascii() for name in names)


def test_stems_differ_even_where_letters_and_numbers_collide() -> None:
    stems = organ_stems(["cord03", "cordx", "cord.x", "cord_x", "coRd03", "日本", "脊髄"])
    assert len(set(stems.values())) == 7


def test_left_and_right_keep_different_names() -> None:
    stems = organ_stems(["kidney_left", "kidney_right", "spinal_cord"])
    assert len(set(stems.values())) == 3
    assert stems["spinal_cord"] == "spinal"
    assert (stems["kidney_left"], stems["kidney_right"]) == ("kidneL", "kidneR")


def constraint(**changes) -> Constraint:
    values = {
        "structure": "organ",
        "metric": Metric.parse("D0.03cc"),
        "sense": Sense.AT_MOST,
        "limit": 50.0,
        "basis": Basis.RAW,
        "alpha_beta_gy": 2.0,
        "source": "test",
    }
    return Constraint(**{**values, **changes})


def uniform(gray: float, fractions: int, recovery: float = 0.0):
    course = course_of(dose_of(lambda p: np.full(len(p), gray), grid(4.0)), fractions)
    return structure_dose(structure_samples(ball(8.0, 2.0), GEOMETRY), [course], [recovery])


def test_states_of_the_scorecard() -> None:
    low, high, both = uniform(20.0, 10), uniform(60.0, 30), uniform(50.0, 25)
    assert scored(constraint(), low, None).state is ScoreState.OPEN
    assert scored(constraint(), low, low).state is ScoreState.MET
    assert scored(constraint(limit=15.0), low, None).state is ScoreState.EXCEEDED_BY_PRIOR
    assert scored(constraint(), low, high).state is ScoreState.EXCEEDED
    assert scored(constraint(), high, both).state is ScoreState.EXCEEDED_BY_PRIOR
    assert scored(constraint(metric=Metric.parse("D95%"), sense=Sense.AT_LEAST), low, high).state is ScoreState.MET
    big = scored(constraint(metric=Metric.parse("D50cc")), low, None)
    assert big.state is ScoreState.NOT_EVALUABLE
    assert big.prior is None
    assert "only" in big.remark


def test_a_constraint_is_evaluated_on_its_own_basis_and_alpha_beta() -> None:
    prior = uniform(50.0, 25, recovery=0.5)
    assert scored(constraint(), prior, None).prior == pytest.approx(50.0)
    assert scored(constraint(basis=Basis.RECOVERED), prior, None).prior == pytest.approx(25.0)
    hypo = uniform(30.0, 5)
    assert scored(constraint(), hypo, None).prior == pytest.approx(60.0)
    assert scored(constraint(alpha_beta_gy=10.0), hypo, None).prior == pytest.approx(40.0)


def partly_known(gray: float, fractions: int, centre_x: float):
    """A uniform dose whose grid ends at some place within the structure, or does not reach it."""
    course = course_of(dose_of(lambda p: np.full(len(p), gray), grid(2.0, 20.0, centre=(centre_x, 0, 0))), fractions)
    return structure_dose(structure_samples(ball(8.0, 2.0), GEOMETRY), [course], [0.0])


def test_unknown_dose_never_lets_an_upper_limit_be_met() -> None:
    half = partly_known(30.0, 15, centre_x=20.0)
    outcome = scored(constraint(), half, None)
    assert outcome.state is ScoreState.OPEN
    outcome = scored(constraint(), half, half)
    assert outcome.state is ScoreState.MET_WHERE_KNOWN
    unknown = re.search(r"in ([\d.]+) % of the volume", outcome.remark)
    assert unknown is not None and float(unknown[1]) == pytest.approx(50.0, abs=0.3)
    cold = constraint(metric=Metric.parse("CV16Gy[cc]"), sense=Sense.AT_LEAST, limit=0.5)
    assert scored(cold, half, half).state is ScoreState.MET_WHERE_KNOWN
    assert scored(constraint(limit=20.0), half, None).state is ScoreState.EXCEEDED_BY_PRIOR
    reached = constraint(metric=Metric.parse("D10%"), sense=Sense.AT_LEAST, limit=10.0)
    assert scored(reached, half, half).state is ScoreState.MET
    missed = constraint(metric=Metric.parse("D95%"), sense=Sense.AT_LEAST, limit=10.0)
    assert scored(missed, half, half).state is ScoreState.NOT_MET_WHERE_KNOWN


def test_a_known_excess_is_told_although_the_new_dose_is_unknown() -> None:
    prior = uniform(60.0, 30)
    nowhere = course_of(dose_of(lambda p: np.full(len(p), 9.0), grid(2.0, 10.0, centre=(100.0, 0.0, 0.0))), 5, "new plan")
    cumulative = prior.with_course(nowhere, 0.0)
    assert scored(constraint(), prior, cumulative).state is ScoreState.EXCEEDED_BY_PRIOR
    unproven = scored(constraint(limit=90.0), prior, cumulative)
    assert unproven.state is ScoreState.NOT_EVALUABLE
    assert "new plan is not known anywhere" in unproven.remark


def test_p_tells_how_much_of_its_region_is_unknown() -> None:
    near = near_of(request(), partly_known(30.0, 15, centre_x=20.0), None)
    assert near.unknown_percent == pytest.approx(50.0, abs=2.0)


def test_a_metric_read_from_few_samples_is_marked() -> None:
    big = uniform(10.0, 5)
    assert sampling_remark(Metric.parse("D0.0001cc"), big)
    assert not sampling_remark(Metric.parse("D0.03cc"), big)
    assert not sampling_remark(Metric.parse("D95%"), big)


def test_a_structure_wholly_outside_the_dose_is_not_evaluable_rather_than_spared() -> None:
    course = course_of(dose_of(lambda p: np.full(len(p), 30.0), grid(2.0, 10.0, centre=(100.0, 0.0, 0.0))), 10)
    prior = structure_dose(structure_samples(ball(8.0, 2.0), GEOMETRY), [course], [0.0])
    outcome = scored(constraint(), prior, None)
    assert outcome.state is ScoreState.NOT_EVALUABLE
    assert outcome.prior is None
    assert "not known" in outcome.remark


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_shells_of_random_doses_never_overlap_their_limits(seed: int) -> None:
    random = np.random.default_rng(seed)
    centre, width = random.uniform(-8, 8, 3), random.uniform(8, 20)
    course = course_of(
        dose_of(lambda p: 34.0 * np.exp(-np.sum((p - centre) ** 2, axis=1) / (2 * width**2)), grid(2.5, 40.0)), 10
    )
    _, shells, prior = cut(ball(12.0, 2.0), course=course)
    assert sum(shell.volume_cc for shell in shells) == pytest.approx(prior.samples.volume_cc, rel=0.02)


def test_an_oblique_organ_is_refused_because_shells_are_cut_on_the_slices_of_the_ct() -> None:
    """Its dose can be evaluated; its shells would have to lie on slices that it was not contoured on."""
    whole = ball(12.0, 2.0)
    tilt = np.array([[1.0, 0.0, 0.0], [0.0, 0.8, -0.6], [0.0, 0.6, 0.8]])
    with pytest.raises(DosimetryError, match=r"spans \d+\.\d\d mm along the slice normal of the CT") as caught:
        cut(replace(whole, contours_mm=tuple(contour @ tilt.T for contour in whole.contours_mm)))
    assert caught.value.interlock is Interlock.STRUCTURE_OBLIQUE
