"""How doses look in a scene: one colour table for all, the wash, and the legend."""

from __future__ import annotations

from typing import Any

from ..model.dose_colours import WASH_THRESHOLD, dose_colour
from .result_nodes import NodeKind, ResultMark, is_result, mark_result, result_nodes

COLOUR_TABLE = "Reirradiation_Dose_ColorTable"
COLOURS = 256

LEGEND_CLASS = "vtkMRMLColorLegendDisplayNode"
LEGEND_LABELS = 6
LEGEND_SIZE = (0.12, 0.4)
"""Shares of the view."""

LEGEND_FONT = 12


def show_as_wash(node: Any, maximum_gy: float) -> None:
    """Colour a dose node from 10 % of a maximum up; whatever is above has the colour of the maximum."""
    display = node.GetScalarVolumeDisplayNode()
    display.SetWindowLevelMinMax(0.0, maximum_gy)
    display.SetLowerThreshold(WASH_THRESHOLD * maximum_gy)
    display.SetUpperThreshold(max(maximum_gy, float(node.GetImageData().GetScalarRange()[1])))
    display.ApplyThresholdOn()


def dose_colour_node(scene: Any) -> Any:
    """Our colour table of doses in a scene, made when first asked for; a ``vtkMRMLColorTableNode``."""
    existing = result_nodes(scene, NodeKind.COLOURS)
    if existing:
        return existing[0]
    table = scene.AddNewNodeByClass("vtkMRMLColorTableNode", COLOUR_TABLE)
    table.SetTypeToUser()
    table.SetAttribute("Category", "Reirradiation")
    table.SetNumberOfColors(COLOURS)
    for entry in range(COLOURS):
        fraction = entry / (COLOURS - 1)
        table.SetColor(entry, f"{round(100 * fraction)} %", *dose_colour(fraction), 1.0)
    return mark_result(table, ResultMark(NodeKind.COLOURS))


def add_legend(node: Any, title: str) -> Any | None:
    """Give a dose node a colour legend, which the slice views show beside it.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
        With its colours.
    title : str
        The unit.

    Returns
    -------
    vtkMRMLColorLegendDisplayNode or None
        None where the class is not registered with the scene, as without the logic of the Colors module.
    """
    import slicer

    scene = node.GetScene()
    if not hasattr(slicer, "vtkSlicerColorLogic") or not _is_registered(scene, LEGEND_CLASS):
        return None
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    legend.SetTitleText(title)
    legend.SetLabelFormat("%.1f")
    legend.SetNumberOfLabels(LEGEND_LABELS)
    legend.SetSize(*LEGEND_SIZE)
    legend.GetTitleTextProperty().SetFontSize(LEGEND_FONT)
    legend.GetLabelTextProperty().SetFontSize(LEGEND_FONT)
    return legend


def refresh_legends(scene: Any) -> None:
    """Let the legends of our doses look again whether their volume is shown; changed views do not tell them."""
    for n in range(scene.GetNumberOfNodesByClass(LEGEND_CLASS)):
        legend = scene.GetNthNodeByClass(n, LEGEND_CLASS)
        if is_result(legend):
            legend.Modified()


def _is_registered(scene: Any, class_name: str) -> bool:
    classes = (scene.GetNthRegisteredNodeClass(n) for n in range(scene.GetNumberOfRegisteredNodeClasses()))
    return any(one.GetClassName() == class_name for one in classes)
