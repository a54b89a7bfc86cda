"""Reading spatial registration objects (REG), rigid and deformable."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DicomError, GeometryError, RegistrationError
from ..model.image import Patient
from ..model.interlock import Interlock
from ..model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from .planes import grid_of, row_and_column_directions
from .reader import DicomReader, SopClass, open_dicom, read_patient

BIG_ENDIAN = "1.2.840.10008.1.2.2"
RIGID_TOLERANCE = 1e-3
"""Largest deviation of a rotation matrix typed RIGID from an orthonormal one."""


def read_registration(path: Path, fixed_frame_uid: str, moving_frame_uid: str) -> SpatialTransform:
    """Read the transform from the current to the prior frame of reference.

    Parameters
    ----------
    path : Path
        A Spatial Registration or a Deformable Spatial Registration object.
    fixed_frame_uid, moving_frame_uid : str
        FrameOfReferenceUIDs of the current CT and of the prior course.

    Returns
    -------
    SpatialTransform
        LPS, resampling direction.

    Raises
    ------
    DicomError
        If the file is no REG or is damaged.
    RegistrationError
        If it does not connect the two frames, or only in the direction that would have to be inverted.
    """
    reader = open_dicom(path, SopClass.RIGID_REG, SopClass.DEFORMABLE_REG)
    if reader.transfer_syntax() == BIG_ENDIAN:
        raise DicomError(str(path), "a big-endian transfer syntax", "Export the registration as little endian.")
    deformable = reader.text("SOPClassUID") == SopClass.DEFORMABLE_REG.value
    steps = (_deformable_steps if deformable else _rigid_steps)(reader, fixed_frame_uid, moving_frame_uid)
    kind = "deformable" if deformable else "rigid"
    return SpatialTransform(fixed_frame_uid, moving_frame_uid, steps, f"DICOM REG, {kind} ({path.name})")


def _rigid_steps(reader: DicomReader, fixed: str, moving: str) -> tuple[TransformStep, ...]:
    """Each item's matrices map its frame to the registered one (PS3.3 C.20.2.1.1); chain fixed → registered → moving."""
    to_registered: dict[str, FloatArray] = {}
    for item in reader.items("RegistrationSequence"):
        frame = item.text("FrameOfReferenceUID") or reader.text("FrameOfReferenceUID")
        matrix = _item_matrix(item, may_be_absent=frame == reader.text("FrameOfReferenceUID"))
        if frame in to_registered and not np.allclose(matrix, to_registered[frame], atol=1e-6):
            raise item.refuse("FrameOfReferenceUID", "has two different matrices", "Export one registration per object.")
        to_registered[frame] = matrix
    # The registered frame itself needs no item of its own (PS3.3 C.20.2).
    to_registered.setdefault(reader.text("FrameOfReferenceUID"), np.eye(4))
    if fixed not in to_registered or moving not in to_registered:
        raise _unconnected(reader, fixed, moving, list(to_registered))
    fixed_to_registered, moving_to_registered = Affine(to_registered[fixed]), Affine(to_registered[moving])
    return (Affine(np.linalg.inv(moving_to_registered.matrix) @ fixed_to_registered.matrix),)


def _item_matrix(item: DicomReader, may_be_absent: bool) -> FloatArray:
    registrations = item.items("MatrixRegistrationSequence")
    matrices = [matrix for registration in registrations for matrix in registration.items("MatrixSequence")]
    if not matrices and not may_be_absent:
        raise item.refuse("MatrixSequence", "holds no matrix", "Export the registration again.", "at least one matrix")
    total = np.eye(4)
    for matrix in matrices:
        total = _matrix(matrix) @ total
    return total


def _deformable_steps(reader: DicomReader, fixed: str, moving: str) -> tuple[TransformStep, ...]:
    """Registered point → pre-matrix → plus grid vector → post-matrix → source point (PS3.3 C.20.3.1.1)."""
    registered = reader.text("FrameOfReferenceUID")
    items = [i for i in reader.items("DeformableRegistrationSequence") if i.text("SourceFrameOfReferenceUID") == moving]
    if registered != fixed or len(items) != 1:
        sources = [item.text("SourceFrameOfReferenceUID") for item in reader.items("DeformableRegistrationSequence")]
        raise _unconnected(reader, fixed, moving, [registered, *sources])
    item = items[0]
    pre = _optional_matrix(item, "PreDeformationMatrixRegistrationSequence")
    post = _optional_matrix(item, "PostDeformationMatrixRegistrationSequence")
    return (_grid(item.only_item("DeformableRegistrationGridSequence"), pre), Affine(post))


def _grid(item: DicomReader, pre: FloatArray) -> DisplacementGrid:
    row, column = row_and_column_directions(item)
    size = item.numbers("GridDimensions", 3)
    if not (size == np.floor(size)).all() or size.min() < 1:
        raise item.refuse("GridDimensions", f"is {size}", "Export the registration again.", "whole numbers from 1")
    count = int(np.prod(size)) * 3
    data = item.raw("VectorGridData")
    if len(data) != 4 * count:
        raise item.refuse("VectorGridData", f"has {len(data)} bytes", "Export the registration again.", f"{4 * count} bytes")
    geometry = grid_of(
        item,
        (row, column, np.cross(row, column)),
        origin=item.numbers("ImagePositionPatient", 3),
        spacing=item.numbers("GridResolution", 3),
        size=size,
    )
    vectors = np.frombuffer(data, dtype="<f4", count=count).reshape((*geometry.shape, 3)).astype(np.float64)
    # Not a number says that the displacement is not known there (PS3.3 C.20.3.1.3).
    if np.isinf(vectors).any():
        raise item.refuse("VectorGridData", "holds infinite displacements", "Export the registration again.", "mm, or NaN")
    # The grid is indexed by the registered point, before the pre-matrix; folding pre into the vectors keeps one lookup.
    points = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
    shift = Affine(pre).apply(points) - points
    return DisplacementGrid(geometry, (vectors + shift.reshape(vectors.shape)).astype(np.float32))


def _optional_matrix(item: DicomReader, keyword: str) -> FloatArray:
    return _matrix(item.only_item(keyword)) if item.items(keyword) else np.eye(4)


def _matrix(item: DicomReader) -> FloatArray:
    keyword, remedy = "FrameOfReferenceTransformationMatrix", "Export the registration again."
    try:
        matrix = Affine(item.numbers(keyword, 16).reshape(4, 4)).matrix
    except GeometryError as error:
        raise item.refuse(keyword, f"is {error.found}", remedy, error.expected) from error
    rigid = item.text("FrameOfReferenceTransformationMatrixType") == "RIGID"
    if rigid and not np.allclose(matrix[:3, :3].T @ matrix[:3, :3], np.eye(3), atol=RIGID_TOLERANCE):
        raise item.refuse(keyword, "scales or shears", remedy, "a RIGID matrix")
    return matrix


def _unconnected(reader: DicomReader, fixed: str, moving: str, found: list[str]) -> RegistrationError:
    return RegistrationError(
        reader.where,
        f"it connects {', '.join(found) or 'no frames of reference'}",
        "Export the registration of the prior CT to the current CT (registered: current, source: prior).",
        f"current {fixed} and prior {moving}",
        Interlock.REGISTRATION_UNCONNECTED,
    )


def registration_patient(path: Path) -> Patient:
    """Who a registration object says that it belongs to.

    Raises
    ------
    DicomError
        If the file is no REG or is damaged.
    """
    return read_patient(open_dicom(path, SopClass.RIGID_REG, SopClass.DEFORMABLE_REG, pixels=False))
