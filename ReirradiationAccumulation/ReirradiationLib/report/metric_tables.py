"""Tables of the structures' metrics: one table per sum, each value beside the share of the volume without known dose."""

from __future__ import annotations

from collections.abc import Sequence

from .evaluation import Evaluation
from .html_parts import Cell, paragraph, section, table
from .marks import marked
from .metric_summary import MetricSummary
from .shown_text import shown

SENSITIVITY_NOTE = (
    "For comparison only: limits, scorecard, optimization structures, DVHs and the tables above are EQD2 by the "
    "linear-quadratic model. Doses in the names of metrics are of the quantity in the heading."
)


MAXIMUM_NOTE = "Dmax is the hottest sample, a point: no planning system shows the same. Use D0.03cc for decisions."


def metric_tables(rows: Sequence[tuple[str, Sequence[MetricSummary]]], quantity: str) -> list[str]:
    """A table for each sum that has values, and the remarks on them; a row per structure, by its name."""
    metrics = [metric.metric for metric in rows[0][1]] if rows else []
    parts = []
    for role, key in (("Prior courses", "prior"), ("Cumulative, with the new plan", "cumulative")):
        for basis in ("raw", "recovered"):
            cells: list[list[Cell]] = [
                [
                    *(name, *(getattr(metric, f"{key}_{basis}") for metric in values)),
                    getattr(values[0], f"{key}_unknown_percent") if values else None,
                ]
                for name, values in rows
            ]
            if any(cell is not None for row in cells for cell in row[1:-1]):
                parts.append(f"<h3>{shown(role)}: {basis} sum, {shown(quantity)}</h3>")
                parts.append(table(["Structure", *metrics, "Dose not known [%]"], cells))
    if any(metric == "Dmax[Gy]" for metric in metrics):
        parts.append(paragraph(MAXIMUM_NOTE, "note"))
    return parts + [paragraph(remark, "note") for name, values in rows for remark in _remarks(name, values)]


def sensitivity_sections(evaluation: Evaluation) -> list[str]:
    """What the case asked to compare, one section for each quantity and model; none if it asked for nothing."""
    sections = []
    asked = evaluation.structures[0].sensitivity if evaluation.structures else ()
    for n, response in enumerate(asked):
        rows = []
        for structure in evaluation.structures:
            transition_gy = structure.sensitivity[n].transition_gy_per_fraction
            bend = f", linear above {transition_gy:g} Gy per fraction" if transition_gy is not None else ""
            rows.append(
                (f"{marked(structure)} (α/β {structure.alpha_beta_gy:g} Gy{bend})", structure.sensitivity[n].metrics)
            )
        tables = metric_tables(rows, response.response)
        sections.append(section(f"Sensitivity: {response.response}", paragraph(SENSITIVITY_NOTE, "note"), *tables))
    return sections


def _remarks(structure: str, metrics: Sequence[MetricSummary]) -> list[str]:
    """Each remark on a structure's metrics once, with the metrics that it is about unless it is about all."""
    about: dict[str, list[str]] = {}
    for metric in metrics:
        if metric.remark:
            about.setdefault(metric.remark, []).append(metric.metric)
    return [
        f"{structure}{'' if len(names) == len(metrics) else ', ' + ', '.join(names)}: {remark}"
        for remark, names in about.items()
    ]
