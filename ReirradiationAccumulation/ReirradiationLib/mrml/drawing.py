"""Lines, areas and text in pixels: the few strokes that pictures are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import vtk

from ..model.dose_colours import Colour

BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
GREY: Colour = (0.72, 0.72, 0.72)

Point = tuple[float, float]
"""Pixels from the lower left corner of the picture."""


LETTER_WIDTH = 0.56
"""Of an average letter, as a share of the font size."""

OVERSAMPLING = 3
"""Usually everything is drawn so much larger and averaged down: smooth lines and text, whatever the driver can do."""


class Canvas:
    """An offscreen window that drawings of one size are rendered in, one after the other: making it takes longer than that.

    Use it as a context manager.

    Parameters
    ----------
    width, height : int
        Pixels of the finished pictures.
    oversampling : int
        How much larger everything is drawn before it is averaged down.
    """

    def __init__(self, width: int, height: int, oversampling: int = OVERSAMPLING) -> None:
        self.oversampling = oversampling
        self._window: Any = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(oversampling * width, oversampling * height)

    def __enter__(self) -> Canvas:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._window.Finalize()

    def encoded(self, renderer: Any, writer: Any) -> bytes:
        """Render and return what an image writer makes of it."""
        self._window.AddRenderer(renderer)
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.SetInputBufferTypeToRGB()
        grab.ReadFrontBufferOff()
        averaged = vtk.vtkImageShrink3D()
        averaged.SetInputConnection(grab.GetOutputPort())
        averaged.SetShrinkFactors(self.oversampling, self.oversampling, 1)
        averaged.MeanOn()
        writer.WriteToMemoryOn()
        writer.SetInputConnection(averaged.GetOutputPort())
        writer.Write()
        self._window.RemoveRenderer(renderer)
        return bytes(memoryview(writer.GetResult()))


class Drawing:
    """A black picture to draw on; later strokes cover earlier ones.

    All positions and sizes are in pixels of the finished picture.

    Parameters
    ----------
    canvas : Canvas
    stroke : float
        Factor on the thickness of all lines; large pictures have thick ones.
    """

    def __init__(self, canvas: Canvas, stroke: float = 1.0) -> None:
        self._canvas = canvas
        self._stroke = stroke
        self._factor = canvas.oversampling
        self._renderer: Any = vtk.vtkRenderer()
        self._renderer.SetBackground(*BLACK)
        self._layer = 0

    def add_pixels(self, rgba: Any) -> None:
        """Draw a ``vtkImageData`` with its first pixel in the lower left corner."""
        enlarged = vtk.vtkImageMagnify()
        enlarged.SetInputData(rgba)
        enlarged.SetMagnificationFactors(self._factor, self._factor, 1)
        enlarged.InterpolateOff()
        mapper = vtk.vtkImageMapper()
        mapper.SetInputConnection(enlarged.GetOutputPort())
        mapper.SetColorWindow(255.0)
        mapper.SetColorLevel(127.5)
        self._add(mapper, WHITE, 1.0)

    def add_lines(self, lines: Any, colour: Colour, thickness: float, rim: Colour = BLACK, rim_px: float = 1.0) -> None:
        """Draw a ``vtkPolyData`` with a rim, dark unless told otherwise, that keeps it visible on any ground.

        Its points count from the centre of the lower left pixel, as those of a slice plane do.
        """
        for line_colour, line_width in ((rim, thickness + 2.0 * rim_px), (colour, thickness)):
            mapper = vtk.vtkPolyDataMapper2D()
            mapper.SetInputData(_enlarged(lines, self._factor, shift=0.5))
            mapper.ScalarVisibilityOff()
            self._add(mapper, line_colour, line_width)

    def add_line(self, points: Sequence[Point], colour: Colour, thickness: float) -> None:
        """Draw a line through points."""
        self.add_lines(_polyline(points), colour, thickness)

    def add_strip(self, start: Point, end: Point, colour: Colour, thickness: float) -> None:
        """Draw a straight line without a rim."""
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputData(_enlarged(_polyline([start, end]), self._factor))
        self._add(mapper, colour, thickness)

    def add_area(self, corner: Point, opposite: Point, colour: Colour) -> None:
        """Fill an upright rectangle."""
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputData(_enlarged(_rectangle(corner, opposite), self._factor))
        self._add(mapper, colour, 1.0)

    def add_text(
        self,
        text: str,
        at: Point,
        size: int,
        colour: Colour = WHITE,
        align: str = "left",
        vertical: str = "centre",
        bold: bool = False,
        ground: float = 0.0,
    ) -> None:
        """Write a line of text.

        Parameters
        ----------
        text : str
        at : (x, y)
            Pixels.
        size : int
            Height of the font in pixels.
        colour : (red, green, blue)
        align : {"left", "centre", "right"}
        vertical : {"top", "centre", "bottom"}
        bold : bool
        ground : float
            Opacity of the black behind the text, 0 … 1.
        """
        actor = vtk.vtkTextActor()
        actor.SetInput(_literal(text))
        actor.SetDisplayPosition(round(self._factor * at[0]), round(self._factor * at[1]))
        style = actor.GetTextProperty()
        style.SetFontFamilyToArial()
        style.SetFontSize(self._factor * size)
        style.SetColor(*colour)
        style.SetBold(bold)
        style.SetBackgroundColor(*BLACK)
        style.SetBackgroundOpacity(ground)
        style.ShadowOn()
        style.SetShadowOffset(self._factor, -self._factor)
        style.SetJustification(("left", "centre", "right").index(align))
        style.SetVerticalJustification(("bottom", "centre", "top").index(vertical))
        self._show(actor)

    def png(self) -> bytes:
        """Render the drawing and return it as PNG."""
        return self._canvas.encoded(self._renderer, vtk.vtkPNGWriter())

    def jpeg(self, quality: int) -> bytes:
        """Render the drawing and return it as JPEG of a quality up to 100."""
        writer = vtk.vtkJPEGWriter()
        writer.SetQuality(quality)
        return self._canvas.encoded(self._renderer, writer)

    def _add(self, mapper: Any, colour: Colour, line_width: float) -> None:
        actor = vtk.vtkActor2D()
        actor.SetMapper(mapper)
        actor.GetProperty().SetColor(*colour)
        actor.GetProperty().SetLineWidth(self._factor * self._stroke * line_width)
        self._show(actor)

    def _show(self, actor: Any) -> None:
        actor.SetLayerNumber(self._layer)
        self._layer += 1
        self._renderer.AddViewProp(actor)


def shortened(text: str, size: int, width: float) -> str:
    """The text, cut with an ellipsis if it is wider than so many pixels."""
    letters = max(1, int(width / (LETTER_WIDTH * size)))
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _literal(text: str) -> str:
    """The text in one line and as it is: VTK would read $…$ as a formula, and drop | (shown as ¦) as the end of a cell."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable.replace("$", r"\$").replace("|", "¦")


def _enlarged(shape: Any, factor: int, shift: float = 0.0) -> Any:
    scale = vtk.vtkTransform()
    scale.Scale(factor, factor, 1.0)
    scale.Translate(shift, shift, 0.0)
    scaled = vtk.vtkTransformPolyDataFilter()
    scaled.SetTransform(scale)
    scaled.SetInputData(shape)
    scaled.Update()
    return scaled.GetOutput()


def _polyline(points: Sequence[Point]) -> Any:
    positions, cells = vtk.vtkPoints(), vtk.vtkCellArray()
    cells.InsertNextCell(len(points))
    for x, y in points:
        cells.InsertCellPoint(positions.InsertNextPoint(x, y, 0.0))
    result = vtk.vtkPolyData()
    result.SetPoints(positions)
    result.SetLines(cells)
    return result


def _rectangle(corner: Point, opposite: Point) -> Any:
    plane = vtk.vtkPlaneSource()
    plane.SetOrigin(corner[0], corner[1], 0.0)
    plane.SetPoint1(opposite[0], corner[1], 0.0)
    plane.SetPoint2(corner[0], opposite[1], 0.0)
    plane.Update()
    return plane.GetOutput()
