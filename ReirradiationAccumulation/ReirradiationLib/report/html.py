"""The report as one self-contained HTML page: a body of a few printed pages, and annexes with all details."""

from __future__ import annotations

from .biology_section import biology_section
from .courses_section import courses_section
from .dose_picture_section import dose_picture_section
from .dvh_section import all_dvhs_section, dvh_section
from .evaluation import Evaluation, course_labels
from .finding_section import finding_section
from .header_section import header_section
from .html_parts import annex, page
from .metric_tables import sensitivity_sections
from .optimization_section import optimization_section
from .pictures import NO_DOSE_PICTURES, PictureSet
from .planning_overview import feasibility_overview, remaining_overview, worksheet_overview
from .planning_section import isodose_section, planning_sections, remaining_section
from .planning_summary import PlanningSummary
from .provenance_section import input_annex, provenance_section
from .registration_html import registration_pictures_section, registration_strip
from .registration_overview import registration_overview
from .registration_pictures import NO_PICTURES, RegistrationPictureSet
from .registration_section import registration_sections
from .scorecard_section import scorecard_section
from .structure_section import mapped_doses_section, structures_section, volumes_section
from .text_section import text_section


def report_html(
    evaluation: Evaluation,
    pictures: PictureSet = NO_DOSE_PICTURES,
    registrations: RegistrationPictureSet = NO_PICTURES,
) -> str:
    """The whole report. Every text from the data is escaped; the page loads nothing from elsewhere."""
    is_mapped = evaluation.planning is not None
    return page(
        f"Reirradiation evaluation – {evaluation.case.title}",
        header_section(evaluation),
        scorecard_section(evaluation) if is_mapped else "",
        courses_section(evaluation),
        registration_overview(evaluation.registrations, course_labels(evaluation), registration_strip(registrations)),
        finding_section(evaluation),
        biology_section(evaluation),
        dvh_section(evaluation) if is_mapped else "",
        dose_picture_section(evaluation, pictures) if is_mapped else "",
        *(_planning(evaluation, evaluation.planning) if evaluation.planning else ()),
        provenance_section(evaluation),
        text_section(evaluation),
        *(_annexes(evaluation, evaluation.planning, registrations) if evaluation.planning else ()),
        input_annex(evaluation),
        running_head=_running_head(evaluation),
    )


def _running_head(evaluation: Evaluation) -> tuple[str, str, str]:
    """Who, and of what state, on every sheet."""
    case = evaluation.case
    if evaluation.is_anonymous:
        return "anonymised", case.title, ""
    key = next(task.key for task in evaluation.tasks if task.task is evaluation.stage)
    return f"{case.patient_name} ({case.patient_id})", case.title, f"· key {key}"


def _planning(evaluation: Evaluation, planning: PlanningSummary) -> list[str]:
    return [
        feasibility_overview(planning.feasibility),
        worksheet_overview(planning.worksheets),
        optimization_section(evaluation.optimization),
        isodose_section(planning.isodoses),
        remaining_overview(planning.remaining_dose),
    ]


def _annexes(evaluation: Evaluation, planning: PlanningSummary, registrations: RegistrationPictureSet) -> list[str]:
    grid = evaluation.reference_grid
    return [
        annex(
            "Structures: DVHs, metrics, samples, mapped doses",
            all_dvhs_section(evaluation),
            structures_section(evaluation),
            mapped_doses_section(evaluation),
        ),
        annex("Sensitivity", *sensitivity_sections(evaluation)),
        annex(
            "Registration: verdicts, measures, pictures",
            *registration_sections(evaluation.registrations, course_labels(evaluation)),
            registration_pictures_section(registrations),
        ),
        annex(
            "Planning: screening, feasibility, fractionation, worksheets, remaining dose",
            *planning_sections(planning),
            remaining_section(planning.remaining_dose),
        ),
        annex("Dose volumes", volumes_section(evaluation, grid) if grid else ""),
    ]
