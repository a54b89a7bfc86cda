"""Which limits optimization structures of an organ can be made for, and a request for such a limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..dicom.scan.draft_structures import load_naming_tables
from ..model.case import Case
from ..model.constraint import ANY_MONTHS, LimitRow, Override
from ..model.errors import CaseError
from ..model.metric import Metric
from ..model.planning_choice import DEFAULT_MARGIN_MM, OptimizationRequest
from ..model.planning_entry import DEFAULT_NUMBER, DEFAULT_POINT_METRIC
from ..model.protocol import Basis
from ..model.protocol_tables import default_protocol_folder
from ..model.structure_names import propose
from ..model.synonym_table import with_tissue_names


def fitting_limits(structure: str, protocol_folder: Path | None, also: str = "") -> tuple[LimitRow, ...]:
    """The rows of ``constraints.csv`` that limit the near-maximum of an organ and demand nothing of single courses.

    Parameters
    ----------
    structure : str
        Its name tells the organ. If it does not, limits of all organs are given: which one fits must be decided.
    protocol_folder : Path or None
        None for the shipped tables.
    also : str
        The row that is chosen already, which is given whatever the structure is called; empty for none.

    Raises
    ------
    ProtocolError
        If a table cannot be used.
    """
    tables = load_naming_tables(protocol_folder or default_protocol_folder())
    organ = propose(structure, with_tissue_names(tables.synonyms, tables.tissues)).organ
    rows = tuple(row for row in tables.limits if row.limit.is_pointwise and not str(row.limit.conditions))
    own = tuple(row for row in rows if row.organ == organ or row.identifier == also)
    return own if organ else rows


def request_by_row(
    structure: str, row: LimitRow, limit_eqd2_gy: float | None = None, reason: str = ""
) -> OptimizationRequest:
    """A request by a published limit, all else as if nothing were said.

    Parameters
    ----------
    structure : str
    row : LimitRow
    limit_eqd2_gy : float or None
        Another limit for this case, which needs a reason; None for the published one.
    reason : str
    """
    published = row.limit
    is_changed = limit_eqd2_gy is not None and limit_eqd2_gy != published.limit
    request = request_by_own_limit(structure, published.limit, published.basis, published.alpha_beta_gy, published.source)
    return replace(
        request,
        limit_eqd2_gy=limit_eqd2_gy if is_changed and limit_eqd2_gy is not None else published.limit,
        metric=published.metric,
        row=row.identifier,
        organ=row.organ,
        override=Override(reason, published.limit) if is_changed else None,
        months=published.months,
    )


def request_by_own_limit(
    structure: str, limit_eqd2_gy: float, basis: Basis, alpha_beta_gy: float, source: str
) -> OptimizationRequest:
    """A request by a limit that the case states itself, all else as if nothing were said."""
    return OptimizationRequest(
        *(structure, limit_eqd2_gy, basis, alpha_beta_gy, Metric.parse(DEFAULT_POINT_METRIC), DEFAULT_NUMBER),
        target=None,
        margin_mm=DEFAULT_MARGIN_MM,
        source=source,
        months=ANY_MONTHS,
    )


def unjudged_requests(case: Case) -> tuple[OptimizationRequest, ...]:
    """The requests whose limit the scorecard does not judge: no near-maximum limit of that value, sum and α/β is there."""
    limits = [one for one in case.constraints if one.is_limit and one.is_pointwise]
    judged = {(one.structure, one.limit, one.basis, one.alpha_beta_gy) for one in limits}
    return tuple(
        one for one in case.optimization if (one.structure, one.limit_eqd2_gy, one.basis, one.alpha_beta_gy) not in judged
    )


def parse_levels(text: str, structure: str) -> tuple[float, ...]:
    """Isodoses as typed, ``30; 20; 7.5``, in Gy EQD2; none of an empty text.

    A semicolon parts them, so that a comma cannot be taken for a decimal point or the other way round.

    Raises
    ------
    CaseError
        If one is no number.
    """
    return tuple(_number(part.strip(), structure) for part in _parts(text))


def levels_text(levels_eqd2_gy: Iterable[float]) -> str:
    """Isodoses as :func:`parse_levels` reads them."""
    return "; ".join(f"{level:g}" for level in levels_eqd2_gy)


def _parts(text: str) -> list[str]:
    return text.split(";") if text.strip() else []


def _number(text: str, structure: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        where, expected = f"Isodoses of '{structure}'", "falling numbers, Gy EQD2, as in 30; 20; 7.5"
        raise CaseError(where, f"'{text}'", "Part them by semicolons.", expected) from error
