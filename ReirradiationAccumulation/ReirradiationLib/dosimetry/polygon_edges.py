"""The edges of polygons, and the distance of points to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import Float32Array, FloatArray

EdgeNumbers: TypeAlias = NDArray[np.int32]

LONGEST_WALK = 256
"""Edges that are walked along a polygon at a time to find a nearer one."""


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of polygons, in single precision: 3e-5 mm within half a metre.

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
        """The edges of closed polygons, each of shape (n, 2)."""
        starts = np.concatenate(list(polygons))
        counts = np.array([len(polygon) for polygon in polygons], dtype=np.int32)
        first = np.cumsum(counts, dtype=np.int32) - counts
        following = np.arange(1, len(starts) + 1)
        following[first + counts - 1] = first
        along = starts[following] - starts
        length2 = np.maximum(along[:, 0] ** 2 + along[:, 1] ** 2, 1e-12)
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

    def stepped(self, edge: EdgeNumbers, foot: Float32Array | np.float32) -> EdgeNumbers:
        """The edges further along the same polygons where the feet of points would lie if all edges were as long."""
        first = self.first[edge]
        steps = np.floor(np.clip(foot, -LONGEST_WALK, LONGEST_WALK)).astype(np.int32)
        return np.asarray(first + (edge - first + steps) % self.count[edge])

    def points(self, distance_mm: FloatArray) -> tuple[EdgeNumbers, Float32Array, Float32Array]:
        """Points along the edges no further apart than a distance along u and v: their edges, and u and v."""
        longest = np.maximum(np.abs(self.along_u) / distance_mm[0], np.abs(self.along_v) / distance_mm[1])
        pieces = np.maximum(np.ceil(longest).astype(np.intp), 1)
        edge = np.repeat(np.arange(len(pieces), dtype=np.int32), pieces)
        place = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 0.5
        share = (place / pieces[edge]).astype(np.float32)
        return edge, self.start_u[edge] + share * self.along_u[edge], self.start_v[edge] + share * self.along_v[edge]
