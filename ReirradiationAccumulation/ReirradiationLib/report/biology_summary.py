"""By which α/β and which recovery every structure is evaluated, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from ..model.case import StructureChoice
from ..model.course import PointCourse
from ..model.dates import months_between
from ..model.protocol import Tissue
from .results import CaseRecords

MODEL = (
    "EQD2 by the linear-quadratic model with each structure's own α/β, at every point of the current contours, before any "
    f"averaging; what got more than {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction is named, not corrected."
)
NO_RECOVERY = "none applied: recovered and raw sums are the same"


@dataclass(frozen=True)
class RecoveredShare:
    """What is taken off the EQD2 of a course in a structure; None where the interval is not known.

    ``months`` is the interval to the new course.
    """

    course: str
    months: float | None
    recovered: float | None


@dataclass(frozen=True)
class StructureBiology:
    """The radiobiology of one structure.

    ``default_alpha_beta_gy`` is that of its tissue in the protocol table; where it differs from ``alpha_beta_gy`` the case
    overrides it, and ``override`` says why.
    """

    structure: str
    tissue: str
    alpha_beta_gy: float
    default_alpha_beta_gy: float
    override: str
    source: str
    recovery: tuple[RecoveredShare, ...]


@dataclass(frozen=True)
class BiologySummary:
    """``model`` is what EQD2 is computed by, ``recovery`` names the table of recovery and its source."""

    model: str
    recovery: str
    is_recovery_applied: bool
    structures: tuple[StructureBiology, ...]


def biology_summary(found: CaseRecords) -> BiologySummary:
    """Summarize defaults and overrides of a case."""
    name = found.case.recovery_table
    described = NO_RECOVERY
    if name is not None:
        described = f"table '{name}' ({found.protocol.recovery(name).source}); literature, confirm locally"
    return BiologySummary(
        model=MODEL,
        recovery=described,
        is_recovery_applied=name is not None,
        structures=tuple(_structure(choice, found) for choice in found.case.structures),
    )


def _structure(choice: StructureChoice, found: CaseRecords) -> StructureBiology:
    tissue = found.protocol.tissue(choice.tissue)
    return StructureBiology(
        structure=choice.name,
        tissue=tissue.name,
        alpha_beta_gy=tissue.alpha_beta_gy if choice.alpha_beta_gy is None else choice.alpha_beta_gy,
        default_alpha_beta_gy=tissue.alpha_beta_gy,
        override=choice.reason if choice.alpha_beta_gy is not None else "",
        source=f"{tissue.source} [{tissue.evidence}], confirm locally",
        recovery=_recovery(choice, tissue, found),
    )


def _recovery(choice: StructureChoice, tissue: Tissue, found: CaseRecords) -> tuple[RecoveredShare, ...]:
    if found.case.recovery_table is None:
        return ()
    fraction_of = found.protocol.recovery(found.case.recovery_table).fraction_of
    shares = []
    for course in found.prior:
        if isinstance(course, PointCourse) and course.point(choice.name) is None:
            continue  # the record says nothing about this organ
        months = months_between(course.day_of(choice.name), found.day)
        shares.append(RecoveredShare(course.identifier, months, _share(fraction_of, tissue, months)))
    return tuple(shares)


def _share(fraction_of: Callable[[Tissue, float], float], tissue: Tissue, months: float | None) -> float | None:
    return None if months is None or months < 0.0 else fraction_of(tissue, months)
