"""The steps of a case that is worked on: each computes something of the case, which the session then keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .case_document import require_complete
from .model.case import Case
from .model.case_notes import Task
from .monitor import Monitor
from .registration.engine import RegistrationEngine
from .registration.engines import library_engines
from .report.results import CaseRecords, Transfer
from .session import CaseSession, Evaluated
from .transfer import read_case_records, transfer
from .workflow import compute, evaluation_of, without_new_plan


@dataclass(frozen=True)
class SessionStep:
    """Something to be computed of a case.

    Parameters
    ----------
    compute : callable
        Of the case, a :class:`Monitor` and engines (None for those of the library); writes nothing but registrations kept in
        the case folder, and may be called in a thread.
    keep : callable
        Puts what ``compute`` gave for a case into a session; for the thread of the session.
    """

    compute: Callable[[Case, Monitor, Sequence[RegistrationEngine] | None], Any]
    keep: Callable[[CaseSession, Case, Any], None]

    def run(self, session: CaseSession, monitor: Monitor, engines: Sequence[RegistrationEngine] | None = None) -> Any:
        """Compute of the session's case and keep the result there.

        Raises
        ------
        ReirradiationError
            Any of its kinds, naming what is wrong and the remedy; then the session stays as it is.
        Cancelled
            If the user asked to stop; the same.
        """
        case = self.ready(session)
        found = self.compute(case, monitor, engines)
        self.keep(session, case, found)
        return found

    @staticmethod
    def ready(session: CaseSession) -> Case:
        """The session's case, if it can be computed as far as its own text tells.

        Raises
        ------
        CaseError, ProtocolError
            Naming what is missing or contradicts itself.
        """
        return require_complete(session.require_document())


def _read(case: Case, monitor: Monitor, engines: Sequence[RegistrationEngine] | None) -> CaseRecords:
    return read_case_records(case, monitor)


def _register(case: Case, monitor: Monitor, engines: Sequence[RegistrationEngine] | None) -> Transfer:
    return transfer(case, monitor, engines or library_engines())


def _evaluate(case: Case, monitor: Monitor, engines: Sequence[RegistrationEngine] | None) -> Evaluated:
    results = compute(case, monitor, engines)
    return Evaluated(Task.SUM, results, evaluation_of(results, case))


def _evaluate_prior(case: Case, monitor: Monitor, engines: Sequence[RegistrationEngine] | None) -> Evaluated:
    results = compute(without_new_plan(case), monitor, engines)
    return Evaluated(Task.TRANSFER, results, evaluation_of(results, case))


READ_RECORDS = SessionStep(_read, CaseSession.keep_records)
"""Read every file of the case, and note what is wrong with them; findings may wait for decisions."""

REGISTER_COURSES = SessionStep(_register, CaseSession.keep_transfer)
"""Bring the prior courses to the current CT and judge how well that went; signatures may be missing."""

EVALUATE_PRIOR = SessionStep(_evaluate_prior, CaseSession.keep_evaluated)
"""Map, add up and plan ahead, without the new plan."""

EVALUATE = SessionStep(_evaluate, CaseSession.keep_evaluated)
"""The same as far as the case goes: with the new plan if it names one."""
