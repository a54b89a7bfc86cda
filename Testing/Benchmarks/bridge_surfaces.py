"""How closed surfaces lie to the masks that they were made of, and to the bodies in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk
from bridge_slicer import LPS_TO_RAS
from phantom import Shape
from ReirradiationLib.model.scene import SceneStructure

MOST_POINTS = 4000
"""Of the boundary of one mask."""


@dataclass(frozen=True)
class SurfaceErrors:
    """Of all structures: volumes against masks and true volumes in percent, distances to the masks' boundaries in mm."""

    of_mask_percent: np.ndarray
    of_truth_percent: np.ndarray
    distances_mm: np.ndarray

    def __str__(self) -> str:
        volumes = [f"{np.mean(one):+.2f} / {np.abs(one).max():.2f}" for one in (self.of_mask_percent, self.of_truth_percent)]
        far = f"{self.distances_mm.mean():.2f} / {np.quantile(self.distances_mm, 0.99):.2f} / {self.distances_mm.max():.2f}"
        return f"{volumes[0]} | {volumes[1]} | {far}"


def surface_errors(node: Any, structures: Sequence[SceneStructure], shapes: Sequence[Shape]) -> SurfaceErrors:
    of_mask, of_truth, distances = [], [], []
    for structure, shape in zip(structures, shapes, strict=True):
        surface = closed_surface(node, structure.name)
        volume_cc = surface_volume_cc(surface)
        of_mask.append(100.0 * (volume_cc / mask_volume_cc(structure) - 1.0))
        of_truth.append(100.0 * (volume_cc / shape.volume_cc - 1.0))
        distances.append(distance_mm(boundary_mm(structure), surface))
    return SurfaceErrors(np.array(of_mask), np.array(of_truth), np.concatenate(distances))


def volume_errors_percent(node: Any, structures: Sequence[SceneStructure]) -> np.ndarray:
    """Volumes of closed surfaces against those of the masks."""
    volumes = [surface_volume_cc(closed_surface(node, one.name)) / mask_volume_cc(one) for one in structures]
    return 100.0 * (np.array(volumes) - 1.0)


def closed_surface(node: Any, name: str) -> Any:
    surface = vtk.vtkPolyData()
    segment = node.GetSegmentation().GetSegmentIdBySegmentName(name)
    node.GetClosedSurfaceRepresentation(segment, surface)
    return surface


def surface_volume_cc(surface: Any) -> float:
    triangles, mass = vtk.vtkTriangleFilter(), vtk.vtkMassProperties()
    triangles.SetInputData(surface)
    mass.SetInputConnection(triangles.GetOutputPort())
    return float(mass.GetVolume()) / 1000.0


def mask_volume_cc(structure: SceneStructure) -> float:
    return float(structure.mask.sum() * np.prod(structure.geometry.spacing_mm)) / 1000.0


def boundary_mm(structure: SceneStructure) -> np.ndarray:
    """Points half way between voxels of a mask and those around it, RAS, shape (n, 3)."""
    k, j, i = np.nonzero(structure.mask)
    low, high = np.array([i.min(), j.min(), k.min()]), np.array([i.max(), j.max(), k.max()]) + 1
    part = np.pad(structure.mask[low[2] : high[2], low[1] : high[1], low[0] : high[0]], 1)
    found = []
    for axis in range(3):
        edges = np.argwhere(np.diff(part.astype(np.int8), axis=axis))[:, ::-1].astype(np.float64)
        edges[:, 2 - axis] += 0.5
        found.append(edges + low - 1.0)
    points = structure.geometry.to_lps(np.concatenate(found))
    points = points[:: max(1, len(points) // MOST_POINTS)]
    return points * np.diag(LPS_TO_RAS)[:3]


def distance_mm(points: np.ndarray, surface: Any) -> np.ndarray:
    """From each point to the nearest one of a surface."""
    locator = vtk.vtkStaticCellLocator()
    locator.SetDataSet(surface)
    locator.BuildLocator()
    nearest, cell, part, square = [0.0, 0.0, 0.0], vtk.mutable(0), vtk.mutable(0), vtk.mutable(0.0)
    squares = []
    for point in points:
        locator.FindClosestPoint(point, nearest, cell, part, square)
        squares.append(float(square))
    return np.sqrt(squares)
