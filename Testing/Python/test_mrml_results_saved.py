"""The demo case as a scene file: everything is in it, and everything comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.registration_quality import Verdict
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.result_nodes import NodeKind, is_result, remove_results, result_nodes
from ReirradiationLib.mrml.scene_writer import MrbSceneWriter, read_scene
from ReirradiationLib.mrml.segment_reading import structure_from_segment
from ReirradiationLib.mrml.segmentation_node import segment_mask
from ReirradiationLib.mrml.transform_nodes import transform_from_node
from ReirradiationLib.mrml.volume_nodes import geometry_of_node
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.dvh_figure import FigureLimit
from ReirradiationLib.report.dvh_limits import figure_limit
from ReirradiationLib.report.evaluation import Evaluation, plain
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.report.structure_summary import RAW_SUM
from ReirradiationLib.scene_charts import PRIOR_SUM, scene_charts
from ReirradiationLib.scene_tables import scene_tables
from ReirradiationLib.write_outputs import scene_content

MOST_BYTES = 24_000_000


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results, demo_results.case)


@pytest.fixture(scope="module")
def content(demo_results: CaseResults, evaluation: Evaluation) -> SceneContent:
    return scene_content(demo_results, evaluation)


@pytest.fixture(scope="module")
def bundle(content: SceneContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "case.mrb"
    MrbSceneWriter().write(content, path)
    return path


@pytest.fixture(scope="module")
def loaded(bundle: Path) -> Iterator[Any]:
    with HeadlessApplication() as application:
        read_scene(application, bundle)
        yield application.scene


def one(scene: Any, kind: NodeKind, key: str) -> Any:
    (node,) = result_nodes(scene, kind, key=key)
    return node


def column(table: Any, name: str) -> list[Any]:
    values = table.GetTable().GetColumnByName(name)
    return [values.GetValue(n) for n in range(values.GetNumberOfValues())]


def points(series: Any) -> tuple[list[float], list[float]]:
    return column(series.GetTableNode(), series.GetXColumnName()), column(series.GetTableNode(), series.GetYColumnName())


def series_of(chart: Any) -> dict[str, Any]:
    found = (chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes()))
    return {series.GetName(): series for series in found}


def test_the_scene_file_is_hardly_larger_than_its_volumes(bundle: Path) -> None:
    assert bundle.stat().st_size < MOST_BYTES


def test_every_dvh_in_the_scene_has_the_points_of_the_evaluation(loaded: Any, evaluation: Evaluation) -> None:
    labels = {course.identifier: course.label for course in evaluation.courses}
    compared = 0
    for structure in evaluation.structures:
        found = series_of(one(loaded, NodeKind.CHART, f"dvh/{structure.name}"))
        for curve in structure.curves:
            x, y = points(found[f"{structure.name}: {labels.get(curve.sum, curve.sum)}"])
            count = len(curve.dose_eqd2_gy)
            assert x[:count] == pytest.approx(plain(curve.dose_eqd2_gy), rel=1e-9)
            assert y[:count] == pytest.approx(plain(curve.volume_percent), rel=1e-9)
            assert set(zip(x[count:], y[count:], strict=True)) <= {(x[count - 1], y[count - 1])}
            compared += 1
    assert compared >= 3 * len(evaluation.structures)


def test_the_prior_sum_is_dashed_and_that_of_all_courses_solid_in_the_structure_s_colour(
    loaded: Any, demo_results: CaseResults
) -> None:
    found = series_of(one(loaded, NodeKind.CHART, "dvh"))
    prior, total = found[f"spinal_cord: {PRIOR_SUM}"], found[f"spinal_cord: {RAW_SUM}"]
    colour = [channel / 255.0 for channel in demo_results.structure("spinal_cord").structure.colour]
    assert prior.GetColor() == total.GetColor() == pytest.approx(colour, abs=1e-4)
    assert (prior.GetLineStyle(), total.GetLineStyle()) == (prior.LineStyleDash, total.LineStyleSolid)
    chart = one(loaded, NodeKind.CHART, "dvh")
    assert (chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("EQD2 [Gy]", "Volume [%]")


def test_the_prior_sum_is_that_of_the_prior_courses(demo_results: CaseResults, evaluation: Evaluation) -> None:
    """With one prior course it is the curve of that course, which the evaluation has."""
    charts = {chart.key: chart for chart in scene_charts(demo_results, evaluation)}
    structure = next(one for one in evaluation.structures if one.name == "spinal_cord")
    course = next(curve for curve in structure.curves if curve.sum == evaluation.courses[0].identifier)
    (prior,) = [series for series in charts["dvh/spinal_cord"].series if series.name.endswith(PRIOR_SUM)]
    assert np.interp([5.0, 20.0, 30.0], prior.x, prior.y) == pytest.approx(
        np.interp([5.0, 20.0, 30.0], course.dose_eqd2_gy, course.volume_percent), abs=0.05
    )


def test_limits_are_marks_where_they_act(loaded: Any, evaluation: Evaluation) -> None:
    found = series_of(one(loaded, NodeKind.CHART, "dvh"))
    by_name = {structure.name: structure for structure in evaluation.structures}
    seen = 0
    for score in evaluation.scorecard:
        place = figure_limit(score, by_name[score.structure])
        if isinstance(place, FigureLimit):
            mark = found[f"{score.structure}: {place.label}"]
            assert points(mark)[0][0] == pytest.approx(score.limit if score.metric.startswith("D") else place.dose_gy)
            assert points(mark)[1][0] == pytest.approx(place.volume_percent, rel=1e-5)
            assert mark.GetLineStyle() == mark.LineStyleNone and mark.GetMarkerStyle() != mark.MarkerStyleNone
            seen += 1
    assert seen >= 4


def test_the_scorecard_in_the_scene_is_that_of_the_evaluation(loaded: Any, evaluation: Evaluation) -> None:
    table = one(loaded, NodeKind.TABLE, "scorecard")
    assert column(table, "Structure") == [score.structure for score in evaluation.scorecard]
    assert column(table, "State") == [score.state for score in evaluation.scorecard]
    for name, values in (
        ("Prior", [score.prior for score in evaluation.scorecard]),
        ("Cumulative", [score.cumulative for score in evaluation.scorecard]),
        ("Left physical [Gy]", [score.left_physical_gy for score in evaluation.scorecard]),
    ):
        stated = [float("nan") if value is None else float(f"{value:.6g}") for value in values]
        assert column(table, name) == pytest.approx(stated, rel=1e-9, nan_ok=True)


def test_every_table_comes_back_cell_by_cell(loaded: Any, content: SceneContent) -> None:
    assert {table.key for table in content.tables} == {
        *("courses", "scorecard", "metrics", "registrations", "optimization_structures")
    }
    for table in content.tables:
        node = one(loaded, NodeKind.TABLE, table.key)
        for n, described in enumerate(table.columns):
            found = column(node, described.name)
            if described.is_number:
                given = [float("nan") if row[n] is None else float(row[n] or 0.0) for row in table.rows]
                assert found == pytest.approx(given, rel=1e-9, nan_ok=True)
            else:
                assert found == [" ".join(str(row[n]).split()) if row[n] not in (None, "") else "" for row in table.rows]


def test_the_verdicts_of_the_registration_are_told_organ_by_organ(loaded: Any, evaluation: Evaluation) -> None:
    table = one(loaded, NodeKind.TABLE, "registrations")
    verdicts = [verdict for registration in evaluation.registrations for verdict in registration.verdicts]
    assert column(table, "Structure") == [verdict.organ for verdict in verdicts]
    words = {Verdict.GO: "go", Verdict.CAUTION: "caution", Verdict.WORKSHEET: "use the point worksheet"}
    assert column(table, "Verdict") == [words[verdict.verdict] for verdict in verdicts]


def test_structures_surfaces_contours_and_colours_come_back(
    loaded: Any, demo_results: CaseResults, content: SceneContent
) -> None:
    node, contours = one(loaded, NodeKind.STRUCTURES, "Structures"), one(loaded, NodeKind.CONTOURS, "Structures")
    assert node.GetSegmentation().ContainsRepresentation("Closed surface")
    for index, structure in enumerate(content.structures):
        segment_id = node.GetSegmentation().GetNthSegmentID(index)
        np.testing.assert_array_equal(segment_mask(node, segment_id, structure.geometry), structure.mask)
        colour = np.array(node.GetSegmentation().GetSegment(segment_id).GetColor())
        np.testing.assert_allclose(255.0 * colour, structure.colour, atol=0.01)
    for index, result in enumerate(demo_results.structures):
        back = structure_from_segment(contours, contours.GetSegmentation().GetNthSegmentID(index))
        assert (back.name, back.number) == (result.structure.name, result.structure.number)
        for found, drawn in zip(back.contours_mm, result.structure.contours_mm, strict=True):
            np.testing.assert_allclose(found, drawn, rtol=0.0, atol=1e-4)


def test_optimization_structures_on_a_finer_grid_come_back_exactly(loaded: Any, content: SceneContent) -> None:
    node = one(loaded, NodeKind.STRUCTURES, "Optimization structures")
    for index, shell in enumerate(content.optimization_structures):
        mask = segment_mask(node, node.GetSegmentation().GetNthSegmentID(index), shell.geometry)
        np.testing.assert_array_equal(mask, shell.mask)


def test_the_prior_ct_comes_back_under_its_registration(loaded: Any, content: SceneContent) -> None:
    registered = content.registrations[0]
    (prior,) = result_nodes(loaded, NodeKind.PRIOR_IMAGE, registered.course)
    (transform,) = result_nodes(loaded, NodeKind.REGISTRATION, registered.course)
    assert registered.image is not None
    assert prior.GetParentTransformNode() is transform
    np.testing.assert_allclose(
        geometry_of_node(prior).index_to_lps(), registered.image.geometry.index_to_lps(), rtol=0.0, atol=1e-4
    )
    frames = registered.transform.fixed_frame_uid, registered.transform.moving_frame_uid
    back = transform_from_node(transform, *frames)
    places = content.image.geometry.to_lps(np.random.default_rng(3).uniform(5, 25, (300, 3)))
    np.testing.assert_allclose(back.apply(places), registered.transform.apply(places), atol=1e-3)


def test_legends_marks_and_the_case_come_back(loaded: Any, demo_results: CaseResults) -> None:
    doses = result_nodes(loaded, NodeKind.DOSE)
    assert [node.GetNthDisplayNode(1).GetTitleText() for node in doses] == ["Gy", "Gy", "Gy EQD2", "Gy EQD2"]
    assert {node.GetAttribute("SlicerReirradiation.Case") for node in doses} == {demo_results.case.title}
    assert doses[0].GetDisplayNode().GetColorNode().GetNumberOfColors() == 256
    assert [node.GetAttribute("DicomRtImport.DoseVolume") for node in doses] == ["1"] * 4


def test_what_was_saved_can_still_be_removed(bundle: Path) -> None:
    with HeadlessApplication() as application:
        read_scene(application, bundle)
        scene = application.scene
        remove_results(scene)
        left = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
        assert not any(is_result(node) for node in left)
        kinds = {node.GetClassName() for node in left}
        assert not kinds & {
            "vtkMRMLScalarVolumeNode",
            "vtkMRMLSegmentationNode",
            "vtkMRMLTableNode",
            "vtkMRMLPlotSeriesNode",
        }
        assert not kinds & {"vtkMRMLTableStorageNode", "vtkMRMLVolumeArchetypeStorageNode", "vtkMRMLScalarVolumeDisplayNode"}


def test_a_structure_whose_registration_is_lost_is_marked_in_tables_and_charts(
    demo_results: CaseResults, evaluation: Evaluation
) -> None:
    from dataclasses import replace

    marked = tuple(
        replace(one, unreliable_courses=("L2",)) if one.name == "spinal_cord" else one for one in evaluation.structures
    )
    changed = replace(evaluation, structures=marked)
    charts = {chart.key: chart for chart in scene_charts(demo_results, changed)}
    assert "‡" in charts["dvh/spinal_cord"].title
    assert all("‡" in series.name for series in charts["dvh/spinal_cord"].series if "sum" in series.name)
    metrics = next(table for table in scene_tables(changed) if table.key == "metrics")
    assert {row[0] for row in metrics.rows if str(row[0]).startswith("spinal_cord")} == {"spinal_cord ‡"}
