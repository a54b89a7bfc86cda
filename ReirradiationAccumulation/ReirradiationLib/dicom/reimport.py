"""Reading back what was just written, before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..model.arrays import Float32Array
from ..model.errors import DicomError, OutputError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.interlock import Interlock
from ..model.outline import hausdorff_mm, outline
from ..model.structure import Structure
from ..model.transform import SpatialTransform
from .contour_fitting import CRUMB_PIXELS
from .reader import DicomReader, SopClass, open_dicom, read_errors
from .registration import read_registration
from .structure_writer import ExportedStructure
from .structures import read_structures

VOLUME_TOLERANCE = 0.01
"""Largest relative deviation of a volume; one voxel of the CT is allowed in any case."""

OUTLINE_TOLERANCE_MM = 0.15
"""Largest Hausdorff distance: simplifying by at most 0.1 mm, and rounding."""

DOSE_TOLERANCE = {16: 1e-5, 32: 1e-6}
"""Largest deviation of a voxel by bits, relative to the maximum."""

POINT_TOLERANCE_MM = 1e-3
"""Largest deviation of a transformed point, and of a dose voxel."""


def require_same_structures(
    path: Path, structures: Sequence[Structure], exported: Sequence[ExportedStructure], reference: Image
) -> None:
    """Refuse a structure set that does not give back the structures it was made of.

    Parameters
    ----------
    path : Path
        The RTSTRUCT written.
    structures : sequence of Structure
        What was to be written.
    exported : sequence of ExportedStructure
        What :func:`write_structures` returned for them.
    reference : Image
        The CT.

    Raises
    ------
    OutputError
        If a structure is missing, or its volume or outline differs by more than the tolerances.
    """
    read = {structure.number: structure for structure in read_structures(path).structures}
    geometry = reference.geometry
    axes, thickness = np.asarray(geometry.direction), geometry.spacing_mm[2]
    smallest_mm2 = CRUMB_PIXELS * geometry.spacing_mm[0] * geometry.spacing_mm[1]
    for structure, written in zip(structures, exported, strict=True):
        again = read.get(written.structure.number)
        if again is None or again.name != written.structure.name:
            raise _changed(path, f"ROI '{written.structure.name}'", "it is missing")
        before = outline(structure.contours_mm, axes, smallest_mm2)
        after = outline(again.contours_mm, axes)
        volumes_cc = before.volume_cc(thickness), after.volume_cc(thickness)
        allowed_cc = max(VOLUME_TOLERANCE * volumes_cc[0], geometry.voxel_volume_cc)
        if abs(volumes_cc[1] - volumes_cc[0]) > allowed_cc:
            found = f"volume {volumes_cc[1]:.3f} cc"
            raise _changed(path, f"ROI '{again.name}'", found, f"{volumes_cc[0]:.3f} cc")
        distance = hausdorff_mm(before, after)
        if distance > OUTLINE_TOLERANCE_MM:
            found = f"its outline differs by {distance:.3f} mm"
            raise _changed(path, f"ROI '{again.name}'", found, f"at most {OUTLINE_TOLERANCE_MM} mm")


def require_same_dose(path: Path, voxels_gy: Float32Array, reference: Image, geometry: Geometry | None = None) -> None:
    """Refuse a dose that does not give back the voxels it was made of, or elsewhere than on their grid.

    Parameters
    ----------
    path : Path
        The RTDOSE written.
    voxels_gy : array, shape (nk, nj, ni)
        What was to be written, Gy.
    reference : Image
        The CT.
    geometry : Geometry or None
        LPS grid of the voxels; None for the CT's own.

    Raises
    ------
    OutputError
        If it cannot be read, or a voxel differs by more than the tolerance in dose or place.
    """
    reader = open_dicom(path, SopClass.RTDOSE)
    _require_same_place(path, reader, reference.frame_uid, geometry or reference.geometry)
    scaling = reader.number("DoseGridScaling")
    try:
        pixels = reader.dataset.pixel_array
    except read_errors() as error:
        raise _changed(path, "dose grid", f"it cannot be read ({error})") from error
    tolerance = DOSE_TOLERANCE[reader.whole("BitsAllocated")] * float(voxels_gy.max())
    difference = float("inf")
    if pixels.shape == voxels_gy.shape:
        frames = zip(pixels, voxels_gy, strict=True)
        difference = max(float(np.abs(frame.astype(np.float64) * scaling - plane).max()) for frame, plane in frames)
    if not difference <= tolerance:
        raise _changed(path, "dose grid", f"it differs by {difference:.3g} Gy", f"at most {tolerance:.3g} Gy")


def _require_same_place(path: Path, reader: DicomReader, frame_uid: str, geometry: Geometry) -> None:
    """Compare three corners of every frame, by the attributes as they stand (PS3.3 C.7.6.2.1.1), with the grid's."""
    ni, nj, nk = geometry.size
    if reader.text("FrameOfReferenceUID") != frame_uid:
        raise _changed(path, "dose grid", "it is in another frame of reference", frame_uid)
    try:
        row, column = reader.numbers("ImageOrientationPatient", 6).reshape(2, 3)
        spacing_j, spacing_i = reader.numbers("PixelSpacing", 2)
        origin, offsets = reader.numbers("ImagePositionPatient", 3), reader.numbers("GridFrameOffsetVector", nk)
    except DicomError as error:
        raise _changed(path, "dose grid", f"it cannot be placed ({error})") from error
    index = np.array([(i, j, k) for k in range(nk) for i, j in ((0, 0), (ni - 1, 0), (0, nj - 1))], dtype=np.float64)
    axes = np.stack([row * spacing_i, column * spacing_j, np.cross(row, column)])
    along = np.column_stack([index[:, :2], offsets[index[:, 2].astype(int)]])
    off_mm = np.linalg.norm(origin + along @ axes - geometry.to_lps(index), axis=1).max()
    if not off_mm <= POINT_TOLERANCE_MM:
        found = f"its voxels lie up to {off_mm:.3g} mm elsewhere"
        raise _changed(path, "dose grid", found, f"the grid's within {POINT_TOLERANCE_MM} mm")


def require_same_registration(path: Path, transform: SpatialTransform, reference: Image) -> None:
    """Refuse a registration that does not move the corners and the centre of the CT as the transform does.

    Raises
    ------
    OutputError
        If it cannot be read or a point differs by more than the tolerance.
    """
    size = np.asarray(reference.geometry.size, dtype=np.float64) - 1.0
    shares = np.array([*np.ndindex(2, 2, 2), (0.5, 0.5, 0.5)], dtype=np.float64)
    points = reference.geometry.to_lps(shares * size)
    try:
        again = read_registration(path, transform.fixed_frame_uid, transform.moving_frame_uid)
    except DicomError as error:
        raise _changed(path, "registration", f"it cannot be read ({error})") from error
    same = np.allclose(again.apply(points), transform.apply(points), rtol=0.0, atol=POINT_TOLERANCE_MM, equal_nan=True)
    if not same:
        raise _changed(path, "registration", "it moves points elsewhere", f"the same within {POINT_TOLERANCE_MM} mm")


def _changed(path: Path, what: str, found: str, expected: str = "") -> OutputError:
    subject = f"{path.name}, {what}, read back"
    return OutputError(subject, found, "Nothing was written; report this.", expected, Interlock.EXPORT_CHANGED)
