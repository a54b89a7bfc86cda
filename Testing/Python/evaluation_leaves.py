"""The leaves of an evaluation: every number, text, truth and choice in it by its path, and the tree with another one."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Leaf:
    """A value that holds no others. ``path`` leads to it; ``hint`` is its declared type without None."""

    path: Path
    value: Any
    hint: Any

    @property
    def field(self) -> str:
        """The path without the numbers of items."""
        return field_of(self.path)


def field_of(path: Path) -> str:
    return "".join(f".{part}" if isinstance(part, str) else "[]" for part in path).lstrip(".")


def leaves(value: Any, hint: Any, path: Path = ()) -> Iterator[Leaf]:
    """Every leaf below a value; None counts as one where a leaf could be."""
    hint = without_none(hint)
    if is_dataclass(hint):
        if value is None:
            return
        hints = get_type_hints(hint)
        for field in fields(value):
            yield from leaves(getattr(value, field.name), hints[field.name], (*path, field.name))
    elif get_origin(hint) is tuple:
        for number, item in enumerate(value):
            yield from leaves(item, get_args(hint)[0], (*path, number))
    else:
        yield Leaf(path, value, hint)


def declared(hint: Any, path: Path = ()) -> Iterator[str]:
    """Every field of a leaf that the types allow."""
    hint = without_none(hint)
    if is_dataclass(hint):
        for name, inner in get_type_hints(hint).items():
            yield from declared(inner, (*path, name))
    elif get_origin(hint) is tuple:
        yield from declared(get_args(hint)[0], (*path, 0))
    else:
        yield field_of(path)


def with_leaf(tree: Any, path: Path, value: Any) -> Any:
    """The tree with another value at a path."""
    if not path:
        return value
    first, *rest = path
    if isinstance(first, int):
        return tuple(with_leaf(item, tuple(rest), value) if n == first else item for n, item in enumerate(tree))
    return replace(tree, **{first: with_leaf(getattr(tree, first), tuple(rest), value)})


def filled(value: Any, hint: Any) -> Any:
    """The tree with something in every place that is None or an empty list: made-up leaves, so that all can be seen."""
    inner = without_none(hint)
    if is_dataclass(inner):
        hints = get_type_hints(inner)
        made = value is None
        return inner(**{n: filled(None if made else getattr(value, n), hints[n]) for n in (f.name for f in fields(inner))})
    if get_origin(inner) is tuple:
        arguments = get_args(inner)
        items = value if value else (None,) * (1 if arguments[-1] is Ellipsis else len(arguments))
        return tuple(filled(item, arguments[0]) for item in items)
    if value is not None and value != "":
        return value
    if isinstance(inner, type) and issubclass(inner, Enum):
        return next(iter(inner))
    return {str: "words", int: 7, float: 3.25, bool: True}[inner]


def without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint
