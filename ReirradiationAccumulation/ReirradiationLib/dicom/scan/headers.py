"""What a scan keeps of each DICOM object: its header, typed; voxels and contours are read when they are needed."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.course import Prescription, Radiation
from ...model.dates import EXPORT_SECONDS
from ...model.geometry import Vector3
from ...model.image import Patient
from ..plan import WITHOUT_DOSE
from .scan_files import FoundFile


@dataclass(frozen=True, order=True)
class Moment:
    """A day (YYYYMMDD) and a time of day (HHMMSS…), either of which may be empty."""

    day: str = ""
    time: str = ""

    def is_after(self, other: Moment) -> bool:
        """Whether it is certainly later: by day, or on the same day by more than an export takes."""
        if not self.day or not other.day:
            return False
        if self.day != other.day:
            return self.day > other.day
        mine, others = self._seconds(), other._seconds()
        return mine is not None and others is not None and mine > others + EXPORT_SECONDS

    def _seconds(self) -> int | None:
        digits = self.time[:6]
        if len(digits) < 4 or not digits.isdigit():
            return None
        return int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:] or 0)

    def __str__(self) -> str:
        day = f"{self.day[:4]}-{self.day[4:6]}-{self.day[6:8]}" if len(self.day) == 8 else self.day
        clock = ":".join(self.time[n : n + 2] for n in range(0, min(len(self.time), 6), 2))
        return f"{day} {clock}".strip()


@dataclass(frozen=True)
class Origin:
    """What every object says about itself.

    Parameters
    ----------
    file : FoundFile
    sop_class, uid, study_uid, series_uid : str
    frame_uid : str
        FrameOfReferenceUID, empty if the object states none itself.
    transfer_syntax : str
    has_identity : bool
        False if SOP Class and Instance UID stand in the file meta information only.
    patient : Patient
    system : str
        Manufacturer, ManufacturerModelName and SoftwareVersions.
    made : Moment
        InstanceCreationDate and -Time, else ContentDate.
    study_day : str
    description : str
        SeriesDescription.
    """

    file: FoundFile
    sop_class: str
    uid: str
    study_uid: str
    series_uid: str
    frame_uid: str
    transfer_syntax: str
    has_identity: bool
    patient: Patient
    system: str
    made: Moment
    study_day: str
    description: str


@dataclass(frozen=True)
class CtHeader:
    """One CT slice. What it does not state is None.

    Parameters
    ----------
    position_mm : (x, y, z) or None
        ImagePositionPatient, LPS.
    orientation : tuple of 6 floats or None
        ImageOrientationPatient.
    rows, columns : int
    spacing_mm : (row distance, column distance) or None
        PixelSpacing.
    """

    origin: Origin
    position_mm: Vector3 | None
    orientation: tuple[float, ...] | None
    rows: int
    columns: int
    spacing_mm: tuple[float, ...] | None


@dataclass(frozen=True)
class RoiHeader:
    """One region of interest; ``closed`` counts the closed planar contours, ``other`` points and open lines."""

    number: int
    name: str
    interpreted_type: str
    frame_uid: str
    closed: int
    other: int


@dataclass(frozen=True)
class StructuresHeader:
    """A structure set; its slices and series are those that the ROIs' main frame of reference refers to."""

    origin: Origin
    label: str
    made: Moment
    approval: str
    frame_uids: tuple[str, ...]
    rois: tuple[RoiHeader, ...]
    series_uids: tuple[str, ...]
    slice_uids: frozenset[str]


@dataclass(frozen=True)
class BeamHeader:
    """A beam, or application setup, within a fraction group. ``dose_gy`` is BeamDose, per fraction."""

    number: int
    name: str
    delivery: str
    dose_gy: float | None


@dataclass(frozen=True)
class FractionGroup:
    """FractionGroupSequence: planned fractions (None if not stated) and the beams of each."""

    number: int
    fractions: int | None
    beams: tuple[BeamHeader, ...]


@dataclass(frozen=True)
class PlanHeader:
    """A plan of photons, electrons, protons, ions or brachytherapy."""

    origin: Origin
    label: str
    made: Moment
    approval: str
    radiation: Radiation
    particles: str
    dose_rate: str
    structures_uid: str
    groups: tuple[FractionGroup, ...]
    prescriptions: tuple[Prescription, ...]

    @property
    def fractions(self) -> int | None:
        """Planned fractions of the only fraction group; None if there is not exactly one that states them."""
        return self.groups[0].fractions if len(self.groups) == 1 else None

    @property
    def prescription_gy(self) -> float | None:
        """The largest target prescription."""
        return max((item.dose_gy for item in self.prescriptions), default=None)

    @property
    def treatment_beams(self) -> tuple[int, ...]:
        """Numbers of the beams that treat (setup and imaging beams left out)."""
        numbers = {b.number for group in self.groups for b in group.beams if b.delivery not in WITHOUT_DOSE}
        return tuple(sorted(numbers))


@dataclass(frozen=True)
class DoseHeader:
    """A dose distribution. Size and spacing in the order i, j, k; the spacing along k is that of the first two planes."""

    origin: Origin
    units: str
    kind: str
    summation: str
    plan_uids: tuple[str, ...]
    structures_uid: str
    beams: tuple[int, ...]
    size: tuple[int, int, int]
    spacing_mm: Vector3
    dvh_rois: tuple[int, ...]


@dataclass(frozen=True)
class RegistrationHeader:
    """A rigid or deformable spatial registration and the frames of reference it connects, the registered one first."""

    origin: Origin
    is_deformable: bool
    frame_uids: tuple[str, ...]


@dataclass(frozen=True)
class TreatmentHeader:
    """A treatment record: which fractions of which plan were delivered."""

    origin: Origin
    plan_uids: tuple[str, ...]
    fractions: frozenset[int]
    delivered: int | None
    day: str


Header = CtHeader | StructuresHeader | PlanHeader | DoseHeader | RegistrationHeader | TreatmentHeader
