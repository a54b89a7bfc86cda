"""What the pixels of dose objects tell: one object is in memory at a time, and nothing that is claimed is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...model.arrays import Float32Array, FloatArray
from ...model.errors import GeometryError
from ...model.geometry import Geometry
from ...model.interpolation import trilinear
from ..dose import border_share, read_grid
from ..reader import SopClass, open_dicom
from .headers import DoseHeader

OFFSET_TOLERANCE_MM = 0.01


@dataclass(frozen=True, eq=False)
class DoseGrid:
    """The values of a dose object in its DoseUnits, shape (nk, nj, ni), and its grid."""

    values: Float32Array
    geometry: Geometry


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
        If the claimed size is absurd or does not match the bytes, the planes cannot be placed, or the pixels cannot be
        decoded or are negative.
    """
    reader = open_dicom(dose.origin.file.path, SopClass.RTDOSE)
    try:
        values, geometry, _ = read_grid(reader)
    except GeometryError as error:
        raise reader.refuse("PixelSpacing", error.found, expected=error.expected) from error
    return DoseGrid(values, geometry)


def measure(dose: DoseHeader, voxels: DoseGrid) -> DoseMeasures:
    """Maximum, and the largest value on the six faces of the grid."""
    return DoseMeasures(dose.origin.uid, float(voxels.values.max()), border_share(voxels.values))


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
        if not _same_grid(plan.geometry, voxels.geometry):
            return None
        rest -= voxels.values
    maximum = float(plan.values.max())
    return BeamSum(plan_dose.plan_uids[0], len(beams), float(np.abs(rest).max()) / maximum) if maximum > 0.0 else None


def median_at(voxels: DoseGrid, points_mm: FloatArray) -> float | None:
    """Median dose at points, shape (n, 3), LPS; None if fewer than half of them lie within the grid."""
    if not len(points_mm):
        return None
    values, inside = trilinear(voxels.values, voxels.geometry.to_index(points_mm))
    return float(np.median(values[inside])) if inside.mean() >= 0.5 else None


def _same_grid(first: Geometry, second: Geometry) -> bool:
    return first.size == second.size and np.allclose(first.index_to_lps(), second.index_to_lps(), atol=OFFSET_TOLERANCE_MM)
