"""``Case`` ⇄ ``case.json`` (described in ``docs/case-file.md``)."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from .case import Case, CurrentAnatomy, ExportChoice, GridChoice, NewCourse, PriorCourse, StructureChoice
from .case_consistency import require_consistent
from .case_notes import FreeTexts, Task, TaskSignature
from .constraint import Constraint
from .course_entry import new_course, prior_course
from .dose_response import EQD2_BY_LQ, DoseResponse, FractionationModel, Quantity
from .errors import CaseError, ProtocolError
from .finding import Decision
from .json_entry import JsonEntry, field_names
from .metric import Metric
from .planning_choice import DEFAULT_REMAINING_DOSE, IsodoseLine, OptimizationRequest, RemainingDoseChoice, ScreeningDecision
from .planning_entry import (
    CONSTRAINT_KEYS,
    REQUEST_KEYS,
    LimitRows,
    constraint,
    isodose_line,
    metric_of,
    optimization_request,
    plain_limit,
    remaining_dose,
    screening_decision,
)
from .protocol import require_alpha_beta
from .structure import EndCaps, Holes

SCHEMA = "reirradiation-case/1"
BYTE_ORDER_MARK = "\ufeff"
DEFAULT_METRICS = ("Dmax[Gy]", "D0.03cc[Gy]", "D0.1cc[Gy]", "Dmean[Gy]", "D95%[Gy]", "V20Gy[%]", "V40Gy[%]")
CT_GRID = "ct"
FINEST_GRID_MM, COARSEST_GRID_MM = 0.25, 10.0


def read_case(path: Path) -> Case:
    """Read a case file; relative paths in it are resolved against its folder.

    Raises
    ------
    CaseError
        Naming the entry, if the file is missing, is no JSON, lacks a key, or a value cannot be used.
    ProtocolError
        If a metric or an α/β cannot be used.
    """
    path = path.resolve()
    return case_of(case_text(path), path)


def case_text(path: Path) -> str:
    """The text of a case file as it is, with its line ends, and a byte order mark if it has one.

    Raises
    ------
    CaseError
        If it cannot be read or is no text in UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CaseError(str(path), f"cannot be read ({error.strerror})", "Check the path of the case file.") from error
    except UnicodeDecodeError as error:
        raise CaseError(str(path), f"not valid JSON ({error})", "Correct the case file.") from error


def case_of(text: str, path: Path, is_draft: bool = False) -> Case:
    """The case that a file of this text holds, or would hold; raises as :func:`read_case`.

    Parameters
    ----------
    text : str
        May begin with a byte order mark.
    path : Path
        Absolute path of the file, which is not read.
    is_draft : bool
        Whether the case may still lack a prescription or a prior course, or contradict itself: to be edited, not to be run.
    """
    try:
        values = json.loads(text.removeprefix(BYTE_ORDER_MARK), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise CaseError(str(path), f"not valid JSON ({error})", "Correct the case file.") from error
    keys = [field.name for field in fields(Case) if field.name != "file"]
    entry = JsonEntry(path.name, values, ["schema", *keys])
    if entry.text("schema") != SCHEMA:
        raise CaseError(entry.at("schema"), entry.text("schema"), "Use a case file of this version.", SCHEMA)
    own_tables = entry.optional_path("protocol_folder")
    rows = LimitRows((path.parent / own_tables).resolve() if own_tables else None)
    case = Case(
        file=path,
        title=entry.text("title"),
        current=_current(entry.child("current", field_names(CurrentAnatomy))),
        prior_courses=tuple(prior_course(e) for e in entry.children("prior_courses", field_names(PriorCourse))),
        new_course=new_course(entry.child("new_course", field_names(NewCourse)), is_draft),
        structures=tuple(_structure(e) for e in entry.children("structures", field_names(StructureChoice))),
        metrics=_metrics(entry),
        constraints=tuple(constraint(e, rows) for e in entry.children("constraints", CONSTRAINT_KEYS)),
        optimization=tuple(optimization_request(e, rows) for e in entry.children("optimization", REQUEST_KEYS)),
        protocol_folder=entry.optional_path("protocol_folder"),
        recovery_table=entry.text("recovery_table") if entry.has("recovery_table") else None,
        decisions=tuple(_decision(e) for e in entry.children("decisions", field_names(Decision))),
        export=_export(entry.child("export", field_names(ExportChoice))) if entry.has("export") else ExportChoice(),
        sensitivity=tuple(_response(e) for e in entry.children("sensitivity", field_names(DoseResponse))),
        reference_grid=_grid(entry) if entry.has("reference_grid") else GridChoice(),
        end_caps=entry.choice("end_caps", EndCaps) if entry.has("end_caps") else EndCaps.HALF_SLICE,
        screening=_screening(entry),
        isodose_lines=tuple(isodose_line(e) for e in entry.children("isodose_lines", field_names(IsodoseLine))),
        remaining_dose=_remaining_dose(entry),
        tasks=_tasks(entry),
        texts=_texts(entry),
    )
    if not is_draft:
        require_consistent(case)
    resolved: Case = _with_paths(case, lambda value: (path.parent / value).resolve())
    return replace(resolved, file=path)


def case_to_json(case: Case) -> str:
    """The text of a case file that :func:`read_case` reads back to the same case, given the same folder."""
    relative = _with_paths(case, lambda value: _relative(value, case.file.parent))
    values: dict[str, Any] = {"schema": SCHEMA, **_plain(relative)}
    del values["file"]
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _current(entry: JsonEntry) -> CurrentAnatomy:
    return CurrentAnatomy(entry.path("ct"), entry.path("structures"), entry.text("ct_series", default=""))


def _screening(entry: JsonEntry) -> ScreeningDecision | None:
    keys = field_names(ScreeningDecision)
    return screening_decision(entry.child("screening", keys)) if entry.has("screening") else None


def _remaining_dose(entry: JsonEntry) -> RemainingDoseChoice:
    keys = field_names(RemainingDoseChoice)
    return remaining_dose(entry.child("remaining_dose", keys)) if entry.has("remaining_dose") else DEFAULT_REMAINING_DOSE


def _tasks(case: JsonEntry) -> tuple[TaskSignature, ...]:
    signatures = tuple(_task(entry) for entry in case.children("tasks", field_names(TaskSignature)))
    twice = [one.task.value for n, one in enumerate(signatures) if one.task in [other.task for other in signatures[:n]]]
    if twice:
        raise CaseError(case.at("tasks"), f"'{twice[0]}' more than once", "Keep one signature of every task.")
    return signatures


def _task(entry: JsonEntry) -> TaskSignature:
    return TaskSignature(
        task=entry.choice("task", Task),
        who=entry.text("who"),
        when=entry.required_day("when"),
        comment=entry.text("comment", default=""),
        key=entry.text("key", default=""),
    )


def _texts(case: JsonEntry) -> FreeTexts:
    if not case.has("texts"):
        return FreeTexts()
    entry = case.child("texts", field_names(FreeTexts))
    return FreeTexts(**{name: entry.prose(name) for name in field_names(FreeTexts)})


def _decision(entry: JsonEntry) -> Decision:
    entry.required_day("when")
    return Decision(
        finding=entry.text("finding"),
        subject=entry.text("subject"),
        who=entry.text("who"),
        when=entry.text("when"),
        reason=entry.text("reason"),
        found=entry.text("found", default=""),
    )


def _metrics(case: JsonEntry) -> tuple[Metric, ...]:
    metrics = tuple(metric_of(case, "metrics", str(text)) for text in case.items("metrics") or DEFAULT_METRICS)
    twice = sorted({str(metric) for metric in metrics if metrics.count(metric) > 1})
    if twice:
        raise CaseError(case.at("metrics"), f"{', '.join(twice)} more than once", "List every metric once.")
    return metrics


def _export(entry: JsonEntry) -> ExportChoice:
    default = ExportChoice()
    return ExportChoice(
        planning_system=entry.text("planning_system", default=default.planning_system),
        holes=entry.choice("holes", Holes) if entry.has("holes") else default.holes,
        append=entry.flag("append"),
        mapped_doses=entry.flag("mapped_doses"),
    )


def _response(entry: JsonEntry) -> DoseResponse:
    transition = "transition_gy_per_fraction"
    try:
        response = DoseResponse(
            quantity=entry.choice("quantity", Quantity) if entry.has("quantity") else EQD2_BY_LQ.quantity,
            model=entry.choice("model", FractionationModel) if entry.has("model") else EQD2_BY_LQ.model,
            transition_gy_per_fraction=entry.number(transition) if entry.has(transition) else None,
        )
    except ProtocolError as error:
        raise CaseError(entry.at(transition), error.found, error.remedy, error.expected) from error
    if response == EQD2_BY_LQ:
        raise CaseError(
            entry.where, response.label, "Name another 'model' or 'quantity'; the main tables are in this one already."
        )
    return response


def _grid(case: JsonEntry) -> GridChoice:
    if case.is_text("reference_grid"):
        if (text := case.text("reference_grid")) != CT_GRID:
            raise CaseError(case.at("reference_grid"), f"'{text}'", "Correct the case file.", f'"{CT_GRID}", or an object')
        return GridChoice(is_ct=True)
    entry = case.child("reference_grid", ("spacing_mm", "margin_mm"))
    margin_mm = entry.number("margin_mm", default=GridChoice().margin_mm, zero_allowed=True)
    if not entry.has("spacing_mm"):
        return GridChoice(None, margin_mm)
    spacing = entry.items("spacing_mm")
    numbers = [value for value in spacing if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if len(spacing) != 3 or len(numbers) != 3 or not all(FINEST_GRID_MM <= value <= COARSEST_GRID_MM for value in numbers):
        expected = f"three numbers from {FINEST_GRID_MM:g} to {COARSEST_GRID_MM:g}: along rows, columns and slices"
        raise CaseError(entry.at("spacing_mm"), f"{spacing!r:.60}", "Correct the case file.", expected)
    i, j, k = (float(value) for value in numbers)
    return GridChoice((i, j, k), margin_mm)


def _structure(entry: JsonEntry) -> StructureChoice:
    override = (
        require_alpha_beta(entry.signed_number("alpha_beta_gy"), entry.at("alpha_beta_gy"))
        if entry.has("alpha_beta_gy")
        else None
    )
    reason = entry.text("reason", default="")
    if override is not None and not reason:
        raise CaseError(entry.where, "an α/β of its own without a reason", "Add 'reason'.")
    return StructureChoice(entry.text("name"), entry.text("tissue"), override, reason)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        repeated = next(key for n, (key, _) in enumerate(pairs) if key in [other for other, _ in pairs[:n]])
        raise CaseError("case.json", f"the key '{repeated}' twice in one object", "Keep one of them.")
    return values


def _with_paths(value: Any, change: Any) -> Any:
    """The same dataclass tree with every path changed."""
    if isinstance(value, Path):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_with_paths(item, change) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _with_paths(getattr(value, f.name), change) for f in fields(value)})
    return value


def _relative(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _plain(value: Any) -> Any:
    """JSON values of a dataclass tree; None and empty texts are left out."""
    if isinstance(value, Constraint):
        metric = {} if value.row else {"metric": value.metric}
        return _filled({"structure": value.structure, **metric, **plain_limit(value)})
    if isinstance(value, OptimizationRequest):
        number = {} if value.levels_eqd2_gy else {"number": value.number}
        return _filled({**{name: getattr(value, name) for name in _OF_REQUEST}, **number, **plain_limit(value)})
    if isinstance(value, GridChoice):
        spacing = {"spacing_mm": list(value.spacing_mm)} if value.spacing_mm else {}
        return CT_GRID if value.is_ct else {**spacing, "margin_mm": value.margin_mm}
    if isinstance(value, Metric):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        plain_items = [_plain(item) for item in value]
        return plain_items[0] if len(value) == 1 and isinstance(value[0], Path) else plain_items
    if is_dataclass(value) and not isinstance(value, type):
        members = {key: getattr(value, f.name) for key, f in zip(field_names(type(value)), fields(value), strict=True)}
        return _filled(members)
    return value


_OF_REQUEST = (
    *("structure", "metric", "target", "margin_mm", "levels_eqd2_gy", "overlap", "crop_margin_mm", "smoothing_mm"),
)


def _filled(members: dict[str, Any]) -> dict[str, Any]:
    """JSON values without None, empty texts and empty lists."""
    plain = {key: _plain(item) for key, item in members.items()}
    return {key: item for key, item in plain.items() if item is not None and item not in ("", [])}
