"""What the views of an open application show of a case, for the nodes of ``mrml``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model.errors import CaseError, RegistrationError
from .model.geometry import Vector3, box_corners
from .model.protocol import Basis
from .model.registration_picture import WarpedCt
from .model.registration_view import RegistrationView
from .registration.nonrigid_part import nonrigid_displacement
from .registration.warped_image import cropped_grid, warped_image
from .report.figure_style import round_step
from .report.pictures import scale_end
from .report.results import Transfer

MOST_ISODOSES = 6


@dataclass(frozen=True)
class DoseLevels:
    """The upper end of the colours and the isodoses of a structure's EQD2, in Gy."""

    maximum_gy: float
    isodoses_gy: tuple[float, ...]


def maximum_point_mm(found: Transfer, structure: str) -> Vector3:
    """The LPS point of a structure's largest raw sum of all courses, with its own α/β."""
    result = found.structure(structure)
    sum_gy = result.final.eqd2_gy(result.alpha_beta_gy, Basis.RAW)
    x, y, z = (float(value) for value in result.final.samples.points_mm[int(np.argmax(sum_gy))])
    return (x, y, z)


def dose_levels(found: Transfer, structure: str) -> DoseLevels:
    """Round levels up to the maximum of a structure's raw sum of all courses."""
    result = found.structure(structure)
    top_gy = scale_end(float(result.final.eqd2_gy(result.alpha_beta_gy, Basis.RAW).max()))
    step = round_step(top_gy, MOST_ISODOSES + 1)
    return DoseLevels(top_gy, tuple(step * n for n in range(1, int(top_gy / step + 1e-9) + 1)))


def registration_view(
    found: Transfer, course: str, low_mm: Vector3 | None = None, high_mm: Vector3 | None = None
) -> RegistrationView:
    """A prior CT as the registration puts it onto the current one, for the slice views.

    Takes seconds for a large CT: every voxel is mapped and interpolated once, by the functions that map doses.

    Parameters
    ----------
    found : Transfer
    course : str
        Identifier.
    low_mm, high_mm : Vector3, optional
        Corners of a box in LPS mm that is enough; the whole current CT without.

    Raises
    ------
    CaseError
        If there is no such course with a dose distribution, or the case names no CT of it.
    """
    record = next((one for one in found.records.prior if one.identifier == course), None)
    if record is None or record.ct is None:
        what = "no CT of it in the case" if record else "no prior course of that id with a dose distribution"
        raise CaseError(f"Course '{course}'", what, "Name the CT that the course was planned on.")
    registered = next(one for one in found.prior_courses if one.identifier == course)
    grid = found.records.ct.geometry
    if low_mm is not None and high_mm is not None:
        grid = cropped_grid(grid, box_corners(np.array(low_mm), np.array(high_mm)))
    try:
        displacement_mm = nonrigid_displacement(registered.transform, grid)
    except RegistrationError:  # undefined all over the region: the views say that nothing is known there
        displacement_mm = None
    warped = WarpedCt(warped_image(record.ct, registered.transform, grid), grid)
    return RegistrationView(course, registered.label, found.records.ct, warped, displacement_mm)
