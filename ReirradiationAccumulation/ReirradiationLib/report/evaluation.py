"""The evaluation as plain data: what ``evaluation.json`` holds and what the report shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from ..model.registration_quality import LandmarkErrors, OrganQuality, OrganVerdict, RegionQuality, Verdict
from .planning_summary import PlanningSummary

SCHEMA = "reirradiation-evaluation/1"
SIGNIFICANT_DIGITS = 6

INTENDED_USE = (
    "Research software, not a medical device. Every number must be checked by a qualified medical physicist before it "
    "is used for a patient. Literature values are defaults: confirm locally."
)


@dataclass(frozen=True)
class TargetSummary:
    """A target of the new course and its physical prescription."""

    structure: str
    prescription_gy: float


@dataclass(frozen=True)
class CaseSummary:
    """Who, on what anatomy, and what is wanted; ``new_date`` is what intervals are counted to."""

    title: str
    patient_id: str
    patient_name: str
    current_ct: str
    current_structures: str
    new_label: str
    new_prescription_gy: float
    new_fractions: int
    new_date: str
    targets: tuple[TargetSummary, ...]
    protocol: str
    stage: str


@dataclass(frozen=True)
class PointSummary:
    """What a paper record says about one organ; physical dose in Gy."""

    structure: str
    dose_gy: float
    fractions: int
    date: str
    source: str


@dataclass(frozen=True)
class CourseSummary:
    """One course as used. Doses in Gy, physical; ``months_before`` is counted to the new course.

    ``fractions`` is None for a course known only by one dose per organ; ``dose`` says what its dose is and what was done to
    it. ``points`` are these doses, or those that replace the mapped dose in their organs.
    """

    identifier: str
    label: str
    role: str
    plan: str
    date: str
    months_before: float | None
    fractions: int | None
    planned_fractions: int | None
    prescription_gy: float | None
    dose: str
    dose_maximum_gy: float
    registration: str
    points: tuple[PointSummary, ...]


@dataclass(frozen=True)
class RegistrationSummary:
    """How a prior course came to the current CT: by what, who took it, and measures and verdicts in every structure.

    ``key`` names the transform itself; a sign-off names it. ``limits`` says where the limits of the verdicts come from.
    """

    course: str
    method: str
    source: str
    key: str
    log: tuple[str, ...]
    sign_off: str
    limits: str
    verdict: Verdict
    high_dose: RegionQuality | None
    landmarks: LandmarkErrors | None
    organs: tuple[OrganQuality, ...]
    verdicts: tuple[OrganVerdict, ...]


@dataclass(frozen=True)
class MetricSummary:
    """A metric of one structure on all sums. EQD2 with the structure's α/β; None where a sum does not exist.

    The percentages say in how much of the volume the dose of a course is not known, and so counted as 0 Gy.
    """

    metric: str
    prior_raw: float | None
    prior_recovered: float | None
    prior_unknown_percent: float
    cumulative_raw: float | None
    cumulative_recovered: float | None
    cumulative_unknown_percent: float | None
    remark: str


@dataclass(frozen=True)
class SensitivitySummary:
    """The metrics of one structure in another quantity or by another model than EQD2 by LQ, for comparison only.

    ``transition_gy_per_fraction`` is that of LQ-L with the structure's α/β; None for LQ.
    """

    response: str
    quantity: str
    model: str
    transition_gy_per_fraction: float | None
    metrics: tuple[MetricSummary, ...]


@dataclass(frozen=True)
class CourseInStructure:
    """One course within one structure: physical dose in Gy, recovered fraction.

    ``beyond_lq_cc`` is the volume that it gave more than 10 Gy per fraction.
    """

    course: str
    physical_maximum_gy: float | None
    physical_mean_gy: float | None
    recovery: float
    unknown_percent: float
    beyond_lq_cc: float


@dataclass(frozen=True)
class CurveSummary:
    """A cumulative DVH curve: EQD2 in Gy against percent of the volume."""

    sum: str
    dose_gy: tuple[float, ...]
    volume_percent: tuple[float, ...]


@dataclass(frozen=True)
class StructureSummary:
    """One structure. ``unreliable_courses`` are those whose mapped dose must not be relied on in it."""

    name: str
    tissue: str
    alpha_beta_gy: float
    alpha_beta_source: str
    volume_cc: float
    end_caps: str
    samples: int
    sample_step_mm: float
    finest_sample_step_mm: float
    unknown_percent: float
    unknown_courses: tuple[str, ...]
    unreliable_courses: tuple[str, ...]
    beyond_lq_cc: float
    courses: tuple[CourseInStructure, ...]
    metrics: tuple[MetricSummary, ...]
    sensitivity: tuple[SensitivitySummary, ...]
    curves: tuple[CurveSummary, ...]


@dataclass(frozen=True)
class ScoreSummary:
    """One line of the scorecard; values in the metric's unit, doses in EQD2 with the constraint's own α/β.

    ``months_published`` is the interval that the limit was published for, ``months`` the one since the last prior course in
    the structure. ``left_eqd2_gy`` is what the prior courses leave of a limit of dose, ``left_physical_gy`` the same as
    physical dose in ``fractions``, given evenly to the structure; ``left_is_at_most`` where the prior dose is not known
    everywhere. ``row`` is the limit's id in ``constraints.csv``.
    """

    structure: str
    metric: str
    sense: str
    limit: float
    warning: float | None
    basis: str
    alpha_beta_gy: float
    months_published: str
    conditions: str
    months: float | None
    prior: float | None
    prior_unknown_percent: float
    cumulative: float | None
    cumulative_unknown_percent: float | None
    left_eqd2_gy: float | None
    left_physical_gy: float | None
    left_is_at_most: bool
    fractions: int
    state: str
    registration: str
    remark: str
    row: str
    source: str


@dataclass(frozen=True)
class ShellSummary:
    """One optimization structure; limits are maxima of the new plan."""

    name: str
    lower_eqd2_gy: float
    upper_eqd2_gy: float | None
    limit_eqd2_gy: float
    limit_physical_gy: float
    volume_cc: float
    exported: bool
    variant: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class OptimizationSummary:
    """P, R, A and the shells of one organ."""

    structure: str
    metric: str
    region: str
    region_cc: float
    unknown_percent: float
    basis: str
    alpha_beta_gy: float
    fractions: int
    prior_eqd2_gy: float
    new_eqd2_gy: float
    limit_eqd2_gy: float
    step_eqd2_gy: float
    organ_maximum_eqd2_gy: float
    above_prior_cc: float
    upper_bounds: tuple[str, ...]
    unreliable_courses: tuple[str, ...]
    state: str
    remark: str
    source: str
    shells: tuple[ShellSummary, ...]


@dataclass(frozen=True)
class FindingSummary:
    """A finding, and the decision taken on it if it needed one."""

    identifier: str
    severity: str
    subject: str
    found: str
    expected: str
    decision: str


@dataclass(frozen=True)
class InputSummary:
    """An input file and its content's hash."""

    path: str
    sha256: str


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


@dataclass(frozen=True)
class Evaluation:
    """Everything that the report shows, apart from the pictures."""

    schema: str
    software: str
    intended_use: str
    case: CaseSummary
    courses: tuple[CourseSummary, ...]
    recovery: str
    composite_rule: str
    reference_grid: GridSummary
    settings: tuple[str, ...]
    registrations: tuple[RegistrationSummary, ...]
    structures: tuple[StructureSummary, ...]
    scorecard: tuple[ScoreSummary, ...]
    optimization: tuple[OptimizationSummary, ...]
    planning: PlanningSummary
    findings: tuple[FindingSummary, ...]
    inputs: tuple[InputSummary, ...]


def evaluation_json(evaluation: Evaluation) -> str:
    """The evaluation as JSON text; floating-point numbers keep six significant digits.

    The same evaluation gives the same text, byte for byte.
    """
    return json.dumps(_plain(evaluation), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return value
