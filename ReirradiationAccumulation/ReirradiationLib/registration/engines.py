"""The engines that need nothing but Python, and which of all engines a case gets."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.errors import RegistrationError
from ..model.registration import EngineName
from .elastix_engine import ElastixEngine
from .engine import RegistrationEngine
from .simpleitk_engine import SimpleItkEngine

PREFERENCE = (EngineName.ELASTIX, EngineName.SLICER_ELASTIX, EngineName.SIMPLEITK)
"""Without a choice in the case, the first of these that can be used. BRAINSFit draws its samples without a seed, so it is
only used where it is asked for."""


ONLY_IN_SLICER = "it lives in the 3D Slicer application"


def library_engines() -> tuple[RegistrationEngine, ...]:
    """The engines of this library; those that live in a Slicer application are handed in by the doors."""
    return (ElastixEngine(), SimpleItkEngine())


def available_engines() -> tuple[RegistrationEngine, ...]:
    """Those of the library that can be used here."""
    return tuple(engine for engine in library_engines() if engine.unavailable_because() is None)


def chosen_engine(name: EngineName | None, engines: Sequence[RegistrationEngine]) -> RegistrationEngine:
    """The engine that a case names, or the best that is there.

    Raises
    ------
    RegistrationError
        If the engine cannot be used here; with the reason, and what can.
    """
    by_name = {engine.name: engine for engine in engines}
    if name is None:
        return next(by_name[one] for one in PREFERENCE if one in by_name and by_name[one].unavailable_because() is None)
    reason = by_name[name].unavailable_because() if name in by_name else ONLY_IN_SLICER
    if reason is not None:
        usable = ", ".join(f"'{engine.name.value}'" for engine in engines if engine.unavailable_because() is None)
        raise RegistrationError(
            f"Registration engine '{name.value}'", reason, f"Make it available, or choose another one: {usable}."
        )
    return by_name[name]
