"""Grids, interpolation and transforms against closed forms and an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.model.errors import GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform, identity_transform
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation
from synthetic import AXIAL, grid

angles = st.floats(-180.0, 180.0)
lengths = st.floats(-200.0, 200.0)


def oblique(euler: tuple[float, float, float], origin: tuple[float, float, float]) -> Geometry:
    direction = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    rows = tuple(tuple(float(v) for v in row) for row in direction)
    return Geometry(origin, (1.5, 2.0, 3.0), rows, (7, 6, 5))


@given(st.tuples(angles, angles, angles), st.tuples(lengths, lengths, lengths))
def test_index_and_lps_are_inverse_of_each_other_on_any_grid(euler, origin) -> None:
    geometry = oblique(euler, origin)
    index = np.array([[0.0, 0.0, 0.0], [6.0, 5.0, 4.0], [1.25, 2.5, 3.75]])
    np.testing.assert_allclose(geometry.to_index(geometry.to_lps(index)), index, atol=1e-9)
    step = geometry.to_lps(np.array([[0.0, 0.0, 1.0]]))[0] - np.array(origin)
    assert np.linalg.norm(step) == pytest.approx(3.0)


def test_plane_points_are_the_voxel_centres_with_i_running_fastest() -> None:
    geometry = Geometry((10.0, 20.0, 30.0), (1.0, 2.0, 3.0), AXIAL, (3, 2, 4))
    points = geometry.plane_points(2)
    np.testing.assert_allclose(points[:4], [[10, 20, 36], [11, 20, 36], [12, 20, 36], [10, 22, 36]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": (0, 2, 2)}, "size"),
        ({"spacing_mm": (1.0, 0.0, 1.0)}, "spacing"),
        ({"spacing_mm": (1.0, float("nan"), 1.0)}, "spacing"),
        ({"direction": ((1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))}, "orthonormal"),
        ({"origin_mm": (0.0, float("inf"), 0.0)}, "axes"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(change, message) -> None:
    values = {"origin_mm": (0.0, 0.0, 0.0), "spacing_mm": (1.0, 1.0, 1.0), "direction": AXIAL, "size": (2, 2, 2)}
    with pytest.raises(GeometryError, match=message):
        Geometry(**{**values, **change})


@given(st.integers(0, 2**32 - 1))
def test_trilinear_equals_an_independent_implementation_inside(seed) -> None:
    random = np.random.default_rng(seed)
    voxels = random.normal(size=(4, 5, 6))
    index = random.uniform(0.0, 1.0, size=(50, 3)) * (5, 4, 3)
    values, inside = trilinear(voxels, index)
    assert inside.all()
    np.testing.assert_allclose(values, map_coordinates(voxels, index[:, ::-1].T, order=1), atol=1e-12)


def test_trilinear_knows_what_lies_outside_and_gives_no_value_there() -> None:
    voxels = np.ones((3, 3, 3))
    index = np.array([[1.0, 1.0, 2.01], [-0.01, 1.0, 1.0], [np.nan, 1.0, 1.0], [2.0, 2.0, 2.0], [0.0, 0.0, -5e-4]])
    values, inside = trilinear(voxels, index)
    assert inside.tolist() == [False, False, False, True, True]
    assert values.tolist() == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_trilinear_reproduces_a_linear_field_of_vectors() -> None:
    geometry = grid(5.0, 20.0)
    points = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
    field = (points @ np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 0.0], [0.0, -1.0, 3.0]])).reshape((*geometry.shape, 3))
    wanted = np.array([[3.3, -7.1, 12.9], [0.1, 0.2, 0.3]])
    values, inside = trilinear(field, geometry.to_index(wanted))
    assert inside.all()
    np.testing.assert_allclose(values, wanted @ np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 0.0], [0.0, -1.0, 3.0]]))


def test_steps_of_a_transform_are_applied_in_order() -> None:
    shift, turn = np.eye(4), np.eye(4)
    shift[:3, 3] = (1.0, 0.0, 0.0)
    turn[:3, :3] = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    transform = SpatialTransform("a", "b", (Affine(shift), Affine(turn)), "test")
    np.testing.assert_allclose(transform.apply(np.zeros((1, 3))), [[0.0, 1.0, 0.0]], atol=1e-12)
    assert not transform.is_deformable


def test_displacement_is_undefined_outside_its_grid_and_where_a_vector_is_nan() -> None:
    geometry = grid(10.0, 10.0)
    vectors = np.zeros((*geometry.shape, 3), dtype=np.float32)
    vectors[..., 0] = 2.0
    vectors[0, 0, 0] = np.nan
    step = DisplacementGrid(geometry, vectors)
    points = np.array([[5.0, 5.0, 5.0], [-9.0, -9.0, -9.0], [0.0, 0.0, 11.0]])
    result = step.apply(points)
    np.testing.assert_allclose(result[0], [7.0, 5.0, 5.0])
    assert np.isnan(result[1:]).all(axis=1).tolist() == [True, True]


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(3),
        np.zeros((4, 4)),
        np.full((4, 4), np.nan),
        np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1.0]]),
    ],
)
def test_a_matrix_that_is_no_invertible_affine_map_is_refused(matrix) -> None:
    with pytest.raises(GeometryError, match="matrix"):
        Affine(np.asarray(matrix, dtype=float))


def test_a_vector_field_of_another_shape_than_its_grid_is_refused() -> None:
    with pytest.raises(GeometryError, match="shape"):
        DisplacementGrid(grid(10.0, 10.0), np.zeros((2, 2, 2, 3), dtype=np.float32))


def test_a_transform_is_only_used_between_its_own_frames() -> None:
    transform = identity_transform("a")
    transform.require_frames("a", "a")
    with pytest.raises(GeometryError, match="it maps a to a"):
        transform.require_frames("a", "b")


@settings(max_examples=30)
@given(st.tuples(angles, angles, angles), st.tuples(lengths, lengths, lengths))
def test_a_grid_holding_a_rigid_motion_equals_the_matrix(euler, shift) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    geometry = grid(10.0, 30.0)
    nodes = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
    vectors = (Affine(matrix).apply(nodes) - nodes).reshape((*geometry.shape, 3)).astype(np.float32)
    points = np.array([[1.0, 2.0, 3.0], [-29.0, 14.5, 7.7]])
    np.testing.assert_allclose(DisplacementGrid(geometry, vectors).apply(points), Affine(matrix).apply(points), atol=1e-3)
