"""The part of a target that cannot have its prescription because of what an organ in it or beside it may still receive.

A point of an organ is *full* for a target if its prior EQD2 and the target's prescription, in EQD2 with the α/β of the
limit, exceed the limit; every point is, if the prescription is more than the limit's conditions allow the new course.
Target in a full part must be compromised; so must target closer to it than dose can fall off.

Overlap (0 mm) is by containment: samples of the target, each with its own share of volume, that lie in the body of the
organ, and the prior dose there. Distances are to samples of the organ of at most 1 mm side near the target, less a quarter
of their side, for a sample at a surface is the centroid of what its cell holds of the organ. Against spheres the distance
that a volume belongs to is right within a quarter of a millimetre (tests); where a structure cannot be cut finer, within
half its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..dosimetry.accumulation import StructureDose
from ..dosimetry.cells import SolidBody
from ..dosimetry.occupancy import StructureSamples, cut_samples
from ..dosimetry.radiobiology import eqd2
from ..model.arrays import BoolArray, FloatArray
from .planned_organ import PlannedOrgan
from .targets import PlannedTarget

DISTANCES_MM = (0.0, 2.0, 5.0)
"""From the full part of an organ: within it, and what a gradient needs, which no plan brings to nothing."""

TARGET_SAMPLES = 100_000
"""Samples that a target is measured with."""

FINE_MM = 1.0
MOST_FINE = 400_000
"""Cells of the organ near the target are cut until they are so small, unless there are so many."""

SURFACE_SHARE = 0.25
"""How far the samples at a surface lie within it, as a share of their cells' side, on average."""


@dataclass(frozen=True)
class CompromisedVolume:
    """Target within ``distance_mm`` of a full part of an organ; ``percent`` of the target."""

    distance_mm: float
    volume_cc: float
    percent: float


@dataclass(frozen=True)
class CompromisedTarget:
    """What one limit, or all together, takes from a target.

    Parameters
    ----------
    target : str
    prescription_gy : float
        Physical.
    new_eqd2_gy : float or None
        R: the prescription in EQD2 with the α/β of the limit; None for all limits together.
    target_cc : float
    volumes : tuple of CompromisedVolume
        One per distance, nearest first.
    unknown_cc : float
        Of the target within the organ where the dose of a prior course is not known, and so counted as 0 Gy.
    step_mm : float
        Between the samples of the target.
    """

    target: str
    prescription_gy: float
    new_eqd2_gy: float | None
    target_cc: float
    volumes: tuple[CompromisedVolume, ...]
    unknown_cc: float
    step_mm: float


def compromised_samples(
    organ: PlannedOrgan, body: SolidBody, target: PlannedTarget, samples: StructureSamples, distances_mm: Sequence[float]
) -> tuple[BoolArray, BoolArray]:
    """Which samples of a target must be compromised for an organ.

    Parameters
    ----------
    organ : PlannedOrgan
    body : SolidBody
        Of the organ, made as for its samples.
    target : PlannedTarget
    samples : StructureSamples
        Of the target.
    distances_mm : sequence of float
        From the full part of the organ, ascending, from 0.

    Returns
    -------
    compromised : array of bool, shape (len(distances_mm), n)
    unknown : array of bool, shape (n,)
        Within the organ, where the dose of a prior course is not known.
    """
    compromised = np.zeros((len(distances_mm), len(samples.points_mm)), dtype=np.bool_)
    unknown = np.zeros(len(samples.points_mm), dtype=np.bool_)
    inside = np.flatnonzero(body.contains(samples.points_mm))
    if inside.size:
        which = np.zeros(len(samples.points_mm), dtype=np.bool_)
        which[inside] = True
        there = organ.dose.sampled_at(samples.at(which))
        compromised[:, inside] = _is_full(organ, there, target)
        unknown[inside] = ~there.known()
    beside, sides_mm = _full_part(organ, body, target, max(distances_mm))
    if len(beside):
        distance = _distance_mm(samples.points_mm, beside, sides_mm, max(distances_mm))
        for row, reach_mm in enumerate(distances_mm):
            if reach_mm > 0.0:
                compromised[row] |= distance <= reach_mm
    return compromised, unknown


def compromised_target(
    target: PlannedTarget,
    samples: StructureSamples,
    compromised: BoolArray,
    unknown: BoolArray,
    distances_mm: Sequence[float],
    alpha_beta_gy: float | None,
    fractions: int,
) -> CompromisedTarget:
    """The volumes of compromised samples; ``alpha_beta_gy`` None for several limits together."""
    new_eqd2_gy = None
    if alpha_beta_gy is not None:
        new_eqd2_gy = float(eqd2(np.asarray(target.prescription_gy), fractions, alpha_beta_gy))
    whole_cc = samples.volume_cc
    volumes = []
    for reach_mm, which in zip(distances_mm, compromised, strict=True):
        volume_cc = float(samples.volumes_cc[which].sum())
        volumes.append(CompromisedVolume(float(reach_mm), volume_cc, 100.0 * volume_cc / whole_cc))
    return CompromisedTarget(
        *(target.name, target.prescription_gy, new_eqd2_gy, whole_cc, tuple(volumes)),
        unknown_cc=float(samples.volumes_cc[unknown].sum()),
        step_mm=samples.step_mm,
    )


def _is_full(organ: PlannedOrgan, dose: StructureDose, target: PlannedTarget) -> BoolArray:
    limit = organ.limit
    new_eqd2_gy = float(eqd2(np.asarray(target.prescription_gy), organ.fractions, limit.alpha_beta_gy))
    prior_gy = dose.eqd2_gy(limit.alpha_beta_gy, limit.basis)
    return np.asarray(organ.excess_eqd2_gy(prior_gy, new_eqd2_gy) > 0.0)


def _full_part(
    organ: PlannedOrgan, body: SolidBody, target: PlannedTarget, reach_mm: float
) -> tuple[FloatArray, FloatArray]:
    """Samples of the full part of an organ near a target, fine enough for distances, and the sides of their cells."""
    part = _near(organ.dose.samples, target, reach_mm)
    while part.cells is not None:
        coarse = part.cells.sizes_mm[:, 0] > FINE_MM
        if not coarse.any() or len(coarse) + 7 * np.count_nonzero(coarse) > MOST_FINE:
            break
        cut, _ = cut_samples(part, body, coarse)
        part = part.at(~coarse).joined(cut)
    if not len(part.points_mm):
        return np.empty((0, 3)), np.empty(0)
    full = _is_full(organ, organ.dose.sampled_at(part), target)
    return part.points_mm[full], _sides_mm(part)[full]


def is_far(organ: PlannedOrgan, target: PlannedTarget, reach_mm: float) -> bool:
    """Whether no sample of an organ is within reach of the box around a target: then nothing is compromised."""
    return not _boxed(organ.dose.samples, target, reach_mm).any()


def _near(samples: StructureSamples, target: PlannedTarget, reach_mm: float) -> StructureSamples:
    # First by the box: distances of far points to samples that fill a volume take long.
    boxed = samples.at(_boxed(samples, target, reach_mm))
    if not len(boxed.points_mm):
        return boxed
    return boxed.at(target.is_near(boxed.points_mm, reach_mm + float(_sides_mm(boxed).max())))


def _boxed(samples: StructureSamples, target: PlannedTarget, reach_mm: float) -> BoolArray:
    beyond_mm = reach_mm + target.samples.step_mm + _sides_mm(samples)[:, None]
    low, high = target.samples.points_mm.min(axis=0), target.samples.points_mm.max(axis=0)
    points_mm = samples.points_mm
    return np.asarray(((points_mm >= low - beyond_mm) & (points_mm <= high + beyond_mm)).all(axis=1))


def _sides_mm(samples: StructureSamples) -> FloatArray:
    if samples.cells is None:
        return np.full(len(samples.points_mm), samples.step_mm)
    return samples.cells.sizes_mm[:, 0].astype(np.float64)


def _distance_mm(points_mm: FloatArray, others_mm: FloatArray, sides_mm: FloatArray, reach_mm: float) -> FloatArray:
    """Distance of points to the nearest of others, less what these lie within their surface; infinite if beyond reach."""
    from scipy.spatial import cKDTree

    bound = reach_mm + float(sides_mm.max())
    distance, nearest = cKDTree(others_mm).query(points_mm, distance_upper_bound=bound)
    found = np.isfinite(distance)
    distance[found] -= SURFACE_SHARE * sides_mm[nearest[found]]
    return np.asarray(distance)
