"""Results come into a scene that somebody works in: what they are, how they are marked, and where they are put."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.model.scene_tables import SceneColumn, SceneSeries, SceneTable
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.result_nodes import NodeKind, is_result, remove_results, result_nodes
from ReirradiationLib.mrml.scene_content import SceneNodes, add_content, replace_structures
from ReirradiationLib.mrml.segment_reading import structure_from_segment
from ReirradiationLib.mrml.segmentation_node import segment_mask
from ReirradiationLib.mrml.volume_nodes import geometry_of_node, volume_from_node
from scene_samples import ancestors, content, fill_as_user, hierarchy_of, node_ids, nodes, square, structures

RESULT = "SlicerReirradiation.Result"


@pytest.fixture(scope="module")
def case() -> SceneContent:
    return content()


@pytest.fixture
def scene() -> Iterator[Any]:
    with HeadlessApplication() as application:
        yield application.scene


def all_of(made: SceneNodes) -> list[Any]:
    return [
        *(made.image, made.contours, *made.doses, *made.segmentations, *made.transforms, *made.prior_images),
        *(*made.tables, *made.plots.tables, *made.plots.series, *made.plots.charts),
    ]


# ---------------------------------------------------------------- what is made


def test_every_node_that_is_added_says_that_it_is_a_result(scene: Any, case: SceneContent) -> None:
    before = set(node_ids(scene))
    add_content(scene, case)
    hierarchy = hierarchy_of(scene).GetID()
    added = [scene.GetNodeByID(node_id) for node_id in node_ids(scene) if node_id not in {*before, hierarchy}]
    assert len(added) > 25
    assert [node.GetName() for node in added if node.GetAttribute(RESULT) != "1"] == []


def test_marks_tell_case_course_kind_and_key(scene: Any, case: SceneContent) -> None:
    made = add_content(scene, case)
    assert {node.GetAttribute("SlicerReirradiation.Case") for node in all_of(made)} == {"Case 1"}
    assert made.doses[0].GetAttribute("SlicerReirradiation.Course") == "course1"
    assert made.doses[0].GetAttribute("SlicerReirradiation.DoseQuantity") == "Gy"
    assert made.doses[1].GetAttribute("SlicerReirradiation.Course") is None
    assert result_nodes(scene, NodeKind.PRIOR_IMAGE, course="course1") == made.prior_images
    assert result_nodes(scene, NodeKind.TABLE, key="scorecard") == made.tables
    assert result_nodes(scene, NodeKind.CHART, key="dvh/Cord") == made.plots.charts[1:]
    assert set(result_nodes(scene)) >= set(all_of(made))


def test_the_prior_ct_appears_on_the_current_one_through_our_transform(scene: Any, case: SceneContent) -> None:
    import vtk

    made, registered = add_content(scene, case), case.registrations[0]
    node = made.prior_images[0]
    assert registered.image is not None
    assert node.GetParentTransformNode() is made.transforms[0]
    np.testing.assert_allclose(
        geometry_of_node(node).index_to_lps(), registered.image.geometry.index_to_lps(), rtol=0.0, atol=1e-9
    )
    points = np.random.default_rng(1).uniform((-29, 15, -137), (-11, 37, -118), (300, 3))
    from_world, flip = vtk.vtkGeneralTransform(), np.array([-1, -1, 1])
    node.GetParentTransformNode().GetTransformFromWorld(from_world)
    there = np.array([from_world.TransformPoint(*(point * flip)) for point in points]) * flip
    expected = registered.transform.apply(points)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(there, expected, atol=1e-3)
    assert np.linalg.norm(expected - points, axis=1).min() > 5.0  # the other direction would be elsewhere


def test_masks_are_stored_no_larger_than_what_they_hold_and_come_back_exactly(scene: Any, case: SceneContent) -> None:
    import slicer

    made = add_content(scene, case)
    for node, group in zip(made.segmentations, (case.structures, case.optimization_structures), strict=True):
        segmentation = node.GetSegmentation()
        for index, structure in enumerate(group):
            mask = segment_mask(node, segmentation.GetNthSegmentID(index), structure.geometry)
            np.testing.assert_array_equal(mask, structure.mask)
    stored = slicer.vtkOrientedImageData()
    made.segmentations[0].GetBinaryLabelmapRepresentation("Cord", stored)
    assert stored.GetDimensions() == (6, 6, 5)


def test_the_reference_geometry_is_that_of_the_masks_and_the_ct_is_named(scene: Any, case: SceneContent) -> None:
    import slicer

    made = add_content(scene, case)
    fine = case.optimization_structures[0].geometry
    assert fine.size != case.image.geometry.size
    sizes = (case.image.geometry.size, fine.size, case.image.geometry.size)
    for node, size in zip((*made.segmentations, made.contours), sizes, strict=True):
        text = node.GetSegmentation().GetConversionParameter("Reference image geometry")
        grid = slicer.vtkOrientedImageData()
        slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, grid, False)
        assert grid.GetDimensions() == size
        assert node.GetNodeReference("referenceImageGeometryRef") is made.image


def test_surfaces_are_shown_and_not_smoothed(scene: Any) -> None:
    """Halfway between the voxels in and those around: a box of 6 × 6 × 5 voxels reaches half a voxel beyond its centres."""
    import vtk

    case = content()
    node = add_content(scene, case).segmentations[0]
    surface = vtk.vtkPolyData()
    assert node.GetClosedSurfaceRepresentation("Cord", surface)
    assert node.GetDisplayNode().GetPreferredDisplayRepresentationName2D() == "Closed surface"
    points = np.array([surface.GetPoint(n) for n in range(surface.GetNumberOfPoints())]) * (-1, -1, 1)
    index = case.image.geometry.to_index(points)
    np.testing.assert_allclose(index.min(axis=0), (3.5, 3.5, 2.5), atol=1e-3)
    np.testing.assert_allclose(index.max(axis=0), (9.5, 9.5, 7.5), atol=1e-3)


def test_contours_of_the_rtstruct_stay_as_they_were_drawn(scene: Any, case: SceneContent) -> None:
    made = add_content(scene, case)
    assert made.contours is not None
    assert made.contours.GetSegmentation().GetSourceRepresentationName() == "Planar contour"
    assert made.contours.GetDisplayNode().GetVisibility() == 0
    back = structure_from_segment(made.contours, "Cord")
    assert (back.name, back.number, back.colour) == ("Cord", 4, (255, 0, 0))
    for found, k in zip(back.contours_mm, range(3, 8), strict=True):
        np.testing.assert_allclose(found, square(k), rtol=0.0, atol=1e-9)
    assert made.contours.GetSegmentation().GetNumberOfSegments() == 1  # the other structure has none


def test_tables_hold_numbers_as_numbers_and_texts_in_one_line(scene: Any, case: SceneContent) -> None:
    table = add_content(scene, case).tables[0].GetTable()
    assert [table.GetColumnName(n) for n in range(3)] == ["Structure", "α/β [Gy]", "Remark"]
    numbers = table.GetColumn(1)
    assert numbers.GetValue(0) == 2.0 and np.isnan(numbers.GetValue(1))
    assert table.GetColumn(2).GetValue(0) == "D ≤ 50 ″hot″, new line"


def test_charts_have_titles_ranges_colours_and_marks(scene: Any, case: SceneContent) -> None:
    plots = add_content(scene, case).plots
    chart = plots.charts[0]
    assert (chart.GetTitle(), chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("DVH", "EQD2 [Gy]", "Volume [%]")
    assert chart.GetYAxisRange() == (0.0, 105.0) and not chart.GetYAxisRangeAuto()
    curve, prior, limit = (chart.GetNthPlotSeriesNode(n) for n in range(3))
    assert [one.GetLineStyle() for one in (curve, prior, limit)] == [
        curve.LineStyleSolid,
        curve.LineStyleDash,
        curve.LineStyleNone,
    ]
    assert limit.GetMarkerStyle() == limit.MarkerStyleDiamond and curve.GetMarkerStyle() == curve.MarkerStyleNone
    assert {one.GetColor() for one in (curve, prior, limit)} == {(1.0, 0.0, 0.0)}
    assert curve.GetTableNode() is prior.GetTableNode()
    assert len(plots.series) == 3 and plots.charts[1].GetNthPlotSeriesNode(0) is curve
    values = prior.GetTableNode().GetTable().GetColumnByName(prior.GetXColumnName())
    assert [values.GetValue(n) for n in range(values.GetNumberOfValues())] == [0.0, 8.0, 8.0, 8.0]  # its end, repeated


# ---------------------------------------------------------------- where it is put


def test_without_a_patient_in_the_scene_patient_and_study_are_made(scene: Any, case: SceneContent) -> None:
    made, hierarchy = add_content(scene, case), hierarchy_of(scene)
    assert ancestors(scene, made.doses[1]) == ["Reirradiation 20240101", "Doe^Jane"]
    item = hierarchy.GetItemByDataNode(made.doses[1])
    assert hierarchy.GetItemAttribute(item, "DICOM.Modality") == "RTDOSE"
    assert hierarchy.GetAttributeFromItemAncestor(item, "DicomRtImport.DoseUnitName", "Study") == "GY"
    assert hierarchy.GetItemUID(hierarchy.GetItemByDataNode(made.image), "DICOM") == "1.7"
    assert hierarchy.GetItemUID(hierarchy.GetItemAncestorAtLevel(item, "Patient"), "DICOM") == "P1"


def test_results_go_below_the_patient_and_study_that_are_there(scene: Any, case: SceneContent) -> None:
    user = fill_as_user(scene)
    made, hierarchy = add_content(scene, case), user["hierarchy"]
    for node in (*made.doses, *made.segmentations, *made.transforms, *made.prior_images, *made.tables, *made.plots.series):
        assert ancestors(scene, node)[-2:] == ["Planning", "Jane"]
    assert made.image is user["ct"]  # the very same CT is not added once more
    assert not is_result(user["ct"])
    assert hierarchy.GetItemAttribute(user["study"], "DicomRtImport.DoseUnitValue") == "0.0001"  # as SlicerRT left it


def test_a_ct_that_was_changed_is_not_taken_for_that_of_the_case(scene: Any, case: SceneContent) -> None:
    user = fill_as_user(scene)
    user["ct"].GetImageData().GetPointData().GetScalars().SetComponent(0, 0, 4000.0)
    made = add_content(scene, case)
    assert made.image is not user["ct"]
    np.testing.assert_array_equal(volume_from_node(made.image)[0], case.image.voxels_hu)
    uids = [
        user["hierarchy"].GetItemUID(user["hierarchy"].GetItemByDataNode(node), "DICOM") for node in (made.image, user["ct"])
    ]
    assert uids == ["", "1.7"]  # no second item of the series


@pytest.mark.parametrize("change", ["moved", "under a transform"])
def test_a_ct_elsewhere_is_not_taken_for_that_of_the_case(scene: Any, case: SceneContent, change: str) -> None:
    user = fill_as_user(scene)
    if change == "moved":
        user["ct"].SetOrigin(0.0, 0.0, 0.0)
    else:
        user["ct"].SetAndObserveTransformNodeID(user["Registration of Course 1"].GetID())
    assert add_content(scene, case).image is not user["ct"]


def test_doses_do_not_come_into_a_study_of_another_unit(scene: Any, case: SceneContent) -> None:
    user = fill_as_user(scene, unit="RELATIVE")
    made, hierarchy = add_content(scene, case), user["hierarchy"]
    item = hierarchy.GetItemByDataNode(made.doses[0])
    assert hierarchy.GetAttributeFromItemAncestor(item, "DicomRtImport.DoseUnitName", "Study") == "GY"
    assert ancestors(scene, made.doses[0]) == ["Reirradiation doses", "Jane"]
    assert hierarchy.GetItemAttribute(user["study"], "DicomRtImport.DoseUnitName") == "RELATIVE"


# ---------------------------------------------------------------- previews


def test_a_preview_replaces_only_itself(scene: Any, case: SceneContent) -> None:
    made = add_content(scene, case)
    first = replace_structures(scene, case.image, case.optimization_structures, "Preview", "Case 1")
    names = [node.GetName() for node in nodes(scene, "vtkMRMLSegmentationNode")]
    second = replace_structures(scene, case.image, structures()[:1], "Preview", "Case 1")
    assert [node.GetName() for node in nodes(scene, "vtkMRMLSegmentationNode")] == names
    assert not scene.IsNodePresent(first) and scene.IsNodePresent(made.segmentations[0])
    assert second.GetSegmentation().GetNthSegment(0).GetName() == "Cord"
    assert second.GetNodeReference("referenceImageGeometryRef") is made.image
    assert ancestors(scene, second) == ["Reirradiation 20240101", "Doe^Jane"]


def test_a_scene_without_colour_logic_gets_doses_without_a_legend(case: SceneContent) -> None:
    import slicer

    plain = slicer.vtkMRMLScene()
    made = add_content(plain, case)
    assert made.doses[0].GetNumberOfDisplayNodes() == 1
    assert made.doses[0].GetDisplayNode().GetColorNode().GetNumberOfColors() == 256
    remove_results(plain)


def test_doses_have_a_legend_with_their_unit(scene: Any, case: SceneContent) -> None:
    dose = add_content(scene, case).doses[1]
    legend = dose.GetNthDisplayNode(1)
    assert legend.IsA("vtkMRMLColorLegendDisplayNode")
    assert legend.GetTitleText() == "Gy EQD2"


# ---------------------------------------------------------------- bad input


def test_a_table_with_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(OutputError, match="Table 'T'"):
        SceneTable("t", "T", (SceneColumn("a"), SceneColumn("b")), (("only one",),))


def test_a_table_with_two_columns_of_one_name_is_refused() -> None:
    with pytest.raises(OutputError, match="1 names for 2 columns"):
        SceneTable("t", "T", (SceneColumn("a"), SceneColumn("a")), ())


@pytest.mark.parametrize(("x", "y"), [((), ()), ((1.0,), (1.0, 2.0))])
def test_a_series_without_points_is_refused(x: tuple[float, ...], y: tuple[float, ...]) -> None:
    with pytest.raises(OutputError, match="Series 'S'"):
        SceneSeries("S", "T", "x", "y", x, y, (0, 0, 0))


def test_structures_without_a_voxel_are_no_error(scene: Any, case: SceneContent) -> None:
    empty = replace(case.structures[0], mask=np.zeros_like(case.structures[0].mask), contours_mm=())
    made = add_content(scene, replace(case, structures=(empty,)))
    assert made.contours is None
    assert made.segmentations[0].GetSegmentation().GetNumberOfSegments() == 1
