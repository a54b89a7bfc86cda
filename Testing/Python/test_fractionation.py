"""Fractionation explorer: published equivalents, invariants, ties, and what it refuses."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import limit_of, planned_organ
from ReirradiationLib.model.errors import CaseError, ProtocolError
from ReirradiationLib.planning.feasibility import NotPlanned
from ReirradiationLib.planning.fractionation import FRACTIONS, fractionation
from ReirradiationLib.report.fractionation_figure import fractionation_figure
from ReirradiationLib.report.fractionation_section import fractionation_section
from ReirradiationLib.report.fractionation_summary import fractionation_summary

HYTEC_CORD = {1: (12.4, 44.64), 2: (17.0, 44.63), 3: (20.3, 44.49), 4: (23.0, 44.56), 5: (25.3, 44.65)}
"""Physical dose and EQD2 with α/β 2 Gy, Sahgal et al. (HyTEC spinal cord): clinical reference of the project."""

left = st.floats(0.0, 120.0)
ratios = st.floats(0.5, 12.0)


@pytest.mark.parametrize(("fractions", "published"), HYTEC_CORD.items())
def test_the_dose_that_is_left_equals_the_published_cord_tolerances(fractions: int, published: tuple) -> None:
    physical_gy, eqd2_gy = published
    found = fractionation([planned_organ(prior=0.0, limit=eqd2_gy, alpha_beta=2.0)], [fractions])
    assert found.doses[0].dose_gy == pytest.approx(physical_gy, abs=0.005)


@pytest.mark.parametrize(("fractions", "physical_gy"), [(30, 5.50), (15, 5.12), (5, 4.22)])
def test_what_is_left_equals_the_worked_example_of_the_source(fractions: int, physical_gy: float) -> None:
    """Figure 4 of the source: P 57, A 60, α/β 2."""
    found = fractionation([planned_organ(prior=57.0, limit=60.0, alpha_beta=2.0)], [fractions])
    assert found.doses[0].dose_gy == pytest.approx(physical_gy, abs=0.005)


@given(st.lists(st.tuples(left, left, ratios), min_size=1, max_size=5))
def test_eqd2_of_every_dose_is_what_is_left_and_the_least_is_the_uniform_one(organs) -> None:
    planned = [planned_organ(prior=p, limit=max(a, 1e-3), alpha_beta=ratio) for p, a, ratio in organs]
    found = fractionation(planned)
    for curve in found.curves:
        remaining = max(curve.organ.limit.limit_eqd2_gy - curve.organ.near.value_gy, 0.0)
        for n, dose_gy in zip(FRACTIONS, curve.dose_gy, strict=True):
            # Written out from the definition, not by the library's own function.
            ratio = curve.organ.limit.alpha_beta_gy
            assert dose_gy * (dose_gy / n + ratio) / (2.0 + ratio) == pytest.approx(remaining, abs=1e-9, rel=1e-9)
        assert (np.diff(curve.dose_gy) >= -1e-9).all()
    for number, dose in enumerate(found.doses):
        allowed = [curve.dose_gy[number] for curve in found.curves]
        assert dose.dose_gy == min(allowed)
        assert all(allowed[n] <= dose.dose_gy + 0.005 for n in dose.binding)
        assert dose.tumour_bed_gy == pytest.approx(dose.tumour_eqd2_gy * 1.2, rel=1e-9)
        assert dose.is_beyond_lq is (dose.dose_gy / dose.fractions > 10.0)


@given(st.floats(1.0, 100.0), ratios, ratios)
def test_many_fractions_are_best_where_the_tumour_is_less_sensitive_to_them(remaining, organ, tumour) -> None:
    found = fractionation([planned_organ(prior=0.0, limit=remaining, alpha_beta=organ)], tumour_alpha_beta_gy=tumour)
    assert found.best is not None
    if organ < tumour * (1 - 1e-6):
        assert found.best.fractions == 40
    elif organ > tumour * (1 + 1e-6):
        assert found.best.fractions == 1


def test_the_best_within_the_checked_range_is_told_besides_the_best() -> None:
    found = fractionation([planned_organ(prior=0.0, limit=90.0, alpha_beta=4.0)], tumour_alpha_beta_gy=1.6)
    assert found.best is not None and found.best.fractions == 1 and found.best.is_beyond_lq
    assert found.best_within_lq is not None and not found.best_within_lq.is_beyond_lq
    before = found.at(found.best_within_lq.fractions - 1)
    assert before is not None and before.is_beyond_lq


def test_equal_organs_both_bind() -> None:
    found = fractionation([planned_organ(structure="a"), planned_organ(structure="b")], [5])
    assert found.doses[0].binding == (0, 1)


def test_the_binding_organ_may_change_with_the_number_of_fractions() -> None:
    """An organ of high α/β gains little by many fractions."""
    late, early = planned_organ(prior=0.0, limit=30.0, alpha_beta=2.0), planned_organ(prior=0.0, limit=28.0, alpha_beta=8.0)
    found = fractionation([late, early])
    assert found.doses[0].binding == (0,)
    assert found.doses[-1].binding == (1,)


def test_a_used_tolerance_leaves_nothing_and_has_no_best() -> None:
    found = fractionation([planned_organ(prior=60.0, limit=50.0)])
    assert all(dose.dose_gy == 0.0 for dose in found.doses)
    assert found.best is None and found.best_within_lq is None
    assert "no dose is left" in fractionation_section(fractionation_summary(found, 30.0))


@pytest.mark.parametrize("fractions", [[], [0], [-1, 2], [3, 3], [5, 2]])
def test_impossible_numbers_of_fractions_are_refused(fractions: list[int]) -> None:
    with pytest.raises(CaseError, match="ascending"):
        fractionation([planned_organ()], fractions)


def test_without_a_limit_there_is_no_explorer() -> None:
    with pytest.raises(CaseError, match="no organ with a limit"):
        fractionation([])


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan")])
def test_an_impossible_tumour_is_refused(ratio: float) -> None:
    with pytest.raises(ProtocolError):
        fractionation([planned_organ()], tumour_alpha_beta_gy=ratio)


def _figure(*organs) -> ElementTree.Element:
    return ElementTree.fromstring(fractionation_figure(fractionation_summary(fractionation(organs), 30.0)))


@pytest.mark.parametrize("count", [1, 4, 20])
def test_the_figure_has_a_line_per_limit_the_least_and_both_units(count: int) -> None:
    figure = _figure(*(planned_organ(structure=f"<organ {n}>", limit=40.0 + n) for n in range(count)))
    lines = figure.findall("{*}polyline")
    assert len(lines) == count + 1
    texts = [text.text or "" for text in figure.findall("{*}text")]
    assert "Physical dose [Gy]" in texts and "Number of fractions" in texts
    assert "prescription 30 Gy in 5" in texts
    assert (f"{count - 14} more limits, see table" in texts) is (count > 14)


def test_points_of_the_figure_lie_where_the_doses_say() -> None:
    """The least line starts at 1 fraction; heights are in proportion to dose, whatever the axis."""
    organ = planned_organ(prior=0.0, limit=44.64, alpha_beta=2.0)
    figure = _figure(organ)
    ticks = {t.text: float(t.get("y", "0")) - 4 for t in figure.findall("{*}text") if t.get("text-anchor") == "end"}
    zero, ten = ticks["0"], ticks["10"]
    first = figure.findall("{*}polyline")[-1].get("points", "").split()[0]
    assert (zero - float(first.split(",")[1])) / (zero - ten) * 10.0 == pytest.approx(12.4, abs=0.05)


def test_the_section_states_all_of_every_limit_and_escapes_names() -> None:
    organ = planned_organ(structure="<b>cord</b>", prior=5.0, limit=500.0)
    html = fractionation_section(fractionation_summary(fractionation([organ], [1, 5]), 30.0))
    assert "<b>cord" not in html and "&lt;b&gt;cord" in html
    for words in ("raw, α/β 2 Gy, n 1 to 5", "any interval", "test source", "Tumour EQD2, α/β 10 Gy", "extrapolated"):
        assert words in html


def test_limits_that_may_allow_less_than_the_explorer_shows_are_named_beside_it() -> None:
    known, partly, sac = planned_organ("cord"), planned_organ("bowel", unknown=4.0), planned_organ("sac")
    bounded = replace(sac.near, upper_bounds=("paper",))  # half of a sum that may be smaller
    shared = replace(sac, limit=replace(sac.limit, new_share_at_most=0.5), near=bounded)
    found = fractionation([known, partly, shared])
    left_out = [NotPlanned(limit_of("liver"), "the dose of paper is not known anywhere in it", True)]
    left_out += [NotPlanned(limit_of("lens"), "no part of it lies within 30 mm of a target", False)]
    summary = fractionation_summary(found, 30.0, left_out, lambda name: ("first",) if name == "cord" else ())
    assert summary.doubts == (
        "cord: the registration of first must not be relied on",
        "bowel: prior dose not known in 4.0 % of it, whole organ, counted as 0 Gy",
        "sac: not proven is the share of the sum, which is of an upper bound",
        "liver: not in it, the dose of paper is not known anywhere in it",
    )
    html = fractionation_section(summary)
    assert "NOT EVERY LIMIT is known to allow these doses" in html
    assert all(doubt in html for doubt in summary.doubts)
    assert "NOT EVERY LIMIT" not in fractionation_section(fractionation_summary(fractionation([known]), 30.0))
