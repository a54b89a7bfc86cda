"""The helpers of the closed loop that could be wrong, against truth that neither they nor the library made.

The loop itself needs pyRadPlan and minutes: ``make closed-loop``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ClosedLoop"))

import independent
from named_limits import limit_in_name_gy


def test_a_name_carries_the_limit_in_cgy() -> None:
    assert limit_in_name_gy("zspinal_S1_1154", 11.5397) == pytest.approx(11.54)


@pytest.mark.parametrize("told_gy", [11.60, 2.308, 115.4])
def test_a_name_that_says_another_limit_than_the_case_is_refused(told_gy: float) -> None:
    with pytest.raises(ValueError, match=r"says 11\.54 Gy"):
        limit_in_name_gy("zspinal_S1_1154", told_gy)


@pytest.mark.parametrize("name", ["spinal_cord", "1154", "zspinal_S1_", "zspinal_S1_-11", ""])
def test_a_name_without_a_limit_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        limit_in_name_gy(name, 11.54)


def test_the_exact_map_carries_the_landmarks(demo_folder: Path, landmarks) -> None:
    """The table is rounded to 0.0001 mm."""
    current, prior = landmarks
    found = independent.prior_points_mm(current, demo_folder / "truth" / "truth_params.npz")
    assert np.abs(found - prior).max() < 2e-4


def test_the_prior_dose_looked_up_through_the_exact_map_is_the_true_one(demo_folder: Path) -> None:
    image = sitk.ReadImage(str(demo_folder / "truth" / "prior_rtdose_on_current_CT_every2.nrrd"))
    expected = sitk.GetArrayFromImage(image)
    k, j, i = (axis.ravel() for axis in np.indices(expected.shape))
    points_mm = np.array(image.GetOrigin()) + np.column_stack([i, j, k]) * np.array(image.GetSpacing())
    dose = independent.read_dose(demo_folder / "course1" / "RD.dcm")
    found = dose.at(independent.prior_points_mm(points_mm, demo_folder / "truth" / "truth_params.npz"))
    inside = expected.ravel() > 0.0  # the truth is 0 outside the grid
    assert inside.sum() > 10_000
    assert np.abs(found - expected.ravel())[inside].max() < 2e-3


def test_eqd2_of_worked_examples() -> None:
    """60/30 (α/β 2 by definition itself), 30/10 and 30/5 with α/β 2, 54/3 with α/β 3."""
    found = [independent.eqd2_gy(np.array(d), n, ab) for d, n, ab in [(60, 30, 2), (30, 10, 2), (30, 5, 2), (54, 3, 3)]]
    assert found == pytest.approx([60.0, 37.5, 60.0, 226.8])


def test_near_maximum_is_what_the_hottest_volume_receives_at_least() -> None:
    dose_gy = np.arange(100.0)[::-1].copy()
    assert independent.near_maximum_gy(dose_gy, 0.01, 0.03) == 97.0
    assert independent.near_maximum_gy(dose_gy, 0.01, 1.0) == 0.0
    with pytest.raises(ValueError):
        independent.near_maximum_gy(dose_gy, 0.01, 1.01)


def test_the_steepness_of_a_linear_dose_is_its_slope() -> None:
    z, y, x = np.meshgrid(np.arange(9.0), np.arange(9.0), np.arange(9.0), indexing="ij")
    grid = independent.DoseGrid(3.0 * x + 4.0 * y + 12.0 * z, np.zeros(3), np.array([2.0, 2.0, 2.0]))
    inner = np.array([[5.0, 6.0, 7.0], [8.3, 4.1, 9.9]])
    assert grid.steepness(inner) == pytest.approx([6.5, 6.5])


def test_points_fill_a_square_with_a_hole() -> None:
    outer = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 6.0], [0.0, 6.0]])
    inner = np.array([[2.0, 2.0], [2.0, 4.0], [7.0, 4.0], [7.0, 2.0]])
    points = independent.points_in_plane([outer, inner], 0.5, np.array([0.25, 0.25]))
    assert len(points) * 0.25 == pytest.approx(60.0 - 10.0)
    in_hole = (points > [2.0, 2.0]).all(axis=1) & (points < [7.0, 4.0]).all(axis=1)
    assert not in_hole.any()


def test_points_of_an_organ_have_its_volume_and_one_for_each_voxel(demo_folder: Path) -> None:
    """That of the contours' areas; the demo's run along edges and corners of voxels, so that whole ones come close too."""
    lattice = independent.read_lattice(demo_folder / "course2" / "CT")
    path = demo_folder / "course2" / "RS.dcm"
    fine, voxels = (independent.read_points(path, "spinal_cord", lattice, n, n) for n in (6, 1))
    areas = [shoelace(contour) for contour in independent.contours(path, "spinal_cord")]
    assert fine.volume_cc == pytest.approx(sum(areas) * lattice.slice_mm / 1000.0, rel=0.01)
    assert voxels.volume_cc == pytest.approx(fine.volume_cc, rel=0.03)


def shoelace(contour: np.ndarray) -> float:
    x, y = contour[:, 0], contour[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0


def test_a_dose_that_is_no_physical_one_is_refused(demo_folder: Path, tmp_path: Path) -> None:
    dose = pydicom.dcmread(demo_folder / "course1" / "RD.dcm")
    dose.DoseType = "EFFECTIVE"
    dose.save_as(tmp_path / "RD.dcm")
    with pytest.raises(ValueError, match="not a physical dose"):
        independent.read_dose(tmp_path / "RD.dcm")
