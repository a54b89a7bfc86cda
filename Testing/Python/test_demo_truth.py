"""The demo case against truth that this code did not make: exact landmarks, exact mapped dose, exact cumulative EQD2.

``01_twocourse_abdomen`` in ``../shared/data`` holds the same truth at full resolution; absent on a user's machine.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dosimetry.composite import eqd2_volume
from ReirradiationLib.dosimetry.mapping import MappedDose, map_dose
from ReirradiationLib.model.transform import SpatialTransform, identity_transform
from ReirradiationLib.report.results import CaseResults
from shared_data import shared_data


def truth(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


@pytest.fixture(scope="module")
def prior_truth(demo_folder: Path) -> np.ndarray:
    """Course 1's dose on the current CT at every second voxel."""
    return truth(demo_folder / "truth" / "prior_rtdose_on_current_CT_every2.nrrd")


def errors(results: CaseResults, transform: SpatialTransform, expected: np.ndarray) -> tuple[float, float]:
    """Mean and 99th percentile of |Δ| in Gy inside the 1 Gy isodose of the truth."""
    ct = results.records.ct
    course = replace(results.prior_courses[0], transform=transform)
    mapped = map_dose(course, ct.geometry, ct.frame_uid).voxels_gy[::2, ::2, ::2]
    difference = np.abs(mapped - expected)[expected > 1.0]
    return float(difference.mean()), float(np.percentile(difference, 99))


def on_ct(results: CaseResults) -> list[MappedDose]:
    """The doses of all courses on the CT's own grid, where the truth is stated."""
    ct = results.records.ct
    return [map_dose(course, ct.geometry, ct.frame_uid) for course in results.courses]


def test_dose_mapped_through_the_deformable_registration_is_the_true_one(demo_results, prior_truth) -> None:
    mean, high = errors(demo_results, demo_results.prior_courses[0].transform, prior_truth)
    assert mean <= 0.02
    assert high <= 0.2


def test_the_dose_on_the_grid_chosen_by_default_is_the_true_one(demo_results, prior_truth) -> None:
    """Every third voxel of 2 mm is every second one of the CT's 3 mm."""
    grid, ct = demo_results.grid.geometry, demo_results.records.ct.geometry
    assert (grid.origin_mm, grid.spacing_mm) == (ct.origin_mm, (2.0, 2.0, 2.0))
    mapped = demo_results.mapped[0].voxels_gy[::3, ::3, ::3]
    assert mapped.shape == prior_truth.shape
    difference = np.abs(mapped - prior_truth)[prior_truth > 1.0]
    assert difference.mean() <= 0.02
    assert np.percentile(difference, 99) <= 0.2


def test_rigid_registration_and_identity_are_seen_to_be_worse(demo_results, demo_folder, prior_truth) -> None:
    frames = (demo_results.records.ct.frame_uid, demo_results.prior_courses[0].dose.frame_uid)
    rigid = read_registration(demo_folder / "course2" / "REG_rigid.dcm", *frames)
    assert errors(demo_results, rigid, prior_truth) == pytest.approx((0.76, 8.9), abs=0.05)
    nothing = replace(identity_transform(frames[0]), moving_frame_uid=frames[1])
    assert errors(demo_results, nothing, prior_truth) == pytest.approx((6.9, 26.7), abs=0.1)


def test_the_deformation_applied_in_the_wrong_direction_is_seen_to_be_worse(demo_results, prior_truth) -> None:
    from ReirradiationLib.model.transform import Affine, DisplacementGrid

    right = demo_results.prior_courses[0].transform
    grid = right.steps[0]
    assert isinstance(grid, DisplacementGrid)
    wrong = replace(right, steps=(DisplacementGrid(grid.geometry, -grid.vectors_mm), Affine(np.eye(4))))
    mean, high = errors(demo_results, wrong, prior_truth)
    assert mean > 1.0
    assert high > 5.0


def test_cumulative_eqd2_is_the_true_one(demo_results, demo_folder: Path) -> None:
    expected = truth(demo_folder / "truth" / "cumulative_EQD2_ab2_every2.nrrd")
    volume = eqd2_volume(on_ct(demo_results), [course.fractions for course in demo_results.courses], 2.0)
    difference = np.abs(volume[::2, ::2, ::2] - expected)[expected > 1.0]
    assert difference.mean() <= 0.05


def test_cumulative_eqd2_at_full_resolution_is_the_true_one(demo_results) -> None:
    expected = truth(shared_data("01_twocourse_abdomen") / "truth" / "cumulative_EQD2_ab2.nrrd")
    volume = eqd2_volume(on_ct(demo_results), [course.fractions for course in demo_results.courses], 2.0)
    assert volume.shape == expected.shape
    assert np.abs(volume - expected)[expected > 1.0].mean() <= 0.05


def test_optimization_structures_of_the_cord(demo_results) -> None:
    """A 50 Gy (raw, α/β 2), R 30 Gy in 5 fractions = 60 Gy EQD2, N 3; P from the true dose in the contoured cord."""
    (result,) = demo_results.optimization
    levels = result.levels
    assert levels.new_eqd2_gy == pytest.approx(60.0)
    assert levels.step_eqd2_gy == pytest.approx((levels.prior_eqd2_gy + 60.0 - 50.0) / 3)
    assert [shell.level.lower_eqd2_gy for shell in result.shells] == pytest.approx(
        [levels.prior_eqd2_gy - levels.step_eqd2_gy, levels.prior_eqd2_gy - 2 * levels.step_eqd2_gy, 0.0]
    )
    assert result.shells[0].level.limit_eqd2_gy == pytest.approx(50.0 - levels.prior_eqd2_gy)
    assert len(result.exported()) == 3
    cord = demo_results.structures[0].prior.samples.volume_cc
    assert sum(shell.volume_cc for shell in result.shells) == pytest.approx(cord, rel=0.01)


def test_near_maximum_of_the_cord_is_that_of_the_true_dose(demo_results, prior_truth) -> None:
    """P, read from samples, against the truth's voxels (every second) within the cord: never below, a little above."""
    from ReirradiationLib.dosimetry.masks import structure_mask
    from ReirradiationLib.dosimetry.radiobiology import eqd2

    ct = demo_results.records.ct.geometry
    cord = structure_mask(demo_results.structures[0].structure, ct, ct)[::2, ::2, ::2]
    highest = float(eqd2(prior_truth[cord].astype(float), 10, 2.0).max())
    assert highest - 0.05 <= demo_results.optimization[0].levels.prior_eqd2_gy <= highest + 1.0
