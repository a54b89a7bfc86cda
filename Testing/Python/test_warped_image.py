"""The prior CT on the current anatomy, and a registration without its rigid part: against closed forms and SimpleITK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.model.errors import GeometryError, RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.nonrigid_part import fitted_rigid, nonrigid_displacement
from ReirradiationLib.registration.warped_image import cropped_grid, warped_image, warped_mask
from scipy.spatial.transform import Rotation
from synthetic import AXIAL, PATIENT, grid, voxel_points

CURRENT, PRIOR = "1.2.3", "1.2.4"
SLOPE = np.array([3.0, -2.0, 5.0])


def image_of(voxels: np.ndarray, geometry: Geometry) -> Image:
    return Image(voxels.astype(np.float32), geometry, PRIOR, "2", "3", (), (), PATIENT, "", "CT")


def ramp(geometry: Geometry) -> Image:
    return image_of((voxel_points(geometry) @ SLOPE).reshape(geometry.shape), geometry)


def motion(angles_deg: tuple[float, float, float], shift_mm: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


def transform_of(*steps: Affine | DisplacementGrid) -> SpatialTransform:
    return SpatialTransform(CURRENT, PRIOR, steps, "test")


def bump(points: np.ndarray) -> np.ndarray:
    """A smooth displacement of some millimetres."""
    return 4.0 * np.exp(-(points**2).sum(axis=1, keepdims=True) / 900.0) * np.array([1.0, -0.5, 0.3])


def grid_of(function, geometry: Geometry) -> DisplacementGrid:
    vectors = function(voxel_points(geometry)).reshape(*geometry.shape, 3)
    return DisplacementGrid(geometry, vectors.astype(np.float32))


def test_a_ramp_moved_rigidly_has_its_exact_values_and_is_unknown_beyond_the_prior_ct() -> None:
    matrix = motion((10.0, -5.0, 20.0), (12.0, -7.0, 3.0))
    prior = grid(spacing_mm=4.0, half_mm=40.0)
    current = grid(spacing_mm=5.0, half_mm=60.0)
    warped = warped_image(ramp(prior), transform_of(Affine(matrix)), current)
    there = voxel_points(current) @ matrix[:3, :3].T + matrix[:3, 3]
    inside = (np.abs(there) <= 40.0).all(axis=1).reshape(current.shape)
    np.testing.assert_array_equal(np.isfinite(warped), inside)
    assert 0 < np.count_nonzero(inside) < inside.size
    np.testing.assert_allclose(warped[inside], (there @ SLOPE).reshape(current.shape)[inside], atol=1e-3)


def test_the_identity_changes_no_voxel() -> None:
    image = image_of(np.random.default_rng(1).normal(0, 300, grid(4.0).shape), grid(4.0))
    np.testing.assert_array_equal(warped_image(image, transform_of(), image.geometry), image.voxels_hu)


def test_undefined_displacements_leave_the_prior_ct_unknown() -> None:
    geometry = grid(spacing_mm=5.0, half_mm=20.0)
    vectors = np.zeros((*geometry.shape, 3), np.float32)
    vectors[:, :, :4] = np.nan
    warped = warped_image(ramp(grid(4.0)), transform_of(DisplacementGrid(geometry, vectors)), geometry)
    assert np.isnan(warped[:, :, :4]).all()
    assert np.isfinite(warped[:, :, 4:]).all()
    wide = warped_image(ramp(grid(4.0)), transform_of(DisplacementGrid(geometry, vectors * 0)), grid(5.0, 40.0))
    assert np.isnan(wide[0]).all()  # beyond the displacement grid


def test_another_frame_of_reference_is_refused() -> None:
    other = replace(ramp(grid(4.0)), frame_uid="9.9")
    with pytest.raises(GeometryError, match=r"9\.9"):
        warped_image(other, transform_of(), grid(4.0))


def test_the_demo_ct_moved_rigidly_is_what_simpleitk_makes_of_it(
    current_ct: Image, prior_ct: Image, demo_folder: Path
) -> None:
    transform = read_registration(demo_folder / "course2" / "REG_rigid.dcm", current_ct.frame_uid, prior_ct.frame_uid)
    warped = warped_image(prior_ct, transform, current_ct.geometry)
    matrix = transform.steps[0].matrix
    moving = sitk.GetImageFromArray(prior_ct.voxels_hu)
    moving.SetOrigin(prior_ct.geometry.origin_mm)
    moving.SetSpacing(prior_ct.geometry.spacing_mm)
    fixed = sitk.Image(*current_ct.geometry.size, sitk.sitkFloat32)
    fixed.SetOrigin(current_ct.geometry.origin_mm)
    fixed.SetSpacing(current_ct.geometry.spacing_mm)
    affine = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    truth = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, affine, sitk.sitkLinear, np.nan))
    known = np.isfinite(warped)
    assert known.mean() > 0.5
    np.testing.assert_allclose(warped[known], truth[known], atol=0.05)


def test_part_of_a_grid_is_warped_as_the_whole(current_ct: Image, prior_ct: Image, demo_folder: Path) -> None:
    transform = read_registration(demo_folder / "course2" / "REG_deform.dcm", current_ct.frame_uid, prior_ct.frame_uid)
    part = cropped_grid(current_ct.geometry, np.array([(-30.0, -150.0, 40.0), (30.0, -90.0, 70.0)]))
    whole = warped_image(prior_ct, transform, current_ct.geometry)
    i, j, k = np.round(current_ct.geometry.to_index(np.array([part.origin_mm]))[0]).astype(int)
    ni, nj, nk = part.size
    # The same points up to rounding of the origin.
    np.testing.assert_allclose(warped_image(prior_ct, transform, part), whole[k : k + nk, j : j + nj, i : i + ni], atol=1e-2)


@given(
    low=st.tuples(*[st.floats(-90, 60)] * 3),
    extent=st.tuples(*[st.floats(0, 50)] * 3),
    turn=st.floats(-180, 180),
)
@settings(max_examples=40, deadline=None)
def test_a_cropped_grid_keeps_voxel_centres_and_covers_what_the_grid_covers(
    low: tuple[float, float, float], extent: tuple[float, float, float], turn: float
) -> None:
    rows = Rotation.from_euler("zx", [turn, 20.0], degrees=True).as_matrix()
    whole = Geometry((-50.0, -40.0, -60.0), (2.0, 3.0, 5.0), tuple(map(tuple, rows)), (60, 40, 30))
    corners = np.array(low) + np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]) * np.array(extent)
    part = cropped_grid(whole, corners)
    first = whole.to_index(np.array([part.origin_mm]))[0]
    np.testing.assert_allclose(first, np.round(first), atol=1e-9)
    inside = whole.to_index(corners)
    inside = inside[((inside >= 0) & (inside <= np.array(whole.size) - 1)).all(axis=1)]
    assert (inside >= np.round(first)).all()
    assert (inside <= np.round(first) + np.array(part.size) - 1).all()


def test_a_mask_is_moved_against_the_transform_and_ends_with_its_grid() -> None:
    geometry = grid(spacing_mm=2.0, half_mm=40.0)
    mask = (np.linalg.norm(voxel_points(geometry), axis=1) < 15.0).reshape(geometry.shape)
    shift = transform_of(Affine(motion((0, 0, 0), (10.0, 0.0, 0.0))))
    moved = warped_mask(mask, geometry, shift, geometry)
    middle = voxel_points(geometry)[moved.ravel()].mean(axis=0)
    np.testing.assert_allclose(middle, (-10.0, 0.0, 0.0), atol=1e-6)
    assert np.count_nonzero(moved) == np.count_nonzero(mask)
    assert not warped_mask(np.ones_like(mask), geometry, shift, geometry)[:, :, -4:].any()


@given(angles=st.tuples(*[st.floats(-170, 170)] * 3), shift=st.tuples(*[st.floats(-300, 300)] * 3), as_grid=st.booleans())
@settings(max_examples=40, deadline=None)
def test_nothing_is_left_of_a_rigid_motion_however_it_is_stored(
    angles: tuple[float, float, float], shift: tuple[float, float, float], as_grid: bool
) -> None:
    matrix = motion(angles, shift)
    if as_grid:
        step = grid_of(lambda p: p @ matrix[:3, :3].T + matrix[:3, 3] - p, grid(10.0, 60.0))
        transform = transform_of(step, Affine(np.eye(4)))
    else:
        transform = transform_of(Affine(matrix))
    points = voxel_points(grid(20.0, 40.0))
    np.testing.assert_allclose(nonrigid_displacement(transform, grid(5.0))(points), 0.0, atol=2e-4)


def test_the_matrix_behind_a_displacement_grid_is_its_rigid_part() -> None:
    field = grid_of(bump, grid(5.0, 60.0))
    matrix = motion((5.0, 30.0, -80.0), (100.0, -20.0, 7.0))
    points = voxel_points(grid(20.0, 40.0))
    left = nonrigid_displacement(transform_of(field, Affine(matrix)), grid(5.0, 10.0))(points)
    np.testing.assert_allclose(left, field.apply(points) - points, atol=1e-9)


def test_stretching_is_no_rigid_part() -> None:
    stretched = motion((0.0, 0.0, 30.0), (5.0, 0.0, 0.0))
    stretched[:3, :3] = stretched[:3, :3] @ np.diag([1.05, 1.0, 1.0])
    left = nonrigid_displacement(transform_of(Affine(stretched)), grid(5.0))(np.array([(40.0, 0.0, 0.0), (0.0, 40.0, 0.0)]))
    np.testing.assert_allclose(left, [(2.0, 0.0, 0.0), (0.0, 0.0, 0.0)], atol=1e-9)


def test_fit_finds_the_motion_beneath_a_bump_and_leaves_out_what_is_undefined() -> None:
    matrix = motion((3.0, -4.0, 8.0), (20.0, 5.0, -9.0))
    field = grid_of(lambda p: (p + bump(p)) @ matrix[:3, :3].T + matrix[:3, 3] - p, grid(5.0, 60.0))
    field.vectors_mm[:4] = np.nan
    found = fitted_rigid(transform_of(field), grid(5.0, 60.0))
    assert np.linalg.det(found[:3, :3]) == pytest.approx(1.0)
    turned = Rotation.from_matrix(found[:3, :3] @ matrix[:3, :3].T).magnitude()
    assert np.degrees(turned) < 0.5
    np.testing.assert_allclose(found[:3, 3], matrix[:3, 3], atol=0.5)


def test_a_transform_undefined_in_the_region_has_no_rigid_part_to_remove() -> None:
    field = grid_of(bump, grid(5.0, 20.0))
    with pytest.raises(RegistrationError, match="undefined"):
        nonrigid_displacement(transform_of(field), Geometry((200.0, 0.0, 0.0), (5.0,) * 3, AXIAL, (9, 9, 9)))


def test_the_displacement_is_undefined_where_the_transform_is() -> None:
    left = nonrigid_displacement(transform_of(grid_of(bump, grid(5.0, 20.0))), grid(5.0, 20.0))
    assert np.isnan(left(np.array([(50.0, 0.0, 0.0)]))).all()
