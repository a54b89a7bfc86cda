"""The dose pictures of the report: which organs, which slices, which levels."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ..model.arrays import FloatArray
from ..model.geometry import Vector3
from ..model.interpolation import trilinear
from ..model.protocol import Basis
from ..model.scene import (
    DoseQuantity,
    Orientation,
    Outline,
    OutlineRole,
    PictureMaker,
    PictureRequest,
    SceneContent,
    SceneDose,
)
from .figure_style import round_step
from .organs_of_concern import OrganOfConcern, organs_by_concern
from .picture_slices import slice_corners, slice_structure
from .results import CaseResults

SIDE_PX = 480
"""Printed 51 mm wide that is 240 dots per inch."""

FIELD_OF_VIEW_MM = 150.0
MOST_ORGANS = 4
MOST_ISODOSES = 5
MOST_SCALE_STEPS = 12

Rgb: TypeAlias = tuple[int, int, int]
TARGET_COLOURS: tuple[Rgb, ...] = ((255, 0, 160), (150, 0, 255), (255, 60, 60))
ORGAN_COLOUR: Rgb = (0, 245, 160)
SHELL_COLOURS: tuple[Rgb, ...] = ((255, 255, 255), (120, 220, 255), (190, 255, 60), (255, 210, 120))
"""Green, white and cyan lie outside of the colours of dose; targets have a white edge."""


@dataclass(frozen=True)
class ReportPicture:
    """A picture of the report, and what it shows."""

    caption: str
    data: bytes
    mime_type: str = "image/png"

    def data_uri(self) -> str:
        """The picture as text that an HTML page can hold."""
        return f"data:{self.mime_type};base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True)
class OutlineKey:
    """What the legend says of an outline."""

    name: str
    colour: Rgb
    role: OutlineRole


@dataclass(frozen=True)
class PictureRow:
    """One dose in the three planes, in the order of :class:`.Orientation`."""

    title: str
    pictures: tuple[ReportPicture, ...]


@dataclass(frozen=True)
class OrganDosePictures:
    """All pictures through the maximum of one organ; colours and levels are the same in all of them.

    Parameters
    ----------
    organ : str
    point_mm : (x, y, z)
        LPS point of the largest raw sum of all courses among the organ's samples, with its own α/β.
    maximum_gy : float
        Upper end of the colours, Gy EQD2; whatever is above has the same colour.
    isodoses_gy : tuple of float
    outlines : tuple of OutlineKey
    rows : tuple of PictureRow
        The prior courses, then all courses if there is a new plan.
    composite_gy : float
        What the last of the volumes that are drawn holds at the point, which is no value of the organ.
    """

    organ: str
    point_mm: Vector3
    maximum_gy: float
    isodoses_gy: tuple[float, ...]
    outlines: tuple[OutlineKey, ...]
    rows: tuple[PictureRow, ...]
    composite_gy: float = 0.0


@dataclass(frozen=True)
class PictureSet:
    """All pictures, or why there are none; ``left_out`` are the organs of less concern that are not shown."""

    organs: tuple[OrganDosePictures, ...]
    missing: str
    left_out: tuple[str, ...] = ()

    @property
    def pictures(self) -> tuple[ReportPicture, ...]:
        """The pictures of all organs."""
        return tuple(picture for organ in self.organs for row in organ.rows for picture in row.pictures)


NO_DOSE_PICTURES = PictureSet((), "nothing is mapped yet")


LEAST_STEP = 0.05
"""Share of the scale by which two isodoses must differ to be told apart in the legend."""


def draw_pictures(
    results: CaseResults, content: SceneContent, maker: PictureMaker | None, check: Callable[[str], None]
) -> PictureSet:
    """Draw three planes of the prior and the cumulative EQD2 through the maximum of every organ of concern, at most four.

    Parameters
    ----------
    results : CaseResults
    content : SceneContent
        Its EQD2 volumes are shown.
    maker : PictureMaker or None
        None if the caller has no way to draw.
    check : callable
        Called with a word before the pictures of each organ; raises if the user cancelled.
    """
    reason = "this way of running draws no pictures" if maker is None else maker.unavailable_because()
    organs = organs_by_concern(results)
    doses = [dose for dose in content.doses if dose.quantity is DoseQuantity.EQD2]
    if maker is None or reason or not organs or not doses:
        return PictureSet((), reason or "the case evaluates no structure, or no course has a dose distribution")
    drawn = []
    for organ in organs[:MOST_ORGANS]:
        check(f"dose pictures, {organ.name}")
        drawn.append(_organ_pictures(organ, results, doses, maker))
    return PictureSet(tuple(drawn), "", tuple(organ.name for organ in organs[MOST_ORGANS:]))


def _organ_pictures(
    organ: OrganOfConcern, results: CaseResults, doses: Sequence[SceneDose], maker: PictureMaker
) -> OrganDosePictures:
    sum_gy: FloatArray = organ.result.final.eqd2_gy(organ.result.alpha_beta_gy, Basis.RAW)
    point = _vector(organ.result.final.samples.points_mm[int(np.argmax(sum_gy))])
    top_gy = scale_end(max([float(sum_gy.max()), *organ.limits_gy]))
    isodoses = _with_limit(_isodoses(top_gy), organ.limits_gy, top_gy)
    structures = _outlined(organ.name, results)
    slices = {one: _slices(one, structures, point, results) for one in Orientation}
    titles = [_title(dose, results) for dose in doses]
    requests = [
        PictureRequest(
            image=results.records.ct,
            dose=dose,
            outlines=slices[orientation],
            orientation=orientation,
            point_mm=point,
            isodoses_gy=isodoses,
            maximum_gy=top_gy,
            field_of_view_mm=FIELD_OF_VIEW_MM,
            title=title,
        )
        for title, dose in zip(titles, doses, strict=True)
        for orientation in Orientation
    ]
    data = iter(maker.draw_all(requests, SIDE_PX, SIDE_PX))
    where = f"through the maximum of {organ.name} at LPS ({point[0]:.0f}, {point[1]:.0f}, {point[2]:.0f}) mm"
    rows = [
        PictureRow(
            title,
            tuple(ReportPicture(f"{title}, {one.value}, {where}", next(data), "image/jpeg") for one in Orientation),
        )
        for title in titles
    ]
    seen = {outline.structure.name for shown in slices.values() for outline in shown if outline.structure.mask.any()}
    keys = tuple(OutlineKey(name, colour, role) for name, colour, role in structures if name in seen)
    last = doses[-1]
    values, _ = trilinear(last.voxels_gy, last.geometry.to_index(np.array([point])))
    return OrganDosePictures(organ.name, point, top_gy, isodoses, keys, tuple(rows), float(values[0]))


def _outlined(organ: str, results: CaseResults) -> list[tuple[str, Rgb, OutlineRole]]:
    """Targets, the organ and its optimization structures, with colours that differ from one another and from dose."""
    chosen = [request.target for request in results.case.optimization if request.target]
    targets = [name for name in dict.fromkeys([*(one.name for one in results.planning.targets), *chosen]) if name != organ]
    named = [(name, TARGET_COLOURS[n % len(TARGET_COLOURS)], OutlineRole.TARGET) for n, name in enumerate(targets)]
    shells = [
        shell.structure.name
        for result in results.optimization
        if result.request.structure == organ
        for shell in result.exported()
    ]
    dashed = [(name, SHELL_COLOURS[n % len(SHELL_COLOURS)], OutlineRole.SHELL) for n, name in enumerate(shells)]
    return [*named, (organ, ORGAN_COLOUR, OutlineRole.ORGAN), *dashed]


def _slices(
    orientation: Orientation, structures: Sequence[tuple[str, Rgb, OutlineRole]], point: Vector3, results: CaseResults
) -> tuple[Outline, ...]:
    """The outlines around one slice, from masks made for it."""
    corners = slice_corners(orientation, point, 0.5 * FIELD_OF_VIEW_MM)
    planned = {one.name: one.structure for one in results.planning.targets}
    shells = {one.name: one for one in results.optimization_structures}
    contoured = {**shells, **planned, **{one.choice.name: one.structure for one in results.structures}}
    outlines = []
    for name, colour, role in structures:
        shown = slice_structure(contoured[name], results.records.ct.geometry, corners, results.case.end_caps)
        outlines.append(Outline(replace(shown, colour=colour), role))
    return tuple(outlines)


def _title(dose: SceneDose, results: CaseResults) -> str:
    return "Prior EQD2" if dose.voxels_gy is results.prior_eqd2_gy else "Cumulative EQD2"


def scale_end(highest_gy: float) -> float:
    """A round dose not below the highest."""
    step = round_step(max(highest_gy, 1.0), MOST_SCALE_STEPS)
    return step * math.ceil(highest_gy / step - 1e-9) if highest_gy > 0.0 else step


def _with_limit(levels: Sequence[float], limits_gy: Sequence[float], top_gy: float) -> tuple[float, ...]:
    """The levels with the lowest limit of the organ among them, unless one is next to it or it is off the scale."""
    lowest = min(limits_gy, default=0.0)
    is_near = any(abs(level - lowest) < LEAST_STEP * top_gy for level in levels)
    return tuple(levels) if is_near or not 0.0 < lowest < top_gy else tuple(sorted((*levels, lowest)))


def _isodoses(maximum_gy: float) -> tuple[float, ...]:
    """Round levels up to the maximum, at most six."""
    step = round_step(maximum_gy, MOST_ISODOSES + 1)
    return tuple(step * n for n in range(1, int(maximum_gy / step + 1e-9) + 1))


def _vector(point: FloatArray) -> Vector3:
    x, y, z = (float(value) for value in point)
    return (x, y, z)
