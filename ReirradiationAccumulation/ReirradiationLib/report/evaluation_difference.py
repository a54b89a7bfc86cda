"""Where two evaluations differ, each difference by a path that a reader finds in ``evaluation.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_SHOWN = 80

HASHED_PARTS = ("tasks", "inputs", "input_groups")
"""Parts of an evaluation that say from which files it was made and who signed for them: there is no result in them."""

_TOLD_LAST = ("case", "headlines", "texts", *HASHED_PARTS)

_NAMES = (
    *(("identifier",), ("name",), ("path",), ("organ",), ("structure", "metric"), ("structure", "metric", "source")),
    *(("structure",), ("course",), ("metric",), ("sum",), ("task",), ("target",), ("label",)),
    *(("identifier", "subject"), ("identifier", "subject", "found")),
)
"""What tells the items of a list apart, tried in turn; where nothing does, their numbers."""


@dataclass(frozen=True)
class Difference:
    """A value that is not the same in both, as ``structures[liver].metrics[Dmax[Gy]].prior_raw``; shown as JSON."""

    path: str
    stored: str
    now: str

    def __str__(self) -> str:
        return f"{self.path}: {self.stored} stored, {self.now} now"


@dataclass(frozen=True)
class PartComparison:
    """A top-level part of two evaluations, as ``structures``, and all differences in it."""

    part: str
    differences: tuple[Difference, ...]


def compared_parts(stored: dict[str, Any], now: dict[str, Any]) -> tuple[PartComparison, ...]:
    """Every part of either evaluation, results first, in the order of the file otherwise.

    Parameters
    ----------
    stored, now : dict
        As ``json.loads`` gives them.
    """
    names = [*dict.fromkeys((*stored, *now))]
    ordered = [name for name in names if name not in _TOLD_LAST] + [name for name in _TOLD_LAST if name in names]
    parts = [PartComparison(name, tuple(_of_items(stored, now, name, name))) for name in ordered]
    order = tuple(_of_order(stored, now, ""))
    return (*parts, PartComparison("order", order)) if order else tuple(parts)


def differences(stored: Any, now: Any, path: str = "") -> Iterator[Difference]:
    """All differences of two JSON values, in the order of the first.

    Parameters
    ----------
    stored, now : Any
        As ``json.loads`` gives them. 1 and 1.0 differ: their texts do.
    path : str
        Where they are.
    """
    if isinstance(stored, dict) and isinstance(now, dict):
        yield from _of_objects(stored, now, path)
    elif isinstance(stored, list) and isinstance(now, list):
        yield from _of_lists(stored, now, path)
    elif type(stored) is not type(now) or stored != now:
        yield Difference(path or "the whole", _shown(stored), _shown(now))


def _of_objects(stored: dict[str, Any], now: dict[str, Any], path: str) -> Iterator[Difference]:
    for key in dict.fromkeys((*stored, *now)):
        where = f"{path}.{key}" if path else key
        yield from _of_items(stored, now, key, where)
    yield from _of_order(stored, now, path)


def _of_order(stored: dict[str, Any], now: dict[str, Any], path: str) -> Iterator[Difference]:
    if list(stored) != list(now) and stored.keys() == now.keys():
        yield Difference(f"keys of {path or 'the whole'}", _shown(list(stored)), _shown(list(now)))


def _of_lists(stored: list[Any], now: list[Any], path: str) -> Iterator[Difference]:
    names = _names(stored, now)
    if names is None:
        for number in range(max(len(stored), len(now))):
            yield from _of_items(dict(enumerate(stored)), dict(enumerate(now)), number, f"{path}[{number}]")
        return
    one, other = names
    by_name, by_name_now = dict(zip(one, stored, strict=True)), dict(zip(other, now, strict=True))
    for name in dict.fromkeys((*one, *other)):
        yield from _of_items(by_name, by_name_now, name, f"{path}[{name}]")
    if one != other and set(one) == set(other):
        yield Difference(f"order of {path}", _shown(one), _shown(other))


def _of_items(stored: dict[Any, Any], now: dict[Any, Any], key: object, path: str) -> Iterator[Difference]:
    if key not in now:
        yield Difference(path, _shown(stored[key]), "not there")
    elif key not in stored:
        yield Difference(path, "not there", _shown(now[key]))
    else:
        yield from differences(stored[key], now[key], path)


def _names(*lists: list[Any]) -> tuple[list[str], ...] | None:
    """Names that tell the items of each list apart, or None."""
    if not all(isinstance(item, dict) for items in lists for item in items):
        return None
    for keys in _NAMES:
        found = tuple(_named_by(items, keys) for items in lists)
        if all(len(set(names)) == len(items) for names, items in zip(found, lists, strict=True)):
            return found
    return None


def _named_by(items: Sequence[dict[str, Any]], keys: tuple[str, ...]) -> list[str]:
    named = [item for item in items if all(isinstance(item.get(key), str) for key in keys)]
    return [", ".join(item[key] for key in keys) for item in named]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
