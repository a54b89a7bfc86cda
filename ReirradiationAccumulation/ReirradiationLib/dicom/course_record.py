"""The files of one course, held together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..model.course import Plan
from ..model.image import Dose, Image
from ..model.points import PointDose
from ..model.registration import RegistrationChoice, RegistrationMethod
from ..model.structure import StructureSet
from .input_file import InputFile, ct_files
from .reader import instance_uid


@dataclass(frozen=True, eq=False)
class CourseRecord:
    """The files of one course, consistent with each other.

    Parameters
    ----------
    identifier, label : str
    dose : Dose
        Of the delivered fractions, RBE-weighted if the case says so.
    plan : Plan or None
    ct : Image or None
        The CT of a prior course; only its registration needs it.
    fractions : int
        Delivered.
    planned_fractions : int
    rbe : float or None
        What a physical proton dose was multiplied by.
    date : date or None
    registration : RegistrationChoice or None
        None for the new course.
    structures : StructureSet or None
        On the CT of a prior course.
    points : tuple of PointDose
        Of the organs whose mapped dose they replace.
    """

    identifier: str
    label: str
    dose: Dose
    plan: Plan | None
    ct: Image | None
    fractions: int
    planned_fractions: int
    rbe: float | None
    date: date | None
    registration: RegistrationChoice | None
    structures: StructureSet | None = None
    points: tuple[PointDose, ...] = ()

    def inputs(self) -> list[InputFile]:
        """The files of the course, each with its role."""
        name = self.identifier
        files = [InputFile(source.file, f"{name}: dose", source.sop_instance_uid) for source in self.dose.sources]
        if self.plan is not None:
            files.append(InputFile(self.plan.file, f"{name}: plan", self.plan.sop_instance_uid))
        files += ct_files(self.ct, f"{name}: CT") if self.ct else []
        if self.structures is not None:
            files.append(InputFile(self.structures.file, f"{name}: structures", self.structures.sop_instance_uid))
        choice = self.registration
        if choice is not None and choice.file is not None:
            uid = instance_uid(choice.file) if choice.method is RegistrationMethod.DICOM else ""
            files.append(InputFile(choice.file, f"{name}: registration", uid))
        if choice is not None and choice.landmarks is not None:
            files.append(InputFile(choice.landmarks, f"{name}: landmarks"))
        return files
