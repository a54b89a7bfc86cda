"""Keyholes and loops say the same area."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.model.contour_shape import even_odd_area, keyholed, opened
from ReirradiationLib.model.polygons import signed_area


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.5, 4.0), st.floats(0.0, 2 * np.pi), st.integers(3, 40)), max_size=5),
    st.integers(8, 60),
    st.integers(0, 500),
)
def test_keyholes_enclose_the_even_odd_area_of_the_loops_and_can_be_opened_again(holes, points, start) -> None:
    def circle(radius, count, x, y):
        angle = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
        return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])

    loops = [circle(40.0, points, 0.0, 0.0)]
    for n, (radius, turn, count) in enumerate(holes):
        angle = 2 * np.pi * n / 5
        hole = circle(radius, count, 20.0 * np.cos(angle), 20.0 * np.sin(angle))
        loops.append(np.roll(hole, int(turn * 10), axis=0))
        if radius > 2.0 and count > 8:  # an island in the hole
            loops.append(circle(radius / 4, 6, 20.0 * np.cos(angle), 20.0 * np.sin(angle)))
    # Independent truth: areas of the circles' polygons, outer and islands in, holes out.
    islands = sum(radius > 2.0 and count > 8 for radius, _, count in holes)
    areas = [abs(signed_area(loop)) for loop in loops]
    expected = areas[0]
    at = 1
    for radius, _, count in holes:
        has_island = radius > 2.0 and count > 8
        expected += (areas[at + 1] if has_island else 0.0) - areas[at]
        at += 2 if has_island else 1
    joined = keyholed(loops)
    assert len(joined) == 1 + islands
    assert even_odd_area(loops) == pytest.approx(expected, rel=1e-9)
    assert sum(abs(signed_area(polygon)) for polygon in joined) == pytest.approx(expected, rel=1e-9)
    again = [loop for polygon in joined for loop in opened(np.roll(polygon, start, axis=0))]
    assert sorted(len(loop) for loop in again) == sorted(len(loop) for loop in loops)
    assert even_odd_area(again) == pytest.approx(expected, rel=1e-9)


def test_a_comb_of_a_thousand_spikes_has_the_area_of_its_body() -> None:
    """Edges walked forth and back enclose nothing, however many there are."""
    spikes = [point for n in range(1000) for point in ((0.01 * n, 0.0), (0.01 * n, -5.0), (0.01 * n, 0.0))]
    comb = np.array([*spikes, (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])
    assert even_odd_area(opened(comb)) == pytest.approx(100.0)
    assert opened(np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])) == []


def test_contours_of_twenty_thousand_points_are_joined_at_their_closest_points() -> None:
    """All pairs at once would be 6 GB; the closest pair of two circles off centre is known."""
    angle = np.linspace(0.0, 2 * np.pi, 20_000, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    outer, hole = 50.0 * circle, 10.0 * circle + (20.0, 0.0)
    tracemalloc.start()
    (joined,) = keyholed([outer, hole])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert len(joined) == 40_002
    assert abs(signed_area(joined)) == pytest.approx(np.pi * (50.0**2 - 10.0**2), rel=1e-6)
    steps = np.linalg.norm(joined - np.roll(joined, 1, axis=0), axis=1)
    assert sorted(steps)[-2:] == pytest.approx([20.0, 20.0])  # the bridge, there and back
