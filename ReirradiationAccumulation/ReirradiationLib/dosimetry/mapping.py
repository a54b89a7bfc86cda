"""Prior dose on today's anatomy: one pull-back, one trilinear interpolation from the original dose grid.

Volume- or energy-preserving mapping is not offered: the dose at a tissue element is what that element received, and
multiplying it with the Jacobian would change a dose (Gy) that was really absorbed there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.course import Course
from ..model.geometry import Geometry
from ..model.interpolation import BLOCK, trilinear
from .grid_pull_back import pull_back

MOST_THREADS = 4
"""numpy lets go of the interpreter within its loops; beyond a few threads they wait for it between them."""


SLAB = 16
"""Slices that are mapped at a time."""


@dataclass(frozen=True, eq=False)
class MappedDose:
    """A course's physical dose on a grid of the current frame.

    Parameters
    ----------
    voxels_gy : array, shape (nk, nj, ni)
        0 where nothing is known.
    known : array of bool, same shape
        False outside the dose grid or where the registration is undefined: there the dose is *not known*, not zero.
    geometry : Geometry
    """

    voxels_gy: Float32Array
    known: BoolArray
    geometry: Geometry


def sample_dose(course: Course, points_mm: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Physical dose of a course at points of the current frame.

    Parameters
    ----------
    course : Course
    points_mm : array, shape (n, 3)
        LPS, current frame of reference.

    Returns
    -------
    dose_gy : array, shape (n,)
        0 where it is not known.
    known : array of bool, shape (n,)
    """
    dose_gy = np.empty(len(points_mm))
    known = np.empty(len(points_mm), dtype=np.bool_)
    for start in range(0, len(points_mm), BLOCK):
        block = slice(start, start + BLOCK)
        prior_points = course.transform.apply(points_mm[block])
        dose_gy[block], known[block] = trilinear(course.dose.voxels_gy, course.dose.geometry.to_index(prior_points))
    return dose_gy, known


def map_dose(course: Course, geometry: Geometry, frame_uid: str, check: Callable[[], None] = lambda: None) -> MappedDose:
    """Map a course's physical dose onto a grid of the current frame.

    The values are those of :func:`sample_dose` at the voxel centres, rounded to single precision. What goes along the axes
    of the grid is computed once per axis and not at every voxel; see :mod:`.grid_pull_back`.

    Parameters
    ----------
    course : Course
    geometry : Geometry
        LPS grid.
    frame_uid : str
        Frame of reference of the grid.
    check : callable
        Called again and again from the calling thread; may raise to cancel.

    Raises
    ------
    GeometryError
        If the course's transform does not start in ``frame_uid``.
    """
    course.transform.require_frames(frame_uid, course.dose.frame_uid)
    mapped = MappedDose(np.zeros(geometry.shape, np.float32), np.zeros(geometry.shape, np.bool_), geometry)
    fill = pull_back(course, geometry) or partial(_fill_by_points, course, geometry)
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        slabs = [
            threads.submit(fill, k, mapped.voxels_gy[k : k + SLAB], mapped.known[k : k + SLAB])
            for k in range(0, geometry.size[2], SLAB)
        ]
        try:
            for slab in slabs:
                check()
                slab.result()
        finally:
            for slab in slabs:
                slab.cancel()
    return mapped


def _fill_by_points(course: Course, geometry: Geometry, first: int, voxels_gy: Float32Array, known: BoolArray) -> None:
    for n in range(len(voxels_gy)):
        dose_gy, inside = sample_dose(course, geometry.plane_points(first + n))
        voxels_gy[n], known[n] = dose_gy.reshape(known[n].shape), inside.reshape(known[n].shape)
