"""The phantom read from its files once for all parts of the dosimetry benchmark, and what the parts share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from phantom import COURSES, Shape, dose_gy, shapes
from phantom_files import write_phantom
from phantom_truth import Curve, truth
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import SpatialTransform, identity_transform
from timing import timed

HERE = Path(__file__).resolve().parent
PEERS_PYTHON = HERE.parent.parent / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True)
class BenchCase:
    folder: Path
    shapes: list[Shape]
    structures: tuple[Structure, ...]
    courses: tuple[Course, ...]
    truths: list[Curve]


def make_case(folder: Path) -> BenchCase:
    bodies = shapes()
    write_phantom(folder, bodies)
    courses = tuple(course_of(folder, n) for n in range(len(COURSES)))
    curves = [truth(body, dose_gy(0)) for body in bodies]
    return BenchCase(folder, bodies, read_structures(folder / "RS.dcm").structures, courses, curves)


def course_of(folder: Path, number: int, transform: SpatialTransform | None = None) -> Course:
    dose = read_dose(folder / f"RD{number}.dcm")
    name = f"course{number}"
    return Course(name, name, dose, COURSES[number][1], None, None, transform or identity_transform(dose.frame_uid))


def plastimatch() -> str | None:
    """The program, if installed beside this Python or on the path."""
    return shutil.which("plastimatch", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def run_quietly(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def dicompyler(jobs: Sequence[tuple[Path, Path, Mapping[str, object]]]) -> list[dict] | None:
    """Answers of dicompyler_worker.py, one per job; None if its environment is not there."""
    if not PEERS_PYTHON.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.json"
        file.write_text(json.dumps([[str(rs), str(rd), options] for rs, rd, options in jobs]))
        done = subprocess.run(
            [PEERS_PYTHON, HERE / "dicompyler_worker.py", file], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"\ndicompyler-core did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return json.loads(done.stdout)


def compare(
    title: str, head: str, candidates: Mapping[str, Callable[[], object]], say: Callable[[str], str], rounds: int
) -> float:
    """Print the time of each candidate and its accuracy as ``say`` tells it; return the first's seconds."""
    seconds = timed(*candidates.values(), rounds=rounds)
    print(f"\n### {title} (n = {rounds})\n\n| | s | time, ratio to ours | {head} |")
    print("|---|---|---|" + "---|" * (head.count("|") + 1))
    for name, value in zip(candidates, seconds, strict=True):
        row(name, value, seconds[0], say(name))
    return seconds[0]


def row(name: str, seconds: float, ours: float, more: str) -> None:
    print(f"| {name} | {seconds:.3g} | {seconds / ours:.2f} | {more} |")


def largest(values: Sequence[float] | np.ndarray) -> float:
    return float(np.max(np.abs(values)))
