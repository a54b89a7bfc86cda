"""Structures in the report: metrics, mapped doses, the grid of volumes."""

from __future__ import annotations

from .evaluation import Evaluation, course_labels
from .grid_summary import GridSummary
from .html_parts import Cell, number, paragraph, section, table
from .marks import mark_note, marked
from .metric_tables import metric_tables
from .structure_summary import StructureSummary


def structures_section(evaluation: Evaluation) -> str:
    """How every structure was sampled, and its metrics."""
    rows = [(marked(structure), structure.metrics) for structure in evaluation.structures]
    return section("Structures", _samples(evaluation), *metric_tables(rows, "EQD2 with each structure's own α/β"))


def _samples(evaluation: Evaluation) -> str:
    header = [
        *("Structure", "α/β [Gy]", "Volume [cc]", "Samples", "Step, finest step [mm]"),
        *("Dose not known [% of volume]", "> 10 Gy per fraction [cc]"),
    ]
    rows: list[list[Cell]] = [
        [
            *(marked(structure), f"{structure.alpha_beta_gy:g}"),
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


def mapped_doses_section(evaluation: Evaluation) -> str:
    """Every course in every structure, physical."""
    header = [
        *("Structure", "Course", "Physical maximum [Gy]", "Physical mean [Gy]", "Recovered share"),
        *("> 10 Gy per fraction [cc]", "Dose not known [%]"),
    ]
    labels = course_labels(evaluation)
    rows: list[list[Cell]] = [
        [
            *(marked(structure), labels[part.course], part.physical_maximum_gy, part.physical_mean_gy, part.recovery),
            *(part.beyond_lq_cc, part.unknown_percent),
        ]
        for structure in evaluation.structures
        for part in structure.courses
    ]
    return section("Mapped doses, per structure", table(header, rows), *mark_note(evaluation))


def volumes_section(evaluation: Evaluation, grid: GridSummary) -> str:
    """The grid of volumes, and how far doses are known on it."""
    labels = course_labels(evaluation)
    rows: list[list[Cell]] = [
        [labels[one.course], number(one.of_structures_percent, 1), number(one.of_tissue_percent, 1)] for one in grid.unknown
    ]
    size, spacing = (" × ".join(f"{value:.4g}" for value in values) for values in (grid.size, grid.spacing_mm))
    origin = ", ".join(f"{value:.2f}" for value in grid.origin_mm)
    text = f"Mapped doses and EQD2 sums: {size} voxels of {spacing} mm from LPS {origin} mm. {grid.why}."
    note = "Where a dose is not known these volumes hold 0 Gy for it, which cannot be told from a dose of 0 Gy."
    header = ["Course", "Dose not known [% of the case's structures]", "[% of all denser than −400 HU on the grid]"]
    return section("Dose volumes", paragraph(text), table(header, rows), paragraph(note, "note"))
