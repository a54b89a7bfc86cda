"""What stands for everything that a task rests on, so that a signature holds for that and for nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from ..model.case import NEW_COURSE_ID, Case
from ..model.case_file import case_to_json
from ..model.case_notes import Task
from ..model.registration_limits import LIMITS_FILE
from .provenance import CASE_ROLE, TABLE_ROLE, InputSummary

KEY_DIGITS = 12
NOTES = ("tasks", "texts", "title")
"""Keys of a case that are no part of what is signed: the signatures themselves, and what is written after signing."""

_RECORDS = ("current", "prior_courses")
_TRANSFER = (*_RECORDS, "end_caps")


def task_key(
    task: Task,
    case: Case,
    day: date | None,
    noticed: Collection[str],
    inputs: Sequence[InputSummary],
    registrations: Sequence[str],
) -> str:
    """The key of a task.

    The records rest on the courses as the case states them, their files and the decisions on them; the transfer also on the
    registrations with their sign-offs, the structures, and the limits of the verdicts; the sum on everything.

    Parameters
    ----------
    task : Task
    case : Case
        As the user wrote it.
    day : date or None
        To which intervals are counted.
    noticed : collection of str
        Identifiers of the findings in the records of prior courses.
    inputs : sequence of InputSummary
    registrations : sequence of str
        Keys of the transforms.
    """
    values: dict[str, Any] = json.loads(case_to_json(case))
    decisions = [
        one
        for one in values.get("decisions", ())
        if one["finding"] in noticed and not case.new_course.is_subject(one["subject"])
    ]
    rest: dict[str, Any] = {"files": _files(task, inputs)}
    if task is Task.SUM:
        rest |= {name: value for name, value in values.items() if name not in NOTES}
        rest["day"] = day.isoformat() if day else ""
    elif task is Task.TRANSFER:
        names = [one["name"] for one in values.get("structures", ())]
        rest |= {**{name: values.get(name) for name in _TRANSFER}, "structures": names, "decisions": decisions}
    else:
        courses = [
            {key: value for key, value in one.items() if key != "registration"} for one in values.get("prior_courses", ())
        ]
        rest |= {"current": values["current"], "prior_courses": courses, "decisions": decisions}
    rest |= {"registrations": list(registrations)} if task is not Task.RECORDS else {}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:KEY_DIGITS]


def _files(task: Task, inputs: Sequence[InputSummary]) -> list[str]:
    """Role and hash of each input of the task; not of the case file, which holds the signature."""
    return [f"{one.role} {one.sha256}" for one in inputs if one.role != CASE_ROLE and _is_used(task, one)]


def _is_used(task: Task, one: InputSummary) -> bool:
    if task is Task.SUM:
        return True
    if one.role == TABLE_ROLE:
        return task is Task.TRANSFER and one.path.startswith(LIMITS_FILE)
    return not one.role.startswith(f"{NEW_COURSE_ID}: ")


def is_key(text: str) -> bool:
    """Whether a text looks like a key: twelve hexadecimal digits in lower case."""
    return len(text) == KEY_DIGITS and all(digit in "0123456789abcdef" for digit in text)
