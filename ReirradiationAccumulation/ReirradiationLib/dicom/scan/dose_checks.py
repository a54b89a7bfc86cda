"""What the pixels of dose objects tell: one object is in memory at a time, and nothing that is claimed is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...model.arrays import Float32Array, FloatArray
from ...model.errors import DicomError, GeometryError
from ...model.geometry import Geometry
from ...model.interlock import Interlock
from ...model.interpolation import trilinear
from ..planes import grid, row_and_column_directions
from ..reader import READ_ERRORS, DicomReader, open_any
from .headers import DoseHeader

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MOST_VOXELS = 150_000_000
"""More than any dose grid of a patient (a cube of 0.5 m at 1 mm)."""

NATIVE = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
OFFSET_TOLERANCE_MM = 0.01


@dataclass(frozen=True, eq=False)
class DoseGrid:
    """The values of a dose object in its DoseUnits, shape (nk, nj, ni), and its grid if that is even."""

    values: Float32Array
    geometry: Geometry | None


@dataclass(frozen=True)
class DoseMeasures:
    """What is kept of a dose when its voxels are let go: maximum in DoseUnits, and the border's as a share of it."""

    uid: str
    maximum: float
    border_share: float


@dataclass(frozen=True)
class BeamSum:
    """The sum of the BEAM doses held against the PLAN dose: largest deviation as a share of the plan's maximum."""

    plan_uid: str
    beams: int
    deviation: float


def read_dose_grid(dose: DoseHeader) -> DoseGrid:
    """Decode the pixels of one dose object.

    Raises
    ------
    DicomError
        If the claimed size is absurd or does not match the bytes, or the pixels cannot be decoded or are negative.
    """
    ni, nj, nk = dose.size
    if min(dose.size) < 1 or ni * nj * nk > MOST_VOXELS:
        found, interlock = f"{ni} × {nj} × {nk} voxels", Interlock.FILE_TOO_LARGE
        raise DicomError(str(dose.origin.file.path), found, interlock.advice, interlock=interlock)
    reader = open_any(dose.origin.file.path, pixels=True)
    try:
        return DoseGrid(_values(reader, dose), _geometry(reader, dose))
    except (*READ_ERRORS, OSError) as error:
        raise reader.refuse("PixelData", f"cannot be decoded ({error})", interlock=Interlock.DOSE_VALUES) from error


def _values(reader: DicomReader, dose: DoseHeader) -> Float32Array:
    ni, nj, nk = dose.size
    claimed = ni * nj * nk * reader.whole("BitsAllocated") // 8
    held = len(reader.dataset.get("PixelData", b""))
    if dose.origin.transfer_syntax in NATIVE and held < claimed:
        raise reader.refuse("PixelData", f"has {held} bytes", expected=f"{claimed} bytes", interlock=Interlock.DOSE_VALUES)
    if not reader.transfer_syntax():
        _state_native(reader.dataset)
    scaling, pixels = reader.number("DoseGridScaling"), reader.dataset.pixel_array
    if pixels.size != ni * nj * nk or scaling <= 0.0 or pixels.min() < 0:
        found = f"shape {pixels.shape}, scaling {scaling:g}, minimum {pixels.min()}"
        raise reader.refuse("PixelData", found, interlock=Interlock.DOSE_VALUES)
    values = np.empty((nk, nj, ni), dtype=np.float32)
    np.multiply(pixels.reshape(nk, nj, ni), scaling, out=values, dtype=np.float64, casting="unsafe")
    return values


def _state_native(dataset: Dataset) -> None:
    """A file without meta information is little endian and uncompressed (PS3.5 10.1); pydicom wants it said."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian

    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def measure(dose: DoseHeader, voxels: DoseGrid) -> DoseMeasures:
    """Maximum, and the largest value on the six faces of the grid."""
    values = voxels.values
    maximum = float(values.max())
    faces = [values.take(end, axis=axis).max() for axis in range(3) for end in (0, -1) if values.shape[axis] > 1]
    border = float(max(faces, default=0.0))
    return DoseMeasures(dose.origin.uid, maximum, border / maximum if maximum > 0.0 else 0.0)


def compare_beams(plan_dose: DoseHeader, beams: Sequence[DoseHeader]) -> BeamSum | None:
    """Sum the BEAM doses, one at a time; None if they do not lie on the plan dose's grid.

    Raises
    ------
    DicomError
        If a dose cannot be read.
    """
    plan = read_dose_grid(plan_dose)
    rest = plan.values.astype(np.float64)
    for beam in beams:
        voxels = read_dose_grid(beam)
        if plan.geometry is None or not _same_grid(plan.geometry, voxels.geometry):
            return None
        rest -= voxels.values
    maximum = float(plan.values.max())
    return BeamSum(plan_dose.plan_uids[0], len(beams), float(np.abs(rest).max()) / maximum) if maximum > 0.0 else None


def median_at(voxels: DoseGrid, points_mm: FloatArray) -> float | None:
    """Median dose at points, shape (n, 3), LPS; None if the grid is uneven or fewer than half of them lie within it."""
    if voxels.geometry is None or not len(points_mm):
        return None
    values, inside = trilinear(voxels.values, voxels.geometry.to_index(points_mm))
    return float(np.median(values[inside])) if inside.mean() >= 0.5 else None


def _same_grid(first: Geometry, second: Geometry | None) -> bool:
    return (
        second is not None
        and first.size == second.size
        and np.allclose(first.index_to_lps(), second.index_to_lps(), atol=OFFSET_TOLERANCE_MM)
    )


def _geometry(reader: DicomReader, dose: DoseHeader) -> Geometry | None:
    """The grid, or None if planes are uneven or only one, or the axes are not orthogonal (PS3.3 C.8.8.3.2)."""
    ni, nj, nk = dose.size
    try:
        row, column = row_and_column_directions(reader)
        origin = reader.numbers("ImagePositionPatient", 3)
        offsets = reader.numbers("GridFrameOffsetVector", nk)
        normal = np.cross(row, column)
        if abs(offsets[0]) > OFFSET_TOLERANCE_MM:
            offsets = (offsets - offsets[0]) * np.sign(normal[2])  # absolute z coordinates of axial planes
        step = float(offsets[-1]) / (nk - 1) if nk > 1 else 0.0
        if abs(step) <= OFFSET_TOLERANCE_MM or np.abs(offsets - step * np.arange(nk)).max() > OFFSET_TOLERANCE_MM:
            return None
        spacing = np.array([*dose.spacing_mm[:2], abs(step)])
        return grid(row, column, normal * np.sign(step), origin=origin, spacing=spacing, size=np.array([ni, nj, nk]))
    except (DicomError, GeometryError):
        return None
