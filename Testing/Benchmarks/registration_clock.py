"""What one registration costs: seconds of the registration itself, and of the process with imports and reading."""

from __future__ import annotations

import resource
import time
from pathlib import Path


class Clock:
    """Started and stopped around the registration; the process is counted from the start of this object."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.program = ""
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self._started = (0.0, 0.0)

    def start(self, program: str) -> None:
        self.program = program
        self._started = (time.perf_counter(), cpu_seconds())

    def stop(self) -> None:
        self.seconds = time.perf_counter() - self._started[0]
        self.cpu_seconds = cpu_seconds() - self._started[1]

    def report(self) -> dict[str, object]:
        return {
            "program": self.program,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "process_seconds": time.perf_counter() - self.began,
            "process_cpu_seconds": cpu_seconds(),
            "peak_mb": peak_mb(),
        }


def cpu_seconds() -> float:
    """Of this process and of those it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak_mb() -> float:
    """Largest resident memory of this process or of one that it started.

    Its own from /proc: getrusage tells that of the parent where it was larger at the fork.
    """
    status = Path("/proc/self/status")
    own_kb = next((int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")), 0)
    return max(own_kb, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024.0
