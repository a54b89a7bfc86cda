"""A course of radiotherapy as the files tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .errors import CaseError
from .image import Dose
from .transform import SpatialTransform


@dataclass(frozen=True)
class Plan:
    """What the library needs of an RTPLAN.

    Parameters
    ----------
    label : str
        RTPlanLabel.
    fractions : int
        NumberOfFractionsPlanned (300A,0078) of the only fraction group.
    prescription_gy : float or None
        The largest TargetPrescriptionDose; None if the plan states none.
    date : date or None
        RTPlanDate.
    frame_uid, sop_instance_uid, patient_id : str
    approval : str
        ApprovalStatus, empty if absent.
    file : Path
    """

    label: str
    fractions: int
    prescription_gy: float | None
    date: date | None
    frame_uid: str
    sop_instance_uid: str
    patient_id: str
    approval: str
    file: Path


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
    """

    identifier: str
    label: str
    dose: Dose
    fractions: int
    plan: Plan | None
    date: date | None
    transform: SpatialTransform

    def __post_init__(self) -> None:
        if self.fractions <= 0:
            raise CaseError(
                f"Course '{self.label}'", f"{self.fractions} fractions", "Correct the number of fractions.", "at least 1"
            )
        if self.transform.moving_frame_uid != self.dose.frame_uid:
            self.transform.require_frames(self.transform.fixed_frame_uid, self.dose.frame_uid)
