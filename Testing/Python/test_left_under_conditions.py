"""What a limit demands of single courses bounds what is left in every room alike: scorecard, feasibility, worksheet, …"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planned import GEOMETRY, constraint_of, prior_of, target_of, uniform
from ReirradiationLib.dosimetry.accumulation import StructureDose, structure_dose
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.mapping import MappedDose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.constraint import Constraint, CourseConditions
from ReirradiationLib.model.course import AnyCourse, PointCourse
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.planning.conditions import courses_alone
from ReirradiationLib.planning.feasibility import Feasibility, FeasibilityState, feasibility, plan_organs
from ReirradiationLib.planning.fractionation import fractionation
from ReirradiationLib.planning.full_overlap import Answer, WholeDose, full_overlap
from ReirradiationLib.planning.limits import limit_of_constraint
from ReirradiationLib.planning.near_target import prior_near_target
from ReirradiationLib.planning.organ_worksheet import worksheet_of
from ReirradiationLib.planning.planned_organ import PlannedOrgan
from ReirradiationLib.planning.point_worksheet import WorksheetResult, worked_out
from ReirradiationLib.planning.remaining_dose import LimitedStructure, PriorPart, RemainingInStructure, remaining_dose
from ReirradiationLib.planning.scorecard import Left, Occasion, ScoreState, score
from ReirradiationLib.planning.worksheet_entry import CourseEntry, Fractionation, OrganWorksheet
from ReirradiationLib.planning.worksheet_table import read_worksheets, worksheet_csv
from ReirradiationLib.report.worksheet_section import worksheet_section
from ReirradiationLib.report.worksheet_summary import worksheet_summaries
from synthetic import ball, course_of, dose_of, grid

HYTEC = constraint_of(70.0, conditions=CourseConditions(None, 25.0, 0.5))
"""Sahgal: at most 70 Gy in all, of the new course at most 25 Gy and half of the sum."""

HYTEC_ALONE = CourseConditions(None, 25.0)

NIEDER = constraint_of(67.75, conditions=CourseConditions(49.0))
"""2006: 67.75 Gy in all, 49 Gy in each."""

ORGAN = ball(8.0, 1.0, name="organ")
TARGET = target_of(ball(6.0, 1.0, (9, 0, 0), "target"), 15.0)
COARSE = structure_samples(ball(8.0, 2.0, name="organ"), grid(4.0, 20.0))
OCCASION = Occasion(None, 5)


def paper(dose_gy: float, fractions: int, name: str = "paper") -> PointCourse:
    return PointCourse(name, name, (PointDose("organ", dose_gy, fractions, None, "p. 3"),), None)


def left_of(constraint: Constraint, prior: StructureDose) -> Left:
    left = score(constraint, prior, None, OCCASION).left
    assert left is not None
    return left


def planned_by(constraint: Constraint, *courses: AnyCourse, targets=(), prescription_gy: float = 15.0) -> Feasibility:
    prior = prior_of(ORGAN, list(courses))
    inputs = (lambda _: ORGAN, lambda _: prior, targets, (prescription_gy, 5), GEOMETRY)
    organs, left_out = plan_organs([limit_of_constraint(constraint)], *inputs)
    return feasibility(organs, targets, lambda _: ORGAN, GEOMETRY, 5, left_out)


def worksheet_by(found: Feasibility) -> WorksheetResult:
    return worked_out(worksheet_of(found.organs[0].organ, {}, None, with_recovery=False))


def told_of_remaining(constraint: Constraint, prior: StructureDose, *parts: PriorPart) -> RemainingInStructure:
    limit, voxel = limit_of_constraint(constraint), Geometry((0, 0, 0), (2, 2, 2), GEOMETRY.direction, (1, 1, 1))
    structure = LimitedStructure("organ", (limit,), np.ones((1, 1, 1), bool), parts, samples=prior)
    return remaining_dose([structure], voxel, 5, 100.0).structures[0]


def voxel(dose_gy: float, fractions: int) -> PriorPart:
    one = Geometry((0, 0, 0), (2, 2, 2), GEOMETRY.direction, (1, 1, 1))
    dose = np.full((1, 1, 1), dose_gy, np.float32)
    return PriorPart("c", fractions, 0.0, MappedDose(dose, np.ones((1, 1, 1), bool), one))


@pytest.mark.parametrize("is_point", [True, False])
def test_half_of_the_sum_leaves_as_much_as_was_given_in_every_room(is_point: bool) -> None:
    """12 Gy in 6 are 12 Gy EQD2, of 70 would be left 58, of 25 Gy 25; D (D / 5 + 2) / 4 = 12 gives D = √265 − 5 = 11.279."""
    course = paper(12.0, 6) if is_point else uniform(12.0, 6)
    dose_gy = np.sqrt(265.0) - 5.0
    prior = prior_of(ORGAN, [course])
    left = left_of(HYTEC, prior)
    assert (left.eqd2_gy, left.physical_gy, left.is_at_most) == (
        *(pytest.approx(12.0, abs=1e-4), pytest.approx(dose_gy, abs=1e-4)),
        is_point,  # half of a sum that may be smaller
    )
    found = planned_by(HYTEC, course)
    (one,) = found.organs
    assert one.organ.left_eqd2_gy == pytest.approx(12.0, abs=1e-4)
    assert one.left_physical_gy == pytest.approx(dose_gy, abs=1e-4)
    assert one.excess_eqd2_gy == pytest.approx(18.75 - 12.0, abs=1e-4)  # 15 Gy in 5 are 18.75
    assert one.state is FeasibilityState.SHARE
    assert not any("heed" in remark for remark in one.remarks())
    assert any("an upper bound" in remark for remark in one.organ.doubts) is is_point
    explored = fractionation([one.organ], [1, 5]).at(5)
    assert explored is not None and explored.dose_gy == pytest.approx(dose_gy, abs=1e-4)
    sheet = worksheet_by(found)
    assert sheet.deciding is not None
    assert sheet.deciding.dose_gy == pytest.approx(dose_gy, abs=1e-4)
    assert sheet.deciding.takes_prescription is False
    told = told_of_remaining(HYTEC, prior, PriorPart("p", 6, 0.0, point_gy=12.0) if is_point else voxel(12.0, 6))
    assert told.lowest_gy == pytest.approx(0.0 if is_point else dose_gy, abs=1e-4)
    assert ("only a share" in told.reason) is is_point


def test_a_prescription_within_the_share_of_an_upper_bound_is_not_proven_to_fit() -> None:
    """5 Gy in 5 are 3.75 Gy EQD2, less than 12; but the record's 12 Gy may be far from where the new dose is."""
    point, mapped = (planned_by(HYTEC, course, prescription_gy=5.0) for course in (paper(12.0, 6), uniform(12.0, 6)))
    assert point.organs[0].state is FeasibilityState.FITS_WHERE_KNOWN
    assert mapped.organs[0].state is FeasibilityState.FITS
    told = worksheet_section(worksheet_summaries([worksheet_by(point)]))
    assert "fits where the prior dose is known; not proven" in told
    assert "not proven" not in worksheet_section(worksheet_summaries([worksheet_by(mapped)]))


@pytest.mark.parametrize("is_point", [True, False])
def test_a_prior_course_that_gave_more_than_each_may_leaves_nothing_in_any_room(is_point: bool) -> None:
    """42 Gy in 14 are 52.5 Gy EQD2, more than 49, and it stays so whatever is given now; by the sum 15.25 were left."""
    course = paper(42.0, 14) if is_point else uniform(42.0, 14)
    prior = prior_of(ORGAN, [course])
    scored = score(NIEDER, prior, None, OCCASION)
    assert scored.state is (ScoreState.MAY_BE_EXCEEDED if is_point else ScoreState.EXCEEDED_BY_PRIOR)
    assert scored.left == Left(0.0, 0.0, 5, is_at_most=False)
    assert ("not proven" in scored.remark) is is_point
    found = planned_by(NIEDER, course, targets=[TARGET])
    (one,) = found.organs
    assert one.organ.left_eqd2_gy == one.left_physical_gy == one.organ.left_beside_eqd2_gy(0.0) == 0.0
    assert one.state is FeasibilityState.TOLERANCE_USED
    words = f"'{course.label}' alone gives 52.50 Gy EQD2, not 49 at most"
    assert any(remark.startswith(words) and ("not proven" in remark) is is_point for remark in one.remarks())
    assert one.compromised[0].volumes[0].volume_cc > 0.0
    assert fractionation([one.organ]).best is None
    sheet = worksheet_by(found)
    assert sheet.deciding is not None
    assert (sheet.deciding.eqd2_gy, sheet.deciding.is_used, sheet.deciding.takes_prescription) == (0.0, True, False)
    assert any(words in remark for remark in sheet.remarks)
    told = told_of_remaining(NIEDER, prior, PriorPart("p", 14, 0.0, point_gy=42.0) if is_point else voxel(42.0, 14))
    assert told.lowest_gy == 0.0
    assert told.used_cc == pytest.approx(told.held_cc)
    assert words in told.reason


def test_several_courses_that_each_gave_no_more_than_they_may_leave_what_the_sum_leaves() -> None:
    """30 Gy in 20 are 26.25 Gy EQD2 twice: 67.75 − 52.5 = 15.25, though the sum is above 49."""
    courses = [uniform(30.0, 20, name) for name in ("a", "b")]
    assert left_of(NIEDER, prior_of(ORGAN, list(courses))).eqd2_gy == pytest.approx(15.25, abs=1e-4)
    found = planned_by(NIEDER, *courses)
    assert found.organs[0].organ.left_eqd2_gy == pytest.approx(15.25, abs=1e-4)
    sheet = worksheet_by(found)
    assert sheet.deciding is not None and sheet.deciding.eqd2_gy == pytest.approx(15.25, abs=1e-4)


def test_too_much_elsewhere_in_the_organ_leaves_nothing_near_the_target_either_and_so_says_the_table(tmp_path: Path) -> None:
    """52.5 Gy EQD2 only where x < −2; within 1 mm of the target x is above 2."""
    course = course_of(dose_of(lambda p: np.where(p[:, 0] < -2.0, 42.0, 14.0), grid(1.0, 60.0)), 14, "c")
    prior = prior_of(ORGAN, [course])
    limit = replace(limit_of_constraint(NIEDER), margin_mm=0.5)
    target = target_of(ball(5.0, 1.0, (10, 0, 0), "target"), 15.0)
    (organ,), _ = plan_organs([limit], lambda _: ORGAN, lambda _: prior, [target], (15.0, 5), GEOMETRY)
    assert organ.near.value_gy < 15.0
    assert organ.left_eqd2_gy == 0.0
    result = worked_out(worksheet_of(organ, {}, None, with_recovery=False))
    assert result.deciding is not None and result.deciding.is_used
    (again,) = written_and_read(result, tmp_path)
    assert again.courses[0].whole_organ_eqd2_gy == pytest.approx(52.5, abs=1e-3)
    read = worked_out(again).deciding
    assert read is not None and read.is_used and read.eqd2_gy == 0.0


def test_that_no_course_gave_too_much_is_not_proven_where_its_dose_is_not_known() -> None:
    """Known where x < 0 only, but not near: the part near the target is known, the rest is not."""
    half = course_of(dose_of(lambda p: np.full(len(p), 20.0), grid(2.0, 20.0, centre=(-22.0, 0.0, 0.0))), 10)
    target = target_of(ball(5.0, 1.0, (-14, 0, 0), "target"), 5.0)
    prior = prior_of(ORGAN, [half])
    limits = [replace(limit_of_constraint(one), margin_mm=2.0) for one in (NIEDER, replace(NIEDER, conditions=HYTEC_ALONE))]
    organs, _ = plan_organs(limits, lambda _: ORGAN, lambda _: prior, [target], (5.0, 5), GEOMETRY)
    found = feasibility(organs, [], lambda _: ORGAN, GEOMETRY, 5)
    assert [one.organ.near.unknown_percent for one in found.organs] == [0.0, 0.0]
    assert [one.state for one in found.organs] == [FeasibilityState.FITS_WHERE_KNOWN, FeasibilityState.FITS]


def test_typed_maxima_that_may_lie_apart_are_not_added_for_a_share() -> None:
    """12 and 8 Gy EQD2 in different places: at neither may half of the sum be 20."""
    limit = worksheet_by(planned_by(HYTEC, paper(12.0, 6))).worksheet.limit
    entries = (CourseEntry("one", 12.0, 6), CourseEntry("two", 8.0, 4))
    result = worked_out(OrganWorksheet(limit, entries, Fractionation(5)))
    assert result.maxima is not None
    assert result.maxima.prior_eqd2_gy == pytest.approx(20.0)
    assert result.maxima.eqd2_gy == pytest.approx(12.0)


def test_even_full_overlap_is_not_taken_for_a_share_that_rests_on_a_point() -> None:
    """R 3.75 Gy beside 12: within half of it. A point may be far less where R is given."""
    new = WholeDose(5.0, 5)
    answers = [
        full_overlap(HYTEC, prior_of(ORGAN, [course]), new, 60.0, is_unreliable=False).answer
        for course in (uniform(12.0, 6), paper(12.0, 6))
    ]
    assert answers == [Answer.YES, Answer.UNKNOWN]


conditions = st.builds(
    CourseConditions,
    st.none() | st.floats(1.0, 60.0),
    st.none() | st.floats(1.0, 40.0),
    st.none() | st.floats(0.05, 1.0),
)
slopes = st.tuples(st.floats(0.0, 40.0), st.floats(-2.0, 2.0))


def sloped(number: int, base_gy: float, slope: float) -> AnyCourse:
    dose = dose_of(lambda p: np.maximum(base_gy + slope * p[:, 0], 0.0), grid(4.0, 30.0))
    return course_of(dose, 10, f"c{number}")


def written_and_read(result: WorksheetResult, folder: Path) -> tuple[OrganWorksheet, ...]:
    path = folder / "sheet.csv"
    path.write_text(worksheet_csv([result]), encoding="utf-8-sig", newline="")
    return read_worksheets(path, result.worksheet.new, date(2026, 1, 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.floats(10.0, 90.0),
    conditions,
    st.lists(slopes, min_size=1, max_size=3),
    st.none() | st.floats(0.0, 40.0),
    st.sampled_from(["Dmax", "D0.1cc"]),
)
def test_no_room_leaves_more_than_the_scorecard(
    tmp_path: Path, limit_gy: float, asked: CourseConditions, courses, point_gy: float | None, metric: str
) -> None:
    """All read by the same metric in the whole organ, at the same samples.

    A mapped sum is kept in single precision and a worksheet's is not: either EQD2 is right within 1.2e-7 of its value
    (docs/methods.md), and so is what is left within that of the limit and the prior sum together.
    """
    constraint = constraint_of(limit_gy, metric, conditions=asked)
    given_courses = [sloped(n, *slope) for n, slope in enumerate(courses)]
    points = [paper(point_gy, 10)] if point_gy is not None else []
    prior = structure_dose(COARSE, [*given_courses, *points], [0.0] * (len(given_courses) + len(points)), "organ")
    most = left_of(constraint, prior)
    limit = replace(limit_of_constraint(constraint), is_anywhere=True)
    alone = courses_alone(limit.metric, 2.0, prior) if limit.each_course_at_most_gy is not None else ()
    organ = PlannedOrgan(limit, (), 15.0, 5, prior, prior_near_target(limit, prior, ()), alone)
    assert organ.left_eqd2_gy == pytest.approx(most.eqd2_gy, abs=1e-9)
    assert organ.left_physical_gy(5) <= most.physical_gy + 1e-9
    result = worked_out(worksheet_of(organ, {}, None, with_recovery=False))
    assert result.deciding is not None
    rounding_gy = 2 * 1.2e-7 * (limit_gy + result.raw_eqd2_gy)
    assert result.deciding.eqd2_gy <= most.eqd2_gy + rounding_gy
    if result.deciding is result.maxima:
        again = worked_out(written_and_read(result, tmp_path)[0]).deciding
        assert again is not None
        assert again.eqd2_gy <= most.eqd2_gy + rounding_gy + 1e-7  # the table has nine decimals
    parts = [PriorPart(one.identifier, 10, 0.0) for one in given_courses]
    told = told_of_remaining(constraint, prior, *parts)
    assert told.lowest_gy <= most.physical_gy + 1e-9


@given(
    st.floats(0.05, 0.95),
    st.lists(slopes, min_size=1, max_size=3),
    st.integers(0, 1000),
    st.sampled_from(["Dmax", "D0.1cc"]),
)
def test_any_part_of_the_remaining_dose_is_no_larger_share_of_the_sum_than_the_limit_allows(
    share: float, courses, seed: int, metric: str
) -> None:
    """Given wherever one likes: evenly, in one corner, or at random."""
    constraint = constraint_of(1000.0, metric, conditions=CourseConditions(None, None, share))
    prior = structure_dose(COARSE, [sloped(n, *slope) for n, slope in enumerate(courses)], [0.0] * len(courses), "organ")
    limit = limit_of_constraint(constraint)
    structure = LimitedStructure("organ", (limit,), np.ones((1, 1, 1), bool), (), samples=prior)
    prior_gy = prior.eqd2_gy(2.0, limit.basis)
    left_gy = limit.left_eqd2_gy(prior_gy, structure.share_of_gy(limit, prior_gy))
    random = np.random.default_rng(seed)
    for part in (1.0, random.random(len(left_gy)), prior_gy < np.median(prior_gy), random.random(len(left_gy)) < 0.3):
        new_gy = left_gy * part
        new, total = (cumulative_dvh(d, COARSE.volumes_cc).value(constraint.metric) for d in (new_gy, prior_gy + new_gy))
        assert new <= share * total + 1e-6 * (1.0 + total)
