"""CT images and dose distributions: voxels that never travel without geometry and frame of reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, eq=False)
class Dose:
    """A dose distribution on the grid it was computed on.

    Parameters
    ----------
    voxels_gy : array, shape (nk, nj, ni)
        Physical dose of the whole course in Gy.
    geometry : Geometry
        LPS grid.
    frame_uid : str
        FrameOfReferenceUID.
    sop_instance_uid, plan_uid : str
        SOPInstanceUID of the RTDOSE and of the RTPLAN it refers to.
    patient : Patient
    file : Path
    """

    voxels_gy: Float32Array
    geometry: Geometry
    frame_uid: str
    sop_instance_uid: str
    plan_uid: str
    patient: Patient
    file: Path

    def __post_init__(self) -> None:
        _require_shape("Dose", self.voxels_gy, self.geometry)


def _require_shape(what: str, voxels: Float32Array, geometry: Geometry) -> None:
    if voxels.shape != geometry.shape:
        raise GeometryError(what, f"array of shape {voxels.shape}", "Check Rows, Columns and frames.", f"{geometry.shape}")
