"""Reading randomly changed objects with little memory and time, and holding what was read against the file."""

from __future__ import annotations

import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.plan import read_plan
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.model.errors import ReirradiationError

from .elements import EXPLICIT, elements_of, encode_file
from .independent_dose import disagreement
from .mutations import mutated
from .tiny_objects import CURRENT, PRIOR, TinyObject, ct_slice, read_back

MEMORY_BYTES = 3 * 2**30
"""What reading may ask for beyond what the process has at its start."""

LARGEST_GROWTH_BYTES = 400 * 2**20
"""Memory that reading one of these tiny objects may really use."""

SECONDS = 10


class TooSlow(BaseException):
    """Reading took too long; no Exception, so that nothing on the way takes it for damage."""


class Inconsistent(Exception):
    """What was read is not what the file says."""


def run(tiny: tuple[TinyObject, ...], count: int, seed: int, folder: Path) -> dict[str, Any]:
    """Read ``count`` changed objects, the kinds in turn; how many were refused and read, and which went wrong."""
    outcomes: dict[str, Counter[str]] = {one.kind: Counter() for one in tiny}
    failures: list[str] = []
    start = time.monotonic()
    for n in range(count):
        one, own_seed = tiny[n % len(tiny)], seed * 1_000_000 + n // len(tiny)
        name = f"{one.kind}:{own_seed}"
        # What a crash of the interpreter would otherwise take with it.
        sys.stderr.write(f"{name}\n")
        content = mutated(one, own_seed)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        signal.alarm(SECONDS)
        try:
            outcomes[one.kind][read_outcome(one, content, folder)] += 1
        except TooSlow:
            failures.append(f"{name}: longer than {SECONDS} s")
        except Exception as error:  # noqa: BLE001 - the point of it all: nothing but our own errors may come
            failures.append(f"{name}: {type(error).__name__}: {error}"[:300])
        finally:
            signal.alarm(0)
        growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        if growth > LARGEST_GROWTH_BYTES:
            failures.append(f"{name}: {growth / 1e6:.0f} MB")
    seconds = time.monotonic() - start
    return {"seconds": round(seconds, 1), "outcomes": outcomes, "failures": failures}


def limit_memory() -> None:
    """Let the process ask for a few GB more than it has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def read_outcome(tiny: TinyObject, content: bytes, folder: Path) -> str:
    """The interlock (or error) that a file is refused with, or that it is read."""
    try:
        READERS[tiny.reader](content, folder)
    except ReirradiationError as error:
        return error.interlock.identifier if error.interlock else type(error).__name__
    return "read"


def raise_too_slow(_signal: int, _frame: FrameType | None) -> None:
    """Ends a reading when its time is over."""
    raise TooSlow


def _require(condition: object, what: str) -> None:
    if not condition:
        raise Inconsistent(what)


def _written(content: bytes, folder: Path) -> Path:
    path = folder / "object.dcm"
    path.write_bytes(content)
    return path


def _dose(content: bytes, folder: Path) -> None:
    path = _written(content, folder)
    difference = disagreement(path, read_dose(path))
    _require(not difference, difference)


def _ct(content: bytes, folder: Path) -> None:
    """The changed slice between three good ones: left out it leaves a gap."""
    series = folder / "CT"
    if not series.exists():
        series.mkdir()
        for number in (0, 2, 3):
            file = encode_file(elements_of(read_back(ct_slice(number), EXPLICIT)), EXPLICIT)
            (series / f"{number}.dcm").write_bytes(file)
    (series / "1.dcm").write_bytes(content)
    image = read_ct(series)
    _require(len(image.files) == 4, f"{len(image.files)} slices")
    _require(np.isfinite(image.voxels_hu).all(), "values that are no numbers")
    _require(len({*image.slice_uids}) == 4, "one slice twice")
    _require(np.allclose(image.geometry.spacing_mm, (2.5, 2.0, 3.0), rtol=0.02), f"spacing {image.geometry.spacing_mm}")


def _plan(content: bytes, folder: Path) -> None:
    plan = read_plan(_written(content, folder))
    _require(1 <= plan.fractions <= 1000, f"{plan.fractions} fractions")
    _require(all(np.isfinite(p.dose_gy) for p in plan.prescriptions), "a prescription that is no number")


def _structures(content: bytes, folder: Path) -> None:
    structures = read_structures(_written(content, folder))
    _require(structures.frame_uid and structures.sop_instance_uid, "no frame of reference or UID")
    for structure in structures.structures:
        for contour in (*structure.contours_mm, *structure.open_mm):
            _require(contour.ndim == 2 and contour.shape[1] == 3 and np.isfinite(contour).all(), "a damaged contour")
        _require(not (structure.damage and structure.contours_mm), "contours of a damaged structure")


def _registration(content: bytes, folder: Path) -> None:
    transform = read_registration(_written(content, folder), CURRENT, PRIOR)
    index = np.array([[-10.0, -10.0, 5.0], [-7.0, -3.0, 8.0], [0.0, 0.0, 0.0]])
    points = transform.apply(index)
    _require(points.shape == (3, 3) and not np.isinf(points).any(), f"points at {points.tolist()}")


READERS: dict[str, Callable[[bytes, Path], None]] = {
    "ct": _ct,
    "dose": _dose,
    "plan": _plan,
    "structures": _structures,
    "registration": _registration,
}
