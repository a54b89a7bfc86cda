"""Timing candidates against each other in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 5


def timed(*candidates: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each candidate; every round runs all of them, in rotating order."""
    seconds: list[list[float]] = [[] for _ in candidates]
    for turn in range(rounds):
        for shift in range(len(candidates)):
            n = (turn + shift) % len(candidates)
            start = time.perf_counter()
            candidates[n]()
            seconds[n].append(time.perf_counter() - start)
    return [statistics.median(values) for values in seconds]


def table(title: str, candidates: Mapping[str, Callable[[], object]]) -> None:
    """Print the time of each candidate as a ratio to the first."""
    seconds = timed(*candidates.values())
    print(f"\n{title}\n\n| | time, ratio to ours |\n|---|---|")
    for name, value in zip(candidates, seconds, strict=True):
        print(f"| {name} | {value / seconds[0]:.2f} |")
