"""The patient in a CT, without the couch."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..model.arrays import BoolArray
from ..model.errors import RegistrationError

TISSUE_HU = -400.0
COUCH_MM = 12.0
"""Half of the thickness up to which a slab is taken for a couch top, mask or board, and not for the patient."""

LEAST_SHARE = 0.005
"""Of the CT, that a patient must fill."""


def body_mask(image: Any, what: str) -> BoolArray:
    """Where the patient is: the largest thing denser than -400 HU that is not a thin slab, with the air inside.

    Parameters
    ----------
    image : SimpleITK image
        HU, on a grid of some millimetres (about 4 mm; morphology on a finer one only takes longer).
    what : str
        For messages.

    Returns
    -------
    array of bool, shape (nk, nj, ni)

    Raises
    ------
    RegistrationError
        If nothing in the CT looks like a patient.
    """
    tissue = sitk.GetArrayFromImage(image) > TISSUE_HU
    radius = [max(1, round(COUCH_MM / spacing)) for spacing in image.GetSpacing()]
    thick = _opened(tissue, radius)
    labels, count = ndimage.label(thick)
    if count:
        sizes = np.bincount(labels.ravel())
        largest = labels == 1 + int(np.argmax(sizes[1:]))
        # What the opening took from the patient's surface comes back; the couch, further away, does not.
        grown = ndimage.binary_dilation(largest, iterations=2, mask=tissue)
        body = np.stack([ndimage.binary_fill_holes(plane) for plane in grown])
    else:
        body = thick
    if body.mean() < LEAST_SHARE:
        raise RegistrationError(
            what,
            f"only {100 * body.mean():.1f} % of it is denser than {TISSUE_HU:g} HU and thicker than {2 * COUCH_MM:g} mm",
            "Name the planning CT of the patient.",
            f"a patient who fills at least {100 * LEAST_SHARE:g} %",
        )
    return np.asarray(body)


def _opened(mask: BoolArray, radius: list[int]) -> BoolArray:
    """Opening by an ellipsoid in the plane of the slices; beyond the CT everything counts as patient."""
    ri, rj, _ = radius
    j, i = np.mgrid[-rj : rj + 1, -ri : ri + 1]
    disc = ((i / ri) ** 2 + (j / rj) ** 2 <= 1.0)[None]
    eroded = ndimage.binary_erosion(mask, disc, border_value=1)
    return np.asarray(ndimage.binary_dilation(eroded, disc))
