"""Verdicts on real CTs: the same patient with a known error, and other patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from other_patients import deformed_onto, head_and_neck, image_of, smooth_field
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol
from ReirradiationLib.model.registration_limits import RegistrationLimits
from ReirradiationLib.model.registration_quality import CourseQuality, Verdict
from ReirradiationLib.model.transform import Affine, SpatialTransform
from ReirradiationLib.registration.course_check import CourseCheck, OrganRegion, check_course
from shared_data import shared_data

PATIENTS = ("pt_1", "pt_5")
NOISE_HU = 15.0
NOW = "today"


@pytest.fixture(scope="module")
def limits() -> RegistrationLimits:
    return load_protocol(default_protocol_folder()).registration_limits


def translation(of_mm) -> Affine:
    matrix = np.eye(4)
    matrix[:3, 3] = of_mm
    return Affine(matrix)


def years_later(prior: Image, organs: tuple[OrganRegion, ...], seed: int) -> tuple[Image, SpatialTransform, tuple]:
    """The same patient, deformed and moved: the current CT is the prior one pulled through a known map, with other noise."""
    steps = (smooth_field(prior.geometry, seed, 6.0, 40.0), translation((9.0, -6.0, 12.0)))
    truth = SpatialTransform(NOW, prior.frame_uid, steps, "truth")
    grid = prior.geometry
    points = np.concatenate([grid.plane_points(k) for k in range(grid.size[2])])
    there = grid.to_index(truth.apply(points))
    values, inside = trilinear(prior.voxels_hu, there)
    values[~inside] = -1024.0
    voxels = values.reshape(grid.shape) + np.random.default_rng(seed).normal(0.0, NOISE_HU, grid.shape)
    current = replace(prior, voxels_hu=voxels.astype(np.float32), frame_uid=NOW)
    nearest = np.rint(there).astype(int)
    regions = []
    for organ in organs:
        mask = np.zeros(grid.shape, dtype=bool)
        index = np.rint(grid.to_index(organ.points_mm)).astype(int)
        mask[index[:, 2], index[:, 1], index[:, 0]] = True
        in_organ = inside & mask[tuple(np.clip(nearest, 0, np.array(grid.size) - 1).T[::-1])]
        regions.append(OrganRegion(organ.name, points[in_organ]))
    return current, truth, tuple(regions)


@pytest.fixture(scope="module", params=PATIENTS)
def same_patient(request):
    prior, dose, organs = head_and_neck(shared_data("09_openkbp") / request.param)
    return (prior, dose, *years_later(prior, organs, seed=7))


def verdicts_with_error(same_patient, limits, error_mm) -> CourseQuality:
    prior, dose, current, truth, organs = same_patient
    wrong = replace(truth, steps=(*truth.steps, translation(error_mm)))
    return check_course(CourseCheck(current, prior, dose, wrong), organs, limits)


def test_the_true_transform_of_the_same_patient_is_go_in_every_organ(same_patient, limits) -> None:
    found = verdicts_with_error(same_patient, limits, (0.0, 0.0, 0.0))
    assert {organ.organ: organ.verdict for organ in found.verdicts if organ.verdict is not Verdict.GO} == {}
    assert max(organ.organ.residual_shift.median_mm for organ in found.organs) < 1.0
    assert not found.fails_mostly


@pytest.mark.parametrize("direction", [(0.577, -0.577, 0.577)])
def test_an_error_of_5_mm_is_at_least_caution_and_of_10_mm_worksheet_everywhere(same_patient, limits, direction) -> None:
    five = verdicts_with_error(same_patient, limits, 5.0 * np.array(direction))
    assert five.count(Verdict.GO) == 0
    assert [organ.organ.residual_shift.median_mm for organ in five.organs] == pytest.approx(
        len(five.organs) * [5.0], abs=1.0
    )
    ten = verdicts_with_error(same_patient, limits, 10.0 * np.array(direction))
    assert ten.count(Verdict.WORKSHEET) == len(ten.verdicts)


@pytest.mark.parametrize(("now", "before"), [("pt_1", "pt_5"), ("pt_5", "pt_243")])
def test_another_patient_is_nowhere_go_however_hard_the_images_were_bent(limits, now: str, before: str) -> None:
    folder = shared_data("09_openkbp")
    current, _, organs = head_and_neck(folder / now)
    prior, dose, _ = head_and_neck(folder / before)
    bent = deformed_onto(current, prior)
    for transform in (bent, replace(bent, steps=bent.steps[1:])):
        found = check_course(CourseCheck(current, prior, dose, transform), organs, limits)
        assert found.count(Verdict.GO) == 0
        assert found.fails_mostly
        assert found.verdict is Verdict.WORKSHEET


def test_another_part_of_another_body_is_worksheet_everywhere(limits) -> None:
    current, _, organs = head_and_neck(shared_data("09_openkbp") / "pt_5")
    stored = sitk.ReadImage(str(shared_data("10_totalseg_ct") / "example_ct.nii.gz"))
    prior = image_of(stored, "abdomen", 0.0)
    dose = Dose(np.ones(prior.geometry.shape, np.float32), prior.geometry, "abdomen", "1", prior.patient, ())
    found = check_course(CourseCheck(current, prior, dose, deformed_onto(current, prior)), organs, limits)
    assert found.count(Verdict.WORKSHEET) == len(organs)
