"""Rigid transforms from landmark pairs, and pairs that determine none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.model.errors import RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.registration.engine import Registered
from ReirradiationLib.registration.landmark_table import COLUMNS, LandmarkPairs, read_landmarks, require_within
from ReirradiationLib.registration.landmarks import register_landmarks, rigid_fit
from scipy.spatial.transform import Rotation

RAS = np.array([-1.0, -1.0, 1.0])
TURN = Rotation.from_euler("xyz", (6, -9, 14), degrees=True)
SHIFT = np.array([12.0, -40.0, 95.0])


def pairs_of(current: np.ndarray, prior: np.ndarray) -> LandmarkPairs:
    return LandmarkPairs(tuple(f"P{n}" for n in range(len(current))), current, prior, "points.csv")


def spread(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform((-120, -80, -200), (120, 60, 150), (count, 3))


def moved(points: np.ndarray, noise_mm: float = 0.0, seed: int = 1) -> np.ndarray:
    return TURN.apply(points) + SHIFT + np.random.default_rng(seed).normal(0, noise_mm, points.shape)


def register(current: np.ndarray, prior: np.ndarray) -> Registered:
    return register_landmarks(pairs_of(current, prior), "1.1", "1.2")


def matrix_of(registered: Registered) -> np.ndarray:
    (step,) = registered.transform.steps
    return step.matrix


def test_exact_pairs_give_the_exact_transform() -> None:
    for count in (4, 5, 12):
        registered = register(spread(count), moved(spread(count)))
        np.testing.assert_allclose(matrix_of(registered)[:3, :3], TURN.as_matrix(), atol=1e-12)
        np.testing.assert_allclose(matrix_of(registered)[:3, 3], SHIFT, atol=1e-9)
        assert (registered.transform.fixed_frame_uid, registered.transform.moving_frame_uid) == ("1.1", "1.2")
    assert registered.transform.source == "rigid fit to 12 landmark pairs (points.csv)"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 40), st.floats(0.0, 4.0))
def test_the_fit_is_the_one_that_scipy_finds(seed: int, count: int, noise_mm: float) -> None:
    current = spread(count, seed)
    prior = moved(current, noise_mm, seed + 1)
    rotation, _ = Rotation.align_vectors(prior - prior.mean(axis=0), current - current.mean(axis=0))
    found = rigid_fit(current, prior)
    np.testing.assert_allclose(found[:3, :3], rotation.as_matrix(), atol=1e-6)
    np.testing.assert_allclose(found[:3, :3] @ current.mean(axis=0) + found[:3, 3], prior.mean(axis=0), atol=1e-9)


def test_left_out_errors_tell_more_than_those_of_the_fit() -> None:
    """Independent Gaussian errors of σ per axis: FRE² has mean 3σ²(1 − 2/n), and pairs left out err more than the noise."""
    noise_mm, count, fitted, left_out = 2.0, 8, [], []
    for seed in range(60):
        lines = register(spread(count, seed), moved(spread(count, seed), noise_mm, 1000 + seed)).log
        fitted.append(float(lines[1].split("mean ")[1].split(" mm")[0]))
        left_out.append(float(lines[2].split("mean ")[1].split(" mm")[0]))
    true_mm = noise_mm * np.sqrt(8 / np.pi)  # mean length of the noise, a Maxwell distribution
    assert np.mean(fitted) == pytest.approx(true_mm * np.sqrt(1 - 2 / count), rel=0.05)
    assert np.mean(left_out) > 1.15 * true_mm


def test_the_demo_landmarks_give_the_best_rigid_fit(demo_folder: Path, landmarks) -> None:
    pairs = read_landmarks(demo_folder / "truth" / "landmarks_current_prior_LPS.csv")
    np.testing.assert_array_equal(pairs.current_mm, landmarks[0])
    np.testing.assert_array_equal(pairs.prior_mm, landmarks[1])
    registered = register_landmarks(pairs, "1.1", "1.2")
    errors = np.linalg.norm(registered.transform.apply(landmarks[0]) - landmarks[1], axis=1)
    assert f"mean {errors.mean():.2f} mm, largest {errors.max():.2f} mm" in registered.log[1]
    assert errors.mean() < 2.0


def test_two_swapped_pairs_are_named() -> None:
    prior = moved(spread(8), 1.0)
    prior[[2, 5]] = prior[[5, 2]]
    with pytest.raises(RegistrationError, match="'P2' and 'P5' are mixed up"):
        register(spread(8), prior)


def test_two_swapped_pairs_of_four_are_named() -> None:
    prior = moved(spread(4))
    prior[[0, 3]] = prior[[3, 0]]
    with pytest.raises(RegistrationError, match="'P0' and 'P3' are mixed up"):
        register(spread(4), prior)


def test_pairs_that_do_not_fit_the_others_are_named_and_no_others() -> None:
    prior = moved(spread(12), 1.0)
    prior[4] += (0, 60, 0)
    prior[9] += (-35, 0, 20)
    with pytest.raises(RegistrationError, match=r"do not fit the others: 'P4' by [56]\d mm, 'P9' by [34]\d mm\W"):
        register(spread(12), prior)


def test_an_anatomy_that_no_rigid_transform_fits_is_refused() -> None:
    with pytest.raises(RegistrationError, match=r"no rigid transform fits|do not fit"):
        register(spread(10), 1.6 * moved(spread(10)))


def test_ras_on_one_side_fits_as_well_as_ever_and_is_refused_by_its_turn() -> None:
    for current, prior in ((spread(6) * RAS, moved(spread(6))), (spread(6), moved(spread(6)) * RAS)):
        fit = rigid_fit(current, prior)
        np.testing.assert_allclose(current @ fit[:3, :3].T + fit[:3, 3], prior, atol=1e-9)
        with pytest.raises(RegistrationError, match="as RAS coordinates are"):
            register(current, prior)


def test_ras_on_both_sides_is_seen_by_where_the_cts_are() -> None:
    current = spread(6) + np.array([0.0, 250.0, 0.0])
    ct = Geometry((-250.0, 50.0, -300.0), (2.0, 2.0, 5.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), (250, 250, 120))
    require_within(pairs_of(current, current), ct, ct)
    require_within(pairs_of(current, current), ct, None)
    with pytest.raises(RegistrationError, match=r"outside of the current CT: 'P0', .*They look like RAS"):
        require_within(pairs_of(current * RAS, current * RAS), ct, ct)
    with pytest.raises(RegistrationError, match=r"outside of the prior CT: 'P0'.*Check their coordinates"):
        require_within(pairs_of(current, current + np.array([0.0, 0.0, 2000.0])), ct, ct)


def test_mirrored_pairs_are_refused() -> None:
    with pytest.raises(RegistrationError, match="mirrored"):
        register(spread(7), moved(spread(7)) * (-1, 1, 1))


def test_mirrored_pairs_in_a_plane_are_refused_though_a_turn_fits_them() -> None:
    flat = spread(7) * (1, 1, 0)
    with pytest.raises(RegistrationError, match=r"within 0 mm of a plane and turned by 1[678]\d°"):
        register(flat, (flat + SHIFT) * (-1, 1, 1))


def test_pairs_in_a_plane_determine_the_turn() -> None:
    flat = spread(7) * (1, 1, 0)
    np.testing.assert_allclose(matrix_of(register(flat, moved(flat)))[:3, :3], TURN.as_matrix(), atol=1e-9)


@pytest.mark.parametrize("across_mm", [0.0, 3.0])
def test_pairs_along_a_line_are_refused(across_mm: float) -> None:
    line = np.outer(np.linspace(-100, 100, 8), (0.3, 0.1, 1.0)) + across_mm * np.random.default_rng(0).normal(size=(8, 3))
    with pytest.raises(RegistrationError, match="of a line: the turn is open"):
        register(line, moved(line))


def test_a_turn_that_hangs_on_one_pair_is_refused() -> None:
    points = np.vstack([np.outer(np.linspace(-100, 100, 7), (0.0, 0.0, 1.0)), [[60.0, 0.0, 0.0]]])
    with pytest.raises(RegistrationError, match="without 'P7' the current landmarks"):
        register(points, moved(points))


def test_three_pairs_are_too_few() -> None:
    with pytest.raises(RegistrationError, match="3 landmark pairs, expected at least 4"):
        register(spread(3), moved(spread(3)))


def test_a_large_turn_is_told() -> None:
    turn = Rotation.from_euler("y", 180, degrees=True)
    registered = register(spread(8), turn.apply(spread(8)))
    assert any("turn is large" in line for line in registered.log)
    assert not any("turn is large" in line for line in register(spread(8), moved(spread(8))).log)


ROWS = ["a,1,2,3,4,5,6", "b,-1.25,+2,.5,-4.,5e1,-6.25E-1", "c,129.95630000000001,0,0,1,1,-128.31900000000002"]


def table(folder: Path, rows: list[str], header: str = ",".join(COLUMNS)) -> Path:
    path = folder / "points.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_table_is_read_with_signs_exponents_and_long_decimals(tmp_path: Path) -> None:
    pairs = read_landmarks(table(tmp_path, ROWS))
    assert pairs.names == ("a", "b", "c")
    np.testing.assert_array_equal(pairs.current_mm[1], (-1.25, 2.0, 0.5))
    np.testing.assert_array_equal(pairs.prior_mm, [(4, 5, 6), (-4, 50, -0.625), (1, 1, -128.31900000000002)])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("d,1,2,3,4,5", "row 5: an empty cell"),
        ("d,1,2,3,4,5,6,7", "row 5: more cells"),
        ("d,1,2,3,4,5,x", "row 5: prior_z_mm is 'x'"),
        ("d,1,2,3,4,5,nan", "row 5: prior_z_mm is 'nan'"),
        ("d,1,2,3,4,5,inf", "row 5: prior_z_mm is 'inf'"),
        ("d,1,2,3,4,5,1e9", "row 5: a coordinate of 1e\\+09 mm"),
        ('d,1,2,3,4,5,"1,5"', "row 5: prior_z_mm is '1,5'"),
        ("a,7,8,9,7,8,9", "row 5: a second landmark 'a'"),
        ("d,1,2,3,9,9,9", "row 5: 'd' lies where 'a' does"),
        ("d,9,9,9,4,5,6", "row 5: 'd' lies where 'a' does"),
    ],
)
def test_bad_rows_are_refused_by_number(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        read_landmarks(table(tmp_path, [*ROWS, row]))


def test_tables_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="No such file"):
        read_landmarks(tmp_path / "none.csv")
    with pytest.raises(RegistrationError, match=r"no column .*prior_z_mm"):
        read_landmarks(table(tmp_path, [], "name,current_x_mm"))
    with pytest.raises(RegistrationError, match="not semicolons"):
        read_landmarks(table(tmp_path, [], ";".join(COLUMNS)))
    with pytest.raises(RegistrationError, match="no landmarks"):
        read_landmarks(table(tmp_path, []))
    (tmp_path / "points.csv").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(RegistrationError, match="cannot be read"):
        read_landmarks(tmp_path / "points.csv")
