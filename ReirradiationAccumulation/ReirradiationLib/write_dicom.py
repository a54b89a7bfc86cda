"""The DICOM objects that a case writes, each read back before it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .dicom.dose_writer import ContributingDose, DoseTransform, PlanReference, write_effective_dose, write_physical_dose
from .dicom.naming import NamingRule, fitted_names, naming_rule
from .dicom.reader import SopClass, open_dicom
from .dicom.registration_writer import write_registration
from .dicom.reimport import require_same_dose, require_same_registration, require_same_structures
from .dicom.remaining_dose_writer import write_remaining_dose
from .dicom.structure_writer import StructureOptions, write_structures
from .dicom.writing import is_own_object
from .dosimetry.mapping import MappedDose
from .model.arrays import Float32Array
from .model.course import Course
from .model.image import DoseType
from .model.registration import RegistrationMethod
from .output import OutputFolder
from .planning.remaining_dose_text import remaining_dose_limits, remaining_dose_rule
from .report.results import CaseResults, Transfer

STRUCTURES_FILE = "optimization_structures.dcm"
CUMULATIVE_FILE = "cumulative_eqd2.dcm"
PRIOR_FILE = "prior_eqd2.dcm"
REMAINING_FILE = "remaining_dose.dcm"
REGISTRATION_PREFIX = "registration_"
MAPPED_PREFIX = "mapped_"
LABEL = "REIRRADIATION"
PRIOR_ONLY = "prior courses only"
MAPPED = "physical dose of the course, mapped; 0 where it is not known"
UNRELIABLE_MAPPED = "mapped physical dose; NOT RELIABLE in some organs, see report"

FILE_NAMES = NamingRule("file names", 64, "A-Za-z0-9_.-", "M", "portable file names (POSIX.1 3.282)")
"""What a course id must be like to be part of a file name."""

Registrations = Mapping[str, tuple[SopClass, str]]
"""The REG of each course that has one, by course id: its SOP Class and SOPInstanceUID."""


def write_dicom(results: CaseResults, folder: OutputFolder, report: Callable[[str], None]) -> None:
    """Write structures, registrations, EQD2 sums and, if the case asks for them, mapped doses.

    Parameters
    ----------
    results : CaseResults
    folder : OutputFolder
    report : callable
        Told the name of each file before it is written; may raise to cancel.

    Raises
    ------
    OutputError
        If an object cannot be written, or does not read back as what it was written from.
    """
    _write_structures(results, folder, report)
    registrations = write_registrations(results, folder, report)
    if results.new_course is not None and results.prior_eqd2_gy is not None:
        report(PRIOR_FILE)
        _write_sum(folder.path(PRIOR_FILE), results.prior_eqd2_gy, results, results.prior_courses, registrations)
    if results.final_eqd2_gy is not None:
        report(CUMULATIVE_FILE)
        _write_sum(folder.path(CUMULATIVE_FILE), results.final_eqd2_gy, results, results.courses, registrations)
    _write_remaining(results, folder, registrations, report)
    if results.case.export.mapped_doses:
        for course, mapped, name in zip(results.courses, results.mapped, _file_names(results.courses), strict=True):
            if _is_physical(course):
                report(f"{MAPPED_PREFIX}{name}.dcm")
                _write_mapped(folder.path(f"{MAPPED_PREFIX}{name}.dcm"), course, mapped, results, registrations)


def write_planning_dicom(results: CaseResults, folder: OutputFolder, report: Callable[[str], None]) -> None:
    """Write what the planning system imports, the same files as :func:`write_dicom`: structures and the remaining dose.

    The remaining dose refers to the registrations, which are written with it. Raises as :func:`write_dicom`.
    """
    _write_structures(results, folder, report)
    if results.exported_remaining is not None:
        _write_remaining(results, folder, write_registrations(results, folder, report), report)


def is_own_dicom(path: Path) -> bool:
    """Whether a file of an output folder, by its name and by what it says, was written here."""
    if path.suffix != ".dcm":
        return False
    if path.name == STRUCTURES_FILE:
        return is_own_object(path, SopClass.RTSTRUCT)
    if path.name.startswith(REGISTRATION_PREFIX):
        return is_own_object(path, SopClass.RIGID_REG, SopClass.DEFORMABLE_REG)
    is_dose = path.name in (CUMULATIVE_FILE, PRIOR_FILE, REMAINING_FILE) or path.name.startswith(MAPPED_PREFIX)
    return is_dose and is_own_object(path, SopClass.RTDOSE)


def write_structure_set(path: Path, results: CaseResults) -> tuple[str, ...]:
    """Write optimization structures and isodose lines as the case wants them, and read them back: their names as written.

    Raises
    ------
    OutputError
        If a file is there already, a structure cannot be written, or does not read back as what it was written from.
    ProtocolError
        If there is no naming rule for the planning system of the case.
    """
    case, ct = results.case, results.records.ct
    options = StructureOptions(case.export.holes, naming_rule(case.export.planning_system))
    append_to = case.current.structures if case.export.append else None
    exported = write_structures(path, results.exported_structures, ct, LABEL, options, append_to)
    require_same_structures(path, results.exported_structures, exported, ct)
    return tuple(one.structure.name for one in exported)


def write_registrations(results: Transfer, folder: OutputFolder, report: Callable[[str], None]) -> Registrations:
    """Write the registrations that were computed here; those read from DICOM are referred to."""
    found: dict[str, tuple[SopClass, str]] = {}
    ct = results.records.ct
    names = _file_names(results.prior_courses)
    for course, record, name in zip(results.prior_courses, results.records.prior, names, strict=True):
        choice = record.registration
        if choice is not None and choice.method is RegistrationMethod.DICOM and choice.file is not None:
            reader = open_dicom(choice.file, SopClass.RIGID_REG, SopClass.DEFORMABLE_REG, pixels=False)
            kind = SopClass(reader.required_text("SOPClassUID"))
            found[course.identifier] = (kind, reader.required_text("SOPInstanceUID"))
        elif choice is not None and choice.method is not RegistrationMethod.SAME_FRAME and record.ct is not None:
            path = folder.path(f"{REGISTRATION_PREFIX}{name}.dcm")
            report(path.name)
            found[course.identifier] = write_registration(path, course.transform, ct, record.ct, course.label)
            require_same_registration(path, course.transform, ct)
    return found


def _write_sum(
    path: Path,
    voxels_gy: Float32Array,
    results: CaseResults,
    courses: Sequence[Course],
    registrations: Registrations,
) -> None:
    has_new = any(course is results.new_course for course in courses)
    content = "prior + new plan" if has_new else PRIOR_ONLY
    content += ", no point doses" if results.point_courses else ""
    write_effective_dose(
        path,
        voxels_gy,
        results.records.ct,
        [_plan_reference(course) for course in courses if course.dose.plan_uid],
        description=f"EQD2 sum, {content}, raw, for display",
        comment=results.composite_comment,
        derivation=results.composite_rule,
        contributions=[part for course in courses for part in _contributions(course, results, registrations)],
        geometry=results.grid.geometry,
    )
    require_same_dose(path, voxels_gy, results.records.ct, results.grid.geometry)


def _write_structures(results: CaseResults, folder: OutputFolder, report: Callable[[str], None]) -> None:
    if results.exported_structures:
        report(STRUCTURES_FILE)
        write_structure_set(folder.path(STRUCTURES_FILE), results)


def _write_remaining(
    results: CaseResults, folder: OutputFolder, registrations: Registrations, report: Callable[[str], None]
) -> None:
    remaining = results.exported_remaining
    if remaining is None:
        return
    report(REMAINING_FILE)
    path = folder.path(REMAINING_FILE)
    write_remaining_dose(
        path,
        remaining.voxels_gy,
        remaining.geometry,
        results.records.ct,
        [_plan_reference(course) for course in results.prior_courses if course.dose.plan_uid],
        [part for course in results.prior_courses for part in _contributions(course, results, registrations)],
        (remaining.fractions, remaining.ceiling_gy),
        rule=remaining_dose_rule(remaining),
        limits=remaining_dose_limits(remaining),
    )
    require_same_dose(path, remaining.voxels_gy, results.records.ct, remaining.geometry)


def _write_mapped(
    path: Path, course: Course, mapped: MappedDose, results: CaseResults, registrations: Registrations
) -> None:
    write_physical_dose(
        path,
        mapped.voxels_gy,
        results.records.ct,
        _plan_reference(course),
        description=f"Mapped to the current CT: {course.label}",
        comment=UNRELIABLE_MAPPED if results.unreliable_in(course) else MAPPED,
        source=_contributions(course, results, registrations)[0],
        geometry=mapped.geometry,
    )
    require_same_dose(path, mapped.voxels_gy, results.records.ct, mapped.geometry)


def _plan_reference(course: Course) -> PlanReference:
    """The plan that the dose names; where the plan is not at hand, a plan of photons or electrons is taken for granted."""
    is_ion_plan = course.plan is not None and course.plan.is_ion_plan
    return PlanReference(SopClass.RTIONPLAN if is_ion_plan else SopClass.RTPLAN, course.dose.plan_uid)


def _is_physical(course: Course) -> bool:
    """An RBE-weighted dose must not be written as a physical one; it is in the sums only."""
    return course.rbe is None and course.dose.dose_type is DoseType.PHYSICAL


def _contributions(course: Course, results: CaseResults, registrations: Registrations) -> list[ContributingDose]:
    is_new = course is results.new_course
    return [
        ContributingDose(
            dose_uid=source.sop_instance_uid,
            is_prior=not is_new,
            transform=_dose_transform(course),
            registration=None if is_new else registrations.get(course.identifier),
            is_weighted=course.planned_fractions not in (None, course.fractions),
        )
        for source in course.dose.sources
    ]


def _dose_transform(course: Course) -> DoseTransform:
    if not course.transform.steps:
        return DoseTransform.NONE
    return DoseTransform.NON_RIGID if course.transform.is_deformable else DoseTransform.RIGID


def _file_names(courses: Sequence[Course]) -> tuple[str, ...]:
    return fitted_names([course.identifier for course in courses], FILE_NAMES)
