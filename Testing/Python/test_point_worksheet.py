"""The point worksheet: published arithmetic, what is refused, and what is read off a case's doses."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.dosimetry.radiobiology import eqd2
from ReirradiationLib.model.constraint import Months
from ReirradiationLib.model.course import PointCourse
from ReirradiationLib.model.errors import CaseError, DosimetryError, ProtocolError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.planning.limits import OrganLimit
from ReirradiationLib.planning.organ_worksheet import worksheet_of
from ReirradiationLib.planning.planned_organ import plan_organ
from ReirradiationLib.planning.point_worksheet import worked_out
from ReirradiationLib.planning.targets import PlannedTarget
from ReirradiationLib.planning.worksheet_entry import CourseEntry, Fractionation, OrganWorksheet, ValueKind, WorksheetLimit
from ReirradiationLib.planning.worksheet_table import worksheet_csv
from ReirradiationLib.report.html_parts import page
from ReirradiationLib.report.worksheet_section import worksheet_section
from ReirradiationLib.report.worksheet_summary import worksheet_summaries
from ReirradiationLib.report.worksheet_text import worksheet_text
from synthetic import ball, course_of, dose_of, grid

CORD = WorksheetLimit("cord", 60.0, Basis.RAW, 2.0, Metric.parse("D0.01cc[Gy]"), "a source")
NEW = Fractionation(5)


def sheet(*courses: CourseEntry, limit: WorksheetLimit = CORD, new: Fractionation = NEW, mapped: float | None = None):
    return OrganWorksheet(limit, courses, new, mapped)


def course(dose_gy: float, fractions: int, label: str = "one", **more) -> CourseEntry:
    return CourseEntry(label, dose_gy, fractions, **more)


@pytest.mark.parametrize(
    ("dose_gy", "fractions", "alpha_beta_gy", "expected_gy"),
    [
        *((50, 25, 3, 50.0), (45, 15, 3, 54.0), (45, 15, 10, 48.75), (20, 5, 3, 28.0), (8, 1, 3, 17.6), (60, 60, 3, 48.0)),
        *((30, 10, 2, 37.5), (30, 5, 2, 60.0), (54, 3, 3, 226.8), (55, 20, 3, 63.25)),
    ],
)
def test_courses_have_the_eqd2_of_the_reference_table(dose_gy, fractions, alpha_beta_gy, expected_gy) -> None:
    limit = replace(CORD, alpha_beta_gy=alpha_beta_gy, limit_eqd2_gy=300.0)
    result = worked_out(sheet(course(dose_gy, fractions), limit=limit))
    assert result.raw_eqd2_gy == pytest.approx(expected_gy)
    assert result.maxima is not None
    assert result.maxima.eqd2_gy == pytest.approx(300.0 - expected_gy)


@pytest.mark.parametrize(
    ("left_gy", "fractions", "expected_gy"),
    [(3.0, 30, 5.50), (14.4, 15, 18.00), (25.8, 5, 18.26), (37.2, 30, 43.24), (48.6, 15, 41.04), (48.6, 5, 26.58)],
)
def test_what_is_left_becomes_the_physical_dose_of_the_worked_example(left_gy, fractions, expected_gy) -> None:
    """Figure 4 of the source: limits EQD2 and physical, α/β 2."""
    prior = course(_in_thousand_fractions(60.0 - left_gy), 1000)
    left = worked_out(sheet(prior, new=Fractionation(fractions))).maxima
    assert left is not None
    assert left.eqd2_gy == pytest.approx(left_gy, abs=1e-9)
    assert left.dose_gy == pytest.approx(expected_gy, abs=0.005)
    assert left.gy_per_fraction == pytest.approx(left.dose_gy / fractions)


def _in_thousand_fractions(eqd2_gy: float) -> float:
    """Physical dose in 1000 fractions that has this EQD2 with α/β 2, solved here: D (D/1000 + 2) / 4 = EQD2."""
    return float(np.max(np.roots([1.0 / 1000.0, 2.0, -4.0 * eqd2_gy])))


def test_recovery_acts_on_eqd2_and_only_for_a_limit_of_the_recovered_sum() -> None:
    half = course(50.0, 25, recovery=0.5)
    recovered = worked_out(sheet(half, limit=replace(CORD, basis=Basis.RECOVERED)))
    raw = worked_out(sheet(half))
    assert (recovered.raw_eqd2_gy, recovered.recovered_eqd2_gy) == pytest.approx((50.0, 25.0))  # not 18.75
    assert recovered.maxima is not None
    assert raw.maxima is not None
    assert recovered.maxima.eqd2_gy == pytest.approx(35.0)
    assert raw.maxima.eqd2_gy == pytest.approx(10.0)
    assert "the limit is of the raw sum: recovery is shown, not used" in raw.remarks
    assert not recovered.remarks


def test_a_limit_of_the_recovered_sum_without_recovery_is_refused() -> None:
    limit = replace(CORD, basis=Basis.RECOVERED)
    with pytest.raises(CaseError, match="no recovery is given"):
        worked_out(sheet(course(20.0, 10, recovery=0.1), course(10.0, 5, "two"), limit=limit))


def test_a_used_tolerance_leaves_nothing_and_says_so() -> None:
    result = worked_out(sheet(course(60.0, 30)))
    assert result.maxima is not None
    assert (result.maxima.is_used, result.maxima.eqd2_gy, result.maxima.dose_gy) == (True, 0.0, 0.0)
    assert "tolerance already used" in result.remarks


def test_the_prescription_is_compared_in_eqd2_of_the_organ() -> None:
    fits = worked_out(sheet(course(0.0, 1), new=Fractionation(5, 30.0)))
    exceeds = worked_out(sheet(course(2.0, 1), new=Fractionation(5, 30.0)))
    assert fits.prescription_eqd2_gy == pytest.approx(60.0)
    assert fits.maxima is not None
    assert exceeds.maxima is not None
    assert (fits.maxima.takes_prescription, exceeds.maxima.takes_prescription) == (True, False)


def test_a_prescription_fits_only_as_far_as_the_prior_dose_is_known() -> None:
    """3 % of the region without a dose: P is a lower bound, and no output says just "fits"."""
    entry = course(0.0, 1, kind=ValueKind.MAPPED, registration="go", unknown_percent=3.0)
    result = worked_out(sheet(entry, new=Fractionation(5, 30.0)))
    assert "fits where the prior dose is known; not proven" in worksheet_text([result])
    assert "fits where the prior dose is known; not proven" in worksheet_section(worksheet_summaries([result]))
    rows = csv.DictReader(io.StringIO(worksheet_csv([result])))
    assert [row["prescription_fits"] for row in rows] == ["", "where known"]


def test_more_than_ten_gy_per_fraction_is_told_of_courses_and_of_what_is_left() -> None:
    result = worked_out(sheet(course(14.0, 1), limit=replace(CORD, limit_eqd2_gy=300.0), new=Fractionation(1)))
    assert result.lines[0].is_beyond_lq
    assert [remark for remark in result.remarks if "beyond the LQ range" in remark] == list(result.remarks)
    assert len(result.remarks) == 2


def test_a_limit_is_not_used_at_an_interval_that_it_was_not_published_for() -> None:
    limit = replace(CORD, months=Months(12.0))
    new = Fractionation(5, day=date(2026, 1, 1))
    early = worked_out(sheet(course(10.0, 5, day=date(2025, 7, 1)), limit=limit, new=new))
    late = worked_out(sheet(course(10.0, 5, day=date(2024, 1, 1)), limit=limit, new=new))
    nowhere = worked_out(sheet(course(10.0, 5), limit=limit, new=new))
    untouched = worked_out(sheet(course(0.0, 5), limit=limit, new=new))
    assert early.maxima is None
    assert "6.0 months before" in early.refusal
    assert nowhere.maxima is None
    assert "not known" in nowhere.refusal
    assert late.maxima is not None
    assert late.lines[0].months == pytest.approx(24.0, abs=0.1)
    assert untouched.maxima is not None


@pytest.mark.parametrize(("verdict", "unknown"), [("worksheet", 0.0), ("go", 5.1)])
def test_a_mapped_dose_that_cannot_be_relied_on_gives_no_result(verdict: str, unknown: float) -> None:
    entry = course(10.0, 5, kind=ValueKind.MAPPED, registration=verdict, unknown_percent=unknown)
    result = worked_out(sheet(entry, mapped=10.0))
    assert (result.maxima, result.mapped, result.deciding) == (None, None, None)
    assert "enter the dose of" in result.refusal
    assert worked_out(sheet(replace(entry, kind=ValueKind.RECORD_POINT))).maxima is not None


BAD = [
    course(-1.0, 5),
    course(float("nan"), 5),
    course(501.0, 5),
    course(10.0, 0),
    course(10.0, 1001),
    course(10.0, 5, recovery=1.1),
    course(10.0, 5, recovery=-0.1),
    course(10.0, 5, recovery=float("nan")),
    course(10.0, 5, unknown_percent=101.0),
]


@pytest.mark.parametrize("entry", BAD)
def test_courses_that_cannot_be_are_refused(entry: CourseEntry) -> None:
    with pytest.raises(CaseError):
        worked_out(sheet(entry))


@pytest.mark.parametrize(
    "bad",
    [
        sheet(),
        sheet(course(1.0, 1), course(2.0, 1)),
        sheet(course(1.0, 1), limit=replace(CORD, limit_eqd2_gy=0.0)),
        sheet(course(1.0, 1), limit=replace(CORD, limit_eqd2_gy=float("nan"))),
        sheet(course(1.0, 1), limit=replace(CORD, alpha_beta_gy=0.0)),
        sheet(course(1.0, 1), limit=replace(CORD, metric=Metric.parse("Dmean[Gy]"))),
        sheet(course(1.0, 1), limit=replace(CORD, source="")),
        sheet(course(1.0, 1), new=Fractionation(0)),
        sheet(course(1.0, 1), new=Fractionation(5, -1.0)),
        sheet(course(1.0, 1), mapped=float("nan")),
    ],
)
def test_worksheets_that_cannot_be_are_refused(bad: OrganWorksheet) -> None:
    with pytest.raises((CaseError, ProtocolError)):
        worked_out(bad)


values = st.floats(0.0, 100.0)
entries = st.builds(
    CourseEntry, st.uuids().map(str), values, st.integers(1, 40), st.none(), st.floats(0.0, 1.0), st.just(ValueKind.TYPED)
)


@given(st.lists(entries, min_size=1, max_size=5, unique_by=lambda e: e.label), st.sampled_from(Basis), st.integers(1, 40))
def test_prior_and_what_is_left_fill_the_limit_and_no_more(courses, basis, fractions) -> None:
    result = worked_out(sheet(*courses, limit=replace(CORD, basis=basis), new=Fractionation(fractions)))
    assert result.maxima is not None
    assert result.recovered_eqd2_gy <= result.raw_eqd2_gy
    given_gy = float(eqd2(np.asarray(result.maxima.dose_gy), fractions, 2.0))
    assert given_gy == pytest.approx(result.maxima.eqd2_gy, abs=1e-9)
    if not result.maxima.is_used:
        assert result.maxima.prior_eqd2_gy + given_gy == pytest.approx(60.0)


LIMIT = OrganLimit("ball", 60.0, Basis.RAW, 2.0, Metric.parse("Dmax[Gy]"), 30.0, "a source", is_anywhere=True)


def planned(limit: OrganLimit = LIMIT, *more, functions=None, recoveries=None, target: PlannedTarget | None = None):
    geometry = grid()
    functions = functions or [lambda p: 20.0 + 0.5 * p[:, 0], lambda p: 20.0 - 0.5 * p[:, 0]]
    courses = [course_of(dose_of(f, geometry), 10, f"c{n}") for n, f in enumerate(functions)] + [*more]
    structure = ball(12.0, 2.0)
    samples = structure_samples(structure, geometry)
    dose = structure_dose(samples, courses, recoveries or [0.0] * len(courses), "ball")
    return plan_organ(limit, structure, dose, [target] if target else [], (30.0, 5), geometry)


def test_courses_of_a_case_are_read_at_their_own_maximum_and_the_sum_at_its() -> None:
    """20 ± 0.5 x in a ball of 12 mm: 26 Gy each at opposite ends, 20 + 20 in the middle."""
    result = worked_out(worksheet_of(planned(), {"c0": "go"}, None, with_recovery=False))
    assert [line.entry.dose_gy for line in result.lines] == pytest.approx([26.0, 26.0], abs=0.1)
    assert [line.entry.registration for line in result.lines] == ["go", ""]
    assert {line.entry.kind for line in result.lines} == {ValueKind.MAPPED}
    assert result.mapped is not None
    assert result.maxima is not None
    ends = float(eqd2(np.array(26.0), 10, 2.0) + eqd2(np.array(14.0), 10, 2.0))
    assert result.mapped.prior_eqd2_gy == pytest.approx(ends, abs=0.2)
    assert result.deciding is result.maxima
    assert result.maxima.eqd2_gy < result.mapped.eqd2_gy


@given(st.lists(st.tuples(values, st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)), min_size=1, max_size=4))
def test_the_maximum_of_the_sum_never_exceeds_the_sum_of_the_maxima(slopes) -> None:
    points = np.random.default_rng(1).uniform(-30.0, 30.0, (500, 2))
    doses = [np.maximum(base + points @ np.array(slope), 0.0) for base, *slope in slopes]
    courses = [course(min(float(d.max()), 500.0), 10, str(n)) for n, d in enumerate(doses)]
    mapped = float(sum(eqd2(d, 10, 2.0) for d in doses).max())
    result = worked_out(sheet(*courses, mapped=mapped, limit=replace(CORD, limit_eqd2_gy=1000.0)))
    assert not result.is_mapped_higher


def test_small_hot_spots_that_lie_apart_make_the_mapped_sum_count() -> None:
    """D0.01cc is not subadditive: two spots of 0.006 cc have a low D0.01cc each and a high one together."""
    volumes_cc = np.full(4, 0.006)
    one, two = np.array([30.0, 1.0, 1.0, 1.0]), np.array([1.0, 30.0, 1.0, 1.0])
    metric = Metric.parse("D0.01cc[Gy]")
    spots = [cumulative_dvh(d, volumes_cc).value(metric) for d in (one, two)]
    mapped = cumulative_dvh(eqd2(one, 10, 2.0) + eqd2(two, 10, 2.0), volumes_cc).value(metric)
    result = worked_out(sheet(course(spots[0], 10), course(spots[1], 10, "two"), mapped=mapped))
    assert mapped > result.raw_eqd2_gy
    assert result.is_mapped_higher
    assert result.deciding is result.mapped
    assert any("hot spots" in remark for remark in result.remarks)


@given(st.integers(2, 4), st.integers(0, 1000))
def test_the_dose_at_a_volume_of_the_sum_never_exceeds_the_sum_at_a_share_of_it(number: int, seed: int) -> None:
    """What holds in place of the sum of maxima, for steps of volume: D(v) of the sum ≤ Σ D(v/N)."""
    doses = np.random.default_rng(seed).exponential(10.0, (number, 120))
    hottest = np.sort(doses, axis=1)[:, ::-1]
    summed = np.sort(doses.sum(axis=0))[::-1]
    for volume in range(number, 60, number):
        assert summed[volume] <= hottest[:, volume // number].sum() + 1e-9


def test_points_of_the_record_stand_beside_mapped_courses_with_source_and_date() -> None:
    point = PointDose("ball", 8.0, 1, date(2010, 5, 1), "printout p. 3")
    paper = PointCourse("p", "paper", (point,), None)
    worksheet = worksheet_of(planned(LIMIT, paper), {}, date(2026, 1, 1), with_recovery=False)
    entry = worksheet.courses[-1]
    assert (entry.dose_gy, entry.fractions, entry.kind, entry.source) == (8.0, 1, ValueKind.RECORD_POINT, "printout p. 3")
    result = worked_out(worksheet)
    assert result.lines[-1].months == pytest.approx(188.1, abs=0.1)
    assert result.lines[-1].raw_eqd2_gy == pytest.approx(20.0)
    assert result.mapped is not None


def test_recovery_is_entered_only_where_the_case_applies_it() -> None:
    organ = planned(recoveries=[0.25, 0.5])
    without, having = (worksheet_of(organ, {}, None, with_recovery=flag) for flag in (False, True))
    assert [entry.recovery for entry in without.courses] == [None, None]
    assert [entry.recovery for entry in having.courses] == [0.25, 0.5]


def test_only_the_part_near_the_target_is_read() -> None:
    geometry = grid()
    structure = ball(4.0, 2.0, centre=(-20.0, 0.0, 0.0), name="ptv")
    target = PlannedTarget(structure, 30.0, structure_samples(structure, geometry, 2000))
    limit = replace(LIMIT, margin_mm=10.0, is_anywhere=False)
    worksheet = worksheet_of(planned(limit, target=target), {}, None, with_recovery=False)
    # From −12 to about −6 mm: 20 + 0.5 x is at most about 17 Gy there, 20 − 0.5 x still 26.
    assert worksheet.courses[0].dose_gy == pytest.approx(17.0, abs=0.6)
    assert worksheet.courses[1].dose_gy == pytest.approx(26.0, abs=0.1)
    assert worksheet.limit.region == "within 10 mm of ptv"


def test_a_course_that_is_not_known_near_the_target_is_refused() -> None:
    small = course_of(dose_of(lambda p: np.full(len(p), 10.0), grid(2.0, 6.0, (12.0, 0.0, 0.0))), 5, "small")
    geometry = grid()
    structure = ball(4.0, 2.0, centre=(-20.0, 0.0, 0.0), name="ptv")
    target = PlannedTarget(structure, 30.0, structure_samples(structure, geometry, 2000))
    with pytest.raises(DosimetryError, match="the dose of small is not known anywhere within 10 mm of ptv"):
        planned(replace(LIMIT, margin_mm=10.0, is_anywhere=False), small, target=target)


def test_the_report_states_every_limit_with_basis_alpha_beta_fractions_and_source(tmp_path: Path) -> None:
    evil = replace(CORD, source="<script>alert(1)</script>")
    results = [
        worked_out(sheet(course(20.0, 5, label="<b>one</b>"), course(10.0, 5, "two"), limit=evil, mapped=30.0)),
        worked_out(sheet(course(90.0, 30), limit=replace(CORD, structure="brain"), new=Fractionation(5, 30.0))),
        worked_out(sheet(course(9.0, 3, kind=ValueKind.MAPPED, registration="worksheet"))),
    ]
    summaries = worksheet_summaries(results)
    text = page("t", worksheet_section(summaries))
    assert "<script>" not in text
    assert "<b>one</b>" not in text
    for wanted in ("60", "raw sum", "α/β 2 Gy", "in 5 fractions", "TOLERANCE ALREADY USED", "NOT EVALUATED", "a source"):
        assert wanted in text
    assert [summary.state for summary in summaries] == ["dose left", "tolerance already used", "not evaluated"]
    assert worksheet_section(()) == ""


def test_what_is_left_is_never_more_than_the_limit_allows_one_course() -> None:
    """A 60, P 10: 50 Gy EQD2 would be left, but no course may give more than 20; 30 Gy in 5 fractions are 60."""
    low = sheet(CourseEntry("a", 10.0, 5), limit=replace(CORD, new_at_most_gy=20.0))
    result = worked_out(low)
    assert result.raw_eqd2_gy == pytest.approx(10.0)
    assert result.maxima is not None
    assert result.maxima.eqd2_gy == pytest.approx(20.0)
    assert worked_out(replace(low, limit=CORD)).maxima.eqd2_gy == pytest.approx(50.0)
    with pytest.raises(CaseError, match="70 Gy for the new course alone"):
        worked_out(replace(low, limit=replace(CORD, new_at_most_gy=70.0)))
    with pytest.raises(CaseError, match="a share of 50"):
        worked_out(replace(low, limit=replace(CORD, new_share_at_most=50.0)))
    with pytest.raises(CaseError, match="0 Gy for each course"):
        worked_out(replace(low, limit=replace(CORD, each_course_at_most_gy=0.0)))
    with pytest.raises(CaseError, match="-1 Gy EQD2 in the whole organ"):
        worked_out(sheet(CourseEntry("a", 10.0, 5, whole_organ_eqd2_gy=-1.0)))
