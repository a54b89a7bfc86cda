"""How a registration is shown in the slice views: what is in the nodes, and that the views come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.arrays import Float32Array, FloatArray
from ReirradiationLib.model.errors import CaseError, GeometryError, OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.registration_picture import RegistrationPictureStyle, WarpedCt
from ReirradiationLib.model.registration_view import RegistrationView
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.mrml import registration_views
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.registration_views import restore_views, show_registration
from ReirradiationLib.mrml.result_nodes import NodeKind, result_nodes
from ReirradiationLib.mrml.scene_content import SceneNodes, add_content
from ReirradiationLib.mrml.scene_writer import read_scene
from ReirradiationLib.mrml.slice_views import composite_nodes, show_dose_wash, slice_nodes
from ReirradiationLib.mrml.volume_nodes import volume_from_node
from ReirradiationLib.registration.warped_image import warped_image
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.scene_views import registration_view
from scene_samples import AXIAL, PATIENT, content, current_ct, fill_as_user, nodes_as_text, registration, scene_text
from slice_view_pictures import add_view_nodes
from vtk.util.numpy_support import vtk_to_numpy

OVERLAY, CHECKERBOARD = RegistrationPictureStyle.OVERLAY, RegistrationPictureStyle.CHECKERBOARD
DIFFERENCE, GRID = RegistrationPictureStyle.DIFFERENCE, RegistrationPictureStyle.GRID
POINT = (-20.0, 25.0, -125.0)


def bend(points: FloatArray) -> FloatArray:
    """A displacement of 5 mm to one side, more towards the back."""
    return np.column_stack([5.0 + 0.1 * points[:, 1], np.zeros(len(points)), np.zeros(len(points))])


def make_view() -> RegistrationView:
    image, registered = current_ct(), registration()
    assert registered.image is not None
    voxels = warped_image(registered.image, registered.transform, image.geometry)
    return RegistrationView("course1", "Course 1", image, WarpedCt(voxels, image.geometry), bend)


@pytest.fixture(scope="module")
def view() -> RegistrationView:
    return make_view()


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
    nodes = add_content(scene, case)
    show_dose_wash(scene, nodes.image, nodes.doses[1], 0.3)
    return nodes


def layers(scene: Any) -> tuple[Any, Any, float]:
    """Background, foreground and opacity, the same in all views."""
    found = {
        (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID(), node.GetForegroundOpacity())
        for node in composite_nodes(scene)
    }
    ((background, foreground, opacity),) = found
    return scene.GetNodeByID(background), scene.GetNodeByID(foreground) if foreground else None, opacity


def known_voxels(node: Any) -> Float32Array:
    voxels = volume_from_node(node)[0]
    return np.where(voxels < -30000, np.nan, voxels)


@pytest.mark.usefixtures("made")
def test_the_overlay_is_the_prior_ct_as_our_functions_map_it(scene: Any, view: RegistrationView) -> None:
    assert show_registration(scene, view, OVERLAY, POINT) == 3
    current, prior, opacity = layers(scene)
    assert opacity == 0.5
    assert 0.1 < np.isnan(view.warped.voxels_hu).mean() < 0.9  # or the test shows nothing
    np.testing.assert_array_equal(known_voxels(prior), view.warped.voxels_hu)
    np.testing.assert_array_equal(volume_from_node(current)[0], view.image.voxels_hu)
    display = prior.GetDisplayNode()
    assert display.GetApplyThreshold() and -30000 < display.GetLowerThreshold() < np.nanmin(view.warped.voxels_hu)


def test_what_agrees_is_grey_in_the_overlay(scene: Any, made: SceneNodes, view: RegistrationView) -> None:
    show_registration(scene, view, OVERLAY, POINT)
    tables = [node.GetDisplayNode().GetColorNode() for node in layers(scene)[:2]]
    for entry in (0, 100, 255):
        colours = []
        for table in tables:
            colour = [0.0, 0.0, 0.0, 0.0]
            table.GetColor(entry, colour)
            colours.append(colour[:3])
        mixed = np.mean(colours, axis=0)
        assert np.ptp(mixed) < 0.01
    assert np.abs(np.subtract(*colours)).max() > 0.6
    assert made.image.GetDisplayNode().GetColorNode().GetName() == "Grey"  # the CT itself keeps its look


@pytest.mark.usefixtures("made")
def test_the_squares_of_the_checkerboard_alternate(scene: Any) -> None:
    """On a CT of constant 0 HU and a prior one of 100 HU, squares of 16 mm alternate from the point in every direction."""
    grid = Geometry((0.0, 0.0, 0.0), (2.0, 2.0, 4.0), AXIAL, (40, 40, 20))
    image = replace(current_ct(), voxels_hu=np.zeros(grid.shape, np.float32), geometry=grid, slice_uids=(), patient=PATIENT)
    view = RegistrationView("c", "C", image, WarpedCt(np.full(grid.shape, 100.0, np.float32), grid))
    show_registration(scene, view, CHECKERBOARD, (32.0, 32.0, 32.0))
    voxels = volume_from_node(layers(scene)[0])[0]
    assert set(np.unique(voxels)) == {0.0, 100.0}
    assert voxels[8, 16, 16] == 100.0
    along_i, along_j, along_k = voxels[8, 16, 16:], voxels[8, 16:, 16], voxels[8:, 16, 16]
    np.testing.assert_array_equal(along_i, np.tile(np.repeat([100.0, 0.0], 8), 2)[:24])
    np.testing.assert_array_equal(along_j, along_i)
    np.testing.assert_array_equal(along_k, np.tile(np.repeat([100.0, 0.0], 4), 2)[:12])
    assert voxels.mean() == pytest.approx(50.0, abs=5.0)


@pytest.mark.usefixtures("made")
def test_the_checkerboard_is_hatched_where_the_prior_ct_is_not_known(scene: Any, view: RegistrationView) -> None:
    show_registration(scene, view, CHECKERBOARD, POINT)
    voxels = volume_from_node(layers(scene)[0])[0]
    prior, current = view.warped.voxels_hu, view.image.voxels_hu
    from_current, from_prior = voxels == current, voxels == prior
    hatched = ~(from_current | from_prior)
    assert from_current.any() and from_prior.any() and hatched.any()
    assert np.isnan(prior[hatched]).all()
    assert len(np.unique(voxels[hatched])) == 2  # two greys, no tissue


@pytest.mark.usefixtures("made")
def test_the_difference_is_current_less_prior_and_nothing_where_not_known(scene: Any, view: RegistrationView) -> None:
    show_registration(scene, view, DIFFERENCE, POINT)
    background, difference, opacity = layers(scene)
    assert opacity == 1.0
    np.testing.assert_array_equal(known_voxels(difference), view.image.voxels_hu - view.warped.voxels_hu)
    np.testing.assert_array_equal(volume_from_node(background)[0], view.image.voxels_hu)
    display = difference.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (-300.0, 300.0)


@pytest.mark.usefixtures("made")
def test_a_part_of_the_ct_is_compared_with_the_voxels_that_are_there(scene: Any, view: RegistrationView) -> None:
    part = replace(
        view.image.geometry, origin_mm=tuple(view.image.geometry.to_lps(np.array([[3.0, 2.0, 4.0]]))[0]), size=(5, 6, 4)
    )
    cut = view.warped.voxels_hu[4:8, 2:8, 3:8]
    show_registration(scene, replace(view, warped=WarpedCt(cut, part)), DIFFERENCE, POINT)
    expected = view.image.voxels_hu[4:8, 2:8, 3:8] - cut
    np.testing.assert_array_equal(known_voxels(layers(scene)[1]), expected)


@pytest.mark.usefixtures("made")
def test_the_warped_grid_moves_lines_as_the_registration_does_less_its_rigid_part(
    scene: Any, view: RegistrationView
) -> None:
    """Slicer draws a point where the transform takes it to the parent."""
    import vtk

    show_registration(scene, view, GRID, POINT)
    (node,) = [one for one in result_nodes(scene, NodeKind.COMPARISON) if one.IsA("vtkMRMLTransformNode")]
    display = node.GetDisplayNode()
    assert display.GetVisibility2D() and display.GetVisualizationMode() == display.VIS_MODE_GRID
    to_parent, flip = vtk.vtkGeneralTransform(), np.array([-1, -1, 1])
    node.GetTransformToWorld(to_parent)
    points = view.image.geometry.to_lps(np.random.default_rng(2).uniform(1, 10, (100, 3)))
    moved = np.array([to_parent.TransformPoint(*(point * flip)) for point in points]) * flip
    np.testing.assert_allclose(moved, points + bend(points), atol=1e-3)


@pytest.mark.usefixtures("made")
def test_where_the_deformation_is_not_known_there_are_no_lines(scene: Any, view: RegistrationView) -> None:
    def partly(points: FloatArray) -> FloatArray:
        return np.where(points[:, :1] > POINT[0] + 2.0, np.nan, bend(points))

    show_registration(scene, replace(view, displacement_mm=partly), GRID, POINT)
    models = [one for one in result_nodes(scene, NodeKind.COMPARISON) if one.IsA("vtkMRMLModelNode")]
    assert [model.GetDisplayNode().GetViewNodeIDs() for model in models] == [(one.GetID(),) for one in slice_nodes(scene)]
    for model, axis in zip(models, (2, 0, 1), strict=True):
        points = vtk_to_numpy(model.GetPolyData().GetPoints().GetData()).astype(float) * (-1, -1, 1)
        assert len(points) > 20
        assert (points - bend(points))[:, 0].max() <= POINT[0] + 3.0
        if axis != 0:  # the displacement leads out of the sagittal plane
            np.testing.assert_allclose(points[:, axis], POINT[axis], atol=1e-3)


@pytest.mark.parametrize("style", list(RegistrationPictureStyle))
def test_the_views_come_back_as_they_were(scene: Any, case: SceneContent, view: RegistrationView, style: Any) -> None:
    user = fill_as_user(scene)
    nodes = add_content(scene, case)
    show_dose_wash(scene, user["ct"], nodes.doses[0], 0.3)
    from ReirradiationLib.mrml.slice_views import jump_to

    jump_to(scene, POINT)
    before, of_user = scene_text(scene), nodes_as_text(scene)
    show_registration(scene, view, CHECKERBOARD, POINT)
    show_registration(scene, view, style, POINT)
    changed = {node_id for node_id, text in nodes_as_text(scene).items() if of_user.get(node_id, text) != text}
    assert all(node_id.startswith("vtkMRMLSliceCompositeNode") for node_id in changed)
    assert restore_views(scene)
    assert scene_text(scene) == before
    assert not restore_views(scene)


@pytest.mark.usefixtures("made")
def test_views_of_a_saved_scene_can_still_be_put_back(scene: Any, view: RegistrationView, tmp_path: Path) -> None:
    show_registration(scene, view, OVERLAY, POINT)
    assert scene.WriteToMRB(str(tmp_path / "s.mrb"))
    with HeadlessApplication() as application:
        read_scene(application, tmp_path / "s.mrb")
        assert restore_views(application.scene)
        background, foreground, opacity = layers(application.scene)
        assert (background.GetName(), foreground.GetName(), opacity) == ("planning CT", "Sum [Gy EQD2]", 0.3)


@pytest.mark.parametrize("style", list(RegistrationPictureStyle))
def test_without_views_nothing_is_done(case: SceneContent, view: RegistrationView, style: RegistrationPictureStyle) -> None:
    with HeadlessApplication() as application:
        add_content(application.scene, case)
        before = scene_text(application.scene)
        assert show_registration(application.scene, view, style, POINT) == 0
        assert scene_text(application.scene) == before


@pytest.mark.usefixtures("made")
def test_if_it_fails_halfway_the_views_show_what_they_showed(
    scene: Any, view: RegistrationView, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_registration(scene, view, CHECKERBOARD, POINT)
    before = scene_text(scene)
    monkeypatch.setattr(registration_views, "compared_node", None)
    with pytest.raises(TypeError):
        show_registration(scene, view, OVERLAY, POINT)
    assert scene_text(scene) == before


@pytest.mark.usefixtures("made")
def test_what_cannot_be_shown_is_refused(scene: Any, view: RegistrationView) -> None:
    before = scene_text(scene)
    with pytest.raises(OutputError, match="not defined on this CT"):
        show_registration(scene, replace(view, displacement_mm=None), GRID, POINT)
    elsewhere = replace(view.warped.geometry, origin_mm=(0.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match="Warp it onto the current CT"):
        show_registration(scene, replace(view, warped=WarpedCt(view.warped.voxels_hu, elsewhere)), DIFFERENCE, POINT)
    assert scene_text(scene) == before


def test_the_view_of_a_case_is_what_the_registration_maps(demo_results: CaseResults) -> None:
    course, record = demo_results.prior_courses[0], demo_results.records.prior[0]
    low, high = (-20.0, -110.0, 60.0), (20.0, -80.0, 90.0)
    found = registration_view(demo_results, course.identifier, low, high)
    assert record.ct is not None and found.displacement_mm is not None
    points = found.warped.geometry.to_lps(np.array([[3.0, 4.0, 2.0], [6.0, 7.0, 5.0]]))
    there = record.ct.geometry.to_index(course.transform.apply(points))
    from ReirradiationLib.model.interpolation import trilinear

    expected, _ = trilinear(record.ct.voxels_hu, there)
    stored = found.warped.voxels_hu
    np.testing.assert_allclose([stored[2, 4, 3], stored[5, 7, 6]], expected, atol=1e-3)
    corners = found.warped.geometry.to_lps(np.array([[0.0, 0.0, 0.0], np.array(found.warped.geometry.size) - 1.0]))
    assert (corners.min(axis=0) <= low).all() and (corners.max(axis=0) >= high).all()


def test_a_view_of_a_course_that_is_not_there_is_refused(demo_results: CaseResults) -> None:
    with pytest.raises(CaseError, match="Course 'nowhere'"):
        registration_view(demo_results, "nowhere")
