"""Whether two CTs agree all over the patient, and not only in the organ that is looked at."""

from __future__ import annotations

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import RegistrationError
from ..model.image import Image
from ..model.registration_quality import ResidualShift
from ..model.transform import SpatialTransform
from .body import body_mask
from .field_of_view import within
from .residual_shift import residual_shift
from .sitk_images import even_geometry, geometry_of, resampled, sitk_image

GRID_MM = 4.0
MOST_BLOCKS = 64
MOST_POINTS = 20_000


def whole_patient_shift(
    current: Image, prior: Image, transform: SpatialTransform, noise_hu_per_mm: float
) -> ResidualShift | None:
    """The residual shift over all of the current patient that the prior CT should show.

    Parameters
    ----------
    current, prior : Image
    transform : SpatialTransform
        Current to prior.
    noise_hu_per_mm : float
        From :func:`~.image_noise.noise_gradient`.

    Returns
    -------
    ResidualShift or None
        None if the current CT shows no patient, the prior one none of it, or nothing to check by.
    """
    points_mm = _patient_points(current)
    points_mm = points_mm[within(prior.geometry, transform.apply(points_mm))]
    if not len(points_mm):
        return None
    return residual_shift(current, prior, transform, points_mm, noise_hu_per_mm, MOST_BLOCKS)


def _patient_points(current: Image) -> FloatArray:
    """Points that fill the patient evenly, LPS, shape (n, 3); none in a blank CT."""
    image = sitk_image(current)
    image = resampled(image, even_geometry(geometry_of(image), GRID_MM))
    try:
        body = body_mask(image, "Current CT")
    except RegistrationError:
        return np.empty((0, 3))
    index = np.argwhere(body)[:, ::-1].astype(np.float64)
    return geometry_of(image).to_lps(index[:: max(1, len(index) // MOST_POINTS)])
