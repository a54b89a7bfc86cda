"""Full overlap: whether a limit is kept with the whole prescription everywhere in the organ; nothing unknown is ever a yes.

10 Gy in 5 fractions is R 10 with any α/β; 20 Gy in 10 is 20 Gy EQD2.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import GEOMETRY, POINTS, ball_course, constraint_of, prior_of, uniform
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.constraint import Constraint, CourseConditions, Months, Sense
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.planning.full_overlap import Answer, WholeDose, all_of, full_overlap
from synthetic import ball, grid

NEW = WholeDose(10.0, 5)
ORGAN = ball(10.0, 1.0, (0, 0, 0), "organ")


def overlapping(constraint: Constraint, courses=None, months=None, is_unreliable=False):
    prior = prior_of(ORGAN, courses if courses is not None else [uniform(20.0, 10)])
    return full_overlap(constraint, prior, NEW, months, is_unreliable)


@pytest.mark.parametrize(("limit", "answer"), [(30.1, Answer.YES), (29.9, Answer.NO)])
@pytest.mark.parametrize("metric", ["Dmax", "D0.03cc", "Dmean", "D50%"])
def test_full_overlap_adds_the_prescription_everywhere(metric: str, limit: float, answer: Answer) -> None:
    found = overlapping(constraint_of(limit, metric))
    assert (found.prior, found.new_eqd2_gy, found.total) == pytest.approx((20.0, 10.0, 30.0), abs=1e-5)
    assert found.answer is answer


def test_of_a_near_maximum_the_maximum_of_the_whole_organ_counts() -> None:
    course = ball_course(3.0, (0, 0, 0), 20.0, 10)
    found = overlapping(constraint_of(20.0, "D2cc"), [course])
    prior = prior_of(ORGAN, [course])
    assert found.prior == pytest.approx(float(prior.eqd2_gy(2.0, Basis.RAW).max()))


@pytest.mark.parametrize(("spared", "answer"), [(1.0, Answer.NO), (0.0, Answer.YES)])
def test_a_volume_to_be_spared_is_lost_by_full_overlap(spared: float, answer: Answer) -> None:
    found = overlapping(constraint_of(spared, "CV25Gy[cc]", Sense.AT_LEAST))
    assert found.total == pytest.approx(0.0)
    assert found.answer is answer


@pytest.mark.parametrize(
    ("months", "answer"), [(None, Answer.UNKNOWN), (3.0, Answer.UNKNOWN), (6.0, Answer.YES), (12.0, Answer.UNKNOWN)]
)
def test_a_limit_of_another_interval_proves_nothing(months, answer) -> None:
    assert overlapping(constraint_of(100.0, months=Months(6.0, 12.0)), months=months).answer is answer


def test_a_share_that_has_recovered_was_given_all_the_same() -> None:
    """As in the scorecard: 20 Gy in one course are more than 15, though half of them have recovered."""
    samples = structure_samples(ORGAN, GEOMETRY)
    prior = structure_dose(samples, [uniform(20.0, 10)], [0.5], "organ")
    limit = constraint_of(30.0, basis=Basis.RECOVERED, conditions=CourseConditions(each_course_at_most=15.0))
    found = full_overlap(limit, prior, NEW, None, is_unreliable=False)
    assert (found.total, found.answer) == (pytest.approx(20.0, abs=1e-5), Answer.NO)


@pytest.mark.parametrize(
    "conditions",
    [
        CourseConditions(each_course_at_most=19.0),
        CourseConditions(new_course_at_most=9.0),
        CourseConditions(None, None, 0.3),
    ],
)
def test_conditions_on_single_courses_are_looked_at(conditions: CourseConditions) -> None:
    assert overlapping(constraint_of(100.0, conditions=conditions)).answer is Answer.NO


def test_conditions_that_are_kept_stand_not_in_the_way() -> None:
    conditions = CourseConditions(21.0, 11.0, 0.5)
    assert overlapping(constraint_of(100.0, conditions=conditions)).answer is Answer.YES


def test_unknown_dose_and_a_bad_registration_are_never_a_yes() -> None:
    half = uniform(20.0, 10, geometry=grid(2.0, 20.0, (0, 0, 20)))
    nowhere = uniform(20.0, 10, geometry=grid(2.0, 10.0, (0, 0, 60)))
    assert overlapping(constraint_of(100.0), [half]).answer is Answer.UNKNOWN
    assert overlapping(constraint_of(25.0), [half]).answer is Answer.NO
    found = overlapping(constraint_of(25.0), [nowhere])
    assert found.answer is Answer.UNKNOWN and found.prior is None and found.total is None
    assert overlapping(constraint_of(100.0), is_unreliable=True).answer is Answer.UNKNOWN


def test_a_metric_on_more_volume_than_there_is_is_not_told() -> None:
    found = overlapping(constraint_of(100.0, "D5cc"))
    assert found.answer is Answer.UNKNOWN and "has only" in found.why


def test_point_doses_count_and_are_named() -> None:
    found = overlapping(constraint_of(29.0), [POINTS])
    assert found.answer is Answer.NO and "point dose of paper" in found.why
    assert overlapping(constraint_of(31.0), [POINTS]).answer is Answer.YES


@given(st.lists(st.sampled_from(Answer), max_size=5))
def test_all_is_yes_only_if_all_are(answers) -> None:
    assert (all_of(answers) is Answer.YES) is (bool(answers) and set(answers) == {Answer.YES})
    assert (all_of(answers) is Answer.NO) is (Answer.NO in answers)
