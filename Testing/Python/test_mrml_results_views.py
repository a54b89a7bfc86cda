"""The slice and plot views of an application, set through its scene, and what they then show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import vtk
from ReirradiationLib.model.dose_colours import line_colour
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.opengl import opengl_unavailable_because
from ReirradiationLib.mrml.result_nodes import NodeKind, remove_results, result_nodes
from ReirradiationLib.mrml.scene_content import SceneNodes, add_content
from ReirradiationLib.mrml.slice_views import (
    composite_nodes,
    hide_isodoses,
    jump_to,
    show_chart,
    show_dose_wash,
    show_isodoses,
    show_segments,
    slice_nodes,
)
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.scene_views import dose_levels, maximum_point_mm
from scene_samples import content, fill_as_user, nodes, scene_text
from slice_view_pictures import ViewPictures, add_view_nodes
from vtk.util.numpy_support import vtk_to_numpy

POINT = (-20.3, 27.1, -131.7)


@pytest.fixture(scope="module")
def case() -> SceneContent:
    return content()


@pytest.fixture
def scene() -> Iterator[Any]:
    with HeadlessApplication() as application:
        add_view_nodes(application.scene)
        yield application.scene


@pytest.fixture
def made(scene: Any, case: SceneContent) -> SceneNodes:
    return add_content(scene, case)


@pytest.fixture
def needs_opengl() -> None:
    reason = opengl_unavailable_because()
    if reason is not None:
        pytest.skip(reason)


def test_the_wash_is_shown_in_all_three_views(scene: Any, made: SceneNodes) -> None:
    assert show_dose_wash(scene, made.image, made.doses[1], opacity=0.4, maximum_gy=60.0) == 3
    for node in composite_nodes(scene):
        assert (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()) == (made.image.GetID(), made.doses[1].GetID())
        assert node.GetForegroundOpacity() == pytest.approx(0.4)
    display = made.doses[1].GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0.0, 60.0)
    assert show_dose_wash(scene, made.image, None) == 3
    assert {node.GetForegroundVolumeID() for node in composite_nodes(scene)} == {None}


def test_the_colours_of_a_dose_of_the_user_are_not_touched(scene: Any, case: SceneContent) -> None:
    user = fill_as_user(scene)
    dose = user["Sum [Gy EQD2]"]
    dose.CreateDefaultDisplayNodes()
    dose.GetDisplayNode().AutoWindowLevelOff()
    dose.GetDisplayNode().SetWindowLevelMinMax(1.0, 2.0)
    show_dose_wash(scene, user["ct"], dose, maximum_gy=60.0)
    assert dose.GetDisplayNode().GetWindowLevelMax() == 2.0


@pytest.mark.parametrize("orientation", [None, "oblique"])
def test_slices_jump_exactly_to_a_point(scene: Any, orientation: str | None) -> None:
    """The middle of each view is at the point, so the slice goes through it, whatever its orientation."""
    if orientation:
        turned = vtk.vtkTransform()
        turned.RotateX(20.0)
        turned.RotateZ(31.0)
        slice_nodes(scene)[0].GetSliceToRAS().DeepCopy(turned.GetMatrix())
    assert jump_to(scene, POINT) == 3
    for node in slice_nodes(scene):
        middle = [node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
        assert middle == pytest.approx((20.3, -27.1, -131.7), abs=1e-9)
    assert nodes(scene, "vtkMRMLCrosshairNode")[0].GetCrosshairRAS() == pytest.approx((20.3, -27.1, -131.7))


def test_the_organ_s_maximum_is_where_the_evaluation_found_it(demo_results: CaseResults) -> None:
    """The composite, made from the same doses on a grid, is close to its maximum over the cord there."""
    point = maximum_point_mm(demo_results, "spinal_cord")
    assert demo_results.cumulative_eqd2_gy is not None
    values, known = trilinear(demo_results.cumulative_eqd2_gy, demo_results.grid.geometry.to_index(np.array([point])))
    result = demo_results.structure("spinal_cord").final
    highest = float(result.eqd2_gy(2.0, Basis.RAW).max())
    assert known.all()
    assert float(values[0]) == pytest.approx(highest, rel=0.05)
    levels = dose_levels(demo_results, "spinal_cord")
    assert levels.maximum_gy >= highest
    assert levels.isodoses_gy[-1] <= levels.maximum_gy and 3 <= len(levels.isodoses_gy) <= 7


def test_isodoses_are_where_the_interpolated_dose_has_their_value(scene: Any, made: SceneNodes, case: SceneContent) -> None:
    dose = case.doses[1]
    models = show_isodoses(scene, made.doses[1], (20.0, 45.0, 500.0), 70.0)
    assert [model.GetName() for model in models] == ["Isodose 20 Gy EQD2", "Isodose 45 Gy EQD2"]  # 500 Gy is nowhere
    for model, level in zip(models, (20.0, 45.0), strict=True):
        surface = vtk_to_numpy(model.GetPolyData().GetPoints().GetData()).astype(float) * (-1, -1, 1)
        index = dose.geometry.to_index(surface)
        values, _ = trilinear(dose.voxels_gy, np.clip(index, 0.0, np.array(dose.geometry.size) - 1.0))
        np.testing.assert_allclose(values, level, atol=0.02)
        display = model.GetDisplayNode()
        assert display.GetColor() == pytest.approx(line_colour(level / 70.0))
        assert display.GetVisibility2D() and not display.GetVisibility3D()
        assert model.GetAttribute("DicomRtImport.IsodoseModel") == "1"


def test_isodoses_replace_those_that_were_shown_and_can_be_hidden(scene: Any, made: SceneNodes) -> None:
    before = scene_text(scene)
    show_isodoses(scene, made.doses[1], (20.0, 45.0), 70.0)
    show_isodoses(scene, made.doses[0], (10.0,), 50.0)
    assert [node.GetName() for node in result_nodes(scene, NodeKind.ISODOSE)] == ["Isodose 10 Gy"]
    assert hide_isodoses(scene) == 1
    assert scene_text(scene) == before


def test_segments_are_shown_and_hidden_by_name(made: SceneNodes) -> None:
    node = made.segmentations[0]
    display = node.GetDisplayNode()
    assert show_segments(node, ["PTV", "no such"]) == ("PTV",)
    assert [display.GetSegmentVisibility(name) for name in ("Cord", "PTV")] == [False, True]
    assert show_segments(node, ()) == ()
    assert not display.GetVisibility()
    assert show_segments(node, None) == ("Cord", "PTV")
    assert display.GetVisibility() and display.GetSegmentVisibility("Cord")


def test_a_chart_is_shown_in_the_plot_view_and_chosen(scene: Any, made: SceneNodes) -> None:
    chart = made.plots.charts[1]
    assert show_chart(scene, chart) == 1
    assert nodes(scene, "vtkMRMLPlotViewNode")[0].GetPlotChartNodeID() == chart.GetID()
    assert {node.GetActivePlotChartID() for node in nodes(scene, "vtkMRMLSelectionNode")} <= {chart.GetID()}


def test_without_views_nothing_is_done_and_said_so(case: SceneContent) -> None:
    with HeadlessApplication() as application:
        scene = application.scene
        made = add_content(scene, case)
        before = scene_text(scene)
        done = (
            show_dose_wash(scene, made.image, made.doses[1], maximum_gy=1.0),
            jump_to(scene, POINT),
            show_dose_wash(scene, made.image, made.doses[1], views=("Slice4",)),
        )
        assert done == (0, 0, 0)
        assert scene_text(scene) == before


def test_views_that_show_results_survive_their_removal(scene: Any, made: SceneNodes) -> None:
    show_dose_wash(scene, made.image, made.doses[1])
    show_chart(scene, made.plots.charts[0])
    remove_results(scene)
    assert {node.GetBackgroundVolumeID() for node in composite_nodes(scene)} == {None}


@pytest.mark.usefixtures("needs_opengl")
def test_views_draw_wash_isodoses_outlines_and_chart(scene: Any, made: SceneNodes) -> None:
    """Each step changes the picture of the slice view, and undoing it gives the former picture."""
    with ViewPictures(scene) as pictures:
        empty = pictures.slice("Red", 300, 260)
        show_dose_wash(scene, made.image, None)
        jump_to(scene, POINT)
        show_segments(made.segmentations[0], ())
        show_segments(made.segmentations[1], ())
        plain = pictures.slice("Red", 300, 260)
        show_dose_wash(scene, made.image, made.doses[1])
        washed = pictures.slice("Red", 300, 260)
        show_isodoses(scene, made.doses[1], (20.0, 45.0), 70.0)
        lined = pictures.slice("Red", 300, 260)
        show_segments(made.segmentations[0], ["PTV"])
        outlined = pictures.slice("Red", 300, 260)
        show_segments(made.segmentations[0], ())
        hide_isodoses(scene)
        show_dose_wash(scene, made.image, None)
        again = pictures.slice("Red", 300, 260)
        charts = [pictures.chart(chart, 300, 260) for chart in made.plots.charts]
        whole = pictures.four_up(640, 480)
    assert empty.shape == (260, 300, 3) and whole.shape == (480, 640, 3)
    steps = [empty, plain, washed, lined, outlined]
    assert all((one != other).any(axis=2).sum() > 50 for one, other in pairwise(steps))
    assert len(np.unique(plain[4:, :, 0])) > 20 and (plain[4:, :, 0] == plain[4:, :, 2]).mean() > 0.95  # grey
    assert (np.abs(again.astype(int) - plain).max(axis=2) > 8).mean() < 0.01
    assert (charts[0] != charts[1]).any() and (charts[0][:, :, 0] > charts[0][:, :, 1] + 100).sum() > 30  # red curves
