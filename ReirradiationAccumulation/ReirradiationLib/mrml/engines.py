"""The registration engines of a Slicer application, beside those of the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model.image import Image
from ..model.registration import EngineName, RegistrationKind
from ..registration.engine import IsCancelled, Progress, Registered, RegistrationEngine, RegistrationSettings
from .brainsfit_engine import BrainsFitEngine
from .slicer_elastix_engine import SlicerElastixEngine


def slicer_engines(parameter_texts: Callable[[RegistrationKind], tuple[str, ...]]) -> tuple[RegistrationEngine, ...]:
    """BRAINSFit and SlicerElastix; on a runtime without the application they say that they are not available.

    Parameters
    ----------
    parameter_texts : callable
        The parameter files of elastix for a kind of registration.
    """
    return (SlicerElastixEngine(parameter_texts), BrainsFitEngine())


class MainThreadEngine:
    """An engine whose work is done by the main thread, for use within another one; an engine itself.

    Parameters
    ----------
    engine : RegistrationEngine
    on_main_thread : callable
        Makes of an object one whose methods the main thread carries out.
    """

    def __init__(self, engine: RegistrationEngine, on_main_thread: Callable[[Any], Any]) -> None:
        self._name = engine.name
        self._engine = on_main_thread(engine)

    @property
    def name(self) -> EngineName:
        """As of the engine."""
        return self._name

    def version(self) -> str:
        """As of the engine."""
        return str(self._engine.version())

    def unavailable_because(self) -> str | None:
        """As of the engine."""
        reason: str | None = self._engine.unavailable_because()
        return reason

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        """As of the engine.

        Raises
        ------
        RegistrationError, Cancelled
            As of the engine.
        """
        found: Registered = self._engine.register(fixed, moving, settings, progress, is_cancelled)
        return found
