"""The page that somebody looks at before the registrations are signed off."""

from __future__ import annotations

from html import escape

from ..model.finding import Finding
from ..model.interlock import Severity
from .evaluation import INTENDED_USE
from .html_parts import Cell, page, paragraph, section, table
from .registration_html import registration_pictures_section
from .registration_pictures import RegistrationPictureSet
from .registration_section import registration_sections
from .registration_summary import registration_summaries
from .results import Transfer
from .transfer_findings import all_decisions, transfer_findings

TITLE = "Registrations to be looked at"
HOW_TO_SIGN = (
    "Look at every organ that matters, in the pictures and in your planning system or 3D Slicer. Then sign the case file: "
    'beside "method" of the course\'s "registration", "sign_off": {"who": …, "when": "YYYY-MM-DD", "comment": …, "key": the '
    "key shown here}. With the key the sign-off holds for this very registration."
)


def registration_report(found: Transfer, drawn: RegistrationPictureSet) -> str:
    """The whole page; it loads nothing from elsewhere, and every text from the data is escaped."""
    labels = {course.identifier: course.label for course in found.prior_courses}
    title = found.case.title
    patient = found.records.ct.patient
    return page(
        f"{TITLE} – {title}",
        f"<h1>{escape(title)}</h1>",
        paragraph(f"{TITLE} · {patient.name} ({patient.patient_id})"),
        f'<div class="use">{escape(INTENDED_USE)}</div>',
        paragraph(HOW_TO_SIGN),
        *registration_sections(registration_summaries(found), labels),
        registration_pictures_section(drawn),
        _findings(found),
    )


def _findings(found: Transfer) -> str:
    decisions = all_decisions(found)

    def state(finding: Finding) -> str:
        if finding.severity is not Severity.DECISION:
            return str(finding.severity.value)
        return "accepted" if any(decision.accepts(finding) for decision in decisions) else "to be decided"

    rows: list[list[Cell]] = [[finding.subject, finding.found, state(finding)] for finding in transfer_findings(found)]
    return section("Findings", table(["Object", "Found", "State"], rows) if rows else paragraph("None."))
