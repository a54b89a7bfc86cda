"""The published JSON Schema of ``evaluation.json``, made from the dataclasses that it is written from."""

from __future__ import annotations

import inspect
import json
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from .evaluation import SCHEMA, SIGNIFICANT_DIGITS, Evaluation

DIALECT = "https://json-schema.org/draft/2020-12/schema"
URN = f"urn:{SCHEMA.replace('/', ':')}"
"""The schema's own identifier; it names it, and is no address to load it from."""

TITLE = "Reirradiation evaluation"
_KEPT = (
    f"Floating-point numbers keep {SIGNIFICANT_DIGITS} significant digits. The unit of a number is the end of its name: "
    "_gy, _gy_per_fraction, _cc, _mm, _percent; months are of 30.4375 days. Every key is always there; null says that "
    "there is no such value, never that it is zero."
)
_SIMPLE: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
}


def evaluation_schema() -> dict[str, Any]:
    """The schema as JSON Schema 2020-12: every key required, no other allowed, one definition per class.

    Raises
    ------
    TypeError
        If a field of the evaluation is of a type that JSON cannot hold; a mistake of ours.
    """
    definitions: dict[str, Any] = {}
    _define(Evaluation, definitions)
    whole = definitions.pop(Evaluation.__name__)
    whole["properties"]["schema"] = {"const": SCHEMA}
    whole["description"] += f"\n\n{_KEPT}"
    return {"$schema": DIALECT, "$id": URN, "title": TITLE, **whole, "$defs": dict(sorted(definitions.items()))}


def schema_json() -> str:
    """The schema as text, as it is published."""
    return json.dumps(evaluation_schema(), indent=1, ensure_ascii=False) + "\n"


def _define(kind: type, definitions: dict[str, Any]) -> None:
    """Add the definition of a dataclass or enum, and of all that it is made of."""
    if kind.__name__ in definitions:
        return
    described = inspect.cleandoc(kind.__doc__ or "")
    if issubclass(kind, Enum):
        definitions[kind.__name__] = {"description": described, "enum": [member.value for member in kind]}
        return
    definitions[kind.__name__] = {}  # holds the place while its fields are defined
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    definitions[kind.__name__] = {
        "description": described,
        "type": "object",
        "properties": {name: _of(hints[name], definitions) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one type."""
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType) and len(arguments) == 2 and arguments[1] is type(None):
        return _or_null(_of(arguments[0], definitions))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if origin is tuple and arguments:
        items = [_of(one, definitions) for one in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, Enum)):
        _define(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise TypeError(f"{hint} cannot be a part of the evaluation")


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str) and schema.keys() == {"type"}:
        return {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
