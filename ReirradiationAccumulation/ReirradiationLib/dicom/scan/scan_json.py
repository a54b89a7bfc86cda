"""A scan as JSON, schema ``reirradiation-records/1``: stable order, paths relative to the folder that was scanned."""

from __future__ import annotations

import json
from typing import Any

from ...model.finding import Finding
from ..embedded_dvh import EmbeddedDvh
from .course_checks import CourseChecks
from .ct_series import CtSeries
from .headers import DoseHeader, Origin, PlanHeader, RegistrationHeader, StructuresHeader, TreatmentHeader
from .plan_findings import beam_doses_gy, delivered_fractions
from .scan import Scan, ScannedCourse

SCHEMA = "reirradiation-records/1"
DECIMALS = 6

Entry = dict[str, Any]


def scan_json(scan: Scan) -> str:
    """The whole scan; the same files give the same text."""
    counts = scan.counts
    content: Entry = {
        "schema": SCHEMA,
        "files": {
            "total": counts.files,
            "used": counts.used,
            "doubled": counts.copies,
            "refused": counts.refused,
            "not_dicom": counts.not_dicom,
            "archives": list(counts.archives),
            "other_classes": dict(counts.other_classes),
        },
        "courses": [_course(course) for course in scan.courses],
        "registrations": [_registration(registration) for registration in scan.registrations],
        "findings": [_finding(finding) for finding in scan.findings],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _course(course: ScannedCourse) -> Entry:
    group, checks = course.group, course.checks
    patient = group.patient
    return {
        "patient": {
            "id": patient.patient_id,
            "name": patient.name,
            "birth_date": patient.birth_date,
            "sex": patient.sex,
        },
        "date": group.day,
        "studies": sorted({origin.study_uid for origin in group.origins} - {""}),
        "frames_of_reference": list(group.frame_uids),
        "ct": [_ct(series) for series in group.ct_series],
        "structures": [
            {**_structures(one), "ct_series": series.origin.series_uid if (series := group.planning_ct(one)) else None}
            for one in group.structures
        ],
        "plans": [{**_plan(plan), "delivered_fractions": delivered_fractions(group, plan)} for plan in group.plans],
        "doses": [_dose(dose, checks) for dose in group.doses],
        "treatment_records": [_treatment(record) for record in group.treatments],
        "registrations": [registration.origin.uid for registration in group.registrations],
        "checks": _checks(checks) if checks else None,
        "findings": [_finding(finding) for finding in course.findings],
    }


def _origin(origin: Origin) -> Entry:
    return {
        "file": origin.file.shown,
        "uid": origin.uid,
        "series_uid": origin.series_uid,
        "frame_of_reference": origin.frame_uid,
        "system": origin.system,
        "created": str(origin.made),
    }


def _ct(series: CtSeries) -> Entry:
    first = series.slices[0]
    return {
        "series_uid": series.origin.series_uid,
        "description": series.origin.description,
        "study_date": series.origin.study_day,
        "frame_of_reference": series.origin.frame_uid,
        "system": series.origin.system,
        "slices": len(series.slices),
        "columns": first.columns,
        "rows": first.rows,
        "pixel_spacing_mm": list(first.spacing_mm) if first.spacing_mm else None,
        "slice_distance_mm": _rounded(series.distance_mm),
        "compressed": list(series.transfer_syntaxes),
        "files": [header.origin.file.shown for header in series.slices],
    }


def _structures(one: StructuresHeader) -> Entry:
    return {
        **_origin(one.origin),
        "label": one.label,
        "date": str(one.made),
        "approval": one.approval,
        "referenced_slices": len(one.slice_uids),
        "rois": [
            {"number": r.number, "name": r.name, "type": r.interpreted_type, "contours": r.closed, "other": r.other}
            for r in one.rois
        ],
    }


def _plan(plan: PlanHeader) -> Entry:
    return {
        **_origin(plan.origin),
        "label": plan.label,
        "date": str(plan.made),
        "approval": plan.approval,
        "radiation": plan.radiation.value,
        "particles": plan.particles,
        "structures": plan.structures_uid,
        "fraction_groups": [
            {
                "number": group.number,
                "fractions": group.fractions,
                "beams": [{"number": b.number, "name": b.name, "dose_gy": _rounded(b.dose_gy)} for b in group.beams],
            }
            for group in plan.groups
        ],
        "beam_doses_times_fractions_gy": _rounded(beam_doses_gy(plan)),
        "prescriptions": [
            {"dose_gy": _rounded(p.dose_gy), "roi": p.roi_number, "description": p.description} for p in plan.prescriptions
        ],
    }


def _dose(dose: DoseHeader, checks: CourseChecks | None) -> Entry:
    measures = [one for one in checks.measures if one.uid == dose.origin.uid] if checks else []
    return {
        **_origin(dose.origin),
        "units": dose.units,
        "type": dose.kind,
        "summation": dose.summation,
        "plans": list(dose.plan_uids),
        "structures": dose.structures_uid,
        "beams": list(dose.beams),
        "size": list(dose.size),
        "spacing_mm": [_rounded(value) for value in dose.spacing_mm],
        "stored_dvhs": len(dose.dvh_rois),
        "maximum": _rounded(measures[0].maximum) if measures else None,
        "border_share_of_maximum": _rounded(measures[0].border_share) if measures else None,
    }


def _registration(registration: RegistrationHeader) -> Entry:
    kind = "deformable" if registration.is_deformable else "rigid"
    return {**_origin(registration.origin), "kind": kind, "frames_of_reference": list(registration.frame_uids)}


def _treatment(record: TreatmentHeader) -> Entry:
    fractions = sorted(record.fractions)
    return {**_origin(record.origin), "date": record.day, "plans": list(record.plan_uids), "fractions": fractions}


def _checks(checks: CourseChecks) -> Entry:
    references = dict(checks.percent_references)
    return {
        "beam_sums": [
            {"plan": one.plan_uid, "beams": one.beams, "largest_deviation_of_maximum": _rounded(one.deviation)}
            for one in checks.beam_sums
        ],
        "targets": [
            {
                "plan": one.plan_uid,
                "roi": one.roi_name,
                "median_surface_dose_gy": _rounded(one.median_gy),
                "prescription_gy": _rounded(one.prescription_gy),
            }
            for one in checks.targets
        ],
        "stored_dvhs": [_dvh(uid, dvh, references.get(uid)) for uid, dvh in checks.dvhs],
    }


def _dvh(dose_uid: str, dvh: EmbeddedDvh, reference_gy: float | None) -> Entry:
    return {
        "dose": dose_uid,
        "rois": list(dvh.roi_numbers),
        "type": dvh.kind,
        "dose_units": dvh.dose_units,
        "volume_units": dvh.volume_units,
        "volume": _rounded(float(dvh.volumes[0])),
        "minimum": _rounded(dvh.minimum),
        "mean": _rounded(dvh.mean),
        "maximum": _rounded(dvh.maximum),
        "stated_values_are_percent_of_gy": _rounded(reference_gy),
    }


def _finding(finding: Finding) -> Entry:
    return {
        "id": finding.identifier,
        "severity": finding.severity.name.lower(),
        "subject": finding.subject,
        "found": finding.found,
        "expected": finding.expected,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
