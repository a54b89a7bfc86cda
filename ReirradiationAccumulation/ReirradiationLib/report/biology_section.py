"""The radiobiology in the report: α/β and recovery of every structure, defaults against overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
    header = ["Structures (tissue)", "α/β [Gy]", "Default [Gy]", "Source; reason of an override"]
    header += ["Recovered share of the prior EQD2"] if with_recovery else []
    groups = _alike(biology.structures)
    rows: list[list[Cell]] = [
        [
            _names(group),
            *(f"{group[0].alpha_beta_gy:g}", f"{group[0].default_alpha_beta_gy:g}"),
            _source(group[0], sources),
            *(["; ".join(_share(share, labels[share.course]) for share in group[0].recovery)] if with_recovery else []),
        ]
        for group in groups
    ]
    marks = ["open" if group[0].override else "" for group in groups]
    return section(
        "Radiobiology",
        paragraph(f"{biology.model} Recovery: {biology.recovery}."),
        table(header, rows, marks),
        sources.note(),
    )


def _alike(structures: Sequence[StructureBiology]) -> list[list[StructureBiology]]:
    """Structures that are evaluated alike, together."""
    groups: dict[StructureBiology, list[StructureBiology]] = {}
    for one in structures:
        groups.setdefault(replace(one, structure="", tissue=""), []).append(one)
    return list(groups.values())


def _names(group: Sequence[StructureBiology]) -> str:
    """The structures of a group, those of one tissue together."""
    tissues = dict.fromkeys(one.tissue for one in group)
    parts = [(tissue, [one.structure for one in group if one.tissue == tissue]) for tissue in tissues]
    return "; ".join(f"{', '.join(names)} ({tissue})" for tissue, names in parts)


def _source(one: StructureBiology, sources: SourceNotes) -> str:
    mark = sources.mark(one.source)
    return f"OVERRIDE of {mark}: {one.override}" if one.override else mark


def _share(share: RecoveredShare, label: str) -> str:
    interval = "interval not known" if share.months is None else f"{share.months:.1f} months"
    taken = "not known" if share.recovered is None else f"{share.recovered:g}"
    return f"{label}: {taken} ({interval})"
