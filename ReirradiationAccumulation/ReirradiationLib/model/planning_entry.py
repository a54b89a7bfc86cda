"""Limits and the wishes for planning in a case file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from .constraint import Constraint, CourseConditions, LimitRow, Months, Override, Sense
from .errors import CaseError, ProtocolError
from .json_entry import LARGEST, JsonEntry, field_names
from .limit_table import limit_row, load_limit_rows, require_warning
from .metric import LARGEST_HOT_CC, LARGEST_HOT_PERCENT, Metric
from .planning_choice import (
    DEFAULT_MARGIN_MM,
    IsodoseLine,
    OptimizationRequest,
    ReirradiationType,
    RemainingDoseChoice,
    ScreeningDecision,
    TargetOverlap,
)
from .protocol import Basis, require_alpha_beta
from .protocol_tables import default_protocol_folder

DEFAULT_POINT_METRIC = "D0.01cc[Gy]"
DEFAULT_NUMBER = 3
LARGEST_NUMBER = 9
LARGEST_SMOOTHING_MM = 10.0
LARGEST_CROP_MM = 50.0
LARGEST_CEILING_GY = 500.0

_MONTHS = ("months_from", "months_to")
_CONDITIONS = tuple(field.name for field in fields(CourseConditions))
_LOCKED = ("metric", "basis", "alpha_beta_gy", "source", *_MONTHS, *_CONDITIONS)
"""What belongs to a published limit; who wants it otherwise states a limit of their own."""

CONSTRAINT_KEYS = ("structure", "limit", "at_most", "at_least", "warning", "reason", *_LOCKED)
_NOT_ENTERED = ("row", "organ", "override", "months")
REQUEST_KEYS = ("limit", "reason", *(name for name in field_names(OptimizationRequest) if name not in _NOT_ENTERED))


@dataclass(frozen=True)
class LimitRows:
    """The rows of ``constraints.csv`` of a protocol folder, or of the shipped one, read when the first is asked for."""

    folder: Path | None

    @cached_property
    def _rows(self) -> tuple[LimitRow, ...]:
        return load_limit_rows(self.folder or default_protocol_folder())

    def find(self, entry: JsonEntry, locked: Sequence[str]) -> LimitRow:
        """The row that an entry names by ``limit``; nothing that was published with it may stand beside.

        Parameters
        ----------
        entry : JsonEntry
        locked : sequence of str
            Keys that may not.

        Raises
        ------
        ProtocolError
            If there is no such row, or the table cannot be read.
        CaseError
            If the entry changes what is locked.
        """
        row = limit_row(self._rows, entry.text("limit"), entry.where)
        for key in locked:
            if entry.has(key):
                found = f"beside the published limit '{row.identifier}', which has its own"
                raise CaseError(
                    entry.at(key), found, f"Remove it, or state a limit of your own instead of '{row.identifier}'."
                )
        return row


def constraint(entry: JsonEntry, rows: LimitRows) -> Constraint:
    """A constraint: a row of ``constraints.csv``, perhaps with another value for a reason, or one of the case's own.

    Raises
    ------
    CaseError, ProtocolError
    """
    senses = [sense for sense in Sense if entry.has(sense.value)]
    warning = entry.number("warning") if entry.has("warning") else None
    if entry.has("limit"):
        row = rows.find(entry, _LOCKED)
        if any(sense is not row.limit.sense for sense in senses):
            raise CaseError(entry.at(senses[0].value), f"but '{row.identifier}' is {row.limit.sense.value}", "Correct it.")
        limit = entry.number(senses[0].value) if senses else None
        return _changed(row, entry, entry.text("structure"), limit, warning)
    if len(senses) != 1:
        expected = "'limit' with the id of a row of constraints.csv, or either 'at_most' or 'at_least'"
        raise CaseError(entry.where, f"{len(senses) or 'no'} limits", "Give one limit.", expected)
    limit = entry.number(senses[0].value)
    _require_warning(senses[0], limit, warning, entry)
    _require_no_reason(entry)
    return Constraint(
        structure=entry.text("structure"),
        metric=metric_of(entry, "metric", entry.text("metric")),
        sense=senses[0],
        limit=limit,
        basis=entry.choice("basis", Basis),
        alpha_beta_gy=_alpha_beta(entry),
        source=entry.text("source"),
        warning=warning,
        months=_months(entry),
        conditions=_conditions(entry),
    )


def _changed(row: LimitRow, entry: JsonEntry, structure: str, limit: float | None, warning: float | None) -> Constraint:
    """A published limit for a structure, with what the case changes said in its source."""
    published = row.limit
    source = f"{published.source}{f'; {row.note}' if row.note else ''}"
    kept = replace(published, structure=structure, source=source)
    if limit is None and warning is None:
        _require_no_reason(entry)
        return kept
    reason = entry.text("reason", default="")
    if not reason:
        raise CaseError(entry.where, f"'{row.identifier}' changed without a reason", "Add 'reason'.")
    new_limit = published.limit if limit is None else limit
    new_warning = published.warning if warning is None else warning
    _require_warning(published.sense, new_limit, new_warning, entry)
    changes = [f"limit {limit:g} instead of {published.limit:g}"] if limit is not None else []
    changes += [f"warning from {warning:g}"] if warning is not None else []
    return replace(
        kept,
        limit=new_limit,
        warning=new_warning,
        source=f"CHANGED FOR THIS CASE, {', '.join(changes)}: {reason}. {source}",
        override=Override(reason, published.limit, published.warning),
    )


def optimization_request(entry: JsonEntry, rows: LimitRows) -> OptimizationRequest:
    """A request for optimization structures; its limit may be a row of ``constraints.csv``.

    Raises
    ------
    CaseError, ProtocolError
    """
    limit = _published(entry, rows) if entry.has("limit") else _own(entry)
    return OptimizationRequest(
        structure=limit.structure,
        limit_eqd2_gy=limit.limit,
        basis=limit.basis,
        alpha_beta_gy=limit.alpha_beta_gy,
        metric=_point_metric(entry, str(limit.metric)),
        number=entry.whole("number", default=DEFAULT_NUMBER, largest=LARGEST_NUMBER),
        target=entry.text("target") if entry.has("target") else None,
        margin_mm=entry.number("margin_mm", default=DEFAULT_MARGIN_MM, zero_allowed=True),
        source=limit.source,
        levels_eqd2_gy=_levels(entry),
        overlap=entry.choice("overlap", TargetOverlap) if entry.has("overlap") else TargetOverlap.KEEP,
        crop_margin_mm=_millimetres(entry, "crop_margin_mm", LARGEST_CROP_MM),
        smoothing_mm=_millimetres(entry, "smoothing_mm", LARGEST_SMOOTHING_MM),
        row=limit.row,
        organ=limit.organ,
        override=limit.override,
        months=limit.months,
    )


def _published(entry: JsonEntry, rows: LimitRows) -> Constraint:
    """The row of the table that a request names, if it limits a near-maximum and nothing else."""
    row = rows.find(entry, ("basis", "alpha_beta_gy", "source"))
    if not row.limit.is_pointwise:
        found = f"'{row.identifier}' limits {row.limit.metric}, not the near-maximum"
        raise CaseError(entry.at("limit"), found, "Choose a limit of the (near-)maximum.")
    if str(row.limit.conditions):
        found = f"'{row.identifier}' also demands: {row.limit.conditions}"
        remedy = "Use it as a constraint; state a limit of your own for the optimization structures, with its reason."
        raise CaseError(entry.at("limit"), found, remedy, "a limit of the sum alone")
    unwarned = replace(row, limit=replace(row.limit, warning=None))  # a request has no warning band
    changed = entry.number("limit_eqd2_gy") if entry.has("limit_eqd2_gy") else None
    return _changed(unwarned, entry, entry.text("structure"), changed, None)


def _own(entry: JsonEntry) -> Constraint:
    """A limit that a request states itself."""
    _require_no_reason(entry)
    return Constraint(
        *(entry.text("structure"), Metric.parse(DEFAULT_POINT_METRIC), Sense.AT_MOST, entry.number("limit_eqd2_gy")),
        basis=entry.choice("basis", Basis),
        alpha_beta_gy=_alpha_beta(entry),
        source=entry.text("source"),
    )


def isodose_line(entry: JsonEntry) -> IsodoseLine:
    """An isodose to be exported as a structure.

    Raises
    ------
    CaseError
    """
    course = entry.text("course") if entry.has("course") else None
    if course is not None and entry.has("alpha_beta_gy"):
        raise CaseError(entry.at("alpha_beta_gy"), "beside 'course'", "Remove it: isodoses of a course are physical dose.")
    alpha_beta_gy = None if course is not None else _alpha_beta(entry)
    return IsodoseLine(course, entry.number("dose_gy"), alpha_beta_gy)


def screening_decision(entry: JsonEntry) -> ScreeningDecision:
    """What the user decided on the type of the reirradiation.

    Raises
    ------
    CaseError
    """
    if entry.day("when") is None:
        raise CaseError(entry.where, "'when' is missing", "Add 'when'.", "YYYY-MM-DD")
    kind = entry.choice("kind", ReirradiationType)
    return ScreeningDecision(kind, entry.text("who"), entry.text("when"), entry.text("reason"))


def remaining_dose(entry: JsonEntry) -> RemainingDoseChoice:
    """Whether and up to what ceiling the remaining dose is written.

    Raises
    ------
    CaseError
    """
    ceiling = entry.number("ceiling_gy") if entry.has("ceiling_gy") else None
    if ceiling is not None and ceiling > LARGEST_CEILING_GY:
        raise CaseError(
            entry.at("ceiling_gy"), f"{ceiling:g} Gy", "Choose a lower one.", f"at most {LARGEST_CEILING_GY:g} Gy"
        )
    return RemainingDoseChoice(entry.flag("wanted", default=True), ceiling)


def metric_of(entry: JsonEntry, key: str, text: str) -> Metric:
    """The metric that a text names.

    Raises
    ------
    CaseError
    """
    try:
        return Metric.parse(text)
    except ProtocolError as error:
        raise CaseError(entry.at(key), f"{error.subject}: {error.found}", error.remedy, error.expected) from error


def plain_limit(used: Constraint | OptimizationRequest) -> dict[str, Any]:
    """The entry of a limit, without what stands in the row of the table that it names."""
    limit_key = used.sense.value if isinstance(used, Constraint) else "limit_eqd2_gy"
    limit = used.limit if isinstance(used, Constraint) else used.limit_eqd2_gy
    if not used.row:
        entry: dict[str, Any] = {
            limit_key: limit,
            "basis": used.basis,
            "alpha_beta_gy": used.alpha_beta_gy,
            "source": used.source,
        }
        return {**entry, **_plain_extras(used)} if isinstance(used, Constraint) else entry
    entry = {"limit": used.row}
    override = used.override
    if override is None:
        return entry
    if limit != override.published_limit:
        entry[limit_key] = limit
    if isinstance(used, Constraint) and used.warning != override.published_warning:
        entry["warning"] = used.warning
    return {**entry, "reason": override.reason}


def _plain_extras(own: Constraint) -> dict[str, Any]:
    end = own.months.end if own.months.end < float("inf") else None
    return {
        "warning": own.warning,
        "months_from": own.months.start or None,
        "months_to": end,
        **{name: getattr(own.conditions, name) for name in _CONDITIONS},
    }


def _months(entry: JsonEntry) -> Months:
    start = entry.number("months_from", default=0.0, zero_allowed=True)
    end = entry.number("months_to") if entry.has("months_to") else float("inf")
    if end <= start:
        raise CaseError(entry.at("months_to"), f"{end:g}", "Correct the interval.", f"more than {start:g}")
    return Months(start, end)


def _conditions(entry: JsonEntry) -> CourseConditions:
    each, new, share = (entry.number(name) if entry.has(name) else None for name in _CONDITIONS)
    if share is not None and share > 1.0:
        raise CaseError(entry.at("new_share_at_most"), f"{share:g}", "Write it as a share.", "0 … 1")
    return CourseConditions(each, new, share)


def _levels(entry: JsonEntry) -> tuple[float, ...]:
    levels = [float(value) for value in entry.items("levels_eqd2_gy") if _is_number(value)]
    if len(levels) != len(entry.items("levels_eqd2_gy")) or len(levels) > LARGEST_NUMBER:
        raise CaseError(entry.at("levels_eqd2_gy"), "not understood", "Correct it.", f"at most {LARGEST_NUMBER} numbers ≥ 0")
    if any(lower >= upper for upper, lower in pairwise(levels)) or any(value < 0 for value in levels):
        raise CaseError(entry.at("levels_eqd2_gy"), f"{levels}", "Sort it.", "falling isodoses, none negative")
    if levels and entry.has("number"):
        raise CaseError(entry.at("number"), "beside 'levels_eqd2_gy'", "Give one of the two.")
    return tuple(levels)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _millimetres(entry: JsonEntry, key: str, largest_mm: float) -> float:
    length_mm = entry.number(key, default=0.0, zero_allowed=True)
    if length_mm > largest_mm:
        raise CaseError(entry.at(key), f"{length_mm:g}", "Choose less.", f"at most {largest_mm:g} mm")
    return length_mm


def _point_metric(entry: JsonEntry, default: str) -> Metric:
    metric = metric_of(entry, "metric", entry.text("metric", default=default))
    if not metric.is_near_maximum:
        expected = f"Dmax, or a D of at most {LARGEST_HOT_CC:g} cc or {LARGEST_HOT_PERCENT:g} %"
        raise CaseError(entry.at("metric"), str(metric), "Choose how P is read.", expected)
    return metric


def _alpha_beta(entry: JsonEntry) -> float:
    return require_alpha_beta(entry.signed_number("alpha_beta_gy"), entry.at("alpha_beta_gy"))


def _require_warning(sense: Sense, limit: float, warning: float | None, entry: JsonEntry) -> None:
    try:
        require_warning(sense, limit, warning, entry.where)
    except ProtocolError as error:
        raise CaseError(entry.at("warning"), error.found, error.remedy, error.expected) from error


def _require_no_reason(entry: JsonEntry) -> None:
    if entry.has("reason"):
        raise CaseError(entry.at("reason"), "without a change of a published limit", "Remove it, or change the limit.")
