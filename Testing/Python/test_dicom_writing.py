"""What we write is accepted by the validator and read alike by readers that are not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import changed, validator_errors
from matplotlib.path import Path as Polygon
from ReirradiationLib.dicom.contour_fitting import MOST_POINTS
from ReirradiationLib.dicom.dose_writer import ContributingDose, DoseTransform, PlanReference, write_effective_dose
from ReirradiationLib.dicom.reader import SopClass
from ReirradiationLib.dicom.structure_writer import StructureOptions, write_structures
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.model.contour_shape import keyholed
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.outline import hausdorff_mm, outline
from ReirradiationLib.model.structure import Holes, Structure
from ReirradiationLib.report.results import CaseResults

LABEL = "REIRRADIATION"


@pytest.fixture(scope="module")
def structures_file(tmp_path_factory: pytest.TempPathFactory, demo_results: CaseResults) -> Path:
    path = tmp_path_factory.mktemp("rtstruct") / "optimization_structures.dcm"
    write_structures(path, [s.structure for s in demo_results.optimization[0].exported()], demo_results.records.ct, LABEL)
    return path


@pytest.fixture(scope="module")
def dose_file(tmp_path_factory: pytest.TempPathFactory, demo_results: CaseResults) -> Path:
    path = tmp_path_factory.mktemp("rtdose") / "cumulative_eqd2.dcm"
    plans = [PlanReference(SopClass.RTPLAN, course.dose.plan_uid) for course in demo_results.courses]
    ct, grid = demo_results.records.ct, demo_results.grid.geometry
    write_effective_dose(path, demo_results.final_eqd2_gy, ct, plans, "EQD2 sum", "for display", geometry=grid)
    return path


def test_the_validator_finds_no_error_in_either_file(structures_file: Path, dose_file: Path) -> None:
    assert validator_errors(structures_file) == []
    assert validator_errors(dose_file) == []


def test_the_validator_check_can_fail(tmp_path: Path, structures_file: Path) -> None:
    dataset = pydicom.dcmread(structures_file)
    del dataset.StructureSetLabel
    dataset.save_as(tmp_path / "bad.dcm")
    assert validator_errors(tmp_path / "bad.dcm")


def test_structures_refer_to_the_original_ct(structures_file: Path, current_ct: Image) -> None:
    dataset = pydicom.dcmread(structures_file)
    source = pydicom.dcmread(current_ct.files[0])
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "PatientSex", "FrameOfReferenceUID", "StudyDate"):
        assert dataset.get(keyword) == source.get(keyword), keyword
    assert dataset.SeriesInstanceUID != source.SeriesInstanceUID
    by_uid = dict(zip(current_ct.slice_uids, current_ct.geometry.to_lps(_along_k(current_ct))[:, 2], strict=True))
    for region in dataset.ROIContourSequence:
        for contour in region.ContourSequence:
            (image,) = contour.ContourImageSequence
            heights = np.array([float(value) for value in contour.ContourData[2::3]])
            np.testing.assert_allclose(heights, by_uid[image.ReferencedSOPInstanceUID], atol=1e-3)


def _along_k(image: Image) -> np.ndarray:
    return np.column_stack([np.zeros((image.geometry.size[2], 2)), np.arange(image.geometry.size[2])]).astype(float)


def test_values_keep_to_the_limits_of_their_representation(structures_file: Path) -> None:
    dataset = pydicom.dcmread(structures_file)
    assert len(dataset.StructureSetLabel) <= 16
    for region, contours in zip(dataset.StructureSetROISequence, dataset.ROIContourSequence, strict=True):
        assert len(region.ROIName) <= 16
        assert "alpha/beta 2 Gy" in region.ROIDescription
        for contour in contours.ContourSequence:
            assert contour.NumberOfContourPoints >= 3
            assert all(len(str(value)) <= 16 for value in contour.ContourData)
    types = {item.RTROIInterpretedType for item in dataset.RTROIObservationsSequence}
    assert types == {"CONTROL"}


def plastimatch_masks(structures_file: Path, grid: Geometry, folder: Path, *options: str) -> dict[str, np.ndarray]:
    """Masks of all ROIs on a grid, made by plastimatch; a voxel is in if its centre is in."""
    program = shutil.which("plastimatch", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        pytest.skip("plastimatch is not installed")
    empty = sitk.Image(*grid.size, sitk.sitkUInt8)
    empty.SetOrigin(grid.origin_mm)
    empty.SetSpacing(grid.spacing_mm)
    sitk.WriteImage(empty, str(folder / "grid.nrrd"))
    command = [program, "convert", *options, "--input", str(structures_file), "--fixed", str(folder / "grid.nrrd")]
    command += ["--output-prefix", str(folder / "masks"), "--prefix-format", "nrrd"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    files = (folder / "masks").glob("*.nrrd")
    return {file.stem: sitk.GetArrayFromImage(sitk.ReadImage(str(file))) > 0 for file in files}


@pytest.mark.parametrize(
    ("holes", "option"), [(Holes.KEYHOLE, ()), (Holes.XOR, ("--xor-contours",))], ids=["keyhole", "xor"]
)
def test_an_independent_reader_finds_the_same_volumes(tmp_path: Path, demo_results, holes: Holes, option) -> None:
    """Shells and organs against plastimatch on pixels of 0.5 mm: within 1 % or a voxel of the CT."""
    ct = demo_results.records.ct
    shells = {shell.structure.name: shell.structure for shell in demo_results.optimization[0].exported()}
    organs = {s.name: s for s in (demo_results.records.structures.find(name) for name in ("vertebrae_L1", "kidney_left"))}
    numbered = [replace(s, number=n) for n, s in enumerate((shells | organs).values(), start=1)]
    write_structures(tmp_path / "rs.dcm", numbered, ct, LABEL, StructureOptions(holes))
    assert validator_errors(tmp_path / "rs.dcm") == []
    fine = Geometry(
        ct.geometry.origin_mm,
        (0.5, 0.5, 3.0),
        ct.geometry.direction,
        (*(6 * n for n in ct.geometry.size[:2]), ct.geometry.size[2]),
    )
    masks = plastimatch_masks(tmp_path / "rs.dcm", fine, tmp_path, *option)
    assert set(masks) == {structure.name for structure in numbered}
    axes = np.asarray(ct.geometry.direction)
    for structure in numbered:
        found_cc = np.count_nonzero(masks[structure.name]) * fine.voxel_volume_cc
        expected_cc = outline(structure.contours_mm, axes).volume_cc(3.0)
        assert abs(found_cc - expected_cc) <= max(0.01 * expected_cc, ct.geometry.voxel_volume_cc), structure.name


def test_an_independent_reader_finds_the_same_voxels_of_the_ct(tmp_path: Path, structures_file: Path, demo_results) -> None:
    """On the CT's own grid of 3 mm, plastimatch and our rasterizer differ by at most 2 voxels in any structure."""
    ct = demo_results.records.ct.geometry
    masks = plastimatch_masks(structures_file, ct, tmp_path)
    for shell in demo_results.optimization[0].exported():
        ours = structure_mask(shell.structure, ct, ct)
        assert np.count_nonzero(ours != masks[shell.structure.name]) <= 2, shell.structure.name


def test_our_own_reader_gets_back_what_was_written(structures_file: Path, demo_results: CaseResults) -> None:
    read = read_structures(structures_file)
    for shell in demo_results.optimization[0].exported():
        again = read.find(shell.structure.name)
        assert again.colour == shell.structure.colour
        axes = np.asarray(demo_results.records.ct.geometry.direction)
        mine, theirs = (outline(s.contours_mm, axes) for s in (shell.structure, again))
        assert hausdorff_mm(mine, theirs) < 0.002
        assert theirs.volume_cc(3.0) == pytest.approx(mine.volume_cc(3.0), rel=1e-3)


def test_the_dose_file_holds_the_composite_at_the_right_place(dose_file: Path, demo_results: CaseResults) -> None:
    image = sitk.ReadImage(str(dose_file))
    scaling = float(pydicom.dcmread(dose_file).DoseGridScaling)
    values = sitk.GetArrayFromImage(image).astype(np.float64) * scaling
    maximum = demo_results.final_eqd2_gy.max()
    np.testing.assert_allclose(values, demo_results.final_eqd2_gy, atol=1e-6 * maximum)
    np.testing.assert_allclose(image.GetOrigin(), demo_results.grid.geometry.origin_mm, atol=1e-4)
    np.testing.assert_allclose(image.GetSpacing(), demo_results.grid.geometry.spacing_mm, atol=1e-4)


def test_the_dose_file_says_what_it_is(dose_file: Path, demo_results: CaseResults) -> None:
    dataset = pydicom.dcmread(dose_file)
    assert (dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType) == ("GY", "EFFECTIVE", "MULTI_PLAN")
    plans = [item.ReferencedSOPInstanceUID for item in dataset.ReferencedRTPlanSequence]
    assert plans == [course.dose.plan_uid for course in demo_results.courses]


def test_an_effective_dose_is_not_taken_for_a_physical_one(dose_file: Path) -> None:
    from ReirradiationLib.dicom.course_dose import read_course_dose
    from ReirradiationLib.model.errors import DicomError

    with pytest.raises(DicomError, match=r"dose\.type|dose\.summation|dose\.other-plan"):
        read_course_dose([dose_file], None, None)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path, structures_file: Path, dose_file: Path, demo_results) -> None:
    structures = [shell.structure for shell in demo_results.optimization[0].exported()]
    write_structures(tmp_path / "a.dcm", structures, demo_results.records.ct, LABEL)
    assert (tmp_path / "a.dcm").read_bytes() == structures_file.read_bytes()
    plans = [PlanReference(SopClass.RTPLAN, course.dose.plan_uid) for course in demo_results.courses]
    ct, grid = demo_results.records.ct, demo_results.grid.geometry
    texts = ("EQD2 sum", "for display")
    write_effective_dose(tmp_path / "b.dcm", demo_results.final_eqd2_gy, ct, plans, *texts, geometry=grid)
    assert (tmp_path / "b.dcm").read_bytes() == dose_file.read_bytes()
    write_structures(tmp_path / "c.dcm", structures[:1], demo_results.records.ct, LABEL)
    assert pydicom.dcmread(tmp_path / "c.dcm").SOPInstanceUID != pydicom.dcmread(tmp_path / "a.dcm").SOPInstanceUID


PLAN = PlanReference(SopClass.RTPLAN, "1.2.3")
SQUARE = np.array([[0, -100, 30], [30, -100, 30], [30, -70, 30]], dtype=float)


@pytest.mark.parametrize(
    ("structures", "message"),
    [
        ([], "unique names"),
        ([Structure("a", 1, (SQUARE,)), Structure("a", 2, (SQUARE,))], "unique names"),
        ([Structure("a", 1, (SQUARE,)), Structure("b", 1, (SQUARE,))], "unique numbers"),
        ([Structure("a", 1, (SQUARE[:1] + 0.1 * (SQUARE - SQUARE[:1]) / 3,))], "less than half a pixel"),
        ([Structure("a", 1, ())], "no contours"),
        ([Structure("a", 1, (SQUARE[:2],))], "fewer than 3"),
        ([Structure("a", 1, (SQUARE + np.array([0.0, 0.0, 1.0]),))], "1.00 mm off the nearest slice"),
        ([Structure("a", 1, (SQUARE + np.array([0.0, 0.0, 900.0]),))], "off the nearest slice"),
        ([Structure("a", 1, (SQUARE + np.array([5000.0, 0.0, 0.0]),))], r"pixels beyond the CT.*export\.outside-ct"),
        ([Structure("a", 1, (SQUARE - np.array([0.0, 5000.0, 0.0]),))], "pixels beyond the CT"),
    ],
)
def test_structures_that_a_planning_system_would_refuse_are_not_written(tmp_path, current_ct, structures, message) -> None:
    with pytest.raises(OutputError, match=message):
        write_structures(tmp_path / "x.dcm", structures, current_ct, LABEL)
    assert list(tmp_path.iterdir()) == []


def test_a_dose_that_makes_no_sense_is_not_written(tmp_path: Path, current_ct: Image) -> None:
    good = np.ones(current_ct.geometry.shape, dtype=np.float32)
    for bad in (good[1:], -good, 0 * good, good * np.nan):
        with pytest.raises(OutputError):
            write_effective_dose(tmp_path / "x.dcm", bad, current_ct, [PLAN], "d", "c")
    with pytest.raises(OutputError):
        write_effective_dose(tmp_path / "x.dcm", good, current_ct, [], "d", "c")
    assert list(tmp_path.iterdir()) == []


def test_names_that_do_not_fit_are_made_to_fit_and_the_full_one_is_kept(tmp_path: Path, current_ct: Image) -> None:
    structure = Structure("zRückenmark_S1", 1, (SQUARE,), description="脊髄 α/β")
    (exported,) = write_structures(tmp_path / "x.dcm", [structure], current_ct, LABEL)
    assert exported.full_name == "zRückenmark_S1"
    (read,) = read_structures(tmp_path / "x.dcm").structures
    assert read.name == exported.structure.name == "zRuckenmark_S1"
    assert read.description == "Full name: zRückenmark_S1. 脊髄 α/β"
    assert read.interpreted_type == "CONTROL"
    assert validator_errors(tmp_path / "x.dcm") == []


def ring(z: float, outer: float = 30.0, inner: float = 12.0, points: int = 60) -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(points)])
    return tuple(radius * circle + (0.0, -150.0, z) for radius in (outer, inner))


@pytest.mark.parametrize("holes", list(Holes))
def test_holes_given_as_loops_or_as_keyholes_are_written_alike(tmp_path: Path, current_ct: Image, holes: Holes) -> None:
    loops = ring(30.0)
    (joined,) = keyholed([loop[:, :2] for loop in loops])
    keyhole = np.column_stack([joined, np.full(len(joined), 30.0)])
    for name, contours in (("loops", loops), ("keyhole", (keyhole,))):
        write_structures(
            tmp_path / name, [Structure("zRing", 1, tuple(contours))], current_ct, LABEL, StructureOptions(holes)
        )
        (region,) = pydicom.dcmread(tmp_path / name).ROIContourSequence
        assert len(region.ContourSequence) == (1 if holes is Holes.KEYHOLE else 2)
        assert {contour.ContourGeometricType for contour in region.ContourSequence} == {"CLOSED_PLANAR"}
        points = [np.array(contour.ContourData, dtype=float).reshape(-1, 3)[:, :2] for contour in region.ContourSequence]
        inside = [sum(Polygon(polygon).contains_point((x, -150.0)) for polygon in points) % 2 for x in (0.0, 20.0, 31.0)]
        assert inside == [0, 1, 0]


def test_crumbs_are_left_out_and_told_and_long_contours_are_simplified(tmp_path: Path, current_ct: Image) -> None:
    crumb = SQUARE[:1] + 0.02 * (SQUARE - SQUARE[:1])
    long, _ = ring(33.0, points=5000)
    wave = long + np.random.default_rng(1).normal(0.0, 0.02, long.shape) * (1.0, 1.0, 0.0)
    structure = Structure("zMany", 1, (SQUARE, crumb - (40.0, 0.0, 0.0), wave), interpreted_type="AVOIDANCE")
    (exported,) = write_structures(tmp_path / "x.dcm", [structure], current_ct, LABEL)
    assert exported.crumbs == 1
    (read,) = read_structures(tmp_path / "x.dcm").structures
    assert "1 pieces below half a CT pixel left out" in read.description
    assert read.interpreted_type == "AVOIDANCE"
    assert [len(contour) < MOST_POINTS for contour in read.contours_mm] == [True, True]
    mine, theirs = (outline([c], np.eye(3)) for c in (wave, read.contours_mm[1]))
    assert hausdorff_mm(mine, theirs) <= 0.1
    np.testing.assert_array_equal(read.contours_mm[0], SQUARE)


def test_a_million_and_a_half_numbers_are_written(tmp_path: Path, current_ct: Image) -> None:
    heights = current_ct.geometry.to_lps(np.column_stack([np.zeros((50, 2)), np.arange(50.0)]))[:, 2]
    structures = [Structure(f"s{n}", n, tuple(ring(z, 30.0 + n, points=999)[0] for z in heights)) for n in range(1, 11)]
    exported = write_structures(tmp_path / "x.dcm", structures, current_ct, LABEL)
    assert sum(contour.size for e in exported for contour in e.structure.contours_mm) > 1_490_000


def raw_contours(path: Path) -> list[bytes]:
    dataset = pydicom.dcmread(path)
    return [
        contour.get_item(0x30060050).value for region in dataset.ROIContourSequence for contour in region.ContourSequence
    ]


def test_an_appended_set_repeats_the_existing_rois_unchanged(tmp_path: Path, current_ct: Image, demo_folder: Path) -> None:
    source = demo_folder / "course2" / "RS.dcm"
    before = source.read_bytes()
    new = Structure("zNew", 1, ring(30.0))
    (exported,) = write_structures(tmp_path / "rs.dcm", [new], current_ct, LABEL, append_to=source)
    assert source.read_bytes() == before
    old, both = pydicom.dcmread(source), pydicom.dcmread(tmp_path / "rs.dcm")
    count = len(old.StructureSetROISequence)
    assert raw_contours(tmp_path / "rs.dcm")[:-1] == raw_contours(source)
    for keyword in ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence"):
        assert list(both[keyword].value)[:count] == list(old[keyword].value), keyword
        assert len(both[keyword].value) == count + 1
    numbers = [item.ROINumber for item in both.StructureSetROISequence]
    assert len(set(numbers)) == count + 1
    assert exported.structure.number == numbers[-1] == both.ROIContourSequence[-1].ReferencedROINumber
    assert both.SOPInstanceUID != old.SOPInstanceUID
    assert both.SeriesInstanceUID != old.SeriesInstanceUID
    assert both.ApprovalStatus == "UNAPPROVED"
    assert validator_errors(tmp_path / "rs.dcm") == []


def test_appending_keeps_names_in_other_character_sets(tmp_path: Path, current_ct: Image, demo_folder: Path) -> None:
    def latin(dataset: pydicom.Dataset) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.StructureSetROISequence[0].ROIName = "Rückenmark"

    source = changed(demo_folder / "course2" / "RS.dcm", tmp_path / "latin.dcm", latin)
    write_structures(tmp_path / "rs.dcm", [Structure("zNew", 1, ring(30.0))], current_ct, LABEL, append_to=source)
    both = pydicom.dcmread(tmp_path / "rs.dcm")
    assert both.SpecificCharacterSet == "ISO_IR 192"
    assert both.StructureSetROISequence[0].ROIName == "Rückenmark"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: [setattr(r, "ReferencedFrameOfReferenceUID", "1.2.3") for r in d.StructureSetROISequence],
            "frame of reference",
        ),
        (lambda d: setattr(d, "PatientID", "someone else"), "PatientID"),
        (lambda d: delattr(d, "ReferencedFrameOfReferenceSequence"), "refers to no CT"),
        (lambda d: setattr(d.StructureSetROISequence[3], "ROIName", "ZNEW"), "has a ROI 'ZNEW' already"),
    ],
)
def test_nothing_is_appended_to_a_set_of_another_ct_or_with_that_name(
    tmp_path: Path, current_ct: Image, demo_folder: Path, change, message
) -> None:
    source = changed(demo_folder / "course2" / "RS.dcm", tmp_path / "other.dcm", change)
    with pytest.raises(OutputError, match=message):
        write_structures(tmp_path / "rs.dcm", [Structure("zNew", 1, ring(30.0))], current_ct, LABEL, append_to=source)
    assert not (tmp_path / "rs.dcm").exists()


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, current_ct: Image, structures_file: Path) -> None:
    approved = changed(structures_file, tmp_path / "approved.dcm", lambda d: setattr(d, "ApprovalStatus", "APPROVED"))
    before = approved.read_bytes()
    with pytest.raises(OutputError, match=r"export\.file-exists"):
        write_structures(approved, [Structure("zNew", 1, ring(30.0))], current_ct, LABEL)
    assert approved.read_bytes() == before


PRIOR = ContributingDose(
    "1.2.840.1", is_prior=True, transform=DoseTransform.NON_RIGID, registration=(SopClass.DEFORMABLE_REG, "1.2.9")
)


NEW = ContributingDose("1.2.840.2", is_prior=False)
