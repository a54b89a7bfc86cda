"""Real CTs of different patients, and what a careless deformable registration makes of a pair of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Image, Patient
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.course_check import OrganRegion
from scipy.ndimage import gaussian_filter
from synthetic import AXIAL

OFFSET_HU = 1024.0
"""OpenKBP stores CT numbers from 0 on."""
BY_LEVEL = ((4, 60), (2, 30))
"""Shrink factor and iterations of the demons."""
FIELD_SMOOTHING_VOXELS = 1.5


def geometry_of(image: sitk.Image) -> Geometry:
    matrix = np.array(image.GetDirection()).reshape(3, 3)
    return Geometry(image.GetOrigin(), image.GetSpacing(), tuple(tuple(row) for row in matrix), image.GetSize())


def image_of(stored: sitk.Image, frame: str, offset_hu: float) -> Image:
    voxels = sitk.GetArrayFromImage(stored).astype(np.float32) - np.float32(offset_hu)
    patient = Patient(frame, frame, "", "")
    return Image(voxels, geometry_of(stored), frame, "1.1", "1.2", (), (), patient, "", frame)


def head_and_neck(folder: Path) -> tuple[Image, Dose, tuple[OrganRegion, ...]]:
    """CT, dose and organs of one OpenKBP patient."""
    ct = image_of(sitk.ReadImage(str(folder / "ct.nrrd")), folder.name, OFFSET_HU)
    voxels_gy = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "dose.nrrd"))).astype(np.float32)
    organs = []
    for file in sorted(folder.glob("*.nrrd")):
        if file.stem not in {"ct", "dose", "possible_dose_mask"} and not file.stem.startswith("PTV"):
            mask = sitk.GetArrayFromImage(sitk.ReadImage(str(file))) > 0
            points_mm = ct.geometry.to_lps(np.argwhere(mask)[:, ::-1].astype(np.float64))
            organs.append(OrganRegion(file.stem, points_mm))
    return ct, Dose(voxels_gy, ct.geometry, ct.frame_uid, "1.9", ct.patient, ()), tuple(organs)


def deformed_onto(fixed: Image, moving: Image) -> SpatialTransform:
    """Rigid by the moments of the images, then demons, asking nothing about whether it makes sense."""
    target, source = _as_sitk(fixed), _as_sitk(moving)
    start = sitk.CenteredTransformInitializer(
        target, source, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(start.GetMatrix(), (3, 3))
    matrix[:3, 3] = start.TransformPoint((0.0, 0.0, 0.0))
    source = sitk.HistogramMatching(sitk.Resample(source, target, start, sitk.sitkLinear, -1000.0), target)
    field = None
    for shrink, iterations in BY_LEVEL:
        small = [
            sitk.Shrink(sitk.SmoothingRecursiveGaussian(image, 2.0 * shrink), [shrink] * 3) for image in (target, source)
        ]
        demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
        demons.SetNumberOfIterations(iterations)
        demons.SetStandardDeviations(FIELD_SMOOTHING_VOXELS)
        begin = (
            sitk.Image(small[0].GetSize(), sitk.sitkVectorFloat64, 3) if field is None else sitk.Resample(field, small[0])
        )
        begin.CopyInformation(small[0])
        field = demons.Execute(*small, begin)
    vectors = sitk.GetArrayFromImage(field).astype(np.float32)
    steps = (DisplacementGrid(geometry_of(field), vectors), Affine(matrix))
    return SpatialTransform(fixed.frame_uid, moving.frame_uid, steps, "moments and demons")


def _as_sitk(image: Image) -> sitk.Image:
    made = sitk.GetImageFromArray(np.clip(image.voxels_hu, -1000.0, 1000.0))
    made.SetOrigin(image.geometry.origin_mm)
    made.SetSpacing(image.geometry.spacing_mm)
    made.SetDirection(np.asarray(image.geometry.direction).ravel().tolist())
    return made


def smooth_field(around: Geometry, seed: int, mean_mm: float, smoothness_mm: float) -> DisplacementGrid:
    """A random smooth displacement of the given mean square length, over the grid and 40 mm beyond."""
    step_mm = 6.0
    ends = around.to_lps(np.array([[0.0, 0.0, 0.0], np.array(around.size) - 1.0]))
    low, high = ends.min(axis=0) - 40.0, ends.max(axis=0) + 40.0
    size = tuple(int(count) for count in np.ceil((high - low) / step_mm) + 1)
    grid = Geometry(tuple(low), (step_mm,) * 3, AXIAL, size)
    noise = np.random.default_rng(seed).normal(size=(3, *grid.shape))
    vectors = np.stack([gaussian_filter(part, smoothness_mm / step_mm) for part in noise], axis=-1)
    vectors *= mean_mm / np.sqrt(np.mean(np.sum(vectors**2, axis=-1)))
    return DisplacementGrid(grid, vectors.astype(np.float32))
