"""The case: everything the user decided, before any file is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .case_notes import NO_TEXTS, FreeTexts, TaskSignature
from .constraint import Constraint
from .dose_response import DoseResponse
from .finding import Decision
from .geometry import Vector3
from .metric import Metric
from .planning_choice import (
    DEFAULT_REMAINING_DOSE,
    IsodoseLine,
    OptimizationRequest,
    RemainingDoseChoice,
    ScreeningDecision,
    Target,
)
from .points import PointDose
from .registration import RegistrationChoice
from .structure import EndCaps, Holes

DEFAULT_ALPHA_BETA_GY = 3.0
"""α/β of tissue that no structure of the case covers (convention)."""


NEW_COURSE_ID = "new"
"""Stands for the new plan where courses are named by id."""


@dataclass(frozen=True)
class CurrentAnatomy:
    """Folder of the current planning CT and its RTSTRUCT; the SeriesInstanceUID where the folder holds several CTs."""

    ct: Path
    structures: Path
    ct_series: str = ""


@dataclass(frozen=True)
class PriorCourse:
    """A prior course: by its DICOM files, or by one dose per organ where there are none.

    Parameters
    ----------
    identifier, label : str
    dose : tuple of Path
        The PLAN dose, or the BEAM doses of all beams; empty for a course of points.
    plan : Path or None
    fractions : int or None
        Planned fractions, for a dose that has no plan.
    delivered_fractions : int or None
        If the course was not completed (or was extended): the dose is scaled by delivered / planned.
    rbe : float or None
        Multiplies a physical proton dose.
    ct : Path or None
        Folder of the CT that the course was planned on.
    ct_series : str
        SeriesInstanceUID of the CT where the folder holds several; else empty.
    date : date or None
    registration : RegistrationChoice or None
        None for a course of points.
    points : Path or tuple of PointDose
        A CSV table, or the points themselves. Of a course of DICOM files those of organs whose mapped dose they replace.
    structures : Path or None
        RTSTRUCT on the prior CT, which the registration is judged by.
    site, system : str
        Treated site and planning system as the record tells them; empty to take them from the files.
    """

    identifier: str
    label: str
    dose: tuple[Path, ...]
    plan: Path | None
    fractions: int | None
    delivered_fractions: int | None
    rbe: float | None
    ct: Path | None
    date: date | None
    registration: RegistrationChoice | None
    ct_series: str = ""
    points: Path | tuple[PointDose, ...] = ()
    structures: Path | None = None
    site: str = ""
    system: str = ""

    @property
    def has_points_only(self) -> bool:
        """Whether the course is known by points and not by DICOM files."""
        return not self.dose


@dataclass(frozen=True)
class NewCourse:
    """The reirradiation: its prescription, and the finished plan with its dose(s) once there is one.

    ``targets`` may be named with prescriptions of their own; an organ is planned by the one nearest to it.
    """

    label: str
    prescription_gy: float
    fractions: int
    date: date | None
    plan: Path | None
    dose: tuple[Path, ...]
    rbe: float | None
    targets: tuple[Target, ...] = ()

    def is_subject(self, subject: str) -> bool:
        """Whether a finding or decision with this subject is about the new course."""
        return subject.startswith(f"Course '{self.label}")


@dataclass(frozen=True)
class StructureChoice:
    """A structure to evaluate. α/β comes from the tissue unless overridden, and an override carries a reason."""

    name: str
    tissue: str
    alpha_beta_gy: float | None
    reason: str


@dataclass(frozen=True)
class ExportChoice:
    """How structures and doses are written.

    Parameters
    ----------
    planning_system : str
        Row of the table of naming rules.
    holes : Holes
    append : bool
        Whether the new structure set repeats the ROIs of the current one.
    mapped_doses : bool
        Whether every course's physical dose on the current CT is written too.
    """

    planning_system: str = "any"
    holes: Holes = Holes.KEYHOLE
    append: bool = False
    mapped_doses: bool = False


DEFAULT_GRID_MARGIN_MM = 20.0


@dataclass(frozen=True)
class GridChoice:
    """The grid of mapped doses and EQD2 sums, which are for pictures, scene and export only.

    Parameters
    ----------
    spacing_mm : tuple of three float or None
        Along the CT's rows, columns and slices; None for 2 mm, or less if a dose is finer.
    margin_mm : float
        Around the structures of the case.
    is_ct : bool
        The CT's own grid; then the others do not matter.
    """

    spacing_mm: Vector3 | None = None
    margin_mm: float = DEFAULT_GRID_MARGIN_MM
    is_ct: bool = False


@dataclass(frozen=True)
class Case:
    """Everything that the user decided. Paths are absolute; ``case_file`` writes them relative to the file.

    ``sensitivity`` names what the metrics are also shown in, for comparison; all else is EQD2 by the linear-quadratic model.
    """

    file: Path
    title: str
    current: CurrentAnatomy
    prior_courses: tuple[PriorCourse, ...]
    new_course: NewCourse
    structures: tuple[StructureChoice, ...]
    metrics: tuple[Metric, ...]
    constraints: tuple[Constraint, ...]
    optimization: tuple[OptimizationRequest, ...]
    protocol_folder: Path | None
    recovery_table: str | None
    decisions: tuple[Decision, ...]
    export: ExportChoice = ExportChoice()
    sensitivity: tuple[DoseResponse, ...] = ()
    reference_grid: GridChoice = GridChoice()
    end_caps: EndCaps = EndCaps.HALF_SLICE
    screening: ScreeningDecision | None = None
    isodose_lines: tuple[IsodoseLine, ...] = ()
    remaining_dose: RemainingDoseChoice = DEFAULT_REMAINING_DOSE
    tasks: tuple[TaskSignature, ...] = ()
    texts: FreeTexts = NO_TEXTS
