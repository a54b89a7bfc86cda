"""A point to look at in a structure."""

from __future__ import annotations

import numpy as np

from .geometry import Vector3
from .scene import SceneStructure


def inner_point_mm(structure: SceneStructure) -> Vector3 | None:
    """The centre of the voxel of a structure that is nearest to its centre of mass, LPS mm; None if it is empty.

    A shell need not hold its centre of mass.
    """
    indices = np.argwhere(structure.mask)[:, ::-1].astype(np.float64)
    if indices.size == 0:
        return None
    distances = (indices - indices.mean(axis=0)) * np.array(structure.geometry.spacing_mm)
    nearest = indices[np.argmin((distances**2).sum(axis=1))]
    x, y, z = structure.geometry.to_lps(nearest[np.newaxis])[0]
    return float(x), float(y), float(z)
