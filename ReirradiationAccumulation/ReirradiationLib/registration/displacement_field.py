"""Displacement fields stored as vector images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import RegistrationError
from ..model.geometry import Geometry
from ..model.transform import DisplacementGrid
from .whole_files import require_whole_nifti

NIFTI_SUFFIXES = (".nii", ".nii.gz")
FIELD_SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd", *NIFTI_SUFFIXES)

MOST_NODES = 100_000_000
"""Of a field: 1.2 GB of vectors, twice a CT of 512 × 512 × 200."""

LARGEST_DISPLACEMENT_MM = 3000.0
"""Frames of reference of one patient lie no further apart."""

MEAN_VOLUME_CHANGE = (0.3, 3.0)
"""Of the affine map that fits a field best: a field outside of it holds positions, voxels, or mirrors."""

DIRECTION_KEY = "displacement field type"
MODELING = "modeling"
"""Slicer's word, in NRRD files, for a field that it holds in the direction prior to current; such vectors look like any."""

CONVERT_REMEDY = (
    "Convert it to a displacement field on the current CT (Slicer: Transforms module, Convert) and save that, or give the "
    "node itself within Slicer."
)

REMEDY = "Save the displacement field again: LPS vectors in mm, from current to prior points."


def read_field(path: Path) -> DisplacementGrid:
    """Read a displacement field: vectors in LPS mm on their own grid; NaN where a displacement is not known.

    Raises
    ------
    RegistrationError
        If the file is damaged, no field of three-dimensional vectors, too large, or its vectors cannot be displacements.
    GeometryError
        If its grid is sheared.
    """
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _require_vector_field(reader, path)
        if path.name.lower().endswith(NIFTI_SUFFIXES):
            component_bytes = 8 if "64" in sitk.GetPixelIDValueAsString(reader.GetPixelID()) else 4
            require_whole_nifti(path, 3 * component_bytes * int(np.prod(reader.GetSize())))
        image = reader.Execute()
    except (RuntimeError, UnicodeDecodeError) as error:  # the latter for garbage in SimpleITK's own message
        raise RegistrationError(str(path), f"cannot be read ({last_line(error)})", REMEDY, "a displacement field") from error
    return field_step(image, path)


def field_step(image: Any, path: Path) -> DisplacementGrid:
    """The displacement grid of a SimpleITK vector image.

    Raises
    ------
    RegistrationError
        If its vectors cannot be displacements.
    GeometryError
        If its grid is sheared.
    """
    import SimpleITK as sitk

    geometry = itk_geometry(image)
    with np.errstate(over="ignore"):  # what single precision cannot hold becomes infinite and is refused
        vectors = sitk.GetArrayFromImage(image).astype(np.float32)
    known = ~np.isnan(vectors).any(axis=-1)
    if not known.any() or np.isinf(vectors).any():
        found = "infinite displacements" if known.any() else "no known displacement"
        raise RegistrationError(str(path), f"a field with {found}", REMEDY, "finite vectors in mm")
    vectors[~known] = np.nan
    largest = float(np.nanmax(np.abs(vectors)))
    if largest > LARGEST_DISPLACEMENT_MM:
        raise RegistrationError(
            str(path), f"displacements of up to {largest:.4g} mm", REMEDY, f"at most {LARGEST_DISPLACEMENT_MM:.0f} mm"
        )
    _require_displacements(geometry, vectors, known, path)
    return DisplacementGrid(geometry, vectors)


def itk_geometry(image: Any) -> Geometry:
    """The grid of a SimpleITK image; both are LPS.

    Raises
    ------
    GeometryError
        If the axes are sheared.
    """
    x, y, z = np.asarray(image.GetDirection()).reshape(3, 3).tolist()
    return Geometry(image.GetOrigin(), image.GetSpacing(), (tuple(x), tuple(y), tuple(z)), image.GetSize())


def last_line(error: Exception) -> str:
    """What ITK says, without where in its sources it says so."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    told = next((line for line in lines if line.startswith("ITK ERROR")), lines[-1] if lines else "no reason given")
    return told.split("): ", 1)[-1].removeprefix("ITK ERROR: ")[:200]


def _require_vector_field(reader: Any, path: Path) -> None:
    import SimpleITK as sitk

    dimension, components = reader.GetDimension(), reader.GetNumberOfComponents()
    kind = sitk.GetPixelIDValueAsString(reader.GetPixelID())
    if dimension != 3 or components != 3 or "float" not in kind:
        found = f"a {dimension}-dimensional image of {components} components ({kind})"
        raise RegistrationError(str(path), found, REMEDY, "a 3-dimensional image of three floating-point components")
    if reader.HasMetaDataKey(DIRECTION_KEY) and reader.GetMetaData(DIRECTION_KEY).strip().lower() == MODELING:
        found = "a field in the direction prior to current ('modeling')"
        raise RegistrationError(str(path), found, CONVERT_REMEDY, "the resampling direction")
    nodes = int(np.prod(reader.GetSize(), dtype=np.float64))
    if nodes > MOST_NODES:
        raise RegistrationError(
            str(path),
            f"a field of {nodes / 1e6:.0f} million vectors",
            "Resample it.",
            f"at most {MOST_NODES // 1_000_000} million",
        )


def _require_displacements(geometry: Geometry, vectors: Any, known: Any, path: Path) -> None:
    """Refuse fields that hold positions: the affine map that fits best would double all lengths, or collapse them."""
    picked = np.flatnonzero(known)
    picked = picked[:: max(1, len(picked) // 20_000)]
    k, j, i = np.unravel_index(picked, geometry.shape)
    points: FloatArray = geometry.to_lps(np.stack([i, j, k], axis=1).astype(np.float64))
    centred = points - points.mean(axis=0)
    if np.linalg.matrix_rank(centred, tol=1e-3) < 3:
        return
    moved = centred + vectors.reshape(-1, 3)[picked].astype(np.float64)
    gradient = np.linalg.lstsq(centred, moved - moved.mean(axis=0), rcond=None)[0].T
    change = float(np.linalg.det(gradient))
    if not MEAN_VOLUME_CHANGE[0] <= change <= MEAN_VOLUME_CHANGE[1]:
        least, most = MEAN_VOLUME_CHANGE
        found = f"vectors that change volumes by a factor of {change:.3g} as a whole: positions rather than displacements"
        raise RegistrationError(str(path), found, REMEDY, f"a factor between {least} and {most}")
