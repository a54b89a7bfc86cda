"""Where the numbers of the report come from."""

from __future__ import annotations

from html import escape

from .evaluation import Evaluation
from .html_parts import Cell, Html, annex, paragraph, section, table

WITHHELD_NOTE = "Names, SOP Instance UIDs and hashes of the inputs are withheld: by these the files could be found."


def provenance_section(evaluation: Evaluation) -> str:
    """Software, settings, and the inputs by what they are of."""
    rows: list[list[Cell]] = [
        [one.role, one.files, Html(f"<code>{escape(one.sha256)}</code>")] for one in evaluation.input_groups
    ]
    note = (
        "SHA-256 over the SHA-256 of all files of a role, in the order of evaluation.json, which lists every file with its "
        "SOP Instance UID, as does the annex of report.html. 'reirradiation verify' compares and computes anew."
    )
    return section(
        "Method and provenance",
        paragraph(f"{evaluation.software}; {evaluation.schema}. {' '.join(evaluation.settings)}"),
        table(["Input", "Files", "SHA-256"], rows),
        paragraph(WITHHELD_NOTE if evaluation.is_anonymous else note, "note"),
    )


def input_annex(evaluation: Evaluation) -> str:
    """Every input file."""
    rows: list[list[Cell]] = [
        [
            one.path,
            one.role,
            Html(f"<code>{escape(one.sop_instance_uid) or '–'}</code>"),
            Html(f"<code>{escape(one.sha256)}</code>"),
        ]
        for one in evaluation.inputs
    ]
    title = f"{len(evaluation.inputs)} input files"
    return annex("Input files", section(title, table(["File", "Role", "SOPInstanceUID", "SHA-256"], rows)))
