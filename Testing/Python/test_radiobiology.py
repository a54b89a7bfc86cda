"""EQD2 and BED by LQ and LQ-L: published numbers, the way back, and what must hold for every dose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.radiobiology import bed, eqd2, physical_dose, response_curve
from ReirradiationLib.model.dose_response import EQD2_BY_LQ, DoseResponse, FractionationModel, Quantity
from ReirradiationLib.model.errors import DosimetryError, ProtocolError

doses = st.floats(0, 200)
fraction_numbers = st.integers(1, 60)
ratios = st.floats(0.3, 30)
transitions = st.one_of(st.none(), st.floats(2.0, 20.0))
quantities = st.sampled_from(list(Quantity))


def lq_l(quantity: Quantity = Quantity.BED, transition: float | None = None) -> DoseResponse:
    return DoseResponse(quantity, FractionationModel.LQ_L, transition)


def value(response: DoseResponse, dose: float, fractions: int, ratio: float) -> float:
    return float(response_curve(response, fractions, ratio).value(np.asarray(dose)))


@pytest.mark.parametrize(
    ("dose", "fractions", "alpha_beta", "expected"),
    [
        *[(50, 25, 3, 50), (45, 15, 3, 54.0), (45, 15, 10, 48.75), (20, 5, 3, 28), (8, 1, 3, 17.6), (60, 60, 3, 48)],
        *[(30, 10, 2, 37.5), (30, 5, 2, 60), (54, 3, 3, 226.8), (55, 20, 3, 63.25), (14, 1, 2, 56)],
    ],
)
def test_eqd2_equals_the_exact_table(dose: float, fractions: int, alpha_beta: float, expected: float) -> None:
    equivalent = eqd2(np.asarray(dose), fractions, alpha_beta)
    assert float(equivalent) == pytest.approx(expected, rel=1e-12)
    assert float(physical_dose(equivalent, fractions, alpha_beta)) == pytest.approx(dose, abs=1e-9)


@pytest.mark.parametrize(
    ("dose", "fractions", "expected"), [(12.4, 1, 44.64), (17, 2, 44.63), (20.3, 3, 44.49), (23, 4, 44.56), (25.3, 5, 44.65)]
)
def test_eqd2_equals_the_published_doses_for_the_cord(dose: float, fractions: int, expected: float) -> None:
    """HyTEC, α/β 2, two decimals."""
    assert float(eqd2(np.asarray(dose), fractions, 2.0)) == pytest.approx(expected, abs=0.0051)


def test_eqd2_is_formed_before_averaging() -> None:
    """Uniform 20 … 40 Gy in 20 fractions, α/β 2: 26.667 Gy voxelwise, 26.25 Gy from the mean (published example)."""
    dose = np.linspace(20.0, 40.0, 20001)
    assert eqd2(dose, 20, 2.0).mean() == pytest.approx(26.667, abs=1e-3)
    assert float(eqd2(np.asarray(dose.mean()), 20, 2.0)) == pytest.approx(26.25)


@given(doses, fraction_numbers, ratios)
def test_physical_dose_inverts_eqd2_and_bed_is_eqd2_scaled(dose: float, fractions: int, ratio: float) -> None:
    equivalent = eqd2(np.asarray(dose), fractions, ratio)
    assert float(physical_dose(equivalent, fractions, ratio)) == pytest.approx(dose, rel=1e-9, abs=1e-9)
    assert float(bed(np.asarray(dose), fractions, ratio)) == pytest.approx(float(equivalent) * (1 + 2 / ratio))
    assert float(equivalent) == pytest.approx(dose * (dose / fractions + ratio) / (2 + ratio))


@given(fraction_numbers, ratios, transitions)
def test_at_2_gy_per_fraction_eqd2_is_the_physical_dose(fractions: int, ratio: float, transition: float | None) -> None:
    assert value(EQD2_BY_LQ, 2.0 * fractions, fractions, ratio) == pytest.approx(2.0 * fractions, rel=1e-12)
    if transition is not None or ratio >= 1.0:
        linear = lq_l(Quantity.EQD2, transition)
        assert value(linear, 2.0 * fractions, fractions, ratio) == pytest.approx(2.0 * fractions, rel=1e-12)


def test_lq_l_equals_its_published_formula() -> None:
    """1 × 20 Gy, α/β 3, d_T 6: BED = 6 (1 + 6/3) + (1 + 2·6/3)(20 − 6) = 18 + 70 = 88, LQ 153.33; 3 × 18: 234, LQ 378."""
    assert value(lq_l(), 20.0, 1, 3.0) == pytest.approx(88.0)
    assert value(DoseResponse(Quantity.BED), 20.0, 1, 3.0) == pytest.approx(20.0 * (1 + 20.0 / 3.0))
    assert value(lq_l(), 54.0, 3, 3.0) == pytest.approx(3 * (18.0 + 5.0 * 12.0))
    assert value(lq_l(transition=10.0), 54.0, 3, 3.0) == pytest.approx(3 * (10 * (1 + 10 / 3) + (1 + 20 / 3) * 8.0))
    assert value(lq_l(Quantity.EQD2), 20.0, 1, 3.0) == pytest.approx(88.0 / (1 + 2 / 3))


@given(quantities, doses, fraction_numbers, st.floats(1.0, 30.0), transitions)
def test_lq_l_is_lq_up_to_the_transition_and_less_beyond(quantity, dose, fractions, ratio, transition) -> None:
    linear, quadratic = lq_l(quantity, transition), DoseResponse(quantity)
    ours, by_lq = value(linear, dose, fractions, ratio), value(quadratic, dose, fractions, ratio)
    if dose / fractions <= linear.transition_gy(ratio):
        assert ours == pytest.approx(by_lq, rel=1e-12)
    else:
        assert dose * (1 - 1e-12) <= ours * (1 + 2 / ratio if quantity is Quantity.EQD2 else 1.0)
        assert ours <= by_lq * (1 + 1e-12)


@given(quantities, fraction_numbers, st.floats(1.0, 30.0), transitions)
def test_lq_l_is_continuous_and_smooth_at_the_transition(quantity, fractions, ratio, transition) -> None:
    response = lq_l(quantity, transition)
    bend, step = fractions * response.transition_gy(ratio), 1e-4
    below, at, above = (value(response, bend + shift, fractions, ratio) for shift in (-step, 0.0, step))
    assert above - below < 1.0
    assert (above - at) / step == pytest.approx((at - below) / step, rel=1e-3)
    if quantity is Quantity.BED:
        assert (above - at) / step == pytest.approx(1.0 + 2.0 * response.transition_gy(ratio) / ratio, rel=1e-6)


@given(quantities, st.sampled_from(list(FractionationModel)), doses, fraction_numbers, st.floats(1.0, 30.0))
def test_every_response_is_inverted_and_rises_with_dose(quantity, model, dose, fractions, ratio) -> None:
    curve = response_curve(DoseResponse(quantity, model), fractions, ratio)
    there = curve.value(np.asarray(dose))
    assert float(curve.inverse(there)) == pytest.approx(dose, rel=1e-9, abs=1e-9)
    assert float(curve.value(np.asarray(dose + 0.01))) > float(there)


@given(st.sampled_from(list(FractionationModel)), fraction_numbers, st.floats(1.0, 30.0), st.floats(0.0, 1.0))
def test_adding_in_place_adds_the_kept_share_whatever_the_block(model, fractions, ratio, kept) -> None:
    curve = response_curve(DoseResponse(Quantity.EQD2, model), fractions, ratio)
    dose = np.linspace(0.0, 90.0, 40_001)
    total = np.full(dose.shape, 5.0)
    curve.add_to(total, dose, kept)
    np.testing.assert_allclose(total, 5.0 + kept * curve.value(dose), rtol=1e-12)
    curve.add_to(np.empty(0), np.empty(0))


def test_the_smallest_responses_keep_their_digits_on_the_way_back() -> None:
    assert float(physical_dose(eqd2(np.asarray(1e-9), 5, 3.0), 5, 3.0)) == pytest.approx(1e-9, rel=1e-12)


@pytest.mark.parametrize(("fractions", "alpha_beta"), [(0, 2.0), (-1, 2.0), (5, 0.0), (5, -2.0), (5, float("nan"))])
def test_eqd2_of_nonsense_is_refused(fractions: int, alpha_beta: float) -> None:
    for function in (eqd2, bed, physical_dose):
        with pytest.raises((DosimetryError, ProtocolError)):
            function(np.ones(3), fractions, alpha_beta)


def test_eqd2_by_lq_l_is_refused_where_2_gy_lie_on_the_linear_part() -> None:
    with pytest.raises(DosimetryError, match=r"linear from 1\.74 Gy per fraction, below the 2 Gy"):
        response_curve(lq_l(Quantity.EQD2), 5, 0.87)
    assert value(lq_l(), 1.74 * 5, 5, 0.87) == pytest.approx(1.74 * 5 * 3.0)


@pytest.mark.parametrize("transition", [0.0, -1.0, float("nan"), float("inf")])
def test_a_transition_that_is_none_is_refused(transition: float) -> None:
    with pytest.raises(ProtocolError, match="> 0 Gy"):
        lq_l(transition=transition)


def test_a_transition_without_lq_l_is_refused() -> None:
    with pytest.raises(ProtocolError, match="LQ-L only"):
        DoseResponse(transition_gy_per_fraction=6.0)
