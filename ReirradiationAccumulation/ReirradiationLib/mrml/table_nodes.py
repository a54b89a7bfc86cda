"""Tables of results as table nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ..model.scene_tables import SceneCell, SceneTable

QUOTE = "\u2033"
"""Stands for a quotation mark: Slicer's table files lose the text around one."""


def table_node(scene: Any, table: SceneTable) -> Any:
    """Add a table to a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    table : SceneTable

    Returns
    -------
    vtkMRMLTableNode
        Columns of numbers are arrays of double with NaN where there is no number; all others are texts.
    """
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", table.name)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetDescription(table.description)
    for n, column in enumerate(table.columns):
        cells = [row[n] for row in table.rows]
        name = plain_text(column.name)
        node.AddColumn(number_column(name, cells) if column.is_number else _text_column(name, cells))
    node.SetLocked(True)
    return node


def number_column(name: str, cells: Sequence[SceneCell]) -> Any:
    """A column of numbers; a ``vtkDoubleArray``."""
    values = np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)
    column = numpy_to_vtk(values, deep=True)
    column.SetName(name)
    return column


def plain_text(text: str) -> str:
    """A text in one line, as table files keep it."""
    return " ".join(text.replace('"', QUOTE).split())


def _text_column(name: str, cells: Sequence[SceneCell]) -> Any:
    column = vtk.vtkStringArray()
    column.SetName(name)
    for cell in cells:
        column.InsertNextValue(plain_text(_text(cell)))
    return column


def _text(cell: SceneCell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
