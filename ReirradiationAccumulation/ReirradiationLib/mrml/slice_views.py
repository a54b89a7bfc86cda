"""What the views of the open application show, set through the nodes of its scene alone.

Every function says how many views it has set; 0 means that the scene has no such views, and nothing was done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..model.geometry import Vector3
from .dose_display import refresh_legends, show_as_wash
from .isodose_nodes import isodose_nodes
from .result_nodes import NodeKind, is_result, remove_results, result_nodes
from .scene_content import SLICE_VIEWS, WASH_OPACITY


def composite_nodes(scene: Any, views: Collection[str] = SLICE_VIEWS) -> list[Any]:
    """The slice composite nodes of views, by their layout names."""
    return [node for node in _nodes(scene, "vtkMRMLSliceCompositeNode") if node.GetLayoutName() in views]


def slice_nodes(scene: Any, views: Collection[str] = SLICE_VIEWS) -> list[Any]:
    """The slice nodes of views, by their layout names."""
    return [node for node in _nodes(scene, "vtkMRMLSliceNode") if node.GetLayoutName() in views]


def show_dose_wash(
    scene: Any,
    image: Any,
    dose: Any | None,
    opacity: float = WASH_OPACITY,
    views: Collection[str] = SLICE_VIEWS,
    maximum_gy: float | None = None,
) -> int:
    """Show a CT with a dose over it.

    Parameters
    ----------
    scene : vtkMRMLScene
    image : vtkMRMLScalarVolumeNode
        Of the CT.
    dose : vtkMRMLScalarVolumeNode or None
        None shows the CT alone.
    opacity : float
        Of the dose.
    views : collection of str
        Layout names.
    maximum_gy : float, optional
        Upper end of the colours, for a dose of ours; as it was without.

    Returns
    -------
    int
        How many views show it.
    """
    composites = composite_nodes(scene, views)
    if composites and dose is not None and maximum_gy is not None and is_result(dose):
        show_as_wash(dose, maximum_gy)
    for node in composites:
        node.SetBackgroundVolumeID(image.GetID())
        node.SetForegroundVolumeID(dose.GetID() if dose is not None else None)
        node.SetForegroundOpacity(opacity if dose is not None else 0.0)
    refresh_legends(scene)
    return len(composites)


def jump_to(scene: Any, point_mm: Vector3, views: Collection[str] = SLICE_VIEWS) -> int:
    """Let all slices go through a point and centre it; the crosshair, if there is one, is put there too.

    Parameters
    ----------
    scene : vtkMRMLScene
    point_mm : (x, y, z)
        LPS.
    views : collection of str
        Layout names.

    Returns
    -------
    int
        How many slices go through it.
    """
    ras = (-point_mm[0], -point_mm[1], point_mm[2])
    nodes = slice_nodes(scene, views)
    for node in nodes:
        node.JumpSliceByCentering(*ras)
    for crosshair in _nodes(scene, "vtkMRMLCrosshairNode") if nodes else ():
        crosshair.SetCrosshairRAS(*ras)
    return len(nodes)


def show_isodoses(scene: Any, dose: Any, levels_gy: Sequence[float], maximum_gy: float) -> tuple[Any, ...]:
    """Show isodose lines in the place of those that are shown.

    Parameters
    ----------
    scene : vtkMRMLScene
    dose : vtkMRMLScalarVolumeNode
        One of ours.
    levels_gy : sequence of float
        In the dose's quantity.
    maximum_gy : float
        Upper end of the colours.

    Returns
    -------
    tuple of vtkMRMLModelNode
        One for each level that is reached, from low to high; see :func:`.isodose_nodes.isodose_nodes`.
    """
    former = result_nodes(scene, NodeKind.ISODOSE)
    made = isodose_nodes(scene, dose, levels_gy, maximum_gy)
    remove_results(scene, former)
    return made


def hide_isodoses(scene: Any) -> int:
    """Take all isodose lines out of the scene; how many there were."""
    found = result_nodes(scene, NodeKind.ISODOSE)
    remove_results(scene, found)
    return len(found)


def show_segments(segmentation: Any, names: Collection[str] | None) -> tuple[str, ...]:
    """Show segments by their names and hide the others; None shows all.

    Returns
    -------
    tuple of str
        Names of the segments that are shown.
    """
    display = segmentation.GetDisplayNode()
    shown = []
    for n in range(segmentation.GetSegmentation().GetNumberOfSegments()):
        segment_id = segmentation.GetSegmentation().GetNthSegmentID(n)
        name = segmentation.GetSegmentation().GetSegment(segment_id).GetName()
        is_shown = names is None or name in names
        display.SetSegmentVisibility(segment_id, is_shown)
        shown += [name] if is_shown else []
    display.SetVisibility(bool(shown))
    return tuple(shown)


def show_chart(scene: Any, chart: Any) -> int:
    """Show a chart in the plot views, and choose it as the active one of the application."""
    for selection in _nodes(scene, "vtkMRMLSelectionNode"):
        selection.SetActivePlotChartID(chart.GetID())
    views = _nodes(scene, "vtkMRMLPlotViewNode")
    for view in views:
        view.SetPlotChartNodeID(chart.GetID())
    return len(views)


def _nodes(scene: Any, class_name: str) -> list[Any]:
    return [scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name))]
