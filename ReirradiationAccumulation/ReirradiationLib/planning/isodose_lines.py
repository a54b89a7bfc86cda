"""Isodose lines as structures, as for matching at the machine: contours from the dose field, not from a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from ..dosimetry.plane_stack import to_lps
from ..model.arrays import FloatArray
from ..model.contour_shape import even_odd_area
from ..model.course import AnyCourse, Course
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.image import DoseType
from ..model.planning_choice import IsodoseLine
from ..model.structure import InterpretedType, Structure
from .isodose_fields import DoseOnPlanes, DoseSource, depth_gy
from .plane_loops import plane_loops

NAME_LENGTH = 16
CUT_OFF = "cut off where the dose is not known"

_COLOURS = ((204, 121, 167), (0, 158, 115), (230, 159, 0), (86, 180, 233), (213, 94, 0), (0, 114, 178))
"""Of the lines in turn: the palette of Okabe and Ito, which the colour-blind tell apart."""


@dataclass(frozen=True)
class IsodoseFacts:
    """What an isodose structure is, in plain values.

    Parameters
    ----------
    name : str
    dose_gy : float
    kind : str
        What kind of dose, in words.
    alpha_beta_gy : float or None
        Of an EQD2; None for a physical dose.
    courses : tuple of str
        Labels of the courses that the dose is of.
    left_out : tuple of str
        Labels of prior courses known only by points, which are in no isodose.
    maximum_gy : float
        The highest dose on the planes of the CT, on a grid of 2.5 mm.
    volume_cc : float
        Area of the contours times the distance of the slices.
    is_cut_off : bool
        Whether the isodose reaches where the dose is not known, or the edge of the grid: there the contour is no isodose.
    replaced : tuple of str
        Organs where a point replaces the mapped dose of one of the courses: the isodose is of the mapped dose there too.
    """

    name: str
    dose_gy: float
    kind: str
    alpha_beta_gy: float | None
    courses: tuple[str, ...]
    left_out: tuple[str, ...]
    maximum_gy: float
    volume_cc: float
    is_cut_off: bool
    replaced: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the contour is not, in words."""
        found = [f"without {', '.join(self.left_out)} (known only by points)"] if self.left_out else []
        if self.replaced:
            found.append(f"of the mapped dose, not of the points that replace it, in {', '.join(self.replaced)}")
        return (
            *found,
            *([f"{CUT_OFF}, or at the edge of the grid: there the contour is no isodose"] if self.is_cut_off else []),
        )


@dataclass(frozen=True, eq=False)
class IsodoseStructure:
    """An isodose as a structure on the planes of the CT, and what it is."""

    line: IsodoseLine
    structure: Structure
    facts: IsodoseFacts


def isodose_structures(
    lines: Sequence[IsodoseLine],
    prior: Sequence[AnyCourse],
    new: Course | None,
    geometry: Geometry,
    box: Geometry,
    first_number: int,
) -> tuple[IsodoseStructure, ...]:
    """Isodoses of single courses or of the raw EQD2 sum of the prior courses, as closed contours.

    Where the dose is not known a contour closes within half a step (at most 0.5 mm) of the edge of knowledge, and the
    structure says that it is cut off there. In a sum a course counts as 0 Gy where its dose is not known.

    Parameters
    ----------
    lines : sequence of IsodoseLine
    prior : sequence of Course or PointCourse
    new : Course or None
        The new course, once it has a dose.
    geometry : Geometry
        Grid of the CT.
    box : Geometry
        Grid that holds what is known, as that of the mapped doses; beyond its voxel centres nothing is drawn.
    first_number : int
        ROINumber of the first.

    Raises
    ------
    DosimetryError
        If a course has no dose distribution, an isodose is above the maximum, or nothing is left of it.
    """
    courses: list[AnyCourse] = [*prior, *([new] if new else [])]
    names = isodose_names(lines)
    planes: dict[tuple[str | None, float | None], DoseOnPlanes] = {}
    found: list[IsodoseStructure] = []
    for line, name, number in zip(lines, names, count(first_number)):
        key = (line.course, line.alpha_beta_gy)
        if key not in planes:
            planes[key] = DoseOnPlanes(_source(line, courses, prior), geometry, box)
        left_out = () if line.course else tuple(c.label for c in prior if not isinstance(c, Course))
        found.append(_isodose(line, planes[key], left_out, (name, number, _COLOURS[len(found) % len(_COLOURS)])))
    return tuple(found)


def isodose_names(lines: Sequence[IsodoseLine]) -> list[str]:
    """Names of at most 16 characters, all different, such as ``Iso_course1_15Gy`` and ``Iso_EQD2_50Gy``."""
    names: list[str] = []
    for line in lines:
        dose = f"_{line.dose_gy:.6g}Gy"
        stem = "EQD2" if line.course is None else "".join(c for c in line.course if c.isascii() and c.isalnum()) or "course"
        room = max(NAME_LENGTH - len("Iso_") - len(dose), 1)
        numbered = (f"{stem[: max(room - len(str(n)) - 1, 0)]}-{n}" for n in count(2))
        # What tells courses apart often stands at the end of their ids.
        name = f"Iso_{stem if len(stem) <= room else stem[: room - 1] + stem[-1]}{dose}"
        while name in names:
            name = f"Iso_{next(numbered)}{dose}"
        names.append(name)
    return names


def _source(line: IsodoseLine, courses: Sequence[AnyCourse], prior: Sequence[AnyCourse]) -> DoseSource:
    if line.course is None:
        summed = tuple(course for course in prior if isinstance(course, Course))
        if not summed or line.alpha_beta_gy is None:
            found = "no prior course with a dose distribution" if not summed else "no α/β"
            raise DosimetryError(_subject(line), found, "Leave it out, or complete the case.", "EQD2 of prior courses")
        return DoseSource(summed, line.alpha_beta_gy)
    course = next((course for course in courses if course.identifier == line.course), None)
    if not isinstance(course, Course):
        found = f"course '{line.course}' {'has no dose distribution' if course is None else 'is known only by points'}"
        raise DosimetryError(_subject(line), found, "Leave it out until there is one.", "a course with an RTDOSE")
    return DoseSource((course,), None)


def _isodose(
    line: IsodoseLine, dose: DoseOnPlanes, left_out: tuple[str, ...], label: tuple[str, int, tuple[int, int, int]]
) -> IsodoseStructure:
    if line.dose_gy > dose.maximum_gy:
        raise DosimetryError(
            _subject(line),
            f"the highest dose on the current CT is {dose.maximum_gy:.2f} Gy",
            "Ask for a lower isodose.",
            f"at least {line.dose_gy:g} Gy",
        )
    loops, volume_cc = _contours(line, dose)
    if not loops:
        raise DosimetryError(_subject(line), "only pieces of less than half a pixel of the CT", "Ask for a lower isodose.")
    name, number, colour = label
    labels = tuple(course.label for course in dose.source.courses)
    is_cut_off, maximum_gy = dose.is_cut_off(line.dose_gy), dose.maximum_gy
    kind = _kind(dose.source)
    facts = IsodoseFacts(
        *(name, line.dose_gy, kind, line.alpha_beta_gy, labels, left_out, maximum_gy, volume_cc, is_cut_off),
        replaced=tuple(dict.fromkeys(point.structure for course in dose.source.courses for point in course.points)),
    )
    structure = Structure(
        name=name,
        number=number,
        contours_mm=tuple(loops),
        colour=colour,
        interpreted_type=InterpretedType.CONTROL.value,
        description=_description(facts),
    )
    return IsodoseStructure(line, structure, facts)


def _contours(line: IsodoseLine, dose: DoseOnPlanes) -> tuple[list[FloatArray], float]:
    """Loops in LPS, and the volume that they enclose in cc."""
    spacing = dose.geometry.spacing_mm
    windows = dose.windows(line.dose_gy)
    field = depth_gy(*dose.sampled(windows), line.dose_gy)
    planes = plane_loops(field, windows.firsts_mm, windows.step_mm, dose.geometry)
    found, area_mm2 = [], 0.0
    for k, loops in zip(windows.slices, planes, strict=True):
        area_mm2 += even_odd_area(loops)
        heights = (np.full(len(loop), float(k) * spacing[2]) for loop in loops)
        found += [
            to_lps(np.column_stack([loop, height]), dose.geometry) for loop, height in zip(loops, heights, strict=True)
        ]
    return found, area_mm2 * spacing[2] / 1000.0


def _kind(source: DoseSource) -> str:
    if source.alpha_beta_gy is not None:
        return "EQD2, raw sum of the prior courses"
    (course,) = source.courses
    if course.rbe is not None:
        return f"physical dose times RBE {course.rbe:g}"
    return "physical dose" if course.dose.dose_type is DoseType.PHYSICAL else "effective dose, as in its file"


def _description(facts: IsodoseFacts) -> str:
    alpha_beta = f", alpha/beta {facts.alpha_beta_gy:g} Gy" if facts.alpha_beta_gy is not None else ""
    parts = [f"Isodose {facts.dose_gy:g} Gy: {facts.kind}{alpha_beta}, of {', '.join(facts.courses)}"]
    return "; ".join([*parts, *facts.remarks, f"maximum {facts.maximum_gy:.2f} Gy"])


def _subject(line: IsodoseLine) -> str:
    of = f"course '{line.course}'" if line.course is not None else "the EQD2 sum"
    return f"Isodose of {line.dose_gy:g} Gy of {of}"
