"""Writing registrations as Spatial Registration and Deformable Spatial Registration objects (REG)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..model.arrays import Float32Array, FloatArray
from ..model.errors import OutputError
from ..model.geometry import Geometry, apply_affine
from ..model.image import Image
from ..model.interlock import Interlock
from ..model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from .reader import SopClass
from .writing import Code, decimal, limited, new_object, reference_item, save_object

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES_NUMBER = 904
MATRIX_DIGITS = 15
"""Significant digits of matrices, as far as 16 bytes hold them: 13 after the point of a direction cosine."""

RIGID_TOLERANCE = 1e-6
"""Largest deviation from an orthonormal matrix that is still written as RIGID."""

BY_IMAGES = Code("125024", "Image Content-based Alignment")
SAME_FRAME = Code("125021", "Frame of Reference Identity")


def write_registration(
    path: Path, transform: SpatialTransform, fixed: Image, moving: Image, description: str = "Registration"
) -> tuple[SopClass, str]:
    """Write a transform between the frames of reference of two CTs.

    Chains of matrices become a Spatial Registration of two items: the identity for the current frame, which is the
    registered one, and the matrix from the prior frame to it (PS3.3 C.20.2). Chains with one grid become a Deformable
    Spatial Registration: pre-matrix, grid and post-matrix lead from the current frame to the prior one, the resampling
    direction (C.20.3); vectors that are not known stay NaN (C.20.3.1.3).

    Parameters
    ----------
    path : Path
        A new file.
    transform : SpatialTransform
        LPS, current to prior: ``Affine* [DisplacementGrid] Affine*``, the matrices before the grid without scale or shear.
    fixed, moving : Image
        Current and prior CT.
    description : str
        ContentDescription and SeriesDescription, cut to 64 characters.

    Returns
    -------
    (SopClass, str)
        What was written, and its SOPInstanceUID.

    Raises
    ------
    OutputError
        If the transform connects other frames or cannot be expressed, a file is there, or it cannot be written.
    """
    found = (transform.fixed_frame_uid, transform.moving_frame_uid)
    if found != (fixed.frame_uid, moving.frame_uid) or fixed.frame_uid == moving.frame_uid:
        expected = f"{moving.frame_uid} to {fixed.frame_uid}, two different ones"
        raise OutputError(
            path.name, f"a transform of frames {found}", "Report this.", expected, Interlock.EXPORT_REGISTRATION
        )
    before, grid, after = _parts(path, transform.steps)
    kind = SopClass.RIGID_REG if grid is None else SopClass.DEFORMABLE_REG
    dataset = new_object(fixed, kind, description, SERIES_NUMBER)
    dataset.Laterality = ""
    dataset.DeviceSerialNumber = "none"  # Enhanced General Equipment (PS3.3 C.7.5.2) wants a value
    dataset.ContentLabel = "REGISTRATION"
    dataset.ContentDescription = limited(description, 64)
    dataset.ContentCreatorName = ""
    # The CT's own date, not today's: the same content gives the same bytes.
    dataset.ContentDate = fixed.study_date or "19000101"
    dataset.ContentTime = "000000"
    _refer_to_images(dataset, fixed, moving)
    if grid is None:
        inverse = np.asarray(np.linalg.inv(after.matrix @ before.matrix), dtype=np.float64)
        dataset.RegistrationSequence = [_rigid_item(fixed, np.eye(4), SAME_FRAME), _rigid_item(moving, inverse, BY_IMAGES)]
    else:
        dataset.DeformableRegistrationSequence = [_deformable_item(path, moving, before, grid, after)]
    return kind, save_object(dataset, path)


def _parts(path: Path, steps: Sequence[TransformStep]) -> tuple[Affine, DisplacementGrid | None, Affine]:
    """The matrices before the grid as one, the grid, the matrices after it as one."""
    places = [n for n, step in enumerate(steps) if isinstance(step, DisplacementGrid)]
    if len(places) > 1:
        found = f"a transform of {len(places)} displacement grids"
        raise OutputError(path.name, found, "Resample it to one grid.", "at most one", Interlock.EXPORT_INEXPRESSIBLE)
    at = places[0] if places else len(steps)
    grid = steps[at] if places else None
    return _product(steps[:at]), grid if isinstance(grid, DisplacementGrid) else None, _product(steps[at + 1 :])


def _product(steps: Sequence[TransformStep]) -> Affine:
    matrices = [step.matrix for step in steps if isinstance(step, Affine)]
    return Affine(reduce(lambda total, matrix: matrix @ total, matrices, np.eye(4)))


def _is_rigid(matrix: FloatArray) -> bool:
    return bool(np.allclose(matrix[:3, :3].T @ matrix[:3, :3], np.eye(3), rtol=0.0, atol=RIGID_TOLERANCE))


def _rigid_item(image: Image, to_registered: FloatArray, method: Code) -> Dataset:
    """One item of RegistrationSequence: the matrix from the image's frame to the registered one."""
    from pydicom.dataset import Dataset

    registration = Dataset()
    registration.FrameOfReferenceTransformationComment = ""
    registration.RegistrationTypeCodeSequence = [method.item()]
    registration.MatrixSequence = [_matrix_item(to_registered)]
    item = Dataset()
    item.FrameOfReferenceUID = image.frame_uid
    item.ReferencedImageSequence = _images(image)
    item.MatrixRegistrationSequence = [registration]
    return item


def _deformable_item(path: Path, moving: Image, before: Affine, grid: DisplacementGrid, after: Affine) -> Dataset:
    from pydicom.dataset import Dataset

    geometry, vectors = _in_registered_frame(path, before, grid)
    axes = np.asarray(geometry.direction)
    field = Dataset()
    field.ImagePositionPatient = [decimal(value, MATRIX_DIGITS) for value in geometry.origin_mm]
    field.ImageOrientationPatient = [decimal(value, MATRIX_DIGITS) for value in (*axes[:, 0], *axes[:, 1])]
    field.GridDimensions = list(geometry.size)
    field.GridResolution = list(geometry.spacing_mm)
    field.VectorGridData = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    item = Dataset()
    item.SourceFrameOfReferenceUID = moving.frame_uid
    item.RegistrationTypeCodeSequence = [BY_IMAGES.item()]
    item.ReferencedImageSequence = _images(moving)
    item.PreDeformationMatrixRegistrationSequence = [_matrix_item(before.matrix)]
    item.PostDeformationMatrixRegistrationSequence = [_matrix_item(after.matrix)]
    item.DeformableRegistrationGridSequence = [field]
    return item


def _in_registered_frame(path: Path, before: Affine, grid: DisplacementGrid) -> tuple[Geometry, Float32Array]:
    """The grid where DICOM wants it, in the registered frame: before the pre-matrix, and right-handed.

    A point x of the registered frame goes to ``before(x) + v(x)``; our vectors lie at ``before(x)``. Moving the grid by
    the inverse of a rigid matrix puts the very same vectors at x; scale or shear would make it no regular grid.
    """
    if not _is_rigid(before.matrix):
        found = "a matrix that scales or shears comes before the displacement grid"
        raise OutputError(path.name, found, "Resample it to one grid.", "a rigid matrix", Interlock.EXPORT_INEXPRESSIBLE)
    geometry, vectors = grid.geometry, np.asarray(grid.vectors_mm)
    axes = np.asarray(geometry.direction)
    origin = np.asarray(geometry.origin_mm)
    if np.linalg.det(axes) < 0:
        # DICOM has no direction of the frames: it is the cross product of rows and columns.
        origin = geometry.to_lps(np.array([[0.0, 0.0, geometry.size[2] - 1.0]]))[0]
        axes, vectors = axes * np.array([1.0, 1.0, -1.0]), vectors[::-1]
    inverse = np.asarray(np.linalg.inv(before.matrix), dtype=np.float64)
    axes, origin = inverse[:3, :3] @ axes, apply_affine(inverse, origin[None])[0]
    rows = [tuple(float(value) for value in row) for row in axes]
    direction = tuple((row[0], row[1], row[2]) for row in rows)
    moved = Geometry(
        (float(origin[0]), float(origin[1]), float(origin[2])),
        geometry.spacing_mm,
        (direction[0], direction[1], direction[2]),
        geometry.size,
    )
    return moved, vectors


def _matrix_item(matrix: FloatArray) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.FrameOfReferenceTransformationMatrixType = "RIGID" if _is_rigid(matrix) else "AFFINE"
    item.FrameOfReferenceTransformationMatrix = [decimal(value, MATRIX_DIGITS) for value in matrix.ravel()]
    return item


def _images(image: Image) -> list[Dataset]:
    return [reference_item(SopClass.CT.value, uid) for uid in image.slice_uids]


def _refer_to_images(dataset: Dataset, fixed: Image, moving: Image) -> None:
    """Common Instance Reference module (PS3.3 C.12.2): series of this study, and of others."""
    from pydicom.dataset import Dataset

    own, others = [], []
    for image in (fixed, moving):
        series = Dataset()
        series.SeriesInstanceUID = image.series_uid
        series.ReferencedInstanceSequence = _images(image)
        if image.study_uid == fixed.study_uid:
            own.append(series)
        else:
            study = Dataset()
            study.StudyInstanceUID = image.study_uid
            study.ReferencedSeriesSequence = [series]
            others.append(study)
    dataset.ReferencedSeriesSequence = own
    if others:
        dataset.StudiesContainingOtherReferencedInstancesSequence = others
