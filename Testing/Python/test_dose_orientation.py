"""One analytic dose, stored in every way the standard allows, is the same dose at the same points of the patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.model.errors import DicomError
from ReirradiationLib.model.interpolation import trilinear
from rtdose_files import POSITIONS, Layout, write_dose

EVEN = [2.0 * n for n in range(9)]
DESCENDING = [-2.0 * n for n in range(9)]


def phantom(points: np.ndarray) -> np.ndarray:
    """Three different blobs on a gradient: nothing about it is symmetric, so no mirrored reading can pass."""
    blobs = [((5.0, -9.0, 3.0), 7.0, 40.0), ((-11.0, 4.0, -8.0), 5.0, 25.0), ((2.0, 12.0, 9.0), 4.0, 60.0)]
    value = 20.0 + points @ np.array([0.11, -0.07, 0.05])
    for centre, width, height in blobs:
        value = value + height * np.exp(-np.sum((points - np.array(centre)) ** 2, axis=-1) / (2.0 * width**2))
    return value


def linear(points: np.ndarray) -> np.ndarray:
    """Trilinear interpolation is exact on it in any orientation."""
    return 40.0 + points @ np.array([0.31, -0.23, 0.17])


def rotation(angles: tuple[float, float, float]) -> np.ndarray:
    a, b, c = angles
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_x @ about_y @ about_z


def centred(orientation: list[float], offsets: list[float], **options: object) -> Layout:
    """A grid around (1, 2, 3) mm."""
    middle = Layout(orientation, (0.0, 0.0, 0.0), offsets).points().reshape(-1, 3).mean(axis=0)
    return Layout(orientation, tuple(float(f"{v:.6f}") for v in np.array([1.0, 2.0, 3.0]) - middle), offsets, **options)


def require_same_dose(path: Path, layout: Layout, function=phantom) -> None:
    """The dose at the LPS point of every stored voxel is the function's value there."""
    dose = read_dose(path)
    points = layout.points().reshape(-1, 3)
    found, inside = trilinear(dose.voxels_gy, dose.geometry.to_index(points))
    assert inside.all()
    np.testing.assert_allclose(found, function(points), rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("offsets", [EVEN, DESCENDING], ids=["ascending", "descending"])
@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize("position", POSITIONS)
def test_every_patient_position_gives_the_same_dose_at_the_same_points(
    tmp_path: Path, position: str, absolute: bool, offsets: list[float]
) -> None:
    layout = centred([float(v) for v in POSITIONS[position]], offsets, absolute=absolute)
    require_same_dose(write_dose(tmp_path / "RD.dcm", phantom, layout), layout)


@settings(max_examples=25, deadline=None)
@given(angles=st.tuples(*[st.floats(-3.1, 3.1)] * 3))
def test_every_oblique_orientation_gives_the_same_dose_at_the_same_points(
    tmp_path_factory: pytest.TempPathFactory, angles: tuple[float, float, float]
) -> None:
    axes = rotation(angles)
    orientation = [float(f"{v:.8f}") for v in (*axes[:, 0], *axes[:, 1])]
    layout = centred(orientation, EVEN)
    path = write_dose(tmp_path_factory.mktemp("oblique") / "RD.dcm", phantom, layout)
    require_same_dose(path, layout)


def test_between_the_voxels_too(tmp_path: Path) -> None:
    axes = rotation((0.4, -0.3, 1.1))
    layout = centred([float(f"{v:.8f}") for v in (*axes[:, 0], *axes[:, 1])], EVEN)
    dose = read_dose(write_dose(tmp_path / "RD.dcm", linear, layout))
    index = np.random.default_rng(5).uniform(0, 1, (500, 3)) * (np.array(dose.geometry.size) - 1)
    points = dose.geometry.to_lps(index)
    found, _ = trilinear(dose.voxels_gy, index)
    np.testing.assert_allclose(found, linear(points), atol=1e-5)


@pytest.mark.parametrize("bits", [16, 32])
def test_both_depths_are_read_in_double_precision(tmp_path: Path, bits: int) -> None:
    layout = centred([1.0, 0, 0, 0, 1.0, 0], EVEN, bits=bits)
    dose = read_dose(write_dose(tmp_path / "RD.dcm", phantom, layout))
    expected = phantom(layout.points())
    assert np.abs(dose.voxels_gy - expected).max() <= expected.max() / 2 ** (bits - 0.9) + 5e-6


UNEVEN = [0.0, 2.0, 4.0, 9.0, 11.0, 14.0]
"""Steps of 2, 2, 5, 2, 3 mm: a common measure of 1 mm."""


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("absolute", [False, True])
def test_uneven_planes_keep_every_value_between_them(tmp_path: Path, sign: float, absolute: bool) -> None:
    offsets = [sign * value for value in UNEVEN]
    layout = centred([1.0, 0, 0, 0, 1.0, 0], offsets, absolute=absolute)
    path = write_dose(tmp_path / "RD.dcm", phantom, layout)
    require_same_dose(path, layout)
    dose = read_dose(path)
    assert dose.planes_added == 15 - 6
    assert dose.geometry.spacing_mm[2] == pytest.approx(1.0)
    # Half way through the step of 5 mm: the mean of the two planes there, by linear interpolation of the originals.
    points = layout.points()
    middle = 0.5 * (points[2] + points[3]).reshape(-1, 3)
    found, _ = trilinear(dose.voxels_gy, dose.geometry.to_index(middle))
    expected = 0.5 * (phantom(points[2]) + phantom(points[3])).ravel()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([0.0, 2.0, 4.0, 6.7312, 8.0], "common measure"),
        ([0.0, 2.0, 1.0, 3.0], "one direction"),
        ([0.0, 2.0, 2.0, 4.0], "one direction"),
    ],
)
def test_planes_that_cannot_be_placed_are_refused(tmp_path: Path, offsets: list[float], message: str) -> None:
    path = write_dose(tmp_path / "RD.dcm", phantom, centred([1.0, 0, 0, 0, 1.0, 0], offsets))
    with pytest.raises(DicomError, match=rf"{message}.*dose\.offsets"):
        read_dose(path)


def test_offsets_that_can_be_read_in_two_ways_are_refused(tmp_path: Path) -> None:
    """Feet first, first plane at z = 0, first offset 0: relative and absolute go to opposite sides."""
    layout = Layout([-1.0, 0, 0, 0, 1.0, 0], (10.0, -10.0, 0.0), EVEN)
    with pytest.raises(DicomError, match=r"opposite sides.*dose\.offsets"):
        read_dose(write_dose(tmp_path / "RD.dcm", phantom, layout))
    head_first = Layout([1.0, 0, 0, 0, 1.0, 0], (-10.0, -10.0, 0.0), EVEN)
    require_same_dose(write_dose(tmp_path / "HF.dcm", phantom, head_first), head_first)


def test_a_single_plane_is_known_on_that_plane_only(tmp_path: Path) -> None:
    layout = centred([1.0, 0, 0, 0, 1.0, 0], [0.0])
    for tags in ({}, {"NumberOfFrames": None, "GridFrameOffsetVector": None, "SliceThickness": 3}):
        path = write_dose(tmp_path / "RD.dcm", phantom, layout, **tags)
        require_same_dose(path, layout)
        dose = read_dose(path)
        above = layout.points().reshape(-1, 3) + np.array([0.0, 0.0, 1.0])
        _, inside = trilinear(dose.voxels_gy, dose.geometry.to_index(above))
        assert not inside.any()


@pytest.mark.parametrize("shape", [(65535, 65535, 100), (65535, 65535, 1), (11, 13, 10)])
def test_a_header_that_claims_more_than_the_file_holds_is_refused(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    rows, columns, frames = shape
    layout = centred([1.0, 0, 0, 0, 1.0, 0], EVEN)
    claims = {"Rows": rows, "Columns": columns, "NumberOfFrames": frames}
    path = write_dose(tmp_path / "RD.dcm", phantom, layout, **claims, GridFrameOffsetVector=[2.0 * n for n in range(frames)])
    with pytest.raises(DicomError, match=r"file\.too-large|dose\.values"):
        read_dose(path)
