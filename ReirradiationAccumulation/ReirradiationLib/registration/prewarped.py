"""Both CTs on one grid of the current anatomy: what a deformable registration begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..model.arrays import BoolArray
from ..model.errors import RegistrationError
from ..model.geometry import Geometry, box_corners
from ..model.image import Image
from ..model.transform import Affine
from .body import body_mask
from .engine import Box
from .sitk_images import (
    even_geometry,
    geometry_of,
    known_part,
    on_geometry,
    resampled,
    sitk_affine,
    sitk_image,
)

FINEST_MM = 2.0
"""No working grid is finer: deformations that a fraction of this would show cannot be told from noise."""

MASK_MM = 4.0
RIM_MM = 12.0
"""Around the patient, that takes part, and around the region that is asked for."""

LEAST_VOXELS = 4
"""Of the grid along every axis; ITK's recursive filters take no fewer."""

LEAST_KNOWN = 0.02
"""Of the grid, that both CTs must show of the patient."""


@dataclass(frozen=True, eq=False)
class Prewarped:
    """Both CTs on one even grid of the current frame, the prior one through its rigid start.

    Parameters
    ----------
    fixed, moving : SimpleITK images
        HU.
    fixed_patient, moving_patient : array of bool, shape (nk, nj, ni)
        The patient of each CT with a rim, without couches, where both CTs are known.
    geometry : Geometry
    """

    fixed: Any
    moving: Any
    fixed_patient: BoolArray
    moving_patient: BoolArray
    geometry: Geometry


def prewarped(fixed: Image, moving: Image, start: Affine, region: Box | None) -> Prewarped:
    """Bring both CTs to one grid around the patient, or around the region that is asked for.

    Parameters
    ----------
    fixed, moving : Image
        Current and prior CT.
    start : Affine
        Current to prior, LPS mm.
    region : Box or None
        LPS mm of the current frame.

    Raises
    ------
    RegistrationError
        If a CT shows no patient or is too thin, or both show hardly anything in common under the start.
    """
    here, there = sitk_image(fixed), sitk_image(moving)
    bodies = [_body(image, what) for image, what in ((here, "Current CT"), (there, "Prior CT"))]
    box = _box(bodies[0], region)
    geometry = even_geometry(geometry_of(here), working_spacing_mm(fixed, moving), box)
    if min(geometry.size) < LEAST_VOXELS:
        thinnest_mm = (min(geometry.size) - 1) * geometry.spacing_mm[0]
        raise RegistrationError(
            "Deformable registration",
            f"the current CT or the region to register is only {thinnest_mm:g} mm thick",
            "Register rigidly, or give a registration.",
            f"at least {(LEAST_VOXELS - 1) * geometry.spacing_mm[0]:g} mm",
        )
    to_prior = sitk_affine(start)
    known = sitk.GetArrayFromImage(known_part(there, geometry, to_prior)) > 0.5
    known &= sitk.GetArrayFromImage(known_part(here, geometry)) > 0.5
    patients = [
        sitk.GetArrayFromImage(resampled(body, geometry, transform, 0.0)) > 0.5
        for body, transform in zip(bodies, (None, to_prior), strict=True)
    ]
    if (known & patients[0] & patients[1]).mean() < LEAST_KNOWN:
        raise RegistrationError(
            "Deformable registration",
            "the CTs show hardly any of the patient in common after the rigid start",
            "Check the rigid registration, and that both CTs show the same region.",
        )
    return Prewarped(
        fixed=resampled(here, geometry),
        moving=resampled(there, geometry, to_prior),
        fixed_patient=known & patients[0],
        moving_patient=known & patients[1],
        geometry=geometry,
    )


def working_spacing_mm(fixed: Image, moving: Image) -> float:
    """The finest spacing that is worth computing on: that of the coarser CT in its slices, but not below 2 mm."""
    return max(FINEST_MM, min(fixed.geometry.spacing_mm[:2]), min(moving.geometry.spacing_mm[:2]))


def _body(image: Any, what: str) -> Any:
    """The patient with a rim, as a float image on a grid of its own."""
    geometry = even_geometry(geometry_of(image), MASK_MM)
    body = body_mask(resampled(image, geometry), what)
    grown = ndimage.binary_dilation(body, iterations=round(RIM_MM / MASK_MM))
    return on_geometry(grown.astype(np.float32), geometry)


def _box(body: Any, region: Box | None) -> Box:
    """The box around the patient, cut to the region with a rim."""
    geometry = geometry_of(body)
    index = np.argwhere(sitk.GetArrayFromImage(body) > 0.5)[:, ::-1].astype(np.float64)
    # Of a turned CT two corners are not the extremes in x, y and z: take all eight.
    patient = Box.around(geometry.to_lps(box_corners(index.min(axis=0), index.max(axis=0))))
    if region is None:
        return patient
    low = np.maximum(patient.low_mm, np.asarray(region.low_mm) - RIM_MM)
    high = np.minimum(patient.high_mm, np.asarray(region.high_mm) + RIM_MM)
    if not (low <= high).all():
        raise RegistrationError(
            "Region to register", "it lies outside of the patient on the current CT", "Check the rigid registration."
        )
    return Box.around(np.stack([low, high]))
