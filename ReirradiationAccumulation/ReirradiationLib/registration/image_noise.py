"""How much of the structure in a CT is noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..model.arrays import FloatArray
from ..model.geometry import Geometry
from ..model.image import Image
from .patches import STEP_MM, patches

SOFT_TISSUE_HU = (-150.0, 150.0)
LONGEST_SIDE = 160
"""Voxels per axis of the part of the CT that the noise is read from."""
MAD_OF_NORMAL = 0.6745
SEED = 20240617
HALF_PATCH = 8
PATCHES = 8


def noise_hu(image: Image) -> float:
    """Standard deviation of the voxels in soft tissue, from second differences along each axis; the largest of the three.

    The median absolute deviation does not mind edges. Noise that is smooth over several voxels is underestimated.
    0 if the middle of the CT shows no soft tissue.
    """
    part = image.voxels_hu[tuple(_middle(count) for count in image.voxels_hu.shape)].astype(np.float64)
    found = [0.0]
    for axis in range(3):
        line = np.moveaxis(part, axis, 0)
        middle = line[1:-1]
        soft = (middle > SOFT_TISSUE_HU[0]) & (middle < SOFT_TISSUE_HU[1])
        if soft.any():
            differences = np.abs(line[:-2] - 2 * middle + line[2:])[soft]
            found.append(float(np.median(differences)) / MAD_OF_NORMAL / np.sqrt(6.0))
    return max(found)


def noise_gradient(image: Image) -> float:
    """Root mean square gradient, HU/mm along one direction, that the noise of the image makes in a sampled patch.

    White noise on the grid of the image is sampled the same way as the image itself.
    """
    spacing = np.asarray(image.geometry.spacing_mm)
    reach_mm = (HALF_PATCH + 3) * STEP_MM
    size = np.ceil(2 * reach_mm / spacing).astype(int) + 3
    low = -0.5 * (size - 1) * spacing
    grid = Geometry(
        (float(low[0]), float(low[1]), float(low[2])),
        image.geometry.spacing_mm,
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        (int(size[0]), int(size[1]), int(size[2])),
    )
    generator = np.random.default_rng(SEED)
    white = generator.normal(0.0, noise_hu(image), grid.shape).astype(np.float32)
    centres_mm = generator.uniform(-1.0, 1.0, (PATCHES, 3))
    cubes = patches(replace(image, voxels_hu=white, geometry=grid), None, centres_mm, HALF_PATCH)
    return _gradient(cubes)


def _gradient(cubes: FloatArray) -> float:
    gradients = np.gradient(cubes, STEP_MM, axis=(1, 2, 3))
    return float(np.sqrt(np.mean([np.mean(gradient**2) for gradient in gradients])))


def _middle(count: int) -> slice:
    start = max(0, (count - LONGEST_SIDE) // 2)
    return slice(start, start + LONGEST_SIDE)
