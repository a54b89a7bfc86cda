"""The patient in a CT, without the couch."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..model.arrays import BoolArray
from ..model.errors import RegistrationError

TISSUE_HU = -400.0
LUNG_HU = -900.0
"""Enclosed and denser than this it is lung; the foam within a couch and the air under a back are lighter."""

COUCH_MM = 12.0
"""Half of the thickness up to which a slab is taken for a couch top, mask or board, and not for the patient."""

LEAST_OF_LARGEST = 0.3
"""Of the largest piece, from which another one is patient too: both legs, but not a bolus or an arm beside the trunk."""

LEAST_SHARE = 0.005
"""Of the CT, that a patient must fill."""


def body_mask(image: Any, what: str) -> BoolArray:
    """Where the patient is: the largest things denser than -400 HU that are no thin slabs, with the lungs and air inside.

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
    hu = sitk.GetArrayFromImage(image)
    tissue = hu > TISSUE_HU
    # A chest wall is no thicker than a couch: without the lungs it would be taken for one.
    tissue |= _filled(tissue) & (hu > LUNG_HU)
    radius = [max(1, round(COUCH_MM / spacing)) for spacing in image.GetSpacing()]
    thick = _opened(tissue, radius)
    labels, count = ndimage.label(thick)
    if count:
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        sizes[0] = 0
        largest = ((sizes > 0) & (sizes >= LEAST_OF_LARGEST * sizes.max()))[labels]
        # What the opening took from the patient's surface comes back; the couch, further away, does not.
        grown = ndimage.binary_dilation(largest, iterations=2, mask=tissue)
        body = _filled(grown)
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


def _filled(mask: BoolArray) -> BoolArray:
    """With what it encloses, slice by slice."""
    return np.stack([ndimage.binary_fill_holes(plane) for plane in mask])


def _opened(mask: BoolArray, radius: list[int]) -> BoolArray:
    """Opening by an ellipsoid in the plane of the slices; beyond the CT everything counts as patient."""
    ri, rj, _ = radius
    j, i = np.mgrid[-rj : rj + 1, -ri : ri + 1]
    disc = ((i / ri) ** 2 + (j / rj) ** 2 <= 1.0)[None]
    eroded = ndimage.binary_erosion(mask, disc, border_value=1)
    return np.asarray(ndimage.binary_dilation(eroded, disc))
