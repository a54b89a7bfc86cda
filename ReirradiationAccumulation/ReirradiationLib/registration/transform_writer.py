"""Writing a transform as a file of ITK, the kind that :mod:`.transform_file` reads and that Slicer loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..model.errors import OutputError
from ..model.transform import DisplacementGrid, SpatialTransform, TransformStep
from .displacement_field import last_line
from .sitk_images import on_geometry, sitk_affine

SUFFIX = ".h5"


def write_transform_file(path: Path, transform: SpatialTransform) -> None:
    """Write a transform from current to prior points, LPS mm, ITK's own convention.

    Matrices and displacement vectors come back as they are. Vectors that are not known stay NaN, which this library reads as
    such; other programs do not.

    Parameters
    ----------
    path : Path
        A new file, ``.h5``.
    transform : SpatialTransform

    Raises
    ------
    OutputError
        If a file is there already, or it cannot be written.
    """
    import SimpleITK as sitk

    if path.exists():
        raise OutputError(str(path), "a file of that name is there", "Choose a new file.")
    composite = sitk.CompositeTransform(3)
    for step in reversed(transform.steps):  # ITK applies what was added last first
        composite.AddTransform(_itk_step(step))
    partial = path.with_name(f"partial-{path.name}")
    try:
        sitk.WriteTransform(composite, str(partial))
        partial.replace(path)
    except RuntimeError as error:
        found = f"cannot be written ({last_line(error)})"
        raise OutputError(str(path), found, "Check the folder and the disk.") from error
    except OSError as error:
        found = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), found, "Check the folder and the disk.") from error


def _itk_step(step: TransformStep) -> Any:
    import SimpleITK as sitk

    if isinstance(step, DisplacementGrid):
        return sitk.DisplacementFieldTransform(on_geometry(step.vectors_mm.astype(np.float64), step.geometry, True))
    return sitk_affine(step)
