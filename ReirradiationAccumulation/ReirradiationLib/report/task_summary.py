"""How far the three tasks of an evaluation are, and who answers for them, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from ..model.case import Case
from ..model.case_notes import TASK_TITLES, Task, TaskSignature
from ..model.interlock import Severity
from .finding_summary import FindingSummary
from .provenance import InputSummary
from .registration_summary import RegistrationSummary
from .task_key import task_key

KEYLESS = "the signature names no key: it does not tell whether this very state was looked at"


class TaskStatus(str, Enum):
    """How far a task has come."""

    SIGNED = "done and signed"
    KEYLESS = "done; signed without a key"
    DONE = "done; nobody has signed"
    OUTDATED = "NOT SIGNED: the signature is of another state"
    OPEN = "open"
    NOT_YET = "not yet"


_SHOWN = (TaskStatus.SIGNED, TaskStatus.KEYLESS, TaskStatus.OUTDATED)
"""What the name of the signer stands beside."""


@dataclass(frozen=True)
class TaskSummary:
    """One of the three tasks: how far it is, and who answers for it since when. ``remark`` says what is open.

    ``key`` stands for all that the task was done with; empty if it is not done.
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
    case : Case
        As the user wrote it.
    day : date or None
        To which intervals are counted.
    noticed : collection of str
        Identifiers of the findings in the records of prior courses.
    findings : sequence of FindingSummary
    inputs : sequence of InputSummary
    registrations : sequence of RegistrationSummary
    """

    stage: Task
    case: Case
    day: date | None
    noticed: Collection[str]
    findings: Sequence[FindingSummary]
    inputs: Sequence[InputSummary]
    registrations: Sequence[RegistrationSummary]

    def is_done(self, task: Task) -> bool:
        """Whether the pipeline has come so far."""
        return list(Task).index(task) <= list(Task).index(self.stage)

    def key(self, task: Task) -> str:
        """What stands for everything that the task rests on."""
        keys = [one.key for one in self.registrations]
        return task_key(task, self.case, self.day, self.noticed, self.inputs, keys)

    @property
    def pending(self) -> int:
        """Findings that wait for a decision."""
        return sum(one.severity == Severity.DECISION.value and not one.decision for one in self.findings)


def task_summaries(done: Done) -> tuple[TaskSummary, ...]:
    """How far each task is."""
    signed = {one.task: one for one in done.case.tasks}
    return tuple(_task(task, signed.get(task), done) for task in Task)


def _task(task: Task, signature: TaskSignature | None, done: Done) -> TaskSummary:
    key = done.key(task) if done.is_done(task) else ""
    status = _status(task, signature, done, key)
    shown = signature if status in _SHOWN else None
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
    if not signature.key:
        return TaskStatus.KEYLESS
    return TaskStatus.SIGNED if signature.key == key else TaskStatus.OUTDATED


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
