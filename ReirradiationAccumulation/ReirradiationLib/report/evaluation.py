"""The evaluation as plain data: what ``evaluation.json`` holds and what the report shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from ..model.case_notes import FreeTexts, Task
from .biology_summary import BiologySummary
from .case_summary import CaseSummary
from .course_summary import CourseSummary
from .finding_summary import FindingSummary
from .grid_summary import GridSummary
from .headlines import Headline
from .planning_summary import PlanningSummary
from .provenance import InputGroup, InputSummary
from .registration_summary import RegistrationSummary
from .score_summary import ScoreSummary
from .shell_summary import OptimizationSummary
from .structure_summary import StructureSummary
from .task_summary import TaskSummary

SCHEMA_NAME = "reirradiation-evaluation/"
SCHEMA = f"{SCHEMA_NAME}2"
SIGNIFICANT_DIGITS = 6

INTENDED_USE = (
    "Research software, not a medical device. Every number must be checked by a qualified medical physicist before it "
    "is used for a patient. Literature values are defaults: confirm locally."
)


@dataclass(frozen=True)
class Evaluation:
    """Everything that the report shows, apart from the pictures, and nothing else.

    ``stage`` is the last task that was done. After the records there are no structures, scores and registrations yet,
    ``planning`` and ``reference_grid`` are None and ``composite_rule`` is empty. ``is_anonymous`` says that identifiers were
    taken out.
    """

    schema: str
    software: str
    intended_use: str
    stage: Task
    is_anonymous: bool
    case: CaseSummary
    tasks: tuple[TaskSummary, ...]
    headlines: tuple[Headline, ...]
    texts: FreeTexts
    courses: tuple[CourseSummary, ...]
    biology: BiologySummary
    composite_rule: str
    reference_grid: GridSummary | None
    settings: tuple[str, ...]
    registrations: tuple[RegistrationSummary, ...]
    structures: tuple[StructureSummary, ...]
    scorecard: tuple[ScoreSummary, ...]
    optimization: tuple[OptimizationSummary, ...]
    planning: PlanningSummary | None
    findings: tuple[FindingSummary, ...]
    inputs: tuple[InputSummary, ...]
    input_groups: tuple[InputGroup, ...]


def course_labels(evaluation: Evaluation) -> dict[str, str]:
    """The label of each course by its id."""
    return {course.identifier: course.label for course in evaluation.courses}


def evaluation_json(evaluation: Evaluation) -> str:
    """The evaluation as JSON text; floating-point numbers keep six significant digits.

    The same evaluation gives the same text, byte for byte.
    """
    return json.dumps(plain(evaluation), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Dataclasses, tuples and enums as what JSON holds."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return value
