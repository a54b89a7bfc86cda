"""An independent check of any registration: whether blocks of the current CT are where the transform says they are.

The transform is not asked how it came about. Blocks in and around an organ are compared with the warped prior CT, moved
by up to 12 mm along every axis; the best fit should be at no shift at all. Where the registration is off by a vector, the
blocks there fit best when moved by about that vector.
"""

from __future__ import annotations

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.image import Image
from ..model.registration_quality import ResidualShift
from ..model.transform import SpatialTransform
from .block_matching import match_blocks
from .field_of_view import within
from .patches import STEP_MM, patches
from .spreading import spread

MOST_BLOCKS = 16
TRIED_PER_BLOCK = 3
CANDIDATES_PER_BLOCK = 32
HALF_BLOCK = 6
"""Samples to either side of the middle: 24 mm cubes."""
REACH = 6
"""Samples that a block is moved to either side: 12 mm, so that a shift of 10 mm is still a summit."""
REACH_MM = REACH * STEP_MM
AROUND_MM = 8.0
"""How far outside the organ the middle of a block may lie: its own boundary is what shows where it is."""

LEAST_GRADIENT_HU_PER_MM = 3.0
"""Root mean square gradient that a block needs in its weakest direction."""
OVER_NOISE = 2.0
"""And how many times that of noise alone."""
AIR_HU = -950.0
MOST_AIR = 0.5
LEAST_KNOWN = 0.9


def residual_shift(
    current: Image,
    prior: Image,
    transform: SpatialTransform,
    points_mm: FloatArray,
    noise_hu_per_mm: float,
    most_blocks: int = MOST_BLOCKS,
) -> ResidualShift | None:
    """Measure the residual shift in a region.

    Parameters
    ----------
    current, prior : Image
    transform : SpatialTransform
        Current to prior.
    points_mm : array, shape (n, 3)
        Points that fill the region, LPS, current frame.
    noise_hu_per_mm : float
        Gradient that noise alone makes in a block of the current CT, from :func:`~.image_noise.noise_gradient`.
    most_blocks : int
        That are compared.

    Returns
    -------
    ResidualShift or None
        None if no block has structure to check by.
    """
    around_mm = _in_and_around(points_mm, CANDIDATES_PER_BLOCK * most_blocks)
    # First what the prior CT shows: of an organ that it cuts, the rest is still checked by as many blocks.
    around_mm = around_mm[within(prior.geometry, transform.apply(around_mm))]
    tried_mm = around_mm[spread(around_mm, TRIED_PER_BLOCK * most_blocks)]
    if not len(tried_mm):
        return None
    fixed = patches(current, None, tried_mm, HALF_BLOCK)
    counts = _has_structure(fixed, max(LEAST_GRADIENT_HU_PER_MM, OVER_NOISE * noise_hu_per_mm))
    if not counts.any():
        return None
    fixed, centres_mm = fixed[counts], tried_mm[counts]
    chosen = spread(centres_mm, most_blocks)
    fixed, centres_mm = fixed[chosen], centres_mm[chosen]
    moving = patches(prior, transform, centres_mm, HALF_BLOCK + REACH)
    matches = match_blocks(fixed, moving)
    # Where the prior CT ends the field of view tells; flat air or padding, though, is a counterpart that does not fit.
    core = moving[:, REACH:-REACH, REACH:-REACH, REACH:-REACH].reshape(len(moving), -1)
    is_known = np.mean(np.isfinite(core), axis=1) >= LEAST_KNOWN
    if not is_known.any():
        return None
    lengths_mm = np.where(matches.is_found, np.linalg.norm(matches.shifts_mm, axis=1), REACH_MM)[is_known]
    return ResidualShift(
        blocks=len(lengths_mm),
        lost_percent=100.0 * float(np.mean(~matches.is_found[is_known])),
        median_mm=float(np.median(lengths_mm)),
        p95_mm=float(np.percentile(lengths_mm, 95.0)),
        correlation=float(np.median(np.maximum(matches.unmoved[is_known], 0.0))),
        peak_correlation=float(np.median(np.maximum(matches.peaks[is_known], 0.0))),
    )


def weakest_gradients(blocks: FloatArray) -> FloatArray:
    """Root mean square gradient of blocks (b, s, s, s) in the direction where it is least, HU/mm, shape (b,).

    The smallest eigenvalue of the structure tensor: along a vessel or a smooth surface it is near 0, and there a block can
    slide without being noticed.
    """
    along = [np.asarray(np.gradient(blocks, STEP_MM, axis=axis)) for axis in (1, 2, 3)]
    gradients = np.stack(along, axis=-1).reshape(len(blocks), -1, 3)
    known = np.isfinite(gradients).all(axis=2)
    gradients = np.where(known[..., None], gradients, 0.0)
    tensors = np.swapaxes(gradients, 1, 2) @ gradients / np.maximum(known.sum(axis=1), 1)[:, None, None]
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(tensors)[:, 0], 0.0)))


def _has_structure(blocks: FloatArray, least_gradient: float) -> BoolArray:
    samples = blocks.reshape(len(blocks), -1)
    is_known = np.mean(np.isfinite(samples), axis=1) >= LEAST_KNOWN
    is_body = np.mean(samples < AIR_HU, axis=1) <= MOST_AIR
    return np.asarray(is_known & is_body & (weakest_gradients(blocks) >= least_gradient))


def _in_and_around(points_mm: FloatArray, candidates: int) -> FloatArray:
    """Points of the region, and the same moved by 8 mm to either side along every axis."""
    thinned = points_mm[:: max(1, len(points_mm) // candidates)]
    moves = AROUND_MM * np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    return np.asarray((thinned[:, None, :] + moves).reshape(-1, 3))
