"""The grammar of metrics: what is printed is parsed to itself, and nothing else is taken for a metric."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.model.errors import ProtocolError
from ReirradiationLib.model.metric import Metric, MetricKind

WITHOUT_ARGUMENT = (MetricKind.MAXIMUM, MetricKind.MEAN, MetricKind.MINIMUM)


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    kind = draw(st.sampled_from(list(MetricKind)))
    if kind in WITHOUT_ARGUMENT:
        return Metric(kind)
    if kind is MetricKind.GENERALIZED_EUD:
        return Metric(kind, draw(st.floats(-1e4, 1e4).filter(bool)))
    largest = 100.0 if kind is MetricKind.DOSE_AT_PERCENT else 1e5
    is_volume = kind in (MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT)
    return Metric(kind, draw(st.floats(0.0, largest, exclude_min=is_volume)))


@given(metrics())
def test_a_printed_metric_is_parsed_to_itself_to_the_last_digit(metric: Metric) -> None:
    assert Metric.parse(str(metric)) == metric


@pytest.mark.parametrize(
    ("text", "printed", "unit"),
    [
        ("D0.03cc", "D0.03cc[Gy]", "Gy"),
        ("D95%", "D95%[Gy]", "Gy"),
        (" D50%[Gy] ", "D50%[Gy]", "Gy"),
        ("Dmean", "Dmean[Gy]", "Gy"),
        ("Dnearmax", "D2%[Gy]", "Gy"),
        ("Dnearmin[Gy]", "D98%[Gy]", "Gy"),
        ("gEUD8[Gy]", "gEUD8[Gy]", "Gy"),
        ("gEUD-10", "gEUD-10[Gy]", "Gy"),
        ("gEUD0.5[Gy]", "gEUD0.5[Gy]", "Gy"),
        ("V20Gy[%]", "V20Gy[%]", "%"),
        ("V20.50Gy[cc]", "V20.5Gy[cc]", "cc"),
        ("CV16Gy[cc]", "CV16Gy[cc]", "cc"),
        ("CV16Gy[%]", "CV16Gy[%]", "%"),
    ],
)
def test_the_field_s_spellings_are_read_and_printed_in_one_way(text: str, printed: str, unit: str) -> None:
    assert str(Metric.parse(text)) == printed
    assert Metric.parse(text).unit == unit


def test_only_spared_volumes_fall_with_dose() -> None:
    cold = {kind for kind in MetricKind if Metric(kind, 0.0 if kind in WITHOUT_ARGUMENT else 1.0).is_cold}
    assert cold == {MetricKind.COLD_VOLUME_CC, MetricKind.COLD_VOLUME_PERCENT}


@pytest.mark.parametrize(
    "text",
    [
        *["D0cc", "D101%", "D100.0001%", "D0%", "D-1cc", "V20", "V20[%]", "D0,03cc", "Dmedian", "", "D0.03cc[%]", "D1e-3cc"],
        *["gEUD", "gEUD0", "gEUD-0[Gy]", "gEUD0.0", "gEUD--8", "gEUD8[%]", "EUD[Gy]", "geud8", "V-5Gy[cc]", "CV16[cc]"],
        *["D٣cc", "D" + "9" * 400 + "cc", "V" + "9" * 400 + "Gy[cc]", "Dnearmax[%]", "dnearmax"],
    ],
)
def test_a_text_that_is_no_metric_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ProtocolError, match=r"not understood, expected D0\.03cc"):
        Metric.parse(text)


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        (MetricKind.DOSE_AT_PERCENT, 100.5),
        (MetricKind.DOSE_AT_CC, 0.0),
        (MetricKind.DOSE_AT_CC, float("nan")),
        (MetricKind.GENERALIZED_EUD, 0.0),
        (MetricKind.GENERALIZED_EUD, float("inf")),
        (MetricKind.VOLUME_CC, -1.0),
        (MetricKind.MAXIMUM, 3.0),
    ],
)
def test_a_metric_out_of_its_range_cannot_be_made(kind: MetricKind, at: float) -> None:
    with pytest.raises(ProtocolError):
        Metric(kind, at)
