"""What the institution decides: α/β of tissues and recovery tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .errors import ProtocolError
from .registration_limits import RegistrationLimits

DAYS_PER_MONTH = 30.4375
"""Mean length of a calendar month (365.25 / 12), for intervals between courses."""


EVIDENCE = ("P", "S", "M", "D")
"""Tags of the tables: read in the paper, secondary source, general knowledge, derived by calculation."""

NO_RECOVERY = "none"
"""Recovery group of targets, and of tissue without data."""

EVERY_OTHER_GROUP = "*"
"""Group of the rows of a recovery table that hold for all tissues that it does not name otherwise."""


class Basis(str, Enum):
    """Which sum a limit belongs to. The two are never mixed: recovery with a raw limit counts recovery twice."""

    RAW = "raw"
    RECOVERED = "recovered"


@dataclass(frozen=True)
class Tissue:
    """A row of ``tissues.csv``.

    Parameters
    ----------
    name : str
    alpha_beta_gy : float
        α/β in Gy, positive.
    recovery_group : str
        Which rows of a recovery table apply; ``none`` for targets and tissue without data.
    source, evidence : str
        Where the value comes from, and the evidence tag of the table.
    interval_gy : tuple of two float or None
        Published 95 % confidence interval of the α/β, in Gy.
    """

    name: str
    alpha_beta_gy: float
    recovery_group: str
    source: str
    evidence: str
    interval_gy: tuple[float, float] | None = None


@dataclass(frozen=True)
class RecoveryStep:
    """A row of ``recovery.csv``: the fraction of the prior EQD2 taken off between two intervals since treatment.

    ``group`` is a recovery group of ``tissues.csv``, the name of one tissue, or :data:`EVERY_OTHER_GROUP`.
    """

    group: str
    months_from: float
    months_to: float
    fraction: float


@dataclass(frozen=True)
class RecoveryTable:
    """All rows of one named recovery table."""

    name: str
    steps: tuple[RecoveryStep, ...]
    source: str

    def fraction(self, group: str, months: float) -> float:
        """Fraction (0 … 1) of the prior EQD2 that has recovered after ``months``.

        Raises
        ------
        ProtocolError
            If the table says nothing about the group or the interval.
        """
        return self._fraction((group,), months)

    def fraction_of(self, tissue: Tissue, months: float) -> float:
        """Fraction (0 … 1) of a tissue: by the rows of its name if there are any, else of its group, else of every other.

        Raises
        ------
        ProtocolError
            If the table says nothing about the tissue, its group or the interval.
        """
        return self._fraction((tissue.name, tissue.recovery_group), months)

    def _fraction(self, names: tuple[str, ...], months: float) -> float:
        if names[-1] == NO_RECOVERY:
            return 0.0
        stated = {step.group for step in self.steps}
        # A gap in the rows that count is not filled from less specific ones.
        counting = next((name for name in (*names, EVERY_OTHER_GROUP) if name in stated), names[-1])
        for step in self.steps:
            if step.group == counting and step.months_from <= months < step.months_to:
                return step.fraction
        raise ProtocolError(
            f"Recovery table '{self.name}'",
            f"no row for the group '{counting}' at {months:.1f} months",
            "Add the row to recovery.csv, or set the tissue's recovery_group to 'none'.",
        )


@dataclass(frozen=True)
class Protocol:
    """The tables of one folder; ``version`` is what its ``version.txt`` says, empty without one."""

    tissues: tuple[Tissue, ...]
    recovery_tables: tuple[RecoveryTable, ...]
    folder: str
    registration_limits: RegistrationLimits
    version: str = ""

    def tissue(self, name: str) -> Tissue:
        """The tissue of that name.

        Raises
        ------
        ProtocolError
            If there is none.
        """
        for tissue in self.tissues:
            if tissue.name == name:
                return tissue
        known = ", ".join(tissue.name for tissue in self.tissues)
        raise ProtocolError(f"Tissue '{name}'", f"not in tissues.csv of {self.folder}", f"Use one of: {known}.")

    def recovery(self, name: str) -> RecoveryTable:
        """The recovery table of that name.

        Raises
        ------
        ProtocolError
            If there is none.
        """
        for table in self.recovery_tables:
            if table.name == name:
                return table
        known = ", ".join(table.name for table in self.recovery_tables)
        raise ProtocolError(f"Recovery table '{name}'", f"not in recovery.csv of {self.folder}", f"Use one of: {known}.")


def require_alpha_beta(alpha_beta_gy: float, subject: str) -> float:
    """Return the α/β if it can be used.

    Raises
    ------
    ProtocolError
        If it is not a positive finite number of Gy.
    """
    if not 0.0 < alpha_beta_gy < float("inf"):
        raise ProtocolError(subject, f"α/β is {alpha_beta_gy:g} Gy", "Give the α/β in Gy, e.g. 2 for the cord.", "> 0 Gy")
    return alpha_beta_gy
