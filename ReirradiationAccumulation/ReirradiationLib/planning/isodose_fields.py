"""A dose on the planes of the CT: coarsely over a whole box, finely where it is high, and where it is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..dosimetry.mapping import sample_dose
from ..dosimetry.plane_stack import to_lps
from ..dosimetry.radiobiology import response_curve
from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.course import Course
from ..model.dose_response import EQD2_BY_LQ
from ..model.geometry import Geometry, box_corners

COARSE_STEP_MM = 2.5
FINE_STEPS_MM = (0.25, 0.5)
COARSEST_FINE_STEP_MM = 1.0
MOST_NODES = 2**20
"""The finest step is taken that needs no more nodes for one isodose, or else the coarsest."""

NEARLY = 0.8
"""Between coarse nodes with less than this share of an isodose there is none of it."""

RIM = 2
"""Coarse steps around what is nearly in an isodose that are sampled finely; also around the box."""


@dataclass(frozen=True)
class DoseSource:
    """What isodoses are drawn of: the physical dose of one course, or the raw EQD2 sum of several.

    Parameters
    ----------
    courses : tuple of Course
    alpha_beta_gy : float or None
        Of a sum; None for the physical dose of one course.
    """

    courses: tuple[Course, ...]
    alpha_beta_gy: float | None

    def at(self, points_mm: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Dose at LPS points, shape (n, 3), unknown parts counted as 0 Gy, and whether all of it is known."""
        total = np.zeros(len(points_mm))
        known = np.ones(len(points_mm), dtype=np.bool_)
        for course in sorted(self.courses, key=lambda course: course.identifier):
            dose_gy, is_known = sample_dose(course, points_mm)
            known &= is_known
            if self.alpha_beta_gy is None:
                total += dose_gy
            else:
                response_curve(EQD2_BY_LQ, course.fractions, self.alpha_beta_gy).add_to(total, dose_gy)
        return total, known


@dataclass(frozen=True, eq=False)
class PlaneWindows:
    """Equal windows on some planes of the CT. Fields of shape (n, nv, nu).

    Parameters
    ----------
    slices : array of int, shape (n,)
        Slice of the CT.
    firsts_mm : array, shape (n, 2)
        (u, v) of node ``[0, 0]`` along the CT's rows and columns from its first voxel.
    step_mm : float
    size : (nu, nv)
    """

    slices: np.ndarray[tuple[int], np.dtype[np.intp]]
    firsts_mm: FloatArray
    step_mm: float
    size: tuple[int, int]

    def points_mm(self, n: int, geometry: Geometry) -> FloatArray:
        """LPS points of the nodes of one window, shape (nv·nu, 3)."""
        height = float(self.slices[n]) * geometry.spacing_mm[2]
        origin = to_lps(np.array([[*self.firsts_mm[n], height]]), geometry)[0]
        rows, columns = (self.step_mm * np.asarray(geometry.direction)[:, axis] for axis in (0, 1))
        u, v = (np.arange(count, dtype=np.float64) for count in self.size)
        # Axes first: what interpolation wants.
        return np.asarray(
            np.stack([(origin[c] + rows[c] * u[None, :] + columns[c] * v[:, None]).ravel() for c in range(3)]).T
        )


@dataclass(frozen=True, eq=False)
class DoseOnPlanes:
    """A dose on all planes of the CT that lie in a box.

    Parameters
    ----------
    source : DoseSource
    geometry : Geometry
        Grid of the CT.
    box : Geometry
        Grid whose voxel centres span the box.
    """

    source: DoseSource
    geometry: Geometry
    box: Geometry

    @property
    def maximum_gy(self) -> float:
        """The highest dose on the coarse grid; 0 where the box holds no plane."""
        return float(self.coarse[0].max(initial=0.0))

    def is_cut_off(self, dose_gy: float) -> bool:
        """Whether an isodose reaches where the dose is not known, or the edge of the box or of the CT."""
        from scipy.ndimage import binary_dilation

        values, known = self.coarse
        beyond = ~np.pad(known, ((1, 1), (0, 0), (0, 0)))
        inside = np.pad(values >= dose_gy, ((1, 1), (0, 0), (0, 0)))
        return bool((binary_dilation(beyond & ~inside) & inside).any())

    def windows(self, dose_gy: float) -> PlaneWindows:
        """Fine windows around an isodose; none where it is not reached."""
        nearly = self.coarse[0] >= NEARLY * dose_gy
        planes = np.flatnonzero(nearly.any(axis=(1, 2)))
        if not planes.size:
            return PlaneWindows(planes, np.zeros((0, 2)), COARSEST_FINE_STEP_MM, (1, 1))
        columns, rows = (_extent(np.asarray(nearly[planes].any(axis=axis))) for axis in (1, 2))
        lows = np.column_stack([columns[0], rows[0]]) - RIM
        extent_mm = np.max(np.column_stack([columns[1], rows[1]]) + RIM - lows, axis=0) * COARSE_STEP_MM
        sizes = {step: np.ceil(extent_mm / step) + 1 for step in FINE_STEPS_MM}
        few = (step for step, size in sizes.items() if len(planes) * size.prod() <= MOST_NODES)
        step_mm = next(few, COARSEST_FINE_STEP_MM)
        nu, nv = np.ceil(extent_mm / step_mm) + 1
        firsts = self._coarse_windows.firsts_mm[planes] + lows * COARSE_STEP_MM
        return PlaneWindows(self._coarse_windows.slices[planes], firsts, step_mm, (int(nu), int(nv)))

    def sampled(self, windows: PlaneWindows) -> tuple[Float32Array, BoolArray]:
        """Dose at the nodes of windows, 0 where it is not known, and whether it is known there: in the box and the CT."""
        shape = (len(windows.slices), windows.size[1], windows.size[0])
        values, known = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.bool_)
        for n in range(len(windows.slices)):
            points = windows.points_mm(n, self.geometry)
            dose_gy, is_known = self.source.at(points)
            within = _within(self.box, points, 0.0) & _within(self.geometry, points, 0.5)
            values[n] = np.where(within, dose_gy, 0.0).reshape(shape[1:])
            known[n] = (is_known & within).reshape(shape[1:])
        return values, known

    @cached_property
    def coarse(self) -> tuple[Float32Array, BoolArray]:
        """Dose and whether it is known on the coarse grid, which reaches beyond the box by its rim."""
        return self.sampled(self._coarse_windows)

    @cached_property
    def _coarse_windows(self) -> PlaneWindows:
        last = np.array(self.box.size, dtype=np.float64) - 1.0
        corners = self.geometry.to_index(self.box.to_lps(box_corners(np.zeros(3), last)))
        low, high = np.maximum(corners.min(axis=0), 0.0), np.minimum(corners.max(axis=0), np.array(self.geometry.size) - 1.0)
        slices = np.arange(int(np.ceil(low[2] - 1e-6)), int(np.floor(high[2] + 1e-6)) + 1)
        spacing = np.asarray(self.geometry.spacing_mm)[:2]
        first = (low[:2] - 0.5) * spacing - RIM * COARSE_STEP_MM
        extent = np.maximum((high - low)[:2] + 1.0, 0.0) * spacing
        size = np.ceil(extent / COARSE_STEP_MM).astype(int) + 2 * RIM + 1
        return PlaneWindows(slices, np.tile(first, (len(slices), 1)), COARSE_STEP_MM, (int(size[0]), int(size[1])))


def depth_gy(values: Float32Array, known: BoolArray, dose_gy: float) -> Float32Array:
    """How far a dose lies above an isodose, negative where it is not known: contours close half a step beyond knowledge.

    Parameters
    ----------
    values, known : arrays, shape (n, nv, nu)
    dose_gy : float
    """
    from scipy.ndimage import grey_dilation

    depth = values - np.float32(dose_gy)
    # Unknown nodes get the opposite of their neighbours' highest: the contour passes at most half way to them.
    beside = grey_dilation(np.where(known, depth, np.float32(0.0)), size=(1, 3, 3), mode="constant", cval=0.0)
    depth = np.where(~known & (depth < 0.0), -np.maximum(beside, np.float32(1e-3)), depth)
    depth[:, [0, -1], :] = depth[:, :, [0, -1]] = np.minimum(depth.min(initial=0.0), np.float32(-1e-3))
    return np.asarray(depth)


def _extent(lines: BoolArray) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """First and last column that holds something, of each row of a mask, shape (n, m)."""
    return lines.argmax(axis=1), lines.shape[1] - 1 - lines[:, ::-1].argmax(axis=1)


def _within(grid: Geometry, points_mm: FloatArray, rim: float) -> BoolArray:
    """Whether points lie within a grid's voxel centres, or so many voxels around them."""
    index = grid.to_index(points_mm)
    last = np.array(grid.size) - 1.0
    return np.asarray(((index >= -rim - 1e-3) & (index <= last + rim + 1e-3)).all(axis=1))
