"""``evaluation.json`` back to an :class:`~.evaluation.Evaluation`: to show a result again without computing it."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..model.errors import CaseError
from .evaluation import SCHEMA, Evaluation


def evaluation_from_json(text: str, where: str) -> Evaluation:
    """The evaluation that a text holds; numbers have the six digits of the text.

    Parameters
    ----------
    text : str
        As :func:`~.evaluation.evaluation_json` writes it.
    where : str
        What is read, for messages.

    Raises
    ------
    CaseError
        If the text is of another version or not what it should be.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CaseError(where, f"not valid JSON ({error})", "Evaluate the case again.") from error
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        raise CaseError(where, f"schema {schema!r}", "Evaluate the case again with this version.", SCHEMA)
    try:
        read: Evaluation = _typed(Evaluation, values)
    except (TypeError, ValueError, KeyError) as error:
        raise CaseError(where, f"not an evaluation ({error})", "Evaluate the case again.") from error
    return read


def _typed(kind: Any, value: Any) -> Any:
    """A JSON value as a type of the tree: dataclasses, tuples, enums, unions with None and plain values."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _of_union(get_args(kind), value)
    if origin is tuple:
        return _of_tuple(get_args(kind), value)
    if is_dataclass(kind) and isinstance(kind, type):
        return _of_dataclass(kind, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is not Any and not isinstance(value, kind):
        raise TypeError(f"{value!r:.60} where {kind.__name__} is expected")
    return value


def _of_dataclass(kind: type, value: Any) -> Any:
    hints, names = get_type_hints(kind), [field.name for field in fields(kind)]
    if not isinstance(value, dict) or set(value) != set(names):
        raise TypeError(f"{kind.__name__} is expected, with {', '.join(names)}")
    return kind(**{name: _typed(hints[name], value[name]) for name in names})


def _of_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.60} where a list is expected")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_typed(kinds[0], item) for item in value)
    return tuple(_typed(one, item) for one, item in zip(kinds, value, strict=True))


def _of_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    for kind in kinds:
        if kind is not NoneType:
            try:
                return _typed(kind, value)
            except (TypeError, ValueError, KeyError):
                continue
    raise TypeError(f"{value!r:.60} fits none of its types")
