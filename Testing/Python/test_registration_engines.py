"""The engines, on the demo case's CTs alone and on pairs with an exactly known map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from registration_pairs import NAMED, named_pair
from ReirradiationLib.dosimetry.mapping import sample_dose
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.errors import Cancelled, RegistrationError
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.model.registration import EngineName, RegistrationKind
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.elastix_engine import ElastixEngine
from ReirradiationLib.registration.engine import Box, Registered, RegistrationEngine, RegistrationSettings
from ReirradiationLib.registration.engines import chosen_engine, library_engines
from ReirradiationLib.registration.jacobian import jacobian_determinant
from ReirradiationLib.registration.landmarks import rigid_fit
from ReirradiationLib.registration.simpleitk_engine import SimpleItkEngine
from scipy import ndimage

RIGID = RegistrationSettings(RegistrationKind.RIGID)
DEFORMABLE = RegistrationSettings(RegistrationKind.DEFORMABLE)


def registered(engine: RegistrationEngine, fixed: Image, moving: Image, settings=RIGID) -> Registered:
    return engine.register(fixed, moving, settings, lambda text: None, lambda: False)


def elastix() -> ElastixEngine:
    engine = ElastixEngine()
    if engine.unavailable_because() is not None:
        pytest.skip(engine.unavailable_because())
    return engine


def errors_mm(transform: SpatialTransform, landmarks) -> np.ndarray:
    return np.linalg.norm(transform.apply(landmarks[0]) - landmarks[1], axis=1)


@pytest.fixture(scope="module")
def rigid(current_ct: Image, prior_ct: Image) -> Registered:
    return registered(SimpleItkEngine(), current_ct, prior_ct)


@pytest.fixture(scope="module", params=[EngineName.SIMPLEITK, EngineName.ELASTIX])
def deformable(request, current_ct: Image, prior_ct: Image, rigid: Registered) -> Registered:
    engine = SimpleItkEngine() if request.param is EngineName.SIMPLEITK else elastix()
    return registered(engine, current_ct, prior_ct, replace(DEFORMABLE, start=rigid.transform.steps[0]))


def test_rigid_comes_within_half_a_millimetre_of_the_best_rigid_fit_to_the_landmarks(rigid, landmarks) -> None:
    best = Affine(rigid_fit(*landmarks))
    best_mm = np.linalg.norm(best.apply(landmarks[0]) - landmarks[1], axis=1)
    found_mm = errors_mm(rigid.transform, landmarks)
    assert np.linalg.norm(landmarks[0] - landmarks[1], axis=1).mean() > 20.0
    assert found_mm.mean() <= best_mm.mean() + 0.5
    matrix = rigid.transform.steps[0].matrix
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-6)


def test_deformable_finds_the_landmarks_of_the_demo_case_and_folds_nowhere(deformable, landmarks) -> None:
    found_mm = errors_mm(deformable.transform, landmarks)
    assert not np.isnan(found_mm).any()
    assert found_mm.mean() <= 1.5
    assert np.percentile(found_mm, 95) <= 3.0
    grid, start = deformable.transform.steps
    assert isinstance(grid, DisplacementGrid)
    assert isinstance(start, Affine)
    inner = np.stack(np.meshgrid(*[np.linspace(2, n - 3, 24) for n in grid.geometry.size], indexing="ij"), -1).reshape(-1, 3)
    assert np.nanmin(jacobian_determinant(deformable.transform, grid.geometry.to_lps(inner))) > 0.0


def test_the_dose_comes_where_the_true_map_takes_it(deformable, demo_results, prior_dose: Dose, current_ct: Image) -> None:
    """Against the exact DICOM REG of the demo case, in all organs."""
    course = demo_results.prior_courses[0]
    ours = replace(course, transform=deformable.transform)
    differences = []
    for organ in demo_results.structures:
        points = organ.prior.samples.points_mm[::20]
        true_gy, known = sampled(course, points)
        found_gy, also = sampled(ours, points)
        differences.append(np.abs(found_gy - true_gy)[known & also])
    difference_gy = np.concatenate(differences)
    assert prior_dose.voxels_gy.max() > 30.0
    assert difference_gy.mean() < 0.4
    assert np.percentile(difference_gy, 99) < 4.0


def sampled(course: Course, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sample_dose(course, points_mm)


@pytest.mark.parametrize("kind", [RIGID, DEFORMABLE])
def test_two_runs_give_the_identical_transform(kind: RegistrationSettings) -> None:
    pair = named_pair("smooth 5 mm")
    small = cropped(pair.fixed, 12), cropped(pair.moving, 12)
    one, other = (registered(SimpleItkEngine(), *small, kind).transform for _ in range(2))
    assert one.key == other.key


def cropped(ct: Image, slices: int) -> Image:
    """Without the first and the last slices."""
    keep = slice(slices, ct.geometry.size[2] - slices)
    x, y, z = ct.geometry.to_lps(np.array([[0.0, 0.0, slices]]))[0]
    size = (*ct.geometry.size[:2], ct.geometry.size[2] - 2 * slices)
    geometry = replace(ct.geometry, origin_mm=(x, y, z), size=size)
    return replace(ct, voxels_hu=ct.voxels_hu[keep], geometry=geometry, slice_uids=ct.slice_uids[keep])


RIGID_PAIRS = {
    "rigid": 0.3,
    "noise": None,
    "thick slices": None,
    "cropped": None,
    "couch": None,
    "feet first": None,
    "turned about SI": 0.3,
    "turned about AP": 0.3,
    "head-foot +100 mm": 0.3,
    "head-foot −100 mm": 0.3,
    "overlap of half": 0.3,
}
"""Largest mean error in mm; None where tissue deforms: then 0.5 mm more than the best rigid fit."""


@pytest.mark.parametrize("name", RIGID_PAIRS)
def test_rigid_finds_couches_shifts_turns_and_partial_overlap(name: str) -> None:
    pair = named_pair(name)
    transform = registered(SimpleItkEngine(), pair.fixed, pair.moving).transform
    best = Affine(rigid_fit(pair.landmarks_mm, pair.landmarks_moving_mm))
    best_mm = np.linalg.norm(best.apply(pair.landmarks_mm) - pair.landmarks_moving_mm, axis=1).mean()
    allowed = RIGID_PAIRS[name] if RIGID_PAIRS[name] is not None else best_mm + 0.5
    assert pair.errors_mm(transform).mean() <= allowed


@pytest.mark.parametrize("name", ["bumps 10 mm", "contrast", "cropped"])
def test_deformable_is_right_whatever_the_scanner_did(name: str) -> None:
    pair = named_pair(name)
    transform = registered(SimpleItkEngine(), pair.fixed, pair.moving, DEFORMABLE).transform
    found_mm = pair.errors_mm(transform)
    assert not np.isnan(found_mm).any()
    assert found_mm.mean() <= 1.5
    assert jacobian_determinant(transform, pair.landmarks_mm).min() > 0.0


def test_contrast_medium_costs_elastix_nothing() -> None:
    pair = named_pair("contrast")
    assert pair.errors_mm(registered(elastix(), pair.fixed, pair.moving, DEFORMABLE).transform).mean() <= 1.5


def test_a_region_is_deformed_and_the_rest_falls_off_to_the_rigid_start() -> None:
    pair = named_pair("smooth 10 mm")
    start = registered(SimpleItkEngine(), pair.fixed, pair.moving).transform.steps[0]
    middle = np.median(pair.landmarks_mm, axis=0)
    region = Box.around(middle[None], 45.0)
    settings = RegistrationSettings(RegistrationKind.DEFORMABLE, start, region)
    transform = registered(SimpleItkEngine(), pair.fixed, pair.moving, settings).transform
    inside = (np.abs(pair.landmarks_mm - middle) < 30.0).all(axis=1)
    far = (np.abs(pair.landmarks_mm - middle) > 120.0).any(axis=1)
    assert inside.sum() > 20
    assert far.sum() > 20
    assert pair.errors_mm(transform)[inside].mean() < 1.5
    np.testing.assert_allclose(transform.apply(pair.landmarks_mm[far]), start.apply(pair.landmarks_mm[far]), atol=1e-3)
    assert np.isfinite(transform.apply(pair.landmarks_mm)).all()
    assert jacobian_determinant(transform, pair.landmarks_mm).min() > 0.0


@pytest.mark.parametrize("asked", [0, 3, 40, 120])
def test_a_registration_can_be_cancelled_at_any_time(current_ct: Image, prior_ct: Image, asked: int) -> None:
    times = iter(range(10**9))
    with pytest.raises(Cancelled):
        SimpleItkEngine().register(current_ct, prior_ct, DEFORMABLE, lambda text: None, lambda: next(times) >= asked)


def test_elastix_can_be_cancelled_while_it_runs(current_ct: Image, prior_ct: Image, rigid: Registered) -> None:
    settings = replace(DEFORMABLE, start=rigid.transform.steps[0])
    with pytest.raises(Cancelled):
        elastix().register(current_ct, prior_ct, settings, lambda text: None, lambda: True)


def test_a_ct_without_a_patient_is_refused(current_ct: Image) -> None:
    empty = replace(current_ct, voxels_hu=np.full_like(current_ct.voxels_hu, -1000.0))
    with pytest.raises(RegistrationError, match="Prior CT"):
        registered(SimpleItkEngine(), current_ct, empty)
    with pytest.raises(RegistrationError, match="Current CT"):
        registered(SimpleItkEngine(), empty, current_ct)


def test_a_couch_alone_is_no_patient(current_ct: Image) -> None:
    voxels = np.full_like(current_ct.voxels_hu, -1000.0)
    voxels[:, 60:65] = 100.0
    with pytest.raises(RegistrationError, match="thicker than"):
        registered(SimpleItkEngine(), current_ct, replace(current_ct, voxels_hu=voxels))


def test_noise_is_no_patient_that_agrees(current_ct: Image) -> None:
    noise = np.random.default_rng(3).normal(0.0, 400.0, current_ct.voxels_hu.shape).astype(np.float32)
    alike = replace(current_ct, voxels_hu=ndimage.gaussian_filter(noise, 1.0), frame_uid="1.2.9")
    with pytest.raises(RegistrationError):
        registered(SimpleItkEngine(), current_ct, alike)


def test_a_region_beside_the_patient_is_refused(current_ct: Image, prior_ct: Image, rigid: Registered) -> None:
    far = Box((5000.0, 0.0, 0.0), (5100.0, 100.0, 100.0))
    settings = RegistrationSettings(RegistrationKind.DEFORMABLE, rigid.transform.steps[0], far)
    with pytest.raises(RegistrationError, match="outside"):
        registered(SimpleItkEngine(), current_ct, prior_ct, settings)


def test_a_start_that_leaves_nothing_in_common_is_refused(current_ct: Image, prior_ct: Image) -> None:
    matrix = np.eye(4)
    matrix[2, 3] = 2000.0
    with pytest.raises(RegistrationError, match="in common"):
        registered(SimpleItkEngine(), current_ct, prior_ct, replace(DEFORMABLE, start=Affine(matrix)))


class Absent(SimpleItkEngine):
    """An engine that is not there."""

    name = EngineName.ELASTIX

    def unavailable_because(self) -> str | None:
        return "it is not installed"


def test_elastix_is_preferred_and_an_absent_engine_is_refused_with_the_reason() -> None:
    assert chosen_engine(None, (Absent(), SimpleItkEngine())).name is EngineName.SIMPLEITK
    with pytest.raises(RegistrationError, match=r"it is not installed.*'simpleitk'"):
        chosen_engine(EngineName.ELASTIX, (Absent(), SimpleItkEngine()))
    with pytest.raises(RegistrationError, match="Slicer application"):
        chosen_engine(EngineName.BRAINSFIT, library_engines())
    elastix()
    assert chosen_engine(None, library_engines()).name is EngineName.ELASTIX


def test_every_named_pair_is_covered_here_or_shows_what_others_show() -> None:
    assert set(RIGID_PAIRS) <= set(NAMED)
