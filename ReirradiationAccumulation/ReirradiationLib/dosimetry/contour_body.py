"""A structure of planar contours as a body: slabs on a pixel grid, ready to be filled with samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.polygons import signed_area
from ..model.structure import EndCaps, Structure
from .cells import Cells, Filling, box_corners
from .contour_frame import contour_frame
from .plane_field import PixelGrid, plane_fields
from .plane_stack import ContourPlane, contour_planes, runs
from .slab import Slab
from .slab_stack import slabs

TURN = 0.5535743588970452
"""Angle of the pixel grid against the rows of the CT, rad (tan = golden ratio - 1): rows of samples along a face of the
body or a surface of equal dose would count it all or not at all."""

# Additive recurrence with the plastic number: the heights of the samples of neighbouring pixels are spread evenly over a
# layer (Roberts M, *The unreasonable effectiveness of quasirandom sequences*, 2018).
_ALONG_U, _ALONG_V = 0.7548776662466927, 0.5698402909980532

FINEST_STEP_MM = 0.15
COARSEST_STEP_MM = 3.0

THICKNESS_SHARE = 0.7
"""The step is at most this share of the mean thickness of the structure in its planes, so that thin shells are resolved."""


@dataclass(frozen=True, eq=False)
class ContourBody:
    """A structure cut into slabs.

    Coordinates are *turned*: u, v along the pixel grid, w along the normal of the contours' planes, mm.

    Parameters
    ----------
    name : str
    end_caps : EndCaps
    geometry : Geometry
        Grid that the structure was contoured on: that of the CT, or the frame of oblique contours.
    grid : PixelGrid
    slabs : tuple of Slab
    """

    name: str
    end_caps: EndCaps
    geometry: Geometry
    grid: PixelGrid
    slabs: tuple[Slab, ...]

    @property
    def step_mm(self) -> float:
        """Distance of the pixels."""
        return float(self.grid.steps_mm[0])

    def filled(self) -> Filling | None:
        """The body filled with cells as high as wide; None if it encloses nothing."""
        parts = [self._fill(n, slab) for n, slab in enumerate(self.slabs)]
        filling = Filling.joined(parts) if parts else None
        return filling if filling is not None and len(filling.volumes_cc) else None

    def covered(self, cells: Cells) -> Filling:
        """How much of each cell lies in the body, and where; those outside are left out."""
        parts = [_no_filling()]
        for n in np.unique(cells.piece):
            here = cells.at(cells.piece == n)
            slab = self.slabs[n].at(self.grid, here.centres_mm[:, :2])
            share = ((here.centres_mm[:, 2] - slab.bottom_mm) / slab.height_mm).astype(np.float32)
            coverage = np.broadcast_to(_coverage(slab.depth_mm(share), here.sizes_mm[:, 0]), share.shape)
            hit = coverage > 0.0
            inward = np.where(share < 0.5, *slab.inward)
            parts.append(_filling(here.at(hit), coverage[hit], inward[:, hit]))
        return Filling.joined(parts)

    def _fill(self, n: int, slab: Slab) -> Filling:
        """Fill a slab with layers of cells whose centres are spread over the height of the layer."""
        rows, columns = slab.window
        window = slab.cropped(rows, columns)
        layers = max(1, round(slab.height_mm / self.step_mm))
        row, column = np.ogrid[rows, columns]
        lift = np.mod(_ALONG_U * column + _ALONG_V * row, 1.0).astype(np.float32)
        share = (np.arange(layers, dtype=np.float32)[:, None, None] + lift) / np.float32(layers)
        coverage = np.broadcast_to(_coverage(window.depth_mm(share), np.float32(self.step_mm)), share.shape)
        _, j, i = hit = np.nonzero(coverage)
        at = share[hit]
        centres = np.column_stack(
            [
                self.grid.first[0] + self.step_mm * (i + columns.start),
                self.grid.first[1] + self.step_mm * (j + rows.start),
                slab.bottom_mm + slab.height_mm * at.astype(np.float64),
            ]
        )
        sizes = np.tile(np.array([self.step_mm, slab.height_mm / layers], dtype=np.float32), (len(at), 1))
        inward = np.where(at < 0.5, window.inward[0][:, j, i], window.inward[1][:, j, i])
        return _filling(Cells(centres, sizes, np.full(len(at), n, dtype=np.int32)), coverage[hit], inward)

    def to_lps(self, turned_mm: FloatArray) -> FloatArray:
        """LPS points of turned coordinates, both of shape (n, 3), mm."""
        return np.asarray(turned_mm @ self._axes().T + np.asarray(self.geometry.origin_mm))

    def corners_mm(self) -> FloatArray:
        """LPS corners of a box around the body, shape (8, 3)."""
        last = self.grid.first + self.grid.steps_mm * (np.array(self.grid.size) - 1)
        low = min((slab.bottom_mm for slab in self.slabs), default=0.0)
        high = max((slab.top_mm for slab in self.slabs), default=0.0)
        return self.to_lps(box_corners(np.array([*self.grid.first, low]), np.array([*last, high])))

    def contains(self, points_mm: FloatArray) -> BoolArray:
        """Whether LPS points, shape (n, 3), lie in the body, shape (n,); interpolated between the pixels of the grid."""
        turned = (points_mm - np.asarray(self.geometry.origin_mm)) @ self._axes()
        inside = np.zeros(len(turned), dtype=np.bool_)
        for slab in self.slabs:
            rows, columns = slab.window
            low = self.grid.first + self.grid.steps_mm * (columns.start, rows.start)
            high = self.grid.first + self.grid.steps_mm * (columns.stop - 1, rows.stop - 1)
            near = (turned[:, 2] >= slab.bottom_mm) & (turned[:, 2] < slab.top_mm)
            near &= ((turned[:, :2] >= low) & (turned[:, :2] <= high)).all(axis=1)
            share = ((turned[near, 2] - slab.bottom_mm) / slab.height_mm).astype(np.float32)
            inside[near] |= slab.at(self.grid, turned[near, :2]).depth_mm(share) > 0.0
        return inside

    def _axes(self) -> FloatArray:
        """LPS unit vectors of u, v, w, as columns."""
        axes = np.array(self.geometry.direction, dtype=np.float64)
        axes[:, :2] = axes[:, :2] @ _turn()
        return axes


def contour_body(structure: Structure, geometry: Geometry, end_caps: EndCaps, wanted: int) -> ContourBody:
    """Cut a structure into slabs, on a pixel grid as fine as the wanted number of samples asks for.

    Parameters
    ----------
    structure : Structure
    geometry : Geometry
        Grid of the current CT. Contours need not lie on its slices, but must be parallel to each other.
    end_caps : EndCaps
    wanted : int
        How many samples the structure is to have.

    Raises
    ------
    DosimetryError
        If the contours cannot be used, see :func:`.contour_frame` and :func:`.contour_planes`.
    """
    frame = contour_frame(structure, geometry)
    planes = contour_planes(structure, frame)
    polygons = [[polygon @ _turn() for polygon in plane.polygons] for plane in planes]
    grid = _grid(polygons, _step_mm(structure, planes, wanted))
    return ContourBody(structure.name, end_caps, frame, grid, cut_into_slabs(planes, polygons, grid, end_caps))


def cut_into_slabs(
    planes: Sequence[ContourPlane], polygons: Sequence[Sequence[FloatArray]], grid: PixelGrid, end_caps: EndCaps
) -> tuple[Slab, ...]:
    """Slabs of all runs of planes, with fields on a pixel grid.

    Parameters
    ----------
    planes : sequence of ContourPlane
    polygons : sequence of sequences of arrays, each (n, 2)
        The polygons of each plane in the coordinates of the grid.
    grid : PixelGrid
    end_caps : EndCaps
    """
    fields = plane_fields(polygons, grid)
    stack: list[Slab] = []
    for run in runs(planes):
        positions = [plane.position_mm for plane in planes[run]]
        reach = planes[run][0].below_mm, planes[run][-1].above_mm
        stack += slabs(fields[run], positions, reach, end_caps)
    return tuple(stack)


def _turn() -> FloatArray:
    """Matrix that takes row vectors along the CT's rows and columns to the pixel grid."""
    return np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])


def _step_mm(structure: Structure, planes: Sequence[ContourPlane], wanted: int) -> float:
    areas = [sum(abs(signed_area(polygon)) for polygon in plane.polygons) for plane in planes]
    volume_mm3 = sum(area * plane.thickness_mm for area, plane in zip(areas, planes, strict=True))
    length_mm = sum(_length_mm(polygon) for plane in planes for polygon in plane.polygons)
    if not volume_mm3 > 0.0:
        raise DosimetryError(
            f"Structure '{structure.name}'", "its contours enclose no area", "Correct them or leave it out of the case."
        )
    thickness_mm = 2.0 * sum(areas) / length_mm
    step = min((volume_mm3 / wanted) ** (1.0 / 3.0), THICKNESS_SHARE * thickness_mm)
    return float(np.clip(step, FINEST_STEP_MM, COARSEST_STEP_MM))


def _length_mm(polygon: FloatArray) -> float:
    return float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())


def _grid(polygons: Sequence[Sequence[FloatArray]], step_mm: float) -> PixelGrid:
    vertices = np.concatenate([polygon for plane in polygons for polygon in plane])
    first = vertices.min(axis=0) - 2.0 * step_mm
    nu, nv = (int(n) for n in np.ceil((vertices.max(axis=0) - first) / step_mm) + 3)
    return PixelGrid(first, np.full(2, step_mm), (nu, nv))


def _coverage(depth_mm: Float32Array, side_mm: Float32Array | np.float32) -> Float32Array:
    """Share of a cell that is covered, from the depth of its centre."""
    return np.asarray(np.clip(depth_mm / side_mm + np.float32(0.5), np.float32(0.0), np.float32(1.0)))


def _filling(cells: Cells, coverage: Float32Array, inward: Float32Array) -> Filling:
    """Volumes and centroids of cells that are covered in part or in full.

    The boundary is taken as straight across a cell, so the covered part's centroid lies towards the inside of its centre.

    Parameters
    ----------
    cells : Cells
    coverage : array, shape (n,)
        Share of each cell that is covered, above 0.
    inward : array, shape (2, n)
        Direction (u, v) to the inside.
    """
    centroids = cells.centres_mm.copy()
    centroids[:, :2] += (np.float32(0.5) * cells.sizes_mm[:, 0] * (np.float32(1.0) - coverage) * inward).T
    return Filling(cells, centroids, coverage * cells.volumes_cc)


def _no_filling() -> Filling:
    cells = Cells(np.empty((0, 3)), np.empty((0, 2), dtype=np.float32), np.empty(0, dtype=np.int32))
    return Filling(cells, np.empty((0, 3)), np.empty(0))
