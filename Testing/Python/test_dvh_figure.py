"""DVH figures show the numbers of the evaluation: curves, maxima and limits where they belong, every text in its room."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.curve_points import MOST_POINTS, curve_points
from ReirradiationLib.report.dvh_figure import HEIGHT, WIDTH, CurveKind, FigureCurve, FigureLimit, organ_figure, sums_figure
from ReirradiationLib.report.dvh_limits import figure_limit
from ReirradiationLib.report.dvh_panel import Side
from ReirradiationLib.report.dvh_section import dvh_section, is_point_dose
from ReirradiationLib.report.evaluation import Evaluation, plain
from ReirradiationLib.report.figure_style import text_width
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.report.score_summary import ScoreSummary
from ReirradiationLib.report.structure_summary import RAW_SUM, RECOVERED_SUM, CurveSummary, StructureSummary

VOLUME_CC = 20.0
NORMAL = FigureCurve("sum, raw", (0.0, 30.0, 50.0, 60.0, 60.0), (100.0, 50.0, 5.0, 0.05, 0.0))
HOSTILE = ("<script>alert(1)</script>", 'a"b&c]]>', "שלום‮evil", "脊髄" * 60, "W" * 200, "\x00\x08tab\t\nnew", "e" + "́" * 50)


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


class Axes:
    """A panel as a reader sees it: its frame, and the scales that the written numbers imply."""

    def __init__(self, root: ElementTree.Element, number: int, is_logarithmic: bool) -> None:
        frames = [element for element in root.iter() if element.get("class") == "panel"]
        self.left, self.top, width, height = (float(frames[number].get(name, "")) for name in ("x", "y", "width", "height"))
        self.right, self.bottom, self.is_logarithmic = self.left + width, self.top + height, is_logarithmic
        ticks = [t for t in root.findall(".//{*}text") if re.fullmatch(r"[0-9.]+", t.text or "")]
        across = [t for t in ticks if t.get("text-anchor") == "middle" and self.left <= float(t.get("x", "0")) <= self.right]
        up = [t for t in ticks if t.get("text-anchor") == "end" and float(t.get("x", "0")) == self.left - 5]
        self.gy = np.polyfit([float(t.get("x", "")) for t in across], [float(t.text or "") for t in across], 1)
        volumes = [float(t.text or "") for t in up]
        self.volume = np.polyfit(
            [float(t.get("y", "")) - 3.5 for t in up], np.log10(volumes) if is_logarithmic else volumes, 1
        )

    def read(self, x: float, y: float) -> tuple[float, float]:
        """Dose and volume of a place in the figure."""
        volume = float(np.polyval(self.volume, y))
        return float(np.polyval(self.gy, x)), 10.0**volume if self.is_logarithmic else volume

    def curves(self, root: ElementTree.Element) -> list[np.ndarray]:
        """The curves of this panel, shape (n, 2), dose and volume."""
        return [
            np.array([self.read(x, y) for x, y in points])
            for points in polylines(root)
            if points and self.left - 0.01 <= points[0][0] <= self.right + 0.01
        ]

    def limits(self, root: ElementTree.Element) -> list[tuple[float, float]]:
        places = [
            tuple(float(number) for number in re.findall(r"[-0-9.]+", group.get("transform", "")))
            for group in root.findall(".//{*}g")
            if group.get("class") == "limit"
        ]
        return [self.read(x, y) for x, y in places if self.left <= x <= self.right]


def polylines(root: ElementTree.Element) -> list[list[tuple[float, float]]]:
    lines = [element.get("points", "") for element in root.findall(".//{*}polyline")]
    return [[tuple(float(n) for n in pair.split(",")) for pair in line.split()] for line in lines]  # type: ignore[misc]


def whole_and_tail(svg: str) -> tuple[ElementTree.Element, Axes, Axes]:
    root = ElementTree.fromstring(svg)
    return root, Axes(root, 0, False), Axes(root, 1, True)


def figure_curves(structure: StructureSummary) -> list[FigureCurve]:
    kinds = {RAW_SUM: CurveKind.SUM}
    return [
        FigureCurve(c.sum, plain(c.dose_eqd2_gy), plain(c.volume_percent), kinds.get(c.sum, CurveKind.COURSE))
        for c in structure.curves
    ]


def test_the_drawn_points_are_the_numbers_of_the_json(evaluation: Evaluation) -> None:
    for structure in evaluation.structures:
        curves = figure_curves(structure)
        root, whole, _ = whole_and_tail(organ_figure("", structure.volume_cc, curves))
        for curve, drawn in zip(curves, whole.curves(root), strict=True):
            # Two decimals of a pixel, over 214 pixels of dose and 168 of volume.
            np.testing.assert_allclose(drawn[:, 0], curve.dose_gy, atol=0.02 * curve.dose_gy[-1] / 50 + 0.1)
            np.testing.assert_allclose(drawn[:, 1], curve.volume_percent, atol=0.01)


def test_the_near_maximum_read_from_the_drawn_tail_is_the_metric(evaluation: Evaluation) -> None:
    for structure in evaluation.structures:
        root, _, tail = whole_and_tail(organ_figure("", structure.volume_cc, figure_curves(structure)))
        for curve, drawn in zip(structure.curves, tail.curves(root), strict=True):
            if curve.sum != RAW_SUM:
                continue
            for name in ("D0.03cc[Gy]", "D0.1cc[Gy]"):
                metric = next(one for one in structure.metrics if one.metric == name)
                read = np.interp(-np.log10(Metric.parse(name).at), -np.log10(drawn[:, 1]), drawn[:, 0])
                assert read == pytest.approx(metric.cumulative_raw, abs=0.05)


def test_every_maximum_lies_inside_both_axes(evaluation: Evaluation) -> None:
    for structure in evaluation.structures:
        root, whole, tail = whole_and_tail(organ_figure("", structure.volume_cc, figure_curves(structure)))
        highest = max(curve.dose_eqd2_gy[-1] for curve in structure.curves)
        for axes in (whole, tail):
            ends = [curve[-1, 0] for curve in axes.curves(root)]
            assert max(ends) == pytest.approx(highest, abs=0.1)
            assert axes.read(axes.right, axes.bottom)[0] > highest + 0.1
        dots = [float(dot.get("cx", "")) for dot in root.findall(".//{*}circle") if dot.get("class") == "maximum"]
        total = next(curve for curve in structure.curves if curve.sum == RAW_SUM).dose_eqd2_gy[-1]
        for axes, across in zip((whole, tail), (dots[0], dots[-1]), strict=True):
            assert axes.read(across, 0)[0] == pytest.approx(total, abs=0.1)
        assert all(points[-1][1] == pytest.approx(whole.bottom) for points in polylines(root))


@pytest.mark.parametrize(
    ("limit", "in_whole", "in_tail"),
    [
        (FigureLimit("D0.03cc", 60.0, 100 * 0.03 / VOLUME_CC, Side.RIGHT), (60.0, 0.15), (60.0, 0.03)),
        (FigureLimit("Dmax", 67.5, 0.0, Side.RIGHT), (67.5, 0.0), (67.5, 0.01)),
        (FigureLimit("D95%", 30.0, 95.0, Side.LEFT), (30.0, 95.0), None),
        (FigureLimit("V20Gy", 20.0, 30.0, Side.UP), (20.0, 30.0), (20.0, 6.0)),
    ],
)
def test_a_limit_stands_where_it_acts(limit: FigureLimit, in_whole: tuple, in_tail: tuple | None) -> None:
    root, whole, tail = whole_and_tail(organ_figure("", VOLUME_CC, [NORMAL], [limit]))
    (place,) = whole.limits(root)
    assert place == pytest.approx(in_whole, abs=0.1)
    found = tail.limits(root)
    assert len(found) == (in_tail is not None)
    if in_tail:
        assert found[0][0] == pytest.approx(in_tail[0], abs=0.1)
        assert found[0][1] == pytest.approx(in_tail[1], rel=0.01)


def scored(metric: str, limit: float, sense: str, score: ScoreSummary) -> ScoreSummary:
    return replace(score, metric=metric, limit=limit, sense=sense)


def test_limits_become_points_of_the_curve_or_say_why_not(evaluation: Evaluation) -> None:
    cord, score = evaluation.structures[0], evaluation.scorecard[0]
    cord = replace(cord, volume_cc=20.0)

    def place(metric: str, limit: float, sense: str = "at_most") -> tuple[float, float, Side] | str:
        found = figure_limit(scored(metric, limit, sense, score), cord)
        return found if isinstance(found, str) else (found.dose_gy, found.volume_percent, found.forbidden)

    assert place("D0.5cc[Gy]", 60) == (60, 2.5, Side.RIGHT)
    assert place("D95%[Gy]", 30, "at_least") == (30, 95, Side.LEFT)
    assert place("Dmin[Gy]", 30, "at_least") == (30, 100, Side.LEFT)
    assert place("Dmax[Gy]", 70) == (70, 0, Side.RIGHT)
    assert place("V20Gy[%]", 30) == (20, 30, Side.UP)
    assert place("V20Gy[cc]", 5) == (20, 25, Side.UP)
    assert place("CV16Gy[cc]", 15, "at_least") == (16, 25, Side.UP)  # at least 15 of 20 cc below 16 Gy: at most 5 above
    assert "no point" in place("Dmean[Gy]", 20)
    assert "no point" in place("gEUD8[Gy]", 20)
    assert "smaller" in place("D30cc[Gy]", 20)
    assert "smaller" in place("CV16Gy[cc]", 700, "at_least")
    assert "α/β 3 Gy" in figure_limit(replace(score, alpha_beta_gy=3.0), cord)
    courses = tuple(curve for curve in cord.curves if curve.sum != RAW_SUM)
    assert "no sum" in figure_limit(score, replace(cord, curves=courses))


def test_what_is_not_drawn_is_named_and_the_basis_stands_by_the_limit_where_there_are_two_sums(
    evaluation: Evaluation,
) -> None:
    cord, score = evaluation.structures[0], evaluation.scorecard[0]
    recovered = replace(cord.curves[-1], sum=RECOVERED_SUM)
    both = replace(cord, curves=(*cord.curves, recovered))
    scores = (score, replace(score, metric="Dmean[Gy]"), replace(score, basis="recovered", alpha_beta_gy=3.0))
    page = dvh_section(replace(evaluation, structures=(both,), scorecard=scores))
    assert "D0.03cc ≤ 50 Gy (raw)" in page
    assert "Not drawn: Dmean[Gy] ≤ 50 (raw), for it is no point of the curve" in page
    assert "Not drawn: D0.03cc[Gy] ≤ 50 (recovered), for it is of EQD2 with α/β 3 Gy" in page


def test_a_point_dose_falls_to_0_at_its_dose_and_is_named(evaluation: Evaluation) -> None:
    points = curve_points(cumulative_dvh(np.full(50, 31.5), np.full(50, 0.1)))
    np.testing.assert_allclose(points.dose_gy, [0.0, 31.5, 31.5])
    np.testing.assert_allclose(points.percent, [100.0, 100.0, 0.0])
    flat = CurveSummary("course1", tuple(points.dose_gy), tuple(points.percent))
    assert is_point_dose(flat)
    assert not any(is_point_dose(curve) for structure in evaluation.structures for curve in structure.curves)
    cord = replace(evaluation.structures[0], curves=(flat, *evaluation.structures[0].curves[1:]))
    page = dvh_section(replace(evaluation, structures=(cord,)))
    assert "L2 30 Gy/10 fx 2019: point dose, taken for the whole structure" in page
    root, whole, tail = whole_and_tail(organ_figure("", 5.0, [FigureCurve("p", flat.dose_eqd2_gy, flat.volume_percent)]))
    for axes in (whole, tail):
        (curve,) = axes.curves(root)
        assert curve[-1, 0] == curve[-2, 0] == pytest.approx(31.5, abs=0.05)
        assert axes.read(axes.right, 0)[0] > 31.6


@given(
    st.lists(st.integers(0, 15_000), min_size=1, max_size=300),
    st.floats(1e-4, 50.0),
)
def test_the_points_of_a_curve_fall_from_100_percent_to_0_and_end_at_the_maximum(cgy: list[int], cc: float) -> None:
    doses = [one / 100.0 for one in cgy]
    dvh = cumulative_dvh(np.array(doses), np.full(len(doses), cc))
    points = curve_points(dvh)
    assert len(points.dose_gy) <= MOST_POINTS + 1
    assert (np.diff(points.dose_gy) >= 0.0).all()
    assert (np.diff(points.percent) <= 1e-9).all()
    assert points.percent[0] == 100.0
    assert points.percent[-1] == 0.0
    assert points.dose_gy[-1] == max([1e-3, *doses])
    np.testing.assert_allclose(points.percent[:-1], dvh.curve(points.dose_gy[:-1]))


def test_the_points_follow_the_true_curve_of_a_linear_gradient_in_body_and_tail() -> None:
    # A cone-like organ, n samples of equal volume: V(d) = 100 % (1 - d / 70)³, in closed form.
    n, total = 200_000, 30.0
    doses = 70.0 * (1.0 - np.cbrt((np.arange(n) + 0.5) / n))
    points = curve_points(cumulative_dvh(doses, np.full(n, total / n)))
    axis = np.linspace(0.0, 65.0, 400)
    body = np.interp(axis, points.dose_gy, points.percent)
    np.testing.assert_allclose(body, 100.0 * (1.0 - axis / 70.0) ** 3, atol=0.05)
    cc = np.geomspace(0.01, 10.0, 100)
    kept = points.percent > 0.0
    tail = np.interp(np.log(cc), np.log(points.percent[kept][::-1] * total / 100.0), points.dose_gy[kept][::-1])
    np.testing.assert_allclose(tail, 70.0 * (1.0 - np.cbrt(cc / total)), atol=0.03)


@given(st.lists(st.tuples(st.floats(0.1, 300), st.text(max_size=60)), min_size=1, max_size=30), st.floats(0.1, 300))
def test_any_labels_make_valid_xml_and_nothing_leaves_the_figure(ends: list[tuple[float, str]], limit: float) -> None:
    curves = [FigureCurve(label, (0.0, end), (100.0, 0.0), CurveKind.COURSE) for end, label in ends]
    require_inside(organ_figure("title", 12.0, curves, [FigureLimit(ends[0][1], limit, 1.0, Side.RIGHT)]))
    require_inside(sums_figure(ends[0][1], curves))


@pytest.mark.parametrize("volume_cc", [0.004, 0.2, 3.0, 20.0, 1e4])
def test_hostile_labels_are_cut_in_their_room_for_any_volume(volume_cc: float) -> None:
    curves = [replace(NORMAL, label=label, kind=CurveKind.COURSE) for label in HOSTILE]
    limits = [FigureLimit(label, 60.0, 1.0, Side.RIGHT) for label in HOSTILE]
    svg = organ_figure(HOSTILE[0], volume_cc, curves, limits)
    require_inside(svg)
    assert "<script" not in svg
    assert "\u202e" not in svg


def test_a_structure_without_any_known_dose_has_an_empty_figure_that_says_so(evaluation: Evaluation) -> None:
    cord = replace(evaluation.structures[0], curves=(), unknown_courses=("old",))
    page = dvh_section(replace(evaluation, structures=(cord,)))
    assert "no sum, for old is not known in it" in page
    assert "for there is no sum of all courses" in page
    require_inside(organ_figure("", 20.0, []))


def require_inside(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    for element in root.findall(".//{*}text"):
        if "rotate" in element.get("transform", "") or element.get("x") is None:
            continue
        width = text_width(element.text or "", float(element.get("font-size", "10")))
        start = float(element.get("x", "")) - {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor", ""), 0.0) * width
        assert start >= 0.0
        assert start + width <= WIDTH
        assert 8 <= float(element.get("y", "")) <= HEIGHT - 2
    for x, y in itertools.chain.from_iterable(polylines(root)):
        assert 0.0 <= x <= WIDTH
        assert 0.0 <= y <= HEIGHT


def test_rings_of_limits_at_the_same_place_do_not_cover_each_other() -> None:
    limits = [FigureLimit(str(n), 60.0 + 0.1 * n, 1.0, Side.RIGHT) for n in range(6)]
    root, whole, _ = whole_and_tail(organ_figure("", VOLUME_CC, [NORMAL], limits))
    circles = [circle for circle in root.findall(".//{*}circle") if circle.get("class") != "maximum"]
    rings = [(float(circle.get("cx", "")), float(circle.get("cy", ""))) for circle in circles]
    shown = [ring for ring in rings if ring[0] < whole.right]
    assert len(shown) == len(limits)
    assert all(math.dist(one, two) > 11.5 for one, two in itertools.combinations(shown, 2))


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def styles(svg: str) -> Sequence[tuple[str, str, float]]:
    return [
        (one.get("stroke", ""), one.get("stroke-dasharray", ""), float(one.get("stroke-width", "")))
        for one in ElementTree.fromstring(svg).findall(".//{*}polyline")
    ]


def test_curves_are_told_apart_in_greyscale_and_sums_are_thickest() -> None:
    courses = [replace(NORMAL, kind=CurveKind.COURSE) for _ in range(7)]
    svg = organ_figure("", VOLUME_CC, [NORMAL, replace(NORMAL, kind=CurveKind.RECOVERED), *courses])
    drawn = styles(svg)[: len(courses) + 2]
    assert min(width for _, _, width in drawn[:2]) > max(width for _, _, width in drawn[2:])
    for one, two in itertools.combinations(drawn, 2):
        assert one[1] != two[1]
    for one, two in itertools.combinations(styles(sums_figure("", courses)), 2):
        assert one[1] != two[1]
    assert max(luminance(colour) for colour, _, _ in drawn) < 0.75  # dark enough on white


def test_axes_name_their_units(evaluation: Evaluation) -> None:
    for svg in (organ_figure("", VOLUME_CC, [NORMAL]), sums_figure("", [NORMAL])):
        texts = [text.text or "" for text in ElementTree.fromstring(svg).findall(".//{*}text")]
        frames = svg.count('class="panel"')
        assert texts.count("EQD2 [Gy]") == frames
        assert sum(text.startswith("Volume [") for text in texts) == frames
