"""What all engines have in common: the rigid start, the deformation after it, and a result on the whole current CT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk

from ..model.arrays import Float32Array
from ..model.geometry import Geometry, box_corners
from ..model.image import Image
from ..model.interpolation import trilinear
from ..model.registration import RegistrationKind
from ..model.transform import DisplacementGrid, SpatialTransform
from .engine import IsCancelled, Progress, Registered, RegistrationSettings
from .prewarped import Prewarped, prewarped
from .rigid import find_rigid
from .sitk_images import even_geometry

FIELD_MM = 4.0
"""Spacing of the displacement grids that result; the fields are smooth over several times as much."""

FALL_OFF_MM = 30.0
"""Beyond the box that was registered deformably the displacement falls to zero over at least this distance."""

FALL_OFF_PER_SHIFT = 4.0
"""And over so many times the largest displacement on the rim of the box: then nothing folds there."""


@dataclass(frozen=True, eq=False)
class Deformation:
    """What a deformable step found.

    Parameters
    ----------
    vectors_mm : array, shape (nk, nj, ni, 3)
        LPS, on the grid of the :class:`~ReirradiationLib.registration.prewarped.Prewarped` pair: added to a current point
        before the rigid start is applied.
    version : str
        The program that found it.
    log : str
        How.
    """

    vectors_mm: Float32Array
    version: str
    log: str


def register_in_steps(
    fixed: Image,
    moving: Image,
    settings: RegistrationSettings,
    deform: Callable[[Prewarped], Deformation],
    progress: Progress,
    is_cancelled: IsCancelled,
) -> Registered:
    """Register rigidly unless a start is given, then deform if asked for.

    The result is defined on the whole current CT. Beyond the patient, and beyond the region if one is asked for, the
    displacement falls off to the rigid start.

    Raises
    ------
    RegistrationError
        If a step finds nothing.
    Cancelled
        If the user asked to stop.
    """
    log: tuple[str, ...] = ()
    start = settings.start
    if start is None:
        region = settings.region if settings.kind is RegistrationKind.RIGID else None
        rigid = find_rigid(fixed, moving, settings.seed, region, progress, is_cancelled)
        start, log = rigid.matrix, rigid.log
    frames = fixed.frame_uid, moving.frame_uid
    if settings.kind is RegistrationKind.RIGID:
        source = f"SimpleITK {sitk.Version.VersionString()}, rigid, from the images"
        return Registered(SpatialTransform(*frames, (start,), source), log)
    progress("preparing the deformable registration")
    pair = prewarped(fixed, moving, start, settings.region)
    found = deform(pair)
    grid = on_whole_ct(found.vectors_mm, pair.geometry, fixed.geometry)
    source = f"{found.version}, deformable, from the images"
    if settings.region is not None:
        low, high = ([round(value) for value in end] for end in (settings.region.low_mm, settings.region.high_mm))
        source += ", near the prior dose"
        log = (*log, f"deformed only within LPS {low} to {high} mm; beyond it falls off to the rigid registration")
    return Registered(SpatialTransform(*frames, (grid, start), source), (*log, found.log))


def on_whole_ct(vectors_mm: Float32Array, box: Geometry, ct: Geometry) -> DisplacementGrid:
    """A displacement field of a box on a grid over the whole CT, falling off to zero beyond the box.

    Parameters
    ----------
    vectors_mm : array, shape (nk, nj, ni, 3)
    box : Geometry
        Parallel to the CT.
    ct : Geometry
    """
    spacing_mm = box.spacing_mm[0] if box.spacing_mm[0] > 0.7 * FIELD_MM else FIELD_MM
    whole = even_geometry(ct, spacing_mm)
    index = np.indices(whole.shape)[::-1].reshape(3, -1).T.astype(np.float64)
    there = box.to_index(whole.to_lps(index))
    last = np.asarray(box.size) - 1.0
    beyond_mm = np.linalg.norm((there - np.clip(there, 0.0, last)) * np.asarray(box.spacing_mm), axis=1)
    nearest, _ = trilinear(vectors_mm, np.clip(there, 0.0, last))
    rim = _largest_on_rim(vectors_mm)
    share = np.clip(1.0 - beyond_mm / max(FALL_OFF_MM, FALL_OFF_PER_SHIFT * rim), 0.0, 1.0)
    smooth = share * share * (3.0 - 2.0 * share)
    return DisplacementGrid(whole, (nearest * smooth[:, None]).astype(np.float32).reshape((*whole.shape, 3)))


def completed(transform: SpatialTransform, ct: Geometry) -> SpatialTransform:
    """A transform that is deformed within a box only, defined on the whole CT; as it is if it reaches all of it."""
    grid, *rest = transform.steps
    if not isinstance(grid, DisplacementGrid):
        return transform
    index = grid.geometry.to_index(ct.to_lps(box_corners(np.zeros(3), np.asarray(ct.size) - 1.0)))
    if (index >= -0.5).all() and (index <= np.asarray(grid.geometry.size) - 0.5).all():
        return transform
    vectors = np.nan_to_num(grid.vectors_mm, nan=0.0)
    return replace(transform, steps=(on_whole_ct(vectors, grid.geometry, ct), *rest))


def _largest_on_rim(vectors_mm: Float32Array) -> float:
    lengths = np.linalg.norm(vectors_mm, axis=-1)
    return float(max(lengths.take(end, axis).max() for axis in range(3) for end in (0, -1)))
