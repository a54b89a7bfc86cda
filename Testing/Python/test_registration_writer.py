"""Registrations that we write say the same to readers that are not ours, and are refused where DICOM cannot say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import validator_errors
from ReirradiationLib.dicom.reader import SopClass
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dicom.registration_writer import write_registration
from ReirradiationLib.dicom.writing import is_own_object
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform

REGISTRATIONS = (SopClass.RIGID_REG, SopClass.DEFORMABLE_REG)
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
LEFT_HANDED = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
RNG = np.random.default_rng(7)
POINTS = RNG.uniform((-120.0, -120.0, 20.0), (120.0, 120.0, 120.0), (400, 3))


def rotation(x: float, y: float, z: float, shift=(0.0, 0.0, 0.0)) -> Affine:
    euler = sitk.Euler3DTransform((10.0, -20.0, 70.0), x, y, z, shift)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(euler.GetMatrix()).reshape(3, 3)
    matrix[:3, 3] = euler.TransformPoint((0.0, 0.0, 0.0))
    return Affine(matrix)


def scaled(x: float, y: float, z: float) -> Affine:
    return Affine(np.diag([x, y, z, 1.0]))


def displacement(direction=AXIAL, unknown: bool = False) -> DisplacementGrid:
    z = 160.0 if direction is LEFT_HANDED else 0.0
    geometry = Geometry((-160.0, -160.0, z), (16.0, 20.0, 8.0), direction, (21, 17, 21))
    vectors = RNG.normal(0.0, 4.0, (*geometry.shape, 3)).astype(np.float32)
    if unknown:
        vectors[:4] = np.nan
    return DisplacementGrid(geometry, vectors)


@pytest.fixture
def transform_of(current_ct: Image, prior_ct: Image):
    return lambda *steps: SpatialTransform(current_ct.frame_uid, prior_ct.frame_uid, steps, "test")


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (rotation(0.1, -0.2, 0.3, (12.3456789, -200.0, 7.0)),),
        (rotation(0.02, 0.0, 1.3), rotation(-0.4, 0.2, 0.0, (1.0, 2.0, 3.0))),
        (rotation(0.1, 0.0, 0.0), scaled(1.1, 0.9, 1.0)),
    ],
)
def test_matrices_come_back_to_better_than_a_nanometre_and_simpleitk_agrees(
    tmp_path: Path, current_ct: Image, prior_ct: Image, transform_of, steps
) -> None:
    transform = transform_of(*steps)
    kind, uid = write_registration(tmp_path / "r.dcm", transform, current_ct, prior_ct)
    dataset = pydicom.dcmread(tmp_path / "r.dcm")
    assert (kind, uid) == (SopClass.RIGID_REG, dataset.SOPInstanceUID)
    again = read_registration(tmp_path / "r.dcm", current_ct.frame_uid, prior_ct.frame_uid)
    assert np.abs(again.apply(POINTS) - transform.apply(POINTS)).max() < 1e-6
    # By hand: prior points, brought to the registered (current) frame by the matrix that is written, with SimpleITK.
    registered, moving = dataset.RegistrationSequence
    assert dataset.FrameOfReferenceUID == registered.FrameOfReferenceUID == current_ct.frame_uid
    assert moving.FrameOfReferenceUID == prior_ct.frame_uid
    identity, matrix = (
        np.array(item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix, dtype=float)
        for item in (registered, moving)
    )
    np.testing.assert_array_equal(identity.reshape(4, 4), np.eye(4))
    matrix = matrix.reshape(4, 4)
    affine = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    back = np.array([affine.TransformPoint(point) for point in transform.apply(POINTS).tolist()])
    assert np.abs(back - POINTS).max() < 1e-6
    assert validator_errors(tmp_path / "r.dcm") == []


@pytest.mark.parametrize("direction", [AXIAL, LEFT_HANDED], ids=["right-handed", "left-handed"])
@pytest.mark.parametrize("before", [(), (rotation(0.05, -0.1, 0.2, (5.0, -3.0, 2.0)),)], ids=["no pre", "pre"])
@pytest.mark.parametrize("after", [(), (rotation(0.3, 0.0, 0.1, (50.0, 0.0, -9.0)), scaled(1.05, 1.0, 0.97))])
def test_a_deformable_chain_comes_back_within_single_precision_and_simpleitk_agrees(
    tmp_path: Path, current_ct: Image, prior_ct: Image, transform_of, direction, before, after
) -> None:
    transform = transform_of(*before, displacement(direction), *after)
    kind, _ = write_registration(tmp_path / "d.dcm", transform, current_ct, prior_ct)
    assert kind is SopClass.DEFORMABLE_REG
    again = read_registration(tmp_path / "d.dcm", current_ct.frame_uid, prior_ct.frame_uid)
    expected = transform.apply(POINTS)
    known = np.isfinite(expected).all(axis=1)
    assert known.sum() > 100
    assert np.abs(again.apply(POINTS) - expected)[known].max() < 1e-4
    assert np.abs(by_hand(tmp_path / "d.dcm", POINTS[known]) - expected[known]).max() < 1e-4
    assert validator_errors(tmp_path / "d.dcm") == []


def by_hand(path: Path, points: np.ndarray) -> np.ndarray:
    """Registered points to source points (PS3.3 C.20.3.1.1), interpolated by SimpleITK from the raw attributes."""
    dataset = pydicom.dcmread(path)
    (item,) = dataset.DeformableRegistrationSequence
    (grid,) = item.DeformableRegistrationGridSequence
    ni, nj, nk = grid.GridDimensions
    image = sitk.GetImageFromArray(np.frombuffer(grid.VectorGridData, "<f4").reshape(nk, nj, ni, 3).astype(float), True)
    row, column = np.array(grid.ImageOrientationPatient, dtype=float).reshape(2, 3)
    image.SetOrigin([float(value) for value in grid.ImagePositionPatient])
    image.SetSpacing(list(grid.GridResolution))
    image.SetDirection(np.stack([row, column, np.cross(row, column)], axis=1).ravel().tolist())
    field = sitk.DisplacementFieldTransform(image)
    pre, post = (
        np.array(sequence[0].FrameOfReferenceTransformationMatrix, dtype=float).reshape(4, 4)
        for sequence in (item.PreDeformationMatrixRegistrationSequence, item.PostDeformationMatrixRegistrationSequence)
    )
    vectors = np.array([field.TransformPoint(point) for point in points.tolist()]) - points
    return (points @ pre[:3, :3].T + pre[:3, 3] + vectors) @ post[:3, :3].T + post[:3, 3]


def test_vectors_that_are_not_known_stay_unknown(tmp_path: Path, current_ct: Image, prior_ct: Image, transform_of) -> None:
    transform = transform_of(displacement(unknown=True))
    write_registration(tmp_path / "d.dcm", transform, current_ct, prior_ct)
    again = read_registration(tmp_path / "d.dcm", current_ct.frame_uid, prior_ct.frame_uid)
    unknown = np.isnan(transform.apply(POINTS)).any(axis=1)
    assert 0 < unknown.sum() < len(POINTS)
    np.testing.assert_array_equal(np.isnan(again.apply(POINTS)).any(axis=1), unknown)


def test_both_cts_are_named_and_the_same_content_gives_the_same_bytes(
    tmp_path: Path, current_ct: Image, prior_ct: Image, transform_of
) -> None:
    transform = transform_of(rotation(0.1, 0.2, 0.3))
    for name in ("a.dcm", "b.dcm"):
        write_registration(tmp_path / name, transform, current_ct, prior_ct)
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    for item, image in zip(dataset.RegistrationSequence, (current_ct, prior_ct), strict=True):
        assert {entry.ReferencedSOPInstanceUID for entry in item.ReferencedImageSequence} == set(image.slice_uids)
    (own,) = dataset.ReferencedSeriesSequence
    (other,) = dataset.StudiesContainingOtherReferencedInstancesSequence
    assert own.SeriesInstanceUID == current_ct.series_uid
    assert other.ReferencedSeriesSequence[0].SeriesInstanceUID == prior_ct.series_uid
    assert dataset.Modality == "REG"
    assert is_own_object(tmp_path / "a.dcm", *REGISTRATIONS)


def test_registrations_of_others_and_other_files_are_not_taken_for_our_own(tmp_path: Path, demo_folder: Path) -> None:
    (tmp_path / "note.dcm").write_text("no DICOM")
    assert not is_own_object(tmp_path / "note.dcm", *REGISTRATIONS)
    assert not is_own_object(next(demo_folder.rglob("REG_rigid.dcm")), *REGISTRATIONS)


def test_what_dicom_cannot_say_is_refused(tmp_path: Path, current_ct: Image, prior_ct: Image, transform_of) -> None:
    path = tmp_path / "x.dcm"
    with pytest.raises(OutputError, match="2 displacement grids"):
        write_registration(path, transform_of(displacement(), displacement()), current_ct, prior_ct)
    with pytest.raises(OutputError, match="scales or shears"):
        write_registration(path, transform_of(scaled(1.1, 1.0, 1.0), displacement()), current_ct, prior_ct)
    with pytest.raises(OutputError, match="frames"):
        write_registration(path, transform_of(), prior_ct, current_ct)
    with pytest.raises(OutputError, match="frames"):
        same = replace(transform_of(), moving_frame_uid=current_ct.frame_uid)
        write_registration(path, same, current_ct, current_ct)
    path.write_bytes(b"something of the user's")
    with pytest.raises(OutputError, match=r"export\.file-exists"):
        write_registration(path, transform_of(), current_ct, prior_ct)
    assert path.read_bytes() == b"something of the user's"
    assert list(tmp_path.iterdir()) == [path]
