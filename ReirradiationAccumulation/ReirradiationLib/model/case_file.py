"""``Case`` ⇄ ``case.json`` (described in ``docs/case-file.md``)."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from datetime import date
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any

from .case import (
    NEW_COURSE_ID,
    Case,
    CurrentAnatomy,
    ExportChoice,
    GridChoice,
    NewCourse,
    OptimizationRequest,
    PriorCourse,
    StructureChoice,
)
from .dose_response import EQD2_BY_LQ, DoseResponse, FractionationModel, Quantity
from .errors import CaseError, ProtocolError
from .finding import Decision
from .json_entry import JsonEntry
from .metric import Metric, MetricKind
from .points import PointDose, require_points
from .protocol import Basis, Constraint, Sense, require_alpha_beta
from .registration import RegistrationChoice, RegistrationMethod
from .registration_entry import registration_choice
from .structure import EndCaps, Holes

SCHEMA = "reirradiation-case/1"
DEFAULT_METRICS = ("Dmax[Gy]", "D0.03cc[Gy]", "D0.1cc[Gy]", "Dmean[Gy]", "D95%[Gy]", "V20Gy[%]", "V40Gy[%]")
DEFAULT_POINT_METRIC = "D0.01cc[Gy]"
DEFAULT_MARGIN_MM = 30.0
DEFAULT_NUMBER = 3
LARGEST_NUMBER = 9
LARGEST_RBE = 2.0
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
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise CaseError(str(path), f"cannot be read ({error.strerror})", "Check the path of the case file.") from error
    except (ValueError, RecursionError) as error:
        raise CaseError(str(path), f"not valid JSON ({error})", "Correct the case file.") from error
    keys = [field.name for field in fields(Case) if field.name != "file"]
    entry = JsonEntry(path.name, values, ["schema", *keys])
    if entry.text("schema") != SCHEMA:
        raise CaseError(entry.at("schema"), entry.text("schema"), "Use a case file of this version.", SCHEMA)
    case = Case(
        file=path,
        title=entry.text("title"),
        current=_current(entry.child("current", _keys(CurrentAnatomy))),
        prior_courses=tuple(_prior(e) for e in entry.children("prior_courses", _keys(PriorCourse))),
        new_course=_new(entry.child("new_course", _keys(NewCourse))),
        structures=tuple(_structure(e) for e in entry.children("structures", _keys(StructureChoice))),
        metrics=_metrics(entry),
        constraints=tuple(_constraint(e) for e in entry.children("constraints", _CONSTRAINT_KEYS)),
        optimization=tuple(_request(e) for e in entry.children("optimization", _keys(OptimizationRequest))),
        protocol_folder=entry.optional_path("protocol_folder"),
        recovery_table=entry.text("recovery_table") if entry.has("recovery_table") else None,
        decisions=tuple(_decision(e) for e in entry.children("decisions", _keys(Decision))),
        export=_export(entry.child("export", _keys(ExportChoice))) if entry.has("export") else ExportChoice(),
        sensitivity=tuple(_response(e) for e in entry.children("sensitivity", _keys(DoseResponse))),
        reference_grid=_grid(entry) if entry.has("reference_grid") else GridChoice(),
        end_caps=entry.choice("end_caps", EndCaps) if entry.has("end_caps") else EndCaps.HALF_SLICE,
    )
    _require_consistent(case)
    resolved: Case = _with_paths(case, lambda value: (path.parent / value).resolve())
    return replace(resolved, file=path)


def case_to_json(case: Case) -> str:
    """The text of a case file that :func:`read_case` reads back to the same case, given the same folder."""
    relative = _with_paths(case, lambda value: _relative(value, case.file.parent))
    values: dict[str, Any] = {"schema": SCHEMA, **_plain(relative)}
    del values["file"]
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


_CONSTRAINT_KEYS = ("structure", "metric", "at_most", "at_least", "basis", "alpha_beta_gy", "source")


def _keys(kind: type[Any]) -> list[str]:
    return [{"identifier": "id"}.get(field.name, field.name) for field in fields(kind)]


def _current(entry: JsonEntry) -> CurrentAnatomy:
    return CurrentAnatomy(entry.path("ct"), entry.path("structures"), entry.text("ct_series", default=""))


def _prior(entry: JsonEntry) -> PriorCourse:
    if entry.has("points"):
        return _prior_of_points(entry)
    registration = registration_choice(entry.child("registration", _keys(RegistrationChoice)))
    identifier = entry.text("id")
    course = PriorCourse(
        identifier=identifier,
        label=entry.text("label", default=identifier),
        dose=entry.paths("dose"),
        plan=entry.optional_path("plan"),
        fractions=entry.whole("fractions") if entry.has("fractions") else None,
        delivered_fractions=entry.whole("delivered_fractions") if entry.has("delivered_fractions") else None,
        rbe=_rbe(entry),
        ct=entry.optional_path("ct"),
        date=entry.day("date"),
        registration=registration,
        ct_series=entry.text("ct_series", default=""),
        structures=entry.optional_path("structures"),
    )
    if not course.dose:
        raise CaseError(entry.where, "'dose' is missing", "Add 'dose', or 'points' for a course without DICOM.")
    if registration.method is RegistrationMethod.IMAGES and course.ct is None:
        raise CaseError(entry.where, "no 'ct' to register", "Name the folder of the prior CT.")
    if course.structures is not None and course.ct is None:
        raise CaseError(entry.at("structures"), "without 'ct'", "Name the folder of the prior CT that they are drawn on.")
    return course


def _prior_of_points(entry: JsonEntry) -> PriorCourse:
    for key in ("dose", "plan", "fractions", "delivered_fractions", "rbe", "ct", "ct_series", "structures", "registration"):
        if entry.has(key):
            raise CaseError(entry.at(key), "beside 'points'", "A course is known by DICOM files or by points, not by both.")
    identifier = entry.text("id")
    return PriorCourse(
        *(identifier, entry.text("label", default=identifier), (), None, None, None, None, None),
        date=entry.day("date"),
        registration=None,
        points=entry.path("points") if entry.is_text("points") else _points(entry),
    )


def _points(entry: JsonEntry) -> tuple[PointDose, ...]:
    points = (
        PointDose(
            structure=point.text("structure"),
            dose_gy=point.number("dose_gy", zero_allowed=True),
            fractions=point.whole("fractions"),
            date=point.day("date"),
            source=point.text("source"),
        )
        for point in entry.children("points", _keys(PointDose))
    )
    return require_points(points, entry.at("points"))


def _rbe(entry: JsonEntry) -> float | None:
    if not entry.has("rbe"):
        return None
    rbe = entry.number("rbe")
    if not 1.0 <= rbe <= LARGEST_RBE:
        raise CaseError(entry.at("rbe"), f"{rbe:g}", "Use the constant RBE of protons, 1.1.", f"1 to {LARGEST_RBE:g}")
    return rbe


def _new(entry: JsonEntry) -> NewCourse:
    return NewCourse(
        label=entry.text("label", default="New course"),
        prescription_gy=entry.number("prescription_gy"),
        fractions=entry.whole("fractions"),
        date=entry.day("date"),
        plan=entry.optional_path("plan"),
        dose=entry.paths("dose"),
        rbe=_rbe(entry),
    )


def _decision(entry: JsonEntry) -> Decision:
    if entry.day("when") is None:
        raise CaseError(entry.where, "'when' is missing", "Add 'when'.", "YYYY-MM-DD")
    return Decision(
        finding=entry.text("finding"),
        subject=entry.text("subject"),
        who=entry.text("who"),
        when=entry.text("when"),
        reason=entry.text("reason"),
        found=entry.text("found", default=""),
    )


def _metrics(case: JsonEntry) -> tuple[Metric, ...]:
    metrics = tuple(_metric(case, "metrics", str(text)) for text in case.items("metrics") or DEFAULT_METRICS)
    twice = sorted({str(metric) for metric in metrics if metrics.count(metric) > 1})
    if twice:
        raise CaseError(case.at("metrics"), f"{', '.join(twice)} more than once", "List every metric once.")
    return metrics


def _metric(entry: JsonEntry, key: str, text: str) -> Metric:
    try:
        return Metric.parse(text)
    except ProtocolError as error:
        raise CaseError(entry.at(key), f"{error.subject}: {error.found}", error.remedy, error.expected) from error


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
    override = _alpha_beta(entry) if entry.has("alpha_beta_gy") else None
    reason = entry.text("reason", default="")
    if override is not None and not reason:
        raise CaseError(entry.where, "an α/β of its own without a reason", "Add 'reason'.")
    return StructureChoice(entry.text("name"), entry.text("tissue"), override, reason)


def _constraint(entry: JsonEntry) -> Constraint:
    senses = [sense for sense in Sense if entry.has(sense.value)]
    if len(senses) != 1:
        raise CaseError(entry.where, f"{len(senses) or 'no'} limits", "Give one limit.", "either 'at_most' or 'at_least'")
    return Constraint(
        structure=entry.text("structure"),
        metric=_metric(entry, "metric", entry.text("metric")),
        sense=senses[0],
        limit=entry.number(senses[0].value),
        basis=entry.choice("basis", Basis),
        alpha_beta_gy=_alpha_beta(entry),
        source=entry.text("source"),
    )


def _request(entry: JsonEntry) -> OptimizationRequest:
    return OptimizationRequest(
        structure=entry.text("structure"),
        limit_eqd2_gy=entry.number("limit_eqd2_gy"),
        basis=entry.choice("basis", Basis),
        alpha_beta_gy=_alpha_beta(entry),
        metric=_point_metric(entry),
        number=entry.whole("number", default=DEFAULT_NUMBER, largest=LARGEST_NUMBER),
        target=entry.text("target") if entry.has("target") else None,
        margin_mm=entry.number("margin_mm", default=DEFAULT_MARGIN_MM, zero_allowed=True),
        source=entry.text("source"),
    )


def _point_metric(entry: JsonEntry) -> Metric:
    metric = _metric(entry, "metric", entry.text("metric", default=DEFAULT_POINT_METRIC))
    if metric.kind not in (MetricKind.MAXIMUM, MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT):
        raise CaseError(entry.at("metric"), str(metric), "Choose how P is read.", "Dmax, D0.01cc or D2%, for example")
    return metric


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        repeated = next(key for n, (key, _) in enumerate(pairs) if key in [other for other, _ in pairs[:n]])
        raise CaseError("case.json", f"the key '{repeated}' twice in one object", "Keep one of them.")
    return values


def _alpha_beta(entry: JsonEntry) -> float:
    return require_alpha_beta(entry.signed_number("alpha_beta_gy"), entry.at("alpha_beta_gy"))


def _require_consistent(case: Case) -> None:
    name = case.file.name
    identifiers = [course.identifier for course in case.prior_courses]
    if not identifiers:
        raise CaseError(f"{name}: prior_courses", "no course", "Name at least one prior course.")
    for identifier in identifiers:
        if identifier == NEW_COURSE_ID or identifier.startswith("sum"):
            raise CaseError(f"{name}: prior_courses", f"the id '{identifier}'", "Choose another id; this one is reserved.")
    if len(set(identifiers)) != len(identifiers):
        raise CaseError(f"{name}: prior_courses", "the same id twice", "Give every course an id of its own.")
    labels = [course.label for course in case.prior_courses] + [case.new_course.label]
    if len(set(labels)) != len(labels):
        raise CaseError(f"{name}: label", "the same label twice", "Give every course a label of its own.")
    requested = [request.structure for request in case.optimization]
    if len(set(requested)) != len(requested):
        raise CaseError(f"{name}: optimization", "the same structure twice", "Ask for one set per structure.")
    listed = [structure.name for structure in case.structures]
    if len(set(listed)) != len(listed):
        raise CaseError(f"{name}: structures", "the same name twice", "List every structure once.")
    if len(set(case.sensitivity)) != len(case.sensitivity):
        raise CaseError(f"{name}: sensitivity", "the same entry twice", "List every model and quantity once.")
    limits: list[Constraint | OptimizationRequest] = [*case.constraints, *case.optimization]
    for used in limits:
        if used.structure not in listed:
            kind = "constraint" if isinstance(used, Constraint) else "optimization request"
            near = get_close_matches(used.structure, listed, n=1, cutoff=0.6)
            remedy = f"Did you mean '{near[0]}'?" if near else "Add it to 'structures', or remove the entry."
            raise CaseError(f"{name}: {kind} on '{used.structure}'", "not among the case's structures", remedy)
        if used.basis is Basis.RECOVERED and case.recovery_table is None:
            raise CaseError(
                f"{name}: limit on '{used.structure}'",
                "its basis is the recovered sum, but the case applies no recovery",
                "Choose a recovery table, or a limit published for the raw sum.",
            )
    if not case.new_course.dose and (case.new_course.plan is not None or case.new_course.rbe is not None):
        raise CaseError(f"{name}: new_course", "a plan or RBE without its dose", "Name the RTDOSE as well, or neither.")


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
        plain = {key: _plain(getattr(value, key)) for key in ("structure", "metric", "basis", "alpha_beta_gy", "source")}
        return {**plain, value.sense.value: value.limit}
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
        members = {key: _plain(getattr(value, f.name)) for key, f in zip(_keys(type(value)), fields(value), strict=True)}
        return {key: item for key, item in members.items() if item not in (None, "", [])}
    return value
