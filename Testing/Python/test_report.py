"""The report: same numbers as the data, every hostile text harmless, figures that cut nothing off."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from ReirradiationLib.model.dates import months_between, reference_day
from ReirradiationLib.model.scene import OutlineRole
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.evaluation import Evaluation, evaluation_json
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.html_parts import number, table
from ReirradiationLib.report.pictures import (
    OrganDosePictures,
    OutlineKey,
    PictureRow,
    PictureSet,
    ReportPicture,
    draw_pictures,
)
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.write_outputs import scene_content


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


class Texts(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Texts:
    reader = Texts()
    reader.feed(html)
    return reader


NO_PICTURES = PictureSet((), "no display")
HOSTILE = '"><script>alert(1)</script><img src=x onerror=y>'


def test_hostile_names_stay_text(evaluation: Evaluation) -> None:
    spoilt = replace(
        evaluation,
        case=replace(evaluation.case, title=HOSTILE, patient_name=HOSTILE, patient_id="\u202eevil"),
        courses=tuple(replace(course, label=HOSTILE, plan=HOSTILE) for course in evaluation.courses),
        structures=tuple(replace(s, name=HOSTILE + s.name) for s in evaluation.structures),
        scorecard=tuple(replace(s, structure=HOSTILE, source=HOSTILE) for s in evaluation.scorecard),
        optimization=tuple(replace(o, structure=HOSTILE, source=HOSTILE) for o in evaluation.optimization),
    )
    keys = (OutlineKey(HOSTILE, (1, 2, 3), OutlineRole.TARGET),)
    rows = (PictureRow(HOSTILE, (ReportPicture(HOSTILE, b"jpeg"),)),)
    organ = OrganDosePictures(spoilt.structures[0].name, (0.0, 0.0, 0.0), 60.0, (20.0,), keys, rows)
    pictures = PictureSet((organ,), "", (HOSTILE,))
    page = parsed(report_html(spoilt, pictures))
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    assert "onerror" not in page.attributes


def test_names_beyond_ascii_are_shown(evaluation: Evaluation) -> None:
    named = replace(evaluation, case=replace(evaluation.case, patient_name="山田^太郎", title="Müller, Rückenmark"))
    assert "山田^太郎" in report_html(named, NO_PICTURES)
    assert json.loads(evaluation_json(named))["case"]["patient_name"] == "山田^太郎"


def test_missing_pictures_are_told_with_the_reason(evaluation: Evaluation) -> None:
    assert "The dose pictures are missing: no display" in parsed(report_html(evaluation, NO_PICTURES)).text


def test_the_intended_use_stands_in_report_and_data(evaluation: Evaluation) -> None:
    assert "not a medical device" in parsed(report_html(evaluation, NO_PICTURES)).text
    assert "not a medical device" in json.loads(evaluation_json(evaluation))["intended_use"]


def test_every_input_is_listed_with_its_hash(evaluation: Evaluation) -> None:
    paths = [entry.path for entry in evaluation.inputs]
    assert "course2/REG_deform.dcm" in paths
    assert "course1/RD.dcm" in paths
    assert len([path for path in paths if path.startswith("course2/CT/")]) == 50
    assert all(len(entry.sha256) == 64 for entry in evaluation.inputs)


def test_json_is_strict_and_keeps_six_digits(evaluation: Evaluation) -> None:
    values = json.loads(evaluation_json(evaluation), parse_constant=lambda text: pytest.fail(text))
    assert values["courses"][0]["dose_maximum_gy"] == pytest.approx(33.2162, abs=1e-4)
    with pytest.raises(ValueError, match="JSON"):
        evaluation_json(replace(evaluation, case=replace(evaluation.case, new_prescription_gy=float("nan"))))


def test_intervals_are_counted_to_the_new_course(evaluation: Evaluation, demo_results: CaseResults) -> None:
    assert evaluation.courses[0].months_before == pytest.approx(1932 / 30.4375, abs=1e-9)
    assert evaluation.courses[1].months_before is None
    assert str(reference_day(None, None, "20240617")) == "2024-06-17"
    assert reference_day(None, None, "unknown") is None
    assert months_between(None, None) is None


def test_without_a_picture_maker_the_reason_is_given(demo_results: CaseResults) -> None:
    drawn = draw_pictures(demo_results, scene_content(demo_results), None, lambda: None)
    assert drawn.pictures == ()
    assert drawn.missing


def test_numbers_and_cells() -> None:
    assert number(None) == "–"
    assert number(1.005, 1) == "1.0"
    html = table(["a", "b"], [["<b>", 1.0], [None, 3]])
    assert "&lt;b&gt;" in html
    assert '<td class="number">1.00</td>' in html
    assert '<td class="number">–</td>' in html
    assert '<td class="number">3</td>' in html
