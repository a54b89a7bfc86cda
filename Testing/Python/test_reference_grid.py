"""The grid of mapped doses: where it lies, what it covers, and that no number of an organ depends on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dicom.dose_writer import PlanReference, write_effective_dose
from ReirradiationLib.dicom.reader import SopClass
from ReirradiationLib.dicom.reimport import require_same_dose
from ReirradiationLib.dosimetry import reference_grid as module
from ReirradiationLib.dosimetry.mapping import map_dose
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.dosimetry.reference_grid import reference_grid
from ReirradiationLib.model.case import Case, GridChoice
from ReirradiationLib.model.case_file import case_to_json, read_case
from ReirradiationLib.model.errors import CaseError, OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.evaluation import Evaluation, evaluation_json
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.pictures import PictureSet
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute
from scipy.spatial.transform import Rotation
from synthetic import FRAME, PATIENT, course_of

ON_CT = GridChoice(is_ct=True)


def ct_on(geometry: Geometry) -> Image:
    voxels = np.zeros(geometry.shape, dtype=np.float32)
    return Image(voxels, geometry, FRAME, "1", "2", (), (), PATIENT, "", "")


def dose_at(geometry: Geometry) -> Dose:
    return Dose(np.ones(geometry.shape, dtype=np.float32), geometry, FRAME, "p", PATIENT, ())


def local(geometry: Geometry, points: np.ndarray) -> np.ndarray:
    """Millimetres along the axes of a grid from its first voxel centre."""
    return (points - np.asarray(geometry.origin_mm)) @ np.asarray(geometry.direction)


def centres(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """First and last voxel centre, LPS."""
    index = np.array([[0.0, 0.0, 0.0], np.asarray(geometry.size) - 1.0])
    first, last = geometry.to_lps(index)
    return first, last


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.floats(-40, 40)] * 3),
    st.tuples(*[st.floats(0.4, 5.0)] * 3),
    st.tuples(*[st.integers(1, 60)] * 3),
    st.tuples(*[st.floats(0, 1)] * 6),
    st.floats(0, 60),
    st.sampled_from([None, (2.0, 2.0, 2.0), (1.5, 2.5, 4.0)]),
)
def test_it_is_aligned_with_the_ct_lies_in_it_and_covers_the_structures_with_their_margin(
    degrees, spacing, size, shares, margin, wanted
) -> None:
    axes = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    direction = tuple(tuple(float(v) for v in row) for row in axes)
    ct = Geometry((13.7, -5.1, 300.3), spacing, direction, size)
    extent = (np.asarray(size) - 1.0) * spacing
    ends = np.asarray(shares).reshape(2, 3) * extent
    structure = Structure("s", 1, (np.asarray(ct.origin_mm) + ends @ axes.T,))
    grid = reference_grid(GridChoice(wanted, margin), ct_on(ct), [structure], []).geometry
    assert grid.direction == ct.direction
    assert grid.spacing_mm == (wanted or (2.0, 2.0, 2.0))
    steps = local(ct, np.stack(centres(grid))) / np.asarray(grid.spacing_mm)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)
    first, last = local(ct, np.stack(centres(grid)))
    half = np.asarray(spacing) / 2.0
    assert (first >= -half - 1e-5).all()
    assert (last <= extent + half + 1e-5).all()
    # Covered up to the margin, or up to the last grid plane that the CT has room for.
    step = np.asarray(grid.spacing_mm)
    assert ((first <= ends.min(axis=0) - margin + 1e-4) | (first - step < -half)).all()
    assert ((last >= ends.max(axis=0) + margin - 1e-4) | (last + step > extent + half)).all()
    # And no more than a step beyond it.
    assert ((first > ends.min(axis=0) - margin - step - 1e-4) | (first >= -half - 1e-5)).all()


def test_nothing_to_cover_means_the_whole_ct() -> None:
    ct = Geometry((0.0, 0.0, 0.0), (1.0, 1.0, 3.0), ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), (101, 51, 11))
    grid = reference_grid(GridChoice(), ct_on(ct), [], []).geometry
    assert (grid.origin_mm, grid.size) == ((0.0, 0.0, 0.0), (51, 26, 16))


def test_it_is_as_fine_as_the_finest_dose_but_never_coarser_than_two_millimetres() -> None:
    ct = Geometry((-50.0, -50.0, -50.0), (2.0, 2.0, 2.0), ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), (51, 51, 51))
    coarse = course_of(dose_at(replace(ct, spacing_mm=(4.0, 4.0, 3.0), size=(10, 10, 10))), 5)
    fine = course_of(dose_at(replace(ct, spacing_mm=(1.25, 2.0, 3.0), size=(10, 10, 10))), 5)
    assert reference_grid(GridChoice(), ct_on(ct), [], [coarse]).geometry.spacing_mm == (2.0, 2.0, 2.0)
    chosen = reference_grid(GridChoice(), ct_on(ct), [], [coarse, fine])
    assert chosen.geometry.spacing_mm == (1.25, 1.25, 1.25)
    assert "1.25 mm" in chosen.why
    stated = reference_grid(GridChoice((2.0, 2.0, 2.0)), ct_on(ct), [], [coarse, fine])
    assert stated.geometry.spacing_mm == (2.0, 2.0, 2.0)
    assert "coarser than the finest dose (1.25 mm)" in stated.why


def test_it_covers_all_that_the_doses_reach_on_the_current_anatomy(demo_results: CaseResults) -> None:
    """Through the deformable registration; every voxel of the CT with a known dose lies within a step of the grid."""
    ct, grid = demo_results.records.ct, demo_results.grid.geometry
    for course in demo_results.courses:
        known = map_dose(course, ct.geometry, ct.frame_uid).known
        k, j, i = np.nonzero(known)
        index = grid.to_index(ct.geometry.to_lps(np.stack([i, j, k], axis=1).astype(float)))
        assert (index > -1.0).all()
        assert (index < np.asarray(grid.size)).all()


def test_a_dose_far_from_the_ct_does_not_widen_it() -> None:
    ct = Geometry((0.0, 0.0, 0.0), (2.0, 2.0, 2.0), ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), (100, 100, 100))
    small = Structure("s", 1, (np.array([[50.0, 50, 50], [60, 50, 50], [60, 60, 50]]),))
    far = course_of(dose_at(replace(ct, origin_mm=(900.0, 0.0, 0.0))), 5)
    alone = reference_grid(GridChoice(), ct_on(ct), [small], []).geometry
    assert reference_grid(GridChoice(), ct_on(ct), [small], [far]).geometry == alone
    assert alone.size == (26, 26, 21)


def test_the_grid_of_the_ct_if_the_case_wants_it(demo_results: CaseResults) -> None:
    ct = demo_results.records.ct
    assert reference_grid(ON_CT, ct, [], demo_results.courses).geometry == ct.geometry


def test_a_grid_that_no_memory_holds_is_refused(demo_results: CaseResults, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_VOXELS", 1_000_000)
    with pytest.raises(CaseError, match=r"Reference grid.*2 million voxels.*larger spacing_mm"):
        reference_grid(GridChoice(), demo_results.records.ct, [], demo_results.courses)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("ct", ON_CT),
        ({}, GridChoice()),
        ({"spacing_mm": [1, 2.5, 3]}, GridChoice((1.0, 2.5, 3.0))),
        ({"spacing_mm": [2, 2, 2], "margin_mm": 0}, GridChoice((2.0, 2.0, 2.0), 0.0)),
    ],
)
def test_the_case_file_states_it_and_keeps_it(tmp_path: Path, demo_folder: Path, entry, expected: GridChoice) -> None:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    path = tmp_path / "case.json"
    path.write_text(json.dumps({**values, "reference_grid": entry}), encoding="utf-8")
    case = read_case(path)
    assert case.reference_grid == expected
    path.write_text(case_to_json(case), encoding="utf-8")
    assert read_case(path) == case


@pytest.mark.parametrize(
    "entry",
    [
        "CT",
        "",
        7,
        [2, 2, 2],
        {"spacing": [2, 2, 2]},
        {"spacing_mm": 2},
        {"spacing_mm": [2, 2]},
        {"spacing_mm": [2, 2, 0]},
        {"spacing_mm": [2, 2, 50]},
        {"spacing_mm": [2, 2, float("nan")]},
        {"spacing_mm": [2, 2, True]},
        {"spacing_mm": [2, 2, "2"]},
        {"margin_mm": -1},
        {"is_ct": True},
    ],
)
def test_a_wrong_entry_of_the_case_file_is_named(tmp_path: Path, demo_folder: Path, entry) -> None:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    path = tmp_path / "case.json"
    path.write_text(json.dumps({**values, "reference_grid": entry}), encoding="utf-8")
    with pytest.raises(CaseError, match="reference_grid"):
        read_case(path)


@pytest.mark.parametrize("choice", [ON_CT, GridChoice((5.0, 4.0, 7.0), 0.0)])
def test_no_number_but_those_of_the_volumes_depends_on_it(
    demo_case: Case, demo_results: CaseResults, choice: GridChoice
) -> None:
    other = assemble(compute(replace(demo_case, reference_grid=choice), Monitor()))
    usual = assemble(demo_results)
    assert other.reference_grid.size != usual.reference_grid.size

    def without_volumes(evaluation: Evaluation) -> str:
        """The remaining dose is a volume on the grid; what is signed is the grid too."""
        planning = replace(evaluation.planning, remaining_dose=None)
        return evaluation_json(replace(evaluation, reference_grid=usual.reference_grid, planning=planning, tasks=()))

    assert without_volumes(other) == without_volumes(usual)


def test_sums_and_mapped_doses_lie_on_it(demo_results: CaseResults) -> None:
    shape = demo_results.grid.geometry.shape
    assert demo_results.grid.geometry.spacing_mm == (2.0, 2.0, 2.0)
    assert {mapped.voxels_gy.shape for mapped in demo_results.mapped} == {shape}
    assert demo_results.prior_eqd2_gy.shape == demo_results.final_eqd2_gy.shape == shape


def test_what_is_unknown_on_it_is_counted_and_told(demo_results: CaseResults) -> None:
    """Against the CT's grid, counted voxel by voxel: the same within what two grids can differ by."""
    ct = demo_results.records.ct
    masks = [structure_mask(result.structure, ct.geometry, ct.geometry) for result in demo_results.structures]
    in_any = np.logical_or.reduce(masks)
    for course, found in zip(demo_results.courses, demo_results.coverage, strict=True):
        known = map_dose(course, ct.geometry, ct.frame_uid).known
        assert found.structures_percent == pytest.approx(100.0 * (~known[in_any]).mean(), abs=0.8)
        assert 0.0 < found.tissue_percent < 100.0
    evaluation = assemble(demo_results)
    assert [one.course for one in evaluation.reference_grid.unknown] == ["course1", "new"]
    page = report_html(evaluation, PictureSet((), "none"))
    assert "183 × 151 × 75 voxels of 2 × 2 × 2 mm" in page
    assert "cannot be told from a dose of 0 Gy" in page


def test_a_dose_written_on_it_is_found_at_the_right_place(tmp_path: Path, demo_results: CaseResults) -> None:
    ct, grid, path = demo_results.records.ct, demo_results.grid.geometry, tmp_path / "rd.dcm"
    plans = [PlanReference(SopClass.RTPLAN, course.dose.plan_uid) for course in demo_results.courses]
    voxels = demo_results.final_eqd2_gy
    write_effective_dose(path, voxels, ct, plans, "EQD2", "c", geometry=grid)
    require_same_dose(path, voxels, ct, grid)
    with pytest.raises(OutputError, match="grid"):
        require_same_dose(path, voxels, ct)
    image = sitk.ReadImage(str(path))
    np.testing.assert_allclose(image.GetOrigin(), grid.origin_mm, atol=1e-4)
    np.testing.assert_allclose(image.GetSpacing(), grid.spacing_mm, atol=1e-4)
    dataset = pydicom.dcmread(path)
    assert [float(v) for v in dataset.GridFrameOffsetVector] == [2.0 * n for n in range(grid.size[2])]
    assert dataset.FrameOfReferenceUID == ct.frame_uid
    with pytest.raises(OutputError, match="another grid"):
        write_effective_dose(tmp_path / "x.dcm", voxels, ct, plans, "EQD2", "c")
