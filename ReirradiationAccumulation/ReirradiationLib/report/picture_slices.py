"""Masks for the outlines of slice pictures: fine, and no larger than the slice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..dosimetry.masks import structure_mask
from ..model.arrays import FloatArray
from ..model.geometry import Geometry, Vector3
from ..model.scene import Orientation, SceneStructure
from ..model.segment import AnyStructure
from ..model.structure import EndCaps
from ..registration.warped_image import cropped_grid

OUTLINE_VOXEL_MM = 0.5
"""Of the masks that outlines are drawn from, however coarse the CT is."""

_ACROSS = {Orientation.AXIAL: 2, Orientation.SAGITTAL: 0, Orientation.CORONAL: 1}


def slice_corners(orientation: Orientation, point: Vector3, half_mm: float) -> FloatArray:
    """The corners of a slice through a point, so many mm to each side, shape (4, 3), LPS mm."""
    reach = half_mm * np.array([(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)])
    return np.asarray(np.array(point) + np.insert(reach, _ACROSS[orientation], 0.0, axis=1))


def fine_grid(geometry: Geometry) -> Geometry:
    """A grid with voxels of about half a millimetre that covers the same box."""
    factors = np.maximum(1, np.round(np.asarray(geometry.spacing_mm) / OUTLINE_VOXEL_MM)).astype(int)
    i, j, k = (np.asarray(geometry.spacing_mm) / factors).tolist()
    x, y, z = geometry.to_lps((-0.5 + 0.5 / factors)[None])[0].tolist()
    ni, nj, nk = (np.asarray(geometry.size) * factors).tolist()
    return replace(geometry, origin_mm=(x, y, z), spacing_mm=(i, j, k), size=(ni, nj, nk))


def slice_structure(
    structure: AnyStructure, contoured_on: Geometry, corners: FloatArray, end_caps: EndCaps
) -> SceneStructure:
    """A structure around a slice, in its colour.

    Parameters
    ----------
    structure : Structure or Segment
    contoured_on : Geometry
        The grid of the CT.
    corners : array, shape (4, 3)
        Of the slice, LPS mm; see :func:`slice_corners`.
    end_caps : EndCaps
    """
    grid = cropped_grid(fine_grid(contoured_on), corners)
    mask = structure_mask(structure, contoured_on, grid, end_caps)
    return SceneStructure(structure.name, structure.colour, mask, grid)
