"""DVH metrics from sorted samples, against closed forms and against definitions written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from ReirradiationLib.dosimetry.dvh import CumulativeDvh, cumulative_dvh
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.metric import Metric, MetricKind


def value(dvh: CumulativeDvh, text: str) -> float:
    return dvh.value(Metric.parse(text))


def dose_at(dvh: CumulativeDvh, volume_cc: float) -> float:
    return dvh.value(Metric(MetricKind.DOSE_AT_CC, volume_cc))


def volume_at(dvh: CumulativeDvh, dose_gy: float) -> float:
    return dvh.value(Metric(MetricKind.VOLUME_CC, dose_gy))


@st.composite
def dvhs(draw: st.DrawFn, distinct: bool = False) -> CumulativeDvh:
    """Samples of doses at least 0.01 Gy apart or equal, and of volumes within a factor of a thousand."""
    hundredths = draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=40, unique=distinct))
    volumes = draw(arrays(np.float64, len(hundredths), elements=st.floats(0.001, 1.0)))
    return cumulative_dvh(np.array(hundredths) / 100.0, volumes)


def test_metrics_of_doses_1_to_100_gy_in_half_a_cc_each() -> None:
    """The dose falls by 1 Gy in 0.5 cc: D(v) = 100.5 − 2 v, and V(d) its inverse."""
    dvh = cumulative_dvh(np.random.default_rng(1).permutation(np.arange(1.0, 101.0)), np.full(100, 0.5))
    assert value(dvh, "Dmax") == 100.0
    assert value(dvh, "Dmin") == 1.0
    assert value(dvh, "Dmean") == pytest.approx(50.5)
    assert value(dvh, "D25cc") == pytest.approx(50.5)
    assert value(dvh, "D50%") == pytest.approx(50.5)
    assert value(dvh, "Dnearmax") == pytest.approx(98.5)
    assert value(dvh, "Dnearmin") == pytest.approx(2.5)
    assert value(dvh, "V50.5Gy[cc]") == pytest.approx(25.0)
    assert value(dvh, "V50.5Gy[%]") == pytest.approx(50.0)
    assert value(dvh, "CV20.5Gy[cc]") == pytest.approx(10.0)
    assert value(dvh, "CV20.5Gy[%]") == pytest.approx(20.0)


def test_both_ends_are_the_hottest_and_the_coldest_sample() -> None:
    dvh = cumulative_dvh(np.array([10.0, 30.0, 20.0]), np.array([1.0, 0.5, 2.0]))
    for tiny in ("D0.000001cc", "D0.25cc", "D0.001%"):
        assert value(dvh, tiny) == 30.0
    for whole in ("D3.5cc", "D3cc", "D100%"):
        assert value(dvh, whole) == 10.0
    assert value(dvh, "D0.26cc") < 30.0
    assert value(dvh, "D2.99cc") > 10.0
    assert dvh.curve(np.array([0.0, 10.0, 30.0, 30.001])).tolist() == pytest.approx([100.0, 100.0, 100 * 0.25 / 3.5, 0.0])


def test_a_metric_on_more_than_the_structure_is_an_error_not_its_minimum() -> None:
    dvh = cumulative_dvh(np.array([1.0, 2.0]), np.array([0.25, 0.25]))
    with pytest.raises(DosimetryError, match=r"the structure has only 0\.5 cc"):
        value(dvh, "D1cc")
    with pytest.raises(DosimetryError):
        value(dvh, "D0.500001cc")


def test_volume_at_dose_of_a_uniform_dose_is_everything_or_nothing() -> None:
    dvh = cumulative_dvh(np.full(7, 20.0), np.full(7, 0.3))
    assert value(dvh, "V20Gy[%]") == 100.0
    assert value(dvh, "CV20Gy[%]") == 0.0
    assert value(dvh, "V20.0001Gy[%]") == 0.0
    assert value(dvh, "V0Gy[cc]") == pytest.approx(2.1)


@given(dvhs(distinct=True), st.floats(0.0, 1.0))
def test_volume_at_the_dose_at_a_volume_is_that_volume(dvh: CumulativeDvh, share: float) -> None:
    first, last = dvh.volumes_cc[0] / 2, dvh.total_cc - dvh.volumes_cc[-1] / 2
    volume_cc = first + share * (last - first)
    dose_gy = dose_at(dvh, volume_cc)
    assume(dose_gy > dvh.dose_gy[-1])  # the level end is all of the last sample's second half
    assert volume_at(dvh, dose_gy) == pytest.approx(volume_cc, rel=1e-9)


@given(dvhs(), st.floats(0.0, 1.0))
def test_dose_at_the_volume_at_a_dose_is_that_dose(dvh: CumulativeDvh, share: float) -> None:
    dose_gy = dvh.dose_gy[-1] + share * (dvh.dose_gy[0] - dvh.dose_gy[-1])
    assert dose_at(dvh, volume_at(dvh, dose_gy)) == pytest.approx(dose_gy, rel=1e-9, abs=1e-9)


@given(dvhs(), st.floats(0, 110), st.floats(0, 110))
def test_the_curve_falls_from_the_whole_to_nothing(dvh: CumulativeDvh, one: float, other: float) -> None:
    low, high = sorted((one, other))
    covered = dvh.curve(np.array([0.0, low, high, dvh.dose_gy[0] + 0.001]))
    assert covered[0] == 100.0
    assert (np.diff(covered) <= 0.0).all()
    assert covered[-1] == 0.0


@given(dvhs(), st.floats(0, 110))
def test_hot_and_cold_volume_make_up_the_structure(dvh: CumulativeDvh, dose_gy: float) -> None:
    hot, cold = (dvh.value(Metric(kind, dose_gy)) for kind in (MetricKind.VOLUME_CC, MetricKind.COLD_VOLUME_CC))
    assert hot + cold == pytest.approx(dvh.total_cc)


@given(dvhs(), st.floats(0, 110))
def test_volume_at_dose_is_within_half_a_sample_at_each_side_of_the_counted_one(dvh: CumulativeDvh, dose_gy: float) -> None:
    counted = dvh.volumes_cc[dvh.dose_gy >= dose_gy].sum()
    assert abs(volume_at(dvh, dose_gy) - counted) <= dvh.volumes_cc.max() / 2 + 1e-9


@given(dvhs(), st.floats(0.01, 100.0), st.randoms())
def test_the_order_of_samples_changes_no_metric(dvh: CumulativeDvh, percent: float, random) -> None:
    order = list(range(len(dvh.dose_gy)))
    random.shuffle(order)
    other = cumulative_dvh(dvh.dose_gy[order], dvh.volumes_cc[order])
    distinct = len(set(dvh.dose_gy.tolist())) == len(order)
    assume(distinct)
    metric = Metric(MetricKind.DOSE_AT_PERCENT, percent)
    assert other.value(metric) == dvh.value(metric)


@pytest.mark.parametrize("exponent", [-30.0, -10.0, -1.0, 0.5, 1.0, 2.0, 8.0, 12.0])
def test_geud_is_its_definition(exponent: float) -> None:
    random = np.random.default_rng(5)
    dose, volumes = random.uniform(5.0, 70.0, 500), random.uniform(0.1, 1.0, 500)
    expected = np.average(dose**exponent, weights=volumes) ** (1.0 / exponent)
    dvh = cumulative_dvh(dose, volumes)
    assert dvh.value(Metric(MetricKind.GENERALIZED_EUD, exponent)) == pytest.approx(expected, rel=1e-12)


def test_geud_of_two_halves_by_hand() -> None:
    """Half at 20 Gy, half at 40 Gy: a = 1 the mean 30, a = 2 √1000, a = −1 the harmonic mean 26.667."""
    dvh = cumulative_dvh(np.array([20.0, 40.0]), np.array([1.0, 1.0]))
    assert value(dvh, "gEUD1") == pytest.approx(30.0)
    assert value(dvh, "gEUD2") == pytest.approx(np.sqrt(1000.0))
    assert value(dvh, "gEUD-1") == pytest.approx(80.0 / 3.0)


def test_geud_overflows_nowhere_and_tends_to_maximum_minimum_and_geometric_mean() -> None:
    dvh = cumulative_dvh(np.array([20.0, 40.0, 300.0]), np.ones(3))
    assert value(dvh, "gEUD100000") == pytest.approx(300.0, rel=1e-4)
    assert value(dvh, "gEUD-100000") == pytest.approx(20.0, rel=1e-4)
    geometric = (20.0 * 40.0 * 300.0) ** (1 / 3)
    assert value(dvh, "gEUD0.000000001") == pytest.approx(geometric, rel=1e-6)
    assert value(dvh, "gEUD-0.000000001") == pytest.approx(geometric, rel=1e-6)


def test_geud_with_a_cold_spot_of_0_gy() -> None:
    dvh = cumulative_dvh(np.array([0.0, 40.0]), np.ones(2))
    assert value(dvh, "gEUD-10") == 0.0
    assert value(dvh, "gEUD1") == pytest.approx(20.0)
    assert value(cumulative_dvh(np.zeros(3), np.ones(3)), "gEUD8") == 0.0


@given(dvhs(), st.floats(-50, 50).filter(lambda a: abs(a) > 1e-3), st.floats(0.0, 20.0))
def test_geud_lies_between_minimum_and_maximum_and_rises_with_the_exponent(dvh, exponent: float, more: float) -> None:
    geud = dvh.value(Metric(MetricKind.GENERALIZED_EUD, exponent))
    assert dvh.dose_gy[-1] * (1 - 1e-9) <= geud <= dvh.dose_gy[0] * (1 + 1e-9)
    assume(abs(exponent + more) > 1e-3)
    assert geud <= dvh.value(Metric(MetricKind.GENERALIZED_EUD, exponent + more)) * (1 + 1e-9) + 1e-12


def test_geud_of_negative_doses_is_refused() -> None:
    with pytest.raises(DosimetryError, match="no negative dose"):
        value(cumulative_dvh(np.array([-1.0, 2.0]), np.ones(2)), "gEUD8")


@pytest.mark.parametrize("dose", [np.array([]), np.array([np.nan, 1.0]), np.array([np.inf, 1.0]), np.ones((2, 2))])
def test_a_dvh_of_nonsense_is_refused(dose: np.ndarray) -> None:
    with pytest.raises(DosimetryError):
        cumulative_dvh(dose, np.ones(2))


@pytest.mark.parametrize("volumes", [np.zeros(2), np.array([1.0, -0.1]), np.array([np.nan, 1.0])])
def test_volumes_that_are_none_are_refused(volumes: np.ndarray) -> None:
    with pytest.raises(DosimetryError):
        cumulative_dvh(np.ones(2), volumes)


def test_samples_without_volume_count_for_nothing() -> None:
    dvh = cumulative_dvh(np.array([99.0, 20.0, 10.0, 0.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    assert value(dvh, "Dmax") == 20.0
    assert value(dvh, "Dmin") == 10.0


def test_single_precision_samples_are_summed_in_double() -> None:
    dose = np.full(200_000, 0.1, dtype=np.float32)
    dvh = cumulative_dvh(dose, np.full(200_000, 1e-4))
    assert dvh.dose_gy.dtype == np.float64
    assert value(dvh, "Dmean") == pytest.approx(float(np.float32(0.1)), rel=1e-12)
