"""Few points that stand for many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import FloatArray


def spread(points_mm: FloatArray, number: int) -> NDArray[np.intp]:
    """Indices of at most ``number`` of the points (n, 3), as far apart as can be: farthest-point selection.

    Begins with the one nearest to the centroid; the same result every time.

    References
    ----------
    Gonzalez TF, Theor Comput Sci 38:293 (1985).
    """
    if not len(points_mm):
        return np.empty(0, dtype=np.intp)
    distance = np.linalg.norm(points_mm - points_mm.mean(axis=0), axis=1)
    chosen = [int(np.argmin(distance))]
    distance = np.linalg.norm(points_mm - points_mm[chosen[0]], axis=1)
    while len(chosen) < min(number, len(points_mm)):
        farthest = int(np.argmax(distance))
        chosen.append(farthest)
        np.minimum(distance, np.linalg.norm(points_mm - points_mm[farthest], axis=1), out=distance)
    return np.asarray(chosen, dtype=np.intp)
