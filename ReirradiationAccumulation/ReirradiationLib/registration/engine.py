"""What every registration engine is, whichever program does the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ..model.arrays import FloatArray
from ..model.geometry import Vector3
from ..model.image import Image
from ..model.registration import EngineName, RegistrationKind
from ..model.transform import Affine, SpatialTransform

SEED = 20240617

Progress: TypeAlias = Callable[[str], None]
"""Told what an engine does, in words; may raise :class:`~ReirradiationLib.model.errors.Cancelled`."""

IsCancelled: TypeAlias = Callable[[], bool]


@dataclass(frozen=True)
class Box:
    """An upright box in LPS mm of the current frame."""

    low_mm: Vector3
    high_mm: Vector3

    @staticmethod
    def around(points_mm: FloatArray, margin_mm: float = 0.0) -> Box:
        """The box around points of shape (n, 3), with a margin."""
        low, high = points_mm.min(axis=0) - margin_mm, points_mm.max(axis=0) + margin_mm
        return Box((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))


@dataclass(frozen=True, eq=False)
class RegistrationSettings:
    """What an engine is asked for.

    Parameters
    ----------
    kind : RegistrationKind
    start : Affine or None
        Current to prior LPS mm: where a deformable registration begins. The engine finds a rigid start itself if None.
    region : Box or None
        Where a deformation is wanted; the whole current CT if None. Outside of it the transform is undefined.
    seed : int
        Of every random choice.
    """

    kind: RegistrationKind
    start: Affine | None = None
    region: Box | None = None
    seed: int = SEED


@dataclass(frozen=True, eq=False)
class Registered:
    """What an engine found: the transform (current to prior, LPS) and what it did, line by line, for the report."""

    transform: SpatialTransform
    log: tuple[str, ...]


class RegistrationEngine(Protocol):
    """Finds the transform that takes points of the current CT to the prior one.

    The result is always the same kind of thing: the resampling direction, in LPS mm, with both FrameOfReferenceUIDs. A
    deformable result is a displacement grid on the current anatomy followed by one rigid matrix.
    """

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        ...

    def version(self) -> str:
        """Program and version, as the report names it; only asked of an engine that is available."""
        ...

    def unavailable_because(self) -> str | None:
        """Why it cannot be used here and what to do about it, or None. Installs nothing."""
        ...

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        """Register the prior CT (moving) to the current one (fixed).

        Raises
        ------
        RegistrationError
            If nothing usable was found.
        Cancelled
            If the user asked to stop.
        """
        ...
