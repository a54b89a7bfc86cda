"""Verdicts on the demo case, whose exact map is known: right, partly wrong and missing registrations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from demo_quality import organs_of, to_current, to_prior
from landmark_pairs import pairs_of
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol
from ReirradiationLib.model.registration_quality import CourseQuality, Region, Verdict
from ReirradiationLib.model.structure import EndCaps
from ReirradiationLib.model.transform import DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.course_check import CourseCheck, check_course
from synthetic import AXIAL, voxel_points

BONES_AND_CORD = {"spinal_cord", "vertebrae_T12", "vertebrae_L1", "vertebrae_L2"}
LARGE_OR_DOUBLE = {"BODY", "PTV2_L1", "colon"}
PARTLY_IN_VIEW = {"liver"}
"""6 % of it lies outside the prior CT."""


@pytest.fixture(scope="module")
def organs(demo_folder, current_ct, prior_ct):
    found = organs_of(demo_folder, current_ct, prior_ct)
    return tuple(organ for organ in found if organ.name not in LARGE_OR_DOUBLE)


@pytest.fixture(scope="module")
def limits():
    return load_protocol(default_protocol_folder()).registration_limits


@pytest.fixture(scope="module")
def transforms(demo_folder, current_ct, prior_dose) -> dict[str, SpatialTransform]:
    frames = (current_ct.frame_uid, prior_dose.frame_uid)
    read = {name: read_registration(demo_folder / "course2" / f"REG_{name}.dcm", *frames) for name in ("deform", "rigid")}
    return {**read, "identity": SpatialTransform(*frames, (), "none")}


@pytest.fixture(scope="module")
def checked(transforms, organs, limits, current_ct, prior_ct, prior_dose) -> dict[str, CourseQuality]:
    return {
        name: check_course(CourseCheck(current_ct, prior_ct, prior_dose, transform), organs, limits)
        for name, transform in transforms.items()
    }


def true_errors_mm(demo_folder, transform, organ) -> np.ndarray:
    errors = np.linalg.norm(transform.apply(organ.points_mm) - to_prior(demo_folder, organ.points_mm), axis=1)
    return errors[np.isfinite(errors)]


def test_the_map_that_errors_are_measured_by_is_that_of_the_landmarks(demo_folder, landmarks) -> None:
    np.testing.assert_allclose(to_current(demo_folder, landmarks[1]), landmarks[0], atol=1e-3)
    np.testing.assert_allclose(to_prior(demo_folder, landmarks[0]), landmarks[1], atol=1e-3)


def test_the_true_registration_is_go(checked) -> None:
    verdicts = {organ.organ: organ.verdict for organ in checked["deform"].verdicts}
    assert {name for name, verdict in verdicts.items() if verdict is not Verdict.GO} == PARTLY_IN_VIEW
    assert verdicts.keys() >= BONES_AND_CORD
    for organ in checked["deform"].organs:
        assert organ.organ.residual_shift.median_mm < 0.5


def test_without_registration_every_organ_is_for_the_worksheet(checked) -> None:
    assert checked["identity"].count(Verdict.WORKSHEET) == len(checked["identity"].verdicts)
    assert checked["identity"].fails_mostly


def test_the_residual_shift_is_the_true_error_under_a_registration_that_is_partly_wrong(
    demo_folder, checked, transforms, organs
) -> None:
    """Rigid where the patient deformed: errors of 0.1 to 8 mm, differing from organ to organ and within them."""
    found, true = [], []
    for organ, quality in zip(organs, checked["rigid"].organs, strict=True):
        errors = true_errors_mm(demo_folder, transforms["rigid"], organ)
        shift = quality.organ.residual_shift
        found.append((shift.median_mm, shift.p95_mm))
        true.append((np.median(errors), np.percentile(errors, 95)))
    found, true = np.array(found), np.array(true)
    assert true.max() > 7.0
    for column in (0, 1):
        assert np.corrcoef(found[:, column], true[:, column])[0, 1] > 0.85
        assert abs(np.mean(found[:, column] - true[:, column])) < 0.5
    assert np.abs(found[:, 0] - true[:, 0]).max() < 2.5  # blocks are 24 mm wide and lie around the organ


def test_no_organ_is_go_where_the_registration_is_off_by_more_than_three_millimetres(
    demo_folder, checked, transforms, organs
) -> None:
    for organ, verdict in zip(organs, checked["rigid"].verdicts, strict=True):
        if np.median(true_errors_mm(demo_folder, transforms["rigid"], organ)) > 3.0:
            assert verdict.verdict is not Verdict.GO, organ.name
    assert checked["rigid"].verdict is not Verdict.GO


def test_the_part_within_the_high_dose_is_judged_by_itself(checked) -> None:
    cord = next(organ for organ in checked["deform"].organs if organ.name == "spinal_cord")
    assert cord.overlap.region is Region.OVERLAP
    assert 0 < cord.overlap.points < cord.organ.points
    assert cord.highest_dose_share > 0.9
    assert checked["deform"].high_dose.region is Region.HIGH_DOSE
    assert checked["deform"].high_dose.residual_shift.median_mm < 0.5


@pytest.mark.parametrize("name", ["deform", "identity"])
def test_contrast_medium_thick_slices_and_noise_in_the_prior_ct_do_not_mislead_the_check(
    demo_folder, transforms, organs, current_ct, prior_ct, prior_dose, limits, name: str
) -> None:
    """Kidneys +120 HU, spleen +60, liver +40; slices of 6 mm; noise of 15 HU."""
    voxels = prior_ct.voxels_hu.copy()
    earlier = read_structures(demo_folder / "course1" / "RS.dcm")
    for structure, rise_hu in (("kidney_left", 120), ("kidney_right", 120), ("spleen", 60), ("liver", 40)):
        mask = structure_mask(earlier.find(structure), prior_ct.geometry, prior_ct.geometry, EndCaps.HALF_SLICE)
        voxels[mask] += rise_hu
    pairs = len(voxels) // 2
    thick = voxels[: 2 * pairs].reshape(pairs, 2, *voxels.shape[1:]).mean(axis=1)
    thick += np.random.default_rng(1).normal(0.0, 15.0, thick.shape)
    old = prior_ct.geometry
    origin = np.asarray(old.origin_mm) + 0.5 * old.spacing_mm[2] * old.normal
    geometry = Geometry(tuple(origin), (*old.spacing_mm[:2], 2 * old.spacing_mm[2]), old.direction, (*old.size[:2], pairs))
    changed = replace(prior_ct, voxels_hu=thick.astype(np.float32), geometry=geometry)
    some = [organ for organ in organs if organ.name in BONES_AND_CORD | {"kidney_left", "kidney_right", "spleen"}]
    found = check_course(CourseCheck(current_ct, changed, prior_dose, transforms[name]), some, limits)
    if name == "identity":
        assert found.count(Verdict.WORKSHEET) == len(some)
        return
    for organ, verdict in zip(found.organs, found.verdicts, strict=True):
        assert organ.organ.residual_shift.median_mm < 1.5
        assert verdict.verdict is not Verdict.WORKSHEET
        assert verdict.verdict is Verdict.GO or organ.name.startswith("kidney")  # brighter than what lies around it


def test_similarity_rises_with_the_right_registration(checked) -> None:
    for organ in checked["deform"].organs:
        assert organ.organ.similarity.after > 0.9 > organ.organ.similarity.before


def test_exact_landmarks_speak_for_the_organs_near_them(
    demo_folder, transforms, organs, limits, current_ct, prior_ct, prior_dose, landmarks
) -> None:
    found = {}
    for name in ("deform", "rigid"):
        check = CourseCheck(current_ct, None, prior_dose, transforms[name], landmarks=pairs_of(*landmarks))
        found[name] = check_course(check, organs, limits)
        assert found[name].landmarks.number + found[name].landmarks.undefined == 300
    cord = next(n for n, organ in enumerate(organs) if organ.name == "spinal_cord")
    assert found["deform"].verdicts[cord].verdict is Verdict.GO  # without a prior CT
    assert found["deform"].landmarks.mean_mm < 0.3
    assert found["rigid"].verdicts[cord].verdict is not Verdict.GO
    assert found["rigid"].organs[cord].landmarks.number < 300


def test_the_prior_contours_land_on_the_current_ones(
    demo_folder, transforms, limits, current_ct, prior_ct, prior_dose
) -> None:
    named = organs_of(demo_folder, current_ct, prior_ct, with_contours=True)
    chosen = [organ for organ in named if organ.name in BONES_AND_CORD | {"kidney_left"}]
    right, wrong = (
        check_course(CourseCheck(current_ct, None, prior_dose, transforms[name]), chosen, limits)
        for name in ("deform", "identity")
    )
    for organ in right.organs:
        assert organ.contours.dice > 0.85
        assert organ.contours.mean_mm < 1.2
    assert wrong.count(Verdict.WORKSHEET) == len(chosen)


def test_the_exact_inverse_is_consistent(demo_folder, transforms, organs, current_ct, prior_ct, prior_dose, limits) -> None:
    """REG_deform against a backward grid made of the exact map, both interpolated between nodes 6–10 mm apart."""
    ends = prior_ct.geometry.to_lps(np.array([[0.0, 0, 0], np.array(prior_ct.geometry.size) - 1.0]))
    low, high = ends.min(axis=0), ends.max(axis=0)
    grid = Geometry(tuple(low), (6.0,) * 3, AXIAL, tuple(int(n) for n in np.ceil((high - low) / 6.0) + 1))
    points = voxel_points(grid)
    vectors = (to_current(demo_folder, points) - points).reshape(*grid.shape, 3).astype(np.float32)
    steps = (DisplacementGrid(grid, vectors),)
    backward = SpatialTransform(prior_dose.frame_uid, current_ct.frame_uid, steps, "exact")
    cord = [organ for organ in organs if organ.name == "spinal_cord"]
    for name, largest in (("deform", 0.5), ("rigid", 12.0)):
        check = CourseCheck(current_ct, None, prior_dose, transforms[name], backward=backward)
        found = check_course(check, cord, limits).organs[0].organ.inverse_consistency
        assert found.largest_mm < largest
    errors = true_errors_mm(demo_folder, transforms["rigid"], cord[0])
    assert found.mean_mm == pytest.approx(errors.mean(), rel=0.1)


def test_a_cropped_prior_ct_is_seen(transforms, organs, current_ct, prior_ct, prior_dose, limits) -> None:
    half = prior_ct.geometry.size[2] // 2
    geometry = replace(prior_ct.geometry, size=(*prior_ct.geometry.size[:2], half))
    cropped = replace(prior_ct, voxels_hu=prior_ct.voxels_hu[:half], geometry=geometry)
    cord = [organ for organ in organs if organ.name == "spinal_cord"]
    found = check_course(CourseCheck(current_ct, cropped, prior_dose, transforms["deform"]), cord, limits)
    assert 50.0 < found.organs[0].organ.field_of_view.outside_prior_ct_percent < 80.0
    assert found.verdict is Verdict.WORKSHEET
    assert "outside the prior CT" in found.verdicts[0].reasons[0].text
