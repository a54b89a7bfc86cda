"""The radiobiology in the report: α/β and recovery of every structure, defaults against overrides."""

from __future__ import annotations

from .biology_summary import RecoveredShare, StructureBiology
from .evaluation import Evaluation, course_labels
from .html_parts import Cell, paragraph, section, table
from .source_notes import SourceNotes


def biology_section(evaluation: Evaluation) -> str:
    """The table of structures; an override stands beside the default that it replaces."""
    biology = evaluation.biology
    labels = course_labels(evaluation)
    sources = SourceNotes()
    with_recovery = biology.is_recovery_applied
    header = ["Structure", "Tissue", "α/β [Gy]", "Default [Gy]", "Source; reason of an override"]
    header += ["Recovered share of the prior EQD2"] if with_recovery else []
    rows: list[list[Cell]] = [
        [
            *(one.structure, one.tissue, f"{one.alpha_beta_gy:g}", f"{one.default_alpha_beta_gy:g}"),
            _source(one, sources),
            *(["; ".join(_share(share, labels[share.course]) for share in one.recovery)] if with_recovery else []),
        ]
        for one in biology.structures
    ]
    marks = ["open" if one.override else "" for one in biology.structures]
    return section(
        "Radiobiology",
        paragraph(f"{biology.model} Recovery: {biology.recovery}."),
        table(header, rows, marks),
        sources.note(),
    )


def _source(one: StructureBiology, sources: SourceNotes) -> str:
    mark = sources.mark(one.source)
    return f"OVERRIDE of {mark}: {one.override}" if one.override else mark


def _share(share: RecoveredShare, label: str) -> str:
    interval = "interval not known" if share.months is None else f"{share.months:.1f} months"
    taken = "not known" if share.recovered is None else f"{share.recovered:g}"
    return f"{label}: {taken} ({interval})"
