"""The part of a mask that is occupied: most structures fill little of their grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import BoolArray


@dataclass(frozen=True, eq=False)
class CroppedMask:
    """The occupied box of a mask.

    Parameters
    ----------
    mask : array, shape (nk, nj, ni)
        A view of the part of the whole.
    first : (i, j, k)
        Index of its first voxel in the whole.
    """

    mask: BoolArray
    first: tuple[int, int, int]


def cropped(mask: BoolArray) -> CroppedMask:
    """Crop a mask, shape (nk, nj, ni), to its occupied voxels; to its first voxel if there are none."""
    k = _occupied(np.asarray(mask.any(axis=(1, 2))))
    part = mask[k[0] : k[1]]
    j = _occupied(np.asarray(part.any(axis=(0, 2))))
    part = part[:, j[0] : j[1]]
    i = _occupied(np.asarray(part.any(axis=(0, 1))))
    return CroppedMask(part[:, :, i[0] : i[1]], (i[0], j[0], k[0]))


def _occupied(line: BoolArray) -> tuple[int, int]:
    found = np.flatnonzero(line)
    return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 1)
