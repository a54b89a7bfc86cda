"""CTs as SimpleITK images at a working resolution, and what SimpleITK computes as our transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..model.arrays import FloatArray
from ..model.errors import Cancelled, RegistrationError
from ..model.geometry import Geometry, Vector3, box_corners
from ..model.image import Image
from ..model.transform import Affine
from .engine import Box, IsCancelled

AIR_HU = -1000.0
DENSE_HU = 1500.0
"""Metal and its streaks beyond this say nothing about where tissue is."""

WORTH_SMOOTHING = 1.2
"""A grid that is coarser by this factor is sampled from a smoothed image."""


def sitk_image(image: Image) -> Any:
    """A CT as a float image, clipped to -1000 … 1500 HU."""
    return on_geometry(np.clip(image.voxels_hu, np.float32(AIR_HU), np.float32(DENSE_HU)), image.geometry)


def on_geometry(voxels: Any, geometry: Geometry, is_vector: bool = False) -> Any:
    """An array ``[k, j, i]`` (or ``[k, j, i, c]``) as a SimpleITK image on a grid."""
    image = sitk.GetImageFromArray(voxels, isVector=is_vector)
    image.SetOrigin(geometry.origin_mm)
    image.SetSpacing(geometry.spacing_mm)
    image.SetDirection(np.asarray(geometry.direction).ravel().tolist())
    return image


def geometry_of(image: Any) -> Geometry:
    """The grid of a SimpleITK image."""
    axes = np.array(image.GetDirection()).reshape(3, 3)
    return Geometry(
        _three(image.GetOrigin()),
        _three(image.GetSpacing()),
        (_three(axes[0]), _three(axes[1]), _three(axes[2])),
        tuple(image.GetSize()),
    )


def even_geometry(geometry: Geometry, spacing_mm: float, region: Box | None = None, inside: bool = False) -> Geometry:
    """A grid of equal spacing along the axes of another one, over its voxel centres or the part of them in a box.

    It covers them all, so that up to half a spacing at every end may lie beyond them; or none of it does, if ``inside``.

    Raises
    ------
    RegistrationError
        If the box lies beside the grid.
    """
    low, high = np.zeros(3), np.asarray(geometry.size) - 1.0
    if region is not None:
        corners = box_corners(np.asarray(region.low_mm), np.asarray(region.high_mm))
        index = geometry.to_index(corners)
        low, high = np.maximum(low, index.min(axis=0)), np.minimum(high, index.max(axis=0))
        if not (low <= high).all():
            raise RegistrationError(
                "Region to register", "it lies outside of the current CT", "Check the registration of the dose it is from."
            )
    extent_mm = (high - low) * np.asarray(geometry.spacing_mm)
    # Centred: the last voxel centres lie on those of the other grid, or as far beyond (within) them at both ends.
    steps = extent_mm / spacing_mm
    size = (np.floor(steps + 1e-6) if inside else np.ceil(steps - 1e-6)).astype(int) + 1
    rim = ((size - 1) * spacing_mm - extent_mm) / (2.0 * np.asarray(geometry.spacing_mm))
    origin = geometry.to_lps((low - rim)[None])[0]
    spacing = (spacing_mm, spacing_mm, spacing_mm)
    return Geometry(_three(origin), spacing, geometry.direction, (int(size[0]), int(size[1]), int(size[2])))


def resampled(image: Any, geometry: Geometry, transform: Any = None, background: float = AIR_HU) -> Any:
    """An image on another grid, smoothed first along the axes where that grid is coarser.

    ``transform`` takes points of the grid to points of the image (ITK's resampling direction).
    """
    for axis, spacing_mm in enumerate(image.GetSpacing()):
        target_mm = geometry.spacing_mm[axis]
        if target_mm > WORTH_SMOOTHING * spacing_mm and image.GetSize()[axis] > 3:
            smooth = sitk.RecursiveGaussianImageFilter()
            smooth.SetDirection(axis)
            smooth.SetSigma(0.5 * float(np.sqrt(target_mm**2 - spacing_mm**2)))
            image = smooth.Execute(image)
    resample = sitk.ResampleImageFilter()
    resample.SetSize(geometry.size)
    resample.SetOutputOrigin(geometry.origin_mm)
    resample.SetOutputSpacing(geometry.spacing_mm)
    resample.SetOutputDirection(np.asarray(geometry.direction).ravel().tolist())
    resample.SetTransform(transform if transform is not None else sitk.Transform(3, sitk.sitkIdentity))
    resample.SetInterpolator(sitk.sitkLinear)
    resample.SetDefaultPixelValue(background)
    resample.SetOutputPixelType(sitk.sitkFloat32)
    return resample.Execute(image)


def known_part(image: Any, geometry: Geometry, transform: Any = None) -> Any:
    """1 where every voxel of a grid lies within an image (by its voxel centres), else 0; as float."""
    ones = sitk.Image(image.GetSize(), sitk.sitkFloat32) + 1.0
    ones.CopyInformation(image)
    inside = resampled(ones, geometry, transform, 0.0)
    return sitk.Cast(inside > 0.999, sitk.sitkFloat32)


def sitk_affine(affine: Affine) -> Any:
    """A matrix of ours for SimpleITK; both take LPS points of the current to the prior frame."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(affine.matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(affine.matrix[:3, 3].tolist())
    return transform


def affine_of(transform: Any) -> Affine:
    """A linear transform of SimpleITK, whatever its centre, as one homogeneous matrix."""
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis in range(3):
        matrix[:3, axis] = np.array(transform.TransformPoint(np.eye(3)[axis].tolist())) - matrix[:3, 3]
    return Affine(matrix)


@contextmanager
def one_thread() -> Iterator[None]:
    """With a single ITK thread: sums over threads come out in varying order otherwise, and two runs would differ."""
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def execute(what: str, run: Callable[[], Any], is_cancelled: IsCancelled) -> Any:
    """Run a filter that the user may stop.

    Raises
    ------
    Cancelled
        If the user asked to stop.
    RegistrationError
        If SimpleITK fails.
    """
    try:
        result = run()
    except RuntimeError as error:
        # What a callback of ours raises can only be an interrupt (Ctrl-C, SIGTERM): SimpleITK makes a RuntimeError of it.
        if is_cancelled() or "Python Callable" in str(error):
            raise Cancelled from error
        reason = str(error).strip().splitlines()[-1]
        raise RegistrationError(what, f"SimpleITK failed ({reason})", "Give a registration from another program.") from error
    if is_cancelled():
        raise Cancelled
    return result


def _three(values: FloatArray) -> Vector3:
    x, y, z = (float(value) for value in values)
    return (x, y, z)
