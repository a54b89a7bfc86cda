"""The scorecard beyond the bare limit: warning bands, intervals, limits of single courses, and what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import StructureDose, structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.constraint import Constraint, CourseConditions, Months, Sense
from ReirradiationLib.model.course import Course, PointCourse
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.planning.scorecard import Occasion, Score, ScoreState, score
from synthetic import ball, course_of, dose_of, grid

GEOMETRY = grid(4.0, 20.0)
SAMPLES = structure_samples(ball(8.0, 2.0), GEOMETRY)
TODAY = Occasion(date(2026, 1, 1), 5)
CORD = Constraint("cord", Metric.parse("Dmax"), Sense.AT_MOST, 67.75, Basis.RAW, 2.0, "Nieder 2006")


def flat(eqd2_gy: float, identifier: str, day: date | None = date(2024, 1, 1)) -> Course:
    """20 fractions that come to this EQD2 with α/β 2: D (D / 20 + 2) / 4, solved for D."""
    dose_gy = 10.0 * (-2.0 + np.sqrt(4.0 + 0.8 * eqd2_gy))
    course = course_of(dose_of(lambda p: np.full(len(p), dose_gy), GEOMETRY), 20, identifier)
    return replace(course, date=day)


def doses(*prior: Course | PointCourse, new: float | None = None) -> tuple[StructureDose, StructureDose | None]:
    before = structure_dose(SAMPLES, prior, [0.0] * len(prior), "cord")
    return before, before.with_course(flat(new, "new"), 0.0) if new is not None else None


def scored(constraint: Constraint, *prior: Course | PointCourse, new: float | None = None) -> Score:
    return score(constraint, *doses(*prior, new=new), TODAY)


@pytest.mark.parametrize(
    ("new", "expected"), [(10.0, ScoreState.MET), (30.0, ScoreState.MET_IN_WARNING), (50.0, ScoreState.EXCEEDED)]
)
def test_between_warning_and_limit_it_is_met_only_within_the_warning_band(new: float, expected: ScoreState) -> None:
    """A published range of 60 to 80 Gy."""
    assert scored(replace(CORD, limit=80.0, warning=60.0), flat(40.0, "a"), new=new).state is expected


def test_a_dose_to_be_reached_has_its_warning_band_above() -> None:
    goal = replace(CORD, metric=Metric.parse("D95%"), sense=Sense.AT_LEAST, limit=60.0, warning=70.0)
    assert scored(goal, flat(40.0, "a"), new=24.0).state is ScoreState.MET_IN_WARNING
    assert scored(goal, flat(40.0, "a"), new=34.0).state is ScoreState.MET


@pytest.mark.parametrize(
    ("day", "is_evaluated"), [(date(2025, 7, 3), False), (date(2025, 6, 1), True), (date(2010, 1, 1), True), (None, False)]
)
def test_a_limit_is_evaluated_only_at_the_interval_it_was_published_for(day: date | None, is_evaluated: bool) -> None:
    """Half a year of 30.4375 days a month before 2026-01-01 is 2025-07-02."""
    result = scored(replace(CORD, months=Months(6.0)), flat(40.0, "a", day))
    assert (result.state is not ScoreState.NOT_EVALUABLE) is is_evaluated
    assert is_evaluated or ("from 6 months" in result.remark and result.prior is None)


def test_the_interval_ends_where_it_was_published_to_end() -> None:
    limit = replace(CORD, months=Months(6.0, 12.0))
    assert scored(limit, flat(40.0, "a", date(2025, 3, 1))).state is ScoreState.OPEN
    assert scored(limit, flat(40.0, "a", date(2024, 3, 1))).state is ScoreState.NOT_EVALUABLE


def test_the_last_course_counts_for_the_interval_unless_it_spared_the_organ() -> None:
    limit = replace(CORD, months=Months(6.0))
    recent = date(2025, 12, 1)
    assert scored(limit, flat(40.0, "a"), flat(20.0, "b", recent)).state is ScoreState.NOT_EVALUABLE
    assert scored(limit, flat(40.0, "a"), flat(0.5, "b", recent)).state is ScoreState.OPEN
    assert scored(limit, flat(40.0, "a"), flat(0.5, "b", recent)).months == pytest.approx(24.0, abs=0.1)


def test_a_course_with_more_than_each_may_give_breaks_the_limit_however_low_the_sum() -> None:
    """Nieder 2006: 67.75 Gy in all holds if each course gave at most 49 Gy."""
    limit = replace(CORD, conditions=CourseConditions(each_course_at_most=49.0))
    assert scored(limit, flat(48.0, "a"), new=12.0).state is ScoreState.MET
    broken = scored(limit, flat(50.0, "first"), new=10.0)
    assert broken.state is ScoreState.EXCEEDED_BY_PRIOR
    assert "'first' alone gives 50.00 Gy EQD2, not 49 at most" in broken.remark
    assert scored(limit, flat(10.0, "a"), new=50.0).state is ScoreState.EXCEEDED


def test_an_upper_bound_alone_does_not_prove_that_a_course_gave_too_much() -> None:
    limit = replace(CORD, conditions=CourseConditions(each_course_at_most=49.0))
    paper = PointCourse("p", "paper", (PointDose("cord", 52.0, 26, None, "letter"),), date(2010, 1, 1))
    assert scored(limit, paper, new=4.0).state is ScoreState.MAY_BE_EXCEEDED


def test_the_new_course_may_give_only_its_own_limit_and_its_share() -> None:
    """HyTEC: at most 70 Gy in all, 25 Gy and half of the sum by the new course."""
    limit = replace(CORD, limit=70.0, conditions=CourseConditions(None, 25.0, 0.5))
    assert scored(limit, flat(40.0, "a"), new=24.0).state is ScoreState.MET
    assert scored(limit, flat(40.0, "a"), new=26.0).state is ScoreState.EXCEEDED
    shared = scored(limit, flat(20.0, "a"), new=24.0)
    assert shared.state is ScoreState.EXCEEDED
    assert "55 % of the sum, not 50 % at most" in shared.remark


def test_what_is_left_is_told_in_eqd2_and_as_physical_dose_of_the_new_fractions() -> None:
    """clinical example: P 57, A 60, α/β 2: 3 Gy EQD2 are 4.22 Gy in 5 fractions."""
    left = scored(replace(CORD, limit=60.0), flat(57.0, "a")).left
    assert left is not None
    assert left.eqd2_gy == pytest.approx(3.0, abs=1e-5)
    assert left.physical_gy == pytest.approx(4.22, abs=0.005)
    assert left.fractions == 5
    assert not left.is_at_most


def test_what_is_left_heeds_what_the_limit_demands_of_the_new_course() -> None:
    """HyTEC: at most 25 Gy, and at most half of the sum: no more than was given before."""
    limit = replace(CORD, limit=70.0, conditions=CourseConditions(None, 25.0, 0.5))
    left = [scored(limit, flat(prior, "a")).left for prior in (10.0, 40.0, 60.0)]
    assert [one.eqd2_gy for one in left if one] == pytest.approx([10.0, 25.0, 10.0], abs=1e-4)


@given(st.floats(0.0, 60.0), st.floats(1.0, 80.0), st.sampled_from(["Dmax", "D0.1cc", "D50%", "Dmean"]))
def test_what_is_left_uses_the_limit_up_and_no_more(given_gy: float, limit: float, metric: str) -> None:
    constraint = replace(CORD, metric=Metric.parse(metric), limit=limit)
    before, _ = doses(flat(given_gy, "a"))
    left = score(constraint, before, None, TODAY).left
    assert left is not None
    course = course_of(dose_of(lambda p: np.full(len(p), left.physical_gy), GEOMETRY), left.fractions, "new")
    after = before.with_course(course, 0.0).dvh(2.0, Basis.RAW).value(constraint.metric)
    assert after == pytest.approx(max(limit, given_gy), rel=1e-5, abs=1e-5)


def test_what_is_left_is_a_bound_where_a_dose_is_not_known_and_nothing_where_the_limit_is_of_no_dose() -> None:
    half = course_of(dose_of(lambda p: np.full(len(p), 20.0), grid(4.0, 20.0, centre=(20.0, 0.0, 0.0))), 10)
    left = scored(CORD, half).left
    assert left is not None and left.is_at_most
    nowhere = course_of(dose_of(lambda p: np.full(len(p), 20.0), grid(4.0, 20.0, centre=(100.0, 0.0, 0.0))), 10)
    assert scored(CORD, nowhere).left is None
    assert scored(replace(CORD, metric=Metric.parse("CV16Gy[cc]"), sense=Sense.AT_LEAST), flat(10.0, "a")).left is None
    assert scored(replace(CORD, metric=Metric.parse("D95%"), sense=Sense.AT_LEAST), flat(10.0, "a")).left is None
