"""From a scan to a draft of the case file: everything that the files tell, and placeholders for what they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ...model.case import Case, CurrentAnatomy, NewCourse, PriorCourse
from ...model.case_file import DEFAULT_METRICS
from ...model.dates import dicom_date
from ...model.errors import CaseError
from ...model.interlock import Severity
from ...model.metric import Metric
from ...model.open_choices import if_treated, one_of
from ...model.person_name import person_name
from ...model.registration import RegistrationChoice, RegistrationKind, RegistrationMethod
from ..writing import MANUFACTURER
from .course_groups import CourseGroup
from .ct_series import CtSeries
from .draft_structures import CHOOSE, NamingTables, structure_choices
from .headers import PlanHeader, RegistrationHeader, StructuresHeader
from .plan_findings import delivered_fractions
from .scan import Scan

__all__ = ["CHOOSE", "Draft", "DraftedAnatomy", "current_anatomy", "draft_case"]

WHOLE, BEAM = ("PLAN", "FRACTION"), "BEAM"


@dataclass(frozen=True)
class Draft:
    """A case to be completed, and what the user must know about how it was made."""

    case: Case
    remarks: tuple[str, ...]


def draft_case(scan: Scan, file: Path, current: int | None, naming: NamingTables) -> Draft:
    """Make a case of a scan.

    The latest course of the patient is the new one unless another is named; every other plan becomes a prior course with
    its PLAN dose, or else all its BEAM doses. Where the files leave a choice (two doses of a plan, two plans on one anatomy,
    two registrations, two structure sets), a path stands that begins with CHOOSE: no run accepts it.

    Parameters
    ----------
    scan : Scan
    file : Path
        Where the case file will be.
    current : int or None
        Number of the new course in the listing, from 1.
    naming : NamingTables
        What the names of structures are read by: where a name bears its tissue out it is taken, else :data:`CHOOSE`.

    Raises
    ------
    CaseError
        If there is no such course, or it has no CT or no structure set.
    """
    groups = [course.group for course in scan.courses]
    remarks: list[str] = []
    anatomy = current_anatomy(scan, current, remarks)
    new, plan, sets, ct = anatomy.group, anatomy.plan, anatomy.sets, anatomy.ct
    if ct is None:
        raise CaseError("Draft", "the new course has no CT with a structure set", "Name another course by --new-course.")
    structures = sets[-1]
    prior: list[PriorCourse] = []
    for number, (group, course) in enumerate(zip(groups, scan.courses, strict=True), start=1):
        if group.patient.patient_id != new.patient.patient_id:
            remarks.append(f"course {number} is of another PatientID ('{group.patient.patient_id}'): left out")
            continue
        remarks += [f"course {number}: {one}" for one in course.findings if one.severity is Severity.DECISION]
        plans = [one for one in group.plans if one is not plan]
        found = list(_prior_courses(number, group, plans, ct, scan, remarks))
        prior += found
        if not found and group is not new:
            remarks.append(f"course {number} has no plan with a dose that can be used: left out")
    choices, proposed = structure_choices([roi.name for roi in structures.rois if roi.closed], naming)
    case = Case(
        file=file,
        title=f"{person_name(new.patient.name) or new.patient.patient_id}: reirradiation",
        current=CurrentAnatomy(
            _planning_ct_folder(new, structures, ct, remarks),
            one_of([one.origin.file.path for one in sets]),
            _series(ct, scan),
        ),
        prior_courses=tuple(prior),
        new_course=_new_course(new, plan, remarks),
        structures=choices,
        metrics=tuple(Metric.parse(text) for text in DEFAULT_METRICS),
        constraints=(),
        optimization=(),
        protocol_folder=None,
        recovery_table=None,
        decisions=(),
    )
    return Draft(case, (*remarks, *proposed))


@dataclass(frozen=True)
class DraftedAnatomy:
    """The new course of a scan.

    Parameters
    ----------
    group : CourseGroup
    plan : PlanHeader or None
        The new one.
    sets : tuple of StructuresHeader
        That of the plan, or all that lie on a CT, the latest last.
    ct : CtSeries or None
        The CT of the last of them; None if there is no set.
    """

    group: CourseGroup
    plan: PlanHeader | None
    sets: tuple[StructuresHeader, ...]
    ct: CtSeries | None


def current_anatomy(scan: Scan, current: int | None, remarks: list[str]) -> DraftedAnatomy:
    """The course that a draft takes for the new one, and what it takes of it.

    Parameters
    ----------
    scan : Scan
    current : int or None
        Number of the new course in the listing, from 1.
    remarks : list of str
        What the user must know is added.

    Raises
    ------
    CaseError
        If there is no such course, or courses of several patients and none is named.
    """
    new = _new_group([course.group for course in scan.courses], current)
    plan = _new_plan(new, remarks)
    sets = [one for one in new.structures if new.planning_ct(one) is not None]
    sets = [one for one in sets if plan is not None and one.origin.uid == plan.structures_uid] or sets
    return DraftedAnatomy(new, plan, tuple(sets), new.planning_ct(sets[-1]) if sets else None)


def _new_group(groups: Sequence[CourseGroup], current: int | None) -> CourseGroup:
    if current is not None:
        if not 1 <= current <= len(groups):
            raise CaseError("Draft", f"course {current}", "Take a number of the listing.", f"1 to {len(groups)}")
        return groups[current - 1]
    if len({group.patient.patient_id for group in groups}) != 1:
        found = f"courses of {len({group.patient.patient_id for group in groups})} patients"
        raise CaseError("Draft", found, "Name the new course by --new-course.", "one patient")
    return max(groups, key=lambda group: group.day)


def _new_plan(group: CourseGroup, remarks: list[str]) -> PlanHeader | None:
    """The latest plan that has a dose, else the latest one."""
    planned = [plan for plan in group.plans if _doses(group, plan)] or list(group.plans)
    if len(planned) > 1:
        others = ", ".join(f"'{plan.label}'" for plan in planned[:-1])
        remarks.append(f"the new course has several plans: '{planned[-1].label}' is taken as the new one, {others} as prior")
    return planned[-1] if planned else None


def _new_course(group: CourseGroup, plan: PlanHeader | None, remarks: list[str]) -> NewCourse:
    """0, which no case accepts, stands for what is not stated."""
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
    number: int, group: CourseGroup, plans: Sequence[PlanHeader], current: CtSeries, scan: Scan, remarks: list[str]
) -> Iterator[PriorCourse]:
    for n, plan in enumerate(plans, start=1):
        doses = _doses(group, plan)
        if not doses:
            remarks.append(f"course {number}, plan '{plan.label}': no dose that can be used")
            continue
        if len(group.plans) > 1:
            # Alternatives look like courses: only the user knows which were treated.
            remarks.append(f"course {number} has {len(group.plans)} plans: keep '{plan.label}' only if it was treated")
            doses = (if_treated(plan.label, doses),)
        structures = group.structures_of(plan)
        ct = (group.planning_ct(structures) if structures else None) or next(iter(group.ct_series), None)
        delivered = delivered_fractions(group, plan)
        yield PriorCourse(
            identifier=f"course{number}" if len(plans) == 1 else f"course{number}plan{n}",
            label=_label(plan),
            dose=doses,
            plan=plan.origin.file.path,
            fractions=None,
            delivered_fractions=delivered if delivered != plan.fractions else None,
            rbe=None,
            ct=_planning_ct_folder(group, structures, ct, remarks) if ct else None,
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
    """The dose of the whole plan, else the BEAM doses; never what this program wrote."""
    doses = [dose for dose in group.doses_of(plan.origin.uid) if not dose.origin.system.startswith(MANUFACTURER)]
    for summation in WHOLE:
        whole = [dose.origin.file.path for dose in doses if dose.summation == summation]
        if whole:
            return (one_of(whole),)
    return tuple(dose.origin.file.path for dose in doses if dose.summation == BEAM)


def _registration(group: CourseGroup, plan: PlanHeader, current: CtSeries, ct: CtSeries | None) -> RegistrationChoice:
    """The REG between the frames, a deformable one first; else the images; else the same frame, which the run checks."""
    here = current.origin.frame_uid
    frame = plan.origin.frame_uid or next(iter(group.frame_uids), "")
    if frame == here:
        return RegistrationChoice(RegistrationMethod.SAME_FRAME)
    usable = [one for one in group.registrations if _connects(one, here, frame)]
    if usable:
        best = [one for one in usable if one.is_deformable] or usable
        return RegistrationChoice(RegistrationMethod.DICOM, one_of([one.origin.file.path for one in best]))
    if ct:
        return RegistrationChoice(RegistrationMethod.IMAGES, kind=RegistrationKind.DEFORMABLE)
    return RegistrationChoice(RegistrationMethod.SAME_FRAME)


def _connects(registration: RegistrationHeader, current: str, prior: str) -> bool:
    """A deformable one maps the registered (first) frame's points and is not inverted."""
    if registration.is_deformable:
        return registration.frame_uids[:1] == (current,) and prior in registration.frame_uids
    return {current, prior} <= set(registration.frame_uids)


def _planning_ct_folder(
    group: CourseGroup, structures: StructuresHeader | None, series: CtSeries, remarks: list[str]
) -> Path:
    """The folder of the CT; a choice if the structure set names no slice and there are several CTs."""
    if (structures is not None and structures.slice_uids) or len(group.ct_series) == 1:
        return _folder(series, remarks)
    return one_of(sorted({_folder(one, remarks) for one in group.ct_series}))


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
