"""The report as one self-contained HTML page."""

from __future__ import annotations

import math
from html import escape

from ..model.metric import Metric, MetricKind
from .assemble import RAW_SUM
from .dvh_figure import FigureCurve, FigureLimit, dvh_figure
from .evaluation import CourseSummary, Evaluation, ScoreSummary, StructureSummary
from .html_parts import Cell, number, page, paragraph, section, table
from .marks import MARK_NOTE, marked
from .metric_tables import metric_tables, sensitivity_sections
from .optimization_section import optimization_section
from .pictures import PictureSet
from .planning_section import planning_exports, planning_sections
from .registration_html import registration_pictures_section
from .registration_pictures import NO_PICTURES, RegistrationPictureSet
from .registration_section import registration_sections
from .scorecard_section import SENSE, limit_text, scorecard_section

CURVES_PER_FIGURE = 7
NO_FINDINGS = "None in the records and registrations. Limits: see the scorecard; unknown dose: see the structures."


def report_html(evaluation: Evaluation, pictures: PictureSet, registrations: RegistrationPictureSet = NO_PICTURES) -> str:
    """The whole report. Every text from the data is escaped; the page loads nothing from elsewhere."""
    case = evaluation.case
    return page(
        f"Reirradiation evaluation – {case.title}",
        f"<h1>{escape(case.title)}</h1>",
        paragraph(f"Reirradiation evaluation · {case.stage}"),
        f'<div class="use">{escape(evaluation.intended_use)}</div>',
        _case(evaluation),
        _courses(evaluation),
        scorecard_section(evaluation.scorecard),
        *planning_sections(evaluation.planning),
        optimization_section(evaluation.optimization),
        *planning_exports(evaluation.planning),
        _dvhs(evaluation),
        _pictures(evaluation, pictures),
        _structures(evaluation),
        *sensitivity_sections(evaluation),
        *registration_sections(evaluation.registrations, _labels(evaluation)),
        registration_pictures_section(registrations),
        _mapped(evaluation),
        _volumes(evaluation),
        _findings(evaluation),
        _provenance(evaluation),
    )


def _case(evaluation: Evaluation) -> str:
    case = evaluation.case
    rows: list[list[Cell]] = [
        ["Patient", f"{case.patient_name} ({case.patient_id})"],
        ["Current anatomy", f"{case.current_ct}; structures '{case.current_structures}'"],
        ["New course", f"{case.new_label}: {case.new_prescription_gy:g} Gy in {case.new_fractions} fractions"],
        ["Date of the new course", case.new_date or "not known"],
        ["Targets", "; ".join(f"{one.structure}: {one.prescription_gy:g} Gy" for one in case.targets) or "none named"],
        ["Recovery", evaluation.recovery],
        ["Protocol tables", evaluation.case.protocol],
    ]
    return section("Case", table(["", ""], rows))


def _courses(evaluation: Evaluation) -> str:
    header = [
        "Course",
        "Role",
        "Plan",
        "Date",
        "Months before",
        "Fractions delivered",
        "Planned",
        "Prescription [Gy]",
        "Dose",
        "Dose maximum [Gy]",
        "Registration",
    ]
    rows: list[list[Cell]] = [
        [
            *(course.label, course.role, course.plan, course.date or "–"),
            number(course.months_before, 1),
            course.fractions if course.fractions is not None else "per organ",
            course.planned_fractions if course.planned_fractions is not None else "–",
            course.prescription_gy,
            course.dose,
            course.dose_maximum_gy,
            course.registration,
        ]
        for course in evaluation.courses
    ]
    points: list[list[Cell]] = [
        [
            _point_course(course),
            point.structure,
            point.dose_gy,
            point.fractions,
            point.date or "–",
            point.source,
        ]
        for course in evaluation.courses
        for point in course.points
    ]
    point_header = ["Course", "Structure", "Physical dose [Gy]", "Fractions", "Date", "Source"]
    point_table = [table(point_header, points)] if points else []
    return section(
        "Courses",
        table(header, rows),
        *point_table,
        paragraph("In Gy, physical unless the column 'Dose' says otherwise; none is an EQD2.", "note"),
    )


def _point_course(course: CourseSummary) -> str:
    return course.label if course.fractions is None else f"{course.label}, in place of the mapped dose"


def _dvhs(evaluation: Evaluation) -> str:
    limited = {score.structure for score in evaluation.scorecard}
    parts = []
    for structure in evaluation.structures:
        if structure.name in limited:
            curves = [FigureCurve(_curve_label(c.sum, evaluation), c.dose_gy, c.volume_percent) for c in structure.curves]
            limits = [_limit(score) for score in evaluation.scorecard if _fits_curve(score, structure)]
            missing = f"; no sum, for {' and '.join(structure.unknown_courses)} is not known in it"
            summed = missing if structure.unknown_courses else " and summed"
            title = f"{marked(structure)}, EQD2 with α/β {structure.alpha_beta_gy:g} Gy, per course{summed}"
            parts.append(_figure(dvh_figure(title, curves, limits), f"{title}{_limits_drawn(evaluation, structure)}"))
    evaluable = [structure for structure in evaluation.structures if not structure.unknown_courses]
    for start in range(0, len(evaluable), CURVES_PER_FIGURE):
        group = evaluable[start : start + CURVES_PER_FIGURE]
        curves = [_sum_curve(structure) for structure in group]
        title = "Raw sum of all courses, EQD2 with each structure's own α/β"
        parts.append(_figure(dvh_figure(title, curves), title))
    return section("Dose–volume histograms", *parts, *_mark_note(evaluation))


def _curve_label(label: str, evaluation: Evaluation) -> str:
    return _labels(evaluation).get(label, label)


def _limits_drawn(evaluation: Evaluation, structure: StructureSummary) -> str:
    """The limits in a figure, with all that belongs to them."""
    drawn = [
        f"{score.metric} {limit_text(score)} ({score.basis} sum, α/β {score.alpha_beta_gy:g} Gy; {score.source})"
        for score in evaluation.scorecard
        if _fits_curve(score, structure)
    ]
    return f". Limits of all courses: {'; '.join(drawn)}" if drawn else ""


def _fits_curve(score: ScoreSummary, structure: StructureSummary) -> bool:
    """Whether a limit can be drawn into the structure's DVH: a dose at a volume, with the α/β of the curves."""
    at_volume = Metric.parse(score.metric).kind in (MetricKind.MAXIMUM, MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT)
    same = math.isclose(score.alpha_beta_gy, structure.alpha_beta_gy)
    return score.structure == structure.name and at_volume and same


def _limit(score: ScoreSummary) -> FigureLimit:
    return FigureLimit(f"{score.metric} {SENSE[score.sense]} {score.limit:g} ({score.basis})", score.limit)


def _sum_curve(structure: StructureSummary) -> FigureCurve:
    curve = next(curve for curve in structure.curves if curve.sum == RAW_SUM)
    return FigureCurve(f"{marked(structure)} (α/β {structure.alpha_beta_gy:g})", curve.dose_gy, curve.volume_percent)


def _labels(evaluation: Evaluation) -> dict[str, str]:
    return {course.identifier: course.label for course in evaluation.courses}


def _figure(content: str, caption: str) -> str:
    return f"<figure>{content}<figcaption>{escape(caption)}</figcaption></figure>"


def _pictures(evaluation: Evaluation, pictures: PictureSet) -> str:
    if not pictures.pictures:
        return section("Dose pictures", paragraph(f"The dose pictures are missing: {pictures.missing}"))
    figures = [
        _figure(f'<img alt="{escape(picture.caption)}" src="{picture.data_uri()}">', picture.caption)
        for picture in pictures.pictures
    ]
    planes = f'<div class="planes">{"".join(figures)}</div>'
    return section("Dose pictures", planes, paragraph(evaluation.composite_rule, "note"))


def _structures(evaluation: Evaluation) -> str:
    rows = [(marked(structure), structure.metrics) for structure in evaluation.structures]
    return section("Structures", _biology(evaluation), *metric_tables(rows, "EQD2 with each structure's own α/β"))


def _biology(evaluation: Evaluation) -> str:
    header = [
        *("Structure", "Tissue", "α/β [Gy]", "Source of α/β", "Volume [cc]", "Samples", "Step, finest step [mm]"),
        *("Dose not known [% of volume]", "> 10 Gy per fraction [cc]"),
    ]
    rows: list[list[Cell]] = [
        [
            *(marked(structure), structure.tissue, f"{structure.alpha_beta_gy:g}", structure.alpha_beta_source),
            *(structure.volume_cc, f"{structure.samples:,}", _steps(structure)),
            *(structure.unknown_percent, structure.beyond_lq_cc),
        ]
        for structure in evaluation.structures
    ]
    note = (
        "Where a dose is not known (outside its grid or the registration) it counts as 0 Gy; what that makes of the "
        "values is said below the tables."
    )
    return table(header, rows) + paragraph(note, "note")


def _steps(structure: StructureSummary) -> str:
    return f"{structure.sample_step_mm:.2f}, {structure.finest_sample_step_mm:.2f}"


def _mapped(evaluation: Evaluation) -> str:
    header = [
        *("Structure", "Course", "Physical maximum [Gy]", "Physical mean [Gy]", "Recovered share"),
        *("> 10 Gy per fraction [cc]", "Dose not known [%]"),
    ]
    labels = _labels(evaluation)
    rows: list[list[Cell]] = [
        [
            *(marked(structure), labels[part.course], part.physical_maximum_gy, part.physical_mean_gy, part.recovery),
            *(part.beyond_lq_cc, part.unknown_percent),
        ]
        for structure in evaluation.structures
        for part in structure.courses
    ]
    return section("Mapped doses, per structure", table(header, rows), *_mark_note(evaluation))


def _mark_note(evaluation: Evaluation) -> list[str]:
    """What the mark means, where anything bears it."""
    return [paragraph(MARK_NOTE, "note")] if any(one.unreliable_courses for one in evaluation.structures) else []


def _volumes(evaluation: Evaluation) -> str:
    grid = evaluation.reference_grid
    labels = _labels(evaluation)
    rows: list[list[Cell]] = [
        [labels[one.course], number(one.of_structures_percent, 1), number(one.of_tissue_percent, 1)] for one in grid.unknown
    ]
    size, spacing = (" × ".join(f"{value:.4g}" for value in values) for values in (grid.size, grid.spacing_mm))
    text = f"Mapped doses and EQD2 sums, in pictures, scene and RTDOSE: {size} voxels of {spacing} mm. {grid.why}."
    note = "Where a dose is not known these volumes hold 0 Gy for it, which cannot be told from a dose of 0 Gy."
    header = ["Course", "Dose not known [% of the case's structures]", "[% of all denser than −400 HU on the grid]"]
    return section("Dose volumes", paragraph(text), table(header, rows), paragraph(note, "note"))


def _findings(evaluation: Evaluation) -> str:
    if not evaluation.findings:
        return section("Findings", paragraph(NO_FINDINGS))
    rows: list[list[Cell]] = [
        [finding.subject, finding.found, finding.expected or "–", finding.severity, finding.decision or "–"]
        for finding in evaluation.findings
    ]
    return section("Findings", table(["Object", "Found", "Expected", "Severity", "Decision"], rows))


def _provenance(evaluation: Evaluation) -> str:
    rows = "".join(f"<tr><td>{escape(i.path)}</td><td><code>{escape(i.sha256)}</code></td></tr>" for i in evaluation.inputs)
    inputs = f"<details><summary>{len(evaluation.inputs)} input files with SHA-256</summary><table>{rows}</table></details>"
    return section("Method and provenance", paragraph(evaluation.software), *map(paragraph, evaluation.settings), inputs)
