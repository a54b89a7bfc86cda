"""The current CT and a prior one as volumes to be compared; what is not known never looks like agreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..model.arrays import BoolArray, Float32Array
from ..model.dose_colours import Colour
from ..model.errors import GeometryError
from ..model.geometry import Geometry, Vector3
from ..model.image import Image
from ..model.registration_picture import WarpedCt
from .comparison import HATCH_PX, SQUARE_MM
from .palette import HATCH_DARK, HATCH_LIGHT
from .volume_nodes import CT_LEVEL_HU, CT_WINDOW_HU, volume_node

UNKNOWN_HU = -32768.0
"""Stands in a node for "not known"; below the threshold of its display, so nothing is drawn there."""

SAME_VOXEL = 1e-3
"""Distance of voxel centres, in voxels, that are the same."""

COLOURS = 256


def current_part(image: Image, warped: WarpedCt) -> Float32Array:
    """The voxels of the current CT on the grid of the warped prior one, a part of its own; shape (nk, nj, ni).

    Raises
    ------
    GeometryError
        If the grid is no part of the current CT's.
    """
    first = image.geometry.to_index(np.array([warped.geometry.origin_mm]))[0]
    i, j, k = np.round(first).astype(int).tolist()
    ni, nj, nk = warped.geometry.size
    steps = np.asarray(image.geometry.direction) * image.geometry.spacing_mm
    is_same = np.abs(first - (i, j, k)).max() < SAME_VOXEL and np.allclose(
        steps, np.asarray(warped.geometry.direction) * warped.geometry.spacing_mm, atol=SAME_VOXEL
    )
    part = image.voxels_hu[max(k, 0) : k + nk, max(j, 0) : j + nj, max(i, 0) : i + ni]
    if not is_same or part.shape != warped.geometry.shape:
        raise GeometryError("Warped prior CT", f"a grid of {warped.geometry.size} voxels", "Warp it onto the current CT.")
    return part


def checkerboard(current_hu: Float32Array, prior_hu: Float32Array, geometry: Geometry, point_mm: Vector3) -> Float32Array:
    """Cubes of 16 mm of both CTs in turn; in any plane along the grid they are squares.

    Parameters
    ----------
    current_hu, prior_hu : array, shape (nk, nj, ni)
        HU; NaN where the prior CT is not known, which its cubes show hatched.
    geometry : Geometry
        LPS grid of both.
    point_mm : (x, y, z)
        LPS point where eight cubes meet.
    """
    from_prior = prior_cubes(geometry, point_mm)
    board = np.where(from_prior, prior_hu, current_hu).astype(np.float32, copy=False)
    k, j, i = np.nonzero(from_prior & ~np.isfinite(prior_hu))
    is_light = (i - j + k) % HATCH_PX < 0.35 * HATCH_PX
    board[k, j, i] = np.where(is_light, _hu(HATCH_LIGHT), _hu(HATCH_DARK))
    return board


def prior_cubes(geometry: Geometry, point_mm: Vector3) -> BoolArray:
    """Which voxels of a checkerboard show the prior CT, shape (nk, nj, ni)."""
    at = geometry.to_index(np.array([point_mm]))[0]
    i, j, k = (
        np.floor((np.arange(size) - centre) * spacing / SQUARE_MM).astype(int) % 2 == 1
        for size, centre, spacing in zip(geometry.size, at, geometry.spacing_mm, strict=True)
    )
    return np.asarray(~(k[:, None, None] ^ j[:, None] ^ i))


def compared_node(
    scene: Any, name: str, voxels: Float32Array, geometry: Geometry, colours: Sequence[Colour], limits: tuple[float, float]
) -> Any:
    """Add a volume to a scene, in colours of its own and transparent where it is NaN.

    Parameters
    ----------
    scene : vtkMRMLScene
    name : str
    voxels : array, shape (nk, nj, ni)
    geometry : Geometry
        LPS grid.
    colours : sequence of Colour
        At even steps between the limits; empty for grey.
    limits : (lowest, highest)
        Values of the first and the last colour.

    Returns
    -------
    vtkMRMLScalarVolumeNode
    """
    known = np.isfinite(voxels)
    node = volume_node(scene, name, np.where(known, voxels, np.float32(UNKNOWN_HU)), geometry)
    _colour(node, colours, limits)
    display = node.GetDisplayNode()
    if not known.all():
        lowest, highest = (float(voxels[known].min()), float(voxels[known].max())) if known.any() else (0.0, 0.0)
        display.SetLowerThreshold(lowest - 1.0)  # UNKNOWN_HU is far below, so interpolation leaves no rim
        display.SetUpperThreshold(highest + 1.0)
        display.ApplyThresholdOn()
    return node


def tinted_node(scene: Any, name: str, image: Any, colours: Sequence[Colour], limits: tuple[float, float]) -> Any:
    """Add a volume to a scene that shares the voxels of another one, in colours of its own."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.CopyOrientation(image)
    node.SetAndObserveImageData(image.GetImageData())
    display = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    display.AutoWindowLevelOff()
    node.SetAndObserveDisplayNodeID(display.GetID())
    _colour(node, colours, limits)
    return node


def soft_tissue_limits() -> tuple[float, float]:
    """The ends of the window that the CT is shown in, HU."""
    return (CT_LEVEL_HU - CT_WINDOW_HU / 2.0, CT_LEVEL_HU + CT_WINDOW_HU / 2.0)


def _colour(node: Any, colours: Sequence[Colour], limits: tuple[float, float]) -> None:
    scene, name = node.GetScene(), f"{node.GetName()}, colours"
    table = "vtkMRMLColorTableNodeGrey" if not colours else _colour_table(scene, name, colours).GetID()
    node.GetDisplayNode().SetAndObserveColorNodeID(table)
    node.GetDisplayNode().SetWindowLevelMinMax(*limits)


def _colour_table(scene: Any, name: str, colours: Sequence[Colour]) -> Any:
    table = scene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
    table.SetTypeToUser()
    table.SetHideFromEditors(True)
    table.SetNumberOfColors(COLOURS)
    at = np.linspace(0.0, 1.0, len(colours))
    for entry in range(COLOURS):
        fraction = entry / (COLOURS - 1)
        channels = [float(np.interp(fraction, at, channel)) for channel in zip(*colours, strict=True)]
        table.SetColor(entry, f"{round(100 * fraction)} %", *channels, 1.0)
    return table


def _hu(grey: Colour) -> float:
    """The HU that the soft tissue window shows about as bright as a grey."""
    return CT_LEVEL_HU + CT_WINDOW_HU * (sum(grey) / 3.0 - 0.5)
