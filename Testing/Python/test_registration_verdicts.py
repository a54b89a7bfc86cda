"""The right answer, or a verdict that says it is not: never a confident wrong one. End to end with our own engine.

``Testing/Benchmarks/bench_registration_verdicts.py`` does the same for all pairs; here are those that stand for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from judged_pairs import JudgedOrgan, Registered, found, judged, judged_course, organs_of, registered
from other_patients import head_and_neck
from registration_pairs import RegistrationPair, inside, named_pair
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration import RegistrationKind
from ReirradiationLib.model.registration_quality import Verdict
from shared_data import shared_data
from wrong_transforms import LOCAL_MM, VERTEBRA_MM, off_by, sampled_inverse, sampled_truth, swelling, turned

MEDIAN_MM, P95_MM = 2.5, 5.0
SAME_MM = 0.3
CUT_PERCENT = 5.0
"""Of an organ outside the prior CT, over which it is caution at best, however good the registration."""


@pytest.fixture(scope="module")
def upright() -> RegistrationPair:
    return named_pair("smooth 10 mm")


@pytest.fixture(scope="module")
def upright_found(upright: RegistrationPair) -> Registered:
    return registered(upright.fixed, upright.moving)


@pytest.fixture(scope="module")
def upright_judged(upright: RegistrationPair, upright_found: Registered) -> list[JudgedOrgan]:
    return judged(upright, upright_found.deformable, upright_found.deformable_back)


def assert_none_is_confidently_wrong(organs: list[JudgedOrgan]) -> None:
    assert [str(organ) for organ in organs if organ.is_confidently_wrong(MEDIAN_MM, P95_MM)] == []


def whole_in_prior_ct(pair: RegistrationPair) -> set[str]:
    """Organs that the prior CT truly shows, with 5 mm to spare: one slice more or less is 6 % of a vertebra."""
    shown = {
        name: 100.0 * inside(pair.moving.geometry, pair.truth(points)).mean() for name, points in organs_of(pair).items()
    }
    return {name for name, percent in shown.items() if percent >= 100.0 - CUT_PERCENT}


def assert_useful(pair: RegistrationPair, organs: list[JudgedOrgan]) -> None:
    """Of a good registration every organ is go, unless the prior CT cuts it."""
    go = {organ.name for organ in organs if organ.is_go}
    assert whole_in_prior_ct(pair) <= go
    assert 2 * len(go) > len(organs)


def test_a_good_deformable_registration_is_go_wherever_the_prior_ct_shows_the_organ(upright, upright_judged) -> None:
    assert_none_is_confidently_wrong(upright_judged)
    assert_useful(upright, upright_judged)


def test_a_rigid_registration_of_a_deformed_patient_is_go_nowhere_where_it_is_off(upright, upright_found) -> None:
    organs = judged(upright, upright_found.rigid, upright_found.rigid_back)
    assert max(organ.median_mm for organ in organs) > 5.0
    assert_none_is_confidently_wrong(organs)
    assert all(organ.verdict.verdict is Verdict.WORKSHEET for organ in organs if organ.median_mm > 6.0)


def test_oblique_and_feet_first_cts_are_registered_and_judged_as_upright_ones(
    upright, upright_found, upright_judged
) -> None:
    pair = named_pair("oblique, feet first")
    assert np.abs(np.asarray(pair.moving.geometry.direction)).max() < 0.995
    both = registered(pair.fixed, pair.moving)
    for ours, theirs in ((both.rigid, upright_found.rigid), (both.deformable, upright_found.deformable)):
        errors = [
            np.linalg.norm(t.apply(upright.landmarks_mm) - upright.landmarks_moving_mm, axis=1) for t in (ours, theirs)
        ]
        assert not np.isnan(errors[0]).any()
        assert errors[0].mean() == pytest.approx(errors[1].mean(), abs=SAME_MM)
    organs = judged(pair, both.deformable, both.deformable_back)
    assert_none_is_confidently_wrong(organs)
    known = {organ.name: organ for organ in upright_judged}
    whole = whole_in_prior_ct(upright)
    for organ in organs:
        assert organ.median_mm == pytest.approx(known[organ.name].median_mm, abs=SAME_MM)
        if organ.name in whole:
            assert organ.verdict.verdict is known[organ.name].verdict.verdict


def test_a_head_foot_overlap_of_half_is_found_in_both_directions() -> None:
    """Coarse CTs once had a plane of air beyond the last slice, which drew their ends together by 50 mm."""
    pair = named_pair("overlap of half")
    forth = found(pair.fixed, pair.moving, RegistrationKind.RIGID)
    back = found(pair.moving, pair.fixed, RegistrationKind.RIGID)
    there = pair.landmarks_moving_mm
    assert np.linalg.norm(forth.apply(pair.landmarks_mm) - there, axis=1).mean() < SAME_MM
    assert np.linalg.norm(back.apply(there) - pair.landmarks_mm, axis=1).mean() < SAME_MM
    organs = judged(pair, forth, back)
    assert_none_is_confidently_wrong(organs)
    assert whole_in_prior_ct(pair) <= {organ.name for organ in organs if organ.is_go}


def test_somebody_else_with_nearly_the_same_anatomy_is_go_nowhere() -> None:
    pair = named_pair("wrong patient")
    start = found(pair.fixed, pair.moving, RegistrationKind.RIGID).steps[0]
    forth = found(pair.fixed, pair.moving, RegistrationKind.DEFORMABLE, start)
    # Without a backward registration, which would give it away as well.
    for transform in (replace(forth, steps=(start,)), forth):
        assert [str(organ) for organ in judged(pair, transform, None) if organ.is_go] == []


def test_another_head_and_neck_patient_is_go_nowhere() -> None:
    folder = shared_data("09_openkbp")
    current, _, organs = head_and_neck(folder / "pt_5")
    prior, dose, _ = head_and_neck(folder / "pt_243")
    points = {organ.name: organ.points_mm for organ in organs}
    both = registered(current, prior)
    for forth, back in ((both.rigid, both.rigid_back), (both.deformable, both.deformable_back)):
        course = judged_course(current, prior, forth, back, points, dose)
        assert course.count(Verdict.GO) == 0
        assert course.fails_mostly


FEW = ("spinal_cord", "vertebrae_L1", "liver", "colon", "spleen")


def few(organs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    return {name: organs[name] for name in FEW}


def test_the_true_map_itself_is_go(upright) -> None:
    organs = judged(upright, sampled_truth(upright), sampled_inverse(upright), few)
    assert max(organ.p95_mm for organ in organs) < 0.2
    assert {organ.name for organ in organs if organ.is_go} >= whole_in_prior_ct(upright) & set(FEW)


@pytest.mark.parametrize("axis", range(3))
def test_a_shift_of_4_mm_that_both_directions_agree_on_is_go_nowhere(upright, axis: int) -> None:
    wrong = off_by(sampled_truth(upright), sampled_inverse(upright), 4.0 * np.eye(3)[axis])
    assert [str(organ) for organ in judged(upright, *wrong, few) if organ.is_go] == []


def test_the_next_vertebra_is_not_this_one(upright) -> None:
    wrong = off_by(sampled_truth(upright), sampled_inverse(upright), np.array([0.0, 0.0, VERTEBRA_MM]))
    organs = judged(upright, *wrong, few)
    assert all(organ.verdict.verdict is Verdict.WORKSHEET for organ in organs), [str(organ) for organ in organs]


def test_left_taken_for_right_is_worksheet_everywhere(upright) -> None:
    organs = judged(upright, *turned(upright, sampled_truth(upright), sampled_inverse(upright)), few)
    assert all(organ.verdict.verdict is Verdict.WORKSHEET for organ in organs), [str(organ) for organ in organs]


@pytest.mark.parametrize("organ", ["liver", "colon"])
def test_a_transform_that_is_right_in_bone_and_wrong_within_an_organ_is_not_go_there(upright, organ: str) -> None:
    """In a homogeneous organ image blocks show little; that the other direction disagrees shows it."""
    middle = np.median(organs_of(upright)[organ], axis=0)
    wrong = sampled_truth(upright, swelling(middle, axis=1))
    organs = {one.name: one for one in judged(upright, wrong, sampled_inverse(upright), few)}
    assert np.nanmax(organs[organ].errors_mm) > 0.7 * LOCAL_MM
    assert_none_is_confidently_wrong(list(organs.values()))
    assert not organs[organ].is_go


def padded(ct: Image, outside_hu: float, radius_mm: float) -> Image:
    """Nothing known beyond a circle, as some scanners mark it."""
    x, y, _ = (ct.geometry.plane_points(0) - ct.geometry.plane_points(0).mean(axis=0)).T
    beyond = (np.hypot(x, y) > radius_mm).reshape(ct.geometry.shape[1:])
    return replace(ct, voxels_hu=np.where(beyond, np.float32(outside_hu), ct.voxels_hu))


def test_padding_around_a_circular_field_of_view_that_cuts_the_patient_does_no_harm(upright, upright_found) -> None:
    fixed, moving = padded(upright.fixed, -3024.0, 150.0), padded(upright.moving, -2048.0, 150.0)
    cut = found(fixed, moving, RegistrationKind.RIGID)
    middle = upright.landmarks_mm - upright.landmarks_mm.mean(axis=0)
    central = upright.landmarks_mm[np.hypot(middle[:, 0], middle[:, 1]) < 80.0]
    apart_mm = np.linalg.norm(cut.apply(central) - upright_found.rigid.apply(central), axis=1)
    assert apart_mm.max() < 2.0
    with_cut = replace(upright, fixed=fixed, moving=moving)
    assert_none_is_confidently_wrong(judged(with_cut, upright_found.deformable, upright_found.deformable_back, few))
