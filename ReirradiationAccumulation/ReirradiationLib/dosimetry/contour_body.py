"""A structure of planar contours as a body: slabs on a pixel grid, ready to be filled with samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.contour_shape import SAME_POINT_MM, even_odd_area, opened
from ..model.errors import DosimetryError
from ..model.geometry import Geometry, box_corners
from ..model.structure import EndCaps, Structure
from .cells import Cells, Filling
from .contour_frame import contour_frame
from .plane_field import PixelGrid, plane_fields
from .plane_stack import ContourPlane, contour_planes
from .polygon_edges import Edges
from .slab import Blend, Slab
from .slab_stack import SlabStack

TURN = 0.5535743588970452
"""Angle of the pixel grid against the rows of the CT, rad (tan = golden ratio - 1): rows of samples along a face of the
body or a surface of equal dose would count it all or not at all."""

# Additive recurrence with the plastic number: the heights of the samples of neighbouring pixels are spread evenly over a
# layer (Roberts M, *The unreasonable effectiveness of quasirandom sequences*, 2018).
_ALONG_U, _ALONG_V = 0.7548776662466927, 0.5698402909980532

FINEST_STEP_MM = 0.15
COARSEST_STEP_MM = 3.0

MOST_PIXELS = 3e7
MOST_SAMPLES = 3e6
"""Whatever the thickness of the structure, its planes have no more pixels, and it no more samples."""

CELLS_AT_ONCE = 2**19
"""Cells of a body that are held against its shape together."""

MARGIN_PIXELS = 3

THICKNESS_SHARE = 0.35
"""The step is at most this share of the mean thickness of the structure in its planes, so that thin shells are resolved."""


@dataclass(frozen=True, eq=False)
class ContourBody:
    """A structure cut into slabs.

    Coordinates are *turned*: u, v along the pixel grid, w along the normal of the contours' planes, mm. The pieces of its
    cells are the intervals between planes, by their lower planes, then the other slabs.

    Parameters
    ----------
    name : str
    geometry : Geometry
        Grid that the structure was contoured on: that of the CT, or the frame of oblique contours.
    stack : SlabStack
    """

    name: str
    geometry: Geometry
    stack: SlabStack

    @property
    def end_caps(self) -> EndCaps:
        """How far the body reaches beyond its first and last contour."""
        return self.stack.end_caps

    @property
    def step_mm(self) -> float:
        """Side of the cells that it is filled with."""
        return float(self.grid.steps_mm[0])

    @property
    def has_centroids(self) -> bool:
        """Samples are centroids: cells may be chosen by them and cut."""
        return True

    @property
    def grid(self) -> PixelGrid:
        """The pixels that the slabs are given on."""
        return self.stack.fields.grid

    def filled(self) -> Filling | None:
        """The body filled with cells about as high as wide; None if it encloses nothing."""
        parts = [
            *self._plain_fillings(),
            *(self._filled(n, slab) for n, slab in enumerate(self.stack.other_slabs, self._planes)),
        ]
        filling = Filling.joined(parts) if parts else None
        return filling if filling is not None and len(filling.volumes_cc) else None

    def covered(self, cells: Cells) -> Filling:
        """How much of each cell lies in the body, and where; those outside are left out."""
        pixels = (cells.centres_mm[:, :2] - self.grid.first) / self.grid.steps_mm
        # Heights of the samples are spread evenly over the cells, as where the body is filled.
        lift = np.mod(_ALONG_U * np.arange(len(cells.piece)), 1.0) - 0.5
        heights = cells.centres_mm[:, 2] + lift * cells.sizes_mm[:, 1]
        depth, share = self._depths(pixels, heights, cells.piece)
        nearest = np.clip(np.rint(pixels).astype(np.intp), 0, np.asarray(self.grid.size) - 1)
        return self._filling(cells, heights, depth, share, nearest[:, 1], nearest[:, 0])

    def _depths(self, pixels: FloatArray, w: FloatArray, piece: NDArray[np.int32]) -> tuple[Float32Array, Float32Array]:
        """Depth at points of pieces of the body, and their heights as shares of the pieces'."""
        depth, share = np.empty((2, len(pixels)), dtype=np.float32)
        is_plain = piece < self._planes
        if is_plain.any():
            lower, at = piece[is_plain], pixels[is_plain]
            bottom, top = self.stack.positions_mm[lower], self.stack.positions_mm[lower + 1]
            share[is_plain] = (w[is_plain] - bottom) / (top - bottom)
            depth[is_plain] = self._gathered_blend(lower, at).depth_mm(share[is_plain])
        for n in np.unique(piece[~is_plain]):
            here, slab = piece == n, self.stack.other_slabs[n - self._planes]
            share[here] = (w[here] - slab.bottom_mm) / slab.height_mm
            depth[here] = slab.at(partial(_gathered, pixels[here])).depth_mm(share[here])
        return depth, share

    @property
    def _planes(self) -> int:
        return len(self.stack.positions_mm)

    def _plain_fillings(self) -> Iterator[Filling]:
        """Fillings of the intervals in which everything runs through, many at a time."""
        plain, positions = self.stack.plain, self.stack.positions_mm
        layers = np.maximum(1, np.rint(np.diff(positions) / self.step_mm).astype(np.intp))[plain]
        pixels = self.grid.size[0] * self.grid.size[1]
        for count in np.unique(layers):
            alike = plain[layers == count]
            for some in np.array_split(alike, max(1, len(alike) * count * pixels // CELLS_AT_ONCE)):
                if len(some):
                    yield self._plain_filling(some, int(count))

    def _plain_filling(self, lower: NDArray[np.intp], layers: int) -> Filling:
        """The filling of several intervals, each in so many layers."""
        heights = np.diff(self.stack.positions_mm)[lower]
        share = self._shares(layers, slice(0, self.grid.size[1]), slice(0, self.grid.size[0]))
        is_run = len(lower) == lower[-1] - lower[0] + 1
        blend = self.stack.blend(slice(int(lower[0]), int(lower[-1]) + 1) if is_run else lower)
        depth = blend.at(lambda field: field[:, None]).depth_mm(share)
        n, layer, j, i = np.nonzero(depth > -0.5 * self.step_mm)
        bottom, height = self.stack.positions_mm[lower[n]], heights[n]
        sizes = np.column_stack([np.full(len(n), self.step_mm), height / layers]).astype(np.float32)
        centres = self._centres(i, j, bottom + height * (layer + 0.5) / layers)
        cells = Cells.uncut(centres, sizes, lower[n].astype(np.int32))
        at = share[layer, j, i]
        return self._filling(cells, bottom + height * at, depth[n, layer, j, i], at, j, i)

    def _filled(self, number: int, slab: Slab) -> Filling:
        """The filling of one other slab."""
        layers = max(1, round(slab.height_mm / self.step_mm))
        rows, columns = _window(self.stack.fields.touched[slab.planes[0]] | self.stack.fields.touched[slab.planes[1]])
        share = self._shares(layers, rows, columns)
        depth = slab.at(lambda field: field[rows, columns] if field.size > 1 else field).depth_mm(share)
        layer, j, i = np.nonzero(depth > -0.5 * self.step_mm)
        at = share[layer, j, i]
        centres = self._centres(i + columns.start, j + rows.start, slab.bottom_mm + slab.height_mm * (layer + 0.5) / layers)
        sizes = np.tile(np.array([self.step_mm, slab.height_mm / layers], dtype=np.float32), (len(at), 1))
        cells = Cells.uncut(centres, sizes, np.full(len(at), number, dtype=np.int32))
        heights = slab.bottom_mm + slab.height_mm * at.astype(np.float64)
        return self._filling(cells, heights, depth[layer, j, i], at, j + rows.start, i + columns.start)

    def _shares(self, layers: int, rows: slice, columns: slice) -> Float32Array:
        """Heights of the samples of all layers as shares of a slab's, spread evenly over each layer."""
        row, column = np.ogrid[rows, columns]
        lift = np.mod(_ALONG_U * column + _ALONG_V * row, 1.0).astype(np.float32)
        return np.asarray((np.arange(layers, dtype=np.float32)[:, None, None] + lift) / np.float32(layers))

    def _centres(self, column: NDArray[np.intp], row: NDArray[np.intp], w: FloatArray) -> FloatArray:
        centres = np.empty((len(column), 3))
        centres[:, 0] = self.grid.first[0] + self.step_mm * column
        centres[:, 1] = self.grid.first[1] + self.step_mm * row
        centres[:, 2] = w
        return centres

    def _gathered_blend(self, lower: NDArray[np.int32], pixels: FloatArray) -> Blend:
        """The blend at points of plain intervals, given by their lower planes; fields of shape (m,)."""
        fields, bends = self.stack.fields, self.stack.bends
        lower_radius, upper_radius = (_gathered_in(fields.radii_mm, lower + side, pixels) for side in (0, 1))
        return Blend(
            _gathered_in(fields.levels_mm2, lower, pixels),
            _gathered_in(fields.levels_mm2, lower + 1, pixels),
            lower_radius,
            upper_radius,
            None if bends is None else _gathered_in(bends, lower, pixels),
        )

    def _filling(
        self,
        cells: Cells,
        heights_mm: FloatArray,
        depth: Float32Array,
        share: Float32Array,
        row: NDArray[np.intp],
        column: NDArray[np.intp],
    ) -> Filling:
        """Volumes and places of the samples of cells, by the depth there; cells outside are left out.

        The boundary is taken as straight across a cell, so the sample lies towards the inside of the cell's axis, along the
        direction in which the distance to the contours rises on the nearer plane.
        """
        sides = cells.sizes_mm[:, 0]
        coverage = np.clip(depth / sides + np.float32(0.5), np.float32(0.0), np.float32(1.0))
        if not (coverage > 0.0).all():
            hit = coverage > 0.0
            cells, coverage, share, sides = cells.at(hit), coverage[hit], share[hit], sides[hit]
            row, column, heights_mm = row[hit], column[hit], heights_mm[hit]
        places = cells.centres_mm.copy()
        places[:, 2] = heights_mm
        cut = np.flatnonzero(coverage < 1.0)
        plane = self._nearer_plane(cells.piece[cut], share[cut])
        shift = np.float32(0.5) * sides[cut] * (np.float32(1.0) - coverage[cut])
        places[cut, :2] += (shift * self._inward(plane, row[cut], column[cut])).T
        return Filling(cells, places, coverage * cells.volumes_cc)

    def _nearer_plane(self, piece: NDArray[np.int32], share: Float32Array) -> NDArray[np.intp]:
        ends = np.array([slab.planes for slab in self.stack.other_slabs], dtype=np.intp).reshape(-1, 2)
        plain = np.arange(self._planes)
        lower = np.concatenate([plain, ends[:, 0]])[piece]
        upper = np.concatenate([plain + 1, ends[:, 1]])[piece]
        return np.where(share < 0.5, lower, upper)

    def _inward(self, plane: NDArray[np.intp], row: NDArray[np.intp], column: NDArray[np.intp]) -> Float32Array:
        """Unit vectors (u, v) towards the inside, shape (2, m); 0 where there is no direction."""
        distance = self.stack.fields.distance_mm
        last_row, last_column = distance.shape[1] - 1, distance.shape[2] - 1
        before, after = np.maximum(column - 1, 0), np.minimum(column + 1, last_column)
        along_u = distance[plane, row, after] - distance[plane, row, before]
        before, after = np.maximum(row - 1, 0), np.minimum(row + 1, last_row)
        along_v = distance[plane, after, column] - distance[plane, before, column]
        length = np.maximum(np.hypot(along_u, along_v), np.float32(1e-6))
        return np.stack([along_u / length, along_v / length])

    def to_lps(self, turned_mm: FloatArray) -> FloatArray:
        """LPS points of turned coordinates, both of shape (n, 3), mm."""
        # Written out: the matrix product of BLAS is slow for such narrow arrays.
        u, v, w = turned_mm.T
        rows = zip(self._axes(), self.geometry.origin_mm, strict=True)
        return np.column_stack([u * row[0] + v * row[1] + w * row[2] + origin for row, origin in rows])

    def corners_mm(self) -> FloatArray:
        """LPS corners of a box around the body, shape (8, 3)."""
        last = self.grid.first + self.grid.steps_mm * (np.array(self.grid.size) - 1)
        low, high = self.stack.extent_mm
        return self.to_lps(box_corners(np.array([*self.grid.first, low]), np.array([*last, high])))

    def contains(self, points_mm: FloatArray) -> BoolArray:
        """Whether LPS points, shape (n, 3), lie in the body, shape (n,); interpolated between the pixels of the grid."""
        turned = (points_mm - np.asarray(self.geometry.origin_mm)) @ self._axes()
        pixels = (turned[:, :2] - self.grid.first) / self.grid.steps_mm
        piece = self.stack.piece_at(turned[:, 2])
        near = (piece >= 0) & ((pixels >= 0) & (pixels <= np.asarray(self.grid.size) - 1)).all(axis=1)
        inside = np.zeros(len(turned), dtype=np.bool_)
        inside[near] = self._depths(pixels[near], turned[near, 2], piece[near])[0] > 0.0
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
    loops = _without_bridges([plane.polygons for plane in planes])
    polygons = [[loop @ _turn() for loop in plane] for plane in loops]
    grid = _grid(polygons, _step_mm(structure, planes, wanted))
    stack = SlabStack.of(plane_fields(polygons, grid), planes, end_caps)
    if missing := stack.missing_contours():
        raise DosimetryError(
            f"Structure '{structure.name}'",
            missing,
            "Contour every slice in between, or interpolate the contours in the planning system.",
            "contours on every slice",
        )
    return ContourBody(structure.name, frame, stack)


def _without_bridges(planes: Sequence[Sequence[FloatArray]]) -> list[list[FloatArray]]:
    """Loops without the bridges of keyholes, along which the distance to an edge is 0 within the structure."""
    polygons = [polygon for plane in planes for polygon in plane]
    lengths = [len(polygon) for polygon in polygons]
    points = np.rint(np.concatenate(polygons) / SAME_POINT_MM).astype(np.int64)
    owner = np.repeat(np.arange(len(polygons)), lengths)
    # A keyhole passes twice through the ends of its bridge; most polygons pass through no point twice.
    order = np.lexsort((points[:, 1], points[:, 0], owner))
    same = (np.diff(points[order], axis=0) == 0).all(axis=1) & (np.diff(owner[order]) == 0)
    has_bridge = np.zeros(len(polygons), dtype=np.bool_)
    has_bridge[owner[order][:-1][same]] = True
    flags = iter(has_bridge)
    return [[loop for polygon in plane for loop in (opened(polygon) if next(flags) else [polygon])] for plane in planes]


def _turn() -> FloatArray:
    """Matrix that takes row vectors along the CT's rows and columns to the pixel grid."""
    return np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])


def _step_mm(structure: Structure, planes: Sequence[ContourPlane], wanted: int) -> float:
    # Areas and lengths of all polygons at once; only planes of several loops need a look at how these are nested.
    polygons = [polygon for plane in planes for polygon in plane.polygons]
    edges = Edges.of([polygon - polygon[0] for polygon in polygons])
    starts = np.unique(edges.first)
    turning = 0.5 * np.add.reduceat(edges.start_u * edges.along_v - edges.start_v * edges.along_u, starts)
    length_mm = float(np.hypot(edges.along_u, edges.along_v).sum())
    alone = iter(np.abs(turning).tolist())
    own = [[next(alone) for _ in plane.polygons] for plane in planes]
    areas = [area[0] if len(area) == 1 else even_odd_area(plane.polygons) for area, plane in zip(own, planes, strict=True)]
    volume_mm3 = sum(area * plane.thickness_mm for area, plane in zip(areas, planes, strict=True))
    if not volume_mm3 > 0.0:
        raise DosimetryError(
            f"Structure '{structure.name}'", "its contours enclose no area", "Correct them or leave it out of the case."
        )
    step = min((volume_mm3 / wanted) ** (1.0 / 3.0), THICKNESS_SHARE * 2.0 * sum(areas) / length_mm)
    vertices = np.concatenate(polygons)
    box_mm2 = float(np.prod(vertices.max(axis=0) - vertices.min(axis=0)))
    # Thin structures in a wide box would need more pixels than there is memory for: they are sampled as finely as it goes.
    affordable = float(max((box_mm2 * len(planes) / MOST_PIXELS) ** 0.5, (volume_mm3 / MOST_SAMPLES) ** (1.0 / 3.0)))
    return max(float(np.clip(step, FINEST_STEP_MM, COARSEST_STEP_MM)), affordable)


def _grid(polygons: Sequence[Sequence[FloatArray]], step_mm: float) -> PixelGrid:
    vertices = np.concatenate([polygon for plane in polygons for polygon in plane])
    first = vertices.min(axis=0) - 2.0 * step_mm
    nu, nv = (int(n) for n in np.ceil((vertices.max(axis=0) - first) / step_mm) + 3)
    return PixelGrid(first, np.full(2, step_mm), (nu, nv))


def _window(mask: BoolArray) -> tuple[slice, slice]:
    """Rows and columns of a mask, with a margin for shapes that bulge between planes."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return _around(rows, mask.shape[0]), _around(columns, mask.shape[1])


def _around(hits: NDArray[np.intp], size: int) -> slice:
    return slice(max(int(hits[0]) - MARGIN_PIXELS, 0), min(int(hits[-1]) + MARGIN_PIXELS + 1, size))


def _gathered(pixels: FloatArray, field: Float32Array) -> Float32Array:
    """A field, shape (nv, nu), at points (u, v) in pixels, interpolated bilinearly, shape (m,)."""
    from scipy.ndimage import map_coordinates

    return (
        field.ravel() if field.size == 1 else np.asarray(map_coordinates(field, pixels[:, ::-1].T, order=1, mode="nearest"))
    )


def _gathered_in(fields: Float32Array, plane: NDArray[np.int32], pixels: FloatArray) -> Float32Array:
    """Fields of several planes at points on one plane each, shape (m,)."""
    from scipy.ndimage import map_coordinates

    if fields.shape[1:] == (1, 1):
        return np.asarray(fields[plane, 0, 0])
    where = np.stack([plane.astype(np.float64), pixels[:, 1], pixels[:, 0]])
    return np.asarray(map_coordinates(fields, where, order=1, mode="nearest"))
