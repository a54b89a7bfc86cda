"""Tables and charts of a scene: what stands in them is decided above, how they become nodes in ``mrml``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from .errors import OutputError

SceneCell: TypeAlias = str | float | int | bool | None
"""A number in a column of numbers, or a text; None where there is none."""


@dataclass(frozen=True)
class SceneColumn:
    """A column of a table.

    Parameters
    ----------
    name : str
        Unique in its table; ends in the unit in brackets where all cells have the same one.
    is_number : bool
        Whether the cells are numbers; None becomes "not a number".
    """

    name: str
    is_number: bool = False


@dataclass(frozen=True)
class SceneTable:
    """A table of results.

    Parameters
    ----------
    key : str
        What it holds, the same in every case: ``scorecard``.
    name : str
        As the user sees it.
    columns : tuple of SceneColumn
    rows : tuple of tuples of SceneCell
        As many cells as there are columns.
    description : str

    Raises
    ------
    OutputError
        If a row has another number of cells, or two columns have one name; a mistake of ours.
    """

    key: str
    name: str
    columns: tuple[SceneColumn, ...]
    rows: tuple[tuple[SceneCell, ...], ...]
    description: str = ""

    def __post_init__(self) -> None:
        names = {column.name for column in self.columns}
        if len(names) != len(self.columns) or any(len(row) != len(self.columns) for row in self.rows):
            found = f"{len(names)} names for {len(self.columns)} columns, or a row of another length"
            raise OutputError(f"Table '{self.name}'", found, "Report this.", "one name and one cell per column")


class LineStyle(str, Enum):
    """How the line of a series is drawn."""

    NONE = "none"
    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


class PointMark(str, Enum):
    """How the points of a series are drawn."""

    NONE = "none"
    DIAMOND = "diamond"
    CROSS = "cross"
    SQUARE = "square"
    CIRCLE = "circle"
    PLUS = "plus"


@dataclass(frozen=True)
class SceneSeries:
    """A curve, or marks, of a chart.

    Parameters
    ----------
    name : str
        As the legend says.
    table : str
        Name of the table that keeps the points; several series may share one.
    x_column, y_column : str
        Of that table, with their units; no other series of it has columns of these names.
    x, y : tuple of float
        Points in their order.
    colour : (red, green, blue)
        0 … 255.
    line : LineStyle
    mark : PointMark
    course : str
        Identifier of the course that it is of, empty for sums and limits.

    Raises
    ------
    OutputError
        If there is no point, or x and y differ in length; a mistake of ours.
    """

    name: str
    table: str
    x_column: str
    y_column: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    colour: tuple[int, int, int]
    line: LineStyle = LineStyle.SOLID
    mark: PointMark = PointMark.NONE
    course: str = ""

    def __post_init__(self) -> None:
        if not self.x or len(self.x) != len(self.y):
            raise OutputError(f"Series '{self.name}'", f"{len(self.x)} × {len(self.y)} values", "Report this.", "points")


@dataclass(frozen=True)
class SceneChart:
    """A chart of several series; one that stands in two charts is one object.

    Parameters
    ----------
    key : str
        What it shows, the same in every case: ``dvh``, or ``dvh/spinal_cord``.
    title, x_title, y_title : str
        Axes with their units.
    series : tuple of SceneSeries
    x_range, y_range : (lowest, highest) or None
        Of the axes; None fits them to the series.
    """

    key: str
    title: str
    x_title: str
    y_title: str
    series: tuple[SceneSeries, ...]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
