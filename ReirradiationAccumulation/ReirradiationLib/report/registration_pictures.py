"""The pictures of the registrations, for the eye: which courses, which organs, which slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..dosimetry.bodies import body_of
from ..dosimetry.cells import SolidBody
from ..model.arrays import FloatArray
from ..model.constraint import Sense
from ..model.course import Course
from ..model.errors import CaseError, DosimetryError, RegistrationError
from ..model.geometry import Vector3
from ..model.image import Image
from ..model.registration_picture import RegistrationPictureRequest, RegistrationPictureStyle, WarpedCt
from ..model.scene import Orientation, PictureMaker, SceneStructure
from ..model.segment import AnyStructure
from ..model.structure import EndCaps, StructureSet
from ..registration.nonrigid_part import nonrigid_displacement
from ..registration.warped_image import cropped_grid, warped_image
from .picture_slices import fine_grid, slice_corners, slice_structure
from .pictures import ReportPicture
from .results import StructureResult, Transfer

WIDTH, HEIGHT = 420, 360
FIELD_OF_VIEW_MM = 160.0
REGION_HALF_MM = 0.75 * FIELD_OF_VIEW_MM
"""Half the side of what is warped: the longer side of a picture's slice is less than 1.5 times the shorter one."""

ORIENTATIONS = (Orientation.AXIAL, Orientation.SAGITTAL)
MOST_ORGANS = 4
BODY_SAMPLES = 50_000
"""A prior structure that is looked up at the voxels of an outline is as fine as for as many samples."""


@dataclass(frozen=True)
class RegistrationPicture:
    """One picture; its caption says everything, so that it can stand alone."""

    style: RegistrationPictureStyle
    orientation: Orientation
    picture: ReportPicture


@dataclass(frozen=True)
class OrganPictures:
    """The pictures of one course's registration through one organ.

    Parameters
    ----------
    course, source, organ, where : str
        Label of the course, where its transform comes from, name of the organ, and the point that the slices go through.
    pictures : tuple of RegistrationPicture
        Axial and sagittal of each style in turn.
    remark : str
        Why a style is left out; empty if none is.
    """

    course: str
    source: str
    organ: str
    where: str
    pictures: tuple[RegistrationPicture, ...]
    remark: str


@dataclass(frozen=True)
class RegistrationPictureSet:
    """All pictures of registrations, and for what there are none."""

    organs: tuple[OrganPictures, ...]
    missing: tuple[str, ...]


NO_PICTURES = RegistrationPictureSet((), ())


@dataclass(frozen=True, eq=False)
class _Pair:
    """A registered prior course with its CT, and the case's current one."""

    course: Course
    current: Image
    prior: Image
    structures: StructureSet | None
    end_caps: EndCaps


def draw_registration_pictures(
    results: Transfer,
    maker: PictureMaker | None,
    check: Callable[[str], None],
) -> RegistrationPictureSet:
    """Draw every registered prior CT against the current one, through the organs of concern.

    Parameters
    ----------
    results : Transfer
    maker : PictureMaker or None
        None if the caller has no way to draw.
    check : callable
        Called with a word before each picture; raises if the user cancelled.
    """
    reason = "this way of running draws no pictures" if maker is None else maker.unavailable_because()
    organs = organs_of_concern(results)
    if maker is None or reason or not organs:
        return RegistrationPictureSet((), (reason or "the case evaluates no structure",))
    drawn, missing = [], []
    for record, course in zip(results.records.prior, results.prior_courses, strict=True):
        if record.ct is None:
            missing.append(f"the case names no CT of '{course.label}'")
            continue
        pair = _Pair(course, results.records.ct, record.ct, record.structures, results.case.end_caps)
        drawn += [_organ_pictures(pair, organ, maker, check) for organ in organs]
    return RegistrationPictureSet(tuple(drawn), tuple(missing))


def organs_of_concern(results: Transfer) -> tuple[StructureResult, ...]:
    """Organs with optimization structures, then those with an upper limit, at most four; else the first structure."""
    wanted = [request.structure for request in results.case.optimization]
    wanted += [limit.structure for limit in results.case.constraints if limit.sense is Sense.AT_MOST]
    by_name = {structure.choice.name: structure for structure in results.structures}
    found = [by_name[name] for name in dict.fromkeys(wanted)]
    return tuple(found[:MOST_ORGANS] or results.structures[:1])


def _organ_pictures(pair: _Pair, organ: StructureResult, maker: PictureMaker, check: Callable[[str], None]) -> OrganPictures:
    course, name = pair.course, organ.choice.name
    point, place = _point_of_concern(organ, course)
    where = f"{place} in {name} at LPS ({point[0]:.0f}, {point[1]:.0f}, {point[2]:.0f}) mm"
    displacement_mm, remark = _displacement(pair, point)
    prior_body = _prior_body(organ.structure, pair)
    styles = [style for style in RegistrationPictureStyle if displacement_mm or style is not RegistrationPictureStyle.GRID]
    pictures: dict[tuple[RegistrationPictureStyle, Orientation], RegistrationPicture] = {}
    for orientation in ORIENTATIONS:
        corners = slice_corners(orientation, point, REGION_HALF_MM)
        for style in styles:
            check(f"{style.value}, {orientation.value}, of '{course.label}' in {name}")
            if style is styles[0]:
                warped, shown = (
                    _warped(pair, corners),
                    slice_structure(organ.structure, pair.current.geometry, corners, pair.end_caps),
                )
                prior_shown = (_prior_outline(organ.structure, prior_body, pair, corners),) if prior_body else ()
            request = RegistrationPictureRequest(
                image=pair.current,
                warped=warped,
                style=style,
                orientation=orientation,
                point_mm=point,
                structures=(shown,),
                prior_structures=prior_shown,
                displacement_mm=displacement_mm,
                field_of_view_mm=FIELD_OF_VIEW_MM,
            )
            caption = f"{course.label}, {course.transform.source}: {style.value}, {orientation.value}, through the {where}"
            picture = ReportPicture(caption, maker.draw_registration(request, WIDTH, HEIGHT))
            pictures[style, orientation] = RegistrationPicture(style, orientation, picture)
    in_order = tuple(pictures[style, orientation] for style in styles for orientation in ORIENTATIONS)
    return OrganPictures(course.label, course.transform.source, name, where, in_order, remark)


def _point_of_concern(organ: StructureResult, course: Course) -> tuple[Vector3, str]:
    """Where the course gave most to the organ; the sample nearest to its centroid if that is not known."""
    samples = organ.prior.samples
    part = next(part for part in organ.prior.courses if part.course.identifier == course.identifier)
    if part.known.any() and float(part.dose_gy.max()) > 0.0:
        chosen, place = int(np.argmax(part.dose_gy)), "maximum of this course's dose"
    else:
        centroid = np.average(samples.points_mm, axis=0, weights=samples.volumes_cc)
        chosen, place = int(np.argmin(np.linalg.norm(samples.points_mm - centroid, axis=1))), "middle"
    x, y, z = samples.points_mm[chosen].tolist()
    return (x, y, z), place


def _displacement(pair: _Pair, point: Vector3) -> tuple[Callable[[FloatArray], FloatArray] | None, str]:
    """The registration less its rigid part around a point, or None and why."""
    box = np.array([point]) + REGION_HALF_MM * np.array([[-1.0], [1.0]])
    try:
        return nonrigid_displacement(pair.course.transform, cropped_grid(pair.current.geometry, box)), ""
    except RegistrationError as error:
        return None, f"No warped grid: {error.found}."


def _warped(pair: _Pair, corners: FloatArray) -> WarpedCt:
    pair.course.transform.require_frames(pair.current.frame_uid, pair.prior.frame_uid)
    grid = cropped_grid(pair.current.geometry, corners)
    return WarpedCt(warped_image(pair.prior, pair.course.transform, grid), grid)


def _prior_body(structure: AnyStructure, pair: _Pair) -> SolidBody | None:
    """The structure of the same name on the prior CT; None if there is none that can be used."""
    if pair.structures is None:
        return None
    try:
        return body_of(pair.structures.find(structure.name), pair.prior.geometry, pair.end_caps, BODY_SAMPLES)
    except (CaseError, DosimetryError):
        return None


def _prior_outline(structure: AnyStructure, body: SolidBody, pair: _Pair, corners: FloatArray) -> SceneStructure:
    """The prior structure where the registration puts it; drawn dashed."""
    grid = cropped_grid(fine_grid(pair.current.geometry), corners)
    there = pair.course.transform.apply(np.concatenate([grid.plane_points(k) for k in range(grid.size[2])]))
    known = np.isfinite(there).all(axis=1)
    mask = np.zeros(len(there), dtype=np.bool_)
    mask[known] = body.contains(there[known])
    return SceneStructure(structure.name, structure.colour, mask.reshape(grid.shape), grid)
