"""Limits that the institution edits, and the verdict that follows from them and the measures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.model.errors import ProtocolError
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol
from ReirradiationLib.model.registration_limits import LIMITS_FILE, RegistrationLimits
from ReirradiationLib.model.registration_quality import (
    ContourAgreement,
    CourseQuality,
    DeformationMeasure,
    FieldOfView,
    InverseConsistency,
    JacobianMeasure,
    LandmarkErrors,
    OrganQuality,
    QualityMeasure,
    Region,
    RegionQuality,
    ResidualShift,
    Verdict,
    worst,
)
from ReirradiationLib.registration.verdict import judge, judge_all, measured_values

GOOD_SHIFT = ResidualShift(16, 0.0, 0.5, 1.0, 0.95, 0.97)
GOOD = OrganQuality(
    name="cord",
    is_same_frame=False,
    has_prior_ct=True,
    has_backward=False,
    organ=RegionQuality(
        Region.ORGAN,
        1000,
        FieldOfView(0.0, 0.0),
        JacobianMeasure(0.9, 0.92, 1.1, 1.12, 0.0, 0.0),
        DeformationMeasure(0.01, 3.0, 4.0),
        None,
        None,
        GOOD_SHIFT,
    ),
    overlap=None,
    contours=None,
    landmarks=None,
    highest_dose_share=0.9,
)


@pytest.fixture(scope="module")
def limits() -> RegistrationLimits:
    return load_protocol(default_protocol_folder()).registration_limits


def of_organ(**changes) -> OrganQuality:
    return replace(GOOD, organ=replace(GOOD.organ, **changes))


def shifted(**changes) -> OrganQuality:
    return of_organ(residual_shift=replace(GOOD_SHIFT, **changes))


def without_images(**changes) -> OrganQuality:
    blind = replace(GOOD.organ, field_of_view=FieldOfView(None, 0.0), residual_shift=None)
    return replace(GOOD, has_prior_ct=False, organ=blind, **changes)


def test_good_measures_with_evidence_are_go_and_say_on_what_it_rests(limits) -> None:
    found = judge(GOOD, limits)
    assert found.verdict is Verdict.GO
    assert [reason.measure for reason in found.reasons] == [QualityMeasure.RESIDUAL_SHIFT_MEDIAN]
    assert "0.5 mm" in found.reasons[0].text
    assert "at most 2 mm" in found.reasons[0].text
    assert "TG-132" in found.reasons[0].source


@pytest.mark.parametrize(
    ("quality", "measure", "verdict"),
    [
        (shifted(median_mm=2.1), QualityMeasure.RESIDUAL_SHIFT_MEDIAN, Verdict.CAUTION),
        (shifted(median_mm=5.1), QualityMeasure.RESIDUAL_SHIFT_MEDIAN, Verdict.WORKSHEET),
        (shifted(p95_mm=11.0), QualityMeasure.RESIDUAL_SHIFT_P95, Verdict.WORKSHEET),
        (shifted(lost_percent=25.0), QualityMeasure.BLOCKS_LOST, Verdict.CAUTION),
        (shifted(correlation=0.3), QualityMeasure.BLOCK_CORRELATION, Verdict.WORKSHEET),
        (of_organ(field_of_view=FieldOfView(6.0, 0.0)), QualityMeasure.OUTSIDE_PRIOR_CT, Verdict.CAUTION),
        (of_organ(field_of_view=FieldOfView(100.0, 0.0)), QualityMeasure.OUTSIDE_PRIOR_CT, Verdict.WORKSHEET),
        (of_organ(jacobian=JacobianMeasure(-0.1, 0.8, 1.1, 1.1, 0.1, 0.1)), QualityMeasure.FOLDED, Verdict.WORKSHEET),
        (
            of_organ(jacobian=JacobianMeasure(0.1, 0.8, 1.1, 1.1, 0.0, 1.1)),
            QualityMeasure.VOLUME_CHANGE_OUTSIDE,
            Verdict.CAUTION,
        ),
        (of_organ(jacobian=JacobianMeasure(0.1, 0.1, 1.1, 1.1, 0.0, 0.0)), QualityMeasure.JACOBIAN_P1, Verdict.WORKSHEET),
        (of_organ(deformation=DeformationMeasure(0.6, 9.0, 9.0)), QualityMeasure.HARMONIC_ENERGY, Verdict.WORKSHEET),
        (
            of_organ(inverse_consistency=InverseConsistency(2.5, 3.0, 4.0)),
            QualityMeasure.INVERSE_CONSISTENCY_MEAN,
            Verdict.CAUTION,
        ),
        (replace(GOOD, contours=ContourAgreement(0.4, 2.0, 4.0, False)), QualityMeasure.CONTOUR_DICE, Verdict.WORKSHEET),
        (
            replace(GOOD, contours=ContourAgreement(0.9, 3.5, 4.0, True)),
            QualityMeasure.CONTOUR_DISTANCE_MEAN,
            Verdict.CAUTION,
        ),
        (replace(GOOD, landmarks=LandmarkErrors(2, 0, 6.0, 7.0, 8.0)), QualityMeasure.TARGET_ERROR_MEAN, Verdict.WORKSHEET),
        (
            replace(GOOD, patient_shift=ResidualShift(60, 36.0, 4.0, 12.0, 0.9, 0.9)),
            QualityMeasure.PATIENT_BLOCKS_LOST,
            Verdict.CAUTION,
        ),
        (
            replace(GOOD, patient_shift=ResidualShift(60, 10.0, 13.0, 14.0, 0.5, 0.8)),
            QualityMeasure.PATIENT_SHIFT_MEDIAN,
            Verdict.WORKSHEET,
        ),
        (
            replace(
                GOOD, overlap=replace(GOOD.organ, region=Region.OVERLAP, residual_shift=replace(GOOD_SHIFT, median_mm=6.0))
            ),
            QualityMeasure.RESIDUAL_SHIFT_MEDIAN,
            Verdict.WORKSHEET,
        ),
    ],
)
def test_the_worst_measure_decides_and_is_named(
    limits, quality: OrganQuality, measure: QualityMeasure, verdict: Verdict
) -> None:
    found = judge(quality, limits)
    assert found.verdict is verdict
    assert found.reasons[0].verdict is verdict
    assert found.reasons[0].measure is measure
    assert found.reasons[0].source
    assert f"{found.reasons[0].found:.3g}" in found.reasons[0].text


def test_without_anything_to_check_it_by_the_best_is_caution(limits) -> None:
    found = judge(without_images(), limits)
    assert found.verdict is Verdict.CAUTION
    assert "nothing to check it by: no prior CT" in found.reasons[0].text
    assert any("no prior CT" in text for text in found.not_measured)


def test_an_organ_without_structure_is_caution_even_with_a_prior_ct(limits) -> None:
    assert judge(of_organ(residual_shift=None), limits).verdict is Verdict.CAUTION
    few = judge(shifted(blocks=3), limits)
    assert few.verdict is Verdict.CAUTION
    assert any("only 3 image blocks" in text for text in few.not_measured)


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        ({"landmarks": LandmarkErrors(5, 0, 1.0, 2.0, 3.0)}, Verdict.GO),
        ({"landmarks": LandmarkErrors(2, 0, 1.0, 2.0, 3.0)}, Verdict.CAUTION),
        ({"contours": ContourAgreement(0.9, 1.0, 2.0, False)}, Verdict.GO),
        ({"contours": ContourAgreement(0.9, 1.0, 2.0, True)}, Verdict.CAUTION),
        ({"contours": ContourAgreement(0.0, None, None, False)}, Verdict.WORKSHEET),
    ],
)
def test_landmarks_or_whole_contours_are_evidence_without_images(limits, evidence, verdict: Verdict) -> None:
    assert judge(without_images(**evidence), limits).verdict is verdict


def test_the_same_frame_of_reference_is_go_unless_the_cts_say_otherwise(limits) -> None:
    found = judge(without_images(is_same_frame=True), limits)
    assert found.verdict is Verdict.GO
    assert found.reasons[0].text == "same frame of reference"
    assert judge(replace(shifted(median_mm=8.0), is_same_frame=True), limits).verdict is Verdict.WORKSHEET


def test_a_few_blocks_of_the_patient_say_nothing_against_an_organ(limits) -> None:
    assert judge(replace(GOOD, patient_shift=ResidualShift(11, 50.0, 12.0, 12.0, 0.5, 0.5)), limits).verdict is Verdict.GO


def test_where_it_fails_in_most_organs_none_is_go(limits) -> None:
    bad = shifted(median_mm=9.0)
    found = judge_all([GOOD, bad, bad, bad], limits)
    assert [verdict.verdict for verdict in found] == [Verdict.CAUTION, *(3 * [Verdict.WORKSHEET])]
    assert "same patient" in found[0].reasons[0].text
    assert judge_all([GOOD, GOOD, bad, bad], limits)[0].verdict is Verdict.GO
    assert judge_all([GOOD, bad, bad], limits)[0].verdict is Verdict.GO


def test_what_could_not_be_measured_is_said(limits) -> None:
    blind = replace(GOOD, organ=replace(GOOD.organ, jacobian=None, deformation=None, residual_shift=None), has_backward=True)
    said = " ".join(judge(blind, limits).not_measured)
    for word in ("Jacobian", "residual shift", "inverse consistency", "landmarks", "contours"):
        assert word in said


def test_an_organ_without_prior_dose_and_one_beyond_its_grid_are_noted(limits) -> None:
    notes = " ".join(judge(replace(of_organ(field_of_view=FieldOfView(0.0, 40.0)), highest_dose_share=0.04), limits).notes)
    assert "nowhere above 5 %" in notes
    assert "40 % of this organ lies outside the prior dose grid" in notes


@given(
    better=st.tuples(st.floats(0.0, 12.0), st.floats(0.0, 100.0), st.floats(-1.0, 1.0), st.floats(-1.0, 3.0)),
    worse_by=st.tuples(*(4 * [st.floats(0.0, 5.0)])),
)
def test_a_worse_measure_never_makes_a_better_verdict(better, worse_by) -> None:
    limits = load_protocol(default_protocol_folder()).registration_limits

    def verdict(shift: float, lost: float, correlation: float, determinant: float) -> Verdict:
        quality = shifted(median_mm=shift, lost_percent=lost, correlation=correlation)
        jacobian = replace(GOOD.organ.jacobian, p1=determinant)
        return judge(replace(quality, organ=replace(quality.organ, jacobian=jacobian)), limits).verdict

    first = verdict(*better)
    second = verdict(better[0] + worse_by[0], better[1] + worse_by[1], better[2] - worse_by[2], better[3] - worse_by[3])
    assert second.badness >= first.badness


def test_the_course_is_as_good_as_its_worst_organ_and_counts_them(limits) -> None:
    organs = (GOOD, shifted(median_mm=3.0), shifted(median_mm=9.0))
    course = CourseQuality(None, None, organs, tuple(judge(organ, limits) for organ in organs))
    assert course.verdict is Verdict.WORKSHEET
    assert [course.count(verdict) for verdict in Verdict] == [1, 1, 1]
    assert worst([]) is Verdict.GO


def test_every_measure_has_a_row_and_a_source_in_the_shipped_table(limits) -> None:
    assert {row.measure for row in limits.rows} == set(QualityMeasure)
    assert limits.is_shipped is False  # they were read from the folder that was named
    assert all(row.source and row.evidence in {"P", "S", "M"} for row in limits.rows)
    everything = replace(
        GOOD,
        contours=ContourAgreement(0.9, 1.0, 2.0, False),
        landmarks=LandmarkErrors(5, 0, 1.0, 2.0, 3.0),
        organ=replace(GOOD.organ, inverse_consistency=InverseConsistency(1.0, 2.0, 3.0)),
        patient_shift=GOOD_SHIFT,
    )
    assert {measure for measure, _, _ in measured_values(everything)} == set(QualityMeasure)


@pytest.mark.parametrize("measure", list(QualityMeasure))
def test_a_value_on_the_limit_keeps_it(limits, measure: QualityMeasure) -> None:
    row = limits.of(measure)
    assert row.verdict(row.caution)[0] is Verdict.GO
    past = 1e-6 if measure.greater_is_worse else -1e-6
    assert row.verdict(row.worksheet + past) == (Verdict.WORKSHEET, row.worksheet)


def folder_with(tmp_path: Path, find: str = "", put: str = "") -> Path:
    for file in default_protocol_folder().glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        if file.name == LIMITS_FILE and find:
            assert find in text
            text = text.replace(find, put, 1)
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_institutions_own_limits_are_used(tmp_path: Path) -> None:
    own = load_protocol(
        folder_with(tmp_path, "residual_shift_median,2,5", "residual_shift_median,0.2,0.4")
    ).registration_limits
    assert own.of(QualityMeasure.RESIDUAL_SHIFT_MEDIAN).worksheet == 0.4
    assert judge(GOOD, own).verdict is Verdict.WORKSHEET
    assert str(tmp_path) in own.file


def test_an_empty_limit_is_none(tmp_path: Path) -> None:
    own = load_protocol(folder_with(tmp_path, "residual_shift_median,2,5", "residual_shift_median,,")).registration_limits
    found = judge(shifted(median_mm=11.0, p95_mm=4.0), own)
    assert found.verdict is Verdict.GO
    assert "wanted" not in found.reasons[0].text


def test_a_folder_without_limits_gets_the_shipped_ones_and_says_so(tmp_path: Path, limits) -> None:
    folder_with(tmp_path)
    (tmp_path / LIMITS_FILE).unlink()
    found = load_protocol(tmp_path).registration_limits
    assert found.is_shipped
    assert found.rows == limits.rows
    assert str(default_protocol_folder()) in found.file


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        ("residual_shift_median,", "residual_shift_mean,", "row 2.*'residual_shift_mean' is not known"),
        ("residual_shift_p95,", "residual_shift_median,", "row 3.*appears twice"),
        ("residual_shift_median,2,5", "residual_shift_median,two,5", "row 2.*'two'"),
        ("residual_shift_median,2,5", "residual_shift_median,6,5", "row 2.*caution 6 is worse than worksheet 5"),
        ("contour_dice,0.8,0.5", "contour_dice,0.5,0.8", "caution 0.5 is worse than worksheet 0.8.*smaller is worse"),
        ("residual_shift_median,2,5,mm", "residual_shift_median,2,5,cm", "row 2.*unit 'cm'"),
        ("residual_shift_median,2,5,mm,M", "residual_shift_median,2,5,mm,", "row 2.*empty cell"),
        ("measure,caution", "measure,limit", "no column caution"),
        ("residual_shift_median,2,5", "residual_shift_median,2;5", "row 2"),
    ],
)
def test_a_wrong_row_of_the_limits_is_named(tmp_path: Path, find: str, put: str, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        load_protocol(folder_with(tmp_path, find, put))


def test_a_table_that_lacks_a_measure_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    lines = (folder / LIMITS_FILE).read_text(encoding="utf-8").splitlines()
    (folder / LIMITS_FILE).write_text("\n".join(line for line in lines if not line.startswith("folded")), encoding="utf-8")
    with pytest.raises(ProtocolError, match="no row for folded"):
        load_protocol(folder)
