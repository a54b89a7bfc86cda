"""The grid of mapped doses as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from .results import CaseResults


@dataclass(frozen=True)
class UnknownOnGrid:
    """Percent of the voxels where a course's dose is not known; None if there are no such voxels."""

    course: str
    of_structures_percent: float | None
    of_tissue_percent: float | None


@dataclass(frozen=True)
class GridSummary:
    """The grid of mapped doses and EQD2 sums: voxels and mm along columns, rows and slices of the CT; origin in LPS mm."""

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    why: str
    unknown: tuple[UnknownOnGrid, ...]


def grid_summary(results: CaseResults) -> GridSummary:
    """Summarize the reference grid."""
    geometry = results.grid.geometry
    return GridSummary(
        *(geometry.size, geometry.spacing_mm, geometry.origin_mm),
        why=results.grid.why,
        unknown=tuple(UnknownOnGrid(one.course, one.structures_percent, one.tissue_percent) for one in results.coverage),
    )
