"""Transforms given as a file of ITK: what Slicer, ANTs, Elastix, BRAINSFit and SimpleITK save."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..model.displacement_sampling import sampled_steps
from ..model.errors import GeometryError, RegistrationError
from ..model.geometry import Geometry
from ..model.transform import Affine, DisplacementGrid, SpatialTransform
from .bspline import BSplineGrid
from .displacement_field import CONVERT_REMEDY, FIELD_SUFFIXES, field_step, itk_geometry, last_line, read_field
from .whole_files import require_whole_matlab

_log = logging.getLogger(__name__)

TRANSFORM_SUFFIXES = (".tfm", ".txt", ".h5", ".hdf5", ".hdf", ".mat", ".xfm")
LARGEST_FILE_BYTES = 4 * 1024**3
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
ELASTIX_ENTRY = b'(Transform "'
START_BYTES = 4096

REMEDY = (
    "Save the transform again, in the direction current to prior (Slicer: the transform that the prior CT stands under)."
)

_Step: TypeAlias = Affine | DisplacementGrid | BSplineGrid


def read_transform_file(path: Path, fixed_frame_uid: str, moving_frame_uid: str, on: Geometry) -> SpatialTransform:
    """Read a transform file or a displacement field.

    ITK's convention is the library's: points in LPS mm, the resampling direction, here current to prior. Slicer's files
    hold it for the transform that the prior data stand under. A file cannot tell its direction or its frames; both are
    taken on trust here and have to show in the registration's quality.

    Matrices and displacement fields are taken over exactly, the latter on their own grid. A chain with a B-spline is
    sampled on the box of the current CT up to the last B-spline, with its error measured. ITK leaves a point where it is
    outside a B-spline or a field; here it is undefined there.

    Parameters
    ----------
    path : Path
        ``.tfm .txt .h5 .hdf5 .hdf .mat .xfm``, or a displacement field as ``.nrrd .nhdr .mha .mhd .nii .nii.gz``.
    fixed_frame_uid, moving_frame_uid : str
        FrameOfReferenceUIDs of the current CT and of the prior course.
    on : Geometry
        Grid of the current CT.

    Returns
    -------
    SpatialTransform
        ``source`` tells the file, what it holds, and the sampling error if it was sampled.

    Raises
    ------
    RegistrationError
        If the file cannot be read, holds something else, mirrors the patient, or is no transform of this CT.

    References
    ----------
    McCormick M et al., Front Neuroinform 8:13 (2014), for ITK.
    """
    _require_file(path)
    try:
        if path.name.lower().endswith(FIELD_SUFFIXES):
            steps: tuple[_Step, ...] = (read_field(path),)
        elif path.suffix.lower() in TRANSFORM_SUFFIXES:
            if path.suffix.lower() == ".mat":
                require_whole_matlab(path)
            steps = _flat_steps(_read(path), path)
        else:
            wanted = " ".join((*TRANSFORM_SUFFIXES, *FIELD_SUFFIXES))
            raise RegistrationError(str(path), f"a file of type '{path.suffix}'", REMEDY, f"one of {wanted}")
        found, sampled = sampled_steps(steps, on, str(path))
    except GeometryError as error:  # the model's own checks know no file
        raise RegistrationError(str(path), f"{error.subject}: {error.found}", REMEDY, error.expected) from error
    if sampled:
        words = f"B-spline, {sampled.in_words()}"
    else:
        words = "displacement field" if any(isinstance(step, DisplacementGrid) for step in found) else "matrix"
    return SpatialTransform(fixed_frame_uid, moving_frame_uid, found, f"transform file {path.name} ({words})")


def _require_file(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(START_BYTES)
    except OSError as error:
        found = f"cannot be read ({error.strerror or error})"
        raise RegistrationError(str(path), found, "Check the path in the case file.") from error
    if size > LARGEST_FILE_BYTES:
        raise RegistrationError(str(path), f"{size / 1024**3:.1f} GB", "Save a coarser displacement field.", "at most 4 GB")
    if ELASTIX_ENTRY in start:
        raise RegistrationError(
            str(path),
            "an elastix parameter file",
            "Have transformix write the displacement field (-def all), or elastix an ITK transform (.h5).",
            "a transform of ITK",
        )
    if not start or (path.suffix.lower().startswith(".h") and not start.startswith(HDF5_SIGNATURE)):
        raise RegistrationError(str(path), "no HDF5 file" if start else "an empty file", REMEDY, "a transform")


def _read(path: Path) -> Any:
    """The transform in a file, refusing what SimpleITK would pass over with a warning."""
    import SimpleITK as sitk

    class Warnings(sitk.LoggerBase):  # type: ignore[misc]
        """Collects what ITK says; SimpleITK asks for these names."""

        def __init__(self) -> None:
            super().__init__()
            self.text = ""

        def DisplayText(self, text: str) -> None:  # noqa: N802
            self.text += text

    warnings = Warnings()
    former = warnings.SetAsGlobalITKLogger()
    try:
        transform = sitk.ReadTransform(str(path))
    except (RuntimeError, UnicodeDecodeError) as error:  # the latter for garbage in SimpleITK's own message
        unknown = re.search(r'create an instance of "(\w+?Transform)_', str(error))
        if unknown:
            raise RegistrationError(str(path), f"an {unknown[1]}", CONVERT_REMEDY, "a transform of ITK") from error
        raise RegistrationError(str(path), f"cannot be read ({last_line(error)})", REMEDY, "a transform of ITK") from error
    finally:
        former.SetAsGlobalITKLogger()
    if warnings.text:
        _log.debug("reading %s: %s", path, warnings.text)
    if "more than one transform" in warnings.text:
        raise RegistrationError(str(path), "several transforms that are not one chain", REMEDY, "one (composite) transform")
    return transform


def _flat_steps(transform: Any, path: Path) -> tuple[_Step, ...]:
    """Steps in the order in which they are applied: ITK applies the one that was added last first."""
    import SimpleITK as sitk

    if transform.GetDimension() != 3:
        raise RegistrationError(str(path), f"a transform of {transform.GetDimension()} dimensions", REMEDY, "3 dimensions")
    kind = transform.GetTransformEnum()
    if kind == sitk.sitkComposite:
        composite = sitk.CompositeTransform(transform)
        parts = [composite.GetNthTransform(n) for n in range(composite.GetNumberOfTransforms())]
        if not parts:
            raise RegistrationError(str(path), "an empty composite transform", REMEDY, "at least one transform")
        return tuple(step for part in reversed(parts) for step in _flat_steps(part, path))
    if kind == sitk.sitkDisplacementField:
        return (field_step(sitk.DisplacementFieldTransform(transform).GetDisplacementField(), path),)
    if kind == sitk.sitkBSplineTransform:
        return (_bspline(sitk.BSplineTransform(transform), path),)
    if transform.IsLinear():
        return (_affine(transform),)
    raise RegistrationError(str(path), f"a {transform.GetName()}", REMEDY, "matrices, displacement fields and B-splines")


def _affine(transform: Any) -> Affine:
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis in range(3):
        matrix[:3, axis] = np.array(transform.TransformPoint(tuple(np.eye(3)[axis].tolist()))) - matrix[:3, 3]
    return Affine(matrix)


def _bspline(transform: Any, path: Path) -> BSplineGrid:
    import SimpleITK as sitk

    images = transform.GetCoefficientImages()
    coefficients = np.stack([sitk.GetArrayFromImage(image).astype(np.float64) for image in images], axis=-1)
    if not np.isfinite(coefficients).all():
        raise RegistrationError(str(path), "a B-spline with coefficients that are no numbers", REMEDY, "finite coefficients")
    return BSplineGrid(itk_geometry(images[0]), coefficients, int(transform.GetOrder()))
