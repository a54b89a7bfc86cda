"""Optimization structures: an organ cut along isodoses of the prior sum, as contours on the planes of the CT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np

from ..dosimetry.accumulation import structure_dose
from ..dosimetry.occupancy import StructureSamples
from ..dosimetry.plane_field import PixelGrid, plane_fields
from ..dosimetry.plane_stack import ContourPlane, contour_planes, to_lps
from ..model.arrays import FloatArray
from ..model.contour_shape import even_odd_area, simplified
from ..model.course import AnyCourse
from ..model.geometry import Geometry
from ..model.planning_choice import OptimizationRequest
from ..model.polygons import signed_area
from ..model.structure import InterpretedType, Structure
from .isolines import zero_contours
from .levels import OptimizationLevels, ShellLevel

FINE_STEP_MM = 0.5
"""In-plane step of the field whose isolines become contours."""

COARSE_STEP_MM = 1.0
LARGE_PLANE_MM2 = 10_000.0
"""Planes beyond this area use the coarse step."""

SIMPLIFY_MM = 0.03
"""Contours are simplified within this distance."""

SMALLEST_LOOP_PIXELS = 0.5
"""Loops smaller than this share of a CT pixel are crumbs and are left out."""

STEM_LENGTH = 6
"""Letters of the organ in a shell's name: ``z`` + stem + ``_S1_12345`` stays within the 16 characters that every
planning system keeps (TG-263; Eclipse structure IDs)."""

_COLOURS = ((204, 51, 17), (238, 119, 51), (238, 204, 102), (51, 187, 238), (0, 119, 187), (0, 153, 136))


@dataclass(frozen=True, eq=False)
class Shell:
    """One optimization structure.

    Parameters
    ----------
    level : ShellLevel
    structure : Structure
        Loops on the CT's planes, LPS, holes by even–odd; without contours if the shell is empty.
    volume_cc : float
        Area of the contours times the slab of each plane.
    """

    level: ShellLevel
    structure: Structure
    volume_cc: float


def make_shells(
    request: OptimizationRequest,
    levels: OptimizationLevels,
    organ: Structure,
    geometry: Geometry,
    courses: Sequence[AnyCourse],
    recoveries: Sequence[float],
    stem: str,
    first_number: int,
) -> tuple[Shell, ...]:
    """Cut an organ into optimization structures, ``S_k = organ ∩ {D_k ≤ prior EQD2 < D_(k−1)}``.

    The boundaries are isolines of the dose field and of the distance to the organ's contour, not of voxel masks.
    Neighbouring shells share the same isoline, so they are disjoint.

    Parameters
    ----------
    request : OptimizationRequest
    levels : OptimizationLevels
    organ : Structure
    geometry : Geometry
        Grid of the current CT.
    courses : sequence of Course or PointCourse
        Prior courses.
    recoveries : sequence of float
        Recovered fraction of each.
    stem : str
        What stands for the organ in the names, see :func:`organ_stems`.
    first_number : int
        ROINumber of the first shell.
    """
    loops: list[list[FloatArray]] = [[] for _ in levels.shells]
    volumes_cc = np.zeros(len(levels.shells))
    smallest_mm2 = SMALLEST_LOOP_PIXELS * geometry.spacing_mm[0] * geometry.spacing_mm[1]
    for plane in contour_planes(organ, geometry):
        field = _plane_field(plane, request, geometry, courses, recoveries)
        for n, level in enumerate(levels.shells):
            contours = zero_contours(field.shell(level), field.first, field.step_mm)
            kept = [simplified(c, SIMPLIFY_MM) for c in contours if abs(signed_area(c)) >= smallest_mm2]
            kept = [contour for contour in kept if len(contour) >= 3]
            volumes_cc[n] += even_odd_area(kept) * plane.thickness_mm / 1000.0
            for contour in kept:
                local = np.column_stack([contour, np.full(len(contour), plane.position_mm)])
                loops[n].append(to_lps(local, geometry))
    return tuple(
        Shell(level, _shell_structure(request, levels, level, tuple(loops[n]), stem, first_number + n), float(volumes_cc[n]))
        for n, level in enumerate(levels.shells)
    )


@dataclass(frozen=True, eq=False)
class _PlaneField:
    """Fields on a fine grid of one plane, both in mm and positive inside."""

    first: FloatArray
    step_mm: float
    organ_mm: FloatArray
    eqd2_gy: FloatArray
    gradient_gy_per_mm: FloatArray

    def shell(self, level: ShellLevel) -> FloatArray:
        """Approximate distance to the boundary of a shell, shape (nv, nu), positive inside."""
        field = self.organ_mm
        if level.lower_eqd2_gy > 0.0:
            field = np.minimum(field, (self.eqd2_gy - level.lower_eqd2_gy) / self.gradient_gy_per_mm)
        if level.upper_eqd2_gy is not None:
            field = np.minimum(field, (level.upper_eqd2_gy - self.eqd2_gy) / self.gradient_gy_per_mm)
        return field


def _plane_field(
    plane: ContourPlane,
    request: OptimizationRequest,
    geometry: Geometry,
    courses: Sequence[AnyCourse],
    recoveries: Sequence[float],
) -> _PlaneField:
    area_mm2 = sum(abs(signed_area(polygon)) for polygon in plane.polygons)
    step = FINE_STEP_MM if area_mm2 <= LARGE_PLANE_MM2 else COARSE_STEP_MM
    vertices = np.concatenate(list(plane.polygons))
    first = vertices.min(axis=0) - 2.5 * step
    nu, nv = (int(n) for n in np.ceil((vertices.max(axis=0) - first) / step) + 3)
    v, u = np.mgrid[0:nv, 0:nu]
    nodes = np.stack([u.ravel(), v.ravel()], axis=1) * step + first
    points = to_lps(np.column_stack([nodes, np.full(len(nodes), plane.position_mm)]), geometry)
    samples = StructureSamples(request.structure, points, np.ones(len(points)), step)
    dose = structure_dose(samples, courses, recoveries, request.structure)
    eqd2_gy = dose.eqd2_gy(request.alpha_beta_gy, request.basis).reshape(nv, nu)
    gradient = np.hypot(*np.gradient(eqd2_gy, step))
    return _PlaneField(
        first=first,
        step_mm=step,
        organ_mm=plane_fields([plane.polygons], PixelGrid(first, np.full(2, step), (nu, nv)))
        .distance_mm[0]
        .astype(np.float64),
        eqd2_gy=eqd2_gy,
        # A floor keeps flat dose finite; where dose is flat the isoline's place is not defined anyway.
        gradient_gy_per_mm=np.maximum(gradient, 1e-3),
    )


def _shell_structure(
    request: OptimizationRequest,
    levels: OptimizationLevels,
    level: ShellLevel,
    contours: tuple[FloatArray, ...],
    stem: str,
    number: int,
) -> Structure:
    upper = f" < {level.upper_eqd2_gy:.2f}" if level.upper_eqd2_gy is not None else ""
    return Structure(
        name=shell_name(stem, level),
        number=number,
        contours_mm=contours,
        colour=_COLOURS[(level.index - 1) % len(_COLOURS)],
        interpreted_type=InterpretedType.CONTROL.value,
        description=(
            f"{request.structure}: prior EQD2 >= {level.lower_eqd2_gy:.2f}{upper} Gy; new plan at most "
            f"{level.limit_physical_gy:.2f} Gy in {levels.fractions} fx = {level.limit_eqd2_gy:.2f} Gy EQD2 "
            f"(alpha/beta {levels.alpha_beta_gy:g} Gy, {request.basis.value} sum, limit {levels.limit_eqd2_gy:g} Gy EQD2: "
            f"{request.source})"
        ),
    )


def shell_name(stem: str, level: ShellLevel) -> str:
    """ROI name of at most 16 characters with the physical limit in cGy, such as ``zspinal_S2_1240``."""
    return f"z{stem}_S{level.index}_{round(100.0 * level.limit_physical_gy):04d}"


def organ_stems(organs: Sequence[str]) -> dict[str, str]:
    """A short, different stem for every organ: its first letters, ending in where it differs if others share them.

    ``kidney_left`` and ``kidney_right`` become ``kidneL`` and ``kidneR``.
    """
    stems: dict[str, str] = {}
    for n, organ in enumerate(organs, start=1):
        letters = "".join(c for c in organ if c.isascii() and c.isalnum()) or "roi"
        shared = [other for other in organs if other != organ and other[:STEM_LENGTH] == organ[:STEM_LENGTH]]
        wanted = letters[: STEM_LENGTH - 1] + _first_difference(organ, shared) if shared else letters[:STEM_LENGTH]
        numbered = (f"{letters[: STEM_LENGTH - len(str(m))]}{m}" for m in count(n))
        stems[organ] = next(stem for stem in chain([wanted], numbered) if stem not in stems.values())
    return stems


def _first_difference(organ: str, others: Sequence[str]) -> str:
    """The first letter in which a name differs from one of the others, as a capital; empty if it has none of its own."""
    differing = (n for n, letter in enumerate(organ) if any(other[n : n + 1] != letter for other in others))
    letter = organ[next(differing, len(organ)) :][:1].upper()
    return letter if letter.isascii() and letter.isalnum() else ""
