"""The report as one self-contained HTML page."""

from __future__ import annotations

from html import escape

from .courses_section import courses_section
from .dose_picture_section import dose_picture_section
from .dvh_section import dvh_section
from .evaluation import Evaluation, course_labels
from .finding_section import finding_section
from .html_parts import Cell, page, paragraph, section, table
from .metric_tables import sensitivity_sections
from .optimization_section import optimization_section
from .pictures import NO_DOSE_PICTURES, PictureSet
from .planning_section import planning_exports, planning_sections
from .provenance_section import provenance_section
from .registration_html import registration_pictures_section
from .registration_pictures import NO_PICTURES, RegistrationPictureSet
from .registration_section import registration_sections
from .scorecard_section import scorecard_section
from .structure_section import mapped_doses_section, structures_section, volumes_section


def report_html(
    evaluation: Evaluation,
    pictures: PictureSet = NO_DOSE_PICTURES,
    registrations: RegistrationPictureSet = NO_PICTURES,
) -> str:
    """The whole report. Every text from the data is escaped; the page loads nothing from elsewhere."""
    case, planning, grid = evaluation.case, evaluation.planning, evaluation.reference_grid
    return page(
        f"Reirradiation evaluation – {case.title}",
        f"<h1>{escape(case.title)}</h1>",
        paragraph(f"Reirradiation evaluation · {case.stage}"),
        f'<div class="use">{escape(evaluation.intended_use)}</div>',
        _case(evaluation),
        courses_section(evaluation),
        scorecard_section(evaluation.scorecard),
        *(planning_sections(planning) if planning else ()),
        optimization_section(evaluation.optimization),
        *(planning_exports(planning) if planning else ()),
        dvh_section(evaluation),
        dose_picture_section(evaluation, pictures),
        structures_section(evaluation),
        *sensitivity_sections(evaluation),
        *registration_sections(evaluation.registrations, course_labels(evaluation)),
        registration_pictures_section(registrations),
        mapped_doses_section(evaluation),
        volumes_section(evaluation, grid) if grid else "",
        finding_section(evaluation),
        provenance_section(evaluation),
        running_head=(f"{case.patient_name} ({case.patient_id})", case.title),
    )


def _case(evaluation: Evaluation) -> str:
    case = evaluation.case
    rows: list[list[Cell]] = [
        ["Patient", f"{case.patient_name} ({case.patient_id})"],
        ["Current anatomy", f"{case.current_ct}; structures '{case.current_structures}'"],
        ["New course", f"{case.new_label}: {case.new_prescription_gy:g} Gy in {case.new_fractions} fractions"],
        ["Date of the new course", case.new_date or "not known"],
        ["Targets", "; ".join(f"{one.structure}: {one.prescription_gy:g} Gy" for one in case.targets) or "none named"],
        ["Recovery", evaluation.biology.recovery],
        ["Protocol tables", evaluation.case.protocol],
    ]
    return section("Case", table(["", ""], rows))
