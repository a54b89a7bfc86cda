"""Rigid registration of two CTs with SimpleITK, which every Slicer bundles."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from ..model.arrays import Float32Array
from ..model.errors import Cancelled, RegistrationError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.transform import Affine, SpatialTransform

SEED = 20240617
SAMPLED_SHARE = 0.2
HISTOGRAM_BINS = 50
SHRINK_FACTORS = (4, 2, 1)
SMOOTHING_MM = (4.0, 2.0, 0.0)
AIR_HU = -1000.0
LEAST_OVERLAP = 0.25
"""Smallest share of the current CT's voxels that must lie within the prior CT afterwards."""

_log = logging.getLogger(__name__)


def register_rigid(fixed: Image, moving: Image, is_cancelled: Callable[[], bool] = lambda: False) -> SpatialTransform:
    """Register the prior CT to the current one: six parameters, Mattes mutual information, three resolutions.

    The sampling is seeded and single threaded, so that two runs give the same transform.

    Parameters
    ----------
    fixed, moving : Image
        Current and prior CT.
    is_cancelled : callable
        Asked at every iteration.

    Returns
    -------
    SpatialTransform
        LPS, current to prior.

    Raises
    ------
    RegistrationError
        If the optimizer fails, or the CTs hardly overlap afterwards.
    Cancelled
        If the user asked to stop.

    References
    ----------
    Mattes D et al., IEEE Trans Med Imaging 22:120 (2003).
    """
    import SimpleITK as sitk

    fixed_image, moving_image = _to_sitk(fixed), _to_sitk(moving)
    start = sitk.CenteredTransformInitializer(
        fixed_image, moving_image, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(SAMPLED_SHARE, SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=1e-3, numberOfIterations=200, gradientMagnitudeTolerance=1e-5
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(SHRINK_FACTORS)
    method.SetSmoothingSigmasPerLevel(SMOOTHING_MM)
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=True)
    method.AddCommand(sitk.sitkIterationEvent, lambda: method.StopRegistration() if is_cancelled() else None)
    _execute_in_one_thread(method, fixed_image, moving_image)
    if is_cancelled():
        raise Cancelled
    _log.info("rigid registration: %s, metric %.4f", method.GetOptimizerStopConditionDescription(), method.GetMetricValue())
    matrix = _matrix(start)
    _require_overlap(fixed.geometry, moving.geometry, matrix)
    return SpatialTransform(fixed.frame_uid, moving.frame_uid, (matrix,), "SimpleITK rigid, Mattes mutual information")


def _execute_in_one_thread(method: Any, fixed_image: Any, moving_image: Any) -> None:
    """Run the optimizer; the metric sums over threads in varying order unless there is only one."""
    import SimpleITK as sitk

    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        method.Execute(fixed_image, moving_image)
    except RuntimeError as error:
        raise RegistrationError("Rigid registration", f"SimpleITK failed ({error})", "Give a DICOM REG instead.") from error
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _to_sitk(image: Image) -> Any:
    import SimpleITK as sitk

    voxels: Float32Array = np.maximum(image.voxels_hu, np.float32(AIR_HU))
    converted = sitk.GetImageFromArray(voxels)
    converted.SetOrigin(image.geometry.origin_mm)
    converted.SetSpacing(image.geometry.spacing_mm)
    converted.SetDirection(np.asarray(image.geometry.direction).ravel().tolist())
    return converted


def _matrix(transform: Any) -> Affine:
    """ITK's centred rotation as one homogeneous matrix; ITK already maps fixed to moving points in LPS."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(transform.GetMatrix()).reshape(3, 3)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return Affine(matrix)


def _require_overlap(fixed: Geometry, moving: Geometry, matrix: Affine) -> None:
    steps = [np.linspace(0, count - 1, min(count, 12)) for count in fixed.size]
    index = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    there = moving.to_index(matrix.apply(fixed.to_lps(index)))
    share = float(np.mean(np.all((there >= 0) & (there <= np.array(moving.size) - 1), axis=1)))
    if share < LEAST_OVERLAP:
        raise RegistrationError(
            "Rigid registration",
            f"only {100 * share:.0f} % of the current CT lies within the prior CT afterwards",
            "Check that the CTs show the same region, or give a DICOM REG.",
            f"at least {100 * LEAST_OVERLAP:.0f} %",
        )
