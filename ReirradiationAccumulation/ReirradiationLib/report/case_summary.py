"""Who, on what anatomy, what is wanted, and how far it has come, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.case_notes import Task
from ..model.dates import dicom_date
from ..model.person_name import person_name
from .provenance import protocol_origin
from .results import CaseRecords

STAGE_TITLES = {
    Task.RECORDS: "records only, nothing is mapped yet",
    Task.TRANSFER: "prior courses only, before the new plan",
    Task.SUM: "cumulative, with the new plan",
}


@dataclass(frozen=True)
class TargetSummary:
    """A target of the new course and its physical prescription."""

    structure: str
    prescription_gy: float


@dataclass(frozen=True)
class CaseSummary:
    """Who, on what anatomy, and what is wanted; ``new_date`` is what intervals are counted to.

    ``reirradiation_type`` is the decided one, empty if nobody has decided.
    """

    title: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    current_ct: str
    current_structures: str
    new_label: str
    new_prescription_gy: float
    new_fractions: int
    new_date: str
    new_date_source: str
    targets: tuple[TargetSummary, ...]
    reirradiation_type: str
    reirradiation_type_by: str
    protocol: str
    stage: str


def case_summary(found: CaseRecords, targets: Sequence[TargetSummary], stage: Task) -> CaseSummary:
    """Summarize what the case is about."""
    case, records, patient = found.case, found.records, found.records.ct.patient
    decided = case.screening
    return CaseSummary(
        title=case.title,
        patient_id=patient.patient_id,
        patient_name=person_name(patient.name),
        patient_birth_date=day_text(patient.birth_date, ""),
        patient_sex=patient.sex,
        current_ct=f"{records.ct.description or 'CT'}, {day_text(records.ct.study_date)}, {len(records.ct.files)} slices",
        current_structures=records.structures.label,
        new_label=case.new_course.label,
        new_prescription_gy=case.new_course.prescription_gy,
        new_fractions=case.new_course.fractions,
        new_date=found.day.isoformat() if found.day else "",
        new_date_source=_day_source(found),
        targets=tuple(targets),
        reirradiation_type=decided.kind.value if decided else "",
        reirradiation_type_by=f"{decided.who}, {decided.when}: {decided.reason}" if decided else "",
        protocol=f"{protocol_origin(found)}; {found.protocol.version or 'no version'}",
        stage=STAGE_TITLES[stage],
    )


def _day_source(found: CaseRecords) -> str:
    """Whose day intervals are counted to."""
    if found.day is None:
        return "neither the new course nor the current CT has a date"
    of_course = found.case.new_course.date or (found.new_course.date if found.new_course else None)
    return "the date of the new course" if of_course else "the date of the current CT, for the new course has none yet"


def day_text(text: str, otherwise: str = "no date") -> str:
    """A DICOM date as ISO 8601."""
    day = dicom_date(text)
    return day.isoformat() if day else otherwise
