"""Where the planes of an RTDOSE lie (PS3.3 C.8.8.3.2)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..model.arrays import Float32Array, FloatArray
from ..model.interlock import Interlock
from .reader import DicomReader

OFFSET_TOLERANCE_MM = 0.01
"""Largest deviation of a dose plane from its place on an even grid."""

LARGEST_REFINEMENT = 4
"""Uneven planes are filled up if this many times as many planes, at most, make them even."""


def plane_positions(reader: DicomReader, origin: FloatArray, normal: FloatArray) -> FloatArray:
    """Signed distance of each frame from the first along the normal, mm, shape (frames,); first is 0.

    Parameters
    ----------
    reader : DicomReader
    origin, normal : arrays, shape (3,)
        ImagePositionPatient and the cross product of the row and column directions, LPS.

    Raises
    ------
    DicomError
        If the offsets are missing, of the wrong number, neither relative nor absolute, could be either with different
        results, or do not go in one direction.
    """
    frames = reader.whole("NumberOfFrames") if reader.has("NumberOfFrames") else 1
    if frames == 1 and not reader.has("GridFrameOffsetVector"):
        return np.zeros(1)
    offsets = reader.numbers("GridFrameOffsetVector")
    if len(offsets) != frames:
        raise _refuse(reader, f"has {len(offsets)} values for {frames} frames", f"{frames} values")
    # Absolute offsets are z coordinates and defined for axial planes only.
    axial = abs(abs(normal[2]) - 1.0) < OFFSET_TOLERANCE_MM
    relative = abs(offsets[0]) <= OFFSET_TOLERANCE_MM
    absolute = axial and abs(offsets[0] - origin[2]) <= OFFSET_TOLERANCE_MM
    if relative and absolute and normal[2] < 0 and frames > 1:
        found = "starts with 0 at z = 0 in a grid that looks feet first: relative and absolute offsets mean opposite sides"
        raise _refuse(reader, found, "offsets that can be read in one way")
    if not relative and not absolute:
        raise _refuse(reader, f"starts with {offsets[0]:g}", f"0 or {origin[2]:g} (z)")
    positions = (offsets - offsets[0]) * (1.0 if relative else np.sign(normal[2]))
    steps = np.diff(positions)
    if frames > 1 and not ((steps > OFFSET_TOLERANCE_MM).all() or (steps < -OFFSET_TOLERANCE_MM).all()):
        raise _refuse(reader, "does not go in one direction", "steps of one sign")
    return np.asarray(positions)


def even_planes(reader: DicomReader, voxels: Float32Array, positions: FloatArray) -> tuple[Float32Array, float, int]:
    """Voxels on even planes.

    Between unevenly spaced planes further ones are added by linear interpolation where all steps have a common
    measure: trilinear interpolation then gives the same dose everywhere as on the original planes.

    Parameters
    ----------
    reader : DicomReader
        For messages.
    voxels : array, shape (nk, nj, ni)
    positions : array, shape (nk,)
        From :func:`plane_positions`, nk ≥ 2.

    Returns
    -------
    voxels : array, shape (nk + added, nj, ni)
    step : float
        Signed, along the normal, mm.
    added : int

    Raises
    ------
    DicomError
        If the steps have no common measure.
    """
    places, step = _common_measure(reader, positions)
    count = int(places[-1]) + 1
    if count == len(positions):
        return voxels, step, 0
    filled = np.empty((count, *voxels.shape[1:]), dtype=np.float32)
    for n, (start, end) in enumerate(pairwise(places)):
        for k in range(int(start), int(end) + 1):
            share = (k - start) / (end - start)
            filled[k] = (1.0 - share) * voxels[n].astype(np.float64) + share * voxels[n + 1]
    return filled, step, count - len(positions)


def _common_measure(reader: DicomReader, positions: FloatArray) -> tuple[FloatArray, float]:
    """Whole-number place of each plane on an even grid, and the signed step of that grid."""
    steps = np.abs(np.diff(positions))
    smallest = float(steps.min())
    for measure in (float(np.median(steps)), *(smallest / parts for parts in range(1, LARGEST_REFINEMENT + 1))):
        places = np.rint(np.abs(positions) / measure)
        # A grid that is even over all planes, not only from one to the next: its step is the mean one.
        step = float(positions[-1] / places[-1])
        off_mm = float(np.abs(positions - places * step).max())
        if off_mm <= OFFSET_TOLERANCE_MM and places[-1] < LARGEST_REFINEMENT * len(positions):
            return places, step
    raise _refuse(reader, "is unevenly spaced without a common measure", f"multiples of {smallest:.3f} mm")


def _refuse(reader: DicomReader, found: str, expected: str) -> Exception:
    return reader.refuse("GridFrameOffsetVector", found, "", expected, Interlock.DOSE_OFFSETS)
