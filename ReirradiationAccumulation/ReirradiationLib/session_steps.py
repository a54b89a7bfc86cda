"""The steps of a case that is worked on: each computes something of the case, which the session then keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .case_document import require_complete
from .model.case import Case
from .model.case_notes import Task
from .monitor import Monitor
from .registration.engine import RegistrationEngine
from .registration.engines import library_engines
from .report.provenance import input_paths
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
        Of the case, a :class:`Monitor`, engines (None for those of the library), and what the session has registered of the
        case (:attr:`CaseSession.registered`, or None); writes nothing but registrations kept in the case folder, and may be
        called in a thread.
    keep : callable
        Puts what ``compute`` gave for a case into a session; for the thread of the session.
    """

    compute: Callable[[Case, Monitor, Sequence[RegistrationEngine] | None, Transfer | None], Any]
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
        found = self.compute(case, monitor, engines, session.registered)
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


_Engines: TypeAlias = Sequence[RegistrationEngine] | None


def _read(case: Case, monitor: Monitor, _engines: _Engines, _registered: Transfer | None) -> CaseRecords:
    return read_case_records(case, monitor)


def _register(case: Case, monitor: Monitor, engines: _Engines, _registered: Transfer | None) -> Transfer:
    return transfer(case, monitor, engines or library_engines())


def _evaluate(case: Case, monitor: Monitor, engines: _Engines, registered: Transfer | None) -> Evaluated:
    results = compute(case, monitor, engines, registered)
    return Evaluated(Task.SUM, results, evaluation_of(results, case))


def _evaluate_prior(case: Case, monitor: Monitor, engines: _Engines, _registered: Transfer | None) -> Evaluated:
    # What was registered was sampled where all courses are hottest: of the prior ones alone, that is elsewhere.
    results = compute(without_new_plan(case), monitor, engines)
    return Evaluated(Task.TRANSFER, results, evaluation_of(results, case))


def _keep_transfer(session: CaseSession, case: Case, found: Transfer) -> None:
    session.keep_transfer(case, found, input_paths(found))


def _keep_evaluated(session: CaseSession, case: Case, evaluated: Evaluated) -> None:
    session.keep_evaluated(case, evaluated, input_paths(evaluated.results))


READ_RECORDS = SessionStep(_read, CaseSession.keep_records)
"""Read every file of the case, and note what is wrong with them; findings may wait for decisions."""

REGISTER_COURSES = SessionStep(_register, _keep_transfer)
"""Bring the prior courses to the current CT and judge how well that went; signatures may be missing."""

EVALUATE_PRIOR = SessionStep(_evaluate_prior, _keep_evaluated)
"""Map, add up and plan ahead, without the new plan."""

EVALUATE = SessionStep(_evaluate, _keep_evaluated)
"""The same as far as the case goes: with the new plan if it names one."""
