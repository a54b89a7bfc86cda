"""Sums over courses at the samples of a structure: precision of the storage, several prescriptions, volume beyond LQ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import CourseSamples, StructureDose, structure_dose
from ReirradiationLib.dosimetry.occupancy import StructureSamples, structure_samples
from ReirradiationLib.model.dose_response import DoseResponse, FractionationModel, Quantity
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.protocol import Basis
from synthetic import ball, course_of, dose_of, grid

COUNT = 30_000
SAMPLES = StructureSamples("line", np.zeros((COUNT, 3)), np.full(COUNT, 1e-3), 1.0)
COURSE = course_of(dose_of(lambda p: np.ones(len(p)), grid(20.0)), 5)
BASES = st.sampled_from(list(Basis))


def stored(doses_gy: list[np.ndarray], fractions: list[int], recoveries: Sequence[float] | None = None) -> StructureDose:
    """Courses that gave these doses, ids c0, c1, …"""
    known = np.ones(COUNT, dtype=bool)
    parts = [
        CourseSamples(replace(COURSE, identifier=f"c{n}", label=f"C{n}"), count, dose.astype(np.float32), known, recovery)
        for n, (dose, count, recovery) in enumerate(
            zip(doses_gy, fractions, recoveries or [0.0] * len(fractions), strict=True)
        )
    ]
    return StructureDose(SAMPLES, tuple(parts))


def exact(doses_gy: list[np.ndarray], fractions: list[int], ratio: float) -> np.ndarray:
    pairs = zip(doses_gy, fractions, strict=True)
    return np.sum([dose * (dose / count + ratio) / (2.0 + ratio) for dose, count in pairs], axis=0)


def random_doses(seed: int, *highest_gy: float) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.uniform(0.0, highest, COUNT) for highest in highest_gy]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(1.0, 80.0), st.integers(1, 40)), min_size=1, max_size=5), st.floats(0.5, 15.0))
def test_single_precision_storage_changes_a_sum_by_at_most_1_2e_7_of_it(courses, ratio: float) -> None:
    fractions = [count for _, count in courses]
    doses = random_doses(1, *(highest for highest, _ in courses))
    expected = exact(doses, fractions, ratio)
    error = np.abs(stored(doses, fractions).eqd2_gy(ratio, Basis.RAW) - expected)
    assert (error <= 1.2e-7 * expected + 1e-12).all()


def test_a_sum_of_300_gy_eqd2_is_stored_within_a_ten_thousandth_of_a_gray() -> None:
    doses, fractions = random_doses(2, 60.0, 54.0, 24.0), [30, 3, 3]
    expected = exact(doses, fractions, 3.0)
    assert expected.max() > 300.0
    assert np.abs(stored(doses, fractions).eqd2_gy(3.0, Basis.RAW) - expected).max() < 1e-4


def test_even_60_gy_in_one_fraction_is_stored_within_a_ten_thousandth_of_a_gray() -> None:
    """930 Gy EQD2 with α/β 2: beyond any treatment, and beyond what the bound alone promises (838 Gy)."""
    doses = random_doses(3, 60.0)
    expected = exact(doses, [1], 2.0)
    assert expected.max() > 900.0
    assert np.abs(stored(doses, [1]).eqd2_gy(2.0, Basis.RAW) - expected).max() < 1e-4


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(4)), st.floats(0.5, 15.0), BASES, st.sampled_from(list(Quantity)))
def test_the_order_of_courses_changes_not_even_the_last_digit(order, ratio: float, basis: Basis, quantity) -> None:
    dose = stored(random_doses(4, 60.0, 45.0, 30.0, 8.0), [30, 15, 5, 1], [0.5, 0.25, 0.1, 0.0])
    other = replace(dose, courses=tuple(dose.courses[n] for n in order))
    response = DoseResponse(quantity)
    assert np.array_equal(dose.eqd2_gy(ratio, basis, response), other.eqd2_gy(ratio, basis, response))
    assert dose.beyond_lq_cc() == other.beyond_lq_cc()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3), st.floats(1.0, 15.0), st.sampled_from(list(FractionationModel))
)
def test_recovered_is_at_most_raw_in_every_quantity_and_model(recoveries, ratio: float, model) -> None:
    dose = stored(random_doses(5, 60.0, 45.0, 30.0), [30, 3, 5], recoveries)
    for quantity in Quantity:
        response = DoseResponse(quantity, model)
        raw, recovered = (dose.eqd2_gy(ratio, basis, response) for basis in (Basis.RAW, Basis.RECOVERED))
        assert (recovered <= raw).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 15.0), BASES)
def test_the_maximum_of_the_sum_is_at_most_the_sum_of_the_maxima(ratio: float, basis: Basis) -> None:
    dose = stored(random_doses(6, 60.0, 45.0, 30.0), [30, 3, 5], [0.5, 0.0, 0.25])
    maxima = [dose.course_eqd2_gy(part, ratio, basis).max() for part in dose.courses]
    assert dose.eqd2_gy(ratio, basis).max() <= sum(maxima) * (1 + 1e-12)


def test_several_prescriptions_each_with_its_own_fractions() -> None:
    """50 Gy/25, 45 Gy/15 and 20 Gy/5 with α/β 3: 50 + 54 + 28 Gy EQD2, and × 5/3 in BED."""
    doses = [np.full(COUNT, dose) for dose in (50.0, 45.0, 20.0)]
    dose = stored(doses, [25, 15, 5], [0.5, 0.0, 0.0])
    np.testing.assert_allclose(dose.eqd2_gy(3.0, Basis.RAW), 132.0, rtol=1e-12)
    np.testing.assert_allclose(dose.eqd2_gy(3.0, Basis.RECOVERED), 107.0, rtol=1e-12)
    np.testing.assert_allclose(dose.eqd2_gy(3.0, Basis.RAW, DoseResponse(Quantity.BED)), 132.0 * 5 / 3, rtol=1e-12)


def test_the_dvh_of_a_structure_does_not_depend_on_the_alpha_beta_of_another_that_overlaps_it() -> None:
    course = course_of(dose_of(lambda p: 20.0 + p[:, 0], grid(4.0)), 5)
    one = structure_dose(structure_samples(ball(12.0, 2.0), grid(2.0)), [course], [0.0])
    other = structure_dose(structure_samples(ball(14.0, 2.0), grid(2.0)), [course], [0.0])
    metric = Metric.parse("D2%")
    alone = one.dvh(2.0, Basis.RAW).value(metric)
    values = set()
    for ratio in (0.9, 3.0, 10.0):
        other.dvh(ratio, Basis.RAW)
        values.add(one.dvh(2.0, Basis.RAW).value(metric))
    assert values == {alone}


def test_the_volume_above_10_gy_per_fraction_is_counted_per_course_and_together() -> None:
    half = np.arange(COUNT) < COUNT // 2
    third = np.arange(COUNT) < COUNT // 3
    doses = [np.where(half, 30.3, 6.0), np.full(COUNT, 50.0), np.where(third, 20.2, 20.0)]
    dose = stored(doses, [3, 25, 2])
    total = COUNT * 1e-3
    assert [label for label, _ in dose.beyond_lq_by_course()] == ["C0", "C2"]
    assert [volume for _, volume in dose.beyond_lq_by_course()] == pytest.approx([total / 2, total / 3])
    assert dose.beyond_lq_cc() == pytest.approx(total / 2)


@pytest.mark.parametrize("fractions", range(1, 36))
def test_exactly_10_gy_per_fraction_is_not_beyond(fractions: int) -> None:
    assert stored([np.full(COUNT, 10.0 * fractions)], [fractions]).beyond_lq_by_course() == ()
