"""From a scan to a draft of the case file: everything that the files tell, and placeholders for what they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ...model.case import (
    Case,
    CurrentAnatomy,
    NewCourse,
    PriorCourse,
    RegistrationChoice,
    RegistrationMethod,
    StructureChoice,
)
from ...model.case_file import DEFAULT_METRICS
from ...model.dates import dicom_date
from ...model.errors import CaseError
from ...model.metric import Metric
from .course_groups import CourseGroup
from .ct_series import CtSeries
from .headers import DoseHeader, PlanHeader, RegistrationHeader
from .scan import Scan

CHOOSE = "CHOOSE A TISSUE"
"""Stands for the tissue of a structure; a case that still holds it is refused."""

BEAM = "BEAM"


@dataclass(frozen=True)
class Draft:
    """A case to be completed, and what the user must know about how it was made."""

    case: Case
    remarks: tuple[str, ...]


def draft_case(scan: Scan, file: Path, current: int | None, tissues: Sequence[str]) -> Draft:
    """Make a case of a scan.

    The latest course of the patient is the new one unless another is named; every plan of the earlier courses becomes a
    prior course with its PLAN dose, or else all its BEAM doses.

    Parameters
    ----------
    scan : Scan
    file : Path
        Where the case file will be.
    current : int or None
        Number of the new course in the listing, from 1.
    tissues : sequence of str
        Names of the protocol's tissues; a structure of the same name takes it, the others :data:`CHOOSE`.

    Raises
    ------
    CaseError
        If there is no such course, or it has no CT or no structure set.
    """
    groups = [course.group for course in scan.courses]
    new = _new_group(groups, current)
    structures = next((one for one in reversed(new.structures) if new.planning_ct(one) is not None), None)
    ct = new.planning_ct(structures) if structures else None
    if structures is None or ct is None:
        raise CaseError("Draft", "the new course has no CT with a structure set", "Name another course by --new-course.")
    remarks: list[str] = []
    prior: list[PriorCourse] = []
    for number, group in enumerate(groups, start=1):
        if group is new:
            continue
        if group.patient.patient_id != new.patient.patient_id:
            remarks.append(f"course {number} is of another PatientID ('{group.patient.patient_id}'): left out")
            continue
        found = list(_prior_courses(number, group, ct, scan, remarks))
        prior += found
        if not found:
            remarks.append(f"course {number} has no dose that can be used: left out")
    names = [roi.name for roi in structures.rois if roi.closed]
    case = Case(
        file=file,
        title=f"{new.patient.name or new.patient.patient_id}: reirradiation",
        current=CurrentAnatomy(_folder(ct, remarks), structures.origin.file.path, _series(ct, scan)),
        prior_courses=tuple(prior),
        new_course=_new_course(new, remarks),
        structures=tuple(StructureChoice(name, _tissue(name, tissues), None, "") for name in dict.fromkeys(names)),
        metrics=tuple(Metric.parse(text) for text in DEFAULT_METRICS),
        constraints=(),
        optimization=(),
        protocol_folder=None,
        recovery_table=None,
        decisions=(),
    )
    return Draft(case, tuple(remarks))


def _new_group(groups: Sequence[CourseGroup], current: int | None) -> CourseGroup:
    if current is not None:
        if not 1 <= current <= len(groups):
            raise CaseError("Draft", f"course {current}", "Take a number of the listing.", f"1 to {len(groups)}")
        return groups[current - 1]
    if len({group.patient.patient_id for group in groups}) != 1:
        found = f"courses of {len({group.patient.patient_id for group in groups})} patients"
        raise CaseError("Draft", found, "Name the new course by --new-course.", "one patient")
    return max(groups, key=lambda group: group.day)


def _new_course(group: CourseGroup, remarks: list[str]) -> NewCourse:
    """The latest plan that has a dose, else the latest one; 0, which no case accepts, stands for what is not stated."""
    planned = [plan for plan in group.plans if _doses(group, plan)] or list(group.plans)
    plan = planned[-1] if planned else None
    if len(group.plans) > 1 and plan is not None:
        remarks.append(f"the new course has {len(group.plans)} plans; '{plan.label}' is taken")
    if plan is None or plan.prescription_gy is None or plan.fractions is None:
        remarks.append("prescription_gy or fractions of the new course are not stated in its files: fill them in")
    doses = _doses(group, plan) if plan else ()
    return NewCourse(
        label=plan.label if plan else "New course",
        prescription_gy=(plan.prescription_gy if plan else None) or 0.0,
        fractions=(plan.fractions if plan else None) or 0,
        date=None,
        plan=plan.origin.file.path if plan and doses else None,
        dose=doses,
        rbe=None,
    )


def _prior_courses(
    number: int, group: CourseGroup, current: CtSeries, scan: Scan, remarks: list[str]
) -> Iterator[PriorCourse]:
    for n, plan in enumerate(group.plans, start=1):
        doses = _doses(group, plan)
        if not doses:
            remarks.append(f"course {number}, plan '{plan.label}': no dose that can be used")
            continue
        structures = group.structures_of(plan)
        ct = (group.planning_ct(structures) if structures else None) or next(iter(group.ct_series), None)
        yield PriorCourse(
            identifier=f"course{number}" if len(group.plans) == 1 else f"course{number}plan{n}",
            label=_label(plan),
            dose=doses,
            plan=plan.origin.file.path,
            fractions=None,
            delivered_fractions=None,
            rbe=None,
            ct=_folder(ct, remarks) if ct else None,
            date=None,
            registration=_registration(group, plan, current, ct),
            ct_series=_series(ct, scan) if ct else "",
        )


def _label(plan: PlanHeader) -> str:
    day = _day(plan)
    return f"{plan.label} {day.year}" if day else plan.label


def _day(plan: PlanHeader) -> date | None:
    return dicom_date(plan.made.day)


def _doses(group: CourseGroup, plan: PlanHeader) -> tuple[Path, ...]:
    """The last dose of the whole plan, else the BEAM doses."""
    doses = group.doses_of(plan.origin.uid)
    whole = [dose for dose in doses if dose.summation != BEAM]
    used: Sequence[DoseHeader] = whole[-1:] or doses
    return tuple(dose.origin.file.path for dose in used)


def _registration(group: CourseGroup, plan: PlanHeader, current: CtSeries, ct: CtSeries | None) -> RegistrationChoice:
    """The REG between the frames, a deformable one first; else the images; else the same frame, which the run checks."""
    here = current.origin.frame_uid
    frame = plan.origin.frame_uid or next(iter(group.frame_uids), "")
    if frame == here:
        return RegistrationChoice(RegistrationMethod.SAME_FRAME)
    usable = [one for one in group.registrations if _connects(one, here, frame)]
    if usable:
        best = max(usable, key=lambda one: (one.is_deformable, one.origin.made, one.origin.uid))
        return RegistrationChoice(RegistrationMethod.DICOM, best.origin.file.path)
    return RegistrationChoice(RegistrationMethod.SIMPLEITK_RIGID if ct else RegistrationMethod.SAME_FRAME)


def _connects(registration: RegistrationHeader, current: str, prior: str) -> bool:
    """A deformable one maps the registered (first) frame's points and is not inverted."""
    if registration.is_deformable:
        return registration.frame_uids[:1] == (current,) and prior in registration.frame_uids
    return {current, prior} <= set(registration.frame_uids)


def _folder(series: CtSeries, remarks: list[str]) -> Path:
    folders = sorted({slice_.origin.file.path.parent for slice_ in series.slices})
    if len(folders) > 1:
        remarks.append(f"the slices of CT {series.origin.series_uid} lie in {len(folders)} folders: put them into one")
    return folders[0]


def _series(series: CtSeries, scan: Scan) -> str:
    """SeriesInstanceUID if another CT series has slices in the same folder; else empty."""
    folder = series.slices[0].origin.file.path.parent
    others = (
        slice_
        for course in scan.courses
        for other in course.group.ct_series
        if other is not series
        for slice_ in other.slices
    )
    return series.origin.series_uid if any(one.origin.file.path.parent == folder for one in others) else ""


def _tissue(structure: str, tissues: Sequence[str]) -> str:
    plain = {_plain(tissue): tissue for tissue in tissues}
    return plain.get(_plain(structure), CHOOSE)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
