"""What a written dose says that it is, and that every voxel comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import changed, validator_errors
from ReirradiationLib.dicom.dose_writer import (
    ContributingDose,
    DoseTransform,
    PlanReference,
    write_effective_dose,
    write_physical_dose,
)
from ReirradiationLib.dicom.plan import read_plan
from ReirradiationLib.dicom.reader import SopClass
from ReirradiationLib.dicom.structure_writer import write_structures
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration import RegistrationChoice, RegistrationKind, RegistrationMethod
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import Affine, SpatialTransform
from ReirradiationLib.output import OutputFolder
from ReirradiationLib.report.evaluation import SCHEMA
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.write_dicom import write_dicom
from ReirradiationLib.write_outputs import is_former_output

PRIOR = ContributingDose(
    "1.2.840.1", is_prior=True, transform=DoseTransform.NON_RIGID, registration=(SopClass.DEFORMABLE_REG, "1.2.9")
)
PLAN = PlanReference(SopClass.RTPLAN, "1.2.3")
ION_PLAN = PlanReference(SopClass.RTIONPLAN, "1.2.4")
NEW = ContributingDose("1.2.840.2", is_prior=False)


def codes(items) -> list[tuple[str, str, str]]:
    return [(item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) for item in items]


def standard_code(value: str) -> tuple[str, str, str]:
    """As pydicom carries it from PS3.16; some codes of 2024 and 2025 are newer than the pydicom that is installed."""
    from pydicom.sr._concepts_dict import concepts

    newer = {
        "121377": "Composed with radiobiological effects",
        "121378": "Composed with weighting for fractions delivered",
        "129212": "Dose from prior Treatment",
        "121367": "Composed from deformable registration",
        "121368": "Composed from image series other than planning image series",
    }
    known = {code: entry[0] for keyword in concepts["DCM"].values() for code, entry in keyword.items()}
    return (value, "DCM", known.get(value, newer.get(value, "unknown")))


@pytest.mark.parametrize("bits", [16, 32])
def test_an_eqd2_sum_says_what_it_is_made_of_and_every_voxel_comes_back(tmp_path: Path, demo_results, bits: int) -> None:
    dose, ct, grid = demo_results.final_eqd2_gy, demo_results.records.ct, demo_results.grid.geometry
    path = tmp_path / "rd.dcm"
    weighted = replace(PRIOR, is_weighted=True)
    write_effective_dose(path, dose, ct, [PLAN, ION_PLAN], "EQD2 sum", "for display", [weighted, NEW], bits, geometry=grid)
    dataset = pydicom.dcmread(path)
    assert codes(dataset.DerivationCodeSequence) == [
        standard_code(value) for value in ("121371", "121377", "121378", "121367", "121368")
    ]
    purposes = {
        item.ReferencedSOPInstanceUID: codes(item.PurposeOfReferenceCodeSequence)
        for item in dataset.ReferencedInstanceSequence
    }
    assert purposes == {
        "1.2.840.1": [standard_code("129212")],
        "1.2.840.2": [standard_code("121372")],
        "1.2.9": [standard_code("129210")],
    }
    assert dataset.SpatialTransformOfDose == "NON_RIGID"
    assert dataset.ReferencedSpatialRegistrationSequence[0].ReferencedSOPInstanceUID == "1.2.9"
    assert (dataset.DoseType, dataset.DoseSummationType) == ("EFFECTIVE", "MULTI_PLAN")
    plans = [(item.ReferencedSOPClassUID.name, item.ReferencedSOPInstanceUID) for item in dataset.ReferencedRTPlanSequence]
    assert plans == [("RT Plan Storage", "1.2.3"), ("RT Ion Plan Storage", "1.2.4")]
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(np.float64) * float(dataset.DoseGridScaling)
    assert np.abs(read - dose).max() <= (1e-5 if bits == 16 else 1e-6) * dose.max()
    assert validator_errors(path) == []


def test_the_sum_of_prior_courses_alone_does_not_claim_the_new_plan(tmp_path: Path, current_ct: Image) -> None:
    dose = np.ones(current_ct.geometry.shape, dtype=np.float32)
    write_effective_dose(tmp_path / "rd.dcm", dose, current_ct, [PLAN], "d", "c", [replace(PRIOR, registration=None)])
    dataset = pydicom.dcmread(tmp_path / "rd.dcm")
    assert codes(dataset.DerivationCodeSequence)[0] == standard_code("121370")
    assert "SpatialTransformOfDose" not in dataset  # its registration (type 1C) is not known


@pytest.mark.parametrize(
    ("transform", "expected"), [("NONE", []), ("RIGID", ["121368"]), ("NON_RIGID", ["121367", "121368"])]
)
def test_a_mapped_dose_stays_physical_and_names_its_source(
    tmp_path: Path, current_ct: Image, transform: str, expected: list[str]
) -> None:
    dose = np.linspace(0.0, 60.0, current_ct.voxels_hu.size, dtype=np.float32).reshape(current_ct.geometry.shape)
    registration = None if transform == "NONE" else (SopClass.RIGID_REG, "1.2.9")
    source = ContributingDose("1.2.840.1", True, DoseTransform(transform), registration)
    path = tmp_path / "rd.dcm"
    write_physical_dose(path, dose, current_ct, PLAN, "prior dose, mapped", "0 where not known", source, bits=16)
    dataset = pydicom.dcmread(path)
    assert (dataset.DoseType, dataset.DoseSummationType, dataset.SpatialTransformOfDose) == ("PHYSICAL", "PLAN", transform)
    assert codes(dataset.DerivationCodeSequence) == [standard_code(value) for value in ("121370", *expected)]
    assert dataset.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == "1.2.840.1"
    assert [item.ReferencedSOPInstanceUID for item in dataset.ReferencedRTPlanSequence] == ["1.2.3"]
    assert validator_errors(path) == []


def test_a_registration_computed_here_is_written_and_recognized_as_output(tmp_path: Path, demo_results: CaseResults) -> None:
    ct, (prior,) = demo_results.records.ct, demo_results.prior_courses
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 2.0, 3.0)
    computed = SpatialTransform(ct.frame_uid, prior.dose.frame_uid, (Affine(shift),), "SimpleITK rigid")
    (choice,) = demo_results.records.prior
    rigid = replace(choice, registration=RegistrationChoice(RegistrationMethod.IMAGES, kind=RegistrationKind.RIGID))
    results = replace(
        demo_results,
        records=replace(demo_results.records, prior=(rigid,)),
        prior_courses=(replace(prior, transform=computed),),
    )
    folder = OutputFolder(tmp_path / "out")
    with folder:
        write_dicom(results, folder, lambda name: None)
        folder.write_text("evaluation.json", "{}")
        folder.finish()
    (path,) = (tmp_path / "out").glob("registration_*.dcm")
    assert path.name == f"registration_{choice.identifier}.dcm"
    uid = pydicom.dcmread(path).SOPInstanceUID
    dose = pydicom.dcmread(tmp_path / "out" / "cumulative_eqd2.dcm")
    assert dose.ReferencedSpatialRegistrationSequence[0].ReferencedSOPInstanceUID == uid
    assert not is_former_output(tmp_path / "out")  # its evaluation is not one
    (tmp_path / "out" / "evaluation.json").write_text(f'{{"schema": "{SCHEMA}"}}')
    assert is_former_output(tmp_path / "out")
    (tmp_path / "out" / "registration_mine.dcm").write_text("a note of the user's")
    assert not is_former_output(tmp_path / "out")


@pytest.mark.parametrize("name", ["optimization_structures.dcm", "cumulative_eqd2.dcm", "prior_eqd2.dcm", "mapped_a.dcm"])
def test_an_object_of_somebody_else_under_one_of_our_names_is_never_replaced(
    tmp_path: Path, demo_folder: Path, current_ct: Image, name: str
) -> None:
    (tmp_path / "evaluation.json").write_text(f'{{"schema": "{SCHEMA}"}}')
    is_set = name.startswith("optimization")
    foreign = demo_folder / "course2" / ("RS.dcm" if is_set else "RD.dcm")
    square = np.array([[0, -100, 30], [30, -100, 30], [30, -70, 30]], dtype=float)
    if is_set:
        write_structures(tmp_path / name, [Structure("a", 1, (square,))], current_ct, "LABEL")
    else:
        write_effective_dose(tmp_path / name, np.ones(current_ct.geometry.shape, np.float32), current_ct, [PLAN], "d", "c")
    assert is_former_output(tmp_path)
    (tmp_path / name).write_bytes(foreign.read_bytes())
    assert not is_former_output(tmp_path)
    with pytest.raises(OutputError), OutputFolder(tmp_path, is_former_output):
        pass
    assert (tmp_path / name).read_bytes() == foreign.read_bytes()


@pytest.mark.parametrize("kind", ["RTPLAN", "RTIONPLAN"])
def test_the_doses_of_a_case_refer_to_each_plan_by_its_own_kind(
    tmp_path: Path, demo_folder: Path, demo_results: CaseResults, kind: str
) -> None:
    path = changed(
        demo_folder / "course1" / "RP.dcm",
        tmp_path / "RP.dcm",
        lambda dataset: setattr(dataset, "SOPClassUID", SopClass[kind].value),
    )
    (prior,) = demo_results.prior_courses
    ion = replace(prior, plan=read_plan(path))
    results = replace(demo_results, prior_courses=(ion,))
    with OutputFolder(tmp_path / "out") as folder:
        write_dicom(results, folder, lambda name: None)
        (plan,) = pydicom.dcmread(folder.path("prior_eqd2.dcm")).ReferencedRTPlanSequence
        both = pydicom.dcmread(folder.path("cumulative_eqd2.dcm")).ReferencedRTPlanSequence
    assert plan.ReferencedSOPClassUID == SopClass[kind].value
    assert [item.ReferencedSOPClassUID for item in both] == [SopClass[kind].value, SopClass.RTPLAN.value]
