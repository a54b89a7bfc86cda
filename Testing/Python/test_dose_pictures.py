"""The dose pictures of the report: the right organs, the same scale before and after, a legend that says it, few bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from ReirradiationLib.model.constraint import Sense
from ReirradiationLib.model.errors import Cancelled
from ReirradiationLib.model.scene import DoseQuantity, Orientation, OutlineRole, PictureRequest
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.dose_picture_section import dose_picture_section
from ReirradiationLib.report.evaluation import Evaluation
from ReirradiationLib.report.organs_of_concern import organs_by_concern
from ReirradiationLib.report.picture_legend import WIDTH, legend_svg
from ReirradiationLib.report.pictures import MOST_ORGANS, OutlineKey, PictureSet, draw_pictures, scale_end
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.write_outputs import scene_content

HOSTILE = ("<script>alert(1)</script>", "שלום‮", "脊髄" * 50, "x" * 200, "a\x00b")
MOST_BYTES = 1_500_000


class Recorder:
    def __init__(self) -> None:
        self.calls: list[Sequence[PictureRequest]] = []

    def unavailable_because(self) -> str | None:
        return None

    def draw_all(self, requests: Sequence[PictureRequest], width: int, height: int) -> tuple[bytes, ...]:
        self.calls.append(requests)
        return tuple(f"picture {n}".encode() for n in range(len(requests)))

    def draw_registration(self, *arguments: object) -> bytes:
        raise AssertionError("no registration was asked for")


def nothing(detail: str) -> None:
    pass


@pytest.fixture(scope="module")
def drawn(demo_results: CaseResults) -> tuple[PictureSet, Recorder]:
    recorder = Recorder()
    return draw_pictures(demo_results, scene_content(demo_results), recorder, nothing), recorder


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


Drawn = tuple[PictureSet, Recorder]


def test_organs_come_in_the_order_of_how_near_they_are_to_their_limits(demo_results: CaseResults, drawn: Drawn) -> None:
    organs = organs_by_concern(demo_results)
    assert [organ.name for organ in organs] == ["spinal_cord", "colon", "small_bowel"]  # 1.39, 0.31, 0.29
    assert [organ.share for organ in organs] == sorted((organ.share for organ in organs), reverse=True)
    assert organs[0].share == pytest.approx(69.7 / 50.0, abs=0.01)
    assert organs[0].limits_gy == (50.0, 67.75, 50.0)
    assert [organ.organ for organ in drawn[0].organs] == [organ.name for organ in organs]


def test_targets_are_no_organs_of_concern_and_a_limit_from_below_counts_the_other_way(demo_results: CaseResults) -> None:
    score = demo_results.scores[2]  # small bowel, 20 of 70 Gy
    spared = replace(score, constraint=replace(score.constraint, sense=Sense.AT_LEAST))
    results = replace(demo_results, scores=(*demo_results.scores[:2], spared, *demo_results.scores[3:]))
    organs = organs_by_concern(results)
    assert organs[0].name == "small_bowel"
    assert organs[0].share == pytest.approx(70.0 / 20.16, abs=0.01)
    assert "PTV2_L1" not in [organ.name for organ in organs]


def test_every_organ_is_shown_in_three_planes_before_and_after_with_the_same_scale(
    demo_results: CaseResults, drawn: Drawn
) -> None:
    for organ, requests in zip(drawn[0].organs, drawn[1].calls, strict=True):
        assert [row.title for row in organ.rows] == ["Prior EQD2", "Cumulative EQD2"]
        assert [request.orientation for request in requests] == list(Orientation) * 2
        assert {(request.maximum_gy, request.isodoses_gy) for request in requests} == {(organ.maximum_gy, organ.isodoses_gy)}
        assert all(request.dose.voxels_gy is demo_results.prior_eqd2_gy for request in requests[:3])
        assert all(request.dose.voxels_gy is demo_results.cumulative_eqd2_gy for request in requests[3:])
        assert {request.dose.quantity for request in requests} == {DoseQuantity.EQD2}
        assert {request.point_mm for request in requests} == {organ.point_mm}
        assert [picture.data for row in organ.rows for picture in row.pictures] == [
            f"picture {n}".encode() for n in range(6)
        ]


def test_the_point_is_that_of_the_largest_raw_sum_and_the_scale_reaches_beyond_it_and_the_limits(
    demo_results: CaseResults, drawn: Drawn
) -> None:
    cord = drawn[0].organs[0]
    k, j, i = np.round(demo_results.grid.geometry.to_index(np.array([cord.point_mm]))[0]).astype(int)[::-1]
    assert demo_results.cumulative_eqd2_gy is not None
    assert demo_results.cumulative_eqd2_gy[k, j, i] > 55.0
    assert cord.maximum_gy == 70.0  # 69.7 Gy, limit 67.75 Gy
    assert cord.isodoses_gy == (20.0, 40.0, 50.0, 60.0)  # 50 is the limit of the cord
    assert scale_end(0.0) > 0.0
    assert [scale_end(value) for value in (22.5, 100.0, 101.0)] == [24.0, 100.0, 110.0]


def test_targets_organ_and_its_own_optimization_structures_are_outlined_in_distinct_colours(drawn: Drawn) -> None:
    cord, colon, _ = drawn[0].organs
    roles = [key.role for key in cord.outlines]
    assert roles == [OutlineRole.TARGET, OutlineRole.ORGAN, *[OutlineRole.SHELL] * 3]
    assert len({key.colour for key in cord.outlines}) == len(cord.outlines)
    assert [key.name for key in cord.outlines[:2]] == ["PTV2_L1", "spinal_cord"]
    assert all(key.role is not OutlineRole.SHELL for key in colon.outlines)
    for requests in drawn[1].calls:
        assert all(request.outlines[1].structure.mask.any() for request in requests)  # the organ is in every slice


def test_without_a_new_plan_only_the_prior_dose_is_shown(demo_results: CaseResults) -> None:
    content = scene_content(demo_results)
    prior = tuple(dose for dose in content.doses if dose.voxels_gy is not demo_results.cumulative_eqd2_gy)
    found = draw_pictures(demo_results, replace(content, doses=prior), Recorder(), nothing)
    assert [[row.title for row in organ.rows] for organ in found.organs] == [["Prior EQD2"]] * 3


def test_more_than_four_organs_are_named_not_drawn(demo_results: CaseResults, evaluation: Evaluation) -> None:
    score = demo_results.scores[3]
    names = ("liver", "stomach", "duodenum")
    more = tuple(replace(score.constraint, structure=name) for name in names)
    case = replace(demo_results.case, constraints=(*demo_results.case.constraints, *more))
    found = draw_pictures(replace(demo_results, case=case), scene_content(demo_results), Recorder(), nothing)
    assert len(found.organs) == MOST_ORGANS
    assert found.left_out == ("stomach", "duodenum")
    assert "Not shown, further from their limits: stomach, duodenum." in dose_picture_section(evaluation, found)


def test_cancelling_is_asked_for_before_each_organ(demo_results: CaseResults) -> None:
    recorder = Recorder()

    def check(detail: str) -> None:
        if "colon" in detail:
            raise Cancelled

    with pytest.raises(Cancelled):
        draw_pictures(demo_results, scene_content(demo_results), recorder, check)
    assert len(recorder.calls) == 1


def test_the_section_tells_the_maximum_of_the_json_and_says_what_the_pictures_show(
    evaluation: Evaluation, drawn: Drawn
) -> None:
    page = dose_picture_section(evaluation, drawn[0])
    highest = evaluation.structures[0].curves[-1].dose_eqd2_gy[-1]
    assert f"maximum of the cumulative raw sum {highest:.1f} Gy EQD2 (α/β 2 Gy) at LPS (" in page
    assert page.count("data:image/jpeg;base64,") == 18
    assert page.count("<svg") == 3
    assert evaluation.composite_rule in page
    assert "‡" not in page
    doubted = replace(evaluation.structures[0], unreliable_courses=("L2 30 Gy/10 fx 2019",))
    marked = dose_picture_section(replace(evaluation, structures=(doubted, *evaluation.structures[1:])), drawn[0])
    assert "<h3>spinal_cord ‡" in marked
    assert "must not be relied on" in marked
    unknown = replace(evaluation.structures[0], unknown_courses=("old",), curves=evaluation.structures[0].curves[:1])
    without = dose_picture_section(replace(evaluation, structures=(unknown, *evaluation.structures[1:])), drawn[0])
    assert "that of old is not known in it" in without
    assert "are missing: no graphics" in dose_picture_section(evaluation, PictureSet((), "no graphics"))


def test_no_course_label_and_no_patient_is_in_what_is_drawn(demo_results: CaseResults, drawn: Drawn) -> None:
    labels = [course.label for course in demo_results.courses] + [demo_results.records.ct.patient.name]
    texts = [request.title for requests in drawn[1].calls for request in requests]
    texts += [picture.caption for picture in drawn[0].pictures]
    assert not any(label in text for label in labels for text in texts)


def test_the_legend_is_valid_xml_within_its_width_whatever_structures_are_called(drawn: Drawn) -> None:
    keys = tuple(OutlineKey(name, (255, 0, 160), role) for name in HOSTILE for role in OutlineRole)
    svg = legend_svg(replace(drawn[0].organs[0], outlines=keys))
    root = ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert "\u202e" not in svg
    width, height = (float(number) for number in root.get("viewBox", "").split()[2:])
    assert width == WIDTH
    texts = root.findall(".//{*}text")
    assert [text.text for text in texts[:1]] == ["Gy EQD2, isodoses"]
    assert {"≥ 70", "20", "40", "60", "0"} <= {text.text for text in texts}
    assert all(0.0 < float(text.get("y", "")) < height for text in texts)


def test_the_pictures_of_the_demo_are_small_and_the_same_in_two_runs(demo_results: CaseResults) -> None:
    maker = OffscreenPictureMaker()
    reason = maker.unavailable_because()
    if reason is not None:
        pytest.skip(reason)
    content = scene_content(demo_results)
    first, second = (draw_pictures(demo_results, content, maker, nothing) for _ in range(2))
    assert first == second
    assert sum(len(picture.data_uri()) for picture in first.pictures) < MOST_BYTES
    assert all(picture.data.startswith(b"\xff\xd8\xff") for picture in first.pictures)
