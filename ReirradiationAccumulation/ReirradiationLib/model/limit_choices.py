"""Limits that a person puts into a case: rows of ``constraints.csv``, and limits of the case's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from .case import Case
from .constraint import Constraint, LimitRow, Override, Sense
from .errors import CaseError, ProtocolError
from .metric import Metric
from .protocol import Basis
from .typed_entry import typed_text

NO_RECOVERY_TABLE = (
    "It was published for the recovered sum, and the case applies no recovery: choose a recovery table first, or a limit "
    "of the raw sum."
)


def fitting_rows(rows: Sequence[LimitRow], organs: Collection[str]) -> tuple[LimitRow, ...]:
    """The published limits of some organs, in the order of the table."""
    return tuple(row for row in rows if row.organ in organs)


def taken_as(case: Case, structure: str, row: LimitRow) -> Constraint | None:
    """The limit of a structure that is this row, as published or changed; None if the case does not use it."""
    return next((one for one in case.constraints if (one.structure, one.row) == (structure, row.identifier)), None)


def published_limit(
    row: LimitRow, structure: str, limit: float | None = None, warning: float | None = None, reason: str = ""
) -> Constraint:
    """A published limit for a structure; another value, or warning level, only for a reason.

    Raises
    ------
    CaseError
        If a value is changed without a reason, or a reason given for none.
    """
    published = row.limit
    changed = (published.limit if limit is None else limit, published.warning if warning is None else warning)
    if changed == (published.limit, published.warning):
        if reason.strip():
            raise CaseError(f"Limit '{row.identifier}'", "a reason, but the published values", "Change one, or no reason.")
        return replace(published, structure=structure)
    if not reason.strip():
        found, remedy = "changed without a reason", "Say why this case deviates from what was published."
        raise CaseError(f"Limit '{row.identifier}' on '{structure}'", found, remedy)
    override = Override(reason.strip(), published.limit, published.warning)
    return replace(published, structure=structure, limit=changed[0], warning=changed[1], override=override)


def own_limit(
    structure: str, metric: str, sense: Sense, limit: float, basis: Basis, alpha_beta_gy: float, source: str
) -> Constraint:
    """A limit that the case states itself, at any interval.

    Raises
    ------
    ProtocolError
        If the metric cannot be read.
    CaseError
        If it has no source, or a value that no limit has.
    """
    where = f"Limit on '{structure}'"
    read = Metric.parse(typed_text(metric, f"{where}: metric"))
    for value, name in ((limit, f"limit [{read.unit}]"), (alpha_beta_gy, "α/β [Gy]")):
        if not 0.0 < value < float("inf"):
            raise CaseError(f"{where}: {name}", f"{value:g}", "Fill it in.", "a number > 0")
    return Constraint(structure, read, sense, limit, basis, alpha_beta_gy, typed_text(source, f"{where}: source"))


def typed_unit(metric: str) -> str:
    """The unit of a metric that somebody is typing; empty as long as it cannot be read."""
    try:
        return Metric.parse(metric.strip()).unit
    except ProtocolError:
        return ""


def why_not_usable(case: Case, basis: Basis) -> str:
    """Why a limit of this basis cannot be put into the case now; empty if it can."""
    return NO_RECOVERY_TABLE if basis is Basis.RECOVERED and case.recovery_table is None else ""


def limit_text(limit: Constraint) -> str:
    """Metric, sense and value: ``D0.1cc[Gy] ≤ 50``."""
    return f"{limit.metric} {'≤' if limit.sense is Sense.AT_MOST else '≥'} {limit.limit:g}"
