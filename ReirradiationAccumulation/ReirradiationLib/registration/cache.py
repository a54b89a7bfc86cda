"""Results of registrations kept in the case folder by what they were made of, so that nothing is registered twice."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
import re
import tempfile
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from ..model.errors import RegistrationError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.registration import EngineName, RegistrationKind
from ..model.transform import SpatialTransform
from .cache_file import FORMAT, UNREADABLE, read_registered, write_registered
from .engine import IsCancelled, Progress, Registered, RegistrationEngine, RegistrationSettings

_log = logging.getLogger(__name__)

ROOMS = ("model", "mrml", "registration")
"""Where engines are, and what they build on: transforms and interpolation; the engines of a Slicer application."""

FOLDER = Path(".reirradiation") / "registrations"


class RegistrationCache:
    """Files ``<case folder>/.reirradiation/registrations/<key>.npz``.

    The key is a digest of everything that the result depends on; a result can therefore be missing, but not stale. A file
    that is damaged, or holds something else than its name says, is passed over with a warning in the log. So is a folder
    that cannot be written.

    Parameters
    ----------
    folder : Path or None
        The case folder; None for no cache at all.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder / FOLDER

    def key(
        self,
        fixed: Image,
        moving: Image,
        engine: EngineName,
        version: str,
        settings: RegistrationSettings,
        stage: str = "result",
    ) -> str:
        """Digest (SHA-256, hexadecimal) of all that a result depends on: both CTs, engine, settings, stage and our code.

        Parameters
        ----------
        fixed, moving : Image
        engine : EngineName
        version : str
            Of the engine's program.
        settings : RegistrationSettings
            All of its fields count.
        stage : str
            What of the engine's work it is: the whole result, or a step that can be resumed from.
        """
        digest = hashlib.sha256()
        _feed(digest, (FORMAT, _code_digest(), engine, version, stage, settings))
        for image in (fixed, moving):
            _feed(digest, (image.voxels_hu, image.geometry, image.frame_uid))
        return digest.hexdigest()

    def find(self, key: str) -> Registered | None:
        """What is stored under a key, or None; never an error."""
        path = self._path(key)
        if path is None:
            return None
        try:
            return (
                read_registered(path, key) if path.is_file() else None
            )  # a folder of somebody else's may not be looked into
        except UNREADABLE as error:
            _log.warning("the stored registration %s is passed over: %s", path, error or type(error).__name__)
            return None

    def store(self, key: str, registered: Registered) -> None:
        """Keep a result. The file appears complete or not at all; if it cannot be written, that is only logged."""
        path = self._path(key)
        if path is None:
            return
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=f".{key[:12]}-", suffix=".partial", dir=path.parent)
            temporary = Path(name)
            with os.fdopen(number, "wb") as stream:
                write_registered(stream, key, registered)
            temporary.replace(path)
        except OSError as error:
            _log.warning("the registration is not kept in %s: %s", path.parent, error.strerror or error)
            if temporary is not None:
                temporary.unlink(missing_ok=True)

    def _path(self, key: str) -> Path | None:
        if not re.fullmatch(r"[0-9a-f]{64}", key):
            raise RegistrationError("Stored registration", f"key '{key}'", "Report this.", "a SHA-256 digest")
        return None if self._folder is None else self._folder / f"{key}.npz"


class CachedEngine:
    """An engine that asks the cache first; a :class:`RegistrationEngine` itself.

    Parameters
    ----------
    engine : RegistrationEngine
    cache : RegistrationCache
    """

    def __init__(self, engine: RegistrationEngine, cache: RegistrationCache) -> None:
        self._engine = engine
        self._cache = cache

    @property
    def name(self) -> EngineName:
        """As of the engine."""
        return self._engine.name

    def version(self) -> str:
        """As of the engine."""
        return self._engine.version()

    def unavailable_because(self) -> str | None:
        """As of the engine."""
        return self._engine.unavailable_because()

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        """The stored result of the same registration, or a new one, which is stored.

        Raises
        ------
        RegistrationError, Cancelled
            As of the engine.
        """
        key = self._cache.key(fixed, moving, self.name, self.version(), settings)
        stored = self._cache.find(key)
        if stored is not None and _belongs(stored.transform, fixed, moving, settings):
            progress("registration taken from the case folder, where it was kept")
            return stored
        registered = self._engine.register(fixed, moving, settings, progress, is_cancelled)
        self._cache.store(key, registered)
        return registered


def _belongs(transform: SpatialTransform, fixed: Image, moving: Image, settings: RegistrationSettings) -> bool:
    frames_fit = (transform.fixed_frame_uid, transform.moving_frame_uid) == (fixed.frame_uid, moving.frame_uid)
    is_one_matrix = len(transform.steps) == 1 and not transform.is_deformable
    kind_fits = bool(transform.steps) if settings.kind is RegistrationKind.DEFORMABLE else is_one_matrix
    if not (frames_fit and kind_fits):
        _log.warning("a stored registration of other frames or of another kind is passed over")
    return frames_fit and kind_fits


def _code_digest() -> str:
    """Of our sources that a result can depend on: a method that was changed must not find what the former one stored."""
    digest = hashlib.sha256()
    library = Path(__file__).parents[1]
    for room in ROOMS:
        for path in sorted((library / room).glob("*.py")):
            digest.update(f"{room}/{path.name}".encode() + path.read_bytes())
    return digest.hexdigest()


def _feed(digest: Any, value: object) -> None:
    """Add a value to a digest, with its type and its extent, so that no two settings run together."""
    if isinstance(value, Geometry):
        _feed(digest, (value.origin_mm, value.spacing_mm, value.direction, value.size))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        _feed(digest, tuple((field.name, getattr(value, field.name)) for field in dataclasses.fields(value)))
    elif isinstance(value, Enum):
        _feed(digest, str(value.value))
    elif isinstance(value, np.ndarray):
        little: Any = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        digest.update(f"array {little.dtype.str} {little.shape}:".encode())
        digest.update(memoryview(little).cast("B"))
    elif isinstance(value, (tuple, list)):
        digest.update(f"{len(value)} parts:".encode())
        for part in value:
            _feed(digest, part)
    elif value is None or isinstance(value, (str, bool, int, float)):
        plain = float(value) if isinstance(value, float) else value  # NumPy's floats spell themselves differently
        text = repr(plain).encode()
        digest.update(f"{type(plain).__name__} {len(text)}:".encode() + text)
    elif isinstance(value, (np.integer, np.floating, np.bool_)):
        _feed(digest, value.item())
    else:
        raise RegistrationError("Stored registration", f"a setting of type {type(value).__name__}", "Report this.")
