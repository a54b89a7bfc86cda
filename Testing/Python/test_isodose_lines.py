"""Isodoses as structures: spheres whose radius is known, the edge of knowledge, names, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.model.course import PointCourse
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, DoseType
from ReirradiationLib.model.planning_choice import IsodoseLine
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.planning.isodose_lines import isodose_names, isodose_structures
from synthetic import AXIAL, course_of, dose_of, grid

CT = Geometry((-60.0, -60.0, -60.0), (1.0, 1.0, 2.0), AXIAL, (121, 121, 61))
BOX = grid(2.0, 50.0)
SIGMA = 14.0


def blob(centre=(0.0, 0.0, 0.0), gray: float = 40.0):
    return lambda points: gray * np.exp(-np.sum((points - np.array(centre)) ** 2, axis=1) / (2 * SIGMA**2))


def physical(function, box: Geometry) -> Dose:
    return replace(dose_of(function, box), dose_type=DoseType.PHYSICAL)


# On a grid so fine that trilinear interpolation of a Gaussian is as good as exact.
PRIOR = course_of(physical(blob(), grid(1.0, 50.0)), 10, "course1")
NEW = course_of(physical(blob((5.0, 0.0, 0.0)), grid(2.0, 50.0)), 5, "new")


def lines_of(*lines: IsodoseLine, prior=(PRIOR,), new=NEW, box: Geometry = BOX):
    return isodose_structures(lines, prior, new, CT, box, 7)


def radius_of(share: float) -> float:
    return SIGMA * np.sqrt(-2.0 * np.log(share))


@pytest.mark.parametrize("level", [30.0, 15.0, 4.0])
def test_a_physical_isodose_is_the_sphere_of_the_closed_form(level: float) -> None:
    (found,) = lines_of(IsodoseLine("course1", level, None))
    radius = radius_of(level / 40.0)
    points = np.concatenate(found.structure.contours_mm)
    distance = np.abs(np.linalg.norm(points, axis=1) - radius)
    assert distance.mean() < 0.06 and distance.max() < 0.35
    heights = {round(float(contour[0, 2])) for contour in found.structure.contours_mm}
    circles = {z: np.sqrt(max(radius**2 - z**2, 0.0)) for z in range(-60, 61, 2)}
    assert {z for z, circle in circles.items() if circle > 0.6} <= heights <= {z for z, circle in circles.items() if circle}
    slabs = sum(np.pi * max(radius**2 - z**2, 0.0) * 2.0 / 1000.0 for z in range(-60, 61, 2))
    assert found.facts.volume_cc == pytest.approx(slabs, rel=0.01)
    assert not found.facts.is_cut_off


def test_an_isodose_of_the_sum_is_one_of_eqd2_with_its_alpha_beta() -> None:
    prior = (PRIOR, replace(PRIOR, identifier="course0", label="older", fractions=20))
    (found,) = lines_of(IsodoseLine(None, 50.0, 2.0), prior=prior)
    dose = np.linspace(0.0, 40.0, 400_001)
    total = dose * (dose / 10 + 2.0) / 4.0 + dose * (dose / 20 + 2.0) / 4.0
    radius = radius_of(float(np.interp(50.0, total, dose)) / 40.0)
    assert np.linalg.norm(np.concatenate(found.structure.contours_mm), axis=1).mean() == pytest.approx(radius, abs=0.06)
    assert found.facts.alpha_beta_gy == 2.0
    assert found.facts.kind == "EQD2, raw sum of the prior courses"
    for part in ("Isodose 50 Gy", "EQD2", "alpha/beta 2 Gy", "course1", "older"):
        assert part in found.structure.description
    assert "alpha/beta 10 Gy" in lines_of(IsodoseLine(None, 30.0, 10.0))[0].structure.description


def test_the_new_course_and_several_lines_have_names_numbers_and_colours_of_their_own() -> None:
    wanted = [("course1", 15.0, None), ("new", 15.0, None), (None, 15.0, 2.0), (None, 15.0, 10.0)]
    found = lines_of(*(IsodoseLine(*line) for line in wanted))
    names = [one.structure.name for one in found]
    assert names == ["Iso_course1_15Gy", "Iso_new_15Gy", "Iso_EQD2_15Gy", "Iso_EQD2-2_15Gy"]
    assert [one.structure.number for one in found] == [7, 8, 9, 10]
    assert len({one.structure.colour for one in found}) == 4
    assert np.concatenate(found[1].structure.contours_mm)[:, 0].mean() == pytest.approx(5.0, abs=0.3)
    assert "physical dose, of new" in found[1].structure.description


def test_where_the_dose_is_not_known_the_contour_closes_at_the_edge_and_says_so() -> None:
    flat = course_of(dose_of(lambda p: np.full(len(p), 30.0), grid(2.0, 20.0)), 10, "flat")
    (found,) = lines_of(IsodoseLine("flat", 15.0, None), prior=(flat,))
    points = np.concatenate(found.structure.contours_mm)
    assert np.abs(np.abs(points[:, :2]).max(axis=1) - 20.0).max() < 1.0
    assert np.abs(points[:, :2]).max() == pytest.approx(20.0, abs=0.6)
    assert np.abs(points[:, 2]).max() == pytest.approx(20.0)
    assert found.facts.is_cut_off
    assert "cut off where the dose is not known" in found.structure.description


@pytest.mark.parametrize("centre", [(18.0, 0.0, 0.0), (0.0, 0.0, 18.0), (0.0, -18.0, 0.0)])
def test_an_isodose_that_reaches_the_edge_of_the_dose_on_one_side_only_is_cut_off(centre) -> None:
    small = course_of(dose_of(blob(centre), grid(2.0, 25.0)), 10, "small")
    cut, whole = lines_of(IsodoseLine("small", 15.0, None), IsodoseLine("small", 38.0, None), prior=(small,))
    assert cut.facts.is_cut_off and not whole.facts.is_cut_off
    assert np.abs(np.concatenate(cut.structure.contours_mm)).max() <= 25.6


def test_beyond_the_box_nothing_is_drawn_and_that_is_told() -> None:
    (found,) = lines_of(IsodoseLine("course1", 15.0, None), box=grid(2.0, 12.0))
    assert np.abs(np.concatenate(found.structure.contours_mm)).max() <= 12.6
    assert found.facts.is_cut_off


def test_courses_known_only_by_points_are_named_as_left_out() -> None:
    points = PointCourse("old", "old paper record", (PointDose("cord", 20.0, 10, None, "letter"),), None)
    (found,) = lines_of(IsodoseLine(None, 30.0, 2.0), prior=(PRIOR, points))
    assert found.facts.left_out == ("old paper record",)
    assert "without old paper record" in found.structure.description
    with pytest.raises(DosimetryError, match="known only by points"):
        lines_of(IsodoseLine("old", 10.0, None), prior=(PRIOR, points))
    with pytest.raises(DosimetryError, match="no prior course with a dose"):
        lines_of(IsodoseLine(None, 10.0, 2.0), prior=(points,))


def test_points_that_replace_the_mapped_dose_are_told_as_not_in_the_isodose() -> None:
    replaced = replace(PRIOR, points=(PointDose("cord", 35.0, 10, None, "printout"),))
    for line in (IsodoseLine("course1", 15.0, None), IsodoseLine(None, 15.0, 2.0)):
        (found,) = lines_of(line, prior=(replaced,))
        told = "of the mapped dose, not of the points that replace it, in cord"
        assert told in found.structure.description
        assert found.facts.remarks == (told,)


def test_an_isodose_above_the_maximum_is_refused() -> None:
    with pytest.raises(DosimetryError, match=r"highest dose on the current CT is (39|40)\.\d\d Gy"):
        lines_of(IsodoseLine("course1", 41.0, None))


def test_a_course_without_a_dose_is_refused() -> None:
    with pytest.raises(DosimetryError, match="no dose distribution"):
        lines_of(IsodoseLine("new", 10.0, None), new=None)


@given(st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=20)), st.integers(1, 300)), min_size=1, max_size=20))
def test_names_are_different_and_at_most_sixteen_characters(wanted) -> None:
    names = isodose_names([IsodoseLine(course, dose / 2.0, None if course else 2.0) for course, dose in wanted])
    assert len(set(names)) == len(names)
    assert all(len(name) <= 16 and name.isascii() for name in names)


def test_names_of_courses_with_long_ids_keep_what_tells_them_apart() -> None:
    lines = [IsodoseLine("course1", 12.5, None), IsodoseLine("course2", 12.5, None)]
    assert isodose_names(lines) == ["Iso_cour1_12.5Gy", "Iso_cour2_12.5Gy"]
