"""The check by image blocks: shifts that we put there ourselves, in images given by a formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.block_matching import masked_correlation, match_blocks
from ReirradiationLib.registration.image_noise import noise_gradient, noise_hu
from ReirradiationLib.registration.residual_shift import REACH_MM, residual_shift, weakest_gradients
from ReirradiationLib.registration.similarity import similarity
from synthetic import FRAME, PATIENT, grid, voxel_points

SIGMA_MM = 7.0
_RANDOM = np.random.default_rng(5)
BLOBS = _RANDOM.uniform(-60.0, 60.0, (400, 3))
HEIGHTS_HU = _RANDOM.uniform(-150.0, 150.0, 400)
ORGAN = _RANDOM.uniform(-18.0, 18.0, (600, 3))
IDENTITY = SpatialTransform(FRAME, FRAME, (), "test")


def anatomy(points_mm: np.ndarray) -> np.ndarray:
    """A smooth field of blobs, HU."""
    total = np.full(len(points_mm), 30.0)
    for centre, height in zip(BLOBS, HEIGHTS_HU, strict=True):
        total += height * np.exp(-np.sum((points_mm - centre) ** 2, axis=1) / (2 * SIGMA_MM**2))
    return total


def image_of(function, noise: float = 0.0, seed: int = 1, spacing_mm: float = 2.5, half_mm: float = 50.0) -> Image:
    geometry = grid(spacing_mm, half_mm)
    voxels = function(voxel_points(geometry)).reshape(geometry.shape)
    voxels = voxels + np.random.default_rng(seed).normal(0.0, noise, geometry.shape) if noise else voxels
    return Image(voxels.astype(np.float32), geometry, FRAME, "1", "2", (), (), PATIENT, "", "")


@pytest.fixture(scope="module")
def current() -> Image:
    return image_of(anatomy)


@pytest.fixture(scope="module")
def noisy() -> Image:
    return image_of(anatomy, noise=20.0)


def shift(of_mm) -> SpatialTransform:
    matrix = np.eye(4)
    matrix[:3, 3] = of_mm
    return SpatialTransform(FRAME, FRAME, (Affine(matrix),), "test")


def moved(by_mm, noise: float = 0.0, map_hu=lambda hu: hu) -> Image:
    """The prior CT of a patient who lies elsewhere: what is at x today was at x + by_mm."""
    return image_of(lambda points: map_hu(anatomy(points - np.asarray(by_mm))), noise=noise, seed=2)


@pytest.mark.parametrize(
    "by_mm", [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, -2.3, 1.1), (3.0, 3.0, -2.0), (0.0, 0.0, 9.9), (5, -5, 5)]
)
def test_a_known_shift_is_found_to_a_third_of_a_millimetre(current: Image, by_mm) -> None:
    found = residual_shift(current, moved(by_mm), IDENTITY, ORGAN, noise_gradient(current))
    assert found.median_mm == pytest.approx(np.linalg.norm(by_mm), abs=0.3)
    assert found.p95_mm == pytest.approx(np.linalg.norm(by_mm), abs=0.5)
    assert found.lost_percent == 0.0
    assert found.blocks == 16


def test_the_right_transform_leaves_no_shift(current: Image) -> None:
    found = residual_shift(current, moved((14.0, -9.0, 21.0)), shift((14.0, -9.0, 21.0)), ORGAN, noise_gradient(current))
    assert found.p95_mm < 0.3
    assert found.correlation > 0.98


def test_noise_in_both_images_does_not_hide_the_shift(noisy: Image) -> None:
    found = residual_shift(noisy, moved((0.0, 4.0, 3.0), noise=20.0), IDENTITY, ORGAN, noise_gradient(noisy))
    assert found.blocks >= 8
    assert found.median_mm == pytest.approx(5.0, abs=0.3)


@pytest.mark.parametrize("map_hu", [lambda hu: 0.6 * hu + 80.0, lambda hu: 1.4 * hu - 60.0])
def test_a_linear_change_of_the_intensities_does_not_change_the_shift(current: Image, map_hu) -> None:
    found = residual_shift(current, moved((0.0, 4.0, 3.0), map_hu=map_hu), IDENTITY, ORGAN, noise_gradient(current))
    assert found.median_mm == pytest.approx(5.0, abs=0.3)


@pytest.mark.parametrize("spacing_mm", [1.0, 2.5, 4.0])
@pytest.mark.parametrize("noise", [0.0, 15.0, 30.0])
def test_in_a_homogeneous_organ_there_is_nothing_to_check_by(noise: float, spacing_mm: float) -> None:
    flat = [image_of(lambda x: np.full(len(x), 40.0), noise, seed, spacing_mm) for seed in (1, 2)]
    assert residual_shift(*flat, IDENTITY, ORGAN, noise_gradient(flat[0])) is None


def test_along_a_pipe_there_is_nothing_to_check_by(current: Image) -> None:
    """Structure in two directions only: the third shift would be a guess."""
    pipes = [image_of(lambda x: anatomy(x * (1.0, 1.0, 0.0))) for _ in range(2)]
    assert residual_shift(*pipes, IDENTITY, ORGAN, 0.0) is None


def test_a_shift_beyond_the_search_counts_as_lost(current: Image) -> None:
    found = residual_shift(current, moved((0.0, 0.0, 27.0)), IDENTITY, ORGAN, noise_gradient(current))
    assert found.lost_percent > 50.0
    assert found.median_mm == pytest.approx(REACH_MM)


def test_other_anatomy_is_not_found(current: Image) -> None:
    other = image_of(lambda points: anatomy(np.column_stack([-points[:, 1], points[:, 2], 0.9 * points[:, 0]]) + 7.0))
    found = residual_shift(current, other, IDENTITY, ORGAN, noise_gradient(current))
    assert found.median_mm > 6.0
    assert found.correlation < 0.4


def test_a_deformable_transform_that_is_wrong_by_a_vector_is_found_wrong_by_it(current: Image) -> None:
    """A smooth deformation d is the truth; the transform given is d and a constant error of 4 mm."""

    def bump(points: np.ndarray) -> np.ndarray:
        return np.outer(np.exp(-np.sum(points**2, axis=1) / (2 * 30.0**2)), (6.0, -4.0, 5.0))

    geometry = grid(4.0, 60.0)
    deformed = image_of(lambda x: anatomy(x + bump(x)))
    for error in ((0.0, 0.0, 0.0), (0.0, 0.0, 4.0)):
        vectors = (bump(voxel_points(geometry)) + error).reshape(*geometry.shape, 3).astype(np.float32)
        field = SpatialTransform(FRAME, FRAME, (DisplacementGrid(geometry, vectors),), "test")
        found = residual_shift(deformed, current, field, ORGAN, noise_gradient(deformed))
        assert found.median_mm == pytest.approx(np.linalg.norm(error), abs=0.4)


def test_where_the_prior_ct_does_not_reach_no_block_counts(current: Image) -> None:
    assert residual_shift(current, current, shift((500.0, 0.0, 0.0)), ORGAN, 0.0) is None
    nowhere = DisplacementGrid(grid(4.0, 8.0, (300.0, 0.0, 0.0)), np.zeros((5, 5, 5, 3), np.float32))
    assert residual_shift(current, current, SpatialTransform(FRAME, FRAME, (nowhere,), ""), ORGAN, 0.0) is None


def test_two_runs_give_the_same_numbers(noisy: Image) -> None:
    prior = moved((1.0, 2.0, 3.0), noise=10.0)
    runs = [residual_shift(noisy, prior, IDENTITY, ORGAN, noise_gradient(noisy)) for _ in range(2)]
    assert runs[0] == runs[1]


def test_the_correlation_is_that_of_the_samples_known_on_both_sides() -> None:
    """Against the plain formula, shift by shift, with gaps in both."""
    random = np.random.default_rng(3)
    fixed, moving = random.normal(40.0, 50.0, (2, 5, 5, 5)), random.normal(-200.0, 90.0, (2, 9, 9, 9))
    fixed[0, 0, 1:3], moving[1, 4, :, 4] = np.nan, np.nan
    found = masked_correlation(fixed, moving)
    assert found.shape == (2, 5, 5, 5)
    for block, z, y, x in ((0, 0, 0, 0), (0, 2, 4, 1), (1, 2, 2, 2), (1, 4, 3, 0)):
        window = moving[block, z : z + 5, y : y + 5, x : x + 5]
        known = np.isfinite(fixed[block]) & np.isfinite(window)
        expected = np.corrcoef(fixed[block][known], window[known])[0, 1]
        assert found[block, z, y, x] == pytest.approx(expected, abs=1e-9)


@given(gain=st.floats(0.2, 5.0), offset=st.floats(-500.0, 500.0))
@settings(max_examples=20, deadline=None)
def test_matching_hardly_depends_on_brightness_and_contrast(gain: float, offset: float) -> None:
    cube = np.random.default_rng(4).normal(0.0, 50.0, (1, 11, 11, 11))
    block = cube[:, 2:9, 3:10, 1:8]
    plain, changed = match_blocks(block, cube), match_blocks(gain * block + offset, cube)
    np.testing.assert_allclose(changed.shifts_mm, plain.shifts_mm, atol=0.1)  # edges level off
    np.testing.assert_allclose(
        plain.shifts_mm[0], (-2.0, 2.0, 0.0), atol=0.5
    )  # x, y, z of 1 − 2, 3 − 2, 2 − 2 samples of 2 mm
    assert plain.peaks[0] == pytest.approx(1.0)


def test_the_weakest_gradient_of_a_plane_is_nothing_and_of_a_ramp_in_all_directions_too() -> None:
    z, y, x = np.meshgrid(*(3 * [np.arange(0.0, 18.0, 2.0)]), indexing="ij")
    ramp = 10.0 * (x + y + z)  # one direction only, however oblique
    saddle = 5.0 * (x - 8) ** 2 + 5.0 * (y - 8) ** 2 + 5.0 * (z - 8) ** 2
    found = weakest_gradients(np.stack([ramp, saddle]))
    assert found[0] == pytest.approx(0.0, abs=1e-5)
    assert found[1] == pytest.approx(10.0 * np.std(np.gradient((np.arange(0.0, 18.0, 2.0) - 8) ** 2, 2.0)) / 2.0, rel=1e-6)


@pytest.mark.parametrize("sigma", [5.0, 20.0, 40.0])
def test_the_noise_of_an_image_is_read_from_it(sigma: float) -> None:
    assert noise_hu(image_of(lambda x: np.full(len(x), 40.0), sigma)) == pytest.approx(sigma, rel=0.05)
    assert noise_hu(image_of(lambda x: 0.3 * x[:, 0] + 40.0, sigma)) == pytest.approx(sigma, rel=0.05)


def test_similarity_before_and_after_tells_whether_registration_helped(noisy: Image) -> None:
    prior = moved((6.0, -4.0, 5.0), noise=20.0)
    found = similarity(noisy, prior, shift((6.0, -4.0, 5.0)), ORGAN)
    assert found.after > 0.9
    assert found.before < found.after - 0.3


def test_similarity_is_not_known_where_the_cts_do_not_overlap_or_show_nothing(current: Image) -> None:
    assert similarity(current, current, shift((500.0, 0.0, 0.0)), ORGAN).after is None
    flat = image_of(lambda x: np.full(len(x), 40.0))
    assert similarity(flat, flat, IDENTITY, ORGAN).after is None
    assert similarity(current, flat, IDENTITY, ORGAN).after == pytest.approx(0.0, abs=1e-6)
