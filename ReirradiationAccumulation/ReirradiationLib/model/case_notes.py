"""What people add to a case in words: who finished which task and when, and the free text of the evaluation document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Task(str, Enum):
    """The three tasks of an evaluation (Vickress et al., PMC12830171), in their order; also the stages of its report."""

    RECORDS = "records"
    TRANSFER = "transfer"
    SUM = "sum"


TASK_TITLES = {
    Task.RECORDS: "Records of prior courses",
    Task.TRANSFER: "Dose transfer to the current CT",
    Task.SUM: "Dose sum with the new plan",
}


@dataclass(frozen=True)
class TaskSignature:
    """Somebody has finished a task and answers for it.

    Parameters
    ----------
    task : Task
    who : str
    when : date
    comment : str
    key : str
        The key of what was looked at, as the report shows it; the signature holds for no other. Empty: it holds whatever the
        inputs and registrations are.
    """

    task: Task
    who: str
    when: date
    comment: str = ""
    key: str = ""


@dataclass(frozen=True)
class FreeTexts:
    """What only people can say; empty where nobody has. Lines are kept.

    Parameters
    ----------
    planning_approach : str
        How the new course is to be planned.
    discussion : str
        Trade-offs, and who agreed to what.
    delivery : str
        What to heed at the machine, as an isodose line to match by.
    """

    planning_approach: str = ""
    discussion: str = ""
    delivery: str = ""


NO_TEXTS = FreeTexts()
TEXT_TITLES = {
    "planning_approach": "Planning approach",
    "discussion": "Discussion and trade-offs",
    "delivery": "Considerations for delivery",
}
LONGEST_TEXT = 8000
