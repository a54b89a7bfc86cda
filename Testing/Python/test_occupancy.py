"""Samples that fill a structure: parts, holes, gaps and ends by rule, thin shells, uneven slices, hot spots."""

from __future__ import annotations

import numpy as np
import pytest
from analytic_shapes import CENTRE_GY
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import StructureDose, structure_dose
from ReirradiationLib.dosimetry.contour_body import contour_body
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.occupancy import WANTED_SAMPLES, body_samples, structure_samples
from ReirradiationLib.dosimetry.plane_field import PixelGrid, plane_fields
from ReirradiationLib.dosimetry.refinement import refined, sum_rankings
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import EndCaps, Structure
from scipy.spatial.distance import cdist
from synthetic import AXIAL, course_of, dose_of, grid

STEP = 3.0
CAP_SHARE = {EndCaps.HALF_SLICE: 1.0, EndCaps.TAPERED: 1.0 / 3.0, EndCaps.NONE: 0.0}
"""What each rule adds beyond an end, as a share of half a slice; a cone has a third of the cylinder's volume."""


def circle(radius: float, height: float, centre: tuple[float, float] = (0.0, 0.0), points: int = 360) -> np.ndarray:
    angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle), np.full(points, height)])


def stack(radius: float, first: int, last: int, centre: tuple[float, float] = (0.0, 0.0)) -> list[np.ndarray]:
    """Circles on slices ``first`` to ``last``."""
    return [circle(radius, STEP * n, centre) for n in range(first, last + 1)]


def structure_of(contours: list[np.ndarray]) -> Structure:
    return Structure("organ", 1, tuple(contours))


def ct(step: float = STEP) -> Geometry:
    return Geometry((-60.0, -60.0, -60.0), (1.0, 1.0, step), AXIAL, (121, 121, round(120 / step) + 1))


def pillar_cc(radius: float, slices: int, rule: EndCaps) -> float:
    """Volume of a cylinder of that many contours."""
    return np.pi * radius**2 * STEP * (slices - 1 + CAP_SHARE[rule]) / 1000.0


@pytest.mark.parametrize("rule", list(EndCaps))
def test_a_part_that_ends_before_another_ends_by_the_same_rule(rule: EndCaps) -> None:
    """Kidneys, lungs, nerves: two parts in one ROI, one of them shorter at both ends."""
    contours = stack(10.0, -5, 5, (-20.0, 0.0)) + stack(8.0, -2, 3, (20.0, 5.0))
    volume = structure_samples(structure_of(contours), ct(), end_caps=rule).volume_cc
    assert volume == pytest.approx(pillar_cc(10.0, 11, rule) + pillar_cc(8.0, 6, rule), rel=0.005)


@pytest.mark.parametrize("rule", list(EndCaps))
def test_a_hole_ends_as_a_part_does(rule: EndCaps) -> None:
    contours = stack(20.0, -5, 5) + stack(8.0, -1, 2, (3.0, 2.0))
    volume = structure_samples(structure_of(contours), ct(), end_caps=rule).volume_cc
    assert volume == pytest.approx(pillar_cc(20.0, 11, rule) - pillar_cc(8.0, 4, rule), rel=0.005)


@pytest.mark.parametrize("rule", list(EndCaps))
def test_a_part_on_one_slice_stands_for_that_slice_whatever_the_rule(rule: EndCaps) -> None:
    contours = stack(10.0, -3, 3, (-20.0, 0.0)) + stack(7.0, 1, 1, (20.0, 0.0))
    volume = structure_samples(structure_of(contours), ct(), end_caps=rule).volume_cc
    assert volume == pytest.approx(pillar_cc(10.0, 7, rule) + np.pi * 49.0 * STEP / 1000.0, rel=0.005)
    alone = structure_samples(structure_of(stack(7.0, 1, 1)), ct(), end_caps=rule)
    assert alone.volume_cc == pytest.approx(np.pi * 49.0 * STEP / 1000.0, rel=0.005)


def test_a_gap_is_not_filled_and_both_sides_of_it_end_by_the_rule() -> None:
    contours = stack(10.0, -6, -3) + stack(10.0, 2, 5)
    for rule in EndCaps:
        volume = structure_samples(structure_of(contours), ct(), end_caps=rule).volume_cc
        assert volume == pytest.approx(2 * pillar_cc(10.0, 4, rule), rel=0.005)


def test_parts_side_by_side_that_do_not_overlap_from_slice_to_slice_are_not_bridged() -> None:
    """A thin oblique vessel that moves by more than its width: each contour stands for its own slice."""
    contours = [circle(2.0, STEP * n, (6.0 * n, 0.0)) for n in range(-4, 5)]
    samples = structure_samples(structure_of(contours), ct())
    assert samples.volume_cc == pytest.approx(9 * np.pi * 4.0 * STEP / 1000.0, rel=0.01)


def test_keyholes_and_loops_of_their_own_give_the_same_body() -> None:
    loops, keyholes = [], []
    for n in range(-4, 5):
        outer, hole = circle(20.0, STEP * n), circle(9.0, STEP * n)[::-1]
        loops += [outer, hole]
        keyholes.append(np.concatenate([outer[:1], hole[-1:], hole, outer]))
    two, one = (structure_samples(structure_of(contours), ct()) for contours in (loops, keyholes))
    assert one.volume_cc == pytest.approx(two.volume_cc, rel=1e-3)
    assert one.volume_cc == pytest.approx(np.pi * (400 - 81) * 27.0 / 1000.0, rel=0.005)


def test_slices_of_two_distances_in_one_ct_have_no_gap_where_the_distance_changes() -> None:
    """2 mm through the target, 5 mm beyond: a cone is exact in any spacing."""
    heights = np.concatenate([np.arange(-30.0, -9.0, 5.0), np.arange(-8.0, 8.1, 2.0), np.arange(13.0, 34.0, 5.0)])
    radii = 5.0 + (heights + 30.0) / 4.0
    contours = [circle(r, w) for r, w in zip(radii, heights, strict=True)]
    samples = structure_samples(structure_of(contours), ct(1.0), end_caps=EndCaps.NONE)
    low, high = radii[0], radii[-1]
    cone_cc = np.pi * (heights[-1] - heights[0]) * (low**2 + low * high + high**2) / 3000.0
    assert samples.volume_cc == pytest.approx(cone_cc, rel=0.004)


@pytest.mark.parametrize("thickness", [1.0, 2.0, 5.0])
def test_a_thin_shell_has_its_volume(thickness: float) -> None:
    """Skin or a ring around a target: the step follows the thickness, not only the volume."""
    contours = [loop for n in range(-5, 6) for loop in (circle(40.0, STEP * n), circle(40.0 - thickness, STEP * n))]
    samples = structure_samples(structure_of(contours), ct())
    expected = np.pi * (1600.0 - (40.0 - thickness) ** 2) * 33.0 / 1000.0
    assert samples.volume_cc == pytest.approx(expected, rel=0.01)


@given(st.floats(8.0, 40.0), st.floats(0.2, 2.0), st.integers(0, 1000), st.integers(24, 2000))
@settings(deadline=None, max_examples=40)
def test_the_distance_field_is_the_distance_to_the_contour(pixels_wide: float, step: float, seed: int, points: int) -> None:
    """Against brute force over densely sampled edges of a lobed contour, however short the edges are against the pixels."""
    random, radius = np.random.default_rng(seed), pixels_wide * step
    angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    lobes = radius * (1.0 + 0.3 * np.cos(3 * angle + random.uniform(0, 6)))
    polygon = np.stack([lobes * np.cos(angle), lobes * np.sin(angle)], axis=1)
    size = int(2.8 * radius / step) + 8
    pixels = PixelGrid(random.uniform(-1, 0, 2) * step - 1.4 * radius - 2 * step, np.full(2, step), (size, size))
    field = plane_fields([[polygon]], pixels)
    ends = np.roll(polygon, -1, axis=0)
    shares = np.linspace(0.0, 1.0, max(2, 4000 // points), endpoint=False)[:, None, None]
    dense = (polygon + shares * (ends - polygon)).reshape(-1, 2)
    u, v = pixels.centres()
    centres = np.stack(np.broadcast_arrays(u, v), axis=-1).reshape(-1, 2)
    truth = cdist(centres, dense).min(axis=1).reshape(pixels.shape)
    error = np.abs(np.abs(field.distance_mm[0]) - truth)
    near = truth < 1.5 * step
    assert np.percentile(error[near], 95) < 0.02 * step + 0.02
    # Far away the pixel that is nearest by its centre may hold the second nearest edge: half a diagonal on either side.
    assert error.max() < np.sqrt(2.0) * step
    assert ((field.distance_mm > 0) == field.inside)[0][truth > 1e-3].all()


@given(st.tuples(*[st.floats(-300.0, 300.0)] * 3))
@settings(deadline=None, max_examples=15)
def test_moving_patient_and_contours_together_moves_the_samples_and_nothing_else(shift: tuple[float, float, float]) -> None:
    moved = np.asarray(shift)
    contours = stack(9.0, -3, 3, (4.0, -2.0))
    here = structure_samples(structure_of(contours), ct(), wanted=3000)
    place = Geometry(tuple(moved - 60.0), (1.0, 1.0, STEP), AXIAL, (121, 121, 41))
    there = structure_samples(structure_of([contour + moved for contour in contours]), place, wanted=3000)
    assert there.volume_cc == pytest.approx(here.volume_cc, rel=2e-3)
    assert there.points_mm.mean(axis=0) == pytest.approx(here.points_mm.mean(axis=0) + moved, abs=0.02)


def test_the_same_structure_gives_the_same_samples_to_the_last_bit() -> None:
    contours = stack(9.0, -3, 3) + stack(5.0, 0, 6, (25.0, 0.0))
    one, two = (structure_samples(structure_of(contours), ct()) for _ in range(2))
    assert np.array_equal(one.points_mm, two.points_mm)
    assert np.array_equal(one.volumes_cc, two.volumes_cc)


def test_every_sample_lies_within_the_contours() -> None:
    """Else Dmax would be read outside the structure: cells cut by the boundary are read where they are covered."""
    samples = structure_samples(structure_of(stack(10.0, -3, 3)), ct(), wanted=3000)
    assert np.hypot(samples.points_mm[:, 0], samples.points_mm[:, 1]).max() <= 10.0
    assert np.abs(samples.points_mm[:, 2]).max() <= 3.5 * STEP


SIGMA, PEAK = 4.0, 50.0


def gaussian_at_cc(volume_cc: float) -> float:
    """Dose around the peak of a Gaussian: the hottest volume is a ball."""
    radius = (3000.0 * volume_cc / (4.0 * np.pi)) ** (1.0 / 3.0)
    return float(PEAK * np.exp(-(radius**2) / (2 * SIGMA**2)))


def hot_spot(refine: bool) -> StructureDose:
    """A large organ with one small hot spot somewhere in it."""
    contours = [circle(np.sqrt(70.0**2 - w**2), w) for w in np.arange(-66.0, 66.1, STEP)]
    place = Geometry((-80.0, -80.0, -78.0), (1.0, 1.0, STEP), AXIAL, (161, 161, 53))
    peak = np.array([31.3, -22.7, 17.9])
    dose = dose_of(lambda p: PEAK * np.exp(-np.sum((p - peak) ** 2, axis=1) / (2 * SIGMA**2)), grid(0.5, 25.0, tuple(peak)))
    body = contour_body(structure_of(contours), place, EndCaps.HALF_SLICE, 50_000)
    sums = structure_dose(body_samples(body), [course_of(dose, 25)], [0.0])
    return refined(sums, body, sum_rankings(2.0, False, None)) if refine else sums


def test_a_small_hot_spot_in_a_large_organ_is_sampled_finely_enough() -> None:
    """1420 cc at a step of 3 mm: D0.03cc would be one sample; the cells of the hottest parts are cut in eight."""
    coarse, fine = hot_spot(False), hot_spot(True)
    values = [cumulative_dvh(dose.courses[0].dose_gy, dose.samples.volumes_cc) for dose in (coarse, fine)]
    for metric, volume in (("D0.01cc", 0.01), ("D0.03cc", 0.03), ("D0.1cc", 0.1), ("D0.5cc", 0.5), ("D2cc", 2.0)):
        # Trilinear interpolation on 0.5 mm voxels lies up to 0.3 Gy (3/8 h² f'') below the Gaussian's peak.
        assert values[1].value(Metric.parse(metric)) == pytest.approx(gaussian_at_cc(volume), abs=0.3), metric
    assert coarse.samples.cells is not None and coarse.samples.cells.volumes_cc.max() > 0.02
    assert fine.samples.volume_cc == pytest.approx(coarse.samples.volume_cc, rel=1e-4)
    assert len(fine.samples.volumes_cc) < 1.5 * len(coarse.samples.volumes_cc)
    assert fine.samples.finest_mm <= 0.3 < coarse.samples.finest_mm


def test_refining_at_the_edge_of_a_structure_keeps_its_volume_and_mean_dose() -> None:
    """The hottest cells of a linear dose all lie at the surface, where coverage is partial."""
    body = contour_body(structure_of(stack(20.0, -7, 7)), ct(), EndCaps.HALF_SLICE, 20_000)
    dose = dose_of(lambda p: CENTRE_GY + p @ np.array([0.6, 0.8, 0.0]), grid(2.0))
    coarse = structure_dose(body_samples(body), [course_of(dose, 10)], [0.0])
    fine = refined(coarse, body, sum_rankings(3.0, False, None))
    assert fine.samples.volume_cc == pytest.approx(coarse.samples.volume_cc, rel=1e-3)
    means = [float(np.average(d.eqd2_gy(3.0, Basis.RAW), weights=d.samples.volumes_cc)) for d in (coarse, fine)]
    assert means[1] == pytest.approx(means[0], rel=1e-3)


def test_contours_that_enclose_no_area_are_refused() -> None:
    with pytest.raises(DosimetryError, match="enclose no area"):
        structure_samples(structure_of([np.array([[0, 0, 0], [10, 0, 0], [5, 0, 0]], dtype=float)]), ct())


def test_one_contour_a_little_off_its_slice_changes_nothing() -> None:
    """A tiny distance between two planes must not be taken for the distance of all."""
    contours = stack(10.0, -5, 5, (-20.0, 0.0)) + stack(8.0, -5, 5, (20.0, 0.0))
    expected = structure_samples(structure_of(contours), ct()).volume_cc
    for shift in (0.15, -0.3, 0.6):
        moved = [np.add(c, (0.0, 0.0, shift)) if n == 14 else c for n, c in enumerate(contours)]
        assert structure_samples(structure_of(moved), ct()).volume_cc == pytest.approx(expected, rel=0.005)
    jittered = [np.add(c, (0.0, 0.0, 0.08 * (-1) ** n)) for n, c in enumerate(contours)]
    assert structure_samples(structure_of(jittered), ct()).volume_cc == pytest.approx(expected, rel=0.005)


def test_every_third_slice_contoured_and_one_more_loses_nothing() -> None:
    sparse = [circle(10.0, w) for w in (-27.0, -18.0, -9.0, 0.0, 3.0, 9.0, 18.0, 27.0)]
    samples = structure_samples(structure_of(sparse), ct(), end_caps=EndCaps.NONE)
    assert samples.volume_cc == pytest.approx(np.pi * 100.0 * 54.0 / 1000.0, rel=0.005)


@pytest.mark.parametrize("rule", list(EndCaps))
def test_a_hole_on_one_slice_stands_for_that_slice_whatever_the_rule(rule: EndCaps) -> None:
    contours = stack(20.0, -4, 4) + stack(8.0, 0, 0)
    volume = structure_samples(structure_of(contours), ct(), end_caps=rule).volume_cc
    assert volume == pytest.approx(pillar_cc(20.0, 9, rule) - np.pi * 64.0 * STEP / 1000.0, rel=0.005)


def test_contours_that_cross_themselves_or_walk_around_twice_are_refused() -> None:
    """By even-odd a doubled walk encloses nothing; a figure of eight has no area by the shoelace formula."""
    twice = [np.vstack([c, c]) for c in stack(15.0, -3, 3)]
    with pytest.raises(DosimetryError, match="crosses itself, or walks around twice"):
        structure_samples(structure_of(twice), ct())
    eight = np.array([[-20.0, -20.0], [20.0, 20.0], [20.0, -20.0], [-20.0, 20.0]])
    crossing = [np.column_stack([eight, np.full(4, STEP * n)]) for n in range(5)]
    with pytest.raises(DosimetryError, match="crosses itself"):
        structure_samples(structure_of(crossing), ct())


def test_refined_samples_stay_within_structures_without_end_caps() -> None:
    contours = stack(20.0, -7, 7)
    body = contour_body(structure_of(contours), ct(), EndCaps.NONE, 20_000)
    dose = dose_of(lambda p: CENTRE_GY + p[:, 2], grid(2.0))
    fine = refined(structure_dose(body_samples(body), [course_of(dose, 10)], [0.0]), body, sum_rankings(3.0, False, None))
    assert fine.samples.points_mm[:, 2].max() <= 7 * STEP
    dvh = cumulative_dvh(fine.courses[0].dose_gy, fine.samples.volumes_cc)
    for volume in (0.03, 0.1, 0.5, 2.0):
        depth = 1000.0 * volume / (np.pi * 400.0)
        assert dvh.value(Metric.parse(f"D{volume}cc")) == pytest.approx(CENTRE_GY + 7 * STEP - depth, abs=0.1)


@pytest.mark.parametrize("noise_percent", [1.0, 3.0])
def test_refining_does_not_lower_the_maxima_of_a_noisy_dose(noise_percent: float) -> None:
    """Monte Carlo doses: the truth is the trilinear dose at millions of random points of the same body."""
    random = np.random.default_rng(7)
    radius, half = 60.0, 61.5
    contours = [circle(radius, STEP * n) for n in range(-20, 21)]
    place = Geometry((-80.0, -80.0, -80.0 + 20.0), (1.0, 1.0, STEP), AXIAL, (161, 161, 41))
    dose = dose_of(lambda p: 60.0 * (1.0 + 0.01 * noise_percent * random.standard_normal(len(p))), grid(2.0, 66.0))
    body = contour_body(structure_of(contours), place, EndCaps.HALF_SLICE, WANTED_SAMPLES)
    fine = refined(structure_dose(body_samples(body), [course_of(dose, 30)], [0.0]), body, sum_rankings(2.0, False, None))
    ours = cumulative_dvh(fine.courses[0].dose_gy, fine.samples.volumes_cc)
    points = random.uniform(-radius, radius, (3_000_000, 3)) * (1.0, 1.0, half / radius)
    points = points[np.hypot(points[:, 0], points[:, 1]) < radius]
    values, _ = trilinear(dose.voxels_gy, dose.geometry.to_index(points))
    truth = cumulative_dvh(values, np.full(len(values), ours.total_cc / len(values)))
    # Two standard errors of the metric on the least of these volumes, 58 cells: 0.06 of the noise of one voxel.
    allowed = 2 * 0.06 * 0.6 * noise_percent
    for metric in ("D1cc", "D2cc", "D10cc", "D2%"):
        assert ours.value(Metric.parse(metric)) == pytest.approx(truth.value(Metric.parse(metric)), abs=allowed), metric


def test_a_thin_shell_in_a_wide_box_stays_within_memory() -> None:
    """77 vessels side by side: as fine as their thickness asks for would be gigabytes."""
    centres = [(12.0 * i, 12.0 * j) for i in range(-4, 5) for j in range(-4, 5)]
    contours = [circle(1.2, STEP * n, centre, 40) for n in range(-15, 16) for centre in centres]
    samples = structure_samples(structure_of(contours), ct())
    assert len(samples.volumes_cc) < 4_000_000
    assert samples.volume_cc == pytest.approx(81 * np.pi * 1.44 * 93.0 / 1000.0, rel=0.02)


def test_contours_that_are_missing_again_and_again_are_not_passed_over_as_gaps() -> None:
    every_third = [circle(10.0, w) for w in (-27.0, -18.0, -15.0, -6.0, 3.0, 6.0, 15.0, 24.0, 27.0)]
    with pytest.raises(DosimetryError, match=r"gaps of .* mm within the same part"):
        structure_samples(structure_of(every_third), ct())
    interleaved = stack(10.0, -6, 6, (-20.0, 0.0)) + [
        np.add(c, (0.0, 0.0, STEP / 2)) for c in stack(8.0, -6, 6, (20.0, 0.0))
    ]
    with pytest.raises(DosimetryError, match="parts on every second"):
        structure_samples(structure_of(interleaved), ct())
