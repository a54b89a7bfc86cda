"""Writing the outputs of a case that is worked on: of what was computed already where that is the same, else anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from .case_document import require_complete
from .model.case_notes import Task
from .model.errors import CaseError
from .monitor import Monitor
from .report.evaluation import Evaluation
from .session import CaseSession
from .workflow import Services, run_case, write_results

OutputWork: TypeAlias = Callable[[Services, Monitor], Evaluation]
"""May be called in a thread; raises as :func:`~ReirradiationLib.workflow.run_case`."""


@dataclass(frozen=True)
class OutputRequest:
    """What is to be written.

    Parameters
    ----------
    folder : Path
    stage : Task
        The last task to do.
    may_replace : bool
        Whether a former output there may be replaced.
    is_anonymous : bool
        Whether to write the report only, without anything that tells who the patient is.
    """

    folder: Path
    stage: Task = Task.SUM
    may_replace: bool = False
    is_anonymous: bool = False


def is_computed(session: CaseSession, request: OutputRequest) -> bool:
    """Whether the session has computed all that the outputs are made of.

    Anonymous outputs are computed under neutral names, and the records alone take no time.
    """
    evaluated = session.evaluated
    return evaluated is not None and evaluated.stage is request.stage and not request.is_anonymous


def output_work(session: CaseSession, request: OutputRequest) -> OutputWork:
    """What writes the outputs of the session's case as it is saved.

    Raises
    ------
    CaseError, ProtocolError
        If the case is not saved, for its outputs name its file; or not complete.
    """
    document = session.require_document()
    if not document.is_saved:
        raise CaseError(str(document.path), "changed, and not saved", "Save the case: its outputs name its file.")
    case = require_complete(document)
    evaluated = session.evaluated
    if evaluated is None or not is_computed(session, request):
        return lambda services, monitor: run_case(
            case, request.folder, services, monitor, request.may_replace, request.stage, request.is_anonymous
        )
    results, seen = evaluated.results, evaluated.evaluation
    return lambda services, monitor: write_results(
        results, seen, case, request.folder, services, monitor, request.may_replace, request.stage
    )
