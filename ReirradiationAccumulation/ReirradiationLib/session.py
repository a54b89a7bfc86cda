"""A case that somebody works on, step by step, and what was computed from it: for windows and for the Python console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from .case_document import CaseDocument, open_case, saved, saved_as
from .model.case import Case, ExportChoice, PriorCourse, StructureChoice
from .model.case_notes import NO_TEXTS, Task
from .model.errors import CaseError
from .model.registration import RegistrationChoice
from .report.evaluation import Evaluation
from .report.results import CaseRecords, CaseResults, Transfer

Stamp: TypeAlias = tuple[Path, int, int]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What an evaluation gave.

    Parameters
    ----------
    stage : Task
        :attr:`Task.TRANSFER` without the new plan, :attr:`Task.SUM` with it.
    results : CaseResults
    evaluation : Evaluation
    """

    stage: Task
    results: CaseResults
    evaluation: Evaluation


class CaseSession:
    """The case that is worked on, and what was computed: handed out only as long as it is of the case as it stands.

    It knows nothing of windows, threads or scenes: the doors compute (:mod:`.transfer`, :mod:`.workflow`) and keep here what
    they got, naming the case that it is of.
    """

    def __init__(self) -> None:
        self._document: CaseDocument | None = None
        self._records: tuple[Case, CaseRecords] | None = None
        self._transfer: tuple[Case, Transfer] | None = None
        self._stamps: tuple[Stamp, ...] = ()
        self._evaluated: tuple[Case, Evaluated] | None = None

    @property
    def document(self) -> CaseDocument | None:
        """What is worked on; None before a case was opened."""
        return self._document

    @property
    def case(self) -> Case:
        """The case as it stands, saved or not.

        Raises
        ------
        CaseError
            If no case is open.
        """
        return self.require_document().case

    def require_document(self) -> CaseDocument:
        """What is worked on.

        Raises
        ------
        CaseError
            If no case is open.
        """
        if self._document is None:
            raise CaseError("Case", "none is open", "Open a case file, or make one of records.")
        return self._document

    def open(self, path: Path) -> CaseDocument:
        """Open a case file, finished or a draft; what was computed of another case is dropped.

        Raises
        ------
        CaseError, ProtocolError
        """
        document = open_case(path)
        self.take(document)
        return document

    def take(self, document: CaseDocument | None) -> None:
        """Work on a document that was made or kept elsewhere; None closes the case."""
        former = self._document.path if self._document else None
        self._document = document
        if document is None or document.path != former:
            self._records = self._transfer = self._evaluated = None

    def edit(self, case: Case) -> CaseDocument:
        """Let the case be another one, not yet saved.

        Raises
        ------
        ReirradiationError
            If no case file may be so; then nothing changes.
        """
        self._document = self.require_document().with_case(case)
        return self._document

    def save(self) -> CaseDocument:
        """Write the case into its file.

        Raises
        ------
        CaseError
            If somebody else has written into it meanwhile.
        OutputError
            If it cannot be written.
        """
        self._document = saved(self.require_document())
        return self._document

    def save_as(self, path: Path) -> CaseDocument:
        """Write the case into a new file, and go on with that one.

        Raises
        ------
        OutputError
            If there is a file of that name, or none can be written.
        """
        self._document = saved_as(self.require_document(), path)
        self._records = self._transfer = self._evaluated = None  # they name the other file
        return self._document

    def keep_records(self, case: Case, records: CaseRecords) -> None:
        """Keep what was read for a case."""
        self._records = (records_basis(case), records)

    def keep_transfer(self, case: Case, found: Transfer, files: Sequence[Path] = ()) -> None:
        """Keep the registered courses of a case; they hold its records too. ``files`` are those that were read."""
        self._records, self._transfer = (records_basis(case), found), (transfer_basis(case), found)
        self._stamps = tuple(_stamp(path) for path in files)

    def keep_evaluated(self, case: Case, evaluated: Evaluated, files: Sequence[Path] = ()) -> None:
        """Keep what the evaluation of a case gave; it holds its records and its transfer too."""
        self.keep_transfer(case, evaluated.results, files)
        self._evaluated = (results_basis(case), evaluated)

    @property
    def records(self) -> CaseRecords | None:
        """The records of the case as it stands, or None; their decisions may be older."""
        return self._records[1] if self._records and self._is_of(self._records[0], records_basis) else None

    @property
    def transfer(self) -> Transfer | None:
        """The registered courses of the case as it stands, or None; their sign-offs may be older."""
        return self._transfer[1] if self._transfer and self._is_of(self._transfer[0], transfer_basis) else None

    @property
    def read_files(self) -> tuple[Path, ...]:
        """The files that were read for the transfer, if they are as they were then; else none."""
        files = tuple(path for path, _, _ in self._stamps)
        return files if self._stamps == tuple(_stamp(path) for path in files) else ()

    @property
    def registered(self) -> Transfer | None:
        """What was registered, if an evaluation of the case as it stands may begin with it.

        It may if it was registered with the same plan, and if no file that was read has another size or time now.
        """
        found = self.transfer
        if found is None or transfer_basis(found.case) != transfer_basis(self.case):
            return None
        return found if self.read_files else None

    @property
    def evaluated(self) -> Evaluated | None:
        """The evaluation of the case as it stands, or None; its notes and its way of export may be older."""
        return self._evaluated[1] if self._evaluated and self._is_of(self._evaluated[0], results_basis) else None

    def saved_and_evaluated(self) -> tuple[Case, Evaluated]:
        """The case as its file is, and its evaluation: what outputs can be written of.

        Raises
        ------
        CaseError
            If it is not saved, or not evaluated as it stands.
        """
        document, evaluated = self.require_document(), self.evaluated
        if not document.is_saved:
            raise CaseError(str(document.path), "changed, and not saved", "Save the case: its outputs name its file.")
        if evaluated is None:
            raise CaseError(str(document.path), "not evaluated as it stands", "Evaluate it first.")
        return document.case, evaluated

    @property
    def is_outdated(self) -> bool:
        """Whether there is an evaluation, but the case was changed since."""
        return self._evaluated is not None and self.evaluated is None

    def _is_of(self, kept: Case, basis: Callable[[Case], Case]) -> bool:
        return self._document is not None and basis(self._document.case) == kept


def records_basis(case: Case) -> Case:
    """The case with all that its records do not depend on taken out."""
    courses = tuple(replace(course, registration=_unsigned(course)) for course in case.prior_courses)
    return replace(
        transfer_basis(case),
        prior_courses=courses,
        structures=_named_by_points(case),
        protocol_folder=None,
        recovery_table=None,
    )


def _named_by_points(case: Case) -> tuple[StructureChoice, ...]:
    """The structures that points of prior courses may name: of the others, the records do not depend."""
    tables = [course for course in case.prior_courses if isinstance(course.points, Path)]
    named = {one.structure for course in case.prior_courses if not isinstance(course.points, Path) for one in course.points}
    listed = sorted(one.name for one in case.structures if tables or one.name in named)
    return tuple(StructureChoice(name, "", None, "") for name in listed)


def transfer_basis(case: Case) -> Case:
    """The case with all that its registered courses do not depend on taken out: what is done with the doses, and notes."""
    return replace(
        case,
        prior_courses=tuple(replace(course, registration=_unsigned(course)) for course in case.prior_courses),
        constraints=(),
        optimization=(),
        isodose_lines=(),
        sensitivity=(),
        decisions=(),
        screening=None,
        export=ExportChoice(),
        tasks=(),
        texts=NO_TEXTS,
    )


def results_basis(case: Case) -> Case:
    """The case without what no number depends on: its notes, how it is exported, and the type of reirradiation decided."""
    return replace(case, tasks=(), texts=NO_TEXTS, export=ExportChoice(), screening=None)


def _stamp(path: Path) -> Stamp:
    """Size and time of a file; -1 if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return (path, -1, -1)
    return (path, found.st_size, found.st_mtime_ns)


def _unsigned(course: PriorCourse) -> RegistrationChoice | None:
    return replace(course.registration, sign_off=None) if course.registration else None
