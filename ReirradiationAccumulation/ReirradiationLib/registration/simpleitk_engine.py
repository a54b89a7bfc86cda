"""The engine that is always there: SimpleITK, rigid by mutual information, deformable by locally normalised demons."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from ..model.arrays import BoolArray, Float32Array
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.registration import EngineName
from .engine import IsCancelled, Progress, Registered, RegistrationSettings
from .in_steps import Deformation, register_in_steps
from .prewarped import Prewarped
from .sitk_images import even_geometry, execute, geometry_of, on_geometry, resampled

NORMALISATION_MM = 3.5
"""Standard deviation of the Gaussian over which mean and spread of HU are taken."""

NOISE_HU = 30.0
"""Added to the spread: what varies less than this is noise and must not be blown up."""

LEVELS = ((8.0, 300), (4.0, 120), (2.0, 20))
"""Spacing in mm and iterations; a level finer than the working grid runs on that."""

FIELD_SMOOTHING_VOXELS = 1.5
LEAST_WEIGHT = 1e-3


class SimpleItkEngine:
    """A :class:`~ReirradiationLib.registration.engine.RegistrationEngine` of what every Slicer bundles."""

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        return EngineName.SIMPLEITK

    def version(self) -> str:
        """Program and version."""
        return f"SimpleITK {sitk.Version.VersionString()}"

    def unavailable_because(self) -> str | None:
        """Never unavailable."""
        return None

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        """Register the prior CT to the current one.

        Deformable: fast symmetric-forces demons on images that are normalised by their local mean and spread, so that
        contrast medium and another tube voltage, which change HU but not the local pattern, do not pull.

        Raises
        ------
        RegistrationError
            If a CT shows no patient, or both hardly overlap.
        Cancelled
            If the user asked to stop.

        References
        ----------
        Vercauteren T et al., NeuroImage 45:S61 (2009): symmetric forces. Local normalisation: Cachier P and Pennec X,
        MMBIA 2000.
        """

        def deform(pair: Prewarped) -> Deformation:
            log = (
                f"{self.version()}: symmetric-forces demons, images normalised over {NORMALISATION_MM:g} mm, couch left "
                f"out, {', '.join(f'{mm:g} mm × {n}' for mm, n in _levels(pair))} iterations"
            )
            return Deformation(_demons(pair, progress, is_cancelled), self.version(), log)

        return register_in_steps(fixed, moving, settings, deform, progress, is_cancelled)


def _levels(pair: Prewarped) -> list[tuple[float, int]]:
    finest_mm = pair.geometry.spacing_mm[0]
    return [(max(spacing_mm, finest_mm), iterations) for spacing_mm, iterations in LEVELS]


def _demons(pair: Prewarped, progress: Progress, is_cancelled: IsCancelled) -> Float32Array:
    one = normalised(pair.fixed, pair.fixed_patient)
    other = normalised(pair.moving, pair.moving_patient)
    field = None
    for spacing_mm, iterations in _levels(pair):
        progress(f"deformable, {spacing_mm:g} mm")
        geometry = even_geometry(pair.geometry, spacing_mm)
        images = [resampled(image, geometry, background=0.0) for image in (one, other)]
        field = _level(images, field, iterations, is_cancelled)
    return np.asarray(sitk.GetArrayFromImage(field), dtype=np.float32)


def _level(images: list[Any], field: Any, iterations: int, is_cancelled: IsCancelled) -> Any:
    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfIterations(iterations)
    demons.SetSmoothDisplacementField(True)
    demons.SetStandardDeviations(FIELD_SMOOTHING_VOXELS)
    demons.AddCommand(sitk.sitkIterationEvent, lambda: demons.Abort() if is_cancelled() else None)
    begin = [] if field is None else [sitk.Resample(field, images[0], sitk.Transform(3, sitk.sitkIdentity), sitk.sitkLinear)]
    return execute("Deformable registration", lambda: demons.Execute(*images, *begin), is_cancelled)


def normalised(image: Any, patient: BoolArray) -> Any:
    """An image less its local mean, by its local spread, within the patient; 0 outside.

    Mean and spread are taken over a Gaussian and only from voxels of the patient, so that neither the rim of a CT nor a
    couch is an edge.
    """
    geometry = geometry_of(image)
    weight = np.maximum(_blurred(patient.astype(np.float32), geometry), np.float32(LEAST_WEIGHT))
    voxels: Float32Array = sitk.GetArrayFromImage(image)
    difference = (voxels - _blurred(voxels * patient, geometry) / weight) * patient
    # Recursive filters undershoot: a variance must be kept from being negative.
    variance = np.maximum(_blurred(difference * difference, geometry), np.float32(0.0)) / weight
    return on_geometry(difference / np.sqrt(variance + np.float32(NOISE_HU**2)), geometry)


def _blurred(voxels: Float32Array, geometry: Geometry) -> Float32Array:
    blurred: Float32Array = sitk.GetArrayFromImage(
        sitk.SmoothingRecursiveGaussian(on_geometry(voxels, geometry), NORMALISATION_MM)
    )
    return blurred
