"""CT images and dose distributions: voxels that never travel without geometry and frame of reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

import numpy as np

from .arrays import Float32Array
from .errors import GeometryError
from .geometry import Geometry


@dataclass(frozen=True)
class Patient:
    """Who the data belong to (DICOM Patient module)."""

    patient_id: str
    name: str
    birth_date: str
    sex: str


@dataclass(frozen=True, eq=False)
class Image:
    """A CT volume.

    Parameters
    ----------
    voxels_hu : array, shape (nk, nj, ni)
        Hounsfield units.
    geometry : Geometry
        LPS grid; k increases along the slice normal.
    frame_uid, study_uid, series_uid : str
        FrameOfReferenceUID, StudyInstanceUID and SeriesInstanceUID.
    slice_uids : tuple of str
        SOPInstanceUID of each slice, in the order of k.
    files : tuple of Path
        The file of each slice, in the order of k.
    patient : Patient
    study_date, description : str
        StudyDate (YYYYMMDD or empty) and SeriesDescription.
    """

    voxels_hu: Float32Array
    geometry: Geometry
    frame_uid: str
    study_uid: str
    series_uid: str
    slice_uids: tuple[str, ...]
    files: tuple[Path, ...]
    patient: Patient
    study_date: str
    description: str

    def __post_init__(self) -> None:
        _require_shape("CT", self.voxels_hu, self.geometry)


class DoseType(str, Enum):
    """DoseType (3004,0004) of doses that can be used."""

    PHYSICAL = "PHYSICAL"
    EFFECTIVE = "EFFECTIVE"


class DoseSummation(str, Enum):
    """DoseSummationType (3004,000A) of doses that can be used."""

    PLAN = "PLAN"
    BEAM = "BEAM"
    FRACTION = "FRACTION"


@dataclass(frozen=True)
class SourceObject:
    """A DICOM object that something was read from."""

    file: Path
    sop_instance_uid: str


@dataclass(frozen=True, eq=False)
class Dose:
    """A dose distribution on the grid it was computed on.

    Parameters
    ----------
    voxels_gy : array, shape (nk, nj, ni)
        Dose in Gy: of one object as read, or of a whole course.
    geometry : Geometry
        LPS grid.
    frame_uid : str
        FrameOfReferenceUID.
    plan_uid : str
        SOPInstanceUID of the RTPLAN it refers to.
    patient : Patient
    sources : tuple of SourceObject
        The RTDOSE, or all BEAM doses that were added.
    dose_type : DoseType
    summation : DoseSummation
    beams : frozenset of int
        Numbers of the beams that a BEAM dose is of.
    created : datetime or None
        When the object was made (InstanceCreationDate and -Time).
    planes_added : int
        Planes interpolated linearly between unevenly spaced ones.
    structure_set_uid : str
        SOPInstanceUID of the RTSTRUCT that its stored DVHs refer to, empty if none.
    system : str
        What wrote it: manufacturer, model and version; empty if not stated.
    """

    voxels_gy: Float32Array
    geometry: Geometry
    frame_uid: str
    plan_uid: str
    patient: Patient
    sources: tuple[SourceObject, ...]
    dose_type: DoseType = DoseType.PHYSICAL
    summation: DoseSummation = DoseSummation.PLAN
    beams: frozenset[int] = frozenset()
    created: datetime | None = None
    planes_added: int = 0
    structure_set_uid: str = ""
    system: str = ""

    def __post_init__(self) -> None:
        _require_shape("Dose", self.voxels_gy, self.geometry)

    @property
    def file(self) -> Path:
        """The file of the (first) RTDOSE."""
        return self.sources[0].file

    @property
    def sop_instance_uid(self) -> str:
        """SOPInstanceUID of the (first) RTDOSE."""
        return self.sources[0].sop_instance_uid

    def scaled(self, factor: float) -> Dose:
        """The same distribution, every voxel times a factor."""
        return replace(self, voxels_gy=(self.voxels_gy * np.float64(factor)).astype(np.float32))


def _require_shape(what: str, voxels: Float32Array, geometry: Geometry) -> None:
    if voxels.shape != geometry.shape:
        raise GeometryError(what, f"array of shape {voxels.shape}", "Check Rows, Columns and frames.", f"{geometry.shape}")
