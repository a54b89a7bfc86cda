"""Smoothing that only ever adds: morphological closing of a region that is given by a field."""

from __future__ import annotations

import numpy as np

from ..model.arrays import Float32Array


def closed_within(field: Float32Array, within: Float32Array, radius_mm: float, step_mm: float) -> Float32Array:
    """Close the region where a field is positive, plane by plane, with a disc; never beyond another region.

    Grey-scale closing of the field itself (Serra J, Image Analysis and Mathematical Morphology (1982)): its result is
    nowhere below the field, so no point is lost, not even between nodes, and straight boundaries stay where they are.

    Parameters
    ----------
    field : array, shape (n, nv, nu)
        Nowhere above ``within``.
    within : array, shape (n, nv, nu)
        Positive where the region may grow.
    radius_mm, step_mm : float
        Of the disc, and of the nodes.

    Returns
    -------
    array, shape (n, nv, nu)
        Between ``field`` and ``within`` everywhere.
    """
    from scipy.ndimage import grey_dilation, grey_erosion

    reach = int(radius_mm / step_mm + 1e-6)
    if reach < 1:
        return field
    v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (np.hypot(u, v) <= radius_mm / step_mm + 1e-6)[None]
    lowest = float(field.min())
    grown = grey_dilation(field, footprint=disc, mode="constant", cval=lowest)
    closed = grey_erosion(grown, footprint=disc, mode="constant", cval=float(grown.max()))
    # Rounding is none here: only maxima and minima of the same numbers are taken.
    return np.asarray(np.minimum(np.maximum(closed, field), within))
