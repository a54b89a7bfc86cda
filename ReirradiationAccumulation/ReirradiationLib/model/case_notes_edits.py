"""Changes of the notes and of the export of a case, beside those of :mod:`.case_edits`."""

from __future__ import annotations

from dataclasses import replace

from .case import Case, ExportChoice
from .case_notes import Task


def without_task(case: Case, task: Task) -> Case:
    """The case with the signature of a task taken back."""
    return replace(case, tasks=tuple(one for one in case.tasks if one.task is not task))


def with_export(case: Case, export: ExportChoice) -> Case:
    """The case with another way to write structures and doses."""
    return replace(case, export=export)
