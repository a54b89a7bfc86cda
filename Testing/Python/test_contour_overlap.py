"""Loops that even–odd filling would turn into holes without a trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.contour_overlap import overlap
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.structure import Structure
from synthetic import grid


def circle(radius: float, centre: tuple[float, float] = (0.0, 0.0), points: int = 90) -> np.ndarray:
    angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def box(low: tuple[float, float], high: tuple[float, float]) -> np.ndarray:
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])], dtype=float)


@given(
    start=st.integers(0, 89),
    is_reversed=st.booleans(),
    is_closed=st.booleans(),
    noise=st.floats(0.0, 0.01),
    radius=st.floats(2.0, 60.0),
)
def test_a_loop_stored_twice_is_noticed_however_it_is_written(
    start: int, is_reversed: bool, is_closed: bool, noise: float, radius: float
) -> None:
    again = np.roll(circle(radius), start, axis=0)[:: -1 if is_reversed else 1] + noise
    again = np.concatenate([again, again[:1]]) if is_closed else again
    assert overlap([circle(radius), again]) == "the same contour twice"


@given(shift=st.floats(1.0, 38.0), angle=st.floats(0.0, 6.2))
def test_crossing_loops_are_noticed(shift: float, angle: float) -> None:
    other = circle(20.0, (shift * np.cos(angle), shift * np.sin(angle)))
    assert overlap([circle(20.0), other]) == "contours that cross each other"


def test_a_cross_of_two_bars_has_no_vertex_inside_the_other() -> None:
    assert overlap([box((-20, -3), (20, 3)), box((-3, -20), (3, 20))]) == "contours that cross each other"


@pytest.mark.parametrize(
    "loops",
    [
        [circle(20.0), circle(10.0)],  # a hole
        [circle(20.0), circle(10.0), circle(5.0)],  # an island in a hole
        [circle(10.0), circle(10.0, (25.0, 0.0))],  # beside each other
        [box((0, 0), (10, 10)), box((10, 0), (20, 10))],  # sharing an edge
        [box((0, 0), (10, 10)), box((10, 10), (20, 20))],  # sharing a corner
        [box((0, 0), (10, 10)), box((0, 2), (5, 8))],  # a hole that touches the border from within
        [circle(20.0), circle(19.5)],  # a thin ring
    ],
)
def test_loops_that_go_together_pass(loops: list[np.ndarray]) -> None:
    assert overlap(loops) == ""
    assert overlap(loops[::-1]) == ""


def test_a_structure_with_a_doubled_contour_is_refused_and_not_hollow() -> None:
    ring = np.column_stack([circle(8.0), np.zeros(90)])
    structure = Structure("cord", 1, (ring, ring[::-1]))
    with pytest.raises(DosimetryError, match=r"cord.*the same contour twice.*structure\.contours-overlap"):
        structure_samples(structure, grid(2.0, 20.0))
