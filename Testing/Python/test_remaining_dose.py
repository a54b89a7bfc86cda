"""The remaining physical dose: analytic cases, a plain computation beside it, and what the written file says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import changed, validator_errors
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.dose_writer import ContributingDose, PlanReference, write_effective_dose
from ReirradiationLib.dicom.reader import SopClass
from ReirradiationLib.dicom.reimport import require_same_dose
from ReirradiationLib.dicom.remaining_dose_writer import write_remaining_dose
from ReirradiationLib.dicom.validate.validator import validate_file
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.mapping import MappedDose, map_dose
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.dosimetry.reached_voxels import reached_voxels
from ReirradiationLib.model.constraint import Months
from ReirradiationLib.model.course import PointCourse
from ReirradiationLib.model.errors import DicomError, DosimetryError, OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import RemainingDoseChoice
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import EndCaps, Structure
from ReirradiationLib.planning.limits import OrganLimit
from ReirradiationLib.planning.remaining_dose import (
    LimitedStructure,
    PriorPart,
    ceiling_of,
    limited_structure,
    remaining_dose,
)
from ReirradiationLib.planning.remaining_dose_text import remaining_dose_limits, remaining_dose_rule
from ReirradiationLib.report.results import CaseResults
from synthetic import FRAME, ball, course_of, cylinder, dose_of, grid

CORD = OrganLimit("cord", 60.0, Basis.RAW, 2.0, Metric.parse("D0.01cc[Gy]"), 30.0, "source one")
BOWEL = OrganLimit("bowel", 70.0, Basis.RECOVERED, 3.0, Metric.parse("D0.5cc[Gy]"), 30.0, "source two")
SLAB = Geometry((0.0, 0.0, 0.0), (2.0, 2.0, 2.0), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (6, 5, 4))


def mapped(values_gy, known=True) -> MappedDose:
    voxels = np.broadcast_to(np.asarray(values_gy, dtype=np.float32), SLAB.shape).copy()
    return MappedDose(voxels, np.broadcast_to(np.asarray(known), SLAB.shape).copy(), SLAB)


def slab(low: int, high: int) -> np.ndarray:
    """Voxels by their column i."""
    return np.broadcast_to((np.arange(6) >= low) & (np.arange(6) < high), SLAB.shape).copy()


def part(values_gy, fractions: int = 25, recovery: float = 0.0, known=True, label: str = "one") -> PriorPart:
    return PriorPart(label, fractions, recovery, mapped(values_gy, known))


def organ(*parts: PriorPart, limit: OrganLimit = CORD, held=None) -> LimitedStructure:
    return LimitedStructure(limit.structure, (limit,), slab(0, 3) if held is None else held, parts)


def remaining(*structures: LimitedStructure, fractions: int = 5, ceiling_gy: float = 100.0):
    return remaining_dose(structures, SLAB, fractions, ceiling_gy)


def test_a_slab_has_what_the_limit_leaves_and_the_rest_the_ceiling() -> None:
    """40 Gy in 20 fractions are 40 Gy EQD2; of 60 are left 20, which α/β 2 gives in 5 fractions as 15.616 Gy."""
    left = remaining(organ(part(40.0, 20))).voxels_gy
    assert left[slab(0, 3)] == pytest.approx(5.0 / 2.0 * (-2.0 + np.sqrt(4.0 + 4.0 * 20.0 * 4.0 / 5.0)), abs=1e-5)
    assert left[slab(3, 6)] == pytest.approx(100.0)


def test_the_worked_example_of_the_source_comes_out_voxel_by_voxel() -> None:
    """A 60, α/β 2: prior 57, 45.6, 34.2, 22.8, 11.4, 0 leave 3.0 … 60 Gy EQD2; in 5 fractions 4.22 … 30.00 Gy."""
    prior_gy = np.array([57.0, 45.6, 34.2, 22.8, 11.4, 0.0])
    physical = np.sqrt(1.0 + 4.0 * prior_gy / 1.0) * 0.5 * 2.0 - 1.0  # one fraction, α/β 2: EQD2 = D (D + 2) / 4
    left = remaining(organ(part(physical, 1), held=slab(0, 6))).voxels_gy
    assert left[0, 0] == pytest.approx([4.22, 12.69, 18.26, 22.73, 26.58, 30.0], abs=0.005)


def test_a_used_tolerance_leaves_nothing() -> None:
    result = remaining(organ(part([60.0, 60.1, 80.0, 0.0, 0.0, 0.0], 30)))
    assert not result.voxels_gy[slab(0, 3)].any()
    assert result.structures[0].used_cc == pytest.approx(slab(0, 3).sum() * 0.008)
    assert result.structures[0].lowest_gy == 0.0


def test_the_tightest_limit_counts_where_two_organs_meet_in_a_voxel() -> None:
    cord, bowel = organ(part(40.0, 20)), organ(part(40.0, 20, 0.5), limit=BOWEL, held=slab(2, 5))
    both, alone = remaining(cord, bowel).voxels_gy, [remaining(one).voxels_gy for one in (cord, bowel)]
    np.testing.assert_array_equal(both, np.minimum(*alone))
    assert both[0, 0, 2] == alone[0][0, 0, 2] < alone[1][0, 0, 2]
    np.testing.assert_array_equal(both, remaining(bowel, cord).voxels_gy)


def test_of_two_limits_of_an_organ_the_tighter_one_counts() -> None:
    two = LimitedStructure("cord", (CORD, replace(CORD, limit_eqd2_gy=50.0)), slab(0, 3), (part(40.0, 20),))
    strict = organ(part(40.0, 20), limit=replace(CORD, limit_eqd2_gy=50.0))
    np.testing.assert_array_equal(remaining(two).voxels_gy, remaining(strict).voxels_gy)


def test_nothing_exceeds_the_ceiling_not_even_by_rounding() -> None:
    result = remaining(organ(part(0.0)), ceiling_gy=0.1)
    assert (result.voxels_gy.astype(np.float64) <= 0.1).all()
    assert result.voxels_gy.min() == pytest.approx(0.1, abs=1e-7)


def test_unknown_prior_dose_promises_nothing_in_an_organ_and_does_not_matter_outside() -> None:
    known = np.broadcast_to(np.arange(6) != 1, SLAB.shape)
    result = remaining(organ(part(0.0, known=known)))
    assert not result.voxels_gy[slab(1, 2)].any()
    assert result.voxels_gy[slab(0, 1)].all()
    assert result.voxels_gy[slab(3, 6)] == pytest.approx(100.0)
    assert result.structures[0].unknown_cc == pytest.approx(20 * 0.008)


def test_a_course_that_is_not_known_at_all_or_a_limit_of_another_interval_promises_nothing() -> None:
    unknown = organ(part(10.0), PriorPart("paper", 1, 0.0))
    unfit = LimitedStructure("cord", (), slab(0, 3), (part(10.0),), (CORD,))
    for structure, reason in ((unknown, "the dose of paper is not known"), (unfit, "published for other intervals")):
        result = remaining(structure)
        assert not result.voxels_gy[slab(0, 3)].any()
        assert reason in result.structures[0].reason
        assert any(line.startswith("cord: 0 Gy promised") for line in remaining_dose_limits(result))


def test_points_count_in_the_whole_organ_and_recovery_for_recovered_limits_only() -> None:
    """8 Gy in 1 fraction, α/β 3: 17.6 Gy EQD2; half recovered 8.8."""
    point = PriorPart("paper", 1, 0.5, point_gy=8.0)
    raw = remaining(organ(point, limit=replace(BOWEL, basis=Basis.RAW))).voxels_gy[0, 0, 0]
    recovered = remaining(organ(point, limit=BOWEL)).voxels_gy[0, 0, 0]
    for value, left in ((raw, 70.0 - 17.6), (recovered, 70.0 - 8.8)):
        assert value * (value / 5.0 + 3.0) / 5.0 == pytest.approx(left, abs=1e-4)


doses = st.lists(st.floats(0.0, 90.0, width=32), min_size=6, max_size=6)


@settings(max_examples=50)
@given(st.lists(st.tuples(doses, st.integers(1, 40), st.floats(0.0, 1.0)), min_size=1, max_size=3), st.integers(1, 40))
def test_it_equals_a_plain_computation_and_keeps_every_limit(courses, fractions: int) -> None:
    parts = [part(values, n, recovery) for values, n, recovery in courses]
    structures = [organ(*parts), organ(*parts, limit=BOWEL, held=slab(1, 5))]
    left = remaining(*structures, fractions=fractions).voxels_gy.astype(np.float64)
    plain = np.full(6, 100.0)
    for limit, columns in ((CORD, range(3)), (BOWEL, range(1, 5))):
        for i in columns:
            prior, ab = 0.0, limit.alpha_beta_gy
            for values, n, recovery in courses:
                eqd2_gy = values[i] * (values[i] / n + ab) / (2.0 + ab)
                prior += eqd2_gy * (1.0 - recovery if limit.basis is Basis.RECOVERED else 1.0)
            rest = max(limit.limit_eqd2_gy - prior, 0.0)
            dose = fractions / 2.0 * (-ab + np.sqrt(ab * ab + 4.0 * rest * (2.0 + ab) / fractions))
            plain[i] = min(plain[i], dose)
            given_gy = left[0, 0, i] * (left[0, 0, i] / fractions + ab) / (2.0 + ab)
            assert given_gy + prior <= max(limit.limit_eqd2_gy, prior) + 1e-9
    np.testing.assert_allclose(left, np.broadcast_to(plain, SLAB.shape), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_ceiling_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(DosimetryError, match="ceiling"):
        remaining(organ(part(1.0)), ceiling_gy=bad)


def test_doses_of_another_grid_and_no_fractions_are_refused() -> None:
    other = MappedDose(np.zeros((2, 2, 2), np.float32), np.ones((2, 2, 2), np.bool_), SLAB)
    with pytest.raises(DosimetryError, match="another grid"):
        remaining(organ(PriorPart("one", 5, 0.0, other)))
    with pytest.raises(DosimetryError, match="0 fractions"):
        remaining(organ(part(1.0)), fractions=0)


def test_the_ceiling_is_that_of_the_case_or_twice_the_highest_prescription() -> None:
    assert ceiling_of(RemainingDoseChoice(), [25.0, 30.0]) == pytest.approx(60.0)
    assert ceiling_of(RemainingDoseChoice(ceiling_gy=45.0), [25.0, 30.0]) == pytest.approx(45.0)


def reached(structure: Structure, geometry: Geometry, samples: int = 2000) -> np.ndarray:
    points = structure_samples(structure, grid(1.0), samples).points_mm
    return reached_voxels(structure, grid(1.0), geometry, EndCaps.HALF_SLICE, points)


def test_a_sphere_reaches_the_voxels_around_it_and_no_others() -> None:
    """Every voxel centre in the sphere; none more than 1¼ voxel diagonals off its surface."""
    geometry = grid(2.5, 20.0)
    held = reached(ball(10.0, 1.0), geometry)
    centres = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
    radius = np.linalg.norm(centres, axis=1).reshape(geometry.shape)
    assert held[radius < 9.9].all()
    assert not held[radius > 10.1 + 1.25 * 2.5 * np.sqrt(3.0)].any()
    assert (held >= structure_mask(ball(10.0, 1.0), grid(1.0), geometry)).all()


@pytest.mark.parametrize("radius_mm", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("shift_mm", [0.0, 0.7])
def test_every_point_of_a_thin_organ_lies_among_voxels_that_are_held(radius_mm: float, shift_mm: float) -> None:
    """A nerve between voxel centres has no voxel by its centre, and must not look like free tissue."""
    geometry = grid(2.0, 20.0, (1.0 + shift_mm, 1.0, 0.3))
    nerve = cylinder(radius_mm, 20.0, 1.0)
    held = reached(nerve, geometry)
    points = structure_samples(nerve, grid(1.0), 5000).points_mm
    value, inside = trilinear(held.astype(np.float32), geometry.to_index(points))
    assert inside.all()
    assert value.min() == pytest.approx(1.0)


def test_an_organ_that_leaves_the_grid_or_lies_beside_it_is_clipped() -> None:
    edge = grid(2.0, 6.0, (8.0, 0.0, 0.0))
    assert reached(ball(10.0, 1.0), edge).any()
    assert not reached(ball(10.0, 1.0), grid(2.0, 6.0, (30.0, 0.0, 0.0))).any()


def test_read_between_voxels_it_keeps_the_limit_at_every_point_of_the_organ() -> None:
    """A steep dose over a sphere: the linear reading never exceeds what the dose at the point itself leaves."""
    geometry = grid(2.0, 24.0)
    course = course_of(dose_of(lambda p: 24.0 + 1.0 * p[:, 0], geometry), 10)
    structure = ball(12.0, 2.0)
    samples = structure_samples(structure, geometry, 20000)
    dose = structure_dose(samples, [course], [0.0], "ball")
    doses_on_grid = {"c": map_dose(course, geometry, FRAME)}
    limits = [(replace(CORD, structure="ball", limit_eqd2_gy=70.0), None)]
    limited = limited_structure(structure, limits, dose, doses_on_grid, (), geometry, geometry, EndCaps.HALF_SLICE)
    result = remaining_dose([limited], geometry, 5, 100.0)
    read, _ = trilinear(result.voxels_gy, geometry.to_index(samples.points_mm))
    physical = dose.courses[0].dose_gy.astype(np.float64)
    left = 70.0 - physical * (physical / 10.0 + 2.0) / 4.0
    assert left.min() > 0.0
    assert (read * (read / 5.0 + 2.0) / 4.0 <= left + 1e-3).all()


def test_in_the_demo_it_keeps_every_limit_at_every_sample_read_from_the_doses_own_grids(demo_results: CaseResults) -> None:
    """By its voxels of 2 mm alone it would be up to 1.6 Gy too high in the colon."""
    remaining = demo_results.planning.remaining
    assert remaining is not None
    for told in remaining.structures:
        prior = demo_results.structure(told.name).prior
        read, inside = trilinear(remaining.voxels_gy, remaining.geometry.to_index(prior.samples.points_mm))
        for limit in told.limits:
            left = limit.left_eqd2_gy(prior.eqd2_gy(limit.alpha_beta_gy, limit.basis))
            in_eqd2 = read * (read / 5.0 + limit.alpha_beta_gy) / (2.0 + limit.alpha_beta_gy)
            told_there = inside & prior.known()
            assert np.count_nonzero(told_there) > 1000
            assert (in_eqd2[told_there] <= left[told_there] + 1e-4).all()
        assert float(read[inside & ~prior.known()].max(initial=0.0)) < 1e-6


def test_points_unreliable_courses_and_intervals_of_a_case_are_taken_over() -> None:
    geometry = grid(4.0, 20.0)
    structure = ball(10.0, 2.0)
    course = course_of(dose_of(lambda p: np.full(len(p), 10.0), geometry), 5)
    paper = PointCourse("p", "paper", (PointDose("ball", 8.0, 1, date(2010, 1, 1), "s"),), None)
    samples = structure_samples(structure, geometry)
    dose = structure_dose(samples, [course, paper], [0.25, 0.5], "ball")
    doses_on_grid = {"c": map_dose(course, geometry, FRAME)}
    late = replace(CORD, months=Months(12.0))
    arguments = (doses_on_grid, (), geometry, geometry, EndCaps.HALF_SLICE)
    taken = limited_structure(structure, [(CORD, None), (late, 6.0), (late, 12.0), (late, None)], dose, *arguments)
    assert (len(taken.limits), len(taken.unfit)) == (2, 2)
    assert limited_structure(structure, [(late, float("inf"))], dose, *arguments).unfit == ()
    assert [(one.point_gy, one.fractions, one.recovery) for one in taken.parts] == [(None, 5, 0.25), (8.0, 1, 0.5)]
    assert taken.parts[0].mapped is doses_on_grid["c"]
    distrusted = limited_structure(structure, [(CORD, None)], dose, doses_on_grid, ("c",), *arguments[2:])
    assert distrusted.parts[0].mapped is None
    assert not remaining_dose([distrusted], geometry, 5, 50.0).voxels_gy[distrusted.held].any()
    without = structure_dose(samples, [paper], [0.0], "other")
    nowhere = limited_structure(structure, [(CORD, None)], without, {}, (), *arguments[2:])
    assert nowhere.parts[0].point_gy is None


PLANS = [PlanReference(SopClass.RTPLAN, "1.2.3"), PlanReference(SopClass.RTIONPLAN, "1.2.4")]
DOSES = [ContributingDose("1.2.840.1", is_prior=True)]


def on_ct(ct: Image):
    """Half of the current CT is a cord with 40 Gy, the lower quarter unknown."""
    geometry = ct.geometry
    voxels = np.full(geometry.shape, 40.0, np.float32)
    known = np.ones(geometry.shape, np.bool_)
    known[: geometry.size[2] // 4] = False
    held = np.zeros(geometry.shape, np.bool_)
    held[: geometry.size[2] // 2] = True
    prior = PriorPart("one", 20, 0.0, MappedDose(voxels, known, geometry))
    return remaining_dose([LimitedStructure("cord", (CORD,), held, (prior,))], geometry, 5, 60.0)


def write(path: Path, ct: Image, plans=PLANS, bits: int = 32) -> None:
    result = on_ct(ct)
    write_remaining_dose(
        path,
        result.voxels_gy,
        result.geometry,
        ct,
        plans,
        DOSES,
        (result.fractions, result.ceiling_gy),
        remaining_dose_rule(result),
        remaining_dose_limits(result),
        bits,
    )


@pytest.mark.parametrize("bits", [16, 32])
def test_the_file_reads_back_passes_the_validators_and_says_what_it_is(tmp_path: Path, current_ct: Image, bits) -> None:
    path = tmp_path / "remaining.dcm"
    write(path, current_ct, bits=bits)
    require_same_dose(path, on_ct(current_ct).voxels_gy, current_ct)
    assert validator_errors(path) == []
    validation = validate_file(path, current_ct.files[0].parent, None)
    assert validation.acceptable, validation.lines()
    dataset = pydicom.dcmread(path)
    assert (dataset.DoseType, dataset.DoseSummationType, dataset.DoseUnits) == ("EFFECTIVE", "MULTI_PLAN", "GY")
    assert "NOT DELIVERED" in dataset.DoseComment
    assert "5 fx" in dataset.DoseComment
    assert "REMAINING" in dataset.SeriesDescription
    assert [len(text) <= 64 for text in (dataset.DoseComment, dataset.SeriesDescription)] == [True, True]
    for wanted in ("5 fractions", "no dose that was or will be delivered", "60 Gy, a ceiling", "unknown prior dose"):
        assert wanted in dataset.DerivationDescription
    assert "Image Comments" in dataset.DerivationDescription
    (line,) = [line for line in dataset.ImageComments.splitlines() if line.startswith("cord")]
    for wanted in ("60 Gy EQD2", "raw sum", "alpha/beta 2 Gy", "5 fx", "D0.01cc", "source one"):
        assert wanted in line
    assert [code.CodeValue for code in dataset.DerivationCodeSequence] == ["121370", "121377"]
    assert [plan.ReferencedSOPInstanceUID for plan in dataset.ReferencedRTPlanSequence] == ["1.2.3", "1.2.4"]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, current_ct: Image) -> None:
    write(tmp_path / "a.dcm", current_ct)
    write(tmp_path / "b.dcm", current_ct)
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()
    with pytest.raises(OutputError):
        write(tmp_path / "a.dcm", current_ct)


def test_it_can_never_be_read_as_the_dose_of_a_course(tmp_path: Path, current_ct: Image) -> None:
    """Not as that of several plans, not as that of one, and not where somebody has made it physical."""
    write(tmp_path / "several.dcm", current_ct)
    write(tmp_path / "one.dcm", current_ct, PLANS[1:])
    changed(tmp_path / "one.dcm", tmp_path / "made.dcm", lambda dataset: setattr(dataset, "DoseType", "PHYSICAL"))
    assert pydicom.dcmread(tmp_path / "one.dcm").DoseSummationType == "PLAN"
    for name in ("several.dcm", "one.dcm", "made.dcm"):
        with pytest.raises(DicomError):
            read_dose(tmp_path / name)
    ones = np.ones(current_ct.geometry.shape, np.float32)
    write_effective_dose(tmp_path / "eqd2.dcm", ones, current_ct, PLANS[1:], "d", "c", DOSES)
    with pytest.raises(DicomError, match="radiobiological"):
        read_dose(tmp_path / "eqd2.dcm")


def test_short_texts_are_whole_for_the_longest_numbers(tmp_path: Path, current_ct: Image) -> None:
    result = on_ct(current_ct)
    path = tmp_path / "remaining.dcm"
    new = (1000, 200.0 / 3.0)
    write_remaining_dose(path, result.voxels_gy, result.geometry, current_ct, PLANS, DOSES, new, "rule", ("limit",))
    dataset = pydicom.dcmread(path)
    assert dataset.DoseComment.endswith("1000 fx; unknown = 0; cap 66.6667")
    assert dataset.SeriesDescription == "REMAINING dose, 1000 fx: allowed, NOT delivered"


def test_a_file_without_plan_without_any_dose_or_with_a_text_that_would_be_cut_is_refused(
    tmp_path: Path, current_ct: Image
) -> None:
    result = on_ct(current_ct)
    rest = ((5, 60.0), "rule", ("limit",))
    path = tmp_path / "no.dcm"
    with pytest.raises(OutputError, match="no plan"):
        write_remaining_dose(path, result.voxels_gy, result.geometry, current_ct, [], DOSES, *rest)
    with pytest.raises(OutputError, match="no dose is left"):
        write_remaining_dose(path, result.voxels_gy * 0, result.geometry, current_ct, PLANS, DOSES, *rest)
    with pytest.raises(OutputError, match="characters"):
        long = ((5, 60.0), "rule", ("limit " * 2000,))
        write_remaining_dose(path, result.voxels_gy, result.geometry, current_ct, PLANS, DOSES, *long)
    assert not list(tmp_path.iterdir())
