"""Structures, DVH in structures and accumulation against closed forms and published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Polygon
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.mapping import map_dose
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.errors import CaseError, DosimetryError, GeometryError, ProtocolError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.polygons import fill, signed_area
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import Affine, SpatialTransform
from synthetic import FRAME, ball, course_of, cylinder, dose_of, grid


def star(seed: int, count: int = 9) -> np.ndarray:
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, count))
    radius = random.uniform(3.0, 20.0, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


@given(st.integers(0, 10_000))
def test_fill_equals_an_independent_point_in_polygon_test(seed: int) -> None:
    polygon = star(seed)
    size, first, step = (50, 46), np.array([-24.63, -22.41]), np.array([1.03, 0.97])
    filled = fill([polygon], first, step, size)
    v, u = np.mgrid[0 : size[1], 0 : size[0]]
    points = np.stack([u.ravel(), v.ravel()], axis=1) * step + first
    oracle = Polygon(np.concatenate([polygon, polygon[:1]])).contains_points(points)
    assert np.array_equal(filled.ravel(), oracle)


def test_holes_count_as_xor_and_as_keyhole_alike() -> None:
    outer = np.array([[0, 0], [20, 0], [20, 20], [0, 20]], dtype=float)
    hole = np.array([[5, 5], [5, 15], [15, 15], [15, 5]], dtype=float)
    keyhole = np.concatenate([outer[:1], hole, hole[:1], outer])
    frame = (np.array([-2.3, -2.3]), np.array([0.5, 0.5]), (60, 60))
    assert np.array_equal(fill([outer, hole], *frame), fill([keyhole], *frame))
    assert fill([outer, hole], *frame).sum() * 0.25 == pytest.approx(300, rel=0.02)


def test_a_polygon_on_pixel_centres_is_filled_half_open_so_that_neighbours_do_not_overlap() -> None:
    left = np.array([[0, 0], [5, 0], [5, 5], [0, 5]], dtype=float)
    right = left + np.array([5.0, 0.0])
    frame = (np.zeros(2), np.ones(2), (12, 7))
    total = fill([left], *frame).astype(int) + fill([right], *frame)
    assert total.max() == 1
    assert total.sum() == 50


def test_signed_area_of_a_square_far_from_the_origin() -> None:
    square = np.array([[0, 0], [2, 0], [2, 3], [0, 3]], dtype=float) + 1e6
    assert signed_area(square) == pytest.approx(6.0)
    assert signed_area(square[::-1]) == pytest.approx(-6.0)


def test_volume_of_a_cylinder_is_exact() -> None:
    samples = structure_samples(cylinder(15.0, 30.0, 3.0), grid(2.0))
    assert samples.volume_cc == pytest.approx(np.pi * 15**2 * 30 / 1000, rel=0.002)


def test_a_gap_between_planes_is_not_filled() -> None:
    whole = cylinder(10.0, 60.0, 3.0)
    holed = Structure("two parts", 1, tuple(c for c in whole.contours_mm if abs(c[0, 2]) > 12))
    samples = structure_samples(holed, grid(2.0))
    slabs = len({float(c[0, 2]) for c in holed.contours_mm})
    assert samples.volume_cc == pytest.approx(np.pi * 100 * 3 * slabs / 1000, rel=0.003)


def test_mask_holds_exactly_the_voxels_whose_centres_lie_in_the_contour_of_their_plane() -> None:
    geometry, structure = grid(1.0, 20.0), ball(12.3, 1.0)
    mask = structure_mask(structure, geometry, geometry)
    expected = np.zeros_like(mask)
    for contour in structure.contours_mm:
        k = round(contour[0, 2] + 20.0)
        closed = Polygon(np.concatenate([contour[:, :2], contour[:1, :2]]))
        expected[k] = closed.contains_points(geometry.plane_points(k)[:, :2]).reshape(geometry.shape[1:])
    assert np.array_equal(mask, expected)


def test_volume_of_a_sphere_is_that_between_its_outermost_contours_plus_half_a_slice_each() -> None:
    """A sphere of 12 mm contoured every 3 mm: ∫ π (144 − z²) dz from -9 to 9 mm, and twice 63 π · 1.5 mm³."""
    samples = structure_samples(ball(12.0, 3.0), grid(3.0, 30.0))
    assert samples.volume_cc == pytest.approx(2295 * np.pi / 1000, rel=0.002)


@pytest.mark.parametrize("spacing", [1.0, 2.0])
def test_sphere_in_a_gradient_has_the_analytic_dvh(spacing: float) -> None:
    """r 12 mm, 1 Gy/mm, 20 Gy at the centre: V 7.238229 cc, D95 11.2484, D5 28.7516, D1cc 26.3949, D0.5cc 28.146."""
    dose = dose_of(lambda p: 20.0 + p[:, 0], grid(spacing, 30.0))
    samples = structure_samples(ball(12.0, spacing), grid(spacing, 30.0))
    result = structure_dose(samples, [course_of(dose, 20)], [0.0])
    physical = cumulative_dvh(result.courses[0].dose_gy, samples.volumes_cc)
    tolerance = 0.1 * spacing
    assert samples.volume_cc == pytest.approx(7.238229, rel=0.005 * spacing)
    for metric, expected in {"D95%": 11.2484, "D5%": 28.7516, "D1cc": 26.3949, "D0.5cc": 28.146, "Dmean": 20.0}.items():
        assert physical.value(Metric.parse(metric)) == pytest.approx(expected, abs=tolerance), metric


def test_a_single_oblique_contour_is_refused() -> None:
    tilted = Structure("tilted", 1, (np.array([[0, 0, 0], [10, 0, 0], [10, 10, 5], [0, 10, 5]], dtype=float),))
    with pytest.raises(DosimetryError, match="all its contours lie in one plane that is oblique"):
        structure_samples(tilted, grid(2.0))


def test_contours_that_make_no_sense_are_refused() -> None:
    whole = cylinder(10.0, 60.0, 3.0).contours_mm
    with pytest.raises(DosimetryError, match="the same contour twice"):
        structure_samples(Structure("doubled", 1, (*whole, whole[5])), grid(2.0))
    with pytest.raises(DosimetryError, match="within the current CT"):
        structure_samples(Structure("far", 1, tuple(c + np.array([0.0, 0.0, 50.0]) for c in whole)), grid(2.0))
    stray = whole[3].copy()
    stray[7, 0] = 1e9
    with pytest.raises(DosimetryError, match="within the current CT"):
        structure_samples(Structure("stray", 1, (*whole[:3], stray)), grid(2.0))
    with pytest.raises(DosimetryError, match=r"contours are 15\.0 mm apart"):
        structure_samples(Structure("sparse", 1, whole[::5]), grid(2.0))


def test_sparse_contours_beside_a_distant_one_keep_thin_slabs() -> None:
    whole = cylinder(10.0, 60.0, 3.0).contours_mm
    samples = structure_samples(Structure("three", 1, (whole[0], whole[1], whole[-1])), grid(2.0))
    assert samples.volume_cc == pytest.approx(np.pi * 100 * 9 / 1000, rel=0.005)


def test_regularly_sparse_contours_are_filled() -> None:
    whole = cylinder(10.0, 60.0, 3.0).contours_mm
    samples = structure_samples(Structure("every second", 1, whole[::2]), grid(2.0))
    assert samples.volume_cc == pytest.approx(np.pi * 100 * 60 / 1000, rel=0.005)


def test_a_structure_that_encloses_nothing_is_refused() -> None:
    line = Structure("line", 1, (np.array([[0, 0, 0], [10, 0, 0], [5, 0, 0]], dtype=float),))
    with pytest.raises(DosimetryError, match="enclose no area"):
        structure_samples(line, grid(2.0))


def smooth(seed: int):
    random = np.random.default_rng(seed)
    centre, width, height = random.uniform(-10, 10, 3), random.uniform(10, 25), random.uniform(5, 60)
    return lambda p: height * np.exp(-np.sum((p - centre) ** 2, axis=1) / (2 * width**2))


def course(seed: int, fractions: int = 5):
    return course_of(dose_of(smooth(seed), grid(4.0)), fractions, str(seed))


SAMPLES = structure_samples(ball(12.0, 2.0), grid(2.0))
recoveries = st.floats(0.0, 1.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=3, unique=True), st.floats(0.5, 10.0), st.data())
def test_properties_of_the_sum(seeds: list[int], alpha_beta: float, data) -> None:
    courses = [course(seed, fractions=3 + seed % 20) for seed in seeds]
    recovered = [data.draw(recoveries) for _ in seeds]
    result = structure_dose(SAMPLES, courses, recovered)
    backwards = structure_dose(SAMPLES, courses[::-1], recovered[::-1])
    raw, less = result.eqd2_gy(alpha_beta, Basis.RAW), result.eqd2_gy(alpha_beta, Basis.RECOVERED)
    assert np.array_equal(raw, backwards.eqd2_gy(alpha_beta, Basis.RAW))
    assert np.array_equal(less, backwards.eqd2_gy(alpha_beta, Basis.RECOVERED))
    assert (less <= raw).all()
    maxima = [result.course_eqd2_gy(part, alpha_beta, Basis.RAW).max() for part in result.courses]
    assert raw.max() <= sum(maxima) + 1e-9


def test_recovery_takes_off_eqd2_not_physical_dose() -> None:
    """50 Gy in 25 fractions, half recovered: 25 Gy EQD2 are left; halving the physical dose would leave 18.75 Gy."""
    uniform = course_of(dose_of(lambda p: np.full(len(p), 50.0), grid(4.0)), 25)
    result = structure_dose(SAMPLES, [uniform], [0.5])
    np.testing.assert_allclose(result.eqd2_gy(2.0, Basis.RECOVERED), 25.0)
    np.testing.assert_allclose(result.eqd2_gy(2.0, Basis.RAW), 50.0)


def test_a_recovery_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ProtocolError, match="0 … 1"):
        structure_dose(SAMPLES, [course(1)], [1.5])


def test_dose_outside_its_grid_is_not_known_rather_than_zero() -> None:
    half = course_of(dose_of(lambda p: np.full(len(p), 10.0), grid(2.0, 12.0, centre=(12.0, 0.0, 0.0))), 5)
    result = structure_dose(SAMPLES, [half], [0.0])
    assert result.unknown_percent() == pytest.approx(50.0, abs=1.0)


def test_volume_above_10_gy_per_fraction_is_counted() -> None:
    hot = course_of(dose_of(lambda p: np.where(p[:, 0] > 0, 24.0, 6.0), grid(2.0)), 2)
    result = structure_dose(SAMPLES, [hot], [0.0])
    height = 12.0 - 2.0 * (20.0 - 6.0) / (24.0 - 6.0)  # the interpolated dose passes 2 × 10 Gy between two voxels
    assert result.beyond_lq_cc() == pytest.approx(np.pi * height**2 * (36.0 - height) / 3000.0, rel=0.03)


def test_mapping_by_whole_voxels_is_exact() -> None:
    dose = dose_of(smooth(3), grid(2.0))
    shift = np.eye(4)
    shift[:3, 3] = (4.0, -6.0, 2.0)
    moved = course_of(dose, 5, transform=SpatialTransform(FRAME, FRAME, (Affine(shift),), "shift"))
    mapped = map_dose(moved, dose.geometry, FRAME)
    np.testing.assert_allclose(mapped.voxels_gy[:-1, 3:, :-2], dose.voxels_gy[1:, :-3, 2:], atol=1e-5)
    assert not mapped.known[:, :3].any()


def test_mapping_to_another_frame_than_the_transform_starts_in_is_refused() -> None:
    with pytest.raises(GeometryError, match="it maps"):
        map_dose(course(1), grid(4.0), "9.9.9")


def test_a_course_whose_transform_ends_in_another_frame_is_refused() -> None:
    with pytest.raises(GeometryError):
        course_of(dose_of(smooth(1), grid(4.0)), 5, transform=SpatialTransform(FRAME, "9.9", (), "wrong"))
    with pytest.raises(CaseError, match="0 fractions"):
        course_of(dose_of(smooth(1), grid(4.0)), 0)
