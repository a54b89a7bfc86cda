"""One result of a registration as a file: arrays and a JSON text, nothing that is executed on reading."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ..model.errors import RegistrationError, ReirradiationError
from ..model.geometry import Geometry, Vector3
from ..model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from .engine import Registered

FORMAT = "reirradiation-registration/1"
ABOUT = "about.npy"
WHEN = (1980, 1, 1, 0, 0, 0)
"""Of every member, so that equal results are equal files."""

UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, MemoryError),
    *(SyntaxError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error, ReirradiationError),
)
"""What reading a damaged file may end in."""


def write_registered(stream: IO[bytes], key: str, registered: Registered) -> None:
    """Write a result as a NumPy archive (``.npz``): ``about``, a JSON text as bytes, and one array per step."""
    transform = registered.transform
    about = {
        "format": FORMAT,
        "key": key,
        "fixed_frame_uid": transform.fixed_frame_uid,
        "moving_frame_uid": transform.moving_frame_uid,
        "source": transform.source,
        "log": list(registered.log),
        "steps": [_about_step(step) for step in transform.steps],
    }
    text = json.dumps(about, ensure_ascii=False, sort_keys=True).encode()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _write_array(archive, ABOUT, np.frombuffer(text, dtype=np.uint8))
        for number, step in enumerate(transform.steps):
            values = step.matrix if isinstance(step, Affine) else step.vectors_mm
            _write_array(archive, f"step{number}.npy", np.asarray(values))


def read_registered(path: Path, key: str) -> Registered:
    """Read a result, checking everything that the model checks, and that the file is what its name says.

    Raises
    ------
    ReirradiationError or another of :data:`UNREADABLE`
        If it is damaged, of another key, or holds what is no transform.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
                raise RegistrationError(str(path), "compressed members", "Delete the file.", "stored ones")
        about = json.loads(_read_array(archive, ABOUT, np.dtype(np.uint8)).tobytes())
        if about["format"] != FORMAT or about["key"] != key:
            raise RegistrationError(str(path), "the result of another registration", "Delete the file.", key)
        steps = tuple(_step(archive, number, entry) for number, entry in enumerate(about["steps"]))
    texts = [about["fixed_frame_uid"], about["moving_frame_uid"], about["source"], *about["log"]]
    if not all(isinstance(text, str) for text in texts):
        raise RegistrationError(str(path), "entries that are no text", "Delete the file.")
    return Registered(SpatialTransform(texts[0], texts[1], steps, texts[2]), tuple(texts[3:]))


def _about_step(step: TransformStep) -> dict[str, Any] | None:
    """Grid of the vectors; None for a matrix."""
    if isinstance(step, Affine):
        return None
    grid = step.geometry
    return {
        "origin_mm": [float(v) for v in grid.origin_mm],
        "spacing_mm": [float(v) for v in grid.spacing_mm],
        "direction": [[float(v) for v in row] for row in grid.direction],
        "size": [int(n) for n in grid.size],
    }


def _step(archive: zipfile.ZipFile, number: int, grid: dict[str, Any] | None) -> TransformStep:
    name = f"step{number}.npy"
    if grid is None:
        return Affine(_read_array(archive, name, np.dtype(np.float64)))
    ni, nj, nk = (int(n) for n in grid["size"])
    x, y, z = (_vector(row) for row in grid["direction"])
    geometry = Geometry(_vector(grid["origin_mm"]), _vector(grid["spacing_mm"]), (x, y, z), (ni, nj, nk))
    vectors = _read_array(archive, name, np.dtype(np.float32))
    if np.isinf(vectors).any():
        raise RegistrationError("Stored registration", "infinite displacements", "Delete the file.")
    return DisplacementGrid(geometry, vectors)


def _vector(values: list[float]) -> Vector3:
    x, y, z = (float(v) for v in values)
    return (x, y, z)


def _write_array(archive: zipfile.ZipFile, name: str, values: NDArray[Any]) -> None:
    with archive.open(zipfile.ZipInfo(name, WHEN), "w", force_zip64=True) as member:
        npy.write_array(member, np.ascontiguousarray(values), allow_pickle=False)


def _read_array(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of a member, read to its end, which is when its check sum is compared."""
    with archive.open(name) as member:
        values = np.asarray(npy.read_array(member, allow_pickle=False))
        if member.read(1) or values.dtype != dtype:
            raise RegistrationError(name, f"{values.dtype} and more", "Delete the file.", f"{dtype} alone")
    return values
