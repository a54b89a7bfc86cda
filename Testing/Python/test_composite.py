"""EQD2 volumes for display: against double precision, at every dose, and the rule that is written on them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry import composite
from ReirradiationLib.dosimetry.composite import composite_comment, composite_rule, composite_volume, eqd2_volume
from ReirradiationLib.dosimetry.mapping import MappedDose
from ReirradiationLib.model.errors import DosimetryError
from synthetic import grid, voxel_points

GRID = grid(2.0, 60.0)


def mapped(voxels: np.ndarray) -> MappedDose:
    return MappedDose(voxels.astype(np.float32), np.ones(voxels.shape, dtype=bool), GRID)


def noise(seed: int, highest_gy: float) -> MappedDose:
    """Doses up to the highest, most of them low, a fifth of the planes without any."""
    voxels = highest_gy * np.random.default_rng(seed).random(GRID.shape) ** 2
    voxels[: GRID.shape[0] // 5] = 0.0
    return mapped(voxels)


def reference(doses: list[MappedDose], fractions: list[int], ratio: float) -> np.ndarray:
    """The formula in double precision."""
    total = np.zeros(GRID.shape)
    for dose, count in zip(doses, fractions, strict=True):
        physical = dose.voxels_gy.astype(np.float64)
        total += physical * (physical / count + ratio) / (2.0 + ratio)
    return total


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(1.0, 60.0), st.integers(1, 35)), min_size=1, max_size=4),
    st.floats(0.5, 10.0),
)
def test_a_volume_is_within_a_ten_thousandth_of_a_gray_of_double_precision(courses, ratio: float) -> None:
    doses = [noise(seed, highest) for seed, highest, _ in courses]
    fractions = [count for *_, count in courses]
    expected = reference(doses, fractions, ratio)
    storage = expected.max() * composite.SINGLE_ROUNDING  # of the result alone; below 1e-4 Gy up to 1677 Gy EQD2
    volume = eqd2_volume(doses, fractions, ratio)
    assert volume.dtype == np.float32
    assert np.abs(volume - expected).max() < max(1e-4, 1.001 * storage)


@pytest.mark.parametrize(("highest_gy", "fractions"), [(60.0, 1), (60.0, 3), (60.0, 30), (70.0, 1)])
def test_the_error_stays_small_at_doses_up_to_60_gy_in_a_single_fraction(highest_gy: float, fractions: int) -> None:
    """60 Gy in one fraction, α/β 2, are 930 Gy EQD2; four such courses would be beyond single precision."""
    doses = [noise(seed, highest_gy) for seed in range(1)]
    assert np.abs(eqd2_volume(doses, [fractions], 2.0) - reference(doses, [fractions], 2.0)).max() < 1e-4


def test_four_courses_of_75_gy_eqd2_each() -> None:
    doses, fractions = [noise(seed, 60.0) for seed in range(4)], [20, 25, 18, 30]
    assert np.abs(eqd2_volume(doses, fractions, 3.0) - reference(doses, fractions, 3.0)).max() < 1e-4


def test_the_bound_of_single_precision_holds_and_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no limit on the error everything is single precision: the error is seen, and within the bound."""
    doses, fractions = [noise(seed, 60.0) for seed in range(3)], [1, 2, 3]
    expected = reference(doses, fractions, 2.0)
    double = np.abs(eqd2_volume(doses, fractions, 2.0) - expected).max()
    monkeypatch.setattr(composite, "LARGEST_ERROR_GY", np.inf)
    single = np.abs(eqd2_volume(doses, fractions, 2.0) - expected).max()
    curves = composite._curves(fractions, 2.0)
    assert double < single <= composite._single_precision_error_gy(curves, [60.0] * 3)


def test_blocks_and_threads_change_no_voxel(monkeypatch: pytest.MonkeyPatch) -> None:
    doses, fractions, mask = [noise(1, 60.0), noise(2, 40.0)], [5, 20], np.random.default_rng(3).random(GRID.shape) < 0.1
    volumes = [composite_volume(doses, fractions, {2.0: mask}, 3.0) for _ in range(2)]
    monkeypatch.setattr(composite, "BLOCK", 10_007)
    monkeypatch.setattr(composite, "SPAN", 2 * 10_007)
    monkeypatch.setattr(composite, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(composite.os, "cpu_count", lambda: 3)
    volumes.append(composite_volume(doses, fractions, {2.0: mask}, 3.0))
    assert np.array_equal(volumes[0], volumes[1])
    assert np.array_equal(volumes[0], volumes[2])


def test_little_memory_is_needed_beside_the_volume() -> None:
    dose = mapped(np.full(GRID.shape, 30.0))
    tracemalloc.start()
    volume = eqd2_volume([dose, dose], [5, 10], 3.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - volume.nbytes < 10e6


def test_where_no_course_gave_dose_there_is_none() -> None:
    dose = noise(7, 50.0)
    volume = eqd2_volume([dose, dose], [5, 5], 3.0)
    assert np.array_equal(volume == 0.0, dose.voxels_gy == 0.0)


def test_doses_and_masks_of_other_grids_are_refused_though_they_hold_as_many_voxels() -> None:
    one, other = mapped(np.ones((4, 5, 6))), mapped(np.ones((6, 5, 4)))
    with pytest.raises(DosimetryError, match="one grid"):
        eqd2_volume([one, other], [5, 5], 3.0)
    with pytest.raises(DosimetryError, match="one grid"):
        composite_volume([one], [5], {2.0: np.ones((6, 5, 4), dtype=bool)}, 3.0)


def test_a_voxel_that_is_no_number_does_not_become_zero() -> None:
    spoilt = mapped(np.zeros(GRID.shape))
    spoilt.voxels_gy[3, 4, 5] = np.nan
    assert np.isnan(eqd2_volume([mapped(np.zeros(GRID.shape)), spoilt], [5, 5], 3.0)[3, 4, 5])


def test_composite_takes_the_highest_eqd2_of_the_structures_and_the_default_elsewhere() -> None:
    """30 Gy in 5 fractions: 60, 40 and 54 Gy EQD2 with α/β 2, 10 and 3."""
    dose = mapped(np.full(GRID.shape, 30.0))
    x = voxel_points(GRID)[:, 0].reshape(GRID.shape)
    for masks in ({2.0: x > 10, 10.0: x > 0}, {10.0: x > 0, 2.0: x > 10}):
        volume = composite_volume([dose], [5], masks, 3.0)
        np.testing.assert_allclose(volume[x > 10], 60.0, rtol=1e-6)
        np.testing.assert_allclose(volume[(x > 0) & (x <= 10)], 40.0, rtol=1e-6)
        np.testing.assert_allclose(volume[x <= 0], 54.0, rtol=1e-6)
    np.testing.assert_allclose(composite_volume([dose], [5], {}, 3.0), 54.0, rtol=1e-6)


def test_composite_is_per_voxel_the_maximum_of_the_volumes_of_the_structures_there() -> None:
    random = np.random.default_rng(11)
    doses, fractions = [noise(1, 60.0), noise(2, 40.0)], [3, 20]
    masks = {ratio: random.random(GRID.shape) < 0.3 for ratio in (2.0, 3.0, 8.0)}
    expected = np.max([np.where(mask, reference(doses, fractions, ratio), -1.0) for ratio, mask in masks.items()], axis=0)
    expected = np.where(expected < 0.0, reference(doses, fractions, 3.0), expected)
    assert np.abs(composite_volume(doses, fractions, masks, 3.0) - expected).max() < 1e-4


def test_the_rule_names_the_alpha_betas_that_were_used() -> None:
    rule = composite_rule([3.0, 2.0, 10.0, 2.0], 3.0)
    assert "for display only" in rule
    assert "(α/β 2, 3, 10 Gy)" in rule
    assert "tissue in no structure with α/β 3 Gy" in rule
    assert "(α/β" not in composite_rule([], 3.0)


@given(st.lists(st.floats(0.1, 30.0), max_size=12))
def test_the_comment_fits_a_dicom_comment_and_never_lists_half_of_the_alpha_betas(ratios: list[float]) -> None:
    comment = composite_comment(ratios, 3.0)
    assert len(comment) <= 64
    assert comment.isascii()
    assert "display only" in comment
    listed = "/".join(f"{ratio:g}" for ratio in sorted(set(ratios)))
    assert (f"a/b {listed};" in comment) or "own a/b" in comment
