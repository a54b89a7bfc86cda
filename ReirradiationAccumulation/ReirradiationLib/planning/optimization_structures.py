"""Optimization structures: an organ cut along isodoses of the prior sum, as contours on the planes of the CT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count

import numpy as np

from ..dosimetry.plane_stack import ContourPlane, contour_planes, to_lps
from ..model.arrays import Float32Array, FloatArray
from ..model.contour_shape import even_odd_area
from ..model.course import AnyCourse
from ..model.errors import CaseError
from ..model.geometry import Geometry
from ..model.planning_choice import OptimizationRequest, TargetOverlap
from ..model.structure import InterpretedType, Structure
from .closing import closed_within
from .levels import OptimizationLevels, ShellLevel
from .limit_colours import limit_colour
from .organ_raster import OrganRaster, PriorDose, organ_rasters
from .plane_loops import plane_loops
from .planned_organ import PlannedOrgan
from .shell_description import description, remarks
from .shell_naming import shell_name
from .target_distance import target_distance_mm
from .targets import PlannedTarget


class ShellVariant(str, Enum):
    """Whether a structure reaches into the targets."""

    KEPT = "kept"
    CROPPED = "cropped"


_VARIANTS = {
    TargetOverlap.KEEP: (ShellVariant.KEPT,),
    TargetOverlap.CROP: (ShellVariant.CROPPED,),
    TargetOverlap.BOTH: (ShellVariant.KEPT, ShellVariant.CROPPED),
}


@dataclass(frozen=True, eq=False)
class Shell:
    """One optimization structure.

    Parameters
    ----------
    level : ShellLevel
    structure : Structure
        Loops on the CT's planes, LPS, holes by even–odd; without contours if the shell is empty.
    volume_cc : float
        Area of the contours times the slab of each plane.
    variant : ShellVariant
    is_sub_voxel : bool
        Whether it is not empty, but smaller than a voxel of the CT.
    remarks : tuple of str
        What is special about it, for the reader.
    """

    level: ShellLevel
    structure: Structure
    volume_cc: float
    variant: ShellVariant = ShellVariant.KEPT
    is_sub_voxel: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it has no contours, and so is listed but not exported."""
        return not self.structure.contours_mm


def make_shells(
    planned: PlannedOrgan,
    request: OptimizationRequest,
    levels: OptimizationLevels,
    organ: Structure,
    geometry: Geometry,
    courses: Sequence[AnyCourse],
    recoveries: Sequence[float],
    targets: Sequence[PlannedTarget],
    label: tuple[str, int],
) -> tuple[Shell, ...]:
    """Cut an organ into optimization structures, ``S_k = organ ∩ {D_k ≤ prior EQD2 < D_(k−1)}``.

    The boundaries are isolines of the dose field and of the distance to the contours, not of voxel masks. Neighbouring
    shells share the same isoline, so they are disjoint.

    Parameters
    ----------
    planned : PlannedOrgan
        Where P, R and A come from.
    request : OptimizationRequest
    levels : OptimizationLevels
    organ : Structure
    geometry : Geometry
        Grid of the current CT.
    courses : sequence of Course or PointCourse
        Prior courses.
    recoveries : sequence of float
        Recovered fraction of each.
    targets : sequence of PlannedTarget
        All targets of the new course, which cropped structures stay away from.
    label : (str, int)
        What stands for the organ in the names, see :func:`.shell_naming.organ_stems`, and ROINumber of the first shell.

    Returns
    -------
    tuple of Shell
        By level; of the variants the kept one first. Empty ones are among them.

    Raises
    ------
    DosimetryError
        If the contours of the organ, or of a target to be cropped from, cannot be used.
    CaseError
        If structures are to be cropped from targets and there are none.
    """
    if not levels.shells:
        return ()
    variants = _VARIANTS[request.overlap]
    cropped_from = _target_planes(request, targets, geometry) if ShellVariant.CROPPED in variants else ()
    cuts = [(level, variant) for level in levels.shells for variant in variants]
    pieces = [_Pieces(geometry) for _ in cuts]
    prior = PriorDose(request, tuple(courses), tuple(recoveries))
    for raster in organ_rasters(contour_planes(organ, geometry), geometry, request.smoothing_mm):
        fields = _shell_fields(raster, request, levels, prior)
        clearance = target_distance_mm(raster, cropped_from, request.crop_margin_mm) if cropped_from else None
        for piece, (level, variant) in zip(pieces, cuts, strict=True):
            field = fields.get(level.index)
            if field is not None and variant is ShellVariant.CROPPED and clearance is not None:
                field = np.minimum(field, clearance - np.float32(request.crop_margin_mm))
            if field is not None:
                piece.add(raster, field)
    stem, number = label
    names = [target.name for target in targets]
    shells = []
    for piece, (level, variant), n in zip(pieces, cuts, count(number)):
        is_cropped = variant is ShellVariant.CROPPED
        structure = Structure(
            name=shell_name(stem, level, is_cropped),
            number=n,
            contours_mm=tuple(piece.loops_mm),
            colour=limit_colour(level.limit_physical_gy, planned.prescription_gy),
            interpreted_type=InterpretedType.CONTROL.value,
            description=description(planned, request, levels, level, names if is_cropped else ()),
        )
        volumes_cc = (piece.volume_cc, geometry.voxel_volume_cc)
        cropped_mm = request.crop_margin_mm if is_cropped else None
        told = remarks(levels, level, planned.prescription_gy, volumes_cc, cropped_mm)
        is_sub_voxel = 0.0 < piece.volume_cc < geometry.voxel_volume_cc
        shells.append(Shell(level, structure, piece.volume_cc, variant, is_sub_voxel, told))
    return tuple(shells)


class _Pieces:
    """The contours of one shell, as they are gathered plane by plane."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self.loops_mm: list[FloatArray] = []
        self.volume_cc = 0.0

    def add(self, raster: OrganRaster, field: Float32Array) -> None:
        """Add what a field, shape (n, nv, nu), encloses on the planes of a raster."""
        found = plane_loops(field, raster.firsts_mm, raster.step_mm, self._geometry)
        for plane, loops in zip(raster.planes, found, strict=True):
            self.volume_cc += even_odd_area(loops) * plane.thickness_mm / 1000.0
            for loop in loops:
                local = np.column_stack([loop, np.full(len(loop), plane.position_mm)])
                self.loops_mm.append(to_lps(local, self._geometry))


def _shell_fields(
    raster: OrganRaster, request: OptimizationRequest, levels: OptimizationLevels, prior: PriorDose
) -> dict[int, Float32Array]:
    """For each shell that may hold something: about the distance to its boundary, positive inside, by its index.

    Of the unions ``U_k = organ ∩ {prior ≥ D_k}``, smoothed or not, each holds the one before, so ``S_k = U_k − U_(k−1)``.
    """
    depth = raster.depth_mm
    dose = raster.dose_distances(prior)
    fields: dict[int, Float32Array] = {}
    hotter: Float32Array | None = None
    for level in levels.shells:
        if level.is_above_prior:
            continue
        union = depth
        if level.lower_eqd2_gy > 0.0:
            union = np.where(raster.is_sampled, np.minimum(depth, dose.beyond_mm(level.lower_eqd2_gy)), depth)
            union = closed_within(union, depth, request.smoothing_mm, raster.step_mm)
        fields[level.index] = union if hotter is None else np.minimum(union, -hotter)
        hotter = union
    return fields


def _target_planes(
    request: OptimizationRequest, targets: Sequence[PlannedTarget], geometry: Geometry
) -> tuple[ContourPlane, ...]:
    if not targets:
        raise CaseError(
            f"Optimization structures of '{request.structure}'",
            f"overlap '{request.overlap.value}', but the new course has no targets",
            "Name the targets of the new course, or keep the structures as they are.",
        )
    return tuple(plane for target in targets for plane in contour_planes(target.structure, geometry))
