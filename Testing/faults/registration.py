"""Faults of registration objects."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.registration import RegistrationChoice, RegistrationMethod

from .bench import OTHER_UID, DatasetChange, Fault, all_of, deformable, prior, prior_dose, prior_plan, rigid, setting


def matrix_of(dataset: Dataset) -> Dataset:
    """The matrix of the frame that is not the registered one."""
    item = next(i for i in dataset.RegistrationSequence if i.FrameOfReferenceUID != dataset.FrameOfReferenceUID)
    return item.MatrixRegistrationSequence[0].MatrixSequence[0]


def times(*diagonal: float, shear: float = 0.0) -> DatasetChange:
    """The matrix times a diagonal one, and sheared."""

    def change(dataset: Dataset) -> None:
        item = matrix_of(dataset)
        factor = np.diag([*diagonal, 1.0])
        factor[0, 1] = shear
        values = np.array(item.FrameOfReferenceTransformationMatrix, dtype=float).reshape(4, 4) @ factor
        item.FrameOfReferenceTransformationMatrix = [f"{value:.8g}" for value in values.ravel()]

    return change


def swapped_frames(dataset: Dataset) -> None:
    """The deformation of the current CT to the prior one."""
    item = dataset.DeformableRegistrationSequence[0]
    registered = dataset.FrameOfReferenceUID
    dataset.FrameOfReferenceUID, item.SourceFrameOfReferenceUID = item.SourceFrameOfReferenceUID, registered


def two_matrices(dataset: Dataset) -> None:
    """Two registrations of the same frame in one object."""
    from copy import deepcopy

    item = next(i for i in dataset.RegistrationSequence if i.FrameOfReferenceUID != dataset.FrameOfReferenceUID)
    dataset.RegistrationSequence.append(deepcopy(item))
    values = list(matrix_of(dataset).FrameOfReferenceTransformationMatrix)
    values[3] = float(values[3]) + 10
    matrix_of(dataset).FrameOfReferenceTransformationMatrix = values


def field(dataset: Dataset) -> Dataset:
    return dataset.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]


def cut_vectors(dataset: Dataset) -> None:
    field(dataset).VectorGridData = field(dataset).VectorGridData[:-12]


def grid_size(*factors: int) -> DatasetChange:
    def change(dataset: Dataset) -> None:
        field(dataset).GridDimensions = [int(n) * m for n, m in zip(field(dataset).GridDimensions, factors, strict=True)]

    return change


def fewer_voxels(dataset: Dataset) -> None:
    ni, nj, nk = field(dataset).GridDimensions
    field(dataset).GridDimensions = [ni, nj, nk - 1]


def infinite_vector(dataset: Dataset) -> None:
    vectors = np.frombuffer(field(dataset).VectorGridData, dtype="<f4").copy()
    vectors[100] = np.inf
    field(dataset).VectorGridData = vectors.tobytes()


def no_matrix(dataset: Dataset) -> None:
    for item in dataset.RegistrationSequence:
        if item.FrameOfReferenceUID != dataset.FrameOfReferenceUID:
            item.MatrixRegistrationSequence = []


def same_frame(**_: object) -> RegistrationChoice:
    return RegistrationChoice(RegistrationMethod.SAME_FRAME)


FAULTS = (
    Fault("no registration between different frames", prior(registration=same_frame()), Interlock.FRAME_NOT_REGISTERED),
    Fault("a deformation in the other direction", deformable(swapped_frames), Interlock.REGISTRATION_UNCONNECTED),
    Fault(
        "a deformation of other frames",
        deformable(setting(FrameOfReferenceUID=OTHER_UID)),
        Interlock.REGISTRATION_UNCONNECTED,
    ),
    Fault(
        "a rigid registration of another CT",
        rigid(
            lambda d: [setattr(i, "FrameOfReferenceUID", f"{OTHER_UID}.{n}") for n, i in enumerate(d.RegistrationSequence)]
        ),
        Interlock.REGISTRATION_UNCONNECTED,
    ),
    Fault("a registration without the matrix", rigid(no_matrix), Interlock.ATTRIBUTE, "holds no matrix"),
    Fault("two different matrices for one frame", rigid(two_matrices), Interlock.ATTRIBUTE, "two different matrices"),
    Fault("a rigid matrix that mirrors", rigid(times(-1.0, 1.0, 1.0)), Interlock.ATTRIBUTE, "does not mirror"),
    Fault("a rigid matrix that shears", rigid(times(1.0, 1.0, 1.0, shear=0.1)), Interlock.ATTRIBUTE, "scales or shears"),
    Fault("a rigid matrix in cm", rigid(times(0.1, 0.1, 0.1)), Interlock.ATTRIBUTE, "scales or shears"),
    Fault("a matrix that is not invertible", rigid(times(1.0, 1.0, 0.0)), Interlock.ATTRIBUTE, "invertible"),
    Fault("a vector grid that is cut short", deformable(cut_vectors), Interlock.ATTRIBUTE, "VectorGridData"),
    Fault("a vector grid that claims more voxels", deformable(grid_size(2, 1, 1)), Interlock.ATTRIBUTE, "VectorGridData"),
    Fault("a vector grid that claims fewer voxels", deformable(fewer_voxels), Interlock.ATTRIBUTE, "VectorGridData"),
    Fault("a vector grid that claims terabytes", deformable(grid_size(10000, 10000, 100)), Interlock.ATTRIBUTE),
    Fault("an infinite displacement", deformable(infinite_vector), Interlock.ATTRIBUTE, "VectorGridData"),
    Fault("the registration of another patient", deformable(setting(PatientID="X")), Interlock.PATIENT_ID),
    Fault(
        "a dose in the current frame that the case registers",
        lambda bench: all_of(
            prior_dose(setting(FrameOfReferenceUID=_current_frame(bench))),
            prior_plan(setting(FrameOfReferenceUID=_current_frame(bench))),
            prior(ct=None),
        )(bench),
        Interlock.FRAME_REGISTERED_ALREADY,
    ),
)


def _current_frame(bench: object) -> str:
    import pydicom

    from .bench import Bench

    assert isinstance(bench, Bench)
    return str(pydicom.dcmread(bench.case.new_course.dose[0], stop_before_pixels=True).FrameOfReferenceUID)
