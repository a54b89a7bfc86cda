"""The signed distance to the contours of a plane, on a grid of pixels: what shapes are interpolated from.

The distance is exact to the edges, not to pixels: the nearest pixel that an edge runs through is found by a Euclidean
feature transform (Maurer CR et al., IEEE PAMI 25:265 (2003), as scipy has it), then the distance to that edge is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.polygons import fill_planes

Labels: TypeAlias = NDArray[np.int32]
EdgeNumbers: TypeAlias = NDArray[np.int32]

SMALLEST_RADIUS_MM = 1e-3

NEAR_PIXELS = 2.0
"""Up to this distance from a contour points walk on, and the edges beside the one found are tried too."""

LONGEST_WALK = 16
"""Edges that are walked along a polygon at a time to find a nearer one."""

FAR_MM = 1e4
"""Stands for the depth of a point that lies far outside."""


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

    @property
    def sampling(self) -> FloatArray:
        """Distance of the pixels in the order of the array's axes, (v, u)."""
        return self.steps_mm[::-1]


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of the polygons of a plane, in single precision: 3e-5 mm within half a metre.

    Parameters
    ----------
    start_u, start_v, along_u, along_v, inverse_length2 : arrays, shape (m,)
        Where an edge starts, how it runs, and 1 / length², mm.
    first, count : arrays, shape (m,)
        Number of the first edge of the same polygon, and how many it has.
    """

    start_u: Float32Array
    start_v: Float32Array
    along_u: Float32Array
    along_v: Float32Array
    inverse_length2: Float32Array
    first: EdgeNumbers
    count: EdgeNumbers

    @staticmethod
    def of(polygons: Sequence[FloatArray]) -> Edges:
        """The edges of polygons, each of shape (n, 2)."""
        starts = np.concatenate(list(polygons))
        along = np.concatenate([np.roll(polygon, -1, axis=0) for polygon in polygons]) - starts
        length2 = np.maximum(along[:, 0] ** 2 + along[:, 1] ** 2, 1e-12)
        counts = np.array([len(polygon) for polygon in polygons], dtype=np.int32)
        first = np.cumsum(counts, dtype=np.int32) - counts
        u, v, along_u, along_v, inverse = (a.astype(np.float32) for a in (*starts.T, *along.T, 1.0 / length2))
        return Edges(u, v, along_u, along_v, inverse, np.repeat(first, counts), np.repeat(counts, counts))

    def distance2(self, u: Float32Array, v: Float32Array, edge: EdgeNumbers) -> tuple[Float32Array, Float32Array]:
        """Squared distance of points to one edge each, and where their foot lies: from 0 (start) to 1 (end), or beyond."""
        from_u, from_v = u - self.start_u[edge], v - self.start_v[edge]
        along_u, along_v = self.along_u[edge], self.along_v[edge]
        foot = (from_u * along_u + from_v * along_v) * self.inverse_length2[edge]
        share = np.clip(foot, np.float32(0.0), np.float32(1.0))
        from_u -= share * along_u
        from_v -= share * along_v
        return from_u * from_u + from_v * from_v, foot

    def stepped(self, edge: EdgeNumbers, by: EdgeNumbers | np.int32) -> EdgeNumbers:
        """Edges some steps further along the same polygons."""
        first = self.first[edge]
        return np.asarray(first + (edge - first + by) % self.count[edge])


@dataclass(frozen=True, eq=False)
class PlaneField:
    """What lies inside and outside the contours of one plane, and how far from them.

    Parameters
    ----------
    grid : PixelGrid
    inside : array of bool, shape (nv, nu)
        Pixel centres inside, by even–odd.
    edge : array of int, shape (nv, nu)
        Number of an edge that runs through a pixel, -1 where none does.
    edges : Edges
    """

    grid: PixelGrid
    inside: BoolArray
    edge: EdgeNumbers
    edges: Edges

    @cached_property
    def distance_mm(self) -> Float32Array:
        """Distance to the nearest edge, positive inside, shape (nv, nu)."""
        nearest = _nearest(self.edge >= 0, self.grid)
        edge = self.edge[nearest[0], nearest[1]]
        u, v = (centres.astype(np.float32) for centres in self.grid.centres())
        squared, foot = self.edges.distance2(u, v, edge)
        # Many short edges may run through a pixel, of which it knows one: points walk along the polygon to their nearest.
        edge = self.edges.stepped(edge, _steps(foot))
        found, foot = self.edges.distance2(u, v, edge)
        np.minimum(squared, found, out=squared)
        near = np.flatnonzero(squared.ravel() < np.square(NEAR_PIXELS * self.grid.steps_mm.max()))
        at_u, at_v = np.broadcast_to(u, squared.shape).ravel()[near], np.broadcast_to(v, squared.shape).ravel()[near]
        walker, best = self.edges.stepped(edge.ravel()[near], _steps(foot.ravel()[near])), squared.ravel()[near]
        for beside in np.array([-1, 0, 1], dtype=np.int32):
            np.minimum(best, self.edges.distance2(at_u, at_v, self.edges.stepped(walker, beside))[0], out=best)
        squared.ravel()[near] = best
        distance = np.sqrt(squared)
        return np.where(self.inside, distance, -distance)

    @cached_property
    def touched(self) -> BoolArray:
        """Pixels inside or on an edge: even a contour smaller than a pixel touches one."""
        return self.inside | (self.edge >= 0)

    @cached_property
    def parts(self) -> tuple[Labels, int]:
        """Connected parts: number of the part at each touched pixel, from 1, and how many there are."""
        return _labelled(self.touched)

    @cached_property
    def holes(self) -> tuple[Labels, int]:
        """Connected parts of what is outside: the surroundings and the holes."""
        return _labelled(~self.inside)

    @cached_property
    def radius_mm(self) -> Float32Array:
        """Depth of the deepest point of the nearest part, shape (nv, nu) or () if there is one part only."""
        from scipy.ndimage import maximum

        labels, count = self.parts
        depth = np.maximum(self.distance_mm, SMALLEST_RADIUS_MM)
        if count == 1:
            return np.asarray(depth.max(), dtype=np.float32)
        radii = np.concatenate([[0.0], maximum(depth, labels, np.arange(1, count + 1))]).astype(np.float32)
        nearest = _nearest(labels > 0, self.grid)
        return np.asarray(radii[labels[nearest[0], nearest[1]]])

    @cached_property
    def level_mm2(self) -> Float32Array:
        """``F = d (2 R − d)``, see :mod:`.slab`, shape (nv, nu)."""
        return np.asarray(self.distance_mm * (np.float32(2.0) * self.radius_mm - self.distance_mm))

    @cached_property
    def inward(self) -> Float32Array:
        """Unit vector (u, v) towards the inside at each pixel, shape (2, nv, nu); 0 where there is no direction."""
        along_v, along_u = np.gradient(self.distance_mm, *self.grid.sampling) if min(self.grid.shape) > 1 else (0.0, 0.0)
        length = np.maximum(np.hypot(along_u, along_v), 1e-6)
        return np.stack([along_u / length, along_v / length]).astype(np.float32)

    def without(self, parts: BoolArray, holes: BoolArray) -> PlaneField | None:
        """The plane without some of its parts, and with some of its holes filled; None if nothing is left of it.

        Parameters
        ----------
        parts, holes : arrays of bool, shape (nv, nu)
            All pixels of these parts (see :attr:`parts`) and holes (see :attr:`holes`).
        """
        from scipy.ndimage import binary_dilation

        gone = parts | binary_dilation(holes, np.ones((3, 3))) if holes.any() else parts
        edge = np.where(gone, np.int32(-1), self.edge)
        if not (edge >= 0).any():
            return None
        return PlaneField(self.grid, (self.inside & ~parts) | holes, edge, self.edges)

    def only(self, regions: BoolArray, labels: Labels, depth_mm: Float32Array) -> Float32Array:
        """A depth of some regions alone: far outside wherever another region of the same kind is nearer."""
        nearest = _nearest(labels > 0, self.grid)
        return np.where(regions[nearest[0], nearest[1]], depth_mm, np.float32(-FAR_MM))


def plane_fields(planes: Sequence[Sequence[FloatArray]], grid: PixelGrid) -> list[PlaneField]:
    """Rasterize the polygons of several planes.

    Parameters
    ----------
    planes : sequence of sequences of arrays, each (n, 2)
        Polygons (u, v) in mm; those of a plane go by even–odd.
    grid : PixelGrid
        Covers all of them.
    """
    filled = fill_planes(planes, grid.first, grid.steps_mm, grid.size)
    fields = []
    for polygons, inside in zip(planes, filled, strict=True):
        edges = Edges.of(polygons)
        fields.append(PlaneField(grid, inside, _edge_pixels(edges, grid), edges))
    return fields


def _edge_pixels(edges: Edges, grid: PixelGrid) -> EdgeNumbers:
    """Number of an edge that runs through each pixel, -1 where none does, shape (nv, nu)."""
    longest = np.maximum(np.abs(edges.along_u) / grid.steps_mm[0], np.abs(edges.along_v) / grid.steps_mm[1])
    pieces = np.maximum(np.ceil(2.0 * longest).astype(np.intp), 1)
    edge = np.repeat(np.arange(len(pieces), dtype=np.int32), pieces)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 0.5) / pieces[edge]
    # A grid may cover a part of the polygons only: what runs beyond its border counts as on it.
    u, v = (
        np.clip(np.rint((start[edge] + share * along[edge] - first) / step).astype(np.intp), 0, size - 1)
        for start, along, first, step, size in (
            (edges.start_u, edges.along_u, grid.first[0], grid.steps_mm[0], grid.size[0]),
            (edges.start_v, edges.along_v, grid.first[1], grid.steps_mm[1], grid.size[1]),
        )
    )
    numbers = np.full(grid.shape, -1, dtype=np.int32)
    numbers[v, u] = edge
    return numbers


def _steps(foot: Float32Array) -> EdgeNumbers:
    """How many edges to walk, from where the foot of a point lies on (0 … 1) or beyond its edge."""
    return np.floor(np.clip(foot, -LONGEST_WALK, LONGEST_WALK)).astype(np.int32)


def _labelled(mask: BoolArray) -> tuple[Labels, int]:
    from scipy.ndimage import label

    labels, count = label(mask)
    return labels, int(count)


def _nearest(mask: BoolArray, grid: PixelGrid) -> NDArray[np.int32]:
    """Row and column of the nearest pixel of the mask, shape (2, nv, nu)."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(~mask, sampling=grid.sampling, return_distances=False, return_indices=True))
