"""Rigid registration of two CTs with SimpleITK, which every Slicer bundles."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..model.errors import RegistrationError
from ..model.image import Image
from ..model.interpolation import trilinear
from ..model.transform import Affine
from .body import body_mask
from .engine import Box, IsCancelled, Progress
from .field_of_view import within
from .rigid_starts import POINTS, TURN_ADVANTAGE, UNTURNED, CoarseCt, Start, correlation, rigid_starts, smaller_share
from .sitk_images import (
    AIR_HU,
    affine_of,
    even_geometry,
    execute,
    geometry_of,
    on_geometry,
    one_thread,
    resampled,
    sitk_affine,
    sitk_image,
)

COARSE_MM, MIDDLE_MM, FINE_MM = 8.0, 4.0, 2.0
STARTS = 4
HISTOGRAM_BINS = 50
SAMPLES = {COARSE_MM: 6_000.0, MIDDLE_MM: 15_000.0, FINE_MM: 40_000.0}
STEP_MM = {COARSE_MM: 4.0, MIDDLE_MM: 2.0, FINE_MM: 0.5}
ITERATIONS = 100
FEW_SHARED = 0.5
"""Where less of the current patient than this is covered, more samples are drawn: those beyond the prior CT do not count."""

LEAST_CORRELATION = 0.3
"""Of HU over the patient on 8 mm; two patients have 0.5 and more, one patient 0.9."""

LEAST_OVERLAP = 0.15
"""Of the smaller patient volume, that must lie within the other CT for a position to count."""

LEAST_VOXELS = 4
"""Of the prior CT at the coarsest resolution, along every axis; its gradient takes no fewer."""

RIM_MM = 12.0
"""Around the patient, that takes part: the skin is an edge worth having."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class RigidResult:
    """A rigid transform, current to prior LPS mm, and how it was found."""

    matrix: Affine
    log: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Pair:
    """Both CTs at one working resolution, with the patient in each as a mask."""

    fixed: Any
    moving: Any
    fixed_mask: Any
    moving_mask: Any
    spacing_mm: float


def find_rigid(
    fixed: Image, moving: Image, seed: int, region: Box | None, progress: Progress, is_cancelled: IsCancelled
) -> RigidResult:
    """Register the prior CT to the current one: six parameters, Mattes mutual information, three resolutions.

    The couch is left out. Starts are looked for over all head–foot shifts and half turns; the best few are registered
    coarsely, and the one under which the CTs correlate best is refined. Sampling is seeded and single threaded, so that
    two runs give the same transform.

    Parameters
    ----------
    fixed, moving : Image
        Current and prior CT.
    seed : int
        Of the sampling.
    region : Box or None
        LPS box of the current frame that alone counts in the refinement.
    progress, is_cancelled : callable

    Raises
    ------
    RegistrationError
        If a CT shows no patient, both hardly overlap, or the optimizer fails.
    Cancelled
        If the user asked to stop.

    References
    ----------
    Mattes D et al., IEEE Trans Med Imaging 22:120 (2003).
    """
    progress("looking for a start")
    images = sitk_image(fixed), sitk_image(moving)
    middle = _pair(*images, MIDDLE_MM, None)
    coarse = _pair(*images, COARSE_MM, middle)
    if min(coarse.moving.GetSize()) < LEAST_VOXELS:
        thinnest_mm = float(((np.asarray(moving.geometry.size) - 1) * moving.geometry.spacing_mm).min())
        raise RegistrationError(
            "Rigid registration",
            f"the slices of the prior CT cover only {thinnest_mm:.0f} mm",
            "Give a DICOM REG or landmarks.",
            f"at least {(LEAST_VOXELS - 1) * coarse.spacing_mm:.0f} mm",
        )
    here, there = _coarse_ct(coarse.fixed, coarse.fixed_mask), _coarse_ct(coarse.moving, coarse.moving_mask)
    starts = rigid_starts(here, there, STARTS, COARSE_MM)
    tried = []
    for n, start in enumerate(starts, start=1):
        progress(f"start {n} of {len(starts)}")
        try:
            matrix = _optimized(coarse, start.matrix, seed, is_cancelled)
        except RegistrationError as error:  # one start that leads nowhere says nothing about the others
            _log.info("start %d: %s", n, error)
            continue
        tried.append(Start(matrix, start.turned, _agreement(here, there, matrix)))
    if not any(start.score >= LEAST_CORRELATION for start in tried):
        best_found = max((start.score for start in tried), default=0.0)
        raise RegistrationError(
            "Rigid registration",
            f"the CTs agree in no position (largest correlation {best_found:.2f})",
            "Check that the CTs show the same patient and region, or give a DICOM REG.",
            f"a correlation of {LEAST_CORRELATION:g}, over a quarter of the smaller patient volume",
        )
    best = max(tried, key=lambda start: start.score - (0.0 if start.turned == UNTURNED else TURN_ADVANTAGE))
    matrix = best.matrix
    for pair in (middle, _pair(*images, FINE_MM, middle, region)):
        progress(f"rigid, {pair.spacing_mm:g} mm")
        matrix = _optimized(pair, matrix, seed, is_cancelled)
    log = (
        f"{len(starts)} starts tried, {best.turned}; correlation of the coarse CTs {best.score:.3f}",
        f"SimpleITK {sitk.Version.VersionString()}: rigid, Mattes mutual information, couch left out, "
        f"{', '.join(f'{mm:.3g}' for mm in (coarse.spacing_mm, middle.spacing_mm, pair.spacing_mm))} mm, seed {seed}",
    )
    _log.info("%s", "; ".join(log))
    return RigidResult(matrix, log)


def _pair(fixed: Any, moving: Any, spacing_mm: float, of: _Pair | None, region: Box | None = None) -> _Pair:
    """Both CTs at a resolution; masks are made at one and carried to the others."""
    # Coarser than the CT itself gains nothing, finer neither.
    spacing = max(spacing_mm, min(*fixed.GetSpacing()[:2], *moving.GetSpacing()[:2]))
    # Inside: a plane beyond the last slice would show air where the patient goes on, and draw the ends of the CTs together.
    one = resampled(fixed, even_geometry(geometry_of(fixed), spacing, region, inside=True))
    other = resampled(moving, even_geometry(geometry_of(moving), spacing, inside=True))
    if of is None:
        masks = [_mask(one, "Current CT"), _mask(other, "Prior CT")]
    else:
        masks = [
            sitk.Resample(mask, image, sitk.Transform(3, sitk.sitkIdentity), sitk.sitkNearestNeighbor, 0.0)
            for mask, image in ((of.fixed_mask, one), (of.moving_mask, other))
        ]
    return _Pair(one, other, masks[0], masks[1], spacing)


def _mask(image: Any, what: str) -> Any:
    body = body_mask(image, what)
    rounds = max(1, round(RIM_MM / image.GetSpacing()[0]))
    return on_geometry(ndimage.binary_dilation(body, iterations=rounds).astype(np.uint8), geometry_of(image))


def _coarse_ct(image: Any, mask: Any) -> CoarseCt:
    return CoarseCt.of(image, sitk.GetArrayFromImage(mask) > 0, AIR_HU)


def _agreement(fixed: CoarseCt, moving: CoarseCt, matrix: Affine) -> float:
    points = fixed.body_points(3 * POINTS)
    here, _ = trilinear(fixed.voxels_hu, fixed.geometry.to_index(points))
    there, known = trilinear(moving.voxels_hu, moving.geometry.to_index(matrix.apply(points)))
    least = LEAST_OVERLAP * smaller_share(fixed, moving)
    return correlation(here[known], there[known]) if float(known.mean()) >= least else 0.0


def _optimized(pair: _Pair, start: Affine, seed: int, is_cancelled: IsCancelled) -> Affine:
    """Refine a start: a small rotation and shift about the patient's centre, before the start is applied."""
    transform = sitk.Euler3DTransform()
    transform.SetCenter(_centre(pair.fixed, pair.fixed_mask))
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    method.SetMetricFixedMask(pair.fixed_mask)
    method.SetMetricMovingMask(pair.moving_mask)
    method.SetMetricSamplingStrategy(method.RANDOM)
    samples = _by_level(SAMPLES, pair) / (1.0 if (share := _share(pair, start)) > FEW_SHARED else max(share, 0.05))
    method.SetMetricSamplingPercentage(min(1.0, samples / float(np.prod(pair.fixed.GetSize()))), seed)
    method.SetInterpolator(sitk.sitkLinear)
    step_mm = _by_level(STEP_MM, pair)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=step_mm, minStep=step_mm / 200.0, numberOfIterations=ITERATIONS, gradientMagnitudeTolerance=1e-6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetMovingInitialTransform(sitk_affine(start))
    method.SetInitialTransform(transform, inPlace=True)
    method.AddCommand(sitk.sitkIterationEvent, lambda: method.StopRegistration() if is_cancelled() else None)
    with one_thread():
        execute("Rigid registration", lambda: method.Execute(pair.fixed, pair.moving), is_cancelled)
    return Affine(start.matrix @ affine_of(transform).matrix)


def _share(pair: _Pair, start: Affine) -> float:
    """Of the current patient, what the prior CT covers under a start."""
    patient = np.argwhere(sitk.GetArrayFromImage(pair.fixed_mask) > 0)[:, ::-1].astype(np.float64)
    points = geometry_of(pair.fixed).to_lps(patient[:: max(1, len(patient) // POINTS)])
    return float(within(geometry_of(pair.moving), start.apply(points)).mean())


def _by_level(values: dict[float, float], pair: _Pair) -> float:
    """The value of the coarsest level that the pair reaches."""
    reached = (value for spacing_mm, value in values.items() if spacing_mm <= pair.spacing_mm + 1e-6)
    return next(reached, values[FINE_MM])


def _centre(image: Any, mask: Any) -> tuple[float, float, float]:
    index = np.argwhere(sitk.GetArrayFromImage(mask) > 0)[:, ::-1].mean(axis=0)
    x, y, z = image.TransformContinuousIndexToPhysicalPoint(index.tolist())
    return (x, y, z)
