"""Two CTs in one plane, compared pixel by pixel. What is not known is hatched, so that it never looks like agreement.

Arrays are those of a picture: shape (height, width), row 0 at the bottom; colours 0 … 1 with one more axis of length 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.dose_colours import Colour
from ..model.geometry import Geometry, Vector3
from ..model.registration_picture import RegistrationPictureRequest
from .palette import CURRENT, HATCH_DARK, HATCH_LIGHT, PRIOR, diverging_colours
from .slice_layers import resliced
from .volume_nodes import CT_LEVEL_HU, CT_WINDOW_HU

SQUARE_MM = 16.0
"""Side of the squares of a checkerboard: some of them in every organ, and room for an edge to run through."""

LARGEST_DIFFERENCE_HU = 300.0
HATCH_PX = 8
"""Between the stripes where something is not known, in a picture of usual size."""


@dataclass(frozen=True, eq=False)
class ComparedPlane:
    """The current CT and the warped prior one in the pixels of a picture.

    Parameters
    ----------
    plane : Geometry
        LPS grid of one slice.
    current_hu, prior_hu : array, shape (height, width)
        NaN where not known.
    hatch_px : int
        Between the stripes where the prior CT is not known.
    """

    plane: Geometry
    current_hu: Float32Array
    prior_hu: Float32Array
    hatch_px: int = HATCH_PX

    @property
    def unknown(self) -> BoolArray:
        """Where there is a current CT and no prior one."""
        return np.isfinite(self.current_hu) & ~np.isfinite(self.prior_hu)


def compared_plane(request: RegistrationPictureRequest, plane: Geometry, hatch_px: int = HATCH_PX) -> ComparedPlane:
    """Both CTs of a request in a plane, trilinearly interpolated."""
    return ComparedPlane(
        plane,
        resliced(request.image.voxels_hu, request.image.geometry, plane, np.nan),
        resliced(request.warped.voxels_hu, request.warped.geometry, plane, np.nan),
        hatch_px,
    )


def soft_tissue_grey(hu: Float32Array) -> FloatArray:
    """Grey 0 … 1 in the window that the dose pictures use; 0 where not known."""
    grey = np.clip((hu.astype(np.float64) - CT_LEVEL_HU) / CT_WINDOW_HU + 0.5, 0.0, 1.0)
    return np.asarray(np.nan_to_num(grey, nan=0.0))


def current_pixels(compared: ComparedPlane) -> FloatArray:
    """The current CT alone, in grey."""
    return np.repeat(soft_tissue_grey(compared.current_hu)[..., None], 3, axis=2)


def prior_squares(plane: Geometry, point_mm: Vector3) -> BoolArray:
    """Which pixels of a checkerboard show the prior CT: four squares meet in the point."""
    column, row, _ = plane.to_index(np.array([point_mm]))[0]
    width, height, _ = plane.size
    across, up = SQUARE_MM / plane.spacing_mm[0], SQUARE_MM / plane.spacing_mm[1]
    columns = np.floor((np.arange(width) - column) / across).astype(int)
    rows = np.floor((np.arange(height) - row) / up).astype(int)
    return np.asarray((rows[:, None] + columns) % 2 == 0)


def checkerboard_pixels(compared: ComparedPlane, point_mm: Vector3) -> FloatArray:
    """Squares of both CTs in turn; those of the prior one are hatched where it is not known."""
    from_prior = prior_squares(compared.plane, point_mm)
    grey = np.where(from_prior, soft_tissue_grey(compared.prior_hu), soft_tissue_grey(compared.current_hu))
    grey[~np.isfinite(compared.current_hu)] = 0.0
    return hatched(np.repeat(grey[..., None], 3, axis=2), compared.unknown & from_prior, compared.hatch_px)


def overlay_pixels(compared: ComparedPlane) -> FloatArray:
    """Both CTs at once in complementary colours: grey where they agree."""
    rgb = soft_tissue_grey(compared.current_hu)[..., None] * np.array(CURRENT)
    rgb = rgb + soft_tissue_grey(compared.prior_hu)[..., None] * np.array(PRIOR)
    rgb[~np.isfinite(compared.current_hu)] = 0.0
    return hatched(rgb, compared.unknown, compared.hatch_px)


def difference_pixels(compared: ComparedPlane) -> FloatArray:
    """Current less prior, in HU: orange where the current CT is denser, blue where the prior one is."""
    difference = compared.current_hu.astype(np.float64) - compared.prior_hu
    rgb = diverging_colours(np.nan_to_num(difference / LARGEST_DIFFERENCE_HU, nan=0.0))
    rgb[~np.isfinite(compared.current_hu)] = 0.0
    return hatched(rgb, compared.unknown, compared.hatch_px)


def hatched(
    rgb: FloatArray, where: BoolArray, period: int, dark: Colour = HATCH_DARK, light: Colour = HATCH_LIGHT
) -> FloatArray:
    """Pixels with diagonal stripes where something is not known."""
    row, column = np.indices(where.shape)
    is_light = (column - row) % period < 0.35 * period
    stripes = np.where(is_light[..., None], np.array(light), np.array(dark))
    return np.where(where[..., None], stripes, rgb)
