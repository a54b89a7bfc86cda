"""Charts of results as plot series and plot chart nodes, with the tables that keep their points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ..model.scene_tables import LineStyle, PointMark, SceneChart, SceneSeries
from .result_nodes import NodeKind, ResultMark, mark_result
from .table_nodes import number_column, plain_text

LINE_WIDTH, MARK_SIZE = 2.0, 12.0
NO_LINE = 0.0
TITLE_FONT, LEGEND_FONT = 14, 10
"""Less than Slicer's own: a legend with all structures and limits would cover half of the curves."""

_LINES = {LineStyle.NONE: "None", LineStyle.SOLID: "Solid", LineStyle.DASHED: "Dash", LineStyle.DOTTED: "Dot"}
_MARKS = {
    PointMark.NONE: "None",
    PointMark.DIAMOND: "Diamond",
    PointMark.CROSS: "Cross",
    PointMark.SQUARE: "Square",
    PointMark.CIRCLE: "Circle",
    PointMark.PLUS: "Plus",
}


@dataclass(frozen=True, eq=False)
class ChartNodes:
    """The nodes of charts: the tables of points, the series, and the charts in the order given."""

    tables: tuple[Any, ...]
    series: tuple[Any, ...]
    charts: tuple[Any, ...]


def chart_nodes(scene: Any, charts: Sequence[SceneChart], case: str = "") -> ChartNodes:
    """Add charts to a scene; a series that stands in several of them becomes one node.

    Parameters
    ----------
    scene : vtkMRMLScene
    charts : sequence of SceneChart
    case : str
        Title of the case.

    Returns
    -------
    ChartNodes
        Points are kept in a table per name of a table, two columns for each series. The columns of a table must be
        equally long, so short series repeat their last point, which changes no line.
    """
    unique = {id(series): series for chart in charts for series in chart.series}
    by_table = sorted(unique.values(), key=lambda one: one.table)
    tables, nodes = [], {}
    for name, group in groupby(by_table, key=lambda one: one.table):
        members = list(group)
        table = _points_table(scene, name, members)
        tables.append(mark_result(table, ResultMark(NodeKind.TABLE, case, key=f"points/{name}")))
        for one in members:
            mark = ResultMark(NodeKind.SERIES, case, one.course, f"{name}/{one.name}")
            nodes[id(one)] = mark_result(_series_node(scene, one, table), mark)
    made = [
        mark_result(_chart_node(scene, chart, nodes), ResultMark(NodeKind.CHART, case, key=chart.key)) for chart in charts
    ]
    return ChartNodes(tuple(tables), tuple(nodes[key] for key in unique), tuple(made))


def _points_table(scene: Any, name: str, members: Sequence[SceneSeries]) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
    node.SetUseColumnTitleAsColumnHeader(True)
    length = max(len(one.x) for one in members)
    for one in members:
        for column, values in ((one.x_column, one.x), (one.y_column, one.y)):
            node.AddColumn(number_column(plain_text(column), [*values, *[values[-1]] * (length - len(values))]))
    node.SetLocked(True)
    return node


def _series_node(scene: Any, series: SceneSeries, table: Any) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", series.name)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetXColumnName(plain_text(series.x_column))
    node.SetYColumnName(plain_text(series.y_column))
    node.SetPlotType(node.PlotTypeScatter)  # points with lines; a "line" plot has no x values
    node.SetLineStyle(getattr(node, f"LineStyle{_LINES[series.line]}"))
    node.SetLineWidth(NO_LINE if series.line is LineStyle.NONE else LINE_WIDTH)
    node.SetMarkerStyle(getattr(node, f"MarkerStyle{_MARKS[series.mark]}"))
    node.SetMarkerSize(MARK_SIZE)
    node.SetColor(*(channel / 255.0 for channel in series.colour))
    return node


def _chart_node(scene: Any, chart: SceneChart, series: dict[int, Any]) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", chart.title)
    node.SetTitle(chart.title)
    node.SetXAxisTitle(chart.x_title)
    node.SetYAxisTitle(chart.y_title)
    node.SetTitleFontSize(TITLE_FONT)
    node.SetLegendFontSize(LEGEND_FONT)
    if chart.x_range is not None:
        node.SetXAxisRangeAuto(False)
        node.SetXAxisRange(*chart.x_range)
    if chart.y_range is not None:
        node.SetYAxisRangeAuto(False)
        node.SetYAxisRange(*chart.y_range)
    for one in chart.series:
        node.AddAndObservePlotSeriesNodeID(series[id(one)].GetID())
    return node
