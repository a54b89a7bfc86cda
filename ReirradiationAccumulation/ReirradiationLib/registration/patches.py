"""Small cubes of a CT, sampled around points, directly or through a transform."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.image import Image
from ..model.interpolation import trilinear
from ..model.transform import SpatialTransform

STEP_MM = 2.0
LOWEST_HU, HIGHEST_HU = -1000.0, 500.0
"""Metal and dense bone must not outweigh everything else."""


def values_at(image: Image, points_mm: FloatArray) -> FloatArray:
    """Clipped HU at points (n, 3) of the image's frame, shape (n,); NaN outside."""
    values, inside = trilinear(image.voxels_hu, image.geometry.to_index(points_mm))
    np.clip(values, LOWEST_HU, HIGHEST_HU, out=values)
    values[~inside] = np.nan
    return values


def patches(image: Image, transform: SpatialTransform | None, centres_mm: FloatArray, half: int) -> FloatArray:
    """Cubes of ``2·half + 1`` samples along the patient axes, 2 mm apart, lightly smoothed.

    Parameters
    ----------
    image : Image
    transform : SpatialTransform or None
        From the frame of the centres to that of the image; None if they are the same.
    centres_mm : array, shape (b, 3)
    half : int

    Returns
    -------
    array, shape (b, s, s, s)
        HU as ``[z, y, x]``; NaN where the image, the transform or a neighbour needed for smoothing is not known.
    """
    steps = STEP_MM * np.arange(-half - 1, half + 2)
    z, y, x = np.meshgrid(steps, steps, steps, indexing="ij")
    offsets = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    points_mm = (centres_mm[:, None, :] + offsets).reshape(-1, 3)
    if transform is not None:
        points_mm = transform.apply(points_mm)
    return _smoothed(values_at(image, points_mm).reshape(len(centres_mm), *(3 * [len(steps)])))


def _smoothed(cubes: FloatArray) -> FloatArray:
    """Binomial filter (1, 2, 1)/4 along each axis, without the rim; NaN spreads to its neighbours."""
    for axis in (1, 2, 3):
        cubes = np.moveaxis(cubes, axis, 0)
        cubes = np.moveaxis(0.25 * (cubes[:-2] + cubes[2:]) + 0.5 * cubes[1:-1], 0, axis)
    return cubes
