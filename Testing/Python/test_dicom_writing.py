"""What we write is accepted by the validator and read alike by readers that are not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import validator_errors
from ReirradiationLib.dicom.dose_writer import write_effective_dose
from ReirradiationLib.dicom.structure_writer import write_structures
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.occupancy import structure_mask
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.structure import Structure
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
    plans = [course.dose.plan_uid for course in demo_results.courses]
    write_effective_dose(path, demo_results.final_eqd2_gy, demo_results.records.ct, plans, "EQD2 sum", "for display")
    return path


def test_the_validator_finds_no_error_in_structures(structures_file: Path) -> None:
    assert validator_errors(structures_file) == []


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


def plastimatch_masks(structures_file: Path, grid: Geometry, folder: Path) -> dict[str, np.ndarray]:
    """Masks of all ROIs on a grid, made by plastimatch; a voxel is in if its centre is in."""
    program = shutil.which("plastimatch", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        pytest.skip("plastimatch is not installed")
    empty = sitk.Image(*grid.size, sitk.sitkUInt8)
    empty.SetOrigin(grid.origin_mm)
    empty.SetSpacing(grid.spacing_mm)
    sitk.WriteImage(empty, str(folder / "grid.nrrd"))
    command = [program, "convert", "--input", str(structures_file), "--fixed", str(folder / "grid.nrrd")]
    command += ["--output-prefix", str(folder / "masks"), "--prefix-format", "nrrd"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    files = (folder / "masks").glob("*.nrrd")
    return {file.stem: sitk.GetArrayFromImage(sitk.ReadImage(str(file))) > 0 for file in files}


def test_an_independent_reader_finds_the_same_volumes(tmp_path: Path, structures_file: Path, demo_results) -> None:
    """Contour area × slice distance against plastimatch on pixels of 0.5 mm, within 2 %."""
    ct = demo_results.records.ct.geometry
    fine = Geometry(ct.origin_mm, (0.5, 0.5, 3.0), ct.direction, (6 * ct.size[0], 6 * ct.size[1], ct.size[2]))
    masks = plastimatch_masks(structures_file, fine, tmp_path)
    shells = demo_results.optimization[0].exported()
    assert set(masks) == {shell.structure.name for shell in shells}
    for shell in shells:
        found_cc = np.count_nonzero(masks[shell.structure.name]) * fine.voxel_volume_cc
        assert found_cc == pytest.approx(shell.volume_cc, rel=0.02), shell.structure.name


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
        for mine, theirs in zip(shell.structure.contours_mm, again.contours_mm, strict=True):
            np.testing.assert_allclose(theirs, mine, atol=1e-3)


def test_the_dose_file_holds_the_composite_at_the_right_place(dose_file: Path, demo_results: CaseResults) -> None:
    image = sitk.ReadImage(str(dose_file))
    scaling = float(pydicom.dcmread(dose_file).DoseGridScaling)
    values = sitk.GetArrayFromImage(image).astype(np.float64) * scaling
    maximum = demo_results.final_eqd2_gy.max()
    np.testing.assert_allclose(values, demo_results.final_eqd2_gy, atol=1e-5 * maximum)
    np.testing.assert_allclose(image.GetOrigin(), demo_results.records.ct.geometry.origin_mm, atol=1e-4)
    np.testing.assert_allclose(image.GetSpacing(), demo_results.records.ct.geometry.spacing_mm, atol=1e-4)


def test_the_dose_file_says_what_it_is(dose_file: Path, demo_results: CaseResults) -> None:
    dataset = pydicom.dcmread(dose_file)
    assert (dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType) == ("GY", "EFFECTIVE", "MULTI_PLAN")
    plans = [item.ReferencedSOPInstanceUID for item in dataset.ReferencedRTPlanSequence]
    assert plans == [course.dose.plan_uid for course in demo_results.courses]


def test_an_effective_dose_is_not_taken_for_a_physical_one(dose_file: Path) -> None:
    from ReirradiationLib.dicom.dose import read_dose
    from ReirradiationLib.model.errors import DicomError

    with pytest.raises(DicomError, match="EFFECTIVE"):
        read_dose(dose_file)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path, structures_file: Path, dose_file: Path, demo_results) -> None:
    structures = [shell.structure for shell in demo_results.optimization[0].exported()]
    write_structures(tmp_path / "a.dcm", structures, demo_results.records.ct, LABEL)
    assert (tmp_path / "a.dcm").read_bytes() == structures_file.read_bytes()
    plans = [course.dose.plan_uid for course in demo_results.courses]
    write_effective_dose(
        tmp_path / "b.dcm", demo_results.final_eqd2_gy, demo_results.records.ct, plans, "EQD2 sum", "for display"
    )
    assert (tmp_path / "b.dcm").read_bytes() == dose_file.read_bytes()
    write_structures(tmp_path / "c.dcm", structures[:1], demo_results.records.ct, LABEL)
    assert pydicom.dcmread(tmp_path / "c.dcm").SOPInstanceUID != pydicom.dcmread(tmp_path / "a.dcm").SOPInstanceUID


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
            write_effective_dose(tmp_path / "x.dcm", bad, current_ct, ["1.2"], "d", "c")
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
