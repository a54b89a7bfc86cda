"""A course of radiotherapy as the files, or a paper record, tell it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from .errors import CaseError
from .image import Dose, Patient
from .points import PointDose
from .transform import SpatialTransform


class Radiation(str, Enum):
    """What a plan treats with, as far as it matters for EQD2 by the number of fractions."""

    EXTERNAL = "photons or electrons"
    PROTONS = "protons"
    IONS = "ions or neutrons"
    HIGH_DOSE_RATE = "high-dose-rate brachytherapy"
    BRACHYTHERAPY = "brachytherapy of low, pulsed or unknown dose rate"


@dataclass(frozen=True)
class Prescription:
    """One target of a plan (DoseReferenceSequence): its ROINumber or None, its description, and its dose in Gy."""

    roi_number: int | None
    description: str
    dose_gy: float


@dataclass(frozen=True)
class Plan:
    """What the library needs of an RTPLAN or RTIONPLAN.

    Parameters
    ----------
    label : str
        RTPlanLabel.
    fractions : int
        NumberOfFractionsPlanned (300A,0078) of the only fraction group.
    prescriptions : tuple of Prescription
        Every target with a TargetPrescriptionDose.
    radiation : Radiation
    beams : frozenset of int
        Numbers of the treatment beams of the fraction group.
    date : date or None
        RTPlanDate.
    changed : datetime or None
        RTPlanDate and RTPlanTime.
    frame_uid, sop_instance_uid, structure_set_uid : str
        Of the plan, and of the RTSTRUCT that it refers to (empty if none).
    patient : Patient
    approval : str
        ApprovalStatus, empty if absent.
    file : Path
    is_ion_plan : bool
        Whether it is an RTIONPLAN.
    site, system : str
        TreatmentSites (300A,000B), and the planning system by manufacturer, model and version; empty if not stated.
    """

    label: str
    fractions: int
    prescriptions: tuple[Prescription, ...]
    radiation: Radiation
    beams: frozenset[int]
    date: datetime.date | None
    changed: datetime.datetime | None
    frame_uid: str
    sop_instance_uid: str
    structure_set_uid: str
    patient: Patient
    approval: str
    file: Path
    is_ion_plan: bool = False
    site: str = ""
    system: str = ""

    @property
    def prescription_gy(self) -> float | None:
        """The largest prescribed target dose; None if the plan states none."""
        return max((prescription.dose_gy for prescription in self.prescriptions), default=None)


@dataclass(frozen=True)
class Course:
    """A course whose dose can be mapped to the current anatomy.

    Parameters
    ----------
    identifier, label : str
        Short key and readable name.
    dose : Dose
        Physical dose of the whole course, in its own frame of reference.
    fractions : int
        Number of equal fractions in which the dose was (or will be) given.
    plan : Plan or None
    date : date or None
        When it was planned.
    transform : SpatialTransform
        Current frame to this course's frame.
    planned_fractions : int or None
        Where they differ from ``fractions``; the dose is scaled to the delivered ones already.
    rbe : float or None
        What a physical proton dose was multiplied by already.
    points : tuple of PointDose
        Of the organs whose mapped dose they replace, because the registration cannot be relied on there.
    """

    identifier: str
    label: str
    dose: Dose
    fractions: int
    plan: Plan | None
    date: datetime.date | None
    transform: SpatialTransform
    planned_fractions: int | None = None
    rbe: float | None = None
    points: tuple[PointDose, ...] = ()

    def point(self, structure: str) -> PointDose | None:
        """What replaces the mapped dose in a structure; None if nothing does."""
        return next((point for point in self.points if point.structure == structure), None)

    def day_of(self, structure: str) -> datetime.date | None:
        """When the structure was irradiated."""
        point = self.point(structure)
        return (point.date if point else None) or self.date

    def __post_init__(self) -> None:
        if self.fractions <= 0:
            raise CaseError(
                f"Course '{self.label}'", f"{self.fractions} fractions", "Correct the number of fractions.", "at least 1"
            )
        if self.transform.moving_frame_uid != self.dose.frame_uid:
            self.transform.require_frames(self.transform.fixed_frame_uid, self.dose.frame_uid)


@dataclass(frozen=True)
class PointCourse:
    """A course that is known only by one dose per organ.

    Parameters
    ----------
    identifier, label : str
    points : tuple of PointDose
    date : date or None
        Of the points that state none themselves.
    """

    identifier: str
    label: str
    points: tuple[PointDose, ...]
    date: datetime.date | None

    def point(self, structure: str) -> PointDose | None:
        """What is known about a structure."""
        return next((point for point in self.points if point.structure == structure), None)

    def day_of(self, structure: str) -> datetime.date | None:
        """When the structure was irradiated."""
        point = self.point(structure)
        return (point.date if point else None) or self.date


AnyCourse: TypeAlias = Course | PointCourse
