"""The grid of the volumes that are shown and exported: mapped doses and EQD2 sums. No metric is taken from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.case import GridChoice
from ..model.course import Course
from ..model.errors import CaseError
from ..model.geometry import Geometry, Vector3
from ..model.image import Image
from ..model.structure import Structure
from .mapping import MappedDose

COARSEST_MM = 2.0
"""Default spacing, unless a dose is finer."""

MOST_VOXELS = 100_000_000
"""A volume of so many voxels takes 400 MB, and there is one for every course and every sum."""

SEARCH_STEP_MM = 5.0
"""How finely the current anatomy is searched for where a dose reaches it."""

TISSUE_HU = -400.0
"""Denser than this is patient, or what the patient lies on."""


@dataclass(frozen=True)
class ReferenceGrid:
    """The grid, and why it is this one, in words for the report."""

    geometry: Geometry
    why: str


@dataclass(frozen=True)
class GridCoverage:
    """How much a course's dose leaves unknown on the grid.

    Parameters
    ----------
    course : str
        Its identifier.
    structures_percent : float or None
        Of the voxels in the structures of the case; None if no voxel is in any.
    tissue_percent : float or None
        Of the voxels denser than :data:`TISSUE_HU`; None if there are none.
    """

    course: str
    structures_percent: float | None
    tissue_percent: float | None


def reference_grid(
    choice: GridChoice, ct: Image, structures: Iterable[Structure], courses: Sequence[Course]
) -> ReferenceGrid:
    """Choose the grid: parallel to the CT, with a voxel centre on the CT's first one.

    It covers the structures with the margin, and all that the doses reach on the current anatomy, but nothing beyond the
    CT: there is no anatomy to show a dose on, and planning systems refuse doses beside their CT.

    Parameters
    ----------
    choice : GridChoice
    ct : Image
        The current CT.
    structures : iterable of Structure
        Those of the case.
    courses : sequence of Course
        All with a dose distribution.

    Raises
    ------
    CaseError
        If the grid would hold more than :data:`MOST_VOXELS`.
    """
    if choice.is_ct:
        return ReferenceGrid(ct.geometry, "the CT's own grid, as the case states")
    spacing_mm, rule = _spacing(choice, courses)
    boxes = [*_structure_boxes(structures, ct.geometry, choice.margin_mm), *_dose_boxes(courses, ct.geometry)]
    geometry = _covering(boxes, ct.geometry, spacing_mm)
    if (count := int(np.prod(geometry.size, dtype=np.int64))) > MOST_VOXELS:
        found = f"{count / 1e6:.0f} million voxels of {' × '.join(f'{s:g}' for s in spacing_mm)} mm"
        remedy = "State 'reference_grid' with a larger spacing_mm or a smaller margin_mm, or \"ct\"."
        raise CaseError("Reference grid", found, remedy, f"at most {MOST_VOXELS / 1e6:.0f} million")
    covered = f"the structures of the case with {choice.margin_mm:g} mm around them and all that the doses reach"
    why = f"{rule}; {covered}, within the CT"
    return ReferenceGrid(geometry, why)


def coverage(
    grid: ReferenceGrid, ct: Image, courses: Sequence[Course], mapped: Sequence[MappedDose], structures: BoolArray
) -> tuple[GridCoverage, ...]:
    """What each course's dose leaves unknown; ``structures`` is the mask of all structures of the case on the grid."""
    tissue = _tissue(ct, grid.geometry)
    return tuple(
        GridCoverage(course.identifier, _percent(dose.known, structures), _percent(dose.known, tissue))
        for course, dose in zip(courses, mapped, strict=True)
    )


def _percent(known: BoolArray, mask: BoolArray) -> float | None:
    count = int(np.count_nonzero(mask))
    return 100.0 * (1.0 - np.count_nonzero(known & mask) / count) if count else None


def _tissue(ct: Image, grid: Geometry) -> BoolArray:
    """By the nearest voxel of the CT."""
    axes = np.asarray(ct.geometry.direction)
    first_mm = (np.asarray(grid.origin_mm) - np.asarray(ct.geometry.origin_mm)) @ axes
    nearest = [
        np.clip(
            np.rint((first_mm[n] + grid.spacing_mm[n] * np.arange(grid.size[n])) / ct.geometry.spacing_mm[n]), 0, last - 1
        )
        for n, last in enumerate(ct.geometry.size)
    ]
    i, j, k = (index.astype(np.intp) for index in nearest)
    return np.asarray(ct.voxels_hu[np.ix_(k, j, i)] > TISSUE_HU)


def _spacing(choice: GridChoice, courses: Sequence[Course]) -> tuple[Vector3, str]:
    finest_mm = min((min(course.dose.geometry.spacing_mm) for course in courses), default=COARSEST_MM)
    if choice.spacing_mm is not None:
        coarser = max(choice.spacing_mm) > finest_mm * (1.0 + 1e-6)
        note = f", coarser than the finest dose ({finest_mm:g} mm): peaks between its voxels do not show" if coarser else ""
        return choice.spacing_mm, f"spacing as the case states{note}"
    if finest_mm < COARSEST_MM:
        return (finest_mm, finest_mm, finest_mm), f"isotropic, as fine as the finest dose ({finest_mm:g} mm)"
    return (COARSEST_MM, COARSEST_MM, COARSEST_MM), f"isotropic, {COARSEST_MM:g} mm, no dose is finer"


_Box = tuple[FloatArray, FloatArray]
"""Lowest and highest coordinate along the axes of the CT, mm from its first voxel centre, each of shape (3,)."""


def _structure_boxes(structures: Iterable[Structure], ct: Geometry, margin_mm: float) -> list[_Box]:
    boxes = []
    for structure in structures:
        if structure.contours_mm:
            points = np.concatenate(structure.contours_mm) - np.asarray(ct.origin_mm)
            local = points @ np.asarray(ct.direction)
            boxes.append((local.min(axis=0) - margin_mm, local.max(axis=0) + margin_mm))
    return boxes


def _dose_boxes(courses: Sequence[Course], ct: Geometry) -> list[_Box]:
    """Where the doses reach the anatomy of the CT: found by a search, for a deformation cannot be inverted."""
    size = [int(np.ceil((n - 1) * s / SEARCH_STEP_MM)) + 1 for n, s in zip(ct.size, ct.spacing_mm, strict=True)]
    search = Geometry(ct.origin_mm, (SEARCH_STEP_MM,) * 3, ct.direction, (size[0], size[1], size[2]))
    boxes = []
    for course in courses:
        found = np.stack([_near(course, search, k) for k in range(search.size[2])])
        if found.any():
            ends = [np.flatnonzero(found.any(axis=other))[[0, -1]] for other in ((0, 1), (0, 2), (1, 2))]
            low, high = np.array(ends, dtype=np.float64).T * SEARCH_STEP_MM
            boxes.append((low - SEARCH_STEP_MM, high + SEARCH_STEP_MM))
    return boxes


def _near(course: Course, search: Geometry, k: int) -> BoolArray:
    """Whether the points of slice k, shape (nj, ni), lie in the dose grid or less than a step beside it."""
    dose = course.dose.geometry
    index = dose.to_index(course.transform.apply(search.plane_points(k)))
    beside = SEARCH_STEP_MM / np.asarray(dose.spacing_mm)
    near = ((index >= -beside) & (index <= np.asarray(dose.size) - 1.0 + beside)).all(axis=1)
    return np.asarray(near.reshape(search.shape[1:]))


def _covering(boxes: Sequence[_Box], ct: Geometry, spacing_mm: Vector3) -> Geometry:
    """The smallest grid with the CT's first voxel centre among its own (if it reaches there) that covers all boxes."""
    step = np.asarray(spacing_mm)
    half_pixel, size_mm = np.asarray(ct.spacing_mm) / 2.0, np.asarray(ct.size) * np.asarray(ct.spacing_mm)
    # The CT's own ends; a millionth of a step is for rounding.
    least, most = np.ceil(-half_pixel / step - 1e-6), np.floor((size_mm - half_pixel) / step + 1e-6)
    first, last = least, most
    if boxes:
        first = np.floor(np.min([low for low, _ in boxes], axis=0) / step + 1e-6).clip(least, most)
        last = np.ceil(np.max([high for _, high in boxes], axis=0) / step - 1e-6).clip(least, most)
    origin = np.asarray(ct.origin_mm) + np.asarray(ct.direction) @ (first * step)
    i, j, k = (last - first).astype(int).tolist()
    x, y, z = origin.tolist()
    return Geometry((x, y, z), spacing_mm, ct.direction, (i + 1, j + 1, k + 1))
