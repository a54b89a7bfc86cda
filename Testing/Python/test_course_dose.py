"""From the RTDOSE files of a course to its dose: nothing is added twice, left out, or taken for what it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from ReirradiationLib.dicom.course_dose import read_course_dose
from ReirradiationLib.model.course import Plan, Prescription, Radiation
from ReirradiationLib.model.errors import DicomError
from ReirradiationLib.model.image import DoseType, Patient
from rtdose_files import RTPLAN, Layout, write_dose

LAYOUT = Layout([1.0, 0, 0, 0, 1.0, 0], (-18.0, -12.5, -8.0), [2.0 * n for n in range(9)])
SHIFTED = Layout([1.0, 0, 0, 0, 1.0, 0], (-17.0, -12.5, -8.0), [2.0 * n for n in range(9)])
PLAN = Plan(
    label="plan",
    fractions=10,
    prescriptions=(Prescription(None, "PTV", 30.0),),
    radiation=Radiation.EXTERNAL,
    beams=frozenset({1, 2}),
    date=None,
    changed=None,
    frame_uid="1.2.3.4",
    sop_instance_uid="1.2.3.7",
    structure_set_uid="",
    patient=Patient("P1", "Doe^Jane", "", ""),
    approval="APPROVED",
    file=Path("RP.dcm"),
)
PROTONS = replace(PLAN, radiation=Radiation.PROTONS)


def first_beam(points: np.ndarray) -> np.ndarray:
    return 20.0 + points @ np.array([0.3, 0.0, 0.1])


def second_beam(points: np.ndarray) -> np.ndarray:
    return 15.0 + points @ np.array([0.0, -0.2, 0.2])


def of_beams(*numbers: int) -> list[Dataset]:
    """ReferencedRTPlanSequence that names beams of the plan."""
    beams = []
    for number in numbers:
        beam = Dataset()
        beam.ReferencedBeamNumber = number
        beams.append(beam)
    group = Dataset()
    group.ReferencedFractionGroupNumber = 1
    group.ReferencedBeamSequence = beams
    plan = Dataset()
    plan.ReferencedSOPClassUID, plan.ReferencedSOPInstanceUID = RTPLAN, "1.2.3.7"
    plan.ReferencedFractionGroupSequence = [group]
    return [plan]


@pytest.fixture
def beams(tmp_path: Path) -> tuple[Path, Path]:
    """The doses of both beams of the plan."""
    files = []
    for number, function in ((1, first_beam), (2, second_beam)):
        tags = {"DoseSummationType": "BEAM", "SOPInstanceUID": f"1.2.3.{number}"}
        path = tmp_path / f"beam{number}.dcm"
        files.append(write_dose(path, function, LAYOUT, ReferencedRTPlanSequence=of_beams(number), **tags))
    return files[0], files[1]


def test_all_beams_of_a_plan_make_its_dose(beams: tuple[Path, Path]) -> None:
    dose = read_course_dose(beams, PLAN, None)
    expected = first_beam(LAYOUT.points()) + second_beam(LAYOUT.points())
    np.testing.assert_allclose(dose.voxels_gy, expected, atol=1e-5)
    assert [source.file for source in dose.sources] == list(beams)
    assert dose.beams == {1, 2}


def test_the_order_of_the_beams_does_not_matter(beams: tuple[Path, Path]) -> None:
    forth, back = read_course_dose(beams, PLAN, None), read_course_dose(beams[::-1], PLAN, None)
    np.testing.assert_array_equal(forth.voxels_gy, back.voxels_gy)


def test_one_beam_of_two_is_no_plan_dose(beams: tuple[Path, Path]) -> None:
    with pytest.raises(DicomError, match=r"dose of beams 1, expected all of beams 1, 2.*dose\.beam-alone"):
        read_course_dose(beams[:1], PLAN, None)


def test_the_only_beam_of_a_plan_is_its_dose(beams: tuple[Path, Path]) -> None:
    dose = read_course_dose(beams[:1], replace(PLAN, beams=frozenset({1})), None)
    np.testing.assert_allclose(dose.voxels_gy, first_beam(LAYOUT.points()), atol=1e-5)


def test_beams_without_their_plan_may_be_incomplete(beams: tuple[Path, Path]) -> None:
    with pytest.raises(DicomError, match=r"dose\.beam-alone"):
        read_course_dose(beams, None, None)


def test_a_beam_twice_is_refused(tmp_path: Path, beams: tuple[Path, Path]) -> None:
    tags = {"DoseSummationType": "BEAM", "SOPInstanceUID": "1.2.3.77"}
    again = write_dose(tmp_path / "again.dcm", first_beam, LAYOUT, ReferencedRTPlanSequence=of_beams(1), **tags)
    with pytest.raises(DicomError, match=r"beam 1 a second time.*dose\.counted-twice"):
        read_course_dose([*beams, again], PLAN, None)


def test_a_plan_dose_beside_its_beams_is_refused(tmp_path: Path, beams: tuple[Path, Path]) -> None:
    plan = write_dose(tmp_path / "plan.dcm", first_beam, LAYOUT)
    for files in ([plan, *beams], [*beams, plan], [plan, plan]):
        with pytest.raises(DicomError, match=r"dose\.counted-twice"):
            read_course_dose(files, PLAN, None)


def test_beams_on_different_grids_are_not_added(tmp_path: Path, beams: tuple[Path, Path]) -> None:
    tags = {"DoseSummationType": "BEAM", "SOPInstanceUID": "1.2.3.2"}
    shifted = write_dose(tmp_path / "s.dcm", second_beam, SHIFTED, ReferencedRTPlanSequence=of_beams(2), **tags)
    with pytest.raises(DicomError, match=r"another grid"):
        read_course_dose([beams[0], shifted], PLAN, None)


def test_the_dose_of_another_plan_is_refused(tmp_path: Path) -> None:
    path = write_dose(tmp_path / "RD.dcm", first_beam, LAYOUT)
    with pytest.raises(DicomError, match=r"dose\.other-plan"):
        read_course_dose([path], replace(PLAN, sop_instance_uid="1.2.3.8"), None)
    with pytest.raises(DicomError, match=r"frame\.differs"):
        read_course_dose([path], replace(PLAN, frame_uid="9.9"), None)


@pytest.mark.parametrize(
    ("tags", "plan", "rbe", "interlock"),
    [
        ({"DoseType": "EFFECTIVE"}, PLAN, None, "dose.type"),
        ({"DoseType": "EFFECTIVE"}, None, None, "dose.type"),
        ({"DoseType": "EFFECTIVE"}, PROTONS, 1.1, "plan.rbe"),
        ({}, PROTONS, None, "plan.rbe"),
        ({}, PLAN, 1.1, "plan.rbe"),
        ({}, replace(PLAN, radiation=Radiation.IONS), None, "plan.ions"),
        ({"DoseType": "EFFECTIVE"}, replace(PLAN, radiation=Radiation.IONS), None, "plan.ions"),
        ({}, replace(PLAN, radiation=Radiation.BRACHYTHERAPY), None, "plan.brachytherapy-rate"),
    ],
)
def test_what_eqd2_does_not_apply_to_is_refused(tmp_path: Path, tags: dict, plan: Plan, rbe: float, interlock: str) -> None:
    path = write_dose(tmp_path / "RD.dcm", first_beam, LAYOUT, **tags)
    with pytest.raises(DicomError) as caught:
        read_course_dose([path], plan, rbe)
    assert caught.value.interlock is not None
    assert caught.value.interlock.identifier == interlock


def test_a_physical_proton_dose_is_multiplied_by_the_stated_rbe(tmp_path: Path) -> None:
    path = write_dose(tmp_path / "RD.dcm", first_beam, LAYOUT)
    dose = read_course_dose([path], PROTONS, 1.1)
    np.testing.assert_allclose(dose.voxels_gy, 1.1 * first_beam(LAYOUT.points()), atol=2e-5)


def test_an_effective_proton_dose_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write_dose(tmp_path / "RD.dcm", first_beam, LAYOUT, DoseType="EFFECTIVE")
    dose = read_course_dose([path], PROTONS, None)
    assert dose.dose_type is DoseType.EFFECTIVE
    np.testing.assert_allclose(dose.voxels_gy, first_beam(LAYOUT.points()), atol=1e-5)


def test_beams_of_two_patients_are_not_added(tmp_path: Path, beams: tuple[Path, Path]) -> None:
    tags = {"DoseSummationType": "BEAM", "SOPInstanceUID": "1.2.3.2", "PatientID": "P2"}
    other = write_dose(tmp_path / "p2.dcm", second_beam, LAYOUT, ReferencedRTPlanSequence=of_beams(2), **tags)
    with pytest.raises(DicomError, match="patient than the first"):
        read_course_dose([beams[0], other], PLAN, None)


def test_the_oldest_beam_dates_the_sum(tmp_path: Path, beams: tuple[Path, Path]) -> None:
    tags = {"DoseSummationType": "BEAM", "InstanceCreationTime": "120000"}
    files = [
        write_dose(
            tmp_path / f"dated{number}.dcm",
            function,
            LAYOUT,
            ReferencedRTPlanSequence=of_beams(number),
            SOPInstanceUID=f"1.2.3.{number}",
            InstanceCreationDate=day,
            **tags,
        )
        for number, function, day in ((1, first_beam, "20200105"), (2, second_beam, "20200101"))
    ]
    dose = read_course_dose(files, PLAN, None)
    assert str(dose.created) == "2020-01-01 12:00:00"
