"""The limits of one structure: those that the case has, and the published ones that it could have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .case import Case
from .constraint import Constraint, LimitRow
from .limit_choices import fitting_rows, limit_text, why_not_usable
from .structure_rows import StructureRow


@dataclass(frozen=True)
class LimitOffer:
    """A limit of a structure.

    Parameters
    ----------
    key : str
        Tells it from the others of the structure.
    constraint : Constraint
        As the case has it, else as published.
    row : LimitRow or None
        The row of ``constraints.csv``; None for a limit of the case's own.
    is_used : bool
    why_not : str
        Why it cannot be used now; empty if it can, or is.
    """

    key: str
    constraint: Constraint
    row: LimitRow | None
    is_used: bool
    why_not: str = ""

    @property
    def described(self) -> str:
        """What it was published with, for one who must decide whether it fits."""
        one = self.constraint
        where = f"{self.row.identifier}: {limit_text(self.row.limit)}" if self.row else f"Own limit: {limit_text(one)}"
        parts = [f"{where}, {one.basis.value} sum, α/β {one.alpha_beta_gy:g} Gy, {one.months}"]
        parts += [f"warning from {one.warning:g}"] if one.warning is not None else []
        parts += [str(one.conditions)] if str(one.conditions) else []
        parts += [self.row.note] if self.row and self.row.note and self.row.note not in one.source else []
        return "; ".join(parts) + f". {one.source}"


def limit_offers(
    case: Case, structure: StructureRow, rows: Sequence[LimitRow], of_all_organs: bool
) -> tuple[LimitOffer, ...]:
    """What the case has for the structure, in its order, then the published limits that it could have.

    Parameters
    ----------
    case : Case
    structure : StructureRow
    rows : sequence of LimitRow
    of_all_organs : bool
        Whether those of other organs are offered too.
    """
    by_identifier = {row.identifier: row for row in rows}
    used = [one for one in case.constraints if one.structure == structure.name]
    offers = [
        LimitOffer(f"case {number}", one, by_identifier.get(one.row) if one.row else None, is_used=True)
        for number, one in enumerate(used)
    ]
    taken = {one.row for one in used}
    for row in rows if of_all_organs else fitting_rows(rows, structure.organs):
        if row.identifier not in taken:
            offers.append(LimitOffer(row.identifier, row.limit, row, False, why_not_usable(case, row.limit.basis)))
    return tuple(offers)
