"""The prior CT as the registration puts it onto the current anatomy: what the eye compares with the current CT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.interpolation import BLOCK, trilinear
from ..model.transform import SpatialTransform


def warped_image(moving: Image, transform: SpatialTransform, geometry: Geometry) -> Float32Array:
    """Pull a prior CT back onto a grid of the current frame: trilinear, once, nothing extrapolated.

    Parameters
    ----------
    moving : Image
        The prior CT.
    transform : SpatialTransform
        Current to prior points.
    geometry : Geometry
        LPS grid in the current frame; see :func:`cropped_grid` for the part of one.

    Returns
    -------
    array, shape (nk, nj, ni)
        HU; NaN where the transform is undefined or the point lies outside the prior CT's voxel centres.

    Raises
    ------
    GeometryError
        If the transform does not lead to the frame of reference of the prior CT.
    """
    transform.require_frames(transform.fixed_frame_uid, moving.frame_uid)
    return _pulled_back(moving.voxels_hu, moving.geometry, transform, geometry)


def warped_mask(mask: BoolArray, moving: Geometry, transform: SpatialTransform, geometry: Geometry) -> BoolArray:
    """Pull a mask on a prior grid back onto a grid of the current frame, shape (nk, nj, ni).

    A voxel is in if the mask, interpolated trilinearly, is at least one half; where it is not known, it is out.
    """
    values = _pulled_back(mask.view(np.uint8), moving, transform, geometry)
    return np.asarray(np.nan_to_num(values) >= 0.5)


def cropped_grid(geometry: Geometry, points_mm: FloatArray) -> Geometry:
    """The part of a grid that covers points, with a voxel to spare: the same voxel centres, fewer of them.

    Parameters
    ----------
    geometry : Geometry
    points_mm : array, shape (n, 3)
        LPS; the corners of a picture, for instance. Those beside the grid count as on its rim.

    Returns
    -------
    Geometry
    """
    index = geometry.to_index(points_mm)
    last = np.asarray(geometry.size) - 1
    first = np.clip(np.floor(index.min(axis=0)) - 1, 0, last).astype(int)
    end = np.clip(np.ceil(index.max(axis=0)) + 1, 0, last).astype(int)
    x, y, z = geometry.to_lps(first[None].astype(np.float64))[0].tolist()
    ni, nj, nk = (end - first + 1).tolist()
    return replace(geometry, origin_mm=(x, y, z), size=(ni, nj, nk))


def _pulled_back(voxels: NDArray[Any], moving: Geometry, transform: SpatialTransform, geometry: Geometry) -> Float32Array:
    voxels = np.ascontiguousarray(voxels)
    to_lps, to_index = geometry.index_to_lps(), moving.lps_to_index()
    ni, nj, nk = geometry.size
    result = np.empty(nk * nj * ni, dtype=np.float32)
    for start in range(0, result.size, BLOCK):
        flat = np.arange(start, min(start + BLOCK, result.size))
        index = np.stack([flat % ni, flat // ni % nj, flat // (ni * nj)]).astype(np.float64)
        there = transform.apply(_moved(to_lps, index).T)
        values, inside = trilinear(voxels, _moved(to_index, there.T).T)
        values[~inside] = np.nan
        result[flat] = values
    return result.reshape(geometry.shape)


def _moved(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Points with the axes first, shape (3, n), by a homogeneous matrix."""
    return np.asarray(matrix[:3, :3] @ points + matrix[:3, 3:])
