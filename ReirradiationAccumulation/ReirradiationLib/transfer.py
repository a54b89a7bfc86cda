"""From records to doses on the current anatomy: registered, judged and sampled, before anything is summed up or planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from .dicom.course_record import CourseRecord
from .dicom.records import Records, read_records
from .dosimetry.accumulation import structure_dose
from .dosimetry.bodies import body_of
from .dosimetry.occupancy import WANTED_SAMPLES, body_samples
from .dosimetry.refinement import refined, sum_rankings
from .judging import judge_course
from .model.case import Case, StructureChoice
from .model.course import AnyCourse, Course, PointCourse
from .model.dates import months_between, reference_day
from .model.errors import ProtocolError
from .model.protocol import Protocol, Tissue, require_alpha_beta
from .model.protocol_tables import default_protocol_folder, load_protocol
from .model.registration import RegistrationChoice, RegistrationMethod
from .model.transform import SpatialTransform, identity_transform
from .monitor import Monitor, Step
from .registering import CourseRegistration, Registrar
from .registration.cache import RegistrationCache
from .registration.engine import RegistrationEngine
from .report.results import CaseRecords, RegistrationResult, StructureResult, Transfer


def transfer(case: Case, monitor: Monitor, engines: Sequence[RegistrationEngine]) -> Transfer:
    """Read the records, register the courses, evaluate the structures, and judge the registrations in them.

    Writes nothing but the registrations that it keeps in the case folder.

    Raises
    ------
    ReirradiationError
        Any of its kinds. A registration that nobody has signed off is no error here.
    """
    monitor.report(Step.READ, case.title)
    protocol, records = _read(case, monitor, may_be_undecided=False)
    registrations = register_courses(records, monitor, engines, case.file.parent)
    registered = tuple(
        _as_course(record, found.transform) for record, found in zip(records.prior, registrations, strict=True)
    )
    prior: tuple[AnyCourse, ...] = (*registered, *records.points)
    new = _new_course(records)
    structures = []
    for choice in case.structures:
        monitor.report(Step.EVALUATE, choice.name)
        structures.append(evaluate_structure(choice, case, protocol, records, prior, new))
    return Transfer(
        case=case,
        protocol=protocol,
        records=records,
        prior_courses=registered,
        point_courses=records.points,
        new_course=new,
        structures=tuple(structures),
        registrations=judge_registrations(records, registered, registrations, structures, case, protocol, monitor),
    )


def of_case(found: Transfer, case: Case) -> Transfer:
    """What was registered, for a case that differs in nothing but what is signed, decided, and done with the doses."""
    choices = {course.identifier: course.registration for course in case.prior_courses}
    records = tuple(replace(one, registration=choices[one.identifier]) for one in found.records.prior)
    registrations = tuple(
        replace(one, choice=choices[one.course.identifier] or RegistrationChoice(RegistrationMethod.SAME_FRAME))
        for one in found.registrations
    )
    return replace(found, case=case, records=replace(found.records, prior=records), registrations=registrations)


def read_case_records(case: Case, monitor: Monitor) -> CaseRecords:
    """The records of a case, not registered; findings may wait for decisions.

    Raises
    ------
    ReirradiationError
        If a file cannot be used, or files contradict each other or the case.
    """
    protocol, records = _read(case, monitor, may_be_undecided=True)
    prior = tuple(_as_course(record, identity_transform(record.dose.frame_uid)) for record in records.prior)
    return CaseRecords(case, protocol, records, prior, records.points, _new_course(records))


def _read(case: Case, monitor: Monitor, may_be_undecided: bool) -> tuple[Protocol, Records]:
    protocol = load_protocol(case.protocol_folder or default_protocol_folder())
    records = read_records(case, may_be_undecided)
    for line in records.described():
        monitor.report(Step.READ, line)
    return protocol, records


def _new_course(records: Records) -> Course | None:
    return _as_course(records.new, identity_transform(records.ct.frame_uid)) if records.new else None


def register_courses(
    records: Records, monitor: Monitor, engines: Sequence[RegistrationEngine], folder: Path | None
) -> tuple[CourseRegistration, ...]:
    """Bring every prior course with a dose distribution to the current CT, by the method that the case chose for it.

    Parameters
    ----------
    records : Records
    monitor : Monitor
    engines : sequence of RegistrationEngine
    folder : Path or None
        Where registrations of the images are kept for the next run.
    """
    found = []
    for record in records.prior:
        choice = record.registration or RegistrationChoice(RegistrationMethod.SAME_FRAME)
        monitor.report(Step.REGISTER, f"'{record.label}' by {choice.method.value}")

        def tell(text: str, label: str = record.label) -> None:
            monitor.report(Step.REGISTER, f"'{label}': {text}")

        registrar = Registrar(engines, RegistrationCache(folder), tell, monitor.is_cancelled)
        found.append(registrar.register(record, records.ct))
    return tuple(found)


def judge_registrations(
    records: Records,
    courses: Sequence[Course],
    registrations: Sequence[CourseRegistration],
    organs: Sequence[StructureResult],
    case: Case,
    protocol: Protocol,
    monitor: Monitor,
) -> tuple[RegistrationResult, ...]:
    """Measure and judge every registration in every structure of the case."""
    results = []
    for record, course, found in zip(records.prior, courses, registrations, strict=True):
        monitor.report(Step.JUDGE, f"registration of '{course.label}'")
        quality = judge_course(record, course, found, organs, records.ct, case, protocol.registration_limits)
        choice = record.registration or RegistrationChoice(RegistrationMethod.SAME_FRAME)
        results.append(RegistrationResult(course, choice, found.log, quality))
    return tuple(results)


def evaluate_structure(
    choice: StructureChoice,
    case: Case,
    protocol: Protocol,
    records: Records,
    prior: tuple[AnyCourse, ...],
    new: Course | None,
) -> StructureResult:
    """Sample one structure and every course's dose in it, with its own α/β and recovery."""
    try:
        tissue = protocol.tissue(choice.tissue)
    except ProtocolError as error:
        raise ProtocolError(f"Structure '{choice.name}', tissue '{choice.tissue}'", error.found, error.remedy) from error
    structure = records.structures.find(choice.name)
    alpha_beta_gy = require_alpha_beta(choice.alpha_beta_gy or tissue.alpha_beta_gy, f"Structure '{choice.name}'")
    body = body_of(structure, records.ct.geometry, case.end_caps, WANTED_SAMPLES)
    samples = body_samples(body)
    today = reference_day(case.new_course.date, new.date if new else None, records.ct.study_date)
    recoveries = [_recovery(case, protocol, tissue, course, choice.name, today) for course in prior]
    dose = structure_dose(samples, prior, recoveries, choice.name)
    final = refined(
        dose.with_course(new, recovery=0.0) if new else dose, body, sum_rankings(alpha_beta_gy, any(recoveries), new)
    )
    return StructureResult(
        choice=choice,
        tissue=tissue,
        alpha_beta_gy=alpha_beta_gy,
        structure=structure,
        prior=final.without_course(new.identifier) if new else final,
        cumulative=final if new else None,
    )


def _as_course(record: CourseRecord, transform: SpatialTransform) -> Course:
    return Course(
        *(record.identifier, record.label, record.dose, record.fractions, record.plan, record.date, transform),
        planned_fractions=record.planned_fractions,
        rbe=record.rbe,
        points=record.points,
    )


def _recovery(
    case: Case, protocol: Protocol, tissue: Tissue, course: AnyCourse, structure: str, today: date | None
) -> float:
    is_unknown = isinstance(course, PointCourse) and course.point(structure) is None
    if case.recovery_table is None or is_unknown:
        return 0.0
    months = months_between(course.day_of(structure), today)
    if months is None or months < 0:
        raise ProtocolError(
            f"Recovery of '{course.label}'",
            "its interval is not known" if months is None else f"its interval is {months:.1f} months",
            "State the dates of the prior and of the new course in the case, or apply no recovery.",
        )
    return protocol.recovery(case.recovery_table).fraction_of(tissue, months)
