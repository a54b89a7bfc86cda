"""Every reason and every measure of the registrations, for the annex."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from ..model.registration_quality import RegionQuality
from .html_parts import Cell, table
from .registration_summary import RegistrationSummary

REASONS_HEADER = ("Structure", "Says", "Measure", "Where", "Found", "Limit", "In words", "Source of the limit")


def reason_table(summary: RegistrationSummary) -> str:
    """One row for each reason of each verdict."""
    rows: list[list[Cell]] = [
        [
            *(verdict.organ, reason.verdict.value, reason.measure.value if reason.measure else "–"),
            *(reason.region.value if reason.region else "–", _number(reason.found), _number(reason.limit)),
            *(reason.text, reason.source or "–"),
        ]
        for verdict in summary.verdicts
        for reason in verdict.reasons
    ]
    return table(REASONS_HEADER, rows) if rows else ""


def measure_table(summary: RegistrationSummary) -> str:
    """One row for each region, one column for each measure."""
    found = [(name, dict(_leaves(value))) for name, value in _regions(summary) if value is not None]
    columns = list(dict.fromkeys(column for _, values in found for column in values))
    rows: list[list[Cell]] = [[name, *(values.get(column, "–") for column in columns)] for name, values in found]
    return table(["Region", *(column.replace("_", " ") for column in columns)], rows) if rows else ""


def _regions(summary: RegistrationSummary) -> list[tuple[str, Any]]:
    """Everything that was measured in, each organ with its parts."""
    regions: list[tuple[str, Any]] = [("high prior dose", summary.high_dose), ("all landmarks", summary.landmarks)]
    for organ in summary.organs:
        regions += [(organ.name, organ.organ), (f"{organ.name}, in high prior dose", organ.overlap)]
        regions.append((f"{organ.name}, otherwise", organ))
    return regions


def _leaves(value: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """The numbers and words of a tree of measures, each with its path; what was not measured is left out."""
    for field in fields(value):
        part, path = getattr(value, field.name), f"{above}{field.name}"
        if isinstance(part, RegionQuality):
            continue  # has a row of its own
        if is_dataclass(part):
            yield from _leaves(part, f"{path}: ")
        elif part is not None and field.name != "name":
            yield path, _shown(part)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return _number(value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
