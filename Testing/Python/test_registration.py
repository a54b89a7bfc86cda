"""Rigid registration of the CTs alone, and the measures of quality."""

from __future__ import annotations

import numpy as np
import pytest
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.model.errors import Cancelled
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.jacobian import jacobian_determinant
from ReirradiationLib.registration.quality import transform_quality
from ReirradiationLib.registration.simpleitk_rigid import register_rigid
from ReirradiationLib.registration.target_error import landmark_errors_mm
from scipy.spatial.transform import Rotation
from synthetic import grid, voxel_points


@pytest.fixture(scope="module")
def rigid(current_ct: Image, prior_ct: Image) -> SpatialTransform:
    return register_rigid(current_ct, prior_ct)


def best_rigid(current: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Least-squares rigid errors of landmark pairs (Kabsch)."""
    centre, there = current.mean(axis=0), prior.mean(axis=0)
    rotation, _ = Rotation.align_vectors(prior - there, current - centre)
    return np.linalg.norm(rotation.apply(current - centre) + there - prior, axis=1)


def test_rigid_registration_comes_close_to_the_best_rigid_fit(rigid, landmarks) -> None:
    found = landmark_errors_mm(rigid, *landmarks)
    assert found.mean() <= best_rigid(*landmarks).mean() + 0.5
    assert found.mean() < 2.0
    assert np.linalg.norm(landmarks[0] - landmarks[1], axis=1).mean() > 20.0


def test_rigid_registration_is_rigid_and_the_same_every_time(rigid, current_ct: Image, prior_ct: Image) -> None:
    matrix = rigid.steps[0].matrix
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(register_rigid(current_ct, prior_ct).steps[0].matrix, matrix)
    assert (rigid.fixed_frame_uid, rigid.moving_frame_uid) == (current_ct.frame_uid, prior_ct.frame_uid)


def test_rigid_registration_can_be_cancelled(current_ct: Image, prior_ct: Image) -> None:
    with pytest.raises(Cancelled):
        register_rigid(current_ct, prior_ct, is_cancelled=lambda: True)


def test_jacobian_of_known_maps() -> None:
    points = np.random.default_rng(0).uniform(-50, 50, (20, 3))
    scaling = np.diag([1.1, 0.9, 1.2, 1.0])
    np.testing.assert_allclose(
        jacobian_determinant(SpatialTransform("a", "b", (Affine(scaling),), ""), points), 1.1 * 0.9 * 1.2
    )
    geometry = grid(10.0, 60.0)
    vectors = np.zeros((*geometry.shape, 3), dtype=np.float32)
    vectors[..., 0] = -2.0 * voxel_points(geometry)[:, 0].reshape(geometry.shape)
    folded = SpatialTransform("a", "b", (DisplacementGrid(geometry, vectors),), "x becomes −x")
    assert transform_quality(folded, points).smallest_jacobian == pytest.approx(-1.0, abs=1e-5)


def test_quality_within_the_cord(demo_results, demo_folder, current_ct, prior_dose) -> None:
    transform = read_registration(demo_folder / "course2" / "REG_deform.dcm", current_ct.frame_uid, prior_dose.frame_uid)
    cord = demo_results.structures[0].prior.samples
    quality = transform_quality(transform, cord.points_mm)
    assert quality.defined_percent > 95.0
    assert 0.8 < quality.smallest_jacobian < quality.largest_jacobian < 1.2
    outside = transform_quality(transform, cord.points_mm + 1000.0)
    assert outside.defined_percent == 0.0
    assert outside.smallest_jacobian is None
