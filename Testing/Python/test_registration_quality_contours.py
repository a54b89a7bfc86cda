"""Mapped prior contours against current ones: bodies whose overlap and distances are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.contour_agreement import ContourPair, contour_agreement
from ReirradiationLib.registration.engine import Box
from synthetic import FRAME, grid

IDENTITY = SpatialTransform(FRAME, FRAME, (), "test")


def ball(radius_mm: float, centre=(0.0, 0.0, 0.0)):
    return lambda points: np.linalg.norm(points - np.asarray(centre), axis=1) <= radius_mm


def rod(radius_mm: float, low_mm: float, high_mm: float, centre=(0.0, 0.0)):
    def contains(points: np.ndarray) -> np.ndarray:
        across = np.linalg.norm(points[:, :2] - np.asarray(centre), axis=1) <= radius_mm
        return across & (points[:, 2] > low_mm) & (points[:, 2] < high_mm)

    return contains


def box(half: float, height: float | None = None) -> Box:
    z = half if height is None else height
    return Box((-half, -half, -z), (half, half, z))


def shift(of_mm) -> SpatialTransform:
    matrix = np.eye(4)
    matrix[:3, 3] = of_mm
    return SpatialTransform(FRAME, FRAME, (Affine(matrix),), "test")


def lens_dice(radius: float, apart: float) -> float:
    """Dice of two equal balls: their lens over the volume of one."""
    return (1 - apart / (2 * radius)) ** 2 * (1 + apart / (4 * radius))


@pytest.mark.parametrize("apart_mm", [0.0, 2.0, 5.0, 9.0])
def test_two_balls_apart_have_the_dice_of_their_lens(apart_mm: float) -> None:
    pair = ContourPair(ball(20.0), ball(20.0, (apart_mm, 0.0, 0.0)), box(20.0))
    found = contour_agreement(IDENTITY, pair)
    assert found.dice == pytest.approx(lens_dice(20.0, apart_mm), abs=0.01)
    assert not found.is_cut


def test_the_distance_of_concentric_balls_is_the_difference_of_their_radii() -> None:
    found = contour_agreement(IDENTITY, ContourPair(ball(18.0), ball(22.0), box(18.0)))
    assert found.mean_mm == pytest.approx(4.0, abs=0.3)
    assert found.p95_mm == pytest.approx(4.0, abs=0.8)


def test_the_distance_of_balls_apart_is_that_of_their_surfaces() -> None:
    """From a surface point at the angle t to the shift: | |r·n − d| − r |; its mean over the sphere."""
    cosine = np.linspace(-1.0, 1.0, 20_001)
    distance = np.abs(np.sqrt(20.0**2 + 5.0**2 - 2 * 20.0 * 5.0 * cosine) - 20.0)
    found = contour_agreement(IDENTITY, ContourPair(ball(20.0), ball(20.0, (0.0, 5.0, 0.0)), box(20.0)))
    assert found.mean_mm == pytest.approx(distance.mean(), abs=0.3)
    assert found.p95_mm == pytest.approx(np.percentile(distance, 95), abs=0.5)


def test_the_right_transform_brings_them_together() -> None:
    pair = ContourPair(ball(20.0), ball(20.0, (14.0, -9.0, 21.0)), box(20.0))
    found = contour_agreement(shift((14.0, -9.0, 21.0)), pair)
    assert found.dice == pytest.approx(1.0)
    assert found.p95_mm == pytest.approx(0.0, abs=1e-9)


def test_a_cord_contoured_over_part_of_its_length_is_compared_over_that_part_and_says_so() -> None:
    found = contour_agreement(IDENTITY, ContourPair(rod(6.0, -100, 100), rod(6.0, -40, 30, (1.0, 0.0)), box(6.0, 100.0)))
    assert found.is_cut
    assert found.dice > 0.85
    assert found.mean_mm < 1.0
    whole = contour_agreement(IDENTITY, ContourPair(rod(6.0, -100, 100), rod(6.0, -98, 95, (1.0, 0.0)), box(6.0, 100.0)))
    assert not whole.is_cut


def test_a_round_organ_that_is_shorter_is_not_taken_for_cut() -> None:
    found = contour_agreement(IDENTITY, ContourPair(ball(25.0), ball(12.0), box(25.0)))
    assert not found.is_cut
    assert found.dice == pytest.approx(2 * 12**3 / (25**3 + 12**3), abs=0.02)


def test_contours_that_are_nowhere_near_have_no_distance_and_no_overlap() -> None:
    found = contour_agreement(IDENTITY, ContourPair(ball(20.0), ball(20.0, (300.0, 0.0, 0.0)), box(20.0)))
    assert (found.dice, found.mean_mm, found.p95_mm) == (0.0, None, None)


def test_where_nothing_is_defined_nothing_is_compared() -> None:
    far = DisplacementGrid(grid(4.0, 8.0, (300.0, 0.0, 0.0)), np.zeros((5, 5, 5, 3), np.float32))
    assert (
        contour_agreement(SpatialTransform(FRAME, FRAME, (far,), ""), ContourPair(ball(20.0), ball(20.0), box(20.0))) is None
    )
    assert contour_agreement(IDENTITY, ContourPair(ball(20.0, (300.0, 0, 0)), ball(20.0), box(20.0))) is None


@given(apart=st.tuples(*(3 * [st.floats(-6.0, 6.0)])), radius=st.floats(14.0, 20.0))
@settings(max_examples=10, deadline=None)
def test_it_does_not_matter_which_of_the_two_is_the_prior_one(apart, radius: float) -> None:
    one, other = ball(16.0), ball(radius, apart)
    there, back = (contour_agreement(IDENTITY, ContourPair(*pair, box(24.0))) for pair in ((one, other), (other, one)))
    assert there.dice == back.dice
    assert there.mean_mm == pytest.approx(back.mean_mm)
    assert 0.0 <= there.dice <= 1.0
