"""Readers: real files are read right, damaged or foreign ones are refused with file, finding and remedy."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import changed
from pydicom.uid import ExplicitVRBigEndian
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.plan import read_plan
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.model.errors import CaseError, DicomError, RegistrationError
from ReirradiationLib.model.image import Dose, Image


def test_ct_equals_what_simpleitk_reads(current_ct: Image, demo_folder: Path) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(demo_folder / "course2" / "CT")))
    image = reader.Execute()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), current_ct.voxels_hu)
    np.testing.assert_allclose(image.GetOrigin(), current_ct.geometry.origin_mm)
    np.testing.assert_allclose(image.GetSpacing(), current_ct.geometry.spacing_mm)


def test_ct_slices_are_sorted_by_position_whatever_the_files_are_called(
    tmp_path: Path, demo_folder: Path, current_ct
) -> None:
    files = sorted((demo_folder / "course2" / "CT").iterdir())
    for n, file in enumerate(files):
        shutil.copy(file, tmp_path / f"{(n * 37) % 101:03d}")
    (tmp_path / "readme.txt").write_text("not DICOM")
    shutil.copy(demo_folder / "course2" / "RS.dcm", tmp_path)
    shuffled = read_ct(tmp_path)
    assert shuffled.slice_uids == current_ct.slice_uids
    np.testing.assert_array_equal(shuffled.voxels_hu, current_ct.voxels_hu)


def test_ct_with_a_missing_slice_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    for n, file in enumerate(sorted((demo_folder / "course2" / "CT").iterdir())):
        if n != 20:
            shutil.copy(file, tmp_path)
    with pytest.raises(DicomError, match=r"slices 19 and 20 are 6\.000 mm apart"):
        read_ct(tmp_path)


def test_ct_with_a_doubled_position_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    shutil.copytree(demo_folder / "course2" / "CT", tmp_path, dirs_exist_ok=True)
    changed(tmp_path / "CT.003.dcm", tmp_path / "again.dcm", lambda d: setattr(d, "SOPInstanceUID", "1.2.3.4"))
    with pytest.raises(DicomError, match=r"0\.000 mm apart.*ct\.uneven"):
        read_ct(tmp_path)


def test_the_same_slice_twice_is_read_once(tmp_path: Path, demo_folder: Path) -> None:
    shutil.copytree(demo_folder / "course2" / "CT", tmp_path, dirs_exist_ok=True)
    shutil.copy(tmp_path / "CT.003.dcm", tmp_path / "again.dcm")
    assert read_ct(tmp_path).geometry.size[2] == 50


def test_one_uid_on_two_different_slices_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    shutil.copytree(demo_folder / "course2" / "CT", tmp_path, dirs_exist_ok=True)
    changed(tmp_path / "CT.003.dcm", tmp_path / "again.dcm", lambda d: setattr(d, "PixelData", bytes(len(d.PixelData))))
    with pytest.raises(DicomError, match=r"uid\.reused"):
        read_ct(tmp_path)


def test_folder_with_two_series_or_none_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    with pytest.raises(DicomError, match=r"no CT slice.*\[ct\.missing\]"):
        read_ct(tmp_path)
    for course in ("course1", "course2"):
        for file in sorted((demo_folder / course / "CT").iterdir())[:3]:
            shutil.copy(file, tmp_path / f"{course}{file.name}")
    with pytest.raises(DicomError, match=r"2 CT series.*'ct_series'.*ct\.several-series"):
        read_ct(tmp_path)
    for course in ("course1", "course2"):
        uid = pydicom.dcmread(demo_folder / course / "CT" / "CT.000.dcm").SeriesInstanceUID
        assert read_ct(tmp_path, uid).series_uid == uid
    with pytest.raises(DicomError, match=r"expected the series 1\.2\.3 \[ct\.missing\]"):
        read_ct(tmp_path, "1.2.3")
    with pytest.raises(DicomError, match="no such folder"):
        read_ct(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: setattr(d, "PixelSpacing", [3, 4]), "PixelSpacing"),
        (lambda d: setattr(d, "ImageOrientationPatient", [1, 0, 0, 0, 0, 1]), "ImageOrientationPatient"),
        (lambda d: setattr(d, "ImageOrientationPatient", [1, 0, 0, 1, 0, 0]), "orthogonal"),
        (lambda d: setattr(d, "PixelData", d.PixelData[:100]), "has 100 bytes, expected 24644"),
        (lambda d: d.__delattr__("RescaleSlope"), "RescaleSlope.*is missing"),
        (lambda d: d.__delattr__("ImagePositionPatient"), "ImagePositionPatient.*is missing"),
        (lambda d: setattr(d, "FrameOfReferenceUID", "1.2.3"), "FrameOfReferenceUID"),
    ],
)
def test_ct_with_a_damaged_slice_is_refused(tmp_path: Path, demo_folder: Path, change, message: str) -> None:
    for file in sorted((demo_folder / "course2" / "CT").iterdir())[:5]:
        shutil.copy(file, tmp_path)
    changed(tmp_path / "CT.000.dcm", tmp_path / "CT.000.dcm", change)
    with pytest.raises(DicomError, match=message):
        read_ct(tmp_path)


def test_tilted_gantry_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    for n, file in enumerate(sorted((demo_folder / "course2" / "CT").iterdir())[:5]):

        def shift(dataset, n=n) -> None:
            x, y, z = dataset.ImagePositionPatient
            dataset.ImagePositionPatient = [x, y + 0.5 * n, z]

        changed(file, tmp_path / file.name, shift)
    with pytest.raises(DicomError, match=r"ct\.tilted"):
        read_ct(tmp_path)


def test_dose_equals_an_independent_scaling_of_the_stored_integers(prior_dose: Dose, demo_folder: Path) -> None:
    dataset = pydicom.dcmread(demo_folder / "course1" / "RD.dcm")
    stored = np.frombuffer(dataset.PixelData, dtype="<u2").reshape(48, 74, 90)
    np.testing.assert_allclose(prior_dose.voxels_gy, stored * float(dataset.DoseGridScaling), rtol=1e-6)
    np.testing.assert_allclose(prior_dose.geometry.origin_mm, dataset.ImagePositionPatient)
    assert prior_dose.geometry.spacing_mm == (4.0, 4.0, 3.0)


def descending(dataset) -> None:
    frames = dataset.pixel_array[::-1]
    x, y, z = (float(v) for v in dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [x, y, z + 3.0 * 47]
    dataset.GridFrameOffsetVector = [-3.0 * n for n in range(48)]
    dataset.PixelData = frames.tobytes()


def absolute(dataset) -> None:
    z = float(dataset.ImagePositionPatient[2])
    dataset.GridFrameOffsetVector = [z + 3.0 * n for n in range(48)]


def feet_first(dataset) -> None:
    """The same dose as a feet-first supine scan stores it: rows run to the patient's right, frames towards the feet."""
    x, y, z = (float(v) for v in dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [x + 4.0 * 89, y, z + 3.0 * 47]
    dataset.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[::-1, :, ::-1]).tobytes()


def prone(dataset) -> None:
    """The same dose as a head-first prone scan stores it: rows and columns reversed."""
    x, y, z = (float(v) for v in dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [x + 4.0 * 89, y + 4.0 * 73, z]
    dataset.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
    dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[:, ::-1, ::-1]).tobytes()


def sagittal(dataset) -> None:
    """The same dose stored in sagittal planes: rows along y, columns along z, frames along x."""
    pixels = np.ascontiguousarray(dataset.pixel_array.transpose(2, 0, 1))
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 48, 74, 90
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, 1]
    dataset.PixelSpacing = [3, 4]
    dataset.GridFrameOffsetVector = [4.0 * n for n in range(90)]
    dataset.PixelData = pixels.tobytes()


@pytest.mark.parametrize("change", [descending, absolute, feet_first, prone, sagittal])
def test_the_same_dose_stored_otherwise_has_the_same_values_at_the_same_points(
    tmp_path: Path, demo_folder: Path, prior_dose: Dose, change
) -> None:
    from ReirradiationLib.model.interpolation import trilinear

    other = read_dose(changed(demo_folder / "course1" / "RD.dcm", tmp_path / "RD.dcm", change))
    random = np.random.default_rng(1)
    points = prior_dose.geometry.to_lps(random.uniform(0, 1, (2000, 3)) * (89, 73, 47))
    expected, _ = trilinear(prior_dose.voxels_gy, prior_dose.geometry.to_index(points))
    found, inside = trilinear(other.voxels_gy, other.geometry.to_index(points))
    assert inside.all()
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: setattr(d, "DoseUnits", "RELATIVE"), r"DoseUnits \(3004,0002\).*'RELATIVE'.*expected 'GY'.*Export"),
        (lambda d: setattr(d, "DoseType", "ERROR"), "DoseType.*'ERROR'.*dose.type"),
        (lambda d: setattr(d, "DoseSummationType", "MULTI_PLAN"), "DoseSummationType.*'MULTI_PLAN'.*dose.summation"),
        (lambda d: d.__delattr__("DoseSummationType"), "DoseSummationType"),
        (lambda d: d.__delattr__("ReferencedRTPlanSequence"), "ReferencedRTPlanSequence.*0 plans"),
        (lambda d: setattr(d, "DoseGridScaling", 0), "DoseGridScaling"),
        (lambda d: d.__delattr__("DoseGridScaling"), "DoseGridScaling.*is missing"),
        (lambda d: setattr(d, "PixelData", d.PixelData[:1000]), "has 1000 bytes.*dose.values"),
        (lambda d: setattr(d, "PixelData", bytes(len(d.PixelData))), "zero everywhere"),
        (lambda d: setattr(d, "PixelRepresentation", 1), "negative|cannot"),
        (lambda d: (setattr(d, "BitsStored", 12), setattr(d, "HighBit", 11)), "BitsStored.*12 of 16"),
        (lambda d: setattr(d, "GridFrameOffsetVector", [0, 1, 3]), "3 values for 48 frames"),
        (lambda d: setattr(d, "GridFrameOffsetVector", [*range(0, 141, 3), 142.234]), "unevenly"),
        (lambda d: setattr(d, "GridFrameOffsetVector", [7.0 + n for n in range(48)]), "starts with 7"),
        (lambda d: setattr(d, "GridFrameOffsetVector", [0] * 48), "one direction"),
        (lambda d: d.__delattr__("FrameOfReferenceUID"), "FrameOfReferenceUID.*is missing"),
        (lambda d: setattr(d, "PixelSpacing", [0, 4]), "spacing"),
    ],
)
def test_a_dose_that_cannot_be_used_is_refused(tmp_path: Path, demo_folder: Path, change, message: str) -> None:
    path = changed(demo_folder / "course1" / "RD.dcm", tmp_path / "RD.dcm", change)
    with pytest.raises(DicomError, match=message):
        read_dose(path)


def test_missing_foreign_and_wrong_files_are_told_apart(tmp_path: Path, demo_folder: Path) -> None:
    with pytest.raises(DicomError, match=r"nowhere\.dcm.*cannot be read"):
        read_dose(tmp_path / "nowhere.dcm")
    (tmp_path / "text.dcm").write_text("hello")
    with pytest.raises(DicomError, match=r"text\.dcm.*not a DICOM file"):
        read_dose(tmp_path / "text.dcm")
    with pytest.raises(DicomError, match=r"RT Structure Set Storage.*expected RTDOSE"):
        read_dose(demo_folder / "course1" / "RS.dcm")
    whole = (demo_folder / "course1" / "RD.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DicomError, match=r"cut\.dcm"):
        read_dose(tmp_path / "cut.dcm")
    with pytest.raises(DicomError, match="cannot be read"):
        read_dose(tmp_path)


def test_plan_states_fractions_and_prescription(demo_folder: Path) -> None:
    plan = read_plan(demo_folder / "course2" / "RP.dcm")
    assert (plan.label, plan.fractions, plan.prescription_gy, str(plan.date)) == ("L1_SBRT30Gy5fx", 5, 30.0, "2024-06-17")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.__delattr__("FractionGroupSequence"), "FractionGroupSequence.*0 items"),
        (lambda d: d.FractionGroupSequence.append(d.FractionGroupSequence[0]), "2 items"),
        (lambda d: setattr(d.FractionGroupSequence[0], "NumberOfFractionsPlanned", None), "NumberOfFractionsPlanned"),
        (lambda d: setattr(d.FractionGroupSequence[0], "NumberOfFractionsPlanned", 0), "NumberOfFractionsPlanned"),
        (lambda d: setattr(d.FractionGroupSequence[0], "NumberOfFractionsPlanned", 9999), "1 to 1000"),
    ],
)
def test_a_plan_without_a_usable_number_of_fractions_is_refused(tmp_path, demo_folder: Path, change, message: str) -> None:
    path = changed(demo_folder / "course2" / "RP.dcm", tmp_path / "RP.dcm", change)
    with pytest.raises(DicomError, match=message):
        read_plan(path)


def test_a_plan_without_prescription_is_read_and_says_so(tmp_path: Path, demo_folder: Path) -> None:
    path = changed(demo_folder / "course2" / "RP.dcm", tmp_path / "RP.dcm", lambda d: d.__delattr__("DoseReferenceSequence"))
    assert read_plan(path).prescription_gy is None


def test_structures_equal_what_pydicom_reads(demo_folder: Path) -> None:
    structures = read_structures(demo_folder / "course2" / "RS.dcm")
    dataset = pydicom.dcmread(demo_folder / "course2" / "RS.dcm")
    assert structures.names() == tuple(item.ROIName for item in dataset.StructureSetROISequence)
    cord = structures.find("spinal_cord")
    contours = dataset.ROIContourSequence[0].ContourSequence
    assert len(cord.contours_mm) == len(contours)
    for mine, theirs in zip(cord.contours_mm, contours, strict=True):
        np.testing.assert_allclose(mine.ravel(), [float(v) for v in theirs.ContourData])
    assert cord.colour == (255, 0, 0)
    assert len(structures.referenced_slice_uids) == 50


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: setattr(c, "ContourData", [1, 2, 3, 4]), "has 4 values"),
        (lambda c: setattr(c, "ContourData", []), "cannot be used"),
        (lambda c: setattr(c, "ContourData", c.ContourData[:30]), "has 10 points"),
        (lambda c: setattr(c, "ContourGeometricType", "OPEN_PLANAR"), "OPEN_PLANAR.*within one ROI"),
        (lambda c: c.__delattr__("ContourGeometricType"), "'', 'CLOSED_PLANAR'.*within one ROI"),
    ],
)
def test_a_damaged_contour_is_refused(tmp_path: Path, demo_folder: Path, change, message: str) -> None:
    source = demo_folder / "course2" / "RS.dcm"
    path = changed(source, tmp_path / "RS.dcm", lambda d: change(d.ROIContourSequence[0].ContourSequence[0]))
    with pytest.raises(CaseError, match=message):
        read_structures(path).find("spinal_cord")
    assert read_structures(path).find("PTV2_L1").contours_mm  # a damaged ROI hurts nobody who does not use it


def split_contours(dataset) -> None:
    """A second item with the rest of the cord's contours, as if the last one counted."""
    whole = dataset.ROIContourSequence[0]
    part = copy.deepcopy(whole)
    whole.ContourSequence, part.ContourSequence = whole.ContourSequence[:20], part.ContourSequence[20:]
    dataset.ROIContourSequence.append(part)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (split_contours, "ReferencedROINumber.*1 occurs twice in ROIContourSequence"),
        (lambda d: setattr(d.StructureSetROISequence[1], "ROINumber", 1), "ROINumber.*1 occurs twice"),
    ],
)
def test_an_roi_number_that_occurs_twice_is_refused(tmp_path: Path, demo_folder: Path, change, message: str) -> None:
    path = changed(demo_folder / "course2" / "RS.dcm", tmp_path / "RS.dcm", change)
    with pytest.raises(DicomError, match=message):
        read_structures(path)


def test_points_and_open_lines_enclose_nothing(tmp_path: Path, demo_folder: Path) -> None:
    def change(dataset) -> None:
        for contour in dataset.ROIContourSequence[0].ContourSequence:
            contour.ContourGeometricType = "OPEN_PLANAR"

    path = changed(demo_folder / "course2" / "RS.dcm", tmp_path / "RS.dcm", change)
    assert read_structures(path).structures[0].contours_mm == ()


def test_landmarks_through_the_deformable_registration(demo_folder: Path, current_ct, prior_dose, landmarks) -> None:
    path = demo_folder / "course2" / "REG_deform.dcm"
    transform = read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)
    error = np.linalg.norm(transform.apply(landmarks[0]) - landmarks[1], axis=1)
    assert transform.is_deformable
    assert error.mean() <= 0.05
    assert error.max() <= 0.3


def test_landmarks_through_the_rigid_registration_show_the_deformation(
    demo_folder, current_ct, prior_dose, landmarks
) -> None:
    path = demo_folder / "course2" / "REG_rigid.dcm"
    transform = read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)
    error = np.linalg.norm(transform.apply(landmarks[0]) - landmarks[1], axis=1)
    assert error.mean() == pytest.approx(1.37, abs=0.01)


def test_the_rigid_registration_works_both_ways(demo_folder: Path, current_ct, prior_dose, landmarks) -> None:
    path = demo_folder / "course2" / "REG_rigid.dcm"
    back = read_registration(path, prior_dose.frame_uid, current_ct.frame_uid)
    there = read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)
    np.testing.assert_allclose(back.apply(there.apply(landmarks[0])), landmarks[0], atol=1e-5)


def test_pre_and_post_matrices_act_in_the_order_of_the_standard(
    tmp_path: Path, demo_folder: Path, current_ct, prior_dose, landmarks
) -> None:
    """PS3.3 C.20.3.1.1: pre-matrix, plus the vector found at the registered point, then post-matrix."""
    pre = [1, 0, 0, 4, 0, 0, -1, 1, 0, 1, 0, -2, 0, 0, 0, 1]
    post = [0, -1, 0, 7, 1, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 1]

    def change(dataset) -> None:
        item = dataset.DeformableRegistrationSequence[0]
        item.PreDeformationMatrixRegistrationSequence[0].FrameOfReferenceTransformationMatrix = pre
        item.PostDeformationMatrixRegistrationSequence[0].FrameOfReferenceTransformationMatrix = post

    source = demo_folder / "course2" / "REG_deform.dcm"
    frames = (current_ct.frame_uid, prior_dose.frame_uid)
    plain = read_registration(source, *frames)
    transform = read_registration(changed(source, tmp_path / "REG.dcm", change), *frames)
    vector = plain.apply(landmarks[0]) - landmarks[0]
    x, y, z = landmarks[0].T
    moved = np.stack([x + 4, -z + 1, y - 2], axis=1) + vector
    expected = np.stack([-moved[:, 1] + 7, moved[:, 0], moved[:, 2] + 3], axis=1)
    np.testing.assert_allclose(transform.apply(landmarks[0]), expected, atol=1e-3)


@pytest.mark.parametrize("name", ["REG_rigid.dcm", "REG_deform.dcm"])
def test_a_registration_of_other_frames_is_refused(demo_folder: Path, current_ct, name: str) -> None:
    with pytest.raises(RegistrationError, match=r"it connects .*expected current"):
        read_registration(demo_folder / "course2" / name, current_ct.frame_uid, "1.2.3")


def test_a_deformable_registration_in_the_other_direction_is_refused(demo_folder: Path, current_ct, prior_dose) -> None:
    with pytest.raises(RegistrationError):
        read_registration(demo_folder / "course2" / "REG_deform.dcm", prior_dose.frame_uid, current_ct.frame_uid)


def test_a_damaged_registration_is_refused(tmp_path: Path, demo_folder: Path, current_ct, prior_dose) -> None:
    def cut(dataset) -> None:
        grid = dataset.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]
        grid.VectorGridData = grid.VectorGridData[:400]

    path = changed(demo_folder / "course2" / "REG_deform.dcm", tmp_path / "REG.dcm", cut)
    with pytest.raises(DicomError, match=r"VectorGridData.*400 bytes"):
        read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)

    def singular(dataset) -> None:
        item = dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence[0]
        item.FrameOfReferenceTransformationMatrix = [0] * 16

    path = changed(demo_folder / "course2" / "REG_rigid.dcm", tmp_path / "REG2.dcm", singular)
    with pytest.raises(DicomError, match=r"REG2\.dcm.*invertible"):
        read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1], "scales or shears"),
        ([-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], "does not mirror"),
    ],
)
def test_a_rigid_matrix_that_is_not_rigid_is_refused(tmp_path, demo_folder, current_ct, prior_dose, values, message) -> None:
    def change(dataset) -> None:
        item = dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence[0]
        item.FrameOfReferenceTransformationMatrix = values

    path = changed(demo_folder / "course2" / "REG_rigid.dcm", tmp_path / "REG.dcm", change)
    with pytest.raises(DicomError, match=message):
        read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("REG_rigid.dcm", lambda d: d.RegistrationSequence[1].__delattr__("MatrixRegistrationSequence")),
        ("REG_rigid.dcm", lambda d: setattr(d.RegistrationSequence[1].MatrixRegistrationSequence[0], "MatrixSequence", [])),
        (
            "REG_deform.dcm",
            lambda d: d.DeformableRegistrationSequence[0].__delattr__("DeformableRegistrationGridSequence"),
        ),
    ],
)
def test_a_registration_without_content_is_not_the_identity(
    tmp_path, demo_folder, current_ct, prior_dose, name, change
) -> None:
    path = changed(demo_folder / "course2" / name, tmp_path / "REG.dcm", change)
    with pytest.raises(DicomError, match=r"holds no matrix|0 items"):
        read_registration(path, current_ct.frame_uid, prior_dose.frame_uid)


def test_a_big_endian_dose_is_read_like_the_little_endian_one(tmp_path: Path, demo_folder: Path, prior_dose: Dose) -> None:
    dataset = pydicom.dcmread(demo_folder / "course1" / "RD.dcm")
    dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    path = tmp_path / "RD.dcm"
    if int(pydicom.__version__.split(".")[0]) >= 3:
        pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False, force_encoding=True)
    else:
        dataset.is_little_endian, dataset.is_implicit_VR = False, False
        dataset.save_as(path)
    np.testing.assert_array_equal(read_dose(path).voxels_gy, prior_dose.voxels_gy)
