"""The signed distance to the contours of planes, on a grid of pixels: what shapes are interpolated from.

The distance is exact to the edges, not to pixels: the nearest pixel that an edge runs through is found by a Euclidean
feature transform (Maurer CR et al., IEEE PAMI 25:265 (2003), as scipy has it), then the distance to that edge is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.polygons import fill_planes
from .polygon_edges import EdgeNumbers, Edges

Labels: TypeAlias = NDArray[np.int32]

SMALLEST_RADIUS_MM = 1e-3

NEAR_PIXELS = 2.0
"""Up to this distance from a contour points walk on, and the edges beside the one found are tried too."""

PIXELS_AT_ONCE = 2**20
"""Pixels whose distances are computed together."""

FAR_MM = 1e4
"""Stands for the depth of a point that lies far outside."""

_IN_PLANE = np.zeros((3, 3, 3), dtype=np.bool_)
_IN_PLANE[1] = [[False, True, False], [True, True, True], [False, True, False]]


@dataclass(frozen=True, eq=False)
class PixelGrid:
    """A grid of pixels in a plane.

    Parameters
    ----------
    first : array, shape (2,)
        Centre (u, v) of pixel ``[0, 0]``, mm.
    steps_mm : array, shape (2,)
        Distance of the pixels along u and v.
    size : (nu, nv)
    """

    first: FloatArray
    steps_mm: FloatArray
    size: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (nv, nu) of an array on the grid."""
        return self.size[1], self.size[0]

    def centres(self) -> tuple[FloatArray, FloatArray]:
        """Coordinates u, shape (1, nu), and v, shape (nv, 1), of the pixel centres."""
        u, v = (self.first[axis] + self.steps_mm[axis] * np.arange(self.size[axis]) for axis in (0, 1))
        return u[None, :], v[:, None]


@dataclass(frozen=True, eq=False)
class PlaneFields:
    """What lies inside and outside the contours of planes, and how far from them. Arrays of shape (n, nv, nu).

    Parameters
    ----------
    grid : PixelGrid
    inside : array of bool
        Pixel centres inside, by even–odd.
    edge : array of int
        Number of an edge that runs through a pixel, -1 where none does.
    edges : Edges
        Of all planes.
    """

    grid: PixelGrid
    inside: BoolArray
    edge: EdgeNumbers
    edges: Edges

    @cached_property
    def distance_mm(self) -> Float32Array:
        """Distance to the nearest edge, positive inside."""
        distance = np.empty(self.inside.shape, dtype=np.float32)
        at_once = max(1, PIXELS_AT_ONCE // self.inside[0].size)
        for first in range(0, len(distance), at_once):
            some = slice(first, first + at_once)
            nearest = np.stack([_value_at_nearest(edge >= 0, edge, self.grid) for edge in self.edge[some]])
            distance[some] = self._distance_from(nearest)
        return np.where(self.inside, distance, -distance)

    def _distance_from(self, edge: EdgeNumbers) -> Float32Array:
        """Distance of the pixels to edges found near them, or beside these."""
        u, v = (centres.astype(np.float32) for centres in self.grid.centres())
        squared, foot = self.edges.distance2(u, v, edge)
        # Many short edges may run through a pixel, of which it knows one: points walk along the polygon to their nearest.
        further = self.edges.stepped(edge, foot)
        found, found_foot = self.edges.distance2(u, v, further)
        is_nearer = found < squared
        edge, foot = np.where(is_nearer, further, edge), np.where(is_nearer, found_foot, foot)
        np.minimum(squared, found, out=squared)
        near = np.flatnonzero(squared.ravel() < np.square(NEAR_PIXELS * self.grid.steps_mm.max()))
        at_u, at_v = (np.broadcast_to(values, squared.shape).ravel()[near] for values in (u, v))
        walker, best = self.edges.stepped(edge.ravel()[near], foot.ravel()[near]), squared.ravel()[near]
        for beside in (-1.0, 0.0, 1.0):
            other = self.edges.stepped(walker, np.float32(beside))
            np.minimum(best, self.edges.distance2(at_u, at_v, other)[0], out=best)
        squared.ravel()[near] = best
        return np.asarray(np.sqrt(squared, out=squared))

    @cached_property
    def touched(self) -> BoolArray:
        """Pixels inside or on an edge: even a contour smaller than a pixel touches one."""
        return np.asarray(self.inside | (self.edge >= 0))

    @cached_property
    def not_within(self) -> BoolArray:
        """Pixels outside or on an edge."""
        return np.asarray(~self.inside | (self.edge >= 0))

    @cached_property
    def parts(self) -> Regions:
        """Connected parts of the planes, of touched pixels."""
        return Regions.of(self.touched)

    @cached_property
    def holes(self) -> Regions:
        """Connected parts of what is outside: the surroundings and the holes of each plane."""
        return Regions.of(~self.inside)

    @cached_property
    def radii_mm(self) -> Float32Array:
        """Depth of the deepest point of the nearest part: shape (n, 1, 1), or (n, nv, nu) if a plane has several parts."""
        counts = self.parts.counts
        deepest = np.maximum(self.distance_mm.max(axis=(1, 2), keepdims=True), np.float32(SMALLEST_RADIUS_MM))
        if (counts == 1).all():
            return np.asarray(deepest)
        radii = np.broadcast_to(deepest, self.inside.shape).copy()
        for n in np.flatnonzero(counts > 1):
            labels = self.parts.labels[n] - (counts[:n].sum())
            of_part = np.full(counts[n] + 1, np.float32(SMALLEST_RADIUS_MM))
            np.maximum.at(of_part, np.maximum(labels, 0), self.distance_mm[n])
            radii[n] = _value_at_nearest(labels > 0, of_part[np.maximum(labels, 0)], self.grid)
        return np.asarray(radii)

    @cached_property
    def levels_mm2(self) -> Float32Array:
        """``F = d (2 R − d)``, see :mod:`.slab`."""
        return np.asarray(self.distance_mm * (np.float32(2.0) * self.radii_mm - self.distance_mm))

    def without(self, n: int, parts: BoolArray, holes: BoolArray) -> PlaneFields | None:
        """One plane without some of its parts, and with some of its holes filled; None if nothing is left of it.

        Parameters
        ----------
        n : int
        parts, holes : arrays of bool, shape (nv, nu)
            All pixels of these parts and holes.
        """
        from scipy.ndimage import binary_dilation

        gone = parts | binary_dilation(holes, np.ones((3, 3))) if holes.any() else parts
        edge = np.where(gone, np.int32(-1), self.edge[n])
        if not (edge >= 0).any():
            return None
        return replace(self, inside=((self.inside[n] & ~parts) | holes)[None], edge=edge[None])

    def alone(self, n: int, regions: BoolArray, others: BoolArray, depth_mm: Float32Array) -> Float32Array:
        """A depth of some regions of a plane alone: far outside wherever one of the others is nearer, shape (nv, nu)."""
        mine = _value_at_nearest(regions | others, regions, self.grid)
        return np.where(mine, depth_mm, np.float32(-FAR_MM))


@dataclass(frozen=True, eq=False)
class Regions:
    """Connected regions within planes.

    Parameters
    ----------
    labels : array of int, shape (n, nv, nu)
        Number of the region at each pixel, from 1 and rising from plane to plane; 0 in none.
    counts : array of int, shape (n,)
        How many regions each plane has.
    """

    labels: Labels
    counts: NDArray[np.intp]

    @staticmethod
    def of(mask: BoolArray) -> Regions:
        """The regions of a mask, shape (n, nv, nu), connected by sides within the planes."""
        from scipy.ndimage import label

        labels, _ = label(mask, structure=_IN_PLANE)
        highest = np.maximum.accumulate(labels.reshape(len(labels), -1).max(axis=1))
        return Regions(labels, np.diff(highest, prepend=0).astype(np.intp))

    def unmatched(self, other: BoolArray, neighbour: int, is_joined: BoolArray) -> BoolArray:
        """Whether each region overlaps nothing of a mask on the next plane (neighbour 1) or the one before (-1).

        Parameters
        ----------
        other : array of bool, shape (n, nv, nu)
        neighbour : 1 or -1
        is_joined : array of bool, shape (n - 1,)
            Whether planes n and n + 1 are neighbours; where not, nothing overlaps.

        Returns
        -------
        array of bool, shape (number of regions + 1,); entry 0 is False
        """
        here, there = (slice(None, -1), slice(1, None)) if neighbour == 1 else (slice(1, None), slice(None, -1))
        unmatched = np.ones(int(self.counts.sum()) + 1, dtype=np.bool_)
        unmatched[self.labels[here][other[there] & is_joined[:, None, None]]] = False
        unmatched[0] = False
        return unmatched

    def planes_of(self, chosen: BoolArray) -> set[int]:
        """The planes that hold a chosen region."""
        return set(np.searchsorted(np.cumsum(self.counts), np.flatnonzero(chosen), side="left").tolist())


def plane_fields(planes: Sequence[Sequence[FloatArray]], grid: PixelGrid) -> PlaneFields:
    """Rasterize the polygons of several planes.

    Parameters
    ----------
    planes : sequence of sequences of arrays, each (n, 2)
        Polygons (u, v) in mm; those of a plane go by even–odd.
    grid : PixelGrid
        May cover a part of the polygons only: what runs beyond its border counts as on it.
    """
    edges = Edges.of([polygon for plane in planes for polygon in plane])
    plane_of_edge = np.repeat(np.arange(len(planes)), [sum(len(polygon) for polygon in plane) for plane in planes])
    edge, u, v = edges.points(0.5 * grid.steps_mm)
    column, row = (
        np.clip(np.rint((values - grid.first[axis]) / grid.steps_mm[axis]).astype(np.intp), 0, grid.size[axis] - 1)
        for axis, values in enumerate((u, v))
    )
    numbers = np.full((len(planes), *grid.shape), -1, dtype=np.int32)
    numbers[plane_of_edge[edge], row, column] = edge
    return PlaneFields(grid, fill_planes(planes, grid.first, grid.steps_mm, grid.size), numbers, edges)


def _value_at_nearest(mask: BoolArray, values: NDArray[np.generic], grid: PixelGrid) -> NDArray[np.generic]:
    """The value at the nearest pixel of the mask, shape (nv, nu)."""
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(~mask, sampling=grid.steps_mm[::-1], return_distances=False, return_indices=True)
    return np.asarray(values[nearest[0], nearest[1]])
