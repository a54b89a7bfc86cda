"""How far the nodes of an organ lie from the targets, in three dimensions: what structures are cropped by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..dosimetry.plane_field import PixelGrid, plane_fields
from ..dosimetry.plane_stack import ContourPlane
from ..model.arrays import Float32Array, FloatArray
from .organ_raster import OrganRaster

FURTHER_MM = 2.0
"""So far beyond the margin distances are exact; beyond that they are only known to be larger."""


def target_distance_mm(raster: OrganRaster, targets: Sequence[ContourPlane], margin_mm: float) -> Float32Array:
    """Distance of an organ's nodes to the nearest target, negative inside one.

    A target is the union of the slabs of its contour planes. The distance to a slab with the in-plane signed distance
    ``s`` (positive inside) and the gap ``g`` along the slice normal is ``sqrt(max(−s, 0)² + g²)``, and ``−s`` in the slab.

    Parameters
    ----------
    raster : OrganRaster
    targets : sequence of ContourPlane
        Of all targets.
    margin_mm : float
        Distances up to here are exact.

    Returns
    -------
    array, shape (n, nv, nu)
        Larger than the margin where the target is further away; infinite where none is near.
    """
    reach = margin_mm + FURTHER_MM
    nu, nv = raster.size
    distance = np.full((len(raster.planes), nv, nu), np.inf, dtype=np.float32)
    rim = int(np.ceil(reach / raster.step_mm)) + 1
    # Contours beyond the grid count as on its border: the rim keeps that border further away than what is asked for.
    grid = PixelGrid(np.full(2, -rim * raster.step_mm), np.full(2, raster.step_mm), (nu + 2 * rim, nv + 2 * rim))
    for n, plane in enumerate(raster.planes):
        window = (raster.firsts_mm[n], raster.firsts_mm[n] + raster.step_mm * np.array(raster.size))
        near = [(t, gap) for t in targets if (gap := _gap_mm(plane, t)) < reach and _is_beside(t, window, reach)]
        if not near:
            continue
        shifted = [[polygon - raster.firsts_mm[n] for polygon in target.polygons] for target, _ in near]
        depths = plane_fields(shifted, grid).distance_mm[:, rim:-rim, rim:-rim]
        for depth, (_, gap) in zip(depths, near, strict=True):
            outside = np.hypot(np.minimum(depth, np.float32(0.0)), np.float32(gap)) if gap > 0.0 else -depth
            np.minimum(distance[n], outside, out=distance[n])
    return distance


def _gap_mm(plane: ContourPlane, target: ContourPlane) -> float:
    """Distance of a plane along the slice normal to the slab of a target's plane; 0 within it."""
    below = target.position_mm - target.below_mm - plane.position_mm
    above = plane.position_mm - target.position_mm - target.above_mm
    return max(below, above, 0.0)


def _is_beside(target: ContourPlane, window: tuple[FloatArray, FloatArray], reach_mm: float) -> bool:
    """Whether the box around a target's contours comes within a distance of a window (low, high)."""
    vertices = np.concatenate(list(target.polygons))
    apart = np.maximum(vertices.min(axis=0) - window[1], window[0] - vertices.max(axis=0))
    return bool(apart.max() < reach_mm)
