"""A scan as text: course by course, what belongs together, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.finding import Finding
from ...model.interlock import Severity
from .course_checks import CourseChecks
from .course_groups import CourseGroup
from .course_names import beams_of, tail
from .ct_series import CtSeries
from .headers import DoseHeader, Origin, PlanHeader, StructuresHeader
from .plan_findings import beam_doses_gy, delivered_fractions
from .scan import Scan, ScannedCourse

LISTED_ROIS = 12


def scan_text(scan: Scan) -> str:
    """Everything that was found, in lines."""
    lines = [_counts(scan), ""]
    for n, course in enumerate(scan.courses, start=1):
        lines += [*_course_lines(n, course, scan), ""]
    if scan.findings:
        lines += ["Files and registrations", *_finding_lines(scan.findings), ""]
    return "\n".join(lines).rstrip() + "\n"


def _counts(scan: Scan) -> str:
    counts = scan.counts
    parts = [f"{counts.files} files", f"{counts.used} DICOM objects used"]
    parts += [f"{counts.copies} doubled"] if counts.copies else []
    parts += [f"{counts.refused} refused"] if counts.refused else []
    parts += [f"{counts.not_dicom} no DICOM"] if counts.not_dicom else []
    lines = [", ".join(parts) + f"; {len(scan.courses)} course{'' if len(scan.courses) == 1 else 's'}"]
    if counts.other_classes:
        lines.append("Not read: " + ", ".join(f"{count} {name}" for name, count in counts.other_classes))
    if counts.archives:
        lines.append("Archives, not opened: " + ", ".join(counts.archives))
    return "\n".join(lines)


def _course_lines(number: int, course: ScannedCourse, scan: Scan) -> list[str]:
    group = course.group
    patient = group.patient
    who = f"patient {patient.patient_id or '(no ID)'} '{patient.name}'"
    born = f", born {patient.birth_date}" if patient.birth_date else ""
    rows: list[tuple[str, str]] = [("frame of reference", tail(uid)) for uid in group.frame_uids]
    for series in group.ct_series:
        rows += [("CT", _ct(series)), ("", f"in {_folders(series)}")]
    for one in group.structures:
        rows += [("structures", _structures(one, group)), ("", f"in {one.origin.file.shown}")]
    for plan in group.plans:
        rows += [("plan", _plan(plan, group)), ("", f"in {plan.origin.file.shown}")]
        rows += [("", line) for line in _plan_details(plan, group, course.checks)]
    for dose in group.doses:
        rows += [("dose", _dose(dose, group, course.checks)), ("", f"in {dose.origin.file.shown}")]
    rows += [("registration", line) for line in _registrations(number, group, scan)]
    if group.treatments:
        rows.append(("treatment records", str(len(group.treatments))))
    rows += [("system", line) for line in _systems(group)]
    rows += [("missing", line) for line in _missing(group)]
    width = max(len(title) for title, _ in rows) if rows else 0
    lines = [f"Course {number}: {who}{born}, {_day(group.day)}"]
    lines += [f"  {title.ljust(width)}  {text}" for title, text in rows]
    return lines + _finding_lines(course.findings)


def _ct(series: CtSeries) -> str:
    from pydicom.uid import UID

    origin, first = series.origin, series.slices[0]
    distance = f" × {series.distance_mm:g} mm" if series.distance_mm is not None else ""
    spacing = f"{first.spacing_mm[1]:g} × {first.spacing_mm[0]:g}" if first.spacing_mm else "unknown spacing"
    description = f"'{origin.description}' " if origin.description else ""
    compressed = f", {', '.join(UID(uid).name for uid in series.transfer_syntaxes)}" if series.transfer_syntaxes else ""
    size = f"{_plural(len(series.slices), 'slice')} {first.columns} × {first.rows}, {spacing}{distance}"
    return f"{description}{tail(origin.series_uid)}, {_day(origin.study_day)}: {size}{compressed}"


def _folders(series: CtSeries) -> str:
    folders = sorted({header.origin.file.shown.rpartition("/")[0] or "." for header in series.slices})
    return folders[0] if len(folders) == 1 else f"{len(folders)} folders, the first {folders[0]}"


def _structures(one: StructuresHeader, group: CourseGroup) -> str:
    names = [roi.name for roi in one.rois if roi.closed]
    listed = ", ".join(names[:LISTED_ROIS]) + (f", … ({len(names)})" if len(names) > LISTED_ROIS else "")
    series = group.planning_ct(one)
    drawn = f"on CT {tail(series.origin.series_uid)}" if series else f"its CT of {len(one.slice_uids)} slices is not here"
    return f"'{one.label}' {tail(one.origin.uid)}, {one.made or 'no date'}, {drawn}: {listed or 'no contours'}"


def _plan(plan: PlanHeader, group: CourseGroup) -> str:
    fractions = " + ".join(str(g.fractions) if g.fractions else "?" for g in plan.groups) or "?"
    delivered = delivered_fractions(group, plan)
    done = f" ({delivered} delivered by the records here)" if delivered is not None else ""
    kind = f"{plan.radiation.value}{f' ({plan.particles})' if plan.particles else ''}"
    approval = plan.approval or "approval not stated"
    return (
        f"'{plan.label}' {tail(plan.origin.uid)}, {plan.made or 'no date'}, {approval}: "
        f"{fractions} fraction{'' if fractions == '1' else 's'}{done}, "
        f"{_plural(len(plan.treatment_beams), 'setup' if plan.dose_rate else 'beam')}, {kind}"
    )


def _plan_details(plan: PlanHeader, group: CourseGroup, checks: CourseChecks | None) -> list[str]:
    structures = group.structures_of(plan)
    names = {roi.number: roi.name for roi in structures.rois} if structures else {}
    lines = []
    for item in plan.prescriptions:
        if item.roi_number is None:
            target = item.description or "a target that is not named"
        else:
            target = names.get(item.roi_number, f"ROI {item.roi_number}")
        each = f" ({item.dose_gy / plan.fractions:.3g} Gy a fraction)" if plan.fractions else ""
        lines.append(f"prescribed {item.dose_gy:g} Gy to {target}{each}")
    beams = [f"{beam.number} {beam.dose_gy:.3g}" for g in plan.groups for beam in g.beams if beam.dose_gy is not None]
    if beams:
        total_gy = beam_doses_gy(plan)
        total = f"; times fractions {total_gy:.2f} Gy" if total_gy is not None else ""
        lines.append(f"beam doses [Gy a fraction]: {', '.join(beams)}{total}")
    if checks:
        lines += [
            f"BEAM doses added are the PLAN dose within {100 * one.deviation:.2g} % of its maximum"
            for one in checks.beam_sums
            if one.plan_uid == plan.origin.uid
        ]
        lines += [
            f"median dose on the surface of {one.roi_name} {one.median_gy:.2f} Gy of {one.prescription_gy:g} Gy prescribed"
            for one in checks.targets
            if one.plan_uid == plan.origin.uid
        ]
    return lines


def _dose(dose: DoseHeader, group: CourseGroup, checks: CourseChecks | None) -> str:
    plans = [f"'{plan.label}'" if (plan := group.plan(uid)) else f"plan {tail(uid)}, not here" for uid in dose.plan_uids]
    size = " × ".join(map(str, dose.size))
    spacing = " × ".join(f"{value:g}" for value in dose.spacing_mm)
    measures = [one for one in checks.measures if one.uid == dose.origin.uid] if checks else []
    maximum = f", maximum {measures[0].maximum:.2f}" if measures else ""
    dvhs = f", {len(dose.dvh_rois)} stored DVHs" if dose.dvh_rois else ""
    return (
        f"{dose.summation or 'no summation type'}{beams_of(dose)} {tail(dose.origin.uid)}, {dose.origin.made or 'no date'}, "
        f"of {', '.join(plans) or 'no plan'}: {dose.kind} {dose.units}, {size} of {spacing} mm{maximum}{dvhs}"
    )


def _registrations(number: int, group: CourseGroup, scan: Scan) -> list[str]:
    lines = []
    for registration in group.registrations:
        others = [
            str(n)
            for n, course in enumerate(scan.courses, start=1)
            if n != number and set(course.group.frame_uids) & set(registration.frame_uids)
        ]
        to = f"with course {', '.join(others)}" if others else "with nothing that is here"
        kind = "deformable" if registration.is_deformable else "rigid"
        registered = tail(registration.frame_uids[0])
        lines.append(
            f"{kind} {tail(registration.origin.uid)}, {to}; registered frame {registered}; "
            f"in {registration.origin.file.shown}"
        )
    return lines


def _systems(group: CourseGroup) -> list[str]:
    """Each manufacturer, model and version with what comes from it."""
    kinds: dict[str, list[Origin]] = {
        "CT": [series.origin for series in group.ct_series],
        "structures": [one.origin for one in group.structures],
        "plan": [plan.origin for plan in group.plans],
        "dose": [dose.origin for dose in group.doses],
    }
    made: dict[str, list[str]] = {}
    for kind, origins in kinds.items():
        for system in sorted({origin.system or "not stated" for origin in origins}):
            made.setdefault(system, []).append(kind)
    return [f"{system} ({', '.join(named)})" for system, named in made.items()]


def _missing(group: CourseGroup) -> list[str]:
    """Objects that are referred to and not here."""
    present = {origin.uid for origin in group.origins}
    wanted = {
        **{f"plan {tail(uid)}": uid for dose in group.doses for uid in dose.plan_uids},
        **{f"plan {tail(uid)}": uid for record in group.treatments for uid in record.plan_uids},
        **{f"structure set {tail(plan.structures_uid)}": plan.structures_uid for plan in group.plans if plan.structures_uid},
        **{f"structure set {tail(dose.structures_uid)}": dose.structures_uid for dose in group.doses if dose.structures_uid},
    }
    lines = sorted(name for name, uid in wanted.items() if uid not in present)
    lines += [] if group.ct_series else ["CT"]
    lines += [f"dose of plan '{plan.label}'" for plan in group.plans if not group.doses_of(plan.origin.uid)]
    return lines


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    lines = []
    for severity in (Severity.ERROR, Severity.DECISION, Severity.NOTE):
        chosen = [finding for finding in findings if finding.severity is severity]
        lines += [f"  {severity.value}:", *(f"    {finding}" for finding in chosen)] if chosen else []
    return lines


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _day(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else day or "no date"
