"""The acceptance list finds each fault that it names, in files of any origin, and passes what we write."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import changed
from pydicom.dataset import Dataset
from ReirradiationLib.__main__ import main
from ReirradiationLib.dicom.dose_writer import ContributingDose, PlanReference, write_effective_dose
from ReirradiationLib.dicom.reader import SopClass
from ReirradiationLib.dicom.registration_writer import write_registration
from ReirradiationLib.dicom.reimport import require_same_dose, require_same_registration, require_same_structures
from ReirradiationLib.dicom.structure_writer import ExportedStructure, write_structures
from ReirradiationLib.dicom.validate.validation import Validation
from ReirradiationLib.dicom.validate.validator import validate_file
from ReirradiationLib.model.errors import DicomError, OutputError
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.outline import SAME_MM, hausdorff_mm, outline
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import Affine, SpatialTransform
from shared_data import shared_data

LABEL = "CHECK"
PLAN = PlanReference(SopClass.RTPLAN, "1.2.3")


def square(half_mm: float, z: float, centre=(0.0, -150.0)) -> np.ndarray:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float) * half_mm + centre
    return np.column_stack([corners, np.full(4, z)])


@pytest.fixture
def rings() -> list[Structure]:
    """Two structures on slices of the demo CT; the first is a ring of 60² − 20² mm² on three slices of 3 mm: 9.6 cc."""
    ring = tuple(square(half, z) for z in (30.0, 33.0, 36.0) for half in (30.0, 10.0))
    return [Structure("zRing", 1, ring), Structure("zBox", 2, (square(15.0, 60.0),), interpreted_type="AVOIDANCE")]


@pytest.fixture
def structures_file(tmp_path: Path, rings, current_ct: Image) -> Path:
    write_structures(tmp_path / "rs.dcm", rings, current_ct, LABEL)
    return tmp_path / "rs.dcm"


def failed(validation: Validation) -> set[str]:
    return {rule.interlock.identifier for rule in validation.rules if rule.findings}


def first_contour(dataset: Dataset) -> Dataset:
    return dataset.ROIContourSequence[0].ContourSequence[0]


def test_what_we_write_passes_every_rule_and_its_volume_is_the_analytic_one(
    structures_file: Path, demo_folder: Path
) -> None:
    validation = validate_file(structures_file, demo_folder / "course2" / "CT", structures_file)
    assert failed(validation) == set()
    assert all(rule.checked for rule in validation.rules)
    ring, box = validation.regions
    assert (ring.name, ring.planes, ring.holes) == ("zRing", 3, 3)
    assert ring.volume_cc == pytest.approx(3 * 3.0 * (60.0**2 - 20.0**2) / 1000.0, rel=1e-6)
    assert box.volume_cc == pytest.approx(3.0 * 900.0 / 1000.0, rel=1e-6)
    assert [change.hausdorff_mm for change in validation.changes] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_rules_that_need_the_ct_are_not_called_passed_without_it(structures_file: Path) -> None:
    states = {rule.interlock.identifier: rule.state for rule in validate_file(structures_file).rules}
    assert states["export.patient"] == states["export.slice"] == states["export.crumbs"] == "not checked: no CT"
    assert states["export.name"] == "pass"


def longer_number(dataset: Dataset) -> None:
    first_contour(dataset).ContourData = ["-30.12345678901234567", "-180", "30", "30", "-180", "30", "30", "-120", "30"]


def all_contours(dataset: Dataset, keyword: str, value: object) -> None:
    for contour in dataset.ROIContourSequence[0].ContourSequence:
        setattr(contour, keyword, value)


def move_first_contour(dataset: Dataset, by_mm: float) -> None:
    contour = first_contour(dataset)
    contour.ContourData = [float(x) + by_mm * (n % 3 == 0) for n, x in enumerate(contour.ContourData)]


FAULTS: list[tuple[str, Callable[[Dataset], object]]] = [
    ("export.patient", lambda d: setattr(d, "PatientID", "someone else")),
    ("export.patient", lambda d: setattr(d, "StudyInstanceUID", "1.2.3")),
    ("export.several-frames", lambda d: setattr(d.StructureSetROISequence[0], "ReferencedFrameOfReferenceUID", "1.2.3")),
    ("export.slice", lambda d: setattr(first_contour(d).ContourImageSequence[0], "ReferencedSOPInstanceUID", "1.2.3")),
    ("export.slice", lambda d: delattr(first_contour(d), "ContourImageSequence")),
    (
        "export.slice",
        lambda d: setattr(first_contour(d), "ContourData", [-30, -180, 31.5, 30, -180, 31.5, 30, -120, 31.5]),
    ),
    ("export.name", lambda d: setattr(d.StructureSetROISequence[0], "ROIName", "a name longer than sixteen")),
    ("export.name-twice", lambda d: setattr(d.StructureSetROISequence[0], "ROIName", "ZBOX")),
    ("export.interpreted-type", lambda d: setattr(d.RTROIObservationsSequence[0], "RTROIInterpretedType", "")),
    ("export.empty-roi", lambda d: d.ROIContourSequence.pop(0)),
    ("export.empty-roi", lambda d: setattr(first_contour(d), "ContourData", [-30, -180, 30, 30, -180, 30])),
    ("export.contour-type", lambda d: setattr(first_contour(d), "ContourGeometricType", "CLOSEDPLANAR_XOR")),
    ("export.crumbs", lambda d: setattr(first_contour(d), "ContourData", [0, -150, 30, 1, -150, 30, 1, -149, 30])),
    (
        "export.many-points",
        lambda d: setattr(first_contour(d), "ContourData", np.ravel([[n, -150 + n % 2, 30] for n in range(1000)]).tolist()),
    ),
    ("export.attribute", lambda d: delattr(d, "StructureSetLabel")),
    ("export.attribute", lambda d: delattr(d, "SOPInstanceUID")),
    ("export.attribute", lambda d: setattr(d, "Modality", "CT")),
    ("export.frame-reference", lambda d: delattr(d, "ReferencedFrameOfReferenceSequence")),
    (
        "export.frame-reference",
        lambda d: setattr(d.ReferencedFrameOfReferenceSequence[0], "FrameOfReferenceUID", "1.2.3"),
    ),
    ("export.number-twice", lambda d: setattr(d.StructureSetROISequence[1], "ROINumber", 1)),
    ("export.number-twice", lambda d: setattr(d.ROIContourSequence[1], "ReferencedROINumber", 1)),
    ("export.contour", lambda d: setattr(first_contour(d), "NumberOfContourPoints", 3000)),
    ("export.contour", lambda d: delattr(first_contour(d), "NumberOfContourPoints")),
    ("export.contour", lambda d: all_contours(d, "ContourGeometricType", "CLOSED_FOO")),
    ("export.open-contours", lambda d: all_contours(d, "ContourGeometricType", "OPEN_PLANAR")),
    ("export.outside-ct", lambda d: move_first_contour(d, 5000.0)),
    ("export.outside-ct", lambda d: move_first_contour(d, -5000.0)),
]


@pytest.mark.parametrize(("identifier", "fault"), FAULTS)
def test_each_fault_of_a_structure_set_is_found(
    tmp_path: Path, structures_file: Path, demo_folder: Path, identifier: str, fault: Callable[[Dataset], object]
) -> None:
    bad = changed(structures_file, tmp_path / "bad.dcm", fault)
    assert identifier in failed(validate_file(bad, demo_folder / "course2" / "CT"))


def test_a_contour_may_reach_one_pixel_beyond_the_ct_and_no_further(tmp_path: Path, current_ct: Image) -> None:
    geometry = current_ct.geometry
    right_mm = geometry.origin_mm[0] + (geometry.size[0] - 0.5) * geometry.spacing_mm[0]
    for pixels, is_refused in ((0.9, False), (1.1, True)):
        corner = np.array([[-60.0, -150.0], [pixels * geometry.spacing_mm[0], -150.0], [-60.0, -120.0]])
        points = np.column_stack([corner + np.array([right_mm, 0.0]), np.full(3, 30.0)])
        path = tmp_path / f"{pixels}.dcm"
        if is_refused:
            with pytest.raises(OutputError, match=r"1\.1 pixels beyond"):
                write_structures(path, [Structure("edge", 1, (points,))], current_ct, LABEL)
        else:
            write_structures(path, [Structure("edge", 1, (points,))], current_ct, LABEL)


def test_a_number_of_more_than_sixteen_bytes_and_a_long_label_are_found(tmp_path: Path, structures_file: Path) -> None:
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(structures_file)
        dataset.StructureSetLabel = "a label of more than sixteen"
        dataset.save_as(tmp_path / "label.dcm")
        longer = pydicom.dcmread(structures_file)
        longer_number(longer)
        longer.save_as(tmp_path / "number.dcm")
    assert "export.value-length" in failed(validate_file(tmp_path / "label.dcm"))
    assert "export.value-length" in failed(validate_file(tmp_path / "number.dcm"))


def test_text_that_the_declared_character_set_does_not_allow_is_found(tmp_path: Path, structures_file: Path) -> None:
    raw = structures_file.read_bytes()
    assert b"ISO_IR 192" in raw
    (tmp_path / "bad.dcm").write_bytes(raw.replace(b"zRing ", b"zR\xfcng ", 1).replace(b"zRing", b"zR\xfcng", 1))
    assert "export.character-set" in failed(validate_file(tmp_path / "bad.dcm"))


def test_a_set_that_an_import_has_changed_is_found_roi_by_roi(
    tmp_path: Path, structures_file: Path, current_ct: Image
) -> None:
    moved = Structure("zRing", 1, tuple(square(half, z, (0.4, -150.0)) for z in (30.0, 33.0, 36.0) for half in (30.0, 10.0)))
    write_structures(tmp_path / "after.dcm", [moved], current_ct, LABEL)
    validation = validate_file(tmp_path / "after.dcm", None, structures_file)
    (change,) = validation.changes
    assert change.hausdorff_mm == pytest.approx(0.4, abs=1e-3)
    found = [str(finding) for rule in validation.rules for finding in rule.findings]
    assert any("outline differs by 0.400 mm" in text for text in found)
    assert any("'zBox': this set has no ROI of that name" in text for text in found)
    assert not validation.acceptable


@pytest.mark.parametrize(("radius", "other"), [(20.0, 21.0), (5.0, 5.5)])
def test_the_hausdorff_distance_of_two_circles_is_the_difference_of_their_radii(radius: float, other: float) -> None:
    angle = np.linspace(0.0, 2 * np.pi, 720, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(720)])
    one, two = (outline([r * circle, r * circle + (0.0, 0.0, 3.0)], np.eye(3)) for r in (radius, other))
    assert hausdorff_mm(one, two) == pytest.approx(other - radius, abs=2e-3)
    single = outline([radius * circle], np.eye(3))
    assert hausdorff_mm(one, single) == pytest.approx(3.0)
    assert hausdorff_mm(one, outline([], np.eye(3))) == float("inf")


def test_reading_back_refuses_what_is_not_what_was_written(
    tmp_path: Path, rings, current_ct: Image, prior_ct: Image
) -> None:
    exported = write_structures(tmp_path / "rs.dcm", rings, current_ct, LABEL)
    require_same_structures(tmp_path / "rs.dcm", rings, exported, current_ct)
    for contours, message in [
        (tuple(square(half, z) for z in (30.0, 33.0, 36.0) for half in (30.0, 9.0)), "volume"),
        (tuple(square(half, z, (0.2, -150.0)) for z in (30.0, 33.0, 36.0) for half in (30.0, 10.0)), "outline"),
    ]:
        with pytest.raises(OutputError, match=message):
            require_same_structures(tmp_path / "rs.dcm", [Structure("zRing", 1, contours), rings[1]], exported, current_ct)
    lost = [ExportedStructure(Structure("gone", 9, rings[0].contours_mm), "gone", 0)]
    with pytest.raises(OutputError, match="missing"):
        require_same_structures(tmp_path / "rs.dcm", rings[:1], lost, current_ct)
    dose = np.linspace(0.0, 50.0, current_ct.voxels_hu.size, dtype=np.float32).reshape(current_ct.geometry.shape)
    write_effective_dose(tmp_path / "rd.dcm", dose, current_ct, [PLAN], "d", "c")
    require_same_dose(tmp_path / "rd.dcm", dose, current_ct)
    with pytest.raises(OutputError, match="differs"):
        require_same_dose(tmp_path / "rd.dcm", dose + np.float32(0.001), current_ct)
    for keyword, value in {
        "ImagePositionPatient": [value + 0.01 for value in current_ct.geometry.origin_mm],
        "ImageOrientationPatient": [0, 1, 0, 1, 0, 0],
        "PixelSpacing": [value + 0.01 for value in current_ct.geometry.spacing_mm[:2]],
        "GridFrameOffsetVector": [-n * current_ct.geometry.spacing_mm[2] for n in range(current_ct.geometry.size[2])],
        "FrameOfReferenceUID": "1.2.3",
    }.items():
        moved = changed(tmp_path / "rd.dcm", tmp_path / "moved.dcm", lambda d, k=keyword, v=value: setattr(d, k, v))
        with pytest.raises(OutputError, match=r"elsewhere|another frame"):
            require_same_dose(moved, dose, current_ct)
    shift = np.eye(4)
    shift[:3, 3] = 5.0
    transform = SpatialTransform(current_ct.frame_uid, prior_ct.frame_uid, (Affine(shift),), "test")
    write_registration(tmp_path / "reg.dcm", transform, current_ct, prior_ct)
    require_same_registration(tmp_path / "reg.dcm", transform, current_ct)
    other = SpatialTransform(current_ct.frame_uid, prior_ct.frame_uid, (), "test")
    with pytest.raises(OutputError, match="elsewhere"):
        require_same_registration(tmp_path / "reg.dcm", other, current_ct)


def first_plan(dataset: Dataset) -> Dataset:
    return dataset.ReferencedRTPlanSequence[0]


def several(**tags: object) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)

    return change


def without(keyword: str) -> Callable[[Dataset], None]:
    return lambda dataset: delattr(dataset, keyword)


DOSE_FAULTS: list[tuple[str, Callable[[Dataset], object]]] = [
    ("export.dose-plan", without("ReferencedRTPlanSequence")),
    ("export.dose-plan", lambda d: setattr(first_plan(d), "ReferencedSOPInstanceUID", "not a uid")),
    ("export.dose-plan", lambda d: delattr(first_plan(d), "ReferencedSOPClassUID")),
    ("export.dose-plan", lambda d: setattr(first_plan(d), "ReferencedSOPClassUID", SopClass.CT.value)),
    ("export.dose-grid", several(DoseGridScaling="0")),
    ("export.dose-grid", several(DoseUnits="RELATIVE")),
    ("export.dose-grid", lambda d: setattr(d, "GridFrameOffsetVector", [5.0 + x for x in d.GridFrameOffsetVector])),
    ("export.dose-grid", lambda d: setattr(d, "GridFrameOffsetVector", [0.0 for _ in d.GridFrameOffsetVector])),
    ("export.dose-grid", lambda d: d.GridFrameOffsetVector.__setitem__(-1, 2 * d.GridFrameOffsetVector[-1])),
    ("export.dose-grid", several(PixelSpacing=[0, 0])),
    ("export.dose-grid", several(PixelSpacing=[-3, 3])),
    ("export.dose-grid", several(ImageOrientationPatient=[1, 0, 0, 1, 0, 0])),
    ("export.dose-grid", several(BitsStored=12, HighBit=11)),
    ("export.dose-grid", several(PixelRepresentation=1)),
    ("export.dose-grid", several(SamplesPerPixel=3)),
    ("export.dose-grid", several(PhotometricInterpretation="RGB")),
    ("export.dose-grid", several(FrameIncrementPointer=0x00181063)),
    ("export.dose-grid", without("FrameIncrementPointer")),
    ("export.dose-grid", lambda d: setattr(d, "PixelData", d.PixelData[:100])),
    ("export.dose-grid", lambda d: setattr(d, "PixelData", bytes(len(d.PixelData)))),
    ("export.dose-derivation", without("DerivationCodeSequence")),
    ("export.patient", several(FrameOfReferenceUID="1.2.3")),
    ("export.attribute", several(DoseType="ERROR")),
    ("export.attribute", without("DoseType")),
    ("export.attribute", without("DoseSummationType")),
    ("export.attribute", without("SOPInstanceUID")),
    ("export.attribute", several(Modality="CT")),
    ("export.outside-ct", several(ImagePositionPatient=[10_000, 10_000, 10_000])),
    ("export.outside-ct", lambda d: d.ImagePositionPatient.__setitem__(2, float(d.ImagePositionPatient[2]) + 500.0)),
]


@pytest.fixture(scope="module")
def dose_file(tmp_path_factory: pytest.TempPathFactory, current_ct: Image) -> Path:
    path = tmp_path_factory.mktemp("dose") / "rd.dcm"
    dose = np.ones(current_ct.geometry.shape, dtype=np.float32)
    write_effective_dose(path, dose, current_ct, [PLAN], "d", "c", [ContributingDose("1.2.3", is_prior=True)])
    return path


def test_a_dose_that_we_write_passes_every_rule(dose_file: Path, demo_folder: Path) -> None:
    validation = validate_file(dose_file, demo_folder / "course2" / "CT")
    assert failed(validation) == set()
    assert all(rule.checked for rule in validation.rules)
    assert {rule.interlock.identifier for rule in validate_file(dose_file).rules if not rule.checked} == {
        "export.patient",
        "export.outside-ct",
    }


@pytest.mark.parametrize(("identifier", "fault"), DOSE_FAULTS)
def test_each_fault_of_a_dose_is_found_and_no_other(
    tmp_path: Path, dose_file: Path, demo_folder: Path, identifier: str, fault: Callable[[Dataset], object]
) -> None:
    bad = changed(dose_file, tmp_path / "bad.dcm", fault)
    assert failed(validate_file(bad, demo_folder / "course2" / "CT")) == {identifier}


def matrix(dataset: Dataset) -> Dataset:
    return dataset.RegistrationSequence[-1].MatrixRegistrationSequence[0].MatrixSequence[0]


def set_matrix(values: list[float], kind: str = "RIGID") -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        matrix(dataset).FrameOfReferenceTransformationMatrix = values
        matrix(dataset).FrameOfReferenceTransformationMatrixType = kind

    return change


def scaling(x: float, y: float = 1.0, z: float = 1.0, shift: float = 0.0) -> list[float]:
    return [x, 0, 0, shift, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("identifier", "fault"),
    [
        ("export.registration", set_matrix(scaling(2.0))),
        ("export.registration", set_matrix([0.0] * 16)),
        ("export.registration", lambda d: d.RegistrationSequence.clear()),
        ("export.registration", set_matrix(scaling(1.0), "FOO")),
        ("export.registration", set_matrix(scaling(1.0), "")),
        ("registration.scales", set_matrix(scaling(10.0, 10.0, 10.0), "AFFINE")),
        ("registration.scales", set_matrix(scaling(0.88), "AFFINE")),
        ("registration.scales", set_matrix(scaling(1.12), "RIGID_SCALE")),
        ("export.registration-far", set_matrix(scaling(1.0, shift=2001.0))),
        ("export.registration-far", set_matrix(scaling(1.0, shift=1e6))),
        ("export.attribute", several(Modality="CT")),
    ],
)
def test_each_fault_of_a_registration_is_found(
    tmp_path: Path, demo_folder: Path, identifier: str, fault: Callable[[Dataset], object]
) -> None:
    rigid = next(demo_folder.rglob("REG_rigid.dcm"))
    before = failed(validate_file(rigid))
    assert validate_file(rigid).acceptable
    found = failed(validate_file(changed(rigid, tmp_path / "bad.dcm", fault))) - before
    assert identifier in found
    assert found <= {identifier, "registration.scales"}  # a matrix that is no RIGID one for its scales has both


@pytest.mark.parametrize(
    "fault",
    [
        set_matrix(scaling(1.09), "AFFINE"),
        set_matrix(scaling(1.2, 1.0 / 1.2), "AFFINE"),
        set_matrix(scaling(1.0, shift=1990.0)),
    ],
)
def test_a_matrix_within_bounds_passes(tmp_path: Path, demo_folder: Path, fault: Callable[[Dataset], object]) -> None:
    rigid = next(demo_folder.rglob("REG_rigid.dcm"))
    assert failed(validate_file(changed(rigid, tmp_path / "good.dcm", fault))) == failed(validate_file(rigid))


def test_a_vector_of_more_than_two_metres_and_a_scaling_matrix_are_found_in_a_deformable_registration(
    tmp_path: Path, demo_folder: Path
) -> None:
    deformable = next(demo_folder.rglob("REG_deform.dcm"))
    assert validate_file(deformable).acceptable

    def one_far(dataset: Dataset) -> None:
        grid = dataset.DeformableRegistrationSequence[-1].DeformableRegistrationGridSequence[0]
        vectors = np.frombuffer(grid.VectorGridData, "<f4").copy()
        vectors[len(vectors) // 6 * 3] = 2500.0
        grid.VectorGridData = vectors.tobytes()

    def scaled(dataset: Dataset) -> None:
        item = dataset.DeformableRegistrationSequence[-1]
        pre = Dataset()
        pre.FrameOfReferenceTransformationMatrixType = "AFFINE"
        pre.FrameOfReferenceTransformationMatrix = scaling(1.2)
        item.PreDeformationMatrixRegistrationSequence = [pre]

    assert "export.registration-far" in failed(validate_file(changed(deformable, tmp_path / "far.dcm", one_far)))
    assert "registration.scales" in failed(validate_file(changed(deformable, tmp_path / "scaled.dcm", scaled)))


def test_files_of_other_kinds_are_refused(tmp_path: Path, demo_folder: Path, structures_file: Path) -> None:
    with pytest.raises(DicomError, match=r"file\.wrong-kind"):
        validate_file(demo_folder / "course2" / "RP.dcm")
    with pytest.raises(DicomError, match="Compare structure sets only"):
        validate_file(demo_folder / "course2" / "RD.dcm", None, structures_file)
    (tmp_path / "x").write_text("no DICOM")
    with pytest.raises(DicomError, match=r"file\.unreadable"):
        validate_file(tmp_path / "x")


def test_the_command_line_tells_every_rule_and_says_by_its_exit_code_whether_one_failed(
    tmp_path: Path, structures_file: Path, demo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ct = str(demo_folder / "course2" / "CT")
    assert main(["validate", str(structures_file), "--ct", ct]) == 0
    told = capsys.readouterr().out
    assert "RTSTRUCT, acceptable" in told
    assert "pass                     export.slice" in told
    assert "zRing" in told
    bad = changed(structures_file, tmp_path / "bad.dcm", FAULTS[0][1])
    assert main(["validate", str(bad), "--ct", ct]) == 1
    assert "FAIL (cannot be used)    export.patient" in capsys.readouterr().out
    assert main(["validate", str(tmp_path / "absent.dcm")]) == 1
    assert "file.unreadable" in capsys.readouterr().err


def test_planning_systems_own_structure_sets_can_be_validated(tmp_path: Path) -> None:
    archive = shared_data("03_aria_phantom_reg/20200212_Aria_v13.6.5.10_registered_implicit.txz")
    shutil.unpack_archive(archive, tmp_path, format="xztar")
    sets = [path for path in sorted(tmp_path.rglob("*")) if path.is_file() and path.name.startswith("RS")]
    assert sets
    for path in sets:
        validation = validate_file(path, None, path)
        assert validation.regions
        assert all(change.hausdorff_mm <= SAME_MM for change in validation.changes)


def doubled(dataset) -> None:
    """Every contour of the first ROI once more, the other way round."""
    contours = dataset.ROIContourSequence[0].ContourSequence
    for contour in list(contours):
        again = copy.deepcopy(contour)
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)[::-1]
        again.ContourData = [f"{value:.3f}" for value in points.ravel()]
        contours.append(again)


def test_contours_that_cancel_each_other_out_are_not_acceptable(tmp_path: Path, demo_folder: Path) -> None:
    good = demo_folder / "course2" / "RS.dcm"
    assert "FAIL (cannot be used)    structure.contours-overlap" not in "\n".join(validate_file(good, None, None).lines())
    bad = validate_file(changed(good, tmp_path / "RS.dcm", doubled), None, None)
    assert not bad.acceptable
    assert "the same contour twice" in "\n".join(bad.lines())
