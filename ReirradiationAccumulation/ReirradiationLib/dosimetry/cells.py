"""The cells that volume samples stand for, and how they are cut in eight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.structure import EndCaps

_CORNERS = np.stack(np.meshgrid([-0.25, 0.25], [-0.25, 0.25], [-0.25, 0.25], indexing="ij"), axis=-1).reshape(8, 3)


@dataclass(frozen=True, eq=False)
class Cells:
    """Boxes with a square base, in the coordinates of a body.

    Parameters
    ----------
    centres_mm : array, shape (n, 3)
    sizes_mm : array, shape (n, 2)
        Side of the base, and height.
    piece : array of int, shape (n,)
        The piece of the body that a cell lies in.
    cut_from : array of int, shape (n,)
        Number of the cell that it was cut from, among those that were cut together; -1 for uncut ones.
    """

    centres_mm: FloatArray
    sizes_mm: Float32Array
    piece: NDArray[np.int32]
    cut_from: NDArray[np.int32]

    @staticmethod
    def uncut(centres_mm: FloatArray, sizes_mm: Float32Array, piece: NDArray[np.int32]) -> Cells:
        """Cells as a body is filled with them."""
        return Cells(centres_mm, sizes_mm, piece, np.full(len(piece), -1, dtype=np.int32))

    @property
    def volumes_cc(self) -> FloatArray:
        """Volume of each whole cell, shape (n,)."""
        side, height = self.sizes_mm.T.astype(np.float64)
        return np.asarray(side * side * height / 1000.0)

    def at(self, which: BoolArray) -> Cells:
        """Some of the cells."""
        index = np.flatnonzero(which)
        return Cells(self.centres_mm.take(index, 0), self.sizes_mm.take(index, 0), self.piece[index], self.cut_from[index])

    def cut_in_eight(self) -> Cells:
        """The halves along every axis, 8 n cells."""
        box = self.sizes_mm[:, [0, 0, 1]].astype(np.float64)
        centres = self.centres_mm[:, None] + _CORNERS * box[:, None]
        sizes = np.repeat(self.sizes_mm / np.float32(2.0), 8, axis=0)
        numbers = np.repeat(np.arange(len(self.piece), dtype=np.int32), 8)
        return Cells(centres.reshape(-1, 3), sizes, np.repeat(self.piece, 8), numbers)

    @staticmethod
    def joined(parts: list[Cells]) -> Cells:
        """Several groups of cells as one."""
        return Cells(
            np.concatenate([part.centres_mm for part in parts]),
            np.concatenate([part.sizes_mm for part in parts]),
            np.concatenate([part.piece for part in parts]),
            np.concatenate([part.cut_from for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Filling:
    """Cells that lie in a body in part or in full.

    Parameters
    ----------
    cells : Cells
    centroids_mm : array, shape (n, 3)
        Of the part of each cell that lies in the body, in the coordinates of the body. A body may give another place within
        that part, if these places are spread so evenly that doses are as they are in the part.
    volumes_cc : array, shape (n,)
        Of that part.
    """

    cells: Cells
    centroids_mm: FloatArray
    volumes_cc: FloatArray

    @staticmethod
    def joined(parts: list[Filling]) -> Filling:
        """Several fillings as one."""
        return Filling(
            Cells.joined([part.cells for part in parts]),
            np.concatenate([part.centroids_mm for part in parts]),
            np.concatenate([part.volumes_cc for part in parts]),
        )


class Body(Protocol):
    """What can be filled with samples: a structure of contours, or a labelmap."""

    @property
    def name(self) -> str:
        """Name of the structure."""

    @property
    def end_caps(self) -> EndCaps:
        """How far the body reaches beyond its first and last contour."""

    @property
    def step_mm(self) -> float:
        """Side of the cells that it is filled with."""

    @property
    def has_centroids(self) -> bool:
        """Whether the sample of a cell is the centroid of what it holds.

        Only then may cells be chosen by the dose of their samples and cut: else those whose sample happens to lie on the hot
        side are cut, their parts lie on both sides, and nothing comes back from the cells that were left whole.
        """

    def filled(self) -> Filling | None:
        """The body filled with cells; None if it encloses nothing."""

    def covered(self, cells: Cells) -> Filling:
        """How much of each cell lies in the body, and where; those outside are left out."""

    def to_lps(self, points_mm: FloatArray) -> FloatArray:
        """LPS points of points in the body's coordinates, both of shape (n, 3), mm."""


class SolidBody(Body, Protocol):
    """A body that can also tell which points lie in it."""

    def corners_mm(self) -> FloatArray:
        """LPS corners of a box around the body, shape (8, 3)."""

    def contains(self, points_mm: FloatArray) -> BoolArray:
        """Whether LPS points, shape (n, 3), lie in the body, shape (n,)."""
