"""The physical dose that is still allowed, voxel by voxel, in the fractions of the new course.

At a voxel of a structure with limits it is the dose that uses up what the tightest of them leaves there; elsewhere, and at
most, a stated ceiling. It is nobody's dose: nothing was or will be delivered like this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..dosimetry.accumulation import CourseSamples, StructureDose
from ..dosimetry.mapping import MappedDose
from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION, eqd2, physical_dose
from ..dosimetry.reached_voxels import reached_voxels
from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.planning_choice import RemainingDoseChoice
from ..model.protocol import Basis
from ..model.segment import AnyStructure
from ..model.structure import EndCaps
from .conditions import courses_alone, interval_mismatch
from .limits import OrganLimit

CEILING_PRESCRIPTIONS = 2.0
"""The ceiling, unless the case states one, as a multiple of the highest prescription of the new course."""

BLOCK = 1 << 18
"""Voxels that are worked on at a time, in double precision."""

UNKNOWN_RULE = "0 Gy where a structure with limits has an unknown prior dose: nothing is promised there"
HELD_RULE = (
    "a structure holds every voxel less than one voxel from it, and the eight around each of its samples hold no more than "
    "is left there, so linear interpolation keeps its limits"
)


@dataclass(frozen=True, eq=False)
class PriorPart:
    """What one prior course gave a structure.

    Parameters
    ----------
    label : str
    fractions : int
    recovery : float
        Fraction (0 … 1) of its EQD2 that counts as recovered in the structure.
    mapped : MappedDose or None
        None if the dose is that of a point, or not known at all.
    point_gy : float or None
        Physical dose of a point, taken for the whole structure.
    """

    label: str
    fractions: int
    recovery: float
    mapped: MappedDose | None = None
    point_gy: float | None = None


@dataclass(frozen=True, eq=False)
class LimitedStructure:
    """A structure with pointwise limits, on a grid.

    Parameters
    ----------
    name : str
    limits : tuple of OrganLimit
        Those that hold at the interval of the structure. If there are none nothing is promised: 0 Gy.
    held : array of bool, shape (nk, nj, ni)
    parts : tuple of PriorPart
        Every prior course.
    unfit : tuple of OrganLimit
        Those that were published for other intervals, and are not used.
    samples : StructureDose or None
        The prior courses at points within it, from their own grids: what is left there bounds the voxels around. What
        limits demand of single courses is judged by them.
    """

    name: str
    limits: tuple[OrganLimit, ...]
    held: BoolArray
    parts: tuple[PriorPart, ...]
    unfit: tuple[OrganLimit, ...] = ()
    samples: StructureDose | None = None

    @cached_property
    def spent(self) -> tuple[str, ...]:
        """Why nothing is left in the whole of it: prior courses that gave more than a limit allows each, proven or not."""
        found = []
        for limit in self.limits:
            most_gy = limit.each_course_at_most_gy
            if most_gy is not None and self.samples is not None:
                alone = courses_alone(limit.metric, limit.alpha_beta_gy, self.samples)
                found += [text for one in alone if (text := one.too_much(most_gy))]
        return tuple(dict.fromkeys(found))

    def share_of_gy(self, limit: OrganLimit, prior_gy: FloatArray) -> FloatArray:
        """The prior dose that a share s of the sum is taken of at each point: its own, or (1 − s) times the organ's.

        A new dose of at most s / (1 − s) times that, so up to s times the organ's prior metric M or s of its own sum, is
        no more than s of the metric of the sum wherever the new dose is given: were its metric N above s · M, the hottest
        volume of the new dose would have a sum of N / s at least.
        """
        share = limit.new_share_at_most
        if share is None or self.samples is None:
            return prior_gy
        try:
            known = self.samples.without_upper_bounds()
            organ_gy = known.dvh(limit.alpha_beta_gy, limit.basis).value(limit.metric)
        except DosimetryError:  # of a structure smaller than the metric asks for
            return prior_gy
        return np.maximum(prior_gy, (1.0 - share) * organ_gy)


@dataclass(frozen=True)
class RemainingInStructure:
    """What became of one structure; volumes in cc of its voxels on the grid.

    ``lowest_gy`` is of the voxels where all doses are known, 0 without any. ``reason`` says why nothing is promised in the
    whole of it; empty if something is.
    """

    name: str
    limits: tuple[OrganLimit, ...]
    unfit: tuple[OrganLimit, ...]
    held_cc: float
    unknown_cc: float
    used_cc: float
    lowest_gy: float
    reason: str


@dataclass(frozen=True, eq=False)
class RemainingDose:
    """The remaining physical dose on a grid.

    Parameters
    ----------
    voxels_gy : array, shape (nk, nj, ni)
        Physical dose of all ``fractions`` together.
    geometry : Geometry
        LPS.
    fractions : int
        Of the new course.
    ceiling_gy : float
    structures : tuple of RemainingInStructure
    """

    voxels_gy: Float32Array
    geometry: Geometry
    fractions: int
    ceiling_gy: float
    structures: tuple[RemainingInStructure, ...]

    @property
    def is_beyond_lq(self) -> bool:
        """Whether some voxels have more per fraction than the linear-quadratic model is checked for."""
        return bool(self.voxels_gy.max() > LQ_LIMIT_GY_PER_FRACTION * self.fractions)


def ceiling_of(choice: RemainingDoseChoice, prescriptions_gy: Sequence[float]) -> float:
    """The ceiling that a case states, or twice the highest of its prescriptions."""
    return choice.ceiling_gy if choice.ceiling_gy is not None else CEILING_PRESCRIPTIONS * max(prescriptions_gy)


def limited_structure(
    structure: AnyStructure,
    limits: Sequence[tuple[OrganLimit, float | None]],
    prior: StructureDose,
    mapped: Mapping[str, MappedDose],
    unreliable: Collection[str],
    contoured_on: Geometry,
    grid: Geometry,
    end_caps: EndCaps,
) -> LimitedStructure:
    """A structure of a case, its limits and what each prior course gave it.

    Parameters
    ----------
    structure : Structure, LabelmapStructure or SurfaceStructure
    limits : sequence of (OrganLimit, float or None)
        Every pointwise limit on it, and the months since the last course that gave it a dose: infinite if none did, None
        if that is not known.
    prior : StructureDose
        Prior courses in the structure: their recoveries, their points, and samples that fill it.
    mapped : mapping of str to MappedDose
        Physical dose on the grid by course id.
    unreliable : collection of str
        Labels of the courses whose mapped dose must not be relied on here: it counts as not known.
    contoured_on, grid : Geometry
        Of the current CT, and of the mapped doses.
    end_caps : EndCaps
    """
    held = reached_voxels(structure, contoured_on, grid, end_caps, prior.samples.points_mm)
    fit = tuple(limit for limit, months in limits if _holds(limit, months))
    unfit = tuple(limit for limit, months in limits if not _holds(limit, months))
    parts = tuple(_part(part, prior.structure, mapped, unreliable) for part in prior.courses)
    return LimitedStructure(structure.name, fit, held, parts, unfit, prior)


def remaining_dose(
    structures: Sequence[LimitedStructure], geometry: Geometry, fractions: int, ceiling_gy: float
) -> RemainingDose:
    """What the tightest limit of the structures that hold a voxel still allows there.

    At a voxel of a structure with limit A, the prior dose P formed there with the limit's α/β and on its basis leaves
    A − P, not below 0 nor above what the limit allows the new course; the answer is the physical dose in ``fractions``
    that has this EQD2. Where the prior dose of a course is not known it is 0, and in the whole structure if a prior course
    gave more than a limit allows each. Of several limits and structures the smallest counts; nothing exceeds the ceiling,
    and voxels of no structure have it. Point doses, which are upper bounds, do not count where a share of the sum does.

    Between voxels the answer may be read linearly: the eight voxels around every sample of a structure are lowered to
    what is left at the sample itself, where the prior doses are read from their own grids, which a coarser grid smooths.

    Parameters
    ----------
    structures : sequence of LimitedStructure
    geometry : Geometry
        LPS grid of their voxels.
    fractions : int
        Of the new course.
    ceiling_gy : float

    Raises
    ------
    DosimetryError
        If the ceiling or the number of fractions is not positive, or a grid is another one.
    """
    if not 0.0 < ceiling_gy < float("inf"):
        raise DosimetryError("Remaining dose", f"a ceiling of {ceiling_gy:g} Gy", "State another one.", "above 0 Gy")
    voxels_gy = np.full(geometry.shape, ceiling_gy, dtype=np.float32)
    if float(voxels_gy.flat[0]) > ceiling_gy:  # single precision must not round above what is allowed
        voxels_gy.fill(np.nextafter(np.float32(ceiling_gy), np.float32(0.0)))
    told = tuple(_lower(voxels_gy, structure, geometry, fractions) for structure in structures)
    return RemainingDose(voxels_gy, geometry, fractions, ceiling_gy, told)


def _lower(voxels_gy: Float32Array, structure: LimitedStructure, geometry: Geometry, fractions: int) -> RemainingInStructure:
    """Lower the voxels of a structure to what its limits leave."""
    doses = [part.mapped for part in structure.parts if part.mapped is not None]
    if structure.held.shape != geometry.shape or any(dose.voxels_gy.shape != geometry.shape for dose in doses):
        raise DosimetryError(f"Remaining dose in '{structure.name}'", "a dose on another grid", "Report this.")
    flat, inside = voxels_gy.reshape(-1), np.flatnonzero(structure.held)
    unknown = used = 0
    lowest_gy = float("inf")
    for start in range(0, inside.size, BLOCK):
        where = inside[start : start + BLOCK]
        left_gy, known = _left(structure, where, fractions)
        flat[where] = np.minimum(flat[where], _rounded_down(left_gy))
        unknown += int(np.count_nonzero(~known))
        used += int(np.count_nonzero(known & (left_gy <= 0.0)))
        lowest_gy = min(lowest_gy, float(left_gy[known].min(initial=np.inf)))
    if structure.samples is not None and structure.limits:
        lowest_gy = min(lowest_gy, _lower_around(flat, structure, structure.samples, geometry, fractions))
    return RemainingInStructure(
        *(structure.name, structure.limits, structure.unfit),
        held_cc=inside.size * geometry.voxel_volume_cc,
        unknown_cc=unknown * geometry.voxel_volume_cc,
        used_cc=used * geometry.voxel_volume_cc,
        lowest_gy=lowest_gy if np.isfinite(lowest_gy) else 0.0,
        reason=_why_nothing(structure),
    )


def _lower_around(
    flat: Float32Array, structure: LimitedStructure, dose: StructureDose, geometry: Geometry, fractions: int
) -> float:
    """Lower the eight voxels around every sample to what is left there, 0 if that is not known; the lowest that is."""
    left_gy = np.full(len(dose.samples.points_mm), 0.0 if structure.spent else np.inf)
    for limit in structure.limits:
        prior_gy = dose.eqd2_gy(limit.alpha_beta_gy, limit.basis)
        mapped_gy = dose.without_upper_bounds().eqd2_gy(limit.alpha_beta_gy, limit.basis)
        eqd2_gy = limit.left_eqd2_gy(prior_gy, structure.share_of_gy(limit, mapped_gy))
        left_gy = np.minimum(left_gy, physical_dose(eqd2_gy, fractions, limit.alpha_beta_gy))
    known = dose.known()
    promised = _rounded_down(np.where(known, left_gy, 0.0))
    first = np.floor(geometry.to_index(dose.samples.points_mm)).astype(np.intp)
    size = np.asarray(geometry.size)
    for corner in product((0, 1), repeat=3):
        i, j, k = (first + np.asarray(corner)).T
        inside = np.all((first + np.asarray(corner) >= 0) & (first + np.asarray(corner) < size), axis=1)
        where = (k[inside] * size[1] + j[inside]) * size[0] + i[inside]
        np.minimum.at(flat, where, promised[inside])
    return float(left_gy[known].min(initial=np.inf))


def _left(structure: LimitedStructure, where: NDArray[np.intp], fractions: int) -> tuple[FloatArray, BoolArray]:
    """Physical dose that the tightest limit leaves at some voxels, and where it is known."""
    known = np.full(where.size, bool(structure.limits), dtype=np.bool_)
    doses = []
    for part in structure.parts:
        dose_gy, is_known = _dose(part, where)
        known &= is_known
        doses.append(dose_gy)
    left_gy = np.full(where.size, 0.0 if structure.spent else np.inf)
    for limit in structure.limits:
        prior_gy, points_gy = np.zeros(where.size), np.zeros(where.size)
        for part, dose_gy in zip(structure.parts, doses, strict=True):
            kept = 1.0 - part.recovery if limit.basis is Basis.RECOVERED else 1.0
            kept_gy = kept * eqd2(dose_gy, part.fractions, limit.alpha_beta_gy)
            prior_gy += kept_gy
            if part.mapped is None:
                points_gy += kept_gy
        eqd2_gy = limit.left_eqd2_gy(prior_gy, structure.share_of_gy(limit, prior_gy - points_gy))
        left_gy = np.minimum(left_gy, physical_dose(eqd2_gy, fractions, limit.alpha_beta_gy))
    return np.where(known, left_gy, 0.0), known


def _dose(part: PriorPart, where: NDArray[np.intp]) -> tuple[FloatArray, BoolArray]:
    """Physical dose of a course at some voxels, and where it is known."""
    if part.mapped is not None:
        return part.mapped.voxels_gy.reshape(-1)[where].astype(np.float64), part.mapped.known.reshape(-1)[where]
    is_known = part.point_gy is not None
    return np.full(where.size, part.point_gy or 0.0), np.full(where.size, is_known, dtype=np.bool_)


def _rounded_down(dose_gy: FloatArray) -> Float32Array:
    """In single precision, and never above."""
    single = dose_gy.astype(np.float32)
    return np.where(single > dose_gy, np.nextafter(single, np.float32(0.0)), single)


def _why_nothing(structure: LimitedStructure) -> str:
    if not structure.limits:
        return "its limits were published for other intervals"
    unknown = [part.label for part in structure.parts if part.mapped is None and part.point_gy is None]
    if unknown:
        return f"the dose of {' and '.join(unknown)} is not known, or must not be relied on, there"
    if structure.spent:
        return "; ".join(structure.spent)
    has_share = any(limit.new_share_at_most is not None and limit.new_share_at_most < 1.0 for limit in structure.limits)
    if has_share and all(part.mapped is None for part in structure.parts):
        return "a limit allows only a share of the sum, and no prior dose is known but as an upper bound"
    return ""


def _holds(limit: OrganLimit, months: float | None) -> bool:
    return not interval_mismatch(limit.months, months)


def _part(part: CourseSamples, structure: str, mapped: Mapping[str, MappedDose], unreliable: Collection[str]) -> PriorPart:
    label, fractions, recovery = part.course.label, part.fractions, part.recovery
    if part.is_point:
        point = part.course.point(structure)
        return PriorPart(label, fractions, recovery, point_gy=point.dose_gy if point else None)
    if label in unreliable:
        return PriorPart(label, fractions, recovery)
    return PriorPart(label, fractions, recovery, mapped=mapped[part.course.identifier])
