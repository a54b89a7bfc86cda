"""The deformation of a registration as a grid in the slice views."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

from ..model.geometry import Geometry, Vector3
from ..model.registration_view import RegistrationView
from ..model.scene import Orientation
from ..model.transform import DisplacementGrid
from .deformed_grid import Displacement, deformed_lines, within
from .line_dashes import polylines
from .ras import FLIP, as_vector, vtk_matrix
from .slice_plane import VIEWS
from .slice_views import slice_nodes
from .transform_nodes import vtk_grid

GRID_COLOUR = (1.0, 1.0, 0.82)
LINE_PX = 1
SPACING_MM = 15.0
"""Of the lines: a view shows the whole CT."""

PIXEL_MM = 1.0
SAMPLING_MM = 6.0
FEWEST_SAMPLES = 8
VIEW_ORIENTATIONS = {"Axial": Orientation.AXIAL, "Sagittal": Orientation.SAGITTAL, "Coronal": Orientation.CORONAL}


def warped_grid_nodes(scene: Any, view: RegistrationView, point_mm: Vector3) -> list[Any]:
    """Add a grid of 15 mm after the deformation to a scene, the rigid part removed.

    Where the deformation is known on all of the current CT it is a transform node that Slicer's own display of transforms
    draws as a grid, in whatever slice is shown. Else that would show an undeformed grid where nothing is known, so it is
    lines in the three planes through the point, which end where the deformation does.

    Parameters
    ----------
    scene : vtkMRMLScene
    view : RegistrationView
        With displacements.
    point_mm : (x, y, z)
        LPS.

    Returns
    -------
    list of nodes
        A vtkMRMLGridTransformNode, or a vtkMRMLModelNode for each slice view.
    """
    assert view.displacement_mm is not None
    sampled = _sampled(view.displacement_mm, view.image.geometry)
    if np.isfinite(sampled.vectors_mm).all():
        return [_transform(scene, view, sampled)]
    on_the_ct = within(view.image.geometry, view.displacement_mm)
    return [_lines(scene, view, on_the_ct, node, point_mm) for node in slice_nodes(scene)]


def _sampled(displacement_mm: Displacement, on: Geometry) -> DisplacementGrid:
    """The displacement on a coarse grid of the CT's box, for display."""
    extent = (np.asarray(on.size) - 1.0) * on.spacing_mm
    counts = np.maximum(np.ceil(extent / SAMPLING_MM).astype(int) + 1, FEWEST_SAMPLES)
    spacing = np.maximum(extent, 1.0) / (counts - 1)
    ni, nj, nk = counts.tolist()
    grid = Geometry(on.origin_mm, as_vector(spacing), on.direction, (ni, nj, nk))
    vectors = np.concatenate([displacement_mm(grid.plane_points(k)) for k in range(nk)])
    return DisplacementGrid(grid, vectors.reshape(*grid.shape, 3).astype(np.float32))


def _transform(scene: Any, view: RegistrationView, sampled: DisplacementGrid) -> Any:
    """A transform that nothing stands under. Points are moved *to* its parent, which is what Slicer draws."""
    node = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", f"{view.label}, deformation without its rigid part")
    node.SetAndObserveTransformToParent(vtk_grid(sampled))
    node.SetDescription("For display only: nothing is mapped by it.")
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetVisualizationMode(display.VIS_MODE_GRID)
    display.SetGridSpacingMm(SPACING_MM)
    display.SetGridScalePercent(100.0)
    display.SetGridShowNonWarped(False)
    display.SetVisibility(True)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetColor(*GRID_COLOUR)
    display.SetSliceIntersectionThickness(LINE_PX)
    return node


def _lines(scene: Any, view: RegistrationView, displacement_mm: Displacement, slice_node: Any, point_mm: Vector3) -> Any:
    """The lines in the plane of a slice view through a point, seen in that view alone."""
    orientation = VIEW_ORIENTATIONS.get(slice_node.GetOrientation(), Orientation.AXIAL)
    plane = _plane(view.image.geometry, orientation, point_mm)
    lines = polylines(deformed_lines(displacement_mm, plane, point_mm, SPACING_MM))
    to_ras = vtk.vtkTransform()
    to_ras.SetMatrix(vtk_matrix(FLIP @ plane.index_to_lps()))
    placed = vtk.vtkTransformPolyDataFilter()
    placed.SetTransform(to_ras)
    placed.SetInputData(lines)
    placed.Update()
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", f"{view.label}, warped grid, {orientation.value}")
    node.SetAndObservePolyData(placed.GetOutput())
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetColor(*GRID_COLOUR)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetSliceIntersectionThickness(LINE_PX)
    display.SetSliceDisplayModeToProjection()  # lines in a plane have no intersection with it
    display.SetViewNodeIDs([slice_node.GetID()])
    return node


def _plane(geometry: Geometry, orientation: Orientation, point_mm: Vector3) -> Geometry:
    """A plane through a point that covers the CT, in pixels of a millimetre."""
    looked = VIEWS[orientation]
    right, up = np.array(looked.right), np.array(looked.up)
    ends = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (np.asarray(geometry.size) - 1.0)
    corners = geometry.to_lps(ends)
    across, along = corners @ right, corners @ up
    normal = np.cross(right, up)
    origin = right * across.min() + up * along.min() + normal * float(np.dot(point_mm, normal))
    width, height = (int(np.ceil(np.ptp(values) / PIXEL_MM)) + 1 for values in (across, along))
    axes = np.stack([right, up, normal], axis=1)
    rows = tuple(as_vector(row) for row in axes)
    return Geometry(as_vector(origin), (PIXEL_MM, PIXEL_MM, 1.0), (rows[0], rows[1], rows[2]), (width, height, 1))
