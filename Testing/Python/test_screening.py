"""Screening: overlaps and distances of spheres, both criteria, the type, and that nothing unknown is ever a yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import (
    GEOMETRY,
    POINTS,
    ball_course,
    constraint_of,
    lens_cc,
    limit_of,
    planned_organ,
    prior_of,
    target_of,
    uniform,
)
from ReirradiationLib.dosimetry.radiobiology import eqd2
from ReirradiationLib.model.constraint import Months, Sense
from ReirradiationLib.model.course import Plan, Prescription, Radiation
from ReirradiationLib.model.errors import CaseError, DosimetryError, GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.planning_choice import ReirradiationType, ScreeningDecision
from ReirradiationLib.planning.feasibility import NotPlanned, OrganFeasibility
from ReirradiationLib.planning.full_overlap import Answer, WholeDose
from ReirradiationLib.planning.high_dose_region import TargetDistance, high_dose, high_sum
from ReirradiationLib.planning.reirradiation_type import suggest_type
from ReirradiationLib.planning.scorecard import Score, ScoreState
from ReirradiationLib.planning.screening import ScreenedOrgan, ScreeningInput, screen
from ReirradiationLib.report.evaluation import plain as _plain
from ReirradiationLib.report.screening_section import screening_section
from ReirradiationLib.report.screening_summary import screening_summary
from synthetic import FRAME, PATIENT, ball, course_of, dose_of, grid

NEW = WholeDose(10.0, 5)
WIDE = grid(4.0, 160.0)
"""Of doses that are known wherever a distance is looked for."""


def plan_with(prescription_gy: float, fractions: int = 10) -> Plan:
    prescriptions = (Prescription(1, "PTV", prescription_gy),)
    uids = {"frame_uid": FRAME, "sop_instance_uid": "1", "structure_set_uid": ""}
    return Plan(
        *("plan", fractions, prescriptions, Radiation.EXTERNAL, frozenset({1}), None, None),
        **uids,
        patient=PATIENT,
        approval="",
        file=Path("RP.dcm"),
    )


def case_of(courses=(), targets=(), organs=(), limits=(), constraints=(), new=None, day=None, unreliable=()):
    screened = tuple(ScreenedOrgan(2.0, prior_of(organ, list(courses))) for organ in organs)
    return ScreeningInput(
        *(tuple(courses), new, tuple(targets), screened, tuple(limits), tuple(constraints), NEW, day),
        unreliable=unreliable,
    )


def screened(**inputs):
    return screen(case_of(**inputs), GEOMETRY, FRAME)


def suggested(feasible=(), not_planned=(), scores=(), **inputs):
    case = case_of(**inputs)
    return suggest_type(case, screen(case, GEOMETRY, FRAME), feasible, not_planned, scores)


TARGET = target_of(ball(12.0, 1.0, (0, 0, 0), "target"))


@pytest.mark.parametrize("apart", [8.0, 18.0, 24.0])
def test_overlap_of_target_and_organ_equals_the_common_volume_of_spheres(apart: float) -> None:
    """The course has half of its maximum at 15 mm."""
    course = ball_course(15.0, (apart, 0, 0), 40.0, 20)
    region = screened(courses=[course], targets=[TARGET], organs=[ball(10.0, 1.0, (0, 0, 0), "organ")]).regions[0]
    assert [(one.structure, one.is_target) for one in region.overlaps] == [("target", True), ("organ", False)]
    for one, radius in zip(region.overlaps, (12.0, 10.0), strict=True):
        assert one.high_cc == pytest.approx(lens_cc(15.0, radius, apart), abs=0.1)
        assert one.high_percent == pytest.approx(100.0 * one.high_cc / one.structure_cc)
        assert one.unknown_cc == 0.0


@pytest.mark.parametrize("gap", [3.0, 10.0, 29.0, 31.0, 60.0])
def test_distance_of_the_region_lies_between_the_two_ends_that_are_told(gap: float) -> None:
    along = np.array([0.48, 0.6, 0.64]) * (12.0 + 15.0 + gap)
    course = ball_course(15.0, along, 40.0, 20, geometry=WIDE)
    distance = screened(courses=[course], targets=[TARGET]).regions[0].distances[0]
    assert distance.at_most_mm is not None
    assert distance.at_least_mm <= gap <= distance.at_most_mm + 0.5  # dose voxels of 4 mm
    assert distance.at_most_mm - distance.at_least_mm < 4.0
    assert distance.unknown_from_mm is None


def test_the_orientation_of_the_ct_changes_no_distance() -> None:
    """Rows, columns and slices along other axes, unequal voxels: the grid of the search is parallel to them."""
    turn = ((0.0, -0.6, 0.8), (1.0, 0.0, 0.0), (0.0, 0.8, 0.6))
    turned = Geometry((30.0, -50.0, 20.0), (1.0, 0.7, 3.0), turn, (100, 120, 60))
    case = case_of([ball_course(15.0, (20.0, 30.0, 40.0), 40.0, 20, geometry=WIDE)], [TARGET])
    gap = float(np.linalg.norm((20.0, 30.0, 40.0))) - 27.0
    for current in (GEOMETRY, turned):
        distance = screen(case, current, FRAME).regions[0].distances[0]
        assert distance.at_most_mm is not None
        assert distance.at_least_mm <= gap <= distance.at_most_mm + 0.5
        assert distance.at_most_mm - distance.at_least_mm < 4.0


@pytest.mark.parametrize(("gap", "answer"), [(20.0, Answer.NO), (36.0, Answer.YES)])
def test_no_high_dose_overlap_is_told_from_the_margin_on(gap: float, answer: Answer) -> None:
    course = ball_course(15.0, (27.0 + gap, 0, 0), 40.0, 20, geometry=WIDE)
    assert screened(courses=[course], targets=[TARGET]).no_high_dose_overlap is answer


def test_a_region_beyond_the_searched_box_is_more_than_so_far_away() -> None:
    course = ball_course(10.0, (0, 0, 170), 40.0, 20, geometry=grid(4.0, 200.0))
    found = screened(courses=[course], targets=[TARGET])
    assert found.regions[0].distances[0].at_most_mm is None
    assert found.no_high_dose_overlap is Answer.YES
    html = screening_section(screening_summary(found, suggested(courses=[course], targets=[TARGET])))
    assert "more than 100" in html


def test_unknown_dose_beside_the_target_is_never_no_overlap() -> None:
    """The dose grid ends 20 mm beside the target."""
    course = ball_course(5.0, (0, 0, 70), 40.0, 20, geometry=grid(2.0, 40.0, (0, 0, 72)))
    found = screened(courses=[course], targets=[TARGET])
    assert found.no_high_dose_overlap is Answer.UNKNOWN
    assert found.regions[0].distances[0].unknown_from_mm == pytest.approx(0.0, abs=3.0)
    assert any("not known everywhere" in doubt for doubt in found.overlap_doubts)


@given(st.floats(0, 200), st.one_of(st.none(), st.floats(0, 200)), st.one_of(st.none(), st.floats(0, 200)), st.floats(1, 90))
def test_beyond_a_margin_is_only_told_where_everything_nearer_is_known(least, most, unknown, margin) -> None:
    distance = TargetDistance("t", least, most, unknown, 100.0, 3.0)
    is_beyond = distance.is_beyond(margin)
    if is_beyond:
        assert least > margin and (most is None or most > margin) and (unknown is None or unknown > margin)
    if is_beyond is False:
        assert most is not None and most <= margin


def test_courses_of_points_are_named_and_make_everything_unknown() -> None:
    found = screened(courses=[POINTS], targets=[TARGET], organs=[ball(10.0, 1.0, (0, 0, 0), "organ")])
    assert found.regions == () and found.of_points == ("paper",)
    assert found.no_high_dose_overlap is Answer.UNKNOWN
    suggestion = suggested(courses=[POINTS], targets=[TARGET])
    assert suggestion.kind is None
    assert any("overlap cannot be computed" in doubt for doubt in suggestion.doubts)
    assert "Overlap and distance cannot be computed" in screening_section(screening_summary(found, suggestion))


def test_without_targets_there_is_no_distance_and_no_suggestion() -> None:
    course = uniform(20.0, 10)
    found = screened(courses=[course], organs=[ball(10.0, 1.0, (0, 0, 0), "organ")])
    assert found.no_high_dose_overlap is Answer.UNKNOWN
    assert found.regions[0].distances == () and found.regions[0].overlaps[0].high_percent == pytest.approx(100.0)
    assert suggested(courses=[course]).kind is None
    assert "names no targets" in screening_section(screening_summary(found, suggested(courses=[course])))


def test_without_prior_courses_nothing_is_told() -> None:
    found = screened(targets=[TARGET])
    assert found.no_high_dose_overlap is Answer.UNKNOWN
    assert found.stays_within_limits is Answer.UNKNOWN


def test_the_sum_shows_where_two_courses_together_are_high() -> None:
    """Both give 40 % of their own maximum in the target: neither is high there, together they are."""

    def dose(points: np.ndarray) -> np.ndarray:
        return np.where(np.linalg.norm(points, axis=1) < 25.0, 16.0, np.where(points[:, 0] > 60.0, 40.0, 0.0))

    courses = [course_of(dose_of(dose, grid(2.0, 80.0)), 20, name) for name in ("a", "b")]
    found = screened(courses=courses, targets=[TARGET])
    assert [region.overlaps[0].high_cc for region in found.regions[:2]] == [0.0, 0.0]
    both = float(eqd2(np.asarray(20.0), 20, 3.0))
    assert 2 * float(eqd2(np.asarray(16.0), 20, 3.0)) > both
    assert found.regions[2].identifier is None and found.regions[2].high.threshold_gy == pytest.approx(both)
    assert found.regions[2].overlaps[0].high_percent == pytest.approx(100.0)


def test_the_distance_of_the_sum_is_to_where_two_courses_are_high_together() -> None:
    """Each gives 40 % of its own maximum in a ball 20 mm beside the target, and is high only from 118 mm on."""

    def dose(points: np.ndarray) -> np.ndarray:
        in_ball = np.linalg.norm(points - (47.0, 0.0, 0.0), axis=1) <= 15.0
        return np.where(points[:, 2] > 130.0, 40.0, np.where(in_ball, 16.0, 0.0))

    found = screened(courses=[course_of(dose_of(dose, WIDE), 20, name) for name in ("a", "b")], targets=[TARGET])
    one, _, both = (region.distances[0] for region in found.regions)
    assert one.at_most_mm is None and one.at_least_mm == pytest.approx(100.0)
    assert both.at_most_mm is not None and both.at_least_mm <= 20.0 <= both.at_most_mm + 2.0
    assert both.at_most_mm < 26.0
    assert found.no_high_dose_overlap is Answer.NO


def test_a_single_course_has_no_sum_of_its_own() -> None:
    assert len(screened(courses=[uniform(20.0, 10)], targets=[TARGET]).regions) == 1


@pytest.mark.parametrize(
    ("prescription", "delivered", "threshold"), [(30.0, 10, 15.0), (30.0, 5, 7.5), (90.0, 10, 20.0), (None, 10, 20.0)]
)
def test_high_dose_is_a_share_of_the_prescription_or_of_the_maximum(prescription, delivered, threshold) -> None:
    """For the fractions given; a prescription above the maximum of 40 Gy is not that of this dose."""
    plan = plan_with(prescription) if prescription else None
    course = replace(uniform(40.0, delivered), plan=plan, planned_fractions=10)
    assert high_dose(course).threshold_gy == pytest.approx(threshold)
    assert high_sum([course]).threshold_gy == pytest.approx(float(eqd2(np.asarray(threshold), delivered, 3.0)))


@pytest.mark.parametrize(("dose_gy", "share"), [(0.0, 0.5), (40.0, 0.0), (40.0, 1.1), (40.0, float("nan"))])
def test_an_empty_dose_and_an_impossible_share_are_refused(dose_gy: float, share: float) -> None:
    with pytest.raises(DosimetryError):
        high_dose(uniform(dose_gy, 10), share)


def test_a_limit_of_an_organ_that_is_not_screened_is_refused() -> None:
    with pytest.raises(CaseError, match="organ"):
        screened(targets=[TARGET], limits=[limit_of()])


def test_a_course_of_another_frame_is_refused() -> None:
    with pytest.raises(GeometryError):
        screen(case_of(courses=[uniform(20.0, 10)], targets=[TARGET]), GEOMETRY, "another frame")


ORGAN = ball(10.0, 1.0, (0, 0, 0), "organ")


def test_limits_are_listed_once_and_organs_without_one_are_named() -> None:
    """A goal is no limit; the target among the organs is left out."""
    goal = constraint_of(50.0, "D95%", Sense.AT_LEAST)
    found = screened(
        courses=[uniform(20.0, 10)],
        targets=[TARGET],
        organs=[ORGAN, ball(5.0, 1.0, (0, 0, 20), "bare"), ball(12.0, 1.0, (0, 0, 0), "target")],
        limits=[limit_of(limit=40.0), limit_of(limit=35.0)],
        constraints=[constraint_of(40.0), goal],
    )
    assert [check.constraint.limit for check in found.full_overlap] == [40.0, 35.0]
    assert found.without_limit == ("bare",)
    assert found.stays_within_limits is Answer.YES


def test_one_limit_that_is_broken_makes_a_no() -> None:
    limits = [limit_of(limit=40.0), limit_of(limit=25.0)]
    assert screened(courses=[uniform(20.0, 10)], organs=[ORGAN], limits=limits).stays_within_limits is Answer.NO


# The type.

FAR = ball_course(15.0, (0, 0, 70), 40.0, 20, geometry=WIDE)
WITHIN = OrganFeasibility(planned_organ(prior=10.0, limit=200.0), ())
BEYOND = OrganFeasibility(planned_organ(prior=10.0, limit=50.0), ())


def test_overlap_is_type_1_whatever_else_is_unknown() -> None:
    found = suggested(courses=[ball_course(15.0, (0, 0, 10), 40.0, 20), POINTS], targets=[TARGET])
    assert found.kind is ReirradiationType.TYPE_1
    assert "target target" in found.evidence[0] and "cc in common" in found.evidence[0]
    assert found.doubts


def test_with_a_plan_its_own_region_counts_not_the_target() -> None:
    """The prior region lies beside the target, within the half of the new plan's dose."""
    prior = ball_course(8.0, (0, 0, 30), 40.0, 20, geometry=WIDE)
    new = ball_course(30.0, (0, 0, 0), 40.0, 5, "new", geometry=WIDE)
    assert suggested(courses=[prior], targets=[TARGET]).kind is not ReirradiationType.TYPE_1
    case = case_of(courses=[prior], targets=[TARGET], new=new)
    region = screen(case, GEOMETRY, FRAME).regions[0]
    assert region.irradiated[0].common_cc == pytest.approx(lens_cc(8.0, 30.0, 30.0), rel=0.1)
    assert region.irradiated[0].irradiated_cc == pytest.approx(4 / 3 * np.pi * 27.0, rel=0.03)
    assert suggested(courses=[prior], targets=[TARGET], new=new).kind is ReirradiationType.TYPE_1


def test_concern_without_overlap_is_type_2() -> None:
    found = suggested([BEYOND], courses=[FAR], targets=[TARGET])
    assert found.kind is ReirradiationType.TYPE_2
    assert any("raw, α/β 2 Gy, 5 fractions, test source" in line for line in found.evidence)


def test_an_exceeded_constraint_is_a_concern_a_missed_goal_is_not() -> None:
    broken = Score(constraint_of(40.0), 30.0, 50.0, ScoreState.EXCEEDED, "")
    missed = Score(constraint_of(40.0, "D95%", Sense.AT_LEAST), 30.0, 30.0, ScoreState.NOT_MET, "")
    assert suggested([WITHIN], scores=[broken], courses=[FAR], targets=[TARGET]).kind is ReirradiationType.TYPE_2
    assert suggested([WITHIN], scores=[missed], courses=[FAR], targets=[TARGET]).kind is ReirradiationType.REPEAT


def test_the_same_organ_again_without_concern_is_repeat_organ_irradiation() -> None:
    """An organ that reaches from the old field to within the margin of the target."""
    organ = ball(16.0, 1.0, (0, 0, 46), "organ")
    found = suggested([WITHIN], courses=[FAR], targets=[TARGET], organs=[organ])
    assert found.kind is ReirradiationType.REPEAT_ORGAN
    assert any("nothing is said about: organ" in line for line in found.evidence)
    assert any("within 30 mm of target" in line for line in found.evidence)


@pytest.mark.parametrize(("new_gy", "kind"), [(2.0, ReirradiationType.REPEAT_ORGAN), (0.5, ReirradiationType.REPEAT)])
def test_with_a_plan_its_dose_in_the_organ_decides(new_gy: float, kind: ReirradiationType) -> None:
    organ = ball(16.0, 1.0, (0, 0, 46), "organ")
    case = case_of(courses=[FAR], targets=[TARGET], organs=[organ])
    count = len(case.organs[0].prior.samples.points_mm)
    case = replace(case, organs=(replace(case.organs[0], new_eqd2_gy=np.full(count, new_gy)),))
    assert suggest_type(case, screen(case, GEOMETRY, FRAME), [WITHIN]).kind is kind


def test_neither_overlap_nor_concern_nor_organ_is_repeat_irradiation() -> None:
    assert suggested([WITHIN], courses=[FAR], targets=[TARGET]).kind is ReirradiationType.REPEAT


@pytest.mark.parametrize(
    "doubt",
    [
        {"feasible": [OrganFeasibility(planned_organ(prior=10.0, limit=200.0, unknown=2.0), ())]},
        {"not_planned": [NotPlanned(limit_of(), "because", True)]},
        {"scores": [Score(constraint_of(40.0), None, None, ScoreState.NOT_EVALUABLE, "")]},
        {"scores": [Score(constraint_of(40.0), 1.0, 2.0, ScoreState.UNRELIABLE, "")]},
        {"feasible": [WITHIN], "unreliable": ("organ",)},
        {"unreliable": ("target",)},
        {"feasible": []},
        {"courses": []},
    ],
)
def test_what_is_not_known_gives_no_suggestion(doubt: dict) -> None:
    found = suggested(**{"feasible": [WITHIN], "courses": [FAR], "targets": [TARGET], "organs": [ORGAN], **doubt})
    assert found.kind is None and found.doubts


def test_an_organ_beside_the_region_is_no_doubt() -> None:
    left_out = [NotPlanned(limit_of(), "no part of it lies within 30 mm", False)]
    assert suggested([], left_out, courses=[FAR], targets=[TARGET]).kind is ReirradiationType.REPEAT


def test_an_unreliable_registration_in_the_target_is_never_no_overlap() -> None:
    assert screened(courses=[FAR], targets=[TARGET], unreliable=("target",)).no_high_dose_overlap is Answer.UNKNOWN


def test_the_section_states_all_of_every_limit_and_who_decided() -> None:
    inputs = {
        "courses": [replace(uniform(20.0, 10), label="<b>old</b>")],
        "targets": [TARGET],
        "organs": [ORGAN],
        "constraints": [constraint_of(25.0, months=Months(6.0, 12.0))],
    }
    decision = ScreeningDecision(ReirradiationType.TYPE_1, "A. Physicist", "2026-11-21", "overlap")
    summary = screening_summary(screened(**inputs), suggested(**inputs), decision)
    html = screening_section(summary)
    assert "<b>old" not in html and "&lt;b&gt;old" in html
    for words in ("test source", "6 to 12 months", "type 1, by A. Physicist, 2026-11-21", "a suggestion", "raw"):
        assert words in html
    assert "Nobody has decided" in screening_section(replace(summary, decided=""))
    assert _plain(summary)["full_overlap"][0]["alpha_beta_gy"] == 2.0


def test_the_interval_of_a_limit_is_that_since_the_organ_had_a_dose() -> None:
    """Published for 6 to 12 months: a course that gave the organ nothing 8 months ago does not make 40 months eight."""
    organ = ball(10.0, 1.0, (0, 0, 0), "organ")
    old = replace(uniform(20.0, 10, "old"), date=date(2022, 8, 1))
    elsewhere = replace(uniform(0.0, 10, "elsewhere"), date=date(2025, 4, 1))
    inputs = {"targets": [TARGET], "organs": [organ], "day": date(2025, 12, 1)}
    limits = [constraint_of(100.0, months=Months(6.0, 12.0))]
    both = [old, replace(elsewhere, dose=ball_course(3.0, (60, 0, 0), 40.0, 20).dose)]
    found = screened(courses=both, constraints=limits, **inputs).full_overlap[0]
    assert found.answer is Answer.UNKNOWN
    assert "the last course was 40.0 months before" in found.why
    recent = [replace(old, date=date(2025, 4, 1))]
    assert screened(courses=recent, constraints=limits, **inputs).full_overlap[0].answer is Answer.YES


def test_a_dose_that_must_not_be_relied_on_suggests_no_type() -> None:
    """P + R above A in an organ whose registration failed is no evidence of concern."""
    organ = ball(6.0, 1.0, (45, 0, 0), "organ")
    far = ball_course(6.0, (60, 0, 0), 40.0, 20, geometry=WIDE)
    exceeding = OrganFeasibility(planned_organ("organ", prior=40.0, limit=50.0), ())
    inputs = {"courses": [far], "targets": [TARGET], "organs": [organ]}
    assert suggested([exceeding], **inputs).kind is ReirradiationType.TYPE_2
    share = planned_organ("organ", prior=20.0, limit=100.0)
    too_much = OrganFeasibility(replace(share, limit=replace(share.limit, new_share_at_most=0.5)), ())
    assert suggested([too_much], **inputs).kind is ReirradiationType.TYPE_2
    doubted = suggested([exceeding], unreliable=["organ"], **inputs)
    assert doubted.kind is None
    assert "organ: the registration must not be relied on" in doubted.doubts
