"""An organ on fine grids in its contour planes: how deep each node lies in it, and the prior dose there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..dosimetry.accumulation import structure_dose
from ..dosimetry.occupancy import StructureSamples
from ..dosimetry.plane_field import PixelGrid, plane_fields
from ..dosimetry.plane_stack import ContourPlane, to_lps
from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.course import AnyCourse
from ..model.geometry import Geometry
from ..model.planning_choice import OptimizationRequest
from ..model.polygons import signed_area

STEPS_MM = ((1_000.0, 0.25), (10_000.0, 0.5))
"""In-plane step of the fields whose isolines become contours, by the largest area of the organ on a plane, mm²: isolines
cut corners, by some hundredths of the square of the step each."""

COARSEST_STEP_MM = 1.0
"""Of organs that are larger still."""

NODES_AT_ONCE = 2**22
"""Nodes whose fields are held together."""

RIM_STEPS = 2.5
"""So many steps around the organ belong to its grids, and dose is sampled there: boundaries lie between nodes."""

LEAST_GRADIENT_GY_PER_MM = 1e-3
"""Keeps distances finite where dose is flat; there the place of an isoline is not defined anyway."""


@dataclass(frozen=True, eq=False)
class PriorDose:
    """What is summed in an organ.

    Parameters
    ----------
    request : OptimizationRequest
        Its basis and α/β.
    courses : tuple of Course or PointCourse
    recoveries : tuple of float
    """

    request: OptimizationRequest
    courses: tuple[AnyCourse, ...]
    recoveries: tuple[float, ...]

    def eqd2_gy(self, points_mm: FloatArray, step_mm: float) -> FloatArray:
        """Sum at LPS points, shape (n, 3); 0 where a dose is not known."""
        samples = StructureSamples(self.request.structure, points_mm, np.ones(len(points_mm)), step_mm)
        dose = structure_dose(samples, self.courses, self.recoveries, self.request.structure)
        return dose.eqd2_gy(self.request.alpha_beta_gy, self.request.basis)


@dataclass(frozen=True, eq=False)
class OrganRaster:
    """Fields of some planes of an organ, each on a window of one lattice. Arrays of shape (n, nv, nu).

    Parameters
    ----------
    planes : tuple of ContourPlane
    step_mm : float
    firsts_mm : array, shape (n, 2)
        (u, v) of node ``[0, 0]`` of each plane.
    size : (nu, nv)
    geometry : Geometry
        Grid of the CT.
    """

    planes: tuple[ContourPlane, ...]
    step_mm: float
    firsts_mm: FloatArray
    size: tuple[int, int]
    geometry: Geometry

    @cached_property
    def depth_mm(self) -> Float32Array:
        """Distance to the contour of the organ, positive inside."""
        shifted = [
            [polygon - first for polygon in plane.polygons] for plane, first in zip(self.planes, self.firsts_mm, strict=True)
        ]
        return plane_fields(shifted, PixelGrid(np.zeros(2), np.full(2, self.step_mm), self.size)).distance_mm

    @cached_property
    def is_sampled(self) -> BoolArray:
        """Nodes in the organ and close to it."""
        return np.asarray(self.depth_mm > -RIM_STEPS * self.step_mm)

    def points_mm(self, which: BoolArray) -> FloatArray:
        """LPS points of some nodes, shape (m, 3)."""
        n, v, u = np.nonzero(which)
        firsts = np.column_stack([self.firsts_mm, [plane.position_mm for plane in self.planes]])
        origins = to_lps(firsts, self.geometry)
        along_u, along_v = (self.step_mm * np.asarray(self.geometry.direction)[:, axis] for axis in (0, 1))
        # Axes first: what interpolation wants, and several times as fast as a product of matrices with long lists.
        return np.asarray(np.stack([origins[:, c][n] + along_u[c] * u + along_v[c] * v for c in range(3)]).T)

    def dose_distances(self, prior: PriorDose) -> DoseDistances:
        """The prior sum at the nodes in the organ and close to it."""
        which = self.is_sampled
        eqd2_gy = np.zeros(which.shape, dtype=np.float32)
        eqd2_gy[which] = prior.eqd2_gy(self.points_mm(which), self.step_mm)
        along_v, along_u = np.gradient(eqd2_gy, np.float32(self.step_mm), axis=(1, 2))
        gradient = np.hypot(along_v, along_u, out=along_v)
        return DoseDistances(eqd2_gy, np.maximum(gradient, np.float32(LEAST_GRADIENT_GY_PER_MM), out=gradient))


@dataclass(frozen=True, eq=False)
class DoseDistances:
    """A dose and its in-plane gradient at the nodes of a raster, shape (n, nv, nu)."""

    eqd2_gy: Float32Array
    gradient_gy_per_mm: Float32Array

    def beyond_mm(self, level_eqd2_gy: float) -> Float32Array:
        """About the distance to an isodose, positive where the dose is higher."""
        return np.asarray((self.eqd2_gy - np.float32(level_eqd2_gy)) / self.gradient_gy_per_mm)


def organ_rasters(planes: Sequence[ContourPlane], geometry: Geometry, rim_mm: float) -> Iterator[OrganRaster]:
    """An organ's planes on fine grids, so many at a time that their fields stay small.

    Parameters
    ----------
    planes : sequence of ContourPlane
    geometry : Geometry
        Grid of the CT.
    rim_mm : float
        How far the grids reach around the organ in addition to the least.
    """
    areas = [sum(abs(signed_area(polygon)) for polygon in plane.polygons) for plane in planes]
    step = next((step for area, step in STEPS_MM if max(areas) <= area), COARSEST_STEP_MM)
    lows = np.array([np.min([polygon.min(axis=0) for polygon in plane.polygons], axis=0) for plane in planes])
    highs = np.array([np.max([polygon.max(axis=0) for polygon in plane.polygons], axis=0) for plane in planes])
    # Windows of one lattice, so that the distance to targets is computed on it once.
    lattice = lows.min(axis=0) - rim_mm - RIM_STEPS * step
    offsets = np.floor((lows - lows.min(axis=0)) / step)
    firsts = lattice + offsets * step
    nu, nv = (int(n) for n in np.ceil((highs - firsts).max(axis=0) / step + rim_mm / step) + 3)
    at_once = max(1, NODES_AT_ONCE // (nu * nv))
    for start in range(0, len(planes), at_once):
        some = slice(start, start + at_once)
        yield OrganRaster(tuple(planes[some]), step, firsts[some], (nu, nv), geometry)
