"""Any map of points sampled onto a displacement grid, with the error that this costs measured between the nodes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from .arrays import Float32Array, FloatArray
from .errors import RegistrationError
from .geometry import Geometry
from .transform import Affine, DisplacementGrid, TransformStep

PointMap: TypeAlias = Callable[[FloatArray], FloatArray]
"""LPS mm of the current frame, shape (n, 3), to LPS mm of another one; NaN where it is undefined."""


class PointStep(Protocol):
    """A step of a chain that may be neither a matrix nor a grid."""

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Transformed points, shape (n, 3); NaN where undefined."""
        ...


TOLERANCE_MM = 0.05
"""Sampling error that is aimed at: a hundredth of a CT voxel's diagonal."""

LARGEST_ERROR_MM = 1.0
"""Sampling error beyond which a map is too rough to be given as a grid."""

COARSEST_MM = 4.0
FINEST_MM = 1.0
MOST_NODES = 8_000_000
"""Of a grid: 96 MB of vectors."""

MOST_CHECKED = 150_000
"""Points between the nodes that are checked for each of the seven places in a cell."""

BLOCK = 200_000


@dataclass(frozen=True, eq=False)
class SampledMap:
    """A displacement grid that stands for a map.

    Parameters
    ----------
    grid : DisplacementGrid
        NaN where the map is undefined.
    largest_error_mm : float
        Largest distance between the map and the grid at the centres of edges, faces and cells that were looked at.
    defined_percent : float
        Share of the nodes where the map is defined.
    """

    grid: DisplacementGrid
    largest_error_mm: float
    defined_percent: float

    def in_words(self) -> str:
        """What was done, for the source of a transform."""
        spacing = " × ".join(f"{s:.2f}" for s in self.grid.geometry.spacing_mm)
        coarse = "" if self.largest_error_mm <= TOLERANCE_MM else f", which is over the {TOLERANCE_MM} mm aimed at"
        part = "" if self.defined_percent > 99.95 else f", defined at {self.defined_percent:.1f} % of the current CT's box"
        return f"sampled every {spacing} mm, largest error {self.largest_error_mm:.3f} mm{coarse}{part}"


def sampled_steps(
    steps: Sequence[PointStep], on: Geometry, subject: str
) -> tuple[tuple[TransformStep, ...], SampledMap | None]:
    """A chain as matrices and grids: sampled up to the last step that is neither, exact from there on.

    Parameters
    ----------
    steps : sequence of PointStep
        Applied in order to points of the current frame.
    on, subject
        As for :func:`sample_displacements`, which also tells the errors raised.

    Returns
    -------
    steps : tuple of Affine or DisplacementGrid
        Neighbouring matrices are multiplied.
    sampled : SampledMap or None
        None if nothing had to be sampled.
    """
    first_exact = max((n + 1 for n, s in enumerate(steps) if not isinstance(s, (Affine, DisplacementGrid))), default=0)
    found: list[TransformStep] = []
    sampled = None
    if first_exact:
        sampled = sample_displacements(lambda points_mm: _through(steps[:first_exact], points_mm), on, subject)
        found.append(sampled.grid)
    for step in steps[first_exact:]:
        last = found[-1] if found else None
        if isinstance(step, Affine) and isinstance(last, Affine):
            found[-1] = Affine(step.matrix @ last.matrix)
        elif isinstance(step, (Affine, DisplacementGrid)):
            found.append(step)
    return tuple(found), sampled


def _through(steps: Sequence[PointStep], points_mm: FloatArray) -> FloatArray:
    for step in steps:
        points_mm = step.apply(points_mm)
    return points_mm


def sample_displacements(point_map: PointMap, on: Geometry, subject: str) -> SampledMap:
    """Sample a map on the box of a grid, as finely as its curvature demands.

    A trilinear grid is exact for affine maps; what it misses of others falls with the square of the spacing. It is
    measured where it is largest, half-way between nodes along every combination of axes, and the spacing is refined from
    4 mm until the error is at most 0.05 mm, or the grid would become too large.

    Parameters
    ----------
    point_map : callable
        Current LPS mm to LPS mm, NaN where undefined.
    on : Geometry
        Its voxels, outer halves included, are the box; the axes are kept.
    subject : str
        What is sampled, for messages.

    Raises
    ------
    RegistrationError
        If the map is defined nowhere in the box, or so rough that the error stays above 1 mm.
    """
    spacing_mm = _fitting_spacing(on, COARSEST_MM)
    while True:
        sampled = _sampled(point_map, _sampling_grid(on, spacing_mm), subject)
        # A little further than the law of squares says, so that one refinement is enough.
        wanted = _fitting_spacing(
            on, max(FINEST_MM, 0.9 * spacing_mm * (TOLERANCE_MM / max(sampled.largest_error_mm, 1e-9)) ** 0.5)
        )
        if sampled.largest_error_mm <= TOLERANCE_MM or wanted > 0.95 * spacing_mm:
            break
        spacing_mm = wanted
    if sampled.largest_error_mm > LARGEST_ERROR_MM:
        raise RegistrationError(
            subject,
            f"it is so rough that sampling it misses it by {sampled.largest_error_mm:.1f} mm",
            "Convert it to a displacement field in the direction current to prior with the program that made it.",
            f"at most {LARGEST_ERROR_MM} mm",
        )
    return sampled


def _sampled(point_map: PointMap, geometry: Geometry, subject: str) -> SampledMap:
    vectors: Float32Array = np.empty((*geometry.shape, 3), dtype=np.float32)
    flat = vectors.reshape(-1, 3)
    for part, index in _blocks(geometry.size):
        points = geometry.to_lps(index)
        flat[part] = point_map(points) - points
    known = np.isfinite(flat).all(axis=1)
    flat[~known] = np.nan
    grid = DisplacementGrid(geometry, vectors)
    error = _largest_error_mm(point_map, grid)
    if error is None:
        raise RegistrationError(
            subject,
            "it is defined nowhere on the current CT",
            "Check that it belongs to this CT, and its direction: current to prior.",
            "a transform of the current anatomy",
        )
    return SampledMap(grid, error, 100.0 * float(known.mean()))


def _largest_error_mm(point_map: PointMap, grid: DisplacementGrid) -> float | None:
    """Largest error half-way between nodes; None if no point has a displacement.

    Not at the centres of cells alone: there the errors along the axes may cancel, and do for harmonic maps.
    """
    cells = np.array(grid.geometry.size) - 1
    stride = max(1, int(np.ceil((np.prod(cells, dtype=np.float64) / MOST_CHECKED) ** (1 / 3))))
    corners = np.stack(np.meshgrid(*(np.arange(0, count, stride) for count in cells), indexing="ij"), axis=-1).reshape(-1, 3)
    largest: float | None = None
    for place in itertools.product((0.0, 0.5), repeat=3):
        if not any(place):
            continue
        points = grid.geometry.to_lps(corners + place)
        error = np.linalg.norm(point_map(points) - grid.apply(points), axis=1)
        error = error[np.isfinite(error)]
        if error.size:
            largest = max(largest or 0.0, float(error.max()))
    return largest


def _blocks(size: tuple[int, int, int]) -> Iterator[tuple[slice, FloatArray]]:
    """Indices (i, j, k) of all nodes, i running fastest, some at a time, with their places in the list."""
    ni, nj, nk = size
    for start in range(0, ni * nj * nk, BLOCK):
        number = np.arange(start, min(start + BLOCK, ni * nj * nk))
        index = np.stack([number % ni, number // ni % nj, number // (ni * nj)], axis=1)
        yield slice(start, start + len(number)), index.astype(np.float64)


def _extent_mm(on: Geometry) -> FloatArray:
    return np.asarray(np.asarray(on.size) * np.asarray(on.spacing_mm), dtype=np.float64)


def _fitting_spacing(on: Geometry, spacing_mm: float) -> float:
    """The spacing, or the finest whose grid is not too large."""
    return max(spacing_mm, float((np.prod(_extent_mm(on)) / MOST_NODES) ** (1 / 3)) * 1.02)


def _sampling_grid(on: Geometry, spacing_mm: float) -> Geometry:
    """A grid along the axes of another, from its first outer face to its last."""
    extent = _extent_mm(on)
    cells = np.maximum(np.ceil(extent / spacing_mm - 1e-9), 1).astype(int)
    origin = on.to_lps(np.array([[-0.5, -0.5, -0.5]]))[0]
    i, j, k = (extent / cells).tolist()
    ni, nj, nk = (cells + 1).tolist()
    return Geometry((float(origin[0]), float(origin[1]), float(origin[2])), (i, j, k), on.direction, (ni, nj, nk))
