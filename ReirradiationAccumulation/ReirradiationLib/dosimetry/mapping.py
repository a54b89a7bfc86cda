"""Prior dose on today's anatomy: one pull-back, one trilinear interpolation from the original dose grid.

Volume- or energy-preserving mapping is not offered: the dose at a tissue element is what that element received, and
multiplying it with the Jacobian would change a dose (Gy) that was really absorbed there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.course import Course
from ..model.geometry import Geometry
from ..model.interpolation import trilinear


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
    prior_points = course.transform.apply(points_mm)
    return trilinear(course.dose.voxels_gy, course.dose.geometry.to_index(prior_points))


def map_dose(course: Course, geometry: Geometry, frame_uid: str) -> MappedDose:
    """Map a course's physical dose onto a grid of the current frame, slice by slice to bound memory.

    Raises
    ------
    GeometryError
        If the course's transform does not start in ``frame_uid``.
    """
    course.transform.require_frames(frame_uid, course.dose.frame_uid)
    voxels = np.zeros(geometry.shape, dtype=np.float32)
    known = np.zeros(geometry.shape, dtype=np.bool_)
    for k in range(geometry.size[2]):
        dose_gy, inside = sample_dose(course, geometry.plane_points(k))
        voxels[k] = dose_gy.reshape(geometry.shape[1:])
        known[k] = inside.reshape(geometry.shape[1:])
    return MappedDose(voxels, known, geometry)
