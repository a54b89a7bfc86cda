"""What the library prepares for windows: rows of quality, the narrow DVH, doses to choose from, files with their purpose."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from ReirradiationLib.case_document import open_case
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.output_files import output_files, purpose
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.dose_choices import CUMULATIVE, PRIOR, dose_choices
from ReirradiationLib.report.dvh_window import WIDTH, window_dvh
from ReirradiationLib.report.evaluation import Evaluation
from ReirradiationLib.report.quality_rows import overall_measures, quality_rows
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.session import CaseSession, Evaluated
from ReirradiationLib.session_outputs import OutputRequest, is_computed, output_work
from ReirradiationLib.workflow import Services
from ReirradiationLib.write_outputs import scene_content


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


def test_every_organ_has_a_row_with_the_numbers_of_the_evaluation(evaluation: Evaluation) -> None:
    (summary,) = evaluation.registrations
    found = quality_rows(summary)
    assert [(row.organ, row.verdict) for row in found] == [(one.organ, one.verdict) for one in summary.verdicts]
    for row, organ in zip(found, summary.organs, strict=True):
        shift = organ.organ.residual_shift
        assert shift is not None and row.shift_mm == f"{shift.median_mm:.1f} / {shift.p95_mm:.1f}"
        assert row.contours == row.target_error_mm == "–"  # the demo has neither
        assert any(f"Dice {number}" in text for text in row.measures for number in "01") == (organ.contours is not None)
        assert any(text.startswith("Not measured: landmark error") for text in row.reasons)
        assert any("prior dose" in text and "%" in text for text in row.measures)
    assert all(text.startswith("Within prior dose over half") for text in overall_measures(summary))


def test_the_narrow_dvh_draws_every_curve_and_limit_within_its_size(evaluation: Evaluation) -> None:
    for structure in evaluation.structures:
        root = ElementTree.fromstring(window_dvh(structure, evaluation))
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        assert width == WIDTH and len(root.findall(".//{*}polyline")) == len(structure.curves)
        limits = [score for score in evaluation.scorecard if score.structure == structure.name]
        assert len(root.findall(".//{*}g[@class='limit']")) <= len(limits)
        for text in root.findall(".//{*}text"):
            assert 0 <= float(text.get("x", "1")) <= width and 0 <= float(text.get("y", "1")) <= height
        for line in root.findall(".//{*}polyline"):
            numbers = [float(one) for one in re.split("[ ,]", line.get("points", ""))]
            assert all(0 <= x <= width for x in numbers[::2]) and all(0 <= y <= height for y in numbers[1::2])


def test_the_doses_to_choose_from_are_those_of_the_scene(evaluation: Evaluation, demo_results: CaseResults) -> None:
    choices = dose_choices(evaluation)
    assert [one.quantity for one in choices] == [CUMULATIVE, PRIOR, "course1", "new"]
    assert len(choices) == len(scene_content(demo_results).doses)


def test_every_file_of_an_output_has_a_purpose_and_dicom_is_checked(
    demo_case: Case, demo_results: CaseResults, evaluation: Evaluation, tmp_path: Path
) -> None:
    session = CaseSession()
    session.take(open_case(demo_case.file))
    session.keep_evaluated(session.case, Evaluated(Task.SUM, demo_results, evaluation))
    request = OutputRequest(tmp_path / "output")
    assert is_computed(session, request)
    assert not is_computed(session, OutputRequest(tmp_path, Task.TRANSFER))
    assert not is_computed(session, OutputRequest(tmp_path, is_anonymous=True))
    output_work(session, request)(Services(), Monitor())
    found = output_files(request.folder, demo_case)
    assert all(one.purpose for one in found) and purpose("mine.txt") == ""
    checked = [one for one in found if one.is_dicom]
    assert len(checked) == len(list(request.folder.glob("*.dcm"))) >= 4
    assert all(one.validation is not None and one.validation.acceptable for one in checked)
    (request.folder / "cumulative_eqd2.dcm").write_bytes(b"damaged")
    (damaged,) = (one for one in output_files(request.folder, demo_case) if one.name == "cumulative_eqd2.dcm")
    assert damaged.validation is None and "cumulative_eqd2.dcm" in damaged.why_not_checked


def test_outputs_of_a_case_that_is_not_saved_are_refused(demo_case: Case, tmp_path: Path) -> None:
    session = CaseSession()
    with pytest.raises(CaseError, match="none is open"):
        output_work(session, OutputRequest(tmp_path / "output"))
    session.take(open_case(demo_case.file))
    session.edit(replace(session.case, title="another"))
    with pytest.raises(CaseError, match="not saved"):
        output_work(session, OutputRequest(tmp_path / "output"))
