"""Measures of a transform alone, against maps whose derivatives, inverses and errors are known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landmark_pairs import pairs_of
from ReirradiationLib.model.errors import GeometryError, RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration_quality import Region
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.course_check import CourseCheck, OrganRegion, check_organ, region_quality
from ReirradiationLib.registration.field_of_view import field_of_view
from ReirradiationLib.registration.harmonic_energy import deformation_measure, nearest_rotation
from ReirradiationLib.registration.high_dose import high_dose_points
from ReirradiationLib.registration.inverse_consistency import inverse_consistency
from ReirradiationLib.registration.jacobian import jacobian_matrices, jacobian_measure
from ReirradiationLib.registration.spreading import spread
from ReirradiationLib.registration.target_error import landmark_measure, pairs_near
from scipy.spatial.transform import Rotation
from synthetic import AXIAL, FRAME, PATIENT, dose_of, grid, voxel_points

POINTS = np.random.default_rng(0).uniform(-30.0, 30.0, (400, 3))


def affine(linear: np.ndarray, shift=(0.0, 0.0, 0.0)) -> Affine:
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = shift
    return Affine(matrix)


def transform(*steps, fixed: str = FRAME, moving: str = FRAME) -> SpatialTransform:
    return SpatialTransform(fixed, moving, steps, "test")


def displaced(function, spacing_mm: float = 4.0, half_mm: float = 60.0) -> DisplacementGrid:
    geometry = grid(spacing_mm, half_mm)
    return DisplacementGrid(geometry, function(voxel_points(geometry)).reshape(*geometry.shape, 3).astype(np.float32))


def deformation(of: SpatialTransform, points: np.ndarray = POINTS):
    return deformation_measure(jacobian_matrices(of, points), points, of.apply(points))


rotations = st.tuples(*(3 * [st.floats(-3.0, 3.0)])).map(lambda vector: Rotation.from_rotvec(vector).as_matrix())
strains = st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=6).map(
    lambda e: np.array([[1 + e[0], e[3], e[4]], [e[3], 1 + e[1], e[5]], [e[4], e[5], 1 + e[2]]])
)


def test_jacobian_of_an_affine_strain_is_its_determinant() -> None:
    linear = np.array([[1.1, 0.05, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.2]])
    found = jacobian_measure(jacobian_matrices(transform(affine(linear)), POINTS))
    assert (found.smallest, found.p1, found.p99, found.largest) == pytest.approx(4 * (1.1 * 0.9 * 1.2,))
    assert (found.folded_percent, found.outside_percent) == (0.0, 0.0)


def test_a_fold_in_a_known_part_is_its_share() -> None:
    """u = −1.5·max(x, 0): the half x > 0 is turned inside out, the other is untouched."""
    half = displaced(lambda x: np.column_stack([-1.5 * np.maximum(x[:, 0], 0.0), 0 * x[:, 0], 0 * x[:, 0]]))
    points = POINTS[np.abs(POINTS[:, 0]) > 1.5]  # differences do not reach over the kink
    found = jacobian_measure(jacobian_matrices(transform(half), points))
    assert found.folded_percent == pytest.approx(100.0 * np.mean(points[:, 0] > 0))
    assert found.outside_percent == found.folded_percent
    assert (found.smallest, found.largest) == pytest.approx((-0.5, 1.0), abs=1e-5)


def test_a_growth_beyond_two_is_outside_but_not_folded() -> None:
    found = jacobian_measure(jacobian_matrices(transform(affine(1.3 * np.eye(3))), POINTS))
    assert (found.folded_percent, found.outside_percent) == (0.0, 100.0)


def test_where_the_transform_is_nowhere_defined_nothing_is_measured() -> None:
    far = POINTS + 1000.0
    nowhere = transform(displaced(lambda x: 0 * x))
    matrices = jacobian_matrices(nowhere, far)
    assert jacobian_measure(matrices) is None
    assert deformation_measure(matrices, far, nowhere.apply(far)) is None
    assert inverse_consistency(nowhere, far, nowhere.apply(far)) is None
    assert landmark_measure(nowhere, pairs_of(far, far)) is None


@given(rotation=rotations)
@settings(max_examples=30, deadline=None)
def test_a_rigid_motion_has_no_harmonic_energy_and_leaves_nothing(rotation: np.ndarray) -> None:
    found = deformation(transform(affine(rotation, (20.0, -300.0, 7.0))))
    assert found.harmonic_energy == pytest.approx(0.0, abs=1e-12)
    assert found.largest_mm == pytest.approx(0.0, abs=1e-6)


@given(strain=strains, before=rotations, after=rotations)
@settings(max_examples=50, deadline=None)
def test_harmonic_energy_of_a_strain_is_the_square_of_its_norm_however_the_patient_lies(strain, before, after) -> None:
    """A symmetric strain has no rotation in it: E = ‖S − 1‖²; turning either frame changes nothing."""
    found = deformation(transform(affine(before), affine(strain), affine(after, (5.0, 6.0, 7.0))))
    assert found.harmonic_energy == pytest.approx(np.sum((strain - np.eye(3)) ** 2), abs=1e-9)


def test_what_is_left_after_the_rigid_part_of_a_pure_scaling_is_known() -> None:
    points = np.concatenate([10.0 * np.eye(3), -10.0 * np.eye(3)])
    found = deformation(transform(affine(1.1 * np.eye(3), (3.0, 4.0, 5.0))), points)
    assert found.largest_mm == pytest.approx(1.0)


def test_harmonic_energy_of_a_sine_is_the_mean_of_its_squared_slope() -> None:
    """u_x = a·sin(ky): mean of (ak·cos)² is (ak)²/2, less what the shift by one grid step of 1 mm smooths away."""
    wave, height = 2 * np.pi / 40.0, 2.0
    sine = displaced(lambda x: np.column_stack([height * np.sin(wave * x[:, 1]), 0 * x[:, 0], 0 * x[:, 0]]), 1.0, 45.0)
    y = np.arange(-40.0, 40.0, 0.25) + 0.1
    points = np.column_stack([0 * y, y, 0 * y])
    assert deformation(transform(sine), points).harmonic_energy == pytest.approx((height * wave) ** 2 / 2, rel=0.02)


@given(matrix=st.lists(st.floats(-2.0, 2.0), min_size=9, max_size=9).map(lambda v: np.reshape(v, (3, 3))))
@settings(max_examples=50, deadline=None)
def test_the_nearest_rotation_is_a_proper_one(matrix: np.ndarray) -> None:
    found = nearest_rotation(matrix)
    np.testing.assert_allclose(found.T @ found, np.eye(3), atol=1e-9)
    assert np.linalg.det(found) == pytest.approx(1.0)


def test_a_pair_of_inverses_is_consistent_and_a_known_error_is_found() -> None:
    rotation = Rotation.from_rotvec((0.1, -0.2, 0.3)).as_matrix()
    forward = transform(affine(rotation, (5.0, 6.0, 7.0)))
    exact = transform(affine(rotation.T, -rotation.T @ (5.0, 6.0, 7.0)))
    found = inverse_consistency(exact, POINTS, forward.apply(POINTS))
    assert found.largest_mm == pytest.approx(0.0, abs=1e-9)
    off = transform(*exact.steps, affine(np.eye(3), (0.0, 3.0, 4.0)))
    found = inverse_consistency(off, POINTS, forward.apply(POINTS))
    assert (found.mean_mm, found.p95_mm, found.largest_mm) == pytest.approx((5.0, 5.0, 5.0))


def test_target_registration_errors_are_the_distances() -> None:
    prior = POINTS + np.outer(np.arange(len(POINTS)) / 100.0, (0.6, 0.0, 0.8))
    found = landmark_measure(transform(), pairs_of(POINTS, prior))
    lengths = np.arange(len(POINTS)) / 100.0
    assert (found.mean_mm, found.largest_mm) == pytest.approx((lengths.mean(), lengths.max()))
    assert found.p95_mm == pytest.approx(np.percentile(lengths, 95))
    assert (found.number, found.undefined) == (len(POINTS), 0)


def test_landmarks_where_the_transform_is_undefined_are_counted_apart() -> None:
    pairs = pairs_of(np.array([[0.0, 0, 0], [1000.0, 0, 0]]), np.zeros((2, 3)))
    found = landmark_measure(transform(displaced(lambda x: 0 * x)), pairs)
    assert (found.number, found.undefined, found.mean_mm) == (1, 1, 0.0)


def test_only_landmarks_within_thirty_millimetres_speak_for_an_organ() -> None:
    pairs = pairs_of(np.array([[29.0, 0, 0], [31.0, 0, 0], [0, -29.9, 0]]), np.zeros((3, 3)))
    np.testing.assert_array_equal(pairs_near(pairs, np.zeros((1, 3))).current_mm[:, 0], [29.0, 0.0])


@pytest.mark.parametrize(
    "pair",
    [
        (np.zeros((3, 3)), np.zeros((2, 3))),
        (np.zeros((3, 2)), np.zeros((3, 2))),
        (np.full((1, 3), np.nan), np.zeros((1, 3))),
    ],
)
def test_what_are_no_landmark_pairs_is_refused(pair) -> None:
    with pytest.raises(RegistrationError, match="Landmark pairs"):
        pairs_of(*pair)


def test_the_field_of_view_of_a_cropped_ct_is_the_share_of_its_box() -> None:
    """Points −30 … 30 along z; the CT ends at 15, the dose at −15; where the transform is undefined is outside."""
    z = np.linspace(-30.0, 30.0, 601)
    points = np.column_stack([0 * z, 0 * z, z])
    ct, dose = (Geometry((-50.0, -50.0, -50.0), (1.0,) * 3, AXIAL, (101, 101, count)) for count in (66, 36))
    found = field_of_view(ct, dose, points)
    assert found.outside_prior_ct_percent == pytest.approx(100.0 * np.mean(z > 15.0 + 1e-3), abs=0.2)
    assert found.outside_prior_dose_percent == pytest.approx(100.0 * np.mean(z > -15.0 + 1e-3), abs=0.2)
    assert field_of_view(None, dose, points).outside_prior_ct_percent is None
    assert field_of_view(ct, dose, np.full((4, 3), np.nan)).outside_prior_ct_percent == 100.0


def test_the_high_dose_region_is_where_the_mapped_dose_is_over_half_of_its_maximum() -> None:
    """A linear dose 0 … 100 Gy along x in the prior frame, which lies 10 mm to the left of the current one."""
    dose = dose_of(lambda x: x[:, 0] + 50.0, grid(5.0, 50.0))
    found = high_dose_points(grid(2.0, 40.0), dose, transform(affine(np.eye(3), (10.0, 0.0, 0.0))))
    assert found[:, 0].min() == pytest.approx(-8.0)  # x + 10 > 0, in steps of 4 mm from −40
    assert found[:, 0].max() == pytest.approx(40.0)
    assert len(np.unique(found, axis=0)) == len(found) == 13 * 21 * 21


@given(count=st.integers(1, 60), number=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_spread_points_are_different_and_no_two_nearer_than_any_left_out(count: int, number: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(count, 3))
    chosen = spread(points, number)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, number)
    if 1 < len(chosen) < count:
        between = np.linalg.norm(points[chosen][:, None] - points[chosen], axis=2)
        apart = between[np.triu_indices(len(chosen), 1)].min()
        left = np.linalg.norm(points[:, None] - points[chosen], axis=2).min(axis=1).max()
        assert apart >= left - 1e-12


def course(prior: bool = False, **changes) -> CourseCheck:
    geometry = grid(4.0, 60.0)
    current = Image(np.zeros(geometry.shape, np.float32), geometry, FRAME, "1", "2", (), (), PATIENT, "", "")
    dose = dose_of(lambda x: np.where(x[:, 0] > 0.0, 20.0, 2.0), geometry)
    return CourseCheck(
        **{"current": current, "prior": current if prior else None, "dose": dose, "transform": transform(), **changes}
    )


def test_without_a_prior_ct_the_images_are_not_compared() -> None:
    found = region_quality(course(), Region.ORGAN, POINTS, 0.0)
    assert found.similarity is None
    assert found.residual_shift is None
    assert found.inverse_consistency is None
    assert found.field_of_view.outside_prior_ct_percent is None
    assert found.jacobian.smallest == pytest.approx(1.0)


def test_the_overlap_is_the_part_of_the_organ_in_the_high_dose() -> None:
    found = check_organ(course(), OrganRegion("o", POINTS), 0.0)
    assert found.overlap.points == pytest.approx(np.sum(POINTS[:, 0] > 0), abs=40)  # the dose rises over one voxel of 4 mm
    assert found.highest_dose_share == pytest.approx(1.0)
    assert check_organ(course(), OrganRegion("o", POINTS - 40.0), 0.0).overlap is None


def test_what_belongs_to_other_frames_of_reference_is_refused() -> None:
    check = course(prior=True)
    with pytest.raises(GeometryError, match="it maps"):
        course(transform=transform(moving="9.9"))
    with pytest.raises(GeometryError, match="it maps"):
        course(prior=True, current=replace(check.current, frame_uid="9.9"))
    with pytest.raises(GeometryError, match="it maps"):
        course(backward=transform(fixed="9.9"))


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.zeros((4, 2)), np.full((2, 3), np.nan)])
def test_an_organ_without_points_is_refused(points: np.ndarray) -> None:
    with pytest.raises(RegistrationError, match="'heart'"):
        OrganRegion("heart", points)
