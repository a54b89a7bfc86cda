"""The pairs that registrations are judged by: is their truth true?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from registration_maps import Motion, known_map
from registration_pairs import NAMED, RIGID, SMOOTH, RegistrationPair, disagreement_hu, hu_at, make_pair, named_pair
from registration_scans import FEET_FIRST_SUPINE, Couch, Scan, enhancement_hu
from registration_sources import Source, abdomen_source, demo_source, head_and_neck_source
from shared_data import shared_data
from synthetic import grid, voxel_points

CLEAN = Scan()


@pytest.fixture(scope="module")
def source() -> Source:
    return demo_source()


@pytest.fixture(scope="module")
def smooth(source: Source) -> RegistrationPair:
    return make_pair(source, replace(SMOOTH, field_mm=15.0), CLEAN, CLEAN)


@pytest.fixture(scope="module")
def rippled() -> Source:
    """A ball of 60 mm with ripples of 60 mm, known in closed form also beyond it."""
    geometry = grid(3.0, 90.0)
    points = voxel_points(geometry)
    hu = ripples_hu(points).reshape(geometry.shape).astype(np.float32)
    return Source("rippled", hu, geometry, (np.linalg.norm(points, axis=1) < 60.0).reshape(geometry.shape), {})


def ripples_hu(points_mm: np.ndarray) -> np.ndarray:
    return 100.0 * np.cos(points_mm @ (2.0 * np.pi / 60.0 * np.array([[0.6, 0.8, 0.0], [0.0, 0.6, 0.8]]).T)).sum(axis=1)


@pytest.mark.parametrize("bumps", [False, True])
@pytest.mark.parametrize("field_mm", [5.0, 10.0, 15.0])
def test_maps_go_there_and_back_do_not_fold_and_are_as_long_as_asked(source: Source, field_mm: float, bumps: bool) -> None:
    body_mm = source.points(source.body)[::11]
    truth = known_map(replace(RIGID, field_mm=field_mm, bumps=bumps), body_mm)
    np.testing.assert_allclose(truth.inverse(truth(body_mm)), body_mm, atol=1e-3)
    assert truth.jacobian(body_mm).min() > 0.3
    back_mm = (truth(body_mm) - truth.rigid[:3, 3]) @ truth.rigid[:3, :3]
    assert np.linalg.norm(back_mm - body_mm, axis=1).max() == pytest.approx(field_mm, rel=1e-9)


def test_a_field_of_24_mm_still_does_not_fold(source: Source) -> None:
    body_mm = source.points(source.body)[::11]
    truth = known_map(Motion((3.0, -2.0, 2.0), (8.0, -8.0, 4.0), field_mm=24.0), body_mm)
    np.testing.assert_allclose(truth.inverse(truth(body_mm)), body_mm, atol=1e-3)
    assert truth.jacobian(body_mm).min() > 0.3


def test_a_motion_that_folds_the_body_is_refused(source: Source) -> None:
    with pytest.raises(ValueError, match="longer wavelength"):
        make_pair(source, Motion(field_mm=30.0, wavelength_mm=60.0), CLEAN, CLEAN)


def test_simpleitk_brings_the_moving_ct_of_a_rigid_pair_onto_the_fixed_one(rippled: Source) -> None:
    pair = make_pair(rippled, RIGID, CLEAN, CLEAN)
    assert pair.truth is not None
    fixed, moving = (to_sitk(image.voxels_hu, image.geometry) for image in (pair.fixed, pair.moving))
    to_moving = sitk.AffineTransform(3)
    to_moving.SetMatrix(pair.truth.rigid[:3, :3].ravel().tolist())
    to_moving.SetTranslation(pair.truth.rigid[:3, 3].tolist())
    resampled = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, to_moving, sitk.sitkBSpline, -1000.0))
    inner = (slice(8, -8), slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(resampled[inner], pair.fixed.voxels_hu[inner], atol=0.5)
    assert np.abs(pair.moving.voxels_hu - pair.fixed.voxels_hu)[inner].mean() > 15.0


@pytest.mark.parametrize("bumps", [False, True])
def test_the_scans_of_an_analytic_patient_agree_under_the_map_to_half_a_hounsfield_unit(rippled: Source, bumps) -> None:
    pair = make_pair(rippled, replace(RIGID, field_mm=8.0, bumps=bumps), CLEAN, CLEAN)
    expected = ripples_hu(pair.landmarks_mm)
    np.testing.assert_allclose(hu_at(pair.fixed, pair.landmarks_mm), expected, atol=0.5)
    np.testing.assert_allclose(hu_at(pair.moving, pair.landmarks_moving_mm), expected, atol=0.5)


def test_the_scans_of_a_real_patient_agree_under_the_truth_and_not_beside_it(smooth: RegistrationPair) -> None:
    assert smooth.truth is not None
    rigid_only = replace(smooth, truth=replace(smooth.truth, displacement=None))
    right, beside = (np.abs(disagreement_hu(pair, smooth.landmarks_mm)) for pair in (smooth, rigid_only))
    assert np.median(right) < 5.0
    assert np.median(beside) > 4.0 * np.median(right)


def test_every_landmark_is_shown_by_both_scans_of_every_pair(source: Source) -> None:
    for name in ("cropped", "overlap of half", "feet first", "head-foot +100 mm", "turned about SI"):
        pair = named_pair(name, source)
        assert len(pair.landmarks_mm) == 1500
        for image, points in ((pair.fixed, pair.landmarks_mm), (pair.moving, pair.landmarks_moving_mm)):
            index = image.geometry.to_index(points)
            assert np.all((index >= 0) & (index <= np.asarray(image.geometry.size) - 1))
        assert np.median(np.abs(disagreement_hu(pair, pair.landmarks_mm))) < 12.0, name


def test_organ_volumes_change_by_the_jacobian(smooth: RegistrationPair) -> None:
    assert smooth.truth is not None
    for organ in ("kidney_left", "kidney_right"):
        here, there = smooth.fixed_mask(organ), smooth.moving_mask(organ)
        np.testing.assert_array_equal(here, smooth.source.organs[organ])
        growth = smooth.truth.jacobian(smooth.organs[organ])
        assert there.sum() == pytest.approx(growth.sum(), rel=0.02)
        moved = np.average(smooth.truth(smooth.organs[organ]), axis=0, weights=growth)
        found = smooth.moving.geometry.to_lps(np.argwhere(there)[:, ::-1].astype(np.float64)).mean(axis=0)
        np.testing.assert_allclose(found, moved, atol=0.3)


def test_noise_is_independent_seeded_and_as_strong_as_asked(source: Source) -> None:
    scan = Scan(noise_hu=15.0)
    pair, again = (make_pair(source, Motion(), scan, scan) for _ in range(2))
    np.testing.assert_array_equal(pair.moving.voxels_hu, again.moving.voxels_hu)
    np.testing.assert_array_equal(pair.landmarks_mm, again.landmarks_mm)
    tissue = source.body & (source.hu > -200.0) & (source.hu < 200.0)
    difference = (pair.fixed.voxels_hu - pair.moving.voxels_hu)[tissue]
    assert difference.std() == pytest.approx(15.0 * np.sqrt(2.0), rel=0.01)


def test_contrast_and_kv_raise_organs_and_bone_and_leave_fat(source: Source) -> None:
    pair = make_pair(source, Motion(), CLEAN, Scan(contrast=1.0, bone_scale=1.3))
    change = pair.moving.voxels_hu - pair.fixed.voxels_hu
    inner = source.hu > 60.0
    assert change[source.organs["kidney_left"] & (source.hu > 0.0)].mean() > 60.0
    assert change[inner & source.organs["vertebrae_L1"] & (source.hu > 400.0)].mean() > 80.0
    assert abs(np.median(change[source.body & (source.hu < -60.0) & (source.hu > -120.0)])) < 1.0
    assert not enhancement_hu(source)[~source.body].any()


def test_thick_slices_average_over_their_thickness(source: Source) -> None:
    pair = make_pair(source, Motion(), CLEAN, Scan(spacing_mm=(3.0, 3.0, 6.0), slice_mm=6.0))
    assert pair.moving.geometry.spacing_mm == (3.0, 3.0, 6.0)
    assert pair.moving.geometry.size[2] == 25
    pairs_of_slices = 0.5 * (pair.fixed.voxels_hu[0::2] + pair.fixed.voxels_hu[1::2])
    assert np.median(np.abs(pair.moving.voxels_hu - pairs_of_slices)[source.body[0::2]]) < 5.0


def test_the_couch_stays_behind_when_the_patient_moves(source: Source) -> None:
    wide = Scan(extent_mm=(520.0, 420.0, 150.0), couch=Couch.FLAT)
    pair = make_pair(source, RIGID, wide, replace(wide, couch_aside_mm=20.0, couch_gap_mm=10.0))
    for scan in (pair.fixed, pair.moving):
        without = scan.voxels_hu[5, -40:]
        flat = (np.abs(without + 150.0) < 20.0).sum(axis=1)
        assert flat.max() > 120  # a straight line of shell along one row, though the patient is rotated
    assert np.median(np.abs(disagreement_hu(pair, pair.landmarks_mm))) < 5.0


def test_feet_first_is_stored_turned_and_shows_the_same_anatomy(source: Source) -> None:
    usual, turned = (make_pair(source, RIGID, CLEAN, replace(CLEAN, axes=axes)) for axes in (CLEAN.axes, FEET_FIRST_SUPINE))
    assert turned.moving.geometry.direction == FEET_FIRST_SUPINE
    np.testing.assert_allclose(turned.moving.voxels_hu[::-1, :, ::-1], usual.moving.voxels_hu, atol=0.5)


def test_a_turned_patient_is_turned_in_the_frame(source: Source) -> None:
    pair = named_pair("turned about AP", source)
    assert pair.truth is not None
    axes = pair.truth.rigid[:3, :3].diagonal()
    np.testing.assert_allclose(axes, (-1.0, 1.0, -1.0), atol=1e-3)


def test_two_patients_have_no_map(source: Source) -> None:
    pair = named_pair("wrong patient", source)
    assert pair.truth is None
    assert pair.moving.geometry != pair.fixed.geometry
    with pytest.raises(ValueError, match="two patients"):
        _ = pair.landmarks_moving_mm


def test_every_named_motion_is_one_that_a_body_survives(source: Source) -> None:
    body_mm = source.points(source.body)[::37]
    for name, (motion, _, _) in NAMED.items():
        assert known_map(motion, body_mm).jacobian(body_mm).min() > 0.3, name


def test_the_organs_of_the_abdomen_lie_where_their_tissue_is() -> None:
    abdomen = abdomen_source(shared_data("10_totalseg_ct"))
    assert abdomen.hu.shape == (112, 101, 122)
    liver = abdomen.hu[abdomen.organs["liver"]]
    assert 35.0 < liver.mean() < 60.0
    assert liver.std() < 25.0
    assert abdomen.hu[abdomen.organs["vertebra_L1"]].mean() > 120.0
    assert abdomen.hu[~abdomen.body].max() == pytest.approx(-1000.0)


def test_patients_of_the_head_and_neck_have_masks_and_hounsfield_units() -> None:
    patient = head_and_neck_source(shared_data("09_openkbp") / "pt_1")
    assert "Mandible" in patient.organs
    assert patient.hu[patient.organs["Mandible"]].mean() > 300.0
    assert abs(np.median(patient.hu[patient.organs["SpinalCord"]])) < 80.0


def to_sitk(voxels: np.ndarray, geometry) -> sitk.Image:
    converted = sitk.GetImageFromArray(voxels)
    converted.SetOrigin(geometry.origin_mm)
    converted.SetSpacing(geometry.spacing_mm)
    converted.SetDirection(np.asarray(geometry.direction).ravel().tolist())
    return converted
