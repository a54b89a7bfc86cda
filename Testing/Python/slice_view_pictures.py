"""What the slice and plot views of 3D Slicer would show of a scene, drawn offscreen without Slicer.

The slice views are drawn by the slice logic and the displayable managers of Slicer, as in its windows, from slice and
composite nodes of the scene. The plot view, which is part of the Qt application, is drawn from the chart's nodes with the
VTK charts that it uses.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from ReirradiationLib.mrml.vtk_messages import vtk_messages_to_log
from vtk.util.numpy_support import vtk_to_numpy

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3), top row first."""

VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
COLOURS = {"Red": (0.95, 0.29, 0.2), "Yellow": (0.93, 0.84, 0.3), "Green": (0.43, 0.69, 0.29)}
"""Layout name to the colour of its bar, as in Slicer."""

MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLTransformsDisplayableManager2D",
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
)
BAR_PX = 4
GAP_PX = 2


def add_view_nodes(scene: Any) -> None:
    """Give a scene the view nodes that Slicer's layout has: three slice views and a plot view."""
    import slicer

    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    for name, orientation in VIEWS.items():
        if any(one.GetLayoutName() == name for one in _nodes(scene, "vtkMRMLSliceNode")):
            continue
        slice_node = scene.CreateNodeByClass("vtkMRMLSliceNode")  # a plain one would not know the presets
        slice_node.SetName(name)
        slice_node.SetLayoutName(name)
        slice_node.SetSingletonTag(name)
        slice_node.SetLayoutLabel(name[0])
        slice_node.SetLayoutColor(*COLOURS[name])
        slice_node.SetMappedInLayout(1)
        scene.AddNode(slice_node)
        slice_node.SetOrientation(orientation)
    for name in VIEWS:
        if not any(one.GetLayoutName() == name for one in _nodes(scene, "vtkMRMLSliceCompositeNode")):
            composite = slicer.vtkMRMLSliceCompositeNode()
            composite.SetName(name)
            composite.SetLayoutName(name)
            composite.SetSingletonTag(name)
            scene.AddNode(composite)
    if not _nodes(scene, "vtkMRMLPlotViewNode"):
        plot = slicer.vtkMRMLPlotViewNode()
        plot.SetName("PlotView1")
        plot.SetLayoutName("PlotView1")
        plot.SetSingletonTag("PlotView1")
        plot.SetMappedInLayout(1)
        scene.AddNode(plot)
    if not _nodes(scene, "vtkMRMLCrosshairNode"):
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        crosshair.SetSingletonTag("default")
        scene.AddNode(crosshair)


class ViewPictures:
    """Draws the views of a scene; use it as a context manager.

    It gives the scene the view nodes that are missing. Nothing else of it is changed, but that what a slice view shows for
    the first time is fitted to the view.
    """

    def __init__(self, scene: Any) -> None:
        import slicer

        self._scene = scene
        self._views: dict[str, _SliceView] = {}
        add_view_nodes(scene)
        with vtk_messages_to_log():
            self._application = slicer.vtkMRMLApplicationLogic()
            self._application.SetMRMLScene(scene)
            self._application.SetSliceLogics(vtk.vtkCollection())
            self._application.SetViewLogics(vtk.vtkCollection())
            self._colours = slicer.vtkSlicerColorLogic()  # registers the legend, and gives volumes their grey
            self._colours.SetMRMLApplicationLogic(self._application)
            self._colours.SetMRMLScene(scene)
            self._application.SetModuleLogic("Colors", self._colours)
            self._transforms = slicer.vtkSlicerTransformLogic()
            self._transforms.SetMRMLScene(scene)
            self._application.SetModuleLogic("Transforms", self._transforms)

    def __enter__(self) -> ViewPictures:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the scene."""
        with vtk_messages_to_log():
            for view in self._views.values():
                view.close()
            self._views.clear()
            for logic in (self._transforms, self._colours, self._application):
                logic.SetMRMLScene(None)

    def slice(self, name: str, width: int, height: int) -> Pixels:
        """A slice view as it is set in the scene, by its layout name, with the bar in its colour."""
        with vtk_messages_to_log():
            if not self._views:
                self._open_views()
            picture = self._views[name].pixels(width, height - BAR_PX)
        bar = np.full((BAR_PX, width, 3), np.round(255 * np.array(COLOURS.get(name, (0.5, 0.5, 0.5)))), dtype=np.uint8)
        return np.concatenate([bar, picture])

    def _open_views(self) -> None:
        self._views = {name: _SliceView(self._scene, self._application, name) for name in VIEWS}
        for legend in _nodes(self._scene, "vtkMRMLColorLegendDisplayNode"):
            # Each manager shows only those that come after it, and shows those twice that come twice.
            self._scene.InvokeEvent(self._scene.NodeAddedEvent, legend)

    def chart(self, chart: Any | None, width: int, height: int) -> Pixels:
        """A chart; None shows that of the plot view."""
        chart = chart or next((view.GetPlotChartNode() for view in _nodes(self._scene, "vtkMRMLPlotViewNode")), None)
        with vtk_messages_to_log():
            return _chart_pixels(chart, width, height)

    def four_up(self, width: int, height: int, chart: Any | None = None) -> Pixels:
        """Axial and chart above sagittal and coronal, as in Slicer's four-up layout with a plot."""
        wide, high = (width - GAP_PX) // 2, (height - GAP_PX) // 2
        picture = np.full((height, width, 3), 40, dtype=np.uint8)
        right, below = wide + GAP_PX, high + GAP_PX
        picture[:high, :wide] = self.slice("Red", wide, high)
        picture[:high, right : right + wide] = self.chart(chart, wide, high)
        picture[below : below + high, :wide] = self.slice("Green", wide, high)
        picture[below : below + high, right : right + wide] = self.slice("Yellow", wide, high)
        return picture


def beside(panel: Pixels, views: Pixels) -> Pixels:
    """A module panel to the left of views, as high as the views; a panel that is lower gets a grey rest."""
    height = views.shape[0]
    left = np.full((height, panel.shape[1], 3), 239, dtype=np.uint8)
    left[: min(height, panel.shape[0])] = panel[:height]
    return np.concatenate([left, views], axis=1)


def pixels_of(image: Any) -> Pixels:
    """The pixels of a ``QImage``: ``pixels_of(widget.grab().toImage())``."""
    image = image.convertToFormat(type(image).Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return np.array(rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3))


class _SliceView:
    """One slice view: the blended volumes, and over them what the displayable managers draw."""

    def __init__(self, scene: Any, application: Any, name: str) -> None:
        import slicer

        self._node = next(one for one in _nodes(scene, "vtkMRMLSliceNode") if one.GetLayoutName() == name)
        composite = next(one for one in _nodes(scene, "vtkMRMLSliceCompositeNode") if one.GetLayoutName() == name)
        self._window = _window()
        self._back, self._front = vtk.vtkRenderer(), vtk.vtkRenderer()
        self._front.SetLayer(1)
        self._window.SetNumberOfLayers(2)
        self._window.AddRenderer(self._back)
        self._window.AddRenderer(self._front)
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application)
        self._logic.SetMRMLScene(scene)
        self._logic.SetSliceNode(self._node)
        self._logic.SetSliceCompositeNode(composite)
        application.GetSliceLogics().AddItem(self._logic)
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255.0)
        self._mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self._back.AddViewProp(actor)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory()  # not the application's: it outlives the scene
        self._factory.SetMRMLApplicationLogic(application)
        for manager in MANAGERS:
            self._factory.RegisterDisplayableManager(manager)
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.Initialize(self._factory, self._front)
        self._group.SetMRMLDisplayableNode(self._node)
        self._shown: str | None = None

    def close(self) -> None:
        self._group.SetMRMLDisplayableNode(None)
        self._window.Finalize()
        self._logic.SetMRMLScene(None)

    def pixels(self, width: int, height: int) -> Pixels:
        background = self._logic.GetSliceCompositeNode().GetBackgroundVolumeID()
        self._window.SetSize(width, height)
        self._logic.ResizeSliceNode(width, height)
        if background != self._shown and self._shown is None and background:
            centre = [self._node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
            self._logic.FitSliceToBackground()
            if np.any(centre):  # something has been jumped to
                self._node.JumpSliceByCentering(*centre)
            self._shown = background
        self._logic.UpdatePipeline()
        port = self._logic.GetImageDataConnection()
        if port is None:
            return np.zeros((height, width, 3), dtype=np.uint8)
        self._mapper.SetInputConnection(port)
        return _grabbed(self._window)


def _window() -> Any:
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(8)
    return window


def _grabbed(window: Any) -> Pixels:
    window.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.SetInputBufferTypeToRGB()
    grab.ReadFrontBufferOff()
    grab.Update()
    image = grab.GetOutput()
    width, height, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)
    return np.array(pixels[::-1], dtype=np.uint8)


def _chart_pixels(chart: Any | None, width: int, height: int) -> Pixels:
    """The chart as Slicer's plot view sets it up: scatter series with lines, titles, ranges, legend."""
    view = vtk.vtkContextView()
    view.SetRenderWindow(_window())
    view.GetRenderWindow().SetSize(width, height)
    view.GetRenderer().SetBackground(1.0, 1.0, 1.0)
    if chart is not None:
        view.GetScene().AddItem(_xy_chart(chart))
    pixels = _grabbed(view.GetRenderWindow())
    view.GetRenderWindow().Finalize()
    return pixels


def _xy_chart(chart: Any) -> Any:
    result = vtk.vtkChartXY()
    result.SetTitle(chart.GetTitle())
    result.SetShowLegend(chart.GetLegendVisibility())
    result.GetTitleProperties().SetFontSize(chart.GetTitleFontSize())
    result.GetLegend().SetLabelSize(chart.GetLegendFontSize())
    for number in range(chart.GetNumberOfPlotSeriesNodes()):
        series = chart.GetNthPlotSeriesNode(number)
        table = series.GetTableNode().GetTable()
        plot = result.AddPlot(vtk.vtkChart.LINE if series.GetLineStyle() != series.LineStyleNone else vtk.vtkChart.POINTS)
        plot.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
        red, green, blue = (round(255 * channel) for channel in series.GetColor())
        plot.SetColor(red, green, blue, 255)
        plot.SetWidth(series.GetLineWidth() or 1.0)
        plot.SetLabel(series.GetName())
        plot.GetPen().SetLineType(_PENS.get(series.GetLineStyle(), vtk.vtkPen.SOLID_LINE))
        plot.SetMarkerStyle(series.GetMarkerStyle())
        plot.SetMarkerSize(series.GetMarkerSize())
    axes = (
        (vtk.vtkAxis.BOTTOM, chart.GetXAxisTitle(), chart.GetXAxisRangeAuto(), chart.GetXAxisRange()),
        (vtk.vtkAxis.LEFT, chart.GetYAxisTitle(), chart.GetYAxisRangeAuto(), chart.GetYAxisRange()),
    )
    for place, title, is_auto, limits in axes:
        axis = result.GetAxis(place)
        axis.SetTitle(title)
        axis.GetTitleProperties().SetFontSize(chart.GetAxisTitleFontSize())
        axis.GetLabelProperties().SetFontSize(chart.GetAxisLabelFontSize())
        if not is_auto:
            axis.SetBehavior(vtk.vtkAxis.FIXED)
            axis.SetRange(*limits)
    return result


_PENS = {1: vtk.vtkPen.SOLID_LINE, 2: vtk.vtkPen.DASH_LINE, 3: vtk.vtkPen.DOT_LINE}
"""By the line styles of plot series nodes."""


def _nodes(scene: Any, class_name: str) -> list[Any]:
    return [scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name))]


def write_png(pixels: Pixels, path: str) -> None:
    """Store pixels as PNG."""
    from ReirradiationLib.mrml.ras import vtk_image

    writer = vtk.vtkPNGWriter()
    writer.SetFileName(path)
    writer.SetInputData(vtk_image(np.ascontiguousarray(pixels[::-1])[None]))
    writer.Write()
