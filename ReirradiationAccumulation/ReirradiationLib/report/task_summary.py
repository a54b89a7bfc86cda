"""How far the three tasks of an evaluation are, and who answers for them, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..model.case import NEW_COURSE_ID, Case
from ..model.case_notes import TASK_TITLES, Task, TaskSignature
from ..model.interlock import Severity
from .finding_summary import FindingSummary
from .provenance import CASE_ROLE, TABLE_ROLE, InputSummary
from .registration_summary import RegistrationSummary

KEY_DIGITS = 12
KEYLESS = "the signature names no key: it does not tell whether these very inputs were looked at"


class TaskStatus(str, Enum):
    """How far a task has come."""

    SIGNED = "done and signed"
    DONE = "done, nobody has signed"
    OUTDATED = "done, signed for another state"
    OPEN = "open"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class TaskSummary:
    """One of the three tasks: how far it is, and who answers for it since when. ``remark`` says what is open.

    ``key`` stands for the inputs and registrations that the task was done with; empty if it is not done.
    """

    task: Task
    title: str
    status: TaskStatus
    who: str
    when: str
    comment: str
    key: str
    remark: str


@dataclass(frozen=True)
class Done:
    """What the tasks were done with.

    Parameters
    ----------
    stage : Task
        The last one that was done.
    findings : sequence of FindingSummary
    inputs : sequence of InputSummary
    registrations : sequence of RegistrationSummary
    """

    stage: Task
    findings: Sequence[FindingSummary]
    inputs: Sequence[InputSummary]
    registrations: Sequence[RegistrationSummary]

    def is_done(self, task: Task) -> bool:
        """Whether the pipeline has come so far."""
        return list(Task).index(task) <= list(Task).index(self.stage)

    def key(self, task: Task) -> str:
        """What stands for everything that the task rests on.

        The case file itself is not in it, for it holds the signature; nor are the new plan and the protocol tables before
        the sum, nor what was registered before the transfer.
        """
        used = [one.sha256 for one in self.inputs if one.role != CASE_ROLE and (task is Task.SUM or not _is_late(one))]
        used += [one.key for one in self.registrations] if task is not Task.RECORDS else []
        return hashlib.sha256("\n".join(used).encode("utf-8")).hexdigest()[:KEY_DIGITS]

    @property
    def pending(self) -> int:
        """Findings that wait for a decision."""
        return sum(one.severity == Severity.DECISION.value and not one.decision for one in self.findings)


def task_summaries(case: Case, done: Done) -> tuple[TaskSummary, ...]:
    """How far each task is."""
    return tuple(_task(task, next((one for one in case.tasks if one.task is task), None), done) for task in Task)


def _task(task: Task, signature: TaskSignature | None, done: Done) -> TaskSummary:
    key = done.key(task) if done.is_done(task) else ""
    status = _status(task, signature, done, key)
    shown = signature if status in (TaskStatus.SIGNED, TaskStatus.OUTDATED) else None
    return TaskSummary(
        task=task,
        title=TASK_TITLES[task],
        status=status,
        who=shown.who if shown else "",
        when=shown.when.isoformat() if shown else "",
        comment=shown.comment if shown else "",
        key=key,
        remark=_remark(status, signature, done.pending),
    )


def _status(task: Task, signature: TaskSignature | None, done: Done, key: str) -> TaskStatus:
    if not done.is_done(task):
        return TaskStatus.NOT_YET
    if done.pending and task is done.stage:
        return TaskStatus.OPEN
    if signature is None:
        return TaskStatus.DONE
    return TaskStatus.SIGNED if signature.key in ("", key) else TaskStatus.OUTDATED


def _remark(status: TaskStatus, signature: TaskSignature | None, pending: int) -> str:
    if status is TaskStatus.OPEN:
        return f"findings that wait for a decision: {pending}"
    if signature is None:
        return ""
    if status is TaskStatus.NOT_YET:
        return "the case holds a signature, which is not shown at this stage"
    if status is TaskStatus.OUTDATED:
        return f"the signature is of key {signature.key}: look again, and sign again"
    return "" if signature.key else KEYLESS


def _is_late(one: InputSummary) -> bool:
    """Whether only the sum needs an input."""
    return one.role == TABLE_ROLE or one.role.startswith(f"{NEW_COURSE_ID}: ")
